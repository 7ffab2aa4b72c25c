/** How netem is told what to do: a struct, and attributes after it. */

import { type Attribute, attributes, bool32, ignored, scalar, struct, u64 } from '../../netlink/attributes.js'
import { integer, invalidValue } from '../../netlink/check.js'
import { S32, type Scalar, U32, U64 } from '../../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../../netlink/struct.js'
import { attributesBody, headed, holding } from '../body.js'
import { RATE64 } from '../units.js'

const TCA_NETEM_CORR = 1
const TCA_NETEM_DELAY_DIST = 2
const TCA_NETEM_REORDER = 3
const TCA_NETEM_CORRUPT = 4
const TCA_NETEM_LOSS = 5
const TCA_NETEM_RATE = 6
const TCA_NETEM_ECN = 7
const TCA_NETEM_RATE64 = 8
const TCA_NETEM_PAD = 9
const TCA_NETEM_LATENCY64 = 10
const TCA_NETEM_JITTER64 = 11
const TCA_NETEM_SLOT = 12
const TCA_NETEM_SLOT_DIST = 13
const TCA_NETEM_PRNG_SEED = 14

const NETEM_LOSS_GI = 1
const NETEM_LOSS_GE = 2

// Probabilities and correlations are parts of 2^32 - 1 throughout.

const qopt = new Struct('struct tc_netem_qopt', {
  delay: field('latency', U32),
  limit: field('limit', U32),
  loss: field('loss', U32),
  gap: field('gap', U32),
  duplicate: field('duplicate', U32),
  jitter: field('jitter', U32),
})
const correlations = new Struct('struct tc_netem_corr', {
  delay: field('delay_corr', U32),
  loss: field('loss_corr', U32),
  duplicate: field('dup_corr', U32),
})
const reorder = new Struct('struct tc_netem_reorder', {
  probability: field('probability', U32),
  correlation: field('correlation', U32),
})
const corrupt = new Struct('struct tc_netem_corrupt', {
  probability: field('probability', U32),
  correlation: field('correlation', U32),
})
const rate = new Struct('struct tc_netem_rate', {
  rate: field('rate', U32),
  packetOverhead: field('packet_overhead', S32),
  cellSize: field('cell_size', U32),
  cellOverhead: field('cell_overhead', S32),
})
// The kernel's numbers have a sign, but none is below zero.
const slot = new Struct('struct tc_netem_slot', {
  min: field('min_delay', U64),
  max: field('max_delay', U64),
  packets: field('max_packets', U32),
  bytes: field('max_bytes', U32),
  delay: field('dist_delay', U64),
  jitter: field('dist_jitter', U64),
})
const state = new Struct('struct tc_netem_gimodel', {
  p13: field('p13', U32),
  p31: field('p31', U32),
  p32: field('p32', U32),
  p14: field('p14', U32),
  p23: field('p23', U32),
})
const gemodel = new Struct('struct tc_netem_gemodel', {
  p: field('p', U32),
  r: field('r', U32),
  h: field('h', U32),
  k1: field('k1', U32),
})

const models = attributes({ state: struct(NETEM_LOSS_GI, state), gemodel: struct(NETEM_LOSS_GE, gemodel) })

/** @internal */
export type WireSlot = ValueOfStruct<typeof slot>
/** @internal */
export type WireState = ValueOfStruct<typeof state>
/** @internal */
export type WireGemodel = ValueOfStruct<typeof gemodel>

/** The table of a distribution, which the kernel never says. */
const samples = (type: number): Attribute<Int16Array> & { writeOnly: true } => ({
  types: [type],
  write(writer, value) {
    const start = writer.open(type)
    for (const each of value) writer.view.setInt16(writer.take(2), each, true)
    writer.close(start)
  },
  read: (reader, at, length) => new Int16Array(reader.bytes.slice(at, at + length).buffer),
  writeOnly: true,
})

/** 64 bits that a number cannot hold, in decimal digits. */
const SEED: Scalar<number | string, string> = {
  size: 8,
  write(writer, value, key) {
    const path = writer.where(key)
    if (typeof value !== 'string') integer(path, value, 0, Number.MAX_SAFE_INTEGER)
    else if (!/^\d{1,20}$/.test(value) || BigInt(value) >= 1n << 64n)
      throw invalidValue(path, value, 'must be a number of 64 bits, in decimal digits')
    writer.view.setBigUint64(writer.take(8), BigInt(value), true)
  },
  read: (reader, at) => reader.view.getBigUint64(at, true).toString(),
}

/** What is told. An attribute has the name of the option that it is about. @internal */
export const wire = headed(
  qopt,
  // In the order in which `tc` sends them.
  attributes({
    correlations: struct(TCA_NETEM_CORR, correlations),
    reorder: struct(TCA_NETEM_REORDER, reorder),
    ecn: bool32(TCA_NETEM_ECN),
    corrupt: struct(TCA_NETEM_CORRUPT, corrupt),
    slot: struct(TCA_NETEM_SLOT, slot),
    lossModel: holding(TCA_NETEM_LOSS, attributesBody(models), { nested: true }),
    rate: scalar(TCA_NETEM_RATE64, RATE64),
    link: struct(TCA_NETEM_RATE, rate),
    delay64: u64(TCA_NETEM_LATENCY64),
    jitter64: u64(TCA_NETEM_JITTER64),
    distribution: samples(TCA_NETEM_DELAY_DIST),
    slotDistribution: samples(TCA_NETEM_SLOT_DIST),
    seed: scalar(TCA_NETEM_PRNG_SEED, SEED),
    padding: ignored(TCA_NETEM_PAD),
  }),
)
