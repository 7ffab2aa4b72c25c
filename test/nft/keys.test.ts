/** Keys of the kernel's that are no part of the packet: routes, sockets, times, hashes. */

import { stat } from 'node:fs/promises'
import {
  accept,
  concat,
  ct,
  dnat,
  frag,
  iif,
  ip,
  ip6,
  jhash,
  meta,
  osf,
  reset,
  restore,
  rt,
  socket,
  symhash,
  table,
  tcp,
} from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { filter, nat, printed, tryRules } from './lab.js'

tryRules('inet', filter, [
  { nft: 'rt classid 5', rule: [rt.classid(5)] },
  { nft: 'rt classid != 0', rule: [rt.classid.not(0)], listed: [rt.classid.not('default')] },
  { nft: 'rt ip nexthop 192.0.2.1', rule: [rt.ipNexthop('192.0.2.1')] },
  { nft: 'rt ip nexthop 192.0.2.0/24', rule: [rt.ipNexthop('192.0.2.0/24')] },
  { nft: 'rt ip6 nexthop != 2001:db8::1', rule: [rt.ip6Nexthop.not('2001:db8::1')] },
  { nft: 'rt ipsec exists', rule: [rt.ipsec(true)] },
  { nft: 'rt ipsec missing', rule: [rt.ipsec(false)] },
  { nft: 'rt classid { 1, 2 }', rule: [rt.classid(1, 2)] },
  { nft: 'socket transparent 1', rule: [socket.transparent(1)] },
  { nft: 'socket mark 0x5', rule: [socket.mark(5)] },
  { nft: 'socket mark & 0xff != 0', rule: [socket.mark.and(0xff).not(0)] },
  { nft: 'socket wildcard 0', rule: [socket.wildcard(0)] },
  { nft: 'meta mark set socket mark', rule: [meta.mark.set(socket.mark)] },
  { nft: 'meta hour "17:00"', rule: [meta.hour('17:00')] },
  { nft: 'meta hour "08:00"-"19:30"', rule: [meta.hour('08:00-19:30')] },
  { nft: 'meta hour >= "20:00:01"', rule: [meta.hour.ge('20:00:01')] },
  { nft: 'meta day "Monday"', rule: [meta.day('Monday')] },
  { nft: 'meta day { "Saturday", "Sunday" }', rule: [meta.day('Sunday', 'Saturday')] },
  { nft: 'meta time < "2026-01-01 00:00:00"', rule: [meta.time.lt('2026-01-01 00:00:00')] },
  { nft: 'meta time "2026-07-01"-"2026-07-02"', rule: [meta.time('2026-07-01 00:00:00-2026-07-02 00:00:00')] },
  {
    nft: 'meta time 1234567890',
    rule: [meta.time(new Date('2009-02-13T23:31:30Z'))],
    listed: [meta.time('2009-02-13 23:31:30')],
  },
  { nft: 'osf name "Linux"', rule: [osf.name()('Linux')] },
  { nft: 'osf ttl skip version "Linux:4.20"', rule: [osf.version('skip')('Linux:4.20')] },
  { nft: 'osf ttl loose name != "Windows"', rule: [osf.name('loose').not('Windows')] },
  { nft: 'osf name { "Linux", "FreeBSD" }', rule: [osf.name()('FreeBSD', 'Linux')] },
  { nft: 'ct helper "ftp"', rule: [ct.helper('ftp')] },
  { nft: 'ct helper != "sip"', rule: [ct.helper.not('sip')] },
  { nft: 'ct label 127', rule: [ct.label(127)] },
  { nft: 'ct label != 3', rule: [ct.label.not(3)] },
  { nft: 'ct label set 7', rule: [ct.label.set(7)] },
  { nft: 'ct event set new,destroy', rule: [ct.event.set(['new', 'destroy'])] },
  { nft: 'meta priority set 1:2', rule: [meta.priority.set('1:2')] },
  { nft: 'meta nftrace set 1', rule: [meta.nftrace.set(1)] },
  { nft: 'jhash ip saddr mod 2 seed 0xdead 1', rule: [jhash(ip.saddr, 2, { seed: 0xdead })(1)] },
  { nft: 'jhash ip saddr mod 2 1', rule: [jhash(ip.saddr, 2)(1)] },
  {
    nft: 'meta mark set jhash ip saddr . tcp dport mod 8 seed 5 offset 100',
    rule: [meta.mark.set(jhash(concat(ip.saddr, tcp.dport), 8, { offset: 100, seed: 5 }))],
  },
  {
    nft: 'meta mark set jhash ip6 saddr . ip6 daddr . tcp sport . tcp dport mod 16',
    rule: [meta.mark.set(jhash(concat(ip6.saddr, ip6.daddr, tcp.sport, tcp.dport), 16))],
  },
  { nft: 'meta mark set symhash mod 2 offset 3', rule: [meta.mark.set(symhash(2, 3))] },
  { nft: 'symhash mod 4 { 0, 2-3 }', rule: [symhash(4)(0, '2-3')] },
  { nft: 'jhash meta mark mod 8 { 0, 2 }', rule: [jhash(meta.mark, 8)(0, 2)] },
  { nft: 'jhash iif . ip saddr mod 8 seed 1 { 0, 2 }', rule: [jhash(concat(iif, ip.saddr), 8, { seed: 1 })(0, 2)] },
])

tryRules('ip', { type: 'filter', hook: 'forward', priority: 0 }, [
  { nft: 'rt mtu 1400', rule: [rt.mtu(1400)] },
  {
    nft: 'tcp flags syn tcp option maxseg size set rt mtu',
    rule: [tcp.flags('syn'), tcp.option.maxseg.size.set(rt.mtu)],
  },
  { nft: 'rt ip nexthop 192.0.2.1', rule: [rt.ipNexthop('192.0.2.1')] },
])

tryRules('ip', nat, [
  {
    nft: 'tcp dport 80 dnat to jhash ip saddr mod 2 seed 7 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
    rule: [
      tcp.dport(80),
      dnat(
        jhash(ip.saddr, 2, { seed: 7 }).map([
          [0, '10.0.0.1'],
          [1, '10.0.0.2'],
        ]),
      ),
    ],
  },
  {
    nft: 'dnat to symhash mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
    rule: [
      dnat(
        symhash(2).map([
          [0, '10.0.0.1'],
          [1, '10.0.0.2'],
        ]),
      ),
    ],
  },
])

tryRules('ip', { type: 'filter', hook: 'prerouting', priority: -300 }, [
  { nft: 'meta pkttype set host', rule: [meta.pkttype.set('host')] },
  { nft: 'ct zone set 1', rule: [ct.zone.set(1)] },
  { nft: 'ct original zone set 2', rule: [ct.original.zone.set(2)] },
  {
    nft: 'ct zone set meta mark map { 1 : 10, 2 : 20 }',
    rule: [
      ct.zone.set(
        meta.mark.map([
          [1, 10],
          [2, 20],
        ]),
      ),
    ],
  },
])

test('a control group, by the number of its directory', async ({ ns, another }) => {
  const { ino } = await stat('/sys/fs/cgroup')
  const rule = [socket.cgroupv2(2)(ino), accept()]
  const { add } = table('inet', 't')
  await ns.nft.apply([add.table(), add.chain('c', filter), add.rule('c', ...rule)])
  const listed = await ns.nft.list()
  expect(listed.rules).toMatchObject([{ statements: rule }])
  const { plain, expressions } = await printed(ns)
  expect(plain).toContain('socket cgroupv2 level 2 ')
  expect(expressions).toContain('[ socket load cgroupv2 => reg 1 ]')
  const other = await another()
  await other.nft.apply(restore(listed))
  expect(await printed(other)).toEqual(await printed(ns))
})

describe('what no key can be', () => {
  const { add } = table('inet', 't')
  const rows: readonly [what: string, statements: readonly unknown[], message: RegExp][] = [
    ['an hour of no day', [meta.hour('25:00')], /must be a time of the day such as '17:00'/],
    ['a day of no month', [meta.time('2026-02-30')], /is no time that there is/],
    ['a time that is none', [meta.time('tomorrow')], /must be a time such as '2026-01-01 00:00:00'/],
    ['a range backwards', [meta.time('2026-02-02-2026-02-01')], /must not end before it begins/],
    ['a label too high', [ct.label(128)], /integer from 0 to 127/],
    ['a helper of too long a name', [ct.helper('a-name-too-long-')], /must be at most 15 bytes/],
    ['a system without a name', [osf.name()('')], /must not be empty/],
    ['one of no number', [jhash(ip.saddr, 0)(0)], /"left.mod" option must be/],
    ['numbers above all there are', [symhash(2, 0xffff_ffff)(0)], /leads to numbers above 2\^32 - 1/],
    ['a control group of no level', [socket.cgroupv2(0)(1)], /"left.level" option must be/],
    ['a field that cannot be set', [{ kind: 'mangle', key: 'frag id', value: 1 }], /"key" option cannot be set/],
    ['an option that is none', [reset('tcp dport' as 'tcp option nop')], /must be an option of TCP/],
    ['a header over another', [ip.saddr('10.0.0.1'), frag.id(5)], /must go with what was matched before, which is ip/],
  ]
  test.for(rows)('%s', async ([, statements, message], { ns }) => {
    const error = await failure(() =>
      ns.nft.apply([add.table(), add.chain('c'), add.rule('c', ...(statements as never[]))]),
    )
    expect(error.message).toMatch(message)
    expect((await ns.nft.list()).tables).toEqual([])
  })
})
