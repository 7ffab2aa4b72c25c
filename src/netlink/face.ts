/** The two faces of a class of operations: promises, or results themselves. */

import { Listing } from './listing.js'
import type { Direct, Operation, Promised } from './operation.js'

// biome-ignore lint/suspicious/noExplicitAny: methods of every signature; the types of the faces are derived from the class itself.
type Method = (...args: any[]) => Operation<unknown> | Listing<unknown>

/** What runs operations, and goes through lists. */
interface Runner {
  run(operation: Operation<unknown>): unknown
  each(listing: Listing<unknown>): unknown
}

/** A class of objects with the methods of `Operations` that run them. */
type Face<O, F> = new (operations: O, runner: Runner) => F

/**
 * Made once for a class of operations, so that a namespace handle costs an object with two fields a group, however many methods the
 * group has.
 */
function face(Operations: { readonly prototype: object }): Face<object, object> {
  class Faced {
    readonly #operations: Record<string, Method>
    readonly #runner: Runner

    constructor(operations: object, runner: Runner) {
      this.#operations = operations as Record<string, Method>
      this.#runner = runner
    }

    static {
      for (const name of Object.getOwnPropertyNames(Operations.prototype)) {
        if (name === 'constructor') continue
        Object.defineProperty(Faced.prototype, name, {
          value(this: Faced, ...args: unknown[]) {
            const planned = (this.#operations[name] as Method)(...args)
            return planned instanceof Listing ? this.#runner.each(planned) : this.#runner.run(planned)
          },
        })
      }
    }
  }
  return Faced
}

/** @internal */
export const promised = <O extends object>(Operations: { readonly prototype: O }): Face<O, Promised<O>> =>
  face(Operations) as Face<O, Promised<O>>

/** @internal */
export const direct = <O extends object>(Operations: { readonly prototype: O }): Face<O, Direct<O>> =>
  face(Operations) as Face<O, Direct<O>>
