/**
 * Attribute tables: one definition gives the encoder, the decoder and the TypeScript type.
 *
 * ```ts
 * const macvlan = attributes({
 *   mode: enum32(IFLA_MACVLAN_MODE, modes),
 *   …
 * })
 * type MacvlanOptions = Options<typeof macvlan>
 * ```
 */

import { formatIp, formatMac, ipBytes, parseMac } from './address.js'
import { invalidType, invalidValue, onlyKnown } from './check.js'
import { type Enumeration, named } from './names.js'
import { AF_INET, AF_INET6, align, NLA_F_NESTED, NLA_HDRLEN } from './protocol.js'
import { asBoolean, BE16, BE32, S32, type Scalar, U8, U16, U32, U64 } from './scalar.js'
import { padded, type Reader, type Writer } from './writer.js'

/** How one option looks on the wire. @internal */
export interface Attribute<T> {
  /** The attribute numbers it may have: two for an address that has one for each family. */
  readonly types: readonly number[]
  /** Writes the attribute, header and all. `key` is the option's name. */
  write(writer: Writer, value: T, key: string): void
  /** Reads a payload. `before` is what an earlier attribute of the same option gave, for those that may be repeated. */
  read(reader: Reader, at: number, length: number, before: T | undefined): T
  /** The table of what is nested in a payload, for locating an error and for printing. */
  inner?(reader: Reader, at: number, length: number): Table | undefined
  /** Bytes of a struct that stand before what is nested. */
  readonly innerOffset?: number
  /** Its name is no part of the path of an option inside it. */
  readonly transparent?: true
  /** Reported by the kernel, never sent. */
  readonly readOnly?: true
  /** Known, and not worth showing: an older form of another attribute, or of no use outside the kernel. */
  readonly ignored?: true
}

/** A table as errors and prints see it, whatever its entries. @internal */
export interface Table {
  locate(reader: Reader, at: number, length: number, target: number): string | undefined
  missing(reader: Reader, at: number, length: number, type: number, nest: number | undefined): string
  key(type: number): string | undefined
  attribute(type: number): Attribute<unknown> | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: entries of every type stand side by side in a table; each table's own type is inferred.
export type Entries = Readonly<Record<string, Attribute<any>>>

type ValueOf<A> = A extends Attribute<infer T> ? T : never
type Writable<E> = { [K in keyof E]: E[K] extends { readOnly: true } | { ignored: true } ? never : K }[keyof E]
type Shown<E> = { [K in keyof E]: E[K] extends { ignored: true } ? never : K }[keyof E]

/** What a user may give for a table: every option of it, each of them optional; `undefined` sends nothing. */
export type Options<T> =
  T extends Attributes<infer E> ? { [K in Writable<E>]?: ValueOf<E[K]> | undefined } & Unknown : never

/** What is read by a table: the options, and what only the kernel says. */
export type Values<T> = T extends Attributes<infer E> ? { [K in Shown<E>]?: ValueOf<E[K]> } & Unknown : never

/** Attributes this version of nslink does not know. */
export interface Unknown {
  /** By attribute number, the bytes in hexadecimal: read from a newer kernel, or given to one. */
  unknown?: Record<number, string> | undefined
}

/** @internal */
export class Attributes<E extends Entries> implements Table {
  readonly entries: E
  readonly #byType: (Attribute<unknown> | undefined)[] = []
  readonly #keys: (string | undefined)[] = []

  constructor(entries: E) {
    this.entries = entries
    for (const [key, attribute] of Object.entries(entries)) {
      for (const type of attribute.types) {
        this.#byType[type] = attribute
        this.#keys[type] = key
      }
    }
  }

  /**
   * Writes the options that are given, in the order they are given. What was read can be written again: what only the kernel says
   * is passed over. `what` names their owner in the error.
   */
  write(writer: Writer, options: Options<Attributes<E>>, what: string): void {
    for (const key in options) {
      const value = options[key as keyof typeof options] as unknown
      if (value === undefined) continue
      const attribute = Object.hasOwn(this.entries, key) ? this.entries[key] : undefined
      if (attribute !== undefined && !attribute.ignored) {
        if (!attribute.readOnly) attribute.write(writer, value, key)
      } else if (key === 'unknown') {
        for (const [type, bytes] of Object.entries(value as object))
          raw(Number(type)).write(writer, bytes, `unknown.${type}`)
      } else {
        onlyKnown(what, { [key]: value }, this.entries)
      }
    }
  }

  read(reader: Reader, at: number, length: number): Values<Attributes<E>> {
    const values: Record<string, unknown> = {}
    let unknown: Record<number, string> | undefined
    eachAttribute(reader, at, length, (type, from, size) => {
      const attribute = this.#byType[type]
      if (attribute === undefined) {
        unknown ??= {}
        unknown[type] = hex(reader, from, size)
      } else if (!attribute.ignored) {
        const key = this.#keys[type] as string
        values[key] = attribute.read(reader, from, size, values[key])
      }
    })
    if (unknown !== undefined) values['unknown'] = unknown
    return values as Values<Attributes<E>>
  }

  /** The option whose attribute starts at `target`, or encloses it: `vxlan.id`. */
  locate(reader: Reader, at: number, length: number, target: number): string | undefined {
    return this.#descend(reader, at, length, target, (inner, from, size) => inner.locate(reader, from, size, target))
  }

  /** The option that attribute number `type` is, in the attribute that starts at `nest` (undefined: right here). */
  missing(reader: Reader, at: number, length: number, type: number, nest: number | undefined): string {
    const found =
      nest === undefined
        ? undefined
        : this.#descend(reader, at, length, nest, (inner, from, size, itself) =>
            inner.missing(reader, from, size, type, itself ? undefined : nest),
          )
    return found ?? this.#path(type, undefined)
  }

  /** The path of the attribute that `target` is in, and of what `deeper` finds inside it. */
  #descend(
    reader: Reader,
    at: number,
    length: number,
    target: number,
    deeper: (inner: Table, from: number, size: number, itself: boolean) => string | undefined,
  ): string | undefined {
    let found: string | undefined
    eachAttribute(reader, at, length, (type, from, size) => {
      const start = from - NLA_HDRLEN
      if (target < start || target >= from + size) return
      const attribute = this.#byType[type]
      const inner = attribute?.inner?.(reader, from, size)
      const skip = attribute?.innerOffset ?? 0
      found = this.#path(type, inner && deeper(inner, from + skip, size - skip, target === start))
    })
    return found
  }

  #path(type: number, inner: string | undefined): string {
    const key = this.#keys[type] ?? `attribute ${type}`
    if (inner === undefined) return key
    return this.#byType[type]?.transparent ? inner : `${key}.${inner}`
  }

  /** The name of an attribute number. */
  key(type: number): string | undefined {
    return this.#keys[type]
  }

  attribute(type: number): Attribute<unknown> | undefined {
    return this.#byType[type]
  }
}

/** @internal */
export const attributes = <E extends Entries>(entries: E): Attributes<E> => new Attributes(entries)

/** Calls back with the number and the payload of each attribute. @internal */
export function eachAttribute(
  reader: Reader,
  at: number,
  length: number,
  visit: (type: number, from: number, size: number) => void,
): void {
  const end = at + length
  while (end - at >= NLA_HDRLEN) {
    const size = reader.view.getUint16(at, true)
    // A length that cannot be is the end: nothing after it can be trusted.
    if (size < NLA_HDRLEN || at + size > end) return
    visit(reader.view.getUint16(at + 2, true) & 0x3fff, at + NLA_HDRLEN, size - NLA_HDRLEN)
    at += align(size)
  }
}

/** @internal */
export const hex = (reader: Reader, at: number, length: number): string =>
  Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + at, length).toString('hex')

function scalar<T>(type: number, codec: Scalar<T>): Attribute<T> {
  return {
    types: [type],
    write(writer, value, key) {
      const start = writer.open(type)
      codec.write(writer, value, key)
      writer.close(start)
    },
    // Kernels have widened attributes over time: a narrower one is read as far as it goes.
    read: (reader, at, length) =>
      length >= codec.size ? codec.read(reader, at) : codec.read(padded(reader, at, length, codec.size), 0),
  }
}

export const u8 = (type: number): Attribute<number> => scalar(type, U8)
export const u16 = (type: number): Attribute<number> => scalar(type, U16)
export const u32 = (type: number): Attribute<number> => scalar(type, U32)
export const u64 = (type: number): Attribute<number> => scalar(type, U64)
export const s32 = (type: number): Attribute<number> => scalar(type, S32)
export const be16 = (type: number): Attribute<number> => scalar(type, BE16)
export const be32 = (type: number): Attribute<number> => scalar(type, BE32)
export const bool8 = (type: number): Attribute<boolean> => scalar(type, asBoolean(U8))
export const bool16 = (type: number): Attribute<boolean> => scalar(type, asBoolean(U16))
export const bool32 = (type: number): Attribute<boolean> => scalar(type, asBoolean(U32))
export const enum8 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U8, names))
export const enum16 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U16, names))
export const enum32 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U32, names))

/** Present or not: it has no payload. */
export const flag = (type: number): Attribute<boolean> => ({
  types: [type],
  write(writer, value, key) {
    if (typeof value !== 'boolean') throw invalidType(writer.where(key), 'a boolean', value)
    if (value) writer.close(writer.open(type))
  },
  read: () => true,
})

/** A string with its NUL, of at most `max` bytes without it. `check` may say more of what it may hold. */
export const text = (
  type: number,
  max: number,
  check?: (path: string, value: unknown) => string,
): Attribute<string> => ({
  types: [type],
  write(writer, value, key) {
    const start = writer.open(type)
    if (check !== undefined) check(writer.where(key), value)
    if (typeof value !== 'string') throw invalidType(writer.where(key), 'a string', value)
    if (value.includes('\0')) throw invalidValue(writer.where(key), value, 'must not hold a NUL')
    writer.text(value)
    if (writer.at - start - NLA_HDRLEN > max)
      throw invalidValue(writer.where(key), value, `must be at most ${max} bytes`)
    writer.zeros(1)
    writer.close(start)
  },
  read(reader, at, length) {
    let end = at
    while (end < at + length && reader.bytes[end] !== 0) end++
    return Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + at, end - at).toString()
  },
})

/** An IPv4 or IPv6 address: one attribute number for both, or one for each. */
export const ip = (type4: number, type6 = type4): Attribute<string> => ({
  types: type4 === type6 ? [type4] : [type4, type6],
  write(writer, value, key) {
    const bytes = ipBytes(writer.where(key), value)
    const start = writer.open(bytes.length === 4 ? type4 : type6)
    writer.raw(bytes)
    writer.close(start)
  },
  read: (reader, at, length) =>
    length === 4 || length === 16 ? formatIp(reader.bytes, at, length) : hex(reader, at, length),
})

/** A device of the namespace: its name, or its index. */
export const device = (type: number): Attribute<string | number> => ({
  types: [type],
  write(writer, value, key) {
    const start = writer.open(type)
    U32.write(writer, writer.names.index(value, writer.where(key)), key)
    writer.close(start)
  },
  read: (reader, at) => reader.names.name(reader.view.getUint32(at, true)),
})

/** A link-layer address, `'02:42:ac:11:00:02'`; with `length`, of exactly so many bytes. */
export const mac = (type: number, length?: number): Attribute<string> => ({
  types: [type],
  write(writer, value, key) {
    const bytes = parseMac(writer.where(key), value)
    if (length !== undefined && bytes.length !== length) {
      throw invalidValue(writer.where(key), value, `must have ${length} bytes`)
    }
    const start = writer.open(type)
    writer.raw(bytes)
    writer.close(start)
  },
  read: (reader, at, size) => formatMac(reader.bytes, at, size),
})

/** A C struct. */
export const struct = <T extends object>(
  type: number,
  layout: { read(reader: Reader, at: number, length: number): T; write(writer: Writer, value: Partial<T>): void },
): Attribute<T> => ({
  types: [type],
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.open(type)
    writer.path.push(key)
    layout.write(writer, value)
    writer.path.pop()
    writer.close(start)
  },
  read: (reader, at, length) => layout.read(reader, at, length),
})

/** Attributes inside an attribute. */
export const nested = <E extends Entries>(
  type: number,
  table: Attributes<E>,
): Attribute<Options<Attributes<E>> & Unknown> => ({
  types: [type],
  inner: () => table,
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.openNested(type)
    writer.path.push(key)
    table.write(writer, value, writer.where())
    writer.path.pop()
    writer.close(start)
  },
  read: (reader, at, length) => table.read(reader, at, length) as Options<Attributes<E>> & Unknown,
})

/** A list: an attribute that holds many of another. */
export const list = <T>(type: number, item: Attribute<T>): Attribute<T[]> => ({
  types: [type],
  write(writer, value, key) {
    if (!Array.isArray(value)) throw invalidType(writer.where(key), 'an array', value)
    const start = writer.open(type | NLA_F_NESTED)
    writer.path.push(key)
    for (const [index, each] of value.entries()) item.write(writer, each, String(index))
    writer.path.pop()
    writer.close(start)
  },
  read(reader, at, length) {
    const items: T[] = []
    eachAttribute(reader, at, length, (kind, from, size) => {
      if (item.types.includes(kind)) items.push(item.read(reader, from, size, undefined))
    })
    return items
  },
})

/** A number of either family's address that is not shown as one: raw bytes in hexadecimal. */
export const raw = (type: number): Attribute<string> => ({
  types: [type],
  write(writer, value, key) {
    if (typeof value !== 'string' || !/^([0-9a-f]{2})*$/i.test(value)) {
      throw invalidValue(writer.where(key), value, 'must be bytes in hexadecimal')
    }
    const start = writer.open(type)
    writer.raw(Buffer.from(value, 'hex'))
    writer.close(start)
  },
  read: hex,
})

/** Reported by the kernel, never sent. */
export const readOnly = <T>(attribute: Attribute<T>): Attribute<T> & { readOnly: true } => ({
  ...attribute,
  readOnly: true,
})

/** Known, and not worth showing. */
export const ignored = (...types: number[]): Attribute<never> & { ignored: true } => ({
  types,
  write: () => undefined,
  read: () => undefined as never,
  ignored: true,
})

/** The family of an address in text, told by its bytes. */
export const familyOf = (bytes: Uint8Array): number => (bytes.length === 4 ? AF_INET : AF_INET6)

/** The shape of a family's messages: the struct after the message header, and the attributes after that. @internal */
export interface Schema {
  /** The message numbers that have this shape, by their C names. */
  readonly messages: Readonly<Record<string, number>>
  readonly header: {
    readonly c: string
    readonly size: number
    read(reader: Reader, at: number, length: number): object
  }
  readonly table: Table
}
