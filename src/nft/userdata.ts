/**
 * User data: what nft keeps with an object in the kernel for its own use, as a list of type, length and value. The kernel hands it back as it
 * is. Comments are here, and what a set's elements are where the kernel knows only their bytes.
 */

import { invalidType, invalidValue } from '../netlink/check.js'
import type { TypeOf } from './term.js'

/** The comment of a table, a chain, a rule, a named object or an element of a set: it is the first entry of each. */
const COMMENT = 0
/** The longest comment nft takes, in bytes. */
const LONGEST_COMMENT = 128

/** @internal */
export type UserData = Map<number, Uint8Array>

/** @internal */
export function readUserData(bytes: Uint8Array | undefined): UserData {
  const entries: UserData = new Map()
  if (bytes === undefined) return entries
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [type, length] = [bytes[at] as number, bytes[at + 1] as number]
    entries.set(type, bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return entries
}

/** @internal */
export const entry = (type: number, value: Uint8Array): Uint8Array =>
  Buffer.concat([Uint8Array.of(type, value.length), value])

/** A number in the machine's order. @internal */
export function numberEntry(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return entry(type, bytes)
}

/** @internal */
export const readNumber = (bytes: Uint8Array | undefined): number | undefined =>
  bytes?.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : undefined

/** A text with its NUL. @internal */
export const textEntry = (type: number, text: string): Uint8Array => entry(type, Buffer.from(`${text}\0`))

/** @internal */
export const readText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString().replace(/\0.*$/s, '')

/** A comment as nft stores it. @internal */
export const commentBytes = (comment: string | undefined): Uint8Array | undefined =>
  comment === undefined ? undefined : textEntry(COMMENT, comment)

/** What is stored with an object that has a comment and nothing else; undefined without one. @internal */
export function commentData(path: string, comment: unknown): Uint8Array | undefined {
  if (comment === undefined) return undefined
  if (typeof comment !== 'string') throw invalidType(path, 'a string', comment)
  if (Buffer.byteLength(comment) > LONGEST_COMMENT) {
    throw invalidValue(path, comment, `must be at most ${LONGEST_COMMENT} bytes`)
  }
  if (comment.includes('\0')) throw invalidValue(path, comment, 'must not hold a NUL')
  return commentBytes(comment)
}

/** @internal */
export const commentOf = (data: Uint8Array | undefined): string | undefined => readText(readUserData(data).get(COMMENT))

const UDATA_TYPEOF_SORT = 0
const UDATA_TYPEOF_DATA = 1
/** The number of a concatenation among nft's sorts of expressions. */
const CONCATENATION = 13

const numbers = ({ data }: TypeOf): Uint8Array => Buffer.concat(data.map(([type, value]) => numberEntry(type, value)))

const described = (sort: number, data: Uint8Array): Uint8Array =>
  Buffer.concat([numberEntry(UDATA_TYPEOF_SORT, sort), entry(UDATA_TYPEOF_DATA, data)])

/** The expressions that a description is of: one, or the parts of a concatenation; undefined where it is not understood. @internal */
export function readTypeOf(bytes: Uint8Array): TypeOf[] | undefined {
  const entries = readUserData(bytes)
  const sort = readNumber(entries.get(UDATA_TYPEOF_SORT))
  const data = readUserData(entries.get(UDATA_TYPEOF_DATA))
  if (sort === undefined) return undefined
  if (sort === CONCATENATION) {
    const parts = [...data.values()].map(readTypeOf)
    return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
  }
  const read = [...data].map(([type, value]) => [type, readNumber(value)] as const)
  if (read.some(([, value]) => value === undefined)) return undefined
  return [{ sort, data: read as [number, number][] }]
}

/** How nft describes the expression that a set was made for: `typeof ip saddr`. @internal */
export const typeOfEntry = (type: number, of: TypeOf): Uint8Array => entry(type, described(of.sort, numbers(of)))

/** The same of a concatenation: of its parts up to the first that nft has no description of. @internal */
export function concatTypeOfEntry(type: number, parts: readonly (TypeOf | undefined)[]): Uint8Array {
  const end = parts.indexOf(undefined)
  const known = (end < 0 ? parts : parts.slice(0, end)) as readonly TypeOf[]
  const each = known.map((part, index) => entry(index, described(part.sort, numbers(part))))
  return entry(type, described(CONCATENATION, Buffer.concat(each)))
}
