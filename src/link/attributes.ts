/** What links of every kind have in common: the options of `ip link add` and `ip link set`, and what `ip link show` shows. */

import { descriptorOf, type NetnsRef } from '../namespace.js'
import {
  type Attribute,
  absent,
  attributes,
  bool8,
  device,
  eachAttribute,
  enum8,
  enumBe16,
  ignored,
  list,
  mac,
  nested,
  type Options,
  readOnly,
  s32,
  struct,
  text,
  u8,
  u32,
  type Values,
  writeOnly,
} from '../netlink/attributes.js'
import { deviceName, invalidType } from '../netlink/check.js'
import { bitNames, enumeration } from '../netlink/names.js'
import { AF_INET6, AF_UNSPEC } from '../netlink/protocol.js'
import { S32, U8, U16, U32, U64 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Writer } from '../netlink/writer.js'

const IFLA_ADDRESS = 1
const IFLA_BROADCAST = 2
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINK = 5
const IFLA_QDISC = 6
const IFLA_STATS = 7
const IFLA_MASTER = 10
const IFLA_WIRELESS = 11
const IFLA_PROTINFO = 12
const IFLA_TXQLEN = 13
const IFLA_MAP = 14
const IFLA_WEIGHT = 15
const IFLA_OPERSTATE = 16
const IFLA_LINKMODE = 17
const IFLA_IFALIAS = 20
const IFLA_NUM_VF = 21
const IFLA_VFINFO_LIST = 22
const IFLA_STATS64 = 23
const IFLA_VF_PORTS = 24
const IFLA_PORT_SELF = 25
const IFLA_AF_SPEC = 26
const IFLA_GROUP = 27
const IFLA_NET_NS_FD = 28
const IFLA_EXT_MASK = 29
const IFLA_PROMISCUITY = 30
const IFLA_NUM_TX_QUEUES = 31
const IFLA_NUM_RX_QUEUES = 32
const IFLA_CARRIER = 33
const IFLA_PHYS_PORT_ID = 34
const IFLA_CARRIER_CHANGES = 35
const IFLA_PHYS_SWITCH_ID = 36
const IFLA_LINK_NETNSID = 37
const IFLA_PHYS_PORT_NAME = 38
const IFLA_PROTO_DOWN = 39
const IFLA_GSO_MAX_SEGS = 40
const IFLA_GSO_MAX_SIZE = 41
const IFLA_XDP = 43
const IFLA_EVENT = 44
const IFLA_NEW_NETNSID = 45
const IFLA_CARRIER_UP_COUNT = 47
const IFLA_CARRIER_DOWN_COUNT = 48
const IFLA_NEW_IFINDEX = 49
const IFLA_MIN_MTU = 50
const IFLA_MAX_MTU = 51
const IFLA_PROP_LIST = 52
const IFLA_ALT_IFNAME = 53
const IFLA_PERM_ADDRESS = 54
const IFLA_PROTO_DOWN_REASON = 55
const IFLA_PARENT_DEV_NAME = 56
const IFLA_PARENT_DEV_BUS_NAME = 57
const IFLA_GRO_MAX_SIZE = 58
const IFLA_TSO_MAX_SIZE = 59
const IFLA_TSO_MAX_SEGS = 60
const IFLA_ALLMULTI = 61
const IFLA_DEVLINK_PORT = 62
const IFLA_GSO_IPV4_MAX_SIZE = 63
const IFLA_GRO_IPV4_MAX_SIZE = 64
const IFLA_DPLL_PIN = 65
const IFLA_MAX_PACING_OFFLOAD_HORIZON = 66
const IFLA_NETNS_IMMUTABLE = 67
const IFLA_HEADROOM = 68
const IFLA_TAILROOM = 69

const ETH_P_8021Q = 0x8100
const ETH_P_8021AD = 0x88a8

const IFLA_INET6_ADDR_GEN_MODE = 8
const IFLA_XDP_ATTACHED = 2
const IFLA_XDP_PROG_ID = 4

const IFF_UP = 0x1
const IFF_BROADCAST = 0x2
const IFF_DEBUG = 0x4
const IFF_LOOPBACK = 0x8
const IFF_POINTOPOINT = 0x10
const IFF_NOTRAILERS = 0x20
const IFF_RUNNING = 0x40
const IFF_NOARP = 0x80
const IFF_PROMISC = 0x100
const IFF_ALLMULTI = 0x200
const IFF_MASTER = 0x400
const IFF_SLAVE = 0x800
const IFF_MULTICAST = 0x1000
const IFF_PORTSEL = 0x2000
const IFF_AUTOMEDIA = 0x4000
const IFF_DYNAMIC = 0x8000
const IFF_LOWER_UP = 0x10000
const IFF_DORMANT = 0x20000
const IFF_ECHO = 0x40000

const IF_OPER_UNKNOWN = 0
const IF_OPER_NOTPRESENT = 1
const IF_OPER_DOWN = 2
const IF_OPER_LOWERLAYERDOWN = 3
const IF_OPER_TESTING = 4
const IF_OPER_DORMANT = 5
const IF_OPER_UP = 6

const IF_LINK_MODE_DEFAULT = 0
const IF_LINK_MODE_DORMANT = 1

const IN6_ADDR_GEN_MODE_EUI64 = 0
const IN6_ADDR_GEN_MODE_NONE = 1
const IN6_ADDR_GEN_MODE_STABLE_PRIVACY = 2
const IN6_ADDR_GEN_MODE_RANDOM = 3

const ARPHRD_NETROM = 0
const ARPHRD_ETHER = 1
const ARPHRD_INFINIBAND = 32
const ARPHRD_PPP = 512
const ARPHRD_TUNNEL = 768
const ARPHRD_TUNNEL6 = 769
const ARPHRD_LOOPBACK = 772
const ARPHRD_SIT = 776
const ARPHRD_IPGRE = 778
const ARPHRD_IP6GRE = 823
const ARPHRD_NETLINK = 824
const ARPHRD_NONE = 0xfffe
const ARPHRD_VOID = 0xffff

/** @internal */
export const ifinfomsg = new Struct('struct ifinfomsg', {
  family: field('ifi_family', U8),
  pad: field('__ifi_pad', U8),
  type: field('ifi_type', U16),
  index: field('ifi_index', S32),
  flags: field('ifi_flags', U32),
  change: field('ifi_change', U32),
})

const stats64 = new Struct('struct rtnl_link_stats64', {
  /** Packets received without an error. */
  rxPackets: field('rx_packets', U64),
  /** Packets sent. */
  txPackets: field('tx_packets', U64),
  /** Bytes of the packets received. */
  rxBytes: field('rx_bytes', U64),
  /** Bytes of the packets sent. */
  txBytes: field('tx_bytes', U64),
  /** Packets received that were damaged, in whatever way. */
  rxErrors: field('rx_errors', U64),
  /** Packets that could not be sent, for whatever reason. */
  txErrors: field('tx_errors', U64),
  /** Packets received whole that the kernel had no room or no use for. */
  rxDropped: field('rx_dropped', U64),
  /** Packets dropped on their way out, for want of room. */
  txDropped: field('tx_dropped', U64),
  /** Multicast packets received. */
  multicast: field('multicast', U64),
  /** Collisions seen while sending. */
  collisions: field('collisions', U64),
  /** Of `rxErrors`: packets of a length that cannot be. */
  rxLengthErrors: field('rx_length_errors', U64),
  /** Of `rxErrors`: packets that came faster than the receiver could take them in. */
  rxOverErrors: field('rx_over_errors', U64),
  /** Of `rxErrors`: packets with a wrong checksum. */
  rxCrcErrors: field('rx_crc_errors', U64),
  /** Of `rxErrors`: packets that did not end on a whole byte. */
  rxFrameErrors: field('rx_frame_errors', U64),
  /** Of `rxErrors`: overflows of the receiver's FIFO. */
  rxFifoErrors: field('rx_fifo_errors', U64),
  /** Packets the device dropped because it had no buffer left to put them into. */
  rxMissedErrors: field('rx_missed_errors', U64),
  /** Of `txErrors`: packets given up, for too many collisions among others. */
  txAbortedErrors: field('tx_aborted_errors', U64),
  /** Of `txErrors`: losses of the carrier while sending. */
  txCarrierErrors: field('tx_carrier_errors', U64),
  /** Of `txErrors`: the sender's FIFO ran empty or over. */
  txFifoErrors: field('tx_fifo_errors', U64),
  /** Of `txErrors`: no heartbeat after a packet (old half-duplex Ethernet). */
  txHeartbeatErrors: field('tx_heartbeat_errors', U64),
  /** Of `txErrors`: collisions that came too late. */
  txWindowErrors: field('tx_window_errors', U64),
  /** Compressed packets received (SLIP, PPP). */
  rxCompressed: field('rx_compressed', U64),
  /** Compressed packets sent (SLIP, PPP). */
  txCompressed: field('tx_compressed', U64),
  /** Packets received by a port that is not in use, the spare one of a bond among others, and dropped (Linux 4.6). */
  rxNohandler: field('rx_nohandler', U64),
  /** Packets for another host that were received and dropped (Linux 5.19). */
  rxOtherhostDropped: field('rx_otherhost_dropped', U64),
})

/** Counters of a device since it was made. They are exact to 2^53. A kernel too old for one of them reports 0. */
export interface LinkStats extends ReturnType<typeof stats64.read> {}

/** Names of the hardware types, as `ip link` spells them. @internal */
export const hardwareTypes = enumeration(
  {
    netrom: ARPHRD_NETROM,
    ether: ARPHRD_ETHER,
    infiniband: ARPHRD_INFINIBAND,
    ppp: ARPHRD_PPP,
    ipip: ARPHRD_TUNNEL,
    tunnel6: ARPHRD_TUNNEL6,
    loopback: ARPHRD_LOOPBACK,
    sit: ARPHRD_SIT,
    gre: ARPHRD_IPGRE,
    gre6: ARPHRD_IP6GRE,
    netlink: ARPHRD_NETLINK,
    none: ARPHRD_NONE,
    void: ARPHRD_VOID,
  },
  0xffff,
)

/** The flags of a device, under the names `ip link` shows, in its order. @internal */
export const flagNames = bitNames({
  LOOPBACK: IFF_LOOPBACK,
  BROADCAST: IFF_BROADCAST,
  POINTOPOINT: IFF_POINTOPOINT,
  MULTICAST: IFF_MULTICAST,
  NOARP: IFF_NOARP,
  ALLMULTI: IFF_ALLMULTI,
  PROMISC: IFF_PROMISC,
  MASTER: IFF_MASTER,
  SLAVE: IFF_SLAVE,
  DEBUG: IFF_DEBUG,
  DYNAMIC: IFF_DYNAMIC,
  AUTOMEDIA: IFF_AUTOMEDIA,
  PORTSEL: IFF_PORTSEL,
  NOTRAILERS: IFF_NOTRAILERS,
  UP: IFF_UP,
  RUNNING: IFF_RUNNING,
  LOWER_UP: IFF_LOWER_UP,
  DORMANT: IFF_DORMANT,
  ECHO: IFF_ECHO,
})

const operstates = enumeration(
  {
    unknown: IF_OPER_UNKNOWN,
    notpresent: IF_OPER_NOTPRESENT,
    down: IF_OPER_DOWN,
    lowerlayerdown: IF_OPER_LOWERLAYERDOWN,
    testing: IF_OPER_TESTING,
    dormant: IF_OPER_DORMANT,
    up: IF_OPER_UP,
  },
  0xff,
)
const vlanProtocols = enumeration({ '802.1Q': ETH_P_8021Q, '802.1ad': ETH_P_8021AD }, 0xffff)
const linkmodes = enumeration({ default: IF_LINK_MODE_DEFAULT, dormant: IF_LINK_MODE_DORMANT }, 0xff)
const addrGenModes = enumeration(
  {
    eui64: IN6_ADDR_GEN_MODE_EUI64,
    none: IN6_ADDR_GEN_MODE_NONE,
    stable_secret: IN6_ADDR_GEN_MODE_STABLE_PRIVACY,
    random: IN6_ADDR_GEN_MODE_RANDOM,
  },
  0xff,
)

type AddrGenMode = ReturnType<typeof addrGenModes.name>

const inet6 = attributes({ addrGenMode: enum8(IFLA_INET6_ADDR_GEN_MODE, addrGenModes) })
const families = attributes({ inet6: nested(AF_INET6, inet6) })

/** What a family keeps with a device: of all that, `ip link` sets and shows one thing. */
const addrGenMode: Attribute<AddrGenMode> = {
  types: [IFLA_AF_SPEC],
  inner: () => families,
  transparent: true,
  write(writer, value, key) {
    const mode = addrGenModes.name(addrGenModes.number(value, writer.where(key)))
    nested(IFLA_AF_SPEC, families).write(writer, { inet6: { addrGenMode: mode } }, key)
  },
  // Of IPv6's part only this is looked at: the rest is a copy of sysctls and counters.
  read(reader, at, length) {
    let mode: AddrGenMode | undefined
    eachAttribute(reader, at, length, (family, from, size) => {
      if (family !== AF_INET6) return
      eachAttribute(reader, from, size, (type, value) => {
        if (type === IFLA_INET6_ADDR_GEN_MODE) mode = addrGenModes.name(reader.bytes[value] as number)
      })
    })
    return mode as AddrGenMode
  },
}

/** Another namespace, by a descriptor. */
const netns: Attribute<NetnsRef> = {
  types: [IFLA_NET_NS_FD],
  write(writer, value, key) {
    const { fd, opened } = descriptorOf(value, writer.where(key))
    if (opened) writer.afterwards.push(() => opened.close())
    u32(IFLA_NET_NS_FD).write(writer, fd, key)
  },
  read: (reader, at) => ({ fd: reader.view.getUint32(at, true) }),
}

const xdp = attributes({
  /** Where it runs: 1 in the driver, 2 in the kernel's stack (generic), 3 on the hardware, 4 in several of these places. */
  attached: u8(IFLA_XDP_ATTACHED),
  /** The id of the program (Linux 4.13). */
  progId: u32(IFLA_XDP_PROG_ID),
})

/** The XDP program of a device. */
export interface LinkXdp extends Options<typeof xdp> {}

/** The kernel reports it of every device, of most that there is none. */
const program: Attribute<LinkXdp> = {
  ...nested(IFLA_XDP, xdp),
  read(reader, at, length) {
    const value = xdp.read(reader, at, length)
    return value.attached ? value : absent
  },
}

/** A number, or the one name every machine has. */
const group: Attribute<number | 'default'> = {
  ...u32(IFLA_GROUP),
  write: (writer, value, key) => u32(IFLA_GROUP).write(writer, value === 'default' ? 0 : value, key),
} as Attribute<number | 'default'>

/**
 * A device something is made upon, none when it is 0. It is read as an index, for what the message says last is which namespace it is in;
 * after that `decode` names what goes by `link`, and in the table of a kind by `dev`. @internal
 */
export const underlying = (type: number): Attribute<string | number> => ({
  ...device(type),
  read: (reader, at) => reader.view.getUint32(at, true) || absent,
})

/** The tag of a VLAN. @internal */
export const vlanProtocol = (type: number): Attribute<'802.1Q' | '802.1ad' | number> => enumBe16(type, vlanProtocols)

/** @internal */
export const common = attributes({
  /** Its name: 1 to 15 bytes without '/', ':' and white space. With `%d` in it the kernel puts a number there. */
  name: text(IFLA_IFNAME, 15, deviceName),
  /** The link-layer address: `'02:42:ac:11:00:02'`. */
  address: mac(IFLA_ADDRESS),
  /** The link-layer broadcast address. */
  broadcast: mac(IFLA_BROADCAST),
  /** The largest packet it carries, in bytes: from `minMtu` to `maxMtu`. */
  mtu: u32(IFLA_MTU),
  /** The device it is made upon, or its other end: a name, or an index when that is in another namespace (`linkNetnsid`). */
  link: underlying(IFLA_LINK),
  /** The bridge, bond or VRF it is a port of. */
  master: device(IFLA_MASTER),
  /**
   * The namespace it is made in, or moved to: a handle, a name, or `{ pid }`. Before Linux 6.15 the name of a link that is made there must not be
   * taken here either (EEXIST), unless it is given an `index`. The other end of a veth is free of that.
   */
  netns: writeOnly(netns),
  /** The length of the transmit queue, in packets: 0 to 2^32 - 1. */
  txqueuelen: u32(IFLA_TXQLEN),
  /** A description for people, of at most 255 bytes; `''` takes it away. */
  alias: text(IFLA_IFALIAS, 255, undefined, false),
  /** The group it belongs to: 0 to 2^32 - 1, or `'default'` for 0. */
  group,
  /** How many transmit queues it has: 1 to 4096. Only when it is made. */
  numTxQueues: u32(IFLA_NUM_TX_QUEUES),
  /** How many receive queues it has: 1 to 4096. Only when it is made. */
  numRxQueues: u32(IFLA_NUM_RX_QUEUES),
  /** Whether it has a carrier. Few kinds let it be set, and none when it is made. */
  carrier: bool8(IFLA_CARRIER),
  /** What brings its operational state up: the carrier alone, or a program's word, too. */
  linkmode: enum8(IFLA_LINKMODE, linkmodes),
  /** How its IPv6 link-local address is made: eui64, none, stable_secret, random. Set it before the link is up. */
  addrGenMode,
  /** Held down for a reason of the protocol's (few drivers). */
  protoDown: bool8(IFLA_PROTO_DOWN),
  /** The largest packet handed to it to be segmented, in bytes: at most `tsoMaxSize`. More than 65536 is BIG TCP (Linux 5.19). */
  gsoMaxSize: u32(IFLA_GSO_MAX_SIZE),
  /** The most segments of such a packet: at most `tsoMaxSegs`. */
  gsoMaxSegs: u32(IFLA_GSO_MAX_SEGS),
  /** The largest packet put together on receipt, in bytes: at most 524280 (Linux 5.18). */
  groMaxSize: u32(IFLA_GRO_MAX_SIZE),
  /** As `gsoMaxSize`, for IPv4 (Linux 6.3). */
  gsoIpv4MaxSize: u32(IFLA_GSO_IPV4_MAX_SIZE),
  /** As `groMaxSize`, for IPv4 (Linux 6.3). */
  groIpv4MaxSize: u32(IFLA_GRO_IPV4_MAX_SIZE),
  /** The number by which this namespace knows the one `link` is in. */
  linkNetnsid: s32(IFLA_LINK_NETNSID),
  /** Further names (Linux 5.5). They are added and removed by `addAltname` and `delAltname`. */
  altnames: readOnly(list(IFLA_PROP_LIST, text(IFLA_ALT_IFNAME, 127))),
  /** The queueing discipline at its root. */
  qdisc: readOnly(text(IFLA_QDISC, 15)),
  /** The operational state (RFC 2863). */
  operstate: readOnly(enum8(IFLA_OPERSTATE, operstates)),
  /** How often the carrier came or went. */
  carrierChanges: readOnly(u32(IFLA_CARRIER_CHANGES)),
  /** How often the carrier came. */
  carrierUpCount: readOnly(u32(IFLA_CARRIER_UP_COUNT)),
  /** How often the carrier went. */
  carrierDownCount: readOnly(u32(IFLA_CARRIER_DOWN_COUNT)),
  /** How many users want it promiscuous. */
  promiscuity: readOnly(u32(IFLA_PROMISCUITY)),
  /** How many users want all multicast. */
  allmulti: readOnly(u32(IFLA_ALLMULTI)),
  /** The smallest MTU it takes. */
  minMtu: readOnly(u32(IFLA_MIN_MTU)),
  /** The largest MTU it takes; 0: no limit. */
  maxMtu: readOnly(u32(IFLA_MAX_MTU)),
  /** The largest packet it can segment, in bytes. */
  tsoMaxSize: readOnly(u32(IFLA_TSO_MAX_SIZE)),
  /** The most segments of such a packet. */
  tsoMaxSegs: readOnly(u32(IFLA_TSO_MAX_SEGS)),
  /** The address its hardware came with. */
  permAddress: readOnly(mac(IFLA_PERM_ADDRESS)),
  /** The port of the hardware, as its driver names it. */
  physPortName: readOnly(text(IFLA_PHYS_PORT_NAME, 255)),
  /** The hardware device it belongs to. */
  parentDev: readOnly(text(IFLA_PARENT_DEV_NAME, 255)),
  /** The bus that hardware is on. */
  parentBus: readOnly(text(IFLA_PARENT_DEV_BUS_NAME, 255)),
  /** The XDP program attached to it. */
  xdp: readOnly(program),
  /** Counters since it was made. */
  stats: readOnly<LinkStats>(struct(IFLA_STATS64, stats64)),
  older: ignored(IFLA_STATS, IFLA_MAP, IFLA_WEIGHT, IFLA_WIRELESS, IFLA_PROTINFO),
  functions: ignored(IFLA_NUM_VF, IFLA_VFINFO_LIST, IFLA_VF_PORTS, IFLA_PORT_SELF, IFLA_EXT_MASK),
  hardware: ignored(IFLA_PHYS_PORT_ID, IFLA_PHYS_SWITCH_ID, IFLA_DEVLINK_PORT, IFLA_DPLL_PIN, IFLA_PROTO_DOWN_REASON),
  events: ignored(IFLA_EVENT, IFLA_NEW_NETNSID, IFLA_NEW_IFINDEX),
  internals: ignored(IFLA_MAX_PACING_OFFLOAD_HORIZON, IFLA_NETNS_IMMUTABLE, IFLA_HEADROOM, IFLA_TAILROOM),
})

/** What the kernel passes over without a word when it makes a link, and takes from one that is there. @internal */
export const afterwards = ['alias', 'addrGenMode', 'carrier', 'protoDown'] as const

/** Says that a link is to have no master, which is the index 0. @internal */
export const noMaster = (writer: Writer): void => u32(IFLA_MASTER).write(writer, 0, 'nomaster')

/** One altname, for requests that name a link by it. @internal */
export const altname = text(IFLA_ALT_IFNAME, 127)
/** @internal */
export const altnameList = list(IFLA_PROP_LIST, altname)

const switches = {
  up: { bit: IFF_UP, on: true },
  arp: { bit: IFF_NOARP, on: false },
  multicast: { bit: IFF_MULTICAST, on: true },
  allmulticast: { bit: IFF_ALLMULTI, on: true },
  promisc: { bit: IFF_PROMISC, on: true },
  dynamic: { bit: IFF_DYNAMIC, on: true },
  trailers: { bit: IFF_NOTRAILERS, on: false },
} as const

/** Switches of a link. */
export interface LinkSwitches {
  /** Whether it is in use. */
  up?: boolean | undefined
  /** Whether it asks for link-layer addresses by ARP. */
  arp?: boolean | undefined
  /** Whether it carries multicast. */
  multicast?: boolean | undefined
  /** Whether it takes all multicast packets. */
  allmulticast?: boolean | undefined
  /** Whether it takes packets that are for others. */
  promisc?: boolean | undefined
  /** Whether its addresses are lost when it goes down. */
  dynamic?: boolean | undefined
  /** Whether it uses trailers, which nothing does. */
  trailers?: boolean | undefined
}

/** @internal */
export const switchNames = Object.keys(switches) as (keyof LinkSwitches)[]

/** The header's flags, and which of them are meant. @internal */
export function switchBits(options: { readonly [K in keyof LinkSwitches]: unknown }): {
  flags: number
  change: number
} {
  let flags = 0
  let change = 0
  for (const name of switchNames) {
    const value = options[name]
    if (value === undefined) continue
    if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
    const { bit, on } = switches[name]
    change |= bit
    if (value === on) flags |= bit
  }
  return { flags, change }
}

/** @internal */
export const isUp = (flags: number): boolean => (flags & IFF_UP) !== 0

/** The options every kind of link has. */
export type CommonOptions = Options<typeof common>
/** What every kind of link shows. */
export type CommonValues = Values<typeof common>

/** @internal */
export const LINK_FAMILY = AF_UNSPEC
