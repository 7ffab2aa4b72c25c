/** Batches: requests that go to the kernel together. */

import type { PlannedGroups } from './groups.js'
import type { Operation } from './netlink/operation.js'

/** What the function given to `batch` returns: what its calls on the groups returned. */
export type Planned = readonly Operation<unknown>[]

/** The results of a batch, in the order of the calls. */
export type BatchResults<P extends Planned> = { -readonly [K in keyof P]: P[K] extends Operation<infer R> ? R : never }

/**
 * The function given to `batch`. It gets the groups of the namespace (`link`, `addr`, …). Their methods take here what they always take, and return
 * an {@link Operation} each, which is run when the function has returned it.
 */
export type Plan<P extends Planned> = (groups: PlannedGroups) => readonly [...P]

/**
 * Some of a batch failed. The others were done: the kernel treats each request by itself, and nothing is taken back.
 *
 * `errors` are the failures; `results` has an entry for each call, as `Promise.allSettled` gives it.
 */
export class BatchError extends AggregateError {
  override readonly name = 'BatchError'
  /** What became of each call. */
  readonly results: readonly PromiseSettledResult<unknown>[]

  /** @internal */
  constructor(results: readonly PromiseSettledResult<unknown>[]) {
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    const first = errors[0] instanceof Error ? errors[0].message : String(errors[0])
    super(errors, `${errors.length} of ${results.length} operations of a batch failed; the first: ${first}`)
    this.results = results
  }
}

/** @internal */
export function unwrap<P extends Planned>(results: readonly PromiseSettledResult<unknown>[]): BatchResults<P> {
  if (results.some(({ status }) => status === 'rejected')) throw new BatchError(results)
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as BatchResults<P>
}
