/** Statements that send packets elsewhere: copies, other devices, sockets, programs, other networks. */

import {
  accept,
  dnat,
  dup,
  fwd,
  iifname,
  ip,
  meta,
  queue,
  snat,
  symhash,
  synproxy,
  table,
  tcp,
  tproxy,
  udp,
} from 'nslink/nft'
import { needs } from '../support/features.js'
import { describe, expect, failure, test } from '../support/test.js'
import { filter, ingress, nat, source, tryRules } from './lab.js'

const prerouting = { type: 'filter', hook: 'prerouting', priority: -150 } as const

tryRules('ip', prerouting, [
  { nft: 'dup to 192.0.2.1', rule: [dup({ addr: '192.0.2.1' })] },
  { nft: 'dup to 192.0.2.1 device "lo"', rule: [dup({ addr: '192.0.2.1', dev: 'lo' })] },
  {
    nft: 'dup to ip saddr map { 192.0.2.1 : 192.0.2.2 } device "lo"',
    rule: [dup({ addr: ip.saddr.map([['192.0.2.1', '192.0.2.2']]), dev: 'lo' })],
  },
  { nft: 'tcp dport 80 tproxy to 127.0.0.1', rule: [tcp.dport(80), tproxy('127.0.0.1')] },
  { nft: 'tcp dport 80 tproxy to :8080 accept', rule: [tcp.dport(80), tproxy(':8080'), accept()] },
  {
    nft: 'udp dport 53 tproxy to 127.0.0.1:5353 meta mark set 1',
    rule: [udp.dport(53), tproxy('127.0.0.1:5353'), meta.mark.set(1)],
  },
  {
    nft: 'meta l4proto tcp tproxy to ip daddr map { 192.0.2.1 : 192.0.2.2 }',
    rule: [meta.l4proto('tcp'), tproxy(ip.daddr.map([['192.0.2.1', '192.0.2.2']]))],
  },
])

tryRules('ip6', prerouting, [
  { nft: 'dup to 2001:db8::1 device "lo"', rule: [dup({ addr: '2001:db8::1', dev: 'lo' })] },
  { nft: 'tcp dport 80 tproxy to [::1]:8080', rule: [tcp.dport(80), tproxy('[::1]:8080')] },
])

tryRules('inet', prerouting, [
  { nft: 'meta l4proto tcp tproxy ip to 127.0.0.1:80', rule: [meta.l4proto('tcp'), tproxy('127.0.0.1:80')] },
  { nft: 'meta l4proto tcp tproxy ip6 to [::1]:80', rule: [meta.l4proto('tcp'), tproxy('[::1]:80')] },
  { nft: 'tcp dport 80 tproxy to :8080', rule: [tcp.dport(80), tproxy(':8080')] },
  { nft: 'tcp dport 80 tproxy ip to 127.0.0.1', rule: [tcp.dport(80), tproxy('127.0.0.1')] },
])

tryRules('inet', filter, [
  { nft: 'synproxy', rule: [synproxy()] },
  { nft: 'tcp dport 80 synproxy mss 1460 wscale 7', rule: [tcp.dport(80), synproxy({ mss: 1460, wscale: 7 })] },
  {
    nft: 'synproxy mss 1460 wscale 7 timestamp sack-perm',
    rule: [synproxy({ mss: 1460, wscale: 7, timestamp: true, sackPerm: true })],
  },
  { nft: 'synproxy timestamp', rule: [synproxy({ timestamp: true })] },
])

tryRules('netdev', ingress, [
  { nft: 'dup to "lo"', rule: [dup({ dev: 'lo' })] },
  { nft: 'fwd to "lo"', rule: [fwd('lo')] },
  { nft: 'fwd ip to 192.0.2.1 device "lo"', rule: [fwd('lo', { addr: '192.0.2.1' })] },
  { nft: 'fwd ip6 to 2001:db8::1 device "lo"', rule: [fwd('lo', { addr: '2001:db8::1' })] },
  { nft: 'fwd to iifname map { "lo" : "lo" }', rule: [fwd(iifname.map([['lo', 'lo']]))] },
])

tryRules('ip', source, [
  { nft: 'snat prefix to 192.0.2.0/24', rule: [snat('192.0.2.0/24', { flags: ['netmap'] })] },
  { nft: 'snat to 192.0.2.0/24', rule: [snat('192.0.2.0/24')] },
  {
    nft: 'snat ip prefix to ip saddr map { 10.1.0.0/24 : 10.2.0.0/24 }',
    rule: [snat(ip.saddr.map([['10.1.0.0/24', '10.2.0.0/24']]), { flags: ['netmap'] })],
  },
  {
    nft: 'snat to ip saddr map { 10.0.0.1 : 192.0.2.1-192.0.2.5, 10.0.0.2 : 192.0.2.8-192.0.2.10 }',
    rule: [
      snat(
        ip.saddr.map([
          ['10.0.0.1', '192.0.2.1-192.0.2.5'],
          ['10.0.0.2', '192.0.2.8-192.0.2.10'],
        ]),
      ),
    ],
  },
])

tryRules(
  'ip',
  nat,
  [
    { nft: 'dnat to ip daddr map @m', rule: [dnat(ip.daddr.map('@m'))] },
    { nft: 'dnat ip prefix to ip daddr map @p', rule: [dnat(ip.daddr.map('@p'), { flags: ['netmap'] })] },
  ],
  {
    nft: `table ip t {
      map m { type ipv4_addr : interval ipv4_addr
        elements = { 10.0.0.1 : 10.1.0.1-10.1.0.9 }
      }
      map p { type ipv4_addr : interval ipv4_addr
        flags interval
        elements = { 10.0.0.0/24 : 10.1.0.0/24 }
      }
    }`,
    changes: [
      table('ip', 't').add.map('m', {
        type: 'ipv4_addr',
        map: 'interval ipv4_addr',
        elements: [['10.0.0.1', '10.1.0.1-10.1.0.9']],
      }),
      table('ip', 't').add.map('p', {
        type: 'ipv4_addr',
        map: 'interval ipv4_addr',
        flags: ['interval'],
        elements: [['10.0.0.0/24', '10.1.0.0/24']],
      }),
    ],
  },
)

tryRules('inet', nat, [
  { nft: 'dnat ip prefix to 192.0.2.0/24', rule: [dnat('192.0.2.0/24', { flags: ['netmap'] })] },
  { nft: 'dnat ip6 prefix to 2001:db8::/64', rule: [dnat('2001:db8::/64', { flags: ['netmap'] })] },
])

describe('queues', needs('nft:queue'), () => {
  tryRules('inet', filter, [
    { nft: 'queue', rule: [queue()] },
    { nft: 'queue num 5', rule: [queue(5)] },
    { nft: 'queue to 1-3', rule: [queue('1-3')] },
    { nft: 'queue flags bypass,fanout to 1-3', rule: [queue('1-3', ['bypass', 'fanout'])] },
    { nft: 'queue flags bypass to 65535', rule: [queue(65535, ['bypass'])] },
    { nft: 'queue to symhash mod 4', rule: [queue(symhash(4))] },
    {
      nft: 'queue flags bypass to iifname map { "lo" : 0, "eth0" : 2 }',
      rule: [
        queue(
          iifname.map([
            ['eth0', 2],
            ['lo', 0],
          ]),
          ['bypass'],
        ),
      ],
    },
  ])
})

describe('what cannot be sent there', () => {
  const { add } = table('ip', 't')
  const inet = table('inet', 't').add
  const netdev = table('netdev', 't').add
  const base = { type: 'filter', hook: 'input', priority: 0 } as const
  const rows = [
    ['a copy to nowhere', [add.table(), add.rule('c', dup({ dev: 'lo' }))], /"addr" option must be given/],
    [
      'a copy to an address of no network',
      [netdev.table(), netdev.rule('c', dup({ addr: '10.0.0.1' }))],
      /"addr" option is for tables of family ip or ip6/,
    ],
    ['a copy to a device that is not there', [netdev.table(), netdev.rule('c', dup({ dev: 'none' }))], /none/],
    [
      'a neighbour that cannot be told',
      [netdev.table(), netdev.rule('c', fwd('lo', { addr: ip.saddr.map([['10.0.0.1', '10.0.0.2']]) }))],
      /"family" option must be given/,
    ],
    ['tproxy without a protocol', [inet.table(), inet.rule('c', tproxy(':80'))], /takes a protocol that has ports/],
    [
      'tproxy to a range',
      [inet.table(), inet.rule('c', tcp.dport(1), tproxy(':80-90'))],
      /"port" option must be a single port/,
    ],
    [
      'tproxy in input',
      [inet.table(), inet.chain('c', base), inet.rule('c', tcp.dport(1), tproxy(':80'))],
      /is for the hooks prerouting/,
    ],
    [
      'a queue that is none',
      [inet.table(), inet.rule('c', queue(65536))],
      /"num" option must be an integer from 0 to 65535/,
    ],
    [
      'fanout of one queue',
      [inet.table(), inet.rule('c', queue(1, ['fanout']))],
      /has fanout, which is for more than one queue/,
    ],
    [
      'a scale that is too large',
      [inet.table(), inet.rule('c', synproxy({ wscale: 15 }))],
      /"wscale" option must be .*0 to 14/,
    ],
  ] as const

  test.for(rows)('%s', async ([, changes, message], { ns }) => {
    expect((await failure(() => ns.nft.apply(changes))).message).toMatch(message)
    expect((await ns.nft.list()).tables).toEqual([])
  })
})
