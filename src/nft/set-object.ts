/** Sets and maps with a name: their data, and how they are written and read. */

import { integer, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import type { Names, Writer } from '../netlink/writer.js'
import { equal } from './bytes.js'
import { milliseconds, type NftStateful } from './elements.js'
import { familyName, type NftFamily } from './family.js'
import type { SetInfo } from './lookup.js'
import { objectNumber, objectType } from './object.js'
import {
  isObjects,
  type MapData,
  NFT_SET_CONCAT,
  NFT_SET_CONSTANT,
  NFT_SET_INTERVAL,
  NFT_SET_MAP,
  NFT_SET_OBJECT,
  type Parts,
} from './set.js'
import { dataOrderOf, declarationOf, declaredParts, type NftSetType, readNotes, storedNotes } from './set-notes.js'
import { concatFields, type ReadSet, setTable, wireSet } from './set-wire.js'
import { elementData, type ListedSet, listedElements, mappedData } from './sets.js'
import { readStateful, type WriteStateful } from './stateful.js'
import { commentData } from './userdata.js'
import { nftName } from './wire.js'

const NFT_SET_TIMEOUT = 0x10
const NFT_SET_EVAL = 0x20
const NFT_SET_EXPR = 0x100
const NFT_SET_POL_MEMORY = 1

/** What a set does besides holding values: tell ranges, forget elements after a time, be added to by rules, never change. */
export type NftSetFlag = 'interval' | 'timeout' | 'dynamic' | 'constant'

const flagBits: Readonly<Record<NftSetFlag, number>> = {
  constant: NFT_SET_CONSTANT,
  interval: NFT_SET_INTERVAL,
  timeout: NFT_SET_TIMEOUT,
  dynamic: NFT_SET_EVAL,
}

interface SetOptions<F extends NftFamily> {
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its name. */
  name: string
  /** The kernel's number of it; passed over when it is given. */
  handle?: number | undefined
  /** What its elements, or its keys, are: a type as `nft` calls it, or a key of which they are the values; of a concatenation, a list. */
  type: NftSetType | readonly NftSetType[]
  /** What it does besides. */
  flags?: readonly NftSetFlag[] | undefined
  /** Elements go by themselves after so many seconds. */
  timeout?: number | undefined
  /** How often it is looked for elements whose time is over, in seconds. */
  gcInterval?: number | undefined
  /** How many elements it holds at most. */
  size?: number | undefined
  /** It is to be small rather than quick. */
  policy?: 'memory' | undefined
  /** Ranges that touch or overlap are joined by who adds them. */
  autoMerge?: boolean | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
  /** What each of its elements has for itself that keeps a state: a counter, for one. */
  statements?: readonly NftStateful[] | undefined
  /** What nft has stored with it, in hexadecimal, where that is more than follows from the rest. */
  userdata?: string | undefined
}

/** A set with a name. */
export interface NftSet<F extends NftFamily = NftFamily> extends SetOptions<F> {
  /** What it holds. */
  elements?: readonly unknown[] | undefined
}

/** A map with a name. */
export interface NftMap<F extends NftFamily = NftFamily> extends SetOptions<F> {
  /** What it has for its keys: a type or a key, a list of them; `verdict`; or a sort of object, such as `counter`, whose names it has. */
  map: NftSetType | readonly NftSetType[]
  /** Pairs of a key and what it has for it. */
  elements?: readonly (readonly [key: unknown, value: unknown])[] | undefined
}

const ofBoth = [
  ...['family', 'table', 'name', 'handle', 'type', 'flags', 'timeout', 'gcInterval', 'size', 'policy'],
  ...['autoMerge', 'comment', 'statements', 'userdata', 'elements'],
]
const known = { set: new Set(ofBoth), map: new Set([...ofBoth, 'map']) }

/** What a set or a map with a name is. @internal */
export function setInfo(given: NftSet | NftMap, what: 'set' | 'map', id: number): SetInfo {
  onlyKnown(what, given, known[what])
  const key = declaredParts(`${what}.type`, given.type)
  const data = 'map' in given ? mapOf(given.map) : undefined
  let flags = data === undefined ? 0 : isObjects(data) ? NFT_SET_OBJECT : NFT_SET_MAP
  for (const [index, flag] of (given.flags ?? []).entries()) {
    flags |= flagBits[oneOf(`${what}.flags.${index}`, flag, Object.keys(flagBits) as NftSetFlag[])]
  }
  if (given.timeout !== undefined) flags |= NFT_SET_TIMEOUT
  if ((flags & NFT_SET_INTERVAL) !== 0 && key.length > 1) flags |= NFT_SET_CONCAT
  if ((given.statements?.length ?? 0) > 1) flags |= NFT_SET_EXPR
  if (given.autoMerge && (flags & NFT_SET_INTERVAL) === 0) {
    throw invalidValue(`${what}.autoMerge`, given.autoMerge, `goes with the flag 'interval'`)
  }
  return { name: nftName(`${what}.name`, given.name), id, flags, key, data }
}

/** What a map is declared to have for its keys. */
function mapOf(map: unknown): MapData {
  if (map === 'verdict') return 'verdict'
  const object = objectNumber(map)
  return object === undefined ? declaredParts('map.map', map) : { object }
}

/** Writes a set with a name. @internal */
export function writeSet(writer: Writer, given: NftSet | NftMap, info: SetInfo, stateful: WriteStateful): void {
  const { size, policy, timeout, gcInterval, autoMerge, comment, table, userdata, statements } = given
  const each = statements === undefined ? [] : stateful(statements, 'set.statements')
  if (policy !== undefined) oneOf('set.policy', policy, ['memory'])
  const desc = {
    ...(size !== undefined && { size: integer('set.size', size, 1, 0xffff_ffff) }),
    ...concatFields(info),
  }
  commentData('set.comment', comment)
  if (userdata !== undefined && !/^([\da-f]{2})*$/i.test(userdata)) {
    throw invalidValue('set.userdata', userdata, 'must be bytes in hexadecimal')
  }
  setTable.write(
    writer,
    {
      ...wireSet(nftName('set.table', table), info),
      policy: policy === undefined ? undefined : NFT_SET_POL_MEMORY,
      ...(Object.keys(desc).length > 0 && { desc }),
      timeout: timeout === undefined ? undefined : milliseconds('set.timeout', timeout),
      gcInterval: gcInterval === undefined ? undefined : milliseconds('set.gcInterval', gcInterval),
      ...(each.length === 1 && { expr: each[0] }),
      ...(each.length > 1 && { expressions: each }),
      userdata: userdata === undefined ? storedNotes(info, autoMerge === true, comment) : Buffer.from(userdata, 'hex'),
    },
    'set',
  )
}

/** A set as rules need to know it, and as it was reported. @internal */
export function readListedSet(values: ReadSet): ListedSet | undefined {
  const { name, flags = 0, keyType, keyLength, dataType, dataLength, objType: object } = values
  if (name === undefined || keyType === undefined || keyLength === undefined) return undefined
  const dataOrder = dataOrderOf(values.userdata)
  return {
    name,
    flags,
    keyType,
    keyLength,
    dataType,
    dataLength,
    elements: [],
    ...(dataOrder && { dataOrder }),
    ...(object !== undefined && { object }),
  }
}

/** What rules have to know of a set that the kernel has. @internal */
export function readSetInfo(values: ReadSet): SetInfo | undefined {
  const notes = readNotes(values)
  if (notes === undefined || values.name === undefined) return undefined
  return { name: values.name, flags: values.flags ?? 0, key: notes.key, data: notes.data }
}

/** A set or a map with a name, as data. @internal */
export function readSet(
  family: number,
  values: ReadSet,
  listed: ListedSet,
  names: Names,
): { set: NftSet } | { map: NftMap } | undefined {
  const knownFamily = familyName(family)
  const { table, name, handle, flags = 0, policy, desc, timeout, gcInterval, userdata, expr, expressions } = values
  const notes = readNotes(values)
  if (knownFamily === undefined || table === undefined || name === undefined || notes === undefined) return undefined
  const { key, data, autoMerge, comment } = notes
  const stateful = readStateful(knownFamily, names)
  const statements = stateful(expressions ?? (expr === undefined ? [] : [expr]))
  const usual = storedNotes({ name, flags, key, data }, autoMerge, comment)
  const flagNames = (Object.keys(flagBits) as NftSetFlag[]).filter((flag) => (flags & flagBits[flag]) !== 0)
  const options = {
    family: knownFamily,
    table,
    name,
    ...(handle !== undefined && { handle }),
    type: declarationOf(key),
    ...(flagNames.length > 0 && { flags: flagNames }),
    ...(timeout && { timeout: timeout / 1000 }),
    ...(gcInterval && { gcInterval: gcInterval / 1000 }),
    ...(desc?.size && { size: desc.size }),
    ...(policy === NFT_SET_POL_MEMORY && { policy: 'memory' as const }),
    ...(autoMerge && { autoMerge }),
    ...(comment !== undefined && { comment }),
    ...(statements.length > 0 && { statements }),
    ...(userdata !== undefined && !equal(usual, userdata) && { userdata: Buffer.from(userdata).toString('hex') }),
  }
  const elements = listedElements(listed, key)
  if (data === undefined) {
    const values = elements.map((element) => elementData(element, key, names, stateful))
    return { set: { ...options, ...(values.length > 0 && { elements: values }) } }
  }
  const parts = Array.isArray(data) ? (data as Parts) : undefined
  const entries = elements.map(
    (element) => [elementData(element, key, names, stateful), mappedData(element.data, parts, names)] as const,
  )
  const map =
    parts !== undefined ? declarationOf(parts) : isObjects(data) ? (objectType(data.object) ?? 'unknown') : 'verdict'
  return { map: { ...options, map, ...(entries.length > 0 && { elements: entries }) } }
}
