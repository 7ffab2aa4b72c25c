/** The types of data that several keys share. Those that one header or one key alone has stand with it. */

import { formatIp, formatMac, ipBytes, parseMac, parsePrefix } from '../netlink/address.js'
import { deviceName, integer, invalidType, invalidValue } from '../netlink/check.js'
import { and, commonPrefix, equal, fromNumber, not, or, prefixMask, toNumber } from './bytes.js'
import { type DataType, dataType, formatNumber, numeric, single, span, symbolic, typesById } from './type.js'

// The numbers are nft's: it stores them with sets, to know what their elements are.

/** What a rule or an element of a verdict map ends in. It is no value that could be compared. @internal */
export const verdictType = dataType<never>({
  name: 'verdict',
  id: 1,
  bits: 128,
  order: 'host',
  parse(value, path) {
    throw invalidType(path, 'a verdict', value)
  },
  format() {
    throw new TypeError('a verdict is no value')
  },
})

/** Which IP a packet is. @internal */
export const nfProto = symbolic({ name: 'nf_proto', id: 2, bits: 8, order: 'host' }, { ipv4: 2, ipv6: 10 })

/** Numbers with no meaning of their own, in network order. They are as long as the field they are in. @internal */
export const integerType = numeric('integer', 4, 0, 'network')

/** The same in the machine's order, as the kernel keeps numbers that are no part of a packet. @internal */
export const hostInteger: typeof integerType = { ...integerType, order: 'host' }

/** An address; a prefix, `10.0.0.0/8`; or a range, `10.0.0.1-10.0.0.9`. */
function addresses(name: string, id: number, length: 4 | 16): DataType<string> {
  const what = `an IPv${length === 4 ? 4 : 6} address, alone, with a prefix length, or a range of two`
  const one = (path: string, text: string, value: unknown): Uint8Array => {
    const bytes = ipBytes(path, text)
    if (bytes.length !== length) throw invalidValue(path, value, `must be ${what}`)
    return bytes
  }
  return dataType({
    name,
    id,
    bits: 8 * length,
    order: 'network',
    prefixes: true,
    parse(value, path) {
      if (typeof value !== 'string') throw invalidType(path, what, value)
      const dash = value.indexOf('-')
      if (dash >= 0)
        return span(one(path, value.slice(0, dash), value), one(path, value.slice(dash + 1), value), path, value)
      if (!value.includes('/')) return single(one(path, value, value))
      const { bytes, length: bits } = parsePrefix(path, value)
      if (bytes.length !== length) throw invalidValue(path, value, `must be ${what}`)
      if (bits === 8 * length) return single(bytes)
      const mask = prefixMask(bits, length)
      // What stands beyond the prefix does not count, and nft drops it as well.
      return { first: and(bytes, mask), last: or(bytes, not(mask)), prefix: bits }
    },
    format({ first, last }) {
      const text = formatIp(first, 0, length)
      if (equal(first, last)) return text
      const prefix = commonPrefix(first, last)
      return prefix < 0 ? `${text}-${formatIp(last, 0, length)}` : `${text}/${prefix}`
    },
  })
}

/** @internal */
export const ipv4Addr = addresses('ipv4_addr', 7, 4)
/** @internal */
export const ipv6Addr = addresses('ipv6_addr', 8, 16)

/** `00:11:22:33:44:55`. @internal */
export const etherAddr = dataType<string>({
  name: 'ether_addr',
  id: 9,
  bits: 48,
  order: 'network',
  parse(value, path) {
    const one = (text: string): Uint8Array => {
      const bytes = parseMac(path, text)
      if (bytes.length !== 6) throw invalidValue(path, value, 'must have 6 bytes')
      return bytes
    }
    if (typeof value !== 'string' || !value.includes(':')) return single(one(value as string))
    const [first, last] = value.split('-')
    return last === undefined ? single(one(value)) : span(one(first as string), one(last), path, value)
  },
  format({ first, last }) {
    const text = formatMac(first, 0, 6)
    return equal(first, last) ? text : `${text}-${formatMac(last, 0, 6)}`
  },
})

/** @internal */
export const etherType = symbolic(
  { name: 'ether_type', id: 10, bits: 16, order: 'network' },
  { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, '8021q': 0x8100, '8021ad': 0x88a8, vlan: 0x8100 },
)

/** What IP carries, by the names of /etc/protocols that nft prints. @internal */
export const inetProto = symbolic(
  { name: 'inet_proto', id: 12, bits: 8, order: 'network' },
  {
    icmp: 1,
    igmp: 2,
    ipencap: 4,
    tcp: 6,
    udp: 17,
    dccp: 33,
    ipv6: 41,
    gre: 47,
    esp: 50,
    ah: 51,
    'ipv6-icmp': 58,
    icmpv6: 58,
    ospf: 89,
    pim: 103,
    ipcomp: 108,
    comp: 108,
    vrrp: 112,
    l2tp: 115,
    sctp: 132,
    udplite: 136,
  },
)

/** Bits without names: `comp flags`. @internal */
export const bitmaskType = numeric('bitmask', 3, 0, 'network')

/** A port: by number. @internal */
export const inetService = numeric('inet_service', 13, 16, 'network')

/** A packet's mark, or a connection's. @internal */
export const markType = numeric('mark', 19, 32, 'host')

/** A device, by its name or its index; the rule keeps the index. @internal */
export const ifaceIndex = dataType<string | number>({
  name: 'iface_index',
  id: 20,
  bits: 32,
  order: 'host',
  parse(value, path, names) {
    // Zero is no device: what a look-up finds when there is no route.
    if (value === 0) return single(fromNumber(0, 4))
    return single(fromNumber(names.index(value as string | number, path), 4))
  },
  format(found, names) {
    const index = formatNumber(found)
    return typeof index === 'number' && index > 0 ? names.name(index) : index
  },
})

/** The hardware of a device. @internal */
export const ifaceType = symbolic(
  { name: 'iface_type', id: 21, bits: 16, order: 'host' },
  { ether: 1, ppp: 512, ipip: 768, ipip6: 769, loopback: 772, sit: 776, ipgre: 778 },
)

/** A realm of routes. @internal */
export const realm = symbolic({ name: 'realm', id: 22, bits: 32, order: 'host' }, { default: 0 })

/** A device group. @internal */
export const devgroup = symbolic({ name: 'devgroup', id: 35, bits: 32, order: 'host' }, { default: 0 })

const IFNAMSIZ = 16

/** A device's name, or with a '*' at its end the beginning of several. @internal */
export const ifname = dataType<string>({
  name: 'ifname',
  id: 41,
  bits: 8 * IFNAMSIZ,
  order: 'text',
  parse(value, path) {
    if (typeof value !== 'string') throw invalidType(path, "a device's name", value)
    const start = value.endsWith('*') && !value.endsWith('\\*') ? value.slice(0, -1) : undefined
    const name = deviceName(path, start ?? value.replace(/\\\*$/, '*'))
    const first = new Uint8Array(IFNAMSIZ)
    const { written } = new TextEncoder().encodeInto(name, first)
    if (start === undefined) return single(first)
    return { first, last: or(first, not(prefixMask(8 * written, IFNAMSIZ))), prefix: 8 * written }
  },
  format({ first, last, prefix }) {
    const end = first.indexOf(0)
    const text = Buffer.from(first.subarray(0, end < 0 ? IFNAMSIZ : end)).toString()
    if (prefix !== undefined || !equal(first, last)) return `${text}*`
    return text.replace(/\*$/, '\\*')
  },
})

/** A text of at most so many bytes, less one. @internal */
export const textOf = (length: number): DataType<string> => ({
  name: 'string',
  id: 5,
  bits: 8 * length,
  order: 'text',
  parse(value, path) {
    if (typeof value !== 'string') throw invalidType(path, 'a string', value)
    if (value === '' || value.includes('\0')) throw invalidValue(path, value, 'must not be empty, nor hold a NUL')
    if (Buffer.byteLength(value) >= length) throw invalidValue(path, value, `must be at most ${length - 1} bytes`)
    const bytes = new Uint8Array(length)
    new TextEncoder().encodeInto(value, bytes)
    return single(bytes)
  },
  format: ({ first }) => Buffer.from(first).toString().replace(/\0.*$/s, ''),
})

/** There or not. @internal */
export const boolean = dataType<boolean>({
  name: 'boolean',
  id: 39,
  bits: 8,
  order: 'host',
  parse(value, path) {
    if (typeof value !== 'boolean') throw invalidType(path, 'a boolean', value)
    return single(Uint8Array.of(value ? 1 : 0))
  },
  format: ({ first }) => toNumber(first) !== 0,
})

/** How many bits of a number make up a type: a concatenation is stored as the numbers of its types, one after the other. */
const TYPE_BITS = 6

/** The number that nft stores for one type, or for a concatenation of several. @internal */
export const typeNumber = (types: readonly DataType[]): number =>
  types.reduce((number, { id }) => number * 2 ** TYPE_BITS + id, 0)

/** The types that a stored number stands for; undefined if one of them is not known. @internal */
export function typesOf(number: number): DataType[] | undefined {
  const types: DataType[] = []
  for (let rest = number; rest > 0; rest = Math.floor(rest / 2 ** TYPE_BITS)) {
    const type = typesById.get(rest % 2 ** TYPE_BITS)
    if (type === undefined) return undefined
    types.unshift(type)
  }
  return types.length === 0 ? undefined : types
}

/** A port that is given on its own: 0 to 65535. @internal */
export const port = (path: string, value: unknown): number => integer(path, value, 0, 0xffff)
