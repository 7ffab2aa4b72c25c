/** `bridge`: a switch in software, and what a device is as a port of one. */

import { formatMac } from '../../netlink/address.js'
import {
  type Attribute,
  absent,
  attributes,
  bits,
  bool8,
  device,
  enum8,
  flag,
  ignored,
  mac,
  type Options,
  readOnly,
  u8,
  u16,
  u32,
  u64,
  type Values,
  writeOnly,
} from '../../netlink/attributes.js'
import { invalidType } from '../../netlink/check.js'
import { enumeration } from '../../netlink/names.js'
import { U32 } from '../../netlink/scalar.js'
import { vlanProtocol } from '../attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

const IFLA_BR_FORWARD_DELAY = 1
const IFLA_BR_HELLO_TIME = 2
const IFLA_BR_MAX_AGE = 3
const IFLA_BR_AGEING_TIME = 4
const IFLA_BR_STP_STATE = 5
const IFLA_BR_PRIORITY = 6
const IFLA_BR_VLAN_FILTERING = 7
const IFLA_BR_VLAN_PROTOCOL = 8
const IFLA_BR_GROUP_FWD_MASK = 9
const IFLA_BR_ROOT_ID = 10
const IFLA_BR_BRIDGE_ID = 11
const IFLA_BR_ROOT_PORT = 12
const IFLA_BR_ROOT_PATH_COST = 13
const IFLA_BR_TOPOLOGY_CHANGE = 14
const IFLA_BR_TOPOLOGY_CHANGE_DETECTED = 15
const IFLA_BR_HELLO_TIMER = 16
const IFLA_BR_TCN_TIMER = 17
const IFLA_BR_TOPOLOGY_CHANGE_TIMER = 18
const IFLA_BR_GC_TIMER = 19
const IFLA_BR_GROUP_ADDR = 20
const IFLA_BR_FDB_FLUSH = 21
const IFLA_BR_MCAST_ROUTER = 22
const IFLA_BR_MCAST_SNOOPING = 23
const IFLA_BR_MCAST_QUERY_USE_IFADDR = 24
const IFLA_BR_MCAST_QUERIER = 25
const IFLA_BR_MCAST_HASH_ELASTICITY = 26
const IFLA_BR_MCAST_HASH_MAX = 27
const IFLA_BR_MCAST_LAST_MEMBER_CNT = 28
const IFLA_BR_MCAST_STARTUP_QUERY_CNT = 29
const IFLA_BR_MCAST_LAST_MEMBER_INTVL = 30
const IFLA_BR_MCAST_MEMBERSHIP_INTVL = 31
const IFLA_BR_MCAST_QUERIER_INTVL = 32
const IFLA_BR_MCAST_QUERY_INTVL = 33
const IFLA_BR_MCAST_QUERY_RESPONSE_INTVL = 34
const IFLA_BR_MCAST_STARTUP_QUERY_INTVL = 35
const IFLA_BR_NF_CALL_IPTABLES = 36
const IFLA_BR_NF_CALL_IP6TABLES = 37
const IFLA_BR_NF_CALL_ARPTABLES = 38
const IFLA_BR_VLAN_DEFAULT_PVID = 39
const IFLA_BR_PAD = 40
const IFLA_BR_VLAN_STATS_ENABLED = 41
const IFLA_BR_MCAST_STATS_ENABLED = 42
const IFLA_BR_MCAST_IGMP_VERSION = 43
const IFLA_BR_MCAST_MLD_VERSION = 44
const IFLA_BR_VLAN_STATS_PER_PORT = 45
const IFLA_BR_MULTI_BOOLOPT = 46
const IFLA_BR_MCAST_QUERIER_STATE = 47
const IFLA_BR_FDB_N_LEARNED = 48
const IFLA_BR_FDB_MAX_LEARNED = 49

const IFLA_BRPORT_STATE = 1
const IFLA_BRPORT_PRIORITY = 2
const IFLA_BRPORT_COST = 3
const IFLA_BRPORT_MODE = 4
const IFLA_BRPORT_GUARD = 5
const IFLA_BRPORT_PROTECT = 6
const IFLA_BRPORT_FAST_LEAVE = 7
const IFLA_BRPORT_LEARNING = 8
const IFLA_BRPORT_UNICAST_FLOOD = 9
const IFLA_BRPORT_PROXYARP = 10
const IFLA_BRPORT_LEARNING_SYNC = 11
const IFLA_BRPORT_PROXYARP_WIFI = 12
const IFLA_BRPORT_ROOT_ID = 13
const IFLA_BRPORT_BRIDGE_ID = 14
const IFLA_BRPORT_DESIGNATED_PORT = 15
const IFLA_BRPORT_DESIGNATED_COST = 16
const IFLA_BRPORT_ID = 17
const IFLA_BRPORT_NO = 18
const IFLA_BRPORT_TOPOLOGY_CHANGE_ACK = 19
const IFLA_BRPORT_CONFIG_PENDING = 20
const IFLA_BRPORT_MESSAGE_AGE_TIMER = 21
const IFLA_BRPORT_FORWARD_DELAY_TIMER = 22
const IFLA_BRPORT_HOLD_TIMER = 23
const IFLA_BRPORT_FLUSH = 24
const IFLA_BRPORT_MULTICAST_ROUTER = 25
const IFLA_BRPORT_PAD = 26
const IFLA_BRPORT_MCAST_FLOOD = 27
const IFLA_BRPORT_MCAST_TO_UCAST = 28
const IFLA_BRPORT_VLAN_TUNNEL = 29
const IFLA_BRPORT_BCAST_FLOOD = 30
const IFLA_BRPORT_GROUP_FWD_MASK = 31
const IFLA_BRPORT_NEIGH_SUPPRESS = 32
const IFLA_BRPORT_ISOLATED = 33
const IFLA_BRPORT_BACKUP_PORT = 34
const IFLA_BRPORT_MRP_RING_OPEN = 35
const IFLA_BRPORT_MRP_IN_OPEN = 36
const IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT = 37
const IFLA_BRPORT_MCAST_EHT_HOSTS_CNT = 38
const IFLA_BRPORT_LOCKED = 39
const IFLA_BRPORT_MAB = 40
const IFLA_BRPORT_MCAST_N_GROUPS = 41
const IFLA_BRPORT_MCAST_MAX_GROUPS = 42
const IFLA_BRPORT_NEIGH_VLAN_SUPPRESS = 43
const IFLA_BRPORT_BACKUP_NHID = 44

const BR_BOOLOPT_NO_LL_LEARN = 0
const BR_BOOLOPT_MCAST_VLAN_SNOOPING = 1
const BR_BOOLOPT_MST_ENABLE = 2
const BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION = 3
const BR_BOOLOPT_FDB_LOCAL_VLAN_0 = 4

const BR_STATE_DISABLED = 0
const BR_STATE_LISTENING = 1
const BR_STATE_LEARNING = 2
const BR_STATE_FORWARDING = 3
const BR_STATE_BLOCKING = 4

const states = enumeration(
  {
    disabled: BR_STATE_DISABLED,
    listening: BR_STATE_LISTENING,
    learning: BR_STATE_LEARNING,
    forwarding: BR_STATE_FORWARDING,
    blocking: BR_STATE_BLOCKING,
  },
  0xff,
)

/** A bridge's identity in the spanning tree: `'8000.02:42:ac:11:00:02'`, its priority in hexadecimal and its address. */
const bridgeId = (type: number): Attribute<string> & { readOnly: true } =>
  readOnly({
    types: [type],
    write: () => undefined,
    read: (reader, at) =>
      `${reader.view.getUint16(at).toString(16).padStart(4, '0')}.${formatMac(reader.bytes, at + 2, 6)}`,
  })

/** The bits of a `struct br_boolopt_multi` (Linux 5.0). */
const boolopt = bits(IFLA_BR_MULTI_BOOLOPT, U32, true)

/** Times are in hundredths of a second, as the kernel and `ip` have them. */
const table = attributes({
  /** How long a port listens, and learns, before it forwards: 2 to 30 seconds, in hundredths of a second. */
  forwardDelay: u32(IFLA_BR_FORWARD_DELAY),
  /** Between two of a root bridge's messages: 1 to 10 seconds, in hundredths of a second. */
  helloTime: u32(IFLA_BR_HELLO_TIME),
  /** How long a neighbour's message is believed: 6 to 40 seconds, in hundredths of a second. */
  maxAge: u32(IFLA_BR_MAX_AGE),
  /** How long a learnt address is kept, in hundredths of a second; 30000 unless set. */
  ageingTime: u32(IFLA_BR_AGEING_TIME),
  /** The spanning tree: 0 off, 1 on; 2 is reported when a program runs it. */
  stpState: u32(IFLA_BR_STP_STATE),
  /** The priority to be the root, 0 to 65535; the lowest wins. */
  priority: u16(IFLA_BR_PRIORITY),
  /** Whether VLANs are told apart. */
  vlanFiltering: bool8(IFLA_BR_VLAN_FILTERING),
  /** The tag of its VLANs: `'802.1Q'` or `'802.1ad'`. */
  vlanProtocol: vlanProtocol(IFLA_BR_VLAN_PROTOCOL),
  /** The VLAN of untagged packets on new ports, 1 to 4094; 0: none. */
  vlanDefaultPvid: u16(IFLA_BR_VLAN_DEFAULT_PVID),
  /** Counts packets by VLAN. */
  vlanStatsEnabled: bool8(IFLA_BR_VLAN_STATS_ENABLED),
  /** Counts packets by VLAN and port. Only while no port has VLANs. */
  vlanStatsPerPort: bool8(IFLA_BR_VLAN_STATS_PER_PORT),
  /** Several spanning trees, for groups of VLANs (Linux 5.18). Only before the bridge has VLANs. */
  mstEnabled: boolopt(1 << BR_BOOLOPT_MST_ENABLE),
  /** Which link-local packets (01:80:c2:00:00:0X) are forwarded: bit X each; bits 0 to 2 cannot be set. */
  groupFwdMask: u16(IFLA_BR_GROUP_FWD_MASK),
  /** The address spanning tree messages go to: 01:80:c2:00:00:0X. */
  groupAddress: mac(IFLA_BR_GROUP_ADDR, 6),
  /** Nothing is learnt from link-local packets (Linux 5.0). */
  noLinklocalLearn: boolopt(1 << BR_BOOLOPT_NO_LL_LEARN),
  /** The most addresses that are learnt; 0: no limit (Linux 6.8). */
  fdbMaxLearned: u32(IFLA_BR_FDB_MAX_LEARNED),
  /** The bridge's own addresses are kept once for all VLANs (Linux 6.18). It takes a kernel that tells VLANs apart. */
  fdbLocalVlan0: boolopt(1 << BR_BOOLOPT_FDB_LOCAL_VLAN_0),
  /** Forgets all learnt addresses now. */
  fdbFlush: flag(IFLA_BR_FDB_FLUSH),
  /** Whether it is taken for a multicast router: 0 never, 1 when queries are seen, 2 always. */
  mcastRouter: u8(IFLA_BR_MCAST_ROUTER),
  /** Sends multicast only where somebody listens. */
  mcastSnooping: bool8(IFLA_BR_MCAST_SNOOPING),
  /** Multicast is snooped for each VLAN by itself (Linux 5.15). It takes `vlanFiltering`. */
  mcastVlanSnooping: boolopt(1 << BR_BOOLOPT_MCAST_VLAN_SNOOPING),
  /** Asks with its own address rather than 0.0.0.0. */
  mcastQueryUseIfaddr: bool8(IFLA_BR_MCAST_QUERY_USE_IFADDR),
  /** Asks who listens. */
  mcastQuerier: bool8(IFLA_BR_MCAST_QUERIER),
  /** How long the chains in the table of multicast groups may get: 16 since Linux 5.3, whatever is set. */
  mcastHashElasticity: readOnly(u32(IFLA_BR_MCAST_HASH_ELASTICITY)),
  /** The most multicast groups, a power of two. */
  mcastHashMax: u32(IFLA_BR_MCAST_HASH_MAX),
  /** How many queries follow a leave. */
  mcastLastMemberCount: u32(IFLA_BR_MCAST_LAST_MEMBER_CNT),
  /** How many queries are sent at start. */
  mcastStartupQueryCount: u32(IFLA_BR_MCAST_STARTUP_QUERY_CNT),
  /** Between the queries after a leave, in hundredths of a second. */
  mcastLastMemberInterval: u64(IFLA_BR_MCAST_LAST_MEMBER_INTVL),
  /** How long a member is remembered, in hundredths of a second. */
  mcastMembershipInterval: u64(IFLA_BR_MCAST_MEMBERSHIP_INTVL),
  /** How long another querier is remembered, in hundredths of a second. */
  mcastQuerierInterval: u64(IFLA_BR_MCAST_QUERIER_INTVL),
  /** Between general queries, in hundredths of a second. */
  mcastQueryInterval: u64(IFLA_BR_MCAST_QUERY_INTVL),
  /** How long members may take to answer, in hundredths of a second. */
  mcastQueryResponseInterval: u64(IFLA_BR_MCAST_QUERY_RESPONSE_INTVL),
  /** Between the queries at start, in hundredths of a second. */
  mcastStartupQueryInterval: u64(IFLA_BR_MCAST_STARTUP_QUERY_INTVL),
  /** Counts multicast messages. */
  mcastStatsEnabled: bool8(IFLA_BR_MCAST_STATS_ENABLED),
  /** The version of IGMP it asks with: 2 or 3. */
  mcastIgmpVersion: u8(IFLA_BR_MCAST_IGMP_VERSION),
  /** The version of MLD it asks with: 1 or 2. */
  mcastMldVersion: u8(IFLA_BR_MCAST_MLD_VERSION),
  /** Programs are told of multicast groups that switching hardware has no room for (Linux 6.16). */
  mdbOffloadFailNotification: boolopt(1 << BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION),
  /** Shows IPv4 packets to iptables. */
  nfCallIptables: bool8(IFLA_BR_NF_CALL_IPTABLES),
  /** Shows IPv6 packets to ip6tables. */
  nfCallIp6tables: bool8(IFLA_BR_NF_CALL_IP6TABLES),
  /** Shows ARP packets to arptables. */
  nfCallArptables: bool8(IFLA_BR_NF_CALL_ARPTABLES),
  /** The root of the spanning tree. */
  rootId: bridgeId(IFLA_BR_ROOT_ID),
  /** This bridge. */
  bridgeId: bridgeId(IFLA_BR_BRIDGE_ID),
  /** The port towards the root; 0 when this is the root. */
  rootPort: readOnly(u16(IFLA_BR_ROOT_PORT)),
  /** The cost of the way to the root. */
  rootPathCost: readOnly(u32(IFLA_BR_ROOT_PATH_COST)),
  /** The tree is changing. */
  topologyChange: readOnly(bool8(IFLA_BR_TOPOLOGY_CHANGE)),
  /** This bridge has seen it change. */
  topologyChangeDetected: readOnly(bool8(IFLA_BR_TOPOLOGY_CHANGE_DETECTED)),
  /** Until the next message, in hundredths of a second. */
  helloTimer: readOnly(u64(IFLA_BR_HELLO_TIMER)),
  /** Until a change is told again, in hundredths of a second. */
  tcnTimer: readOnly(u64(IFLA_BR_TCN_TIMER)),
  /** Until the tree counts as settled, in hundredths of a second. */
  topologyChangeTimer: readOnly(u64(IFLA_BR_TOPOLOGY_CHANGE_TIMER)),
  /** Until old addresses are looked for, in hundredths of a second. */
  gcTimer: readOnly(u64(IFLA_BR_GC_TIMER)),
  /** How many addresses are learnt (Linux 6.8). */
  fdbNLearned: readOnly(u32(IFLA_BR_FDB_N_LEARNED)),
  internals: ignored(IFLA_BR_PAD, IFLA_BR_MCAST_QUERIER_STATE),
})

/** The device's index is 0 then. */
const nobackupPort = writeOnly<boolean>({
  types: [],
  write(writer, value, key) {
    if (typeof value !== 'boolean') throw invalidType(writer.where(key), 'a boolean', value)
    if (value) u32(IFLA_BRPORT_BACKUP_PORT).write(writer, 0, key)
  },
  read: () => absent,
})

const port = attributes({
  /** What it does with packets. Set it only where no spanning tree does. */
  state: enum8(IFLA_BRPORT_STATE, states),
  /** The priority among a bridge's ports, 0 to 63. */
  priority: u16(IFLA_BRPORT_PRIORITY),
  /** The cost of the way through it, 1 to 65535. */
  cost: u32(IFLA_BRPORT_COST),
  /** Packets may go out where they came in. */
  hairpin: bool8(IFLA_BRPORT_MODE),
  /** Spanning tree messages shut it. */
  guard: bool8(IFLA_BRPORT_GUARD),
  /** It may not lead to the root. */
  rootBlock: bool8(IFLA_BRPORT_PROTECT),
  /** Multicast stops at once when a member leaves. */
  fastleave: bool8(IFLA_BRPORT_FAST_LEAVE),
  /** Addresses are learnt from it. */
  learning: bool8(IFLA_BRPORT_LEARNING),
  /** Packets for unknown addresses go out of it. */
  flood: bool8(IFLA_BRPORT_UNICAST_FLOOD),
  /** The bridge answers ARP on it for what it knows. */
  proxyArp: bool8(IFLA_BRPORT_PROXYARP),
  /** The same, as access points want it. */
  proxyArpWifi: bool8(IFLA_BRPORT_PROXYARP_WIFI),
  /** Whether a multicast router is behind it: 0 never, 1 when queries are seen, 2 always, 3 for the moment. */
  mcastRouter: u8(IFLA_BRPORT_MULTICAST_ROUTER),
  /** Multicast nobody is known to want goes out of it. */
  mcastFlood: bool8(IFLA_BRPORT_MCAST_FLOOD),
  /** Broadcast goes out of it. */
  bcastFlood: bool8(IFLA_BRPORT_BCAST_FLOOD),
  /** Multicast goes out of it as unicast, one a member. */
  mcastToUnicast: bool8(IFLA_BRPORT_MCAST_TO_UCAST),
  /** The most hosts tracked a group (Linux 5.12). */
  mcastEhtHostsLimit: u32(IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT),
  /** The most multicast groups; 0: no limit (Linux 6.3). */
  mcastMaxGroups: u32(IFLA_BRPORT_MCAST_MAX_GROUPS),
  /** Which link-local packets are forwarded, as for the bridge. */
  groupFwdMask: u16(IFLA_BRPORT_GROUP_FWD_MASK),
  /** ARP and NDP are not flooded to it; the bridge answers what it knows. */
  neighSuppress: bool8(IFLA_BRPORT_NEIGH_SUPPRESS),
  /** The same for each VLAN by itself (Linux 6.4). */
  neighVlanSuppress: bool8(IFLA_BRPORT_NEIGH_VLAN_SUPPRESS),
  /** VLANs are mapped to tunnels. */
  vlanTunnel: bool8(IFLA_BRPORT_VLAN_TUNNEL),
  /** It reaches only ports that are not isolated. */
  isolated: bool8(IFLA_BRPORT_ISOLATED),
  /** Only addresses in the table may send through it (Linux 5.18). */
  locked: bool8(IFLA_BRPORT_LOCKED),
  /** Addresses that may not are put in the table as locked (Linux 6.2). */
  mab: bool8(IFLA_BRPORT_MAB),
  /** The port that stands in when its carrier goes (Linux 4.19). */
  backupPort: device(IFLA_BRPORT_BACKUP_PORT),
  /** None does. */
  nobackupPort,
  /** The nexthop used with it (Linux 6.5). */
  backupNhid: u32(IFLA_BRPORT_BACKUP_NHID),
  /** Forgets the addresses learnt from it now. */
  flush: flag(IFLA_BRPORT_FLUSH),
  /** The root of the spanning tree, as this port hears it. */
  rootId: bridgeId(IFLA_BRPORT_ROOT_ID),
  /** The bridge that leads there. */
  bridgeId: bridgeId(IFLA_BRPORT_BRIDGE_ID),
  /** That bridge's port. */
  designatedPort: readOnly(u16(IFLA_BRPORT_DESIGNATED_PORT)),
  /** The cost from there. */
  designatedCost: readOnly(u16(IFLA_BRPORT_DESIGNATED_COST)),
  /** Its identity in the spanning tree: priority and number. */
  id: readOnly(u16(IFLA_BRPORT_ID)),
  /** Its number. */
  no: readOnly(u16(IFLA_BRPORT_NO)),
  /** A change was acknowledged. */
  topologyChangeAck: readOnly(bool8(IFLA_BRPORT_TOPOLOGY_CHANGE_ACK)),
  /** A message waits to be sent. */
  configPending: readOnly(bool8(IFLA_BRPORT_CONFIG_PENDING)),
  /** Until what it heard of the root is too old, in hundredths of a second. */
  messageAgeTimer: readOnly(u64(IFLA_BRPORT_MESSAGE_AGE_TIMER)),
  /** Until it learns, and then until it forwards, in hundredths of a second. */
  forwardDelayTimer: readOnly(u64(IFLA_BRPORT_FORWARD_DELAY_TIMER)),
  /** Until it may send another spanning tree message, in hundredths of a second. */
  holdTimer: readOnly(u64(IFLA_BRPORT_HOLD_TIMER)),
  /** The media redundancy ring is open. */
  mrpRingOpen: readOnly(bool8(IFLA_BRPORT_MRP_RING_OPEN)),
  /** The interconnection ring is open. */
  mrpInOpen: readOnly(bool8(IFLA_BRPORT_MRP_IN_OPEN)),
  /** How many hosts are tracked. */
  mcastEhtHostsCnt: readOnly(u32(IFLA_BRPORT_MCAST_EHT_HOSTS_CNT)),
  /** How many multicast groups it is in (Linux 6.3). */
  mcastNGroups: readOnly(u32(IFLA_BRPORT_MCAST_N_GROUPS)),
  // Switching hardware is told by another message; a bridge of the kernel's passes over this.
  learningSync: ignored(IFLA_BRPORT_LEARNING_SYNC),
  internals: ignored(IFLA_BRPORT_PAD),
})

/** What a bridge is told: `ip link add type bridge`. Times are in hundredths of a second, as the kernel and `ip` have them. */
export interface BridgeOptions extends Options<typeof table> {}

/** What a bridge is. Times are in hundredths of a second. */
export interface BridgeInfo extends Values<typeof table> {}

/** What a port of a bridge is told: `ip link set type bridge_slave`. */
export interface BridgePortOptions extends Options<typeof port> {}

/** What a port of a bridge is. Times are in hundredths of a second. */
export interface BridgePortInfo extends Values<typeof port> {}

/** @internal */
export const bridge: LinkKind<BridgeOptions, BridgeInfo, BridgePortOptions, BridgePortInfo> = linkKind(
  'bridge',
  table,
  {
    port,
  },
)
