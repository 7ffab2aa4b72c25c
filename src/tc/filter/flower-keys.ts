/** The keys of a `flower`: what it looks for in a packet, each with the attributes it has. */

import { attributes, be32, enumBe16, scalar, text, u8, u16 } from '../../netlink/attributes.js'
import { deviceName } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE16, BE32, U8, U16, U32, within } from '../../netlink/scalar.js'
import { protocols } from '../protocol.js'
import { etherAddress, icmp, label, masked, network, ports, switches } from './flower-values.js'

const TCA_FLOWER_INDEV = 2
const TCA_FLOWER_KEY_ETH_DST = 4
const TCA_FLOWER_KEY_ETH_DST_MASK = 5
const TCA_FLOWER_KEY_ETH_SRC = 6
const TCA_FLOWER_KEY_ETH_SRC_MASK = 7
const TCA_FLOWER_KEY_IP_PROTO = 9
const TCA_FLOWER_KEY_IPV4_SRC = 10
const TCA_FLOWER_KEY_IPV4_SRC_MASK = 11
const TCA_FLOWER_KEY_IPV4_DST = 12
const TCA_FLOWER_KEY_IPV4_DST_MASK = 13
const TCA_FLOWER_KEY_IPV6_SRC = 14
const TCA_FLOWER_KEY_IPV6_SRC_MASK = 15
const TCA_FLOWER_KEY_IPV6_DST = 16
const TCA_FLOWER_KEY_IPV6_DST_MASK = 17
const TCA_FLOWER_KEY_TCP_SRC = 18
const TCA_FLOWER_KEY_TCP_DST = 19
const TCA_FLOWER_KEY_UDP_SRC = 20
const TCA_FLOWER_KEY_UDP_DST = 21
const TCA_FLOWER_KEY_VLAN_ID = 23
const TCA_FLOWER_KEY_VLAN_PRIO = 24
const TCA_FLOWER_KEY_VLAN_ETH_TYPE = 25
const TCA_FLOWER_KEY_ENC_KEY_ID = 26
const TCA_FLOWER_KEY_ENC_IPV4_SRC = 27
const TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK = 28
const TCA_FLOWER_KEY_ENC_IPV4_DST = 29
const TCA_FLOWER_KEY_ENC_IPV4_DST_MASK = 30
const TCA_FLOWER_KEY_ENC_IPV6_SRC = 31
const TCA_FLOWER_KEY_ENC_IPV6_SRC_MASK = 32
const TCA_FLOWER_KEY_ENC_IPV6_DST = 33
const TCA_FLOWER_KEY_ENC_IPV6_DST_MASK = 34
const TCA_FLOWER_KEY_TCP_SRC_MASK = 35
const TCA_FLOWER_KEY_TCP_DST_MASK = 36
const TCA_FLOWER_KEY_UDP_SRC_MASK = 37
const TCA_FLOWER_KEY_UDP_DST_MASK = 38
const TCA_FLOWER_KEY_SCTP_SRC_MASK = 39
const TCA_FLOWER_KEY_SCTP_DST_MASK = 40
const TCA_FLOWER_KEY_SCTP_SRC = 41
const TCA_FLOWER_KEY_SCTP_DST = 42
const TCA_FLOWER_KEY_ENC_UDP_SRC_PORT = 43
const TCA_FLOWER_KEY_ENC_UDP_SRC_PORT_MASK = 44
const TCA_FLOWER_KEY_ENC_UDP_DST_PORT = 45
const TCA_FLOWER_KEY_ENC_UDP_DST_PORT_MASK = 46
const TCA_FLOWER_KEY_FLAGS = 47
const TCA_FLOWER_KEY_FLAGS_MASK = 48
const TCA_FLOWER_KEY_ICMPV4_CODE = 49
const TCA_FLOWER_KEY_ICMPV4_CODE_MASK = 50
const TCA_FLOWER_KEY_ICMPV4_TYPE = 51
const TCA_FLOWER_KEY_ICMPV4_TYPE_MASK = 52
const TCA_FLOWER_KEY_ICMPV6_CODE = 53
const TCA_FLOWER_KEY_ICMPV6_CODE_MASK = 54
const TCA_FLOWER_KEY_ICMPV6_TYPE = 55
const TCA_FLOWER_KEY_ICMPV6_TYPE_MASK = 56
const TCA_FLOWER_KEY_ARP_SIP = 57
const TCA_FLOWER_KEY_ARP_SIP_MASK = 58
const TCA_FLOWER_KEY_ARP_TIP = 59
const TCA_FLOWER_KEY_ARP_TIP_MASK = 60
const TCA_FLOWER_KEY_ARP_OP = 61
const TCA_FLOWER_KEY_ARP_OP_MASK = 62
const TCA_FLOWER_KEY_ARP_SHA = 63
const TCA_FLOWER_KEY_ARP_SHA_MASK = 64
const TCA_FLOWER_KEY_ARP_THA = 65
const TCA_FLOWER_KEY_ARP_THA_MASK = 66
const TCA_FLOWER_KEY_MPLS_TTL = 67
const TCA_FLOWER_KEY_MPLS_BOS = 68
const TCA_FLOWER_KEY_MPLS_TC = 69
const TCA_FLOWER_KEY_MPLS_LABEL = 70
const TCA_FLOWER_KEY_TCP_FLAGS = 71
const TCA_FLOWER_KEY_TCP_FLAGS_MASK = 72
const TCA_FLOWER_KEY_IP_TOS = 73
const TCA_FLOWER_KEY_IP_TOS_MASK = 74
const TCA_FLOWER_KEY_IP_TTL = 75
const TCA_FLOWER_KEY_IP_TTL_MASK = 76
const TCA_FLOWER_KEY_CVLAN_ID = 77
const TCA_FLOWER_KEY_CVLAN_PRIO = 78
const TCA_FLOWER_KEY_CVLAN_ETH_TYPE = 79
const TCA_FLOWER_KEY_ENC_IP_TOS = 80
const TCA_FLOWER_KEY_ENC_IP_TOS_MASK = 81
const TCA_FLOWER_KEY_ENC_IP_TTL = 82
const TCA_FLOWER_KEY_ENC_IP_TTL_MASK = 83
const TCA_FLOWER_KEY_PORT_SRC_MIN = 87
const TCA_FLOWER_KEY_PORT_SRC_MAX = 88
const TCA_FLOWER_KEY_PORT_DST_MIN = 89
const TCA_FLOWER_KEY_PORT_DST_MAX = 90
const TCA_FLOWER_KEY_CT_STATE = 91
const TCA_FLOWER_KEY_CT_STATE_MASK = 92
const TCA_FLOWER_KEY_CT_ZONE = 93
const TCA_FLOWER_KEY_CT_ZONE_MASK = 94
const TCA_FLOWER_KEY_CT_MARK = 95
const TCA_FLOWER_KEY_CT_MARK_MASK = 96
const TCA_FLOWER_KEY_CT_LABELS = 97
const TCA_FLOWER_KEY_CT_LABELS_MASK = 98
const TCA_FLOWER_KEY_NUM_OF_VLANS = 102

const TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT = 0x1
const TCA_FLOWER_KEY_FLAGS_FRAG_IS_FIRST = 0x2

const TCA_FLOWER_KEY_CT_FLAGS_NEW = 0x01
const TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED = 0x02
const TCA_FLOWER_KEY_CT_FLAGS_RELATED = 0x04
const TCA_FLOWER_KEY_CT_FLAGS_TRACKED = 0x08
const TCA_FLOWER_KEY_CT_FLAGS_INVALID = 0x10
const TCA_FLOWER_KEY_CT_FLAGS_REPLY = 0x20

const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_ICMPV6 = 58
const IPPROTO_SCTP = 132

const ipProtocols = enumeration(
  { tcp: IPPROTO_TCP, udp: IPPROTO_UDP, sctp: IPPROTO_SCTP, icmp: IPPROTO_ICMP, icmpv6: IPPROTO_ICMPV6 },
  0xff,
)

/** The twelve bits of TCP that are flags. */
const allTcpFlags = 0xfff

/** Keys that are an option each. @internal */
export const keys = attributes({
  /** The device they must have come in by. */
  indev: text(TCA_FLOWER_INDEV, 15, deviceName),
  /** How many VLAN tags there are (Linux 5.19). */
  numOfVlans: u8(TCA_FLOWER_KEY_NUM_OF_VLANS),
  /** The VLAN, 0 to 4095. It takes a `protocol` of `'802.1Q'` or `'802.1ad'`, or `numOfVlans`, as all keys of VLANs do. */
  vlanId: u16(TCA_FLOWER_KEY_VLAN_ID, 0xfff),
  /** The priority in its tag, 0 to 7. */
  vlanPrio: scalar(TCA_FLOWER_KEY_VLAN_PRIO, within(U8, 0, 7)),
  /** What is inside of it: keys of IP take that it is `'ip'` or `'ipv6'`. */
  vlanEthtype: enumBe16(TCA_FLOWER_KEY_VLAN_ETH_TYPE, protocols),
  /** The inner VLAN of two. It takes a `vlanEthtype` of `'802.1Q'` or `'802.1ad'`, or `numOfVlans`. */
  cvlanId: u16(TCA_FLOWER_KEY_CVLAN_ID, 0xfff),
  /** The priority in its tag, 0 to 7. */
  cvlanPrio: scalar(TCA_FLOWER_KEY_CVLAN_PRIO, within(U8, 0, 7)),
  /** What is inside of that. */
  cvlanEthtype: enumBe16(TCA_FLOWER_KEY_CVLAN_ETH_TYPE, protocols),
  /** The label of MPLS, 0 to 2^20 - 1. */
  mplsLabel: scalar(TCA_FLOWER_KEY_MPLS_LABEL, within(U32, 0, 0xf_ffff)),
  /** Its traffic class, 0 to 7. */
  mplsTc: scalar(TCA_FLOWER_KEY_MPLS_TC, within(U8, 0, 7)),
  /** Whether it is the last one: 0 or 1. */
  mplsBos: scalar(TCA_FLOWER_KEY_MPLS_BOS, within(U8, 0, 1)),
  /** Its time to live. */
  mplsTtl: u8(TCA_FLOWER_KEY_MPLS_TTL),
  /** The address of the card they go to; after a slash, its first bits that are looked at, or a mask: `'02:42:00:00:00:00/16'`. */
  dstMac: etherAddress([TCA_FLOWER_KEY_ETH_DST, TCA_FLOWER_KEY_ETH_DST_MASK]),
  /** The address of the card they come from, likewise. */
  srcMac: etherAddress([TCA_FLOWER_KEY_ETH_SRC, TCA_FLOWER_KEY_ETH_SRC_MASK]),
  /** The protocol inside of IP. Like all keys of IP it takes a `protocol` of `'ip'` or `'ipv6'`. */
  ipProto: scalar(TCA_FLOWER_KEY_IP_PROTO, named(U8, ipProtocols)),
  /** The type of service, or the traffic class. */
  ipTos: masked([TCA_FLOWER_KEY_IP_TOS, TCA_FLOWER_KEY_IP_TOS_MASK], U8, 0xff),
  /** The time to live, or the hop limit. */
  ipTtl: masked([TCA_FLOWER_KEY_IP_TTL, TCA_FLOWER_KEY_IP_TTL_MASK], U8, 0xff),
  /** The network they go to; after the slash there may also be a mask: `'10.0.0.1/255.0.0.255'`. */
  dstIp: network(
    [TCA_FLOWER_KEY_IPV4_DST, TCA_FLOWER_KEY_IPV4_DST_MASK],
    [TCA_FLOWER_KEY_IPV6_DST, TCA_FLOWER_KEY_IPV6_DST_MASK],
  ),
  /** The network they come from, likewise. */
  srcIp: network(
    [TCA_FLOWER_KEY_IPV4_SRC, TCA_FLOWER_KEY_IPV4_SRC_MASK],
    [TCA_FLOWER_KEY_IPV6_SRC, TCA_FLOWER_KEY_IPV6_SRC_MASK],
  ),
  /** The flags of TCP, 0 to 0xfff: `[0x02, 0x12]` is one that has SYN (0x02) and no ACK (0x10). It takes an `ipProto` of `'tcp'`. */
  tcpFlags: masked([TCA_FLOWER_KEY_TCP_FLAGS, TCA_FLOWER_KEY_TCP_FLAGS_MASK], BE16, allTcpFlags),
  /** The address that is asked for. Like all keys of ARP it takes a `protocol` of `'arp'` or `'rarp'`. */
  arpTip: network([TCA_FLOWER_KEY_ARP_TIP, TCA_FLOWER_KEY_ARP_TIP_MASK]),
  /** The address of who asks. */
  arpSip: network([TCA_FLOWER_KEY_ARP_SIP, TCA_FLOWER_KEY_ARP_SIP_MASK]),
  /** What is said: 1 is a request, 2 a reply; the kernel knows no others. */
  arpOp: masked([TCA_FLOWER_KEY_ARP_OP, TCA_FLOWER_KEY_ARP_OP_MASK], U8, 0xff),
  /** The card that is asked for. */
  arpTha: etherAddress([TCA_FLOWER_KEY_ARP_THA, TCA_FLOWER_KEY_ARP_THA_MASK]),
  /** The card of who asks. */
  arpSha: etherAddress([TCA_FLOWER_KEY_ARP_SHA, TCA_FLOWER_KEY_ARP_SHA_MASK]),
  /** What connection tracking says of them (Linux 5.3): `{ trk: true, new: false }` are those it knows that begin no connection. */
  ctState: switches([TCA_FLOWER_KEY_CT_STATE, TCA_FLOWER_KEY_CT_STATE_MASK], U16, {
    /** Connection tracking has seen it. */
    trk: TCA_FLOWER_KEY_CT_FLAGS_TRACKED,
    /** It begins a connection. */
    new: TCA_FLOWER_KEY_CT_FLAGS_NEW,
    /** It is part of one. */
    est: TCA_FLOWER_KEY_CT_FLAGS_ESTABLISHED,
    /** It has to do with one. */
    rel: TCA_FLOWER_KEY_CT_FLAGS_RELATED,
    /** It makes no sense (Linux 5.12). */
    inv: TCA_FLOWER_KEY_CT_FLAGS_INVALID,
    /** It goes the other way than the one that began the connection (Linux 5.12). */
    rpl: TCA_FLOWER_KEY_CT_FLAGS_REPLY,
  }),
  /** The zone of the connection. */
  ctZone: masked([TCA_FLOWER_KEY_CT_ZONE, TCA_FLOWER_KEY_CT_ZONE_MASK], U16, 0xffff),
  /** The mark of the connection. */
  ctMark: masked([TCA_FLOWER_KEY_CT_MARK, TCA_FLOWER_KEY_CT_MARK_MASK], U32, 0xffff_ffff),
  /** The label of the connection: 32 hexadecimal digits; after a slash, a mask of as many. */
  ctLabel: label([TCA_FLOWER_KEY_CT_LABELS, TCA_FLOWER_KEY_CT_LABELS_MASK]),
  /** The network that the tunnel goes to by which they came. These keys are for devices whose tunnels say so (`external`). */
  encDstIp: network(
    [TCA_FLOWER_KEY_ENC_IPV4_DST, TCA_FLOWER_KEY_ENC_IPV4_DST_MASK],
    [TCA_FLOWER_KEY_ENC_IPV6_DST, TCA_FLOWER_KEY_ENC_IPV6_DST_MASK],
  ),
  /** The network that tunnel comes from. */
  encSrcIp: network(
    [TCA_FLOWER_KEY_ENC_IPV4_SRC, TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK],
    [TCA_FLOWER_KEY_ENC_IPV6_SRC, TCA_FLOWER_KEY_ENC_IPV6_SRC_MASK],
  ),
  /** The number of the tunnel: of a VXLAN, its VNI. */
  encKeyId: be32(TCA_FLOWER_KEY_ENC_KEY_ID),
  /** The port the tunnel goes to. */
  encDstPort: masked([TCA_FLOWER_KEY_ENC_UDP_DST_PORT, TCA_FLOWER_KEY_ENC_UDP_DST_PORT_MASK], BE16, 0xffff, true),
  /** The port it comes from (`tc` has no word for it). */
  encSrcPort: masked([TCA_FLOWER_KEY_ENC_UDP_SRC_PORT, TCA_FLOWER_KEY_ENC_UDP_SRC_PORT_MASK], BE16, 0xffff, true),
  /** The type of service of the tunnel's packets. */
  encTos: masked([TCA_FLOWER_KEY_ENC_IP_TOS, TCA_FLOWER_KEY_ENC_IP_TOS_MASK], U8, 0xff),
  /** Their time to live. */
  encTtl: masked([TCA_FLOWER_KEY_ENC_IP_TTL, TCA_FLOWER_KEY_ENC_IP_TTL_MASK], U8, 0xff),
})

/** Whether they are parts of a larger packet. @internal */
export const ipFlags = switches([TCA_FLOWER_KEY_FLAGS, TCA_FLOWER_KEY_FLAGS_MASK], BE32, {
  /** It is a part. */
  frag: TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT,
  /** It is the first one. */
  firstfrag: TCA_FLOWER_KEY_FLAGS_FRAG_IS_FIRST,
})

/** @internal */
export const dstPort = ports(
  {
    tcp: [TCA_FLOWER_KEY_TCP_DST, TCA_FLOWER_KEY_TCP_DST_MASK],
    udp: [TCA_FLOWER_KEY_UDP_DST, TCA_FLOWER_KEY_UDP_DST_MASK],
    sctp: [TCA_FLOWER_KEY_SCTP_DST, TCA_FLOWER_KEY_SCTP_DST_MASK],
  },
  [TCA_FLOWER_KEY_PORT_DST_MIN, TCA_FLOWER_KEY_PORT_DST_MAX],
)

/** @internal */
export const srcPort = ports(
  {
    tcp: [TCA_FLOWER_KEY_TCP_SRC, TCA_FLOWER_KEY_TCP_SRC_MASK],
    udp: [TCA_FLOWER_KEY_UDP_SRC, TCA_FLOWER_KEY_UDP_SRC_MASK],
    sctp: [TCA_FLOWER_KEY_SCTP_SRC, TCA_FLOWER_KEY_SCTP_SRC_MASK],
  },
  [TCA_FLOWER_KEY_PORT_SRC_MIN, TCA_FLOWER_KEY_PORT_SRC_MAX],
)

/** @internal */
export const icmpType = icmp(
  [TCA_FLOWER_KEY_ICMPV4_TYPE, TCA_FLOWER_KEY_ICMPV4_TYPE_MASK],
  [TCA_FLOWER_KEY_ICMPV6_TYPE, TCA_FLOWER_KEY_ICMPV6_TYPE_MASK],
)

/** @internal */
export const icmpCode = icmp(
  [TCA_FLOWER_KEY_ICMPV4_CODE, TCA_FLOWER_KEY_ICMPV4_CODE_MASK],
  [TCA_FLOWER_KEY_ICMPV6_CODE, TCA_FLOWER_KEY_ICMPV6_CODE_MASK],
)

/** The number of a protocol inside of IP, named. @internal */
export const ipProtoName = (path: string, value: Parameters<typeof ipProtocols.number>[0]) =>
  ipProtocols.name(ipProtocols.number(value, path))
