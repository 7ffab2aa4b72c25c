/** `netem`: a worse network. Packets are delayed, lost, doubled, spoiled and put out of order. */

import { integer, invalidValue } from '../../netlink/check.js'
import { computed } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { clipped, isFast } from '../ratespec.js'
import { bytesPerSecond, type Percent, percentOf, portion } from '../units.js'
import { packGemodel, packState, readGemodel, readState } from './netem-loss.js'
import type { NetemInfo, NetemOptions } from './netem-options.js'
import { packSlot, packTime, readSlot, readTime, samplesOf } from './netem-time.js'
import { wire } from './netem-wire.js'

/** How many packets may wait is what `tc` sends when nothing is said, for the kernel has to be told. */
const LIMIT = 1000

const names = [
  ...(['limit', 'delay', 'jitter', 'delayCorrelation', 'distribution', 'seed'] as const),
  ...(['loss', 'lossCorrelation', 'lossState', 'lossGemodel', 'ecn', 'duplicate', 'duplicateCorrelation'] as const),
  ...(['corrupt', 'corruptCorrelation', 'reorder', 'reorderCorrelation', 'gap', 'slot'] as const),
  ...(['rate', 'packetOverhead', 'cellSize', 'cellOverhead'] as const),
]

type Name = (typeof names)[number]

/** What says nothing without another option. */
const needed: Readonly<Partial<Record<Name, Name>>> = {
  jitter: 'delay',
  delayCorrelation: 'jitter',
  distribution: 'jitter',
  lossCorrelation: 'loss',
  corruptCorrelation: 'corrupt',
  duplicateCorrelation: 'duplicate',
  reorder: 'delay',
  reorderCorrelation: 'reorder',
  gap: 'reorder',
  packetOverhead: 'rate',
  cellSize: 'rate',
  cellOverhead: 'rate',
}

const correlations = [
  ...(['delayCorrelation', 'lossCorrelation', 'duplicateCorrelation'] as const),
  ...(['corruptCorrelation', 'reorderCorrelation'] as const),
]
const losses = ['loss', 'lossState', 'lossGemodel'] as const

/** Options that do not go together, or not without another. */
function check(options: NetemOptions, path: (key: string) => string): void {
  for (const [name, other] of Object.entries(needed) as [Name, Name][]) {
    if (options[name] !== undefined && options[other] === undefined) {
      throw invalidValue(path(name), options[name], `has to be given with ${other}`)
    }
  }
  const [first, second] = losses.filter((name) => options[name] !== undefined)
  if (second !== undefined) {
    throw invalidValue(path(second), options[second], `is another way to say ${first}: only one of them can be given`)
  }
  if (options.ecn === true && first === undefined) {
    throw invalidValue(path('ecn'), true, `has to be given with one of ${losses.join(', ')}`)
  }
}

type Wire = Parameters<typeof wire.write>[1]
type Read = ReturnType<typeof wire.read>

function pack(options: NetemOptions, path: (key: string) => string): Wire {
  check(options, path)
  const { limit = LIMIT, lossState, lossGemodel, ecn, seed, distribution } = options
  const share = (name: Name): number => portion(path(name), (options[name] ?? 0) as Percent)
  const number = (name: Name, min: number, max: number): number => integer(path(name), options[name] ?? 0, min, max)
  /** What is sent when one of these is given. */
  const when = <T>(of: readonly Name[], what: () => T): T | undefined =>
    of.some((name) => options[name] !== undefined) ? what() : undefined
  const delay = packTime(path('delay'), options.delay)
  const jitter = packTime(path('jitter'), options.jitter)
  const rate = options.rate === undefined ? 0 : bytesPerSecond(path('rate'), options.rate, undefined, 0)
  const slots = options.slot === undefined ? undefined : packSlot(path('slot'), options.slot)
  const reorder = share('reorder')
  return {
    limit,
    delay: delay.ticks,
    jitter: jitter.ticks,
    loss: share('loss'),
    duplicate: share('duplicate'),
    gap: options.gap ?? (reorder > 0 ? 1 : 0),
    // It is sent with the other correlations, too, as `tc` does; with that of duplicates alone, `tc` forgets to.
    correlations: when(correlations, () => ({
      delay: share('delayCorrelation'),
      loss: share('lossCorrelation'),
      duplicate: share('duplicateCorrelation'),
    })),
    reorder: when(['reorder'], () => ({ probability: reorder, correlation: share('reorderCorrelation') })),
    ecn,
    corrupt: when(['corrupt'], () => ({ probability: share('corrupt'), correlation: share('corruptCorrelation') })),
    slot: slots?.slot,
    lossModel: when(['lossState', 'lossGemodel'], () => ({
      state: lossState === undefined ? undefined : packState(path('lossState'), lossState),
      gemodel: lossGemodel === undefined ? undefined : packGemodel(path('lossGemodel'), lossGemodel),
    })),
    rate: isFast(rate) ? rate * 8 : undefined,
    link: when(['rate'], () => ({
      rate: clipped(rate),
      packetOverhead: number('packetOverhead', -0x8000_0000, 0x7fff_ffff),
      cellSize: number('cellSize', 0, 0xffff_ffff),
      cellOverhead: number('cellOverhead', -0x8000_0000, 0x7fff_ffff),
    })),
    delay64: delay.ns,
    jitter64: jitter.ns,
    distribution: when(['distribution'], () => samplesOf(path('distribution'), distribution, 'uniform')),
    slotDistribution: slots?.slotDistribution,
    seed,
  }
}

/** Those that are not zero. */
const nonzero = <N extends object>(numbers: N): Partial<N> =>
  Object.fromEntries(Object.entries(numbers).filter(([, number]) => number !== 0)) as Partial<N>

function unpack(values: Read): NetemInfo {
  const { limit, gap, correlations, reorder, corrupt, ecn, slot, lossModel, link, seed } = values
  const delay = readTime(values.delay, values.delay64)
  const jitter = readTime(values.jitter, values.jitter64)
  const rate = values.rate ?? (link?.rate ?? 0) * 8
  /** A share, and the correlation of that. */
  const shares = (name: 'loss' | 'corrupt' | 'duplicate' | 'reorder', share = 0, correlation = 0) =>
    nonzero({ [name]: percentOf(share), [`${name}Correlation`]: share > 0 ? percentOf(correlation) : 0 })
  return {
    limit,
    ...((delay > 0 || jitter > 0 || gap > 0) && { delay }),
    ...(jitter > 0 && { jitter, ...nonzero({ delayCorrelation: percentOf(correlations?.delay ?? 0) }) }),
    ...shares('loss', values.loss, correlations?.loss),
    ...(lossModel?.state && { lossState: readState(lossModel.state) }),
    ...(lossModel?.gemodel && { lossGemodel: readGemodel(lossModel.gemodel) }),
    ...(ecn && { ecn }),
    ...shares('corrupt', corrupt?.probability, corrupt?.correlation),
    ...shares('duplicate', values.duplicate, correlations?.duplicate),
    // Without a gap, the kernel reorders nothing.
    ...(gap > 0 && { reorder: 0, ...shares('reorder', reorder?.probability, reorder?.correlation), gap }),
    ...(rate > 0 && nonzero({ ...link, rate })),
    ...(slot && { slot: readSlot(slot) }),
    ...(seed !== undefined && { seed }),
  }
}

/** @internal */
export const netem: Kind<NetemOptions, NetemInfo> = kind('netem', computed(wire, names, pack, unpack))
