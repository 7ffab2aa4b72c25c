/** Operations on their way: what they wait for, and who is told how they end. */

import { Exchange } from './channel.js'
import { type Call, isCall, type Operation, type Request, type Step } from './operation.js'

/** An operation on its way. @internal */
export abstract class Task {
  readonly #operation: Operation<unknown>
  #one = false
  /** What it waits for, and how many of them are still open. */
  exchanges: readonly Exchange[] = []
  open = 0
  /** The call that waits for its turn. */
  call: Call<unknown> | undefined
  /** Whether it is its turn until it has settled. */
  alone = false

  constructor(operation: Operation<unknown>) {
    this.#operation = operation
  }

  protected abstract fulfilled(value: unknown): void
  protected abstract rejected(reason: unknown): void

  /** Goes on to the next thing it needs: a call to make, or exchanges; undefined when it has settled. */
  next(value: unknown): Needed {
    try {
      return this.#needed(this.#operation.next(value))
    } catch (reason) {
      this.rejected(reason)
      return undefined
    }
  }

  /** Goes on with what became of its exchanges. */
  resume(): Needed {
    return this.next(this.#one ? this.exchanges[0] : this.exchanges)
  }

  throw(error: unknown): Needed {
    try {
      return this.#needed(this.#operation.throw(error))
    } catch (reason) {
      this.rejected(reason)
      return undefined
    }
  }

  #needed({ done, value }: IteratorResult<Step, unknown>): Needed {
    if (done) {
      this.fulfilled(value)
      return undefined
    }
    const step = value as Step
    if (isCall(step)) return step
    this.exchanges = exchangesOf(step)
    this.#one = !isList(step)
    this.open = this.exchanges.length
    return this.open > 0 ? this.exchanges : this.resume()
  }
}

/** What a task goes on with. @internal */
export type Needed = Call<unknown> | readonly Exchange[] | undefined

/** @internal */
export const isList = (step: Step): step is readonly Request[] => Array.isArray(step)

/** @internal */
export const exchangesOf = (step: Request | readonly Request[]): readonly Exchange[] =>
  isList(step) ? step.map((request) => new Exchange(request)) : [new Exchange(step)]

/** One of several whose results are listed. @internal */
export class Batched extends Task {
  readonly #results: PromiseSettledResult<unknown>[]
  readonly #index: number

  constructor(operation: Operation<unknown>, results: PromiseSettledResult<unknown>[], index: number) {
    super(operation)
    this.#results = results
    this.#index = index
  }

  protected fulfilled(value: unknown): void {
    this.#results[this.#index] = { status: 'fulfilled', value }
  }

  protected rejected(reason: unknown): void {
    this.#results[this.#index] = { status: 'rejected', reason }
  }
}

/** One whose result is promised. @internal */
export class Awaited extends Task {
  protected readonly fulfilled: (value: unknown) => void
  protected readonly rejected: (reason: unknown) => void

  constructor(operation: Operation<unknown>, resolve: (value: unknown) => void, reject: (reason: unknown) => void) {
    super(operation)
    this.fulfilled = resolve
    this.rejected = reject
  }
}
