/**
 * The clock of packet scheduling, in whose ticks the kernel is told how long sending takes.
 *
 * Bytes become ticks as `tc` computes them: a time is cut off to whole microseconds first, then to whole ticks, and what does not fit into 32 bits
 * is cut off above.
 */

import { readFileSync } from 'node:fs'
import type { BytesPerSecond } from './units.js'

interface Clock {
  readonly ticksPerMicrosecond: number
  /** How many times a second a timer can be served. */
  readonly hz: number
}

let known: Clock | undefined

/** What the kernel says of its clock: four numbers in hexadecimal. Where /proc is not to be had, what they are on every kernel of today. */
function clock(): Clock {
  if (known === undefined) {
    let text = '000003e8 00000040 000f4240 3b9aca00'
    try {
      text = readFileSync('/proc/net/psched', 'latin1')
    } catch {}
    const [nanoseconds = 1000, tick = 64, resolution = 1e6, hz = 1e9] = text
      .trim()
      .split(/\s+/)
      .map((number) => Number.parseInt(number, 16))
    // A clock of nanoseconds says 1000 for the sake of programs that know nothing of the resolution; it is 1.
    const scale = resolution === 1e9 ? 1 : nanoseconds / tick
    known = { ticksPerMicrosecond: (scale * resolution) / 1e6, hz }
  }
  return known
}

/** How many times a second a timer can be served. @internal */
export const timerFrequency = (): number => clock().hz

/** What a number of 32 bits has of a larger one. */
const cutOff = (value: number): number => Math.trunc(value) >>> 0

/** The ticks of a time. `whole` makes a number of 32 bits of any. @internal */
export const ticksOf = (microseconds: number, whole = cutOff): number =>
  whole(whole(microseconds) * clock().ticksPerMicrosecond)

/** How many ticks it takes to send so many bytes. @internal */
export const sendingTicks = (rate: BytesPerSecond, size: number, whole = cutOff): number =>
  ticksOf(1e6 * (size / rate), whole)

/** The microseconds that so many ticks are of. @internal */
export const microsecondsOf = (ticks: number): number => ticks / clock().ticksPerMicrosecond

/**
 * The smallest size that takes so many ticks to send: what to give so that the kernel has the same again. `ticksFor` has the ticks of a size, `near` is
 * about right.
 *
 * @internal
 */
export function sizeOf(ticks: number, near: number, ticksFor: (size: number) => number): number {
  const about = Math.floor(near)
  for (let size = Math.max(0, about - 64); size <= about + 64; size++) if (ticksFor(size) >= ticks) return size
  // The kernel has cut something off, and there is none.
  return about
}
