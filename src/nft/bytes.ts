/** Numbers as bytes in network order, of any length: what is compared, counted up and sorted here. */

/** @internal */
export function fromNumber(value: number | bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (typeof value === 'number') {
    let rest = value
    for (let at = length - 1; at >= 0; at--) {
      bytes[at] = rest
      rest = Math.floor(rest / 256)
    }
    return bytes
  }
  let rest = value
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** @internal */
export function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** As a number: exact up to 2^53. @internal */
export function toNumber(bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}

/** Below, equal or above zero, as a comparison of the numbers is. @internal */
export function compare(a: Uint8Array, b: Uint8Array): number {
  // They are short: sooner done than a call is made.
  for (let at = 0; at < a.length && at < b.length; at++) {
    const difference = (a[at] as number) - (b[at] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** @internal */
export const equal = (a: Uint8Array, b: Uint8Array): boolean => compare(a, b) === 0

/** The next number, or undefined after the last there is. @internal */
export function successor(bytes: Uint8Array): Uint8Array | undefined {
  const next = bytes.slice()
  for (let at = next.length - 1; at >= 0; at--) {
    next[at] = ((next[at] as number) + 1) & 0xff
    if (next[at] !== 0) return next
  }
  return undefined
}

/** The number before, or undefined before zero. @internal */
export function predecessor(bytes: Uint8Array): Uint8Array | undefined {
  const before = bytes.slice()
  for (let at = before.length - 1; at >= 0; at--) {
    const byte = before[at] as number
    before[at] = (byte - 1) & 0xff
    if (byte !== 0) return before
  }
  return undefined
}

/** Leading ones. @internal */
export const prefixMask = (bits: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 0xff)

/** How many leading ones a mask has that has nothing else; -1 for other masks. @internal */
export function maskLength(mask: Uint8Array): number {
  const bits = mask.reduce((sum, byte) => sum + Math.min(8, Math.clz32((~byte & 0xff) << 24)), 0)
  return equal(mask, prefixMask(bits, mask.length)) ? bits : -1
}

/** @internal */
export const and = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte & (b[at] as number))
/** @internal */
export const or = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte | (b[at] as number))
/** @internal */
export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, at) => byte ^ (b[at] as number))
/** @internal */
export const not = (a: Uint8Array): Uint8Array => a.map((byte) => ~byte)
/** @internal */
export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** How many leading bits two numbers share of which the rest is zeros in the first and ones in the second; -1 if it is not so. @internal */
export function commonPrefix(first: Uint8Array, last: Uint8Array): number {
  const length = 8 * first.length
  const differing = toBigInt(xor(first, last))
  const host = differing === 0n ? 0 : differing.toString(2).length
  const rest = (1n << BigInt(host)) - 1n
  return differing === rest && (toBigInt(first) & rest) === 0n ? length - host : -1
}

/** The same bytes from last to first: a number in the other byte order. @internal */
export const reversed = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse()
