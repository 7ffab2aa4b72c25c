/** What is in a register while a rule is read: what was loaded, and what has been done to it since. */

import type { Names } from '../netlink/writer.js'
import { and, equal, isZero, not, or, reversed, toBigInt, xor } from './bytes.js'
import type { Decoder } from './decoder.js'
import { fieldsOf, type Header, headersByName, type PlacedField } from './header.js'
import { bytesOf } from './payload.js'
import { findKey, type Key, type Place } from './term.js'
import type { DataType, Order } from './type.js'
import { integerType } from './types.js'

/** Something done to a register: (register & mask) ^ xor, or a shift. The bytes are as they are in the register. @internal */
export type Change = { mask: Uint8Array; xor: Uint8Array } | { shift: '<<' | '>>'; places: number }

/** @internal */
export interface Loaded {
  /** Bytes of the packet. */
  readonly place?: Place
  /** A value that was written down. */
  readonly value?: Uint8Array
  /** Anything else: an expression, and what it is of. */
  readonly source?: Source
  /** Keys that it may turn out to be, under their masks. */
  readonly partial?: readonly PartialKey[]
  readonly changes: readonly Change[]
  /** It was turned to the network's order. */
  readonly turned?: boolean
}

/** A key that has not all of what is loaded to itself. @internal */
export interface PartialKey {
  readonly key: Key
  readonly mask: Uint8Array
}

/** @internal */
export interface Source {
  readonly expression: unknown
  readonly type: DataType
  readonly bits: number
  readonly order: Order
  /** The keys it is made of. */
  readonly keys: readonly Key[]
  /** What a map has for its keys, when it is one. */
  readonly parts?: readonly { readonly type: DataType; readonly interval?: true | undefined }[]
}

/** What a register is, in the words of statements. @internal */
export interface Described extends Source {
  /** The key, if it is just that. */
  readonly key?: Key | undefined
  /** How many bits stand after the value in the bytes it is compared with. */
  readonly shift: number
  /** A mask that is left, in network order. */
  readonly mask?: Uint8Array
}

/** @internal */
export const loadedKey = (key: Key): Loaded => ({ source: { ...key, keys: [key] }, changes: [] })

/** The header whose fields are at a layer, as far as is known. */
function headerAt(layer: Place['layer'], decoder: Decoder): Header | undefined {
  if (layer === 'inner') return undefined
  const name = decoder.context.layers[layer]
  const known = name === undefined ? undefined : headersByName.get(name)
  return known ?? (layer === 'transport' ? headersByName.get('th') : undefined)
}

const etherFields = (): readonly PlacedField[] => fieldsOf(headersByName.get('ether') as Header)

/** The fields of the header at a place. @internal */
export function fieldsAt({ layer }: Place, decoder: Decoder): readonly PlacedField[] {
  const header = headerAt(layer, decoder)
  if (header === undefined) return []
  const { message } = decoder.context
  // A VLAN's tag is counted from where the Ethernet header begins.
  const fields = header.name === 'vlan' ? [...etherFields(), ...fieldsOf(header)] : fieldsOf(header)
  return fields.filter(({ only }) => only === undefined || message === undefined || only.includes(message))
}

/** The key of a field. @internal */
export const keyOf = ({ header, name }: PlacedField): Key => findKey(`${header.name} ${name}`) as Key

const layerNames = { link: 'll', network: 'nh', transport: 'th', inner: 'ih' } as const

/** Bytes of the packet that are no field that is known here. @internal */
export const rawPayload = ({ layer, offset, length }: Place): Source => ({
  expression: { payload: layerNames[layer], offset: 8 * offset, length: 8 * length },
  type: integerType,
  bits: 8 * length,
  order: 'network',
  keys: [],
})

/** What a register is. Undefined for what cannot be said. @internal */
export function describe(loaded: Loaded, decoder: Decoder): Described | undefined {
  const { place, source } = loaded
  let changes = loaded.changes
  let found: Described | undefined
  const [first, second] = changes
  const part =
    first !== undefined && 'mask' in first && isZero(first.xor) ? partialKey(loaded, first.mask, decoder) : undefined
  if (part !== undefined) {
    const moved = second !== undefined && 'shift' in second && second.shift === '>>' && second.places === part.shift
    found = { ...part, keys: [part], key: part, shift: moved ? 0 : part.shift }
    changes = changes.slice(moved ? 2 : 1)
  } else if (place !== undefined) {
    const field = wholeField(place, decoder)
    const key = field && keyOf(field)
    found = key ? { ...key, keys: [key], key, shift: 0 } : { ...rawPayload(place), shift: 0 }
  } else if (source !== undefined) {
    const [key] = source.keys
    found = { ...source, shift: 0, key: key?.expression === source.expression ? key : undefined }
  }
  for (const [index, change] of changes.entries()) {
    if (found === undefined) return undefined
    found = changed(found, change, index === changes.length - 1)
  }
  return found
}

const wholeField = (place: Place, decoder: Decoder): PlacedField | undefined =>
  fieldsAt(place, decoder).find((field) => {
    const { offset, length, mask } = bytesOf(field)
    return mask === undefined && offset === place.offset && length === place.length
  })

/** The key that is what a mask leaves. */
function partialKey({ place, partial }: Loaded, mask: Uint8Array, decoder: Decoder): Key | undefined {
  if (place === undefined) return partial?.find((each) => equal(each.mask, mask))?.key
  const field = fieldsAt(place, decoder).find((candidate) => {
    const bytes = bytesOf(candidate)
    return bytes.mask !== undefined && bytes.offset === place.offset && equal(bytes.mask, mask)
  })
  return field && keyOf(field)
}

/** The expression for an operation on bits. A mask at the end may turn out to be something else, and is left. */
function changed(from: Described, change: Change, last: boolean): Described | undefined {
  const { mask: _, key: __, ...rest } = from
  const left = from.mask === undefined ? from.expression : masked(from, from.mask)
  if ('shift' in change) return { ...rest, expression: { [change.shift]: [left, change.places] }, shift: 0 }
  const turn = (bytes: Uint8Array): Uint8Array => (from.order === 'host' ? reversed(bytes) : bytes)
  const [mask, flip] = [turn(change.mask), turn(change.xor)]
  if (last && isZero(flip)) return { ...from, mask }
  // The kernel's mask and xor stand for any chain of and, or and xor; this is the shortest way to write one.
  const set = xor(and(mask, flip), flip)
  const turned = and(flip, mask)
  const kept = or(mask, set)
  let expression: unknown = left
  if (!isZero(not(kept))) expression = { '&': [expression, constant(from, kept)] }
  if (!isZero(turned)) expression = { '^': [expression, constant(from, turned)] }
  if (!isZero(set)) expression = { '|': [expression, constant(from, set)] }
  return { ...rest, expression, shift: 0 }
}

/** A number in an expression. */
const constant = ({ type }: Described, bytes: Uint8Array): unknown =>
  type.flags || type.prefixes ? type.format({ first: bytes, last: bytes }, noNames) : Number(toBigInt(bytes))

/** Where devices have no names. @internal */
export const noNames: Names = { index: (device: string | number) => Number(device), name: (index: number) => index }

/** An expression under a mask. @internal */
export const masked = (from: Described, mask: Uint8Array): unknown => ({
  '&': [from.expression, constant(from, mask)],
})

/** What a register is, with its mask, where that is nothing else. @internal */
export function expressionOf(loaded: Loaded, decoder: Decoder): Described | undefined {
  const found = describe(loaded, decoder)
  if (found?.mask === undefined) return found
  const { mask, key: _, ...rest } = found
  return { ...rest, expression: masked(found, mask) }
}
