/** How much came through, beside the limit it has. */

import type { Expected } from './lab.js'

/** A rate of so many megabits a second. */
export interface Rate extends Expected {}

/** As a rate is told: `'97.3 Mbit/s'`. */
export const megabits = (bits: number): string => `${(bits / 1e6).toFixed(1)} Mbit/s`

/**
 * A limit, as TCP meets it: some 4 % of it are headers, and what the bucket holds at first comes on top.
 */
export const about = (mbit: number): Rate => ({
  test: (seen) => parseFloat(seen) > 0.75 * mbit && parseFloat(seen) < 1.15 * mbit,
  toString: () => `about ${mbit} Mbit/s`,
})

/** Without such a limit. */
export const over = (mbit: number): Rate => ({
  test: (seen) => parseFloat(seen) > mbit,
  toString: () => `more than ${mbit} Mbit/s`,
})
