/** `skbedit`, with `tc` as the judge. */

import { needs } from '../support/features.js'
import { plan, tryAction } from '../support/tc.js'
import { describe, expect, output, test } from '../support/test.js'

tryAction('skbedit', {
  made: [
    { given: { mark: 1 }, tc: 'mark 1', read: { mark: 1, control: 'pipe' } },
    { given: { mark: 0x500, mask: 0xff00, control: 'pass' }, tc: 'mark 0x500/0xff00 pass' },
    { given: { priority: '1:10' }, tc: 'priority 1:10' },
    {
      given: {
        priority: 'a:b',
        mark: 0xffff_ffff,
        ptype: 'host',
        inheritdsfield: true,
        control: { goto: 2 },
        index: 9,
      },
      tc: 'priority a:b mark 0xffffffff ptype host inheritdsfield goto chain 2 index 9',
    },
    { given: { ptype: 'otherhost', control: 'continue' }, tc: 'ptype otherhost continue' },
    { given: { ptype: 'multicast' }, tc: 'ptype multicast' },
    { given: { ptype: 'broadcast', control: 'pipe' }, tc: 'ptype broadcast pipe' },
    { given: { inheritdsfield: true }, tc: 'inheritdsfield' },
    // Packets that come in are in no queue of the device's (see below).
    { given: { queueMapping: 3, mark: 2 }, tc: 'queue_mapping 3 mark 2', sentOnly: true },
  ],
  refused: [
    { given: {}, option: 'u32.actions.0.mark' },
    { given: { mark: 2 ** 32 }, option: 'u32.actions.0.mark', code: 'ERR_OUT_OF_RANGE' },
    { given: { mask: 1 }, option: 'u32.actions.0.mask' },
    { given: { priority: 5 }, option: 'u32.actions.0.priority', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { priority: '1:10000' }, option: 'u32.actions.0.priority' },
    { given: { queueMapping: 65_536 }, option: 'u32.actions.0.queueMapping', code: 'ERR_OUT_OF_RANGE' },
    { given: { queueMapping: [2, 1] }, option: 'u32.actions.0.queueMapping' },
    { given: { queueMapping: [1] }, option: 'u32.actions.0.queueMapping', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { ptype: 'nobody' }, option: 'u32.actions.0.ptype' },
    { given: { inheritdsfield: 1 }, option: 'u32.actions.0.inheritdsfield', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { mark: 1, control: 'explode' }, option: 'u32.actions.0.control' },
  ],
  messages: [
    [
      'filter add dev v0 egress prio 1 u32 match u32 0 0 action skbedit index 5 action skbedit queue_mapping 65535 priority :7 pipe',
      () =>
        plan.filter.add({
          dev: 'v0',
          parent: 'egress',
          prio: 1,
          kind: 'u32',
          match: [{ u32: [0, 0] }],
          actions: [
            { kind: 'skbedit', index: 5 },
            { kind: 'skbedit', queueMapping: 65_535, priority: ':7', control: 'pipe' },
          ],
        }),
    ],
  ],
})

describe('the queue of packets that go out', needs('filter:u32', 'action:skbedit', 'qdisc:clsact'), () => {
  for (const queueMapping of [1, [0, 3]] as const) {
    test(`${queueMapping}`, async ({ ns }) => {
      await output(ns, 'sh', '-c', 'ip link add v0 numtxqueues 4 type veth peer name v1; tc qdisc add dev v0 clsact')
      await ns.filter.add({
        dev: 'v0',
        parent: 'egress',
        prio: 1,
        kind: 'u32',
        match: [{ u32: [0, 0] }],
        actions: [{ kind: 'skbedit', queueMapping }],
      })
      const filters = await ns.filter.list({ dev: 'v0', parent: 'egress' })
      const actions = filters.flatMap(({ u32 }) => u32?.actions ?? [])
      expect(actions).toMatchObject([{ kind: 'skbedit', queueMapping, control: 'pipe' }])
      const shown = await output(ns, 'tc', 'filter', 'show', 'dev', 'v0', 'egress')
      expect(shown).toContain(`queue_mapping ${[queueMapping].flat()[0]}`)
    })
  }
})
