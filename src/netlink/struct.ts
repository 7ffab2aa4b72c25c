/** C structs: message headers, and attributes whose payload is a struct. Offsets follow C's alignment rules. */

import type { Scalar } from './scalar.js'
import { padded, type Reader, type Writer } from './writer.js'

/** A field: the name it has in C, and how it looks. @internal */
export interface Field<T> {
  readonly c: string
  readonly scalar: Scalar<T>
}

/** @internal */
export const field = <T>(c: string, scalar: Scalar<T>): Field<T> => ({ c, scalar })

// biome-ignore lint/suspicious/noExplicitAny: the one place where fields of every type stand side by side; a struct's own type is inferred.
type Fields = Readonly<Record<string, Field<any>>>

/** The object a struct stands for. @internal */
export type StructValue<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never }

interface Placed {
  readonly key: string
  readonly c: string
  readonly at: number
  readonly scalar: Scalar<unknown>
}

/** @internal */
export class Struct<F extends Fields> {
  /** As C knows it: `struct ifinfomsg`. */
  readonly c: string
  readonly size: number
  readonly fields: readonly Placed[]

  constructor(c: string, fields: F) {
    this.c = c
    let at = 0
    let widest = 1
    const placed: Placed[] = []
    for (const [key, { c: name, scalar }] of Object.entries(fields)) {
      const alignment = Math.min(scalar.size, 8)
      at = Math.ceil(at / alignment) * alignment
      placed.push({ key, c: name, at, scalar })
      at += scalar.size
      widest = Math.max(widest, alignment)
    }
    this.fields = placed
    this.size = Math.ceil(at / widest) * widest
    declared.push(this)
  }

  /** Fields that are not given are zero. */
  write(writer: Writer, value: Partial<StructValue<F>>): void {
    const start = writer.zeros(this.size)
    const end = writer.at
    for (const { key, at, scalar } of this.fields) {
      const given = (value as Record<string, unknown>)[key]
      if (given === undefined) continue
      writer.at = start + at
      scalar.write(writer, given, key)
    }
    writer.at = end
  }

  /** A shorter struct, from an older kernel, has zeros for what it lacks; the tail of a longer one is ignored. */
  read(reader: Reader, at: number, length: number): StructValue<F> {
    if (length < this.size) {
      return this.#read(padded(reader, at, length, this.size), 0)
    }
    return this.#read(reader, at)
  }

  #read(reader: Reader, start: number): StructValue<F> {
    const value: Record<string, unknown> = {}
    for (const { key, at, scalar } of this.fields) value[key] = scalar.read(reader, start + at)
    return value as StructValue<F>
  }
}

/** Every struct there is, for the test that holds their layout against the kernel's headers. @internal */
export const declared: Struct<Fields>[] = []
