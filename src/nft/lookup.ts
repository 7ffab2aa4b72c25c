/** The sets that rules look things up in: those with a name, and those that a rule brings with it. */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { Names } from '../netlink/writer.js'
import {
  type Element,
  type ElementData,
  needsInterval,
  parseElement,
  type WireElement,
  wireElements,
} from './elements.js'
import { byteorder } from './expressions/bitwise.js'
import type { Program } from './program.js'
import {
  isObjects,
  type MapData,
  NFT_SET_ANONYMOUS,
  NFT_SET_CONCAT,
  NFT_SET_CONSTANT,
  NFT_SET_INTERVAL,
  NFT_SET_MAP,
  NFT_SET_OBJECT,
  type Part,
  type Parts,
  partLength,
  partsLength,
  words,
} from './set.js'
import { shiftRight } from './statements/bits.js'
import { type Term, termOf } from './term.js'
import { byteLength } from './type.js'

/** What a rule has to know of a set to look something up in it. @internal */
export interface SetInfo {
  readonly name: string
  /** Its number in a transaction that makes it. */
  readonly id?: number | undefined
  readonly flags: number
  readonly key: Parts
  /** What a map has for its keys. */
  readonly data?: MapData | undefined
}

/** A set that a rule brings with it. @internal */
export interface AnonymousSet extends SetInfo {
  readonly id: number
  readonly elements: readonly WireElement[]
}

/** Where rules find sets. @internal */
export interface Lookups {
  /** A set or map with a name. */
  named(name: string, path: string): SetInfo
  /** Makes a set that only this rule has. */
  anonymous(set: Omit<AnonymousSet, 'id'>): AnonymousSet
}

/** The terms of a key: one, or those of a concatenation, each with what has to be matched before it. @internal */
export const keyTerms = (expression: unknown, program: Program, path: string): Term[] =>
  Array.isArray(expression)
    ? expression.map((each, index) => termOf(each, program, `${path}.${index}`))
    : [termOf(expression, program, path)]

/** How the value of one term is kept in a set. Alone, it is kept as it is in its header. */
const partOfTerm = (term: Term, alone: boolean): Part => ({
  type: term.type,
  bits: term.bits,
  order: term.order,
  stored: term.partial ? undefined : term.stored,
  ...(alone && term.shift > 0 && { shift: term.shift }),
})

/** The set of this name, if it holds what these terms are. @internal */
export function namedSet(name: string, terms: readonly Term[], program: Program, path: string): SetInfo {
  const set = program.lookups.named(name, path)
  const same =
    set.key.length === terms.length &&
    terms.every(({ type, bits }, index) => {
      const part = set.key[index] as Part
      return part.type.id === type.id && byteLength(part.bits) === byteLength(bits)
    })
  if (!same) {
    const [has, is] = [set.key.map(({ type }) => type.name), terms.map(({ type }) => type.name)]
    throw invalidValue(path, `@${name}`, `is a set of ${has.join(' . ')}, and what is looked up is ${is.join(' . ')}`)
  }
  return set
}

/** A set of elements that are written in a rule. @internal */
export function anonymousSet(
  terms: readonly Term[],
  elements: readonly Element[],
  data: SetInfo['data'],
  program: Program,
  path: string,
): SetInfo {
  const key = terms.map((term) => partOfTerm(term, terms.length === 1))
  const flags =
    NFT_SET_ANONYMOUS |
    NFT_SET_CONSTANT |
    (data === undefined ? 0 : isObjects(data) ? NFT_SET_OBJECT : NFT_SET_MAP) |
    (needsInterval(elements) ? NFT_SET_INTERVAL | (terms.length > 1 ? NFT_SET_CONCAT : 0) : 0)
  return program.lookups.anonymous({
    name: data === undefined ? '__set%d' : isObjects(data) ? '__objmap%d' : '__map%d',
    flags,
    key,
    data,
    elements: wireElements(key, elements, flags, true, path),
  })
}

/** Reads the elements that a rule lists for these terms. @internal */
export function listedElements(terms: readonly Term[], given: unknown, names: Names, path: string): Element[] {
  if (!Array.isArray(given)) throw invalidType(path, 'an array', given)
  if (given.length === 0) throw invalidValue(path, given, 'must not be empty')
  const parts = terms.map((term) => partOfTerm(term, terms.length === 1))
  return given.map((each, index) => parseElement(parts, each, `${path}.${index}`, names))
}

/** Reads the entries that a rule lists for these terms: pairs of a key and what it leads to. @internal */
export function listedEntries(
  terms: readonly Term[],
  given: unknown,
  names: Names,
  path: string,
  dataOf: (value: unknown, path: string) => ElementData,
): Element[] {
  if (!Array.isArray(given)) throw invalidType(path, 'an array', given)
  if (given.length === 0) throw invalidValue(path, given, 'must not be empty')
  const parts = terms.map((term) => partOfTerm(term, terms.length === 1))
  return given.map((each, index) => {
    const where = `${path}.${index}`
    if (!Array.isArray(each) || each.length !== 2) throw invalidType(where, 'a pair of a key and a value', each)
    const element = parseElement(parts, each[0], `${where}.0`, names)
    return { data: dataOf(each[1], `${where}.1`), ...element }
  })
}

/** Words of registers that a key takes: a concatenation just as many as it needs. @internal */
export const keyWords = (set: SetInfo): number => (set.key.length === 1 ? 4 : words(partsLength(set.key)))

/** Loads what is to be looked up, in the form in which the set has it. @internal */
export function loadKey(terms: readonly Term[], set: SetInfo, program: Program, word: number): void {
  const ordered = (set.flags & NFT_SET_INTERVAL) !== 0
  let at = word
  terms.forEach((term, index) => {
    const part = set.key[index] as Part
    term.load(program, at)
    if (term.shift > 0 && part.shift === undefined) shiftRight(term, program, at)
    if (ordered) toNetworkOrder(term, program, at)
    at += words(partLength(part))
  })
}

/** Turns the bytes of a number around that the kernel keeps in the machine's order, so that it can be compared with more and less. @internal */
export function toNetworkOrder(term: Term, program: Program, word: number): void {
  if (term.order !== 'host' || term.length < 2) return
  const size = term.length % 8 === 0 ? 8 : term.length % 4 === 0 ? 4 : 2
  program.emit(byteorder, { sreg: word, dreg: word, op: 'hton', len: term.length, size })
}
