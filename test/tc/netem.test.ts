/** `netem`, with `tc` as the judge. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Netns } from 'nslink'
import { needs } from '../support/features.js'
import { encoded, furnish } from '../support/messages.js'
import { HOSTS, hosts, ping } from '../support/packets.js'
import { plan, tryQdisc } from '../support/tc.js'
import { describe, expect, output, type Tool, test, tool } from '../support/test.js'

/** The numbers of a distribution that `tc` has in a file, and no formula makes. */
function measured(name: string): number[] {
  const folders = ['/usr/lib', '/usr/share', ...readdirSync('/usr/lib').map((each) => `/usr/lib/${each}`)]
  const file = folders.map((folder) => `${folder}/tc/${name}.dist`).find(existsSync)
  if (file === undefined) throw new Error(`iproute2 has no ${name}.dist`)
  const text = readFileSync(file, 'latin1').replace(/^#.*$/gm, '')
  return text.trim().split(/\s+/).map(Number)
}

/** A device to try it on, and `tc` beside it. */
async function cable(ns: Netns): Promise<Tool> {
  await output(ns, 'sh', '-c', furnish)
  return tool(ns, 'tc')
}

const root = { dev: 'v0', parent: 'root', kind: 'netem' } as const
const NETEM_LIMIT = 1000

tryQdisc(
  'netem',
  {
    made: [
      { given: {}, tc: '', read: { limit: NETEM_LIMIT } },
      { given: { limit: 20, delay: '100ms' }, tc: 'limit 20 delay 100ms', read: { limit: 20, delay: 100_000 } },
      {
        given: { delay: '10us', jitter: '1us', delayCorrelation: '0.5%' },
        tc: 'delay 10us 1us 0.5%',
        read: { delay: 10, jitter: 1, delayCorrelation: 0.5 },
      },
      { given: { delay: '274s' }, tc: 'delay 274s', read: { delay: 274e6 } },
      {
        given: { delay: '1.005ms', jitter: '2.1s', delayCorrelation: 100 },
        tc: 'delay 1.005ms 2.1s 100%',
        read: { delay: 1004, jitter: 2_100_000, delayCorrelation: 100 },
      },
      {
        given: { delay: '100ms', jitter: '10ms', distribution: 'uniform' },
        tc: 'delay 100ms 10ms',
        read: { delay: 100_000, jitter: 10_000 },
      },
      {
        given: { delay: '100ms', jitter: '10ms', distribution: 'normal' },
        tc: 'delay 100ms 10ms distribution normal',
        read: { delay: 100_000, jitter: 10_000 },
      },
      {
        given: {
          delay: '20ms',
          jitter: '5ms',
          delayCorrelation: '25%',
          distribution: 'pareto',
          slot: { delay: '1ms', jitter: '100us', distribution: 'paretonormal', packets: 5 },
        },
        tc: 'delay 20ms 5ms 25% distribution pareto slot distribution paretonormal 1ms 100us packets 5',
        read: { delay: 20_000, jitter: 5000, delayCorrelation: 25, slot: { delay: 1000, jitter: 100, packets: 5 } },
      },
      {
        given: { delay: '1s', jitter: '1ms', distribution: measured('experimental') },
        tc: 'delay 1s 1ms distribution experimental',
        read: { delay: 1_000_000, jitter: 1000 },
      },
      { given: { loss: '0.1%' }, tc: 'loss random 0.1%', read: { loss: 0.1 } },
      {
        given: { loss: '33.333%', lossCorrelation: '25%', ecn: true },
        tc: 'loss 33.333% 25% ecn',
        read: { loss: 33.333, lossCorrelation: 25, ecn: true },
      },
      {
        given: { lossState: { p13: '0.3%' } },
        tc: 'loss state 0.3%',
        read: { lossState: { p13: 0.3, p31: 99.7, p32: 0, p23: 100, p14: 0 } },
      },
      {
        given: { lossState: { p13: '1%', p31: '10%', p32: '20%', p23: '30%', p14: '0.01%' }, ecn: true },
        tc: 'loss state 1% 10% 20% 30% 0.01% ecn',
        read: { lossState: { p13: 1, p31: 10, p32: 20, p23: 30, p14: 0.01 }, ecn: true },
      },
      {
        given: { lossGemodel: { p: '7%' } },
        tc: 'loss gemodel 7%',
        read: { lossGemodel: { p: 7, r: 93, '1-h': 100, '1-k': 0 } },
      },
      {
        given: { lossGemodel: { p: '1%', r: '10%', '1-h': '70%', '1-k': '0.1%' } },
        tc: 'loss gemodel 1% 10% 70% 0.1%',
        read: { lossGemodel: { p: 1, r: 10, '1-h': 70, '1-k': 0.1 } },
      },
      {
        given: { delay: '10ms', jitter: '1ms', delayCorrelation: 1, duplicate: '100%', duplicateCorrelation: '99.99%' },
        tc: 'delay 10ms 1ms 1% duplicate 100% 99.99%',
        read: { duplicate: 100, duplicateCorrelation: 99.99 },
      },
      { given: { corrupt: 0.001 }, tc: 'corrupt 0.001%' },
      {
        given: { corrupt: '5%', corruptCorrelation: '50%', duplicate: '1%' },
        tc: 'corrupt 5% 50% duplicate 1%',
        read: { corrupt: 5, corruptCorrelation: 50, duplicate: 1 },
      },
      {
        given: { delay: '10ms', reorder: '25%', reorderCorrelation: '50%' },
        tc: 'delay 10ms reorder 25% 50%',
        read: { delay: 10_000, reorder: 25, reorderCorrelation: 50, gap: 1 },
      },
      {
        given: { delay: '10ms', reorder: '100%', gap: 5 },
        tc: 'delay 10ms reorder 100% gap 5',
        read: { delay: 10_000, reorder: 100, gap: 5 },
      },
      {
        given: { rate: '5kbit', packetOverhead: 20, cellSize: 100, cellOverhead: 5 },
        tc: 'rate 5kbit 20 100 5',
        read: { rate: 5000, packetOverhead: 20, cellSize: 100, cellOverhead: 5 },
      },
      { given: { rate: '8bit' }, tc: 'rate 8bit', read: { rate: 8 } },
      {
        given: { rate: '100gbit', packetOverhead: -14, cellSize: 48, cellOverhead: -5 },
        tc: 'rate 100gbit -14 48 -5',
        read: { rate: 100e9, packetOverhead: -14, cellSize: 48, cellOverhead: -5 },
      },
      {
        given: { slot: { min: '800us', max: '1ms', packets: 4, bytes: '10kb' } },
        tc: 'slot 800us 1ms packets 4 bytes 10kb',
        read: { slot: { min: 800, max: 1000, packets: 4, bytes: 10_240 } },
      },
      { given: { slot: { min: '1.009us' } }, tc: 'slot 1.009us', read: { slot: { min: 1.008, max: 1.008 } } },
      {
        given: {
          limit: 10,
          delay: '10ms',
          jitter: '1ms',
          delayCorrelation: '25%',
          lossGemodel: { p: '1%' },
          ecn: true,
          corrupt: '1%',
          corruptCorrelation: '2%',
          duplicate: '1%',
          duplicateCorrelation: '3%',
          reorder: '25%',
          reorderCorrelation: '50%',
          gap: 5,
          rate: '1mbit',
          slot: { min: '1ms' },
        },
        tc: 'limit 10 delay 10ms 1ms 25% loss gemodel 1% ecn corrupt 1% 2% duplicate 1% 3% reorder 25% 50% gap 5 rate 1mbit slot 1ms',
        read: { limit: 10, delay: 10_000, duplicateCorrelation: 3, gap: 5, rate: 1e6, slot: { min: 1000, max: 1000 } },
      },
    ],
    // This `tc` has no word for it.
    untried: ['seed'],
    refused: [
      { given: { delay: '5 minutes' }, option: 'netem.delay' },
      { given: { delay: '10mbit' }, option: 'netem.delay' },
      { given: { delay: -1 }, option: 'netem.delay', code: 'ERR_OUT_OF_RANGE' },
      { given: { delay: '0.1ns' }, option: 'netem.delay', code: 'ERR_OUT_OF_RANGE' },
      { given: { jitter: '1ms' }, option: 'netem.jitter' },
      { given: { delay: '1ms', delayCorrelation: 5 }, option: 'netem.delayCorrelation' },
      { given: { delay: '1ms', distribution: 'normal' }, option: 'netem.distribution' },
      { given: { delay: 5, jitter: 1, distribution: 'poisson' }, option: 'netem.distribution' },
      { given: { delay: 5, jitter: 1, distribution: [] }, option: 'netem.distribution' },
      { given: { delay: 5, jitter: 1, distribution: new Array(16_385).fill(0) }, option: 'netem.distribution' },
      {
        given: { delay: 5, jitter: 1, distribution: [0, 40_000] },
        option: 'netem.distribution.1',
        code: 'ERR_OUT_OF_RANGE',
      },
      { given: { loss: '101%' }, option: 'netem.loss', code: 'ERR_OUT_OF_RANGE' },
      { given: { loss: '0.1ms' }, option: 'netem.loss' },
      { given: { lossCorrelation: '25%' }, option: 'netem.lossCorrelation' },
      { given: { loss: 1, lossState: { p13: 1 } }, option: 'netem.lossState' },
      { given: { lossState: {} }, option: 'netem.lossState.p13', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { lossState: { p13: 1, p41: 1 } }, option: 'p41' },
      { given: { lossState: 5 }, option: 'netem.lossState', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { lossGemodel: { p: 1, '1-h': 170 } }, option: 'netem.lossGemodel.1-h', code: 'ERR_OUT_OF_RANGE' },
      { given: { lossGemodel: null }, option: 'netem.lossGemodel', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { lossGemodel: { p: 1, h: 1 } }, option: 'h' },
      { given: { ecn: true }, option: 'netem.ecn' },
      { given: { loss: 1, ecn: 1 }, option: 'netem.ecn', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { corrupt: 'much' }, option: 'netem.corrupt' },
      { given: { duplicateCorrelation: 1 }, option: 'netem.duplicateCorrelation' },
      { given: { reorder: '25%' }, option: 'netem.reorder' },
      { given: { delay: '1ms', gap: 5 }, option: 'netem.gap' },
      { given: { delay: '1ms', reorder: 5, gap: -1 }, option: 'netem.gap', code: 'ERR_OUT_OF_RANGE' },
      { given: { rate: '100mb!' }, option: 'netem.rate' },
      { given: { rate: '4bit' }, option: 'netem.rate', code: 'ERR_OUT_OF_RANGE' },
      { given: { cellSize: 48 }, option: 'netem.cellSize' },
      { given: { rate: '1mbit', cellSize: -1 }, option: 'netem.cellSize', code: 'ERR_OUT_OF_RANGE' },
      { given: { slot: { min: '2ms', max: '1ms' } }, option: 'netem.slot.max', code: 'ERR_OUT_OF_RANGE' },
      { given: { slot: { max: '1ms' } }, option: 'netem.slot.max' },
      { given: { slot: { min: 1, delay: 1 } }, option: 'netem.slot.delay' },
      { given: { slot: { delay: 1, distribution: 'normal' } }, option: 'netem.slot.distribution' },
      { given: { slot: { delay: 1, jitter: 1, distribution: 'uniform' } }, option: 'netem.slot.distribution' },
      { given: { slot: { min: 1, bytes: '2gb' } }, option: 'netem.slot.bytes', code: 'ERR_OUT_OF_RANGE' },
      { given: { slot: null }, option: 'netem.slot', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { slot: { minimum: 1 } }, option: 'minimum' },
      { given: { seed: '0x10' }, option: 'netem.seed' },
      { given: { seed: '18446744073709551616' }, option: 'netem.seed' },
      { given: { seed: -1 }, option: 'netem.seed', code: 'ERR_OUT_OF_RANGE' },
      { given: { limit: '10k' }, option: 'netem.limit', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { latency: '10ms' }, option: 'latency' },
    ],
    messages: [
      ['qdisc change dev v0 root netem loss 5%', () => plan.qdisc.change({ ...root, loss: '5%' })],
      [
        'qdisc add dev v0 parent 1:10 handle 10: netem delay 3ms',
        () => plan.qdisc.add({ dev: 'v0', parent: '1:10', handle: '10:', kind: 'netem', delay: '3ms' }),
      ],
    ],
  },
  () => {
    test('the correlation of duplicates is sent, with which alone tc forgets it', () => {
      const alone = encoded(plan.qdisc.add({ ...root, duplicate: '1%' })).bytes
      const { bytes } = encoded(plan.qdisc.add({ ...root, duplicate: '1%', duplicateCorrelation: '25%' }))
      // The attribute has 16 bytes, and is the last; the length of all options comes before.
      expect(bytes.length).toBe(alone.length + 2 * 16)
      expect(bytes.slice(-32)).toBe('10000100000000000000000000000040')
    })

    describe('beyond what tc can say', needs('qdisc:netem'), () => {
      test('a delay that is long, a jitter that is fine, and a correlation by itself', async ({ ns }) => {
        const tc = await cable(ns)
        const given = { delay: '1200s', jitter: 1.5, duplicate: 1, duplicateCorrelation: 25 } as const
        await ns.qdisc.add({ ...root, ...given })
        const { netem } = await ns.qdisc.get(root)
        expect(netem).toMatchObject({ ...given, delay: 1_200_000_000 })
        const [{ options }] = (await tc('-j', 'qdisc', 'show', 'dev', 'v0')) as [{ options: object }]
        // This `tc` shows no more of the times than ticks can say.
        expect(options).toMatchObject({ duplicate: { duplicate: 0.01, correlation: 0.25 } })
      })

      test('what chance starts from', async ({ ns }) => {
        await cable(ns)
        await ns.qdisc.add({ ...root, loss: 1, seed: '18446744073709551615' })
        expect((await ns.qdisc.get(root)).netem?.seed).toBe('18446744073709551615')
        await ns.qdisc.change({ ...root, loss: 1, seed: 42_424_242 })
        expect((await ns.qdisc.get(root)).netem?.seed).toBe('42424242')
      })

      test('a change clears what it does not say of some, and leaves the rest', async ({ ns }) => {
        await cable(ns)
        await ns.qdisc.add({
          ...root,
          limit: 5,
          delay: 10,
          loss: 1,
          duplicate: 2,
          corrupt: 3,
          rate: '1mbit',
          ecn: true,
        })
        await ns.qdisc.change({ ...root, ecn: false })
        const { seed, ...netem } = (await ns.qdisc.get(root)).netem ?? {}
        expect(seed).toMatch(/^\d+$/)
        expect(netem).toEqual({ limit: NETEM_LIMIT, corrupt: 3, rate: 1e6 })
      })
    })

    describe('packets', needs('qdisc:netem'), () => {
      test('are lost, as many as it is told, and counted', async ({ another }) => {
        const [here] = await hosts(another)
        expect(await ping(here, HOSTS[1])).toBe(true)
        await here.qdisc.add({ dev: 'eth0', parent: 'root', kind: 'netem', loss: '100%' })
        expect(await ping(here, HOSTS[1])).toBe(false)
        const { stats } = await here.qdisc.get({ dev: 'eth0', parent: 'root' })
        expect(stats.drops).toBeGreaterThan(1)
        await here.qdisc.change({ dev: 'eth0', parent: 'root', kind: 'netem' })
        expect(await ping(here, HOSTS[1])).toBe(true)
      })

      test('are held back for as long as it is told', async ({ another }) => {
        const [here] = await hosts(another)
        await here.qdisc.add({ dev: 'eth0', parent: 'root', kind: 'netem', delay: '300ms', jitter: '50ms' })
        const [, fastest] = /= ([\d.]+)\//.exec(await output(here, 'ping', '-c', '3', '-i', '0.2', HOSTS[1])) ?? []
        expect(Number(fastest)).toBeGreaterThan(249)
      })

      test('come twice', async ({ another }) => {
        const [here] = await hosts(another)
        await here.qdisc.add({ dev: 'eth0', parent: 'root', kind: 'netem', duplicate: '100%' })
        expect(await output(here, 'ping', '-c', '2', '-i', '0.2', HOSTS[1])).toContain('(DUP!)')
      })
    })
  },
)
