/** What can be loaded into registers: fields of packets, keys of the kernel, and what is computed from them. */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { Context } from './context.js'
import type { NftFamily } from './family.js'
import type { Header } from './header.js'
import type { Program } from './program.js'
import type { DataType, Order, Span } from './type.js'

/** Where in a packet some bytes are. @internal */
export interface Place {
  readonly layer: 'link' | 'network' | 'transport' | 'inner'
  readonly offset: number
  readonly length: number
}

/** How nft stores what a set was made for: the number of a sort of expression, and numbers that say which one. @internal */
export interface TypeOf {
  readonly sort: number
  readonly data: readonly (readonly [number, number])[]
}

/** @internal */
export interface Term {
  /** As data has it: a key's name, or an object. */
  readonly expression: unknown
  readonly type: DataType
  /** How many bits it has. */
  readonly bits: number
  readonly order: Order
  /** How many bytes are loaded. */
  readonly length: number
  /** How many bits stand after it in what is loaded, for a field that ends inside a byte. */
  readonly shift: number
  /** What is loaded has other bits as well, which are taken off. */
  readonly partial?: boolean | undefined
  /** Plain bytes of the packet, which a shorter comparison need not load all of. */
  readonly place?: Place | undefined
  /** It says which protocol comes next: where matches are joined, it has to stay where it is. */
  readonly leads?: boolean | undefined
  readonly stored?: TypeOf | undefined
  /** The same comparison in another way, where an operation can be done to the value beforehand and not to each packet. */
  moved?(value: Span): { readonly term: Term; readonly value: Span } | undefined
  /** Loads it; with `bytes`, no more than so many. */
  load(program: Program, word: number, bytes?: number): void
  /** What is known of packets that have this value. */
  learn?(context: Context, value: Uint8Array): void
  /** Whether packets cannot but have this value, so that it need not be matched. */
  redundant?(context: Context, value: Uint8Array): boolean
  /** What is known of packets that have one of several values. */
  learnSome?(context: Context): void
}

/** A key: what `nft` calls by a name of its own, such as `tcp dport`. @internal */
export interface Key extends Term {
  readonly expression: string
  readonly families: readonly NftFamily[]
  /** The header it is in. */
  readonly header?: Header | undefined
  /** The ICMP types that have it. */
  readonly only?: readonly number[] | undefined
  /** Sets it to what a register holds: `meta mark set`. */
  store?(program: Program, word: number): void
  /** Sets it to a value, where only a part of what is read and written back is its own. */
  merge?(program: Program, word: number, value: Uint8Array): void
}

const keys = new Map<string, Key>()
const stored = new Map<string, Key>()

const storedAs = ({ sort, data }: TypeOf): string => `${sort} ${data.join(' ')}`

/** Makes a key known by its name, and by what nft stores of it. @internal */
export function addKey(key: Key): Key {
  keys.set(key.expression, key)
  if (key.stored !== undefined) stored.set(storedAs(key.stored), key)
  return key
}

/** The key that nft has stored as this. @internal */
export const keyStoredAs = (as: TypeOf): Key | undefined => stored.get(storedAs(as))

/** @internal */
export const findKey = (name: string): Key | undefined => keys.get(name)

/** A sort of expression that is computed, known by the property that it has: `{ numgen: 'inc', mod: 4 }`. @internal */
export interface Computation {
  readonly property: string
  term(expression: never, program: Program, path: string): Term
}

const computations = new Map<string, Computation>()

/** Makes a computation known by its property. @internal */
export function computation<E>(
  property: string,
  term: (expression: E, program: Program, path: string) => Term,
): Computation {
  const made: Computation = { property, term }
  computations.set(property, made)
  return made
}

/** The computation that an expression is, if it is one. @internal */
export function computationOf(expression: object): Computation | undefined {
  for (const property in expression) {
    const found = computations.get(property)
    if (found !== undefined) return found
  }
  return undefined
}

/** The key of this name. @internal */
export function keyNamed(name: string, program: Program, path: string): Key {
  const key = keys.get(name)
  if (key === undefined) throw invalidValue(path, name, 'is no key that nslink knows')
  if (!key.families.includes(program.family)) {
    throw invalidValue(path, name, `is not to be had in a table of family ${program.family}`)
  }
  return key
}

/** The term an expression stands for; what has to be matched before it is written. @internal */
export function termOf(expression: unknown, program: Program, path: string): Term {
  if (typeof expression === 'string') {
    const key = keyNamed(expression, program, path)
    program.require(key, path)
    return key
  }
  const found = typeof expression === 'object' && expression !== null ? computationOf(expression) : undefined
  if (found === undefined) throw invalidType(path, 'a key such as "tcp dport", or an expression', expression)
  return found.term(expression as never, program, path)
}
