/** `matchall`, with `tc` as the judge. */

import { plan, tryFilter } from '../support/tc.js'

tryFilter('matchall', {
  made: [
    { given: { flowid: '1:1' }, tc: 'flowid 1:1' },
    {
      given: { chain: 3, protocol: '802.1Q', skipHw: true, actions: [{ kind: 'gact', control: { goto: 5 } }] },
      tc: 'skip_hw action goto chain 5',
    },
    // No card is there to see to it.
    { given: { skipSw: true, flowid: '1:1' }, tc: 'skip_sw flowid 1:1', sentOnly: true },
  ],
  refused: [
    { given: { flowid: 'root' }, option: 'matchall.flowid' },
    { given: { chain: 2 ** 28 }, option: 'chain', code: 'ERR_OUT_OF_RANGE' },
    { given: { actions: [{ kind: 'gact', control: 'explode' }] }, option: 'matchall.actions.0.control' },
    { given: { actions: [{ kind: 'gact' }] }, option: 'matchall.actions.0.control', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { actions: [{ kind: 'explode' }] }, option: 'matchall.actions.0.kind' },
    { given: { actions: 'drop' }, option: 'matchall.actions', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { skipHw: 1 }, option: 'matchall.skipHw', code: 'ERR_INVALID_ARG_TYPE' },
  ],
  messages: [
    ['filter del dev v0 ingress', () => plan.filter.del({ dev: 'v0', parent: 'ingress' })],
    ['filter del dev v0 egress prio 1', () => plan.filter.del({ dev: 'v0', parent: 'egress', prio: 1 })],
    [
      'filter del dev v0 egress protocol all prio 1 handle 1 matchall',
      () => plan.filter.del({ dev: 'v0', parent: 'egress', prio: 1, handle: 1, protocol: 'all', kind: 'matchall' }),
    ],
    [
      'filter get dev v0 egress protocol ip prio 1 handle 1 matchall',
      () => plan.filter.get({ dev: 'v0', parent: 'egress', prio: 1, handle: 1, protocol: 'ip', kind: 'matchall' }),
    ],
    [
      'filter replace block 7 prio 65535 protocol 0x1234 matchall action pass',
      () =>
        plan.filter.replace({
          block: 7,
          prio: 65_535,
          protocol: 0x1234,
          kind: 'matchall',
          actions: [{ kind: 'gact', control: 'pass' }],
        }),
    ],
    [
      'filter change dev v0 root prio 1 handle 1 matchall flowid 1:1',
      () => plan.filter.change({ dev: 'v0', parent: 'root', prio: 1, handle: 1, kind: 'matchall', flowid: '1:1' }),
    ],
    [
      'filter show dev v0 ingress protocol ip prio 1 chain 5',
      () => plan.filter.list({ dev: 'v0', parent: 'ingress', protocol: 'ip', prio: 1, chain: 5 }),
    ],
  ],
})
