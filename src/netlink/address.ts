/**
 * Addresses between their text and their bytes: IPv4, IPv6 and link-layer.
 *
 * Every route sent and every route listed passes through here, so the parsers walk the text once and allocate nothing,
 * and the formatters build on tables. What counts as an address is what glibc's inet_pton accepts, and what is written
 * is what its inet_ntop writes.
 */
import { invalidType, invalidValue, outOfRange } from './check.js'

const AF_INET = 2
const AF_INET6 = 10

/** MAX_ADDR_LEN: no link-layer address of the kernel is longer (InfiniBand's has 20 octets). */
const MAX_OCTETS = 32

const DOT = 0x2e
const COLON = 0x3a
const HYPHEN = 0x2d
const ZERO = 0x30

/** The byte at an index the caller knows to exist. */
function octet(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

/** The group of an IPv6 address at a byte offset. */
function group(bytes: Uint8Array, at: number): number {
  return (octet(bytes, at) << 8) | octet(bytes, at + 1)
}

/** The character at an index, or 0 past the end: the NaN that charCodeAt answers there would double the parse time. */
function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0
}

/** The value of every ASCII character as a hexadecimal digit, or -1. A table, as a branch per character costs double. */
const HEX_VALUES = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
)

function hexDigit(code: number): number {
  return code < 128 ? (HEX_VALUES[code] as number) : -1
}

/** Parses the dotted form that reaches from `start` to the end of the text. */
function parseIpv4(text: string, start: number, out: Uint8Array, at: number): boolean {
  let octets = 0
  let value = -1 // no digit seen yet
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const digit = code - ZERO
    if (digit >= 0 && digit <= 9) {
      if (value === 0) return false // a leading zero: octal to some programs, decimal to others
      value = value < 0 ? digit : value * 10 + digit
      if (value > 255) return false
    } else {
      if (code !== DOT || value < 0 || octets === 3) return false
      out[at + octets++] = value
      value = -1
    }
  }
  if (value < 0 || octets !== 3) return false
  out[at + 3] = value
  return true
}

function parseIpv6(text: string, out: Uint8Array, at: number): boolean {
  let length = 0 // bytes written
  let gap = -1 // how many of them stand before the '::'
  let i = 0
  if (codeAt(text, 0) === COLON && codeAt(text, 1) === COLON) {
    gap = 0
    i = 2
  }
  while (i < text.length) {
    const start = i
    let value = 0
    let digit = hexDigit(codeAt(text, i))
    for (; digit >= 0; digit = hexDigit(codeAt(text, ++i))) value = (value << 4) | digit
    if (codeAt(text, i) === DOT) {
      if (length > 12 || !parseIpv4(text, start, out, at + length)) return false
      length += 4
      break
    }
    if (i === start || i > start + 4 || length === 16) return false
    out[at + length] = value >> 8
    out[at + length + 1] = value
    length += 2
    if (i === text.length) break
    if (codeAt(text, i) !== COLON || ++i === text.length) return false
    if (codeAt(text, i) === COLON) {
      if (gap >= 0) return false
      gap = length
      i++
    }
  }
  if (gap < 0) return length === 16
  const missing = 16 - length
  if (missing === 0) return false // '::' stands for one group at least
  for (let to = 15; to >= gap; to--) out[at + to] = to >= gap + missing ? octet(out, at + to - missing) : 0
  return true
}

/**
 * Writes the bytes of an IPv4 or IPv6 address into `out`, which must have room for 16 bytes from `at` on.
 *
 * Accepted are four decimal octets without leading zeros, and the text forms of RFC 4291: up to four hexadecimal
 * digits a group, one '::', an IPv4 address as the last 32 bits. No zone, no brackets, no white space.
 *
 * @returns how many bytes the address has, or 0 if the text is no address: what stands in `out` is then undefined
 */
export function parseIp(text: string, out: Uint8Array, at: number): 4 | 16 | 0 {
  if (parseIpv4(text, 0, out, at)) return 4
  return parseIpv6(text, out, at) ? 16 : 0
}

/** The octets in decimal, plain and behind a dot: joining four ready pieces is the fastest way to write IPv4. */
const DECIMAL = Array.from({ length: 256 }, (_, value) => `${value}`)
const DOT_DECIMAL = DECIMAL.map((decimal) => `.${decimal}`)

function pick(table: readonly string[], bytes: Uint8Array, at: number): string {
  return table[octet(bytes, at)] as string
}

function formatIpv4(bytes: Uint8Array, at: number): string {
  const head = pick(DECIMAL, bytes, at) + pick(DOT_DECIMAL, bytes, at + 1)
  return head + pick(DOT_DECIMAL, bytes, at + 2) + pick(DOT_DECIMAL, bytes, at + 3)
}

/** Longer texts are spelt here before they become a string, which is faster than joining many pieces. */
const spelling = Buffer.alloc(3 * MAX_OCTETS)

const HEX_DIGITS = Buffer.from('0123456789abcdef')

function formatIpv6(bytes: Uint8Array, at: number): string {
  // The longest run of zero groups becomes '::', the first of several such runs; one group alone does not.
  let from = 16
  let to = 16
  let longest = 2
  let run = 0
  for (let i = 0; i < 16; i += 2) {
    run = group(bytes, at + i) === 0 ? run + 2 : 0
    if (run > longest) {
      longest = run
      to = i + 2
      from = to - run
    }
  }
  if (from === 0 && to === 12) return `::${formatIpv4(bytes, at + 12)}`
  if (from === 0 && to === 10 && group(bytes, at + 10) === 0xffff) return `::ffff:${formatIpv4(bytes, at + 12)}`

  let length = 0
  for (let i = 0; i < 16; i += 2) {
    if (i === from) {
      spelling[length++] = COLON
      i = to
    }
    if (i > 0) spelling[length++] = COLON
    if (i === 16) break
    const value = group(bytes, at + i)
    if (value > 0xfff) spelling[length++] = octet(HEX_DIGITS, value >> 12)
    if (value > 0xff) spelling[length++] = octet(HEX_DIGITS, (value >> 8) & 15)
    if (value > 0xf) spelling[length++] = octet(HEX_DIGITS, (value >> 4) & 15)
    spelling[length++] = octet(HEX_DIGITS, value & 15)
  }
  return spelling.toString('latin1', 0, length)
}

/**
 * The text of the IPv4 (`length` 4) or IPv6 (`length` 16) address at `bytes[at]`, as glibc's inet_ntop writes it:
 * RFC 5952, and dotted where only the last 32 bits are in use (`::1.2.3.4`) or the address is IPv4-mapped
 * (`::ffff:1.2.3.4`).
 */
export function formatIp(bytes: Uint8Array, at: number, length: number): string {
  return length === 4 ? formatIpv4(bytes, at) : formatIpv6(bytes, at)
}

const AN_ADDRESS = 'an IPv4 or IPv6 address'
const A_PREFIX = `${AN_ADDRESS}, alone or with a prefix length such as '/24'`
const A_MAC = `1 to ${MAX_OCTETS} octets of two hexadecimal digits, all separated by ':' or all by '-'`

function unreadable(path: string, expected: string, value: unknown): TypeError {
  return typeof value === 'string'
    ? invalidValue(path, value, `must be ${expected}`)
    : invalidType(path, expected, value)
}

const scratch = new Uint8Array(16)

function decodeIp(text: string): Uint8Array | undefined {
  const length = parseIp(text, scratch, 0)
  if (length === 0) return undefined
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = scratch[at] as number
  return bytes
}

/**
 * The 4 or 16 bytes of an address; what {@link parseIp} accepts.
 *
 * @param path the option the text came from, for the error
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`
 */
export function ipBytes(path: string, text: string): Uint8Array {
  const bytes = typeof text === 'string' ? decodeIp(text) : undefined
  if (bytes === undefined) throw unreadable(path, AN_ADDRESS, text)
  return bytes
}

/**
 * Writes the bytes of an address to `out[at]`, where there must be room for 16, and returns how many they are. Otherwise as {@link ipBytes}.
 */
export function ipInto(path: string, text: string, out: Uint8Array, at: number): 4 | 16 {
  const length = typeof text === 'string' ? parseIp(text, out, at) : 0
  if (length === 0) throw unreadable(path, AN_ADDRESS, text)
  return length
}

/** An address and how many of its leading bits name the network. */
export interface Prefix {
  /** AF_INET or AF_INET6. */
  family: 2 | 10
  /** The whole address, 4 or 16 bytes; bits beyond the prefix are as the caller wrote them. */
  bytes: Uint8Array
  /** 0 to 32 or 0 to 128. */
  length: number
  /** Whether the text gave a length; without one it is that of a single host. */
  explicit: boolean
}

/**
 * The bytes and the length of a prefix: `10.0.0.0/24`, `2001:db8::/32`, `10.0.0.1` (as `/32`, IPv6 as `/128`), and for
 * IPv4 also with a netmask, `10.0.0.0/255.255.255.0`.
 *
 * @param path the option the text came from, for the error
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`
 * @throws RangeError `ERR_OUT_OF_RANGE` if the prefix is longer than the address
 */
export function parsePrefix(path: string, text: string): Prefix {
  if (typeof text !== 'string') throw unreadable(path, A_PREFIX, text)
  const slash = text.indexOf('/')
  const explicit = slash >= 0
  const bytes = decodeIp(explicit ? text.slice(0, slash) : text)
  if (bytes === undefined) throw unreadable(path, A_PREFIX, text)
  const isIpv4 = bytes.length === 4
  const bits = isIpv4 ? 32 : 128
  let length = bits
  if (explicit) {
    length = decodeLength(text, slash + 1)
    if (length < 0 && isIpv4) length = decodeNetmask(text, slash + 1)
    if (length < 0) throw unreadable(path, A_PREFIX, text)
    if (length > bits) throw outOfRange(path, `an IPv${isIpv4 ? 4 : 6} prefix of length 0 to ${bits}`, text)
  }
  return { family: isIpv4 ? AF_INET : AF_INET6, bytes, length, explicit }
}

/** The decimal number that reaches from `start` to the end of the text, or -1 for anything else. */
function decodeLength(text: string, start: number): number {
  let length = -1
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9 || length === 0) return -1
    length = length < 0 ? digit : length * 10 + digit
  }
  return length
}

/** The prefix length of the netmask that reaches from `start` to the end of the text, or -1 for anything else. */
function decodeNetmask(text: string, start: number): number {
  if (!parseIpv4(text, start, scratch, 0)) return -1
  const hostBits = ~((group(scratch, 0) << 16) | group(scratch, 2))
  return (hostBits & (hostBits + 1)) === 0 ? Math.clz32(hostBits) : -1
}

/** A copy of an address with every bit beyond the prefix set: for IPv4, the broadcast address of its network. */
export function broadcastOf(bytes: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from(bytes, (value, i) => value | (0xff >> Math.min(8, Math.max(0, length - 8 * i))))
}

/**
 * The bytes of a link-layer address: 1 to 32 octets of two hexadecimal digits, separated by ':' or by '-'. How many
 * octets a device wants is its own affair: 6 for Ethernet, 20 for InfiniBand.
 *
 * @param path the option the text came from, for the error
 * @throws TypeError `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`
 */
export function parseMac(path: string, text: string): Uint8Array {
  const bytes = typeof text === 'string' ? decodeMac(text) : undefined
  if (bytes === undefined) throw unreadable(path, A_MAC, text)
  return bytes
}

function decodeMac(text: string): Uint8Array | undefined {
  const length = (text.length + 1) / 3
  if (!Number.isInteger(length) || length > MAX_OCTETS) return undefined
  const separator = codeAt(text, 2)
  if (length > 1 && separator !== COLON && separator !== HYPHEN) return undefined
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    if (i > 0 && codeAt(text, 3 * i - 1) !== separator) return undefined
    const value = (hexDigit(codeAt(text, 3 * i)) << 4) | hexDigit(codeAt(text, 3 * i + 1))
    if (value < 0) return undefined
    bytes[i] = value
  }
  return bytes
}

/** The text of a link-layer address of up to 32 octets: lower case, separated by ':'. */
export function formatMac(bytes: Uint8Array, at: number, length: number): string {
  let end = 0
  for (let i = at; i < at + length; i++) {
    if (i > at) spelling[end++] = COLON
    const value = octet(bytes, i)
    spelling[end++] = octet(HEX_DIGITS, value >> 4)
    spelling[end++] = octet(HEX_DIGITS, value & 15)
  }
  return spelling.toString('latin1', 0, end)
}
