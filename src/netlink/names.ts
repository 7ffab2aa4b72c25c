/** Numbers that have names: `'reachable'` for NUD_REACHABLE, `['managetempaddr']` for a set of flags. */

import { invalidType, invalidValue, outOfRange } from './check.js'
import type { Scalar } from './scalar.js'

/** Names and their numbers. @internal */
export interface Enumeration<N extends string> {
  /** The number of a name; a number stands for itself, so that one this version has no name for can be given. */
  number(value: N | number, path: string): number
  /** The name of a number, or the number where there is no name. */
  name(value: number): N | number
  readonly names: readonly N[]
  readonly max: number
}

/** @internal */
export function enumeration<N extends string>(numbers: Readonly<Record<N, number>>, max = 0xffff_ffff): Enumeration<N> {
  const byName = new Map<string, number>(Object.entries<number>(numbers))
  const byNumber = new Map<number, N>()
  for (const [name, number] of Object.entries<number>(numbers) as [N, number][]) {
    // The first name of a number is the one that is shown; later ones are other spellings.
    if (!byNumber.has(number)) byNumber.set(number, name)
  }
  const names = Object.keys(numbers) as N[]
  return {
    names,
    max,
    number(value, path) {
      if (typeof value === 'number') {
        if (Number.isInteger(value) && value >= 0 && value <= max) return value
        throw outOfRange(path, `an integer from 0 to ${max}`, value)
      }
      if (typeof value !== 'string') throw invalidType(path, 'a name or a number', value)
      const number = byName.get(value)
      if (number !== undefined) return number
      throw invalidValue(path, value, `must be one of ${names.map((name) => `'${name}'`).join(', ')} or a number`)
    },
    name: (value) => byNumber.get(value) ?? value,
  }
}

/** A number on the wire, a name in an option. @internal */
export const named = <N extends string>(scalar: Scalar<number>, names: Enumeration<N>): Scalar<N | number> => ({
  size: scalar.size,
  write: (writer, value, key) => scalar.write(writer, names.number(value, writer.where(key)), key),
  read: (reader, at) => names.name(scalar.read(reader, at)),
})

/** The names of the bits set in a number. Bits without a name are left out. @internal */
export function bitNames<N extends string>(bits: Readonly<Record<N, number>>): (value: number) => N[] {
  const entries = Object.entries<number>(bits) as [N, number][]
  // Of the combinations there could be, few ever are. Everybody gets an array of their own.
  const known = new Map<number, readonly N[]>()
  return (value) => {
    let names = known.get(value)
    if (names === undefined) {
      names = entries.filter(([, bit]) => (value & bit) !== 0).map(([name]) => name)
      if (known.size < MOST_KNOWN) known.set(value, names)
    }
    return names.slice()
  }
}

const MOST_KNOWN = 256
