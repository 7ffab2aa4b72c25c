/** Objects with names, and the rules that refer to them. */

import type { NftChange } from 'nslink'
import { comment, counter, ct, drop, flushRuleset, ip, limit, quota, restore, synproxy, table, tcp } from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { filter, numberless, printed, tryRules, typed } from './lab.js'

const { add, create, del, destroy } = table('inet', 't')

/** What is written for `nft -f`, and the changes that do the same. */
const rows: readonly [what: string, typed: string, changes: readonly NftChange[]][] = [
  ['a counter', 'counter c { }', [add.counter('c')]],
  [
    'a counter that has counted',
    'counter c { comment "hello"; packets 5 bytes 600; }',
    [add.counter('c', { packets: 5, bytes: 600, comment: 'hello' })],
  ],
  ['a quota', 'quota q { 25 mbytes; }', [add.quota('q', quota(25 * 1024 * 1024))]],
  [
    'a quota that has been used',
    'quota q { over 5 mbytes used 100 bytes; }',
    [add.quota('q', { bytes: 5 * 1024 * 1024, over: true, used: 100 })],
  ],
  ['a limit', 'limit l { rate 5/second; }', [add.limit('l', limit('5/second'))]],
  [
    'a limit of bytes',
    'limit l { rate over 1 mbytes/second burst 2 mbytes; comment "slow"; }',
    [add.limit('l', { ...limit('1 mbytes/second', { burst: 2 * 1024 * 1024, over: true }), comment: 'slow' })],
  ],
  ['a helper', 'ct helper h { type "ftp" protocol tcp; }', [add.ctHelper('h', { helper: 'ftp', protocol: 'tcp' })]],
  [
    'a helper of IPv6',
    'ct helper h { type "sip" protocol udp; l3proto ip6; }',
    [add.ctHelper('h', { helper: 'sip', protocol: 'udp', l3proto: 'ip6' })],
  ],
  [
    'timeouts of TCP',
    'ct timeout t { protocol tcp; l3proto ip; policy = { established : 100, close : 4, syn_sent : 7 }; }',
    [
      add.ctTimeout('t', {
        protocol: 'tcp',
        l3proto: 'ip',
        policy: { established: 100, close: 4, syn_sent: 7 },
      }),
    ],
  ],
  [
    'timeouts of UDP',
    'ct timeout t { protocol udp; policy = { unreplied : 10, replied : 20 }; comment "short"; }',
    [add.ctTimeout('t', { protocol: 'udp', policy: { unreplied: 10, replied: 20 }, comment: 'short' })],
  ],
  [
    'a connection to come',
    'ct expectation e { protocol tcp; dport 9876; timeout 2m; size 12; l3proto ip; }',
    [add.ctExpectation('e', { protocol: 'tcp', dport: 9876, timeout: 120, size: 12, l3proto: 'ip' })],
  ],
  [
    'what a proxy says',
    'synproxy s { mss 1460 wscale 7 timestamp sack-perm; }',
    [add.synproxy('s', synproxy({ mss: 1460, wscale: 7, timestamp: true, sackPerm: true }))],
  ],
  [
    'a map of counters',
    `counter one { }
     counter two { packets 1 bytes 2; }
     map m { type ipv4_addr : counter; elements = { 10.0.0.1 : "one", 10.0.0.2 : "two" } }`,
    [
      add.counter('one'),
      add.counter('two', { packets: 1, bytes: 2 }),
      add.map('m', {
        type: 'ipv4_addr',
        map: 'counter',
        elements: [
          ['10.0.0.1', 'one'],
          ['10.0.0.2', 'two'],
        ],
      }),
    ],
  ],
  [
    'a map of quotas by ranges',
    `quota q { 1 mbytes; }
     map m { type inet_service : quota; flags interval; elements = { 80-90 : "q", 443 : "q" } }`,
    [
      add.quota('q', quota(1024 * 1024)),
      add.map('m', {
        type: 'inet_service',
        map: 'quota',
        flags: ['interval'],
        elements: [
          ['80-90', 'q'],
          [443, 'q'],
        ],
      }),
    ],
  ],
]

describe('an object, made by nft and by nslink', () => {
  test.for(rows)('%s', async ([, text, changes], { ns, another }) => {
    const other = await another()
    await typed(other, `table inet t {\n${text.replaceAll('; ', ';\n')}\n}`)
    await ns.nft.apply([add.table(), ...changes])
    const [wanted, made] = [await printed(other), await printed(ns)]
    expect(wanted.plain).toContain('{')
    expect(made.plain).toBe(wanted.plain)
    expect(made.json).toEqual(wanted.json)
    const found = await other.nft.list()
    expect(numberless(await ns.nft.list())).toEqual(numberless(found))
    expect(found.objects.length).toBeGreaterThan(0)
    await ns.nft.apply([flushRuleset(), ...restore(found)])
    expect((await printed(ns)).plain).toBe(wanted.plain)
  })
})

tryRules(
  'inet',
  filter,
  [
    { nft: 'counter name "x"', rule: [counter.named('x')] },
    { nft: 'tcp dport 80 counter name "x" drop', rule: [tcp.dport(80), counter.named('x'), drop()] },
    { nft: 'quota name "x" drop comment "enough"', rule: [quota.named('x'), drop(), comment('enough')] },
    { nft: 'limit name "x"', rule: [limit.named('x')] },
    { nft: 'synproxy name "x"', rule: [synproxy.named('x')] },
    { nft: 'ct helper set "x"', rule: [ct.helper.set('x')] },
    { nft: 'tcp dport 21 ct helper set "x"', rule: [tcp.dport(21), ct.helper.set('x')] },
    { nft: 'ct expectation set "x"', rule: [ct.expectation.set('x')] },
    {
      nft: 'counter name tcp dport map { 80 : "x", 443 : "y" }',
      rule: [
        counter.named(
          tcp.dport.map([
            [80, 'x'],
            [443, 'y'],
          ]),
        ),
      ],
    },
    { nft: 'counter name ip saddr map @m', rule: [counter.named(ip.saddr.map('@m'))] },
    {
      nft: 'quota name tcp dport map { 80-90 : "x" }',
      rule: [quota.named(tcp.dport.map([['80-90', 'x']]))],
    },
    { nft: 'limit name ip saddr map { 10.0.0.1 : "x" }', rule: [limit.named(ip.saddr.map([['10.0.0.1', 'x']]))] },
    { nft: 'ct helper set tcp dport map { 21 : "x" }', rule: [ct.helper.set(tcp.dport.map([[21, 'x']]))] },
  ],
  {
    nft: `table inet t {
      counter x { }
      counter y { }
      quota x { over 5 mbytes; }
      limit x { rate 5/second; }
      synproxy x { mss 1460 wscale 7; }
      ct helper x { type "ftp" protocol tcp; }
      ct expectation x { protocol tcp; dport 9876; timeout 2m; size 12; l3proto ip; }
      map m { type ipv4_addr : counter; elements = { 10.0.0.1 : "x" }
      }
    }`.replaceAll('; ', ';\n'),
    changes: [
      add.counter('x'),
      add.counter('y'),
      add.quota('x', quota(5 * 1024 * 1024, { over: true })),
      add.limit('x', limit('5/second')),
      add.synproxy('x', { mss: 1460, wscale: 7 }),
      add.ctHelper('x', { helper: 'ftp', protocol: 'tcp' }),
      add.ctExpectation('x', { protocol: 'tcp', dport: 9876, timeout: 120, size: 12, l3proto: 'ip' }),
      add.map('m', { type: 'ipv4_addr', map: 'counter', elements: [['10.0.0.1', 'x']] }),
    ],
  },
)

tryRules(
  'ip',
  { type: 'filter', hook: 'prerouting', priority: -200 },
  [{ nft: 'tcp dport 80 ct timeout set "x"', rule: [tcp.dport(80), ct.timeout.set('x')] }],
  {
    nft: 'table ip t {\nct timeout x {\nprotocol tcp\npolicy = { established : 100 }\n}\n}',
    changes: [table('ip', 't').add.ctTimeout('x', { protocol: 'tcp', policy: { established: 100 } })],
  },
)

describe('objects', () => {
  test('are added, created, deleted and destroyed', async ({ ns }) => {
    await ns.nft.apply([add.table(), add.counter('c'), add.counter('c'), add.quota('c', quota(5))])
    expect((await ns.nft.list()).objects.map(({ type, name }) => `${type} ${name}`)).toEqual(['counter c', 'quota c'])
    expect(await failure(() => ns.nft.apply([create.counter('c')]))).toMatchObject({ code: 'EEXIST', change: 0 })
    await ns.nft.apply([del.counter('c'), destroy.counter('c')])
    expect(await failure(() => ns.nft.apply([del.counter('c')]))).toMatchObject({ code: 'ENOENT', change: 0 })
    const [left, ...others] = (await ns.nft.list()).objects
    expect(others).toEqual([])
    expect(left).toMatchObject({ type: 'quota', bytes: 5 })
    await ns.nft.apply([{ del: { object: { type: 'quota', family: 'inet', table: 't', handle: left?.handle } } }])
    expect((await ns.nft.list()).objects).toEqual([])
  })

  test('that rules refer to stay', async ({ ns }) => {
    await ns.nft.apply([add.table(), add.chain('c'), add.counter('x'), add.rule('c', counter.named('x'))])
    expect(await failure(() => ns.nft.apply([del.counter('x')]))).toMatchObject({ code: 'EBUSY' })
    expect(await failure(() => ns.nft.apply([add.rule('c', counter.named('none'))]))).toMatchObject({ code: 'ENOENT' })
  })

  test('of a sort that is not known are kept as the kernel has them', async ({ ns, another }) => {
    // Limits of connections, for which nft has no word: a number of them, 5, and flags.
    const object = { type: 'unknown', family: 'inet', table: 't', name: 'x', number: 5 } as const
    await ns.nft.apply([add.table(), { add: { object: { ...object, data: '0800010000000005' } } }])
    const listed = await ns.nft.list()
    expect(listed.objects).toMatchObject([{ ...object, data: expect.stringMatching(/^0800010000000005/) }])
    const other = await another()
    await other.nft.apply(restore(listed))
    expect(numberless((await other.nft.list()).objects)).toEqual(numberless(listed.objects))
    await ns.nft.apply([{ del: { object } }])
    expect((await ns.nft.list()).objects).toEqual([])
  })

  const wrong: readonly [what: string, changes: readonly unknown[], message: RegExp][] = [
    [
      'a sort that there is not',
      [{ add: { object: { type: 'x', family: 'inet', table: 't', name: 'x' } } }],
      /"object.type" option must be 'ct expectation', /,
    ],
    ['an option of another sort', [add.counter('c', { rate: 5 } as object)], /has no option "rate"|rate/],
    ['a name that is empty', [add.counter('')], /"object.name" option must not be empty/],
    [
      'a protocol without ports',
      [add.ctHelper('h', { helper: 'ftp', protocol: 'icmp' as 'tcp' })],
      /"object.protocol" option must be/,
    ],
    [
      'a state of another protocol',
      [add.ctTimeout('t', { protocol: 'udp', policy: { established: 5 } })],
      /established/,
    ],
    [
      'a port that is none',
      [add.ctExpectation('e', { protocol: 'tcp', dport: 65536, timeout: 1, size: 1 })],
      /"object.dport" option must be/,
    ],
    [
      'a map of another sort',
      [
        add.chain('c'),
        add.map('m', { type: 'ipv4_addr', map: 'quota' }),
        add.rule('c', counter.named(ip.saddr.map('@m'))),
      ],
      /must be a map of objects of the sort counter/,
    ],
    [
      'a map of values',
      [
        add.chain('c'),
        add.map('m', { type: 'ipv4_addr', map: 'mark' }),
        add.rule('c', counter.named(ip.saddr.map('@m'))),
      ],
      /must be a map of objects/,
    ],
    [
      'no name in a map',
      [add.map('m', { type: 'ipv4_addr', map: 'counter', elements: [['10.0.0.1', 5]] })],
      /must be a string/,
    ],
  ]
  test.for(wrong)('%s', async ([, changes, message], { ns }) => {
    const error = await failure(() => ns.nft.apply([add.table(), ...(changes as NftChange[])]))
    expect(error.message).toMatch(message)
    expect((await ns.nft.list()).tables).toEqual([])
  })
})
