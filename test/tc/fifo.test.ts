/** `pfifo` and `bfifo`, with `tc` as the judge. */

import type { Estimator, Stab } from 'nslink'
import { encoded, sameMessages } from '../support/messages.js'
import { plan, tryQdisc } from '../support/tc.js'
import { expect, failure, test } from '../support/test.js'

tryQdisc('pfifo', {
  made: [
    { given: {}, tc: '' },
    { given: { limit: 10 }, tc: 'limit 10' },
  ],
  refused: [{ given: { limit: '10k' }, option: 'pfifo.limit', code: 'ERR_INVALID_ARG_TYPE' }],
})

tryQdisc('bfifo', {
  made: [
    { given: {}, tc: '' },
    { given: { limit: '10kb' }, tc: 'limit 10kb', read: { limit: 10_240 } },
    { given: { limit: 3000 }, tc: 'limit 3000b' },
  ],
  refused: [
    { given: { limit: '10kbps' }, option: 'bfifo.limit' },
    { given: { limit: -1 }, option: 'bfifo.limit', code: 'ERR_OUT_OF_RANGE' },
  ],
})

// What every qdisc can be told. The kinds are of no account here.
const estimators: [words: string, estimator: Estimator][] = [
  ['1s 8s', { interval: '1s', timeConstant: '8s' }],
  ['250ms 1s', { interval: '250ms', timeConstant: 1_000_000 }],
  ['500ms 5s', { interval: 500_000, timeConstant: '5s' }],
  ['8s 64s', { interval: '8s', timeConstant: '64s' }],
  ['1s 60s', { interval: '1s', timeConstant: '60s' }],
  ['3s 10s', { interval: '3s', timeConstant: '10s' }],
]
const stabs: [words: string, stab: Stab][] = [
  ['overhead 4 linklayer atm', { overhead: 4, linklayer: 'atm' }],
  ['overhead 4', { overhead: 4 }],
  ['linklayer ethernet', { linklayer: 'ethernet' }],
  [
    'mtu 4096 tsize 256 mpu 64 overhead -4 linklayer ethernet',
    { mtu: 4096, tsize: 256, mpu: 64, overhead: -4, linklayer: 'ethernet' },
  ],
  ['mtu 128 tsize 256 mpu 64 linklayer adsl', { mtu: 128, tsize: 256, mpu: 64, linklayer: 'adsl' }],
  ['mtu 65535 tsize 16 linklayer atm', { mtu: 65_535, tsize: 16, linklayer: 'atm' }],
]

sameMessages('common', [
  ...estimators.map(
    ([words, estimator]) =>
      [
        `qdisc add dev v0 root estimator ${words} pfifo`,
        () => plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'pfifo', estimator }),
      ] as const,
  ),
  ...stabs.map(
    ([words, stab]) =>
      [
        `qdisc add dev v0 root handle ffff: stab ${words} pfifo limit 5`,
        () => plan.qdisc.add({ dev: 'v0', parent: 'root', handle: 'ffff:', kind: 'pfifo', limit: 5, stab }),
      ] as const,
  ),
  [
    'class add dev v0 parent 1: classid 1:1 estimator 1s 8s htb rate 1mbit',
    () =>
      plan.class.add({
        dev: 'v0',
        parent: '1:',
        classid: '1:1',
        kind: 'htb',
        rate: '1mbit',
        estimator: { interval: '1s', timeConstant: '8s' },
      }),
  ],
])

test('wrong estimators and size tables are named', async () => {
  const wrong: [object, string][] = [
    [{ estimator: { interval: '9s', timeConstant: '20s' } }, 'estimator.interval'],
    [{ estimator: { interval: '1s', timeConstant: '1s' } }, 'estimator.timeConstant'],
    [{ estimator: { interval: '1s' } }, 'estimator.timeConstant'],
    [{ stab: { overhead: 32_768 } }, 'stab.overhead'],
    [{ stab: { linklayer: 'token ring' } }, 'stab.linklayer'],
    [{ stab: { tsize: -1 } }, 'stab.tsize'],
  ]
  for (const [given, option] of wrong) {
    const add = () => encoded(plan.qdisc.add({ dev: 'v0', parent: 'root', kind: 'pfifo', ...given }))
    expect(await failure(add), option).toMatchObject({ message: expect.stringContaining(`"${option}"`) })
  }
})
