import {
  accept,
  comment,
  concat,
  counter,
  ct,
  drop,
  goBack,
  goOn,
  goto,
  iifname,
  ip,
  ip6,
  jump,
  limit,
  log,
  meta,
  notrack,
  quota,
  reject,
  tcp,
} from 'nslink/nft'
import { filter, tryRules } from './lab.js'

tryRules('inet', filter, [
  { nft: 'jump d', rule: [jump('d')] },
  { nft: 'goto d', rule: [goto('d')] },
  { nft: 'return', rule: [goBack()] },
  { nft: 'continue', rule: [goOn()] },
  { nft: 'counter packets 3 bytes 400', rule: [counter({ packets: 3, bytes: 400 })] },
  { nft: 'limit rate 5/second', rule: [limit('5/second')] },
  { nft: 'limit rate 10/minute burst 7 packets accept', rule: [limit('10/minute', { burst: 7 }), accept()] },
  { nft: 'limit rate over 1/hour drop', rule: [limit('1/hour', { over: true }), drop()] },
  {
    nft: 'limit rate over 1 mbytes/second burst 5 kbytes',
    rule: [limit('1 mbytes/second', { over: true, burst: 5120 })],
  },
  { nft: 'limit rate 100 bytes/day', rule: [limit('100 bytes/day')] },
  { nft: 'quota over 25 mbytes drop', rule: [quota(25 * 1024 * 1024, { over: true }), drop()] },
  { nft: 'quota until 100 bytes', rule: [quota(100)] },
  { nft: 'log', rule: [log()] },
  { nft: 'log prefix "dropped: " level info', rule: [log({ prefix: 'dropped: ', level: 'info' })] },
  {
    nft: 'log level debug flags all',
    rule: [log({ level: 'debug', flags: ['tcp sequence', 'tcp options', 'ip options', 'skuid', 'ether'] })],
  },
  { nft: 'log flags tcp sequence,options', rule: [log({ flags: ['tcp sequence', 'tcp options'] })] },
  { nft: 'log group 3 snaplen 5 queue-threshold 6', rule: [log({ group: 3, snaplen: 5, queueThreshold: 6 })] },
  { nft: 'log prefix "x" group 0', rule: [log({ prefix: 'x', group: 0 })] },
  { nft: 'reject', rule: [reject()] },
  { nft: 'reject with tcp reset', rule: [reject({ with: 'tcp reset' })] },
  { nft: 'tcp dport 80 reject with tcp reset', rule: [tcp.dport(80), reject({ with: 'tcp reset' })] },
  { nft: 'reject with icmpx admin-prohibited', rule: [reject({ with: 'icmpx', code: 'admin-prohibited' })] },
  { nft: 'reject with icmp host-unreachable', rule: [reject({ with: 'icmp', code: 'host-unreachable' })] },
  { nft: 'reject with icmpv6 no-route', rule: [reject({ with: 'icmpv6', code: 'no-route' })] },
  { nft: 'ip saddr 10.0.0.1 reject', rule: [ip.saddr('10.0.0.1'), reject()] },
  {
    nft: 'ip saddr 10.0.0.1 reject with icmp net-prohibited',
    rule: [ip.saddr('10.0.0.1'), reject({ with: 'icmp', code: 'net-prohibited' })],
  },
  { nft: 'counter log reject with tcp reset', rule: [counter(), log(), reject({ with: 'tcp reset' })] },
  { nft: 'ip6 saddr ::1 reject', rule: [ip6.saddr('::1'), reject()] },
  {
    nft: 'tcp dport vmap { 80 : accept, 443 : drop }',
    rule: [
      tcp.dport.vmap([
        [80, accept()],
        [443, drop()],
      ]),
    ],
  },
  {
    nft: 'ip saddr vmap { 10.0.0.0/8 : jump d, 192.168.0.1 : drop }',
    rule: [
      ip.saddr.vmap([
        ['10.0.0.0/8', jump('d')],
        ['192.168.0.1', drop()],
      ]),
    ],
  },
  {
    nft: 'ip saddr . tcp dport vmap { 10.0.0.1 . 80 : accept }',
    rule: [concat(ip.saddr, tcp.dport).vmap([[['10.0.0.1', 80], accept()]])],
  },
  {
    nft: 'iifname vmap { "lo" : accept, "eth0" : goto d }',
    rule: [
      iifname.vmap([
        ['eth0', goto('d')],
        ['lo', accept()],
      ]),
    ],
  },
  {
    nft: 'meta l4proto vmap { tcp : jump d, udp : continue }',
    rule: [
      meta.l4proto.vmap([
        ['tcp', jump('d')],
        ['udp', goOn()],
      ]),
    ],
  },
  {
    nft: 'tcp dport vmap { 80 : accept, * : drop }',
    rule: [
      tcp.dport.vmap([
        [80, accept()],
        ['*', drop()],
      ]),
    ],
  },
  {
    nft: 'ct state established counter accept comment "a comment"',
    rule: [ct.state('established'), counter(), accept(), comment('a comment')],
  },
])

tryRules('ip', filter, [
  { nft: 'reject', rule: [reject()] },
  { nft: 'reject with icmp host-unreachable', rule: [reject({ with: 'icmp', code: 'host-unreachable' })] },
  { nft: 'reject with tcp reset', rule: [reject({ with: 'tcp reset' })] },
])

tryRules('ip', { type: 'filter', hook: 'prerouting', priority: -300 }, [{ nft: 'notrack', rule: [notrack()] }])
