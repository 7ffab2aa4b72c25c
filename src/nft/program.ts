/**
 * A rule on its way to the kernel: its statements become the kernel's expressions here.
 *
 * A statement's file says which expressions it is. What concerns more than one statement is done here: registers, the matches that others need
 * before them, the sets that a rule brings with it, and the joining of comparisons that are side by side in the packet.
 */

import type { Attributes, Entries, Options } from '../netlink/attributes.js'
import { invalidValue } from '../netlink/check.js'
import type { Names } from '../netlink/writer.js'
import { Context, type Need } from './context.js'
import { type Expression, type Instruction, instruction } from './expression.js'
import type { NftFamily } from './family.js'
import { joined, type PlainComparison } from './join.js'
import type { Lookups } from './lookup.js'
import type { Key } from './term.js'

/** A register has room for one value of any type; concatenations take as many words as they need. */
const WORDS = 16
const WORDS_A_VALUE = 4

/** Some expressions that belong together. @internal */
export interface Step {
  readonly instructions: Instruction[]
  /** Which of the rule's statements they are part of. */
  readonly statement: number
  /** Whether it does nothing but match: matches may change places among each other. */
  match: boolean
  /** It compares bytes of the packet with a value, and nothing else. */
  plain?: PlainComparison | undefined
}

/** What writes a match that another statement needs; set by the statement itself, which stands above. @internal */
export type WriteNeed = (need: Need, program: Program) => void

/** @internal */
export class Program {
  readonly context: Context
  readonly names: Names
  readonly lookups: Lookups
  readonly #writeNeed: WriteNeed
  #steps: Step[] = []
  #step: Step | undefined
  #statement = 0
  #word = 0

  constructor(family: NftFamily, names: Names, lookups: Lookups, writeNeed: WriteNeed) {
    this.context = new Context(family)
    this.names = names
    this.lookups = lookups
    this.#writeNeed = writeNeed
  }

  get family(): NftFamily {
    return this.context.family
  }

  /** Begins a statement. */
  begin(index: number): void {
    this.#statement = index
    this.#step = undefined
  }

  /** Begins a step; what is emitted next belongs to it. */
  step(match = false): Step {
    this.#step = { instructions: [], statement: this.#statement, match }
    this.#steps.push(this.#step)
    return this.#step
  }

  emit<E extends Entries>(expression: Expression<E>, values: Options<Attributes<E>>): void {
    const step = this.#step ?? this.step()
    step.instructions.push(instruction(expression, values))
  }

  /** An expression as it was read. */
  emitRaw(name: string, attributes: Readonly<Record<number, string>>): void {
    const step = this.#step ?? this.step()
    step.instructions.push({ name, values: { unknown: attributes }, plain: true })
  }

  /** Lets `use` have registers: the word the first one begins at. They are free again afterwards. */
  registers<T>(words: number, use: (word: number) => T): T {
    const word = this.#word
    if (word + words > WORDS) throw invalidValue('statements', words, 'need more registers than the kernel has')
    this.#word += words
    try {
      return use(word)
    } finally {
      this.#word = word
    }
  }

  /** A register for one value. */
  register<T>(use: (word: number) => T): T {
    return this.registers(WORDS_A_VALUE, use)
  }

  /** Sees to it that a key's header is known to be there. */
  require(key: Key, path: string): void {
    if (key.header !== undefined) this.needs(this.context.requireField(key.header, key.only, path))
  }

  /** Writes matches that what follows needs. */
  needs(needs: readonly Need[]): void {
    for (const need of needs) this.#writeNeed(need, this)
    if (needs.length > 0) this.#step = undefined
  }

  /** Writes matches at the very beginning of the rule: what stands in between is not done for packets that are not meant. */
  needsFirst(needs: readonly Need[]): void {
    for (const need of needs) {
      const before = this.#steps
      this.#steps = []
      this.#writeNeed(need, this)
      this.#steps = [...this.#steps, ...before]
    }
    this.#step = undefined
  }

  /** The finished rule: its expressions. */
  finish(): Instruction[] {
    const all: Instruction[] = []
    for (const { instructions } of joined(this.#steps)) for (const each of instructions) all.push(each)
    return all
  }

  /** The statement that one of those expressions is part of. */
  statementOf(expression: number): number | undefined {
    return joined(this.#steps).flatMap(({ instructions, statement }) => instructions.map(() => statement))[expression]
  }
}
