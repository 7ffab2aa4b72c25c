/** Rates, sizes, times and percentages: `tc` says what each is. */

import type { Percent, Rate, Size, Time } from 'nslink'
import { bytes, bytesPerSecond, microseconds, nanoseconds, percentOf, portion } from '../../src/tc/units.js'
import { encoded, sameMessages } from '../support/messages.js'
import { plan } from '../support/tc.js'
import { describe, expect, failure, test, tool } from '../support/test.js'

const rates: Rate[] = [
  ...([
    '8bit',
    '9bit',
    '100bit',
    '1000',
    '1kbit',
    '1Kbit',
    '1kibit',
    '1e3kbit',
    '1.5mbit',
    '.5mbit',
    '1mibit',
  ] as const),
  ...(['1Mbit', '1gbit', '1gibit', '34.35gbit', '34.36gbit', '100gbit', '1tbit', '1tibit', '1bps', '3Bps'] as const),
  ...(['1kbps', '1KBps', '1kibps', '1mbps', '1MiBps', '1gbps', '1gibps', '0.1tbps'] as const),
]
const sizes: Size[] = [
  ...(['0', '1', '1b', '3.7b', '1k', '1kb', '1KB', '1.5k', '1m', '1mb', '1Mb', '1g', '3gb', '1kbit', '7mbit'] as const),
  ...(['31gbit', '4294967295', '1e3'] as const),
]
const times: Time[] = [
  ...(['1', '1us', '1usec', '1usecs', '1.9us', '1ms', '1.5ms', '1msec', '1msecs', '1s', '0.25s', '1sec'] as const),
  ...(['4294secs', '1e3'] as const),
]

describe('text means what tc takes it for', () => {
  sameMessages('units', [
    ...rates.map(
      (rate) =>
        [
          `qdisc add dev v0 root tbf rate ${rate} burst 10k limit 10k`,
          () => plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'tbf', rate, burst: '10k', limit: '10k' }),
        ] as const,
    ),
    ...sizes.map(
      (limit) =>
        [
          `qdisc add dev v0 root bfifo limit ${limit}`,
          () => plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'bfifo', limit }),
        ] as const,
    ),
    ...times.map(
      (target) =>
        [
          `qdisc add dev v0 root fq_codel target ${target}`,
          () => plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'fq_codel', target }),
        ] as const,
    ),
  ])
})

test('numbers have one unit throughout', () => {
  expect(bytesPerSecond('rate', 8_000_000)).toBe(bytesPerSecond('rate', '1mbps'))
  expect(bytesPerSecond('rate', 1e6)).toBe(125_000)
  expect(bytesPerSecond('rate', '1tibps')).toBe(2 ** 40)
  expect(bytes('size', 10_240)).toBe(bytes('size', '10kb'))
  expect(bytes('size', 1500.9)).toBe(1500)
  expect(microseconds('time', 5000)).toBe(microseconds('time', '5ms'))
  expect(microseconds('time', '2500ns')).toBe(2)
  expect(nanoseconds('time', '2500ns')).toBe(2500)
  expect(nanoseconds('time', 2.5)).toBe(2500)
  expect(nanoseconds('time', '1s')).toBe(1e9)
})

test('a percentage is a part of a whole, and read as it was given', () => {
  expect(portion('loss', '100%')).toBe(0xffff_ffff)
  expect(portion('loss', 0)).toBe(0)
  expect(portion('loss', '50%')).toBe(0x8000_0000)
  expect(portion('loss', 10)).toBe(429_496_730)
  const given: Percent[] = [0, 0.1, 0.25, 1, 3, 10, 33.3, 50, 66.6667, 99.99, 100, 1e-6]
  for (const percent of given) expect(percentOf(portion('loss', percent))).toBe(percent)
  for (const percent of given) expect(percentOf(portion('loss', `${percent}%` as Percent))).toBe(percent)
})

describe('nonsense', () => {
  const wrong: [parse: (path: string, value: never) => number, value: unknown, code: string, message: RegExp][] = [
    [bytesPerSecond, '100mb!', 'ERR_INVALID_ARG_VALUE', /"x".*must be a rate: .*'100mbit'.*Received '100mb!'/],
    [bytesPerSecond, '100mb', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, '100 mbit', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, '', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, 'mbit', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, '-1mbit', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, '10%', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, '1mbitt', 'ERR_INVALID_ARG_VALUE', /must be a rate/],
    [bytesPerSecond, 7, 'ERR_OUT_OF_RANGE', /a rate from 8 to/],
    [bytesPerSecond, '7bit', 'ERR_OUT_OF_RANGE', /a rate from 8 to/],
    [bytesPerSecond, 0, 'ERR_OUT_OF_RANGE', /a rate from 8 to/],
    [bytesPerSecond, '9999999tbit', 'ERR_OUT_OF_RANGE', /a rate from 8 to/],
    [bytesPerSecond, Number.NaN, 'ERR_OUT_OF_RANGE', /a rate/],
    [bytesPerSecond, Number.POSITIVE_INFINITY, 'ERR_OUT_OF_RANGE', /a rate/],
    [bytesPerSecond, 100n, 'ERR_INVALID_ARG_TYPE', /a rate/],
    [bytesPerSecond, undefined, 'ERR_INVALID_ARG_TYPE', /a rate/],
    [bytes, '10kbps', 'ERR_INVALID_ARG_VALUE', /must be a size: .*'10kb'/],
    [bytes, '1t', 'ERR_INVALID_ARG_VALUE', /must be a size/],
    [bytes, '4gb', 'ERR_OUT_OF_RANGE', /a size from 0 to 4294967295 bytes/],
    [bytes, 0.5, 'ERR_OUT_OF_RANGE', /a size/],
    [bytes, -1, 'ERR_OUT_OF_RANGE', /a size/],
    [microseconds, '5m', 'ERR_INVALID_ARG_VALUE', /must be a time: .*'50ms'/],
    [microseconds, '5 ms', 'ERR_INVALID_ARG_VALUE', /must be a time/],
    [microseconds, '500ns', 'ERR_OUT_OF_RANGE', /a time from 0, or 1 to/],
    [microseconds, '2h', 'ERR_INVALID_ARG_VALUE', /must be a time/],
    [microseconds, '4295s', 'ERR_OUT_OF_RANGE', /a time/],
    [portion, '101%', 'ERR_OUT_OF_RANGE', /a percentage/],
    [portion, -1, 'ERR_OUT_OF_RANGE', /a percentage/],
    [portion, '10 %', 'ERR_INVALID_ARG_VALUE', /a percentage/],
    [portion, '1kbit', 'ERR_INVALID_ARG_VALUE', /a percentage/],
  ]

  for (const [parse, value, code, message] of wrong) {
    test(`${parse.name} says what is accepted in place of ${String(value)}`, async () => {
      const error = await failure(() => parse('x', value as never))
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    })
  }

  test('is what tc refuses as well', async ({ ns }) => {
    const tc = tool(ns, 'tc')
    for (const rate of ['100mb!', '100mb', 'mbit', '1mbitt', '7bit']) {
      const command = `qdisc add dev lo root tbf rate ${rate} burst 10k limit 10k`
      expect(await failure(() => tc(...command.split(' '))), command).toMatchObject({
        message: expect.stringMatching(/rate/),
      })
    }
    for (const limit of ['10kbps', '1t']) {
      const command = `qdisc add dev lo root bfifo limit ${limit}`
      expect(await failure(() => tc(...command.split(' '))), command).toMatchObject({
        message: expect.stringMatching(/limit/),
      })
    }
    for (const target of ['5m', '2h']) {
      const command = `qdisc add dev lo root fq_codel target ${target}`
      expect(await failure(() => tc(...command.split(' '))), command).toMatchObject({
        message: expect.stringMatching(/target/),
      })
    }
  })
})

test('an error names the option by its path', async () => {
  const add = () =>
    encoded(plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'tbf', rate: '100mb!' as Rate, burst: 1, limit: 1 }))
  expect(await failure(add)).toMatchObject({ message: expect.stringContaining('The "tbf.rate" option must be a rate') })
})
