/** Flowtables, and the rules that put connections into them. */

import type { Netns, NftChange } from 'nslink'
import { ct, flow, flushRuleset, meta, restore, table, tcp } from 'nslink/nft'
import { needs } from '../support/features.js'
import { describe, expect, failure, test } from '../support/test.js'
import { filter, numberless, printed, tryRules, typed } from './lab.js'

const { add, create, del, destroy } = table('inet', 't')

const prepare = async (ns: Netns): Promise<void> => {
  await ns.link.add({ kind: 'veth', name: 'one', peer: { name: 'two' } })
}

describe('flowtables', needs('nft:flowtable'), () => {
  const rows: readonly [what: string, typed: string, changes: readonly NftChange[]][] = [
    [
      'of one device',
      'flowtable f { hook ingress priority 0; devices = { one }; }',
      [add.flowtable('f', { priority: 'filter', devices: ['one'] })],
    ],
    [
      'of two devices, with counters',
      'flowtable f { hook ingress priority filter + 10; devices = { one, two }; counter; }',
      [add.flowtable('f', { priority: 10, devices: ['one', 'two'], flags: ['counter'] })],
    ],
    ['of none', 'flowtable f { hook ingress priority -5; }', [add.flowtable('f', { priority: -5 })]],
  ]
  test.for(rows)('%s', async ([, text, changes], { ns, another }) => {
    const other = await another()
    await prepare(ns)
    await prepare(other)
    await typed(other, `table inet t {\n${text.replaceAll('; ', ';\n')}\n}`)
    await ns.nft.apply([add.table(), ...changes])
    const [wanted, made] = [await printed(other), await printed(ns)]
    expect(wanted.plain).toContain('flowtable f')
    expect(made.plain).toBe(wanted.plain)
    expect(made.json).toEqual(wanted.json)
    const found = await other.nft.list()
    expect(numberless(await ns.nft.list())).toEqual(numberless(found))
    expect(found.flowtables).toMatchObject([{ family: 'inet', table: 't', name: 'f' }])
    await ns.nft.apply([flushRuleset(), ...restore(found)])
    expect((await printed(ns)).plain).toBe(wanted.plain)
  })

  test('are added, created, deleted and destroyed', async ({ ns }) => {
    const options = { priority: 0, devices: ['lo'] }
    await ns.nft.apply([add.table(), add.flowtable('f', options), add.flowtable('f', options)])
    expect(await failure(() => ns.nft.apply([create.flowtable('f', options)]))).toMatchObject({ code: 'EEXIST' })
    await ns.nft.apply([del.flowtable('f'), destroy.flowtable('f')])
    expect((await ns.nft.list()).flowtables).toEqual([])
    expect(await failure(() => ns.nft.apply([del.flowtable('f')]))).toMatchObject({ code: 'ENOENT' })
  })

  tryRules(
    'inet',
    { ...filter, hook: 'forward' },
    [
      { nft: 'flow add @f', rule: [flow('@f')] },
      {
        nft: 'meta l4proto { tcp, udp } ct state established flow add @f',
        rule: [meta.l4proto('tcp', 'udp'), ct.state('established'), flow('@f')],
      },
      { nft: 'tcp dport 80 flow add @f', rule: [tcp.dport(80), flow('@f')] },
    ],
    {
      nft: 'add flowtable inet t f { hook ingress priority 0; devices = { lo }; }',
      changes: [add.flowtable('f', { priority: 0, devices: ['lo'] })],
    },
  )
})

describe('what is no flowtable', () => {
  const forward = { type: 'filter', hook: 'forward', priority: 0 } as const
  const rows: readonly [what: string, change: unknown, message: RegExp][] = [
    ['a family without', table('bridge', 't').add.flowtable('f', { priority: 0 }), /"flowtable.family" option must be/],
    ['a priority that has no such name', add.flowtable('f', { priority: 'raw' }), /is no priority of hook ingress/],
    [
      'a flag that there is not',
      add.flowtable('f', { priority: 0, flags: ['x' as 'counter'] }),
      /"flowtable.flags.0" option must be/,
    ],
    [
      'devices that are no list',
      add.flowtable('f', { priority: 0, devices: 'lo' as never }),
      /"flowtable.devices" option must be an array/,
    ],
    ['a flow to no flowtable', add.rule('c', flow('f' as '@f')), /"flowtable" option must be the name of a flowtable/],
    ['a flow that is not forwarded', add.rule('i', flow('@f')), /is for the hooks forward, and this chain is at input/],
  ]
  test.for(rows)('%s', async ([, change, message], { ns }) => {
    const before = [add.table(), add.chain('c', forward), add.chain('i', filter)]
    expect((await failure(() => ns.nft.apply([...before, change as NftChange]))).message).toMatch(message)
    expect((await ns.nft.list()).tables).toEqual([])
  })
})
