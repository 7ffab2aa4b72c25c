/** What matches are read from: comparisons and look-ups of registers. */

import { and, equal, isZero, maskLength, not, prefixMask, reversed } from '../bytes.js'
import { type Decoder, reads } from '../decoder.js'
import { type Data, VERDICT } from '../expression.js'
import { NFT_LOOKUP_F_INV } from '../expressions/lookup.js'
import { type Described, describe, expressionOf, fieldsAt, keyOf, type Loaded, masked, rawPayload } from '../loaded.js'
import { bytesOf } from '../payload.js'
import { NFT_SET_ANONYMOUS, type Part, type Parts, partLength, words } from '../set.js'
import {
  dataParts,
  elementData,
  type ListedElement,
  type ListedSet,
  listedElements,
  mappedData,
  narrowed,
} from '../sets.js'
import type { Key, Place } from '../term.js'
import { byteLength, type DataType, type Order, type Span, single } from '../type.js'
import { typesOf } from '../types.js'
import type { Match, MatchOp } from './match.js'

reads('cmp', ({ sreg, op, data }, decoder) => {
  const loaded = decoder.at(sreg)
  const bytes = bytesIn(data)
  if (loaded === undefined || bytes === undefined) return false
  const { next } = decoder
  if (op === '>=' && next?.name === 'cmp' && next.values['sreg'] === sreg && next.values['op'] === '<=') {
    const last = bytesIn(next.values['data'])
    if (last === undefined) return false
    decoder.take()
    return readRange(loaded, '==', bytes, last, decoder)
  }
  return readComparison(loaded, op as MatchOp, bytes, decoder)
})

reads('range', ({ sreg, op, from, to }, decoder) => {
  const [loaded, first, last] = [decoder.at(sreg), bytesIn(from), bytesIn(to)]
  if (loaded === undefined || first === undefined || last === undefined) return false
  return readRange(loaded, op as MatchOp, first, last, decoder)
})

const bytesIn = (data: unknown): Uint8Array | undefined => (data as { value?: Uint8Array } | undefined)?.value

/** The bytes of a register in the network's order. */
const inOrder = ({ order }: Described, { turned }: Loaded, bytes: Uint8Array): Uint8Array =>
  order === 'host' && !turned ? reversed(bytes) : bytes

/** Says that what is described is compared with this. */
function sayMatch(found: Described, op: MatchOp, span: Span, decoder: Decoder, left: unknown = found.expression): true {
  const value = narrowed(span, found.shift, byteLength(found.bits) || span.first.length)
  const right = found.type.format(value, decoder.names)
  const statement: Match = { kind: 'match', left, op, right }
  if (found.key !== undefined && left === found.expression) return decoder.sayMatch(statement, found.key, [span])
  return decoder.say(statement, found.keys)
}

function readComparison(loaded: Loaded, op: MatchOp, bytes: Uint8Array, decoder: Decoder): boolean {
  const { place } = loaded
  const plain = place !== undefined && loaded.changes.length === 0
  if (plain && op === '==') return readJoined(place, bytes, decoder)
  if (plain && op === '!=') return readOther(place, bytes, decoder)
  const found = describe(loaded, decoder)
  if (found === undefined) return false
  const value = inOrder(found, loaded, bytes)
  const { mask, type } = found
  if (mask !== undefined) return readMasked(found, mask, op, value, decoder)
  const length = byteLength(found.bits)
  if (value.length < length && (type.order === 'text' || type.prefixes))
    return sayPrefix(found, op, value, length, decoder)
  return sayMatch(found, op, single(value), decoder)
}

/** The beginning of a name, or of an address. */
function sayPrefix(found: Described, op: MatchOp, start: Uint8Array, length: number, decoder: Decoder): true {
  const first = new Uint8Array(length)
  first.set(start)
  const prefix = 8 * start.length
  return sayMatch(
    found,
    op,
    { first, last: not(prefixMask(prefix, length)).map((byte, at) => byte | (first[at] as number)), prefix },
    decoder,
  )
}

/** Bytes that are side by side in the packet may be several fields that were joined. */
function readJoined(place: Place, bytes: Uint8Array, decoder: Decoder): boolean {
  let at = 0
  while (at < bytes.length) {
    const rest = bytes.length - at
    const start = place.offset + at
    const field = fieldsAt(place, decoder).find((candidate) => {
      const { offset, length, mask } = bytesOf(candidate)
      if (mask !== undefined || offset !== start) return false
      return length <= rest || (at === 0 && candidate.type.prefixes === true)
    })
    if (field === undefined) {
      const left = rawPayload({ ...place, offset: start, length: rest })
      sayMatch({ ...left, shift: 0 }, '==', single(bytes.subarray(at)), decoder)
      return true
    }
    const key = keyOf(field)
    const found: Described = { ...key, keys: [key], key, shift: 0 }
    if (key.length > rest) return sayPrefix(found, '==', bytes.subarray(at), key.length, decoder)
    sayMatch(found, '==', single(bytes.subarray(at, at + key.length)), decoder)
    at += key.length
  }
  return true
}

/** Another value than this: of a field, or of the beginning of one. */
function readOther(place: Place, bytes: Uint8Array, decoder: Decoder): boolean {
  const field = fieldsAt(place, decoder).find((candidate) => {
    const { offset, length, mask } = bytesOf(candidate)
    if (mask !== undefined || offset !== place.offset) return false
    return length === bytes.length || (length > bytes.length && candidate.type.prefixes === true)
  })
  if (field === undefined) return sayMatch({ ...rawPayload(place), shift: 0 }, '!=', single(bytes), decoder)
  const key = keyOf(field)
  const found: Described = { ...key, keys: [key], key, shift: 0 }
  if (key.length > bytes.length) return sayPrefix(found, '!=', bytes, key.length, decoder)
  return sayMatch(found, '!=', single(bytes), decoder)
}

/** Something under a mask: bits with names, a prefix, or the mask itself. */
function readMasked(found: Described, mask: Uint8Array, op: MatchOp, value: Uint8Array, decoder: Decoder): boolean {
  const { type } = found
  if (type.flags && isZero(value) && (op === '!=' || op === '==')) {
    return sayMatch(found, op === '!=' ? 'in' : '!in', single(mask), decoder)
  }
  const prefix = maskLength(mask)
  // A prefix of whole bytes would be written without a mask.
  const written = found.order !== 'network' || prefix === 0 || prefix % 8 !== 0
  if (type.prefixes && written && prefix >= 0 && (op === '==' || op === '!=') && equal(and(value, mask), value)) {
    return sayMatch(
      found,
      op,
      { first: value, last: not(mask).map((byte, at) => byte | (value[at] as number)), prefix },
      decoder,
    )
  }
  const { key: _, ...rest } = found
  return sayMatch({ ...rest, expression: masked(found, mask) }, op, single(value), decoder)
}

function readRange(loaded: Loaded, op: MatchOp, first: Uint8Array, last: Uint8Array, decoder: Decoder): boolean {
  const found = expressionOf(loaded, decoder)
  if (found === undefined) return false
  return sayMatch(found, op, { first: inOrder(found, loaded, first), last: inOrder(found, loaded, last) }, decoder)
}

/** What a key is made of in registers, part by part. @internal */
export function readKey(
  word: unknown,
  { keyType }: Pick<ListedSet, 'keyType'>,
  decoder: Decoder,
): { found: Described[]; parts: Parts } | undefined {
  const types = typesOf(keyType)
  const found: Described[] = []
  const parts: Part[] = []
  let at = word as number
  for (let index = 0; index < (types?.length ?? 1); index++) {
    const loaded = decoder.at(at)
    const described = loaded && expressionOf(loaded, decoder)
    if (described === undefined) return undefined
    found.push(described)
    const { type, bits, order, shift } = described
    const part: Part = { type: type.bits === 0 ? (types?.[index] ?? type) : type, bits, order, shift }
    parts.push(part)
    at += words(partLength(part))
  }
  return { found, parts }
}

/** How statements write what is looked up. @internal */
export const keyExpression = (found: readonly Described[]): unknown =>
  found.length === 1 ? found[0]?.expression : found.map(({ expression }) => expression)

const isAnonymous = ({ flags }: ListedSet): boolean => (flags & NFT_SET_ANONYMOUS) !== 0

reads('lookup', (values, decoder) => {
  const { dreg, sreg, flags } = values
  const set = decoder.set(values['set'])
  const key = set && readKey(sreg, set, decoder)
  if (set === undefined || key === undefined) return false
  const { found, parts } = key
  const keys = found.flatMap((each) => each.keys)
  const expression = keyExpression(found)
  const elements = isAnonymous(set) ? listedElements(set, parts) : []
  if (dreg === undefined) {
    const op: MatchOp = ((flags as number | undefined) ?? 0) & NFT_LOOKUP_F_INV ? '!=' : '=='
    const right = isAnonymous(set)
      ? { set: elements.map((element) => elementData(element, parts, decoder.names)) }
      : `@${set.name}`
    const statement: Match = { kind: 'match', left: expression, op, right }
    const [only] = found
    const spans = elements.flatMap(({ spans: each }) => each ?? [])
    if (found.length === 1 && only?.key !== undefined && isAnonymous(set))
      return decoder.sayMatch(statement, only.key, spans)
    return decoder.say(statement, keys)
  }
  const data = isAnonymous(set) ? entriesData(elements, parts, set, decoder) : (`@${set.name}` as const)
  if (dreg === VERDICT) return decoder.say({ kind: 'vmap', key: expression, data } as { kind: string }, keys)
  const mapped = dataParts(set)
  const [only] = mapped ?? []
  if (mapped === undefined || only === undefined) return false
  return decoder.load(dreg as number, {
    source: {
      expression: { map: expression, data },
      type: only.type,
      bits: only.bits,
      order: only.order,
      keys,
      parts: mapped,
    },
    changes: [],
  })
})

/** The pairs that a map has. @internal */
export const entriesData = (
  elements: readonly ListedElement[],
  parts: Parts,
  set: ListedSet,
  decoder: Decoder,
): unknown[] =>
  elements.map((element) => [
    elementData(element, parts, decoder.names),
    mappedData(element.data, dataParts(set), decoder.names),
  ])

/** A value that a statement takes, and the keys it is made of. @internal */
export interface Value {
  readonly value: unknown
  readonly keys: readonly Key[]
}

/** The value that a statement takes from a register: a constant of its type, or an expression. @internal */
export function readValue(word: unknown, type: DataType, order: Order, decoder: Decoder): Value | undefined {
  const loaded = decoder.at(word)
  if (loaded === undefined) return undefined
  if (loaded.value !== undefined) {
    const bytes = order === 'host' ? reversed(loaded.value) : loaded.value
    return { value: type.format(single(bytes), decoder.names), keys: [] }
  }
  const found = expressionOf(loaded, decoder)
  if (found === undefined) return undefined
  const { expression, keys } = found
  return { value: typeof expression === 'string' ? { key: expression } : expression, keys }
}

reads('immediate', ({ dreg, data }, decoder) => {
  if (dreg === VERDICT) return false
  const value = bytesIn(data as Data)
  return value !== undefined && decoder.load(dreg as number, { value, changes: [] })
})

reads('bitwise', ({ sreg, dreg, op, mask, xor, data }, decoder) => {
  const loaded = decoder.at(sreg)
  if (loaded === undefined || loaded.value !== undefined) return false
  const [kept, flipped, places] = [bytesIn(mask), bytesIn(xor), bytesIn(data)]
  if (op === '<<' || op === '>>') {
    if (places === undefined) return false
    const count = new DataView(places.buffer, places.byteOffset).getUint32(0, true)
    return decoder.load(dreg as number, { ...loaded, changes: [...loaded.changes, { shift: op, places: count }] })
  }
  if (kept === undefined || flipped === undefined) return false
  return decoder.load(dreg as number, { ...loaded, changes: [...loaded.changes, { mask: kept, xor: flipped }] })
})

reads('byteorder', ({ sreg, dreg, op }, decoder) => {
  const loaded = decoder.at(sreg)
  return loaded !== undefined && op === 'hton' && decoder.load(dreg as number, { ...loaded, turned: true })
})

reads('payload', ({ dreg, base, offset, len }, decoder) => {
  if (dreg === undefined || typeof base !== 'string') return false
  const place = { layer: base as 'network', offset: offset as number, length: len as number }
  return decoder.load(dreg as number, { place, changes: [] })
})
