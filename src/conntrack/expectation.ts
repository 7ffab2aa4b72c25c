/** Expectations: connections that others have announced, and that have not begun yet. */

import { messagesOf, nfgenmsg } from '../netfilter.js'
import { attributes, be16, be32, nested, type Schema, scalar, text, type Values } from '../netlink/attributes.js'
import { enumeration, named } from '../netlink/names.js'
import { dump, type Operation } from '../netlink/operation.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import { BE32 } from '../netlink/scalar.js'
import type { Reader } from '../netlink/writer.js'
import { type Family, familyName } from '../rtnetlink.js'
import { bitList } from './bits.js'
import { type ConntrackTuple, tuple } from './tuple.js'

const NFNL_SUBSYS_CTNETLINK_EXP = 2

const IPCTNL_MSG_EXP_NEW = 0
const IPCTNL_MSG_EXP_GET = 1
const IPCTNL_MSG_EXP_DELETE = 2

const CTA_EXPECT_MASTER = 1
const CTA_EXPECT_TUPLE = 2
const CTA_EXPECT_MASK = 3
const CTA_EXPECT_TIMEOUT = 4
const CTA_EXPECT_ID = 5
const CTA_EXPECT_HELP_NAME = 6
const CTA_EXPECT_ZONE = 7
const CTA_EXPECT_FLAGS = 8
const CTA_EXPECT_CLASS = 9
const CTA_EXPECT_NAT = 10
const CTA_EXPECT_FN = 11

const CTA_EXPECT_NAT_DIR = 1
const CTA_EXPECT_NAT_TUPLE = 2

const NF_CT_EXPECT_PERMANENT = 0x1
const NF_CT_EXPECT_INACTIVE = 0x2
const NF_CT_EXPECT_USERSPACE = 0x4

const flags = {
  permanent: NF_CT_EXPECT_PERMANENT,
  inactive: NF_CT_EXPECT_INACTIVE,
  userspace: NF_CT_EXPECT_USERSPACE,
}

const natTable = attributes({
  /** The direction of the announcing connection that packets of the announced one are to be taken for. */
  dir: scalar(CTA_EXPECT_NAT_DIR, named(BE32, enumeration({ orig: 0, reply: 1 }))),
  /** Where they were to go before addresses were translated: its source. */
  tuple: tuple(CTA_EXPECT_NAT_TUPLE),
})

const table = attributes({
  /** The connection that announced it. */
  master: tuple(CTA_EXPECT_MASTER),
  /** What its first packet will have, as far as the mask says. */
  tuple: tuple(CTA_EXPECT_TUPLE),
  /** The bits of `tuple` that are looked at: of addresses as addresses, of ports as numbers. */
  mask: tuple(CTA_EXPECT_MASK),
  /** In so many seconds it is forgotten. */
  timeout: be32(CTA_EXPECT_TIMEOUT),
  /** A number of the kernel's own. */
  id: be32(CTA_EXPECT_ID),
  /** The helper that found the announcement: `'ftp'`. */
  helper: text(CTA_EXPECT_HELP_NAME, 15),
  /** The zone; not shown when it is 0. */
  zone: be16(CTA_EXPECT_ZONE),
  /** `permanent`: it stays after a connection has come by it. `inactive`: it is not looked at. `userspace`: a program made it. */
  flags: bitList(CTA_EXPECT_FLAGS, BE32, flags),
  /** Helpers that announce several sorts of connections number these. */
  class: be32(CTA_EXPECT_CLASS),
  /** How its addresses will be translated. */
  nat: nested(CTA_EXPECT_NAT, natTable),
  /** What the kernel does with the connection when it comes. */
  fn: text(CTA_EXPECT_FN, 255),
})

/** @internal */
export const expectationSchema = {
  protocol: NETLINK_NETFILTER,
  messages: messagesOf(NFNL_SUBSYS_CTNETLINK_EXP, { IPCTNL_MSG_EXP_NEW, IPCTNL_MSG_EXP_GET, IPCTNL_MSG_EXP_DELETE }),
  header: nfgenmsg,
  table,
} satisfies Schema

/** A connection that another has announced: FTP names the port that the file will come by. */
export interface Expectation extends Values<typeof table> {
  /** The family of its addresses. */
  family: Family
  master: ConntrackTuple
  tuple: ConntrackTuple
  mask: ConntrackTuple
  timeout: number
  id: number
}

/** Reads an expectation from a message of the kernel's. @internal */
export function decodeExpectation(reader: Reader, at: number, length: number): Expectation {
  const { family } = nfgenmsg.read(reader, at, length)
  const values = table.read(reader, at + nfgenmsg.size, length - nfgenmsg.size)
  return { family: familyName(family), ...values } as Expectation
}

/** @internal */
export const expectations = (doing: string): Operation<Expectation[]> =>
  dump<Expectation>({
    type: expectationSchema.messages.IPCTNL_MSG_EXP_GET,
    flags: 0,
    dump: true,
    schema: expectationSchema,
    doing,
    subject: undefined,
    encode: (writer) => nfgenmsg.write(writer, {}),
    decode: decodeExpectation,
  })
