/** What netem is told, and what it says of itself. */

import type { UnknownAttributes } from '../../netlink/attributes.js'
import type { Percent, Rate, Time } from '../units.js'
import type { NetemGemodel, NetemGemodelInfo, NetemLossState, NetemLossStateInfo } from './netem-loss.js'
import type { NetemDistribution, NetemSlot, NetemSlotInfo } from './netem-time.js'

/**
 * What a netem is told: `tc qdisc add … netem`. A change clears `delay`, `jitter`, `loss` of every model, `duplicate` and `gap`, and sets `limit` anew, unless they
 * are said again; one that says a correlation clears those of `delay`, `loss` and `duplicate`; the rest stays as it is.
 *
 * A *correlation* is how much what happens to a packet depends on what happened to the one before.
 */
export interface NetemOptions extends UnknownAttributes {
  /** How many packets may wait: 1000 when nothing is said. */
  limit?: number | undefined
  /** How long packets are held back. Whole microseconds are cut off to ticks of 64 ns; what ticks cannot say, over 274 s too, takes Linux 4.15. */
  delay?: Time | undefined
  /** How far from `delay` it may be for each packet. The kernel knows up to 2.1 s of it. */
  jitter?: Time | undefined
  /** The correlation of delays. */
  delayCorrelation?: Percent | undefined
  /**
   * How delays are spread: evenly when nothing is said, or by a table. The kernel does not report it. Once it has a table, only another netem in its
   * place makes that `'uniform'` again.
   */
  distribution?: 'uniform' | NetemDistribution | undefined
  /** How many packets are lost, at random (`loss random`). */
  loss?: Percent | undefined
  /** The correlation of that. */
  lossCorrelation?: Percent | undefined
  /** Loss by a model of four states (`loss state`), in place of `loss`. */
  lossState?: NetemLossState | undefined
  /** Loss by the model of Gilbert and Elliott (`loss gemodel`), in place of `loss`. */
  lossGemodel?: NetemGemodel | undefined
  /** Packets that can be marked by ECN are marked in place of being lost. It takes one of the losses. */
  ecn?: boolean | undefined
  /** How many packets get a single wrong bit. */
  corrupt?: Percent | undefined
  /** The correlation of that. */
  corruptCorrelation?: Percent | undefined
  /** How many packets come twice. */
  duplicate?: Percent | undefined
  /** The correlation of that. */
  duplicateCorrelation?: Percent | undefined
  /** How many packets are sent at once, before those that are delayed. It takes `delay`. */
  reorder?: Percent | undefined
  /** The correlation of that. */
  reorderCorrelation?: Percent | undefined
  /** After each packet that was reordered, so many less one are delayed: 1 when nothing is said. */
  gap?: number | undefined
  /** How fast packets are sent, one after the other. */
  rate?: Rate | undefined
  /** What each packet counts more, with `rate`: bytes, which may be below 0. */
  packetOverhead?: number | undefined
  /** With `rate`, packets are sent in cells of so many bytes. */
  cellSize?: number | undefined
  /** What each cell counts more: bytes, which may be below 0. */
  cellOverhead?: number | undefined
  /** Packets are let go together, at certain times (Linux 4.15; with a distribution 4.16). */
  slot?: NetemSlot | undefined
  /** What chance starts from, so that losses and errors come again as they were: a number of 64 bits, as text where it is over 2^53 (Linux 6.6). */
  seed?: number | string | undefined
}

/** What a netem is. Times are in microseconds, shares in per cent; what it does not do is left out. */
export interface NetemInfo extends UnknownAttributes {
  /** How many packets may wait. */
  limit: number
  /** How long packets are held back. */
  delay?: number
  /** How far from `delay` it may be. */
  jitter?: number
  /** The correlation of delays. */
  delayCorrelation?: number
  /** How many packets are lost, at random. */
  loss?: number
  /** The correlation of that. */
  lossCorrelation?: number
  /** Loss by a model of four states. */
  lossState?: NetemLossStateInfo
  /** Loss by the model of Gilbert and Elliott. */
  lossGemodel?: NetemGemodelInfo
  /** Packets are marked in place of being lost. */
  ecn?: boolean
  /** How many packets get a single wrong bit. */
  corrupt?: number
  /** The correlation of that. */
  corruptCorrelation?: number
  /** How many packets come twice. */
  duplicate?: number
  /** The correlation of that. */
  duplicateCorrelation?: number
  /** How many packets are sent at once. */
  reorder?: number
  /** The correlation of that. */
  reorderCorrelation?: number
  /** So many packets less one are delayed after each of those. */
  gap?: number
  /** Bits per second. */
  rate?: number
  /** What each packet counts more, in bytes. */
  packetOverhead?: number
  /** The bytes of a cell. */
  cellSize?: number
  /** What each cell counts more, in bytes. */
  cellOverhead?: number
  /** Packets are let go together, at certain times. */
  slot?: NetemSlotInfo
  /** What chance started from: a number of 64 bits (Linux 6.6). */
  seed?: string
}
