import { setTimeout as sleep } from 'node:timers/promises'
import type { Neigh, NeighFilter, NeighOptions, Netns } from 'nslink'
import { vi } from 'vitest'
import { ndmsg, table } from '../src/neigh/attributes.js'
import { decode } from '../src/neigh/neigh.js'
import { Reader, Writer } from '../src/netlink/writer.js'
import { seconds } from './support/child.js'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** An entry as `ip -j -d -s neigh` prints it. */
interface Printed {
  dst: string
  dev?: string
  lladdr?: string
  state?: string[]
  protocol?: string
  refcnt?: number
  used?: number
  confirmed?: number
  updated?: number
  probes?: number
  router?: null
  proxy?: null
  extern_learn?: null
  managed?: null
}

/** The same entry as nslink has it. */
function fromPrinted(printed: Printed): Neigh {
  const { dst, dev, lladdr, state, protocol, used, confirmed, updated, probes } = printed
  const neigh: Neigh = { family: dst.includes(':') ? 'inet6' : 'inet', dst }
  if (dev !== undefined) neigh.dev = dev
  if (lladdr !== undefined) neigh.lladdr = lladdr
  // `ip` has no word for the state "none" in its output, nor for there being no holders.
  if (!('proxy' in printed)) {
    neigh.nud = (state?.[0] ?? 'none').toLowerCase() as NonNullable<Neigh['nud']>
    neigh.refcnt = printed.refcnt ?? 0
  }
  if (protocol !== undefined) {
    neigh.protocol = (/^\d+$/.test(protocol) ? Number(protocol) : protocol) as NonNullable<Neigh['protocol']>
  }
  for (const [key, value] of Object.entries({ used, confirmed, updated, probes })) {
    if (value !== undefined) neigh[key as 'used'] = value
  }
  if ('router' in printed) neigh.router = true
  if ('proxy' in printed) neigh.proxy = true
  if ('extern_learn' in printed) neigh.externLearn = true
  if ('managed' in printed) neigh.managed = true
  return neigh
}

const byName = (a: Neigh, b: Neigh): number => (`${a.dev} ${a.dst}` < `${b.dev} ${b.dst}` ? -1 : 1)

/** What the kernel makes by itself once a device is up: neighbours that are multicast groups. */
const isOwn = ({ dst }: { dst: string }): boolean => !/^(ff|224\.)/.test(dst)

async function printed(ip: Tool, ...args: string[]): Promise<Neigh[]> {
  const entries = (await ip('-j', '-d', '-s', 'neigh', 'show', ...args)) as Printed[]
  return entries.filter(isOwn).map(fromPrinted).sort(byName)
}

async function listed(ns: Netns, filter?: NeighFilter): Promise<Neigh[]> {
  return (await ns.neigh.list(filter)).filter(isOwn).sort(byName)
}

/** A proxy entry for all devices. The kernel does not clear it away with the namespace, so it is not left to that. */
async function withProxyEverywhere(ns: Netns, dst: string, use: () => Promise<void>): Promise<void> {
  await ns.neigh.add({ dst, proxy: true })
  try {
    await use()
  } finally {
    await ns.neigh.del({ dst, proxy: true })
  }
}

/** An entry without what changes by itself. */
function settled(entry: Neigh): Neigh {
  const { used, confirmed, updated, refcnt, probes, ...rest } = entry
  return rest
}

/** Holds nslink's list against that of `ip`, every field of every entry. Clocks tick while `ip` reads: it comes between two lists. */
async function expectSame(ns: Netns, ip: Tool): Promise<void> {
  await vi.waitFor(async () => {
    const [before, theirs, after] = [
      await listed(ns, { nud: 'all' }),
      await printed(ip, 'nud', 'all'),
      await listed(ns, { nud: 'all' }),
    ]
    for (const [at, entry] of before.entries()) {
      for (const clock of ['used', 'confirmed', 'updated'] as const) {
        const [least = 0, read = 0, most = 0] = [entry, theirs[at], after[at]].map((each) => each?.[clock])
        if (least < read && read <= most) entry[clock] = read
      }
    }
    expect(theirs).toEqual(before)
  }, seconds(1))
  expect(await listed(ns, { proxy: true })).toEqual(await printed(ip, 'proxy'))
}

/** Two ends of a cable, up; with solicitations so rare that an entry stays in the state it was put in. */
async function cable(ns: Netns): Promise<void> {
  await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } })
  await ns.link.set('v0', { up: true })
  await ns.link.set('v1', { up: true })
  await ns.addr.add({ dev: 'v0', address: '192.0.2.254/24' })
  for (const family of ['ipv4', 'ipv6']) await ns.sysctl.set(`net.${family}.neigh.v0.retrans_time_ms`, 600_000)
}

const lladdr = '02:00:5e:00:53:01'

/** Entries of every shape: what nslink is given, what `ip` is given, and the state it ends in. */
const shapes: { options: NeighOptions; ip: string; nud?: Neigh['nud'] }[] = [
  { options: { dst: '192.0.2.1', lladdr }, ip: `192.0.2.1 lladdr ${lladdr}`, nud: 'permanent' },
  { options: { dst: '192.0.2.2', lladdr, nud: 'permanent' }, ip: `192.0.2.2 lladdr ${lladdr} nud permanent` },
  { options: { dst: '192.0.2.3', lladdr, nud: 'noarp' }, ip: `192.0.2.3 lladdr ${lladdr} nud noarp` },
  { options: { dst: '192.0.2.4', lladdr, nud: 'reachable' }, ip: `192.0.2.4 lladdr ${lladdr} nud reachable` },
  { options: { dst: '192.0.2.5', lladdr, nud: 'stale' }, ip: `192.0.2.5 lladdr ${lladdr} nud stale` },
  { options: { dst: '192.0.2.6', lladdr, nud: 'probe' }, ip: `192.0.2.6 lladdr ${lladdr} nud probe` },
  // Its time has run out when it is made: the kernel probes at once.
  { options: { dst: '192.0.2.7', lladdr, nud: 'delay' }, ip: `192.0.2.7 lladdr ${lladdr} nud delay`, nud: 'probe' },
  { options: { dst: '192.0.2.8', nud: 'failed' }, ip: '192.0.2.8 nud failed' },
  { options: { dst: '192.0.2.9', nud: 'incomplete' }, ip: '192.0.2.9 nud incomplete' },
  { options: { dst: '192.0.2.10', nud: 'none' }, ip: '192.0.2.10 nud none' },
  {
    options: { dst: '192.0.2.11', lladdr, externLearn: true },
    ip: `192.0.2.11 lladdr ${lladdr} extern_learn`,
    nud: 'permanent',
  },
  {
    options: { dst: '192.0.2.12', lladdr, nud: 'noarp', externLearn: true },
    ip: `192.0.2.12 lladdr ${lladdr} nud noarp extern_learn`,
  },
  { options: { dst: '192.0.2.13', managed: true }, ip: '192.0.2.13 managed', nud: 'incomplete' },
  { options: { dst: '192.0.2.14', use: true }, ip: '192.0.2.14 use', nud: 'incomplete' },
  {
    options: { dst: '192.0.2.15', lladdr, nud: 'stale', protocol: 'static' },
    ip: `192.0.2.15 lladdr ${lladdr} nud stale protocol static`,
  },
  {
    options: { dst: '192.0.2.16', lladdr, nud: 'reachable', protocol: 77, externLearn: true },
    ip: `192.0.2.16 lladdr ${lladdr} nud reachable protocol 77 extern_learn`,
  },
  { options: { dst: '2001:db8::1', lladdr }, ip: `2001:db8::1 lladdr ${lladdr}`, nud: 'permanent' },
  {
    options: { dst: '2001:db8::2', lladdr, router: true },
    ip: `2001:db8::2 lladdr ${lladdr} router`,
    nud: 'permanent',
  },
  {
    options: { dst: 'fe80::3', lladdr, nud: 'reachable', router: true, protocol: 'bgp' },
    ip: `fe80::3 lladdr ${lladdr} nud reachable router protocol bgp`,
  },
  { options: { dst: '2001:db8::4', lladdr, nud: 'stale' }, ip: `2001:db8::4 lladdr ${lladdr} nud stale` },
  { options: { dst: '2001:db8::5', lladdr, nud: 'noarp' }, ip: `2001:db8::5 lladdr ${lladdr} nud noarp` },
  { options: { dst: '2001:db8::6', nud: 'none' }, ip: '2001:db8::6 nud none' },
  { options: { dst: '2001:db8::7', nud: 'failed' }, ip: '2001:db8::7 nud failed' },
  {
    options: { dst: '2001:db8::8', lladdr, nud: 'stale', router: true, externLearn: true, protocol: 'zebra' },
    ip: `2001:db8::8 lladdr ${lladdr} nud stale router extern_learn protocol zebra`,
  },
  { options: { dst: '2001:db8::9', managed: true }, ip: '2001:db8::9 managed', nud: 'incomplete' },
  { options: { dst: '192.0.2.20', proxy: true }, ip: 'proxy 192.0.2.20' },
  { options: { dst: '192.0.2.21', proxy: true, protocol: 'static' }, ip: 'proxy 192.0.2.21 protocol static' },
  { options: { dst: '2001:db8::20', proxy: true, router: true }, ip: 'proxy 2001:db8::20 router' },
  { options: { dst: '2001:db8::21', proxy: true, externLearn: true }, ip: 'proxy 2001:db8::21 extern_learn' },
]

const learnt = shapes.filter(({ options }) => options.externLearn && !options.proxy).map(({ options }) => options)

/** What a shape is when it is listed. `use` is an instruction, not a property. */
function expected({ options, nud = options.nud }: (typeof shapes)[number]): Neigh {
  const { use, nud: given, ...rest } = options
  const neigh: Neigh = { dev: 'v0', family: options.dst.includes(':') ? 'inet6' : 'inet', ...rest }
  if (nud !== undefined) neigh.nud = nud
  return neigh
}

const expectedOf = (proxy: boolean): Neigh[] =>
  shapes
    .filter(({ options }) => (options.proxy ?? false) === proxy)
    .map(expected)
    .sort(byName)

describe('neigh and ip neigh', () => {
  test('what nslink writes, ip reads', async ({ ns, ip }) => {
    await cable(ns)
    await Promise.all(shapes.map(({ options }) => ns.neigh.add({ dev: 'v0', ...options })))
    await vi.waitFor(async () => {
      expect((await printed(ip, 'nud', 'all')).map(settled)).toEqual(expectedOf(false))
    }, seconds(1))
    expect(await printed(ip, 'proxy')).toEqual(expectedOf(true))
    await expectSame(ns, ip)
  })

  test('what ip writes, nslink reads', async ({ ns, ip }) => {
    await cable(ns)
    for (const { ip: words } of shapes) await ip('neigh', 'add', ...words.split(' '), 'dev', 'v0')
    await vi.waitFor(async () => {
      expect((await listed(ns, { nud: 'all' })).map(settled)).toEqual(expectedOf(false))
    }, seconds(1))
    expect(await listed(ns, { proxy: true })).toEqual(expectedOf(true))
    await expectSame(ns, ip)
  })

  test('times are in seconds', async ({ ns, ip }) => {
    await cable(ns)
    await ns.neigh.add({ dev: 'v0', dst: '192.0.2.1', lladdr, nud: 'noarp' })
    // One that was never confirmed counts from twice the time an entry stays reachable: a minute.
    const earliest = performance.now()
    await ns.neigh.add({ dev: 'v0', dst: '192.0.2.2', lladdr, nud: 'stale' })
    const latest = performance.now()
    await sleep(1200)
    const least = performance.now() - latest
    const [first, second] = await listed(ns, { nud: 'all' })
    const most = performance.now() - earliest
    const used = second?.used as number
    // The kernel's clock ticks a few times in a hundredth of a second.
    expect(used).toBeGreaterThanOrEqual(Math.floor((least - 100) / 1000))
    expect(used).toBeLessThanOrEqual(Math.floor((most + 100) / 1000))
    expect(second).toMatchObject({ updated: used, confirmed: used + 60, refcnt: 0, probes: 0 })
    expect(first).toMatchObject({ updated: first?.used, confirmed: first?.used, refcnt: 0, probes: 0 })
    await expectSame(ns, ip)
  })

  test('what was listed can be added, replaced, got and deleted', async ({ ns, another }) => {
    await cable(ns)
    for (const { options } of shapes) await ns.neigh.add({ dev: 'v0', ...options })
    const other = await another()
    await cable(other)
    for (const filter of [{ nud: 'all' }, { proxy: true }] satisfies NeighFilter[]) {
      const all = await vi.waitFor(async () => {
        const found = await listed(ns, filter)
        expect(found.some(({ nud }) => nud === 'delay')).toBe(false)
        return found
      }, seconds(1))
      expect(all).toHaveLength('proxy' in filter ? 4 : 25)
      for (const entry of all) await other.neigh.add(entry)
      for (const entry of all) await other.neigh.replace(entry)
      expect((await listed(other, filter)).map(settled)).toEqual(all.map(settled))
      for (const entry of all) expect(settled(await other.neigh.get(entry))).toEqual(settled(entry))
      for (const entry of all) await other.neigh.del(entry)
      // Deleted, an entry that is in use elsewhere in the kernel stays in the table no longer either.
      expect(await listed(other, filter)).toEqual([])
    }
  })

  test('a proxy entry can be for all devices', async ({ ns, ip }) => {
    const key = { dst: '192.0.2.9', proxy: true }
    await withProxyEverywhere(ns, key.dst, async () => {
      expect(await ns.neigh.get(key)).toEqual({ family: 'inet', ...key })
      const [entry, ...others] = await listed(ns, { proxy: true })
      expect(others).toEqual([])
      expect(entry).toEqual({ family: 'inet', ...key })
      expect(await printed(ip, 'proxy')).toEqual([entry])
      await ns.neigh.del(entry as Neigh)
      expect(await listed(ns, { proxy: true })).toEqual([])
      await ns.neigh.add(entry as Neigh)
    })
    expect(await failure(() => ns.neigh.get(key))).toMatchObject({ code: 'ENOENT' })
  })

  test('both faces give the same', async ({ ns, sync }) => {
    await cable(ns)
    sync.neigh.add({ dev: 'v0', dst: '192.0.2.1', lladdr, nud: 'noarp', protocol: 'dhcp' })
    const [entry] = sync.neigh.list({ nud: 'noarp', family: 'inet' })
    expect(entry).toMatchObject({ dev: 'v0', dst: '192.0.2.1', lladdr, nud: 'noarp', protocol: 'dhcp' })
    await vi.waitFor(async () => {
      expect(sync.neigh.list({ nud: 'all' })).toEqual(await ns.neigh.list({ nud: 'all' }))
    }, seconds(1))
    expect(() => sync.neigh.add({ dev: 'v0', dst: '192.0.2.1', lladdr })).toThrow(
      expect.objectContaining({ code: 'EEXIST', request: 'RTM_NEWNEIGH' }),
    )
  })
})

describe('the verbs', () => {
  const key = { dev: 'v0', dst: '192.0.2.1' }
  const other = '02:00:5e:00:53:02'

  test('add makes, and refuses what is there', async ({ ns }) => {
    await cable(ns)
    await ns.neigh.add({ ...key, lladdr })
    expect(await failure(() => ns.neigh.add({ ...key, lladdr: other }))).toMatchObject({
      name: 'NetlinkError',
      code: 'EEXIST',
      request: 'RTM_NEWNEIGH',
      message: expect.stringContaining('neigh.add 192.0.2.1'),
    })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr, nud: 'permanent' })
  })

  test('replace makes, and changes what is there', async ({ ns }) => {
    await cable(ns)
    await ns.neigh.replace({ ...key, lladdr, nud: 'stale' })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr, nud: 'stale' })
    await ns.neigh.replace({ ...key, lladdr: other })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr: other, nud: 'permanent' })
  })

  test('change changes what is there, and makes nothing', async ({ ns }) => {
    await cable(ns)
    expect(await failure(() => ns.neigh.change({ ...key, lladdr }))).toMatchObject({ code: 'ENOENT' })
    await ns.neigh.add({ ...key, lladdr })
    await ns.neigh.change({ ...key, nud: 'noarp' })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr, nud: 'noarp' })
  })

  test('append makes, and leaves a link-layer address as it is', async ({ ns }) => {
    await cable(ns)
    await ns.neigh.append({ ...key, lladdr, nud: 'stale' })
    await ns.neigh.append({ ...key, lladdr: other, nud: 'reachable' })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr, nud: 'stale' })
    await ns.neigh.append({ ...key, lladdr, nud: 'reachable' })
    expect(await ns.neigh.get(key)).toMatchObject({ lladdr, nud: 'reachable' })
  })

  test('del deletes, and says when there is nothing', async ({ ns }) => {
    await cable(ns)
    await ns.neigh.add({ ...key, lladdr })
    await ns.neigh.add({ ...key, proxy: true })
    await ns.neigh.del(key)
    expect(await ns.neigh.list({ nud: 'all', family: 'inet' })).toEqual([])
    expect(await ns.neigh.list({ proxy: true })).toHaveLength(1)
    expect(await failure(() => ns.neigh.del(key))).toMatchObject({ code: 'ENOENT', request: 'RTM_DELNEIGH' })
    await ns.neigh.del({ ...key, missingOk: true })
    await ns.neigh.del({ ...key, proxy: true })
    expect(await failure(() => ns.neigh.del({ ...key, proxy: true }))).toMatchObject({ code: 'ENOENT' })
    await ns.neigh.del({ ...key, proxy: true, missingOk: true })
  })

  test('get finds one entry, or says that there is none', async ({ ns }) => {
    await cable(ns)
    expect(await failure(() => ns.neigh.get(key))).toMatchObject({
      code: 'ENOENT',
      request: 'RTM_GETNEIGH',
      kernelMessage: 'Neighbour entry not found',
    })
    expect(await failure(() => ns.neigh.get({ ...key, proxy: true }))).toMatchObject({
      code: 'ENOENT',
      kernelMessage: 'Proxy neighbour entry not found',
    })
    await ns.neigh.add({ ...key, lladdr, nud: 'noarp' })
    const { index } = await ns.link.get('v0')
    expect(await ns.neigh.get({ dev: index, dst: key.dst })).toMatchObject({ dev: 'v0', nud: 'noarp' })
  })
})

describe('filters', () => {
  /** Two ports of a bridge and one cable that is not. */
  async function field(ns: Netns): Promise<void> {
    await cable(ns)
    await ns.link.add({ kind: 'bridge', name: 'br0', up: true })
    await ns.link.set('v0', { master: 'br0' })
    for (const { options } of shapes) await ns.neigh.add({ dev: 'v0', ...options })
    await ns.neigh.add({ dev: 'v1', dst: '192.0.2.1', lladdr })
    await ns.neigh.add({ dev: 'v1', dst: '2001:db8::1', lladdr, nud: 'noarp' })
    await ns.neigh.add({ dev: 'v1', dst: '192.0.2.40', proxy: true })
    await vi.waitFor(async () => expect(await ns.neigh.list({ nud: 'delay' })).toEqual([]), seconds(1))
  }

  /** The words of a filter as `ip` takes them: the family stands before the rest. */
  function split(words: string): [family: string[], rest: string[]] {
    const all = words.split(' ').filter((word) => word !== '')
    return [all.filter((word) => word.startsWith('-')), all.filter((word) => !word.startsWith('-'))]
  }

  test('list chooses what ip neigh show chooses', async ({ ns, ip }) => {
    await field(ns)
    // Where `ip` is not asked: what a program has learnt passes its filters of states.
    const cases: [NeighFilter, string | undefined, number][] = [
      [{}, '', 22],
      [{ nud: 'all' }, 'nud all', 27],
      [{ dev: 'v1' }, 'dev v1', 1],
      [{ dev: 'v1', nud: 'all' }, 'dev v1 nud all', 2],
      [{ master: 'br0' }, 'master br0', 21],
      [{ master: 'br0', family: 'inet6', nud: 'all' }, '-6 master br0 nud all', 9],
      [{ family: 'inet' }, '-4', 15],
      [{ nud: ['failed', 'noarp'], dev: 'v1' }, 'dev v1 nud failed nud noarp', 1],
      [{ nud: ['incomplete', 'probe', 'failed', 'none'] }, undefined, 10],
      [{ nud: 'permanent' }, undefined, 6],
      [{ nud: 0x80 }, undefined, 6],
      [{ proxy: true }, 'proxy', 5],
      [{ proxy: true, dev: 'v1' }, 'proxy dev v1', 1],
      [{ proxy: true, master: 'br0', family: 'inet' }, '-4 proxy master br0', 2],
      [{ proxy: false, dev: 'v1' }, 'dev v1', 1],
    ]
    for (const [filter, words, count] of cases) {
      const found = await listed(ns, filter)
      expect(found, JSON.stringify(filter)).toHaveLength(count)
      if (words === undefined) continue
      const [family, rest] = split(words)
      const args = [...family, '-j', '-d', 'neigh', 'show', ...rest]
      // Asked for one device, `ip` does not print its name.
      const dev = typeof filter.dev === 'string' ? { dev: filter.dev } : {}
      const ipFound = ((await ip(...args)) as Printed[]).filter(isOwn).map((entry) => fromPrinted({ ...entry, ...dev }))
      expect(found.map(settled), words).toEqual(ipFound.sort(byName).map(settled))
    }
  })

  test('the kernel does the choosing of devices and masters', async ({ ns }) => {
    await field(ns)
    const none = await failure(() => ns.neigh.list({ master: 'nope' }))
    expect(none).toMatchObject({ code: 'ENODEV', attribute: 'master' })
    expect(await failure(() => ns.neigh.list({ dev: 'nope' }))).toMatchObject({ code: 'ENODEV', attribute: 'dev' })
    expect(await ns.neigh.list({ master: 'v1' })).toEqual([])
  })

  test('flush deletes what ip neigh flush deletes, and says how many', async ({ ns, another }) => {
    const twin = await another()
    const ip = tool(twin, 'ip')
    await field(ns)
    await field(twin)
    for (const each of [ns, twin]) {
      // `ip` flushes what a program has learnt even where it is permanent.
      for (const { dst } of learnt) await each.neigh.del({ dev: 'v0', dst })
      // A device that is down, so that the kernel adds nothing of its own to what is noarp.
      await each.link.add({ kind: 'veth', name: 'd0', peer: { name: 'd1' } })
      await each.neigh.add({ dev: 'd0', dst: '192.0.2.50', lladdr, nud: 'noarp' })
    }
    const cases: [NeighFilter, string, number][] = [
      [{ dev: 'v1' }, 'dev v1', 0],
      [{ nud: 'stale', family: 'inet6' }, '-6 nud stale', 1],
      [{ nud: ['probe', 'none'], dev: 'v0' }, 'dev v0 nud probe nud none', 4],
      [{ family: 'inet6' }, '-6 dev v0', 3],
      [{ master: 'br0' }, 'master br0', 7],
      [{ proxy: true, dev: 'v1' }, 'proxy dev v1', 1],
      [{ proxy: true }, 'proxy', 4],
      [{ nud: 'permanent', dev: 'v1' }, 'dev v1 nud permanent', 1],
      [{ nud: 'all', family: 'inet' }, '-4 nud all', 2],
      [{ nud: 'noarp', dev: 'd0' }, 'dev d0 nud noarp', 1],
    ]
    for (const [filter, words, count] of cases) {
      expect(await ns.neigh.flush(filter), words).toBe(count)
      const [family, rest] = split(words)
      await ip(...family, 'neigh', 'flush', ...rest)
      for (const what of [{ nud: 'all' }, { proxy: true }] satisfies NeighFilter[]) {
        expect((await listed(ns, what)).map(settled), words).toEqual((await listed(twin, what)).map(settled))
      }
    }
    const left = (await listed(ns, { nud: 'all' })).map(({ dev, dst, nud }) => `${dev} ${dst} ${nud}`)
    expect(left).toEqual([
      'v0 192.0.2.3 noarp',
      'v0 2001:db8::1 permanent',
      'v0 2001:db8::2 permanent',
      'v0 2001:db8::5 noarp',
      'v1 2001:db8::1 noarp',
    ])
  })

  test('flush leaves what is permanent, also what a program has learnt', async ({ ns }) => {
    await cable(ns)
    for (const { dst } of learnt) await ns.neigh.add({ dev: 'v0', dst, lladdr, externLearn: true })
    expect(await ns.neigh.flush({ dev: 'v0', family: 'inet' })).toBe(0)
    expect(await ns.neigh.flush({ dev: 'v0', nud: 'permanent' })).toBe(learnt.length)
  })

  test('flush refuses to be about everything', async ({ ns }) => {
    const nothing: unknown[] = [{}, { dev: undefined }, { proxy: false }]
    for (const filter of nothing) {
      expect(await failure(() => ns.neigh.flush(filter as NeighFilter))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
      })
    }
    expect(await failure(() => ns.neigh.flush(undefined as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('link-layer addresses that are IP addresses', () => {
  /** The message an entry would be in if the kernel sent it, and what is read from it. */
  function message(lladdr: string): { bytes: string; read: Neigh } {
    const writer = new Writer()
    ndmsg.write(writer, { family: 2, ifindex: 0, state: 'permanent' })
    const start = writer.at
    table.write(writer, { lladdr }, 'test')
    const bytes = Buffer.from(writer.bytes.subarray(start + 4, start + writer.view.getUint16(start, true)))
    return { bytes: bytes.toString('hex'), read: decode(new Reader(writer.bytes), 0, writer.at) }
  }

  test('are written as they are, and read as they were', () => {
    const cases: [string, string, string?][] = [
      ['192.0.2.1', 'c0000201'],
      ['2001:db8::1', '20010db8000000000000000000000001'],
      ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
      ['::', '00000000000000000000000000000000'],
      ['02:42:ac:11:00:02', '0242ac110002'],
      ['02-42-AC-11-00-02', '0242ac110002', '02:42:ac:11:00:02'],
      // Eight octets, as IEEE 802.15.4 has them, and not an IPv6 address.
      ['02:42:ac:ff:fe:11:00:02', '0242acfffe110002'],
      ['c0:00:02:01', 'c0000201', '192.0.2.1'],
      ['80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:11:11', '80000208fe800000000000000002c90300001111'],
    ]
    for (const [text, bytes, shown = text] of cases) {
      const { bytes: written, read } = message(text)
      expect(written).toBe(bytes)
      expect(read.lladdr).toBe(shown)
    }
  })

  test('reach the kernel whole', async ({ ns }) => {
    await cable(ns)
    // An Ethernet device takes the first six bytes of a longer address, and none that is shorter.
    await ns.neigh.add({ dev: 'v0', dst: '192.0.2.1', lladdr: '2001:db8:3:4::' })
    expect(await ns.neigh.get({ dev: 'v0', dst: '192.0.2.1' })).toMatchObject({ lladdr: '20:01:0d:b8:00:03' })
    expect(await failure(() => ns.neigh.add({ dev: 'v0', dst: '192.0.2.2', lladdr: '192.0.2.9' }))).toMatchObject({
      code: 'EINVAL',
      kernelMessage: 'Invalid link address',
    })
  })

  test('an empty one is none', () => {
    const writer = new Writer()
    ndmsg.write(writer, { family: 2, ifindex: 0, state: 'noarp' })
    // NDA_LLADDR without a payload: an entry of a device that has no link-layer addresses.
    writer.close(writer.open(2))
    expect(decode(new Reader(writer.bytes), 0, writer.at)).toEqual({ family: 'inet', dst: '', nud: 'noarp' })
  })
})

describe('bad input', () => {
  const good = { dev: 'v0', dst: '192.0.2.1', lladdr }
  const bad: [string, object, string, RegExp][] = [
    ['a misspelt option', { ...good, lladr: lladdr }, 'ERR_INVALID_ARG_VALUE', /Unknown option "lladr" of neigh\.add/],
    ['no device', { dst: '192.0.2.1', lladdr }, 'ERR_INVALID_ARG_TYPE', /"dev" option must be the name of a device/],
    ['a device that is none', { ...good, dev: null }, 'ERR_INVALID_ARG_TYPE', /"dev"/],
    ['index zero', { ...good, dev: 0 }, 'ERR_OUT_OF_RANGE', /"dev"/],
    ['no address', { dev: 'v0', lladdr }, 'ERR_INVALID_ARG_TYPE', /"dst" option must be an IPv4 or IPv6 address/],
    ['an address with a length', { ...good, dst: '192.0.2.1/24' }, 'ERR_INVALID_ARG_VALUE', /"dst"/],
    ['half an address', { ...good, dst: '192.0.2' }, 'ERR_INVALID_ARG_VALUE', /"dst"/],
    [
      'an address of another family',
      { ...good, family: 'inet6' },
      'ERR_INVALID_ARG_VALUE',
      /"family" option must be that of dst/,
    ],
    ['an unknown state', { ...good, nud: 'reachible' }, 'ERR_INVALID_ARG_VALUE', /"nud".*'reachable'/],
    ['a state out of range', { ...good, nud: 65536 }, 'ERR_OUT_OF_RANGE', /"nud"/],
    [
      'half a link-layer address',
      { ...good, lladdr: '02:42:ac:11:0' },
      'ERR_INVALID_ARG_VALUE',
      /"lladdr".*or an IP address/,
    ],
    ['a link-layer address of mixed spelling', { ...good, lladdr: '02:42-ac' }, 'ERR_INVALID_ARG_VALUE', /"lladdr"/],
    ['a link-layer address that is no text', { ...good, lladdr: 2 }, 'ERR_INVALID_ARG_TYPE', /"lladdr"/],
    ['a link-layer address for a proxy', { ...good, proxy: true }, 'ERR_INVALID_ARG_VALUE', /"lladdr".*proxy/],
    ['a flag that is no boolean', { ...good, router: 1 }, 'ERR_INVALID_ARG_TYPE', /"router" option must be a boolean/],
    ['managed that is no boolean', { ...good, managed: 'yes' }, 'ERR_INVALID_ARG_TYPE', /"managed"/],
    ['an unknown protocol', { ...good, protocol: 'carrier-pigeon' }, 'ERR_INVALID_ARG_VALUE', /"protocol"/],
    ['a protocol out of range', { ...good, protocol: 256 }, 'ERR_OUT_OF_RANGE', /"protocol"/],
    ['no options', undefined as never, 'ERR_INVALID_ARG_TYPE', /neigh\.add must be an object/],
  ]

  test.for(bad)('%s', async ([, options, code, message], { ns }) => {
    await cable(ns)
    const error = await failure(() => ns.neigh.add(options as NeighOptions))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error).toBeInstanceOf(code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError)
    expect(await ns.neigh.list({ nud: 'all', family: 'inet' })).toEqual([])
  })

  test('of the other verbs', async ({ ns }) => {
    await cable(ns)
    const calls: [() => unknown, string, RegExp][] = [
      [() => ns.neigh.replace({ dst: 'x', dev: 'v0' }), 'ERR_INVALID_ARG_VALUE', /"dst"/],
      [() => ns.neigh.del({ dst: '192.0.2.1' }), 'ERR_INVALID_ARG_TYPE', /"dev"/],
      [() => ns.neigh.del({ ...good, missing: true } as never), 'ERR_INVALID_ARG_VALUE', /"missing" of neigh\.del/],
      [() => ns.neigh.del({ ...good, missingOk: 1 } as never), 'ERR_INVALID_ARG_TYPE', /"missingOk"/],
      [() => ns.neigh.get({ dst: '192.0.2.1' }), 'ERR_INVALID_ARG_TYPE', /"dev"/],
      [() => ns.neigh.get({ ...good, missingOk: true } as never), 'ERR_INVALID_ARG_VALUE', /"missingOk" of neigh\.get/],
      [() => ns.neigh.list({ device: 'v0' } as never), 'ERR_INVALID_ARG_VALUE', /"device" of neigh\.list/],
      [() => ns.neigh.list({ nud: 'lost' as never }), 'ERR_INVALID_ARG_VALUE', /"nud"/],
      [() => ns.neigh.list({ nud: ['stale', 'lost'] as never }), 'ERR_INVALID_ARG_VALUE', /"nud"/],
      [() => ns.neigh.list({ nud: null as never }), 'ERR_INVALID_ARG_TYPE', /"nud"/],
      [() => ns.neigh.list({ family: 'ipv4' as never }), 'ERR_INVALID_ARG_VALUE', /"family"/],
      [() => ns.neigh.list({ proxy: true, nud: 'stale' }), 'ERR_INVALID_ARG_VALUE', /"nud".*no state/],
      [() => ns.neigh.list({ proxy: 'yes' as never }), 'ERR_INVALID_ARG_TYPE', /"proxy"/],
    ]
    for (const [call, code, message] of calls) {
      expect(await failure(call)).toMatchObject({ code, message: expect.stringMatching(message) })
    }
  })

  test('what only the kernel can know', async ({ ns }) => {
    await cable(ns)
    expect(await failure(() => ns.neigh.add({ ...good, dev: 'nope' }))).toMatchObject({
      code: 'ENODEV',
      attribute: 'dev',
      message: expect.stringContaining('there is no device "nope"'),
    })
    expect(await failure(() => ns.neigh.add({ ...good, dev: 4711 }))).toMatchObject({
      code: 'ENODEV',
      request: 'RTM_NEWNEIGH',
    })
    expect(await failure(() => ns.neigh.add({ dev: 'v0', dst: '192.0.2.1' }))).toMatchObject({
      code: 'EINVAL',
      kernelMessage: 'No link layer address given',
    })
    expect(await ns.neigh.get({ dev: 'v0', dst: '192.0.2.1' })).toMatchObject({ nud: 'none' })
    expect(
      await failure(() => ns.neigh.add({ dev: 'v0', dst: '192.0.2.2', managed: true, nud: 'permanent' })),
    ).toMatchObject({
      code: 'EINVAL',
      kernelMessage: 'Invalid NTF_* flag for permanent entry',
    })
  })

  test('use of a handle that is closed', async ({ another }) => {
    const ns = await another()
    ns.close()
    expect(await failure(() => ns.neigh.list())).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
  })
})
