import { accept, counter, ct, drop, fib, ip, meta, numgen, tcp } from 'nslink/nft'
import { filter, tryRules } from './lab.js'

tryRules('inet', filter, [
  { nft: 'ct state established,related accept', rule: [ct.state('established', 'related'), accept()] },
  { nft: 'ct state new', rule: [ct.state('new')] },
  { nft: 'ct state != new', rule: [ct.state.not('new')] },
  { nft: 'ct state ! new', rule: [ct.state.none('new')] },
  { nft: 'ct state == new', rule: [ct.state.eq('new')] },
  { nft: 'ct state { established, new }', rule: [ct.state.oneOf(['established', 'new'])] },
  {
    nft: 'ct state vmap { invalid : drop, established : accept }',
    rule: [
      ct.state.vmap([
        ['invalid', drop()],
        ['established', accept()],
      ]),
    ],
  },
  { nft: 'ct status dnat', rule: [ct.status('dnat')] },
  { nft: 'ct status & (snat|dnat) != 0', rule: [ct.status('snat', 'dnat')] },
  { nft: 'ct direction original', rule: [ct.direction('original')] },
  { nft: 'ct mark 5', rule: [ct.mark(5)] },
  { nft: 'ct mark and 0xff == 5', rule: [ct.mark.and(0xff)(5)] },
  { nft: 'ct mark set 5', rule: [ct.mark.set(5)] },
  { nft: 'ct mark set meta mark', rule: [ct.mark.set(meta.mark)] },
  { nft: 'meta mark set ct mark', rule: [meta.mark.set(ct.mark)] },
  { nft: 'ct mark set meta mark and 0xff', rule: [ct.mark.set(meta.mark.and(0xff))] },
  { nft: 'ct mark set ct mark or 0x10', rule: [ct.mark.set(ct.mark.or(0x10))] },
  { nft: 'ct bytes > 100', rule: [ct.bytes.gt(100)] },
  { nft: 'ct original bytes > 100', rule: [ct.original.bytes.gt(100)] },
  { nft: 'ct reply packets 5-10', rule: [ct.reply.packets('5-10')] },
  { nft: 'ct zone 4', rule: [ct.zone(4)] },
  { nft: 'ct expiration 3s', rule: [ct.expiration(3)] },
  { nft: 'ct l3proto ipv4', rule: [ct.l3proto('ipv4')] },
  { nft: 'ct original ip saddr 10.0.0.1', rule: [ct.original.ipSaddr('10.0.0.1')] },
  { nft: 'ct original ip daddr 10.0.0.0/8', rule: [ct.original.ipDaddr('10.0.0.0/8')] },
  { nft: 'ct original ip6 daddr ::1', rule: [ct.original.ip6Daddr('::1')] },
  { nft: 'tcp dport 80 ct original proto-dst 8080', rule: [tcp.dport(80), ct.original.protoDst(8080)] },
  { nft: 'ct protocol tcp', rule: [ct.protocol('tcp')] },
  { nft: 'ct id 5', rule: [ct.id(5)] },
  { nft: 'ct event set new,destroy', rule: [ct.event.set(['new', 'destroy'])] },
  { nft: 'ct zone set 1', rule: [ct.zone.set(1)] },
  {
    nft: 'ct mark set meta mark map { 1 : 10, 2 : 20 }',
    rule: [
      ct.mark.set(
        meta.mark.map([
          [1, 10],
          [2, 20],
        ]),
      ),
    ],
  },
  { nft: 'fib daddr type local', rule: [fib('daddr').type('local')] },
  { nft: 'fib daddr . iif type local', rule: [fib('daddr', 'iif').type('local')] },
  { nft: 'fib daddr type { local, broadcast }', rule: [fib('daddr').type('local', 'broadcast')] },
  { nft: 'fib daddr type != local drop', rule: [fib('daddr').type.not('local'), drop()] },
  { nft: 'fib saddr . iif oif 0 drop', rule: [fib('saddr', 'iif').oif(0), drop()] },
  { nft: 'fib saddr . mark . iif oif != 0', rule: [fib('saddr', 'mark', 'iif').oif.not(0)] },
  { nft: 'fib saddr oifname "lo"', rule: [fib('saddr').oifname('lo')] },
  { nft: 'numgen random mod 2 0', rule: [numgen('random', 2)(0)] },
  { nft: 'numgen inc mod 5 offset 7 < 9', rule: [numgen('inc', 5, 7).lt(9)] },
  { nft: 'numgen inc mod 10 0-4 counter', rule: [numgen('inc', 10)('0-4'), counter()] },
  { nft: 'meta mark set numgen inc mod 4', rule: [meta.mark.set(numgen('inc', 4))] },
  {
    nft: 'meta mark set numgen random mod 2 map { 0 : 5, 1 : 6 }',
    rule: [
      meta.mark.set(
        numgen('random', 2).map([
          [0, 5],
          [1, 6],
        ]),
      ),
    ],
  },
  { nft: 'meta mark set ip saddr map { 10.0.0.1 : 1 }', rule: [meta.mark.set(ip.saddr.map([['10.0.0.1', 1]]))] },
  {
    nft: 'meta mark set tcp dport map { 80 : 1, 90-99 : 3 }',
    rule: [
      meta.mark.set(
        tcp.dport.map([
          [80, 1],
          ['90-99', 3],
        ]),
      ),
    ],
  },
])
