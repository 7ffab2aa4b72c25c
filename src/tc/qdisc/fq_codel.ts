/** `fq_codel`: a queue for each flow, which are served in turn; packets that wait too long are dropped. */

import {
  type Attribute,
  attributes,
  bool32,
  type Options,
  scalar,
  u8,
  u32,
  type Values,
} from '../../netlink/attributes.js'
import { U32 } from '../../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../../netlink/struct.js'
import { attributesBody } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { SIZE32, TIME32, type Time } from '../units.js'

const TCA_FQ_CODEL_TARGET = 1
const TCA_FQ_CODEL_LIMIT = 2
const TCA_FQ_CODEL_INTERVAL = 3
const TCA_FQ_CODEL_ECN = 4
const TCA_FQ_CODEL_FLOWS = 5
const TCA_FQ_CODEL_QUANTUM = 6
const TCA_FQ_CODEL_CE_THRESHOLD = 7
const TCA_FQ_CODEL_DROP_BATCH_SIZE = 8
const TCA_FQ_CODEL_MEMORY_LIMIT = 9
const TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR = 10
const TCA_FQ_CODEL_CE_THRESHOLD_MASK = 11

/**
 * The kernel counts these times in units of 1024 ns, and cuts off when it is told one and when it reports it. What is read is the time that was given, or
 * the shortest that is the same to the kernel: `tc` shows 4.99 ms of 5 ms.
 */
const time = (type: number): Attribute<Time, number> =>
  scalar(type, {
    ...TIME32,
    read: (reader, at) => Math.ceil(Math.ceil((TIME32.read(reader, at) * 1000) / 1024) * 1.024),
  })

// In the order in which `tc` sends them.
const table = attributes({
  /** How many packets may wait in all: 10240 when nothing is said. */
  limit: u32(TCA_FQ_CODEL_LIMIT),
  /** How many queues there are, 1 to 65536: 1024 when nothing is said. It cannot be changed. */
  flows: u32(TCA_FQ_CODEL_FLOWS, 65_536),
  /** How many bytes a queue may send before the next has its turn: the device's `mtu` and header when nothing is said, and at least 256. */
  quantum: scalar(TCA_FQ_CODEL_QUANTUM, SIZE32),
  /** For how long the wait has to be too long before a packet is dropped: 100 ms when nothing is said. Reported in microseconds. */
  interval: time(TCA_FQ_CODEL_INTERVAL),
  /** How long a packet may wait: 5 ms when nothing is said. Reported in microseconds. */
  target: time(TCA_FQ_CODEL_TARGET),
  /** Packets of connections that know ECN are marked and not dropped. On when nothing is said. */
  ecn: bool32(TCA_FQ_CODEL_ECN),
  /** Packets that have waited longer than this are marked by ECN, whatever else. Reported in microseconds. */
  ceThreshold: time(TCA_FQ_CODEL_CE_THRESHOLD),
  /** That is done with those only whose DSCP and ECN bits (the former type of service) have, of these bits (Linux 5.16) … */
  ceThresholdMask: u8(TCA_FQ_CODEL_CE_THRESHOLD_MASK),
  /** … these set (Linux 5.16). */
  ceThresholdSelector: u8(TCA_FQ_CODEL_CE_THRESHOLD_SELECTOR),
  /** How many bytes may wait in all: 32 MiB when nothing is said (Linux 4.8). */
  memoryLimit: scalar(TCA_FQ_CODEL_MEMORY_LIMIT, SIZE32),
  /** How many packets are dropped at once when a limit is reached, half a queue at most: 64 when nothing is said (Linux 4.8). */
  dropBatch: u32(TCA_FQ_CODEL_DROP_BATCH_SIZE),
})

const xstats = new Struct('struct tc_fq_codel_xstats', {
  type: field('type', U32),
  /** The largest packet there was. */
  maxPacket: field('qdisc_stats.maxpacket', U32),
  /** Packets dropped as there were too many. */
  dropOverlimit: field('qdisc_stats.drop_overlimit', U32),
  /** Packets marked in place of being dropped. */
  ecnMark: field('qdisc_stats.ecn_mark', U32),
  /** How often a flow was a new one. */
  newFlowCount: field('qdisc_stats.new_flow_count', U32),
  /** How many flows are new. */
  newFlowsLen: field('qdisc_stats.new_flows_len', U32),
  /** How many flows are not. */
  oldFlowsLen: field('qdisc_stats.old_flows_len', U32),
  /** Packets marked for `ceThreshold`. */
  ceMark: field('qdisc_stats.ce_mark', U32),
  /** Bytes in use. */
  memoryUsage: field('qdisc_stats.memory_usage', U32),
  /** Packets dropped for `memoryLimit`. */
  dropOvermemory: field('qdisc_stats.drop_overmemory', U32),
})

/** What an fq_codel is told: `tc qdisc add … fq_codel`. */
export interface FqCodelOptions extends Options<typeof table> {}

/** What an fq_codel is. */
export interface FqCodelInfo extends Values<typeof table> {}

/** What an fq_codel has counted. */
export interface FqCodelStats extends Omit<ValueOfStruct<typeof xstats>, 'type'> {}

/** @internal */
export const fq_codel: Kind<FqCodelOptions, FqCodelInfo, FqCodelStats> = kind('fq_codel', attributesBody(table), {
  stats: xstats,
})
