/** Values that statements give to something: constants, keys, what is computed, and what a map has for a key. */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { ElementData } from './elements.js'
import type { Data } from './expression.js'
import { immediate } from './expressions/immediate.js'
import { lookup } from './expressions/lookup.js'
import {
  anonymousSet,
  keyTerms,
  keyWords,
  listedEntries,
  loadKey,
  namedSet,
  type SetInfo,
  toNetworkOrder,
} from './lookup.js'
import type { Program } from './program.js'
import { referenced } from './reference.js'
import { isObjects, type MapData, type Part, type Parts, partsLength, registerBytes } from './set.js'
import { shiftRight } from './statements/bits.js'
import type { MapExpression } from './statements/map.js'
import { computationOf, keyNamed, type Term, termOf } from './term.js'
import { byteLength, isSingle } from './type.js'
import { verdictData } from './verdicts.js'
import { nftName } from './wire.js'

/** Puts a value into registers. @internal */
export type Load = (program: Program, word: number) => void

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @internal */
export const isMap = (value: unknown): value is MapExpression => isObject(value) && 'map' in value

/** Whether a value is computed, and not written down. @internal */
export const isComputed = (value: unknown): value is object =>
  isObject(value) && ('key' in value || 'map' in value || computationOf(value) !== undefined)

/** The bytes of a constant of this type, as they are in a register. @internal */
export function constantBytes(part: Part, value: unknown, program: Program, path: string): Uint8Array {
  const span = part.type.parse(value, path, program.names, part.bits)
  if (!isSingle(span)) throw invalidValue(path, value, 'must be a single value')
  return registerBytes([part], [span.first], false)
}

/** How a value of this type gets into a register. What has to be matched before is written at once. @internal */
export function prepareValue(value: unknown, part: Part, program: Program, path: string): Load {
  if (isMap(value)) return prepareMap(value, [part], program, path)
  if (!isComputed(value)) {
    const bytes = constantBytes(part, value, program, path)
    return (to, word) => to.emit(immediate, { dreg: word, data: { value: bytes } })
  }
  const term = termOfValue(value, program, path)
  const fits = term.type.id === part.type.id || term.type.bits === 0 || part.type.bits === 0
  if (!fits || byteLength(term.bits) > byteLength(part.bits)) {
    throw invalidValue(path, value, `is a ${term.type.name}, and what it is for is a ${part.type.name}`)
  }
  return (to, word) => {
    term.load(to, word)
    if (term.shift > 0) shiftRight(term, to, word)
    if (part.order === 'network') toNetworkOrder(term, to, word)
  }
}

function termOfValue(value: object, program: Program, path: string): Term {
  if (!('key' in value)) return termOf(value, program, path)
  if (typeof value.key !== 'string') throw invalidType(`${path}.key`, 'a key such as "ct mark"', value.key)
  const key = keyNamed(value.key, program, `${path}.key`)
  program.require(key, path)
  return key
}

/** How what a map has for a key gets into registers. @internal */
export function prepareMap(value: MapExpression, data: Parts, program: Program, path: string): Load {
  const terms = keyTerms(value.map, program, `${path}.map`)
  const set = mapFor(terms, value.data, data, program, `${path}.data`)
  return (to, word) => {
    // The words of a longer key are taken while it is loaded, so that nothing else uses them.
    to.registers(Math.max(0, keyWords(set) - 4), () => {
      loadKey(terms, set, to, word)
      to.emit(lookup, { sreg: word, dreg: word, set: set.name, setId: set.id })
    })
  }
}

function mapFor(terms: readonly Term[], given: unknown, data: Parts, program: Program, path: string): SetInfo {
  const name = referenced(given)
  if (name === undefined) {
    const entries = listedEntries(terms, given, program.names, path, (value, where) =>
      mapData(data, value, program, where),
    )
    return anonymousSet(terms, entries, data, program, path)
  }
  const set = namedSet(name, terms, program, path)
  const has = set.data
  if (has === undefined || has === 'verdict' || isObjects(has) || partsLength(has) !== partsLength(data)) {
    const what =
      has === undefined
        ? 'a set'
        : `a map of ${has === 'verdict' ? 'verdicts' : isObjects(has) ? 'objects' : names(has)}`
    throw invalidValue(path, given, `is ${what}, and what is wanted is a map of ${names(data)}`)
  }
  return set
}

const names = (parts: Parts): string => parts.map(({ type }) => type.name).join(' . ')

/** What a map has for a key. @internal */
export function mapData(parts: Parts, value: unknown, program: Pick<Program, 'names'>, path: string): Data {
  const values = parts.length === 1 ? [value] : value
  if (!Array.isArray(values) || values.length !== parts.length) {
    throw invalidType(path, `a list of ${parts.length} values, one for each part`, value)
  }
  const spans = parts.map(({ type, bits, interval }, index) => {
    const span = type.parse(values[index], path, program.names, bits)
    if (interval) return Buffer.concat([span.first, span.last])
    if (!isSingle(span)) throw invalidValue(path, value, 'must be a single value')
    return span.first
  })
  return { value: registerBytes(parts, spans, false) }
}

/** What a map with a name has for a key: a value, a verdict, or the name of an object. @internal */
export function elementData(data: MapData, value: unknown, program: Pick<Program, 'names'>, path: string): ElementData {
  if (data === 'verdict') return { verdict: verdictData(value, path) }
  return isObjects(data) ? { object: nftName(path, value) } : mapData(data, value, program, path)
}
