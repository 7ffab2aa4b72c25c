/** A route, as an object and as a message. */

import { getSystemErrorName } from 'node:util'
import { formatIp, ipBytes, type Prefix } from '../netlink/address.js'
import { eachAttribute, familyOf, hex } from '../netlink/attributes.js'
import { invalidType, invalidValue, oneOf } from '../netlink/check.js'
import { bitNames } from '../netlink/names.js'
import { AF_INET, AF_INET6 } from '../netlink/protocol.js'
import type { Reader, Writer } from '../netlink/writer.js'
import {
  network,
  nexthopFlags,
  type Realms,
  type RouteTable,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RT_TABLE_UNSPEC,
  RTNH_F_ONLINK,
  tableNumber,
  tables,
} from '../routing.js'
import {
  type Device,
  type Family,
  familyName,
  familyNumber,
  type Protocol,
  protocols,
  RTPROT_BOOT,
  RTPROT_UNSPEC,
  type Scope,
  scopes,
} from '../rtnetlink.js'
import {
  cacheinfo,
  prefs,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RTA_CACHEINFO,
  RTA_DST,
  RTA_METRICS,
  RTA_PREFSRC,
  RTA_SRC,
  RTA_TABLE,
  RTN_ANYCAST,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_NAT,
  RTN_UNICAST,
  RTN_UNSPEC,
  rtmsg,
  table,
  types,
} from './attributes.js'
import { metrics, type RouteMetrics } from './metrics.js'
import { type RouteNexthop, writeNexthops, writeVia } from './nexthops.js'

const RTM_F_NOTIFY = 0x100
/** @internal */
export const RTM_F_CLONED = 0x200
const RTM_F_OFFLOAD = 0x4000
const RTM_F_TRAP = 0x8000
const RTM_F_OFFLOAD_FAILED = 0x2000_0000

const RTCF_NOTIFY = 0x1_0000
const RTCF_REDIRECTED = 0x4_0000
const RTCF_DOREDIRECT = 0x100_0000
const RTCF_DIRECTSRC = 0x400_0000
const RTCF_BROADCAST = 0x1000_0000
const RTCF_MULTICAST = 0x2000_0000
const RTCF_LOCAL = 0x8000_0000

/** Flags of a route and of its only next hop, under the words `ip -j route` has for them. */
const flags = {
  ...nexthopFlags,
  notify: RTM_F_NOTIFY,
  cloned: RTM_F_CLONED,
  rtOffload: RTM_F_OFFLOAD,
  rtTrap: RTM_F_TRAP,
  rtOffloadFailed: RTM_F_OFFLOAD_FAILED,
} as const
const flagEntries = Object.entries(flags) as [keyof typeof flags, number][]

/** What a cache entry of IPv4 has instead of the upper flags of a route. */
const cacheNames = bitNames({
  local: RTCF_LOCAL,
  mc: RTCF_MULTICAST,
  brd: RTCF_BROADCAST,
  'src-direct': RTCF_DIRECTSRC,
  redirected: RTCF_REDIRECTED,
  redirect: RTCF_DOREDIRECT,
  notify: RTCF_NOTIFY,
})
const cacheFlags = 0xffff_0000

/** The kernel tells times in these, whatever it counts in itself. */
const ticksPerSecond = 100

/**
 * What happens to packets for a destination. `unicast`: they are sent on. `local`: they are for this host. `broadcast`:
 * they are sent as broadcasts of the link. `anycast`, `multicast`: what the names say. `blackhole`: they are dropped in
 * silence. `unreachable`, `prohibit`: they are dropped, and their sender is told. `throw`: this table has no route, the
 * next one is asked. `nat`, `xresolve`: of the past.
 */
export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw'
  | 'nat'
  | 'xresolve'
  | number

/** A route to be made, or to be found: the arguments of `ip route add`. */
export interface RouteOptions extends RouteMetrics {
  /**
   * The destination: `'default'`, a network such as `'10.0.0.0/24'` or `'2001:db8::/32'`, or an address. A network with
   * bits set beyond the length of its prefix is refused.
   */
  dst: string
  /** The family, where neither the destination nor the gateway tells: `'inet'` when nothing is said. */
  family?: Family | undefined
  /** The gateway. For an IPv4 route it may be an IPv6 address: `via inet6 …` (Linux 5.2). */
  via?: string | undefined
  /** The device. The kernel finds it by the gateway when none is given. */
  dev?: Device | undefined
  /** The gateway is on the device's link even if no address there says so. */
  onlink?: boolean | undefined
  /** Several ways in place of `via`, each with its weight. Not empty. */
  nexthops?: RouteNexthop[] | undefined
  /**
   * The id of a nexthop object that says where the route leads (Linux 5.3). `via`, `dev`, `onlink` and `nexthops`,
   * which a listed route has as well, are then left to the object.
   */
  nhid?: number | undefined
  /** The source address for packets that have none yet. */
  src?: string | undefined
  /** Only for packets from this network, or address (IPv6, source-specific routing). */
  from?: string | undefined
  /** The table: `'main'` when nothing is said, `'local'` for the types local, broadcast, anycast and nat. */
  table?: RouteTable | undefined
  /**
   * Among routes to the same destination the one with the lowest is taken: 0 to 2^32 - 1. For IPv6, 0 stands for 1024.
   */
  metric?: number | undefined
  /** Who made it. When nothing is said: `'boot'`, as with `ip route`; for `del`, any. */
  protocol?: Protocol | undefined
  /** What happens to the packets: `'unicast'` when nothing is said; for `del`, any. */
  type?: RouteType | undefined
  /**
   * How far away the destination is (IPv4; routes of IPv6 have no scope: the kernel takes any and reports `'global'`).
   * When nothing is said: `'host'` for the types local and nat; `'link'` for broadcast, multicast and anycast, and for
   * unicast that leads straight to a device; `'global'` otherwise; for `del` of other types than local, nat, broadcast,
   * multicast and anycast, any.
   */
  scope?: Scope | undefined
  /** Only for packets with this type of service: 0 to 255, the two lowest bits being 0 (IPv4). */
  tos?: number | undefined
  /** The preference of a router, RFC 4191 (IPv6; Linux 4.1): `'medium'` when nothing is said. */
  pref?: 'low' | 'medium' | 'high' | undefined
  /** Seconds until it is removed (IPv6; Linux 4.4): 0 to 2^32 - 1. */
  expires?: number | undefined
  /** Routing realms (IPv4). */
  realms?: Realms | undefined
  /** Attributes this version of nslink does not know, by number, in hexadecimal. */
  unknown?: Record<number, string> | undefined
}

/**
 * A route of the kernel's. It can be given back to `add`, `replace` and `del`: what is only reported is passed over.
 */
export interface Route extends RouteOptions {
  /** `'default'`, or the network, without a length when it is that of one address. */
  dst: string
  family: Family
  type: RouteType
  /** 0 for what `get` found without looking into a table. */
  table: RouteTable
  protocol: Protocol
  scope: Scope
  /** Reported only: it cannot be used, its device being down. */
  dead?: boolean
  /** Reported only: its device has no carrier. */
  linkdown?: boolean
  /** Reported only: the gateway is to be looked up in turn. */
  pervasive?: boolean
  /** Reported only: hardware forwards by its next hop. */
  offload?: boolean
  /** Reported only: multicast forwarding is waiting for it to be known. */
  unresolved?: boolean
  /** Reported only: hardware passes packets for its next hop on to the kernel. */
  trap?: boolean
  /** Reported only: its changes are reported. */
  notify?: boolean
  /** Reported only: hardware forwards by it. */
  rtOffload?: boolean
  /** Reported only: hardware passes its packets on to the kernel. */
  rtTrap?: boolean
  /** Reported only: the hardware did not take it. */
  rtOffloadFailed?: boolean
  /** Reported only: made from another route, for one destination. */
  cloned?: boolean
  /** Reported only, by `get` for IPv4: what is special about the destination, in the words of `ip route get`. */
  cache?: ('local' | 'mc' | 'brd' | 'src-direct' | 'redirected' | 'redirect' | 'notify')[]
  /** Reported only: what sending there fails with, `'EACCES'` for one. */
  error?: string
  /** Reported only, by `get`: the device the packet is taken to come in by. */
  iif?: Device
  /** Reported only, by `get`: the mark of the packet. */
  mark?: number
  /** Reported only, by `get` for IPv4: the user who sends. */
  uid?: number
}

/** The names of what a route may have: options, and what is only reported. @internal */
export const known: ReadonlySet<string> = new Set([
  ...['dst', 'family', 'via', 'dev', 'onlink', 'nexthops', 'nhid', 'src', 'from', 'table', 'metric', 'protocol'],
  ...['type', 'scope', 'tos', 'pref', 'expires', 'realms', 'unknown'],
  ...['cache', 'error', 'iif', 'mark', 'uid'],
  ...Object.keys(flags),
  ...Object.keys(metrics.entries),
])

/** The family of a route: as it says, or as its addresses tell. */
function familyOfRoute({ family, dst, via, nexthops, src, from }: RouteOptions): number {
  if (family !== undefined) return familyNumber(family)
  const hop = Array.isArray(nexthops) ? nexthops.find((each) => typeof each?.via === 'string') : undefined
  const telling = dst === 'default' ? (via ?? hop?.via ?? src ?? from) : dst
  return typeof telling === 'string' && telling.includes(':') ? AF_INET6 : AF_INET
}

const spelt = (family: number): string => (family === AF_INET ? 'IPv4' : 'IPv6')

/** A network of the route's own family. */
function networkOf(family: number, path: string, text: string): Prefix {
  const prefix = network(path, text)
  if (prefix.family !== family) throw otherFamily(path, text, family)
  return prefix
}

const otherFamily = (path: string, value: unknown, family: number): TypeError =>
  invalidValue(path, value, `must be of ${spelt(family)}, as the route is`)

const wrongFamily = (path: string, value: unknown, its: number): TypeError =>
  invalidValue(path, value, `is for routes of ${spelt(its)} only`)

/** How far away the destinations of a route of IPv4 are, where its maker does not say. */
function scopeOf(type: number, direct: boolean, deleting: boolean): number {
  switch (type) {
    case RTN_LOCAL:
    case RTN_NAT:
      return RT_SCOPE_HOST
    case RTN_BROADCAST:
    case RTN_MULTICAST:
    case RTN_ANYCAST:
      return RT_SCOPE_LINK
    default:
      if (deleting) return RT_SCOPE_NOWHERE
      return type === RTN_UNICAST && direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
  }
}

/** The table of a route whose maker does not say. */
function tableOf(type: number): number {
  const local = type === RTN_LOCAL || type === RTN_BROADCAST || type === RTN_ANYCAST || type === RTN_NAT
  return local ? RT_TABLE_LOCAL : RT_TABLE_MAIN
}

/**
 * Options that stand in an attribute as they are, and the family they are for, where it is only one: for the other the kernel would pass
 * over them in silence, and make another route than was asked for.
 */
const plain = new Map<string, number | undefined>([
  ['metric', undefined],
  ['realms', AF_INET],
  ['pref', AF_INET6],
  ['expires', AF_INET6],
])

/** Options that are looked at by name. */
const named = new Set([
  ...['dst', 'family', 'via', 'dev', 'onlink', 'nexthops', 'nhid', 'src', 'from', 'table', 'protocol', 'type', 'scope'],
  ...['tos', 'unknown'],
])

/** Writes the struct and the attributes of a route: what `ip route` sends for the same options. @internal */
export function encode(writer: Writer, options: RouteOptions, deleting: boolean): void {
  const family = familyOfRoute(options)
  const { via, nexthops, nhid, onlink } = options
  if (onlink !== undefined && typeof onlink !== 'boolean') throw invalidType('onlink', 'a boolean', onlink)
  if (via !== undefined && nexthops !== undefined) {
    throw invalidValue('nexthops', nexthops, 'cannot be given along with "via"')
  }
  if (options.from !== undefined && family === AF_INET) throw wrongFamily('from', options.from, AF_INET6)
  if (options.pref !== undefined) oneOf('pref', options.pref, prefs.names)
  const dst = options.dst === 'default' ? undefined : networkOf(family, 'dst', options.dst)
  const from = options.from === undefined ? undefined : networkOf(family, 'from', options.from)
  const type = options.type === undefined ? (deleting ? RTN_UNSPEC : RTN_UNICAST) : types.number(options.type, 'type')
  const number = options.table === undefined ? tableOf(type) : tableNumber(options.table)
  const direct = via === undefined && nexthops === undefined && nhid === undefined
  if (!deleting && direct && type === RTN_UNICAST && options.dev === undefined && options.unknown === undefined) {
    throw invalidType('dev', 'given, as there is no "via", "nexthops" or "nhid"', undefined)
  }
  const scope = family === AF_INET ? scopeOf(type, direct, deleting) : RT_SCOPE_UNIVERSE
  const protocol = deleting ? RTPROT_UNSPEC : RTPROT_BOOT
  rtmsg.write(writer, {
    family,
    dstLen: dst?.length ?? 0,
    srcLen: from?.length ?? 0,
    tos: options.tos ?? 0,
    table: number < 256 ? number : RT_TABLE_UNSPEC,
    protocol: options.protocol === undefined ? protocol : protocols.number(options.protocol, 'protocol'),
    scope: options.scope === undefined ? scope : scopes.number(options.scope, 'scope'),
    type,
    flags: onlink && nhid === undefined ? RTNH_F_ONLINK : 0,
  })
  const { entries } = table
  if (dst !== undefined) writeBytes(writer, RTA_DST, dst.bytes)
  if (from !== undefined) writeBytes(writer, RTA_SRC, from.bytes)
  if (number >= 256) entries.table.write(writer, number, 'table')
  if (nhid !== undefined) {
    entries.nhid.write(writer, nhid, 'nhid')
  } else {
    if (via !== undefined) writeVia(writer, via, 'via', family)
    if (options.dev !== undefined) entries.dev.write(writer, options.dev, 'dev')
    if (nexthops !== undefined) writeNexthops(writer, nexthops, family)
  }
  if (options.src !== undefined) {
    const bytes = ipBytes('src', options.src)
    if (familyOf(bytes) !== family) throw otherFamily('src', options.src, family)
    writeBytes(writer, RTA_PREFSRC, bytes)
  }
  writeOthers(writer, options, family)
  if (options.unknown !== undefined) table.write(writer, { unknown: options.unknown }, 'route')
}

/** @internal */
export function writeBytes(writer: Writer, type: number, bytes: Uint8Array): void {
  const start = writer.open(type)
  writer.raw(bytes)
  writer.close(start)
}

/** Few routes have any of the many other options: what is given is looked at, not what could be. */
function writeOthers(writer: Writer, options: RouteOptions, family: number): void {
  let given: RouteMetrics | undefined
  for (const key in options) {
    const value = named.has(key) ? undefined : options[key as keyof RouteOptions]
    if (value === undefined) continue
    if (plain.has(key)) {
      const its = plain.get(key)
      if (its !== undefined && its !== family) throw wrongFamily(key, value, its)
      table.entries[key as 'metric'].write(writer, value as number, key)
    } else if (Object.hasOwn(metrics.entries, key)) {
      given = { ...given, [key]: value }
    }
  }
  if (given === undefined) return
  const { rtoMin, lock = [] } = given
  if (rtoMin !== undefined && Array.isArray(lock)) given.lock = [...lock, 'rtoMin']
  const start = writer.openNested(RTA_METRICS)
  metrics.write(writer, given, 'route')
  writer.close(start)
}

/** Reads a route from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Route {
  const header = rtmsg.read(reader, at, length)
  const { family, dstLen, srcLen } = header
  const route: Route = {
    dst: 'default',
    family: familyName(family),
    type: types.name(header.type),
    table: tables.name(header.table),
    protocol: protocols.name(header.protocol),
    scope: scopes.name(header.scope),
  }
  if (header.tos !== 0) route.tos = header.tos
  eachAttribute(reader, at + rtmsg.size, length - rtmsg.size, (number, from, size) => {
    switch (number) {
      case RTA_DST:
        route.dst = prefixText(reader, from, size, dstLen)
        return
      case RTA_SRC:
        route.from = prefixText(reader, from, size, srcLen)
        return
      case RTA_TABLE:
        route.table = tables.name(reader.view.getUint32(from, true))
        return
      case RTA_METRICS:
        setMetrics(route, reader, from, size)
        return
      case RTA_CACHEINFO:
        setCacheinfo(route, cacheinfo.read(reader, from, size))
        return
    }
    const attribute = table.attribute(number)
    if (attribute === undefined) {
      setUnknown(route, number, reader, from, size)
    } else if (!attribute.ignored) {
      const key = table.key(number) as 'via'
      route[key] = attribute.read(reader, from, size, undefined) as never
    }
  })
  if (header.flags !== 0) setFlags(route, header.flags, family)
  return route
}

function prefixText(reader: Reader, at: number, size: number, length: number): string {
  const address = formatIp(reader.bytes, at, size)
  return length === size * 8 ? address : `${address}/${length}`
}

function setUnknown(route: Route, number: number, reader: Reader, at: number, size: number): void {
  route.unknown ??= {}
  route.unknown[number] = hex(reader, at, size)
}

function setMetrics(route: Route, reader: Reader, at: number, size: number): void {
  const { unknown, ...values } = metrics.read(reader, at, size)
  Object.assign(route, values)
  // Written again, all of them come after those that are known, and the kernel heeds the last.
  if (unknown !== undefined) setUnknown(route, RTA_METRICS, reader, at, size)
}

function setCacheinfo(route: Route, { expires, error }: { expires: number; error: number }): void {
  if (expires !== 0) route.expires = Math.max(0, Math.trunc(expires / ticksPerSecond))
  if (error !== 0) route.error = getSystemErrorName(error)
}

function setFlags(route: Route, bits: number, family: number): void {
  if (family === AF_INET && (bits & RTM_F_CLONED) !== 0) {
    const cache = cacheNames(bits)
    if (cache.length > 0) route.cache = cache
    bits &= ~cacheFlags
  }
  for (const [name, bit] of flagEntries) if ((bits & bit) !== 0) route[name] = true
}
