/** Rules that change sets. */

import {
  comment,
  concat,
  counter,
  ct,
  ctCount,
  drop,
  element,
  flushRuleset,
  ip,
  ip6,
  limit,
  meta,
  quota,
  restore,
  table,
  tcp,
} from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { filter, numberless, printed, tryRules, typed } from './lab.js'

const { add } = table('inet', 't')

tryRules(
  'inet',
  filter,
  [
    { nft: 'add @s { ip saddr }', rule: [element.add('@s', ip.saddr)] },
    { nft: 'add @s { ip saddr timeout 10s }', rule: [element.add('@s', ip.saddr, { timeout: 10 })] },
    { nft: 'update @s { ip saddr timeout 1m30s }', rule: [element.update('@s', ip.saddr, { timeout: 90 })] },
    { nft: 'delete @s { ip saddr }', rule: [element.delete('@s', ip.saddr)] },
    { nft: 'update @d { ip daddr counter }', rule: [element.update('@d', ip.daddr, { statements: [counter()] })] },
    {
      nft: 'tcp dport 22 ct state new add @s { ip saddr limit rate over 3/minute } drop',
      rule: [
        tcp.dport(22),
        ct.state('new'),
        element.add('@s', ip.saddr, { statements: [limit('3/minute', { over: true })] }),
        drop(),
      ],
    },
    {
      nft: 'update @d { ip saddr quota over 10 mbytes } drop comment "enough"',
      rule: [
        element.update('@d', ip.saddr, { statements: [quota(10 * 1024 * 1024, { over: true })] }),
        drop(),
        comment('enough'),
      ],
    },
    {
      nft: 'add @d { ip saddr ct count over 20 } drop',
      rule: [element.add('@d', ip.saddr, { statements: [ctCount(20, { over: true })] }), drop()],
    },
    { nft: 'add @pairs { ip saddr . tcp dport }', rule: [element.add('@pairs', concat(ip.saddr, tcp.dport))] },
    { nft: 'add @six { ip6 saddr timeout 1h }', rule: [element.add('@six', ip6.saddr, { timeout: 3600 })] },
    { nft: 'update @m { ip saddr : tcp dport }', rule: [element.update('@m', ip.saddr, { data: tcp.dport })] },
    { nft: 'add @m { ip saddr timeout 5s : 80 }', rule: [element.add('@m', ip.saddr, { data: 80, timeout: 5 })] },
    {
      nft: 'add @marks { ip saddr . tcp dport : meta mark }',
      rule: [element.add('@marks', concat(ip.saddr, tcp.dport), { data: meta.mark })],
    },
    { nft: 'add @key { meta mark }', rule: [element.add('@key', meta.mark)] },
    { nft: 'ct count 5', rule: [ctCount(5)] },
    { nft: 'ct count over 5 drop', rule: [ctCount(5, { over: true }), drop()] },
  ],
  {
    nft: `table inet t {
      set s { type ipv4_addr; flags dynamic,timeout; }
      set d { type ipv4_addr; size 1000; flags dynamic; }
      set pairs { type ipv4_addr . inet_service; flags dynamic; }
      set six { type ipv6_addr; flags dynamic,timeout; timeout 1d; }
      set key { typeof meta mark; flags dynamic; }
      map m { type ipv4_addr : inet_service; flags dynamic,timeout; }
      map marks { type ipv4_addr . inet_service : mark; flags dynamic; }
    }`,
    changes: [
      add.set('s', { type: 'ipv4_addr', flags: ['timeout', 'dynamic'] }),
      add.set('d', { type: 'ipv4_addr', flags: ['dynamic'], size: 1000 }),
      add.set('pairs', { type: ['ipv4_addr', 'inet_service'], flags: ['dynamic'] }),
      add.set('six', { type: 'ipv6_addr', flags: ['timeout', 'dynamic'], timeout: 86_400 }),
      add.set('key', { type: 'meta mark', flags: ['dynamic'] }),
      add.map('m', { type: 'ipv4_addr', map: 'inet_service', flags: ['timeout', 'dynamic'] }),
      add.map('marks', { type: ['ipv4_addr', 'inet_service'], map: 'mark', flags: ['dynamic'] }),
    ],
  },
)

test('several statements for each element', async ({ ns, another }) => {
  const other = await another()
  await typed(
    other,
    `table inet t {
      set both { type inet_service; flags dynamic; counter limit rate 5/second
      }
      chain c {
        update @both { tcp dport counter limit rate 5/second }
      }
    }`,
  )
  const statements = [counter(), limit('5/second')]
  await ns.nft.apply([
    add.table(),
    add.set('both', { type: 'inet_service', flags: ['dynamic'], statements }),
    add.chain('c'),
    add.rule('c', element.update('@both', tcp.dport, { statements })),
  ])
  expect(await printed(ns)).toEqual(await printed(other))
  const found = await other.nft.list()
  expect(numberless(await ns.nft.list())).toEqual(numberless(found))
  // Newer kernels do not keep with the rule what the set gives each element anyway.
  expect([
    [[element.update('@both', tcp.dport, { statements })]],
    [[element.update('@both', tcp.dport)]],
  ]).toContainEqual(found.rules.map((rule) => rule.statements))
  await ns.nft.apply([flushRuleset(), ...restore(found)])
  expect(await printed(ns)).toEqual(await printed(other))
})

test('a key longer than a register, and what a map has for it', async ({ ns }) => {
  // nft 1.0.6 cannot write this, but read it.
  const rule = element.add('@m', concat(ip6.saddr, tcp.dport), { data: 5 })
  await ns.nft.apply([
    add.table(),
    add.chain('c'),
    add.map('m', { type: ['ipv6_addr', 'inet_service'], map: 'mark', flags: ['dynamic'] }),
    add.rule('c', rule),
  ])
  expect((await ns.nft.list()).rules).toMatchObject([{ statements: [rule] }])
  expect((await printed(ns)).plain).toContain('add @m { ip6 saddr . tcp dport : 0x00000005 }')
})

describe('what is no change of a set', () => {
  const before = [
    add.table(),
    add.chain('c'),
    add.set('s', { type: 'ipv4_addr', flags: ['dynamic'] }),
    add.map('m', { type: 'ipv4_addr', map: 'mark', flags: ['dynamic'] }),
  ]
  const rows = [
    ['of another type', element.add('@s', tcp.dport), /is a set of ipv4_addr, and what is looked up is inet_service/],
    ['a set that is not there', element.add('@none', ip.saddr), /names a set that table inet t does not have/],
    ['no name', element.add('s' as '@s', ip.saddr), /"set" option must be the name of a set/],
    ['data for a set', element.add('@s', ip.saddr, { data: 5 }), /cannot be had in @s, which is no map/],
    ['no data for a map', element.add('@m', ip.saddr), /"data" option must be given, for @m is a map/],
    [
      'data of another type',
      element.add('@m', ip.saddr, { data: ip.daddr }),
      /is a ipv4_addr, and what it is for is a mark/,
    ],
    [
      'a time that is none',
      element.add('@s', ip.saddr, { timeout: -1 }),
      /"timeout" option must be a number of seconds/,
    ],
    [
      'a statement without a state',
      element.add('@s', ip.saddr, { statements: [drop()] }),
      /must be a statement that keeps a state/,
    ],
  ] as const

  test.for(rows)('%s', async ([, statement, message], { ns }) => {
    expect((await failure(() => ns.nft.apply([...before, add.rule('c', statement)]))).message).toMatch(message)
    expect((await ns.nft.list()).tables).toEqual([])
  })
})
