/** `tbf`, with `tc` as the judge. */

import { plan, tryQdisc } from '../support/tc.js'

tryQdisc('tbf', {
  made: [
    {
      given: { rate: '1mbit', burst: '10k', latency: '50ms' },
      tc: 'rate 1mbit burst 10k latency 50ms',
      read: { rate: 1_000_000, burst: 10_240, limit: 16_490, mpu: 0, overhead: 0, linklayer: 'ethernet' },
    },
    {
      given: { rate: '100mbit', burst: '100mbit', limit: '100mbit' },
      tc: 'rate 100mbit burst 100mbit limit 100mbit',
      read: { rate: 100e6, burst: 13_107_200, limit: 13_107_200 },
    },
    {
      given: { rate: '100gbit', burst: '10mb', limit: '10mb', peakrate: '110gbit', mtu: 1600 },
      tc: 'rate 100gbit burst 10mb limit 10mb peakrate 110gbit mtu 1600',
      read: { rate: 100e9, limit: 10_485_760, peakrate: 110e9 },
    },
    {
      given: { rate: '8bit', burst: 200, limit: '10k' },
      tc: 'rate 8bit burst 200 limit 10k',
      read: { rate: 8, burst: 200, limit: 10_240 },
    },
    {
      given: { rate: '1kbit', burst: '10k', limit: '10k', linklayer: 'atm', mpu: 64, overhead: 10, mtu: 9000 },
      tc: 'rate 1kbit burst 10k limit 10k linklayer atm mpu 64 overhead 10 mtu 9000',
      read: { rate: 1000, linklayer: 'atm', mpu: 64, overhead: 10 },
    },
    {
      given: {
        rate: '12.5mbps',
        burst: '64kb',
        burstCell: 128,
        limit: '1mb',
        peakrate: '1gibit',
        mtu: '1mb',
        mtuCell: 4096,
      },
      tc: 'rate 12.5mbps burst 64kb/128 limit 1mb peakrate 1gibit mtu 1mb/4096',
      read: { rate: 100e6, burst: 65_536, limit: 1_048_576, peakrate: 2 ** 30 },
    },
    {
      given: { rate: '10mbit', burst: '20k', latency: '1s', peakrate: '12mbit', mtu: 1514 },
      tc: 'rate 10mbit burst 20k latency 1s peakrate 12mbit mtu 1514',
      read: { rate: 10e6, burst: 20_480, limit: 1_270_480, peakrate: 12e6 },
    },
  ],
  refused: [
    { given: { rate: '100mb!', burst: 1000, limit: 1000 }, option: 'tbf.rate' },
    { given: { rate: '100mb', burst: 1000, limit: 1000 }, option: 'tbf.rate' },
    { given: { rate: '4bit', burst: 1000, limit: 1000 }, option: 'tbf.rate', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: -1, burst: 1000, limit: 1000 }, option: 'tbf.rate', code: 'ERR_OUT_OF_RANGE' },
    { given: { burst: 1000, limit: 1000 }, option: 'tbf.rate', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { rate: 1e6, limit: 1000 }, option: 'tbf.burst', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { rate: 1e6, burst: '10kbps', limit: 1000 }, option: 'tbf.burst' },
    { given: { rate: 1e6, burst: '5gb', limit: 1000 }, option: 'tbf.burst', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: 1e6, burst: 1000 }, option: 'tbf.limit', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { rate: 1e6, burst: 1000, limit: 1000, latency: 5 }, option: 'tbf.latency' },
    { given: { rate: 1e6, burst: 1000, latency: '5 minutes' }, option: 'tbf.latency' },
    { given: { rate: 1e6, burst: 1000, limit: 1000, peakrate: 2e6 }, option: 'tbf.mtu' },
    { given: { rate: 1e6, burst: 1000, limit: 1000, burstCell: 3 }, option: 'tbf.burstCell', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: 1e6, burst: 1000, limit: 1000, linklayer: 'dsl' }, option: 'tbf.linklayer' },
    {
      given: { rate: 1e6, burst: 1000, limit: 1000, overhead: 65_536 },
      option: 'tbf.overhead',
      code: 'ERR_OUT_OF_RANGE',
    },
  ],
  messages: [
    [
      // More ticks than 32 bits can count, which the kernel does not go by.
      'qdisc add dev v0 root tbf rate 8bit burst 10k limit 10k',
      () => plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'tbf', rate: '8bit', burst: '10k', limit: '10k' }),
    ],
    [
      'qdisc replace dev v0 root tbf rate 200mbit burst 200mbit limit 200mbit',
      () =>
        plan.qdisc.replace({
          dev: 'v0',
          parent: 'root',
          kind: 'tbf',
          rate: '200mbit',
          burst: '200mbit',
          limit: '200mbit',
        }),
    ],
    ['qdisc del dev v0 root', () => plan.qdisc.del({ dev: 'v0', parent: 'root' })],
  ],
})
