/** `sfq`, with `tc` as the judge. */

import { plan, tryQdisc } from '../support/tc.js'

const root = { dev: 'v0', parent: 'root', kind: 'sfq' } as const

tryQdisc('sfq', {
  made: [
    { given: {}, tc: '' },
    { given: { perturb: '10s' }, tc: 'perturb 10', read: { perturb: 10_000_000, headdrop: false } },
    {
      given: { limit: 3000, flows: 512, depth: 12, divisor: 16_384, quantum: '10k', perturb: '1s', headdrop: true },
      tc: 'limit 3000 flows 512 depth 12 divisor 16384 quantum 10k perturb 1 headdrop',
      read: { limit: 3000, flows: 512, depth: 12, divisor: 16_384, quantum: 10_240, perturb: 1e6, headdrop: true },
    },
    {
      given: { redflowlimit: 100_000 },
      tc: 'redflowlimit 100000',
      read: { min: 8333, max: 25_000, probability: 0.02, ewma: 3, ecn: false, harddrop: false },
    },
    {
      given: {
        limit: 3000,
        flows: 512,
        divisor: 16_384,
        redflowlimit: 100_000,
        min: 8000,
        max: 60_000,
        probability: 0.2,
        ecn: true,
        headdrop: true,
      },
      tc: 'limit 3000 flows 512 divisor 16384 redflowlimit 100000 min 8000 max 60000 probability 0.20 ecn headdrop',
      read: { min: 8000, max: 60_000, probability: 0.2, ewma: 6, ecn: true, harddrop: false, headdrop: true },
    },
    {
      given: { redflowlimit: 1_000_000, avpkt: 1500, burst: 200, harddrop: true, probability: 1 },
      tc: 'redflowlimit 1000000 avpkt 1500 burst 200 harddrop probability 1',
      read: { min: 83_333, max: 250_000, harddrop: true },
    },
    {
      given: { redflowlimit: 1000, min: 100, max: 101, probability: 0.5, avpkt: 50 },
      tc: 'redflowlimit 1000 min 100 max 101 probability 0.5 avpkt 50',
      read: { min: 100, max: 101, probability: 0.5, ewma: 1 },
    },
    { given: { divisor: 65_536, limit: 2, depth: 1 }, tc: 'divisor 65536 limit 2 depth 1' },
  ],
  // Another way to say two others, which is reported and given again.
  untried: ['ewma'],
  refused: [
    { given: { perturb: 10 }, option: 'sfq.perturb', code: 'ERR_OUT_OF_RANGE' },
    { given: { perturb: 'often' }, option: 'sfq.perturb' },
    { given: { limit: 1 }, option: 'sfq.limit', code: 'ERR_OUT_OF_RANGE' },
    { given: { divisor: 1000 }, option: 'sfq.divisor', code: 'ERR_OUT_OF_RANGE' },
    { given: { divisor: 131_072 }, option: 'sfq.divisor', code: 'ERR_OUT_OF_RANGE' },
    { given: { flows: -1 }, option: 'sfq.flows', code: 'ERR_OUT_OF_RANGE' },
    { given: { depth: 0.5 }, option: 'sfq.depth', code: 'ERR_OUT_OF_RANGE' },
    { given: { quantum: '10kbps' }, option: 'sfq.quantum' },
    { given: { headdrop: 1 }, option: 'sfq.headdrop', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { min: 5000 }, option: 'sfq.redflowlimit' },
    { given: { ecn: true }, option: 'sfq.redflowlimit' },
    { given: { redflowlimit: 100_000, min: 30_000, max: 20_000 }, option: 'sfq.min', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, max: 200_000 }, option: 'sfq.max', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, probability: 2 }, option: 'sfq.probability', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, probability: 0 }, option: 'sfq.probability', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, probability: '2%' }, option: 'sfq.probability', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { redflowlimit: 100_000, burst: 3 }, option: 'sfq.burst', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 1000 }, option: 'sfq.burst', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, ewma: 32 }, option: 'sfq.ewma', code: 'ERR_OUT_OF_RANGE' },
    { given: { redflowlimit: 100_000, ewma: 3, burst: 20 }, option: 'sfq.burst' },
    { given: { headDrop: true }, option: 'headDrop' },
  ],
  messages: [
    // The same as without it, for it is what follows from the others.
    [
      'qdisc add dev v0 root sfq redflowlimit 100000',
      () => plan.qdisc.add({ ...root, redflowlimit: 100_000, ewma: 3 }),
    ],
  ],
})
