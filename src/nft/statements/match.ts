/** Matches: the rule goes on for packets that have a value, or one of several. */

import { invalidValue, oneOf } from '../../netlink/check.js'
import { fromNumber, reversed } from '../bytes.js'
import type { Need } from '../context.js'
import { cmp, range } from '../expressions/cmp.js'
import { lookup, NFT_LOOKUP_F_INV } from '../expressions/lookup.js'
import {
  anonymousSet,
  keyTerms,
  keyWords,
  listedElements,
  loadKey,
  namedSet,
  type SetInfo,
  toNetworkOrder,
} from '../lookup.js'
import type { Program } from '../program.js'
import { referenced } from '../reference.js'
import { shifted, widened } from '../set.js'
import { statementKind } from '../statement.js'
import { findKey, type Key, type Term } from '../term.js'
import { isSingle, type Span, single } from '../type.js'
import { emitMask } from './bits.js'

/**
 * How a value is compared: equal, not equal, less, more. Of what is made of bits with names, `in` is that it has any of them, and `!in` that it has
 * none.
 */
export type MatchOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '!in'

const ops = ['==', '!=', '<', '<=', '>', '>=', 'in', '!in'] as const

/** Several values, one of which it has to be. */
export interface AnonymousSet<V> {
  /** The values; ranges and prefixes may be among them. */
  set: readonly V[]
}

/** A set of the table by its name: `'@web'`. */
export type SetReference = `@${string}`

/** Packets are compared; the rule ends here for those that are not like this. */
export interface Match<L = unknown, V = unknown> {
  /** Which statement it is. */
  kind: 'match'
  /** What is compared: a key such as `tcp dport`, an expression, or a list of them that is looked up as a whole. */
  left: L
  /** How. */
  op: MatchOp
  /** With what: a value, a range, a prefix, a set. */
  right: V
}

const isSet = (right: unknown): right is AnonymousSet<unknown> =>
  typeof right === 'object' && right !== null && 'set' in right

/** @internal */
export const match = statementKind<Match>({
  kind: 'match',
  options: ['left', 'op', 'right'],
  write({ left, op, right }, program) {
    oneOf('op', op, ops)
    const terms = keyTerms(left, program, 'left')
    const name = referenced(right)
    if (name !== undefined) return writeLookup(terms, op, namedSet(name, terms, program, 'right'), program)
    if (isSet(right)) {
      const elements = listedElements(terms, right.set, program.names, 'right.set')
      return writeLookup(terms, op, anonymousSet(terms, elements, undefined, program, 'right.set'), program)
    }
    const [term] = terms
    if (term === undefined || terms.length > 1) {
      throw invalidValue('right', right, 'must be a set, for what is compared is a concatenation')
    }
    const span = term.type.parse(right, 'right', program.names, term.bits)
    const value = widened(shifted(span, term.shift), term.length, 'right')
    const moved = op === '==' || op === '!=' ? term.moved?.(value) : undefined
    writeMatch(moved?.term ?? term, op, moved?.value ?? value, program)
  },
})

function writeLookup(terms: readonly Term[], op: MatchOp, set: SetInfo, program: Program): void {
  if (op !== '==' && op !== '!=') throw invalidValue('op', op, "must be '==' or '!=' with a set")
  program.step(true)
  program.registers(keyWords(set), (word) => {
    loadKey(terms, set, program, word)
    const flags = op === '!=' ? NFT_LOOKUP_F_INV : undefined
    program.emit(lookup, { sreg: word, set: set.name, setId: set.id, flags })
  })
  if (op === '==') terms[0]?.learnSome?.(program.context)
}

function writeMatch(term: Term, op: MatchOp, span: Span, program: Program): void {
  if (op === '==' && isSingle(span) && term.redundant?.(program.context, span.first)) return
  const step = program.step(true)
  program.register((word) => {
    if (op === 'in' || op === '!in') writeFlags(term, op, span, program, word)
    else if (span.prefix !== undefined) writePrefix(term, op, span, program, word)
    else if (!isSingle(span)) writeRange(term, op, span, program, word)
    else if (op === '==' || op === '!=') {
      term.load(program, word)
      program.emit(cmp, { sreg: word, op, data: { value: inRegister(term, span.first) } })
      if (op === '==' && term.place !== undefined) {
        step.plain = { place: term.place, value: span.first, leads: term.leads === true }
      }
    } else {
      term.load(program, word)
      toNetworkOrder(term, program, word)
      program.emit(cmp, { sreg: word, op, data: { value: span.first } })
    }
  })
  if (op === '==' && isSingle(span)) term.learn?.(program.context, span.first)
}

const inRegister = ({ order }: Term, bytes: Uint8Array): Uint8Array => (order === 'host' ? reversed(bytes) : bytes)

function writeFlags(term: Term, op: 'in' | '!in', { first }: Span, program: Program, word: number): void {
  if (term.type.flags === undefined) throw invalidValue('op', op, 'is for what is made of bits with names')
  const none = fromNumber(0, term.length)
  term.load(program, word)
  emitMask(term, { mask: first, xor: none }, program, word)
  program.emit(cmp, { sreg: word, op: op === 'in' ? '!=' : '==', data: { value: none } })
}

/** A prefix of whole bytes is compared as far as it goes; another one is what is left of the value under its mask. */
function writePrefix(term: Term, op: MatchOp, { first, last, prefix = 0 }: Span, program: Program, word: number): void {
  if (op !== '==' && op !== '!=') throw invalidValue('op', op, "must be '==' or '!=' with a prefix")
  const bytes = prefix / 8
  if (term.type.order === 'text' || (term.order === 'network' && prefix > 0 && prefix % 8 === 0)) {
    term.load(program, word, bytes)
    program.emit(cmp, { sreg: word, op, data: { value: first.subarray(0, bytes) } })
    return
  }
  const mask = first.map((byte, at) => ~(byte ^ (last[at] as number)))
  term.load(program, word)
  emitMask(term, { mask, xor: fromNumber(0, term.length) }, program, word)
  program.emit(cmp, { sreg: word, op, data: { value: inRegister(term, first) } })
}

function writeRange(term: Term, op: MatchOp, { first, last }: Span, program: Program, word: number): void {
  if (op !== '==' && op !== '!=') throw invalidValue('op', op, "must be '==' or '!=' with a range")
  term.load(program, word)
  toNetworkOrder(term, program, word)
  if (op === '!=') {
    program.emit(range, { sreg: word, op, from: { value: first }, to: { value: last } })
    return
  }
  program.emit(cmp, { sreg: word, op: '>=', data: { value: first } })
  program.emit(cmp, { sreg: word, op: '<=', data: { value: last } })
}

/** Writes a match that another statement needs. @internal */
export function writeNeed({ key, values }: Need, program: Program): void {
  const term = findKey(key) as Key
  const spans = values.map((value) => single(fromNumber(value, term.length)))
  const [first] = spans
  if (spans.length === 1) writeMatch(term, '==', first as Span, program)
  else {
    const elements = spans.map((span) => ({ spans: [span] }))
    writeLookup([term], '==', anonymousSet([term], elements, undefined, program, 'right'), program)
  }
}
