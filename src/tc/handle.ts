/** How queueing disciplines, classes and places are called: `'1:'`, `'1:10'`, `'root'`. */

import { type Attribute, scalar } from '../netlink/attributes.js'
import { invalidType, invalidValue } from '../netlink/check.js'
import { type Scalar, U32 } from '../netlink/scalar.js'

const TC_H_ROOT = 0xffffffff
const TC_H_CLSACT = 0xfffffff1
const TC_H_MIN_INGRESS = 0xfff2
const TC_H_MIN_EGRESS = 0xfff3

/**
 * A handle: two numbers of up to four **hexadecimal** digits with a colon between them. `'1:'` is a qdisc, `'1:10'` the class 0x10 of it; the qdisc's
 * own is `'1:0'` as well.
 */
export type Handle = `${string}:${string}`

/** Where a qdisc is: at the device's root, at its ingress (`'clsact'` is the same place, with one for egress beside it), or in a class. */
export type QdiscParent = 'root' | 'ingress' | 'clsact' | Handle

/** Where a filter is: at the ingress or the egress of a device with a `clsact` (or only the ingress, with an `ingress`), or in a qdisc or a class. */
export type FilterParent = 'root' | 'ingress' | 'egress' | Handle

const form = /^([\da-f]{0,4}):([\da-f]{0,4})$/i

/** @internal */
export function parseHandle(path: string, value: unknown): number {
  const expected = "a handle of two hexadecimal numbers of up to four digits, such as '1:' or '1:10'"
  if (typeof value !== 'string') throw invalidType(path, expected, value)
  const [, major, minor] = form.exec(value) ?? []
  if (major === undefined || minor === undefined || value === ':')
    throw invalidValue(path, value, `must be ${expected}`)
  return Number.parseInt(major || '0', 16) * 0x1_0000 + Number.parseInt(minor || '0', 16)
}

/** The handle of a qdisc, whose second number is 0. @internal */
export function parseQdisc(path: string, value: unknown): number {
  const handle = parseHandle(path, value)
  if ((handle & 0xffff) === 0) return handle
  throw invalidValue(
    path,
    value,
    "must be the handle of a qdisc, such as '1:'; with a number after the colon it is a class",
  )
}

/** @internal */
export function formatHandle(handle: number): Handle {
  const [major, minor] = [handle >>> 16, handle & 0xffff]
  return `${major === 0 && minor !== 0 ? '' : major.toString(16)}:${minor === 0 ? '' : minor.toString(16)}`
}

interface Places<P> {
  number(path: string, value: unknown): number
  name(value: number): P | undefined
}

/** Handles, and the names some of them have. The first name of a number is the one that is shown. */
function places<N extends string>(names: Readonly<Record<N, number>>): Places<N | Handle> {
  const entries = Object.entries<number>(names) as [N, number][]
  const list = entries.map(([name]) => `'${name}'`).join(', ')
  return {
    number(path, value) {
      const named = entries.find(([name]) => name === value)
      if (named !== undefined) return named[1]
      if (typeof value === 'string' && value.includes(':')) return parseHandle(path, value)
      throw invalidValue(path, value, `must be ${list} or a handle such as '1:' or '1:10'`)
    },
    name: (value) =>
      value === 0 ? undefined : (entries.find(([, number]) => number === value)?.[0] ?? formatHandle(value)),
  }
}

/** @internal */
export const qdiscPlaces = places({ root: TC_H_ROOT, ingress: TC_H_CLSACT, clsact: TC_H_CLSACT })
/** @internal */
export const classPlaces = places({ root: TC_H_ROOT })
/** @internal */
export const filterPlaces = places({
  root: TC_H_ROOT,
  ingress: 0xffff_0000 + TC_H_MIN_INGRESS,
  egress: 0xffff_0000 + TC_H_MIN_EGRESS,
})

const HANDLE: Scalar<Handle> = {
  size: 4,
  write: (writer, value, key) => U32.write(writer, parseHandle(writer.where(key), value), key),
  read: (reader, at) => formatHandle(U32.read(reader, at)),
}

/** A class, or a qdisc, as an option. */
export const handle = (type: number): Attribute<Handle> => scalar(type, HANDLE)
