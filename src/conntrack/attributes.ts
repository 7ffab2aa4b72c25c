/** What an entry of the connection tracking table has. */

import { messagesOf, nfgenmsg } from '../netfilter.js'
import {
  type Attribute,
  type Attributes,
  attributes,
  be16,
  be32,
  type Entries,
  ignored,
  nested,
  type Options,
  readOnly,
  type Schema,
  scalar,
  text,
  typeOf,
  type Values,
  writeOnly,
} from '../netlink/attributes.js'
import { integer, invalidType } from '../netlink/check.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import { BE32, BE64, type Scalar } from '../netlink/scalar.js'
import type { Reader } from '../netlink/writer.js'
import { type Family, familyName } from '../rtnetlink.js'
import { bitList } from './bits.js'
import { nat } from './nat.js'
import { dccp, sctp, tcp } from './protoinfo.js'
import { type ConntrackTuple, tuple } from './tuple.js'

/** @internal */
export const NFNL_SUBSYS_CTNETLINK = 1

const IPCTNL_MSG_CT_NEW = 0
const IPCTNL_MSG_CT_GET = 1
const IPCTNL_MSG_CT_DELETE = 2
const IPCTNL_MSG_CT_GET_CTRZERO = 3

const CTA_TUPLE_ORIG = 1
const CTA_TUPLE_REPLY = 2
const CTA_STATUS = 3
const CTA_HELP = 5
const CTA_NAT_SRC = 6
const CTA_TIMEOUT = 7
const CTA_MARK = 8
const CTA_COUNTERS_ORIG = 9
const CTA_COUNTERS_REPLY = 10
const CTA_USE = 11
/** @internal */
export const CTA_ID = 12
const CTA_NAT_DST = 13
const CTA_TUPLE_MASTER = 14
const CTA_SEQ_ADJ_ORIG = 15
const CTA_SEQ_ADJ_REPLY = 16
const CTA_SECMARK = 17
const CTA_ZONE = 18
const CTA_SECCTX = 19
const CTA_TIMESTAMP = 20
const CTA_MARK_MASK = 21
const CTA_LABELS = 22
const CTA_LABELS_MASK = 23
const CTA_SYNPROXY = 24
/** @internal */
export const CTA_FILTER = 25
const CTA_STATUS_MASK = 26
const CTA_TIMESTAMP_EVENT = 27

const CTA_COUNTERS_PACKETS = 1
const CTA_COUNTERS_BYTES = 2
const CTA_COUNTERS_PAD = 5

const CTA_HELP_NAME = 1
const CTA_HELP_INFO = 2
const CTA_SECCTX_NAME = 1

const CTA_TIMESTAMP_START = 1
const CTA_TIMESTAMP_STOP = 2
const CTA_TIMESTAMP_PAD = 3

const CTA_SEQADJ_CORRECTION_POS = 1
const CTA_SEQADJ_OFFSET_BEFORE = 2
const CTA_SEQADJ_OFFSET_AFTER = 3

const CTA_SYNPROXY_ISN = 1
const CTA_SYNPROXY_ITS = 2
const CTA_SYNPROXY_TSOFF = 3

const IPS_EXPECTED = 0x0001
const IPS_SEEN_REPLY = 0x0002
const IPS_ASSURED = 0x0004
const IPS_CONFIRMED = 0x0008
const IPS_SRC_NAT = 0x0010
const IPS_DST_NAT = 0x0020
const IPS_SEQ_ADJUST = 0x0040
const IPS_SRC_NAT_DONE = 0x0080
const IPS_DST_NAT_DONE = 0x0100
const IPS_DYING = 0x0200
const IPS_FIXED_TIMEOUT = 0x0400
const IPS_TEMPLATE = 0x0800
const IPS_UNTRACKED = 0x1000
const IPS_HELPER = 0x2000
const IPS_OFFLOAD = 0x4000
const IPS_HW_OFFLOAD = 0x8000

/** The longest name of a helper, in bytes. */
const LONGEST_HELPER = 15
/** Labels are numbered from 0 to this. @internal */
export const LAST_LABEL = 127

/** @internal */
export const statusBits = {
  expected: IPS_EXPECTED,
  seenReply: IPS_SEEN_REPLY,
  assured: IPS_ASSURED,
  confirmed: IPS_CONFIRMED,
  srcNat: IPS_SRC_NAT,
  dstNat: IPS_DST_NAT,
  seqAdjust: IPS_SEQ_ADJUST,
  srcNatDone: IPS_SRC_NAT_DONE,
  dstNatDone: IPS_DST_NAT_DONE,
  dying: IPS_DYING,
  fixedTimeout: IPS_FIXED_TIMEOUT,
  template: IPS_TEMPLATE,
  untracked: IPS_UNTRACKED,
  helper: IPS_HELPER,
  offload: IPS_OFFLOAD,
  hwOffload: IPS_HW_OFFLOAD,
}

/**
 * What is true of a connection.
 *
 * - `expected`: another connection announced it, its `master`
 * - `seenReply`: packets have gone both ways
 * - `assured`: it is kept when the table is full
 * - `confirmed`: its first packet was not dropped
 * - `srcNat`, `dstNat`: its source, its destination is translated
 * - `srcNatDone`, `dstNatDone`: whether they are has been decided
 * - `seqAdjust`: TCP sequence numbers are adjusted, since translating has changed the length of packets
 * - `dying`: it is being removed
 * - `fixedTimeout`: packets do not renew its timeout, which cannot be changed any more
 * - `template`, `untracked`: it is no connection
 * - `helper`: its helper was set by a rule or a program
 * - `offload`, `hwOffload`: a flowtable, the hardware passes on its packets
 */
export type ConntrackStatus = keyof typeof statusBits

/** Two attributes, one for each direction, that are one option. */
const directions = <E extends Entries>(orig: number, reply: number, table: Attributes<E>) => {
  type Value = { orig?: Options<Attributes<E>>; reply?: Options<Attributes<E>> }
  const each = { orig: nested(orig, table), reply: nested(reply, table) }
  return {
    types: [orig, reply],
    inner: () => table,
    write(writer, value, key) {
      if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
      writer.path.push(key)
      for (const direction of ['orig', 'reply'] as const) {
        const given = value[direction]
        if (given !== undefined) each[direction].write(writer, given, direction)
      }
      writer.path.pop()
    },
    read: (reader, at, length, before) => ({
      ...before,
      [typeOf(reader, at) === orig ? 'orig' : 'reply']: table.read(reader, at, length),
    }),
  } satisfies Attribute<Value>
}

/** A text inside an attribute, as an option of its own. */
const inside = (type: number, inner: number, max: number, ...others: number[]): Attribute<string> => {
  const table = attributes({ name: text(inner, max), others: ignored(...others) })
  return {
    types: [type],
    inner: () => table,
    write(writer, value, key) {
      const start = writer.openNested(type)
      table.entries.name.write(writer, value, key)
      writer.close(start)
    },
    read: (reader, at, length) => table.read(reader, at, length).name ?? '',
  }
}

/** 32 bits with a sign. */
const BE_S32: Scalar<number> = {
  size: 4,
  write: (writer, value, key) =>
    BE32.write(writer, integer(writer.where(key), value, -(2 ** 31), 2 ** 31 - 1) >>> 0, key),
  read: (reader, at) => reader.view.getInt32(at),
}

/** Nanoseconds since 1970, which are more than a number holds, as milliseconds to three decimals. */
const TIME: Scalar<number> = {
  ...BE64,
  read: (reader, at) => Number(reader.view.getBigUint64(at) / 1000n) / 1000,
}

/** The numbers of the bits that are set. */
const labels = (type: number): Attribute<readonly number[], number[]> => ({
  types: [type],
  write(writer, value, key) {
    const path = writer.where(key)
    if (!Array.isArray(value)) throw invalidType(path, 'an array of numbers', value)
    const start = writer.open(type)
    const at = writer.zeros((LAST_LABEL + 1) / 8)
    for (const [index, label] of value.entries()) {
      const bit = integer(`${path}.${index}`, label, 0, LAST_LABEL)
      writer.bytes[at + (bit >> 3)]! |= 1 << (bit & 7)
    }
    writer.close(start)
  },
  read: (reader, at, length) =>
    Array.from({ length: 8 * length }, (_, bit) => bit).filter(
      (bit) => ((reader.bytes[at + (bit >> 3)] as number) & (1 << (bit & 7))) !== 0,
    ),
})

const counterTable = attributes({
  /** How many packets there were. */
  packets: scalar(CTA_COUNTERS_PACKETS, BE64),
  /** How many bytes they had, IP headers included. */
  bytes: scalar(CTA_COUNTERS_BYTES, BE64),
  padding: ignored(CTA_COUNTERS_PAD),
})

const timeTable = attributes({
  /** When it began. */
  start: scalar(CTA_TIMESTAMP_START, TIME),
  /** When it ended, of one that has. */
  stop: scalar(CTA_TIMESTAMP_STOP, TIME),
  padding: ignored(CTA_TIMESTAMP_PAD),
})

const seqAdjTable = attributes({
  /** The sequence number from which on the second offset holds. All three have to be written together. */
  correctionPos: be32(CTA_SEQADJ_CORRECTION_POS),
  /** What is added to sequence numbers before that. */
  offsetBefore: scalar(CTA_SEQADJ_OFFSET_BEFORE, BE_S32),
  /** What is added to them after that. */
  offsetAfter: scalar(CTA_SEQADJ_OFFSET_AFTER, BE_S32),
})

const synproxyTable = attributes({
  /** The initial sequence number of the proxy. All three have to be written together. */
  isn: be32(CTA_SYNPROXY_ISN),
  /** The initial timestamp. */
  its: be32(CTA_SYNPROXY_ITS),
  /** What is added to timestamps. */
  tsoff: be32(CTA_SYNPROXY_TSOFF),
})

/** @internal */
export const table = attributes({
  /** The packets of the direction it began in. */
  orig: tuple(CTA_TUPLE_ORIG),
  /** The packets of the other direction: `orig` the other way round, but where addresses are translated. */
  reply: tuple(CTA_TUPLE_REPLY),
  /** What is true of it. */
  status: bitList(CTA_STATUS, BE32, statusBits),
  /** What is followed of a TCP connection. */
  tcp,
  /** What is followed of an SCTP association. */
  sctp,
  /** What is followed of a DCCP connection (up to Linux 6.16). */
  dccp,
  /** The helper that looks into its packets for connections that they announce: `'ftp'`. */
  helper: inside(CTA_HELP, CTA_HELP_NAME, LONGEST_HELPER, CTA_HELP_INFO),
  /** In so many seconds it is forgotten, when no packet comes; 0 to 2^32 - 1. Of one that is offloaded, the kernel does not say. */
  timeout: be32(CTA_TIMEOUT),
  /** Its mark (`ct mark`), 0 to 2^32 - 1. */
  mark: be32(CTA_MARK),
  /**
   * How many packets and bytes there were of each direction. The kernel counts those of connections that begin while the sysctl
   * `net.netfilter.nf_conntrack_acct` is 1.
   */
  counters: readOnly(directions(CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY, counterTable)),
  /** How many users the kernel's own object has. */
  use: readOnly(be32(CTA_USE)),
  /** A number of the kernel's own. It is not that of another entry, nearly always. */
  id: readOnly(be32(CTA_ID)),
  /** The `orig` of the connection that announced it. */
  master: tuple(CTA_TUPLE_MASTER),
  /** How TCP sequence numbers are adjusted. */
  seqAdj: directions(CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY, seqAdjTable),
  secmark: ignored(CTA_SECMARK),
  /** The zone: connections of different zones are told apart though their tuples are the same. 0 to 65535; not shown when it is 0. */
  zone: be16(CTA_ZONE),
  /** The context of a security module (SELinux). */
  secctx: readOnly(inside(CTA_SECCTX, CTA_SECCTX_NAME, 0xffff)),
  /**
   * When it began and ended, in milliseconds since 1970, as `Date.now()` has them. The kernel notes it of connections that begin while
   * the sysctl `net.netfilter.nf_conntrack_timestamp` is 1.
   */
  timestamp: readOnly(nested(CTA_TIMESTAMP, timeTable)),
  /**
   * Its labels (`ct label`), each a number from 0 to 127. A connection can have some only if there was a rule about labels when it began; of others
   * the kernel refuses them in `update`, with ENOSPC, and passes over them in `add`.
   */
  labels: labels(CTA_LABELS),
  /** What a SYN proxy (`synproxy`) has agreed on for it. */
  synproxy: nested(CTA_SYNPROXY, synproxyTable),
  /** When the change happened that an event tells of, in milliseconds since 1970; under the same condition as `timestamp` (Linux 6.14). */
  eventTime: readOnly(scalar(CTA_TIMESTAMP_EVENT, TIME)),
  /** The source of packets is translated to this. The kernel works out what is different about `reply`. */
  snat: writeOnly(nat(CTA_NAT_SRC)),
  /** The destination of packets is translated to this. */
  dnat: writeOnly(nat(CTA_NAT_DST)),
  /** The bits of the mark that are meant; all of them, when nothing is said. */
  markMask: writeOnly(be32(CTA_MARK_MASK)),
  /** The labels that are meant; all of them, when nothing is said. */
  labelsMask: writeOnly(labels(CTA_LABELS_MASK)),
  /** What of the status is meant. */
  statusMask: writeOnly(bitList(CTA_STATUS_MASK, BE32, statusBits)),
})

/** @internal */
export const conntrackSchema = {
  protocol: NETLINK_NETFILTER,
  messages: messagesOf(NFNL_SUBSYS_CTNETLINK, {
    IPCTNL_MSG_CT_NEW,
    IPCTNL_MSG_CT_GET,
    IPCTNL_MSG_CT_DELETE,
    IPCTNL_MSG_CT_GET_CTRZERO,
  }),
  header: nfgenmsg,
  table,
} satisfies Schema

/** An entry that is to be made, as far as its attributes say. @internal */
export interface ConntrackGiven extends Options<typeof table> {}

/** An entry of the connection tracking table: a connection, and what the kernel knows of it. */
export interface Conntrack
  extends Omit<ConntrackGiven, 'snat' | 'dnat' | 'markMask' | 'labelsMask' | 'statusMask'>,
    Pick<Values<typeof table>, 'counters' | 'secctx' | 'timestamp' | 'eventTime'> {
  /** The family of its addresses. */
  family: Family
  orig: ConntrackTuple
  reply: ConntrackTuple
  status: ConntrackStatus[]
  mark: number
  /** A number of the kernel's own. It is not that of another entry, nearly always. */
  id: number
  /** How many users the kernel's own object has; of what an event tells, the kernel does not say. */
  use?: number
}

/** Reads an entry from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Conntrack {
  const { family } = nfgenmsg.read(reader, at, length)
  const values = table.read(reader, at + nfgenmsg.size, length - nfgenmsg.size)
  // An event says nothing of a mark that is zero.
  values.mark ??= 0
  return { family: familyName(family), ...values } as Conntrack
}
