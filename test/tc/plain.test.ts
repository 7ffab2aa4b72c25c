/** The kinds that are told nothing, `pfifo_fast`, `mq` and `noqueue`, with `tc` as the judge. */

import { needs } from '../support/features.js'
import { encoded } from '../support/messages.js'
import { plan, tryQdisc } from '../support/tc.js'
import { expect, test } from '../support/test.js'

tryQdisc(
  'pfifo_fast',
  {
    made: [{ given: {}, tc: '', read: { bands: 3, priomap: [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1] } }],
    refused: [{ given: { limit: 10 }, option: 'limit' }],
    messages: [
      [
        'qdisc add dev v0 parent 1:10 pfifo_fast',
        () => plan.qdisc.add({ dev: 'v0', parent: '1:10', kind: 'pfifo_fast' }),
      ],
    ],
  },
  () => {
    test('its bands are passed over when they are given again', () => {
      const given = { dev: 'v0', parent: 'root', kind: 'pfifo_fast' } as const
      const again = { ...given, bands: 3, priomap: [0] }
      expect(encoded(plan.qdisc.add(again))).toEqual(encoded(plan.qdisc.add(given)))
    })
  },
)

tryQdisc(
  'mq',
  {
    made: [{ given: {}, tc: '' }],
    refused: [{ given: { queues: 2 }, option: 'queues' }],
    messages: [
      [
        'qdisc replace dev v0 root handle 2: mq',
        () => plan.qdisc.replace({ dev: 'v0', parent: 'root', handle: '2:', kind: 'mq' }),
      ],
    ],
  },
  () => {
    test('has a class for each queue of the device', needs('qdisc:mq'), async ({ ns, ip }) => {
      await ip('link', 'add', 'v0', 'numtxqueues', '3', 'type', 'veth', 'peer', 'name', 'v1')
      await ns.qdisc.add({ dev: 'v0', parent: 'root', handle: '1:', kind: 'mq' })
      await ns.qdisc.add({ dev: 'v0', parent: '1:2', handle: '20:', kind: 'pfifo', limit: 5 })
      const found = await ns.qdisc.list({ dev: 'v0' })
      expect(found.map(({ parent }) => parent).sort()).toEqual(['1:1', '1:2', '1:3', 'root'])
      expect(found.find(({ parent }) => parent === '1:2')).toMatchObject({ handle: '20:', pfifo: { limit: 5 } })
    })
  },
)

tryQdisc('noqueue', {
  made: [{ given: {}, tc: '' }],
  refused: [{ given: { limit: 10 }, option: 'limit' }],
  messages: [
    ['qdisc replace dev v0 root noqueue', () => plan.qdisc.replace({ dev: 'v0', parent: 'root', kind: 'noqueue' })],
  ],
})
