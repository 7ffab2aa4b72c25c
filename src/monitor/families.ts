/** The types of objects that can be monitored: one entry each. */

import { type Addr, addrSchema, decode as decodeAddr } from '../addr/addr.js'
import { type Conntrack, conntrackSchema, decode as decodeConntrack } from '../conntrack/attributes.js'
import { decodeExpectation, type Expectation, expectationSchema } from '../conntrack/expectation.js'
import { decode as decodeFdb, type Fdb, fdbSchema } from '../fdb/fdb.js'
import { ifinfomsg } from '../link/attributes.js'
import { decode as decodeLink, type Link } from '../link/link.js'
import { linkSchema } from '../link/message.js'
import { NTF_PROXY, ndmsg, neighSchema } from '../neigh/attributes.js'
import { decode as decodeNeigh, type Neigh } from '../neigh/neigh.js'
import { AF_BRIDGE, AF_INET, AF_INET6, AF_UNSPEC } from '../netlink/protocol.js'
import type { Reader } from '../netlink/writer.js'
import { decode as decodeNsid, nsidSchema } from '../netns/nsid.js'
import { decode as decodeNexthop, type Nexthop, nexthopSchema } from '../nexthop/nexthop.js'
import { routeSchema } from '../route/attributes.js'
import { decode as decodeRoute, type Route, RTM_F_CLONED } from '../route/message.js'
import type { Device } from '../rtnetlink.js'
import { decode as decodeRule, type Rule, ruleSchema } from '../rule/rule.js'
import { conntrackKey, expectationKey, merged } from './conntrack.js'
import type { Devices } from './devices.js'
import { attributeOf, type Family, family, numberBytes, open, type Payload } from './family.js'
import { routeCrowd, routeKey } from './route.js'

const RTNLGRP_LINK = 1
const RTNLGRP_NEIGH = 3
const RTNLGRP_IPV4_IFADDR = 5
const RTNLGRP_IPV4_ROUTE = 7
const RTNLGRP_IPV4_RULE = 8
const RTNLGRP_IPV6_IFADDR = 9
const RTNLGRP_IPV6_ROUTE = 11
const RTNLGRP_IPV6_RULE = 19
const RTNLGRP_NSID = 28
const RTNLGRP_NEXTHOP = 32

const NFNLGRP_CONNTRACK_NEW = 1
const NFNLGRP_CONNTRACK_UPDATE = 2
const NFNLGRP_CONNTRACK_DESTROY = 3
const NFNLGRP_CONNTRACK_EXP_NEW = 4
const NFNLGRP_CONNTRACK_EXP_DESTROY = 6

const IFLA_WIRELESS = 11

const FIB_RULE_INVERT = 0x2

const familyByte = (payload: Payload): number => payload.charCodeAt(0)
/** In struct ifinfomsg, struct ifaddrmsg and struct ndmsg alike. */
const deviceIndex = (payload: Payload): number => open(payload).view.getInt32(4, true)
const isIp = (payload: Payload): boolean => familyByte(payload) === AF_INET || familyByte(payload) === AF_INET6
const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex')

const { RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK } = linkSchema.messages
const { RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR } = addrSchema.messages
const { RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE } = routeSchema.messages
const { RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH } = neighSchema.messages
const { RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE } = ruleSchema.messages
const { RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP } = nexthopSchema.messages
const { RTM_NEWNSID, RTM_DELNSID, RTM_GETNSID } = nsidSchema.messages
const { IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE, IPCTNL_MSG_CT_GET } = conntrackSchema.messages
const { IPCTNL_MSG_EXP_NEW, IPCTNL_MSG_EXP_DELETE, IPCTNL_MSG_EXP_GET } = expectationSchema.messages

const [IFLA_MASTER_TYPE] = linkSchema.table.entries.master.types
const [IFLA_LINK_TYPE] = linkSchema.table.entries.link.types
const [IFLA_LINK_NETNSID_TYPE] = linkSchema.table.entries.linkNetnsid.types
const addrHeader = addrSchema.header.size
const [IFA_LOCAL_TYPE] = addrSchema.table.entries.address.types
const [IFA_ADDRESS_TYPE] = addrSchema.table.entries.peer.types
const [NDA_DST_TYPE] = neighSchema.table.entries.dst.types
const [NDA_CACHEINFO_TYPE] = neighSchema.table.entries.cacheinfo.types
const [NHA_ID_TYPE] = nexthopSchema.table.entries.id.types
const [NDA_LLADDR_TYPE] = fdbSchema.table.entries.lladdr.types
const [NDA_MASTER_TYPE] = fdbSchema.table.entries.master.types
const fdbPlace = (['vlan', 'srcVni'] as const).flatMap((name) => fdbSchema.table.entries[name].types)
const fdbDestination = (['dst', 'port', 'vni', 'via', 'nhid'] as const).flatMap(
  (name) => fdbSchema.table.entries[name].types,
)

/** @internal */
export const families = {
  /** Devices. */
  link: family<Link>({
    groups: [RTNLGRP_LINK],
    newType: RTM_NEWLINK,
    delType: RTM_DELLINK,
    getType: RTM_GETLINK,
    schema: linkSchema,
    // A bridge sends messages of its own family about its ports (a port that leaves is no link that is gone), and wireless drivers send
    // some that say next to nothing.
    accepts: (payload) =>
      familyByte(payload) === AF_UNSPEC && attributeOf(payload, ifinfomsg.size, IFLA_WIRELESS) === '',
    key: (payload) => `${deviceIndex(payload)}`,
    decode: decodeLink,
    // Counters and timers, and what the bridges of a network find out from each other.
    passing: [
      ...[
        'stats',
        'helloTimer',
        'tcnTimer',
        'topologyChangeTimer',
        'gcTimer',
        'fdbNLearned',
        'rootPort',
        'rootPathCost',
      ],
      ...[
        'messageAgeTimer',
        'forwardDelayTimer',
        'holdTimer',
        'mcastEhtHostsCnt',
        'mcastNGroups',
        'rootId',
        'bridgeId',
      ],
      ...['designatedPort', 'designatedCost', 'topologyChange', 'topologyChangeDetected'],
    ],
    asks: (payload, first) => linksToAsk(payload, first),
  }),
  /** Addresses. */
  addr: family<Addr>({
    groups: [RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR],
    newType: RTM_NEWADDR,
    delType: RTM_DELADDR,
    getType: RTM_GETADDR,
    schema: addrSchema,
    accepts: isIp,
    // A device has an IPv6 address once, but an IPv4 address once for each network it is in.
    key(payload) {
      const local = hex(attributeOf(payload, addrHeader, IFA_LOCAL_TYPE))
      const peer = hex(attributeOf(payload, addrHeader, IFA_ADDRESS_TYPE))
      if (familyByte(payload) === AF_INET6) return [deviceIndex(payload), local || peer].join(' ')
      return [deviceIndex(payload), local, peer, payload.charCodeAt(1)].join(' ')
    },
    decode: decodeAddr,
  }),
  /** Routes of all tables. */
  route: family<Route>({
    groups: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE],
    newType: RTM_NEWROUTE,
    delType: RTM_DELROUTE,
    getType: RTM_GETROUTE,
    schema: routeSchema,
    accepts: (payload) => isIp(payload) && (payload.charCodeAt(9) & (RTM_F_CLONED >> 8)) === 0,
    key: routeKey,
    decode: decodeRoute,
    crowd: routeCrowd,
    silent: {
      groups: [RTNLGRP_IPV4_IFADDR, RTNLGRP_NEXTHOP],
      // Routes whose source was an address that is gone, all those of a device that has lost its last one, and those that lead where a
      // nexthop object says.
      after(type, payload) {
        if (type === RTM_DELADDR) {
          const local = attributeOf(payload, addrHeader, IFA_LOCAL_TYPE)
          return local === '' ? [] : [local, numberBytes(deviceIndex(payload))]
        }
        if (type !== RTM_NEWNEXTHOP && type !== RTM_DELNEXTHOP) return []
        const id = attributeOf(payload, nexthopSchema.header.size, NHA_ID_TYPE)
        return id === '' ? [] : [id]
      },
    },
  }),
  /** Rules. */
  rule: family<Rule>({
    groups: [RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
    newType: RTM_NEWRULE,
    delType: RTM_DELRULE,
    getType: RTM_GETRULE,
    schema: ruleSchema,
    accepts: isIp,
    // A rule is all it says. Only whether its devices are there may change, of which the kernel does not tell.
    key: (payload) =>
      hex(payload.slice(0, 8) + String.fromCharCode(payload.charCodeAt(8) & FIB_RULE_INVERT) + payload.slice(12)),
    decode: decodeRule,
    silent: {},
  }),
  /** Nexthop objects. */
  nexthop: family<Nexthop>({
    groups: [RTNLGRP_NEXTHOP],
    newType: RTM_NEWNEXTHOP,
    delType: RTM_DELNEXTHOP,
    getType: RTM_GETNEXTHOP,
    schema: nexthopSchema,
    key: (payload) => `${open(attributeOf(payload, nexthopSchema.header.size, NHA_ID_TYPE)).view.getUint32(0, true)}`,
    decode: decodeNexthop,
    // With a device its objects go.
    silent: {},
  }),
  /** Entries of the neighbour tables, in whatever state; not proxy entries, of which the kernel does not tell. */
  neigh: family<Neigh>({
    groups: [RTNLGRP_NEIGH],
    newType: RTM_NEWNEIGH,
    delType: RTM_DELNEIGH,
    getType: RTM_GETNEIGH,
    schema: neighSchema,
    accepts: (payload) => isIp(payload) && (payload.charCodeAt(10) & NTF_PROXY) === 0,
    key: (payload) => [deviceIndex(payload), hex(attributeOf(payload, ndmsg.size, NDA_DST_TYPE))].join(' '),
    decode: decodeNeigh,
    passing: ['used', 'confirmed', 'updated', 'refcnt', 'probes'],
  }),
  /** Entries of forwarding tables. Of the multicast addresses that devices listen to the kernel does not tell. */
  fdb: family<Fdb>({
    groups: [RTNLGRP_NEIGH],
    newType: RTM_NEWNEIGH,
    delType: RTM_DELNEIGH,
    getType: RTM_GETNEIGH,
    schema: fdbSchema,
    af: AF_BRIDGE,
    accepts: (payload, devices) => familyByte(payload) === AF_BRIDGE && !isEcho(payload, devices),
    key: fdbKey,
    decode: decodeFdb,
    passing: ['used', 'updated'],
  }),
  /** Connections that are tracked. */
  conntrack: family<Conntrack>({
    groups: [NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY],
    newType: IPCTNL_MSG_CT_NEW,
    delType: IPCTNL_MSG_CT_DELETE,
    getType: IPCTNL_MSG_CT_GET,
    schema: conntrackSchema,
    key: conntrackKey,
    decode: decodeConntrack,
    // Packets renew timeouts, are counted, and move what is known of the ends of a TCP connection.
    passing: [
      ...['timeout', 'counters', 'use', 'timestamp', 'eventTime', 'flagsOrig', 'flagsReply'],
      ...['wscaleOrig', 'wscaleReply', 'synproxy', 'seqAdj'],
    ],
    merge: merged,
    whole: true,
    untold: true,
  }),
  /** Connections that have been announced. */
  expectation: family<Expectation>({
    groups: [NFNLGRP_CONNTRACK_EXP_NEW, NFNLGRP_CONNTRACK_EXP_DESTROY],
    newType: IPCTNL_MSG_EXP_NEW,
    delType: IPCTNL_MSG_EXP_DELETE,
    getType: IPCTNL_MSG_EXP_GET,
    schema: expectationSchema,
    key: expectationKey,
    decode: decodeExpectation,
    passing: ['timeout'],
    whole: true,
    untold: true,
  }),
  /** Numbers of other namespaces. */
  nsid: family<number>({
    groups: [RTNLGRP_NSID],
    newType: RTM_NEWNSID,
    delType: RTM_DELNSID,
    getType: RTM_GETNSID,
    schema: nsidSchema,
    key: (payload) => `${decodeNsid(open(payload), 0, payload.length)}`,
    // An event without a number there is not.
    decode: (reader, at, length) => decodeNsid(reader, at, length) as number,
  }),
} as const

/** A bridge tells of a port what `list` shows with the port's link, and takes over limits of its ports without telling of that. */
function linksToAsk(payload: Payload, first: boolean): number[] {
  const number = (type: number | undefined): number => {
    const bytes = attributeOf(payload, ifinfomsg.size, type)
    return bytes === '' ? 0 : open(bytes).view.getUint32(0, true)
  }
  if (familyByte(payload) === AF_BRIDGE) return [deviceIndex(payload), number(IFLA_MASTER_TYPE)]
  // The first end of a veth is told of before there is another, and not again when there is.
  return first && attributeOf(payload, ifinfomsg.size, IFLA_LINK_NETNSID_TYPE) === '' ? [number(IFLA_LINK_TYPE)] : []
}

/**
 * Before Linux 6.13 a change of a table that a device keeps itself is told a second time, without what only the device knows: where an
 * entry leads, and when it was used.
 */
function isEcho(payload: Payload, devices: Devices | undefined): boolean {
  return (
    devices?.keepsTable(deviceIndex(payload)) === true && attributeOf(payload, ndmsg.size, NDA_CACHEINFO_TYPE) === ''
  )
}

/**
 * A bridge has an address once in each VLAN, whatever the port. So has a VXLAN device with its VNIs, but for the addresses that go
 * to several destinations: each of those is an entry.
 */
function fdbKey(payload: Payload): string {
  const part = (type: number): string => hex(attributeOf(payload, ndmsg.size, type))
  const lladdr = part(NDA_LLADDR_TYPE as number)
  const place = part(NDA_MASTER_TYPE as number) || deviceIndex(payload)
  const many = (Number.parseInt(lladdr.slice(0, 2), 16) & 1) !== 0 || /^0*$/.test(lladdr)
  return [place, lladdr, ...fdbPlace.map(part), ...(many ? fdbDestination.map(part) : [])].join(' ').trimEnd()
}

/** The objects that can be monitored, and what they are. @interface */
export type MonitorObjects = {
  [K in keyof typeof families]: (typeof families)[K] extends Family<infer T> ? T : never
}

/** What the kernel asks programs for: messages that tell of no object. @internal */
export const misses = { groups: [RTNLGRP_NEIGH], type: RTM_GETNEIGH, decode: decodeMiss }

/** A neighbour the kernel would like to be told of. */
export interface Miss {
  /** The device that has a packet for it. */
  dev: Device
  /** The IP address whose link-layer address is wanted: `l3miss` of a vxlan, or `app_solicit` of a neighbour table. */
  dst?: string
  /** The link-layer address whose place is wanted: `l2miss` of a vxlan. */
  lladdr?: string
}

function decodeMiss(reader: Reader, at: number, length: number): Miss {
  const { dev, dst, lladdr } = decodeNeigh(reader, at, length)
  return { dev: dev as Device, ...(dst && { dst }), ...(lladdr && { lladdr }) }
}
