/** What all messages of nf_tables have in common, and the forms of attributes that only netfilter has. */

import { NFNETLINK_V0, nfgenmsg } from '../netfilter.js'
import type { Attribute, Schema, Table } from '../netlink/attributes.js'
import { invalidType, invalidValue } from '../netlink/check.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import type { Writer } from '../netlink/writer.js'

export { be64, nfgenmsg } from '../netfilter.js'

const NFNL_SUBSYS_NFTABLES = 10

/** The number of a message of nf_tables as it is sent. @internal */
export const message = (number: number): number => (NFNL_SUBSYS_NFTABLES << 8) | number

/** @internal */
export const nftSchema = (messages: Record<string, number>, table: Table): Schema => ({
  protocol: NETLINK_NETFILTER,
  messages: Object.fromEntries(Object.entries(messages).map(([name, number]) => [name, message(number)])),
  header: nfgenmsg,
  table,
})

/** @internal */
export const writeHeader = (writer: Writer, family: number): void =>
  nfgenmsg.write(writer, { family, version: NFNETLINK_V0, resId: 0 })

/** The header of the messages around a transaction: it says whose. @internal */
export const writeBatchHeader = (writer: Writer): void =>
  nfgenmsg.write(writer, { family: 0, version: NFNETLINK_V0, resId: NFNL_SUBSYS_NFTABLES })

/** Bytes as they are. */
export const bytes = (type: number): Attribute<Uint8Array> => ({
  types: [type],
  write(writer, value, key) {
    if (!(value instanceof Uint8Array)) throw invalidType(writer.where(key), 'bytes', value)
    const start = writer.open(type)
    writer.raw(value)
    writer.close(start)
  },
  read: (reader, at, length) => reader.bytes.slice(at, at + length),
})

/** The longest name of a table, a chain, a set or an object, in bytes. @internal */
export const LONGEST_NAME = 255

/** Names that nft can read back without quotes; the kernel takes others as well. @internal */
export function nftName(path: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value)
  if (value === '') throw invalidValue(path, value, 'must not be empty')
  if (value.includes('\0')) throw invalidValue(path, value, 'must not hold a NUL character')
  if (Buffer.byteLength(value) > LONGEST_NAME) throw invalidValue(path, value, `must be at most ${LONGEST_NAME} bytes`)
  return value
}
