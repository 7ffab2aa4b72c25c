/** Sets and maps with names, written whole and bit by bit. */

import type { NftChange } from 'nslink'
import { accept, concat, counter, drop, flushRuleset, ip, jump, limit, restore, table, tcp } from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { numberless, printed, storedSets, typed } from './lab.js'

const { add } = table('inet', 't')

/** What is written for `nft -f`, and the changes that do the same. */
const rows: readonly [what: string, typed: string, changes: readonly NftChange[]][] = [
  [
    'a set of addresses',
    'set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 } }',
    [add.set('s', { type: 'ipv4_addr', elements: ['10.0.0.1', '10.0.0.2'] })],
  ],
  [
    'an empty set',
    'set s { type inet_service; comment "ports"; }',
    [add.set('s', { type: 'inet_service', comment: 'ports' })],
  ],
  [
    'prefixes and ranges',
    'set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1-192.168.0.9, 172.16.0.1 } }',
    [
      add.set('s', {
        type: 'ipv4_addr',
        flags: ['interval'],
        elements: ['10.0.0.0/8', '192.168.0.1-192.168.0.9', '172.16.0.1'],
      }),
    ],
  ],
  [
    'ranges to the end of all there is',
    'set s { type inet_service; flags interval; elements = { 0-10, 60000-65535 } }',
    [add.set('s', { type: 'inet_service', flags: ['interval'], elements: ['0-10', '60000-65535'] })],
  ],
  [
    'ranges that touch',
    'set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/24, 10.0.1.0/24 } }',
    [add.set('s', { type: 'ipv4_addr', flags: ['interval'], elements: ['10.0.0.0/24', '10.0.1.0/24'] })],
  ],
  [
    'automatic merging',
    'set s { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/24 } }',
    [add.set('s', { type: 'ipv4_addr', flags: ['interval'], autoMerge: true, elements: ['10.0.0.0/24'] })],
  ],
  [
    'IPv6 prefixes',
    'set s { type ipv6_addr; flags interval; elements = { 2001:db8::/32, fe80::/10 } }',
    [add.set('s', { type: 'ipv6_addr', flags: ['interval'], elements: ['2001:db8::/32', 'fe80::/10'] })],
  ],
  [
    'a concatenation',
    'set s { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80, 10.0.0.2 . 443 } }',
    [
      add.set('s', {
        type: ['ipv4_addr', 'inet_service'],
        elements: [
          ['10.0.0.1', 80],
          ['10.0.0.2', 443],
        ],
      }),
    ],
  ],
  [
    'a concatenation of ranges',
    'set s { type ipv4_addr . inet_service . inet_proto; flags interval; elements = { 10.0.0.0/8 . 80-90 . tcp, 10.1.0.1 . 53 . udp } }',
    [
      add.set('s', {
        type: ['ipv4_addr', 'inet_service', 'inet_proto'],
        flags: ['interval'],
        elements: [
          ['10.0.0.0/8', '80-90', 'tcp'],
          ['10.1.0.1', 53, 'udp'],
        ],
      }),
    ],
  ],
  [
    'names of devices',
    'set s { type ifname; elements = { "eth0", "lo" } }',
    [add.set('s', { type: 'ifname', elements: ['eth0', 'lo'] })],
  ],
  [
    'beginnings of names',
    'set s { type ifname; flags interval; elements = { "eth*", "lo" } }',
    [add.set('s', { type: 'ifname', flags: ['interval'], elements: ['eth*', 'lo'] })],
  ],
  ['marks', 'set s { type mark; elements = { 1, 0x100 } }', [add.set('s', { type: 'mark', elements: [1, 0x100] })]],
  [
    'ranges of marks',
    'set s { type mark; flags interval; elements = { 1, 0x100-0x200 } }',
    [add.set('s', { type: 'mark', flags: ['interval'], elements: [1, '256-512'] })],
  ],
  [
    'timeouts',
    'set s { type ipv4_addr; timeout 5m; size 100; elements = { 10.0.0.1 timeout 1h } }',
    [add.set('s', { type: 'ipv4_addr', timeout: 300, size: 100, elements: [{ elem: '10.0.0.1', timeout: 3600 }] })],
  ],
  [
    'a set for rules to add to',
    'set s { type ipv4_addr; flags dynamic,timeout; size 65535; gc-interval 10s; }',
    [add.set('s', { type: 'ipv4_addr', flags: ['dynamic', 'timeout'], size: 65535, gcInterval: 10 })],
  ],
  [
    'comments of elements',
    'set s { type ipv4_addr; policy memory; elements = { 10.0.0.1 comment "one", 10.0.0.2 } }',
    [
      add.set('s', {
        type: 'ipv4_addr',
        policy: 'memory',
        elements: [{ elem: '10.0.0.1', comment: 'one' }, '10.0.0.2'],
      }),
    ],
  ],
  [
    'Ethernet addresses',
    'set s { type ether_addr; elements = { 00:11:22:33:44:55 } }',
    [add.set('s', { type: 'ether_addr', elements: ['00:11:22:33:44:55'] })],
  ],
  [
    'states of connections',
    'set s { type ct_state; elements = { new, established } }',
    [add.set('s', { type: 'ct_state', elements: ['new', 'established'] })],
  ],
  [
    'a map',
    'map m { type ipv4_addr : mark; elements = { 10.0.0.1 : 1, 10.0.0.2 : 2 } }',
    [
      add.map('m', {
        type: 'ipv4_addr',
        map: 'mark',
        elements: [
          ['10.0.0.1', 1],
          ['10.0.0.2', 2],
        ],
      }),
    ],
  ],
  [
    'a map of ranges',
    'map m { type inet_service : ipv4_addr; flags interval; elements = { 80-90 : 10.0.0.1, 443 : 10.0.0.2 } }',
    [
      add.map('m', {
        type: 'inet_service',
        map: 'ipv4_addr',
        flags: ['interval'],
        elements: [
          ['80-90', '10.0.0.1'],
          [443, '10.0.0.2'],
        ],
      }),
    ],
  ],
  [
    'a map to a concatenation',
    'map m { type inet_service : ipv4_addr . inet_service; elements = { 80 : 10.0.0.1 . 8080 } }',
    [add.map('m', { type: 'inet_service', map: ['ipv4_addr', 'inet_service'], elements: [[80, ['10.0.0.1', 8080]]] })],
  ],
  [
    'a verdict map',
    'map m { type ipv4_addr . inet_service : verdict; elements = { 10.0.0.1 . 80 : accept, 10.0.0.2 . 80 : jump d } }\nchain d { }',
    [
      add.chain('d'),
      add.map('m', {
        type: ['ipv4_addr', 'inet_service'],
        map: 'verdict',
        elements: [
          [['10.0.0.1', 80], accept()],
          [['10.0.0.2', 80], jump('d')],
        ],
      }),
    ],
  ],
  [
    'everything else',
    'map m { type mark : verdict; elements = { 1 : accept, * : drop } }',
    [
      add.map('m', {
        type: 'mark',
        map: 'verdict',
        elements: [
          [1, accept()],
          ['*', drop()],
        ],
      }),
    ],
  ],
  [
    'the values of a key',
    'set s { typeof ip saddr; elements = { 10.0.0.1 } }',
    [add.set('s', { type: 'ip saddr', elements: ['10.0.0.1'] })],
  ],
  [
    'the values of several keys',
    'set s { typeof ip saddr . tcp dport . meta mark; elements = { 10.0.0.1 . 80 . 1 } }',
    [add.set('s', { type: ['ip saddr', 'tcp dport', 'meta mark'], elements: [['10.0.0.1', 80, 1]] })],
  ],
  [
    'numbers that have no type of their own',
    'set s { typeof ip length . ct zone; elements = { 100 . 1, 200 . 2 } }',
    [
      add.set('s', {
        type: ['ip length', 'ct zone'],
        elements: [
          [100, 1],
          [200, 2],
        ],
      }),
    ],
  ],
  [
    'what a map has for the values of a key',
    'map m { typeof ip saddr : meta mark; elements = { 10.0.0.1 : 1 } }',
    [add.map('m', { type: 'ip saddr', map: 'meta mark', elements: [['10.0.0.1', 1]] })],
  ],
  [
    'ranges of the values of keys',
    'set s { typeof ip saddr . udp dport; flags interval; elements = { 10.0.0.0/8 . 1-53 } }',
    [add.set('s', { type: ['ip saddr', 'udp dport'], flags: ['interval'], elements: [['10.0.0.0/8', '1-53']] })],
  ],
  [
    'a counter for each element',
    'set s { type ipv4_addr; counter; elements = { 10.0.0.1 counter packets 3 bytes 400, 10.0.0.2 } }',
    [
      add.set('s', {
        type: 'ipv4_addr',
        statements: [counter()],
        elements: [{ elem: '10.0.0.1', statements: [counter({ packets: 3, bytes: 400 })] }, '10.0.0.2'],
      }),
    ],
  ],
  [
    'a counter and a limit for each element',
    'set s { type inet_service; counter limit rate 5/second; elements = { 80 counter packets 1 bytes 2 limit rate 5/second } }',
    [
      add.set('s', {
        type: 'inet_service',
        statements: [counter(), limit('5/second')],
        elements: [{ elem: 80, statements: [counter({ packets: 1, bytes: 2 }), limit('5/second')] }],
      }),
    ],
  ],
]

describe('a set, made by nft and by nslink', () => {
  test.for(rows)('%s', async ([, text, changes], { ns, another }) => {
    const other = await another()
    await typed(other, `table inet t {\n${text.replaceAll('; ', ';\n')}\n}`)
    await ns.nft.apply([add.table(), ...changes])
    const [wanted, made] = [await printed(other), await printed(ns)]
    expect(made.plain).toBe(wanted.plain)
    expect(made.json).toEqual(wanted.json)
    expect(storedSets(ns)).toEqual(storedSets(other))
    const found = await other.nft.list()
    expect(numberless(await ns.nft.list())).toEqual(numberless(found))
    await ns.nft.apply([flushRuleset(), ...restore(found)])
    expect((await printed(ns)).plain).toBe(wanted.plain)
  })
})

test('a set of what nslink has no type for is kept by its bytes', async ({ ns, another }) => {
  const other = await another()
  await typed(
    other,
    `table inet t {
      set ids { typeof ipsec in reqid; elements = { 1400 }
      }
      set systems { typeof osf name; elements = { "Linux" }
      }
    }`,
  )
  const found = await other.nft.list()
  expect(found.sets).toMatchObject([
    { name: 'ids', type: { number: 4, length: 4 }, elements: ['78050000'], userdata: expect.any(String) },
    {
      name: 'systems',
      type: { number: 5, length: 16 },
      elements: [Buffer.from('Linux').toString('hex').padEnd(32, '0')],
      userdata: expect.any(String),
    },
  ])
  await ns.nft.apply(restore(found))
  expect((await printed(ns)).plain).toBe((await printed(other)).plain)
})

test('a set of a key of its own is looked up, and one of another is not', async ({ ns }) => {
  const rule = (field: typeof ip.saddr): NftChange => add.rule('c', field('@s'))
  await ns.nft.apply([add.table(), add.chain('c'), add.set('s', { type: 'ip saddr', elements: ['10.0.0.1'] })])
  await ns.nft.apply([
    rule(ip.saddr),
    add.rule('c', ip.daddr('@s')),
    add.rule('c', concat(ip.saddr, tcp.dport).vmap([[['10.0.0.1', 80], drop()]])),
  ])
  expect((await ns.nft.list()).rules.map(({ statements }) => statements)).toEqual([
    [ip.saddr('@s')],
    [ip.daddr('@s')],
    [concat(ip.saddr, tcp.dport).vmap([[['10.0.0.1', 80], drop()]])],
  ])
  expect((await failure(() => ns.nft.apply([add.rule('c', tcp.dport('@s'))]))).message).toMatch(
    /is a set of ipv4_addr, and what is looked up is inet_service/,
  )
})
