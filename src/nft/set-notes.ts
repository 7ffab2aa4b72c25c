/** What a set holds: the types it is declared with, and what nft notes of them where the kernel knows only bytes. */

import { integer, invalidType, invalidValue } from '../netlink/check.js'
import { equal } from './bytes.js'
import type { SetInfo } from './lookup.js'
import {
  HOST_ORDER,
  isInterval,
  isObjects,
  type MapData,
  NETWORK_ORDER,
  NFT_SET_ANONYMOUS,
  NFT_SET_INTERVAL,
  type Part,
  type Parts,
  partLength,
  partOf,
  partsLength,
  storedOrder,
  storedType,
  words,
} from './set.js'
import { VERDICTS } from './sets.js'
import { findKey, keyStoredAs } from './term.js'
import { type DataType, type Order, type Span, single, typesByName } from './type.js'
import { typesOf, verdictType } from './types.js'
import {
  concatTypeOfEntry,
  numberEntry,
  readNumber,
  readText,
  readTypeOf,
  readUserData,
  textEntry,
  typeOfEntry,
} from './userdata.js'

const UDATA_KEY_ORDER = 0
const UDATA_DATA_ORDER = 1
const UDATA_MERGE = 2
const UDATA_KEY_TYPEOF = 3
const UDATA_DATA_TYPEOF = 4
const UDATA_DATA_INTERVAL = 6
const UDATA_COMMENT = 7

/** The number of verdicts among nft's sorts of expressions. */
const verdictTypeOf = { sort: 1, data: [] }

/**
 * What a set is declared to hold: a type as `nft` calls it (`ipv4_addr`), a key whose values it holds (`ip saddr`, as with `typeof` in
 * `nft`); for what a map has, either with `interval` before it where those are ranges (`interval ipv4_addr`); or what is not known here, by the number that nft has for it and its length in bytes, its values being hexadecimal.
 */
export type NftSetType =
  | string
  | {
      /** As nft numbers its types. */
      number: number
      /** In bytes. */
      length: number
    }

/** A type of which nothing is known but how long it is. */
const opaque = (number: number, length: number): DataType<string> => {
  const one = (path: string, text: string): Uint8Array => {
    if (!/^([\da-f]{2})+$/i.test(text) || text.length !== 2 * length) {
      throw invalidValue(path, text, `must be ${length} bytes in hexadecimal`)
    }
    return Buffer.from(text, 'hex')
  }
  return {
    name: `#${number}`,
    id: number,
    bits: 8 * length,
    order: 'network',
    parse(value, path): Span {
      if (typeof value !== 'string') throw invalidType(path, `${length} bytes in hexadecimal`, value)
      const [first = '', last] = value.split('-')
      return last === undefined ? single(one(path, first)) : { first: one(path, first), last: one(path, last) }
    },
    format({ first, last }) {
      const text = Buffer.from(first).toString('hex')
      return equal(first, last) ? text : `${text}-${Buffer.from(last).toString('hex')}`
    },
  }
}

/** The parts that an option declares. @internal */
export function declaredParts(path: string, given: unknown): Parts {
  const names = Array.isArray(given) ? (given as unknown[]) : [given]
  if (names.length === 0) throw invalidValue(path, given, 'must not be empty')
  return names.map((name, index) => declaredPart(Array.isArray(given) ? `${path}.${index}` : path, name))
}

/** What stands before the type of what a map has, if that are ranges. */
const INTERVAL = 'interval '

function declaredPart(path: string, name: unknown): Part {
  if (typeof name === 'object' && name !== null && 'number' in name && 'length' in name) {
    const number = integer(`${path}.number`, name.number, 1, 0xffff_ffff)
    return partOf(opaque(number, integer(`${path}.length`, name.length, 1, 64)))
  }
  if (typeof name !== 'string') throw invalidType(path, 'a type such as "ipv4_addr", or a key such as "ip saddr"', name)
  if (name.startsWith(INTERVAL) && path.startsWith('map.map')) {
    return { ...declaredPart(path, name.slice(INTERVAL.length)), interval: true }
  }
  const key = findKey(name)
  if (key !== undefined) return { type: key.type, bits: key.bits, order: key.order, stored: key.stored, key: name }
  const type = typesByName.get(name)
  if (type === undefined || type === verdictType) throw invalidValue(path, name, 'is no type that nslink knows')
  if (type.bits === 0) throw invalidValue(path, name, 'has no size of its own: a key says how long it is')
  return partOf(type)
}

/** How data says what the parts are: backwards. @internal */
export function declarationOf(parts: Parts): NftSetType | NftSetType[] {
  const one = ({ type, bits, key, interval }: Part): NftSetType =>
    key !== undefined
      ? `${interval ? INTERVAL : ''}${key}`
      : type.name.startsWith('#') || type.bits === 0
        ? { number: type.id, length: Math.ceil(bits / 8) }
        : `${interval ? INTERVAL : ''}${type.name}`
  const [only] = parts
  return parts.length === 1 && only !== undefined ? one(only) : parts.map(one)
}

/** The parts of what was reported: by what nft noted of it, by its types, or else just its length. */
function reportedParts(number: number, length: number, noted: Uint8Array | undefined): Parts {
  const stored = noted === undefined ? undefined : readTypeOf(noted)
  const keys = stored?.map(keyStoredAs)
  if (keys?.every((key) => key !== undefined) && keys.length > 0) {
    const parts = keys.map(
      (key): Part => ({ type: key.type, bits: key.bits, order: key.order, stored: key.stored, key: key.expression }),
    )
    const ranges = parts.map((part): Part => ({ ...part, interval: true }))
    for (const found of [parts, ranges]) {
      if (partsLength(found) === length && storedType(found) === number) return found
    }
  }
  return typedParts(number, length) ?? [partOf(opaque(number, length))]
}

/** The parts that a stored type number and a length stand for; undefined where they are not known. */
function typedParts(number: number, length: number): Parts | undefined {
  const types = typesOf(number)
  if (types === undefined) return undefined
  // What has no size of its own, alone among others, has what they leave of it.
  const open = types.filter(({ bits }) => bits === 0)
  const others = types.reduce((sum, { bits }) => sum + 4 * words(Math.ceil(bits / 8)), 0)
  const rest = types.length === 1 ? length : length - others
  if (open.length > 1 || (open.length === 1 && rest <= 0)) return undefined
  const [only] = types
  if (types.length === 1 && only !== undefined && only.bits > 0 && 2 * Math.ceil(only.bits / 8) === length) {
    return [{ ...partOf(only), interval: true }]
  }
  const parts = types.map((type): Part => (type.bits === 0 ? partOf(opaque(type.id, rest)) : partOf(type)))
  return partsLength(parts) === length ? parts : undefined
}

/** What a set holds, and what nft noted of it besides. @internal */
export interface Notes {
  readonly key: Parts
  readonly data?: MapData | undefined
  readonly autoMerge: boolean
  readonly comment: string | undefined
}

/** @internal */
export function readNotes(reported: {
  keyType?: number
  keyLength?: number
  dataType?: number
  dataLength?: number
  objType?: number
  userdata?: Uint8Array
}): Notes | undefined {
  const { keyType, keyLength, dataType, dataLength, objType, userdata } = reported
  if (keyType === undefined || keyLength === undefined) return undefined
  const notes = readUserData(userdata)
  const data =
    objType !== undefined
      ? { object: objType }
      : dataType === undefined || dataLength === undefined
        ? undefined
        : dataType === VERDICTS
          ? 'verdict'
          : reportedParts(dataType, dataLength, notes.get(UDATA_DATA_TYPEOF))
  return {
    key: reportedParts(keyType, keyLength, notes.get(UDATA_KEY_TYPEOF)),
    data,
    autoMerge: (readNumber(notes.get(UDATA_MERGE)) ?? 0) !== 0,
    comment: readText(notes.get(UDATA_COMMENT)),
  }
}

/** The order of the bytes of what a map has for its keys, as nft notes it. @internal */
export function dataOrderOf(userdata: Uint8Array | undefined): Order | undefined {
  const number = readNumber(readUserData(userdata).get(UDATA_DATA_ORDER))
  return number === NETWORK_ORDER ? 'network' : number === HOST_ORDER ? 'host' : undefined
}

/** What a key was made for. nft forgets it where it has turned numbers around, and of the keys of maps that rules bring with them. */
function keyTypeOf(key: Parts, forgotten: boolean, turned: boolean): Uint8Array[] {
  const [only] = key
  if (key.length > 1) {
    const stored = key.map((part) =>
      turned && part.order === 'host' && partLength(part) > 1 ? undefined : part.stored,
    )
    return [concatTypeOfEntry(UDATA_KEY_TYPEOF, stored)]
  }
  return only?.stored === undefined || forgotten ? [] : [typeOfEntry(UDATA_KEY_TYPEOF, only.stored)]
}

function dataTypeOf(data: SetInfo['data'], anonymous: boolean): Uint8Array[] {
  if (anonymous) return data === 'verdict' ? [typeOfEntry(UDATA_DATA_TYPEOF, verdictTypeOf)] : []
  if (!Array.isArray(data)) return []
  const [only] = data as Parts
  if (data.length > 1)
    return [
      concatTypeOfEntry(
        UDATA_DATA_TYPEOF,
        (data as Parts).map(({ stored }) => stored),
      ),
    ]
  return only?.stored === undefined ? [] : [typeOfEntry(UDATA_DATA_TYPEOF, only.stored)]
}

/** What nft notes of a set: the order of its bytes, and what it was made for. @internal */
export function storedNotes({ key, data, flags }: SetInfo, merge: boolean, comment: string | undefined): Uint8Array {
  const anonymous = (flags & NFT_SET_ANONYMOUS) !== 0
  const turned = anonymous && (flags & NFT_SET_INTERVAL) !== 0
  // Objects have no bytes of which there were an order.
  const noted = isObjects(data) ? undefined : data
  return Buffer.concat([
    numberEntry(UDATA_KEY_ORDER, storedOrder(key)),
    ...(noted === undefined ? [] : [numberEntry(UDATA_DATA_ORDER, noted === 'verdict' ? 0 : storedOrder(noted))]),
    ...(merge ? [numberEntry(UDATA_MERGE, 1)] : []),
    ...keyTypeOf(key, anonymous && data !== undefined, turned),
    ...dataTypeOf(noted, anonymous),
    ...(data === undefined ? [] : [numberEntry(UDATA_DATA_INTERVAL, isInterval(data) ? 1 : 0)]),
    ...(comment === undefined ? [] : [textEntry(UDATA_COMMENT, comment)]),
  ])
}
