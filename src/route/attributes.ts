/** How a route looks on the wire. */

import {
  attributes,
  be16,
  device,
  enum8,
  ignored,
  ip,
  nested,
  type Schema,
  struct,
  u32,
} from '../netlink/attributes.js'
import { enumeration } from '../netlink/names.js'
import { S32, U8, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { ipProtocols, realms } from '../routing.js'
import { metrics } from './metrics.js'
import { nexthops, RTA_FLOW, via } from './nexthops.js'

const RTM_NEWROUTE = 24
const RTM_DELROUTE = 25
const RTM_GETROUTE = 26
/** @internal */
export const messages = { RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE } as const

export const RTA_DST = 1
export const RTA_SRC = 2
const RTA_IIF = 3
const RTA_OIF = 4
const RTA_PRIORITY = 6
export const RTA_PREFSRC = 7
export const RTA_METRICS = 8
export const RTA_CACHEINFO = 12
export const RTA_TABLE = 15
const RTA_MARK = 16
const RTA_PREF = 20
const RTA_EXPIRES = 23
const RTA_PAD = 24
const RTA_UID = 25
const RTA_IP_PROTO = 27
const RTA_SPORT = 28
const RTA_DPORT = 29
const RTA_NH_ID = 30

export const RTN_UNSPEC = 0
export const RTN_UNICAST = 1
export const RTN_LOCAL = 2
export const RTN_BROADCAST = 3
export const RTN_ANYCAST = 4
export const RTN_MULTICAST = 5
const RTN_BLACKHOLE = 6
const RTN_UNREACHABLE = 7
const RTN_PROHIBIT = 8
const RTN_THROW = 9
export const RTN_NAT = 10
const RTN_XRESOLVE = 11

export const RT_SCOPE_UNIVERSE = 0
export const RT_SCOPE_LINK = 253
export const RT_SCOPE_HOST = 254
export const RT_SCOPE_NOWHERE = 255

const ICMPV6_ROUTER_PREF_MEDIUM = 0
const ICMPV6_ROUTER_PREF_HIGH = 1
const ICMPV6_ROUTER_PREF_LOW = 3

/** @internal */
export const types = enumeration(
  {
    unicast: RTN_UNICAST,
    local: RTN_LOCAL,
    broadcast: RTN_BROADCAST,
    anycast: RTN_ANYCAST,
    multicast: RTN_MULTICAST,
    blackhole: RTN_BLACKHOLE,
    unreachable: RTN_UNREACHABLE,
    prohibit: RTN_PROHIBIT,
    throw: RTN_THROW,
    nat: RTN_NAT,
    xresolve: RTN_XRESOLVE,
  },
  0xff,
)

/** @internal */
export const prefs = enumeration(
  { low: ICMPV6_ROUTER_PREF_LOW, medium: ICMPV6_ROUTER_PREF_MEDIUM, high: ICMPV6_ROUTER_PREF_HIGH },
  0xff,
)

/** @internal */
export const rtmsg = new Struct('struct rtmsg', {
  family: field('rtm_family', U8),
  dstLen: field('rtm_dst_len', U8),
  srcLen: field('rtm_src_len', U8),
  tos: field('rtm_tos', U8),
  table: field('rtm_table', U8),
  protocol: field('rtm_protocol', U8),
  scope: field('rtm_scope', U8),
  type: field('rtm_type', U8),
  flags: field('rtm_flags', U32),
})

/** @internal */
export const cacheinfo = new Struct('struct rta_cacheinfo', {
  users: field('rta_clntref', U32),
  lastuse: field('rta_lastuse', U32),
  expires: field('rta_expires', S32),
  error: field('rta_error', S32),
  used: field('rta_used', U32),
  id: field('rta_id', U32),
  ts: field('rta_ts', U32),
  tsage: field('rta_tsage', U32),
})

/** @internal */
export const table = attributes({
  dst: ip(RTA_DST),
  from: ip(RTA_SRC),
  iif: device(RTA_IIF),
  dev: device(RTA_OIF),
  via,
  metric: u32(RTA_PRIORITY),
  src: ip(RTA_PREFSRC),
  metrics: { ...nested(RTA_METRICS, metrics), transparent: true },
  nexthops,
  realms: realms(RTA_FLOW),
  cacheinfo: struct(RTA_CACHEINFO, cacheinfo),
  table: u32(RTA_TABLE),
  mark: u32(RTA_MARK),
  pref: enum8(RTA_PREF, prefs),
  expires: u32(RTA_EXPIRES),
  padding: ignored(RTA_PAD),
  uid: u32(RTA_UID),
  ipproto: enum8(RTA_IP_PROTO, ipProtocols),
  sport: be16(RTA_SPORT),
  dport: be16(RTA_DPORT),
  nhid: u32(RTA_NH_ID),
})

/** @internal */
export const routeSchema = {
  messages,
  header: rtmsg,
  table,
  faults: {
    'Nexthop has invalid gateway': 'via',
    'Invalid gateway address': 'via',
    'Nexthop device is not up': 'dev',
    'Device for nexthop is not up': 'dev',
    'Invalid prefsrc address': 'src',
    'Invalid source address': 'src',
    'Nexthop id does not exist': 'nhid',
    'Unknown congestion control algorithm': 'congctl',
  },
} satisfies Schema
