/** Builders of what rules compare and set: `tcp.dport(80)`, `meta.mark.set(1)`, `ct.state('established', 'related')`. */

import { invalidType } from '../netlink/check.js'
import { referenced } from './reference.js'
import type { BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight } from './statements/bits.js'
import type { Mangle } from './statements/mangle.js'
import type { MapExpression, MapReference } from './statements/map.js'
import type { AnonymousSet, Match, MatchOp, SetReference } from './statements/match.js'
import type { VerdictMap } from './statements/vmap.js'
import type { NftExpression } from './statements.js'
import type { Verdict } from './verdicts.js'

/** A key as a value: what the packet, or the kernel, has there. */
export interface KeyValue<K = string> {
  /** The key: `'ct mark'`. */
  key: K
}

/** What can stand for a value that is not known before: a key, what is computed, and what a map has. */
export type Computed = KeyValue | NftExpression | MapExpression

/** Anything that a builder makes an expression of: a key, `ct.mark`, or more, `meta.mark.and(0xff)`. */
export interface Expressed<L = unknown> {
  /** What stands for it in a statement. */
  readonly expression: L
}

/** What a value is compared with. */
export type Operand<V> = V | AnonymousSet<V> | SetReference

/** The operations that keys and expressions have in common. `L` is how data names what is compared, `V` what its values are. */
export interface Comparable<L, V> extends Expressed<L> {
  /** It has this value, or one of several. Of what is made of bits with names: it has any of these. */
  (...values: readonly [Operand<V>, ...V[]]): Match<L, Operand<V>>
  /** It has another value than this, or than any of several. */
  not(...values: readonly [Operand<V>, ...V[]]): Match<L, Operand<V>>
  /** It is just this: of what is made of bits with names, these bits and no others. */
  eq(value: Operand<V>): Match<L, Operand<V>>
  /** Of what is made of bits with names: it has none of these. */
  none(...values: readonly [V, ...V[]]): Match<L, V>
  /** It is less. */
  lt(value: V): Match<L, V>
  /** It is less, or the same. */
  le(value: V): Match<L, V>
  /** It is more. */
  gt(value: V): Match<L, V>
  /** It is more, or the same. */
  ge(value: V): Match<L, V>
  /** It is one of several values. */
  oneOf(values: Iterable<V>): Match<L, Operand<V>>
  /** Its bits that are also in the mask. */
  and(mask: V): Comparable<BitAnd<L, V>, V>
  /** Its bits and these. */
  or(bits: V): Comparable<BitOr<L, V>, V>
  /** Its bits, these turned over. */
  xor(bits: V): Comparable<BitXor<L, V>, V>
  /** Its bits, so many places up. */
  shl(places: number): Comparable<ShiftLeft<L>, V>
  /** Its bits, so many places down. */
  shr(places: number): Comparable<ShiftRight<L>, V>
  /** What a map has for it: pairs, or the map's name. */
  map<D>(data: Iterable<readonly [V | '*', D]> | MapReference): MapExpression<L, V, D>
  /** The verdict that a map has for it: pairs, or the map's name. */
  vmap(data: Iterable<readonly [V | '*', Verdict]> | MapReference): VerdictMap<L, V>
}

/** A key that can be compared, and set if the kernel lets it be. */
export interface Selector<K extends string, V> extends Comparable<K, V> {
  /** Gives it a value: a constant, or what another key or expression has. */
  set(value: V | Computed | Expressed): Mangle<K, V>
}

type AnySelector = Selector<string, unknown>

const flagKeys = new Set<string>()

/** Notes that a key is made of bits with names. @internal */
export const noteFlags = (key: string): unknown => flagKeys.add(key)

/** Whether what is compared is made of bits with names: `in` is what is meant by a comparison then. */
const comparesBits = (expression: unknown): boolean => typeof expression === 'string' && flagKeys.has(expression)

/** @internal */
export const isComparable = (value: unknown): value is Expressed =>
  typeof value === 'function' && Object.getPrototypeOf(value) === methods

/** An expression as a value: a key's name needs to be told from a text there. @internal */
export function asValue(value: unknown): unknown {
  if (!isComparable(value)) return value
  const { expression } = value
  return typeof expression === 'string' ? { key: expression } : expression
}

/** An expression as what is compared. @internal */
export const asLeft = (value: unknown): unknown => (isComparable(value) ? value.expression : value)

const comparison = (left: unknown, op: MatchOp, right: unknown): Match => ({ kind: 'match', left, op, right })

/** One value as it is, several as a set of them; or as the bits that they are. */
function operand(left: unknown, values: readonly unknown[]): unknown {
  if (values.length === 0) throw invalidType('values', 'one value or more', values)
  // What is looked up as a whole is looked up in a set, also in one of one element.
  if (Array.isArray(left)) return referenced(values[0]) === undefined ? { set: values } : values[0]
  if (values.length === 1) return values[0]
  return comparesBits(left) ? values : { set: values }
}

/** Whether a value is written down here, not in a set. */
const isPlain = (right: unknown): boolean =>
  referenced(right) === undefined && !(typeof right === 'object' && right !== null && 'set' in right)

const methods = Object.setPrototypeOf(
  {
    not(this: AnySelector, ...values: unknown[]) {
      return comparison(this.expression, '!=', operand(this.expression, values))
    },
    eq(this: AnySelector, value: unknown) {
      return comparison(this.expression, '==', value)
    },
    none(this: AnySelector, ...values: unknown[]) {
      return comparison(this.expression, '!in', operand(this.expression, values))
    },
    lt(this: AnySelector, value: unknown) {
      return comparison(this.expression, '<', value)
    },
    le(this: AnySelector, value: unknown) {
      return comparison(this.expression, '<=', value)
    },
    gt(this: AnySelector, value: unknown) {
      return comparison(this.expression, '>', value)
    },
    ge(this: AnySelector, value: unknown) {
      return comparison(this.expression, '>=', value)
    },
    oneOf(this: AnySelector, values: Iterable<unknown>) {
      const all = [...values]
      // nft, too, takes a set of one for that one.
      return comparison(
        this.expression,
        '==',
        all.length === 1 && !Array.isArray(this.expression) ? all[0] : { set: all },
      )
    },
    and(this: AnySelector, mask: unknown) {
      return comparable({ '&': [this.expression, mask] })
    },
    or(this: AnySelector, bits: unknown) {
      return comparable({ '|': [this.expression, bits] })
    },
    xor(this: AnySelector, bits: unknown) {
      return comparable({ '^': [this.expression, bits] })
    },
    shl(this: AnySelector, places: number) {
      return comparable({ '<<': [this.expression, places] })
    },
    shr(this: AnySelector, places: number) {
      return comparable({ '>>': [this.expression, places] })
    },
    map(this: AnySelector, data: Iterable<unknown> | string) {
      return { map: this.expression, data: typeof data === 'string' ? data : [...data] }
    },
    vmap(this: AnySelector, data: Iterable<unknown> | string) {
      return { kind: 'vmap', key: this.expression, data: typeof data === 'string' ? data : [...data] }
    },
    set(this: AnySelector, value: unknown) {
      return { kind: 'mangle', key: this.expression, value: asValue(value) }
    },
  },
  Function.prototype,
)

/** A builder for an expression. @internal */
export function comparable<L, V>(expression: L): Comparable<L, V> {
  const build = (...values: unknown[]): Match => {
    const right = operand(expression, values)
    return comparison(expression, comparesBits(expression) && isPlain(right) ? 'in' : '==', right)
  }
  return Object.defineProperty(Object.setPrototypeOf(build, methods), 'expression', { value: expression })
}

/** A builder for a key. @internal */
export const selector = <K extends string, V>(key: K): Selector<K, V> => comparable<K, V>(key) as Selector<K, V>
