/** `fq`, with `tc` as the judge. */

import { needs } from '../support/features.js'
import { encoded, furnish } from '../support/messages.js'
import { carried, HOSTS, hosts, talk } from '../support/packets.js'
import { plan, tryQdisc } from '../support/tc.js'
import { describe, expect, output, test } from '../support/test.js'

const root = { dev: 'v0', parent: 'root', kind: 'fq' } as const

tryQdisc(
  'fq',
  {
    made: [
      { given: {}, tc: '' },
      {
        given: {
          buckets: 512,
          limit: 500,
          flowLimit: 50,
          quantum: 3000,
          initialQuantum: 15_000,
          pacing: false,
          maxrate: '1gbit',
          lowRateThreshold: '1mbit',
          refillDelay: '20ms',
          orphanMask: 255,
          ceThreshold: '4ms',
          timerSlack: '20us',
          horizon: '5s',
          horizonDrop: false,
        },
        // In another order than they are sent in.
        tc: 'limit 500 flow_limit 50 quantum 3000 initial_quantum 15000 nopacing maxrate 1gbit buckets 512 low_rate_threshold 1mbit refill_delay 20ms orphan_mask 255 ce_threshold 4ms timer_slack 20us horizon 5s horizon_cap',
        read: {
          buckets: 512,
          limit: 500,
          flowLimit: 50,
          quantum: 3000,
          initialQuantum: 15_000,
          pacing: false,
          maxrate: 1e9,
          lowRateThreshold: 1e6,
          refillDelay: 20_000,
          orphanMask: 255,
          ceThreshold: 4000,
          timerSlack: 20,
          horizon: 5_000_000,
          horizonDrop: false,
        },
      },
      { given: { maxrate: '8bit', pacing: true }, tc: 'maxrate 8bit pacing', read: { maxrate: 8, pacing: true } },
      {
        given: { maxrate: '34.3gbit', buckets: 262_144 },
        tc: 'maxrate 34.3gbit buckets 262144',
        // A little less, as it is for `tc`: such a fraction has no exact double.
        read: { maxrate: 34_299_999_992, buckets: 262_144 },
      },
      {
        given: { lowRateThreshold: 0, buckets: 2, horizonDrop: true },
        tc: 'low_rate_threshold 0 buckets 2 horizon_drop',
      },
      {
        given: { timerSlack: '1ns', ceThreshold: '1us', horizon: '1us' },
        tc: 'timer_slack 1ns ce_threshold 1us horizon 1us',
        read: { timerSlack: 0.001, ceThreshold: 1, horizon: 1 },
      },
      {
        given: { timerSlack: '4.29s', ceThreshold: '4294s', horizon: '4294s', refillDelay: '1s' },
        tc: 'timer_slack 4.29s ce_threshold 4294s horizon 4294s refill_delay 1s',
        read: { timerSlack: 4_290_000, ceThreshold: 4_294_000_000, horizon: 4_294_000_000, refillDelay: 1_000_000 },
      },
    ],
    // This `tc` has no word for them.
    untried: ['priomap', 'weights', 'offloadHorizon'],
    refused: [
      { given: { buckets: 1000 }, option: 'fq.buckets', code: 'ERR_OUT_OF_RANGE' },
      { given: { buckets: 1 }, option: 'fq.buckets', code: 'ERR_OUT_OF_RANGE' },
      { given: { buckets: '1k' }, option: 'fq.buckets', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { maxrate: '40gbit' }, option: 'fq.maxrate', code: 'ERR_OUT_OF_RANGE' },
      { given: { maxrate: 0 }, option: 'fq.maxrate', code: 'ERR_OUT_OF_RANGE' },
      { given: { lowRateThreshold: '4bit' }, option: 'fq.lowRateThreshold', code: 'ERR_OUT_OF_RANGE' },
      { given: { quantum: '3mbps' }, option: 'fq.quantum' },
      { given: { refillDelay: '0.1us' }, option: 'fq.refillDelay', code: 'ERR_OUT_OF_RANGE' },
      { given: { timerSlack: '5s' }, option: 'fq.timerSlack', code: 'ERR_OUT_OF_RANGE' },
      { given: { horizon: 'far' }, option: 'fq.horizon' },
      { given: { horizonDrop: 1 }, option: 'fq.horizonDrop', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { priomap: [3] }, option: 'fq.priomap.0', code: 'ERR_OUT_OF_RANGE' },
      { given: { priomap: new Array(17).fill(0) }, option: 'fq.priomap' },
      { given: { weights: [1, 2, 3] }, option: 'fq.weights.0', code: 'ERR_OUT_OF_RANGE' },
      { given: { weights: [20_000] }, option: 'fq.weights', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { maxRate: '1gbit' }, option: 'maxRate' },
    ],
    messages: [
      ['qdisc change dev v0 root fq limit 5 pacing', () => plan.qdisc.change({ ...root, limit: 5, pacing: true })],
    ],
  },
  () => {
    // No kernel that is tested here has it: Linux 6.13, and a device that can do it.
    test('offload_horizon is sent by its number, in microseconds', () => {
      const { bytes } = encoded(plan.qdisc.add({ ...root, offloadHorizon: '2ms' }))
      expect(bytes.slice(-16)).toBe('08001200d0070000')
    })

    describe('beyond what tc can say', needs('qdisc:fq'), () => {
      test('the bands of priorities, and their weights', async ({ ns }) => {
        await output(ns, 'sh', '-c', furnish)
        await ns.qdisc.add(root)
        const { fq } = await ns.qdisc.get(root)
        expect(fq).toMatchObject({ weights: [589_824, 196_608, 65_536] })
        await ns.qdisc.change({ ...root, priomap: [0, 0, 2], weights: [20_000, 30_000, 2_000_000_000] })
        expect((await ns.qdisc.get(root)).fq).toEqual({
          ...fq,
          priomap: [0, 0, 2, ...(fq?.priomap ?? []).slice(3)],
          weights: [20_000, 30_000, 2_000_000_000],
        })
      })

      test('what it counts', async ({ another }) => {
        const [here, there] = await hosts(another)
        await here.qdisc.add({ dev: 'eth0', parent: 'root', kind: 'fq', maxrate: '1mbit' })
        const before = (await here.qdisc.get({ dev: 'eth0', parent: 'root' })).stats.fq
        expect(before).toMatchObject({ throttled: 0, flowsPlimit: 0, bandDrops: [0, 0, 0], bandPackets: [0, 0, 0] })
        expect(await talk(here, there, HOSTS[1])).toEqual(carried(HOSTS[0]))
        const { packets, fq } = (await here.qdisc.get({ dev: 'eth0', parent: 'root' })).stats
        expect(packets).toBeGreaterThan(4)
        expect(fq?.flows).toBeGreaterThan(0)
        expect(fq?.throttled).toBeGreaterThan(0)
        // It is what `tc` shows of it.
        const text = await output(here, 'tc', '-s', 'qdisc', 'show', 'dev', 'eth0')
        const [, flows, inactive] = /flows (\d+) \(inactive (\d+)/.exec(text) ?? []
        expect([fq?.flows, fq?.inactiveFlows]).toEqual([Number(flows), Number(inactive)])
      })
    })
  },
)
