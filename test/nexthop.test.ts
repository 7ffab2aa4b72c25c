import type { Netns, Nexthop, NexthopFilter, NexthopOptions } from 'nslink'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** A nexthop object as `ip -j -d nexthop` prints it. */
interface Printed {
  id: number
  gateway?: string
  dev?: string
  group?: { id: number; weight?: number }[]
  type?: string
  resilient_args?: { buckets: number; idle_timer: number; unbalanced_timer: number; unbalanced_time: number }
  blackhole?: null
  fdb?: null
  encap?: string
  scope: string
  protocol: string
  flags: string[]
}

const numeral = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text)

/** The same object as nslink has it, but for what `ip` does not say: the family where there is no gateway, the bytes of an encapsulation. */
function fromPrinted(printed: Printed): Nexthop {
  const { id, gateway, dev, group, resilient_args: resilient, encap, scope, protocol, flags } = printed
  const nexthop = { id, scope: numeral(scope), protocol: numeral(protocol) } as Nexthop
  if (gateway !== undefined) nexthop.via = gateway
  if (dev !== undefined) nexthop.dev = dev
  if (group !== undefined) {
    nexthop.group = group.map((entry) => ({ weight: 1, ...entry }))
    nexthop.type = (printed.type as Nexthop['type']) ?? 'mpath'
  }
  if (resilient !== undefined) {
    nexthop.buckets = resilient.buckets
    nexthop.idleTimer = resilient.idle_timer
    nexthop.unbalancedTimer = resilient.unbalanced_timer
    nexthop.unbalancedTime = resilient.unbalanced_time
  }
  if ('blackhole' in printed) nexthop.blackhole = true
  if ('fdb' in printed) nexthop.fdb = true
  if (encap !== undefined) nexthop.encap = { type: encap as 'ip', attributes: {} }
  for (const flag of flags) nexthop[flag as 'dead'] = true
  return nexthop
}

function comparable({ family, encap, ...rest }: Nexthop): Omit<Nexthop, 'family'> {
  return { ...rest, ...(encap && { encap: { type: encap.type, attributes: {} } }) }
}

async function printed(ip: Tool, ...args: string[]): Promise<Nexthop[]> {
  return ((await ip('-j', '-d', 'nexthop', 'show', ...args)) as Printed[]).map(fromPrinted)
}

/** A device with addresses, and its other end up. */
async function cable(ns: Netns): Promise<void> {
  await ns.link.set('lo', { up: true })
  await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } })
  await ns.link.set('v0', { up: true })
  await ns.link.set('v1', { up: true })
  await ns.addr.add({ dev: 'v0', address: '192.0.2.9/24' })
  await ns.addr.add({ dev: 'v0', address: '2001:db8::9/64', nodad: true })
}

/** What LWTUNNEL_IP_ID and LWTUNNEL_IP_DST are to be, as `ip` would send it. */
const encap = { type: 'ip', attributes: { 1: '0000000000000007', 2: '0a000001' } } as const
const group = (...ids: number[]) => ids.map((id) => ({ id, weight: 1 }))

/** Objects of every shape: what nslink is given, what `ip` is given, and what it shows besides. */
const shapes: [options: NexthopOptions & { id: number }, words: string, shows: Partial<Nexthop>][] = [
  [{ id: 1, blackhole: true }, 'blackhole', { scope: 'global' }],
  [{ id: 2, via: '192.0.2.1', dev: 'v0' }, 'via 192.0.2.1 dev v0', {}],
  [
    { id: 3, via: '203.0.113.2', dev: 'v0', onlink: true, protocol: 'static' },
    'via 203.0.113.2 dev v0 onlink proto static',
    {},
  ],
  [{ id: 4, dev: 'v0', protocol: 77 }, 'dev v0 proto 77', { scope: 'host' }],
  [{ id: 5, via: '192.0.2.1', fdb: true }, 'via 192.0.2.1 fdb', {}],
  [{ id: 6, via: '192.0.2.5', fdb: true }, 'via 192.0.2.5 fdb', {}],
  [{ id: 7, via: '192.0.2.1', dev: 'v0', encap }, 'via 192.0.2.1 dev v0 encap ip id 7 dst 10.0.0.1', {}],
  [{ id: 10, group: [{ id: 2, weight: 3 }, { id: 3 }], protocol: 'bgp' }, 'group 2,3/3 proto bgp', {}],
  [{ id: 11, group: [{ id: 2, weight: 256 }], type: 'mpath' }, 'group 2,256', {}],
  [
    { id: 12, group: group(2, 3), type: 'resilient', buckets: 32 },
    'group 2/3 type resilient buckets 32',
    {
      idleTimer: 120,
      unbalancedTimer: 0,
    },
  ],
  [
    { id: 13, group: group(3, 2), type: 'resilient', buckets: 65535, idleTimer: 60, unbalancedTimer: 600 },
    'group 3/2 type resilient buckets 65535 idle_timer 60 unbalanced_timer 600',
    {},
  ],
  [{ id: 14, group: group(5, 6), fdb: true }, 'group 5/6 fdb', {}],
  [{ id: 21, blackhole: true, family: 'inet6' }, 'blackhole', { scope: 'global' }],
  [{ id: 22, via: '2001:db8::1', dev: 'v0' }, 'via 2001:db8::1 dev v0', {}],
  [{ id: 23, via: 'fe80::1', dev: 'v0', onlink: true }, 'via fe80::1 dev v0 onlink', {}],
  [{ id: 24, dev: 'v0', family: 'inet6', protocol: 'zebra' }, 'dev v0 proto zebra', {}],
  [{ id: 25, via: '2001:db8::1', fdb: true }, 'via 2001:db8::1 fdb', {}],
  [{ id: 4294967295, via: '192.0.2.1', dev: 'v0' }, 'via 192.0.2.1 dev v0', {}],
]

const expected: Nexthop[] = shapes.map(([options, , shows]) => {
  const { family = options.via?.includes(':') ? 'inet6' : 'inet' } = options
  const nexthop = { scope: 'link', protocol: 'unspec', ...options, ...shows } as Nexthop
  if (options.group === undefined) return { ...nexthop, family }
  nexthop.group = options.group.map(({ id, weight = 1 }) => ({ id, weight }))
  return {
    ...nexthop,
    scope: 'global',
    type: options.type ?? 'mpath',
    ...(options.type === 'resilient' && { unbalancedTime: 0 }),
  }
})

async function byIp(ip: Tool): Promise<void> {
  for (const [{ id, family }, words] of shapes) {
    await ip(...(family === undefined ? [] : ['-6']), 'nexthop', 'add', 'id', `${id}`, ...words.split(' '))
  }
}

/** The bytes of an encapsulation, less those the kernel adds by itself. */
function withoutDefaults(nexthop: Nexthop): Nexthop {
  if (nexthop.encap === undefined) return nexthop
  const { 1: id, 2: dst } = nexthop.encap.attributes as Record<number, string>
  return { ...nexthop, encap: { ...nexthop.encap, attributes: { 1: id!, 2: dst! } } }
}

describe('nexthop and ip nexthop', () => {
  test('what nslink writes, ip reads', async ({ ns, ip }) => {
    await cable(ns)
    const ids = await Promise.all(shapes.map(([options]) => ns.nexthop.add(options)))
    expect(ids).toEqual(shapes.map(([{ id }]) => ({ id })))
    expect((await printed(ip)).map(comparable)).toEqual(expected.map(comparable))
    expect(await ip('nexthop', 'get', 'id', '7')).toMatch(/encap ip id 7 .*dst 10\.0\.0\.1/)
    expect(await printed(tool(ns, 'ip'), 'id', '23')).toMatchObject([{ via: 'fe80::1', onlink: true }])
    expect((await ns.nexthop.list()).map(withoutDefaults)).toEqual(expected)
  })

  test('what ip writes, nslink reads', async ({ ns, ip }) => {
    await cable(ns)
    await byIp(ip)
    const all = await ns.nexthop.list()
    expect(all.map(withoutDefaults)).toEqual(expected)
    expect(all.map(comparable)).toEqual(await printed(ip))
  })

  test('what was listed can be added, replaced, got and deleted', async ({ ns, another, ip }) => {
    await cable(ns)
    await byIp(ip)
    const all = await ns.nexthop.list()
    const other = await another()
    await cable(other)
    for (const nexthop of all) await other.nexthop.add(nexthop)
    expect(await other.nexthop.list()).toEqual(all)
    for (const nexthop of all) await other.nexthop.replace(nexthop)
    expect(await other.nexthop.list()).toEqual(all)
    for (const nexthop of all) expect(await other.nexthop.get(nexthop)).toEqual(nexthop)
    for (const nexthop of [...all].reverse()) await other.nexthop.del(nexthop)
    expect(await other.nexthop.list()).toEqual([])
  })

  test('routes go by them', async ({ ns, ip }) => {
    await cable(ns)
    await ns.nexthop.add({ id: 1, via: '192.0.2.1', dev: 'v0' })
    await ns.nexthop.add({ id: 2, via: '192.0.2.2', dev: 'v0' })
    await ns.nexthop.add({ id: 10, group: [{ id: 1, weight: 2 }, { id: 2 }] })
    await ns.route.add({ dst: '198.51.100.0/24', nhid: 1 })
    await ns.route.add({ dst: '203.0.113.0/24', nhid: 10 })
    expect(await ns.route.list({ dst: '198.51.100.0/24' })).toMatchObject([{ nhid: 1, via: '192.0.2.1', dev: 'v0' }])
    expect(await ns.route.list({ dst: '203.0.113.0/24' })).toMatchObject([
      {
        nhid: 10,
        nexthops: [
          { via: '192.0.2.1', weight: 2 },
          { via: '192.0.2.2', weight: 1 },
        ],
      },
    ])
    expect(await ns.route.get({ dst: '198.51.100.1' })).toMatchObject({ via: '192.0.2.1' })
    await ns.nexthop.replace({ id: 1, via: '192.0.2.3', dev: 'v0' })
    expect(await ns.route.get({ dst: '198.51.100.1' })).toMatchObject({ via: '192.0.2.3' })
    expect(await ip('-j', 'route', 'show', '198.51.100.0/24')).toMatchObject([{ nhid: 1, gateway: '192.0.2.3' }])
    await ns.nexthop.del({ id: 1 })
    expect(await ns.route.list({ dst: '198.51.100.0/24' })).toEqual([])
    expect(await ns.nexthop.get({ id: 10 })).toMatchObject({ group: group(2) })
    await ns.nexthop.del({ id: 2 })
    expect(await ns.nexthop.list()).toEqual([])
    expect(await ns.route.list({ dst: '203.0.113.0/24' })).toEqual([])
  })

  test('a device that goes down takes them with it', async ({ ns }) => {
    await cable(ns)
    await ns.nexthop.add({ id: 1, via: '192.0.2.1', dev: 'v0' })
    await ns.nexthop.add({ id: 2, via: '192.0.2.1', fdb: true })
    await ns.link.set('v0', { up: false })
    expect((await ns.nexthop.list()).map(({ id }) => id)).toEqual([2])
  })

  test('both faces give the same', async ({ ns, sync }) => {
    await cable(ns)
    expect(sync.nexthop.add({ via: '192.0.2.1', dev: 'v0' })).toEqual({ id: 1 })
    expect(sync.nexthop.list()).toEqual(await ns.nexthop.list())
    expect(() => sync.nexthop.del({ id: 2 })).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})

describe('the verbs', () => {
  test('add makes, and refuses what is there', async ({ ns }) => {
    await cable(ns)
    await ns.nexthop.add({ id: 5, blackhole: true })
    expect(await failure(() => ns.nexthop.add({ id: 5, via: '192.0.2.1', dev: 'v0' }))).toMatchObject({
      name: 'NetlinkError',
      code: 'EEXIST',
      request: 'RTM_NEWNEXTHOP',
      message: expect.stringContaining('nexthop.add 5'),
    })
    expect(await ns.nexthop.get({ id: 5 })).toMatchObject({ blackhole: true })
  })

  test('without an id, the kernel chooses one, and add says which', async ({ ns }) => {
    await cable(ns)
    await ns.nexthop.add({ id: 1, blackhole: true })
    const made = await Promise.all([
      ns.nexthop.add({ via: '192.0.2.1', dev: 'v0' }),
      ns.nexthop.add({ via: '2001:db8::1', dev: 'v0' }),
    ])
    expect((await ns.nexthop.list()).map(({ id, via }) => ({ id, via }))).toEqual([
      { id: 1, via: undefined },
      { ...made[0], via: '192.0.2.1' },
      { ...made[1], via: '2001:db8::1' },
    ])
    // A group may have members of both families.
    const both = await ns.nexthop.add({ group: [made[0], made[1]] })
    expect(await ns.nexthop.get(both)).toMatchObject({ group: group(made[0].id, made[1].id) })
  })

  test('replace makes, and changes what is there', async ({ ns }) => {
    await cable(ns)
    await ns.nexthop.replace({ id: 5, via: '192.0.2.1', dev: 'v0' })
    await ns.nexthop.replace({ id: 5, via: '192.0.2.2', dev: 'v0', protocol: 'bgp' })
    expect(await ns.nexthop.list()).toMatchObject([{ id: 5, via: '192.0.2.2', protocol: 'bgp' }])
    await ns.nexthop.add({ id: 6, dev: 'v0' })
    await ns.nexthop.add({ id: 9, group: group(5, 6), type: 'resilient', buckets: 8, idleTimer: 1.2 })
    expect(await ns.nexthop.get({ id: 9 })).toMatchObject({ idleTimer: 1.2 })
    await ns.nexthop.replace({ id: 9, group: group(5), type: 'resilient', idleTimer: 2, unbalancedTimer: 3 })
    expect(await ns.nexthop.get({ id: 9 })).toMatchObject({
      ...{ group: group(5), buckets: 8, idleTimer: 2, unbalancedTimer: 3 },
    })
  })

  test('get and del say when there is none', async ({ ns }) => {
    expect(await failure(() => ns.nexthop.get({ id: 7 }))).toMatchObject({ code: 'ENOENT', request: 'RTM_GETNEXTHOP' })
    expect(await failure(() => ns.nexthop.del({ id: 7 }))).toMatchObject({ code: 'ENOENT', request: 'RTM_DELNEXTHOP' })
    await ns.nexthop.del({ id: 7, missingOk: true })
  })

  test('a weight over 256 is kept whole, or refused by a kernel that cannot', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    await ns.nexthop.add({ id: 1, blackhole: true })
    const made = await ns.nexthop.add({ id: 2, group: [{ id: 1, weight: 1000 }] }).catch((error: unknown) => error)
    if (made instanceof Error) {
      expect(made).toMatchObject({ code: 'EINVAL', kernelMessage: 'Reserved fields in nexthop_grp must be 0' })
    } else {
      expect(await ns.nexthop.get({ id: 2 })).toMatchObject({ group: [{ id: 1, weight: 1000 }] })
    }
  })
})

describe('filters', () => {
  /** The objects of every shape, and one by a device that is a port. */
  async function field(ns: Netns): Promise<void> {
    await cable(ns)
    await ns.link.add({ kind: 'bridge', name: 'br0', up: true })
    await ns.link.set('v1', { master: 'br0' })
    for (const [options] of shapes) await ns.nexthop.add(options)
    await ns.nexthop.add({ id: 30, dev: 'v1', protocol: 'bgp' })
    await ns.nexthop.add({ id: 31, dev: 'v1', family: 'inet6' })
  }

  test('list chooses what ip nexthop show chooses', async ({ ns, ip }) => {
    await field(ns)
    const cases: [NexthopFilter, string | undefined, number][] = [
      [{}, '', 20],
      [{ dev: 'v1' }, 'dev v1', 2],
      [{ dev: 'v1', family: 'inet6' }, undefined, 1],
      [{ master: 'br0' }, 'master br0', 2],
      [{ groups: true }, 'groups', 5],
      [{ groups: false }, '', 20],
      [{ protocol: 'bgp' }, 'proto 186', 2],
      [{ protocol: 77, dev: 'v0' }, 'proto 77 dev v0', 1],
      [{ family: 'inet6' }, undefined, 6],
      [{ family: 'inet' }, undefined, 9],
      // The kernel takes that filter and does not heed it.
      [{ fdb: true }, undefined, 4],
      [{ fdb: false, groups: true }, undefined, 4],
      [{ fdb: true, family: 'inet6' }, undefined, 1],
    ]
    for (const [filter, words, count] of cases) {
      const found = await ns.nexthop.list(filter)
      expect(found, JSON.stringify(filter)).toHaveLength(count)
      if (words === undefined) continue
      expect(found.map(comparable), words).toEqual(await printed(ip, ...words.split(' ').filter((word) => word !== '')))
    }
    for (const [option, family] of [
      ['-4', 'inet'],
      ['-6', 'inet6'],
    ] as const) {
      const shown = ((await ip(option, '-j', 'nexthop', 'show')) as Printed[]).map(({ id }) => id)
      expect((await ns.nexthop.list({ family })).filter((nexthop) => !nexthop.encap).map(({ id }) => id)).toEqual(
        shown.filter((id) => id !== 7),
      )
    }
  })

  test('flush deletes what ip nexthop flush deletes, and says how many', async ({ ns, another }) => {
    const twin = await another()
    const ip = tool(twin, 'ip')
    await field(ns)
    await field(twin)
    const cases: [NexthopFilter, string, number][] = [
      [{ protocol: 'bgp' }, 'nexthop flush proto 186', 2],
      [{ master: 'br0' }, 'nexthop flush master br0', 1],
      [{ groups: true }, 'nexthop flush groups', 4],
      [{ dev: 'v0', family: 'inet6' }, '-6 nexthop flush dev v0', 3],
      [{ family: 'inet' }, '-4 nexthop flush', 8],
      [{ family: 'inet6', fdb: true }, '-6 nexthop flush fdb', 1],
    ]
    for (const [filter, words, count] of cases) {
      expect(await ns.nexthop.flush(filter), words).toBe(count)
      if (!words.includes('fdb')) await ip(...words.split(' '))
      else await twin.nexthop.del({ id: 25 })
      expect(await ns.nexthop.list(), words).toEqual(await twin.nexthop.list())
    }
    expect((await ns.nexthop.list()).map(({ id }) => id)).toEqual([21])
  })

  test('flush refuses to be about everything', async ({ ns }) => {
    for (const filter of [{}, { dev: undefined }]) {
      expect(await failure(() => ns.nexthop.flush(filter))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
    expect(await failure(() => ns.nexthop.flush(undefined as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })
})

describe('what goes wrong', () => {
  const good = { id: 5, via: '192.0.2.1', dev: 'v0' }
  const bad: [string, object, string, RegExp][] = [
    ['a misspelt option', { ...good, onlnk: true }, 'ERR_INVALID_ARG_VALUE', /Unknown option "onlnk" of nexthop\.add/],
    ['id 0', { ...good, id: -1 }, 'ERR_OUT_OF_RANGE', /"id"/],
    ['half an address', { ...good, via: '192.0.2' }, 'ERR_INVALID_ARG_VALUE', /"via"/],
    ['another family', { ...good, family: 'inet6' }, 'ERR_INVALID_ARG_VALUE', /"family".*that of via/],
    ['a flag that is no boolean', { ...good, onlink: 1 }, 'ERR_INVALID_ARG_TYPE', /"onlink"/],
    ['another that is none', { id: 5, blackhole: 'yes' }, 'ERR_INVALID_ARG_TYPE', /"blackhole"/],
    ['an unknown protocol', { ...good, protocol: 'pigeon' }, 'ERR_INVALID_ARG_VALUE', /"protocol"/],
    ['a group that is no list', { group: { id: 1 } }, 'ERR_INVALID_ARG_TYPE', /"group" option must be an array/],
    ['a member without an id', { group: [{ id: 1 }, {}] }, 'ERR_INVALID_ARG_TYPE', /"group\.1\.id"/],
    ['a weight of 0', { group: [{ id: 1, weight: 0 }] }, 'ERR_OUT_OF_RANGE', /"group\.0\.weight"/],
    ['a misspelt weight', { group: [{ id: 1, wieght: 1 }] }, 'ERR_INVALID_ARG_VALUE', /"wieght" of group\.0/],
    ['an unknown type', { group: [{ id: 1 }], type: 'hash' }, 'ERR_INVALID_ARG_VALUE', /"type".*'resilient'/],
    ['a time that is none', { group: [{ id: 1 }], idleTimer: Number.NaN }, 'ERR_OUT_OF_RANGE', /"idleTimer".*seconds/],
    ['a time too long', { group: [{ id: 1 }], unbalancedTimer: 2 ** 26 }, 'ERR_OUT_OF_RANGE', /"unbalancedTimer"/],
    ['buckets out of range', { group: [{ id: 1 }], buckets: 65536 }, 'ERR_OUT_OF_RANGE', /"buckets"/],
    ['half an encapsulation', { ...good, encap: { type: 'ip' } }, 'ERR_INVALID_ARG_TYPE', /"encap\.attributes"/],
    ['an unknown one', { ...good, encap: { type: 'gre', attributes: {} } }, 'ERR_INVALID_ARG_VALUE', /"encap\.type"/],
    ['half a byte', { ...good, encap: { type: 'ip', attributes: { 1: '0' } } }, 'ERR_INVALID_ARG_VALUE', /hexadecimal/],
    ['no options', null as never, 'ERR_INVALID_ARG_TYPE', /nexthop\.add must be an object/],
  ]

  test('before the kernel sees it', async ({ ns }) => {
    await cable(ns)
    for (const [what, options, code, message] of bad) {
      const error = await failure(() => ns.nexthop.add(options as NexthopOptions))
      expect(error, what).toMatchObject({ code, message: expect.stringMatching(message) })
    }
    for (const [call, code] of [
      [() => ns.nexthop.get({} as never), 'ERR_INVALID_ARG_TYPE'],
      [() => ns.nexthop.get({ id: 0 }), 'ERR_OUT_OF_RANGE'],
      [() => ns.nexthop.del({ id: 1, missing: true } as never), 'ERR_INVALID_ARG_VALUE'],
      [() => ns.nexthop.list({ fdb: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
      [() => ns.nexthop.list({ group: true } as never), 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      expect(await failure(call)).toMatchObject({ code })
    }
    expect(await failure(() => ns.nexthop.add({ ...good, dev: 'nope' }))).toMatchObject({
      code: 'ENODEV',
      attribute: 'dev',
    })
    expect(await ns.nexthop.list()).toEqual([])
  })

  test('whichever option has a value that is none, the error names it', async ({ ns }) => {
    const options: Record<keyof NexthopOptions, true> = {
      ...{ id: true, family: true, via: true, dev: true, onlink: true, blackhole: true, fdb: true, encap: true },
      ...{ group: true, type: true, buckets: true, idleTimer: true, unbalancedTimer: true, protocol: true },
      unknown: true,
    }
    for (const name of Object.keys(options)) {
      expect(await failure(() => ns.nexthop.add({ [name]: Number.NaN })), name).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
        message: expect.stringMatching(new RegExp(`"${name}"|options of ${name} must`)),
      })
    }
    expect(await ns.nexthop.list()).toEqual([])
  })

  test('in the kernel, with the option at fault', async ({ ns }) => {
    await cable(ns)
    await ns.link.add({ kind: 'veth', name: 'd0', peer: { name: 'd1' } })
    await ns.nexthop.add({ id: 1, via: '192.0.2.1', dev: 'v0' })
    await ns.nexthop.add({ id: 2, blackhole: true })
    const cases: [NexthopOptions, code: string, kernelMessage: string, attribute: string][] = [
      [{ via: '198.51.100.1', dev: 'v0' }, 'ENETUNREACH', 'Nexthop has invalid gateway', 'via'],
      [{ via: '192.0.2.1' }, 'EINVAL', 'Device attribute required for non-blackhole and non-fdb nexthops', 'dev'],
      [{ via: '192.0.2.1', dev: 'd0' }, 'ENETDOWN', 'Nexthop device is not up', 'dev'],
      [{ dev: 4711 }, 'EINVAL', 'Invalid device index', 'dev'],
      [{ dev: 'v0', onlink: true }, 'EINVAL', 'ONLINK flag can not be set for nexthop without a gateway', 'onlink'],
      [{ group: [{ id: 1 }, { id: 99 }] }, 'EINVAL', 'Invalid nexthop id', 'group'],
      [{ group: [{ id: 1 }, { id: 1 }] }, 'EINVAL', 'Nexthop id can not be used twice in a group', 'group'],
      [
        { group: [{ id: 1 }, { id: 2 }] },
        'EINVAL',
        'Blackhole nexthop can not be used in a group with more than 1 path',
        'group',
      ],
      [
        { group: [{ id: 1 }], type: 'resilient' },
        'EINVAL',
        'Number of buckets not specified for nexthop group insertion',
        'buckets',
      ],
      [
        { group: [{ id: 1 }], type: 'resilient', buckets: 0 },
        'EINVAL',
        'Number of buckets needs to be non-0',
        'buckets',
      ],
      [{ group: [{ id: 1 }], type: 7 }, 'EINVAL', 'Invalid group type', 'type'],
      [
        { blackhole: true, via: '192.0.2.1' },
        'EINVAL',
        'Blackhole attribute can not be used with gateway, oif, encap or fdb',
        'blackhole',
      ],
      [
        { fdb: true, via: '192.0.2.1', dev: 'v0' },
        'EINVAL',
        'Fdb attribute can not be used with encap, oif or blackhole',
        'fdb',
      ],
    ]
    for (const [options, code, kernelMessage, attribute] of cases) {
      expect(await failure(() => ns.nexthop.add({ id: 50, ...options })), JSON.stringify(options)).toMatchObject({
        code,
        request: 'RTM_NEWNEXTHOP',
        kernelMessage,
        attribute,
      })
    }
    expect(await failure(() => ns.nexthop.replace({ via: '192.0.2.1', dev: 'v0' } as never))).toMatchObject({
      code: 'EINVAL',
      kernelMessage: 'Replace requires nexthop id',
      attribute: 'id',
    })
    expect((await ns.nexthop.list()).map(({ id }) => id)).toEqual([1, 2])
  })
})
