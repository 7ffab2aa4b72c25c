/** Headers that are met less often. */

import { ah, comp, dccp, esp, ether, igmp, ip, ip6, sctp, tcp, udplite, vlan } from 'nslink/nft'
import { filter, ingress, tryRules } from './lab.js'

tryRules('inet', filter, [
  { nft: 'udplite sport 5 udplite dport 6', rule: [udplite.sport(5), udplite.dport(6)] },
  { nft: 'udplite csumcov 8', rule: [udplite.csumcov(8)] },
  { nft: 'udplite checksum 0', rule: [udplite.checksum(0)] },
  { nft: 'sctp sport 1024-65535', rule: [sctp.sport('1024-65535')] },
  { nft: 'sctp dport { 80, 443 }', rule: [sctp.dport(80, 443)] },
  { nft: 'sctp vtag 5', rule: [sctp.vtag(5)] },
  { nft: 'sctp checksum != 0', rule: [sctp.checksum.not(0)] },
  { nft: 'dccp sport 5', rule: [dccp.sport(5)] },
  { nft: 'dccp dport 5-6', rule: [dccp.dport('5-6')] },
  { nft: 'dccp type request', rule: [dccp.type('request')] },
  { nft: 'dccp type != data', rule: [dccp.type.not('data')] },
  { nft: 'dccp type { request, response, close }', rule: [dccp.type('request', 'response', 'close')] },
  { nft: 'esp spi 256', rule: [esp.spi(256)] },
  { nft: 'esp sequence > 5', rule: [esp.sequence.gt(5)] },
  { nft: 'ah nexthdr != tcp', rule: [ah.nexthdr.not('tcp')] },
  { nft: 'ah hdrlength 4', rule: [ah.hdrlength(4)] },
  { nft: 'ah spi { 1, 2 }', rule: [ah.spi(1, 2)] },
  { nft: 'ah sequence 1-9', rule: [ah.sequence('1-9')] },
  { nft: 'ah reserved 0', rule: [ah.reserved(0)] },
  { nft: 'comp nexthdr != udp', rule: [comp.nexthdr.not('udp')] },
  { nft: 'comp cpi 5', rule: [comp.cpi(5)] },
  { nft: 'comp flags 1', rule: [comp.flags(1)] },
  { nft: 'igmp type membership-query', rule: [igmp.type('membership-query')] },
  { nft: 'igmp type { membership-report-v3, leave-group }', rule: [igmp.type('leave-group', 'membership-report-v3')] },
  { nft: 'igmp mrt 10', rule: [igmp.mrt(10)] },
  { nft: 'igmp checksum 5', rule: [igmp.checksum(5)] },
  { nft: 'udplite dport set 5', rule: [udplite.dport.set(5)] },
  { nft: 'sctp dport set 5', rule: [sctp.dport.set(5)] },
])

tryRules('ip', filter, [
  { nft: 'igmp type leave-group', rule: [igmp.type('leave-group')] },
  { nft: 'esp spi 5', rule: [esp.spi(5)] },
])

tryRules('bridge', { type: 'filter', hook: 'prerouting', priority: 0 }, [
  { nft: 'vlan id 5', rule: [vlan.id(5)] },
  { nft: 'vlan id != 5', rule: [vlan.id.not(5)] },
  { nft: 'vlan id { 5, 6 }', rule: [vlan.id(5, 6)] },
  { nft: 'vlan id 5 vlan pcp 3', rule: [vlan.id(5), vlan.pcp(3)] },
  { nft: 'vlan dei 1', rule: [vlan.dei(1)] },
  { nft: 'vlan type ip', rule: [vlan.type('ip')] },
  { nft: 'ether type vlan', rule: [ether.type('vlan')], listed: [ether.type('8021q')] },
  { nft: 'vlan id 5 ip saddr 10.0.0.1', rule: [vlan.id(5), ip.saddr('10.0.0.1')] },
  { nft: 'vlan id 5 ip6 saddr ::1', rule: [vlan.id(5), ip6.saddr('::1')] },
  { nft: 'vlan id 5 tcp dport 80', rule: [vlan.id(5), tcp.dport(80)] },
  {
    nft: 'ether saddr 00:11:22:33:44:55 vlan id 5',
    rule: [ether.saddr('00:11:22:33:44:55'), vlan.id(5)],
  },
  { nft: 'vlan id set 6', rule: [vlan.id.set(6)] },
  { nft: 'vlan pcp set 3', rule: [vlan.pcp.set(3)] },
])

tryRules('netdev', ingress, [
  { nft: 'vlan id 5', rule: [vlan.id(5)] },
  { nft: 'vlan id 5 ip saddr 10.0.0.1 tcp dport 80', rule: [vlan.id(5), ip.saddr('10.0.0.1'), tcp.dport(80)] },
])
