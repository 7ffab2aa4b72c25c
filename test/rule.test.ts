import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { Netns, Rule, RuleFilter, RuleOptions } from 'nslink'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** Rules choose among users, and the kernel takes only those there are. */
const manyUsers = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] === '4294967295'

/** A rule as `ip -j -d rule` prints it. */
interface Printed {
  priority: number
  src: string
  srclen?: number
  dst?: string
  dstlen?: number
  not?: null
  tos?: string
  fwmark?: string
  fwmask?: string
  iif?: string
  iif_detached?: null
  oif?: string
  oif_detached?: null
  l3mdev?: null
  uid_start?: number
  uid_end?: number
  ipproto?: string
  sport?: number
  sport_start?: number
  sport_end?: number
  dport?: number
  dport_start?: number
  dport_end?: number
  tun_id?: number
  table?: string
  suppress_prefixlen?: number
  suppress_ifgroup?: string
  flow_from?: string
  flow_to?: string
  goto?: number
  unresolved?: null
  nop?: null
  action?: string
  protocol: string
}

/** `ip` takes the names of protocols from a list of the machine's, and has its own for those that are not on it. */
const protocols: Record<string, Rule['ipproto']> = { 'ipv6-icmp': 'icmpv6', 'ipproto-200': 200 }
const numeral = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text)
const among = (first: number, last: number): NonNullable<Rule['sport']> => (first === last ? first : `${first}-${last}`)

/** The same rule as nslink has it. */
function fromPrinted(printed: Printed, family: 'inet' | 'inet6'): Rule {
  const { priority, src, srclen, dst, dstlen, ipproto, table, flow_from, flow_to, protocol } = printed
  const rule: Rule = {
    family,
    priority,
    action: 'lookup',
    protocol: numeral(protocol) as NonNullable<Rule['protocol']>,
  }
  if (src !== 'all') rule.from = srclen === undefined ? src : `${src}/${srclen}`
  if (dst !== undefined) rule.to = dstlen === undefined ? dst : `${dst}/${dstlen}`
  for (const flag of ['not', 'l3mdev', 'unresolved'] as const) if (flag in printed) rule[flag] = true
  if ('iif_detached' in printed) rule.iifDetached = true
  if ('oif_detached' in printed) rule.oifDetached = true
  for (const number of ['tos', 'fwmark', 'fwmask'] as const) {
    if (printed[number] !== undefined) rule[number] = Number(printed[number])
  }
  // Of a mark of 0 `ip` does not show that all its bits are looked at.
  if (rule.fwmark === 0) rule.fwmask ??= 0xffffffff
  for (const name of ['iif', 'oif'] as const) if (printed[name] !== undefined) rule[name] = printed[name]
  if (printed.uid_start !== undefined) rule.uidrange = among(printed.uid_start, printed.uid_end!)
  if (ipproto !== undefined) rule.ipproto = protocols[ipproto] ?? (numeral(ipproto) as NonNullable<Rule['ipproto']>)
  for (const port of ['sport', 'dport'] as const) {
    if (printed[port] !== undefined) rule[port] = printed[port]
    const start = printed[`${port}_start`]
    if (start !== undefined) rule[port] = among(start, printed[`${port}_end`]!)
  }
  if (printed.tun_id !== undefined) rule.tunId = printed.tun_id
  if (table !== undefined) rule.table = numeral(table) as NonNullable<Rule['table']>
  if (printed.suppress_prefixlen !== undefined) rule.suppressPrefixlength = printed.suppress_prefixlen
  if (printed.suppress_ifgroup !== undefined) {
    rule.suppressIfgroup = numeral(printed.suppress_ifgroup) as NonNullable<Rule['suppressIfgroup']>
  }
  if (flow_to !== undefined) rule.realms = { ...(flow_from && { from: Number(flow_from) }), to: Number(flow_to) }
  if (printed.goto !== undefined) Object.assign(rule, { action: 'goto', goto: printed.goto })
  if ('nop' in printed) rule.action = 'nop'
  if (printed.action !== undefined) rule.action = printed.action as Rule['action']
  return rule
}

async function printed(ip: Tool, ...selector: string[]): Promise<Rule[]> {
  const each = async (option: string, family: 'inet' | 'inet6') =>
    ((await ip(option, '-j', '-d', 'rule', 'list', ...selector)) as Printed[]).map((rule) => fromPrinted(rule, family))
  return [...(await each('-4', 'inet')), ...(await each('-6', 'inet6'))]
}

/** The rules of both families, those of IPv4 first. */
async function listed(ns: Netns, filter?: RuleFilter): Promise<Rule[]> {
  const rules = await ns.rule.list(filter)
  return [...rules.filter(({ family }) => family === 'inet'), ...rules.filter(({ family }) => family === 'inet6')]
}

type Shape = [options: RuleOptions, words: string, shows?: Partial<Rule>]

/** What the namespace of an ordinary user, which has one user, cannot have. */
const forManyUsers = <T>(value: T): T[] => (manyUsers ? [value] : [])

/** Rules of every shape: what nslink is given, what `ip` is given, and what it shows besides what was given. */
const shapes: Shape[] = [
  [{ from: '10.0.0.0/8', table: 1000 }, 'from 10.0.0.0/8 table 1000'],
  [{ from: '10.1.2.3', to: '192.0.2.0/24' }, 'from 10.1.2.3 to 192.0.2.0/24', { table: 'main' }],
  [{ to: '192.0.2.9', table: 'local' }, 'to 192.0.2.9 table local'],
  [{ from: '10.0.0.0/8', not: true, table: 'default' }, 'not from 10.0.0.0/8 table default'],
  [{ tos: 0x10, table: 300 }, 'tos 0x10 table 300'],
  [{ fwmark: 1, table: 4294967295 }, 'fwmark 1 table 4294967295'],
  [{ fwmark: 0xffffffff, fwmask: 0xfffffff0, table: 7 }, 'fwmark 0xffffffff/0xfffffff0 table 7'],
  [{ fwmark: 0, fwmask: 0xff, table: 7 }, 'fwmark 0/0xff table 7'],
  [{ fwmark: 0, fwmask: 0xffffffff, table: 7 }, 'fwmark 0/0xffffffff table 7'],
  [{ iif: 'lo', table: 7 }, 'iif lo table 7'],
  [{ iif: 'eth-none', oif: 'lo', table: 7 }, 'iif eth-none oif lo table 7', { iifDetached: true }],
  [{ oif: 'eth-none', table: 7 }, 'oif eth-none table 7', { oifDetached: true }],
  ...forManyUsers<Shape>([{ uidrange: '1000-1999', table: 7 }, 'uidrange 1000-1999 table 7']),
  [{ uidrange: 0, table: 7 }, 'uidrange 0-0 table 7'],
  [{ ipproto: 'tcp', dport: 80, table: 7 }, 'ipproto tcp dport 80 table 7'],
  [
    { ipproto: 'udp', sport: '1000-2000', dport: '1-65534', table: 7 },
    'ipproto udp sport 1000-2000 dport 1-65534 table 7',
  ],
  [{ ipproto: 'icmp', table: 7 }, 'ipproto icmp table 7'],
  [{ ipproto: 200, table: 7 }, 'ipproto 200 table 7'],
  [{ tunId: 5, table: 7 }, 'tun_id 5 table 7'],
  [{ tunId: 2 ** 40 + 1, table: 7 }, `tun_id ${2 ** 40 + 1} table 7`],
  [{ goto: 32766 }, 'goto 32766', { action: 'goto' }],
  [{ action: 'goto', goto: 4000000000 }, 'goto 4000000000', { unresolved: true }],
  [{ action: 'nop', fwmark: 5 }, 'fwmark 5 nop'],
  [{ action: 'blackhole', fwmark: 6 }, 'fwmark 6 blackhole'],
  [{ action: 'unreachable', fwmark: 7 }, 'fwmark 7 unreachable'],
  [{ action: 'prohibit', fwmark: 8 }, 'fwmark 8 prohibit'],
  [{ l3mdev: true, protocol: 'zebra' }, 'l3mdev protocol zebra'],
  [{ suppressPrefixlength: 0, table: 'main' }, 'table main suppress_prefixlength 0'],
  [{ suppressIfgroup: 'default', table: 'main' }, 'table main suppress_ifgroup default'],
  [{ suppressIfgroup: 7, suppressPrefixlength: 32, table: 7 }, 'table 7 suppress_prefixlength 32 suppress_ifgroup 7'],
  [{ realms: { to: 5 }, table: 7 }, 'table 7 realms 5'],
  [{ realms: { from: 1, to: 2 }, table: 7 }, 'table 7 realms 1/2'],
  [{ protocol: 'bgp', table: 7 }, 'table 7 protocol bgp'],
  [{ protocol: 77, table: 7 }, 'table 7 protocol 77'],
  [
    {
      ...{
        from: '10.0.0.0/8',
        to: '192.0.2.0/24',
        not: true,
        tos: 8,
        fwmark: 3,
        fwmask: 7,
        iif: 'lo',
        oif: 'eth-none',
      },
      ...{ uidrange: 0, ipproto: 'tcp', sport: 5, dport: '6-7', tunId: 8, table: 1000, suppressPrefixlength: 9 },
      ...{ suppressIfgroup: 10, realms: { from: 11, to: 12 }, protocol: 'static' },
    },
    'not from 10.0.0.0/8 to 192.0.2.0/24 tos 8 fwmark 3/7 iif lo oif eth-none uidrange 0-0 ipproto tcp sport 5 dport 6-7 ' +
      'tun_id 8 table 1000 suppress_prefixlength 9 suppress_ifgroup 10 realms 11/12 protocol static',
    { oifDetached: true },
  ],
  [{ from: '2001:db8::/32', table: 1000 }, 'from 2001:db8::/32 table 1000'],
  [
    { from: '2001:db8::1', to: '2001:db8:1::/48', not: true },
    'not from 2001:db8::1 to 2001:db8:1::/48',
    { table: 'main' },
  ],
  [{ family: 'inet6', tos: 0x04, fwmark: 0x10, fwmask: 0xff0, table: 7 }, 'tos 0x04 fwmark 0x10/0xff0 table 7'],
  [{ family: 'inet6', iif: 'lo', oif: 'eth-none', table: 7 }, 'iif lo oif eth-none table 7', { oifDetached: true }],
  ...forManyUsers<Shape>([{ family: 'inet6', uidrange: '0-4294967294', table: 7 }, 'uidrange 0-4294967294 table 7']),
  [{ family: 'inet6', ipproto: 'icmpv6', table: 7 }, 'ipproto ipv6-icmp table 7'],
  [{ family: 'inet6', ipproto: 'udp', sport: 53, dport: '1-2', table: 7 }, 'ipproto udp sport 53 dport 1-2 table 7'],
  [{ family: 'inet6', goto: 32766 }, 'goto 32766', { action: 'goto' }],
  [{ family: 'inet6', action: 'prohibit', fwmark: 1 }, 'fwmark 1 prohibit'],
  [{ family: 'inet6', action: 'nop' }, 'nop'],
  [{ family: 'inet6', l3mdev: true, tunId: 9 }, 'l3mdev tun_id 9'],
  [
    { family: 'inet6', table: 'main', suppressPrefixlength: 128, suppressIfgroup: 3 },
    'table main suppress_prefixlength 128 suppress_ifgroup 3',
  ],
]

/** The shapes, each with a priority of its own. */
const rules: { options: RuleOptions; words: string[]; shown: Rule }[] = shapes.map(([given, words, shows], index) => {
  const family = (given.family ?? `${given.from}${given.to}`.includes(':')) ? 'inet6' : 'inet'
  const priority = 100 + index
  return {
    options: { priority, ...given },
    words: [family === 'inet' ? '-4' : '-6', 'rule', 'add', 'priority', `${priority}`, ...words.split(' ')],
    shown: { action: 'lookup', protocol: 'unspec', ...given, ...shows, family, priority } as Rule,
  }
})

/** What a namespace starts with. */
const initial: Rule[] = [
  { family: 'inet', priority: 0, action: 'lookup', table: 'local', protocol: 'kernel' },
  { family: 'inet', priority: 32766, action: 'lookup', table: 'main', protocol: 'kernel' },
  { family: 'inet', priority: 32767, action: 'lookup', table: 'default', protocol: 'kernel' },
  { family: 'inet6', priority: 0, action: 'lookup', table: 'local', protocol: 'kernel' },
  { family: 'inet6', priority: 32766, action: 'lookup', table: 'main', protocol: 'kernel' },
]
const byFamily = (a: Rule, b: Rule): number =>
  a.family === b.family ? a.priority - b.priority : a.family < b.family ? -1 : 1
const expected = [...initial, ...rules.map(({ shown }) => shown)].sort(byFamily)
/** How many of them are IPv6. */
const six = expected.filter(({ family }) => family === 'inet6').length

/** Whether this kernel is at least so new. */
function since(version: string): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

describe('rule and ip rule', () => {
  test('what nslink writes, ip reads', async ({ ns, ip }) => {
    await Promise.all(rules.map(({ options }) => ns.rule.add(options)))
    expect(await printed(ip)).toEqual(expected)
    expect(await listed(ns)).toEqual(expected)
  })

  test('what ip writes, nslink reads', async ({ ns, ip }) => {
    for (const { words } of rules) await ip(...words)
    expect(await listed(ns)).toEqual(expected)
    expect(await printed(ip)).toEqual(expected)
  })

  test('what was listed can be added and deleted', async ({ ns, another, ip }) => {
    for (const { words } of rules) await ip(...words)
    const other = await another()
    await other.rule.flush({ family: 'inet' })
    await other.rule.flush({ family: 'inet6' })
    const all = await listed(ns)
    for (const rule of all.filter(({ priority }) => priority > 0)) await other.rule.add(rule)
    expect(await listed(other)).toEqual(all)
    for (const rule of await other.rule.list()) await other.rule.del(rule)
    expect(await other.rule.list()).toEqual([])
  })

  test('what ip has no word for yet is read back, where the kernel knows it', async ({ ns }) => {
    const versions = {
      dscp: '6.12',
      dscpMask: '6.15',
      sportMask: '6.15',
      dportMask: '6.15',
      flowlabel: '6.14',
      flowlabelMask: '6.14',
    }
    const cases: RuleOptions[] = [
      { dscp: 46 },
      { dscp: 0 },
      { dscp: 8, dscpMask: 0x38 },
      { ipproto: 'tcp', dport: 0x50, dportMask: 0xfff0 },
      { ipproto: 'udp', sport: 0x100, sportMask: 0xff00 },
      { family: 'inet6', flowlabel: 0xabcde },
      { family: 'inet6', flowlabel: 0xab000, flowlabelMask: 0xff000 },
    ]
    for (const options of cases) {
      await ns.rule.add({ ...options, priority: 50, table: 7 })
      const [rule, ...others] = await ns.rule.list({ priority: 50 })
      expect(others).toEqual([])
      const isKnown = ([name]: [string, unknown]) => since(versions[name as keyof typeof versions] ?? '0.0')
      expect(rule, JSON.stringify(options)).toEqual({
        ...{ family: 'inet', priority: 50, action: 'lookup', table: 7, protocol: 'unspec' },
        ...Object.fromEntries(Object.entries(options).filter(isKnown)),
      })
      await ns.rule.del(rule!)
      expect(await ns.rule.list({ priority: 50 })).toEqual([])
    }
  })

  test('a mask that leaves nothing out is as good as none', async ({ ns }) => {
    const cases: [RuleOptions, Partial<Rule>][] = [
      [{ dscp: 8, dscpMask: 0x3f }, { dscp: 8 }],
      [{ fwmark: 8, fwmask: 0xffffffff }, { fwmark: 8 }],
      [
        { ipproto: 'tcp', dport: 8, dportMask: 0xffff },
        { ipproto: 'tcp', dport: 8 },
      ],
    ]
    for (const [options, shown] of cases) {
      await ns.rule.add({ ...options, priority: 50, table: 7 })
      expect(await ns.rule.list({ priority: 50 })).toEqual([
        { family: 'inet', priority: 50, action: 'lookup', table: 7, protocol: 'unspec', ...shown },
      ])
      await ns.rule.del({ priority: 50 })
    }
  })

  test('packets go by them', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    await ns.addr.add({ dev: 'lo', address: '10.0.0.1/32' })
    await ns.addr.add({ dev: 'lo', address: '2001:db8::1/128', nodad: true })
    for (const [table, src] of [
      ['main', '10.0.0.1'],
      [7, '127.0.0.1'],
    ] as const) {
      await ns.route.add({ dst: '192.0.2.0/24', dev: 'lo', table, src })
    }
    const dst = '192.0.2.5'
    const cases: [RuleOptions, hit: object, miss: object][] = [
      [{ fwmark: 4, fwmask: 0xc }, { mark: 7 }, { mark: 8 }],
      [{ to: '192.0.2.5' }, {}, { dst: '192.0.2.6' }],
      [{ to: '192.0.2.5', not: true }, { dst: '192.0.2.6' }, {}],
      [{ from: '10.0.0.1' }, { from: '10.0.0.1' }, { from: '127.0.0.1' }],
      [{ tos: 0x10 }, { tos: 0x10 }, { tos: 0x08 }],
      ...forManyUsers<(typeof cases)[number]>([{ uidrange: '5-6' }, { uid: 6 }, { uid: 7 }]),
      [{ ipproto: 'udp' }, { ipproto: 'udp' }, { ipproto: 'tcp' }],
      [
        { ipproto: 'tcp', dport: '80-90' },
        { ipproto: 'tcp', dport: 85 },
        { ipproto: 'tcp', dport: 91 },
      ],
      [
        { ipproto: 'tcp', sport: 5 },
        { ipproto: 'tcp', sport: 5 },
        { ipproto: 'tcp', sport: 6 },
      ],
    ]
    for (const [options, hit, miss] of cases) {
      await ns.rule.add({ ...options, table: 7, priority: 60 })
      expect((await ns.route.get({ dst, ...hit })).table, JSON.stringify(options)).toBe(7)
      expect((await ns.route.get({ dst, ...miss })).table, JSON.stringify(options)).toBe('main')
      await ns.rule.del({ priority: 60 })
    }
    await ns.rule.add({ priority: 60, goto: 70 })
    await ns.rule.add({ priority: 65, table: 7 })
    await ns.rule.add({ priority: 70, action: 'nop' })
    expect((await ns.route.get({ dst })).table).toBe('main')
    await ns.rule.add({ priority: 75, action: 'prohibit' })
    expect(await failure(() => ns.route.get({ dst }))).toMatchObject({ code: 'EACCES' })
  })

  test('both faces give the same', async ({ ns, sync }) => {
    sync.rule.add({ from: '10.0.0.0/8', table: 5, priority: 9 })
    expect(sync.rule.list()).toEqual(await ns.rule.list())
    expect(sync.rule.flush({ table: 5 })).toBe(1)
    expect(() => sync.rule.del({ priority: 9 })).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })
})

describe('the verbs', () => {
  const rule: RuleOptions = { priority: 10, from: '10.0.0.0/8', table: 5 }

  test('add refuses the same rule, and takes another of the same priority', async ({ ns }) => {
    await ns.rule.add(rule)
    expect(await failure(() => ns.rule.add(rule))).toMatchObject({
      name: 'NetlinkError',
      code: 'EEXIST',
      request: 'RTM_NEWRULE',
      message: expect.stringContaining('rule.add 10'),
    })
    await ns.rule.add({ ...rule, protocol: 'static' })
    expect(await ns.rule.list({ priority: 10 })).toHaveLength(2)
  })

  test('without a priority, a rule comes before all but the first', async ({ ns }) => {
    await ns.rule.add({ table: 5 })
    await ns.rule.add({ table: 6 })
    expect((await ns.rule.list({ family: 'inet' })).map(({ priority, table }) => [priority, table])).toEqual([
      [0, 'local'],
      [32764, 6],
      [32765, 5],
      [32766, 'main'],
      [32767, 'default'],
    ])
  })

  test('"all" is every address', async ({ ns }) => {
    await ns.rule.add({ priority: 10, from: 'all', to: 'all', table: 5 })
    await ns.rule.add({ priority: 12, from: '::/0', table: 5 })
    expect(await ns.rule.list({ table: 5 })).toEqual([
      { family: 'inet', priority: 10, action: 'lookup', table: 5, protocol: 'unspec' },
      { family: 'inet6', priority: 12, action: 'lookup', table: 5, protocol: 'unspec' },
    ])
  })

  test('del takes the first that has everything given', async ({ ns }) => {
    for (const table of [5, 6]) await ns.rule.add({ priority: 10, from: '10.0.0.0/8', table })
    await ns.rule.del({ table: 6 })
    expect(await ns.rule.list({ priority: 10 })).toMatchObject([{ table: 5 }])
    await ns.rule.del({ from: '10.0.0.0/8' })
    expect(await failure(() => ns.rule.del({ from: '10.0.0.0/8' }))).toMatchObject({
      code: 'ENOENT',
      request: 'RTM_DELRULE',
    })
    await ns.rule.del({ from: '10.0.0.0/8', missingOk: true })
    expect(await ns.rule.list({ family: 'inet' })).toHaveLength(3)
  })

  test('del does not delete just any rule', async ({ ns }) => {
    const nothing: unknown[] = [{}, { family: 'inet' }, { missingOk: true }, { table: undefined }]
    for (const options of nothing) {
      expect(await failure(() => ns.rule.del(options as RuleOptions))).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining('must name what to delete'),
      })
    }
    expect(await listed(ns)).toEqual(initial)
  })
})

describe('filters', () => {
  test('list chooses what ip rule list chooses', async ({ ns, ip }) => {
    for (const { options } of rules) await ns.rule.add(options)
    // Where `ip` is not asked: it does not choose by that, or not in both families.
    const cases: [RuleFilter, string | undefined, number][] = [
      [{}, '', expected.length],
      [{ priority: 100 }, 'pref 100', 1],
      [{ table: 1000 }, 'table 1000', 3],
      [{ table: 'local' }, 'table local', 3],
      [{ protocol: 'bgp' }, undefined, 1],
      [{ protocol: 'kernel' }, undefined, 5],
      [{ fwmark: 1 }, 'fwmark 1', 2],
      [{ fwmark: 3, fwmask: 7 }, 'fwmark 3/7', 1],
      [{ iif: 'lo' }, 'iif lo', 3],
      [{ oif: 'lo' }, 'oif lo', 1],
      [{ tos: 0x10 }, 'tos 0x10', 1],
      [{ uidrange: 0 }, 'uidrange 0-0', 2],
      [{ ipproto: 'udp', sport: '1000-2000' }, 'ipproto udp sport 1000-2000', 1],
      [{ tunId: 5 }, 'tun_id 5', 1],
      [{ l3mdev: true }, 'l3mdev', 2],
      [{ family: 'inet6' }, undefined, six],
      [{ from: '10.0.0.0/8' }, undefined, 3],
      [{ from: '10.0.0.0/8', not: true }, undefined, 2],
      [{ from: 'all', table: 'local' }, undefined, 3],
      [{ from: '2001:DB8:0::/32' }, undefined, 1],
      [{ action: 'prohibit' }, undefined, 2],
      [{ action: 'goto' }, undefined, 3],
      [{ goto: 32766, family: 'inet' }, undefined, 1],
      [{ realms: { from: 1, to: 2 } }, undefined, 1],
      [{ suppressIfgroup: 'default' }, undefined, 1],
      [{ suppressPrefixlength: 0 }, undefined, 1],
      [{ priority: 0 }, undefined, 2],
      [{ table: 1000, not: false }, undefined, 2],
      [{ fwmark: 99 }, undefined, 0],
    ]
    for (const [filter, words, count] of cases) {
      const found = await listed(ns, filter)
      expect(found, JSON.stringify(filter)).toHaveLength(count)
      if (words === undefined) continue
      expect(found, words).toEqual(await printed(ip, ...words.split(' ').filter((word) => word !== '')))
    }
  })

  test('flush deletes what ip rule flush deletes, and says how many', async ({ ns, another }) => {
    const twin = await another()
    const ip = tool(twin, 'ip')
    for (const each of [ns, twin]) for (const { options } of rules) await each.rule.add(options)
    const cases: [RuleFilter, string, number][] = [
      [{ family: 'inet', protocol: 'bgp' }, '-4 rule flush protocol bgp', 1],
      [{ family: 'inet', table: 1000 }, '-4 rule flush table 1000', 2],
      [{ family: 'inet6', fwmark: 1 }, '-6 rule flush fwmark 1', 1],
      [{ family: 'inet6' }, '-6 rule flush', six - 2],
      [{ family: 'inet', table: 'default' }, '-4 rule flush table default', 2],
    ]
    for (const [filter, words, count] of cases) {
      expect(await ns.rule.flush(filter), words).toBe(count)
      await ip(...words.split(' '))
      expect(await listed(ns), words).toEqual(await listed(twin))
    }
    expect(await ns.rule.list({ family: 'inet6' })).toEqual([initial[3]])
    expect(await ns.rule.flush({ family: 'inet6', priority: 0 })).toBe(1)
    expect(await ns.rule.list({ family: 'inet6' })).toEqual([])
  })

  test('flush refuses to be about everything', async ({ ns }) => {
    for (const filter of [{}, { table: undefined }]) {
      expect(await failure(() => ns.rule.flush(filter))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
    expect(await failure(() => ns.rule.flush(undefined as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    expect(await listed(ns)).toEqual(initial)
  })
})

describe('what goes wrong', () => {
  const bad: [string, object, string, RegExp][] = [
    [
      'a misspelt option',
      { form: '10.0.0.0/8' },
      'ERR_INVALID_ARG_VALUE',
      /Unknown option "form" of rule\.add: did you mean "from"/,
    ],
    ['half an address', { from: '10.0.0' }, 'ERR_INVALID_ARG_VALUE', /"from"/],
    ['bits beyond the prefix', { to: '10.0.0.1/8' }, 'ERR_INVALID_ARG_VALUE', /"to".*beyond the 8/],
    ['two families', { from: '10.0.0.1', to: '::1' }, 'ERR_INVALID_ARG_VALUE', /"to".*same family/],
    ['another family', { from: '10.0.0.1', family: 'inet6' }, 'ERR_INVALID_ARG_VALUE', /"from".*same family/],
    ['no family', { family: 'ip' }, 'ERR_INVALID_ARG_VALUE', /"family"/],
    ['a type of service out of range', { tos: 256 }, 'ERR_OUT_OF_RANGE', /"tos"/],
    ['a mark out of range', { fwmark: 2 ** 32 }, 'ERR_OUT_OF_RANGE', /"fwmark"/],
    ['a name that is none', { iif: 'a/b' }, 'ERR_INVALID_ARG_VALUE', /"iif"/],
    ['a name too long', { oif: 'a'.repeat(16) }, 'ERR_INVALID_ARG_VALUE', /"oif"/],
    ['half a range', { uidrange: '5-' }, 'ERR_INVALID_ARG_TYPE', /"uidrange".*'10-20'/],
    ['a range backwards', { dport: '20-10' }, 'ERR_INVALID_ARG_VALUE', /"dport".*before it begins/],
    ['a port out of range', { sport: '1-65536' }, 'ERR_OUT_OF_RANGE', /"sport"/],
    ['an unknown protocol', { ipproto: 'carrier-pigeon' }, 'ERR_INVALID_ARG_VALUE', /"ipproto"/],
    ['a DSCP out of range', { dscp: 64 }, 'ERR_OUT_OF_RANGE', /"dscp"/],
    ['a tunnel out of range', { tunId: 2 ** 53 }, 'ERR_OUT_OF_RANGE', /"tunId"/],
    ['an unknown action', { action: 'reject' }, 'ERR_INVALID_ARG_VALUE', /"action".*'prohibit'/],
    ['an unknown table', { table: 'nope' }, 'ERR_INVALID_ARG_VALUE', /"table"/],
    ['table 0', { table: 0 }, 'ERR_OUT_OF_RANGE', /"table"/],
    ['a prefix out of range', { suppressPrefixlength: 129 }, 'ERR_OUT_OF_RANGE', /"suppressPrefixlength"/],
    ['a realm out of range', { realms: { to: 65536 } }, 'ERR_OUT_OF_RANGE', /"realms\.to"/],
    ['realms of IPv6', { family: 'inet6', realms: { to: 1 } }, 'ERR_INVALID_ARG_VALUE', /"realms".*IPv4 only/],
    ['a flag that is no boolean', { not: 1 }, 'ERR_INVALID_ARG_TYPE', /"not"/],
    ['another that is none', { l3mdev: 'yes' }, 'ERR_INVALID_ARG_TYPE', /"l3mdev"/],
    ['no options', null as never, 'ERR_INVALID_ARG_TYPE', /rule\.add must be an object/],
  ]

  test('before the kernel sees it', async ({ ns }) => {
    for (const [what, options, code, message] of bad) {
      const error = await failure(() => ns.rule.add(options as RuleOptions))
      expect(error, what).toMatchObject({ code, message: expect.stringMatching(message) })
    }
    expect(await failure(() => ns.rule.list({ unresolved: true } as never))).toMatchObject({
      message: expect.stringContaining('Unknown option "unresolved" of rule.list'),
    })
    expect(await failure(() => ns.rule.list({ from: '10.0.0.0/8', family: 'inet6' }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
    expect(await failure(() => ns.rule.del({ priority: 1, missing: true } as never))).toMatchObject({
      message: expect.stringContaining('Unknown option "missing" of rule.del'),
    })
    expect(await listed(ns)).toEqual(initial)
  })

  test('whichever option has a value that is none, the error names it', async ({ ns }) => {
    const options: Record<keyof RuleOptions, true> = {
      ...{ family: true, priority: true, from: true, to: true, not: true, tos: true, dscp: true, dscpMask: true },
      ...{
        fwmark: true,
        fwmask: true,
        iif: true,
        oif: true,
        uidrange: true,
        ipproto: true,
        sport: true,
        sportMask: true,
      },
      ...{
        dport: true,
        dportMask: true,
        flowlabel: true,
        flowlabelMask: true,
        tunId: true,
        l3mdev: true,
        action: true,
      },
      ...{ table: true, goto: true, suppressPrefixlength: true, suppressIfgroup: true, realms: true, protocol: true },
      unknown: true,
    }
    for (const name of Object.keys(options)) {
      expect(await failure(() => ns.rule.add({ [name]: Number.NaN })), name).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
        message: expect.stringMatching(new RegExp(`"${name}"|options of ${name} must`)),
      })
    }
    expect(await listed(ns)).toEqual(initial)
  })

  test('in the kernel, with the option at fault', async ({ ns }) => {
    const cases: [RuleOptions, kernelMessage: string | undefined, attribute: string | undefined][] = [
      [{ dport: '1-65535' }, 'Invalid dport range', 'dport'],
      [{ sport: '1-65535' }, 'Invalid sport range', 'sport'],
      [{ priority: 10, goto: 5 }, 'Backward goto not supported', 'goto'],
      [{ action: 'goto' }, 'Missing goto target for action goto', 'goto'],
      [{ action: 'nop', goto: 50, priority: 5 }, 'Unexpected goto', 'goto'],
      [{ l3mdev: true, table: 5 }, 'l3mdev and table are mutually exclusive', 'table'],
      [{ tos: 3 }, 'Invalid dsfield (tos): ECN bits must be 0', 'tos'],
    ]
    for (const [options, kernelMessage, attribute] of cases) {
      expect(await failure(() => ns.rule.add(options)), JSON.stringify(options)).toMatchObject({
        code: 'EINVAL',
        request: 'RTM_NEWRULE',
        kernelMessage,
        attribute,
      })
    }
    expect(await listed(ns)).toEqual(initial)
  })
})
