/** `police`, with `tc` as the judge, and packets that exceed it. */

import { needs } from '../support/features.js'
import { HOSTS, hosts } from '../support/packets.js'
import { plan, tryAction } from '../support/tc.js'
import { describe, expect, failure, output, test } from '../support/test.js'

const averaged = {
  parent: 'ingress',
  prio: 1,
  estimator: { interval: '1s', timeConstant: '8s' },
  kind: 'u32',
  match: [{ u32: [0, 0] }],
  actions: [{ kind: 'police', avrate: '1mbit', exceed: 'drop' }],
} as const

tryAction('police', {
  made: [
    {
      given: { rate: '1mbit', burst: '10k' },
      tc: 'rate 1mbit burst 10k',
      read: {
        rate: 1_000_000,
        burst: 10_240,
        mtu: 2040,
        exceed: 'reclassify',
        conform: 'pass',
        mpu: 0,
        overhead: 0,
        linklayer: 'ethernet',
      },
    },
    {
      given: { rate: '100mbit', burst: '100k', exceed: 'drop', conform: 'pipe' },
      tc: 'rate 100mbit burst 100k conform-exceed drop/pipe',
      read: { rate: 100e6, burst: 102_400, exceed: 'drop', conform: 'pipe' },
    },
    {
      given: { rate: '10gbit', burst: '10mb', mtu: '64kb', exceed: 'drop', conform: 'pass' },
      tc: 'rate 10gbit burst 10mb mtu 64kb conform-exceed drop/pass',
      read: { rate: 10e9, mtu: 65_536, exceed: 'drop', conform: 'pass' },
    },
    {
      // Rates of more than 32 bits, with tables that go by the whole of them.
      given: { rate: '100gbit', burst: '10mb', peakrate: '110gbit', mtu: '64kb', exceed: 'continue' },
      tc: 'rate 100gbit burst 10mb peakrate 110gbit mtu 64kb conform-exceed continue',
      read: { rate: 100e9, peakrate: 110e9, exceed: 'continue' },
    },
    {
      given: {
        rate: '1mbit',
        burst: '20k',
        burstCell: 8,
        peakrate: '2mbit',
        mtu: '2k',
        mtuCell: 16,
        overhead: 10,
        mpu: 64,
        linklayer: 'atm',
        index: 7,
      },
      tc: 'rate 1mbit burst 20k/8 peakrate 2mbit mtu 2k/16 overhead 10 mpu 64 linklayer atm index 7',
      read: {
        rate: 1e6,
        burst: 20_480,
        peakrate: 2e6,
        mtu: 2048,
        overhead: 10,
        mpu: 64,
        linklayer: 'atm',
        index: 7,
      },
    },
    {
      given: { rate: '8bit', burst: 200, exceed: { goto: 3 } },
      tc: 'rate 8bit burst 200 conform-exceed goto chain 3',
      read: { rate: 8, burst: 200, exceed: { goto: 3 } },
    },
    {
      given: { pktsRate: 1000, pktsBurst: 100, exceed: 'drop' },
      tc: 'pkts_rate 1000 pkts_burst 100 conform-exceed drop',
    },
    {
      given: { mtu: 1500, exceed: 'drop', conform: 'continue' },
      tc: 'mtu 1500 conform-exceed drop/continue',
    },
    // It takes an estimator, which is the filter's own (see below).
    {
      given: { avrate: '1mbit', exceed: 'drop', conform: 'pipe' },
      tc: 'avrate 1mbit conform-exceed drop/pipe',
      sentOnly: true,
    },
  ],
  refused: [
    { given: {}, option: 'u32.actions.0.rate' },
    { given: { rate: '100mb', burst: 1000 }, option: 'u32.actions.0.rate' },
    { given: { rate: 1e6 }, option: 'u32.actions.0.burst', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { rate: 1e6, burst: '10kbps' }, option: 'u32.actions.0.burst' },
    { given: { rate: '8bit', burst: 1000 }, option: 'u32.actions.0.burst', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: '100gbit', burst: 1000 }, option: 'u32.actions.0.burst', code: 'ERR_OUT_OF_RANGE' },
    { given: { mtu: 1500, burst: 1000 }, option: 'u32.actions.0.burst' },
    { given: { mtu: 1500, overhead: 10 }, option: 'u32.actions.0.overhead' },
    { given: { rate: 1e6, burst: 1e4, avrate: 1e6 }, option: 'u32.actions.0.avrate' },
    { given: { rate: 1e6, burst: 1e4, peakrate: 2e6 }, option: 'u32.actions.0.mtu' },
    { given: { rate: 1e6, burst: 1e4, mtuCell: 8 }, option: 'u32.actions.0.mtuCell' },
    { given: { rate: 1e6, burst: 1e4, burstCell: 5 }, option: 'u32.actions.0.burstCell', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: 1e6, burst: 1e4, linklayer: 'dsl' }, option: 'u32.actions.0.linklayer' },
    { given: { rate: 1e6, burst: 1e4, exceed: 'explode' }, option: 'u32.actions.0.exceed' },
    {
      given: { rate: 1e6, burst: 1e4, conform: { goto: -1 } },
      option: 'u32.actions.0.conform.goto',
      code: 'ERR_OUT_OF_RANGE',
    },
    { given: { rate: 1e6, burst: 1e4, pktsRate: 5, pktsBurst: 5 }, option: 'u32.actions.0.pktsRate' },
    { given: { pktsRate: 0, pktsBurst: 5 }, option: 'u32.actions.0.pktsRate', code: 'ERR_OUT_OF_RANGE' },
    { given: { pktsRate: 5 }, option: 'u32.actions.0.pktsBurst', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { pktsBurst: 5, mtu: 1500 }, option: 'u32.actions.0.pktsBurst' },
    { given: { rate: 1e6, burst: 1e4, control: 'drop' }, option: 'control' },
  ],
  messages: [
    [
      'filter add dev v0 egress prio 1 u32 match u32 0 0 action police index 5 action police rate 12.5mbps burst 64kb mtu 9000',
      () =>
        plan.filter.add({
          dev: 'v0',
          parent: 'egress',
          prio: 1,
          kind: 'u32',
          match: [{ u32: [0, 0] }],
          actions: [
            { kind: 'police', index: 5 },
            { kind: 'police', rate: '12.5mbps', burst: '64kb', mtu: 9000 },
          ],
        }),
    ],
    [
      'filter add dev v0 ingress prio 1 estimator 1s 8s u32 match u32 0 0 action police avrate 1mbit conform-exceed drop/pass',
      () => plan.filter.add({ dev: 'v0', ...averaged }),
    ],
  ],
})

describe('packets', needs('qdisc:clsact', 'filter:u32', 'action:police'), () => {
  test('their average rate', async ({ another }) => {
    const [, two] = await hosts(another)
    await two.qdisc.add({ dev: 'eth0', kind: 'clsact' })
    await two.filter.add({ dev: 'eth0', ...averaged })
    const [, filter] = await two.filter.list({ dev: 'eth0', parent: 'ingress', kind: 'u32' })
    expect(filter?.u32?.actions).toMatchObject([{ avrate: 1e6, exceed: 'drop', conform: 'pass', stats: { rate: 0 } }])
    const { estimator: _, ...without } = averaged
    const error = await failure(() => two.filter.add({ dev: 'eth0', ...without, prio: 2 }))
    expect(error).toMatchObject({ code: 'EINVAL' })
  })

  test('those that exceed it are dropped', async ({ another }) => {
    const [one, two] = await hosts(another)
    await two.qdisc.add({ dev: 'eth0', kind: 'clsact' })
    await output(one, 'ping', '-c', '1', HOSTS[1])
    await two.filter.add({
      dev: 'eth0',
      parent: 'ingress',
      prio: 1,
      protocol: 'ip',
      kind: 'u32',
      match: [{ ip: { protocol: 'icmp' } }],
      // Three pings of 1042 bytes each, and no more for a minute.
      actions: [{ kind: 'police', rate: '128bit', burst: 3500, mtu: 2000, exceed: 'drop' }],
    })
    const said = await output(one, 'sh', '-c', `ping -c 8 -i 0.1 -W 1 -s 1000 ${HOSTS[1]} || true`)
    expect(said).toContain('8 packets transmitted, 3 received')
    const [filter] = await two.filter.list({ dev: 'eth0', parent: 'ingress', kind: 'u32' }).then((all) => all.slice(-1))
    expect(filter?.u32?.actions).toMatchObject([{ kind: 'police', stats: { packets: 8, drops: 5, overlimits: 5 } }])
  })
})
