/** What the kernel follows of a connection besides that there is one: the states of TCP, SCTP and DCCP. */

import { be64 } from '../netfilter.js'
import {
  type Attribute,
  type Attributes,
  absent,
  attributes,
  be32,
  type Entries,
  eachAttribute,
  enum8,
  ignored,
  nested,
  type Options,
  u8,
} from '../netlink/attributes.js'
import { enumeration } from '../netlink/names.js'
import { type Scalar, U8 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { bitList } from './bits.js'

const CTA_PROTOINFO = 4

const CTA_PROTOINFO_TCP = 1
const CTA_PROTOINFO_DCCP = 2
const CTA_PROTOINFO_SCTP = 3

const CTA_PROTOINFO_TCP_STATE = 1
const CTA_PROTOINFO_TCP_WSCALE_ORIGINAL = 2
const CTA_PROTOINFO_TCP_WSCALE_REPLY = 3
const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL = 4
const CTA_PROTOINFO_TCP_FLAGS_REPLY = 5

const CTA_PROTOINFO_DCCP_STATE = 1
const CTA_PROTOINFO_DCCP_ROLE = 2
const CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ = 3
const CTA_PROTOINFO_DCCP_PAD = 4

const CTA_PROTOINFO_SCTP_STATE = 1
const CTA_PROTOINFO_SCTP_VTAG_ORIGINAL = 2
const CTA_PROTOINFO_SCTP_VTAG_REPLY = 3

const TCP_CONNTRACK_NONE = 0
const TCP_CONNTRACK_SYN_SENT = 1
const TCP_CONNTRACK_SYN_RECV = 2
const TCP_CONNTRACK_ESTABLISHED = 3
const TCP_CONNTRACK_FIN_WAIT = 4
const TCP_CONNTRACK_CLOSE_WAIT = 5
const TCP_CONNTRACK_LAST_ACK = 6
const TCP_CONNTRACK_TIME_WAIT = 7
const TCP_CONNTRACK_CLOSE = 8
const TCP_CONNTRACK_SYN_SENT2 = 9

const IP_CT_TCP_FLAG_WINDOW_SCALE = 0x01
const IP_CT_TCP_FLAG_SACK_PERM = 0x02
const IP_CT_TCP_FLAG_CLOSE_INIT = 0x04
const IP_CT_TCP_FLAG_BE_LIBERAL = 0x08
const IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED = 0x10
const IP_CT_TCP_FLAG_MAXACK_SET = 0x20
const IP_CT_EXP_CHALLENGE_ACK = 0x40
const IP_CT_TCP_SIMULTANEOUS_OPEN = 0x80

const SCTP_CONNTRACK_NONE = 0
const SCTP_CONNTRACK_CLOSED = 1
const SCTP_CONNTRACK_COOKIE_WAIT = 2
const SCTP_CONNTRACK_COOKIE_ECHOED = 3
const SCTP_CONNTRACK_ESTABLISHED = 4
const SCTP_CONNTRACK_SHUTDOWN_SENT = 5
const SCTP_CONNTRACK_SHUTDOWN_RECD = 6
const SCTP_CONNTRACK_SHUTDOWN_ACK_SENT = 7
const SCTP_CONNTRACK_HEARTBEAT_SENT = 8

const tcpStates = enumeration(
  {
    none: TCP_CONNTRACK_NONE,
    synSent: TCP_CONNTRACK_SYN_SENT,
    synRecv: TCP_CONNTRACK_SYN_RECV,
    established: TCP_CONNTRACK_ESTABLISHED,
    finWait: TCP_CONNTRACK_FIN_WAIT,
    closeWait: TCP_CONNTRACK_CLOSE_WAIT,
    lastAck: TCP_CONNTRACK_LAST_ACK,
    timeWait: TCP_CONNTRACK_TIME_WAIT,
    close: TCP_CONNTRACK_CLOSE,
    synSent2: TCP_CONNTRACK_SYN_SENT2,
  },
  0xff,
)

const sctpStates = enumeration(
  {
    none: SCTP_CONNTRACK_NONE,
    closed: SCTP_CONNTRACK_CLOSED,
    cookieWait: SCTP_CONNTRACK_COOKIE_WAIT,
    cookieEchoed: SCTP_CONNTRACK_COOKIE_ECHOED,
    established: SCTP_CONNTRACK_ESTABLISHED,
    shutdownSent: SCTP_CONNTRACK_SHUTDOWN_SENT,
    shutdownRecd: SCTP_CONNTRACK_SHUTDOWN_RECD,
    shutdownAckSent: SCTP_CONNTRACK_SHUTDOWN_ACK_SENT,
    heartbeatSent: SCTP_CONNTRACK_HEARTBEAT_SENT,
  },
  0xff,
)

/** These are in no header that programs are given. */
const dccpStates = enumeration(
  { none: 0, request: 1, respond: 2, partopen: 3, open: 4, closereq: 5, closing: 6, timewait: 7 },
  0xff,
)
const dccpRoles = enumeration({ client: 0, server: 1 }, 0xff)

const tcpFlags = {
  windowScale: IP_CT_TCP_FLAG_WINDOW_SCALE,
  sackPerm: IP_CT_TCP_FLAG_SACK_PERM,
  closeInit: IP_CT_TCP_FLAG_CLOSE_INIT,
  beLiberal: IP_CT_TCP_FLAG_BE_LIBERAL,
  dataUnacknowledged: IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED,
  maxackSet: IP_CT_TCP_FLAG_MAXACK_SET,
  challengeAck: IP_CT_EXP_CHALLENGE_ACK,
  simultaneousOpen: IP_CT_TCP_SIMULTANEOUS_OPEN,
}

/** What the kernel has noticed about one end of a TCP connection. */
export type ConntrackTcpFlag = keyof typeof tcpFlags

const flagsStruct = new Struct('struct nf_ct_tcp_flags', { flags: field('flags', U8), mask: field('mask', U8) })

/** What is written are all the flags. */
const FLAGS: Scalar<number> = {
  size: flagsStruct.size,
  write: (writer, flags) => flagsStruct.write(writer, { flags, mask: 0xff }),
  read: (reader, at) => U8.read(reader, at),
}

const tcpTable = attributes({
  /** The state of the connection. */
  state: enum8(CTA_PROTOINFO_TCP_STATE, tcpStates),
  /**
   * By how many bits the end that began scales its window, 0 to 14. It is written only together with the other one, and where both ends have the flag
   * `windowScale`.
   */
  wscaleOrig: u8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL),
  /** By how many bits the other end scales its window. */
  wscaleReply: u8(CTA_PROTOINFO_TCP_WSCALE_REPLY),
  /** What is known of the end that began. */
  flagsOrig: bitList(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, FLAGS, tcpFlags),
  /** What is known of the other end. */
  flagsReply: bitList(CTA_PROTOINFO_TCP_FLAGS_REPLY, FLAGS, tcpFlags),
})

const sctpTable = attributes({
  /** The state of the association. All three have to be written together. */
  state: enum8(CTA_PROTOINFO_SCTP_STATE, sctpStates),
  /** The verification tag of packets from the end that began. */
  vtagOrig: be32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL),
  /** The verification tag of packets from the other end. */
  vtagReply: be32(CTA_PROTOINFO_SCTP_VTAG_REPLY),
})

const dccpTable = attributes({
  /** The state of the connection. */
  state: enum8(CTA_PROTOINFO_DCCP_STATE, dccpStates),
  /** Which end it is that began. */
  role: enum8(CTA_PROTOINFO_DCCP_ROLE, dccpRoles),
  /** The sequence number of the request. */
  handshakeSeq: be64(CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ),
  padding: ignored(CTA_PROTOINFO_DCCP_PAD),
})

/** What the kernel follows of a TCP connection. */
export interface ConntrackTcp extends Options<typeof tcpTable> {}
/** What the kernel follows of an SCTP association. */
export interface ConntrackSctp extends Options<typeof sctpTable> {}
/** What the kernel follows of a DCCP connection (up to Linux 6.16). */
export interface ConntrackDccp extends Options<typeof dccpTable> {}

const table = attributes({
  tcp: nested(CTA_PROTOINFO_TCP, tcpTable),
  dccp: nested(CTA_PROTOINFO_DCCP, dccpTable),
  sctp: nested(CTA_PROTOINFO_SCTP, sctpTable),
})

/** One protocol's part. A connection has one protocol, so the attribute that they share holds one of them. */
const part = <E extends Entries, O extends object>(type: number, inside: Attributes<E>): Attribute<O> => {
  const attribute = nested(type, inside)
  return {
    types: [CTA_PROTOINFO],
    transparent: true,
    inner: () => table,
    write(writer, value, key) {
      const start = writer.openNested(CTA_PROTOINFO)
      attribute.write(writer, value as Options<Attributes<E>>, key)
      writer.close(start)
    },
    read(reader, at, length) {
      let found: O = absent
      eachAttribute(reader, at, length, (inner, from, size) => {
        if (inner === type) found = inside.read(reader, from, size) as unknown as O
      })
      return found
    },
  }
}

/** @internal */
export const tcp: Attribute<ConntrackTcp> = part(CTA_PROTOINFO_TCP, tcpTable)
/** @internal */
export const sctp: Attribute<ConntrackSctp> = part(CTA_PROTOINFO_SCTP, sctpTable)
/** @internal */
export const dccp: Attribute<ConntrackDccp> = part(CTA_PROTOINFO_DCCP, dccpTable)
