import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import type { Netns } from 'nslink/sync'
import { describe, expect, failure, test } from './support/test.js'

const descriptors = () => readdirSync('/proc/self/fd').length
const MANY = 12_000

/** A cable, and so many routes by it that they take several pieces. */
function routed(sync: Netns, count = MANY): void {
  sync.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'peer0' } })
  sync.link.set('peer0', { up: true })
  sync.addr.add({ dev: 'eth0', address: '10.0.0.1/24' })
  const dst = (at: number) => `10.64.${at >> 8}.${at & 0xff}`
  sync.batch(({ route }) => Array.from({ length: count }, (_, at) => route.add({ dst: dst(at), dev: 'eth0' })))
}

async function gathered<T>(list: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of list) all.push(one)
  return all
}

describe('each', () => {
  test('goes through what list gives, on either face', async ({ ns, sync }) => {
    routed(sync)
    sync.neigh.add({ dev: 'eth0', dst: '10.0.0.2', lladdr: '02:00:00:00:00:02' })
    sync.link.add({ kind: 'bridge', name: 'br0', up: true })
    sync.fdb.add({ dev: 'eth0', lladdr: '02:00:00:00:00:03', self: true })
    const orig = { src: '10.0.0.1', dst: '10.0.0.2', proto: 'udp', sport: 5, dport: 6 } as const
    sync.conntrack.add({ orig, timeout: 100 })
    const v6 = { src: '2001:db8::1', dst: '2001:db8::2', proto: 'udp', sport: 5, dport: 6 } as const
    sync.conntrack.add({ orig: v6, timeout: 100 })

    expect(sync.route.list({ family: 'inet' }).length).toBeGreaterThan(MANY)
    for (const filter of [{}, { family: 'inet' }, { table: 'local' }, { table: 4711 }] as const) {
      const routes = sync.route.list(filter)
      expect([...sync.route.each(filter)]).toEqual(routes)
      expect(await gathered(ns.route.each(filter))).toEqual(routes)
    }
    expect(await gathered(ns.addr.each({ dev: 'eth0', family: 'inet' }))).toMatchObject([{ address: '10.0.0.1/24' }])
    expect([...sync.neigh.each({ dev: 'eth0', family: 'inet' })]).toMatchObject([{ dst: '10.0.0.2', nud: 'permanent' }])
    expect(await gathered(ns.neigh.each({ nud: 'failed' }))).toEqual([])
    expect([...sync.fdb.each({ dev: 'eth0' })]).toEqual(sync.fdb.list({ dev: 'eth0' }))
    expect(sync.fdb.list({ dev: 'eth0' }).map(({ lladdr }) => lladdr)).toContain('02:00:00:00:00:03')
    expect((await gathered(ns.conntrack.each())).map(({ orig }) => orig?.src).sort()).toEqual(['10.0.0.1', v6.src])
    expect([...sync.conntrack.each({ family: 'inet' })]).toMatchObject([{ orig }])
  })

  test('leaves room for anything else meanwhile: requests, lists, and itself', async ({ ns, sync }) => {
    routed(sync)
    let [seen, deleted] = [0, 0]
    for (const route of sync.route.each({ dev: 'eth0', scope: 'link', table: 'main' })) {
      seen++
      if (route.dst.includes('/')) continue
      if (seen % 1000 === 0) expect([...sync.route.each({ dst: route.dst })]).toHaveLength(1)
      if (seen % 1000 === 1) expect(sync.link.list()).toHaveLength(3)
      sync.route.del(route)
      deleted++
      // One that is not there has its error, and not somebody else's.
      expect((await failure(() => sync.route.del(route))).code).toBe('ESRCH')
    }
    expect(deleted).toBeGreaterThanOrEqual(MANY - 1)
    let asked = 0
    for await (const route of ns.route.each()) {
      const [link] = await Promise.all([ns.link.get('eth0'), ns.route.list({ dev: route.dev ?? 'lo' })])
      expect(link.name).toBe('eth0')
      asked++
    }
    expect(asked).toBeGreaterThan(0)
  })

  test('gives the event loop its turns', async ({ ns, sync }) => {
    routed(sync)
    let [turns, running] = [0, true]
    const turn = () => {
      turns++
      if (running) setImmediate(turn)
    }
    setImmediate(turn)
    let seen = 0
    for await (const _ of ns.route.each()) seen++
    running = false
    expect(seen).toBeGreaterThan(MANY)
    expect(turns).toBeGreaterThan(0)
  })

  test('closes its socket: at the end, when the loop is left, and when it fails', async ({ ns, sync }) => {
    routed(sync)
    const before = descriptors()
    await gathered(ns.route.each())
    for (const _ of sync.route.each()) break
    for await (const _ of ns.route.each()) break
    await failure(async () => {
      for await (const _ of ns.route.each()) throw new Error('enough')
    })
    expect((await failure(() => gathered(ns.route.each({ dev: 'nope' })))).code).toBe('ENODEV')
    // Nothing is opened before the first is asked for.
    sync.route.each()
    ns.route.each()
    expect(descriptors()).toBe(before)
  })

  test('says at the end that the list changed', async ({ sync }) => {
    routed(sync, 1)
    sync.batch(({ addr }) =>
      Array.from({ length: 20_000 }, (_, at) => addr.add({ dev: 'eth0', address: `10.1.${at >> 8}.${at & 0xff}/32` })),
    )
    let seen = 0
    const error = await failure(() => {
      for (const _ of sync.addr.each({ family: 'inet' })) {
        if (++seen === 10) sync.addr.add({ dev: 'eth0', address: '10.0.0.9/24' })
      }
    })
    expect(seen).toBeGreaterThanOrEqual(20_000)
    expect(error).toMatchObject({ code: 'EINTR', errno: -constants.errno.EINTR })
    expect(error.message).toContain('the list changed while it was read')
  })

  test('refuses what list refuses, at once', async ({ ns, sync }) => {
    for (const { route, neigh, fdb, addr, conntrack } of [ns, sync]) {
      expect((await failure(() => route.each({ tabel: 1 } as object))).message).toContain('did you mean "table"?')
      expect((await failure(() => neigh.each({ nud: 'lost' as 'none' }))).code).toBe('ERR_INVALID_ARG_VALUE')
      expect((await failure(() => fdb.each({ vlan: 5000 }))).code).toBe('ERR_OUT_OF_RANGE')
      expect((await failure(() => addr.each({ label: 5 as never }))).code).toBe('ERR_INVALID_ARG_TYPE')
      expect((await failure(() => conntrack.each({ zero: true } as object))).code).toBe('ERR_INVALID_ARG_VALUE')
    }
  })

  test('ends with its handle', async ({ sync, another }) => {
    routed(sync)
    const other = await another()
    const closed = other.route.each()
    other.close()
    expect((await failure(() => closed.next())).code).toBe('ERR_NSLINK_CLOSED')
    let seen = 0
    const error = await failure(() => {
      for (const _ of sync.route.each()) if (++seen === 1) sync.close()
    })
    expect(error.code).toBe('ERR_NSLINK_CLOSED')
    expect(seen).toBeLessThan(MANY)
  })
})
