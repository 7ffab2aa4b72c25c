/** The rules that choose a routing table: `ip rule`. */

import { isDeepStrictEqual } from 'node:util'
import { formatIp, type Prefix } from '../netlink/address.js'
import {
  type Attribute,
  absent,
  attributes,
  be32,
  bool8,
  enum8,
  enum32,
  ignored,
  ip,
  type Options,
  type Schema,
  scalar,
  text,
  u16,
  u32,
} from '../netlink/attributes.js'
import { deviceName, integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { enumeration } from '../netlink/names.js'
import { copied, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { AF_INET, AF_INET6, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/protocol.js'
import { formatRange, parseRange, type Range } from '../netlink/range.js'
import { BE64, type Scalar, U8, U16, U32, within } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { Reader, Writer } from '../netlink/writer.js'
import { ipProtocols, network, RT_TABLE_MAIN, realms, tableNumber, tables } from '../routing.js'
import { type DelOptions, deletion, type Family, familyName, familyNumber, protocols } from '../rtnetlink.js'

const RTM_NEWRULE = 32
const RTM_DELRULE = 33
const RTM_GETRULE = 34

const FRA_DST = 1
const FRA_SRC = 2
const FRA_IIFNAME = 3
const FRA_GOTO = 4
const FRA_PRIORITY = 6
const FRA_FWMARK = 10
const FRA_FLOW = 11
const FRA_TUN_ID = 12
const FRA_SUPPRESS_IFGROUP = 13
const FRA_SUPPRESS_PREFIXLEN = 14
const FRA_TABLE = 15
const FRA_FWMASK = 16
const FRA_OIFNAME = 17
const FRA_PAD = 18
const FRA_L3MDEV = 19
const FRA_UID_RANGE = 20
const FRA_PROTOCOL = 21
const FRA_IP_PROTO = 22
const FRA_SPORT_RANGE = 23
const FRA_DPORT_RANGE = 24
const FRA_DSCP = 25
const FRA_FLOWLABEL = 26
const FRA_FLOWLABEL_MASK = 27
const FRA_SPORT_MASK = 28
const FRA_DPORT_MASK = 29
const FRA_DSCP_MASK = 30

const FR_ACT_UNSPEC = 0
const FR_ACT_TO_TBL = 1
const FR_ACT_GOTO = 2
const FR_ACT_NOP = 3
const FR_ACT_BLACKHOLE = 6
const FR_ACT_UNREACHABLE = 7
const FR_ACT_PROHIBIT = 8

const FIB_RULE_INVERT = 0x02
const FIB_RULE_UNRESOLVED = 0x04
const FIB_RULE_IIF_DETACHED = 0x08
const FIB_RULE_OIF_DETACHED = 0x10

const ONES = 0xffff_ffff
const FLOWLABEL = 0xf_ffff

const actions = enumeration(
  {
    lookup: FR_ACT_TO_TBL,
    goto: FR_ACT_GOTO,
    nop: FR_ACT_NOP,
    blackhole: FR_ACT_BLACKHOLE,
    unreachable: FR_ACT_UNREACHABLE,
    prohibit: FR_ACT_PROHIBIT,
  },
  0xff,
)
const groups = enumeration({ default: 0 }, 0x7fff_ffff)

const ruleHeader = new Struct('struct fib_rule_hdr', {
  family: field('family', U8),
  dstLen: field('dst_len', U8),
  srcLen: field('src_len', U8),
  tos: field('tos', U8),
  table: field('table', U8),
  res1: field('res1', U8),
  res2: field('res2', U8),
  action: field('action', U8),
  flags: field('flags', U32),
})

const reported = {
  unresolved: FIB_RULE_UNRESOLVED,
  iifDetached: FIB_RULE_IIF_DETACHED,
  oifDetached: FIB_RULE_OIF_DETACHED,
} as const
const reportedFlags = Object.entries(reported) as [keyof typeof reported, number][]

/** Two numbers, the first and the last that match. */
const range = (type: number, number: Scalar<number>, min: number, max: number): Attribute<Range> => ({
  types: [type],
  write(writer, value, key) {
    const [first, last] = parseRange(writer.where(key), value, min, max)
    const start = writer.open(type)
    number.write(writer, first, key)
    number.write(writer, last, key)
    writer.close(start)
  },
  read: (reader, at) => formatRange(number.read(reader, at), number.read(reader, at + number.size)),
})

/** The kernel reports it in every rule; one value says that the rule does not have it. */
const unless = <T>(none: number, attribute: Attribute<T>): Attribute<T> => ({
  ...attribute,
  read(reader, at, length, before) {
    const value = attribute.read(reader, at, length, before)
    return value === none ? absent : value
  },
})

const table = attributes({
  /** Rules are asked in the order of their priorities, 0 to 2^32 - 1. When nothing is said, it comes before all but the first. */
  priority: u32(FRA_PRIORITY),
  /** Packets from this network or address; `'all'` for any. */
  from: ip(FRA_SRC),
  /** Packets to this network or address; `'all'` for any. */
  to: ip(FRA_DST),
  /** Packets with this mark, 0 to 2^32 - 1. */
  fwmark: u32(FRA_FWMARK),
  /** The bits of the mark that are looked at: all of them when nothing is said, and none for a `fwmark` of 0. */
  fwmask: u32(FRA_FWMASK),
  /** Packets that come in by the device of this name, which need not exist yet. `'lo'` is for those of this host. */
  iif: text(FRA_IIFNAME, 15, deviceName),
  /** Packets of sockets bound to the device of this name, which need not exist yet. */
  oif: text(FRA_OIFNAME, 15, deviceName),
  /** Packets of this user, or of users from one to another: `1000`, `'1000-1999'` (Linux 4.10). */
  uidrange: range(FRA_UID_RANGE, U32, 0, ONES - 1),
  /** Packets of this protocol (Linux 4.17). */
  ipproto: enum8(FRA_IP_PROTO, ipProtocols),
  /** Packets from this port, or from one to another: `53`, `'1024-2047'`, within 1 and 65534 (Linux 4.17). */
  sport: range(FRA_SPORT_RANGE, U16, 1, 0xffff),
  /** Packets to this port, or from one to another (Linux 4.17). */
  dport: range(FRA_DPORT_RANGE, U16, 1, 0xffff),
  /** The bits of the source port that are looked at (Linux 6.15; an older kernel passes over it without a word). */
  sportMask: unless(0xffff, u16(FRA_SPORT_MASK)),
  /** The bits of the destination port that are looked at (Linux 6.15, as above). */
  dportMask: unless(0xffff, u16(FRA_DPORT_MASK)),
  /** Packets with this DSCP, 0 to 63 (Linux 6.12; an older kernel passes over it without a word). */
  dscp: scalar(FRA_DSCP, within(U8, 0, 63)),
  /** The bits of the DSCP that are looked at (Linux 6.15, as above). */
  dscpMask: unless(63, scalar(FRA_DSCP_MASK, within(U8, 0, 63))),
  /** Packets with this flow label, 0 to 2^20 - 1 (IPv6; Linux 6.14; an older kernel passes over it without a word). */
  flowlabel: be32(FRA_FLOWLABEL),
  /** The bits of the flow label that are looked at (IPv6; Linux 6.14, as above). */
  flowlabelMask: unless(FLOWLABEL, be32(FRA_FLOWLABEL_MASK)),
  /** Packets that came out of a tunnel with this id, 1 to 2^53 - 1 (Linux 4.6). */
  tunId: scalar(FRA_TUN_ID, BE64),
  /** The table they are looked up in: `'main'` when nothing is said. */
  table: unless(0, enum32(FRA_TABLE, tables)),
  /** They are looked up in the table of the VRF their device belongs to, in place of a `table` (Linux 4.8). */
  l3mdev: bool8(FRA_L3MDEV),
  /** The priority of the rule that is asked next, higher than this one's. */
  goto: u32(FRA_GOTO),
  /** A route found counts only if its prefix is longer than this, 0 to 128: with 0, default routes do not (Linux 3.12). */
  suppressPrefixlength: unless(ONES, u32(FRA_SUPPRESS_PREFIXLEN, 128)),
  /** A route found does not count if its device belongs to this group (Linux 3.12). */
  suppressIfgroup: unless(ONES, enum32(FRA_SUPPRESS_IFGROUP, groups)),
  /** The realms of packets that go by this rule (IPv4). */
  realms: realms(FRA_FLOW),
  /** Who made it (Linux 4.17). */
  protocol: enum8(FRA_PROTOCOL, protocols),
  padding: ignored(FRA_PAD),
})

/** @internal */
export const ruleSchema = {
  messages: { RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE },
  header: ruleHeader,
  table,
  faults: {
    'Invalid source address': 'from',
    'Invalid dst address': 'to',
    'Invalid dsfield (tos): ECN bits must be 0': 'tos',
    'Invalid uid range': 'uidrange',
    'No permission to set uid': 'uidrange',
    'Invalid sport range': 'sport',
    'Invalid dport range': 'dport',
    'Backward goto not supported': 'goto',
    'Unexpected goto': 'goto',
    'Missing goto target for action goto': 'goto',
    'l3mdev and table are mutually exclusive': 'table',
    'l3mdev support is not enabled in kernel': 'l3mdev',
  },
} satisfies Schema

/** What a rule does with the packets that match. */
export type RuleAction = 'lookup' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit' | number

/** A rule to be made, or to be found: the arguments of `ip rule add`. A packet has to match all that is given. */
export interface RuleOptions extends Options<typeof table> {
  /** The family, where neither `from` nor `to` tells: `'inet'` when nothing is said. */
  family?: Family | undefined
  /** It is for the packets that do not match. */
  not?: boolean | undefined
  /** Packets with this type of service: 0 for any, up to 255, the two lowest bits being 0. */
  tos?: number | undefined
  /**
   * What happens to the packets. `lookup`, when nothing is said: they are looked up in `table`. `goto`: the rule with the priority `goto` is
   * asked next; that is what it is when `goto` is given. `nop`: nothing. `blackhole`: they are dropped in silence. `unreachable`,
   * `prohibit`: they are dropped, and their sender is told.
   */
  action?: RuleAction | undefined
}

/** A rule of the kernel's. It can be given back to `add` and `del`: what is only reported is passed over. */
export interface Rule extends RuleOptions {
  family: Family
  priority: number
  action: RuleAction
  /** Reported only: there is no rule with the priority it goes to. */
  unresolved?: boolean
  /** Reported only: there is no device of the name `iif`. */
  iifDetached?: boolean
  /** Reported only: there is no device of the name `oif`. */
  oifDetached?: boolean
}

/** Which rules to list, or to flush: those that have all that is given. `from: 'all'` is for those that have no `from`. */
export interface RuleFilter extends Omit<RuleOptions, 'unknown'> {}

const filterNames = new Set([...Object.keys(table.entries), 'family', 'not', 'tos', 'action'])
const known = new Set([...filterNames, ...Object.keys(reported), 'unknown'])
const knownToDel = new Set([...known, 'missingOk'])

/** The rules that choose a routing table (`ip rule`). */
export class RuleOperations {
  /**
   * Adds a rule: `ip rule add`.
   *
   * @throws NetlinkError EEXIST when there is the same rule with the same priority, EINVAL with the kernel's words for what it finds
   *   wrong
   */
  *add(options: RuleOptions): Operation<void> {
    done(yield request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, 'rule.add', options))
  }

  /**
   * Removes a rule: `ip rule del`. It is the first that has everything given; what is not given may be anything, and whether a rule is a
   * `not` the kernel does not look at. Something besides the family has to be given.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: RuleOptions & DelOptions): Operation<void> {
    onlyKnown('rule.del', options, knownToDel)
    const { missingOk, ...rule } = copied(options)
    if (isEmpty(rule, 'family'))
      throw invalidValue('options', options, 'must name what to delete: a priority, a table, …')
    yield* deletion(request(RTM_DELRULE, 0, 'rule.del', rule), { missingOk }, 'ENOENT')
  }

  /** The rules, in the order they are asked, or those a filter lets through: `ip rule show`. Without a family, of both families. */
  *list(filter: RuleFilter = {}): Operation<Rule[]> {
    onlyKnown('rule.list', filter, filterNames)
    return yield* chosen('rule.list', copied(filter))
  }

  /**
   * Removes the rules that a filter lets through, and says how many they were: `ip rule flush`. Those of priority 0, by which local
   * addresses are found, stay unless the filter names that priority.
   *
   * The filter must not be empty, so that nobody cuts a machine off by a slip: the rules the kernel made count as well.
   */
  *flush(filter: RuleFilter): Operation<number> {
    onlyKnown('rule.flush', filter, filterNames)
    if (isEmpty(filter))
      throw invalidValue('filter', filter, 'must name what to flush: a family, a table, a protocol, …')
    const all = yield* chosen('rule.flush', copied(filter))
    const rules = all.filter(({ priority }) => priority !== 0 || filter.priority === 0)
    const answers = yield* settle(rules.map((rule) => request(RTM_DELRULE, 0, 'rule.flush', rule)))
    for (const { error } of answers) {
      // Somebody else was faster.
      if (error !== undefined && !isError(error, 'ENOENT')) throw error
    }
    return rules.length
  }
}

function isEmpty(options: object, ...besides: string[]): boolean {
  return Object.entries(options).every(([name, value]) => value === undefined || besides.includes(name))
}

function request(type: number, flags: number, doing: string, options: RuleOptions): Request {
  onlyKnown(doing, options, known)
  const rule = copied(options)
  return {
    type,
    flags,
    schema: ruleSchema,
    doing,
    subject: rule.priority,
    encode: (writer) => encode(writer, rule, type === RTM_DELRULE),
  }
}

/** Writes the struct and the attributes of a rule. One that is to be found has nothing that is not given. */
function encode(writer: Writer, options: RuleOptions, finding: boolean): void {
  const {
    family: given,
    not = false,
    tos = 0,
    action,
    from,
    to,
    unresolved,
    iifDetached,
    oifDetached,
    ...rest
  } = options as Rule
  if (typeof not !== 'boolean') throw invalidType('not', 'a boolean', not)
  const networks = { from: networkOf('from', from), to: networkOf('to', to) }
  const family = familyOf(given, networks)
  if (family === AF_INET6 && rest.realms !== undefined) throw invalidValue('realms', rest.realms, 'is for IPv4 only')
  const usual = rest.goto !== undefined ? FR_ACT_GOTO : finding ? FR_ACT_UNSPEC : FR_ACT_TO_TBL
  const number = action === undefined ? usual : actions.number(action, 'action')
  if (rest.table !== undefined) tableNumber(rest.table)
  else if (!finding && number === FR_ACT_TO_TBL && !rest.l3mdev) rest.table = RT_TABLE_MAIN
  if (rest.l3mdev === false) rest.l3mdev = undefined
  // The kernel wants to be told.
  if (rest.flowlabel !== undefined) rest.flowlabelMask ??= FLOWLABEL
  ruleHeader.write(writer, {
    family,
    srcLen: networks.from?.length ?? 0,
    dstLen: networks.to?.length ?? 0,
    tos: integer('tos', tos, 0, 0xff),
    action: number,
    flags: not ? FIB_RULE_INVERT : 0,
  })
  writeAddress(writer, FRA_SRC, networks.from)
  writeAddress(writer, FRA_DST, networks.to)
  table.write(writer, rest, 'rule')
}

const networkOf = (path: string, text: string | undefined): Prefix | undefined =>
  text === undefined || text === 'all' ? undefined : network(path, text)

/** The family of a rule: as it says, or as its addresses tell. */
function familyOf(given: Family | undefined, networks: Record<string, Prefix | undefined>): number {
  let family = given === undefined ? undefined : familyNumber(given)
  for (const [path, prefix] of Object.entries(networks)) {
    family ??= prefix?.family
    if (prefix === undefined || prefix.family === family) continue
    throw invalidValue(path, formatIp(prefix.bytes, 0, prefix.bytes.length), 'must be of the same family as the rest')
  }
  return family ?? AF_INET
}

function writeAddress(writer: Writer, type: number, prefix: Prefix | undefined): void {
  if (prefix === undefined || prefix.length === 0) return
  const start = writer.open(type)
  writer.raw(prefix.bytes)
  writer.close(start)
}

/** The rules that a filter lets through. */
function chosen(doing: string, filter: RuleFilter): Operation<Rule[]> {
  const family = familyNumber(filter.family)
  const passes = chooser(filter)
  return dump<Rule>({
    type: RTM_GETRULE,
    flags: 0,
    dump: true,
    schema: ruleSchema,
    doing,
    subject: undefined,
    encode: (writer) => ruleHeader.write(writer, { family }),
    decode(reader, at, length) {
      // A list of both families holds the rules of multicast forwarding as well.
      const own = reader.bytes[at]
      if (own !== AF_INET && own !== AF_INET6) return undefined
      const rule = decode(reader, at, length)
      return passes(rule) ? rule : undefined
    },
  })
}

/** A filter is a rule that says less: written and read again, it spells what it says as the kernel's rules do. */
function chooser(filter: RuleFilter): (rule: Rule) => boolean {
  const writer = new Writer(1024)
  encode(writer, filter, true)
  const wanted = decode(new Reader(writer.bytes), 0, writer.at)
  const names = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined ? [] : [name as keyof RuleFilter],
  )
  return (rule) => names.every((name) => isDeepStrictEqual(rule[name], wanted[name]))
}

/** Reads a rule from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Rule {
  const header = ruleHeader.read(reader, at, length)
  const values = table.read(reader, at + ruleHeader.size, length - ruleHeader.size)
  const { from, to, fwmark, fwmask, ...rest } = values
  const rule: Rule = {
    family: familyName(header.family),
    priority: 0,
    ...(from !== undefined && { from: prefixText(from, header.srcLen) }),
    ...(to !== undefined && { to: prefixText(to, header.dstLen) }),
    action: actions.name(header.action),
    ...rest,
  }
  // A mark of 0 is told by its mask alone.
  if (fwmark !== undefined || fwmask !== undefined) rule.fwmark = fwmark ?? 0
  if (fwmask !== undefined && (fwmask !== ONES || rule.fwmark === 0)) rule.fwmask = fwmask
  if (header.tos !== 0) rule.tos = header.tos
  if ((header.flags & FIB_RULE_INVERT) !== 0) rule.not = true
  for (const [name, bit] of reportedFlags) if ((header.flags & bit) !== 0) rule[name] = true
  return rule
}

const prefixText = (address: string, length: number): string =>
  length === (address.includes(':') ? 128 : 32) ? address : `${address}/${length}`
