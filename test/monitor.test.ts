import { getEventListeners, setMaxListeners } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import {
  type Addr,
  type EventOf,
  type Fdb,
  type Link,
  type MissEvent,
  type Monitor,
  type MonitorEvent,
  type MonitorSelection,
  type Neigh,
  type Netns,
  type Nexthop,
  netns,
  type ObjectEvent,
  type Route,
  type Rule,
} from 'nslink'
import { expectTypeOf } from 'vitest'
import { held, many, script, seconds, soon } from './support/child.js'
import { has, needs } from './support/features.js'
import { Mirror } from './support/mirror.js'
import { describe, expect, failure, output, type Tool, test } from './support/test.js'

const all = {
  link: true,
  addr: true,
  route: true,
  neigh: true,
  rule: true,
  nexthop: true,
  fdb: true,
  nsid: true,
} as const satisfies MonitorSelection
const names = Object.keys(all) as (keyof typeof all)[]

/** To have buffers beyond the system's limit takes a capability in the first user namespace. */
const hasLargeBuffers =
  /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')) && process.getuid?.() === 0

/** Runs lines of arguments. */
const lines = async (tool: Tool, text: string): Promise<void> => {
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) await tool(...line.trim().split(/\s+/))
}

/** A pair of veth, up, with addresses on v0. */
const pair = `
  link add v0 type veth peer name v1
  link set v0 addrgenmode none
  link set v1 addrgenmode none
  link set v0 up
  link set v1 up
  addr add 10.0.0.1/24 dev v0
  -6 addr add 2001:db8::1/64 dev v0 nodad`

describe('a monitor tells of what ip and bridge do', () => {
  test('to links', async ({ ns, ip }) => {
    const mirror = new Mirror(ns.monitor({ link: true }))
    await lines(ip, 'link add v0 type veth peer name v1\nlink set v0 mtu 1400\nlink set v0 up\nlink set v0 alias one')
    const [shown] = (await ip('-j', '-d', 'link', 'show', 'v0')) as [Record<string, unknown>]
    const key = String(shown['ifindex'])
    expect(await soon(() => (mirror.of('link').get(key) as Link)?.alias === 'one')).toBe(true)
    const link = mirror.of('link').get(key) as Link
    expect([link.name, link.mtu, link.alias, link.up, link.kind]).toEqual(['v0', shown['mtu'], 'one', true, 'veth'])
    expect(link).not.toHaveProperty('unknown')
    await ip('link', 'del', 'v0')
    expect(await soon(() => mirror.of('link').size === 0)).toBe(true)
    expect(mirror.events.filter(({ type }) => type === 'del').length).toBe(2)
  })

  test('to addresses', async ({ ns, ip }) => {
    const mirror = new Mirror(ns.monitor({ addr: true }))
    await lines(
      ip,
      `${pair}\naddr add 10.0.0.2/24 dev v0\naddr add 10.0.0.1/16 dev v0\naddr add 10.0.0.1 peer 10.9.0.1 dev v0`,
    )
    expect(await mirror.differences(ns, 'addr')).toEqual([])
    const shown = (await ip('-j', 'addr', 'show', 'dev', 'v0')) as [
      { addr_info: { local: string; address?: string }[] },
    ]
    const told = Array.from(mirror.of('addr').values() as Iterable<Addr>).filter(({ dev }) => dev === 'v0')
    expect(told.map(({ address }) => address.split('/')[0]).sort()).toEqual(
      shown[0].addr_info.map(({ local }) => local).sort(),
    )
    await lines(
      ip,
      'addr del 10.0.0.2/24 dev v0\naddr change 10.0.0.1/16 dev v0 metric 50\naddr flush dev v0 scope global',
    )
    expect(await mirror.differences(ns, 'addr')).toEqual([])
    expect(mirror.events.some((event) => 'resync' in event)).toBe(false)
  })

  test('to routes, of which several may go to one destination', async ({ ns, ip }) => {
    await lines(ip, pair)
    const mirror = new Mirror(ns.monitor({ route: true, existing: true }))
    const told = async (): Promise<string[]> => {
      expect(await mirror.differences(ns, 'route')).toEqual([])
      return mirror.events.splice(0).map((event) => {
        const { type, key, route, resync } = event as { type: string; key: string; route: Route; resync?: true }
        const via =
          route.via ??
          route.nexthops
            ?.map((hop) => hop.via?.slice(-1))
            .sort()
            .join('')
        return `${type}${resync ? '!' : ''} ${key.replace(/.*#/, '#')} ${via}`
      })
    }
    expect(await mirror.differences(ns, 'route')).toEqual([])
    await told()
    const four = '254 192.0.2.0/24 0'
    await lines(ip, 'route add 192.0.2.0/24 via 10.0.0.2\nroute append 192.0.2.0/24 via 10.0.0.3')
    await lines(ip, 'route prepend 192.0.2.0/24 via 10.0.0.4\nroute append 192.0.2.0/24 via 10.0.0.5')
    expect(await told()).toEqual([`new ${four} 10.0.0.2`, 'new #1 10.0.0.3', 'new #2 10.0.0.4', 'new #3 10.0.0.5'])
    await lines(ip, 'route replace 192.0.2.0/24 via 10.0.0.6\nroute del 192.0.2.0/24 via 10.0.0.2')
    await lines(ip, 'route change 192.0.2.0/24 via 10.0.0.7\nroute del 192.0.2.0/24 via 10.0.0.3')
    expect(await told()).toEqual(['new #2 10.0.0.6', `del ${four} 10.0.0.2`, 'new #2 10.0.0.7', 'del #1 10.0.0.3'])
    expect(await mirror.differences(ns, 'route')).toEqual([])

    const six = '254 2001:db8:5::/64 1024'
    await lines(ip, '-6 route add 2001:db8:5::/64 nexthop via 2001:db8::2 nexthop via 2001:db8::3')
    await lines(ip, '-6 route append 2001:db8:5::/64 via 2001:db8::4')
    expect(await told()).toEqual([`new ${six} 23`, `new ${six} 234`])
    // The kernel tells of the way that is gone, as if it was a route.
    await ip('-6', 'route', 'del', '2001:db8:5::/64', 'via', '2001:db8::2')
    expect(await told()).toEqual([`new! ${six} 34`])
    await lines(ip, '-6 route replace 2001:db8:5::/64 via 2001:db8::5\n-6 route replace 2001:db8:5::/64 dev v1')
    await lines(ip, '-6 route replace 2001:db8:5::/64 dev v0\n-6 route add 2001:db8:5::/64 dev v1 metric 5')
    expect(await mirror.differences(ns, 'route')).toEqual([])
    await lines(ip, '-6 route del 2001:db8:5::/64 dev v0\nroute flush 192.0.2.0/24\n-6 route flush 2001:db8:5::/64')
    expect(await mirror.differences(ns, 'route')).toEqual([])
  })

  test('to neighbours', async ({ ns, ip }) => {
    await lines(ip, pair)
    const mirror = new Mirror(ns.monitor({ neigh: true }))
    await lines(
      ip,
      'neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0\nneigh change 10.0.0.9 lladdr 02:00:00:00:00:0a dev v0 nud stale',
    )
    await lines(ip, '-6 neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0')
    const dsts = (): string[] => Array.from(mirror.of('neigh').values(), (each) => (each as Neigh).dst)
    expect(await soon(() => dsts().includes('2001:db8::9'))).toBe(true)
    expect(dsts()).toEqual(((await ip('-j', 'neigh')) as { dst: string }[]).map(({ dst }) => dst).sort())
    expect([...mirror.of('neigh').values()][0]).toMatchObject({ dev: 'v0', lladdr: '02:00:00:00:00:0a', nud: 'stale' })
    await lines(ip, 'neigh flush all nud permanent\nneigh flush all')
    expect(await soon(() => mirror.of('neigh').size === 0)).toBe(true)
  })

  test('to rules, whose devices come and go', async ({ ns, ip }) => {
    const mirror = new Mirror(ns.monitor({ rule: true, existing: true }))
    await lines(
      ip,
      'rule add from 10.0.0.0/8 table 100\nrule add iif v0 table 100 priority 7\n-6 rule add not to 2001:db8::/32 table 5',
    )
    expect(await mirror.differences(ns, 'rule')).toEqual([])
    const rule = (): Rule | undefined => ([...mirror.of('rule').values()] as Rule[]).find(({ iif }) => iif === 'v0')
    expect(rule()?.iifDetached).toBe(true)
    await lines(ip, pair)
    expect(await soon(() => rule()?.iifDetached === undefined)).toBe(true)
    await ip('link', 'del', 'v0')
    expect(await soon(() => rule()?.iifDetached === true)).toBe(true)
    await lines(ip, 'rule del priority 7\nrule del from 10.0.0.0/8')
    expect(await mirror.differences(ns, 'rule')).toEqual([])
    expect(mirror.of('rule').size).toBe(
      ((await ip('-j', 'rule')) as []).length + ((await ip('-6', '-j', 'rule')) as []).length,
    )
  })

  test('to nexthop objects, which go with their devices', async ({ ns, ip }) => {
    await lines(ip, pair)
    const mirror = new Mirror(ns.monitor({ nexthop: true, route: true }))
    await lines(
      ip,
      'nexthop add id 1 via 10.0.0.2 dev v0\nnexthop add id 2 via 10.0.0.3 dev v0\nnexthop add id 3 group 1/2',
    )
    await lines(
      ip,
      'route add 192.0.2.0/24 nhid 1\nroute add 198.51.100.0/24 nhid 3\nnexthop replace id 1 via 10.0.0.4 dev v0',
    )
    expect(await mirror.differences(ns, 'nexthop')).toEqual([])
    expect(([...mirror.of('nexthop').values()] as Nexthop[]).map(({ id }) => id)).toEqual(
      ((await ip('-j', 'nexthop')) as { id: number }[]).map(({ id }) => id),
    )
    await ip('nexthop', 'del', 'id', '2')
    expect(await mirror.differences(ns, 'nexthop')).toEqual([])
    await ip('link', 'set', 'v0', 'down')
    expect(await mirror.differences(ns, 'nexthop')).toEqual([])
    expect(mirror.of('nexthop').size).toBe(0)
  })

  test('to the forwarding table of a bridge', async ({ ns, ip, bridge }) => {
    await lines(ip, `link add br0 type bridge\n${pair}\nlink set v0 master br0\nlink set br0 up`)
    const mirror = new Mirror(ns.monitor({ fdb: true, existing: true }))
    await lines(
      bridge,
      'fdb add 02:00:00:00:00:09 dev v0 master static\nfdb replace 02:00:00:00:00:0a dev v0 master dynamic',
    )
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
    await lines(ip, 'link set v1 master br0')
    await lines(bridge, 'fdb replace 02:00:00:00:00:09 dev v1 master static\nfdb del 02:00:00:00:00:0a dev v0 master')
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
    const moved = ([...mirror.of('fdb').values()] as Fdb[]).filter(({ lladdr }) => /:09$/.test(lladdr))
    // A bridge that can tell VLANs apart has it once more in each.
    expect(moved.filter(({ vlan }) => vlan === undefined).map(({ dev }) => dev)).toEqual(['v1'])
    expect(moved.every(({ dev }) => dev === 'v1')).toBe(true)
    // Kernels before 6.13 tell twice of what a bridge has for itself.
    await lines(bridge, 'fdb add 02:00:00:00:00:0b dev br0 self local')
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
    await lines(bridge, 'fdb del 02:00:00:00:00:0b dev br0 self')
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
  })

  test('to the forwarding table of a vxlan', needs('link:vxlan'), async ({ ns, ip, bridge }) => {
    await ip('link', 'add', 'vx0', 'type', 'vxlan', 'id', '42', 'dstport', '4789')
    const mirror = new Mirror(ns.monitor({ fdb: true, existing: true }))
    await lines(
      bridge,
      `
      fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.2
      fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.3
      fdb add 02:00:00:00:00:09 dev vx0 dst 10.0.0.2
      fdb replace 02:00:00:00:00:09 dev vx0 dst 10.0.0.3`,
    )
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
    expect(mirror.of('fdb').size).toBe(3)
    await bridge('fdb', 'del', '00:00:00:00:00:00', 'dev', 'vx0', 'dst', '10.0.0.2')
    expect(await mirror.differences(ns, 'fdb')).toEqual([])
    expect(mirror.of('fdb').size).toBe(2)
  })

  test('to the numbers of other namespaces', async ({ ns, another }) => {
    const mirror = new Mirror(ns.monitor({ nsid: true, existing: true }))
    const other = await another()
    await ns.nsid.set(other, 7)
    expect(await mirror.differences(ns, 'nsid')).toEqual([])
    expect([...mirror.of('nsid').values()]).toEqual([7])
    other.close()
    expect(await soon(() => mirror.of('nsid').size === 0)).toBe(true)
  })
})

describe('what the kernel does not tell, a monitor finds out', () => {
  test('routes that go with an address or a device, or lose its carrier', async ({ ns, ip }) => {
    const mirror = new Mirror(ns.monitor({ ...all, existing: true }))
    await lines(
      ip,
      `${pair}\nroute add 192.0.2.0/24 via 10.0.0.2\naddr add 10.5.0.1/32 dev v1\nroute add 198.51.100.0/24 via 10.0.0.2 src 10.5.0.1`,
    )
    expect(await mirror.differences(ns, ...names)).toEqual([])
    await ip('link', 'set', 'v1', 'down')
    expect(await mirror.differences(ns, 'route')).toEqual([])
    expect(await soon(() => ([...mirror.of('route').values()] as Route[]).some(({ linkdown }) => linkdown))).toBe(true)
    await ip('link', 'set', 'v1', 'up')
    expect(await mirror.differences(ns, 'route')).toEqual([])
    await ip('addr', 'del', '10.5.0.1/32', 'dev', 'v1')
    expect(await mirror.differences(ns, 'route')).toEqual([])
    mirror.events.splice(0)
    await ip('link', 'del', 'v0')
    expect(await mirror.differences(ns, ...names)).toEqual([])
    // What has gone with a device is still told of by the device's name, in whatever order.
    const gone = mirror.events.flatMap((event) =>
      event.object === 'route' && event.type === 'del' ? [event.route] : [],
    )
    expect(gone.find(({ dst }) => dst === '192.0.2.0/24')).toMatchObject({ dev: 'v0', via: '10.0.0.2' })
    expect(gone.every(({ dev }) => typeof dev === 'string')).toBe(true)
  })

  test('routes that go with the last address of their device, whatever their source', async ({ ns, sync, ip }) => {
    await lines(ip, `${pair}\naddr add 10.5.0.1/24 dev v0\nroute add 192.0.2.0/24 dev v0`)
    const mirror = new Mirror(ns.monitor({ route: true, existing: true }))
    expect(await mirror.differences(ns, 'route')).toEqual([])
    // In one go, so that all that the kernel says of it is read together.
    for (const address of ['10.0.0.1/24', '10.5.0.1/24']) sync.addr.del({ dev: 'v0', address })
    expect(await mirror.differences(ns, 'route')).toEqual([])
    expect(([...mirror.of('route').values()] as Route[]).some(({ dst }) => dst === '192.0.2.0/24')).toBe(false)
  })

  test('the new name of a device, wherever it is shown', async ({ ns, ip }) => {
    await lines(ip, `${pair}\nroute add 192.0.2.0/24 via 10.0.0.2\nneigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0`)
    const mirror = new Mirror(ns.monitor({ ...all, existing: true }))
    expect(await mirror.differences(ns, ...names)).toEqual([])
    await ip('link', 'set', 'v0', 'name', 'other')
    expect(await mirror.differences(ns, ...names)).toEqual([])
    const link = ([...mirror.of('link').values()] as Link[]).find(({ name }) => name === 'v1')
    expect(link?.link).toBe('other')
  })

  test('the state of a port of a bridge', async ({ ns, ip, bridge }) => {
    await lines(ip, `link add br0 type bridge\n${pair}\nlink set br0 up`)
    const mirror = new Mirror(ns.monitor({ link: true, existing: true }))
    await ip('link', 'set', 'v0', 'master', 'br0')
    await bridge('link', 'set', 'dev', 'v0', 'hairpin', 'on')
    expect(await mirror.differences(ns, 'link')).toEqual([])
    const link = (): Link | undefined => ([...mirror.of('link').values()] as Link[]).find(({ name }) => name === 'v0')
    expect(link()?.bridgePort?.hairpin).toBe(true)
    // The kernel says of a port that leaves its bridge that a link was deleted, in a message of the bridge's family.
    await ip('link', 'set', 'v0', 'nomaster')
    expect(await soon(() => link() !== undefined && link()?.bridgePort === undefined)).toBe(true)
    expect(mirror.events.some(({ type }) => type === 'del')).toBe(false)
  })
})

describe('a monitor begins', () => {
  test('with what is there when that is asked for', async ({ ns, ip }) => {
    await lines(ip, pair)
    const mirror = new Mirror(ns.monitor({ ...all, existing: true }))
    expect(await mirror.differences(ns, ...names)).toEqual([])
    expect(mirror.events.every((event) => event.type === 'new' && event.resync === undefined)).toBe(true)
    const without = new Mirror(ns.monitor(all))
    await sleep(300)
    expect(without.events).toEqual([])
  })

  test('at once, however late it is read', async ({ ns, ip }) => {
    const monitor = ns.monitor({ link: true })
    await lines(ip, pair)
    await ip('link', 'del', 'v0')
    // What came and went before it was first read need not be told of; what has to be is what is there now.
    await ip('link', 'add', 'br0', 'type', 'bridge')
    const mirror = new Mirror(monitor)
    expect(await soon(() => ([...mirror.of('link').values()] as Link[]).some(({ name }) => name === 'br0'))).toBe(true)
  })
})

/** 100,000 changes of routes, as a file for `ip -batch`; at the end half of the routes that were made are there. */
async function routeChanges(count: number): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'nslink-monitor-'))
  const file = join(folder, 'batch')
  const text: string[] = []
  for (let at = 0; text.length < count; at++) {
    const dst = `172.${16 + (at >> 16)}.${(at >> 8) & 0xff}.${at & 0xff}`
    text.push(`route add ${dst} via 10.0.0.2`, `route append ${dst} via 10.0.0.3`)
    text.push(`route replace ${dst} via 10.0.0.4`, `route del ${dst} via 10.0.0.${at % 2 === 0 ? 3 : 4}`)
  }
  writeFileSync(file, text.slice(0, count).join('\n'))
  return { file, remove: () => rm(folder, { recursive: true }) }
}

describe('100,000 changes by another process', () => {
  const all = many(100_000)

  test('are found out by a monitor that did not read them', { timeout: seconds(60) }, async ({ ns, ip }) => {
    await lines(ip, pair)
    const changes = await routeChanges(all)
    const monitor = ns.monitor({ route: true, existing: true }, { receiveBuffer: 64 * 1024 })
    const first = await monitor.next()
    expect(first.value).toMatchObject({ type: 'new', object: 'route' })
    const before = await ns.route.list({ table: 'all' })
    await output(ns, 'ip', '-batch', changes.file)
    await changes.remove()
    const mirror = new Mirror(monitor)
    if (first.value?.object === 'route') mirror.of('route').set(first.value.key, first.value.route)
    expect(await mirror.differences(ns, 'route')).toEqual([])
    expect(mirror.of('route').size).toBe(before.length + all / 4)
    expect(mirror.events.filter((event) => 'resync' in event).length).toBe(all / 4)
    // And it goes on.
    await ip('route', 'flush', 'root', '172.16.0.0/12')
    expect(await mirror.differences(ns, 'route')).toEqual([])
    expect(mirror.of('route').size).toBe(before.length)
  })

  test('are all told by a monitor that reads them', { timeout: seconds(60) }, async ({ ns, ip }) => {
    await lines(ip, pair)
    const changes = await routeChanges(all)
    // An emulated processor reads more slowly than `ip` writes, so the buffer has room for all.
    const room = has('speed') ? {} : { receiveBuffer: 256 * 1024 * 1024 }
    const mirror = new Mirror(ns.monitor({ route: true, existing: true }, room))
    expect(await mirror.differences(ns, 'route')).toEqual([])
    mirror.events.splice(0)
    await output(ns, 'ip', '-batch', changes.file)
    await changes.remove()
    expect(await mirror.differences(ns, 'route')).toEqual([])
    // Where the system's limit of buffers holds, they are too small for a reader that has to share its processor.
    if (!hasLargeBuffers) return
    const count = (wanted: (event: MonitorEvent) => boolean): number => mirror.events.filter(wanted).length
    expect(count(({ type }) => type === 'new')).toBe((3 * all) / 4)
    expect(count(({ type }) => type === 'del')).toBe(all / 4)
    expect(count((event) => 'resync' in event)).toBe(0)
  })
})

describe('whatever order things happen in, a monitor comes to have what the kernel has:', () => {
  for (const receiveBuffer of [2048, 32 * 1024, 4 * 1024 * 1024]) {
    test(`random changes, ${receiveBuffer} bytes of buffer`, { timeout: seconds(60) }, async ({ ns, ip }) => {
      await lines(ip, `${pair}\nlink add br0 type bridge\nlink set br0 up\naddr add 10.1.0.1/24 dev v1`)
      const mirror = new Mirror(ns.monitor({ ...all, existing: true }, { receiveBuffer }))
      const pick = <T>(...of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T
      const change = (): string => {
        const dst = pick('192.0.2.0/24', '198.51.100.0/24', '203.0.113.7')
        const dst6 = pick('2001:db8:5::/64', '2001:db8:6::/64')
        const via6 = pick('2001:db8::2', '2001:db8::3', '2001:db8::4')
        const dev = pick('v0', 'v1', 'br0')
        return pick(
          () => `route ${pick('add', 'append', 'prepend', 'replace', 'del')} ${dst} via 10.0.0.${pick(2, 3, 4)}`,
          () => `route ${pick('append', 'replace', 'del')} ${dst} dev ${dev} metric ${pick(0, 5)}`,
          () => `route replace ${dst} nexthop via 10.0.0.2 nexthop via 10.0.0.3 weight ${pick(1, 2)}`,
          () => `-6 route ${pick('add', 'append', 'replace', 'del')} ${dst6} via ${via6}`,
          () => `-6 route ${pick('add', 'replace', 'del')} ${dst6} dev ${dev}`,
          () =>
            `-6 route ${pick('add', 'replace')} ${dst6} nexthop via 2001:db8::2 nexthop via ${pick('2001:db8::3', '2001:db8::4')}`,
          () => `link set ${dev} ${pick('up', 'down', 'up', 'mtu 1400', 'mtu 1500')}`,
          () => `link set ${pick('v0', 'v1')} ${pick('master br0', 'nomaster')}`,
          () => `link set ${pick('v1 name w1', 'w1 name v1', 'w1 up')}`,
          () => `link ${pick('add v7 type veth peer name v8', 'del v7', 'set v7 up', 'set v8 up')}`,
          () => `addr add 10.7.0.1/24 dev v7`,
          () => `route append ${dst} via 10.7.0.2`,
          () => `addr ${pick('add', 'del')} 10.${pick(3, 4)}.0.1/24 dev ${dev}`,
          () => `-6 addr ${pick('add', 'del')} 2001:db8:${pick(7, 8)}::1/64 dev ${dev} nodad`,
          () => `neigh ${pick('replace', 'del')} 10.0.0.${pick(7, 8)} lladdr 02:00:00:00:00:0${pick(1, 2)} dev ${dev}`,
          () => `rule ${pick('add', 'del')} iif ${pick('v0', 'w9')} table ${pick(100, 101)}`,
          () => `nexthop ${pick('replace', 'del')} id ${pick(1, 2)} via 10.0.0.${pick(2, 3)} dev v0`,
          () => `route replace 203.0.113.0/25 nhid ${pick(1, 2)}`,
        )()
      }
      for (let round = 0; round < 5; round++) {
        const text = Array.from({ length: 300 }, change)
        const child = ns.spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'ignore'] })
        child.stdin?.end(text.join('\n'))
        await new Promise((resolve) => child.on('close', resolve))
        expect(await mirror.differences(ns, ...names)).toEqual([])
      }
    })
  }
})

describe('a monitor ends', () => {
  const reason = new Error('enough')

  test('when the loop is left, and leaves nothing behind', async ({ ns, ip }) => {
    await ns.link.list()
    const before = held()
    const monitor = ns.monitor({ link: true, existing: true })
    for await (const event of monitor) {
      expect(event).toMatchObject({ type: 'new', object: 'link', link: { name: 'lo' } })
      break
    }
    expect(await soon(() => isDeepStrictEqual(held(), before))).toBe(true)
    expect(await monitor.next()).toEqual({ done: true, value: undefined })
    await ip('link', 'add', 'br0', 'type', 'bridge')
    expect(await monitor.next()).toEqual({ done: true, value: undefined })
  })

  test('when its signal says so: before, while it waits, and between two events', async ({ ns }) => {
    await ns.link.list()
    const before = held()
    expect(await failure(() => ns.monitor({ link: true }, { signal: AbortSignal.abort(reason) }))).toBe(reason)

    const waiting = new AbortController()
    const idle = ns.monitor({ link: true }, { signal: waiting.signal })
    const next = failure(() => idle.next())
    await sleep(20)
    waiting.abort(reason)
    expect(await next).toBe(reason)
    expect(await idle.next()).toEqual({ done: true, value: undefined })

    const between = new AbortController()
    const busy = ns.monitor(
      { addr: true, route: true, link: true, rule: true, existing: true },
      { signal: between.signal },
    )
    expect((await busy.next()).done).toBe(false)
    between.abort(reason)
    expect(await failure(() => busy.next())).toBe(reason)

    const unread = new AbortController()
    const never = ns.monitor({ link: true }, { signal: unread.signal })
    unread.abort(reason)
    expect(await soon(() => isDeepStrictEqual(held(), before))).toBe(true)
    expect(await failure(() => never.next())).toBe(reason)
  })

  test('when it is closed, quietly, and when the handle is, with an error', async ({ another }) => {
    const ns = await another()
    const monitor = ns.monitor({ link: true })
    const next = monitor.next()
    await sleep(20)
    monitor.close()
    monitor.close()
    expect(await next).toEqual({ done: true, value: undefined })
    await using disposed = ns.monitor({ link: true })
    await disposed.return()

    const left = ns.monitor({ link: true })
    const error = failure(() => left.next())
    await sleep(20)
    ns.close()
    expect(await error).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
    expect(await failure(() => ns.monitor({ link: true }))).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
  })

  test('1,000 times at random moments, and nothing is left', { timeout: seconds(60) }, async () => {
    const busy = await netns.create()
    await busy.link.add({ kind: 'veth', name: 'v0', up: true, peer: { name: 'v1' } })
    await busy.addr.add({ dev: 'v0', address: '10.0.0.1/24' })
    const shared = new AbortController()
    setMaxListeners(0, shared.signal)
    const ended = { closed: 0, aborted: 0, left: 0 }
    const one = async (at: number): Promise<void> => {
      const own = at % 2 === 0 ? new AbortController() : undefined
      const { signal } = own ?? shared
      const monitor: Monitor = busy.monitor({ route: true, link: true, existing: at % 4 < 2 }, { signal })
      setTimeout(() => (own === undefined ? monitor.close() : own.abort(reason)), Math.random() * seconds(0.1))
      try {
        for await (const _ of monitor) {
          if (Math.random() > 0.1) continue
          ended.left++
          return
        }
        ended.closed++
      } catch (error) {
        expect(error).toBe(reason)
        ended.aborted++
      }
    }
    /** Has monitors come and go, while routes change all the time. */
    const several = async (count: number): Promise<void> => {
      let going = true
      const changing = (async () => {
        for (let at = 0; going; at++) {
          await busy.route.replace({ dst: `192.0.2.${at % 256}`, via: `10.0.0.${2 + (at % 9)}` })
          if (at % 20 === 0) await sleep(1)
        }
      })()
      for (let at = 0; at < count; at += 50) await Promise.all(Array.from({ length: 50 }, (_, each) => one(at + each)))
      going = false
      await changing
    }
    const holding = (): Map<string, number> => {
      const all = new Map<string, number>(Object.entries(held()))
      for (const name of process.getActiveResourcesInfo()) all.set(name, (all.get(name) ?? 0) + 1)
      const listeners = [busy.closing, shared.signal].flatMap((signal) => getEventListeners(signal, 'abort'))
      return all.set('listeners', listeners.length)
    }
    // What stays for good comes with the first of them. Threads, and the timers of those that were left, go in their own time; and so may what
    // an earlier test had.
    await several(50)
    await sleep(seconds(0.5))
    const before = holding()
    expect(before.get('listeners')).toBe(0)
    await several(1000)
    const more = () => [...holding()].filter(([name, count]) => count > (before.get(name) ?? 0))
    expect(await soon(() => more().length === 0), `more than before: ${more()}`).toBe(true)
    for (const [how, count] of Object.entries(ended)) expect(count, how).toBeGreaterThan(0)
    busy.close()
  })
})

describe('a monitor that waits', () => {
  const waiting = (how: string): string => `
    import { monitor } from 'nslink'
    const events = monitor({ link: true })${how}
    events.next().then(() => console.log('something'))
    process.on('exit', () => console.log('exit'))
    setTimeout(() => {}, 100)`

  test('keeps the process alive, unless unref has been called', async () => {
    const { code, stdout, stderr } = await script(waiting('.unref()'))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'exit\n', stderr: '' })
    const kept = await script(
      `${waiting('.unref().ref()')}\nsetTimeout(() => { console.log('still here'); process.exit(3) }, 600).unref()`,
    )
    expect({ code: kept.code, stdout: kept.stdout }).toEqual({ code: 3, stdout: 'still here\nexit\n' })
  })
})

describe('misses', () => {
  test('of a vxlan are told', needs('link:vxlan'), async ({ ns, ip }) => {
    await lines(
      ip,
      `
      link add br0 type bridge
      link add vx0 type vxlan id 42 dstport 4789 l2miss l3miss proxy
      link set vx0 up master br0
      link set br0 up
      addr add 10.42.0.1/24 dev br0
      neigh add 10.42.0.3 lladdr 02:00:00:00:00:03 dev br0`,
    )
    const mirror = new Mirror(ns.monitor({ miss: true }))
    const misses = (): unknown[] => mirror.events.map((event) => event.type === 'miss' && event.miss)
    const wanted = [
      { dev: 'vx0', dst: '10.42.0.2' },
      { dev: 'vx0', lladdr: '02:00:00:00:00:03' },
    ]
    const has = (miss: object): boolean => misses().some((each) => isDeepStrictEqual(each, miss))
    // A port of a bridge is not used at once.
    const all = await soon(async () => {
      for (const address of ['10.42.0.2', '10.42.0.3']) await output(ns, 'bash', '-c', `echo > /dev/udp/${address}/9`)
      return wanted.every(has)
    })
    expect(all, JSON.stringify(misses())).toBe(true)
  })

  test('of a neighbour table that asks programs are told, and are no neighbours', async ({ ns, ip }) => {
    await lines(ip, pair)
    await ns.sysctl.set('net.ipv4.neigh.v0.app_solicit', 1)
    const mirror = new Mirror(ns.monitor({ miss: true }))
    const neighbours = new Mirror(ns.monitor({ neigh: true }))
    await output(ns, 'bash', '-c', 'echo > /dev/udp/10.0.0.77/9')
    expect(await soon(() => mirror.events.length > 0)).toBe(true)
    expect(mirror.events[0]).toEqual({ type: 'miss', object: 'miss', miss: { dev: 'v0', dst: '10.0.0.77' } })
    expect(neighbours.events.some((event) => event.object === 'miss')).toBe(false)
  })
})

test('what a monitor may tell follows from what was asked for', async ({ ns }) => {
  const monitor = ns.monitor({ link: true, route: false, miss: true, existing: true })
  const { value } = await monitor.next()
  expectTypeOf(value).toEqualTypeOf<ObjectEvent<'link'> | MissEvent | undefined>()
  if (value?.object === 'link') expectTypeOf(value.link).toEqualTypeOf<Link>()
  expectTypeOf<EventOf<{ addr: true; neigh?: boolean }>>().toEqualTypeOf<ObjectEvent<'addr'> | ObjectEvent<'neigh'>>()
  monitor.close()
  expect(value).toMatchObject({ link: { name: 'lo' } })
})

describe('a selection or an option that makes no sense is refused', () => {
  const bad: [unknown, unknown, string][] = [
    [{}, {}, 'ERR_INVALID_ARG_VALUE'],
    [{ link: false, existing: true }, {}, 'ERR_INVALID_ARG_VALUE'],
    [{ links: true }, {}, 'ERR_INVALID_ARG_VALUE'],
    [{ link: 1 }, {}, 'ERR_INVALID_ARG_TYPE'],
    [undefined, {}, 'ERR_INVALID_ARG_TYPE'],
    [{ link: true }, { signals: undefined }, 'ERR_INVALID_ARG_VALUE'],
    [{ link: true }, { signal: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ link: true }, { receiveBuffer: 2047 }, 'ERR_OUT_OF_RANGE'],
    [{ link: true }, { receiveBuffer: '4mb' }, 'ERR_INVALID_ARG_TYPE'],
  ]
  test.for(bad)('%j, %j', async ([selection, options, code], { ns }) => {
    const before = held()
    const error = await failure(() =>
      (ns.monitor as unknown as (...args: unknown[]) => Netns).call(ns, selection, options),
    )
    expect(error).toMatchObject({ code })
    expect(await soon(() => isDeepStrictEqual(held(), before))).toBe(true)
  })
})
