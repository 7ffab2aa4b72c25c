/** The messages of traffic control: what those of qdiscs, classes and filters have in common. */

import {
  type Attribute,
  absent,
  attributes,
  type Entries,
  ignored,
  numbered,
  raw,
  text,
} from '../netlink/attributes.js'
import { invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { NLMSG_HDRLEN } from '../netlink/protocol.js'
import { S32, U8, U16, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { Variants } from '../netlink/variants.js'
import type { Reader } from '../netlink/writer.js'
import { holding } from './body.js'
import type { Kind } from './kind.js'
import { stats } from './stats.js'

const TCA_KIND = 1
const TCA_OPTIONS = 2
const TCA_STATS = 3
const TCA_XSTATS = 4
const TCA_FCNT = 6
const TCA_STATS2 = 7
const TCA_PAD = 9
const TCA_EXT_WARN_MSG = 16

/** @internal */
export const tcmsg = new Struct('struct tcmsg', {
  family: field('tcm_family', U8),
  pad1: field('tcm__pad1', U8),
  pad2: field('tcm__pad2', U16),
  index: field('tcm_ifindex', S32),
  handle: field('tcm_handle', U32),
  parent: field('tcm_parent', U32),
  info: field('tcm_info', U32),
})

/** A kind that this version does not know, and what it is told. */
export interface RawTcKind {
  /** The kind. */
  kind: {
    /** The name the kernel has for it: `'cake'`. */
    raw: string
  }
  /** What its options are: the bytes in hexadecimal, all of them or of each attribute, by its number. `{ 1: '2a000000' }` is the number 42 of 32 bits. */
  data?: string | Record<number, string> | undefined
}

/** Options of a kind without a table: in hexadecimal as a whole, or by the numbers of attributes. @internal */
export const data: Attribute<string | Record<number, string>, string> = {
  types: [TCA_OPTIONS],
  write(writer, value, key) {
    if (typeof value === 'string') raw(TCA_OPTIONS).write(writer, value, key)
    else numbered(TCA_OPTIONS).write(writer, value, key)
  },
  read: raw(TCA_OPTIONS).read,
}

// biome-ignore lint/suspicious/noExplicitAny: kinds of every sort stand side by side in a list; each one's own types are in its phantom property.
export type AnyKind = Kind<any, any, any>

/** A table for each kind in a list; `more` are the attributes all of them have. @internal */
export const kindTables = (kinds: Readonly<Record<string, AnyKind>>, more: Entries): Variants =>
  new Variants(TCA_KIND, (name) => {
    const kind = name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined
    return attributes<Entries>({
      kind: text(TCA_KIND, 15),
      ...(kind === undefined ? { data } : { [kind.name]: holding(TCA_OPTIONS, kind.body) }),
      stats: stats(TCA_STATS2, kind),
      /** What the kernel has to say about it, though it did what was asked. */
      warning: text(TCA_EXT_WARN_MSG, 4096),
      ...more,
      old: ignored(TCA_STATS, TCA_XSTATS, TCA_FCNT, TCA_PAD),
    })
  })

/** A switch that is shown when it is on. @internal */
export const onlyTrue = (attribute: Attribute<boolean>): Attribute<boolean> => ({
  ...attribute,
  read: (reader, at, length, before) => attribute.read(reader, at, length, before) || absent,
})

const knownRaw = new Set(['raw'])

/** The name of a kind that goes by its name alone. @internal */
export function rawKind(kind: unknown): string | undefined {
  if (typeof kind !== 'object' || kind === null) return undefined
  onlyKnown('kind', kind, knownRaw)
  const { raw } = kind as { raw?: unknown }
  if (typeof raw === 'string' && raw !== '') return raw
  throw invalidType('kind.raw', 'the name of a kind', raw)
}

/** What the kernel says, and the option that is at fault. @internal */
export const faultsOf = (
  kinds: Readonly<Record<string, AnyKind>>,
  more: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => Object.assign({}, ...Object.values(kinds).map(({ faults }) => faults), more)

/** What an operation is given, sorted: the kind, what is for the kind, and the rest. @internal */
export interface Sorted {
  /** The kind, if this version knows it: it tells the table. */
  readonly kind: string | undefined
  /** To be written by the table of the kind: what kind it is, and what that is told. */
  readonly named: Readonly<Record<string, unknown>>
  readonly rest: Readonly<Record<string, unknown>>
}

/**
 * Sorts the options of an operation, and refuses those that nobody knows. `others` are those that do not belong to a kind. For what is to be found
 * (`finding`) the kind need not be given, and what that is told is passed over. Otherwise what a listed object has under the name of its kind is given
 * back, and what stands beside it counts more.
 *
 * @internal
 */
export function sorted(
  doing: string,
  options: object,
  kinds: Readonly<Record<string, AnyKind>>,
  others: readonly string[],
  finding: boolean,
): Sorted {
  if (typeof options !== 'object' || options === null) throw invalidType(`options of ${doing}`, 'an object', options)
  const { kind: given, ...rest } = options as Record<string, unknown>
  const raw = rawKind(given)
  const name = raw ?? (finding ? found(given) : oneOf('kind', given, Object.keys(kinds)))
  const known = raw === undefined && name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined
  // Attributes that nobody knows stand under the name of the kind, if they are the kind's.
  const names = known?.body.names.filter((each) => each !== 'unknown') ?? (raw === undefined ? [] : ['data'])
  const passedOver = [...Object.keys(kinds), ...(known?.body.reported ?? []), 'data', 'stats', 'warning', 'unknown']
  onlyKnown(doing, options, new Set(['kind', ...names, ...others, ...passedOver]))
  const pick = (mine: boolean): Record<string, unknown> =>
    Object.fromEntries(Object.entries(rest).filter(([key]) => names.includes(key) === mine))
  const own = finding
    ? {}
    : known === undefined
      ? pick(true)
      : { [known.name]: { ...listed(known, rest), ...pick(true) } }
  return { kind: known?.name, named: name === undefined ? {} : { kind: name, ...own }, rest: pick(false) }
}

function listed({ name, body }: AnyKind, options: Readonly<Record<string, unknown>>): object {
  const values = options[name]
  if (values === undefined) return {}
  const { names, reported = [] } = body
  onlyKnown(name, values as object, new Set([...names, ...reported]))
  return Object.fromEntries(Object.entries(values as object).filter(([key]) => names.includes(key)))
}

function found(kind: unknown): string | undefined {
  if (kind === undefined || typeof kind === 'string') return kind
  throw invalidType('kind', 'a string', kind)
}

/** The number of a message, by its payload. @internal */
export const messageType = (reader: Reader, at: number): number => reader.view.getUint16(at - NLMSG_HDRLEN + 4, true)
