/** Operations on the bits of what is loaded: `meta mark & 0xff`, `meta mark | 0x4000`, `meta mark << 8`. */

import { integer, invalidType, invalidValue } from '../../netlink/check.js'
import { and, fromNumber, not, or, reversed, xor } from '../bytes.js'
import { bitwise } from '../expressions/bitwise.js'
import type { Program } from '../program.js'
import { widened } from '../set.js'
import { computation, type Term, termOf } from '../term.js'
import { isSingle, type Span, single } from '../type.js'

/** The bits that are also in the mask. */
export interface BitAnd<L, M> {
  /** The expression, and what is left of it. */
  '&': readonly [left: L, mask: M]
}
/** The bits, and those of the other number. */
export interface BitOr<L, M> {
  /** The expression, and what is added to it. */
  '|': readonly [left: L, bits: M]
}
/** The bits, those of the other number turned over. */
export interface BitXor<L, M> {
  /** The expression, and what is turned over in it. */
  '^': readonly [left: L, bits: M]
}
/** The bits, so many places up. */
export interface ShiftLeft<L> {
  /** The expression, and how far. */
  '<<': readonly [left: L, places: number]
}
/** The bits, so many places down. */
export interface ShiftRight<L> {
  /** The expression, and how far. */
  '>>': readonly [left: L, places: number]
}

/** What an operation makes of a register: (register & mask) ^ xor. @internal */
export interface Masked {
  mask: Uint8Array
  xor: Uint8Array
}

interface MaskedTerm extends Term {
  readonly inner: Term
  readonly masked: Masked
}

const isMasked = (term: Term): term is MaskedTerm => 'masked' in term

/** The bytes of a number, as long as what a term loads. @internal */
export function constantFor(term: Term, value: unknown, program: Program, path: string): Uint8Array {
  const span = term.type.parse(value, path, program.names, term.bits)
  if (!isSingle(span)) throw invalidValue(path, value, 'must be a single value')
  return widened(span, term.length, path).first
}

function operands(operation: string, pair: unknown, path: string): [left: unknown, right: unknown] {
  if (!Array.isArray(pair) || pair.length !== 2) throw invalidType(`${path}.${operation}`, 'a pair', pair)
  return pair as [unknown, unknown]
}

/** An operation that can be joined with those before it into one expression of the kernel. */
function boolean(operation: string, apply: (before: Masked, bits: Uint8Array) => Masked): void {
  computation(operation, (expression: Record<string, unknown>, program, path) => {
    const [left, right] = operands(operation, expression[operation], path)
    const before = termOf(left, program, `${path}.${operation}.0`)
    if (before.shift > 0) throw invalidValue(`${path}.${operation}.0`, left, 'ends inside a byte')
    const bits = constantFor(before, right, program, `${path}.${operation}.1`)
    const inner = isMasked(before) ? before.inner : before
    const none = { mask: bits.map(() => 0xff), xor: bits.map(() => 0) }
    const masked = apply(isMasked(before) ? before.masked : none, bits)
    const term: MaskedTerm = {
      ...plain(inner),
      expression,
      inner,
      masked,
      load(to, word) {
        inner.load(to, word)
        emitMask(inner, masked, to, word)
      },
      ...(operation === '^' && {
        moved: (value: Span) => (isSingle(value) ? { term: before, value: single(xor(value.first, bits)) } : undefined),
      }),
    }
    return term
  })
}

boolean('&', ({ mask, xor: flip }, bits) => ({ mask: and(mask, bits), xor: and(flip, bits) }))
boolean('|', ({ mask, xor: flip }, bits) => ({ mask: and(mask, not(bits)), xor: or(and(flip, not(bits)), bits) }))
boolean('^', ({ mask, xor: flip }, bits) => ({ mask, xor: xor(flip, bits) }))

/** What is left of a term when something has been done to it: its type, and none of what is known of it as it was. */
const plain = ({ type, bits, order, length }: Term): Omit<Term, 'load' | 'expression'> => ({
  type,
  bits,
  order,
  length,
  shift: 0,
})

/** @internal */
export function emitMask(
  { order, length }: Pick<Term, 'order' | 'length'>,
  { mask, xor: flip }: Masked,
  program: Program,
  word: number,
): void {
  const turn = (bytes: Uint8Array): Uint8Array => (order === 'host' ? reversed(bytes) : bytes)
  program.emit(bitwise, {
    sreg: word,
    dreg: word,
    op: 'bool',
    len: length,
    mask: { value: turn(mask) },
    xor: { value: turn(flip) },
  })
}

function shift(operation: '<<' | '>>'): void {
  computation(operation, (expression: Record<string, unknown>, program, path) => {
    const [left, right] = operands(operation, expression[operation], path)
    const inner = termOf(left, program, `${path}.${operation}.0`)
    const places = integer(`${path}.${operation}.1`, right, 1, inner.bits - 1)
    if (inner.order !== 'host' && inner.length > 1) {
      throw invalidValue(`${path}.${operation}.0`, left, "must be a number in the machine's order, such as a mark")
    }
    return {
      ...plain(inner),
      expression,
      load(to, word) {
        inner.load(to, word)
        emitShift(operation, inner, places, to, word)
      },
    }
  })
}

shift('<<')
shift('>>')

function emitShift(op: '<<' | '>>', { length }: Term, places: number, program: Program, word: number): void {
  program.emit(bitwise, {
    sreg: word,
    dreg: word,
    op,
    len: length,
    data: { value: reversed(fromNumber(places, 4)) },
  })
}

/** Moves a field that ends inside a byte to where its value is that of its type. @internal */
export function shiftRight(term: Term, program: Program, word: number): void {
  if (term.length > 1 && term.order !== 'host') {
    throw invalidValue('left', term.expression, 'can only be looked up in a set that is written in the rule')
  }
  emitShift('>>', term, term.shift, program, word)
}
