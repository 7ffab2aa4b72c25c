/**
 * Headers of protocols: where their fields are, and what has to be known of a packet before they can be read.
 *
 * A header is a table of its fields in the order they are in. The keys (`tcp dport`), their builders and their types come from it.
 */

import type { NftFamily } from './family.js'
import type { DataType } from './type.js'

/** The layers of a packet. @internal */
export type Layer = 'link' | 'network' | 'transport'

/** A field: its type, how many bits it has and where they begin. @internal */
export interface HeaderField<T = unknown> {
  readonly type: DataType<T>
  readonly bits: number
  /** Where it begins, in bits from the beginning of its header; after the field before it, where nothing is said. */
  readonly offset?: number
  /** What it has to say in front of it that this field is there: the types of ICMP messages that have it. */
  readonly only?: readonly number[]
  /** What matching it says of the layer above. */
  readonly tells?: 'l4proto' | 'ethertype'
  /** What stands after it depends on it. */
  readonly leads?: true
}

/** A field as long as its type. @internal */
export const is = <T>(type: DataType<T>): HeaderField<T> => ({ type, bits: type.bits })
/** A field of so many bits. @internal */
export const sized = <T>(type: DataType<T>, bits: number): HeaderField<T> => ({ type, bits })
/** A field that begins at so many bits. @internal */
export const at = <T>(offset: number, field: HeaderField<T>): HeaderField<T> => ({ ...field, offset })

// biome-ignore lint/suspicious/noExplicitAny: fields of every type stand side by side; each header's own type is inferred.
export type HeaderFields = Readonly<Record<string, HeaderField<any>>>

/** A field whose value says which protocol is in the layer above. @internal */
export const telling = <T>(tells: 'l4proto' | 'ethertype', field: HeaderField<T>): HeaderField<T> => ({
  ...field,
  tells,
})

/** @internal */
export interface Header<
  N extends string = string,
  F extends HeaderFields = HeaderFields,
  A extends NftFamily = NftFamily,
> {
  readonly name: N
  readonly layer: Layer
  /** The families of tables whose packets can have it. */
  readonly families: readonly A[]
  readonly fields: F
  /** The number by which nft stores a set made for one of its fields. */
  readonly id: number
  /** What says that it is there: the protocol number of IP, that of Ethernet, or netfilter's number of the family. */
  readonly l4proto?: number
  readonly ethertype?: number
  readonly nfproto?: number
  /** The header it stands on where nothing is known yet: `icmp` goes with `ip`. */
  readonly over?: string
  /** It is any header of its layer: only what they all have is known of it. */
  readonly generic?: true
  /** Where its checksum is, in bytes, which changing a field has to keep right. */
  readonly checksum?: number
  /** The checksum is not the one that most have, but SCTP's. */
  readonly crc?: true
  /** The fields that the checksums of the layer above cover as well. */
  readonly pseudo?: readonly string[]
}

/** A field in its place. @internal */
export interface PlacedField {
  readonly header: Header
  readonly name: string
  /** Its number in nft's table of the header. */
  readonly index: number
  readonly type: DataType
  readonly bits: number
  readonly offset: number
  readonly only?: readonly number[] | undefined
  readonly tells?: 'l4proto' | 'ethertype' | undefined
  readonly leads?: true | undefined
}

/** @internal */
export const headersByName = new Map<string, Header>()
const upper = {
  l4proto: new Map<number, Header>(),
  ethertype: new Map<number, Header>(),
  nfproto: new Map<number, Header>(),
}
const placed = new Map<string, readonly PlacedField[]>()

/** Makes a header known. @internal */
export function header<const N extends string, F extends HeaderFields, const A extends NftFamily>(
  known: Header<N, F, A>,
): Header<N, F, A> {
  headersByName.set(known.name, known)
  for (const by of ['l4proto', 'ethertype', 'nfproto'] as const) {
    const number = known[by]
    if (number !== undefined) upper[by].set(number, known)
  }
  let next = 0
  placed.set(
    known.name,
    // nft's tables begin with what says which protocol comes above; that entry is number 0 where it is no field of the header.
    Object.entries(known.fields).map(([name, { type, bits, offset = next, only, tells, leads }], index) => {
      next = offset + bits
      return { header: known, name, index: index + 1, type, bits, offset, only, tells, leads }
    }),
  )
  return known
}

/** The header that a protocol's number stands for. @internal */
export const headerOf = (by: keyof typeof upper, number: number): Header | undefined => upper[by].get(number)

/** The fields of a header, in the order they were given. @internal */
export const fieldsOf = ({ name }: Header): readonly PlacedField[] => placed.get(name) as readonly PlacedField[]
