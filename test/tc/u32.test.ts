/** `u32`, with `tc` as the judge. */

import { plan, tryFilter } from '../support/tc.js'

tryFilter('u32', {
  made: [
    { given: { match: [{ u32: [0, 0, 0] }] }, tc: 'match u32 0 0' },
    {
      given: { protocol: 'ip', match: [{ ip: { dport: 3306 } }], flowid: '1:11' },
      tc: 'match ip dport 3306 0xffff flowid 1:11',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { src: '192.168.6.160/32' } }, { ip: { dport: 23 } }], flowid: '1:11' },
      tc: 'match ip src 192.168.6.160 match ip dport 23 0xffff flowid 1:11',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { dst: '10.1.0.0/16', tos: [0x10, 0x1c], ihl: 5, protocol: 'tcp' } }] },
      tc: 'match ip dst 10.1.0.0/16 match ip tos 0x10 0x1c match ip ihl 5 0xf match ip protocol 6 0xff',
      read: {
        match: [
          { ip: { dst: '10.1.0.0/16' } },
          { ip: { tos: [0x10, 0x1c] } },
          { ip: { ihl: 5 } },
          { ip: { protocol: 'tcp' } },
        ],
      },
    },
    {
      given: {
        protocol: 'ip',
        match: [{ ip: { protocol: 'icmp' } }, { ip: { icmpType: 8 } }, { ip: { icmpCode: 0 } }],
      },
      tc: 'match ip protocol 1 0xff match ip icmp_type 8 0xff match ip icmp_code 0 0xff',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { sport: [0x1000, 0xf000] } }, { ip: { dport: 53 } }] },
      tc: 'match ip sport 0x1000 0xf000 match ip dport 53 0xffff',
    },
    { given: { protocol: 'ip', match: [{ ip: { src: '0.0.0.0/0' } }] }, tc: 'match ip src 0.0.0.0/0' },
    { given: { protocol: 'ip', match: [{ ip: { nofrag: true } }], flowid: '1:1' }, tc: 'match ip nofrag flowid 1:1' },
    {
      given: { protocol: 'ip', match: [{ ip: { firstfrag: true } }], flowid: '1:1' },
      tc: 'match ip firstfrag flowid 1:1',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { df: true } }, { ip: { mf: true } }], flowid: '1:1' },
      tc: 'match ip df match ip mf flowid 1:1',
    },
    {
      given: { protocol: 'ipv6', match: [{ ip6: { src: '2001:db8::/40' } }, { ip6: { dst: '2001:db8::1/128' } }] },
      tc: 'match ip6 src 2001:db8::/40 match ip6 dst 2001:db8::1',
    },
    {
      given: {
        protocol: 'ipv6',
        match: [
          { ip6: { priority: 0x10 } },
          { ip6: { flowlabel: [0x12, 0xff] } },
          { ip6: { protocol: 'udp' } },
          { ip6: { sport: 1 } },
          { ip6: { dport: 2 } },
        ],
      },
      tc: 'match ip6 priority 0x10 0xff match ip6 flowlabel 0x12 0xff match ip6 protocol 17 0xff match ip6 sport 1 0xffff match ip6 dport 2 0xffff',
    },
    {
      given: { protocol: 'ipv6', match: [{ ip6: { protocol: 'icmpv6' } }, { ip6: { icmpType: 128 } }] },
      tc: 'match ip6 protocol 58 0xff match ip6 icmp_type 128 0xff',
    },
    { given: { protocol: 'ipv6', match: [{ ip6: { dst: '::/0' } }] }, tc: 'match ip6 dst ::/0', read: { match: [] } },
    {
      given: { match: [{ ether: { src: '01:02:03:04:05:06' } }, { ether: { dst: '0a:0b:0c:0d:0e:0f' } }] },
      tc: 'match ether src 01:02:03:04:05:06 match ether dst 0a:0b:0c:0d:0e:0f',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { protocol: 'tcp' } }, { tcp: { src: 5 } }, { tcp: { dst: 80 } }] },
      tc: 'match ip protocol 6 0xff match tcp src 5 0xffff match tcp dst 80 0xffff',
    },
    {
      given: { protocol: 'ip', match: [{ ip: { protocol: 'udp' } }, { udp: { dst: [53, 0xff] } }] },
      tc: 'match ip protocol 17 0xff match udp dst 53 0xff',
    },
    {
      given: { protocol: 'ip', match: [{ icmp: { type: 8, code: 1 } }] },
      tc: 'match icmp type 8 0xff match icmp code 1 0xff',
      read: { match: [{ u32: [0x0801_0000, 0xffff_0000, 'nexthdr+0'] }] },
    },
    {
      given: {
        match: [
          { u16: [0x1234, 0xffff, 'nexthdr+2'] },
          { u8: [0x12, 0xff, 3] },
          { u8: [1, 3, -3] },
          { u16: [1, 0xffff, -2] },
        ],
      },
      tc: 'match u16 0x1234 0xffff at nexthdr+2 match u8 0x12 0xff at 3 match u8 1 3 at -3 match u16 1 0xffff at -2',
      read: {
        match: [{ u32: [0x1234, 0xffff, 'nexthdr+0'] }, { u32: [0x12, 0xff, 0] }, { u32: [0x10001, 0x3ffff, -4] }],
      },
    },
    {
      given: { match: [{ mark: [5, 0xff] }, { u32: [0xdead_beef, 0xffff_ffff, 64] }] },
      tc: 'match mark 5 0xff match u32 0xdeadbeef 0xffffffff at 64',
      // A kernel that was built without marks (CONFIG_CLS_U32_MARK) passes over them.
      sentOnly: true,
    },
    // A table of one's own, a filter in it, and one that leads there.
    { given: { handle: '1:', divisor: 256 }, tc: 'divisor 256' },
    { given: { handle: '800::5', match: [{ u32: [0, 0, 0] }], flowid: '1:1' }, tc: 'match u32 0 0 flowid 1:1' },
    { given: { ht: '800:', match: [{ u32: [0, 0, 0] }], indev: 'v1' }, tc: 'ht 800: match u32 0 0 indev v1' },
    {
      given: {
        protocol: 'ip',
        match: [{ ip: { protocol: 'tcp' } }],
        link: '800:',
        offset: { at: 0, mask: 0x0f00, shift: 6, plus: 0, eat: true },
        hashkey: { mask: 0xff, at: 12 },
      },
      tc: 'match ip protocol 6 0xff link 800: offset at 0 mask 0x0f00 shift 6 plus 0 eat hashkey mask 0x000000ff at 12',
      // The kernel does not let a table lead to itself.
      sentOnly: true,
    },
    { given: { match: [{ u32: [0, 0, 0] }], skipHw: true, flowid: '1:1' }, tc: 'match u32 0 0 flowid 1:1 skip_hw' },
    // No card is there to see to it.
    { given: { match: [{ u32: [0, 0, 0] }], skipSw: true }, tc: 'match u32 0 0 skip_sw', sentOnly: true },
    {
      given: {
        protocol: 'ip',
        match: [{ u32: [0, 0, 0] }],
        flowid: '1:1',
        actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: 'ifb0' }],
      },
      tc: 'match u32 0 0 flowid 1:1 action mirred egress redirect dev ifb0',
    },
  ],
  refused: [
    { given: { match: [{ ip: { port: 3306 } }] }, option: 'port' },
    { given: { match: [{ ipx: { dport: 3306 } }] }, option: 'ipx' },
    { given: { match: { ip: { dport: 3306 } } }, option: 'u32.match', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { match: [{ ip: { dport: 65_536 } }] }, option: 'u32.match.0.ip.dport', code: 'ERR_OUT_OF_RANGE' },
    { given: { match: [{ ip: { dport: '80' } }] }, option: 'u32.match.0.ip.dport', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { match: [{ ip: { dport: [80, 0] } }] }, option: 'u32.match.0.ip.dport' },
    { given: { match: [{ ip: { src: '10.0.0.1/24' } }] }, option: 'u32.match.0.ip.src' },
    { given: { match: [{ ip: { src: '::1' } }] }, option: 'u32.match.0.ip.src' },
    { given: { match: [{ ip: { protocol: 'carrier-pigeon' } }] }, option: 'u32.match.0.ip.protocol' },
    { given: { match: [{ ip: { df: 1 } }] }, option: 'u32.match.0.ip.df', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { match: [{ ip: {}, ip6: {} }] }, option: 'u32.match.0' },
    { given: { match: [{ ip: { dport: 80 } }, { ip: { dport: 81 } }] }, option: 'u32.match.1.ip.dport' },
    { given: { match: [{ u32: [0, 0, 2] }] }, option: 'u32.match.0.u32.2' },
    { given: { match: [{ u32: [0, 0, 'next'] }] }, option: 'u32.match.0.u32.2', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { match: [{ u8: [256, 255, 2] }] }, option: 'u32.match.0.u8.0', code: 'ERR_OUT_OF_RANGE' },
    { given: { match: [{ ether: { src: '01:02' } }] }, option: 'u32.match.0.ether.src' },
    { given: { match: [{ mark: [1, 1] }, { mark: [2, 2] }] }, option: 'u32.match.1.mark' },
    { given: { divisor: 100 }, option: 'u32.divisor' },
    { given: { match: [], link: '1:2:3:4' }, option: 'u32.link' },
    { given: { match: [], ht: 1 }, option: 'u32.ht', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { handle: 1, match: [] }, option: 'handle', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { match: [], offset: { minus: 1 } }, option: 'minus' },
  ],
  messages: [
    [
      'filter add dev v0 parent ffff: protocol ip u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev ifb0',
      () =>
        plan.filter.add({
          dev: 'v0',
          parent: 'ffff:',
          protocol: 'ip',
          kind: 'u32',
          match: [{ u32: [0, 0] }],
          flowid: '1:1',
          actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: 'ifb0' }],
        }),
    ],
    [
      'filter add dev v0 protocol ip parent 1:0 prio 1 u32 match ip dport 80 0xffff flowid 1:12',
      () =>
        plan.filter.add({
          dev: 'v0',
          protocol: 'ip',
          parent: '1:0',
          prio: 1,
          kind: 'u32',
          match: [{ ip: { dport: 80 } }],
          flowid: '1:12',
        }),
    ],
    [
      'filter del dev v0 ingress protocol ip prio 1 handle 801:5:fff u32',
      () =>
        plan.filter.del({ dev: 'v0', parent: 'ingress', protocol: 'ip', prio: 1, handle: '801:5:fff', kind: 'u32' }),
    ],
  ],
})
