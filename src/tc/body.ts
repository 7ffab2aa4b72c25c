/**
 * What the options of a kind look like inside the attribute that holds them: attributes, a struct, or a struct with attributes after it. Each is a
 * layout; a body is the options of a kind, laid out so.
 */

import {
  type Attribute,
  Attributes,
  type Entries,
  type Options,
  type Table,
  type UnknownAttributes,
  type Values,
} from '../netlink/attributes.js'
import { invalidType } from '../netlink/check.js'
import { NLA_F_NESTED } from '../netlink/protocol.js'
import type { Fields, Struct, StructGiven, StructValue } from '../netlink/struct.js'
import type { Reader, Writer } from '../netlink/writer.js'

/** What can be read. @internal */
export interface Readable<R> {
  read(reader: Reader, at: number, length: number): R
}

/** Both a `Struct` and a table of `Attributes` are one. @internal */
export interface Layout<G, R = G> extends Readable<R> {
  write(writer: Writer, value: G, what: string): void
  /** The attributes in it, and the bytes that stand before them. */
  readonly inner?: Table
  readonly innerOffset?: number
}

/** @internal */
export interface Body<O, V = O> extends Layout<O, V> {
  /** The options that can be given. */
  readonly names: readonly string[]
  /** What is only reported: it may be given back, and is passed over. */
  readonly reported?: readonly string[]
  /** With nothing in it, the attribute is not sent. */
  readonly optional?: boolean
}

/** A struct and attributes after it; the names in both are different ones. @internal */
export const headed = <F extends Fields, E extends Entries>(
  struct: Struct<F>,
  table: Attributes<E>,
): Layout<StructGiven<F> & Options<Attributes<E>>, StructValue<F> & Values<Attributes<E>>> => {
  const fields = new Set(struct.fields.map(({ key }) => key))
  const offset = Math.ceil(struct.size / 4) * 4
  return {
    inner: table,
    innerOffset: offset,
    write(writer, value, what) {
      const entries = Object.entries(value)
      const start = writer.at
      struct.write(writer, Object.fromEntries(entries.filter(([name]) => fields.has(name))) as StructGiven<F>)
      writer.zeros(start + offset - writer.at)
      table.write(
        writer,
        Object.fromEntries(entries.filter(([name]) => !fields.has(name))) as Options<Attributes<E>>,
        what,
      )
    },
    read: (reader, at, length) => ({
      ...struct.read(reader, at, Math.min(length, struct.size)),
      ...table.read(reader, at + offset, length - offset),
    }),
  }
}

const innerOf = (layout: object): Pick<Layout<unknown>, 'inner' | 'innerOffset'> =>
  layout instanceof Attributes ? { inner: layout as Table } : (layout as Layout<unknown>)

const namesOf = (table: Attributes<Entries>, which: (entry: Attribute<unknown>) => boolean): string[] =>
  Object.entries(table.entries).flatMap(([name, entry]) => (which(entry) ? [name] : []))

/** In the order of the table, whatever the order in which they are given. */
function ordered<G>(table: Attributes<Entries>, value: G): G {
  const given = value as Record<string, unknown>
  const order = [...Object.keys(table.entries), 'unknown'].filter((name) => given[name] !== undefined)
  return Object.fromEntries(order.map((name) => [name, given[name]])) as G
}

/** Options that are attributes, one for one. @internal */
export const attributesBody = <E extends Entries>(
  table: Attributes<E>,
  optional = false,
): Body<Options<Attributes<E>>, Values<Attributes<E>>> => ({
  names: [...namesOf(table, (entry) => !entry.ignored && !entry.readOnly), 'unknown'],
  reported: namesOf(table, (entry) => entry.readOnly === true),
  optional,
  inner: table,
  write: (writer, value, what) => table.write(writer, ordered(table, value), what),
  read: (reader, at, length) => table.read(reader, at, length),
})

/** Options that are the fields of a struct. When none is given, nothing is sent. @internal */
export const structBody = <F extends Fields>(struct: Struct<F>): Body<StructGiven<F>, StructValue<F>> => ({
  names: struct.fields.map(({ key }) => key),
  optional: true,
  write(writer, value) {
    if (Object.values(value).some((given) => given !== undefined)) struct.write(writer, value)
  },
  read: (reader, at, length) => struct.read(reader, at, length),
})

/**
 * Options that the kernel is told in other words: `pack` makes what is laid out from the options, `unpack` options from what is read. `path` makes the
 * name of an option its path, for errors. `reported` are the names in `V` that are no options.
 *
 * @internal
 */
export const computed = <O extends object, V extends object, G extends object, R extends object>(
  layout: Layout<G, R>,
  names: readonly (keyof O & string)[],
  pack: (options: O, path: (key: string) => string) => G,
  unpack: (values: R) => V,
  reported: readonly (keyof V & string)[] = [],
): Body<O, V> => ({
  names: innerOf(layout).inner === undefined ? names : [...names, 'unknown'],
  reported,
  ...innerOf(layout),
  write(writer, options, what) {
    const { unknown }: UnknownAttributes = options
    const value = { ...pack(options, (key) => writer.where(key)), ...(unknown && { unknown }) }
    layout.write(writer, layout instanceof Attributes ? ordered(layout as Attributes<Entries>, value) : value, what)
  },
  read(reader, at, length) {
    const values = layout.read(reader, at, length)
    const { unknown }: UnknownAttributes = values
    return { ...unpack(values), ...(unknown && { unknown }) }
  },
})

/**
 * An attribute with a body in it. `nested`: it says of itself that there are others inside. `transparent`: its name is no part of the path of what is
 * inside.
 *
 * @internal
 */
export const holding = <O, V>(
  type: number,
  body: Body<O, V>,
  { nested = false, transparent }: { nested?: boolean; transparent?: true } = {},
): Attribute<O, V> => ({
  types: [type],
  ...(transparent && { transparent }),
  ...(body.inner !== undefined && { inner: () => body.inner }),
  ...(body.innerOffset !== undefined && { innerOffset: body.innerOffset }),
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.open(nested ? type | NLA_F_NESTED : type)
    const empty = writer.at
    if (!transparent) writer.path.push(key)
    body.write(writer, value, writer.where())
    if (!transparent) writer.path.pop()
    if (body.optional && writer.at === empty) writer.at = start
    else writer.close(start)
  },
  read: (reader, at, length) => body.read(reader, at, length),
})

/** A struct whose fields are options of the kind itself: its own name is no part of their path. @internal */
export const fieldsIn = <F extends Fields>(
  type: number,
  layout: Struct<F>,
): Attribute<StructGiven<F>, StructValue<F>> => ({
  types: [type],
  write(writer, value) {
    const start = writer.open(type)
    layout.write(writer, value)
    writer.close(start)
  },
  read: (reader, at, length) => layout.read(reader, at, length),
})
