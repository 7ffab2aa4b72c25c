/** What the compiler has to let through, and what it must not, with the reason before it. `npm run types` reads this; nothing runs it. */

import {
  type Addr,
  addr,
  conntrack,
  type Feature,
  type Features,
  fdb,
  features,
  ipvs,
  type Link,
  type LinkMade,
  link,
  type Netns,
  nexthop,
  type Route,
  type RpsQueue,
  route,
  rps,
  rule,
  vlan,
} from 'nslink'
import type { Netns as DirectNetns } from 'nslink/sync'
import * as sync from 'nslink/sync'
import { expectTypeOf } from 'vitest'

export function options(): void {
  void link.add({ kind: 'bridge', name: 'a', stpState: 1, vlanProtocol: '802.1ad', up: true })
  void link.add({ kind: 'veth', name: 'a', peer: { name: 'b', netns: 'pod' } })
  // @ts-expect-error: stpState is an option of a bridge.
  void link.add({ kind: 'veth', name: 'a', stpState: 1 })
  // @ts-expect-error: peer is an option of a veth.
  void link.add({ kind: 'bridge', name: 'a', peer: { name: 'b' } })
  // @ts-expect-error: it is spelt mtu.
  void link.add({ kind: 'bridge', name: 'a', mut: 1500 })
  // @ts-expect-error: the kind is missing.
  void link.add({ name: 'a' })
  // @ts-expect-error: there is no such kind.
  void link.add({ kind: 'brigde', name: 'a' })
  // @ts-expect-error: an MTU is a number.
  void link.add({ kind: 'bridge', name: 'a', mtu: '1500' })
  // @ts-expect-error: there is no such tag.
  void link.add({ kind: 'bridge', name: 'a', vlanProtocol: '802.1x' })
  // @ts-expect-error: the kernel alone says which bridge is the root.
  void link.add({ kind: 'bridge', name: 'a', rootId: '8000.02:42:ac:11:00:02' })
  // @ts-expect-error: the kernel makes no other end that is up.
  void link.add({ kind: 'veth', name: 'a', peer: { name: 'b', up: true } })
  void link.add({ kind: 'vxlan', name: 'a', id: 5, ttl: 'auto', srcport: [1, 2], group: '239.1.1.1' })
  // @ts-expect-error: of a vxlan, the group is an address.
  void link.add({ kind: 'vxlan', name: 'a', id: 5, group: 7 })
  // @ts-expect-error: a macvlan has no such mode.
  void link.add({ kind: 'macvlan', name: 'a', link: 'b', mode: 'bridged' })
  // @ts-expect-error: macaddrCount is what the kernel says.
  void link.add({ kind: 'macvlan', name: 'a', link: 'b', macaddrCount: 1 })
  void link.add({ kind: { raw: 'team' }, name: 'a', mtu: 1400, data: { 1: '00' } })
  // @ts-expect-error: options by number go with a kind by name.
  void link.add({ kind: 'dummy', name: 'a', data: { 1: '00' } })
  // @ts-expect-error: a new link has no master to be taken from.
  void link.add({ kind: 'bridge', name: 'a', nomaster: true })

  void link.set('a', { up: true, nomaster: true, bridgePort: { hairpin: true } })
  void link.set('a', { kind: 'bridge', stpState: 1 })
  // @ts-expect-error: an option of a bridge goes with `kind: 'bridge'`.
  void link.set('a', { stpState: 1 })
  // @ts-expect-error: hairpin is an option of a port.
  void link.set('a', { hairpin: true })
  // @ts-expect-error: the index is given when a link is made.
  void link.set('a', { index: 7 })

  void addr.add({ dev: 'a', address: '10.0.0.1/24', broadcast: '+' })
  // @ts-expect-error: an address belongs to a device.
  void addr.add({ address: '10.0.0.1/24' })
  // @ts-expect-error: missingOk is for `del`.
  void addr.add({ dev: 'a', address: '10.0.0.1/24', missingOk: true })
  // @ts-expect-error: what to flush has to be said.
  void addr.flush()
  void route.add({ dst: 'default', via: '10.0.0.254', protocol: 'static' })
  // @ts-expect-error: it is spelt via.
  void route.add({ dst: 'default', gateway: '10.0.0.254' })
  // @ts-expect-error: there is no protocol of that name.
  void route.add({ dst: 'default', via: '10.0.0.254', protocol: 'statik' })

  void rule.add({ from: '10.0.0.0/8', dport: '80-90', uidrange: 1000, table: 'main' })
  // @ts-expect-error: a range has two ends.
  void rule.add({ dport: '80-' })
  // @ts-expect-error: it is spelt iif.
  void rule.add({ iff: 'lo' })
  // @ts-expect-error: only the kernel says so.
  void rule.add({ unresolved: true })
  void nexthop.add({ group: [{ id: 1, weight: 2 }, { id: 2 }], type: 'resilient', buckets: 32 })
  // @ts-expect-error: what to replace has to be named.
  void nexthop.replace({ via: '10.0.0.2', dev: 'a' })
  void fdb.append({ dev: 'a', lladdr: '00:00:00:00:00:00', dst: '10.0.0.2' })
  // @ts-expect-error: there is no such state.
  void fdb.add({ dev: 'a', lladdr: '02:00:00:00:00:02', state: 'learnt' })
  // @ts-expect-error: an address is looked up behind a device or in a bridge.
  void fdb.get({ lladdr: '02:00:00:00:00:02' })
  void vlan.add({ dev: 'a', vid: '10-20', untagged: true })
  // @ts-expect-error: it takes a VLAN.
  void vlan.add({ dev: 'a', untagged: true })
}

export function asked(found: Features): void {
  expectTypeOf(features()).toEqualTypeOf<Promise<Features>>()
  expectTypeOf(sync.features()).toEqualTypeOf<Features>()
  expectTypeOf(features.has('link:ipvlan')).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(sync.features.has('ability:nexthop')).toEqualTypeOf<boolean>()
  expectTypeOf(found.link.vxlan).toEqualTypeOf<boolean>()
  expectTypeOf(found.ability['rule.dscp']).toEqualTypeOf<boolean>()
  // A kind may have any name.
  expectTypeOf<'qdisc:of-tomorrow'>().toExtend<Feature>()
  // @ts-expect-error: it is spelt vxlan.
  found.link.vxlam
  // @ts-expect-error: there are links, qdiscs, filters and actions.
  void features.has('links:vxlan')
  // @ts-expect-error: there is no such ability.
  void features.has('ability:rule.dscq')
}

export function steering(queue: RpsQueue): void {
  void rps.set('a', { cpus: [0, 1], queue: 0 })
  void rps.set('a', queue)
  expectTypeOf(rps.get('a')).toEqualTypeOf<Promise<RpsQueue[]>>()
  expectTypeOf(sync.rps.get('a')).toEqualTypeOf<RpsQueue[]>()
  // @ts-expect-error: CPUs have numbers; a mask is `mask`.
  void rps.set('a', { cpus: '3' })
  // @ts-expect-error: sysfs knows devices by their names.
  void rps.get(1)
}

export function results(ns: Netns, direct: DirectNetns): void {
  expectTypeOf(link.add({ kind: 'dummy', name: 'a' })).toEqualTypeOf<Promise<LinkMade>>()
  expectTypeOf(sync.link.add({ kind: 'dummy', name: 'a' })).toEqualTypeOf<LinkMade>()
  expectTypeOf(ns.link.list()).toEqualTypeOf<Promise<Link[]>>()
  expectTypeOf(direct.link.list()).toEqualTypeOf<Link[]>()
  expectTypeOf(ns.route.get({ dst: '192.0.2.1' })).toEqualTypeOf<Promise<Route>>()
  expectTypeOf(direct.route.get({ dst: '192.0.2.1' })).toEqualTypeOf<Route>()
  expectTypeOf(ns.addr.flush({ dev: 'a' })).toEqualTypeOf<Promise<number>>()
  expectTypeOf(direct.addr.del({ dev: 'a', address: '10.0.0.1/24' })).toEqualTypeOf<void>()
  expectTypeOf(sync.netns.create('pod')).toEqualTypeOf<DirectNetns>()
  expectTypeOf(ns.run(() => 7)).toEqualTypeOf<number>()
  // @ts-expect-error: a promise has no name.
  link.get('a').name
  // @ts-expect-error: the kernel may have left the MTU out.
  sync.link.get('a').mtu.toFixed()
}

/** What a link or an address was read as can be given back. */
export function back(a: Link, b: Addr, c: Route): void {
  void addr.replace(b)
  void addr.del(b)
  void route.replace(c)
  void link.add({ ...a, kind: 'bridge' })
  // @ts-expect-error: what is listed of a bridge belongs to a bridge.
  void link.add({ kind: 'dummy', name: 'a', bridge: a.bridge })
  // @ts-expect-error: only a link that is there can be told of its carrier.
  void link.add({ kind: 'dummy', name: 'a', carrier: false })
  expectTypeOf(a.bridge?.rootId).toEqualTypeOf<string | undefined>()
  expectTypeOf(a.stats?.rxBytes).toEqualTypeOf<number | undefined>()
  expectTypeOf(a.addrGenMode).toEqualTypeOf<'eui64' | 'none' | 'stable_secret' | 'random' | number | undefined>()
  // @ts-expect-error: of the two ends of a veth each is a link, and neither reports the other as its peer.
  a.veth?.peer
}

export function batches(ns: Netns, direct: DirectNetns): void {
  const three = ns.batch((b) => [b.link.get('a'), b.addr.list(), b.addr.flush({ dev: 'a' })])
  expectTypeOf(three).toEqualTypeOf<Promise<[Link, Addr[], number]>>()
  expectTypeOf(direct.batch((b) => [b.route.list(), b.nsid.get('pod')])).toEqualTypeOf<[Route[], number | undefined]>()
  expectTypeOf(sync.batch((b) => ['a', 'b'].map((dev) => b.link.get(dev)))).toEqualTypeOf<Link[]>()
  expectTypeOf(direct.batch(() => [])).toEqualTypeOf<[]>()
  // @ts-expect-error: a batch takes what the methods of its own groups return.
  void ns.batch(() => [link.get('a')])
  // @ts-expect-error: it is spelt mtu.
  void ns.batch((b) => [b.link.set('a', { mut: 1500 })])
}

export async function connections(): Promise<void> {
  const orig = { proto: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', sport: 1, dport: 2 } as const
  void conntrack.add({ orig, timeout: 60, status: ['assured'], tcp: { state: 'established', flagsOrig: ['sackPerm'] } })
  // @ts-expect-error: an entry has a timeout.
  void conntrack.add({ orig })
  // @ts-expect-error: TCP has no such state.
  void conntrack.add({ orig, timeout: 60, tcp: { state: 'open' } })
  // @ts-expect-error: there is no such protocol.
  void conntrack.add({ orig: { ...orig, proto: 'ftp' }, timeout: 60 })
  // @ts-expect-error: how addresses are translated is settled when an entry is made.
  void conntrack.update({ orig, snat: { addr: '192.0.2.9' } })
  // @ts-expect-error: a mask of the mark is for changes.
  void conntrack.add({ orig, timeout: 60, mark: 1, markMask: 1 })
  // @ts-expect-error: there is no such status.
  void conntrack.list({ status: ['established'] })
  const [entry] = await conntrack.list({ orig: { proto: 'tcp', dport: 80 } })
  if (entry !== undefined) {
    void conntrack.add(entry)
    void conntrack.update({ ...entry, mark: 5 })
    void conntrack.del(entry)
    expectTypeOf(entry.orig.sport).toEqualTypeOf<number | undefined>()
    expectTypeOf(entry.counters?.reply?.bytes).toEqualTypeOf<number | undefined>()
  }
  expectTypeOf(sync.conntrack.stats().entries).toEqualTypeOf<number>()
}

export async function services(): Promise<void> {
  const web = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const
  void ipvs.add({ ...web, scheduler: 'rr', persistent: false, dests: [{ address: '192.0.2.10', forward: 'masq' }] })
  // @ts-expect-error: IPVS has no services of that protocol.
  void ipvs.add({ ...web, protocol: 'icmp' })
  // @ts-expect-error: a destination has an address.
  void ipvs.addDest(web, { forward: 'masq' })
  // @ts-expect-error: packets do not go there in that way.
  void ipvs.addDest(web, { address: '192.0.2.10', forward: 'route' })
  // @ts-expect-error: destinations are changed by themselves.
  void ipvs.set({ ...web, dests: [] })
  // @ts-expect-error: a daemon has a device.
  void ipvs.startDaemon({ state: 'master' })
  const [service] = await ipvs.list()
  if (service !== undefined) {
    void ipvs.add(service)
    void ipvs.replace({ ...service, scheduler: 'wlc' })
    void ipvs.del(service)
    for (const dest of service.dests) void ipvs.setDest(service, { ...dest, weight: 0 })
    expectTypeOf(service.persistent).toEqualTypeOf<number | undefined>()
    expectTypeOf(service.stats.inBytes).toEqualTypeOf<number>()
  }
  expectTypeOf(sync.ipvs.info().version).toEqualTypeOf<string>()
}
