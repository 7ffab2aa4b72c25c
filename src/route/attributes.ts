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
import { metrics } from './metrics.js'
import { nexthops, realms, via } from './nexthops.js'

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

export const RTPROT_UNSPEC = 0
const RTPROT_REDIRECT = 1
const RTPROT_KERNEL = 2
export const RTPROT_BOOT = 3
const RTPROT_STATIC = 4
const RTPROT_GATED = 8
const RTPROT_RA = 9
const RTPROT_MRT = 10
const RTPROT_ZEBRA = 11
const RTPROT_BIRD = 12
const RTPROT_DNROUTED = 13
const RTPROT_XORP = 14
const RTPROT_NTK = 15
const RTPROT_DHCP = 16
const RTPROT_MROUTED = 17
const RTPROT_KEEPALIVED = 18
const RTPROT_BABEL = 42
const RTPROT_OPENR = 99
const RTPROT_BGP = 186
const RTPROT_ISIS = 187
const RTPROT_OSPF = 188
const RTPROT_RIP = 189
const RTPROT_EIGRP = 192

export const RT_TABLE_UNSPEC = 0
const RT_TABLE_DEFAULT = 253
export const RT_TABLE_MAIN = 254
export const RT_TABLE_LOCAL = 255

export const RT_SCOPE_UNIVERSE = 0
export const RT_SCOPE_LINK = 253
export const RT_SCOPE_HOST = 254
export const RT_SCOPE_NOWHERE = 255

const ICMPV6_ROUTER_PREF_MEDIUM = 0
const ICMPV6_ROUTER_PREF_HIGH = 1
const ICMPV6_ROUTER_PREF_LOW = 3

const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_ICMPV6 = 58

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
export const protocols = enumeration(
  {
    unspec: RTPROT_UNSPEC,
    redirect: RTPROT_REDIRECT,
    kernel: RTPROT_KERNEL,
    boot: RTPROT_BOOT,
    static: RTPROT_STATIC,
    gated: RTPROT_GATED,
    ra: RTPROT_RA,
    mrt: RTPROT_MRT,
    zebra: RTPROT_ZEBRA,
    bird: RTPROT_BIRD,
    dnrouted: RTPROT_DNROUTED,
    xorp: RTPROT_XORP,
    ntk: RTPROT_NTK,
    dhcp: RTPROT_DHCP,
    mrouted: RTPROT_MROUTED,
    keepalived: RTPROT_KEEPALIVED,
    babel: RTPROT_BABEL,
    openr: RTPROT_OPENR,
    bgp: RTPROT_BGP,
    isis: RTPROT_ISIS,
    ospf: RTPROT_OSPF,
    rip: RTPROT_RIP,
    eigrp: RTPROT_EIGRP,
  },
  0xff,
)

/** @internal */
export const tables = enumeration({ default: RT_TABLE_DEFAULT, main: RT_TABLE_MAIN, local: RT_TABLE_LOCAL })

/** @internal */
export const prefs = enumeration(
  { low: ICMPV6_ROUTER_PREF_LOW, medium: ICMPV6_ROUTER_PREF_MEDIUM, high: ICMPV6_ROUTER_PREF_HIGH },
  0xff,
)

/** @internal */
export const ipProtocols = enumeration(
  { icmp: IPPROTO_ICMP, tcp: IPPROTO_TCP, udp: IPPROTO_UDP, icmpv6: IPPROTO_ICMPV6 },
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
  realms,
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
export const routeSchema = { messages, header: rtmsg, table } satisfies Schema
