/** `ingress` and `clsact`, with `tc` as the judge. */

import { plan, tryQdisc } from '../support/tc.js'

tryQdisc('ingress', {
  made: [{ given: {}, tc: '' }],
  messages: [
    ['qdisc add dev v0 handle ffff: ingress', () => plan.qdisc.add({ dev: 'v0', kind: 'ingress', handle: 'ffff:' })],
    ['qdisc add dev v0 ingress_block 5 ingress', () => plan.qdisc.add({ dev: 'v0', kind: 'ingress', ingressBlock: 5 })],
    ['qdisc del dev v0 ingress', () => plan.qdisc.del({ dev: 'v0', kind: 'ingress' })],
  ],
})

tryQdisc('clsact', {
  made: [{ given: {}, tc: '' }],
  messages: [
    [
      'qdisc add dev v0 ingress_block 5 egress_block 6 clsact',
      () => plan.qdisc.add({ dev: 'v0', kind: 'clsact', ingressBlock: 5, egressBlock: 6 }),
    ],
    ['qdisc del dev v0 clsact', () => plan.qdisc.del({ dev: 'v0', kind: 'clsact' })],
  ],
})
