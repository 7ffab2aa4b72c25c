/** The elements of sets and maps: as data, and as the kernel has them. */

import { type Attribute, attributes, be32, list, nested, type Options, text } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import type { Names } from '../netlink/writer.js'
import { compare, equal, successor } from './bytes.js'
import { type Data, data, type Instruction, instructions, listTable, oneInstruction } from './expression.js'
import { NFT_SET_ANONYMOUS, NFT_SET_INTERVAL, NFT_SET_MAP, type Parts, registerBytes, shifted, widened } from './set.js'
import type { WriteStateful } from './stateful.js'
import { isSingle, type Span } from './type.js'
import { commentData, numberEntry } from './userdata.js'
import { be64, bytes } from './wire.js'

const NFTA_LIST_ELEM = 1

const NFTA_SET_ELEM_KEY = 1
const NFTA_SET_ELEM_DATA = 2
const NFTA_SET_ELEM_FLAGS = 3
const NFTA_SET_ELEM_TIMEOUT = 4
const NFTA_SET_ELEM_EXPIRATION = 5
const NFTA_SET_ELEM_USERDATA = 6
const NFTA_SET_ELEM_EXPR = 7
const NFTA_SET_ELEM_OBJREF = 9
const NFTA_SET_ELEM_KEY_END = 10
const NFTA_SET_ELEM_EXPRESSIONS = 11

/** @internal */
export const NFT_SET_ELEM_INTERVAL_END = 0x1
/** @internal */
export const NFT_SET_ELEM_CATCHALL = 0x2

/** nft notes that an interval reaches to the end of all there is. */
const UDATA_FLAGS = 1
const UDATA_INTERVAL_OPEN = 1

const elementTable = attributes({
  key: data(NFTA_SET_ELEM_KEY),
  keyEnd: data(NFTA_SET_ELEM_KEY_END),
  data: data(NFTA_SET_ELEM_DATA),
  flags: be32(NFTA_SET_ELEM_FLAGS),
  timeout: be64(NFTA_SET_ELEM_TIMEOUT),
  expiration: be64(NFTA_SET_ELEM_EXPIRATION),
  userdata: bytes(NFTA_SET_ELEM_USERDATA),
  expr: oneInstruction(NFTA_SET_ELEM_EXPR),
  expressions: instructions(NFTA_SET_ELEM_EXPRESSIONS),
  objref: text(NFTA_SET_ELEM_OBJREF, 255),
})

/** An element on the wire. @internal */
export type WireElement = Options<typeof elementTable>
/** One that was read. @internal */
export type ReadElement = WireElement

/** @internal */
export const elementList = (type: number): Attribute<WireElement[]> => ({
  ...list(type, nested(NFTA_LIST_ELEM, elementTable)),
  inner: () => listTable,
})

/** A statement that keeps a state: `counter`, `limit`, `quota`. */
export interface NftStateful {
  /** Which one it is. */
  readonly kind: string
}

/** What an element may have besides its value. */
export interface ElementOptions {
  /** It goes by itself after so many seconds; for a set that has timeouts. */
  timeout?: number | undefined
  /** Seconds that are left of its timeout. */
  expires?: number | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
  /** What it has for itself that keeps a state: a counter, for one. */
  statements?: readonly NftStateful[] | undefined
}

/** An element that has more than its value: its value is `elem`. */
export interface OptionedElement<V> extends ElementOptions {
  /** The value itself. */
  elem: V
}

/** All that no element says anything of: `'*'`. */
export type CatchAll = '*'

/** What a map has for a key: a value, a verdict, or the name of an object. @internal */
export type ElementData = Data | { readonly object: string }

/** An element as it was given. @internal */
export interface Element extends Omit<ElementOptions, 'statements'> {
  /** A span for each part of the key; undefined for what no element says anything of. */
  readonly spans: readonly Span[] | undefined
  readonly data?: ElementData | undefined
  readonly instructions?: readonly Instruction[] | undefined
}

const optionNames = new Set(['elem', 'timeout', 'expires', 'comment', 'statements'])

/** Reads what a set, or the key of a map, was given for an element. @internal */
export function parseElement(
  parts: Parts,
  given: unknown,
  path: string,
  names: Names,
  stateful?: WriteStateful,
): Element {
  if (given === '*') return { spans: undefined }
  if (typeof given === 'object' && given !== null && 'elem' in given) {
    onlyKnown(path, given, optionNames)
    const { elem, statements, ...options } = given as OptionedElement<unknown>
    const element = { ...parseElement(parts, elem, `${path}.elem`, names), ...options }
    if (statements === undefined) return element
    if (stateful === undefined) throw invalidValue(path, given, 'can have statements in a set with a name only')
    return { ...element, instructions: stateful(statements, `${path}.statements`) }
  }
  const values = parts.length === 1 && !(Array.isArray(given) && parts[0]?.type.flags === undefined) ? [given] : given
  if (!Array.isArray(values)) throw invalidType(path, `a list of ${parts.length} values, one for each part`, given)
  if (values.length !== parts.length) {
    throw invalidValue(path, given, `must have ${parts.length} value${parts.length === 1 ? '' : 's'}`)
  }
  const spans = parts.map(({ type, bits, shift = 0 }, index) => {
    const where = parts.length === 1 ? path : `${path}.${index}`
    const found = type.parse(values[index], where, names, bits)
    return widened(shifted(found, shift), Math.ceil((bits + shift) / 8), where)
  })
  return { spans }
}

/** Whether the set has to tell ranges from values. @internal */
export const needsInterval = (elements: readonly Element[]): boolean =>
  elements.some(({ spans }) => spans?.some((span) => !isSingle(span)))

/** What the elements are in the kernel. `flags` are those of the set; `initial`: they are what it is made with. @internal */
export function wireElements(
  parts: Parts,
  elements: readonly Element[],
  flags: number,
  initial: boolean,
  path: string,
): WireElement[] {
  const interval = (flags & NFT_SET_INTERVAL) !== 0
  if (!interval && needsInterval(elements)) {
    throw invalidValue(path, undefined, `has ranges, which takes a set with the flag 'interval'`)
  }
  if (interval && parts.length === 1) return intervals(parts, elements, flags, initial, path)
  return elements.map((element) => {
    const { spans } = element
    if (spans === undefined) return wired(element, path, { flags: NFT_SET_ELEM_CATCHALL })
    const end = (which: 'first' | 'last'): Data => ({
      value: registerBytes(
        parts,
        spans.map((span) => span[which]),
        interval,
      ),
    })
    return wired(element, path, interval ? { key: end('first'), keyEnd: end('last') } : { key: end('first') })
  })
}

/** An element with this key, and all that it has besides. */
function wired(
  element: Element,
  path: string,
  { key, keyEnd, flags }: Pick<WireElement, 'key' | 'keyEnd' | 'flags'>,
  open = false,
): WireElement {
  const { data, timeout, expires, comment, instructions: each = [] } = element
  const userdata = [
    ...(comment === undefined ? [] : [commentData(`${path}.comment`, comment) as Uint8Array]),
    ...(open ? [numberEntry(UDATA_FLAGS, UDATA_INTERVAL_OPEN)] : []),
  ]
  const isObject = data !== undefined && 'object' in data
  return {
    key,
    keyEnd,
    flags,
    data: isObject ? undefined : data,
    objref: isObject ? data.object : undefined,
    timeout: timeout === undefined ? undefined : milliseconds(`${path}.timeout`, timeout),
    expiration: expires === undefined ? undefined : milliseconds(`${path}.expires`, expires),
    userdata: userdata.length === 0 ? undefined : Buffer.concat(userdata),
    expr: each.length === 1 ? each[0] : undefined,
    expressions: each.length > 1 ? each : undefined,
  }
}

/** Seconds as the kernel has them. @internal */
export function milliseconds(path: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0) || value > 2 ** 40)
    throw invalidType(path, 'a number of seconds', value)
  return Math.round(value * 1000)
}

interface Interval {
  readonly element: Element
  readonly first: Uint8Array
  last: Uint8Array
}

/**
 * Ranges are kept as where they begin and where they end, in order. What is in a rule is joined where it touches: nobody will add to it or
 * take from it. What stands in a set of its own is kept as it was given.
 */
function intervals(
  parts: Parts,
  elements: readonly Element[],
  flags: number,
  initial: boolean,
  path: string,
): WireElement[] {
  const anonymous = (flags & NFT_SET_ANONYMOUS) !== 0
  const isMap = (flags & NFT_SET_MAP) !== 0
  const sorted = elements
    .flatMap((element): Interval[] => {
      const [span] = element.spans ?? []
      return span === undefined ? [] : [{ element, first: span.first, last: span.last }]
    })
    .sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last))
  const merged: Interval[] = []
  for (const interval of sorted) {
    const before = merged.at(-1)
    if (before !== undefined && compare(interval.first, before.last) <= 0) {
      if (isMap) throw invalidValue(path, undefined, 'has ranges that overlap')
      if (!anonymous && !equal(before.last, interval.last))
        throw invalidValue(path, undefined, 'has ranges that overlap')
      if (compare(interval.last, before.last) > 0) before.last = interval.last
      continue
    }
    const next = before && successor(before.last)
    if (anonymous && !isMap && before !== undefined && next !== undefined && equal(next, interval.first)) {
      before.last = interval.last
      continue
    }
    merged.push(interval)
  }
  const wire: WireElement[] = []
  const end = (key: Uint8Array): WireElement => ({ flags: NFT_SET_ELEM_INTERVAL_END, key: { value: key } })
  const [lowest] = merged
  if (lowest?.first.some((byte) => byte !== 0)) {
    // As nft has it, the end of nothing stands in front of what a set begins with.
    if (initial) wire.push(end(new Uint8Array(lowest.first.length)))
  }
  merged.forEach(({ element, first, last }, index) => {
    const next = successor(last)
    wire.push(wired(element, path, { key: { value: registerBytes(parts, [first], true) } }, next === undefined))
    const following = merged[index + 1]
    const touches = anonymous && following !== undefined && next !== undefined && equal(following.first, next)
    if (next !== undefined && !touches) wire.push(end(next))
  })
  for (const element of elements) {
    if (element.spans === undefined) wire.push(wired(element, path, { flags: NFT_SET_ELEM_CATCHALL }))
  }
  return wire
}
