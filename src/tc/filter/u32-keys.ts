/** The keys of a `u32`: 32 bits at a place in the packet, which have to be as given. */

import { invalidValue } from '../../netlink/check.js'
import { BE32, S32 } from '../../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../../netlink/struct.js'

/** @internal */
export const keyLayout = new Struct('struct tc_u32_key', {
  mask: field('mask', BE32),
  value: field('val', BE32),
  /** Bytes from the beginning of the network header, a multiple of four. */
  off: field('off', S32),
  /** The part that the length of that header has in it: -1 for what stands behind the header, else 0. */
  offmask: field('offmask', S32),
})

/** @internal */
export type Key = ValueOfStruct<typeof keyLayout>

/** What is behind the network header, wherever that ends. @internal */
export const BEHIND = -1

const mostKeys = 128

/** Keys, gathered as `tc` does: those of one place are one. @internal */
export class Keys {
  readonly all: Key[] = []

  /** `path` is the option it comes from. */
  add(path: string, key: Key): void {
    const same = this.all.find(({ off, offmask }) => off === key.off && offmask === key.offmask)
    if (same === undefined) {
      if (this.all.length === mostKeys)
        throw invalidValue(path, undefined, `is one more than the ${mostKeys} keys there can be`)
      this.all.push({ ...key })
      return
    }
    if (((key.value ^ same.value) & key.mask & same.mask) !== 0) {
      throw invalidValue(path, key.value, 'contradicts another match of the same place')
    }
    same.value = (same.value | key.value) >>> 0
    same.mask = (same.mask | key.mask) >>> 0
  }
}
