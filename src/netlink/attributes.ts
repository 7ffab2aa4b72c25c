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

import { formatIp, formatMac, parseMac } from './address.js'
import { integer, invalidType, invalidValue, onlyKnown } from './check.js'
import { compile, inlined, snippetOf, WORTH_COMPILING } from './compile.js'
import { type Enumeration, named } from './names.js'
import { AF_INET, AF_INET6, align, NLA_F_NESTED, NLA_HDRLEN } from './protocol.js'
import { asBoolean, BE16, BE32, S32, type Scalar, U8, U16, U32, U64, within } from './scalar.js'
import { padded, type Reader, type Writer } from './writer.js'

/** How one option looks on the wire. `R` is what it is read as, where that is less than what can be given. @internal */
export interface Attribute<T, R = T> {
  /** The attribute numbers it may have: two for an address that has one for each family. */
  readonly types: readonly number[]
  /** Writes the attribute, header and all. `key` is the option's name. */
  write(writer: Writer, value: T, key: string): void
  /**
   * Reads a payload. `before` is what an earlier attribute of the same option gave, for options that several attributes make up.
   * `absent`: this attribute says nothing of the option.
   */
  read(reader: Reader, at: number, length: number, before: R | undefined): R
  /** The table of what is nested in a payload, for locating an error and for printing. */
  inner?(reader: Reader, at: number, length: number): Table | undefined
  /** Bytes of a struct that stand before what is nested. */
  readonly innerOffset?: number
  /** Its name is no part of the path of an option inside it. */
  readonly transparent?: true
  /** Reported by the kernel, never sent. */
  readonly readOnly?: true
  /** Sent, never reported. */
  readonly writeOnly?: true
  /** What it is read as is an object whose properties stand beside the table's own. */
  readonly spread?: true
  /** Shares its attribute with other options, all of which the kernel takes anew: a change has to repeat them. */
  readonly joint?: true
  /** Known, and not worth showing: an older form of another attribute, or of no use outside the kernel. */
  readonly ignored?: true
}

/** A table as errors and prints see it, whatever its entries. @internal */
export interface Table {
  locate(reader: Reader, at: number, length: number, target: number): string | undefined
  missing(reader: Reader, at: number, length: number, type: number, nest: number | undefined): string
  key(type: number): string | undefined
  attribute(type: number): Attribute<unknown> | undefined
  /** The table of attributes whose meaning depends on one of them. */
  of?(reader: Reader, at: number, length: number): Table
}

// biome-ignore lint/suspicious/noExplicitAny: entries of every type stand side by side in a table; each table's own type is inferred.
export type Entries = Readonly<Record<string, Attribute<any>>>

type ValueOf<A> = A extends Attribute<infer T, infer _> ? T : never
type ReadOf<A> = A extends Attribute<infer _, infer R> ? R : never
// Used after "as", these leave the options their entries' doc comments.
type Writable<E, K extends keyof E> = E[K] extends { readOnly: true } | { ignored: true } ? never : K
type Shown<E, K extends keyof E> = E[K] extends { writeOnly: true } | { ignored: true } ? never : K

/** What a user may give for a table: every option of it, each of them optional; `undefined` sends nothing. */
export type Options<T> =
  T extends Attributes<infer E>
    ? { [K in keyof E as Writable<E, K>]?: ValueOf<E[K]> | undefined } & UnknownAttributes
    : never

/** What is read by a table: the options, and what only the kernel says. */
export type Values<T> =
  T extends Attributes<infer E> ? { [K in keyof E as Shown<E, K>]?: ReadOf<E[K]> } & UnknownAttributes : never

/** Attributes this version of nslink does not know. */
export interface UnknownAttributes {
  /** By attribute number, the bytes in hexadecimal: read from a newer kernel, or given to one. */
  unknown?: Record<number, string> | undefined
}

type Decoder = (reader: Reader, at: number, length: number, values: object) => void

/** @internal */
export class Attributes<E extends Entries> implements Table {
  readonly entries: E
  readonly #byKey: ReadonlyMap<string, Attribute<unknown>>
  readonly #byType: (Attribute<unknown> | undefined)[] = []
  readonly #keys: (string | undefined)[] = []
  readonly #unsaid: Partial<Record<keyof E, unknown>> | undefined
  /** The options that share an attribute number, where there is more than one. */
  readonly #sharing: (string[] | undefined)[] = []
  #reads = 0
  #compiled: Decoder | undefined

  /** `unsaid`: what options are read as of which the kernel says nothing. */
  constructor(entries: E, unsaid?: Partial<Record<keyof E, unknown>>) {
    this.entries = entries
    this.#byKey = new Map(Object.entries(entries))
    this.#unsaid = unsaid
    for (const [key, attribute] of Object.entries(entries)) {
      for (const type of attribute.types) {
        const first = this.#keys[type]
        if (first !== undefined) {
          this.#sharing[type] = [...(this.#sharing[type] ?? [first]), key]
          continue
        }
        this.#byType[type] = attribute
        this.#keys[type] = key
      }
    }
  }

  /**
   * Writes the options that are given, in the order they are given. What was read can be written again: what only the kernel says
   * is passed over. `what` names their owner in the error, where the path does not.
   */
  write(writer: Writer, options: Options<Attributes<E>>, what?: string): void {
    const outside = writer.from
    writer.from = writer.at
    for (const key in options) {
      const value = options[key as keyof typeof options] as unknown
      if (value === undefined) continue
      const attribute = this.#byKey.get(key)
      if (attribute !== undefined && !attribute.ignored) {
        if (!attribute.readOnly) attribute.write(writer, value, key)
      } else if (key === 'unknown') {
        if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
        writer.path.push(key)
        writeNumbered(writer, value)
        writer.path.pop()
      } else {
        onlyKnown(what ?? writer.where(), { [key]: value }, this.entries)
      }
    }
    writer.from = outside
  }

  /** Reads attributes into an object: a new one, or `values`. */
  read(reader: Reader, at: number, length: number, values: object = { ...this.#unsaid }): Values<Attributes<E>> {
    if (this.#compiled === undefined && ++this.#reads === WORTH_COMPILING) this.#compiled = this.#compile()
    if (this.#compiled !== undefined) this.#compiled(reader, at, length, values)
    else this.#readEach(reader, at, length, values as Record<string, unknown>)
    return values as Values<Attributes<E>>
  }

  #readEach(reader: Reader, at: number, length: number, values: Record<string, unknown>): void {
    let unknown: Record<number, string> | undefined
    eachAttribute(reader, at, length, (type, from, size) => {
      if (this.#byType[type] === undefined) {
        unknown ??= {}
        unknown[type] = hex(reader, from, size)
      }
      for (const [key, attribute] of this.#reported(type)) {
        const value = attribute.read(reader, from, size, values[key])
        if (attribute.spread) Object.assign(values, value)
        else if (value !== absent) values[key] = value
      }
    })
    if (unknown !== undefined) values['unknown'] = unknown
  }

  /** The options an attribute number says something of. */
  #reported(type: number): [string, Attribute<unknown>][] {
    const key = this.#keys[type]
    if (key === undefined) return []
    return (this.#sharing[type] ?? [key])
      .map((name): [string, Attribute<unknown>] => [name, this.entries[name] as Attribute<unknown>])
      .filter(([, { ignored, writeOnly }]) => !ignored && !writeOnly)
  }

  /** The same as `#readEach`, as code. */
  #compile(): Decoder | undefined {
    const outside: Record<string, unknown> = { hex }
    const cases = this.#keys.map((_, type) => {
      const reads = this.#reported(type).map(([key, attribute], index) => {
        const property = `values[${JSON.stringify(key)}]`
        const name = `read${type}_${index}`
        outside[name] = attribute.read
        const call = `${name}(reader, from, size, ${property})`
        if (attribute.spread) return `Object.assign(values, ${call})`
        const snippet = snippetOf(attribute.read)
        if (snippet !== undefined) return `${property} = ${snippet('from')} ?? ${call}`
        return `{ const value = ${call}; if (value !== undefined) ${property} = value }`
      })
      return `case ${type}: ${reads.join('; ')}; break`
    })
    return compile(
      `(reader, at, length, values) => {
        const { view } = reader
        const end = at + length
        let unknown
        for (let total; end - at >= ${NLA_HDRLEN}; at += (total + 3) & ~3) {
          total = view.getUint16(at, true)
          if (total < ${NLA_HDRLEN} || at + total > end) break
          const type = view.getUint16(at + 2, true) & ${numberBits}
          const from = at + ${NLA_HDRLEN}
          const size = total - ${NLA_HDRLEN}
          switch (type) {
            ${cases.join('\n')}
            default: unknown ??= {}; unknown[type] = hex(reader, from, size)
          }
        }
        if (unknown !== undefined) values.unknown = unknown
      }`,
      outside,
    )
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
      // Of options that share an attribute, the one that it says something of is meant.
      const said = this.#sharing[type]?.find((key) => {
        const value: unknown = this.entries[key]?.read(reader, from, size, undefined)
        return value !== absent && value !== false
      })
      found = this.#path(type, inner && deeper(inner, from + skip, size - skip, target === start), said)
    })
    return found
  }

  #path(type: number, inner: string | undefined, key = this.#keys[type] ?? `unknown.${type}`): string {
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
export const attributes = <E extends Entries>(entries: E, unsaid?: Partial<Record<keyof E, unknown>>): Attributes<E> =>
  new Attributes(entries, unsaid)

/** The bits of an attribute's type that are its number; the others are flags. */
const numberBits = 0x3fff

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
    visit(reader.view.getUint16(at + 2, true) & numberBits, at + NLA_HDRLEN, size - NLA_HDRLEN)
    at += align(size)
  }
}

/** @internal */
export const hex = (reader: Reader, at: number, length: number): string =>
  Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + at, length).toString('hex')

/** What an attribute is read as that says nothing of an option. @internal */
export const absent = undefined as never

/** The number of the attribute whose payload is at `at`, for options that several attributes make up. @internal */
export const typeOf = (reader: Reader, at: number): number =>
  reader.view.getUint16(at - NLA_HDRLEN + 2, true) & numberBits

/** A value of fixed size. @internal */
export function scalar<T, R = T>(type: number, codec: Scalar<T, R>): Attribute<T, R> {
  const snippet = snippetOf(codec.read)
  return {
    types: [type],
    write(writer, value, key) {
      const start = writer.open(type)
      codec.write(writer, value, key)
      writer.close(start)
    },
    // Kernels have widened attributes over time: a narrower one is read as far as it goes.
    read: inlined(
      (reader: Reader, at: number, length: number) =>
        length >= codec.size ? codec.read(reader, at) : codec.read(padded(reader, at, length, codec.size), 0),
      snippet && ((at) => `(size >= ${codec.size} ? ${snippet(at)} : undefined)`),
    ),
  }
}

export const u8 = (type: number): Attribute<number> => scalar(type, U8)
export const u16 = (type: number, max = 0xffff): Attribute<number> => scalar(type, within(U16, 0, max))
export const u32 = (type: number, max = 0xffff_ffff): Attribute<number> => scalar(type, within(U32, 0, max))
export const u64 = (type: number): Attribute<number> => scalar(type, U64)
export const s32 = (type: number): Attribute<number> => scalar(type, S32)
export const be16 = (type: number): Attribute<number> => scalar(type, BE16)
export const be32 = (type: number): Attribute<number> => scalar(type, BE32)
export const bool8 = (type: number): Attribute<boolean> => scalar(type, asBoolean(U8))
export const bool32 = (type: number): Attribute<boolean> => scalar(type, asBoolean(U32))
export const enum8 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U8, names))
export const enum16 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U16, names))
export const enum32 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(U32, names))

export const enumBe16 = <N extends string>(type: number, names: Enumeration<N>): Attribute<N | number> =>
  scalar(type, named(BE16, names))

/**
 * Options that are the bits of one number: a function that makes an option of a bit. A number with a mask after it says which bits are
 * meant. One without says all of them, so that those not given are zero.
 */
export const bits = (type: number, number: Scalar<number>, masked = false) => {
  const set = (writer: Writer, at: number, bit: number, on: boolean): void => {
    const end = writer.at
    const before = number.read(writer, at)
    writer.at = at
    number.write(writer, (on ? before | bit : before & ~bit) >>> 0, '')
    writer.at = end
  }
  return (bit: number): Attribute<boolean> => ({
    types: [type],
    ...(masked ? undefined : { joint: true }),
    write(writer, value, key) {
      if (typeof value !== 'boolean') throw invalidType(writer.where(key), 'a boolean', value)
      const at = writer.attribute(type, masked ? 2 * number.size : number.size)
      set(writer, at, bit, value)
      if (masked) set(writer, at + number.size, bit, true)
    },
    read(reader, at) {
      // What the mask leaves out, this kernel does not know.
      if (masked && (number.read(reader, at + number.size) & bit) === 0) return absent
      return (number.read(reader, at) & bit) !== 0
    },
  })
}

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
  nul = true,
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
    if (nul) writer.zeros(1)
    writer.close(start)
  },
  read(reader, at, length) {
    // Nearly all are short and ASCII, which is put together sooner than a decoder is called.
    let text = ''
    for (const end = at + length; at < end; at++) {
      const code = reader.bytes[at] as number
      if (code === 0) return text
      if (code > 0x7f) return decoded(reader.bytes.subarray(at - text.length, end))
      text += String.fromCharCode(code)
    }
    return text
  },
})

function decoded(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
}

/** An IPv4 or IPv6 address: one attribute number for both, or one for each. */
export const ip = (type4: number, type6 = type4): Attribute<string> => ({
  types: type4 === type6 ? [type4] : [type4, type6],
  write(writer, value, key) {
    const start = writer.open(type4)
    if (writer.ip(value, writer.where(key)) === 16) writer.view.setUint16(start + 2, type6, true)
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
export const struct = <T extends object, R>(
  type: number,
  layout: { read(reader: Reader, at: number, length: number): R; write(writer: Writer, value: T): void },
): Attribute<T, R> => ({
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
export const nested = <E extends Entries>(type: number, table: Attributes<E>): Attribute<Options<Attributes<E>>> => ({
  types: [type],
  inner: () => table,
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.openNested(type)
    writer.path.push(key)
    table.write(writer, value)
    writer.path.pop()
    writer.close(start)
  },
  read: (reader, at, length) => table.read(reader, at, length) as Options<Attributes<E>>,
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

const nothing = attributes({})

function writeNumbered(writer: Writer, values: object): void {
  for (const [type, bytes] of Object.entries(values)) {
    raw(integer(writer.where(type), Number(type), 1, numberBits)).write(writer, bytes, type)
  }
}

/** Attributes that no table names: by number, their bytes in hexadecimal. */
export const numbered = (type: number): Attribute<Record<number, string>> => ({
  types: [type],
  inner: () => nothing,
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.openNested(type)
    writer.path.push(key)
    writeNumbered(writer, value)
    writer.path.pop()
    writer.close(start)
  },
  read: (reader, at, length) => nothing.read(reader, at, length).unknown ?? {},
})

/** Sent, never reported. */
export const writeOnly = <T, R = T>(attribute: Attribute<T, R>): Attribute<T, R> & { writeOnly: true } => ({
  ...attribute,
  writeOnly: true,
})

/** Reported by the kernel, never sent. */
export const readOnly = <T, R = T>(attribute: Attribute<T, R>): Attribute<T, R> & { readOnly: true } => ({
  ...attribute,
  readOnly: true,
})

/** Known, and not worth showing. */
export const ignored = (...types: number[]): Attribute<never> & { ignored: true } => ({
  types,
  write: () => undefined,
  read: () => absent,
  ignored: true,
})

/** The family of an address in text, told by its bytes. */
export const familyOf = (bytes: Uint8Array): number => (bytes.length === 4 ? AF_INET : AF_INET6)

/** The shape of a family's messages: the struct after the message header, and the attributes after that. @internal */
export interface Schema {
  /** NETLINK_ROUTE where nothing is said. */
  readonly protocol?: number
  /** The message numbers that have this shape, by their C names. */
  readonly messages: Readonly<Record<string, number>>
  /** The option at fault, by what the kernel says of it where it does not say in which attribute; by the code, where it says nothing. */
  readonly faults?: Readonly<Record<string, string>>
  /** What codes mean in answers to these messages, where they mean something else elsewhere. */
  readonly meanings?: Readonly<Record<string, string>>
  readonly header: {
    readonly c: string
    readonly size: number
    read(reader: Reader, at: number, length: number): object
  }
  readonly table: Table
}
