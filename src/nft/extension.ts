/**
 * What a packet may have or not: IPv6's extension headers, the options of TCP and IPv4, the chunks of SCTP. The kernel looks for one by its
 * number; of a packet that does not have it, no field matches anything.
 */

import { fromNumber } from './bytes.js'
import { reads } from './decoder.js'
import { type ExtensionOp, extensionOps, exthdr, NFT_EXTHDR_F_PRESENT } from './expressions/exthdr.js'
import type { NftFamily } from './family.js'
import type { Header, HeaderField } from './header.js'
import { type Loaded, loadedKey } from './loaded.js'
import { bytesOf, type CamelCase, camelCase, type KeyType } from './payload.js'
import type { Program } from './program.js'
import { type Comparable, type Selector, selector } from './selector.js'
import { emitMask } from './statements/bits.js'
import type { Match } from './statements/match.js'
import { readValue } from './statements/reading.js'
import { addKey, type Key } from './term.js'
import { boolean } from './types.js'

/** The number nft has for these keys among its sorts of expressions, and what it stores of one. */
const EXTHDR = 8
const UDATA_NUMBER = 0
const UDATA_FIELD = 1
const UDATA_OP = 2

/** A field: its number in nft's table, where that is not one more than that of the field before it. @internal */
export interface ExtensionField<T = unknown> extends HeaderField<T> {
  readonly index?: number
}

/** A field of another number in nft's table. @internal */
export const numbered = <T>(index: number, field: HeaderField<T>): ExtensionField<T> => ({ ...field, index })

// biome-ignore lint/suspicious/noExplicitAny: fields of every type stand side by side; each extension's own type is inferred.
type ExtensionFields = Readonly<Record<string, ExtensionField<any>>>

/** A header, an option or a chunk. @internal */
export interface Extension<
  N extends string = string,
  W extends string = string,
  F extends ExtensionFields = ExtensionFields,
  A extends NftFamily = NftFamily,
> {
  /** What the names of its fields begin with: `frag`, `tcp option maxseg`. */
  readonly name: N
  /** What `nft` calls it where it is asked whether it is there: `exthdr frag`. */
  readonly whole: W
  /** Where it is looked for. */
  readonly op: ExtensionOp
  /** The number it is looked for by. */
  readonly number: number
  /** The number by which nft stores a set made for one of its fields, where that is another. */
  readonly id?: number
  readonly families: readonly A[]
  /** The header that it goes with. */
  readonly header?: Header | undefined
  readonly fields: F
}

const placeOf = (...place: unknown[]): string => place.join(' ')

/** The keys that are loaded from a place: one that is all of it, and those that are parts of it. */
const loadedFrom = new Map<string, Loaded>()
const extensions = new Map<string, Extension>()

/** The extension of this name, or of this number. @internal */
export const extensionNamed = (name: string): Extension | undefined => extensions.get(name)
/** @internal */
export const extensionOf = (op: unknown, number: unknown): Extension | undefined => extensions.get(placeOf(op, number))

function note(key: Key, place: string, mask: Uint8Array | undefined): void {
  const before = loadedFrom.get(place) ?? { changes: [] }
  if (mask === undefined) loadedFrom.set(place, { ...before, ...loadedKey(key) })
  else loadedFrom.set(place, { ...before, partial: [...(before.partial ?? []), { key, mask }] })
}

/** The key of a field. */
function addField(
  { name, op, number, id = number, families, header }: Extension,
  word: string,
  { type, bits }: ExtensionField,
  offset: number,
  index: number,
): void {
  const bytes = bytesOf({ offset, bits })
  const { length, shift, mask } = bytes
  const place = { type: number, offset: bytes.offset, len: length, op }
  const key = addKey({
    expression: `${name} ${word}`,
    families,
    header,
    type,
    bits,
    order: 'network',
    length,
    shift,
    partial: mask !== undefined,
    stored: {
      sort: EXTHDR,
      data: [
        [UDATA_FIELD, index],
        // Of the headers of IPv6 it is not said that they are such.
        ...(op === 'ip6' ? [] : [[UDATA_OP, extensionOps[op]] as const]),
        [UDATA_NUMBER, id],
      ],
    },
    load(program, register) {
      program.emit(exthdr, { dreg: register, ...place, flags: 0 })
      if (mask !== undefined) emitMask(this, { mask, xor: fromNumber(0, length) }, program, register)
    },
    ...(op === 'tcp option' &&
      mask === undefined && {
        store: (program: Program, register: number) => program.emit(exthdr, { sreg: register, ...place }),
      }),
  })
  note(key, placeOf(op, number, bytes.offset, length, 0), mask)
}

/** Makes the keys of an extension known. @internal */
export function extension<
  const N extends string,
  const W extends string,
  F extends ExtensionFields,
  const A extends NftFamily,
>(made: Extension<N, W, F, A>): Extension<N, W, F, A> {
  const { whole, op, number, families, header, fields } = made
  let next = 0
  let last = 0
  for (const [word, field] of Object.entries<ExtensionField>(fields)) {
    const { bits, offset = next, index = last + 1 } = field
    addField(made as unknown as Extension, word, field, offset, index)
    next = offset + bits
    last = index
  }
  // Of several of the same number, the first says what they all are called.
  if (!extensions.has(placeOf(op, number))) {
    const key = addKey({
      expression: whole,
      families,
      header,
      type: boolean,
      bits: 8,
      order: 'network',
      length: 1,
      shift: 0,
      load: (program, register) =>
        program.emit(exthdr, { dreg: register, type: number, offset: 0, len: 1, flags: NFT_EXTHDR_F_PRESENT, op }),
    })
    note(key, placeOf(op, number, 0, 1, NFT_EXTHDR_F_PRESENT), undefined)
    extensions.set(placeOf(op, number), made as unknown as Extension)
    extensions.set(whole, made as unknown as Extension)
  }
  return made
}

reads('exthdr', ({ dreg, sreg, op, type, offset, len, flags }, decoder) => {
  const loaded = loadedFrom.get(placeOf(op ?? 'ip6', type, offset, len, flags ?? 0))
  if (dreg !== undefined) return loaded !== undefined && decoder.load(dreg as number, loaded)
  const [key] = loaded?.source?.keys ?? []
  const read = key && sreg !== undefined ? readValue(sreg, key.type, key.order, decoder) : undefined
  return read !== undefined && decoder.say({ kind: 'mangle', key: key?.expression, value: read.value }, read.keys)
})

type ValueOfField<F> = F extends HeaderField<infer T> ? T : never

/** The keys of an extension, and what their values are. */
export type ExtensionKeys<E> =
  E extends Extension<infer N, infer W, infer F, infer A>
    ? { [K in keyof F & string as `${N} ${K}`]: KeyType<ValueOfField<F[K]>, A> } & { [K in W]: KeyType<boolean, A> }
    : never

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never

/** The keys of several extensions. */
export type KeysOfExtensions<T> = Intersection<{ [K in keyof T]: ExtensionKeys<T[K]> }[keyof T]>

/** Whether it is there. */
export interface Presence<W extends string> {
  /** The packet has it: `exists`. */
  exists(): Match<W, boolean>
  /** The packet does not have it: `missing`. */
  missing(): Match<W, boolean>
}

/** The builder of a field: only options of TCP can be set. */
type FieldBuilder<K extends string, V> = K extends `tcp option ${string}` ? Selector<K, V> : Comparable<K, V>

/** The builders of an extension's fields. */
export type ExtensionSelectors<E> =
  E extends Extension<infer N, infer W, infer F>
    ? {
        readonly [K in keyof F as CamelCase<K & string>]: FieldBuilder<`${N} ${K & string}`, ValueOfField<F[K]>>
      } & Presence<W>
    : never

/** The builders of several extensions. */
export type SelectorsOfExtensions<T> =
  T extends Readonly<Record<string, Extension>>
    ? { readonly [K in keyof T as CamelCase<K & string>]: ExtensionSelectors<T[K]> }
    : never

/** The builders of several extensions, by their names. @internal */
export const extensionsSelectors = <T extends Readonly<Record<string, Extension>>>(made: T): SelectorsOfExtensions<T> =>
  Object.fromEntries(
    Object.entries(made).map(([name, each]) => [camelCase(name), extensionSelectors(each)]),
  ) as SelectorsOfExtensions<T>

/** The builders of an extension. @internal */
export function extensionSelectors<E extends Extension>(made: E): ExtensionSelectors<E> {
  const { name, whole, fields } = made
  const presence = (right: boolean) => (): Match => ({ kind: 'match', left: whole, op: '==', right })
  return {
    ...Object.fromEntries(Object.keys(fields).map((word) => [camelCase(word), selector(`${name} ${word}`)])),
    exists: presence(true),
    missing: presence(false),
  } as unknown as ExtensionSelectors<E>
}
