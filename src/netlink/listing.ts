/** Lists that are handed over while they are read, for those too long to be held. */

import type { constants } from 'node:os'
import type { Decoding } from './operation.js'

/** A list to go through, not asked for yet. @internal */
export class Listing<T> {
  /** Its parts, which are asked for one after the other. Not empty. */
  readonly requests: readonly Decoding<T>[]
  /** The error by which the kernel says that there is nothing to list. */
  readonly nothing: keyof typeof constants.errno | undefined

  constructor(requests: readonly Decoding<T>[], nothing?: keyof typeof constants.errno) {
    this.requests = requests
    this.nothing = nothing
  }
}
