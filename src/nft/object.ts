/** Named objects: counters, quotas, limits and others that rules refer to by their names. Each sort has a file in `objects/`. */

import {
  type Attribute,
  type Attributes,
  attributes,
  be32,
  type Entries,
  type Options,
  raw,
  text,
  type Values,
} from '../netlink/attributes.js'
import { integer, invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { NLA_F_NESTED } from '../netlink/protocol.js'
import { Reader, type Writer } from '../netlink/writer.js'
import type { NftObjectRef } from './changes.js'
import { familyName, type NftFamily } from './family.js'
import type { NftNamedObject, NftObjectType } from './objects.js'
import { commentData, commentOf } from './userdata.js'
import { be64, bytes, LONGEST_NAME, nftName, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWOBJ = 18
/** @internal */
export const NFT_MSG_GETOBJ = 19
/** @internal */
export const NFT_MSG_DELOBJ = 20
/** @internal */
export const NFT_MSG_GETOBJ_RESET = 21
/** @internal */
export const NFT_MSG_DESTROYOBJ = 31

const NFTA_OBJ_TABLE = 1
const NFTA_OBJ_NAME = 2
const NFTA_OBJ_TYPE = 3
const NFTA_OBJ_DATA = 4
const NFTA_OBJ_USE = 5
const NFTA_OBJ_HANDLE = 6
const NFTA_OBJ_USERDATA = 8

/** A sort of object. @internal */
export interface ObjectKind<O extends object> {
  readonly type: NftObjectType
  /** The kernel's number of it. */
  readonly number: number
  /** The options it has besides those that all have. */
  readonly options: readonly (keyof O & string)[]
  /** Writes what was given. */
  write(writer: Writer, options: O, family: NftFamily): void
  /** What was given, read; undefined for what is not understood. */
  read(reader: Reader, family: NftFamily): O | undefined
}

const kinds = new Map<string, ObjectKind<object>>()
const byNumber = new Map<number, ObjectKind<object>>()

/** Makes a sort of object known: its attributes, and what they are of what is given. @internal */
export function objectKind<O extends object, E extends Entries>(kind: {
  readonly type: NftObjectType
  readonly number: number
  readonly table: Attributes<E>
  readonly options: readonly (keyof O & string)[]
  values(options: O, family: NftFamily): Options<Attributes<E>>
  read(values: Values<Attributes<E>>, family: NftFamily): O | undefined
}): void {
  const { type, number, table, options, values, read } = kind
  const made: ObjectKind<O> = {
    type,
    number,
    options,
    write: (writer, given, family) => table.write(writer, values(given, family), type),
    read: (reader, family) => read(table.read(reader, 0, reader.bytes.length), family),
  }
  kinds.set(type, made as unknown as ObjectKind<object>)
  byNumber.set(number, made as unknown as ObjectKind<object>)
}

/** The kernel's number of a sort of object; undefined for what is none. @internal */
export const objectNumber = (type: unknown): number | undefined => kinds.get(type as string)?.number
/** The sort of object that a number stands for. @internal */
export const objectType = (number: unknown): NftObjectType | undefined => byNumber.get(number as number)?.type

/** What an object is, which depends on its sort: whatever writes it, and what was read. */
const content: Attribute<(writer: Writer) => void, Uint8Array> = {
  types: [NFTA_OBJ_DATA],
  write(writer, write) {
    const start = writer.open(NFTA_OBJ_DATA | NLA_F_NESTED)
    write(writer)
    writer.close(start)
  },
  read: (reader, at, length) => reader.bytes.slice(at, at + length),
}

/** @internal */
export const objectTable = attributes({
  table: text(NFTA_OBJ_TABLE, LONGEST_NAME),
  name: text(NFTA_OBJ_NAME, LONGEST_NAME),
  type: be32(NFTA_OBJ_TYPE),
  data: content,
  use: be32(NFTA_OBJ_USE),
  handle: be64(NFTA_OBJ_HANDLE),
  userdata: bytes(NFTA_OBJ_USERDATA),
})

/** @internal */
export const objectSchema = nftSchema(
  { NFT_MSG_NEWOBJ, NFT_MSG_GETOBJ, NFT_MSG_DELOBJ, NFT_MSG_GETOBJ_RESET, NFT_MSG_DESTROYOBJ },
  objectTable,
)

const common = ['type', 'family', 'table', 'name', 'handle', 'comment'] as const
const ofUnknown = new Set<string>([...common, 'number', 'data'])

/** Writes an object. @internal */
export function objectWriter(given: NftNamedObject): (writer: Writer) => void {
  const { family, table, name, comment } = given
  const values = {
    table: nftName('object.table', table),
    name: nftName('object.name', name),
    userdata: commentData('object.comment', comment),
  }
  if (given.type === 'unknown') {
    onlyKnown('object', given, ofUnknown)
    const number = integer('object.number', given.number, 1, 0xffff_ffff)
    const { data } = given
    return (writer) => {
      objectTable.write(writer, { ...values, type: number }, 'object')
      raw(NFTA_OBJ_DATA | NLA_F_NESTED).write(writer, data, 'data')
    }
  }
  const kind = kinds.get(oneOf('object.type', given.type, [...kinds.keys()])) as ObjectKind<object>
  onlyKnown(`object (${kind.type})`, given, new Set<string>([...common, ...kind.options]))
  return (writer) =>
    objectTable.write(writer, { ...values, type: kind.number, data: (to) => kind.write(to, given, family) }, 'object')
}

/** An object as data. @internal */
export function readObject(family: number, values: Values<typeof objectTable>): NftNamedObject | undefined {
  const knownFamily = familyName(family)
  const { table, name, type, data = new Uint8Array(), handle, userdata } = values
  if (knownFamily === undefined || table === undefined || name === undefined || type === undefined) return undefined
  const comment = commentOf(userdata)
  const kind = byNumber.get(type)
  const options = kind?.read(new Reader(data), knownFamily)
  return {
    type: options === undefined ? 'unknown' : kind?.type,
    family: knownFamily,
    table,
    name,
    ...(handle !== undefined && { handle }),
    ...(comment !== undefined && { comment }),
    ...(options ?? { number: type, data: Buffer.from(data).toString('hex') }),
  } as NftNamedObject
}

/** Writes what names an object. @internal */
export function objectKeyWriter(given: NftObjectRef): (writer: Writer) => void {
  const { type, table, name, handle } = given
  const number = type === 'unknown' ? given.number : objectNumber(oneOf('object.type', type, [...kinds.keys()]))
  if (name === undefined && handle === undefined) throw invalidType('object.name', 'a string', name)
  const key = name === undefined ? { handle } : { name: nftName('object.name', name) }
  return (writer) =>
    objectTable.write(writer, { table: nftName('object.table', table), type: number, ...key }, 'object')
}
