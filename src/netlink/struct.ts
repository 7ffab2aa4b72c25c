/** C structs: message headers, and attributes whose payload is a struct. Offsets follow C's alignment rules. */

import { compile, snippetOf, WORTH_COMPILING } from './compile.js'
import type { Scalar } from './scalar.js'
import { padded, Reader, type Writer } from './writer.js'

/** A field: the name it has in C, and how it looks. @internal */
export interface Field<T, R = T> {
  readonly c: string
  readonly scalar: Scalar<T, R>
}

/** @internal */
export const field = <T, R = T>(c: string, scalar: Scalar<T, R>): Field<T, R> => ({ c, scalar })

// biome-ignore lint/suspicious/noExplicitAny: the one place where fields of every type stand side by side; a struct's own type is inferred.
export type Fields = Readonly<Record<string, Field<any>>>

/** The object a struct is written from: what is not given is zero. @internal */
export type StructGiven<F extends Fields> = {
  [K in keyof F]?: (F[K] extends Field<infer T, infer _> ? T : never) | undefined
}
/** The object a struct is read as. @internal */
export type StructValue<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer _, infer R> ? R : never }

/** What a struct is read as, by the struct itself. @internal */
export type ValueOfStruct<S> = S extends Struct<infer F> ? StructValue<F> : never

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
  readonly alignment: number
  readonly fields: readonly Placed[]
  #reads = 0
  #writes = 0
  #reader: ((reader: Reader, start: number) => StructValue<F>) | undefined
  #writer: ((writer: Writer, value: StructGiven<F>) => void) | undefined

  constructor(c: string, fields: F) {
    this.c = c
    let at = 0
    let widest = 1
    const placed: Placed[] = []
    for (const [key, { c: name, scalar }] of Object.entries(fields)) {
      const alignment = scalar.alignment ?? Math.min(scalar.size, 8)
      at = Math.ceil(at / alignment) * alignment
      placed.push({ key, c: name, at, scalar })
      at += scalar.size
      widest = Math.max(widest, alignment)
    }
    this.fields = placed
    this.alignment = widest
    this.size = Math.ceil(at / widest) * widest
    declared.push(this)
  }

  /** Fields that are not given are zero. */
  write(writer: Writer, value: StructGiven<F>): void {
    if (this.#writer !== undefined) {
      this.#writer(writer, value)
      return
    }
    if (++this.#writes === WORTH_COMPILING) this.#writer = this.#compileWriter()
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

  /** One whose fields are all zero. */
  get zero(): StructValue<F> {
    return this.#read(new Reader(new Uint8Array(this.size)), 0)
  }

  #read(reader: Reader, start: number): StructValue<F> {
    if (this.#reader !== undefined) return this.#reader(reader, start)
    if (++this.#reads === WORTH_COMPILING) this.#reader = this.#compileReader()
    const value: Record<string, unknown> = {}
    for (const { key, at, scalar } of this.fields) value[key] = scalar.read(reader, start + at)
    return value as StructValue<F>
  }

  #compileReader(): ((reader: Reader, start: number) => StructValue<F>) | undefined {
    const fields = this.fields.map(({ key, at, scalar }, index) => {
      const snippet = snippetOf(scalar.read)
      const place = `start + ${at}`
      return `${JSON.stringify(key)}: ${snippet ? snippet(place) : `fields[${index}].scalar.read(reader, ${place})`}`
    })
    const source = `(reader, start) => { const { view } = reader; return { ${fields.join(', ')} } }`
    return compile(source, { fields: this.fields })
  }

  #compileWriter(): ((writer: Writer, value: StructGiven<F>) => void) | undefined {
    const fields = this.fields.map(({ key, at, scalar }, index) => {
      const snippet = snippetOf(scalar.write)
      const place = `start + ${at}`
      // What it does not take, the scalar itself takes, or says why not.
      const quick = snippet ? `!(${snippet(place)})` : 'true'
      return `given = value[${JSON.stringify(key)}]
        if (given !== undefined && ${quick}) {
          writer.at = ${place}
          fields[${index}].scalar.write(writer, given, ${JSON.stringify(key)})
        }`
    })
    const source = `(writer, value) => {
      const start = writer.zeros(${this.size})
      const end = writer.at
      const { view } = writer
      let given
      ${fields.join('\n')}
      writer.at = end
    }`
    return compile(source, { fields: this.fields })
  }
}

/** A struct as a field of another. @internal */
export const embedded = <F extends Fields>(struct: Struct<F>): Scalar<StructGiven<F>, StructValue<F>> => ({
  size: struct.size,
  alignment: struct.alignment,
  write(writer, value, key) {
    writer.path.push(key)
    struct.write(writer, value)
    writer.path.pop()
  },
  read: (reader, at) => struct.read(reader, at, struct.size),
})

/** Every struct there is, for the test that holds their layout against the kernel's headers. @internal */
export const declared: Struct<Fields>[] = []
