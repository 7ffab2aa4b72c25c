/** What routes, rules and nexthop objects share: words, and the pieces of option types. */

import { type Prefix, parsePrefix } from './netlink/address.js'
import { type Attribute, u32 } from './netlink/attributes.js'
import { integer, invalidValue, onlyKnown } from './netlink/check.js'
import { enumeration } from './netlink/names.js'

/** @internal */
export const RT_TABLE_UNSPEC = 0
const RT_TABLE_DEFAULT = 253
/** @internal */
export const RT_TABLE_MAIN = 254
/** @internal */
export const RT_TABLE_LOCAL = 255

/** @internal */
export const tables = enumeration({ default: RT_TABLE_DEFAULT, main: RT_TABLE_MAIN, local: RT_TABLE_LOCAL })

/** A routing table: by name, or as a number from 1 to 2^32 - 1. */
export type RouteTable = 'main' | 'local' | 'default' | number

/** The number of a table an option names. @internal */
export function tableNumber(value: RouteTable): number {
  const number = tables.number(value, 'table')
  return number === 0 ? integer('table', number, 1, tables.max) : number
}

const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_ICMPV6 = 58

/** @internal */
export const ipProtocols = enumeration(
  { icmp: IPPROTO_ICMP, tcp: IPPROTO_TCP, udp: IPPROTO_UDP, icmpv6: IPPROTO_ICMPV6 },
  0xff,
)

const RTNH_F_DEAD = 0x01
const RTNH_F_PERVASIVE = 0x02
/** @internal */
export const RTNH_F_ONLINK = 0x04
const RTNH_F_OFFLOAD = 0x08
const RTNH_F_LINKDOWN = 0x10
const RTNH_F_UNRESOLVED = 0x20
const RTNH_F_TRAP = 0x40

/** The flags a next hop may have. Only `onlink` can be asked for. @internal */
export const nexthopFlags = {
  onlink: RTNH_F_ONLINK,
  dead: RTNH_F_DEAD,
  linkdown: RTNH_F_LINKDOWN,
  pervasive: RTNH_F_PERVASIVE,
  offload: RTNH_F_OFFLOAD,
  unresolved: RTNH_F_UNRESOLVED,
  trap: RTNH_F_TRAP,
} as const

/** Routing realms (IPv4; a kernel with CONFIG_IP_ROUTE_CLASSID): numbers from 0 to 65535. */
export interface Realms {
  /** The realm packets come from; 0, and not shown, when it does not matter. */
  from?: number | undefined
  /** The realm packets go to. */
  to: number
}

const realmNames = new Set(['from', 'to'])

/** @internal */
export const realms = (type: number): Attribute<Realms> => ({
  types: [type],
  write(writer, value, key) {
    const path = writer.where(key)
    onlyKnown(path, value, realmNames)
    const from = value.from === undefined ? 0 : integer(`${path}.from`, value.from, 0, 0xffff)
    u32(type).write(writer, from * 0x1_0000 + integer(`${path}.to`, value.to, 0, 0xffff), key)
  },
  read(reader, at) {
    const value = reader.view.getUint32(at, true)
    return value > 0xffff ? { from: value >>> 16, to: value & 0xffff } : { to: value }
  },
})

/** A network an option names. @internal */
export function network(path: string, text: string): Prefix {
  const prefix = parsePrefix(path, text)
  const { bytes, length } = prefix
  for (let at = length >> 3, mask = 0xff >> (length & 7); at < bytes.length; at++, mask = 0xff) {
    if (((bytes[at] as number) & mask) !== 0) {
      throw invalidValue(path, text, `must not have bits set beyond the ${length} of its prefix`)
    }
  }
  return prefix
}
