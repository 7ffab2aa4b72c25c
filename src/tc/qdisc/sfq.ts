/** `sfq`: queues that are served in turn, one of which each connection has by chance. */

import { integer, invalidType, invalidValue, outOfRange } from '../../netlink/check.js'
import { S32, U8, U32 } from '../../netlink/scalar.js'
import { embedded, field, Struct, type StructValue } from '../../netlink/struct.js'
import { type Body, computed } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { averageWeight, probabilityOf, probabilityPart, probabilitySlope } from '../red.js'
import { bytes, microseconds, type Size, type Time } from '../units.js'

const TC_RED_ECN = 1
const TC_RED_HARDDROP = 2

const SECOND = 1e6

const queues = new Struct('struct tc_sfq_qopt', {
  quantum: field('quantum', U32),
  perturb: field('perturb_period', S32),
  limit: field('limit', U32),
  divisor: field('divisor', U32),
  flows: field('flows', U32),
})

const redStats = {
  /** Packets dropped by chance, between `min` and `max`. */
  probDrop: field('prob_drop', U32),
  /** Packets dropped above `max`. */
  forcedDrop: field('forced_drop', U32),
  /** Packets marked by chance, between `min` and `max`. */
  probMark: field('prob_mark', U32),
  /** Packets marked above `max`. */
  forcedMark: field('forced_mark', U32),
  /** Packets at the head of a queue that were marked by chance, between `min` and `max`. */
  probMarkHead: field('prob_mark_head', U32),
  /** Packets at the head of a queue that were marked above `max`. */
  forcedMarkHead: field('forced_mark_head', U32),
}

/** What random early detection has done in the queues of an sfq. */
export interface SfqRedStats extends StructValue<typeof redStats> {}

const qopt = new Struct('struct tc_sfq_qopt_v1', {
  queues: field('v0', embedded(queues)),
  depth: field('depth', U32),
  headdrop: field('headdrop', U32),
  redflowlimit: field('limit', U32),
  min: field('qth_min', U32),
  max: field('qth_max', U32),
  ewma: field('Wlog', U8),
  slope: field('Plog', U8),
  cell: field('Scell_log', U8),
  flags: field('flags', U8),
  probability: field('max_P', U32),
  stats: field('stats', embedded(new Struct('struct tc_sfqred_stats', redStats))),
})

/**
 * What an sfq is told: `tc qdisc add … sfq`. It cannot be changed.
 *
 * With one of the options from `redflowlimit` on, packets are dropped or marked early in each queue, by chance (random early detection: `man tc-red`).
 */
export interface SfqOptions {
  /** How many packets may wait in all: 127 when nothing is said, and at least 2. */
  limit?: number | undefined
  /** How many queues may be in use: 127 when nothing is said, and at most 65408. */
  flows?: number | undefined
  /** How many packets may wait in a queue: 127, which is the most, when nothing is said. */
  depth?: number | undefined
  /** How many numbers there are that connections are told apart by, a power of two up to 65536: 1024 when nothing is said. */
  divisor?: number | undefined
  /** How many bytes a queue may send before the next has its turn: the device's largest packet when nothing is said. */
  quantum?: Size | undefined
  /** How often chance deals the queues anew, in whole seconds: never when nothing is said. Note that `tc` reads a number as seconds. */
  perturb?: Time | undefined
  /** When there are too many, the first packet of a queue is dropped, and not the last. */
  headdrop?: boolean | undefined
  /** The most bytes that may wait in a queue: the kernel goes by `max`, which follows from this, and does not report it. */
  redflowlimit?: Size | undefined
  /** The average length of a queue, in bytes, at which packets begin to be dropped: a third of `max` when nothing is said. */
  min?: Size | undefined
  /** The average length at which `probability` is reached, and above which all are dropped: a quarter of `redflowlimit` when nothing is said. */
  max?: Size | undefined
  /** How likely it is at most that a packet is dropped: a number from 0 to 1, and 0.02 when nothing is said. */
  probability?: number | undefined
  /** The size of an average packet: 1000 bytes when nothing is said. */
  avpkt?: Size | undefined
  /** How many such packets may come at once: `(2 * min + max) / (3 * avpkt)` when nothing is said. */
  burst?: number | undefined
  /** How slowly the average follows: another way to say `avpkt` and `burst`, 1 to 31, and reported as that. */
  ewma?: number | undefined
  /** Packets that can be marked by ECN are marked in place of being dropped. */
  ecn?: boolean | undefined
  /** Above `max` they are dropped all the same. */
  harddrop?: boolean | undefined
}

/** What an sfq is. */
export interface SfqInfo {
  /** How many packets may wait in all. */
  limit: number
  /** How many queues may be in use. */
  flows: number
  /** How many packets may wait in a queue. */
  depth: number
  /** How many numbers there are that connections are told apart by. */
  divisor: number
  /** How many bytes a queue may send before the next has its turn. */
  quantum: number
  /** How often chance deals the queues anew: microseconds, or 0 for never. */
  perturb: number
  /** The first packet of a queue is dropped, and not the last. */
  headdrop: boolean
  /** The average length of a queue, in bytes, at which packets begin to be dropped. */
  min?: number
  /** The average length above which all are dropped. */
  max?: number
  /** How likely it is at most that a packet is dropped, by chance: from 0 to 1. */
  probability?: number
  /** How slowly the average follows. */
  ewma?: number
  /** Packets are marked in place of being dropped. */
  ecn?: boolean
  /** Above `max` they are dropped all the same. */
  harddrop?: boolean
  /** What that has done. */
  redStats?: SfqRedStats
}

const early = ['redflowlimit', 'min', 'max', 'probability', 'avpkt', 'burst', 'ewma', 'ecn', 'harddrop'] as const
const names = ['limit', 'flows', 'depth', 'divisor', 'quantum', 'perturb', 'headdrop', ...early] as const

type Path = (key: string) => string

/** What random early detection is told: nothing, without any of its options. */
function detection(options: SfqOptions, path: Path): Parameters<typeof qopt.write>[1] {
  if (early.every((name) => options[name] === undefined || options[name] === false)) return {}
  const size = (name: 'redflowlimit' | 'min' | 'max' | 'avpkt', otherwise: number): number => {
    const given = options[name]
    return given === undefined ? Math.trunc(otherwise) : bytes(path(name), given, 1)
  }
  const { probability = 0.02, ewma } = options
  const limit = size('redflowlimit', 0)
  if (limit === 0 && options.max === undefined)
    throw invalidValue(path('redflowlimit'), options.redflowlimit, 'has to be given, or max')
  const max = size('max', limit / 4)
  if (limit > 0 && max > limit) throw outOfRange(path('max'), `at most redflowlimit, which is ${limit}`, options.max)
  const min = size('min', max / 3)
  if (min >= max) throw outOfRange(path('min'), `below max, which is ${max}`, options.min)
  if (typeof probability !== 'number') throw invalidType(path('probability'), 'a number from 0 to 1', probability)
  const slope = probability <= 1 ? probabilitySlope(min, max, probability) : undefined
  if (slope === undefined) throw outOfRange(path('probability'), 'a number over 0 and up to 1', probability)
  return {
    redflowlimit: limit,
    min,
    max,
    ewma:
      ewma === undefined ? weight(options, path, min, max, size('avpkt', 1000)) : integer(path('ewma'), ewma, 1, 31),
    slope,
    probability: probabilityPart(probability),
    flags: (options.ecn ? TC_RED_ECN : 0) | (options.harddrop ? TC_RED_HARDDROP : 0),
  }
}

/** The weight of the latest packet. */
function weight({ burst }: SfqOptions, path: Path, min: number, max: number, packet: number): number {
  const packets =
    burst === undefined ? Math.trunc((2 * min + max) / (3 * packet)) : integer(path('burst'), burst, 1, 0xffff_ffff)
  const exponent = averageWeight(min, packets, packet)
  if (exponent !== undefined) return exponent
  throw outOfRange(path('burst'), `about min / avpkt packets, which is ${Math.ceil(min / packet)}, or more`, burst)
}

const layout = computed(
  qopt,
  names,
  (options: SfqOptions, path) => {
    const { limit, flows, depth, divisor, quantum = 0, perturb = 0, headdrop = false, ewma } = options
    if (limit !== undefined) integer(path('limit'), limit, 2, 0xffff_ffff)
    if (flows !== undefined) integer(path('flows'), flows, 1, 0xffff_ffff)
    if (depth !== undefined) integer(path('depth'), depth, 1, 0xffff_ffff)
    if (divisor !== undefined && !Number.isInteger(Math.log2(integer(path('divisor'), divisor, 1, 65_536))))
      throw outOfRange(path('divisor'), 'a power of two', divisor)
    for (const name of ['headdrop', 'ecn', 'harddrop'] as const) {
      const given = options[name]
      if (given !== undefined && typeof given !== 'boolean') throw invalidType(path(name), 'a boolean', given)
    }
    for (const name of ['avpkt', 'burst'] as const) {
      if (ewma !== undefined && options[name] !== undefined)
        throw invalidValue(path(name), options[name], 'is another way to say ewma: only one of them can be given')
    }
    const time = microseconds(path('perturb'), perturb, 0, 0x7fff_ffff * SECOND)
    if (time > 0 && time < SECOND) throw outOfRange(path('perturb'), '0, or a second or more', perturb)
    return {
      queues: {
        quantum: bytes(path('quantum'), quantum, 0, 0x7fff_ffff),
        perturb: Math.trunc(time / SECOND),
        limit,
        divisor,
        flows,
      },
      depth,
      headdrop: headdrop ? 1 : 0,
      ...detection(options, path),
    }
  },
  ({ queues: { perturb, ...all }, depth, headdrop, min, max, ewma, probability, flags, stats }): SfqInfo => ({
    ...all,
    // No more than there are packets: told both, the kernel cuts it off itself.
    flows: Math.min(all.flows, all.limit),
    depth,
    perturb: perturb * SECOND,
    headdrop: headdrop !== 0,
    ...(min > 0 && {
      min,
      max,
      probability: probabilityOf(probability),
      ewma,
      ecn: (flags & TC_RED_ECN) !== 0,
      harddrop: (flags & TC_RED_HARDDROP) !== 0,
      redStats: stats,
    }),
  }),
  ['redStats'],
)

/** When nothing is said, nothing is sent. */
const body: Body<SfqOptions, SfqInfo> = {
  ...layout,
  optional: true,
  write(writer, options, what) {
    if (Object.values(options).some((given) => given !== undefined)) layout.write(writer, options, what)
  },
}

/** @internal */
export const sfq: Kind<SfqOptions, SfqInfo> = kind('sfq', body)
