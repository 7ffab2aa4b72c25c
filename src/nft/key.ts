/** Keys of the kernel's own, in tables: what `meta`, `ct` and others know. */

import { toNumber } from './bytes.js'
import type { Context } from './context.js'
import type { NftFamily } from './family.js'
import { headerOf, type Layer } from './header.js'
import type { CamelCase, KeyType } from './payload.js'
import { camelCase } from './payload.js'
import type { Program } from './program.js'
import { type Comparable, noteFlags, type Selector, selector } from './selector.js'
import { addKey, type Key, type TypeOf } from './term.js'
import { byteLength, type DataType, type Order } from './type.js'

/** A key in a table. @internal */
export interface KeyEntry<T = unknown> {
  /** The kernel's number of it. */
  readonly number: number
  readonly type: DataType<T>
  /** How many bits it has, where its type does not say. */
  readonly bits?: number
  /** Where that is not its type's. */
  readonly order?: Order
  /** What matching it says of the packet. */
  readonly tells?: 'l4proto' | 'ethertype' | 'nfproto' | 'link'
  /** The kernel lets rules set it. */
  readonly settable?: true
  /** Where not all families of the table have it. */
  readonly families?: readonly NftFamily[]
}

// biome-ignore lint/suspicious/noExplicitAny: keys of every type stand side by side; each table's own type is inferred.
type KeyEntries = Readonly<Record<string, KeyEntry<any>>>

/** What is the same for all keys of a table. */
interface KeyCode {
  readonly stored?: TypeOf
  load(program: Program, word: number): void
  store?(program: Program, word: number): void
}

type ValueOfEntry<E> = E extends KeyEntry<infer T> ? T : never

/** @internal */
export interface KeyTable<N extends string, E extends KeyEntries, A extends NftFamily> {
  readonly name: N
  readonly entries: E
  readonly families: readonly A[]
  /** The key's name, by the kernel's number. */
  readonly names: ReadonlyMap<number, string>
}

/** The keys of a table, and what their values are. */
export type TableKeys<T> =
  T extends KeyTable<infer N, infer E, infer A>
    ? { [K in keyof E & string as `${N} ${K}`]: KeyType<ValueOfEntry<E[K]>, A> }
    : never

/** The builders of a table's keys. */
export type TableSelectors<T> =
  T extends KeyTable<infer N, infer E, infer _>
    ? {
        readonly [K in keyof E as CamelCase<K & string>]: E[K] extends { settable: true }
          ? Selector<`${N} ${K & string}`, ValueOfEntry<E[K]>>
          : Comparable<`${N} ${K & string}`, ValueOfEntry<E[K]>>
      }
    : never

/** Makes the keys of a table known. @internal */
export function keyTable<const N extends string, E extends KeyEntries, const A extends NftFamily>(
  name: N,
  table: { families: readonly A[]; keys: E; key: (number: number) => KeyCode },
): KeyTable<N, E, A> {
  const names = new Map<number, string>()
  for (const [word, entry] of Object.entries<KeyEntry>(table.keys)) {
    const expression = `${name} ${word}`
    const { store, ...code } = table.key(entry.number)
    const bits = entry.bits ?? entry.type.bits
    addKey({
      expression,
      families: entry.families ?? table.families,
      type: entry.type,
      bits,
      order: entry.order ?? entry.type.order,
      length: byteLength(bits),
      shift: 0,
      ...code,
      ...(entry.settable && store !== undefined && { store }),
      ...(entry.tells && telling(entry.tells)),
    })
    if (entry.type.flags) noteFlags(expression)
    names.set(entry.number, expression)
  }
  return { name, entries: table.keys, families: table.families, names }
}

/** The hardware type of Ethernet. */
const ETHER = 1

/** What a match of a key says of the packet. */
function telling(tells: NonNullable<KeyEntry['tells']>): Pick<Key, 'learn' | 'learnSome' | 'redundant'> {
  if (tells === 'link') {
    return {
      learn(context, value) {
        if (toNumber(value) === ETHER) context.learn('link', 'ether')
      },
    }
  }
  const layer: Layer = tells === 'l4proto' ? 'transport' : 'network'
  return {
    learn(context, value) {
      const above = headerOf(tells, toNumber(value))
      // Elsewhere the network layer is told by something else, and this adds nothing.
      const counts = tells !== 'ethertype' || context.family === 'netdev' || context.family === 'bridge'
      if (above !== undefined && above.layer === layer && counts) context.learn(layer, above.name)
    },
    ...(tells === 'l4proto' && { learnSome: (context: Context) => context.learn('transport', '?') }),
    ...(tells === 'ethertype' && {
      redundant: (context: Context, value: Uint8Array) => {
        const { family } = context
        return (family === 'ip' || family === 'ip6') && headerOf('ethertype', toNumber(value))?.name === family
      },
    }),
  }
}

/** The builders of a table's keys. @internal */
export const tableSelectors = <N extends string, E extends KeyEntries, A extends NftFamily>(
  table: KeyTable<N, E, A>,
): TableSelectors<KeyTable<N, E, A>> =>
  Object.fromEntries(
    Object.keys(table.entries).map((word) => [camelCase(word), selector(`${table.name} ${word}`)]),
  ) as TableSelectors<KeyTable<N, E, A>>
