/** Expectations: connections that others have announced, and that have not begun yet. */

import { messagesOf, NFNETLINK_V0, nfgenmsg } from '../netfilter.js'
import {
  attributes,
  be16,
  be32,
  nested,
  type Options,
  readOnly,
  type Schema,
  scalar,
  text,
  type Values,
} from '../netlink/attributes.js'
import { integer, invalidType, onlyKnown } from '../netlink/check.js'
import { enumeration, named } from '../netlink/names.js'
import { done, dump, type Operation, type Request, send } from '../netlink/operation.js'
import { NETLINK_NETFILTER, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/protocol.js'
import { BE32 } from '../netlink/scalar.js'
import type { Reader, Writer } from '../netlink/writer.js'
import { type DelOptions, deletion, type Family, familyName } from '../rtnetlink.js'
import { bitList } from './bits.js'
import { type ConntrackTuple, checkWhole, familyOfTuple, tuple } from './tuple.js'

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
  id: readOnly(be32(CTA_EXPECT_ID)),
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

/** What the first packet of an announced connection has. The port it comes from need not be known: it is not looked at, then. */
export interface ExpectedTuple extends Omit<ConntrackTuple, 'zone'> {}

/** A connection that is to be announced. One that was listed can be given as it is. */
export interface ExpectationOptions
  extends Omit<Options<typeof table>, 'master' | 'tuple' | 'mask' | 'timeout' | 'unknown'> {
  /** The family of the addresses; they tell it as well. */
  family?: Family | undefined
  /** The connection that announces it, by its `orig`. It has to have a helper. */
  master: ConntrackTuple
  /** What its first packet will have. */
  tuple: ExpectedTuple
  /** The bits of `tuple` that are looked at: all of them, when nothing is said, of what is given. */
  mask?: ExpectedTuple | undefined
  /** In so many seconds it is forgotten. */
  timeout: number
}

/** What names an expectation: what the first packet will have. One that was listed will do. */
export interface ExpectationKey {
  /** What its first packet will have. */
  tuple: ExpectedTuple
  /** The zone, when it is not 0. */
  zone?: number | undefined
  /** The number of a listed expectation: that very one, then. */
  id?: number | undefined
}

const knownToAdd = new Set([...Object.keys(table.entries), 'family'])
const knownToDelete = new Set([...knownToAdd, 'missingOk'])

/** A tuple with the port that packets come from, which the kernel wants to be told. */
const whole = (path: string, given: ExpectedTuple): ConntrackTuple => {
  if (typeof given !== 'object' || given === null) throw invalidType(path, 'an object', given)
  const made: ConntrackTuple =
    given.dport === undefined || given.sport !== undefined ? { ...given } : { ...given, sport: 0 }
  checkWhole(path, made)
  return made
}

/** The mask of all that a tuple says. */
function maskOf({ proto, src, sport, dport, type, code, id }: ExpectedTuple): ConntrackTuple {
  const ones = src.includes(':') ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255'
  return {
    proto,
    src: ones,
    dst: ones,
    ...(dport !== undefined && { sport: sport === undefined ? 0 : 0xffff, dport: 0xffff }),
    ...(type !== undefined && { type: 0xff, code: code === undefined ? 0 : 0xff, id: id === undefined ? 0 : 0xffff }),
  }
}

const request = (type: number, flags: number, doing: string, of: ConntrackTuple, write: (writer: Writer) => void) =>
  ({
    type,
    flags,
    schema: expectationSchema,
    doing,
    subject: `${of.proto} ${of.dst} ${of.dport ?? ''}`.trimEnd(),
    encode(writer) {
      nfgenmsg.write(writer, { family: familyOfTuple(of), version: NFNETLINK_V0 })
      write(writer)
    },
  }) satisfies Request

/** @internal */
export function* addExpectation(options: ExpectationOptions | Expectation): Operation<void> {
  const doing = 'conntrack.addExpectation'
  onlyKnown(doing, options, knownToAdd)
  const {
    family: _,
    id: __,
    master,
    tuple: given,
    mask,
    timeout,
    ...rest
  } = options as ExpectationOptions & { id?: number }
  checkWhole('master', master)
  const expected = whole('tuple', given)
  const looked =
    mask === undefined ? maskOf(given) : { ...mask, sport: mask.dport === undefined ? mask.sport : (mask.sport ?? 0) }
  integer('timeout', timeout, 0, 0xffff_ffff)
  const values = { ...rest, master: { ...master }, tuple: expected, mask: looked, timeout }
  const adding = request(
    expectationSchema.messages.IPCTNL_MSG_EXP_NEW,
    NLM_F_CREATE | NLM_F_EXCL,
    doing,
    expected,
    (writer) => table.write(writer, values, 'expectation'),
  )
  done(yield adding)
}

/** @internal */
export function* delExpectation(options: ExpectationKey & DelOptions): Operation<void> {
  const doing = 'conntrack.delExpectation'
  onlyKnown(doing, options, knownToDelete)
  const { tuple: given, zone, id, missingOk } = options
  // To delete none in particular would be to delete them all.
  const expected = whole('tuple', given)
  if (id !== undefined) integer('id', id, 0, 0xffff_ffff)
  const deleting = request(expectationSchema.messages.IPCTNL_MSG_EXP_DELETE, 0, doing, expected, (writer) => {
    table.write(writer, { tuple: expected, zone }, 'expectation')
    if (id === undefined) return
    const start = writer.open(CTA_EXPECT_ID)
    BE32.write(writer, id, 'id')
    writer.close(start)
  })
  yield* deletion(deleting, { missingOk }, 'ENOENT')
}

/** @internal */
export const flushExpectations = (): Operation<void> =>
  send({
    type: expectationSchema.messages.IPCTNL_MSG_EXP_DELETE,
    flags: 0,
    schema: expectationSchema,
    doing: 'conntrack.flushExpectations',
    subject: undefined,
    encode: (writer) => nfgenmsg.write(writer, { version: NFNETLINK_V0 }),
  })
