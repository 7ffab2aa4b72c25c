/** `police`: packets are measured by a token bucket, and those that exceed it meet with something else than those that conform. */

import { attributes, ignored, scalar, u64 } from '../../netlink/attributes.js'
import { integer, invalidValue, outOfRange } from '../../netlink/check.js'
import { S32, U32 } from '../../netlink/scalar.js'
import { embedded, field, Struct } from '../../netlink/struct.js'
import { computed, fieldsIn } from '../body.js'
import { CONTROL, type Control, type GenericInfo, genericInfo, usage } from '../control.js'
import { type Kind, kind } from '../kind.js'
import {
  cellSize,
  isFast,
  type RateShape,
  type RateShapeInfo,
  ratespec,
  rateTable,
  readShape,
  shapeOf,
  table,
} from '../ratespec.js'
import { microsecondsOf, sendingTicks, sizeOf } from '../ticks.js'
import { bytes, bytesPerSecond, RATE32, RATE64, type Rate, type Size } from '../units.js'

const TCA_POLICE_TBF = 1
const TCA_POLICE_RATE = 2
const TCA_POLICE_PEAKRATE = 3
const TCA_POLICE_AVRATE = 4
const TCA_POLICE_RESULT = 5
const TCA_POLICE_TM = 6
const TCA_POLICE_PAD = 7
const TCA_POLICE_RATE64 = 8
const TCA_POLICE_PEAKRATE64 = 9
const TCA_POLICE_PKTRATE64 = 10
const TCA_POLICE_PKTBURST64 = 11

const parms = new Struct('struct tc_police', {
  index: field('index', U32),
  exceed: field('action', CONTROL),
  limit: field('limit', U32),
  burst: field('burst', U32),
  mtu: field('mtu', U32),
  rate: field('rate', embedded(ratespec)),
  peakrate: field('peakrate', embedded(ratespec)),
  refcnt: field('refcnt', S32),
  bindcnt: field('bindcnt', S32),
  capab: field('capab', U32),
})

/** What a police is told: `tc filter add … action police rate 1mbit burst 100k conform-exceed drop`. With `index` alone it is one that is there. */
export interface PoliceOptions extends RateShape {
  /** How fast packets may come. It takes `burst`. */
  rate?: Rate | undefined
  /** How much may come at once. The kernel keeps it as a time, of at most 274 seconds at that rate. */
  burst?: Size | undefined
  /** How fast a burst may come. It takes `rate` and `mtu`. */
  peakrate?: Rate | undefined
  /**
   * The longest packet that conforms. When nothing is said it is 2040 bytes where there is a `rate`, so that packets that a card has put together from
   * several exceed it.
   */
  mtu?: Size | undefined
  /** Packets conform as long as they come no faster, as an estimator of the filter's has it; without `rate`. */
  avrate?: Rate | undefined
  /** How many packets may come in a second, in place of `rate`: 1 to 2^53 - 1. It takes `pktsBurst` (Linux 5.13). */
  pktsRate?: number | undefined
  /** How many packets may come at once. The kernel keeps it as a time, of at most 274 seconds at that rate. */
  pktsBurst?: number | undefined
  /** What becomes of packets that exceed it: `'reclassify'` when nothing is said (in `tc`: `conform-exceed drop`). */
  exceed?: Control | undefined
  /** What becomes of packets that conform: `'pass'` when nothing is said (in `tc`, after a slash: `conform-exceed drop/pipe`). */
  conform?: Control | undefined
  /** Its number, 1 to 2^32 - 1, by which filters can share it: the kernel chooses one when it is not given. */
  index?: number | undefined
  /**
   * The step of the table of times for `rate`, a power of two; the kernel only goes by it where no `mtu` is given, which is 255 of them then. (In
   * `tc`, after a slash: `burst 10k/8`.)
   */
  burstCell?: number | undefined
  /** The step of the table of times for `peakrate`, likewise. */
  mtuCell?: number | undefined
}

/** What a police is. */
export interface PoliceInfo extends Omit<GenericInfo, 'control'>, Partial<RateShapeInfo> {
  /** Bits per second. */
  rate?: number
  /** Bytes, with a `rate`. */
  burst?: number
  /** Bits per second. */
  peakrate?: number
  /** The longest packet that conforms, in bytes; absent when any does. */
  mtu?: number
  /** Bits per second. */
  avrate?: number
  /** Packets per second. */
  pktsRate?: number
  /** Packets, with a `pktsRate`. */
  pktsBurst?: number
  /** What becomes of packets that exceed it. */
  exceed: Control
  /** What becomes of packets that conform. */
  conform: Control
}

/** No packet is longer. */
const anyLength = 0xffff_ffff
const mostTicks = 0xffff_ffff

const wire = attributes({
  used: usage(TCA_POLICE_TM),
  burst: fieldsIn(TCA_POLICE_TBF, parms),
  rateTable: table(TCA_POLICE_RATE),
  rate: scalar(TCA_POLICE_RATE64, RATE64),
  peakrateTable: table(TCA_POLICE_PEAKRATE),
  peakrate: scalar(TCA_POLICE_PEAKRATE64, RATE64),
  avrate: scalar(TCA_POLICE_AVRATE, RATE32),
  conform: scalar(TCA_POLICE_RESULT, CONTROL),
  pktsRate: u64(TCA_POLICE_PKTRATE64),
  pktsBurst: u64(TCA_POLICE_PKTBURST64),
  padding: ignored(TCA_POLICE_PAD),
})

/** Options that say more of others, and make no sense without them. */
const companions = [
  ['rate', ['burst', 'peakrate', 'mpu', 'overhead', 'linklayer', 'burstCell']],
  ['peakrate', ['mtuCell']],
  ['pktsRate', ['pktsBurst']],
] as const

/** What does not go together. */
function consistent(options: PoliceOptions, path: (key: string) => string): void {
  const { rate, avrate, mtu, pktsRate, index } = options
  for (const [main, names] of companions) {
    const lone = names.find((name) => options[name] !== undefined && options[main] === undefined)
    if (lone !== undefined) throw invalidValue(path(lone), options[lone], `takes a ${main}`)
  }
  if (rate !== undefined && avrate !== undefined) {
    throw invalidValue(path('avrate'), avrate, 'is in place of rate: only one of them can be given')
  }
  if (rate !== undefined && pktsRate !== undefined) {
    throw invalidValue(path('pktsRate'), pktsRate, 'is in place of rate: only one of them can be given')
  }
  if ([rate, avrate, mtu, pktsRate, index].every((each) => each === undefined)) {
    throw invalidValue(path('rate'), rate, 'has to be given, or avrate, pktsRate, mtu or an index')
  }
  if (options.peakrate !== undefined && mtu === undefined) {
    throw invalidValue(path('mtu'), mtu, 'has to be given with peakrate')
  }
}

/** The ticks that so much takes at a rate. It is all the kernel knows of a burst, which therefore must be neither too short nor too long. */
function burstTicks(path: string, given: Size | undefined, size: number, rate: number): number {
  const ticks = sendingTicks(rate, size, Math.trunc)
  if (ticks > 0 && ticks <= mostTicks) return ticks
  throw outOfRange(path, 'as much as comes in a microsecond at least, and in 274 seconds at most', given)
}

/** The burst that was given, of what the kernel knows; or the smallest that is the same to it. The ticks are of whole microseconds. */
const burstOf = (ticks: number, rate: number): number =>
  sizeOf(ticks, (Math.ceil(microsecondsOf(ticks)) * rate) / 1e6, (size) => sendingTicks(rate, size))

const names = [
  ...(['rate', 'burst', 'peakrate', 'mtu', 'avrate', 'pktsRate', 'pktsBurst', 'exceed', 'conform', 'index'] as const),
  ...(['mpu', 'overhead', 'linklayer', 'burstCell', 'mtuCell'] as const),
]

const body = computed(
  wire,
  names,
  (options: PoliceOptions, path) => {
    consistent(options, path)
    const { index, exceed = 'reclassify', conform, avrate, pktsRate } = options
    const rate = options.rate === undefined ? undefined : bytesPerSecond(path('rate'), options.rate)
    const peak = options.peakrate === undefined ? undefined : bytesPerSecond(path('peakrate'), options.peakrate)
    const mtu = options.mtu === undefined ? 0 : bytes(path('mtu'), options.mtu, 1)
    const shape = shapeOf(options, path)
    const slow = rate && rateTable(rate, shape, mtu, cellSize(path('burstCell'), options.burstCell), rate)
    const fast = peak && rateTable(peak, shape, mtu, cellSize(path('mtuCell'), options.mtuCell), peak)
    const pkts = pktsRate === undefined ? undefined : integer(path('pktsRate'), pktsRate, 1, Number.MAX_SAFE_INTEGER)
    return {
      burst: {
        index,
        exceed,
        burst: rate && burstTicks(path('burst'), options.burst, bytes(path('burst'), options.burst as Size, 1), rate),
        mtu,
        rate: slow?.spec,
        peakrate: fast?.spec,
      },
      rateTable: slow?.table,
      rate: rate && isFast(rate) ? rate * 8 : undefined,
      peakrateTable: fast?.table,
      peakrate: peak && isFast(peak) ? peak * 8 : undefined,
      avrate,
      // Nothing said of it is `'pass'`.
      conform: conform === 'pass' ? undefined : conform,
      pktsRate: pkts,
      pktsBurst: pkts && packetTicks(path('pktsBurst'), options.pktsBurst, pkts),
    }
  },
  ({
    used,
    burst: { exceed, index, refcnt, bindcnt, burst, mtu, rate: spec, peakrate: peakSpec } = parms.zero,
    rate = spec.rate * 8,
    peakrate = peakSpec.rate * 8,
    avrate,
    conform = 'pass',
    pktsRate,
    pktsBurst,
  }): PoliceInfo => {
    const { control: _, ...general } = genericInfo({ index, refcnt, bindcnt }, used)
    return {
      ...general,
      exceed,
      conform,
      ...(rate > 0 && { rate, burst: burstOf(burst, rate / 8), ...readShape(spec) }),
      ...(peakrate > 0 && { peakrate }),
      ...(mtu !== anyLength && { mtu }),
      ...(avrate !== undefined && { avrate }),
      ...(pktsRate !== undefined && { pktsRate, pktsBurst: burstOf(pktsBurst ?? 0, pktsRate) }),
    }
  },
)

const packetTicks = (path: string, given: number | undefined, rate: number): number =>
  burstTicks(path, given, integer(path, given, 1, 0xffff_ffff), rate)

/** @internal */
export const police: Kind<PoliceOptions, PoliceInfo> = kind('police', body)
