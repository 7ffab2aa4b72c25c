import type { Fdb, FdbFilter, FdbFlush, FdbOptions, Netns } from 'nslink'
import { has, needs } from './support/features.js'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** An entry as `bridge -j -d -s fdb` prints it. */
interface Printed {
  mac: string
  ifname: string
  vlan?: number
  dst?: string
  port?: number
  vni?: number
  src_vni?: number
  viaIf?: string
  nhid?: number
  used?: number
  updated?: number
  flags: string[]
  master?: string
  state: string
}

/** The same entry as nslink has it. */
function fromPrinted(printed: Printed): Fdb {
  const { mac: lladdr, ifname: dev, flags, master, state, src_vni, viaIf, ...same } = printed
  const entry: Fdb = { ...same, dev, lladdr, state: state === '' ? 'dynamic' : (state as 'static') }
  if (src_vni !== undefined) entry.srcVni = src_vni
  if (viaIf !== undefined) entry.via = viaIf
  if (master !== undefined) {
    entry.br = master
    entry[master === dev ? 'self' : 'master'] = true
  }
  for (const flag of flags) entry[flag === 'extern_learn' ? 'externLearn' : (flag as 'self')] = true
  return entry
}

const key = ({ dev, lladdr, vlan = 0, srcVni = 0, dst = '' }: FdbOptions): string =>
  `${dev} ${lladdr} ${String(vlan).padStart(4, '0')} ${srcVni} ${dst}`
const byKey = (a: Fdb, b: Fdb): number => (key(a) < key(b) ? -1 : 1)

/** What the tests made: not what the kernel makes by itself, multicast groups and the devices' own addresses. */
const isOurs = ({ lladdr }: Fdb): boolean => /^(02:00:5e|00:00:00:00:00:00)/.test(lladdr)

async function printed(bridge: Tool, ...filter: string[]): Promise<Fdb[]> {
  const entries = (await bridge('-j', '-d', '-s', 'fdb', 'show', ...filter)) as Printed[]
  return entries.map(fromPrinted).filter(isOurs).sort(byKey)
}

const listed = async (ns: Netns, filter?: FdbFilter): Promise<Fdb[]> =>
  (await ns.fdb.list(filter)).filter(isOurs).sort(byKey)

/** An entry without what changes by itself. */
function settled(entry: Fdb): Fdb {
  const { used, updated, ...rest } = entry
  return rest
}

/** A bridge with two ports, and VXLAN devices of three sorts. */
async function field(ns: Netns, ...options: string[]): Promise<void> {
  const ip = tool(ns, 'ip')
  // A kernel that can filter VLANs puts every port into one, whether its bridge does or not, and the entries with it.
  if (options.length === 0 && has('bridge:vlan_filtering')) options.push('vlan_default_pvid', '0')
  await ns.link.set('lo', { up: true })
  await ip('link', 'add', 'br0', 'type', 'bridge', ...options)
  for (const index of [0, 1]) {
    await ns.link.add({ kind: 'veth', name: `v${index}`, master: 'br0', up: true, peer: { name: `w${index}` } })
    await ns.link.set(`w${index}`, { up: true })
  }
  await ns.link.set('br0', { up: true })
  await ip(...'link add vx0 type vxlan id 10 dstport 4789 local 127.0.0.1'.split(' '))
  await ip(...'link add vx6 type vxlan id 11 dstport 4790 local ::1'.split(' '))
  await ip(...'link add vxe type vxlan external dstport 4791'.split(' '))
  await ip(...'nexthop add id 5 via 192.0.2.1 fdb'.split(' '))
  await ip(...'nexthop add id 6 via 192.0.2.2 fdb'.split(' '))
  await ip(...'nexthop add id 13 group 5/6 fdb'.split(' '))
}

const mac = (last: number): string => `02:00:5e:00:53:${last.toString(16).padStart(2, '0')}`
const zero = '00:00:00:00:00:00'

type Verb = 'add' | 'append' | 'replace'

/** Entries of every shape: what nslink is given, what `bridge` is given, and what it shows besides. */
const shapes: [options: FdbOptions, words: string, shows?: Partial<Fdb>, verb?: Verb][] = [
  [{ dev: 'v0', lladdr: mac(1), master: true }, 'dev v0 master'],
  [{ dev: 'v0', lladdr: mac(2), master: true, state: 'permanent' }, 'dev v0 master local'],
  [{ dev: 'v0', lladdr: mac(3), master: true, state: 'static' }, 'dev v0 master static'],
  [{ dev: 'v0', lladdr: mac(4), master: true, state: 'dynamic' }, 'dev v0 master dynamic'],
  [{ dev: 'v0', lladdr: mac(5), master: true, state: 'static', sticky: true }, 'dev v0 master static sticky'],
  [{ dev: 'v1', lladdr: mac(6), master: true, state: 'dynamic', sticky: true }, 'dev v1 master dynamic sticky'],
  // What a program has learnt a bridge shows as if it had learnt it itself.
  [
    { dev: 'v1', lladdr: mac(7), master: true, state: 'static', externLearn: true },
    'dev v1 master static extern_learn',
    { state: 'dynamic' },
  ],
  [{ dev: 'v1', lladdr: mac(8), master: true, state: 'dynamic', use: true }, 'dev v1 master dynamic use'],
  [{ dev: 'br0', lladdr: mac(9), self: true }, 'dev br0 self', { br: 'br0' }],
  [{ dev: 'v0', lladdr: mac(10), self: true }, 'dev v0 self'],
  [{ dev: 'v0', lladdr: mac(11) }, 'dev v0', { self: true }],
  [{ dev: 'vx0', lladdr: mac(20), dst: '192.0.2.1' }, 'dev vx0 dst 192.0.2.1', { self: true }],
  [{ dev: 'vx0', lladdr: mac(21), dst: '192.0.2.1', state: 'static', self: true }, 'dev vx0 self dst 192.0.2.1 static'],
  [
    { dev: 'vx0', lladdr: mac(22), dst: '192.0.2.1', state: 'dynamic' },
    'dev vx0 dst 192.0.2.1 dynamic',
    { self: true },
  ],
  [{ dev: 'vx0', lladdr: mac(23), dst: '192.0.2.1', router: true }, 'dev vx0 dst 192.0.2.1 router', { self: true }],
  [
    { dev: 'vx0', lladdr: mac(24), dst: '192.0.2.1', externLearn: true },
    'dev vx0 dst 192.0.2.1 extern_learn',
    { self: true },
  ],
  [
    { dev: 'vx0', lladdr: mac(25), dst: '192.0.2.1', port: 8472, vni: 0xffffff, via: 'lo' },
    'dev vx0 dst 192.0.2.1 port 8472 vni 16777215 via lo',
    { self: true },
  ],
  [{ dev: 'vx0', lladdr: mac(26), nhid: 13 }, 'dev vx0 nhid 13', { self: true }],
  [
    { dev: 'vx0', lladdr: mac(27), nhid: 13, router: true, state: 'static' },
    'dev vx0 nhid 13 router static',
    { self: true },
  ],
  [{ dev: 'vx0', lladdr: zero, dst: '192.0.2.1' }, 'dev vx0 dst 192.0.2.1', { self: true }, 'append'],
  [{ dev: 'vx0', lladdr: zero, dst: '192.0.2.2' }, 'dev vx0 dst 192.0.2.2', { self: true }, 'append'],
  [
    { dev: 'vx0', lladdr: zero, dst: '192.0.2.3', vni: 20, port: 1 },
    'dev vx0 dst 192.0.2.3 vni 20 port 1',
    { self: true },
    'append',
  ],
  [{ dev: 'vx6', lladdr: mac(30), dst: '2001:db8::1' }, 'dev vx6 dst 2001:db8::1', { self: true }],
  [{ dev: 'vx6', lladdr: zero, dst: 'fe80::1', via: 'lo' }, 'dev vx6 dst fe80::1 via lo', { self: true }, 'append'],
  [
    { dev: 'vxe', lladdr: mac(31), dst: '192.0.2.1', srcVni: 100, vni: 200 },
    'dev vxe dst 192.0.2.1 src_vni 100 vni 200',
    { self: true },
  ],
  [{ dev: 'vxe', lladdr: mac(31), dst: '192.0.2.2', srcVni: 101 }, 'dev vxe dst 192.0.2.2 src_vni 101', { self: true }],
]

const expectedOf = (all: typeof shapes): Fdb[] =>
  all
    .map(([{ use, ...options }, , shows]) => {
      const entry = { state: 'permanent', ...options, ...shows } as Fdb
      return options.master ? { ...entry, br: 'br0' } : entry
    })
    .sort(byKey)

async function write(ns: Netns, all: typeof shapes): Promise<void> {
  for (const [options, , , verb = 'add'] of all) await ns.fdb[verb](options)
}

async function writeByBridge(ns: Netns, all: typeof shapes): Promise<void> {
  const bridge = tool(ns, 'bridge')
  for (const [{ lladdr }, words, , verb = 'add'] of all) await bridge('fdb', verb, lladdr, ...words.split(' '))
}

/** Writes all that was listed. Several destinations of one address are appended. */
async function rewrite(ns: Netns, entries: readonly Fdb[]): Promise<void> {
  for (const entry of entries) {
    if (entry.lladdr === zero) await ns.fdb.append(entry)
    else await ns.fdb.add(entry)
  }
}

async function expectRoundTrip(ns: Netns, other: Netns): Promise<void> {
  const all = (await listed(ns)).map(settled)
  await rewrite(other, all)
  expect((await listed(other)).map(settled)).toEqual(all)
  for (const entry of all) {
    const own = entry.self && entry.br === undefined && !`${entry.dev}`.startsWith('vx')
    const got = other.fdb.get(entry)
    if (own) expect(await failure(() => got)).toMatchObject({ code: 'EOPNOTSUPP' })
    // Of several destinations it has the first.
    else
      expect(settled(await got)).toEqual(
        all.find((each) => each.lladdr === entry.lladdr && key({ ...each, dst: '' }) === key({ ...entry, dst: '' })),
      )
  }
  for (const entry of all.filter(({ lladdr }) => lladdr !== zero)) await other.fdb.replace(entry)
  expect((await listed(other)).map(settled)).toEqual(all)
  for (const entry of all) await other.fdb.del(entry)
  expect(await listed(other)).toEqual([])
}

describe('fdb and bridge fdb', () => {
  const expected = expectedOf(shapes)

  test('what nslink writes, bridge reads', async ({ ns, bridge }) => {
    await field(ns)
    await write(ns, shapes)
    expect((await printed(bridge)).map(settled)).toEqual(expected)
    expect((await listed(ns)).map(settled)).toEqual(expected)
  })

  test('what bridge writes, nslink reads', async ({ ns, bridge }) => {
    await field(ns)
    await writeByBridge(ns, shapes)
    expect((await listed(ns)).map(settled)).toEqual(expected)
    expect((await printed(bridge)).map(settled)).toEqual(expected)
  })

  test('every entry there is, the kernel’s own ones too', async ({ ns, bridge }) => {
    await field(ns)
    await writeByBridge(ns, shapes)
    const all = (await ns.fdb.list()).map(settled).sort(byKey)
    const shown = ((await bridge('-j', '-d', '-s', 'fdb')) as Printed[]).map(fromPrinted)
    expect(all.length).toBeGreaterThan(shapes.length + 10)
    expect(all).toEqual(shown.map(settled).sort(byKey))
  })

  test('what was listed can be added, replaced, got and deleted', async ({ ns, another }) => {
    const other = await another()
    await field(ns)
    await field(other)
    await writeByBridge(ns, shapes)
    await expectRoundTrip(ns, other)
  })

  test('times are in seconds', async ({ ns, bridge }) => {
    await field(ns)
    const start = Date.now()
    await ns.fdb.add({ dev: 'v0', lladdr: mac(1), master: true, state: 'static' })
    await ns.fdb.add({ dev: 'vx0', lladdr: mac(2), dst: '192.0.2.1' })
    const times = (entries: Fdb[]) => entries.flatMap(({ used, updated }) => [used ?? -1, updated ?? -1])
    await expect.poll(async () => Math.min(...times(await listed(ns))), { timeout: 10_000 }).toBeGreaterThanOrEqual(1)
    expect(times(await listed(ns))).toHaveLength(4)
    expect(Math.max(...times(await listed(ns)))).toBeLessThanOrEqual((Date.now() - start) / 1000 + 1)
    // No clock ticks between the two.
    const difference = async () => `${times(await listed(ns))}` === `${times(await printed(bridge))}`
    await expect.poll(difference, { timeout: 10_000 }).toBe(true)
  })

  test('frames go by it', async ({ ns }) => {
    await field(ns)
    await ns.neigh.add({ dev: 'br0', dst: '192.0.2.7', lladdr: mac(1) })
    await ns.addr.add({ dev: 'br0', address: '192.0.2.9/24' })
    const received = async () =>
      Promise.all(['w0', 'w1'].map(async (dev) => (await ns.link.get(dev)).stats?.rxPackets ?? 0))
    for (const [port, index] of [
      ['v0', 0],
      ['v1', 1],
    ] as const) {
      await ns.fdb.replace({ dev: port, lladdr: mac(1), master: true, state: 'static' })
      const before = await received()
      // Nobody answers.
      expect(await failure(() => tool(ns, 'ping')(...'-c 20 -i 0.01 -W 0.1 192.0.2.7'.split(' ')))).toBeInstanceOf(
        Error,
      )
      const after = await received()
      const counts = after.map((count, each) => count - before[each]!)
      // Multicast of the kernel's own goes to both.
      expect(counts[index]! - counts[1 - index]!).toBeGreaterThanOrEqual(15)
    }
  })

  test('both faces give the same', async ({ ns, sync }) => {
    await field(ns)
    sync.fdb.add({ dev: 'v0', lladdr: mac(1), master: true, state: 'static' })
    expect(sync.fdb.list().map(settled)).toEqual((await ns.fdb.list()).map(settled))
    expect(() => sync.fdb.del({ dev: 'v0', lladdr: mac(2), master: true })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
  })
})

describe('the verbs', () => {
  const entry: FdbOptions = { dev: 'v0', lladdr: mac(1), master: true, state: 'static' }
  const far: FdbOptions = { dev: 'vx0', lladdr: mac(1), dst: '192.0.2.1' }

  test('add makes, and refuses what is there', async ({ ns }) => {
    await field(ns)
    await ns.fdb.add(entry)
    await ns.fdb.add(far)
    for (const each of [entry, { ...entry, dev: 'v1' }, far, { ...far, dst: '192.0.2.2' }]) {
      expect(await failure(() => ns.fdb.add(each))).toMatchObject({
        name: 'NetlinkError',
        code: 'EEXIST',
        request: 'RTM_NEWNEIGH',
        message: expect.stringContaining(`fdb.add ${mac(1)}`),
      })
    }
  })

  test('replace makes, and moves what is there', async ({ ns }) => {
    await field(ns)
    await ns.fdb.replace(entry)
    await ns.fdb.replace({ ...entry, dev: 'v1', state: 'dynamic' })
    await ns.fdb.replace(far)
    await ns.fdb.replace({ ...far, dst: '192.0.2.2', vni: 5 })
    expect((await listed(ns)).map(settled)).toEqual([
      { dev: 'v1', lladdr: mac(1), br: 'br0', master: true, state: 'dynamic' },
      { dev: 'vx0', lladdr: mac(1), self: true, dst: '192.0.2.2', vni: 5, state: 'permanent' },
    ])
    expect(await failure(() => ns.fdb.replace({ ...far, lladdr: zero }))).toMatchObject({ code: 'EOPNOTSUPP' })
  })

  test('append gives an address several destinations, and del takes them one by one', async ({ ns }) => {
    await field(ns)
    const all = { dev: 'vx0', lladdr: zero }
    const destinations = async () => (await listed(ns)).map(({ dst }) => dst)
    for (const dst of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.2']) await ns.fdb.append({ ...all, dst })
    expect(await destinations()).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    await ns.fdb.del({ ...all, dst: '192.0.2.2' })
    expect(await destinations()).toEqual(['192.0.2.1', '192.0.2.3'])
    // It is not there, and the kernel does not mind.
    await ns.fdb.del({ ...all, dst: '192.0.2.2' })
    await ns.fdb.del(all)
    expect(await destinations()).toEqual([])
    // Addresses of single hosts have one.
    await ns.fdb.append(far)
    await ns.fdb.append({ ...far, dst: '192.0.2.2' })
    expect(await destinations()).toEqual(['192.0.2.1'])
  })

  test('del says when there is nothing', async ({ ns }) => {
    await field(ns)
    for (const each of [entry, far, { dev: 'v0', lladdr: mac(1) }]) {
      expect(await failure(() => ns.fdb.del(each))).toMatchObject({ code: 'ENOENT', request: 'RTM_DELNEIGH' })
      await ns.fdb.del({ ...each, missingOk: true })
    }
  })

  test('get looks in the table of a bridge or of a VXLAN device', async ({ ns }) => {
    await field(ns)
    await write(ns, shapes)
    expect(await ns.fdb.get({ br: 'br0', lladdr: mac(6) })).toMatchObject({ dev: 'v1', state: 'dynamic', sticky: true })
    expect(await ns.fdb.get({ dev: 'v0', lladdr: mac(3), master: true })).toMatchObject({ dev: 'v0', state: 'static' })
    expect(await ns.fdb.get({ dev: 'br0', lladdr: mac(9) })).toMatchObject({ dev: 'br0', state: 'permanent' })
    expect(await ns.fdb.get({ dev: 'vxe', lladdr: mac(31), srcVni: 101 })).toMatchObject({ dst: '192.0.2.2' })
    expect(await ns.fdb.get({ dev: 'vx0', lladdr: zero })).toMatchObject({ dst: '192.0.2.1' })
    for (const query of [
      { br: 'br0', lladdr: mac(99) },
      { dev: 'vx0', lladdr: mac(99) },
    ]) {
      expect(await failure(() => ns.fdb.get(query))).toMatchObject({ code: 'ENOENT', request: 'RTM_GETNEIGH' })
    }
  })

  test('what a bridge is to report of an entry', async ({ ns }) => {
    await field(ns)
    await ns.fdb.add({ ...entry, activityNotify: true })
    await ns.fdb.replace({ ...entry, lladdr: mac(2), activityNotify: true, norefresh: true })
    expect(await ns.fdb.get(entry)).toMatchObject({ activityNotify: true })
    const [first, second] = (await listed(ns)).map(settled)
    expect(first).toEqual({ ...entry, br: 'br0', activityNotify: true })
    expect(second).toEqual({ ...entry, lladdr: mac(2), br: 'br0', activityNotify: true })
    await ns.fdb.replace(entry)
    expect(settled(await ns.fdb.get(entry))).toEqual({ ...entry, br: 'br0' })
  })
})

describe('filters', () => {
  test('list chooses what bridge fdb show chooses', async ({ ns, bridge }) => {
    await field(ns)
    await write(ns, shapes)
    const cases: [FdbFilter, string, number][] = [
      [{}, '', 26],
      [{ dev: 'v0' }, 'dev v0', 7],
      [{ br: 'br0' }, 'br br0', 11],
      [{ br: 'br0', dev: 'v1' }, 'br br0 dev v1', 3],
      [{ dev: 'br0' }, 'dev br0', 1],
      [{ dev: 'vx0' }, 'dev vx0', 11],
      [{ br: 'br0', state: 'static' }, 'br br0 state static', 2],
      [{ state: 'permanent', dev: 'vx0' }, 'state permanent dev vx0', 8],
      [{ dynamic: true }, 'dynamic', 9],
      [{ dynamic: true, br: 'br0', state: 'static' }, 'br br0 dynamic state static', 2],
    ]
    for (const [filter, words, count] of cases) {
      const found = await listed(ns, filter)
      expect(found, words).toHaveLength(count)
      const args = words.split(' ').filter((word) => word !== '')
      // Asked for one device, or one bridge, `bridge` does not print its name.
      const { dev, br } = filter
      const shown = ((await bridge('-j', '-d', 'fdb', 'show', ...args)) as Printed[]).map((entry) => ({
        ...entry,
        ...(typeof dev === 'string' && { ifname: dev }),
      }))
      const names = ({ dev, lladdr, vlan, dst }: Fdb) => ({ dev, lladdr, vlan, dst })
      expect(found.map(names), `${words} ${br}`).toEqual(shown.map(fromPrinted).filter(isOurs).sort(byKey).map(names))
    }
    expect(await listed(ns, { state: 'dynamic' })).toHaveLength(5)
    expect(await listed(ns, { dynamic: false })).toHaveLength(17)
    expect(await listed(ns, { vlan: 5 })).toEqual([])
    expect(await failure(() => ns.fdb.list({ dev: 'nope' }))).toMatchObject({ code: 'ENODEV', attribute: 'dev' })
    expect(await failure(() => ns.fdb.list({ br: 'nope' }))).toMatchObject({ code: 'ENODEV', attribute: 'br' })
    // It is no bridge.
    expect(await ns.fdb.list({ br: 'vx0' })).toEqual([])
  })

  test('flush deletes what bridge fdb flush deletes', async ({ ns, another }) => {
    const twin = await another()
    const bridge = tool(twin, 'bridge')
    for (const each of [ns, twin]) {
      await field(each)
      await write(each, shapes)
    }
    const counts = async () => (await listed(ns)).length
    const cases: [FdbFlush, string, left: number][] = [
      [{ dev: 'br0', brport: 'v1', state: 'static' }, 'dev br0 brport v1 static', 26],
      [{ dev: 'br0', sticky: true }, 'dev br0 sticky', 24],
      [{ dev: 'v1', master: true, externLearn: true }, 'dev v1 master extern_learn', 23],
      [{ dev: 'br0', state: 'dynamic', externLearn: false }, 'dev br0 dynamic noextern_learn', 21],
      [{ dev: 'br0', state: 'static' }, 'dev br0 static', 20],
      [{ dev: 'br0', addedByUser: true, brport: 'v0' }, 'dev br0 added_by_user brport v0', 18],
      [{ dev: 'br0' }, 'dev br0', 17],
    ]
    for (const [filter, words, left] of cases) {
      await ns.fdb.flush(filter)
      await bridge('fdb', 'flush', ...words.split(' '))
      expect((await listed(ns)).map(settled), words).toEqual((await listed(twin)).map(settled))
      expect(await counts(), words).toBe(left)
    }
  })

  test('flush of a VXLAN device, by what is on the other side', async ({ ns }) => {
    await field(ns)
    await write(ns, shapes)
    // The iproute2 at hand knows these no more than Linux before 6.7 did.
    const cases: [FdbFlush, left: number][] = [
      [{ dev: 'vx0', router: true }, 9],
      [{ dev: 'vx0', state: 'static' }, 8],
      [{ dev: 'vx0', state: 'dynamic' }, 7],
      [{ dev: 'vx0', externLearn: true }, 6],
      [{ dev: 'vx0', port: 8472 }, 5],
      [{ dev: 'vx0', vni: 20 }, 4],
      [{ dev: 'vx0', nhid: 13 }, 3],
      [{ dev: 'vx0', dst: '192.0.2.2' }, 2],
      [{ dev: 'vx0' }, 0],
    ]
    for (const [filter, left] of cases) {
      await ns.fdb.flush(filter)
      expect(await listed(ns, { dev: 'vx0' }), JSON.stringify(filter)).toHaveLength(left)
    }
    await ns.fdb.flush({ dev: 'vxe', srcVni: 100 })
    expect(await listed(ns, { dev: 'vxe' })).toMatchObject([{ srcVni: 101 }])
  })

  test('flush refuses what has no table, and filters it does not know', async ({ ns }) => {
    await field(ns)
    expect(await failure(() => ns.fdb.flush({ dev: 'v0' }))).toMatchObject({
      code: 'EOPNOTSUPP',
      request: 'RTM_DELNEIGH',
    })
    expect(await failure(() => ns.fdb.flush({ dev: 'br0', router: true }))).toMatchObject({ code: 'EINVAL' })
    expect(await failure(() => ns.fdb.flush({ dev: 'vx0', sticky: true }))).toMatchObject({ code: 'EINVAL' })
    expect(await failure(() => ns.fdb.flush({ dev: 'br0', nhid: 5 }))).toMatchObject({
      code: 'EINVAL',
      attribute: 'nhid',
    })
    expect(await failure(() => ns.fdb.flush({} as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await failure(() => ns.fdb.flush({ dev: 'br0', state: 'stale' as never }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
    expect(await failure(() => ns.fdb.flush({ dev: 'br0', lladdr: zero } as never))).toMatchObject({
      message: expect.stringContaining('Unknown option "lladdr" of fdb.flush'),
    })
  })
})

describe('with VLANs', needs('bridge:vlan_filtering'), () => {
  const more: typeof shapes = [
    [{ dev: 'v0', lladdr: mac(40), master: true, state: 'static', vlan: 1 }, 'dev v0 master static vlan 1'],
    [{ dev: 'v0', lladdr: mac(40), master: true, state: 'dynamic', vlan: 7 }, 'dev v0 master dynamic vlan 7'],
    [{ dev: 'v1', lladdr: mac(41), master: true, vlan: 1 }, 'dev v1 master vlan 1'],
    [{ dev: 'br0', lladdr: mac(42), self: true, vlan: 1 }, 'dev br0 self vlan 1', { br: 'br0' }],
  ]

  async function vlans(ns: Netns): Promise<void> {
    await field(ns, 'vlan_filtering', '1')
    await ns.vlan.add({ dev: 'v0', vid: 7 })
  }

  test('an entry is of a VLAN', async ({ ns, bridge, another }) => {
    const other = await another()
    await vlans(ns)
    await vlans(other)
    await write(ns, more)
    await writeByBridge(other, more)
    for (const each of [ns, other]) expect((await listed(each)).map(settled)).toEqual(expectedOf(more))
    expect((await printed(bridge)).map(settled)).toEqual(expectedOf(more))
    expect(await ns.fdb.get({ br: 'br0', lladdr: mac(40), vlan: 7 })).toMatchObject({ state: 'dynamic' })
    expect(await listed(ns, { vlan: 7 })).toHaveLength(1)
    expect(await printed(bridge, 'vlan', '7')).toHaveLength(1)
    await ns.fdb.flush({ dev: 'br0', vlan: 7 })
    await tool(other, 'bridge')('fdb', 'flush', 'dev', 'br0', 'vlan', '7')
    for (const each of [ns, other]) expect(await listed(each)).toHaveLength(3)
  })

  test('what was listed can be added and deleted', async ({ ns, another }) => {
    const other = await another()
    await vlans(ns)
    await vlans(other)
    await write(ns, more)
    await expectRoundTrip(ns, other)
  })

  test('without one, it is in all the port is in', async ({ ns }) => {
    await vlans(ns)
    await ns.fdb.add({ dev: 'v0', lladdr: mac(1), master: true, state: 'static' })
    expect((await listed(ns)).map(({ vlan }) => vlan)).toEqual([undefined, 1, 7])
    await ns.fdb.del({ dev: 'v0', lladdr: mac(1), master: true })
    expect(await listed(ns)).toEqual([])
    expect(await failure(() => ns.fdb.add({ dev: 'v0', lladdr: mac(1), master: true, vlan: 9 }))).toMatchObject({
      code: 'EINVAL',
    })
  })
})

describe('what goes wrong', () => {
  const good = { dev: 'vx0', lladdr: mac(1), dst: '192.0.2.1' }
  const bad: [string, object, string, RegExp][] = [
    ['a misspelt option', { ...good, stat: 'static' }, 'ERR_INVALID_ARG_VALUE', /Unknown option "stat" of fdb\.add/],
    ['no device', { lladdr: mac(1) }, 'ERR_INVALID_ARG_TYPE', /"dev" option must be the name of a device/],
    ['no address', { dev: 'v0' }, 'ERR_INVALID_ARG_TYPE', /"lladdr"/],
    ['half an address', { ...good, lladdr: '02:00:5e' }, 'ERR_INVALID_ARG_VALUE', /"lladdr".*6 bytes/],
    ['an address that is none', { ...good, lladdr: 'router' }, 'ERR_INVALID_ARG_VALUE', /"lladdr"/],
    ['half a destination', { ...good, dst: '192.0.2' }, 'ERR_INVALID_ARG_VALUE', /"dst"/],
    ['a network', { ...good, dst: '192.0.2.0/24' }, 'ERR_INVALID_ARG_VALUE', /"dst"/],
    ['an unknown state', { ...good, state: 'local' }, 'ERR_INVALID_ARG_VALUE', /"state".*'permanent'/],
    ['VLAN 0', { ...good, vlan: 0 }, 'ERR_OUT_OF_RANGE', /"vlan"/],
    ['VLAN 4095', { ...good, vlan: 4095 }, 'ERR_OUT_OF_RANGE', /"vlan"/],
    ['a port out of range', { ...good, port: 65536 }, 'ERR_OUT_OF_RANGE', /"port"/],
    ['a VNI out of range', { ...good, vni: 2 ** 24 }, 'ERR_OUT_OF_RANGE', /"vni"/],
    ['another', { ...good, srcVni: -1 }, 'ERR_OUT_OF_RANGE', /"srcVni"/],
    ['a flag that is no boolean', { ...good, self: 1 }, 'ERR_INVALID_ARG_TYPE', /"self"/],
    ['another that is none', { ...good, sticky: 'yes' }, 'ERR_INVALID_ARG_TYPE', /"sticky"/],
    ['no options', null as never, 'ERR_INVALID_ARG_TYPE', /fdb\.add must be an object/],
  ]

  test('before the kernel sees it', async ({ ns }) => {
    await field(ns)
    for (const [what, options, code, message] of bad) {
      const error = await failure(() => ns.fdb.add(options as FdbOptions))
      expect(error, what).toMatchObject({ code, message: expect.stringMatching(message) })
    }
    for (const call of [
      () => ns.fdb.get({ lladdr: mac(1) } as never),
      () => ns.fdb.list({ brport: 'v0' } as never),
      () => ns.fdb.list({ dynamic: 1 as never }),
      () => ns.fdb.list({ state: 'learnt' as never }),
      () => ns.fdb.del({ ...good, missing: true } as never),
    ]) {
      expect((await failure(call))['code']).toMatch(/^ERR_INVALID_ARG_/)
    }
    expect(await listed(ns)).toEqual([])
  })

  test('whichever option has a value that is none, the error names it', async ({ ns }) => {
    await field(ns)
    const options: Record<keyof FdbOptions, true> = {
      ...{ dev: true, lladdr: true, vlan: true, self: true, master: true, srcVni: true, dst: true, port: true },
      ...{ vni: true, via: true, nhid: true, state: true, router: true, use: true, externLearn: true, sticky: true },
      ...{ activityNotify: true, norefresh: true, unknown: true },
    }
    for (const name of Object.keys(options)) {
      expect(await failure(() => ns.fdb.add({ ...good, [name]: Number.NaN })), name).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
        message: expect.stringContaining(`"${name}"`),
      })
    }
    expect(await listed(ns)).toEqual([])
  })

  test('in the kernel, with the option at fault where it is told', async ({ ns }) => {
    await field(ns)
    const cases: [FdbOptions, code: string, kernelMessage?: string | undefined, attribute?: string][] = [
      [{ ...good, dev: 'nope' }, 'ENODEV', undefined, 'dev'],
      [{ ...good, via: 'nope' }, 'ENODEV', undefined, 'via'],
      [{ ...good, dst: undefined, nhid: 99 }, 'EINVAL', 'Nexthop id does not exist', 'nhid'],
      [{ ...good, dst: undefined, nhid: 5 }, 'EINVAL', 'Nexthop is not a multipath group', 'nhid'],
      [{ ...good, via: 4711 }, 'EADDRNOTAVAIL', 'Device not found', 'via'],
      [{ ...good, dst: '2001:db8::1' }, 'EAFNOSUPPORT'],
      [{ dev: 'v0', lladdr: mac(1), state: 'static' }, 'EINVAL'],
      [{ dev: 'v0', lladdr: mac(1), master: true, sticky: true }, 'EINVAL'],
      [{ dev: 'lo', lladdr: mac(1) }, 'EINVAL', 'FDB add only supported for Ethernet devices'],
    ]
    for (const [options, code, kernelMessage, attribute] of cases) {
      const error = await failure(() => ns.fdb.add(options))
      expect(error, JSON.stringify(options)).toMatchObject({
        code,
        ...(kernelMessage && { kernelMessage }),
        ...(attribute && { attribute }),
      })
    }
    expect(await listed(ns)).toEqual([])
  })
})
