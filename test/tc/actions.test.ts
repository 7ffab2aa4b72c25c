/** `gact` and `mirred`, with `tc` as the judge. */

import { plan, tryAction } from '../support/tc.js'

tryAction('gact', {
  made: [
    { given: { control: 'drop' }, tc: 'drop' },
    { given: { control: 'continue' }, tc: 'continue' },
    { given: { control: 'reclassify', index: 7 }, tc: 'reclassify index 7' },
    { given: { control: { goto: 42 } }, tc: 'goto chain 42' },
    { given: { control: 'trap', cookie: 'abcd' }, tc: 'trap cookie abcd' },
    { given: { control: 'pass', noPercpu: true }, tc: 'pass no_percpu' },
    {
      given: { control: 'drop', random: { type: 'determ', control: 'pass', value: 10 } },
      tc: 'drop random determ pass 10',
    },
    {
      given: { control: { goto: 1 }, random: { type: 'netrand', control: 'pipe', value: 10_000 } },
      tc: 'goto chain 1 random netrand pipe 10000',
    },
  ],
  refused: [
    { given: { control: 'explode' }, option: 'u32.actions.0.control' },
    { given: { control: { goto: 2 ** 28 } }, option: 'u32.actions.0.control.goto', code: 'ERR_OUT_OF_RANGE' },
    { given: { control: 'drop', index: -1 }, option: 'u32.actions.0.index', code: 'ERR_OUT_OF_RANGE' },
    { given: { control: 'drop', random: 5 }, option: 'u32.actions.0.random', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { control: 'drop', colour: 5 }, option: 'colour' },
  ],
})

tryAction('mirred', {
  made: [
    { given: { direction: 'egress', action: 'redirect', dev: 'ifb0' }, tc: 'egress redirect dev ifb0' },
    {
      given: { direction: 'egress', action: 'mirror', dev: 'v1', control: 'pipe', index: 9 },
      tc: 'egress mirror dev v1 pipe index 9',
    },
    { given: { direction: 'ingress', action: 'redirect', dev: 'ifb0' }, tc: 'ingress redirect dev ifb0' },
    { given: { direction: 'ingress', action: 'mirror', dev: 'ifb0' }, tc: 'ingress mirror dev ifb0' },
  ],
  refused: [
    { given: { action: 'redirect', dev: 'ifb0' }, option: 'u32.actions.0.direction' },
    { given: { direction: 'egress', dev: 'ifb0' }, option: 'u32.actions.0.action' },
    { given: { direction: 'egress', action: 'redirect' }, option: 'u32.actions.0.dev', code: 'ERR_INVALID_ARG_TYPE' },
  ],
  messages: [
    [
      'filter add dev v0 egress prio 1 u32 match u32 0 0 action mirred index 5 action gact index 6 action jump 2 action drop action pass',
      () =>
        plan.filter.add({
          dev: 'v0',
          parent: 'egress',
          prio: 1,
          kind: 'u32',
          match: [{ u32: [0, 0] }],
          actions: [
            { kind: 'mirred', index: 5 },
            { kind: 'gact', index: 6 },
            { kind: 'gact', control: { jump: 2 } },
            { kind: 'gact', control: 'drop' },
            { kind: 'gact', control: 'pass' },
          ],
        }),
    ],
  ],
})
