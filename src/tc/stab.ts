/** Size tables: what packets count for a qdisc, where that is not what they have in bytes. */

import { type Attribute, attributes, struct } from '../netlink/attributes.js'
import { integer, onlyKnown } from '../netlink/check.js'
import { S16, S32, U8, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { type Linklayer, linklayers, onLink } from './ratespec.js'

const TCA_STAB = 8

const TCA_STAB_BASE = 1
const TCA_STAB_DATA = 2

const layout = new Struct('struct tc_sizespec', {
  cellLog: field('cell_log', U8),
  sizeLog: field('size_log', U8),
  cellAlign: field('cell_align', S16),
  overhead: field('overhead', S32),
  linklayer: field('linklayer', U32),
  mpu: field('mpu', U32),
  mtu: field('mtu', U32),
  tsize: field('tsize', U32),
})

/** What packets count: `stab overhead 4 linklayer atm`. */
export interface Stab {
  /** What is added to every packet, in bytes; negative: taken away. */
  overhead?: number | undefined
  /** How the link carries packets. */
  linklayer?: Linklayer | undefined
  /** The least that a packet counts, in bytes. */
  mpu?: number | undefined
  /** The largest packet there is in the table: 2047 bytes when nothing is said. */
  mtu?: number | undefined
  /** How many sizes the table has: 512 when nothing is said. */
  tsize?: number | undefined
}

const names = new Set(['overhead', 'linklayer', 'mpu', 'mtu', 'tsize'])

/** The table, and how far its sizes are shifted to fit into 16 bits. */
function sizes(tsize: number, cellLog: number, mpu: number, linklayer: number): { data: Uint16Array; sizeLog: number } {
  const all = Array.from({ length: tsize }, (_, index) => onLink((index + 1) * 2 ** cellLog, mpu, linklayer))
  let sizeLog = 0
  while (Math.max(...all) >= 0x1_0000 * 2 ** sizeLog) sizeLog++
  return { data: Uint16Array.from(all, (size) => Math.floor(size / 2 ** sizeLog)), sizeLog }
}

const data: Attribute<Uint16Array> & { writeOnly: true } = {
  types: [TCA_STAB_DATA],
  writeOnly: true,
  write(writer, value) {
    const start = writer.open(TCA_STAB_DATA)
    for (const each of value) writer.view.setUint16(writer.take(2), each, true)
    writer.close(start)
  },
  read: (reader, at, length) => new Uint16Array(reader.bytes.slice(at, at + length).buffer),
}

const table = attributes({ base: struct(TCA_STAB_BASE, layout), data })

/** What a qdisc is told. @internal */
export const stab: Attribute<Stab> = {
  types: [TCA_STAB],
  inner: () => table,
  write(writer, value, key) {
    const path = writer.where(key)
    onlyKnown(path, value, names)
    const { overhead = 0, linklayer = 'unspec', mpu = 0, mtu = 0, tsize = 0 } = value
    const base = {
      overhead: integer(`${path}.overhead`, overhead, -0x8000, 0x7fff),
      linklayer: linklayers.number(linklayer, `${path}.linklayer`),
      mpu: integer(`${path}.mpu`, mpu, 0, 0xffff_ffff),
    }
    const [largest, entries] = [
      integer(`${path}.mtu`, mtu, 0, 0xffff_ffff) || 2047,
      integer(`${path}.tsize`, tsize, 0, 0x7fff) || 512,
    ]
    const start = writer.open(TCA_STAB)
    if (base.linklayer !== linklayers.number('atm', path) && mpu === 0) table.write(writer, { base }, path)
    else {
      let cellLog = 0
      while (Math.floor(largest / 2 ** cellLog) >= entries) cellLog++
      const { data, sizeLog } = sizes(entries, cellLog, mpu, base.linklayer)
      table.write(
        writer,
        { base: { ...base, cellLog, sizeLog, cellAlign: -1, mtu: largest, tsize: entries }, data },
        path,
      )
    }
    writer.close(start)
  },
  read(reader, at, length) {
    const { overhead, linklayer, mpu, mtu, tsize } = table.read(reader, at, length).base ?? layout.zero
    return { overhead, linklayer: linklayers.name(linklayer), mpu, mtu, tsize }
  },
}
