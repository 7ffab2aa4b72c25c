/** Whose turn it is: how long this thread may work in line, and whether the kernel is being held up. Matters of the whole thread. */

import { performance } from 'node:perf_hooks'

/** How long requests may be served without the event loop having its turn. */
const TURN_MS = 2
/** An exchange of few requests that takes this long may have waited for a lock somebody else holds. */
const CONTENDED_MS = 1
/** Twice within this time it is no chance any more. */
const MEMORY_MS = 250
/** The most quick exchanges in a row it takes to believe that the trouble is over. */
const MOST_CAUTION = 256

let turnStarted = 0

/**
 * Whether the kernel is being held up by somebody else. One slow exchange may be chance (this thread was not let run). After a
 * second one soon after, exchanges keep off the JavaScript thread until some in a row were quick; and the sooner the trouble comes back,
 * the more of them it takes. @internal
 */
export const contention = {
  /** How many quick exchanges it takes from now on until the JavaScript thread makes them itself. */
  needed: 0,
  penalty: 4,
  last: Number.NEGATIVE_INFINITY,

  note(now: number, elapsed: number): void {
    if (elapsed <= CONTENDED_MS) {
      if (this.needed > 0) this.needed--
      return
    }
    const soon = now - this.last < MEMORY_MS
    this.last = now
    if (this.needed > 0) {
      this.needed = this.penalty
    } else if (soon) {
      this.needed = this.penalty
      this.penalty = Math.min(this.penalty * 4, MOST_CAUTION)
    } else {
      this.penalty = 4
    }
  },
}

/** Whether the event loop has been kept from its turn for long enough. @internal */
export function overdue(): boolean {
  const now = performance.now()
  if (turnStarted === 0) {
    turnStarted = now
    setImmediate(() => {
      turnStarted = 0
    })
  }
  return now - turnStarted > TURN_MS
}

/** Makes a call that is quick as long as nobody holds the kernel up. @internal */
export function timed<T>(call: () => T): T {
  const started = performance.now()
  try {
    return call()
  } finally {
    const now = performance.now()
    contention.note(now, now - started)
  }
}

/** @internal */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
