/**
 * A rule on its way back: the kernel's expressions become the statements that would be written for it.
 *
 * Each expression says what it puts into a register, or which statement it ends. What another statement's file would write by itself before its own
 * matches is left out again, but only where writing the statements brings it back as it was. A rule with something in it that is not
 * understood is kept as it is.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Names } from '../netlink/writer.js'
import { toNumber } from './bytes.js'
import { Context, type Need } from './context.js'
import type { Instruction } from './expression.js'
import type { NftFamily } from './family.js'
import type { Loaded } from './loaded.js'
import type { ListedSet } from './sets.js'
import type { AnyStatement } from './statement.js'
import type { Match } from './statements/match.js'
import type { Raw } from './statements/raw.js'
import { findKey, type Key } from './term.js'
import { isSingle, type Span } from './type.js'

/** Makes something of an expression; false where that is not possible. @internal */
export type ReadExpression = (values: Readonly<Record<string, unknown>>, decoder: Decoder) => boolean

const readers = new Map<string, ReadExpression[]>()

/** Makes known what an expression is in a rule. An expression of several uses may have several of these, asked in turn. @internal */
export function reads(name: string, read: ReadExpression): void {
  readers.set(name, [...(readers.get(name) ?? []), read])
}

/** A match that may be one which the next statement would write by itself. */
interface Pending {
  readonly statement: Match
  readonly need: Need
  /** What was known before it. */
  readonly before: Context
}

/** @internal */
export class Decoder {
  readonly names: Names
  context: Context
  readonly statements: AnyStatement[] = []
  readonly #sets: ReadonlyMap<string, ListedSet>
  readonly #registers = new Map<number, Loaded>()
  #pending: Pending[] = []
  #instructions: readonly Instruction[] = []
  #at = 0
  /** Where the statement that is being read began. */
  #begun = 0

  constructor(family: NftFamily, names: Names, sets: ReadonlyMap<string, ListedSet>) {
    this.context = new Context(family)
    this.names = names
    this.#sets = sets
  }

  get family(): NftFamily {
    return this.context.family
  }

  /** The statements that a rule's expressions are. */
  static read(
    family: NftFamily,
    instructions: readonly Instruction[],
    names: Names,
    sets: ReadonlyMap<string, ListedSet>,
  ): AnyStatement[] {
    const decoder = new Decoder(family, names, sets)
    return decoder.#readAll(instructions) ? decoder.statements : [raw(instructions)]
  }

  #readAll(instructions: readonly Instruction[]): boolean {
    this.#instructions = instructions
    for (this.#at = 0; this.#at < instructions.length; this.#at++) {
      const { name, values } = instructions[this.#at] as Instruction
      const found = readers.get(name)
      if (found?.some((read) => read(values, this))) continue
      // What works on a register that something else than the expressions before it has filled cannot be told apart from what is around it.
      const strange = found !== undefined && 'sreg' in values && this.at(values['sreg']) === undefined
      if (strange && this.statements.at(-1)?.kind !== 'raw') return false
      this.#sayRaw()
    }
    return true
  }

  /** Keeps the expressions since the last statement as they are. Registers are loaded anew for each statement. */
  #sayRaw(): void {
    const instructions = this.#instructions.slice(this.#begun, this.#at + 1)
    const last = this.statements.at(-1)
    if (last?.kind === 'raw') {
      const before = (last as Raw).expressions
      this.statements[this.statements.length - 1] = {
        kind: 'raw',
        expressions: [...before, ...raw(instructions).expressions],
      } as Raw
    } else this.statements.push(raw(instructions))
    this.#pending = []
    this.#end()
  }

  /** A statement has ended: what comes next is another one. */
  #end(): void {
    this.#registers.clear()
    this.#begun = this.#at + 1
  }

  /** The expression after this one; `take` goes on to it. */
  get next(): Instruction | undefined {
    return this.#instructions[this.#at + 1]
  }

  take(): void {
    this.#at++
  }

  load(word: number, loaded: Loaded): true {
    this.#registers.set(word, loaded)
    return true
  }

  /** What is in the register that begins at a word. */
  at(word: unknown): Loaded | undefined {
    return this.#registers.get(word as number)
  }

  set(name: unknown): ListedSet | undefined {
    return this.#sets.get(name as string)
  }

  /** Adds a statement. `keys` are those it reads, whose headers have to be known. */
  say(
    statement: AnyStatement | { readonly kind: string; readonly [option: string]: unknown },
    keys: readonly Key[] = [],
  ): true {
    this.#imply(keys)
    this.statements.push(statement)
    this.#pending = []
    this.#end()
    return true
  }

  /** Adds a match of a single key, whose value may be what the next statement needs. `span` is the value as it is compared. */
  sayMatch(statement: Match, key: Key | undefined, spans: readonly Span[] | undefined): true {
    if (key !== undefined) this.#imply([key])
    const before = this.context.copy()
    this.statements.push(statement)
    this.#end()
    const values = spans?.every(isSingle) ? spans.map(({ first }) => toNumber(first)) : undefined
    if (key === undefined || values === undefined || statement.op !== '==') {
      this.#pending = []
      return true
    }
    if (values.length === 1) key.learn?.(this.context, (spans as Span[])[0]?.first as Uint8Array)
    else key.learnSome?.(this.context)
    this.#pending.push({ statement, need: { key: key.expression, values }, before })
    return true
  }

  /** Takes back the matches that these keys would have brought with them, and knows what they need. */
  #imply(keys: readonly Key[]): void {
    for (let count = this.#pending.length; count > 0; count--) {
      const pending = this.#pending.slice(-count)
      const context = (pending[0] as Pending).before.copy()
      const needs = needsOf(keys, context)
      if (
        needs === undefined ||
        !isDeepStrictEqual(
          needs.map(inOrder),
          pending.map(({ need }) => inOrder(need)),
        )
      )
        continue
      this.statements.length -= count
      this.#pending.length -= count
      this.context = context
      return
    }
    needsOf(keys, this.context)
  }

  /** Takes back a match at the very beginning of the rule that this need would have brought there. */
  implyFirst(needsIn: (context: Context) => readonly Need[]): boolean {
    const [first, ...rest] = this.statements
    const context = new Context(this.family)
    if (!isMatch(first)) return false
    for (const each of rest) {
      if (!isMatch(each) || each.op !== '==' || typeof each.left !== 'string') continue
      const key = findKey(each.left)
      if (key === undefined) continue
      needsOf([key], context)
      if (typeof each.right === 'object' || `${each.right}`.startsWith('@')) continue
      const span = key.type.parse(each.right, '', this.names, key.bits)
      if (isSingle(span)) key.learn?.(context, span.first)
    }
    const [need, ...more] = needsIn(context)
    const key = need && findKey(need.key)
    if (need === undefined || key === undefined || more.length > 0) return false
    if (first.left !== need.key || first.op !== '==' || typeof first.right === 'object') return false
    const span = key.type.parse(first.right, '', this.names, key.bits)
    if (!isSingle(span) || toNumber(span.first) !== need.values[0]) return false
    this.statements.shift()
    return true
  }
}

const isMatch = (statement: AnyStatement | undefined): statement is Match => statement?.kind === 'match'

/** Sets have no order of their own. */
const inOrder = ({ key, values }: Need): Need => ({ key, values: [...values].sort((a, b) => a - b) })

function needsOf(keys: readonly Key[], context: Context): Need[] | undefined {
  try {
    return keys.flatMap(({ header, only }) => (header === undefined ? [] : context.requireField(header, only, '')))
  } catch {
    return undefined
  }
}

/** Expressions as they are. */
const raw = (instructions: readonly Instruction[]): Raw => ({
  kind: 'raw',
  expressions: instructions.map(({ name, raw }) => ({ name, attributes: raw?.() ?? {} })),
})
