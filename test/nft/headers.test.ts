import { accept, arp, concat, counter, drop, ether, icmp, icmpv6, ip, ip6, meta, tcp, th, udp } from 'nslink/nft'
import { filter, ingress, tryRules } from './lab.js'

tryRules('inet', filter, [
  { nft: 'tcp dport 80 accept', rule: [tcp.dport(80), accept()] },
  { nft: 'tcp dport != 80', rule: [tcp.dport.not(80)] },
  { nft: 'tcp dport { 80, 443 }', rule: [tcp.dport(80, 443)] },
  { nft: 'tcp dport != { 80, 90-100 }', rule: [tcp.dport.not(80, '90-100')] },
  { nft: 'tcp dport 80-90', rule: [tcp.dport('80-90')] },
  { nft: 'tcp dport != 80-90', rule: [tcp.dport.not('80-90')] },
  { nft: 'tcp dport > 1023', rule: [tcp.dport.gt(1023)] },
  { nft: 'tcp dport & 0xff != 3', rule: [tcp.dport.and(0xff).not(3)] },
  { nft: 'tcp sport 1 tcp dport 2', rule: [tcp.sport(1), tcp.dport(2)] },
  { nft: 'tcp sport 1024-65535 tcp dport 22', rule: [tcp.sport('1024-65535'), tcp.dport(22)] },
  { nft: 'udp dport 53 udp length > 100', rule: [udp.dport(53), udp.length.gt(100)] },
  { nft: 'udp checksum 0', rule: [udp.checksum(0)] },
  { nft: 'th dport 53', rule: [th.dport(53)] },
  { nft: 'meta l4proto { tcp, udp } th dport 53', rule: [meta.l4proto('tcp', 'udp'), th.dport(53)] },
  { nft: 'tcp flags syn', rule: [tcp.flags('syn')] },
  { nft: 'tcp flags syn,ack', rule: [tcp.flags('syn', 'ack')] },
  { nft: 'tcp flags & (syn|ack) == syn', rule: [tcp.flags.and(['syn', 'ack']).eq('syn')] },
  { nft: 'tcp flags & (fin|syn|rst|ack) == syn', rule: [tcp.flags.and(['fin', 'syn', 'rst', 'ack']).eq('syn')] },
  { nft: 'tcp flags ! syn', rule: [tcp.flags.none('syn')] },
  { nft: 'tcp flags != syn', rule: [tcp.flags.not('syn')] },
  { nft: 'tcp flags == syn', rule: [tcp.flags.eq('syn')] },
  { nft: 'tcp window 1000 tcp sequence 5', rule: [tcp.window(1000), tcp.sequence(5)] },
  { nft: 'tcp doff 8', rule: [tcp.doff(8)] },
  { nft: 'ip saddr 10.0.0.1', rule: [ip.saddr('10.0.0.1')] },
  { nft: 'ip saddr 10.0.0.0/8', rule: [ip.saddr('10.0.0.0/8')] },
  { nft: 'ip saddr != 10.0.0.0/8', rule: [ip.saddr.not('10.0.0.0/8')] },
  { nft: 'ip saddr 10.0.0.0/9', rule: [ip.saddr('10.0.0.0/9')] },
  { nft: 'ip daddr 192.168.1.0/24 drop', rule: [ip.daddr('192.168.1.0/24'), drop()] },
  { nft: 'ip daddr 10.0.0.1-10.0.0.9', rule: [ip.daddr('10.0.0.1-10.0.0.9')] },
  { nft: 'ip saddr { 10.0.0.1, 10.0.0.2 }', rule: [ip.saddr('10.0.0.1', '10.0.0.2')] },
  {
    nft: 'ip saddr { 10.0.0.0/8, 192.168.0.1-192.168.0.9 }',
    rule: [ip.saddr('10.0.0.0/8', '192.168.0.1-192.168.0.9')],
  },
  {
    nft: 'ip saddr { 10.0.0.0/24, 10.0.1.0/24 }',
    rule: [ip.saddr('10.0.0.0/24', '10.0.1.0/24')],
    listed: [{ kind: 'match', left: 'ip saddr', op: '==', right: { set: ['10.0.0.0/23'] } }],
  },
  { nft: 'ip saddr 0.0.0.0/0', rule: [ip.saddr('0.0.0.0/0')] },
  { nft: 'ip daddr { 0.0.0.0/8, 255.255.255.255 }', rule: [ip.daddr('0.0.0.0/8', '255.255.255.255')] },
  { nft: 'ip saddr 10.0.0.1 ip daddr 10.0.0.2', rule: [ip.saddr('10.0.0.1'), ip.daddr('10.0.0.2')] },
  { nft: 'ip saddr & 255.255.255.0 == 10.0.0.0', rule: [ip.saddr.and('255.255.255.0')('10.0.0.0')] },
  { nft: 'ip protocol tcp', rule: [ip.protocol('tcp')] },
  { nft: 'ip protocol tcp tcp dport 2', rule: [ip.protocol('tcp'), tcp.dport(2)] },
  { nft: 'ip protocol { tcp, udp }', rule: [ip.protocol('tcp', 'udp')] },
  { nft: 'ip ttl 5', rule: [ip.ttl(5)] },
  { nft: 'ip dscp cs1', rule: [ip.dscp('cs1')] },
  { nft: 'ip dscp { cs1, af11 }', rule: [ip.dscp('cs1', 'af11')] },
  { nft: 'ip dscp != cs0', rule: [ip.dscp.not('cs0')] },
  { nft: 'ip ecn ce', rule: [ip.ecn('ce')] },
  { nft: 'ip version 4', rule: [ip.version(4)] },
  { nft: 'ip length 100-200', rule: [ip.length('100-200')] },
  { nft: 'ip frag-off & 0x1fff != 0', rule: [ip.fragOff.and(0x1fff).not(0)] },
  { nft: 'ip id 5', rule: [ip.id(5)] },
  { nft: 'ip6 saddr fe80::/10', rule: [ip6.saddr('fe80::/10')] },
  { nft: 'ip6 saddr 2001:db8::/32', rule: [ip6.saddr('2001:db8::/32')] },
  { nft: 'ip6 daddr ::1', rule: [ip6.daddr('::1')] },
  { nft: 'ip6 daddr { ::1, 2001:db8::/64 }', rule: [ip6.daddr('::1', '2001:db8::/64')] },
  { nft: 'ip6 saddr 2001:db8::1-2001:db8::9', rule: [ip6.saddr('2001:db8::1-2001:db8::9')] },
  { nft: 'ip6 hoplimit 64', rule: [ip6.hoplimit(64)] },
  { nft: 'ip6 flowlabel 3', rule: [ip6.flowlabel(3)] },
  { nft: 'ip6 dscp cs1', rule: [ip6.dscp('cs1')] },
  { nft: 'ip6 nexthdr tcp', rule: [ip6.nexthdr('tcp')] },
  { nft: 'icmp type echo-request', rule: [icmp.type('echo-request')] },
  { nft: 'icmp type { echo-reply, echo-request }', rule: [icmp.type('echo-reply', 'echo-request')] },
  {
    nft: 'icmp type destination-unreachable icmp code port-unreachable',
    rule: [icmp.type('destination-unreachable'), icmp.code('port-unreachable')],
  },
  { nft: 'icmp type echo-request icmp id 5', rule: [icmp.type('echo-request'), icmp.id(5)] },
  { nft: 'icmp id 5', rule: [icmp.id(5)] },
  { nft: 'icmp mtu 1400', rule: [icmp.mtu(1400)] },
  { nft: 'icmpv6 type nd-neighbor-solicit', rule: [icmpv6.type('nd-neighbor-solicit')] },
  {
    nft: 'icmpv6 type { nd-neighbor-solicit, nd-router-advert }',
    rule: [icmpv6.type('nd-router-advert', 'nd-neighbor-solicit')],
  },
  { nft: 'icmpv6 sequence 7', rule: [icmpv6.sequence(7)] },
  { nft: 'icmpv6 mtu 1280', rule: [icmpv6.mtu(1280)] },
  { nft: 'ether saddr 00:11:22:33:44:55', rule: [ether.saddr('00:11:22:33:44:55')] },
  {
    nft: 'ip saddr . tcp dport { 10.0.0.1 . 80, 10.0.0.2 . 443 }',
    rule: [concat(ip.saddr, tcp.dport)(['10.0.0.1', 80], ['10.0.0.2', 443])],
  },
  {
    nft: 'ip saddr . tcp dport { 10.0.0.0/8 . 80-90, 10.0.0.1 . 443 }',
    rule: [concat(ip.saddr, tcp.dport)(['10.0.0.0/8', '80-90'], ['10.0.0.1', 443])],
  },
  {
    nft: 'ip saddr . ip daddr . meta l4proto { 10.0.0.1 . 10.0.0.2 . tcp }',
    rule: [concat(ip.saddr, ip.daddr, meta.l4proto)(['10.0.0.1', '10.0.0.2', 'tcp'])],
  },
  { nft: 'iifname . tcp dport { "lo" . 80 }', rule: [concat(meta.iifname, tcp.dport)(['lo', 80])] },
  { nft: 'meta mark . tcp dport { 1 . 80, 2 . 90-100 }', rule: [concat(meta.mark, tcp.dport)([1, 80], [2, '90-100'])] },
  { nft: 'tcp dport set 8080', rule: [tcp.dport.set(8080)] },
  { nft: 'ip dscp set cs1', rule: [ip.dscp.set('cs1')] },
  { nft: 'ip ttl set 64', rule: [ip.ttl.set(64)] },
  { nft: 'ip saddr set 10.0.0.1', rule: [ip.saddr.set('10.0.0.1')] },
  { nft: 'ip6 hoplimit set 3', rule: [ip6.hoplimit.set(3)] },
  { nft: 'udp dport set 53 counter', rule: [udp.dport.set(53), counter()] },
])

tryRules('ip', filter, [
  { nft: 'tcp dport 80 ip saddr 1.1.1.1', rule: [tcp.dport(80), ip.saddr('1.1.1.1')] },
  { nft: 'icmp type echo-request', rule: [icmp.type('echo-request')] },
  { nft: 'ip protocol icmp icmp type echo-request', rule: [ip.protocol('icmp'), icmp.type('echo-request')] },
  { nft: 'ether saddr 00:11:22:33:44:55', rule: [ether.saddr('00:11:22:33:44:55')] },
  { nft: 'ip protocol 47', rule: [ip.protocol('gre')] },
])

tryRules('ip6', filter, [
  { nft: 'tcp dport 80 ip6 saddr ::1', rule: [tcp.dport(80), ip6.saddr('::1')] },
  { nft: 'icmpv6 type echo-request', rule: [icmpv6.type('echo-request')] },
])

tryRules('arp', filter, [
  { nft: 'arp operation request', rule: [arp.operation('request')] },
  { nft: 'arp saddr ip 10.0.0.1 arp operation reply', rule: [arp.saddrIp('10.0.0.1'), arp.operation('reply')] },
])

tryRules('bridge', filter, [
  {
    nft: 'ether saddr 00:11:22:33:44:55 ip saddr 10.0.0.1',
    rule: [ether.saddr('00:11:22:33:44:55'), ip.saddr('10.0.0.1')],
  },
  { nft: 'ether type arp arp operation request', rule: [arp.operation('request')] },
  { nft: 'ip6 saddr ::1 tcp dport 80', rule: [ip6.saddr('::1'), tcp.dport(80)] },
])

tryRules('netdev', ingress, [
  { nft: 'ip saddr 10.0.0.1 tcp dport 80', rule: [ip.saddr('10.0.0.1'), tcp.dport(80)] },
  { nft: 'ether daddr 00:11:22:33:44:55 drop', rule: [ether.daddr('00:11:22:33:44:55'), drop()] },
  { nft: 'meta protocol ip6 icmpv6 type echo-request', rule: [icmpv6.type('echo-request')] },
])
