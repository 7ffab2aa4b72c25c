/**
 * Rates, sizes, times and percentages, as `tc` writes them.
 *
 * A number has one unit throughout: rates are bits a second, sizes bytes, times microseconds, percentages per cent. Text has its unit with it. As in
 * `tc`, letters may be small or large, `mbit` is a million bits and `mb` 1024 × 1024 bytes, and `mbps` is a million *bytes* a second.
 */

import { invalidType, invalidValue, outOfRange } from '../netlink/check.js'
import { type Scalar, U32, U64 } from '../netlink/scalar.js'

type RatePrefix = 'k' | 'K' | 'm' | 'M' | 'g' | 'G' | 't' | 'T'
type BytesASecond = 'bps' | 'Bps'
type RateUnit = 'bit' | BytesASecond | `${RatePrefix}${'' | 'i'}${'bit' | BytesASecond}`

/**
 * A rate: a number of bits a second, or text such as `'100mbit'`, `'1.5gbit'`, `'12mbps'`.
 *
 * - `bit`, `kbit`, `mbit`, `gbit`, `tbit`: bits a second, by 1000; `kibit`, `mibit`, `gibit`, `tibit` by 1024
 * - `bps`, `kbps`, `mbps`, `gbps`, `tbps`: **bytes** a second, by 1000; `kibps`, `mibps`, `gibps`, `tibps` by 1024
 *
 * The kernel counts whole bytes a second: what is less is cut off, and the least is 8 bits.
 */
export type Rate = number | `${number}` | `${number}${RateUnit}`

type SizePrefix = 'k' | 'K' | 'm' | 'M' | 'g' | 'G'
type SizeUnit = 'b' | SizePrefix | `${SizePrefix}${'b' | 'B' | 'bit'}`

/**
 * A size: a number of bytes, or text such as `'10kb'`. All units go by 1024.
 *
 * - `b`; `k` or `kb`; `m` or `mb`; `g` or `gb`: bytes
 * - `kbit`, `mbit`, `gbit`: bits, an eighth of those
 */
export type Size = number | `${number}` | `${number}${SizeUnit}`

type TimeUnit = 's' | 'sec' | 'secs' | 'ms' | 'msec' | 'msecs' | 'us' | 'usec' | 'usecs' | 'ns' | 'nsec' | 'nsecs'

/** A time: a number of microseconds, or text with `s`, `ms`, `us` or `ns`: `'50ms'`. What the kernel counts in microseconds is cut off to whole ones. */
export type Time = number | `${number}` | `${number}${TimeUnit}`

/** A part of a whole: a number from 0 to 100, or text: `'0.1%'`. */
export type Percent = number | `${number}` | `${number}%`

/** What rates are to the kernel: a number that must not be taken for bits. @internal */
export type BytesPerSecond = number & { readonly unit?: 'bytes per second' }

interface Units {
  /** What is accepted, to stand after "must be". */
  readonly accepted: string
  /** How much a unit is, by its name in small letters. */
  readonly factors: ReadonlyMap<string, number>
}

const prefixes = ['', 'k', 'm', 'g', 't']

const rates: Units = {
  accepted:
    "a rate: a number of bits per second, or text such as '100mbit' with bit, kbit, mbit, gbit, tbit (or kibit … by 1024), " +
    'or bps, kbps, mbps, gbps, tbps (or kibps …) for bytes per second',
  factors: new Map(
    prefixes.flatMap(
      (prefix, power): [string, number][] =>
        [
          [`${prefix}bit`, 1000 ** power],
          [`${prefix}bps`, 8 * 1000 ** power],
          ...(power === 0
            ? []
            : ([
                [`${prefix}ibit`, 1024 ** power],
                [`${prefix}ibps`, 8 * 1024 ** power],
              ] as const)),
        ] as [string, number][],
    ),
  ),
}

const sizes: Units = {
  accepted:
    "a size: a number of bytes, or text such as '10kb' with b, k or kb, m or mb, g or gb, or kbit, mbit, gbit, all by 1024",
  factors: new Map(
    prefixes.slice(0, 4).flatMap((prefix, power): [string, number][] =>
      power === 0
        ? [['b', 1]]
        : [
            [prefix, 1024 ** power],
            [`${prefix}b`, 1024 ** power],
            [`${prefix}bit`, 1024 ** power / 8],
          ],
    ),
  ),
}

const times: Units = {
  accepted: "a time: a number of microseconds, or text such as '50ms' with s, ms, us or ns",
  factors: new Map(
    [
      ['s', 1e6],
      ['ms', 1e3],
      ['us', 1],
      ['ns', 1e-3],
    ].flatMap(([unit, factor]) => {
      const long = unit === 's' ? 'sec' : `${unit}ec`
      return [unit, long, `${long}s`].map((name) => [name, factor] as [string, number])
    }),
  ),
}

const percents: Units = {
  accepted: "a percentage: a number from 0 to 100, or text such as '0.1%'",
  factors: new Map([['%', 1]]),
}

/** A number, as C reads one, and letters after it. */
const quantity = /^(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)([a-z%]*)$/i

/** A quantity in the unit that numbers have. */
function parse(path: string, value: unknown, { accepted, factors }: Units): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value
    throw outOfRange(path, accepted, value)
  }
  if (typeof value !== 'string') throw invalidType(path, accepted, value)
  const [, digits, unit] = quantity.exec(value) ?? []
  const factor = unit === '' ? 1 : factors.get(unit?.toLowerCase() ?? '')
  if (digits === undefined || factor === undefined) throw invalidValue(path, value, `must be ${accepted}`)
  return Number(digits) * factor
}

function whole(
  path: string,
  value: unknown,
  units: Units,
  factor: number,
  min: number,
  max: number,
  range: string,
  cut: (number: number) => number = Math.trunc,
): number {
  const given = parse(path, value, units)
  const number = cut(given * factor)
  // Something must not become nothing by being cut off.
  if (number >= min && number <= max && (number > 0 || given === 0)) return number
  throw outOfRange(path, range, value)
}

/** The most bytes per second whose bits are a number that is exact. */
const FASTEST = Math.trunc(Number.MAX_SAFE_INTEGER / 8)

/** A rate as the kernel has it. @internal */
export const bytesPerSecond = (path: string, value: Rate, max = FASTEST, min = 1): BytesPerSecond =>
  whole(path, value, rates, 1 / 8, min, max, `a rate from ${min === 0 ? '0, or ' : ''}8 to ${max * 8} bits per second`)

/** @internal */
export const bytes = (path: string, value: Size, min = 0, max = 0xffff_ffff): number =>
  whole(path, value, sizes, 1, min, max, `a size from ${min} to ${max} bytes`)

/** @internal */
export const microseconds = (path: string, value: Time, min = 0, max = 0xffff_ffff): number =>
  whole(
    path,
    value,
    times,
    1,
    min,
    max,
    `a time from ${min === 0 ? '0, or ' : ''}${Math.max(1, min)} to ${max} microseconds`,
  )

/** A number is rounded: a fraction of microseconds may be a little less than it says. @internal */
export const nanoseconds = (path: string, value: Time, max = Number.MAX_SAFE_INTEGER): number => {
  const cut = typeof value === 'number' ? Math.round : Math.trunc
  return whole(path, value, times, 1000, 0, max, `a time from 0, or 0.001 to ${max / 1000} microseconds`, cut)
}

/** Microseconds with their fractions. @internal */
export const fineMicroseconds = (path: string, value: Time): number => parse(path, value, times)

/** Rounds halves to even, as C does. @internal */
export function rint(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

/** A percentage as a number from 0 to 1. @internal */
export function fraction(path: string, value: Percent): number {
  const percent = parse(path, value, percents)
  if (percent > 100) throw outOfRange(path, percents.accepted, value)
  return percent / 100
}

/** A percentage as a part of `scale`: of 2^32 - 1, mostly. @internal */
export const portion = (path: string, value: Percent, scale = 0xffff_ffff): number =>
  rint(fraction(path, value) * scale)

/** The shortest percentage that is this part of `scale`. @internal */
export function percentOf(part: number, scale = 0xffff_ffff): number {
  const percent = (100 * part) / scale
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(percent.toPrecision(digits))
    if (rint((short / 100) * scale) === part) return short
  }
  return percent
}

/** Text and numbers on one side, a number of 32 bits on the other. */
const of32 = <T>(parsed: (path: string, value: T) => number): Scalar<T, number> => ({
  size: 4,
  write: (writer, value, key) => U32.write(writer, parsed(writer.where(key), value), key),
  read: U32.read,
})

/** Bytes. @internal */
export const SIZE32 = of32<Size>(bytes)
/** Microseconds. @internal */
export const TIME32 = of32<Time>(microseconds)
/** Nanoseconds, which are microseconds to the user. @internal */
export const NANOSECONDS32: Scalar<Time, number> = {
  ...of32<Time>((path, value) => nanoseconds(path, value, 0xffff_ffff)),
  read: (reader, at) => U32.read(reader, at) / 1000,
}
const rate32 = (min: number): Scalar<Rate, number> => ({
  ...of32<Rate>((path, value) => bytesPerSecond(path, value, 0xffff_ffff, min)),
  read: (reader, at) => U32.read(reader, at) * 8,
})
/** Bytes per second of 32 bits. @internal */
export const RATE32 = rate32(1)
/** The same, and 0. @internal */
export const RATE32_OR_NONE = rate32(0)
/** Bytes per second of 64 bits. @internal */
export const RATE64: Scalar<Rate, number> = {
  size: 8,
  write: (writer, value, key) => U64.write(writer, bytesPerSecond(writer.where(key), value), key),
  read: (reader, at) => U64.read(reader, at) * 8,
}
