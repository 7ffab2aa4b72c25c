/** `fq`: a queue for each connection, which are served in turn, and packets sent at the pace of theirs. */

import {
  type Attribute,
  absent,
  attributes,
  bool8,
  bool32,
  type Options,
  scalar,
  u32,
  type Values,
} from '../../netlink/attributes.js'
import { integer, outOfRange } from '../../netlink/check.js'
import { array, S32, type Scalar, U32, U64, within } from '../../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../../netlink/struct.js'
import { attributesBody, type Readable } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { NANOSECONDS32, RATE32, RATE32_OR_NONE, type Rate, SIZE32, TIME32, type Time } from '../units.js'
import { prioLayout, priomapOf } from './prio.js'

const TCA_FQ_PLIMIT = 1
const TCA_FQ_FLOW_PLIMIT = 2
const TCA_FQ_QUANTUM = 3
const TCA_FQ_INITIAL_QUANTUM = 4
const TCA_FQ_RATE_ENABLE = 5
const TCA_FQ_FLOW_MAX_RATE = 7
const TCA_FQ_BUCKETS_LOG = 8
const TCA_FQ_FLOW_REFILL_DELAY = 9
const TCA_FQ_ORPHAN_MASK = 10
const TCA_FQ_LOW_RATE_THRESHOLD = 11
const TCA_FQ_CE_THRESHOLD = 12
const TCA_FQ_TIMER_SLACK = 13
const TCA_FQ_HORIZON = 14
const TCA_FQ_HORIZON_DROP = 15
const TCA_FQ_PRIOMAP = 16
const TCA_FQ_WEIGHTS = 17
const TCA_FQ_OFFLOAD_HORIZON = 18

const FQ_BANDS = 3
const FQ_MIN_WEIGHT = 16_384

/** A power of two, which the kernel is told the exponent of. */
const POWER: Scalar<number> = {
  size: 4,
  write(writer, value, key) {
    const path = writer.where(key)
    if (!Number.isInteger(Math.log2(integer(path, value, 2, 262_144)))) throw outOfRange(path, 'a power of two', value)
    U32.write(writer, Math.log2(value), key)
  },
  read: (reader, at) => 2 ** U32.read(reader, at),
}

/** A number that is none when all its bits are set. */
const unlessAll = <T>(attribute: Attribute<T, number>): Attribute<T, number> => ({
  ...attribute,
  read: (reader, at, length, before) =>
    U32.read(reader, at) === 0xffff_ffff ? absent : attribute.read(reader, at, length, before),
})

const priomap: Attribute<readonly number[], number[]> = {
  types: [TCA_FQ_PRIOMAP],
  write(writer, value, key) {
    const start = writer.open(TCA_FQ_PRIOMAP)
    prioLayout.write(writer, { bands: FQ_BANDS, priomap: priomapOf(writer.where(key), value, FQ_BANDS) })
    writer.close(start)
  },
  read: (reader, at, length) => prioLayout.read(reader, at, length).priomap,
}

// In the order in which `tc` sends them.
const table = attributes({
  /** How many lists connections are looked for in, a power of two from 2 to 262144: 1024 when nothing is said. */
  buckets: scalar(TCA_FQ_BUCKETS_LOG, POWER),
  /** How many packets may wait in all, of late in each band: 10000 when nothing is said. */
  limit: u32(TCA_FQ_PLIMIT),
  /** How many packets of a connection may wait: 100 when nothing is said. */
  flowLimit: u32(TCA_FQ_FLOW_PLIMIT),
  /** How many bytes a connection may send before the next has its turn: two of the device's largest packets when nothing is said. */
  quantum: scalar(TCA_FQ_QUANTUM, SIZE32),
  /** The same for a connection's first turn: ten of those packets when nothing is said, and at most 1 MiB. */
  initialQuantum: scalar(TCA_FQ_INITIAL_QUANTUM, SIZE32),
  /** Connections are held to their pace. On when nothing is said. */
  pacing: bool32(TCA_FQ_RATE_ENABLE),
  /** The fastest pace of a connection, below 34.4 gbit: any when nothing is said. Reported in bits per second. */
  maxrate: unlessAll(scalar<Rate, number>(TCA_FQ_FLOW_MAX_RATE, RATE32)),
  /** A connection that is slower than this has a pause after each packet: 550 kbit when nothing is said, 0 for none. Reported in bits per second. */
  lowRateThreshold: scalar(TCA_FQ_LOW_RATE_THRESHOLD, RATE32_OR_NONE),
  /** A connection that has sent nothing for so long has its `quantum` again: 40 ms when nothing is said. Reported in microseconds. */
  refillDelay: scalar(TCA_FQ_FLOW_REFILL_DELAY, TIME32),
  /** What of a packet's hash tells it from others when it belongs to no connection of this host: 1023 when nothing is said. */
  orphanMask: u32(TCA_FQ_ORPHAN_MASK),
  /** Packets that have waited longer than this are marked by ECN. Reported in microseconds. */
  ceThreshold: unlessAll(scalar<Time, number>(TCA_FQ_CE_THRESHOLD, TIME32)),
  /** How late the timer may be: up to 4.29 s, 10 us when nothing is said. Reported in microseconds (Linux 5.0). */
  timerSlack: scalar(TCA_FQ_TIMER_SLACK, NANOSECONDS32),
  /** How far ahead a packet's time may lie: 10 s when nothing is said. Reported in microseconds (Linux 5.8). */
  horizon: scalar(TCA_FQ_HORIZON, TIME32),
  /** A packet beyond that is dropped (`horizon_drop`), as it is when nothing is said, and not sent at the end of it (`horizon_cap`; Linux 5.8). */
  horizonDrop: bool8(TCA_FQ_HORIZON_DROP),
  /** The band of packets, 0 to 2, by their priority inside Linux: see {@link PrioOptions} (Linux 6.7). */
  priomap,
  /** How many bytes each of the three bands may send in its turn, each 16384 or more: `[589824, 196608, 65536]` when nothing is said (Linux 6.7). */
  weights: scalar(TCA_FQ_WEIGHTS, array(within(S32, FQ_MIN_WEIGHT, 0x7fff_ffff), FQ_BANDS)),
  /** Packets whose time is nearer than this are left to the device to hold back; no more than the device can. Reported in microseconds (Linux 6.13). */
  offloadHorizon: scalar(TCA_FQ_OFFLOAD_HORIZON, TIME32),
})

const counted = new Struct('struct tc_fq_qd_stats', {
  /** Connections that were forgotten, as they had nothing to send. */
  gcFlows: field('gc_flows', U64),
  /** Packets that went before all others; older kernels have a queue for them. */
  highprioPackets: field('highprio_packets', U64),
  tcpRetrans: field('tcp_retrans', U64),
  /** How often a connection had to wait for its pace. */
  throttled: field('throttled', U64),
  /** Packets dropped for `flowLimit`. */
  flowsPlimit: field('flows_plimit', U64),
  /** Packets longer than a timer can wait for. */
  pktsTooLong: field('pkts_too_long', U64),
  /** How often there was no memory for a connection. */
  allocationErrors: field('allocation_errors', U64),
  next: field('time_next_delayed_flow', U64),
  /** Connections that are known. */
  flows: field('flows', U32),
  /** Connections that have nothing to send. */
  inactiveFlows: field('inactive_flows', U32),
  /** Connections that wait for their pace. */
  throttledFlows: field('throttled_flows', U32),
  late: field('unthrottle_latency_ns', U32),
  /** Packets marked for `ceThreshold`. */
  ceMark: field('ce_mark', U64),
  /** Packets dropped for `horizon`. */
  horizonDrops: field('horizon_drops', U64),
  /** Packets sent at the end of `horizon`. */
  horizonCaps: field('horizon_caps', U64),
})

/** What an fq is told: `tc qdisc add … fq`. */
export interface FqOptions extends Options<typeof table> {}

/** What an fq is. */
export interface FqInfo extends Values<typeof table> {}

/** What an fq has counted. */
export interface FqStats extends Omit<ValueOfStruct<typeof counted>, 'tcpRetrans' | 'next' | 'late'> {
  /** How late connections were let go, on average: microseconds. */
  unthrottleLatency: number
  /** How long until the first of those that wait for their pace may send: microseconds. */
  nextDelayed?: number
  /** Packets that found no other waiting (Linux 6.7). */
  fastpathPackets?: number
  /** Packets of each band that were dropped (Linux 6.7). */
  bandDrops?: number[]
  /** Packets of each band that wait (Linux 6.7). */
  bandPackets?: number[]
}

const drops = array(U64, FQ_BANDS)
const packets = array(U32, FQ_BANDS)

const stats: Readable<FqStats> = {
  read(reader, at, length) {
    const { tcpRetrans: _, next, late, ...values } = counted.read(reader, at, length)
    const more = at + counted.size
    return {
      ...values,
      unthrottleLatency: late / 1000,
      // Where none waits, the kernel says a time that is long past.
      ...(next < 2 ** 63 && { nextDelayed: next / 1000 }),
      ...(length > counted.size && {
        fastpathPackets: U64.read(reader, more),
        bandDrops: drops.read(reader, more + 8),
        bandPackets: packets.read(reader, more + 8 + drops.size),
      }),
    }
  },
}

/** @internal */
export const fq: Kind<FqOptions, FqInfo, FqStats> = kind('fq', attributesBody(table), { stats })
