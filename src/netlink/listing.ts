/** Lists that are handed over while they are read, for those too long to be held. */

import type { constants } from 'node:os'
import { type Channel, Exchange, type Frame } from './channel.js'
import { isError } from './error.js'
import { changed, type Decoding } from './operation.js'

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

/** A list that is read piece by piece, on a socket that is its own and is closed with it. @internal */
export class Listed<T> {
  readonly #listing: Listing<T>
  readonly #channel: Channel
  /** How many of its parts have been asked for, and the last of them. */
  #asked = 0
  #exchange: Exchange | undefined
  #frame: Frame | undefined

  constructor(channel: Channel, listing: Listing<T>) {
    this.#listing = listing
    this.#channel = channel
  }

  /** The next piece; undefined after the last. */
  piece(): readonly T[] | undefined {
    if (this.#frame?.open) {
      this.#channel.more(this.#frame)
    } else {
      this.#conclude()
      const request = this.#listing.requests[this.#asked++]
      if (request === undefined) return undefined
      this.#exchange = new Exchange(request)
      this.#frame = this.#channel.frame([this.#exchange], 0).frame
      if (this.#frame.open) this.#channel.exchange(this.#frame)
      this.#channel.keep(this.#frame)
    }
    return (this.#exchange as Exchange).taken() as readonly T[]
  }

  #conclude(): void {
    if (this.#exchange === undefined) return
    const { error, interrupted, request } = this.#exchange
    const { nothing } = this.#listing
    if (error !== undefined && !(nothing !== undefined && isError(error, nothing))) throw error
    if (interrupted) throw changed(request, 'while it was read')
  }

  close(): void {
    this.#channel.close()
  }
}
