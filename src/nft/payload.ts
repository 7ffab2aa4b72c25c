/** The keys that headers have: every field is one, by the name `nft` has for it, and has a builder. */

import { fromNumber, toBigInt, toNumber } from './bytes.js'
import type { Context } from './context.js'
import {
  NFT_PAYLOAD_CSUM_INET,
  NFT_PAYLOAD_CSUM_SCTP,
  NFT_PAYLOAD_L4CSUM_PSEUDOHDR,
  payload,
} from './expressions/payload.js'
import type { NftFamily } from './family.js'
import { fieldsOf, type Header, type HeaderField, type HeaderFields, headerOf, type PlacedField } from './header.js'
import type { Program } from './program.js'
import { noteFlags, type Selector, selector } from './selector.js'
import { emitMask } from './statements/bits.js'
import { addKey, type Key, type Place, type TypeOf } from './term.js'

/** The number nft has for fields of headers among its sorts of expressions. */
const PAYLOAD = 7
const UDATA_HEADER = 0
const UDATA_FIELD = 1
const UDATA_BITS = 4

/** The bytes a field is in, and its bits in them. @internal */
export interface FieldBytes {
  readonly offset: number
  readonly length: number
  /** How many bits stand after it. */
  readonly shift: number
  /** Undefined when all of the bits are its own. */
  readonly mask: Uint8Array | undefined
}

/** @internal */
export function bytesOf({ offset, bits }: Pick<PlacedField, 'offset' | 'bits'>): FieldBytes {
  const first = Math.floor(offset / 8)
  const length = Math.ceil((offset + bits) / 8) - first
  const shift = 8 * (first + length) - offset - bits
  const whole = shift === 0 && offset % 8 === 0
  const mask = whole ? undefined : fromNumber(((1n << BigInt(bits)) - 1n) << BigInt(shift), length)
  return { offset: first, length, shift, mask }
}

/** `'frag-off'` as a property: `fragOff`. */
export type CamelCase<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<CamelCase<B>>}`
  : S extends `${infer A} ${infer B}`
    ? `${A}${Capitalize<CamelCase<B>>}`
    : S

/** @internal */
export const camelCase = (name: string): string => name.replace(/[- ](.)/g, (_, letter: string) => letter.toUpperCase())

type ValueOfField<F> = F extends HeaderField<infer T> ? T : never

/** The builders of a header's fields. */
export type FieldSelectors<H> =
  H extends Header<infer N, infer F>
    ? { readonly [K in keyof F as CamelCase<K & string>]: Selector<`${N} ${K & string}`, ValueOfField<F[K]>> }
    : never

/** The keys of a header's fields, and what their values are. */
export type FieldKeys<H> =
  H extends Header<infer N, infer F, infer A>
    ? { [K in keyof F & string as `${N} ${K}`]: KeyType<ValueOfField<F[K]>, A> }
    : never

/** What is known of a key: the type of its values, and the families of tables that have it. */
export interface KeyType<V, A extends NftFamily> {
  value: V
  families: A
}

/** The key of a field. */
function fieldKey(field: PlacedField): Key {
  const { header, name, type, bits, only, tells } = field
  const { offset, length, shift, mask } = bytesOf(field)
  const place: Place = { layer: header.layer, offset, length }
  const data: [number, number][] = [
    [UDATA_HEADER, header.id],
    [UDATA_FIELD, field.index],
  ]
  if (type.name === 'integer') data.push([UDATA_BITS, bits])
  const stored: TypeOf = { sort: PAYLOAD, data }
  const merge = mergeOf(field)
  return {
    expression: `${header.name} ${name}`,
    families: header.families,
    header,
    only,
    type,
    bits,
    order: 'network',
    length,
    shift,
    partial: mask !== undefined,
    place: mask === undefined ? place : undefined,
    leads: tells !== undefined || field.leads === true,
    stored,
    load(program, word, bytes = length) {
      program.emit(payload, { dreg: word, base: header.layer, offset, len: bytes })
      if (mask !== undefined) emitMask(this, { mask, xor: mask.map(() => 0) }, program, word)
    },
    ...((tells !== undefined || field.leads === true) && {
      learn(context: Context, value: Uint8Array) {
        if (tells === undefined) {
          context.message = toNumber(value)
          return
        }
        const above = headerOf(tells, toNumber(value))
        if (above !== undefined) context.learn(above.layer, above.name)
      },
    }),
    store: (program, word) => storeField(field, { offset, length }, program, word),
    ...(merge !== undefined && {
      merge: (program: Program, word: number, value: Uint8Array) => mergeField(field, merge, value, program, word),
    }),
  }
}

/** Writes a register into the packet, and keeps the checksums right. */
function storeField(
  { header, name }: PlacedField,
  { offset, length }: { offset: number; length: number },
  program: Program,
  word: number,
): void {
  const { checksum, crc, layer, pseudo } = header
  const csumType = crc ? NFT_PAYLOAD_CSUM_SCTP : NFT_PAYLOAD_CSUM_INET
  program.emit(payload, {
    sreg: word,
    base: layer,
    offset,
    len: length,
    ...(checksum !== undefined && { csumType, csumOffset: checksum }),
    ...(pseudo?.includes(name) && { csumFlags: NFT_PAYLOAD_L4CSUM_PSEUDOHDR }),
  })
}

/** How a field is changed that does not have to itself what is written: which bytes, and which of their bits stay. @internal */
export interface FieldMerge {
  readonly offset: number
  readonly length: number
  readonly shift: number
  readonly mask: Uint8Array
}

/**
 * The merge that a field needs, if it does: one that does not fill its bytes, or is of an odd number of bytes under a checksum, which is reckoned in
 * pairs. @internal
 */
export function mergeOf(field: PlacedField): FieldMerge | undefined {
  let { offset, length, shift, mask } = bytesOf(field)
  const odd = field.header.checksum !== undefined && length % 2 === 1
  if (mask === undefined && !odd) return undefined
  if (odd) {
    length++
    if (offset % 2 === 1) offset--
    else shift += 8
  }
  const own = ((1n << BigInt(field.bits)) - 1n) << BigInt(shift)
  mask = fromNumber(((1n << BigInt(8 * length)) - 1n) ^ own, length)
  return { offset, length, shift, mask }
}

/** Changes a field: what is around it is read and written back. `value` is where it is in the field's own bytes. */
function mergeField(field: PlacedField, merge: FieldMerge, value: Uint8Array, program: Program, word: number): void {
  const { offset, length, shift, mask } = merge
  const moved = fromNumber(toBigInt(value) << BigInt(shift - bytesOf(field).shift), length)
  program.emit(payload, { dreg: word, base: field.header.layer, offset, len: length })
  emitMask({ order: 'network', length }, { mask, xor: moved }, program, word)
  storeField(field, merge, program, word)
}

/** Makes the keys of a header known, and its builders. @internal */
export function selectors<const N extends string, F extends HeaderFields, const A extends NftFamily>(
  header: Header<N, F, A>,
): FieldSelectors<Header<N, F, A>> {
  const made: Record<string, unknown> = {}
  for (const field of fieldsOf(header as unknown as Header)) {
    const { expression } = addKey(fieldKey(field))
    if (field.type.flags) noteFlags(expression)
    made[camelCase(field.name)] = selector(expression)
  }
  return made as FieldSelectors<Header<N, F, A>>
}
