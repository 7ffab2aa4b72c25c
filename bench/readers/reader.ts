/**
 * What readers of events that are written for Node have in common.
 *
 * A reader is a program: `COMMAND BUFFER STALL`. It asks for the events of IPv4 routes, with a receive buffer of so many bytes, or for 0 with that
 * which it has anyway; writes `ready`; does nothing for STALL milliseconds; reads until nothing has come for half a second; and writes of
 * how many routes by the gateway it has been told, and the nanoseconds from the first reading to the last event. For each line it is given it reads
 * again, and writes the same of what has come since. What has become of it stands after the figures, in words.
 */

import { createInterface } from 'node:readline'

const QUIET_MS = 500

const [buffer, stall] = process.argv.slice(2).map(Number) as [number, number]

/** The receive buffer asked for. */
export { buffer }

/** Counts what a reader is told of. */
export class Counter {
  #told = 0
  #start = 0
  #last = 0
  readonly #remarks = new Set<string>()

  /** A route has been told of. */
  told(): void {
    this.#told++
    this.#last = performance.now()
  }

  /** Something has become of the reader. */
  remark(text: string): void {
    this.#remarks.add(text)
  }

  /** Has nothing done for a while, and then gives the figures, for as long as they are wanted. */
  async run(): Promise<never> {
    process.stdout.write('ready\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall)
    await this.#figures()
    for await (const _ of createInterface({ input: process.stdin })) await this.#figures()
    process.exit()
  }

  async #figures(): Promise<void> {
    this.#start = performance.now()
    this.#last = this.#start
    do await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 5))
    while (performance.now() - this.#last < QUIET_MS)
    process.stdout.write(
      `${this.#told} ${Math.round((this.#last - this.#start) * 1e6)} ${[...this.#remarks].join(', ')}\n`,
    )
    this.#told = 0
    this.#remarks.clear()
  }
}
