/** Numbers from one to another, as options spell them: `10`, `'10-20'`. */

import { integer, invalidType, invalidValue } from './check.js'

/** One number, or all from one to another: `10`, `'10-20'`. */
export type Range = number | `${number}-${number}`

/** The first and the last number of a range, both within bounds. @internal */
export function parseRange(path: string, value: Range, min: number, max: number): [first: number, last: number] {
  if (typeof value === 'number') {
    const only = integer(path, value, min, max)
    return [only, only]
  }
  const [, from, to] = /^(\d+)-(\d+)$/.exec(value) ?? []
  if (from === undefined || to === undefined) throw invalidType(path, "a number, or a range such as '10-20'", value)
  const [first, last] = [integer(path, Number(from), min, max), integer(path, Number(to), min, max)]
  if (first > last) throw invalidValue(path, value, 'must not end before it begins')
  return [first, last]
}

/** @internal */
export const formatRange = (first: number, last: number): Range => (first === last ? first : `${first}-${last}`)
