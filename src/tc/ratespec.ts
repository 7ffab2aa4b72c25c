/** Rates as the kernel was once told them: a struct, and a table of the times that packets of each size take. It still wants both. */

import type { Attribute } from '../netlink/attributes.js'
import { integer, outOfRange } from '../netlink/check.js'
import { enumeration } from '../netlink/names.js'
import { S16, U8, U16, U32 } from '../netlink/scalar.js'
import { field, Struct, type ValueOfStruct } from '../netlink/struct.js'
import { sendingTicks } from './ticks.js'
import { type BytesPerSecond, bytes, type Size } from './units.js'

const TC_LINKLAYER_UNAWARE = 0
const TC_LINKLAYER_ETHERNET = 1
const TC_LINKLAYER_ATM = 2
const TC_LINKLAYER_MASK = 0x0f

/** How a link carries packets: `'atm'` (or `'adsl'`) in cells of 53 bytes, 48 of which are the packet's. */
export type Linklayer = 'unspec' | 'ethernet' | 'atm' | 'adsl' | number

/** @internal */
export const linklayers = enumeration(
  { unspec: TC_LINKLAYER_UNAWARE, ethernet: TC_LINKLAYER_ETHERNET, atm: TC_LINKLAYER_ATM, adsl: TC_LINKLAYER_ATM },
  TC_LINKLAYER_MASK,
)

/** @internal */
export const ratespec = new Struct('struct tc_ratespec', {
  cellLog: field('cell_log', U8),
  linklayer: field('linklayer', U8),
  overhead: field('overhead', U16),
  cellAlign: field('cell_align', S16),
  mpu: field('mpu', U16),
  rate: field('rate', U32),
})

/** @internal */
export type Ratespec = ValueOfStruct<typeof ratespec>

/** What is said of packets beside a rate. */
export interface RateShape {
  /** The least that a packet counts: 0 to 65535 bytes. */
  mpu?: Size | undefined
  /** What is added to every packet: 0 to 65535 bytes. */
  overhead?: Size | undefined
  /** How the link carries packets: `'ethernet'` when nothing is said. */
  linklayer?: Linklayer | undefined
}

const ENTRIES = 256
/** How many tables are kept, of a kilobyte each. */
const REMEMBERED = 16
/** The kernel's own, however it presents its clock. */
const NANOSECONDS_PER_TICK = 64n
/** The bits of a rate's number in the struct; a faster one is all ones there, and has an attribute of 64 bits. */
const SLOW = 0xffff_ffff

/** @internal */
export const clipped = (rate: BytesPerSecond): number => Math.min(rate, SLOW)
/** @internal */
export const isFast = (rate: BytesPerSecond): boolean => rate > SLOW

/** The bytes a packet has on the link. @internal */
export function onLink(size: number, mpu: number, linklayer: number): number {
  const least = Math.max(size, mpu)
  return linklayer === TC_LINKLAYER_ATM ? Math.ceil(least / 48) * 53 : least
}

/** In a table, a time that does not fit is none. */
const orNone = (value: number): number => (value > 0xffff_ffff ? 0 : Math.trunc(value))

/** What was computed before: who limits many devices mostly limits them to the same. */
const computed = new Map<string, Uint32Array>()

/** The ticks that packets of one cell, two cells and so on take. */
function timesOf(rate: BytesPerSecond, mpu: number, linklayer: number, cellLog: number): Uint32Array {
  const of = `${rate} ${mpu} ${linklayer} ${cellLog}`
  const before = computed.get(of)
  if (before !== undefined) return before
  const times = new Uint32Array(ENTRIES)
  for (let index = 0; index < ENTRIES; index++) {
    times[index] = sendingTicks(rate, onLink(((index + 1) << cellLog) >>> 0, mpu, linklayer), orNone)
  }
  if (computed.size >= REMEMBERED) computed.clear()
  computed.set(of, times)
  return times
}

/**
 * The struct of a rate, and its table: entry `i` has the ticks that a packet takes of as many bytes as `i + 1` cells, at the rate of the struct unless
 * another is `paced`.
 *
 * @internal
 */
export function rateTable(
  rate: BytesPerSecond,
  shape: { mpu: number; overhead: number; linklayer: number },
  mtu: number,
  cell: number | undefined,
  paced = clipped(rate),
): { spec: Ratespec; table: Uint32Array } {
  let cellLog = cell === undefined ? 0 : Math.log2(cell)
  if (cell === undefined) while ((mtu || 2047) >>> cellLog >= ENTRIES) cellLog++
  const table = timesOf(paced, shape.mpu, shape.linklayer, cellLog)
  const spec = { cellLog, cellAlign: -1, rate: clipped(rate), ...shape }
  return { spec, table }
}

/** What is said beside a rate, as numbers. `path` makes a name the path of the option. @internal */
export const shapeOf = (
  { mpu = 0, overhead = 0, linklayer = 'ethernet' }: RateShape,
  path: (key: string) => string,
): { mpu: number; overhead: number; linklayer: number } => ({
  mpu: bytes(path('mpu'), mpu, 0, 0xffff),
  overhead: bytes(path('overhead'), overhead, 0, 0xffff),
  linklayer: linklayers.number(linklayer, path('linklayer')),
})

/** What is reported beside a rate. */
export interface RateShapeInfo {
  /** The least that a packet counts, in bytes. */
  mpu: number
  /** What is added to every packet, in bytes. */
  overhead: number
  /** How the link carries packets. */
  linklayer: Linklayer
}

/** @internal */
export const readShape = ({ mpu, overhead, linklayer }: Ratespec): RateShapeInfo => ({
  mpu,
  overhead,
  linklayer: linklayers.name(linklayer & TC_LINKLAYER_MASK),
})

/**
 * The ticks that a kernel reports of a size it was told: it multiplies by a number of 32 bits, and cuts off.
 *
 * @internal
 */
export function kernelTicks(rate: BytesPerSecond, { overhead, linklayer }: RateShapeInfo): (size: number) => number {
  let [factor, shift, speed] = [1_000_000_000n, 0n, BigInt(rate)]
  while (factor / speed < 0x8000_0000n && factor < 0x8000_0000_0000_0000n) {
    factor *= 2n
    shift++
  }
  const multiplier = factor / speed
  return (size) => {
    const carried = onLink(size + overhead, 0, linklayers.number(linklayer, 'linklayer'))
    return Number(((BigInt(carried) * multiplier) >> shift) / NANOSECONDS_PER_TICK)
  }
}

/** A table's attribute. What it holds is computed, and the kernel never says it. @internal */
export const table = (type: number): Attribute<Uint32Array> & { writeOnly: true } => ({
  types: [type],
  write(writer, value) {
    const start = writer.open(type)
    for (const each of value) writer.view.setUint32(writer.take(4), each, true)
    writer.close(start)
  },
  read: (reader, at, length) => new Uint32Array(reader.bytes.slice(at, at + length).buffer),
  writeOnly: true,
})

/** The size of a cell, a power of two. @internal */
export function cellSize(path: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  const size = integer(path, value, 1, 0x8000_0000)
  if (Number.isInteger(Math.log2(size))) return size
  throw outOfRange(path, 'a power of two', value)
}
