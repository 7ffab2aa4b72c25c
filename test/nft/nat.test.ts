import { dnat, ip, masquerade, meta, numgen, oifname, redirect, snat, tcp } from 'nslink/nft'
import { nat, source, tryRules } from './lab.js'

tryRules('ip', source, [
  { nft: 'masquerade', rule: [masquerade()] },
  {
    nft: 'ip saddr 10.244.0.0/16 oifname != "cni0" masquerade',
    rule: [ip.saddr('10.244.0.0/16'), oifname.not('cni0'), masquerade()],
  },
  { nft: 'masquerade random,persistent', rule: [masquerade({ flags: ['random', 'persistent'] })] },
  { nft: 'masquerade fully-random', rule: [masquerade({ flags: ['fully-random'] })] },
  { nft: 'meta mark & 0x4000 == 0x4000 masquerade', rule: [meta.mark.and(0x4000)(0x4000), masquerade()] },
  { nft: 'ip protocol tcp masquerade to :1024-2048', rule: [ip.protocol('tcp'), masquerade({ port: '1024-2048' })] },
  { nft: 'snat to 192.0.2.1', rule: [snat('192.0.2.1')] },
  { nft: 'snat to 192.0.2.1-192.0.2.9', rule: [snat('192.0.2.1-192.0.2.9')] },
  { nft: 'snat to 192.0.2.1 persistent', rule: [snat('192.0.2.1', { flags: ['persistent'] })] },
  { nft: 'meta l4proto tcp snat to 192.0.2.1:1024-2048', rule: [meta.l4proto('tcp'), snat('192.0.2.1:1024-2048')] },
  { nft: 'snat to ip saddr map { 10.0.0.1 : 192.0.2.1 }', rule: [snat(ip.saddr.map([['10.0.0.1', '192.0.2.1']]))] },
])

tryRules('ip', nat, [
  { nft: 'dnat to 10.244.0.5', rule: [dnat('10.244.0.5')] },
  {
    nft: 'ip daddr 10.96.0.10 tcp dport 80 dnat to 10.244.0.5:8080',
    rule: [ip.daddr('10.96.0.10'), tcp.dport(80), dnat('10.244.0.5:8080')],
  },
  { nft: 'tcp dport 80 dnat to 1.2.3.4-1.2.3.9:80-90', rule: [tcp.dport(80), dnat('1.2.3.4-1.2.3.9:80-90')] },
  { nft: 'tcp dport 80 dnat to :8080', rule: [tcp.dport(80), dnat(':8080')] },
  {
    nft: 'dnat to numgen random mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
    rule: [
      dnat(
        numgen('random', 2).map([
          [0, '10.0.0.1'],
          [1, '10.0.0.2'],
        ]),
      ),
    ],
  },
  {
    nft: 'dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 8080 }',
    rule: [dnat(tcp.dport.map([[80, ['10.0.0.1', 8080]]]))],
  },
  { nft: 'tcp dport 80 redirect to :8080', rule: [tcp.dport(80), redirect(8080)] },
  { nft: 'redirect', rule: [redirect()] },
  {
    nft: 'tcp dport 80 redirect to tcp dport map { 80 : 8080 }',
    rule: [tcp.dport(80), redirect({ port: tcp.dport.map([[80, 8080]]) })],
  },
])

tryRules('inet', nat, [
  { nft: 'tcp dport 80 dnat ip to 10.0.0.1:8080', rule: [tcp.dport(80), dnat('10.0.0.1:8080')] },
  { nft: 'tcp dport 80 dnat ip6 to [2001:db8::1]:8080', rule: [tcp.dport(80), dnat('[2001:db8::1]:8080')] },
  { nft: 'dnat ip6 to 2001:db8::1', rule: [dnat('2001:db8::1')] },
  { nft: 'tcp dport 80 dnat to :8080', rule: [tcp.dport(80), dnat(':8080')] },
  { nft: 'ip daddr 10.0.0.1 dnat to 10.0.0.2', rule: [ip.daddr('10.0.0.1'), dnat('10.0.0.2')] },
  { nft: 'dnat ip to ip daddr map { 10.0.0.1 : 10.0.0.2 }', rule: [dnat(ip.daddr.map([['10.0.0.1', '10.0.0.2']]))] },
  {
    nft: 'dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
    rule: [
      dnat(
        numgen('inc', 2).map([
          [0, '10.0.0.1'],
          [1, '10.0.0.2'],
        ]),
      ),
    ],
  },
])

tryRules('inet', source, [{ nft: 'masquerade', rule: [masquerade()] }])
tryRules('ip6', source, [{ nft: 'masquerade', rule: [masquerade()] }])
