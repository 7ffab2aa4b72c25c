/** The messages of sets and of their elements. */

import { attributes, be32, list, nested, type Options, text, type Values } from '../netlink/attributes.js'
import type { Writer } from '../netlink/writer.js'
import type { NftRef } from './chain.js'
import { elementList, NFT_SET_ELEM_CATCHALL, NFT_SET_ELEM_INTERVAL_END, type WireElement } from './elements.js'
import { instructions, oneInstruction } from './expression.js'
import type { AnonymousSet, SetInfo } from './lookup.js'
import { isObjects, NFT_SET_CONCAT, NFT_SET_INTERVAL, partLength, partsLength, storedType } from './set.js'
import { storedNotes } from './set-notes.js'
import { VERDICTS } from './sets.js'
import { be64, bytes, LONGEST_NAME, nftName, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWSET = 9
/** @internal */
export const NFT_MSG_GETSET = 10
/** @internal */
export const NFT_MSG_DELSET = 11
/** @internal */
export const NFT_MSG_NEWSETELEM = 12
/** @internal */
export const NFT_MSG_GETSETELEM = 13
/** @internal */
export const NFT_MSG_DELSETELEM = 14
/** @internal */
export const NFT_MSG_DESTROYSET = 29
/** @internal */
export const NFT_MSG_DESTROYSETELEM = 30
/** @internal */
export const NFT_MSG_GETSETELEM_RESET = 33

const NFTA_SET_TABLE = 1
const NFTA_SET_NAME = 2
const NFTA_SET_FLAGS = 3
const NFTA_SET_KEY_TYPE = 4
const NFTA_SET_KEY_LEN = 5
const NFTA_SET_DATA_TYPE = 6
const NFTA_SET_DATA_LEN = 7
const NFTA_SET_POLICY = 8
const NFTA_SET_DESC = 9
const NFTA_SET_ID = 10
const NFTA_SET_TIMEOUT = 11
const NFTA_SET_GC_INTERVAL = 12
const NFTA_SET_USERDATA = 13
const NFTA_SET_OBJ_TYPE = 15
const NFTA_SET_HANDLE = 16
const NFTA_SET_EXPR = 17
const NFTA_SET_EXPRESSIONS = 18

const NFTA_SET_DESC_SIZE = 1
const NFTA_SET_DESC_CONCAT = 2
const NFTA_SET_FIELD_LEN = 1
const NFTA_LIST_ELEM = 1

const NFTA_SET_ELEM_LIST_TABLE = 1
const NFTA_SET_ELEM_LIST_SET = 2
const NFTA_SET_ELEM_LIST_ELEMENTS = 3
const NFTA_SET_ELEM_LIST_SET_ID = 4

const fieldTable = attributes({ len: be32(NFTA_SET_FIELD_LEN) })
const descTable = attributes({
  size: be32(NFTA_SET_DESC_SIZE),
  concat: list(NFTA_SET_DESC_CONCAT, nested(NFTA_LIST_ELEM, fieldTable)),
})

/** @internal */
export const setTable = attributes({
  table: text(NFTA_SET_TABLE, LONGEST_NAME),
  name: text(NFTA_SET_NAME, LONGEST_NAME),
  flags: be32(NFTA_SET_FLAGS),
  keyType: be32(NFTA_SET_KEY_TYPE),
  keyLength: be32(NFTA_SET_KEY_LEN),
  dataType: be32(NFTA_SET_DATA_TYPE),
  dataLength: be32(NFTA_SET_DATA_LEN),
  policy: be32(NFTA_SET_POLICY),
  desc: nested(NFTA_SET_DESC, descTable),
  id: be32(NFTA_SET_ID),
  timeout: be64(NFTA_SET_TIMEOUT),
  gcInterval: be32(NFTA_SET_GC_INTERVAL),
  userdata: bytes(NFTA_SET_USERDATA),
  objType: be32(NFTA_SET_OBJ_TYPE),
  handle: be64(NFTA_SET_HANDLE),
  expr: oneInstruction(NFTA_SET_EXPR),
  expressions: instructions(NFTA_SET_EXPRESSIONS),
})

/** @internal */
export const setSchema = nftSchema({ NFT_MSG_NEWSET, NFT_MSG_GETSET, NFT_MSG_DELSET, NFT_MSG_DESTROYSET }, setTable)

/** @internal */
export const elementsTable = attributes({
  table: text(NFTA_SET_ELEM_LIST_TABLE, LONGEST_NAME),
  set: text(NFTA_SET_ELEM_LIST_SET, LONGEST_NAME),
  elements: elementList(NFTA_SET_ELEM_LIST_ELEMENTS),
  setId: be32(NFTA_SET_ELEM_LIST_SET_ID),
})

/** @internal */
export const elementsSchema = nftSchema(
  { NFT_MSG_NEWSETELEM, NFT_MSG_GETSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_DESTROYSETELEM, NFT_MSG_GETSETELEM_RESET },
  elementsTable,
)

/** A set as it was reported. @internal */
export type ReadSet = Values<typeof setTable>

/** What is the same of all sets on the wire. @internal */
export function wireSet(table: string, info: SetInfo): Options<typeof setTable> {
  const { name, id, flags, key, data } = info
  return {
    table,
    name,
    id,
    flags,
    keyType: storedType(key),
    keyLength: partsLength(key),
    ...dataFields(data),
  }
}

function dataFields(data: SetInfo['data']): Options<typeof setTable> {
  if (data === undefined) return {}
  if (isObjects(data)) return { objType: data.object }
  if (data === 'verdict') return { dataType: VERDICTS, dataLength: 0 }
  return { dataType: storedType(data), dataLength: partsLength(data) }
}

/** The sizes of the parts of a concatenation of ranges. @internal */
export const concatFields = ({ flags, key }: SetInfo): { concat?: { len: number }[] } =>
  (flags & NFT_SET_CONCAT) === 0 ? {} : { concat: key.map((part) => ({ len: partLength(part) })) }

/** How much room a set takes: for each range two elements, also where one has no end of its own. */
function sizeWanted({ elements, flags, key }: AnonymousSet): number {
  if ((flags & NFT_SET_INTERVAL) === 0 || key.length > 1) return elements.length
  const has = (element: WireElement, flag: number): boolean => ((element.flags ?? 0) & flag) !== 0
  const starts = elements.filter((each) => !has(each, NFT_SET_ELEM_INTERVAL_END) && !has(each, NFT_SET_ELEM_CATCHALL))
  const all = elements.filter((each) => has(each, NFT_SET_ELEM_CATCHALL))
  const [first] = elements
  return 2 * starts.length + all.length + (first !== undefined && has(first, NFT_SET_ELEM_INTERVAL_END) ? 1 : 0)
}

/** Writes a set that a rule brings with it. @internal */
export function writeAnonymousSet(writer: Writer, table: string, set: AnonymousSet): void {
  const merged = (set.flags & NFT_SET_INTERVAL) !== 0 && set.data === undefined
  setTable.write(
    writer,
    {
      ...wireSet(table, set),
      desc: { size: sizeWanted(set), ...concatFields(set) },
      userdata: storedNotes(set, merged, undefined),
    },
    'set',
  )
}

/** Writes what names a set. @internal */
export function writeSetKey(writer: Writer, { table, name, handle }: NftRef): void {
  const key = name === undefined ? { handle } : { name: nftName('set.name', name) }
  setTable.write(writer, { table: nftName('set.table', table), ...key }, 'set')
}

/** How much of an attribute elements may fill: it has room for 65531 bytes. */
const ROOM = 60_000
/** What an element takes besides its own bytes: the headers of the attributes around them. */
const OVERHEAD = 48

/** Elements in portions that fit a message each. @internal */
export function* portions(elements: readonly WireElement[]): Generator<readonly WireElement[]> {
  let from = 0
  let size = 0
  for (const [index, element] of elements.entries()) {
    const length = OVERHEAD + sizeOf(element)
    if (size + length > ROOM) {
      yield elements.slice(from, index)
      from = index
      size = 0
    }
    size += length
  }
  if (from < elements.length) yield elements.slice(from)
}

const lengthOf = (data: WireElement['key']): number =>
  data !== undefined && 'value' in data ? data.value.length : data ? 300 : 0
const sizeOf = ({ key, keyEnd, data, userdata, expr, objref }: WireElement): number =>
  lengthOf(key) + lengthOf(keyEnd) + lengthOf(data) + (userdata?.length ?? 0) + (expr ? 64 : 0) + (objref?.length ?? 0)
