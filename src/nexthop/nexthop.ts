/** Nexthop objects, which routes share, and groups of them: `ip nexthop` (Linux 5.3). */

import { ipBytes } from '../netlink/address.js'
import {
  type Attribute,
  attributes,
  device,
  enum16,
  familyOf,
  flag,
  ignored,
  ip,
  nested,
  numbered,
  type Options,
  readOnly,
  type Schema,
  scalar,
  typeOf,
  u16,
  u32,
  type Values,
} from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown, outOfRange } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { enumeration } from '../netlink/names.js'
import { ask, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { AF_INET, AF_UNSPEC, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { type Scalar, U8, U16, U32, U64 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Reader, Writer } from '../netlink/writer.js'
import { nexthopFlags, RTNH_F_ONLINK } from '../routing.js'
import {
  type DelOptions,
  type Device,
  deletion,
  type Family,
  familyName,
  familyNumber,
  type Protocol,
  protocols,
  RTPROT_UNSPEC,
  type Scope,
  scopes,
} from '../rtnetlink.js'

const RTM_NEWNEXTHOP = 104
const RTM_DELNEXTHOP = 105
const RTM_GETNEXTHOP = 106

const NHA_ID = 1
const NHA_GROUP = 2
const NHA_GROUP_TYPE = 3
const NHA_BLACKHOLE = 4
const NHA_OIF = 5
const NHA_GATEWAY = 6
const NHA_ENCAP_TYPE = 7
const NHA_ENCAP = 8
const NHA_GROUPS = 9
const NHA_MASTER = 10
const NHA_FDB = 11
const NHA_RES_GROUP = 12
const NHA_OP_FLAGS = 14

const NHA_RES_GROUP_BUCKETS = 1
const NHA_RES_GROUP_IDLE_TIMER = 2
const NHA_RES_GROUP_UNBALANCED_TIMER = 3
const NHA_RES_GROUP_UNBALANCED_TIME = 4

const NEXTHOP_GRP_TYPE_MPATH = 0
const NEXTHOP_GRP_TYPE_RES = 1

const LWTUNNEL_ENCAP_MPLS = 1
const LWTUNNEL_ENCAP_IP = 2
const LWTUNNEL_ENCAP_ILA = 3
const LWTUNNEL_ENCAP_IP6 = 4
const LWTUNNEL_ENCAP_SEG6 = 5
const LWTUNNEL_ENCAP_BPF = 6
const LWTUNNEL_ENCAP_SEG6_LOCAL = 7
const LWTUNNEL_ENCAP_RPL = 8
const LWTUNNEL_ENCAP_IOAM6 = 9
const LWTUNNEL_ENCAP_XFRM = 10

const groupTypes = enumeration({ mpath: NEXTHOP_GRP_TYPE_MPATH, resilient: NEXTHOP_GRP_TYPE_RES }, 0xffff)
const encapTypes = enumeration(
  {
    mpls: LWTUNNEL_ENCAP_MPLS,
    ip: LWTUNNEL_ENCAP_IP,
    ila: LWTUNNEL_ENCAP_ILA,
    ip6: LWTUNNEL_ENCAP_IP6,
    seg6: LWTUNNEL_ENCAP_SEG6,
    bpf: LWTUNNEL_ENCAP_BPF,
    seg6local: LWTUNNEL_ENCAP_SEG6_LOCAL,
    rpl: LWTUNNEL_ENCAP_RPL,
    ioam6: LWTUNNEL_ENCAP_IOAM6,
    xfrm: LWTUNNEL_ENCAP_XFRM,
  },
  0xffff,
)

const nhmsg = new Struct('struct nhmsg', {
  family: field('nh_family', U8),
  scope: field('nh_scope', U8),
  protocol: field('nh_protocol', U8),
  reserved: field('resvd', U8),
  flags: field('nh_flags', U32),
})

const groupEntry = new Struct('struct nexthop_grp', {
  id: field('id', U32),
  weight: field('weight', U8),
  // Since Linux 6.12 the upper half of the weight; before, it has to be zero.
  weightHigh: field('resvd1', U8),
  reserved: field('resvd2', U16),
})

/** A nexthop object that belongs to a group. */
export interface NexthopGroupEntry {
  /** Its id. */
  id: number
  /** Its share of the traffic: 1 to 256, and up to 65536 since Linux 6.12; 1 when nothing is said. */
  weight?: number | undefined
}

const entryNames = new Set(['id', 'weight'])

const group: Attribute<NexthopGroupEntry[]> = {
  types: [NHA_GROUP],
  write(writer, value, key) {
    if (!Array.isArray(value)) throw invalidType(writer.where(key), 'an array', value)
    const start = writer.open(NHA_GROUP)
    value.forEach((entry: NexthopGroupEntry, index) => {
      const path = writer.where(`${key}.${index}`)
      onlyKnown(path, entry, entryNames)
      const id = integer(`${path}.id`, entry.id, 1, 0xffff_ffff)
      const weight = integer(`${path}.weight`, entry.weight ?? 1, 1, 65_536) - 1
      groupEntry.write(writer, { id, weight: weight & 0xff, weightHigh: weight >> 8 })
    })
    writer.close(start)
  },
  read(reader, at, length) {
    const entries: NexthopGroupEntry[] = []
    for (let from = at; from + groupEntry.size <= at + length; from += groupEntry.size) {
      const { id, weight, weightHigh } = groupEntry.read(reader, from, groupEntry.size)
      entries.push({ id, weight: weight + weightHigh * 0x100 + 1 })
    }
    return entries
  },
}

/** Seconds, which the kernel counts in hundredths. */
const seconds = (number: Scalar<number>, max: number): Scalar<number> => ({
  size: number.size,
  write(writer, value, key) {
    const path = writer.where(key)
    const expected = `a number of seconds from 0 to ${max / 100}`
    if (typeof value !== 'number') throw invalidType(path, expected, value)
    const ticks = Math.round(value * 100)
    if (!(ticks >= 0 && ticks <= max)) throw outOfRange(path, expected, value)
    number.write(writer, ticks, key)
  },
  read: (reader, at) => number.read(reader, at) / 100,
})

const resilient = attributes({
  /** Into how many buckets flows are sorted, 1 to 65535, and each bucket goes to one member: has to be given when it is made. */
  buckets: u16(NHA_RES_GROUP_BUCKETS),
  /** How long a bucket has to be without traffic before it may go to another member, in seconds: 120 when nothing is said. */
  idleTimer: scalar(NHA_RES_GROUP_IDLE_TIMER, seconds(U32, 0xffff_ffff)),
  /** How long buckets may be unevenly shared out before they move, traffic or not, in seconds: 0, for ever, when nothing is said. */
  unbalancedTimer: scalar(NHA_RES_GROUP_UNBALANCED_TIMER, seconds(U32, 0xffff_ffff)),
  /** Reported only: for how many seconds they have been. */
  unbalancedTime: readOnly(scalar(NHA_RES_GROUP_UNBALANCED_TIME, seconds(U64, Number.MAX_SAFE_INTEGER))),
})

/** An encapsulation (a lightweight tunnel), as raw attributes: `encap` in `ip route`. */
export interface Encap {
  /** Which one. */
  type: (typeof encapTypes.names)[number] | number
  /** Its attributes, by number, in hexadecimal. */
  attributes: Record<number, string>
}

const encapNames = new Set(['type', 'attributes'])
const encapType = enum16(NHA_ENCAP_TYPE, encapTypes)
const encapAttributes = numbered(NHA_ENCAP)

const encap: Attribute<Encap> = {
  types: [NHA_ENCAP_TYPE, NHA_ENCAP],
  inner: (reader, at, length) =>
    typeOf(reader, at) === NHA_ENCAP ? encapAttributes.inner?.(reader, at, length) : undefined,
  write(writer, value, key) {
    onlyKnown(writer.where(key), value, encapNames)
    writer.path.push(key)
    encapType.write(writer, value.type, 'type')
    encapAttributes.write(writer, value.attributes, 'attributes')
    writer.path.pop()
  },
  read(reader, at, length, before) {
    const known = before ?? { type: 0, attributes: {} }
    if (typeOf(reader, at) === NHA_ENCAP_TYPE) return { ...known, type: encapType.read(reader, at, length, undefined) }
    return { ...known, attributes: encapAttributes.read(reader, at, length, undefined) }
  },
}

const table = attributes({
  /** Its id, 1 to 2^32 - 1: routes name it by that. */
  id: u32(NHA_ID),
  /** The gateway: packets go to it. */
  via: ip(NHA_GATEWAY),
  /** The device they go out by. It has to be up. */
  dev: device(NHA_OIF),
  /** Packets are dropped in silence. */
  blackhole: flag(NHA_BLACKHOLE),
  /** For entries of the forwarding table of a VXLAN device, in place of routes: `via` alone, or a group of such (Linux 5.8). */
  fdb: flag(NHA_FDB),
  /** Packets are encapsulated on their way. */
  encap,
  /** It is a group of these objects. Nothing goes with it but `id`, `type`, `protocol`, `fdb` and the options of its type. */
  group,
  /**
   * How a group shares out traffic. `mpath`, when nothing is said: by a hash of the flow. `resilient`: likewise, but when the group changes
   * no more flows are moved than have to be (Linux 5.13).
   */
  type: enum16(NHA_GROUP_TYPE, groupTypes),
  resilient: { ...nested(NHA_RES_GROUP, resilient), transparent: true },
  groups: flag(NHA_GROUPS),
  master: device(NHA_MASTER),
  operation: ignored(NHA_OP_FLAGS),
})

/** @internal */
export const nexthopSchema = {
  messages: { RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP },
  header: nhmsg,
  table,
  faults: {
    'Nexthop has invalid gateway': 'via',
    'Invalid gateway': 'via',
    'Invalid device index': 'dev',
    'Nexthop device is not up': 'dev',
    'Device for nexthop is not up': 'dev',
    'Carrier for nexthop device is down': 'dev',
    'Device attribute required for non-blackhole and non-fdb nexthops': 'dev',
    'ONLINK flag can not be set for nexthop without a gateway': 'onlink',
    'Invalid nexthop id': 'group',
    'Nexthop id can not be used twice in a group': 'group',
    'Blackhole nexthop can not be used in a group with more than 1 path': 'group',
    'Blackhole attribute can not be used with gateway, oif, encap or fdb': 'blackhole',
    'Fdb attribute can not be used with encap, oif or blackhole': 'fdb',
    'Number of buckets not specified for nexthop group insertion': 'buckets',
    'Replace requires nexthop id': 'id',
    'Invalid group type': 'type',
    'Number of buckets needs to be non-0': 'buckets',
  },
} satisfies Schema

/** What names a nexthop object. */
export interface NexthopKey {
  /** Its id, 1 to 2^32 - 1. */
  id: number
}

type Wire = Omit<Options<typeof table>, 'resilient' | 'groups' | 'master'>

/** A nexthop object or a group to be made: the arguments of `ip nexthop add`. */
export interface NexthopOptions extends Wire, Omit<Options<typeof resilient>, 'unknown'> {
  /** The family, where no `via` tells: `'inet'` when nothing is said. A group has none. */
  family?: Family | undefined
  /** The gateway is on the device's link even if no address there says so. */
  onlink?: boolean | undefined
  /** Who made it. */
  protocol?: Protocol | undefined
}

/** A nexthop object or group of the kernel's. It can be given back to `add`, `replace` and `del`: what is only reported is passed over. */
export interface Nexthop extends NexthopOptions {
  id: number
  protocol: Protocol
  /** Reported only: how far away the gateway is. */
  scope: Scope
  /** Reported only, of a resilient group: for how many seconds its buckets have been unevenly shared out. */
  unbalancedTime?: number
  /** Reported only: it cannot be used, its device being down. */
  dead?: boolean
  /** Reported only: its device has no carrier. */
  linkdown?: boolean
  /** Reported only: the gateway is to be looked up in turn. */
  pervasive?: boolean
  /** Reported only: hardware forwards by it. */
  offload?: boolean
  /** Reported only: multicast forwarding is waiting for it to be known. */
  unresolved?: boolean
  /** Reported only: hardware passes its packets on to the kernel. */
  trap?: boolean
}

/** Which nexthop objects to list, or to flush. All that is given has to hold. */
export interface NexthopFilter {
  /** Of this family only; groups have none. The kernel does the choosing. */
  family?: Family | undefined
  /** By this device only; the kernel does the choosing. */
  dev?: Device | undefined
  /** By devices that belong to this VRF or bridge only; the kernel does the choosing. */
  master?: Device | undefined
  /** Groups only; the kernel does the choosing. */
  groups?: boolean | undefined
  /** Those for forwarding tables only, or those for routes only. */
  fdb?: boolean | undefined
  /** Made by this protocol only. */
  protocol?: Protocol | undefined
}

const own = ['id', 'via', 'dev', 'blackhole', 'fdb', 'encap', 'group', 'type', 'unknown'] as const
const timers = ['buckets', 'idleTimer', 'unbalancedTimer'] as const
const known = new Set([
  ...own,
  ...timers,
  ...Object.keys(nexthopFlags),
  'family',
  'protocol',
  'scope',
  'unbalancedTime',
])
const knownToDel = new Set([...known, 'missingOk'])
const filterNames = new Set(['family', 'dev', 'master', 'groups', 'fdb', 'protocol'])
const flagEntries = Object.entries(nexthopFlags) as [keyof typeof nexthopFlags, number][]

/** Nexthop objects, which routes share, and groups of them (`ip nexthop`). */
export class NexthopOperations {
  /**
   * Adds a nexthop object or a group: `ip nexthop add`. A route uses it by its id: `route.add({ dst, nhid })`.
   *
   * @returns its id, also when the kernel chose it
   * @throws NetlinkError EEXIST when the id is taken, ENETDOWN when the device is down, EINVAL with the kernel's words for other faults
   */
  *add(options: NexthopOptions): Operation<NexthopKey> {
    const adding = creation('nexthop.add', NLM_F_CREATE | NLM_F_EXCL, options)
    if (options.id === undefined) {
      const { id } = yield* ask<Nexthop>({ ...adding, flags: adding.flags | NLM_F_ECHO, decode })
      return { id }
    }
    done(yield adding)
    return { id: options.id }
  }

  /** Adds a nexthop object or a group, or puts it in place of the one with the same id, also in routes: `ip nexthop replace`. */
  *replace(options: NexthopOptions & NexthopKey): Operation<void> {
    done(yield creation('nexthop.replace', NLM_F_CREATE | NLM_F_REPLACE, options))
  }

  /**
   * Removes a nexthop object or a group, and with it the routes that use it: `ip nexthop del`. A group goes with its last member.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: NexthopKey & DelOptions): Operation<void> {
    onlyKnown('nexthop.del', options, knownToDel)
    yield* deletion(about(RTM_DELNEXTHOP, 'nexthop.del', options), options, 'ENOENT')
  }

  /**
   * One nexthop object or group: `ip nexthop get`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(options: NexthopKey): Operation<Nexthop> {
    onlyKnown('nexthop.get', options, known)
    return yield* ask<Nexthop>({ ...about(RTM_GETNEXTHOP, 'nexthop.get', options), decode })
  }

  /** All nexthop objects and groups, or those a filter lets through: `ip nexthop show`. */
  *list(filter: NexthopFilter = {}): Operation<Nexthop[]> {
    onlyKnown('nexthop.list', filter, filterNames)
    return yield* chosen('nexthop.list', filter)
  }

  /**
   * Removes the nexthop objects and groups that a filter lets through, and says how many they were: `ip nexthop flush`. Routes that use them
   * go with them.
   *
   * The filter must not be empty, so that nobody cuts a machine off by a slip.
   */
  *flush(filter: NexthopFilter): Operation<number> {
    onlyKnown('nexthop.flush', filter, filterNames)
    if (Object.values(filter).every((value) => value === undefined)) {
      throw invalidValue('filter', filter, 'must name what to flush: a family, a dev, groups, …')
    }
    const found = yield* chosen('nexthop.flush', filter)
    const answers = yield* settle(found.map((nexthop) => about(RTM_DELNEXTHOP, 'nexthop.flush', nexthop)))
    for (const { error } of answers) {
      // A group is gone when its last member is.
      if (error !== undefined && !isError(error, 'ENOENT')) throw error
    }
    return found.length
  }
}

function creation(doing: string, flags: number, options: NexthopOptions): Request {
  onlyKnown(doing, options, known)
  // What is written when its turn comes has to be what was given, inherited options included.
  const given: Record<string, unknown> = {}
  for (const key in options) given[key] = options[key as keyof NexthopOptions]
  return {
    type: RTM_NEWNEXTHOP,
    flags,
    schema: nexthopSchema,
    doing,
    subject: options.id,
    encode: (writer) => encode(writer, given as NexthopOptions, doing),
  }
}

function encode(writer: Writer, options: NexthopOptions, doing: string): void {
  const { onlink = false, protocol } = options
  if (typeof onlink !== 'boolean') throw invalidType('onlink', 'a boolean', onlink)
  nhmsg.write(writer, {
    family: familyOfNexthop(options),
    protocol: protocol === undefined ? RTPROT_UNSPEC : protocols.number(protocol, 'protocol'),
    flags: onlink ? RTNH_F_ONLINK : 0,
  })
  table.write(writer, Object.fromEntries(own.map((name) => [name, options[name]])), doing)
  if (timers.every((name) => options[name] === undefined)) return
  const start = writer.openNested(NHA_RES_GROUP)
  resilient.write(writer, Object.fromEntries(timers.map((name) => [name, options[name]])), doing)
  writer.close(start)
}

/** A group has no family: its members have. */
function familyOfNexthop({ family, via, group }: NexthopOptions): number {
  if (group !== undefined) return AF_UNSPEC
  const given = familyNumber(family)
  if (via === undefined) return given === AF_UNSPEC ? AF_INET : given
  const told = familyOf(ipBytes('via', via))
  if (given !== AF_UNSPEC && given !== told) throw invalidValue('family', family, 'must be that of via')
  return told
}

function about(type: number, doing: string, { id }: NexthopKey): Request {
  integer('id', id, 1, 0xffff_ffff)
  return {
    type,
    flags: 0,
    schema: nexthopSchema,
    doing,
    subject: id,
    encode(writer) {
      nhmsg.write(writer, {})
      table.write(writer, { id }, doing)
    },
  }
}

/** The objects that a filter lets through. */
function chosen(doing: string, { family, dev, master, groups, fdb, protocol }: NexthopFilter): Operation<Nexthop[]> {
  const number = familyNumber(family)
  if (fdb !== undefined && typeof fdb !== 'boolean') throw invalidType('fdb', 'a boolean', fdb)
  const maker = protocol === undefined ? undefined : protocols.name(protocols.number(protocol, 'protocol'))
  return dump<Nexthop>({
    type: RTM_GETNEXTHOP,
    flags: 0,
    dump: true,
    schema: nexthopSchema,
    doing,
    subject: undefined,
    encode(writer) {
      nhmsg.write(writer, { family: number })
      table.write(writer, { dev, master, groups }, doing)
    },
    decode(reader, at, length) {
      const nexthop = decode(reader, at, length)
      if (maker !== undefined && nexthop.protocol !== maker) return undefined
      return fdb === undefined || fdb === (nexthop.fdb ?? false) ? nexthop : undefined
    },
  })
}

/** Reads a nexthop object from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Nexthop {
  const { family, scope, protocol, flags } = nhmsg.read(reader, at, length)
  const { resilient: { unknown: _, ...timing } = {}, ...values }: Values<typeof table> = table.read(
    reader,
    at + nhmsg.size,
    length - nhmsg.size,
  )
  const nexthop = {
    ...values,
    ...(family !== AF_UNSPEC && { family: familyName(family) }),
    ...timing,
    scope: scopes.name(scope),
    protocol: protocols.name(protocol),
  } as Nexthop
  for (const [name, bit] of flagEntries) if ((flags & bit) !== 0) nexthop[name] = true
  return nexthop
}
