/** How the keys of a `flower` look: values of which only some bits are looked at, each of which is two attributes. */

import { formatIp, formatMac, ipBytes, parseMac } from '../../netlink/address.js'
import { type Attribute, hex, typeOf } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../../netlink/check.js'
import { parseRange, type Range } from '../../netlink/range.js'
import { BE16, type Scalar, U8 } from '../../netlink/scalar.js'
import type { Reader, Writer } from '../../netlink/writer.js'

/** A value that has to be there; with a mask, only those bits of it are looked at: `[value, mask]`. */
export type Masked = number | readonly [value: number, mask: number]

/** Masked values as they are reported: without the mask where all bits are looked at. */
export type MaskedInfo = number | [value: number, mask: number]

/** The numbers of a value's attribute and of its mask's. @internal */
export type Pair = readonly [value: number, mask: number]

function put<T>(writer: Writer, type: number, codec: Scalar<T>, value: T, key: string): void {
  const start = writer.open(type)
  codec.write(writer, value, key)
  writer.close(start)
}

function putBytes(writer: Writer, type: number, bytes: Uint8Array): void {
  const start = writer.open(type)
  writer.raw(bytes)
  writer.close(start)
}

/** A number and a mask. `full` are the bits it has; `implied`: that all of them are looked at is not said. @internal */
export const masked = (
  [value, mask]: Pair,
  codec: Scalar<number>,
  full: number,
  implied = false,
): Attribute<Masked, MaskedInfo> => ({
  types: [value, mask],
  write(writer, given, key) {
    if (typeof given !== 'number' && !(Array.isArray(given) && given.length === 2)) {
      throw invalidType(writer.where(key), 'a number, or [number, mask]', given)
    }
    const [number, bits] = typeof given === 'number' ? [given] : (given as readonly [number, number])
    integer(writer.where(key), number, 0, full)
    if (bits !== undefined) integer(writer.where(key), bits, 0, full)
    put(writer, value, codec, number, key)
    if (bits !== undefined || !implied) put(writer, mask, codec, bits ?? full, key)
  },
  read(reader, at, _length, before = 0) {
    const number = codec.read(reader, at)
    if (typeOf(reader, at) === value) return number
    return number === full ? before : [before as number, number]
  },
})

/** The bits that are set, when they are the first ones and no others. */
function lengthOf(mask: Uint8Array): number | undefined {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const length = bits.indexOf('0')
  if (length < 0) return bits.length
  return bits.includes('1', length) ? undefined : length
}

/** Its first `length` bits are set. */
const maskOf = (octets: number, length: number): Uint8Array =>
  Uint8Array.from({ length: octets }, (_, index) => 0xff & ~(0xff >> Math.min(8, Math.max(0, length - 8 * index))))

/** An address as text, and after a slash its first bits that are looked at, or a mask of those. */
function addressAndMask(path: string, value: unknown, parse: (path: string, text: string) => Uint8Array): Uint8Array[] {
  if (typeof value !== 'string') throw invalidType(path, "an address, or one with a mask after a '/'", value)
  const [text = '', after, ...more] = value.split('/')
  const address = parse(path, text)
  if (after === undefined) return [address, maskOf(address.length, 8 * address.length)]
  if (more.length > 0) throw invalidValue(path, value, "must not have more than one '/'")
  if (/^\d+$/.test(after)) {
    return [address, maskOf(address.length, integer(path, Number(after), 0, 8 * address.length))]
  }
  const mask = parse(path, after)
  if (mask.length === address.length) return [address, mask]
  throw invalidValue(path, value, 'must have a mask as long as the address')
}

type Format = (bytes: Uint8Array, at: number, length: number) => string

/** The address that an earlier attribute gave, and its mask. */
function withMask(reader: Reader, at: number, length: number, before: string, format: Format): string {
  const bits = lengthOf(reader.bytes.subarray(at, at + length))
  if (bits === 8 * length) return before
  return `${before}/${bits ?? format(reader.bytes, at, length)}`
}

/** An IPv4 or an IPv6 address with a mask. @internal */
export const network = (four: Pair, six?: Pair): Attribute<string> => ({
  types: [...four, ...(six ?? [])],
  write(writer, value, key) {
    const [address, mask] = addressAndMask(writer.where(key), value, ipBytes) as [Uint8Array, Uint8Array]
    const types = address.length === 4 ? four : six
    if (types === undefined) throw invalidValue(writer.where(key), value, 'must be an IPv4 address')
    putBytes(writer, types[0], address)
    putBytes(writer, types[1], mask)
  },
  read(reader, at, length, before = '') {
    const type = typeOf(reader, at)
    if (type === four[0] || type === six?.[0]) return formatIp(reader.bytes, at, length)
    return withMask(reader, at, length, before, formatIp)
  },
})

/** The address of an Ethernet card, with a mask. @internal */
export const etherAddress = ([value, mask]: Pair): Attribute<string> => ({
  types: [value, mask],
  write(writer, given, key) {
    const path = writer.where(key)
    const [address, bits] = addressAndMask(path, given, parseMac) as [Uint8Array, Uint8Array]
    if (address.length !== 6) throw invalidValue(path, given, 'must be an address of 6 bytes')
    putBytes(writer, value, address)
    putBytes(writer, mask, bits)
  },
  read(reader, at, length, before = '') {
    if (typeOf(reader, at) === value) return formatMac(reader.bytes, at, length)
    return withMask(reader, at, length, before, formatMac)
  },
})

/** 16 bytes in hexadecimal, with a mask of as many after a slash. @internal */
export const label = ([value, mask]: Pair): Attribute<string> => ({
  types: [value, mask],
  write(writer, given, key) {
    const [, bytes, bits = 'f'.repeat(32)] = /^([\da-f]{32})(?:\/([\da-f]{32}))?$/i.exec(given) ?? []
    if (bytes === undefined) {
      throw invalidValue(writer.where(key), given, "must be 32 hexadecimal digits, alone or with as many after a '/'")
    }
    putBytes(writer, value, Buffer.from(bytes, 'hex'))
    putBytes(writer, mask, Buffer.from(bits, 'hex'))
  },
  read(reader, at, length, before = '') {
    const text = hex(reader, at, length)
    if (typeOf(reader, at) === value) return text
    return /^f+$/.test(text) ? before : `${before}/${text}`
  },
})

/** What must be so (`true`), and what must not be so (`false`): bits of a number, and a mask of those that are looked at. @internal */
export const switches = <N extends string>(
  [value, mask]: Pair,
  codec: Scalar<number>,
  bits: Readonly<Record<N, number>>,
): Attribute<{ readonly [K in N]?: boolean | undefined }, { [K in N]?: boolean }> => {
  const all = Object.entries<number>(bits) as [N, number][]
  return {
    types: [value, mask],
    write(writer, given, key) {
      const path = writer.where(key)
      onlyKnown(path, given, bits)
      let [on, said] = [0, 0]
      for (const [name, bit] of all) {
        const set = given[name]
        if (set === undefined) continue
        if (typeof set !== 'boolean') throw invalidType(`${path}.${name}`, 'a boolean', set)
        said |= bit
        if (set) on |= bit
      }
      put(writer, value, codec, on, key)
      put(writer, mask, codec, said, key)
    },
    read(reader, at, _length, before) {
      const number = codec.read(reader, at)
      const entries =
        typeOf(reader, at) === value
          ? all.map(([name, bit]) => [name, (number & bit) !== 0])
          : all.flatMap(([name, bit]) => ((number & bit) !== 0 ? [[name, before?.[name] ?? false]] : []))
      return Object.fromEntries(entries) as { [K in N]?: boolean }
    },
  }
}

/** A port, one of which only some bits are looked at, or all from one to another: `80`, `[80, 0xfff0]`, `'80-90'`. */
export type FlowerPort = Range | readonly [value: number, mask: number]

/** What a port is reported as. */
export type FlowerPortInfo = Range | [value: number, mask: number]

/** Protocols that have ports. @internal */
export type PortProtocol = 'tcp' | 'udp' | 'sctp'

/** A port of one of those protocols. A range is the same for all of them. @internal */
export const ports = (
  types: Readonly<Record<PortProtocol, Pair>>,
  [min, max]: readonly [number, number],
): Attribute<{ of: PortProtocol; port: FlowerPort }, FlowerPortInfo> => {
  const each = { tcp: types.tcp, udp: types.udp, sctp: types.sctp }
  const single = (of: PortProtocol) => masked(each[of], BE16, 0xffff, true)
  return {
    types: [...Object.values(each).flat(), min, max],
    write(writer, { of, port }, key) {
      if (typeof port !== 'string') return single(of).write(writer, port, key)
      const [first, last] = parseRange(writer.where(key), port, 0, 0xffff)
      if (first === last)
        throw invalidValue(writer.where(key), port, 'must end with a greater port than it begins with')
      put(writer, min, BE16, first, key)
      put(writer, max, BE16, last, key)
    },
    read(reader, at, length, before) {
      const type = typeOf(reader, at)
      if (type === min) return BE16.read(reader, at)
      if (type === max) return `${before as number}-${BE16.read(reader, at)}`
      const [of = 'tcp'] = Object.entries(each).find(([, pair]) => pair.includes(type)) ?? []
      return single(of as PortProtocol).read(reader, at, length, before as MaskedInfo | undefined)
    },
  }
}

/** A number of 8 bits of an ICMP message, of IPv4's or of IPv6's. @internal */
export const icmp = (four: Pair, six: Pair): Attribute<{ of: 'icmp' | 'icmpv6'; number: Masked }, MaskedInfo> => {
  const [of4, of6] = [masked(four, U8, 0xff), masked(six, U8, 0xff)]
  return {
    types: [...four, ...six],
    write: (writer, { of, number }, key) => (of === 'icmp' ? of4 : of6).write(writer, number, key),
    read: (reader, at, length, before) =>
      (four.includes(typeOf(reader, at)) ? of4 : of6).read(reader, at, length, before),
  }
}
