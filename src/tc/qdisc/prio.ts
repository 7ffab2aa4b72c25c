/** `prio`: bands, of which one has its turn only when those before it are empty. */

import { attributes, flag } from '../../netlink/attributes.js'
import { integer, invalidValue } from '../../netlink/check.js'
import { array, S32, U8 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { computed, headed } from '../body.js'
import { type Kind, kind } from '../kind.js'

const TCQ_PRIO_BANDS = 16
const TCQ_MIN_PRIO_BANDS = 2
const TC_PRIO_MAX = 15

/** Bands and their numbers are what `tc` sends when nothing is said, for the kernel has to be told. */
const BANDS = 3
const PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]

/** @internal */
export const prioLayout = new Struct('struct tc_prio_qopt', {
  bands: field('bands', S32),
  priomap: field('priomap', array(U8, TC_PRIO_MAX + 1)),
})

/** The bands of all priorities, from those that are given. @internal */
export function priomapOf(path: string, priomap: readonly number[], bands: number): number[] {
  if (!Array.isArray(priomap) || priomap.length > PRIOMAP.length) {
    throw invalidValue(path, priomap, `must be an array of at most ${PRIOMAP.length} bands`)
  }
  for (const [index, band] of priomap.entries()) integer(`${path}.${index}`, band, 0, bands - 1)
  const all = [...priomap, ...PRIOMAP.slice(priomap.length)]
  if (Math.max(...all) >= bands) throw invalidValue(path, priomap, 'leaves packets to a band that is not there')
  return all
}

/** What a prio is told: `tc qdisc add … prio`. */
export interface PrioOptions {
  /** How many bands there are, 2 to 16: 3 when nothing is said. Each is a class, the first of `'1:'` being `'1:1'`. */
  bands?: number | undefined
  /**
   * The band of packets that no filter has chosen one for, by their priority inside Linux, 0 to 15: up to 16 numbers, the first band being 0. What is
   * left out is as it is when nothing is said: `[1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]`.
   */
  priomap?: readonly number[] | undefined
}

/** What a prio is. */
export interface PrioInfo {
  /** How many bands there are. */
  bands: number
  /** The band of packets, by their priority inside Linux. */
  priomap: number[]
}

/** Options of which there are none any more: `tc` sends their attribute empty, and so it is sent here. */
const moreOptions = 2

const body = computed(
  headed(prioLayout, attributes({ more: flag(moreOptions) })),
  ['bands', 'priomap'],
  ({ bands = BANDS, priomap = [] }: PrioOptions, path) => {
    integer(path('bands'), bands, TCQ_MIN_PRIO_BANDS, TCQ_PRIO_BANDS)
    return { bands, priomap: priomapOf(path('priomap'), priomap, bands), more: true }
  },
  ({ bands, priomap }): PrioInfo => ({ bands, priomap }),
)

/** @internal */
export const prio: Kind<PrioOptions, PrioInfo> = kind('prio', body)
