/** The actions of a filter: what is done with the packets that match. */

import {
  type Attribute,
  attributes,
  bits,
  type Entries,
  eachAttribute,
  hex,
  ignored,
  raw,
  text,
} from '../netlink/attributes.js'
import { invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { U32 } from '../netlink/scalar.js'
import { Variants } from '../netlink/variants.js'
import type { Writer } from '../netlink/writer.js'
import { actionKinds } from './actions.js'
import { holding } from './body.js'
import { type AnyKind, data, type RawTcKind, rawKind } from './message.js'
import { stats, type TcStats } from './stats.js'

const TCA_ACT_KIND = 1
const TCA_ACT_OPTIONS = 2
const TCA_ACT_INDEX = 3
const TCA_ACT_STATS = 4
const TCA_ACT_PAD = 5
const TCA_ACT_COOKIE = 6
const TCA_ACT_FLAGS = 7
const TCA_ACT_HW_STATS = 8
const TCA_ACT_USED_HW_STATS = 9
const TCA_ACT_IN_HW_COUNT = 10

const TCA_ACT_MAX_PRIO = 32

const TCA_ACT_FLAGS_NO_PERCPU_STATS = 1

type ActionTypes<K extends keyof typeof actionKinds> = NonNullable<(typeof actionKinds)[K]['types']>

/** What actions of each kind are told. {@link Action} has it beside `kind`. @interface */
export type ActionKinds = { [K in keyof typeof actionKinds]: ActionTypes<K>['options'] }

/** What an action is told whatever its kind is. */
export interface ActionOptions {
  /** Up to 16 bytes in hexadecimal, which the kernel keeps for whoever made it (Linux 4.11). */
  cookie?: string | undefined
  /** It counts in one place for all CPUs: slower, and it takes less memory (Linux 5.4). */
  noPercpu?: boolean | undefined
}

/** An action: its `kind`, and the options of that kind ({@link ActionKinds}: beside `kind: 'mirred'` those of {@link MirredOptions}). */
export type Action =
  | {
      [K in keyof ActionKinds]: {
        /** What it is. */
        kind: K
      } & ActionOptions &
        ActionKinds[K]
    }[keyof ActionKinds]
  | (ActionOptions & RawTcKind)

/** An action as the kernel reports it. What it was told stands beside `kind`, so that it can be given again. */
export type ActionInfo = (
  | { [K in keyof ActionKinds]: { kind: K } & ActionTypes<K>['values'] }[keyof ActionKinds]
  | { kind: { raw: string }; data?: string }
) & {
  /** The bytes that whoever made it had it keep. */
  cookie?: string
  /** It counts in one place for all CPUs. */
  noPercpu?: boolean
  /** What it has done. */
  stats: TcStats
  /** Attributes this version does not know, by number. */
  unknown?: Record<number, string>
}

const kinds: Readonly<Record<string, AnyKind>> = actionKinds
const flags = bits(TCA_ACT_FLAGS, U32, true)

const tables = new Variants(TCA_ACT_KIND, (name) => {
  const kind = name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined
  return attributes<Entries>({
    kind: text(TCA_ACT_KIND, 15),
    options: kind === undefined ? data : holding(TCA_ACT_OPTIONS, kind.body, { nested: true, transparent: true }),
    cookie: raw(TCA_ACT_COOKIE),
    noPercpu: flags(TCA_ACT_FLAGS_NO_PERCPU_STATS),
    stats: stats(TCA_ACT_STATS),
    other: ignored(TCA_ACT_INDEX, TCA_ACT_PAD, TCA_ACT_HW_STATS, TCA_ACT_USED_HW_STATS, TCA_ACT_IN_HW_COUNT),
  })
})

/** An action by its place among those of its filter. */
const each = attributes<Entries>(
  Object.fromEntries(
    Array.from({ length: TCA_ACT_MAX_PRIO }, (_, index) => [
      String(index),
      { types: [index + 1], inner: () => tables, write: () => undefined, read: hex },
    ]),
  ),
)

/** What a listed action has that is not an option: it may be given back. */
const passedOver = ['stats', 'refcnt', 'bindcnt', 'installed', 'lastUsed', 'firstUsed', 'unknown']

function writeAction(writer: Writer, action: Action, order: number): void {
  const path = writer.where(String(order - 1))
  if (typeof action !== 'object' || action === null) throw invalidType(path, 'an object', action)
  const { kind: given, cookie, noPercpu, ...rest } = action as unknown as Record<string, unknown>
  const byName = rawKind(given)
  const name = byName ?? oneOf(`${path}.kind`, given, Object.keys(kinds))
  const { names, reported = [] } = byName === undefined ? (kinds[name] as AnyKind).body : { names: ['data'] }
  onlyKnown(path, rest, new Set([...names, ...reported, ...passedOver]))
  const own = Object.fromEntries(Object.entries(rest).filter(([key]) => names.includes(key)))
  const start = writer.open(order)
  writer.path.push(String(order - 1))
  const options = byName === undefined ? own : own['data']
  tables.for(byName === undefined ? name : undefined).write(writer, { kind: name, options, cookie, noPercpu }, path)
  writer.path.pop()
  writer.close(start)
}

/** The actions of a filter, in the order in which they are done. */
export const actions = (type: number): Attribute<readonly Action[], ActionInfo[]> => ({
  types: [type],
  inner: () => each,
  write(writer, value, key) {
    if (!Array.isArray(value)) throw invalidType(writer.where(key), 'an array', value)
    if (value.length > TCA_ACT_MAX_PRIO) {
      throw invalidValue(writer.where(key), value, `must have at most ${TCA_ACT_MAX_PRIO} of them`)
    }
    const start = writer.open(type)
    writer.path.push(key)
    for (const [index, action] of value.entries()) writeAction(writer, action, index + 1)
    writer.path.pop()
    writer.close(start)
  },
  read(reader, at, length) {
    const list: ActionInfo[] = []
    eachAttribute(reader, at, length, (_, from, size) => {
      const { kind, options, ...more } = tables.of(reader, from, size).read(reader, from, size) as Record<
        string,
        unknown
      >
      const name = String(kind)
      const known = Object.hasOwn(kinds, name)
      list.push({
        ...(known ? { kind, ...(options as object) } : { kind: { raw: name }, data: options }),
        ...more,
      } as ActionInfo)
    })
    return list
  },
})
