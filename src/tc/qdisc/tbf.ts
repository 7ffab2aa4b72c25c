/** `tbf`: a token bucket. Packets leave at no more than a rate, but for a burst. */

import { attributes, scalar, type UnknownAttributes, u32 } from '../../netlink/attributes.js'
import { invalidValue } from '../../netlink/check.js'
import { U32 } from '../../netlink/scalar.js'
import { embedded, field, Struct } from '../../netlink/struct.js'
import { computed, fieldsIn } from '../body.js'
import { type Kind, kind } from '../kind.js'
import {
  cellSize,
  clipped,
  isFast,
  kernelTicks,
  type RateShape,
  type RateShapeInfo,
  type Ratespec,
  ratespec,
  rateTable,
  readShape,
  shapeOf,
  table,
} from '../ratespec.js'
import { microsecondsOf, sendingTicks, sizeOf } from '../ticks.js'
import {
  type BytesPerSecond,
  bytes,
  bytesPerSecond,
  microseconds,
  RATE64,
  type Rate,
  type Size,
  type Time,
} from '../units.js'

const TCA_TBF_PARMS = 1
const TCA_TBF_RTAB = 2
const TCA_TBF_PTAB = 3
const TCA_TBF_RATE64 = 4
const TCA_TBF_PRATE64 = 5
const TCA_TBF_BURST = 6
const TCA_TBF_PBURST = 7

const qopt = new Struct('struct tc_tbf_qopt', {
  rate: field('rate', embedded(ratespec)),
  peakrate: field('peakrate', embedded(ratespec)),
  limit: field('limit', U32),
  buffer: field('buffer', U32),
  mtu: field('mtu', U32),
})

/** What a tbf is told: `tc qdisc add … tbf`. A change has to say all of it again. */
export interface TbfOptions extends RateShape {
  /** How fast packets leave. It has to be given. */
  rate: Rate
  /** How much may leave at once: at least a packet, and what the rate makes in one tick of the timer. It has to be given. */
  burst: Size
  /** How much may wait. Either this or `latency` has to be given. */
  limit?: Size | undefined
  /** How long a packet may wait at most: another way to say `limit`, and reported as that. */
  latency?: Time | undefined
  /** How fast the bucket itself may be emptied. It takes `mtu`. */
  peakrate?: Rate | undefined
  /** How much may leave at `peakrate` at once: at least a packet (`minburst`). */
  mtu?: Size | undefined
  /**
   * The step of the table of times for `rate`, a power of two; the kernel no longer goes by it, nor reports it. (In `tc`, after
   * a slash: `burst 10k/8`.)
   */
  burstCell?: number | undefined
  /** Likewise for `peakrate`. */
  mtuCell?: number | undefined
}

/** What a tbf is. */
export interface TbfInfo extends RateShapeInfo, UnknownAttributes {
  /** Bits per second. */
  rate: number
  /** Bytes. */
  burst: number
  /** Bytes. */
  limit: number
  /** Bits per second. */
  peakrate?: number
  /** Bytes, with a `peakrate`. */
  mtu?: number
}

// Each attribute goes by the option that is at fault when the kernel does not like it.
const wire = attributes({
  burst: fieldsIn(TCA_TBF_PARMS, qopt),
  burstBytes: u32(TCA_TBF_BURST),
  rate: scalar(TCA_TBF_RATE64, RATE64),
  rateTable: table(TCA_TBF_RTAB),
  peakrate: scalar(TCA_TBF_PRATE64, RATE64),
  mtu: u32(TCA_TBF_PBURST),
  peakrateTable: table(TCA_TBF_PTAB),
})

const names = [
  ...(['rate', 'burst', 'limit', 'latency', 'peakrate', 'mtu', 'burstCell', 'mtuCell'] as const),
  ...(['mpu', 'overhead', 'linklayer'] as const),
]

const body = computed(
  wire,
  names,
  (options: TbfOptions, path) => {
    const rate = bytesPerSecond(path('rate'), options.rate)
    const burst = bytes(path('burst'), options.burst, 1)
    const mtu = options.mtu === undefined ? 0 : bytes(path('mtu'), options.mtu)
    const peak = options.peakrate === undefined ? undefined : bytesPerSecond(path('peakrate'), options.peakrate)
    if (peak !== undefined && mtu === 0) throw invalidValue(path('mtu'), options.mtu, 'has to be given with peakrate')
    const shape = shapeOf(options, path)
    const slow = rateTable(rate, shape, mtu, cellSize(path('burstCell'), options.burstCell))
    const fast = peak && rateTable(peak, shape, mtu, cellSize(path('mtuCell'), options.mtuCell))
    return {
      burst: {
        rate: slow.spec,
        peakrate: fast?.spec,
        limit: limitOf(options, path, [
          [rate, burst],
          [peak, mtu],
        ]),
        // The kernel goes by the bytes, and by these only where they are missing.
        buffer: sendingTicks(clipped(rate), burst),
        mtu: peak && sendingTicks(clipped(peak), mtu),
      },
      burstBytes: burst,
      rate: isFast(rate) ? rate * 8 : undefined,
      rateTable: slow.table,
      peakrate: peak && isFast(peak) ? peak * 8 : undefined,
      mtu: peak && mtu,
      peakrateTable: fast?.table,
    }
  },
  ({ burst: parms = qopt.zero, rate = parms.rate.rate * 8, peakrate = parms.peakrate.rate * 8 }): TbfInfo => ({
    rate,
    burst: sizeIn(parms.buffer, rate / 8, parms.rate),
    limit: parms.limit,
    ...(peakrate > 0 && { peakrate, mtu: sizeIn(parms.mtu, peakrate / 8, parms.peakrate) }),
    ...readShape(parms.rate),
  }),
)

/** The size that was given, of what the kernel made a time; or the smallest that makes the same. */
function sizeIn(ticks: number, rate: BytesPerSecond, spec: Ratespec): number {
  const shape = readShape(spec)
  const part = shape.linklayer === 'atm' ? 48 / 53 : 1
  const near = ((microsecondsOf(ticks) * rate) / 1e6) * part - shape.overhead
  return sizeOf(ticks, near, kernelTicks(rate, shape))
}

/** How much may wait: as given, or what leaves in the time that a packet may wait, and a burst; of two such bounds the lesser. */
function limitOf(
  { limit, latency }: TbfOptions,
  path: (key: string) => string,
  buckets: [rate: number | undefined, burst: number][],
): number {
  if (limit !== undefined && latency !== undefined) {
    throw invalidValue(path('latency'), latency, 'is another way to say limit: only one of them can be given')
  }
  if (latency === undefined) return bytes(path('limit'), limit as Size, 1)
  const time = microseconds(path('latency'), latency)
  const bounds = buckets.map(([rate, burst]) => (rate === undefined ? Infinity : (rate * time) / 1e6 + burst))
  return bytes(path('latency'), Math.trunc(Math.min(...bounds)), 1)
}

/** @internal */
export const tbf: Kind<TbfOptions, TbfInfo> = kind('tbf', body)
