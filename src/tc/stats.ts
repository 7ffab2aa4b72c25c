/** What a qdisc, a class or an action has counted. */

import {
  type Attribute,
  type Attributes,
  attributes,
  type Entries,
  ignored,
  struct,
  type UnknownAttributes,
  u64,
  type Values,
} from '../netlink/attributes.js'
import { U32, U64 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Readable } from './body.js'

const TCA_STATS_BASIC = 1
const TCA_STATS_RATE_EST = 2
const TCA_STATS_QUEUE = 3
const TCA_STATS_APP = 4
const TCA_STATS_RATE_EST64 = 5
const TCA_STATS_PAD = 6
const TCA_STATS_BASIC_HW = 7
const TCA_STATS_PKT64 = 8

const basic = new Struct('struct gnet_stats_basic', { bytes: field('bytes', U64), packets: field('packets', U32) })
const estimate = new Struct('struct gnet_stats_rate_est', { bytes: field('bps', U32), pps: field('pps', U32) })
const estimate64 = new Struct('struct gnet_stats_rate_est64', { bytes: field('bps', U64), pps: field('pps', U64) })
const queue = new Struct('struct gnet_stats_queue', {
  qlen: field('qlen', U32),
  backlog: field('backlog', U32),
  drops: field('drops', U32),
  requeues: field('requeues', U32),
  overlimits: field('overlimits', U32),
})

/** What has gone through since it was made: `tc -s`. */
export interface TcStats extends UnknownAttributes {
  /** Bytes that have gone through. */
  bytes: number
  /** Packets that have gone through. */
  packets: number
  /** Packets that were dropped. */
  drops: number
  /** How often a packet had to wait for a limit. */
  overlimits: number
  /** Packets that were put back, for the device could not take them. */
  requeues: number
  /** Packets that wait. */
  qlen: number
  /** Bytes that wait. */
  backlog: number
  /** Bits per second of late, with an `estimator`. */
  rate?: number
  /** Packets per second of late, with an `estimator`. */
  pps?: number
}

const entries = {
  basic: struct(TCA_STATS_BASIC, basic),
  estimate: struct(TCA_STATS_RATE_EST, estimate),
  queue: struct(TCA_STATS_QUEUE, queue),
  estimate64: struct(TCA_STATS_RATE_EST64, estimate64),
  packets: u64(TCA_STATS_PKT64),
  other: ignored(TCA_STATS_PAD, TCA_STATS_BASIC_HW),
}
const table = attributes(entries)

/** What a kind counts for itself, as an attribute. */
const own = (layout: Readable<object>): Attribute<object> => ({
  types: [TCA_STATS_APP],
  write: () => undefined,
  read: (reader, at, length) => layout.read(reader, at, length),
})

/** The statistics in an attribute; those of the kind itself go by its name. @internal */
export function stats(
  type: number,
  kind?: { name: string; stats: Readable<object> | undefined },
): Attribute<TcStats> & { readOnly: true } {
  const known: Attributes<Entries> =
    kind?.stats === undefined ? table : attributes({ ...entries, own: own(kind.stats) })
  return {
    types: [type],
    readOnly: true,
    inner: () => known,
    write: () => undefined,
    read(reader, at, length) {
      const values: Values<typeof table> & { own?: object } = known.read(reader, at, length)
      const { basic, queue, packets = basic?.packets, own, unknown } = values
      const estimate = values.estimate64 ?? values.estimate
      return {
        bytes: basic?.bytes ?? 0,
        packets: packets ?? 0,
        drops: queue?.drops ?? 0,
        overlimits: queue?.overlimits ?? 0,
        requeues: queue?.requeues ?? 0,
        qlen: queue?.qlen ?? 0,
        backlog: queue?.backlog ?? 0,
        ...(estimate !== undefined && { rate: estimate.bytes * 8, pps: estimate.pps }),
        ...(kind !== undefined && own !== undefined && { [kind.name]: own }),
        ...(unknown !== undefined && { unknown }),
      }
    },
  }
}
