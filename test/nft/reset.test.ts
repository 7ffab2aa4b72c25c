/** Counters that begin anew, with `nft` and real packets as the judges. */

import type { Netns } from 'nslink'
import { comment, counter, icmp, ip, quota, table, tcp } from 'nslink/nft'
import { describe, expect, failure, output, test } from '../support/test.js'

const { add } = table('ip', 't')
const other = table('ip6', 't')

/** As many packets to itself. */
const ping = (ns: Netns, count: number): Promise<string> =>
  output(ns, 'ping', '-c', `${count}`, '-i', '0.01', '-q', '127.0.0.1')

/** What `nft` shows of counters, in their order. */
const counted = async (ns: Netns): Promise<number[]> =>
  Array.from((await output(ns, 'nft', 'list', 'ruleset')).matchAll(/packets (\d+)/g), ([, number]) => Number(number))

describe('rules', () => {
  test('are reset all, by table, by chain, by handle and by comment', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    const rule = (text: string) => [icmp.type('echo-request'), counter(), comment(text)] as const
    const handles = await ns.nft.apply(
      [
        add.table(),
        add.chain('c', { type: 'filter', hook: 'output', priority: 0 }),
        add.chain('d', { type: 'filter', hook: 'input', priority: 0 }),
        add.rule('c', ...rule('one')),
        add.rule('c', ...rule('two')),
        add.rule('d', ...rule('one')),
        other.add.table(),
        other.add.chain('c'),
        other.add.rule('c', counter({ packets: 7, bytes: 70 })),
      ],
      { echo: true },
    )
    await ping(ns, 3)
    expect(await counted(ns)).toEqual([3, 3, 3, 7])
    const place = { family: 'ip', table: 't', chain: 'c' } as const
    const [first] = await ns.nft.resetRules({ ...place, handle: handles[3] as number })
    expect(first).toMatchObject({ comment: 'one', handle: handles[3], statements: [{}, { packets: 3, bytes: 252 }] })
    expect(await counted(ns)).toEqual([0, 3, 3, 7])
    expect(await ns.nft.resetRules({ ...place, comment: 'two' })).toMatchObject([{ comment: 'two' }])
    expect(await counted(ns)).toEqual([0, 0, 3, 7])
    await ping(ns, 2)
    expect((await ns.nft.resetRules({ comment: 'one' })).map(({ chain }) => chain)).toEqual(['c', 'd'])
    expect(await counted(ns)).toEqual([0, 2, 0, 7])
    expect(await ns.nft.resetRules({ family: 'ip6' })).toMatchObject([
      { statements: [counter({ packets: 7, bytes: 70 })] },
    ])
    await ping(ns, 1)
    expect((await ns.nft.resetRules(place)).length).toBe(2)
    expect(await counted(ns)).toEqual([0, 0, 1, 0])
    expect((await ns.nft.resetRules({ family: 'ip', table: 't' })).length).toBe(3)
    expect(await counted(ns)).toEqual([0, 0, 0, 0])
    await ping(ns, 1)
    expect((await ns.nft.resetRules()).length).toBe(4)
    expect(await counted(ns)).toEqual([0, 0, 0, 0])
  })

  test('are given back with their sets and as they were', async ({ ns, sync }) => {
    const statements = [ip.saddr('10.0.0.1', '10.0.0.2'), tcp.dport(80), quota(1000, { used: 10 }), counter()] as const
    await ns.nft.apply([add.table(), add.chain('c'), add.rule('c', ...statements)])
    const { rules } = await ns.nft.list()
    expect(sync.nft.resetRules()).toEqual(rules)
    const [after] = (await ns.nft.list()).rules
    expect(after?.statements).toEqual([...statements.slice(0, 2), quota(1000), counter()])
  })

  test('are not to be mistaken', async ({ ns }) => {
    await ns.nft.apply([add.table(), add.chain('c'), add.rule('c', counter({ packets: 1, bytes: 1 }))])
    const refused = async (which: object): Promise<unknown> => {
      const error = await failure(() => ns.nft.resetRules(which))
      return [error.code, /(\w+)" (?:option|of)/.exec(error.message)?.[1]]
    }
    expect(await refused({ chain: 'c' })).toEqual(['ERR_INVALID_ARG_VALUE', 'table'])
    expect(await refused({ family: 'ip', table: 't', handle: 2 })).toEqual(['ERR_INVALID_ARG_VALUE', 'chain'])
    expect(await refused({ table: 't', chain: 'c', handle: 2 })).toEqual(['ERR_INVALID_ARG_VALUE', 'family'])
    expect(await refused({ family: 'ipv4' })).toEqual(['ERR_INVALID_ARG_VALUE', 'family'])
    expect(await refused({ comment: 1 })).toEqual(['ERR_INVALID_ARG_TYPE', 'comment'])
    expect(await refused({ name: 'c' })).toEqual(['ERR_INVALID_ARG_VALUE', 'name'])
    expect(await refused({ family: 'ip', table: 't', chain: 'c', handle: 99 })).toEqual(['ENOENT', undefined])
    expect(await ns.nft.resetRules({ comment: 'none' })).toEqual([])
    expect(await counted(ns)).toEqual([1])
  })
})

describe('elements', () => {
  const element = (elem: unknown, packets: number) => ({
    elem,
    statements: [counter({ packets, bytes: 10 * packets })],
  })

  test('are reset all, or one by one', async ({ ns }) => {
    await ns.nft.apply([
      add.table(),
      add.set('s', {
        type: 'ipv4_addr',
        statements: [counter()],
        elements: [element('10.0.0.1', 1), element('10.0.0.2', 2)],
      }),
      add.set('r', {
        type: 'inet_service',
        flags: ['interval'],
        statements: [counter()],
        elements: [element('10-20', 3), element(30, 4)],
      }),
      add.map('m', {
        type: ['ipv4_addr', 'inet_service'],
        map: 'mark',
        statements: [counter()],
        elements: [[element(['10.0.0.1', 80], 5), 1]],
      } as never),
    ])
    const before = await ns.nft.list()
    const at = (set: string) => ({ family: 'ip', table: 't', set }) as const
    expect(await ns.nft.resetElements({ ...at('s'), elements: ['10.0.0.2'] })).toEqual([element('10.0.0.2', 2)])
    expect((await counted(ns)).sort()).toEqual([0, 1, 3, 4, 5])
    expect(await ns.nft.resetElements(at('s'))).toEqual([element('10.0.0.1', 1), element('10.0.0.2', 0)])
    expect(await ns.nft.resetElements({ ...at('r'), elements: ['10-20'] })).toEqual([element('10-20', 3)])
    expect(await ns.nft.resetElements(at('r'))).toEqual([element('10-20', 0), element(30, 4)])
    expect(await ns.nft.resetElements({ ...at('m'), elements: [['10.0.0.1', 80]] })).toEqual(before.maps[0]?.elements)
    expect(await counted(ns)).toEqual([0, 0, 0, 0, 0])
  })

  test('are not to be mistaken', async ({ ns }) => {
    await ns.nft.apply([add.table(), add.set('s', { type: 'ipv4_addr', elements: ['10.0.0.1'] })])
    const refused = async (which: object): Promise<unknown> => {
      const error = await failure(() => ns.nft.resetElements({ family: 'ip', table: 't', set: 's', ...which }))
      return [error.code, /([\w.]+)" (?:option|of)/.exec(error.message)?.[1]]
    }
    expect(await refused({ elements: [80] })).toEqual(['ERR_INVALID_ARG_TYPE', 'elements.0'])
    expect(await refused({ elements: '10.0.0.1' })).toEqual(['ERR_INVALID_ARG_TYPE', 'elements'])
    expect(await refused({ elements: ['10.0.0.2'] })).toEqual(['ENOENT', undefined])
    expect(await refused({ set: 'none' })).toEqual(['ENOENT', undefined])
    expect(await refused({ family: 'inet4' })).toEqual(['ERR_INVALID_ARG_VALUE', 'family'])
    expect(await refused({ key: 1 })).toEqual(['ERR_INVALID_ARG_VALUE', 'key'])
  })
})

describe('objects', () => {
  test('are reset all, by table, by sort and by name', async ({ ns }) => {
    await ns.nft.apply([
      add.table(),
      add.counter('web', { packets: 1, bytes: 10 }),
      add.counter('dns', { packets: 2, bytes: 20 }),
      add.quota('some', { bytes: 1000, used: 30 }),
      other.add.table(),
      other.add.counter('web', { packets: 4, bytes: 40 }),
    ])
    const named = { family: 'ip', table: 't', type: 'counter', name: 'web' } as const
    expect(await ns.nft.resetObjects(named)).toMatchObject([{ type: 'counter', name: 'web', packets: 1, bytes: 10 }])
    expect((await counted(ns)).sort()).toEqual([0, 2, 4])
    expect(await ns.nft.resetObjects({ type: 'quota' })).toMatchObject([{ type: 'quota', name: 'some', used: 30 }])
    expect((await counted(ns)).sort()).toEqual([0, 2, 4])
    expect(await output(ns, 'nft', 'list', 'quotas')).not.toContain('used')
    expect(await ns.nft.resetObjects({ family: 'ip6' })).toMatchObject([{ family: 'ip6', packets: 4 }])
    expect((await ns.nft.resetObjects({ family: 'ip', table: 't' })).length).toBe(3)
    expect(await counted(ns)).toEqual([0, 0, 0])
    expect((await ns.nft.resetObjects()).length).toBe(4)
  })

  test('are not to be mistaken', async ({ ns }) => {
    await ns.nft.apply([add.table()])
    const refused = async (which: object): Promise<unknown> => {
      const error = await failure(() => ns.nft.resetObjects(which))
      return [error.code, /(\w+)" (?:option|of)/.exec(error.message)?.[1]]
    }
    expect(await refused({ name: 'web' })).toEqual(['ERR_INVALID_ARG_VALUE', 'family'])
    expect(await refused({ type: 'limit' })).toEqual(['ERR_INVALID_ARG_VALUE', 'type'])
    const named = { family: 'ip', table: 't', type: 'counter', name: 'web' }
    expect(await refused(named)).toEqual(['ENOENT', undefined])
    expect(await refused({ kind: 'counter' })).toEqual(['ERR_INVALID_ARG_VALUE', 'kind'])
  })
})
