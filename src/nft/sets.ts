/** Sets as they are listed: what they hold, in the words of rules. */

import type { Names } from '../netlink/writer.js'
import { compare, predecessor } from './bytes.js'
import {
  type ElementData,
  NFT_SET_ELEM_CATCHALL,
  NFT_SET_ELEM_INTERVAL_END,
  type OptionedElement,
  type ReadElement,
} from './elements.js'
import type { Data } from './expression.js'
import { NFT_SET_INTERVAL, type Parts, partBytes, partsOf } from './set.js'
import type { ReadStateful } from './stateful.js'
import { byteLength, type Order, type Span } from './type.js'
import { commentOf } from './userdata.js'
import { verdictOf } from './verdicts.js'

/** A set with its elements, as the kernel reported it. @internal */
export interface ListedSet {
  readonly name: string
  readonly flags: number
  readonly keyType: number
  readonly keyLength: number
  readonly dataType?: number | undefined
  readonly dataLength?: number | undefined
  /** The order of the bytes of what it has, for numbers that have no type of their own. */
  readonly dataOrder?: Order | undefined
  /** The sort of objects that it has. */
  readonly object?: number | undefined
  readonly elements: readonly ReadElement[]
}

/** The number that stands for a map of verdicts. @internal */
export const VERDICTS = 0xffff_ff00

/** What an element is: a span for each part, what a map has for it, and what else it has. @internal */
export interface ListedElement {
  readonly spans: readonly Span[] | undefined
  readonly data?: ElementData | undefined
  readonly wire: ReadElement
}

const dataOf = ({ data, objref }: ReadElement): ElementData | undefined =>
  objref === undefined ? data : { object: objref }

/** The elements of a set, in order. `parts` are how its keys are to be understood. @internal */
export function listedElements(set: ListedSet, parts: Parts): ListedElement[] {
  const interval = (set.flags & NFT_SET_INTERVAL) !== 0
  const found: ListedElement[] = []
  const all: ListedElement[] = []
  for (const wire of set.elements) {
    if (((wire.flags ?? 0) & NFT_SET_ELEM_CATCHALL) !== 0) all.push({ spans: undefined, data: dataOf(wire), wire })
  }
  if (interval && parts.length === 1) found.push(...intervals(set.elements))
  else {
    for (const wire of set.elements) {
      const key = bytesIn(wire.key)
      if (key === undefined) continue
      const first = partBytes(parts, key, interval)
      const end = bytesIn(wire.keyEnd)
      const last = end === undefined ? first : partBytes(parts, end, interval)
      found.push({
        spans: first.map((bytes, index) => ({ first: bytes, last: last[index] as Uint8Array })),
        data: dataOf(wire),
        wire,
      })
    }
    found.sort((a, b) => compareSpans(a.spans ?? [], b.spans ?? []))
  }
  return [...found, ...all]
}

const bytesIn = (data: Data | undefined): Uint8Array | undefined =>
  data !== undefined && 'value' in data ? data.value : undefined

function compareSpans(a: readonly Span[], b: readonly Span[]): number {
  for (const [index, span] of a.entries()) {
    const other = b[index]
    const order = other === undefined ? 0 : compare(span.first, other.first) || compare(span.last, other.last)
    if (order !== 0) return order
  }
  return 0
}

/** Ranges from where they begin and where they end. What has no end reaches to the next beginning, or to the end of all there is. */
function* intervals(elements: readonly ReadElement[]): Generator<ListedElement> {
  const edges = elements.flatMap((wire) => {
    const key = bytesIn(wire.key)
    return key === undefined ? [] : [{ key, wire, end: ((wire.flags ?? 0) & NFT_SET_ELEM_INTERVAL_END) !== 0 }]
  })
  edges.sort((a, b) => compare(a.key, b.key) || Number(b.end) - Number(a.end))
  for (const [index, { key, wire, end }] of edges.entries()) {
    if (end) continue
    const next = edges[index + 1]
    const last = next === undefined ? key.map(() => 0xff) : (predecessor(next.key) as Uint8Array)
    yield { spans: [{ first: key, last }], data: dataOf(wire), wire }
  }
}

/** An element as data has it: its value, or with what else it has. `shift`: how many bits stand after it in what it is compared with. */
export function elementData(element: ListedElement, parts: Parts, names: Names, stateful?: ReadStateful): unknown {
  const value = element.spans === undefined ? '*' : keyData(element.spans, parts, names)
  const { timeout, expiration, userdata, expr, expressions } = element.wire
  const statements = stateful?.(expressions ?? (expr === undefined ? [] : [expr])) ?? []
  const comment = commentOf(userdata)
  const options = {
    ...(timeout !== undefined && { timeout: timeout / 1000 }),
    ...(expiration !== undefined && { expires: expiration / 1000 }),
    ...(comment !== undefined && { comment }),
    ...(statements.length > 0 && { statements }),
  }
  return Object.keys(options).length === 0 ? value : ({ elem: value, ...options } satisfies OptionedElement<unknown>)
}

/** The values of a key: one, or a list of one for each part. @internal */
export function keyData(spans: readonly Span[], parts: Parts, names: Names): unknown {
  const values = parts.map(({ type, bits, shift = 0 }, index) =>
    type.format(narrowed(spans[index] as Span, shift, byteLength(bits)), names),
  )
  return parts.length === 1 ? values[0] : values
}

/** A value moved back to where its type has it, and made as long as that. @internal */
export function narrowed(span: Span, shift: number, length: number): Span {
  if (shift === 0 && span.first.length === length) return span
  const narrow = (bytes: Uint8Array): Uint8Array => {
    let value = 0n
    for (const byte of bytes) value = (value << 8n) | BigInt(byte)
    value >>= BigInt(shift)
    return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * (length - 1 - at))) & 0xffn))
  }
  return { ...span, first: narrow(span.first), last: narrow(span.last) }
}

/** What a map has for a key: a value of these parts, or a verdict. @internal */
export function mappedData(data: ElementData | undefined, parts: Parts | undefined, names: Names): unknown {
  if (data === undefined) return undefined
  if ('verdict' in data) return verdictOf(data.verdict)
  if ('object' in data) return data.object
  if (parts === undefined) return undefined
  const spans = partBytes(parts, data.value, false).map((bytes, index) => {
    if (!parts[index]?.interval) return { first: bytes, last: bytes }
    const half = bytes.length / 2
    return { first: bytes.subarray(0, half), last: bytes.subarray(half) }
  })
  return keyData(spans, parts, names)
}

/** The parts of what a map has for its keys; undefined for verdicts, and for what is not known. @internal */
export const dataParts = ({ dataType, dataLength, dataOrder }: ListedSet): Parts | undefined => {
  if (dataType === undefined || dataType === VERDICTS || dataLength === undefined) return undefined
  const parts = partsOf(dataType, dataLength)
  return parts?.map((part) => (part.type.bits === 0 && dataOrder !== undefined ? { ...part, order: dataOrder } : part))
}
