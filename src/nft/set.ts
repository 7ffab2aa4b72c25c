/** What a set is on the wire: the types and sizes of its elements' parts, and how values become the bytes that it holds. */

import { invalidValue } from '../netlink/check.js'
import { isZero, reversed } from './bytes.js'
import type { TypeOf } from './term.js'
import { byteLength, type DataType, isSingle, type Order, type Span } from './type.js'
import { typeNumber, typesOf } from './types.js'

/** @internal */
export const NFT_SET_ANONYMOUS = 0x1
/** @internal */
export const NFT_SET_CONSTANT = 0x2
/** @internal */
export const NFT_SET_INTERVAL = 0x4
/** @internal */
export const NFT_SET_MAP = 0x8
/** @internal */
export const NFT_SET_OBJECT = 0x40
/** @internal */
export const NFT_SET_CONCAT = 0x80

/** One part of what a set holds: all of it, unless it is a concatenation. @internal */
export interface Part {
  readonly type: DataType
  readonly bits: number
  readonly order: Order
  readonly stored?: TypeOf | undefined
  /** The key whose values it has, where it was declared by that. */
  readonly key?: string | undefined
  /** How many bits stand below a value where it is compared as it is in its header. */
  readonly shift?: number | undefined
  /** It is a range: where it begins, and after that where it ends. */
  readonly interval?: true | undefined
}

/** The parts of a key, or of what a map has for it. @internal */
export type Parts = readonly Part[]

/** What a map of objects has for its keys: the number of a sort of object. @internal */
export interface ObjectData {
  readonly object: number
}

/** What a map has for its keys. @internal */
export type MapData = Parts | 'verdict' | ObjectData

/** @internal */
export const isObjects = (data: MapData | undefined): data is ObjectData => typeof data === 'object' && 'object' in data

/** A part that is a type by itself. @internal */
export const partOf = (type: DataType): Part => ({ type, bits: type.bits, order: type.order })

/** Bytes a part takes in what is loaded of it. @internal */
export const partLength = ({ bits, shift, interval }: Part): number =>
  byteLength(bits + (shift ?? 0)) * (interval ? 2 : 1)

/** Words of registers, each of four bytes, that some bytes take. @internal */
export const words = (length: number): number => Math.ceil(length / 4)

/** Bytes of the whole: the parts of a concatenation begin at multiples of four. @internal */
export const partsLength = (parts: Parts): number =>
  parts.length === 1 ? partLength(parts[0] as Part) : parts.reduce((sum, part) => sum + 4 * words(partLength(part)), 0)

/** The parts that a stored type number and a length stand for; undefined where they are not known. @internal */
export function partsOf(number: number, length: number): Parts | undefined {
  const types = typesOf(number)
  if (types === undefined) return undefined
  const [only] = types
  if (types.length === 1 && only !== undefined) {
    if (only.bits !== 0 && 2 * byteLength(only.bits) === length) return [{ ...partOf(only), interval: true }]
    if (only.bits !== 0 && byteLength(only.bits) !== length) return undefined
    return [{ type: only, bits: only.bits || 8 * length, order: only.order }]
  }
  const parts = types.map(partOf)
  return parts.some(({ bits }) => bits === 0) || partsLength(parts) !== length ? undefined : parts
}

/** The bytes of one part as they are in a register: those of numbers in the machine's order, unless ranges have them in the network's. */
const inRegister = (bytes: Uint8Array, order: Order, ordered: boolean): Uint8Array =>
  order === 'host' && !ordered ? reversed(bytes) : bytes

/**
 * The bytes of a value of several parts as they are in registers. `ordered`: they are compared as numbers, in the network's order.
 *
 * @internal
 */
export function registerBytes(parts: Parts, values: readonly Uint8Array[], ordered: boolean): Uint8Array {
  const bytes = new Uint8Array(partsLength(parts))
  let at = 0
  parts.forEach((part, index) => {
    bytes.set(inRegister(values[index] as Uint8Array, part.order, ordered), at)
    at += 4 * words(partLength(part))
  })
  return bytes
}

/** The same backwards: the bytes of each part, in network order. @internal */
export function partBytes(parts: Parts, bytes: Uint8Array, ordered: boolean): Uint8Array[] {
  let at = 0
  return parts.map((part) => {
    const length = partLength(part)
    const value = inRegister(bytes.subarray(at, at + length), part.order, ordered)
    at += 4 * words(length)
    return value
  })
}

/** The byte orders as nft notes them. @internal */
export const HOST_ORDER = 1
/** @internal */
export const NETWORK_ORDER = 2

/** The byte order nft notes for a key: none for a concatenation. @internal */
export function storedOrder(parts: Parts): number {
  const [only] = parts
  if (parts.length !== 1 || only === undefined) return 0
  return only.order === 'network' ? NETWORK_ORDER : HOST_ORDER
}

/** The number nft stores for what the parts are. @internal */
export const storedType = (parts: Parts): number => typeNumber(parts.map(({ type }) => type))

/** Whether what a map has are ranges. @internal */
export const isInterval = (data: MapData | undefined): boolean =>
  Array.isArray(data) && (data as Parts).some(({ interval }) => interval === true)

/** Moves a value to where it is in its header's bytes, and back. @internal */
export function shifted(span: Span, bits: number): Span {
  if (bits === 0) return span
  return { first: shiftLeft(span.first, bits), last: shiftLeft(span.last, bits), prefix: span.prefix }
}

function shiftLeft(bytes: Uint8Array, bits: number): Uint8Array {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  value <<= BigInt(bits)
  const length = Math.max(bytes.length, Math.ceil(value.toString(16).length / 2))
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * (length - 1 - at))) & 0xffn))
}

/** Makes a number as long as the bytes that are loaded of its field. @internal */
export function widened(span: Span, length: number, path: string): Span {
  const widen = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === length) return bytes
    const surplus = bytes.length - length
    if (surplus > 0) {
      if (!isZero(bytes.subarray(0, surplus))) throw invalidValue(path, span, 'does not fit the field')
      return bytes.subarray(surplus)
    }
    const wide = new Uint8Array(length)
    wide.set(bytes, length - bytes.length)
    return wide
  }
  const first = widen(span.first)
  return { first, last: isSingle(span) ? first : widen(span.last), prefix: span.prefix }
}
