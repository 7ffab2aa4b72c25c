/** Numbers whose bits have names: an option that is a list of these. */

import type { Attribute } from '../netlink/attributes.js'
import { invalidType, oneOf } from '../netlink/check.js'
import { bitNames } from '../netlink/names.js'
import type { Scalar } from '../netlink/scalar.js'

/** The number that a list of names stands for. @internal */
export function bitsOf<N extends string>(path: string, names: readonly N[], bits: Readonly<Record<N, number>>): number {
  if (!Array.isArray(names)) throw invalidType(path, 'an array of names', names)
  const all = Object.keys(bits) as N[]
  return names.reduce((number, name, at) => number | bits[oneOf(`${path}.${at}`, name, all)], 0) >>> 0
}

/** An option that is a list of names. Bits that have none are not read. @internal */
export const bitList = <N extends string>(
  type: number,
  number: Scalar<number>,
  bits: Readonly<Record<N, number>>,
): Attribute<readonly N[], N[]> => {
  const names = bitNames(bits)
  return {
    types: [type],
    write(writer, value, key) {
      const start = writer.open(type)
      number.write(writer, bitsOf(writer.where(key), value, bits), key)
      writer.close(start)
    },
    read: (reader, at) => names(number.read(reader, at)),
  }
}
