/**
 * The distributions that netem knows by name, as tables: what chance chooses one of, each as likely as the others.
 *
 * They are those of `tc`, number for number, computed here, so that nothing has to be installed: `tc` reads them from files that came out of the same
 * formulas.
 */

import { rint } from './units.js'

/** A number of a table is so many parts of the jitter. */
const NETEM_DIST_SCALE = 8192

/** How many numbers a table has. */
const ENTRIES = 4096
const LEAST = -0x8000
const MOST = 0x7fff

const table = (entry: (index: number) => number): Int16Array =>
  Int16Array.from({ length: ENTRIES }, (_, index) => Math.min(MOST, Math.max(LEAST, entry(index))))

/** The normal distribution, not cut off to 16 bits: its inverse in the middle of the first of each four of 16384 equal parts. */
function bell(): number[] {
  // The density is summed up, by trapezoids; what lies before the start is too little to matter. The width is part of the result: where a bound
  // lies between two steps, it is the first of them.
  const step = 0.00005
  const start = -8
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  const values: number[] = []
  let sum = 0
  let before = density(start)
  for (let steps = 0; values.length < ENTRIES; steps++) {
    const x = start + steps * step
    const after = density(x + step)
    sum += ((before + after) / 2) * step
    before = after
    if (sum >= (values.length + 1 / 8) / ENTRIES) values.push(rint(x * NETEM_DIST_SCALE))
  }
  return values
}

/** The Pareto distribution with the exponent 3, moved so that its mean is zero, and with a tail that is cut off. */
const tail = (index: number): number =>
  Math.min(MOST, rint((4 / 3) * NETEM_DIST_SCALE * ((1 - index / ENTRIES) ** (-1 / 3) - 1.5)))

const makers = {
  normal: () => {
    const values = bell()
    return table((index) => values[index] as number)
  },
  pareto: () => table(tail),
  /** A quarter of the one, and three of the other. */
  paretonormal: () => {
    const values = bell()
    return table((index) => Math.trunc(((values[index] as number) + 3 * tail(index)) / 4))
  },
}

/** The distributions that have a table. @internal */
export type Distribution = keyof typeof makers

/** @internal */
export const distributions = Object.keys(makers) as Distribution[]

const known = new Map<Distribution, Int16Array>()

/** The table of a distribution; it is computed once. @internal */
export function distributionTable(name: Distribution): Int16Array {
  const found = known.get(name) ?? makers[name]()
  known.set(name, found)
  return found
}
