/** When netem lets packets go: delays, and slots. */

import { integer, invalidType, invalidValue, onlyKnown, outOfRange } from '../../netlink/check.js'
import { type Distribution, distributions, distributionTable } from '../distribution.js'
import { ticksOf } from '../ticks.js'
import { bytes, fineMicroseconds, nanoseconds, type Size, type Time } from '../units.js'
import type { WireSlot } from './netem-wire.js'

const NETEM_DIST_MAX = 16_384

/**
 * How times are spread: by a name, or by a table of one's own. That has up to 16384 whole numbers from -32768 to 32767, one of which chance chooses for each
 * packet: how far it is from the delay, in parts of the jitter by 8192. Files of `tc` (`experimental.dist`) have such numbers.
 */
export type NetemDistribution = Distribution | readonly number[]

/** Packets are held back, and let go together at certain times. */
export interface NetemSlot {
  /** The least time from one slot to the next. */
  min?: Time | undefined
  /** The most: `min` when nothing is said. */
  max?: Time | undefined
  /** The time from one slot to the next is this, give or take `jitter`, as `distribution` has it: in place of `min` and `max`. */
  delay?: Time | undefined
  /** How far from `delay` it may be. */
  jitter?: Time | undefined
  /** How it is spread. The kernel does not report it. */
  distribution?: NetemDistribution | undefined
  /** The most packets of a slot: any number when nothing is said. */
  packets?: number | undefined
  /** The most bytes of a slot: any number when nothing is said. */
  bytes?: Size | undefined
}

/** Packets are let go together at certain times; times are in microseconds. */
export interface NetemSlotInfo {
  /** The least time from one slot to the next. */
  min?: number
  /** The most. */
  max?: number
  /** The time from one slot to the next, in place of those. */
  delay?: number
  /** How far from `delay` it may be. */
  jitter?: number
  /** The most packets of a slot. */
  packets?: number
  /** The most bytes of a slot. */
  bytes?: number
}

/** The table of a distribution: none for one of the `plain` names, which need none. @internal */
export function samplesOf(path: string, value: unknown, ...plain: string[]): Int16Array | undefined {
  if (!Array.isArray(value)) {
    const name = [...distributions, ...plain].find((known) => known === value)
    if (name === undefined) {
      const names = [...plain, ...distributions].map((known) => `'${known}'`).join(', ')
      throw invalidValue(path, value, `must be ${names}, or an array of numbers`)
    }
    return plain.includes(name) ? undefined : distributionTable(name as Distribution)
  }
  if (value.length === 0 || value.length > NETEM_DIST_MAX) {
    throw invalidValue(path, value, `must have 1 to ${NETEM_DIST_MAX} numbers`)
  }
  return Int16Array.from(value, (each, index) => integer(`${path}.${index}`, each, -0x8000, 0x7fff))
}

const NANOSECONDS_PER_TICK = 64
const MOST_TICKS = 0xffff_ffff
const upTo32Bits = (value: number): number => Math.min(Math.trunc(value), MOST_TICKS)

/**
 * A time in ticks, and in nanoseconds where ticks cannot say it: `tc` knows whole microseconds up to 274 s.
 *
 * @internal
 */
export function packTime(path: string, value: Time | undefined): { ticks?: number; ns?: number } {
  if (value === undefined) return {}
  const time = fineMicroseconds(path, value)
  const ns = Math.round(time * 1000)
  if (!Number.isSafeInteger(ns) || (ns === 0 && time > 0)) {
    throw outOfRange(path, `a time from 0, or 0.001 to ${Number.MAX_SAFE_INTEGER / 1000} microseconds`, value)
  }
  const ticks = ticksOf(time, upTo32Bits)
  return ns % 1000 === 0 && ticks < MOST_TICKS ? { ticks } : { ticks, ns }
}

/** The time that was given, in microseconds. @internal */
export function readTime(ticks: number, ns = ticks * NANOSECONDS_PER_TICK): number {
  const whole = Math.ceil(ns / 1000)
  return ns === ticks * NANOSECONDS_PER_TICK && ticksOf(whole) === ticks ? whole : ns / 1000
}

const slotNames = new Set(['min', 'max', 'delay', 'jitter', 'distribution', 'packets', 'bytes'])

/** @internal */
export function packSlot(path: string, slot: NetemSlot): { slot: WireSlot; slotDistribution: Int16Array | undefined } {
  if (typeof slot !== 'object' || slot === null) throw invalidType(path, 'an object', slot)
  onlyKnown(path, slot, slotNames)
  const { distribution, packets = 0 } = slot
  const time = (name: 'min' | 'max' | 'delay' | 'jitter'): number => nanoseconds(`${path}.${name}`, slot[name] ?? 0)
  for (const [name, other] of [
    ['max', 'min'],
    ['jitter', 'delay'],
    ['distribution', 'jitter'],
  ] as const) {
    if (slot[name] !== undefined && slot[other] === undefined) {
      throw invalidValue(`${path}.${name}`, slot[name], `has to be given with ${other}`)
    }
  }
  if (slot.min !== undefined && slot.delay !== undefined) {
    throw invalidValue(`${path}.delay`, slot.delay, 'is another way to say min: only one of them can be given')
  }
  const min = time('min')
  const max = slot.max === undefined ? min : time('max')
  if (max < min) throw outOfRange(`${path}.max`, 'at least min', slot.max)
  return {
    slot: {
      min,
      max,
      packets: integer(`${path}.packets`, packets, 0, 0x7fff_ffff),
      bytes: bytes(`${path}.bytes`, slot.bytes ?? 0, 0, 0x7fff_ffff),
      delay: time('delay'),
      jitter: time('jitter'),
    },
    slotDistribution: distribution === undefined ? undefined : samplesOf(`${path}.distribution`, distribution),
  }
}

/** @internal */
export const readSlot = ({ min, max, delay, jitter, packets, bytes }: WireSlot): NetemSlotInfo => ({
  ...((min > 0 || max > 0) && { min: min / 1000, max: max / 1000 }),
  ...(jitter > 0 && { delay: delay / 1000, jitter: jitter / 1000 }),
  ...(packets > 0 && { packets }),
  ...(bytes > 0 && { bytes }),
})
