/** What the compiler has to let through of nftables, and what it must not, with the reason before it. Nothing runs it. */

import type { Netns, NftChange, NftRule, NftRuleset } from 'nslink'
import {
  accept,
  arp,
  comment,
  concat,
  counter,
  ct,
  dnat,
  drop,
  dup,
  element,
  fib,
  flow,
  frag,
  iifname,
  ip,
  ip6,
  jhash,
  jump,
  limit,
  masquerade,
  meta,
  numgen,
  reject,
  reset,
  restore,
  rt,
  table,
  tcp,
} from 'nslink/nft'
import type { Netns as DirectNetns } from 'nslink/sync'
import { expectTypeOf } from 'vitest'

export function rules(): void {
  const { add, insert } = table('ip', 'nat')
  void add.rule('c', ip.saddr('10.0.0.0/8'), tcp.dport(80, '90-100'), counter(), dnat('10.0.0.1:80'), comment('web'))
  void insert.rule('c', ct.state('established', 'related'), accept())
  void add.rule('c', iifname('eth*'), tcp.dport('@web'), limit('5/second'), drop())
  void add.rule('c', concat(ip.saddr, tcp.dport)(['10.0.0.1', 80], ['10.0.0.2', '80-90']), jump('d'))
  void add.rule('c', dnat(numgen('random', 2).map([[0, '10.0.0.1']])))
  void add.rule('c', meta.mark.set(ct.mark), meta.mark.and(0xff).not(3), ip.saddr.vmap([['10.0.0.1', accept()]]))
  void table('inet', 'a').add.rule('c', ip.saddr('10.0.0.1'), ip6.saddr.not('::1'), reject())
  void table('arp', 'a').add.rule('c', arp.operation('request'))

  // @ts-expect-error: a table of IPv4 sees no IPv6.
  void add.rule('c', ip6.saddr('::1'))
  // @ts-expect-error: nor does an operation on it make it so.
  void add.rule('c', ip6.flowlabel.and(3)(1))
  // @ts-expect-error: nor looking it up.
  void add.rule('c', ip6.saddr.vmap([['::1', accept()]]))
  // @ts-expect-error: nor a concatenation.
  void add.rule('c', concat(ip6.saddr, tcp.dport)(['::1', 80]))
  // @ts-expect-error: ARP is not translated.
  void table('arp', 'a').add.rule('c', masquerade())
  // @ts-expect-error: there is no such family.
  void table('ipv4', 'a')
  // @ts-expect-error: a base chain has a priority.
  void add.chain('c', { type: 'filter', hook: 'input' })
  // @ts-expect-error: there is no such hook.
  void add.chain('c', { type: 'filter', hook: 'inputs', priority: 0 })
  // @ts-expect-error: there is no priority of that name.
  void add.chain('c', { type: 'filter', hook: 'input', priority: 'fliter' })
}

export function values(): void {
  // @ts-expect-error: a port is a number.
  void tcp.dport('http')
  // @ts-expect-error: and no address.
  void tcp.dport('10.0.0.1')
  // @ts-expect-error: also among others.
  void tcp.dport(80, '10.0.0.1')
  // @ts-expect-error: an address is no number.
  void ip.saddr(80)
  // @ts-expect-error: there is no such state.
  void ct.state('establishd')
  // @ts-expect-error: there is no such protocol.
  void meta.l4proto('tpc')
  // @ts-expect-error: both parts of a concatenation have a value.
  void concat(ip.saddr, tcp.dport)(['10.0.0.1'])
  // @ts-expect-error: each of its type.
  void concat(ip.saddr, tcp.dport)([80, '10.0.0.1'])
  // @ts-expect-error: a map leads from a port.
  void tcp.dport.vmap([['10.0.0.1', accept()]])
  // @ts-expect-error: a verdict map leads to verdicts.
  void tcp.dport.vmap([[80, counter()]])
  // @ts-expect-error: where a packet came from cannot be set.
  void meta.iifname.set('eth0')
  // @ts-expect-error: a mark is a number.
  void meta.mark.set('eth0')
  // @ts-expect-error: there is no such sort of address.
  void fib('daddr').type('lokal')
  // @ts-expect-error: a device is looked up with an address, not a port.
  void fib('daddr', 'dport')
  // @ts-expect-error: a rate is of a time.
  void limit('5')
  // @ts-expect-error: ICMP has no such code.
  void reject({ with: 'icmp', code: 'no-route' })
}

/** What is matched less often, and what rules share. */
export function vocabulary(): void {
  const { add, del } = table('ip', 't')
  void add.rule('c', tcp.option.maxseg.size.set(1400), ip.option.rr.missing(), rt.ipNexthop('192.0.2.1'), flow('@f'))
  void add.rule('c', element.update('@s', concat(ip.saddr, tcp.dport), { timeout: 5, statements: [counter()] }))
  void add.rule('c', counter.named(ip.saddr.map('@m')), ct.helper.set('x'), jhash(ip.saddr, 2)(0), dup({ addr: '::' }))
  void [add.limit('l', limit('5/second')), add.counter('c'), del.counter('c')]
  // @ts-expect-error: what it is a limit of has to be said.
  void add.limit('l')
  // @ts-expect-error: only options of TCP can be set.
  void frag.id.set(5)
  // @ts-expect-error: a table of IPv4 sees no IPv6.
  void add.rule('c', frag.id(5))
  // @ts-expect-error: there are no flowtables of a bridge.
  void table('bridge', 't').add.rule('c', flow('@f'))
  // @ts-expect-error: this is a protocol without ports.
  void add.ctHelper('h', { helper: 'ftp', protocol: 'icmp' })
  // @ts-expect-error: this is no option of TCP.
  void reset('tcp option mss')
}

/** The data itself is checked as the builders are. */
export function data(): void {
  void ({
    family: 'ip',
    table: 't',
    chain: 'c',
    statements: [{ kind: 'match', left: 'tcp dport', op: '==', right: 80 }, { kind: 'accept' }],
  } satisfies NftRule)
  // @ts-expect-error: a table of IPv4 sees no IPv6.
  const wrong: NftRule = {
    family: 'ip',
    table: 't',
    chain: 'c',
    statements: [{ kind: 'match', left: 'ip6 saddr', op: '==', right: '::1' }],
  }
  // @ts-expect-error: there is no such statement.
  const unknown: NftRule = { family: 'ip', table: 't', chain: 'c', statements: [{ kind: 'acept' }] }
  void [wrong, unknown]
}

export function results(ns: Netns, direct: DirectNetns): void {
  expectTypeOf(ns.nft.list()).toEqualTypeOf<Promise<NftRuleset>>()
  expectTypeOf(direct.nft.list()).toEqualTypeOf<NftRuleset>()
  expectTypeOf(ns.nft.apply([])).toEqualTypeOf<Promise<(number | undefined)[]>>()
  expectTypeOf(restore(direct.nft.list())).toEqualTypeOf<NftChange[]>()
  void ns.nft.update(({ rules: found }) => found.map((rule) => ({ add: { rule } })))
  // @ts-expect-error: what to do has to be said.
  void ns.nft.apply([{ rule: { family: 'ip', table: 't', chain: 'c', statements: [] } }])
}
