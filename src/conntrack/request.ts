/** The messages that read, make, change and remove entries. */

import { NFNETLINK_V0, nfgenmsg } from '../netfilter.js'
import { integer, invalidType, invalidValue } from '../netlink/check.js'
import { type Decoding, dump, type Operation, type Request } from '../netlink/operation.js'
import { BE32 } from '../netlink/scalar.js'
import type { Writer } from '../netlink/writer.js'
import { type Family, familyNumber } from '../rtnetlink.js'
import { type Conntrack, type ConntrackGiven, CTA_ID, conntrackSchema, decode, table } from './attributes.js'
import type { Chooser } from './filter.js'
import { type ConntrackTuple, checkWhole, familyOfTuple } from './tuple.js'

/** @internal */
export const { IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_DELETE, IPCTNL_MSG_CT_GET_CTRZERO } =
  conntrackSchema.messages

/** What names an entry: the tuple of one of its directions. An entry that was listed will do. */
export interface ConntrackKey {
  /** The family of the addresses; they tell it as well. */
  family?: Family | undefined
  /** The packets of the direction it began in. */
  orig?: ConntrackTuple | undefined
  /** The packets of the other direction; it is looked at when there is no `orig`. */
  reply?: ConntrackTuple | undefined
  /** The zone, when it is not 0. */
  zone?: number | undefined
}

/** @internal */
export const base = (doing: string, tuple: ConntrackTuple | undefined) => ({
  flags: 0,
  schema: conntrackSchema,
  doing,
  subject: tuple && described(tuple),
})

/** A tuple as an error names it. @internal */
export const described = ({ proto, src, dst, sport, dport }: ConntrackTuple): string =>
  [proto, src, sport, '>', dst, dport].filter((part) => part !== undefined).join(' ')

/** The lists that hold what is chosen: of one family each, where the kernel has to be told one. @internal */
export const listing = (
  doing: string,
  { families, encode, passes }: Chooser,
  type: number,
): readonly Decoding<Conntrack>[] =>
  families.map((family) => ({
    ...base(doing, undefined),
    type,
    dump: true,
    encode: (writer) => encode(writer, family),
    decode(reader, at, length) {
      const entry = decode(reader, at, length)
      return passes(entry) ? entry : undefined
    },
  }))

/** @internal */
export function* listed(doing: string, chooser: Chooser, type: number): Operation<Conntrack[]> {
  const entries: Conntrack[][] = []
  for (const request of listing(doing, chooser, type)) entries.push(yield* dump(request))
  return entries.flat()
}

/** The part of the options that names an entry, and the tuple that does. @internal */
export function keyOf(options: ConntrackKey): { key: ConntrackKey; tuple: ConntrackTuple } {
  const { orig, reply, zone } = options
  const name = orig === undefined ? 'reply' : 'orig'
  const tuple = orig ?? reply
  // To delete no entry in particular would be to delete them all.
  if (tuple === undefined) throw invalidType('orig', 'given, or else "reply"', tuple)
  checkWhole(name, tuple)
  checkFamily(options, tuple)
  const copy = { ...tuple }
  return { key: { [name]: copy, zone }, tuple: copy }
}

/** The addresses tell the family; another one is a mistake. @internal */
export function checkFamily({ family }: ConntrackKey, tuple: ConntrackTuple): void {
  if (family === undefined || familyNumber(family) === familyOfTuple(tuple)) return
  throw invalidValue('family', family, 'must be that of the addresses')
}

function encode(writer: Writer, tuple: ConntrackTuple, entry: ConntrackGiven): void {
  nfgenmsg.write(writer, { family: familyOfTuple(tuple), version: NFNETLINK_V0 })
  table.write(writer, entry, 'conntrack')
}

/** @internal */
export const writing = (flags: number, doing: string, tuple: ConntrackTuple, entry: ConntrackGiven): Request => ({
  ...base(doing, tuple),
  type: IPCTNL_MSG_CT_NEW,
  flags,
  encode: (writer) => encode(writer, tuple, entry),
})

/** @internal */
export function asking(type: number, doing: string, options: ConntrackKey) {
  const { key, tuple } = keyOf(options)
  return { ...base(doing, tuple), type, decode, encode: (writer) => encode(writer, tuple, key) } satisfies Request
}

/** @internal */
export function deleting(doing: string, options: ConntrackKey & { id?: number | undefined }): Request {
  const { key, tuple } = keyOf(options)
  const { id } = options
  if (id !== undefined) integer('id', id, 0, 0xffff_ffff)
  return {
    ...base(doing, tuple),
    type: IPCTNL_MSG_CT_DELETE,
    encode(writer) {
      encode(writer, tuple, key)
      if (id === undefined) return
      const start = writer.open(CTA_ID)
      BE32.write(writer, id, 'id')
      writer.close(start)
    },
  }
}
