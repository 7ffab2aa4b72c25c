/**
 * Types of data: what a header's field, a key of a set or a packet's mark can hold, and how that is written.
 *
 * A type knows its text and its bytes. The bytes are always in network order here, so that they can be compared and counted; the program
 * turns those around that the kernel keeps in the machine's order.
 */

import { invalidType, invalidValue, outOfRange } from '../netlink/check.js'
import type { Names } from '../netlink/writer.js'
import { compare, equal, fromNumber, toNumber } from './bytes.js'

/** All values from the first to the last; a single value is both. @internal */
export interface Span {
  readonly first: Uint8Array
  readonly last: Uint8Array
  /** Of a prefix, how many leading bits count. */
  readonly prefix?: number | undefined
}

/** The order of a value's bytes in a register: the network's, the machine's, or that of text, which has none. */
export type Order = 'network' | 'host' | 'text'

/** `T` is what a value is in options and listings. @internal */
export interface DataType<T = unknown> {
  /** As `nft describe` has it: `ipv4_addr`. */
  readonly name: string
  /** The number nft stores with a set of it. */
  readonly id: number
  readonly bits: number
  readonly order: Order
  /** It is made of bits that have names, and compared with several of them at once. */
  readonly flags?: true
  /** The names that some of its values have. */
  readonly symbols?: Readonly<Record<string, number>>
  /** It may be written as a prefix; listed ranges that are one are written so. */
  readonly prefixes?: true
  /** `bits` is how many the field has; types of no fixed size are as long as it. */
  parse(value: unknown, path: string, names: Names, bits: number): Span
  format(span: Span, names: Names): T
}

/** What values of a type are. */
export type ValueOfType<T> = T extends DataType<infer V> ? V : never

/** Every type, by its name and by its number. @internal */
export const typesByName = new Map<string, DataType>()
/** @internal */
export const typesById = new Map<number, DataType>()

/** Makes a type known by its name and number. @internal */
export function dataType<T>(type: DataType<T>): DataType<T> {
  typesByName.set(type.name, type)
  typesById.set(type.id, type)
  return type
}

/** @internal */
export const single = (bytes: Uint8Array): Span => ({ first: bytes, last: bytes })
/** @internal */
export const isSingle = ({ first, last }: Span): boolean => first === last || equal(first, last)

/** A type's size in bytes. @internal */
export const byteLength = (bits: number): number => Math.ceil(bits / 8)

/** From one value to another; the first must not be above the second. @internal */
export function span(first: Uint8Array, last: Uint8Array, path: string, value: unknown): Span {
  if (compare(first, last) > 0) throw invalidValue(path, value, 'must not end before it begins')
  return { first, last }
}

const NUMBERS = /^(0x[\da-f]+|\d+)-(0x[\da-f]+|\d+)$/i

/** A number of so many bits, or a range of them. */
export function parseNumber(value: unknown, path: string, bits: number, what = ''): Span {
  const length = byteLength(bits)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits) {
    return single(fromNumber(value, length))
  }
  const max = 2n ** BigInt(bits) - 1n
  const ends = typeof value === 'string' ? NUMBERS.exec(value)?.slice(1).map(BigInt) : undefined
  if (typeof value === 'number' || ends?.some((end) => end > max)) {
    throw outOfRange(path, `${what}an integer from 0 to ${max}`, value)
  }
  if (ends === undefined) {
    throw invalidType(path, `${what}a number from 0 to ${max}, or a range such as '10-20'`, value)
  }
  const [first, last] = ends.map((end) => fromNumber(end, length)) as [Uint8Array, Uint8Array]
  return span(first, last, path, value)
}

/** From one number to another: `10-20`. */
export type NumberRange = `${number}-${number}`

/** @internal */
export const formatNumber = ({ first, last }: Span): number | NumberRange =>
  equal(first, last) ? toNumber(first) : `${toNumber(first)}-${toNumber(last)}`

/** A type whose values are numbers, or ranges of them. @internal */
export const numeric = (name: string, id: number, bits: number, order: Order): DataType<number | NumberRange> =>
  dataType({
    name,
    id,
    bits,
    order,
    parse: (value, path, _names, size) => parseNumber(value, path, bits || size),
    format: formatNumber,
  })

/** A type whose values have names; others are numbers. @internal */
export function symbolic<N extends string>(
  type: { name: string; id: number; bits: number; order: Order },
  numbers: Readonly<Record<N, number>>,
): DataType<N | number | NumberRange> {
  const byNumber = new Map<number, N>()
  for (const [name, number] of Object.entries<number>(numbers) as [N, number][]) {
    // The first name of a number is the one that is shown; later ones are other spellings.
    if (!byNumber.has(number)) byNumber.set(number, name)
  }
  const length = byteLength(type.bits)
  return dataType({
    ...type,
    symbols: numbers,
    parse(value, path, _names, bits) {
      if (typeof value === 'string' && Object.hasOwn(numbers, value))
        return single(fromNumber(numbers[value as N], length))
      if (typeof value === 'string' && !NUMBERS.test(value)) throw unknownName(path, value, Object.keys(numbers))
      return parseNumber(value, path, type.bits || bits, 'a name, ')
    },
    format(found) {
      const number = formatNumber(found)
      return typeof number === 'number' ? (byNumber.get(number) ?? number) : number
    },
  })
}

const unknownName = (path: string, value: string, names: string[]): TypeError =>
  invalidValue(path, value, `must be one of ${names.map((name) => `'${name}'`).join(', ')}, or a number`)

/** A type whose values are bits with names: one name, a list of them, or the number they make up. @internal */
export function flagged<N extends string>(
  type: { name: string; id: number; bits: number; order: Order },
  numbers: Readonly<Record<N, number>>,
): DataType<N | number | readonly N[]> {
  const length = byteLength(type.bits)
  const names = Object.keys(numbers) as N[]
  const entries = Object.entries<number>(numbers) as [N, number][]
  return dataType({
    ...type,
    flags: true,
    symbols: numbers,
    parse(value, path) {
      if (typeof value === 'number') return parseNumber(value, path, type.bits)
      let bits = 0n
      for (const name of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof name !== 'string') throw invalidType(path, 'a name, a list of names, or a number', value)
        if (!Object.hasOwn(numbers, name)) throw unknownName(path, name, names)
        bits |= BigInt(numbers[name as N])
      }
      return single(fromNumber(bits, length))
    },
    format({ first }) {
      const value = toNumber(first)
      const set = entries.filter(([, bit]) => bit !== 0 && (BigInt(value) & BigInt(bit)) === BigInt(bit))
      const known = set.reduce((sum, [, bit]) => sum | BigInt(bit), 0n)
      if (set.length === 0 || known !== BigInt(value)) return entries.find(([, bit]) => bit === value)?.[0] ?? value
      return set.length === 1 ? (set[0] as [N, number])[0] : set.map(([name]) => name)
    },
  })
}
