/** What a `u32` looks for, in words: `{ ip: { dport: 3306 } }`, `{ u32: [0x1234, 0xffff, 20] }`. */

import { parseMac } from '../../netlink/address.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../../netlink/check.js'
import { AF_INET } from '../../netlink/protocol.js'
import { ipProtocols, network } from '../../routing.js'
import { BEHIND, type Key, Keys } from './u32-keys.js'

/** A value that has to be there; with a mask, only those bits of it are looked at: `[value, mask]`. */
export type U32Value = number | readonly [value: number, mask: number]

/** A protocol in IP packets: by name or number, or `[number, mask]`. */
export type U32Protocol = 'icmp' | 'tcp' | 'udp' | 'icmpv6' | U32Value

/**
 * Where: bytes from the beginning of the network header, negative for what stands before it (-14: the Ethernet header); `'nexthdr+2'`: from the end of
 * it, which takes a filter of another table that says where that is (`offset`), and `'nexthdr&15+2'` from some bits of that.
 */
export type U32Place = number | `nexthdr+${number}` | `nexthdr&${number}+${number}`

/** Fields of an IPv4 packet. */
export interface U32Ip {
  /** The network it comes from. */
  src?: string | undefined
  /** The network it goes to. */
  dst?: string | undefined
  /** The type of service. */
  tos?: U32Value | undefined
  /** The length of the header in words of 32 bits. */
  ihl?: U32Value | undefined
  /** The protocol inside. */
  protocol?: U32Protocol | undefined
  /** It is no part of a larger packet. */
  nofrag?: true | undefined
  /** It is the first of several parts. */
  firstfrag?: true | undefined
  /** It must not be cut up. */
  df?: true | undefined
  /** More parts follow. */
  mf?: true | undefined
  /** The source port, if the header has no options. */
  sport?: U32Value | undefined
  /** The destination port, if the header has no options. */
  dport?: U32Value | undefined
  /** The type of an ICMP message, likewise. */
  icmpType?: U32Value | undefined
  /** Its code, likewise. */
  icmpCode?: U32Value | undefined
}

/** Fields of an IPv6 packet. */
export interface U32Ip6 {
  /** The network it comes from. */
  src?: string | undefined
  /** The network it goes to. */
  dst?: string | undefined
  /** The traffic class. */
  priority?: U32Value | undefined
  /** The flow label. */
  flowlabel?: U32Value | undefined
  /** The protocol of what follows the header. */
  protocol?: U32Protocol | undefined
  /** The source port, if that follows the header. */
  sport?: U32Value | undefined
  /** The destination port, likewise. */
  dport?: U32Value | undefined
  /** The type of an ICMP message, likewise. */
  icmpType?: U32Value | undefined
  /** Its code, likewise. */
  icmpCode?: U32Value | undefined
}

/** The ports of what stands behind the network header. */
export interface U32Ports {
  /** The source port. */
  src?: U32Value | undefined
  /** The destination port. */
  dst?: U32Value | undefined
}

/** What a packet must have. All of it has to match. */
export type U32Match =
  | {
      /** 32 bits: a value, a mask of the bits that are looked at, and where (at 0 when nothing is said). */
      u32: readonly [value: number, mask: number, at?: U32Place]
    }
  | {
      /** 16 bits. */
      u16: readonly [value: number, mask: number, at?: U32Place]
    }
  | {
      /** 8 bits. */
      u8: readonly [value: number, mask: number, at?: U32Place]
    }
  | {
      /** Fields of IPv4. */
      ip: U32Ip
    }
  | {
      /** Fields of IPv6. */
      ip6: U32Ip6
    }
  | {
      /** Ports of TCP, behind the header (`nexthdr`). That it is TCP is not looked at. */
      tcp: U32Ports
    }
  | {
      /** Ports of UDP, likewise. */
      udp: U32Ports
    }
  | {
      /** An ICMP message, likewise. */
      icmp: {
        /** Its type. */
        type?: U32Value | undefined
        /** Its code. */
        code?: U32Value | undefined
      }
    }
  | {
      /** Fields of Ethernet. */
      ether: {
        /** The address it comes from. */
        src?: string | undefined
        /** The address it goes to. */
        dst?: string | undefined
      }
    }
  | {
      /** The firewall mark, and a mask of the bits that are looked at. There can be only one. */
      mark: readonly [value: number, mask: number]
    }

/** Some bits of a word. @internal */
export interface Bits {
  readonly off: number
  readonly shift: number
  /** The bits it has. */
  readonly full: number
  /** The bits that are looked at, when no mask is given. */
  readonly usual?: number
  readonly protocol?: true
}

const bits = (off: number, shift: number, full: number, more: Partial<Bits> = {}): Bits => ({
  off,
  shift,
  full,
  ...more,
})

/** Ports and ICMP messages stand at the same place. The first that fits is what is read. */
const transport = (off: number): Record<'sport' | 'dport' | 'icmpType' | 'icmpCode', Bits> => ({
  sport: bits(off, 16, 0xffff),
  dport: bits(off, 0, 0xffff),
  icmpType: bits(off, 24, 0xff),
  icmpCode: bits(off, 16, 0xff),
})

/** The fields of a network header. @internal */
export interface Header {
  readonly fields: Readonly<Record<string, Bits>>
  /** Flags, as values of the 16 bits that have them. */
  readonly flags: Readonly<Record<string, readonly [value: number, mask: number]>>
  readonly flagsAt: number
  readonly addresses: Readonly<Record<string, number>>
  readonly octets: 4 | 16
}

const ip: Header = {
  fields: {
    tos: bits(0, 16, 0xff),
    ihl: bits(0, 24, 0xff, { usual: 0x0f }),
    protocol: bits(8, 16, 0xff, { protocol: true }),
    ...transport(20),
  },
  flags: { df: [0x4000, 0x4000], nofrag: [0, 0x3fff], firstfrag: [0x2000, 0x3fff], mf: [0x2000, 0x2000] },
  flagsAt: 4,
  addresses: { src: 12, dst: 16 },
  octets: 4,
}

const ip6: Header = {
  fields: {
    priority: bits(0, 20, 0xff),
    flowlabel: bits(0, 0, 0xf_ffff),
    protocol: bits(4, 8, 0xff, { protocol: true }),
    ...transport(40),
  },
  flags: {},
  flagsAt: 0,
  addresses: { src: 8, dst: 24 },
  octets: 16,
}

const ports = { src: bits(0, 16, 0xffff), dst: bits(0, 0, 0xffff) }
/** What stands behind the network header. @internal */
export const behind: Readonly<Record<string, Readonly<Record<string, Bits>>>> = {
  tcp: ports,
  udp: ports,
  icmp: { type: bits(0, 24, 0xff), code: bits(0, 16, 0xff) },
}

const ether: Readonly<Record<string, number>> = { src: -8, dst: -14 }

/** @internal */
export const headers: Readonly<Record<string, Header>> = { ip, ip6 }

const forms = ['u32', 'u16', 'u8', 'ip', 'ip6', 'tcp', 'udp', 'icmp', 'ether', 'mark']

/** The value and the mask that an option says, both within some bits. */
function masked(path: string, value: unknown, full: number, usual = full): [value: number, mask: number] {
  if (typeof value === 'number') return [integer(path, value, 0, usual), usual]
  if (!Array.isArray(value) || value.length !== 2) throw invalidType(path, 'a number, or [value, mask]', value)
  const [wanted, mask] = [integer(`${path}.0`, value[0], 0, full), integer(`${path}.1`, value[1], 0, full)]
  if ((wanted & ~mask) !== 0) throw invalidValue(path, value, 'must not have bits set that its mask leaves out')
  return [wanted, mask]
}

/** Where a value of so many bytes is, and the shift that puts it there in its word. */
function placed(path: string, at: unknown, size: number): { off: number; offmask: number; shift: number } {
  const [, part = BEHIND, next] = typeof at === 'string' ? (/^nexthdr(?:&(-?\d+))?\+(\d+)$/.exec(at) ?? []) : []
  if (typeof at !== 'number' && next === undefined)
    throw invalidType(path, "a number of bytes, or text such as 'nexthdr+2'", at)
  const place = integer(path, typeof at === 'number' ? at : Number(next), -0x8000_0000, 0x7fff_ffff)
  if (place % size !== 0) throw invalidValue(path, at, `must be a multiple of ${size}`)
  const within = place & 3
  return { off: place - within, offmask: next === undefined ? 0 : Number(part), shift: 8 * (4 - size - within) }
}

/** Adds the bits of a field. */
function addBits(keys: Keys, path: string, value: unknown, to: Bits, offmask: number): void {
  const named = to.protocol && typeof value === 'string' ? ipProtocols.number(value as never, path) : value
  const [wanted, mask] = masked(path, named, to.full, to.usual)
  keys.add(path, { value: (wanted << to.shift) >>> 0, mask: (mask << to.shift) >>> 0, off: to.off, offmask })
}

const word = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)

/** Adds the words of an address, as far as its prefix goes; one of IPv4 also when that is 0. */
function addNetwork(keys: Keys, path: string, value: unknown, at: number, octets: 4 | 16): void {
  const { bytes, length, family } = network(path, value as string)
  if ((family === AF_INET ? 4 : 16) !== octets) {
    throw invalidValue(path, value, `must be an ${octets === 4 ? 'IPv4' : 'IPv6'} address or network`)
  }
  for (let from = 0; from === 0 ? octets === 4 || length > 0 : 8 * from < length; from += 4) {
    const left = Math.min(32, length - 8 * from)
    const mask = left === 0 ? 0 : (0xffff_ffff << (32 - left)) >>> 0
    keys.add(path, { value: word(bytes, from), mask, off: at + from, offmask: 0 })
  }
}

function addHeader(
  keys: Keys,
  path: string,
  given: object,
  { fields, flags, flagsAt, addresses, octets }: Header,
): void {
  onlyKnown(path, given, { ...fields, ...flags, ...addresses })
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const at = `${path}.${name}`
    const address = addresses[name]
    const flag = flags[name]
    if (address !== undefined) addNetwork(keys, at, value, address, octets)
    else if (flag === undefined) addBits(keys, at, value, fields[name] as Bits, 0)
    else if (value !== true) throw invalidType(at, 'true', value)
    else keys.add(at, { value: flag[0], mask: flag[1], off: flagsAt, offmask: 0 })
  }
}

function addEther(keys: Keys, path: string, given: object): void {
  onlyKnown(path, given, ether)
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const bytes = parseMac(`${path}.${name}`, value)
    if (bytes.length !== 6) throw invalidValue(`${path}.${name}`, value, 'must have 6 bytes')
    for (let from = 0; from < 6; from += 2) {
      const half = ((bytes[from] as number) << 8) | (bytes[from + 1] as number)
      const { off, offmask, shift } = placed(path, (ether[name] as number) + from, 2)
      keys.add(`${path}.${name}`, { value: (half << shift) >>> 0, mask: (0xffff << shift) >>> 0, off, offmask })
    }
  }
}

/** The keys of what is looked for, and the mark, for which there is no key. @internal */
export function pack(path: string, matches: unknown): { keys: Key[]; mark: [value: number, mask: number] | undefined } {
  if (!Array.isArray(matches)) throw invalidType(path, 'an array', matches)
  const keys = new Keys()
  let mark: [number, number] | undefined
  for (const [index, match] of matches.entries()) {
    const here = `${path}.${index}`
    onlyKnown(here, match, new Set(forms))
    const [form, ...more] = Object.keys(match)
    if (form === undefined || more.length > 0) throw invalidValue(here, match, `must have one of ${forms.join(', ')}`)
    const given: unknown = match[form]
    const at = `${here}.${form}`
    if (typeof given !== 'object' || given === null) throw invalidType(at, 'an object or an array', given)
    const header = headers[form]
    const after = behind[form]
    if (header !== undefined) addHeader(keys, at, given, header)
    else if (after !== undefined) {
      onlyKnown(at, given, after)
      for (const [name, value] of Object.entries(given)) {
        if (value !== undefined) addBits(keys, `${at}.${name}`, value, after[name] as Bits, BEHIND)
      }
    } else if (form === 'ether') addEther(keys, at, given)
    else if (form === 'mark') {
      if (mark !== undefined) throw invalidValue(at, given, 'can be given only once')
      mark = masked(at, given, 0xffff_ffff)
    } else {
      if (!Array.isArray(given) || given.length < 2 || given.length > 3)
        throw invalidType(at, '[value, mask, at]', given)
      const size = Number(form.slice(1)) / 8
      const { off, offmask, shift } = placed(`${at}.2`, given[2] ?? 0, size)
      const [value, mask] = masked(at, given.slice(0, 2), 2 ** (8 * size) - 1)
      keys.add(at, { value: (value << shift) >>> 0, mask: (mask << shift) >>> 0, off, offmask })
    }
  }
  return { keys: keys.all, mark }
}
