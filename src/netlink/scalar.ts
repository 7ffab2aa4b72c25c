/**
 * Numbers of fixed width: the smallest parts of attributes and structs.
 *
 * Only little-endian machines are supported (the loader says so elsewhere): host order is little-endian throughout.
 */

import { integer, invalidType } from './check.js'
import { inlined, snippetOf } from './compile.js'
import type { Reader, Writer } from './writer.js'

/** A value of fixed size. `R` is what it is read as, where that is less than what can be given. @internal */
export interface Scalar<T, R = T> {
  readonly size: number
  /** In a struct it starts at a multiple of so many bytes: of its size, where nothing is said. */
  readonly alignment?: number
  /** Writes at the writer's end. `key` is the option's name, for the error. */
  write(writer: Writer, value: T, key: string): void
  read(reader: Reader, at: number): R
}

type Setter = 'setUint8' | 'setUint16' | 'setUint32' | 'setInt8' | 'setInt16' | 'setInt32'
type Getter = 'getUint8' | 'getUint16' | 'getUint32' | 'getInt8' | 'getInt16' | 'getInt32'

function number(size: number, set: Setter, get: Getter, min: number, max: number, little: boolean): Scalar<number> {
  return {
    size,
    write: inlined(
      (writer: Writer, value: number, key: string) => {
        if (!Number.isInteger(value) || value < min || value > max) integer(writer.where(key), value, min, max)
        const at = writer.take(size)
        writer.view[set](at, value, little)
      },
      (at) =>
        `Number.isInteger(given) && given >= ${min} && given <= ${max} && (view.${set}(${at}, given, ${little}), true)`,
    ),
    read: inlined(
      (reader: Reader, at: number) => reader.view[get](at, little),
      (at) => `view.${get}(${at}, ${little})`,
    ),
  }
}

export const U8 = number(1, 'setUint8', 'getUint8', 0, 0xff, true)
export const U16 = number(2, 'setUint16', 'getUint16', 0, 0xffff, true)
export const U32 = number(4, 'setUint32', 'getUint32', 0, 0xffff_ffff, true)
export const S8 = number(1, 'setInt8', 'getInt8', -0x80, 0x7f, true)
export const S16 = number(2, 'setInt16', 'getInt16', -0x8000, 0x7fff, true)
export const S32 = number(4, 'setInt32', 'getInt32', -0x8000_0000, 0x7fff_ffff, true)
export const BE16 = number(2, 'setUint16', 'getUint16', 0, 0xffff, false)
export const BE32 = number(4, 'setUint32', 'getUint32', 0, 0xffff_ffff, false)

/** 64 bits as a number: exact up to 2^53, which no counter reaches. */
export const U64: Scalar<number> = {
  size: 8,
  write(writer, value, key) {
    if (!Number.isSafeInteger(value) || value < 0) integer(writer.where(key), value, 0, Number.MAX_SAFE_INTEGER)
    const at = writer.take(8)
    writer.view.setUint32(at, value >>> 0, true)
    writer.view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
  },
  read: inlined(
    (reader: Reader, at: number) =>
      reader.view.getUint32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true),
    (at) => `(view.getUint32(${at} + 4, true) * 0x100000000 + view.getUint32(${at}, true))`,
  ),
}

/** The same with its bytes in network order. */
export const BE64: Scalar<number> = {
  size: 8,
  write(writer, value, key) {
    if (!Number.isSafeInteger(value) || value < 0) integer(writer.where(key), value, 0, Number.MAX_SAFE_INTEGER)
    const at = writer.take(8)
    writer.view.setUint32(at, Math.floor(value / 0x1_0000_0000))
    writer.view.setUint32(at + 4, value >>> 0)
  },
  read: (reader, at) => reader.view.getUint32(at) * 0x1_0000_0000 + reader.view.getUint32(at + 4),
}

/** A number that may not have every value its width allows. */
export const within = (scalar: Scalar<number>, min: number, max: number): Scalar<number> => ({
  ...scalar,
  write(writer, value, key) {
    if (!Number.isInteger(value) || value < min || value > max) integer(writer.where(key), value, min, max)
    scalar.write(writer, value, key)
  },
})

/** A number that stands for yes or no. */
export const asBoolean = (scalar: Scalar<number>): Scalar<boolean> => {
  const snippet = snippetOf(scalar.read)
  return {
    size: scalar.size,
    write(writer, value, key) {
      if (typeof value !== 'boolean') throw invalidType(writer.where(key), 'a boolean', value)
      scalar.write(writer, value ? 1 : 0, key)
    },
    read: inlined(
      (reader: Reader, at: number) => scalar.read(reader, at) !== 0,
      snippet && ((at) => `(${snippet(at)} !== 0)`),
    ),
  }
}

/** Several of one sort, side by side. */
export const array = <T>(item: Scalar<T>, length: number): Scalar<readonly T[], T[]> => ({
  size: item.size * length,
  alignment: item.alignment ?? item.size,
  write(writer, value, key) {
    if (!Array.isArray(value) || value.length !== length) {
      throw invalidType(writer.where(key), `an array of ${length}`, value)
    }
    for (const [index, each] of value.entries()) item.write(writer, each, `${key}.${index}`)
  },
  read: (reader, at) => Array.from({ length }, (_, index) => item.read(reader, at + index * item.size)),
})

/** A device of the namespace, 32 bits: its name, or its index. */
export const DEVICE: Scalar<string | number> = {
  size: 4,
  write: (writer, value, key) => U32.write(writer, writer.names.index(value, writer.where(key)), key),
  read(reader, at) {
    const index = U32.read(reader, at)
    return index === 0 ? 0 : reader.names.name(index)
  },
}
