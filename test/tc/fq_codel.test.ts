/** `fq_codel`, with `tc` as the judge. */

import { tryQdisc } from '../support/tc.js'

tryQdisc('fq_codel', {
  made: [
    { given: {}, tc: '', read: { limit: 10_240, flows: 1024, target: 5000, interval: 100_000, ecn: true } },
    {
      given: {
        limit: 100,
        flows: 16,
        quantum: 300,
        target: '1ms',
        interval: '5ms',
        ecn: false,
        ceThreshold: '1ms',
        memoryLimit: '1mb',
        dropBatch: 10,
      },
      tc: 'limit 100 flows 16 quantum 300 target 1ms interval 5ms noecn ce_threshold 1ms memory_limit 1mb drop_batch 10',
      read: {
        limit: 100,
        flows: 16,
        quantum: 300,
        target: 1000,
        interval: 5000,
        ecn: false,
        ceThreshold: 1000,
        memoryLimit: 1_048_576,
        dropBatch: 10,
      },
    },
    {
      given: { ceThreshold: 1000, ceThresholdSelector: 1, ceThresholdMask: 3 },
      tc: 'ce_threshold 1ms ce_threshold_selector 0x1/0x3',
    },
  ],
  refused: [
    { given: { target: '5 minutes' }, option: 'fq_codel.target' },
    { given: { target: '0.5us' }, option: 'fq_codel.target', code: 'ERR_OUT_OF_RANGE' },
    { given: { memoryLimit: '1mbps' }, option: 'fq_codel.memoryLimit' },
    { given: { flows: 65_537 }, option: 'fq_codel.flows', code: 'ERR_OUT_OF_RANGE' },
    { given: { ecn: 1 }, option: 'fq_codel.ecn', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { flow: 1 }, option: 'flow' },
  ],
})
