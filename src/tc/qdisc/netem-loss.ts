/** The models by which netem loses packets in bursts: chains of states, and how likely each change from one to another is. */

import { invalidType, onlyKnown } from '../../netlink/check.js'
import { fraction, type Percent, percentOf, portion, rint } from '../units.js'
import type { WireGemodel, WireState } from './netem-wire.js'

/**
 * Loss by four states: packets come through in state 1, and in state 2 amid a burst of losses; they are lost in state 3, and one by one in state 4. Each
 * number is how likely the change between two of them is: `p13` from 1 to 3. Fewer numbers make fewer states.
 */
export interface NetemLossState {
  /** From 1 to 3. By itself it is how likely a packet is lost. */
  p13: Percent
  /** From 3 to 1: what `p13` leaves of 100 % when nothing is said. */
  p31?: Percent | undefined
  /** From 3 to 2: 0 when nothing is said. */
  p32?: Percent | undefined
  /** From 2 to 3: 100 % when nothing is said. */
  p23?: Percent | undefined
  /** From 1 to 4, and back with the next packet: 0 when nothing is said. */
  p14?: Percent | undefined
}

/** Loss by four states, in per cent: see {@link NetemLossState}. */
export interface NetemLossStateInfo {
  /** From 1 to 3. */
  p13: number
  /** From 3 to 1. */
  p31: number
  /** From 3 to 2. */
  p32: number
  /** From 2 to 3. */
  p23: number
  /** From 1 to 4. */
  p14: number
}

/** Loss by the model of Gilbert and Elliott: a good and a bad state, and packets that are lost in each. The names are those that `tc` has. */
export interface NetemGemodel {
  /** How likely the good state becomes the bad one, with each packet. */
  p: Percent
  /** How likely the bad state becomes the good one: what `p` leaves of 100 % when nothing is said. */
  r?: Percent | undefined
  /** How likely a packet is lost in the bad state: 100 % when nothing is said. */
  '1-h'?: Percent | undefined
  /** How likely a packet is lost in the good state: 0 when nothing is said. */
  '1-k'?: Percent | undefined
}

/** Loss by the model of Gilbert and Elliott, in per cent: see {@link NetemGemodel}. */
export interface NetemGemodelInfo {
  /** How likely the good state becomes the bad one. */
  p: number
  /** How likely the bad state becomes the good one. */
  r: number
  /** How likely a packet is lost in the bad state. */
  '1-h': number
  /** How likely a packet is lost in the good state. */
  '1-k': number
}

const ALL = 0xffff_ffff

const stateNames = new Set(['p13', 'p31', 'p32', 'p23', 'p14'])
const gemodelNames = new Set(['p', 'r', '1-h', '1-k'])

/** The probabilities of a model, by name; `first` has to be given. */
function probabilities<M extends object>(
  path: string,
  given: M,
  names: Set<string>,
  first: keyof M & string,
): (name: keyof M & string, otherwise: number) => number {
  if (typeof given !== 'object' || given === null) throw invalidType(path, 'an object', given)
  onlyKnown(path, given, names)
  portion(`${path}.${first}`, given[first] as Percent)
  return (name, otherwise) =>
    given[name] === undefined ? otherwise : portion(`${path}.${name}`, given[name] as Percent)
}

/** What is left of the whole. */
const rest = (path: string, value: Percent): number => rint((1 - fraction(path, value)) * ALL)

/** @internal */
export function packState(path: string, given: NetemLossState): WireState {
  const part = probabilities(path, given, stateNames, 'p13')
  return {
    p13: part('p13', 0),
    p31: part('p31', rest(`${path}.p13`, given.p13)),
    p32: part('p32', 0),
    p23: part('p23', ALL),
    p14: part('p14', 0),
  }
}

/** @internal */
export function packGemodel(path: string, given: NetemGemodel): WireGemodel {
  const part = probabilities(path, given, gemodelNames, 'p')
  return {
    p: part('p', 0),
    r: part('r', rest(`${path}.p`, given.p)),
    // The kernel is told how likely a packet is not lost.
    h: ALL - part('1-h', ALL),
    k1: part('1-k', 0),
  }
}

/** @internal */
export const readState = ({ p13, p31, p32, p23, p14 }: WireState): NetemLossStateInfo => ({
  p13: percentOf(p13),
  p31: percentOf(p31),
  p32: percentOf(p32),
  p23: percentOf(p23),
  p14: percentOf(p14),
})

/** @internal */
export const readGemodel = ({ p, r, h, k1 }: WireGemodel): NetemGemodelInfo => ({
  p: percentOf(p),
  r: percentOf(r),
  '1-h': percentOf(ALL - h),
  '1-k': percentOf(k1),
})
