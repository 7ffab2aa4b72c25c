/** Types of times: when a packet came. The kernel goes by UTC; times of day are written in the time of where the program runs, as `nft` does. */

import { invalidType, invalidValue } from '../netlink/check.js'
import { equal, fromNumber, toBigInt, toNumber } from './bytes.js'
import { dataType, type Span, single, span, symbolic } from './type.js'

const DAY = 86_400
const TEXT = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/

const two = (number: number): string => `${number}`.padStart(2, '0')

/** `2026-01-01 00:00:00`. */
function formatDate(bytes: Uint8Array): string {
  const date = new Date(Number(toBigInt(bytes) / 1_000_000n))
  const [year, month, day] = [`${date.getFullYear()}`.padStart(4, '0'), two(date.getMonth() + 1), two(date.getDate())]
  return `${year}-${month}-${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function parseDate(path: string, text: string): Uint8Array {
  const parts = TEXT.exec(text)
  if (parts === null) throw invalidValue(path, text, "must be a time such as '2026-01-01 00:00:00'")
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  const date = new Date(year, month - 1, day, hour, minute, second)
  if (date.getMonth() !== month - 1 || date.getDate() !== day || minute > 59 || second > 59 || date.getTime() < 0) {
    throw invalidValue(path, text, 'is no time that there is')
  }
  return fromNumber(BigInt(date.getTime()) * 1_000_000n, 8)
}

/** A value, or a range of two with a '-' between them that is none of their own. */
function ends(path: string, value: string, one: (path: string, text: string) => Uint8Array, between: RegExp): Span {
  const [, first, last] = between.exec(value) ?? []
  return first === undefined || last === undefined
    ? single(one(path, value))
    : span(one(path, first), one(path, last), path, value)
}

const DATES = /^(\d+-\d+-\d+(?:[ T][\d:]+)?)-(\d+-\d+-\d+(?:[ T][\d:]+)?)$/

/** A moment: a `Date`, or a text. @internal */
export const timeType = dataType<string | Date>({
  name: 'time_date',
  id: 43,
  bits: 64,
  order: 'host',
  parse(value, path) {
    if (value instanceof Date && value.getTime() >= 0)
      return single(fromNumber(BigInt(value.getTime()) * 1_000_000n, 8))
    if (typeof value !== 'string') throw invalidType(path, "a time such as '2026-01-01 00:00:00', or a Date", value)
    return ends(path, value, parseDate, DATES)
  },
  format: ({ first, last }) => (equal(first, last) ? formatDate(first) : `${formatDate(first)}-${formatDate(last)}`),
})

/** @internal */
export const dayType = symbolic(
  { name: 'day', id: 45, bits: 8, order: 'host' },
  { Sunday: 0, Monday: 1, Tuesday: 2, Wednesday: 3, Thursday: 4, Friday: 5, Saturday: 6 },
)

/** Seconds that the time of where the program runs is ahead of UTC, today. */
const ahead = (): number => -60 * new Date().getTimezoneOffset()

const inDay = (seconds: number): number => ((seconds % DAY) + DAY) % DAY

function parseHour(path: string, text: string): Uint8Array {
  const [, hour, minute, second = 0] = (/^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text) ?? []).map(Number)
  if (hour === undefined || minute === undefined || hour > 23 || minute > 59 || (second || 0) > 59) {
    throw invalidValue(path, text, "must be a time of the day such as '17:00'")
  }
  return fromNumber(inDay(hour * 3600 + minute * 60 + (second || 0) - ahead()), 4)
}

function formatHour(bytes: Uint8Array): string {
  const seconds = inDay(toNumber(bytes) + ahead())
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return seconds % 60 === 0 ? text : `${text}:${two(seconds % 60)}`
}

/** A time of the day. @internal */
export const hourType = dataType<string>({
  name: 'hour',
  id: 44,
  bits: 32,
  order: 'host',
  parse(value, path) {
    if (typeof value !== 'string') throw invalidType(path, "a time of the day such as '17:00'", value)
    return ends(path, value, parseHour, /^([\d:]+)-([\d:]+)$/)
  },
  format: ({ first, last }) => (equal(first, last) ? formatHour(first) : `${formatHour(first)}-${formatHour(last)}`),
})
