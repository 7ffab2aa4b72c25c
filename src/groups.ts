/** The groups of operations that every namespace has: the list that names them. */

import { AddrOperations } from './addr/addr.js'
import { ConntrackOperations } from './conntrack/conntrack.js'
import { FdbOperations } from './fdb/fdb.js'
import { IpvsOperations } from './ipvs/ipvs.js'
import { LinkOperations } from './link/link.js'
import { NeighOperations } from './neigh/neigh.js'
import { direct, promised } from './netlink/face.js'
import type { Direct, Promised } from './netlink/operation.js'
import type { Home, PromiseTransport } from './netlink/transport.js'
import { NsidOperations } from './netns/nsid.js'
import { RpsOperations } from './netns/rps.js'
import { SysctlOperations } from './netns/sysctl.js'
import { NexthopOperations } from './nexthop/nexthop.js'
import { type NftStreams, nftStreams } from './nft/monitor/streams.js'
import { NftOperations } from './nft/nft.js'
import { RouteOperations } from './route/route.js'
import { RuleOperations } from './rule/rule.js'
import { ClassOperations } from './tc/class.js'
import { FilterOperations } from './tc/filter.js'
import { QdiscOperations } from './tc/qdisc.js'
import { VlanOperations } from './vlan/vlan.js'

// A group has a name on either face, which editors and the reference show.

/** Devices: `ip link`. */
export interface LinkGroup extends Promised<LinkOperations> {}
/** Addresses of devices: `ip address`. */
export interface AddrGroup extends Promised<AddrOperations> {}
/** Routing tables: `ip route`. */
export interface RouteGroup extends Promised<RouteOperations> {}
/** The rules that choose a routing table: `ip rule`. */
export interface RuleGroup extends Promised<RuleOperations> {}
/** Nexthop objects, which routes share: `ip nexthop`. */
export interface NexthopGroup extends Promised<NexthopOperations> {}
/** The neighbour tables (ARP and NDP): `ip neigh`. */
export interface NeighGroup extends Promised<NeighOperations> {}
/** Forwarding tables of bridges and VXLAN devices: `bridge fdb`. */
export interface FdbGroup extends Promised<FdbOperations> {}
/** The VLANs of bridges and of their ports: `bridge vlan`. */
export interface VlanGroup extends Promised<VlanOperations> {}
/** Queueing disciplines: `tc qdisc`. */
export interface QdiscGroup extends Promised<QdiscOperations> {}
/** Classes of queueing disciplines: `tc class`. */
export interface ClassGroup extends Promised<ClassOperations> {}
/** Filters: `tc filter`. */
export interface FilterGroup extends Promised<FilterOperations> {}
/** Rules for packets: `nft`. */
export interface NftGroup extends Promised<NftOperations>, NftStreams {}
/** The numbers by which this namespace knows others: `ip netns set`. */
export interface NsidGroup extends Promised<NsidOperations> {}
/** Kernel parameters of the namespace: `sysctl net.…`. */
export interface SysctlGroup extends Promised<SysctlOperations> {}
/** Which CPUs take on the packets of a device: `/sys/class/net/DEV/queues/rx-N/rps_cpus`. */
export interface RpsGroup extends Promised<RpsOperations> {}
/** Connections that the kernel tracks: `conntrack`. */
export interface ConntrackGroup extends Promised<ConntrackOperations> {}
/** The kernel's load balancer: `ipvsadm`. */
export interface IpvsGroup extends Promised<IpvsOperations> {}

/** Devices: `ip link`. */
export interface DirectLinkGroup extends Direct<LinkOperations> {}
/** Addresses of devices: `ip address`. */
export interface DirectAddrGroup extends Direct<AddrOperations> {}
/** Routing tables: `ip route`. */
export interface DirectRouteGroup extends Direct<RouteOperations> {}
/** The rules that choose a routing table: `ip rule`. */
export interface DirectRuleGroup extends Direct<RuleOperations> {}
/** Nexthop objects, which routes share: `ip nexthop`. */
export interface DirectNexthopGroup extends Direct<NexthopOperations> {}
/** The neighbour tables (ARP and NDP): `ip neigh`. */
export interface DirectNeighGroup extends Direct<NeighOperations> {}
/** Forwarding tables of bridges and VXLAN devices: `bridge fdb`. */
export interface DirectFdbGroup extends Direct<FdbOperations> {}
/** The VLANs of bridges and of their ports: `bridge vlan`. */
export interface DirectVlanGroup extends Direct<VlanOperations> {}
/** Queueing disciplines: `tc qdisc`. */
export interface DirectQdiscGroup extends Direct<QdiscOperations> {}
/** Classes of queueing disciplines: `tc class`. */
export interface DirectClassGroup extends Direct<ClassOperations> {}
/** Filters: `tc filter`. */
export interface DirectFilterGroup extends Direct<FilterOperations> {}
/** Rules for packets: `nft`. */
export interface DirectNftGroup extends Direct<NftOperations> {}
/** The numbers by which this namespace knows others: `ip netns set`. */
export interface DirectNsidGroup extends Direct<NsidOperations> {}
/** Kernel parameters of the namespace: `sysctl net.…`. */
export interface DirectSysctlGroup extends Direct<SysctlOperations> {}
/** Which CPUs take on the packets of a device: `/sys/class/net/DEV/queues/rx-N/rps_cpus`. */
export interface DirectRpsGroup extends Direct<RpsOperations> {}
/** Connections that the kernel tracks: `conntrack`. */
export interface DirectConntrackGroup extends Direct<ConntrackOperations> {}
/** The kernel's load balancer: `ipvsadm`. */
export interface DirectIpvsGroup extends Direct<IpvsOperations> {}

/** A class of operations, and what it is as promises and as plain calls. */
interface Group<O, P extends Promised<O>, D extends Direct<O>> {
  planned: O
  promised: P
  direct: D
}

interface Groups {
  /** Devices: `ip link`. */
  link: Group<LinkOperations, LinkGroup, DirectLinkGroup>
  /** Addresses of devices: `ip address`. */
  addr: Group<AddrOperations, AddrGroup, DirectAddrGroup>
  /** Routing tables: `ip route`. */
  route: Group<RouteOperations, RouteGroup, DirectRouteGroup>
  /** The rules that choose a routing table: `ip rule`. */
  rule: Group<RuleOperations, RuleGroup, DirectRuleGroup>
  /** Nexthop objects, which routes share: `ip nexthop`. */
  nexthop: Group<NexthopOperations, NexthopGroup, DirectNexthopGroup>
  /** The neighbour tables (ARP and NDP): `ip neigh`. */
  neigh: Group<NeighOperations, NeighGroup, DirectNeighGroup>
  /** Forwarding tables of bridges and VXLAN devices: `bridge fdb`. */
  fdb: Group<FdbOperations, FdbGroup, DirectFdbGroup>
  /** The VLANs of bridges and of their ports: `bridge vlan`. */
  vlan: Group<VlanOperations, VlanGroup, DirectVlanGroup>
  /** Queueing disciplines: `tc qdisc`. */
  qdisc: Group<QdiscOperations, QdiscGroup, DirectQdiscGroup>
  /** Classes of queueing disciplines: `tc class`. */
  class: Group<ClassOperations, ClassGroup, DirectClassGroup>
  /** Filters, which choose a class for packets, or do something with them: `tc filter`. */
  filter: Group<FilterOperations, FilterGroup, DirectFilterGroup>
  /** Rules for packets: `nft`. */
  nft: Group<NftOperations, NftGroup, DirectNftGroup>
  /** The numbers by which this namespace knows others: `ip netns set`. */
  nsid: Group<NsidOperations, NsidGroup, DirectNsidGroup>
  /** Kernel parameters of the namespace: `sysctl net.…`. */
  sysctl: Group<SysctlOperations, SysctlGroup, DirectSysctlGroup>
  /** Which CPUs take on the packets of a device: `/sys/class/net/DEV/queues/rx-N/rps_cpus`. */
  rps: Group<RpsOperations, RpsGroup, DirectRpsGroup>
  /** Connections that the kernel tracks: `conntrack`. */
  conntrack: Group<ConntrackOperations, ConntrackGroup, DirectConntrackGroup>
  /** The kernel's load balancer: `ipvsadm`. */
  ipvs: Group<IpvsOperations, IpvsGroup, DirectIpvsGroup>
}

const groups: { [K in keyof Groups]: new (home: Home) => Groups[K]['planned'] } = {
  link: LinkOperations,
  addr: AddrOperations,
  route: RouteOperations,
  rule: RuleOperations,
  nexthop: NexthopOperations,
  neigh: NeighOperations,
  fdb: FdbOperations,
  vlan: VlanOperations,
  qdisc: QdiscOperations,
  class: ClassOperations,
  filter: FilterOperations,
  nft: NftOperations,
  nsid: NsidOperations,
  sysctl: SysctlOperations,
  rps: RpsOperations,
  conntrack: ConntrackOperations,
  ipvs: IpvsOperations,
}

/** The groups of a namespace, as promises. */
export type PromisedGroups = { readonly [K in keyof Groups]: Groups[K]['promised'] }
/** The groups of a namespace, returning results themselves. */
export type DirectGroups = { readonly [K in keyof Groups]: Groups[K]['direct'] }
/** The groups as the function given to `batch` gets them: each of their methods returns an operation. */
export type PlannedGroups = { readonly [K in keyof Groups]: Groups[K]['planned'] }

interface Grouped {
  readonly home: Home
  readonly transport: { run(operation: unknown): unknown }
}

/**
 * Getters, one a group, which make the group when it is first asked for: a handle of a namespace that is only opened and closed
 * costs nothing more.
 */
function getters<T>(make: (Operations: new (home: Home) => object) => (target: T) => object): PropertyDescriptorMap {
  const descriptors: PropertyDescriptorMap = {}
  for (const [name, Operations] of Object.entries(groups)) descriptors[name] = getter(name, make(Operations))
  return descriptors
}

const getter = <T>(name: string, made: (target: T) => object): PropertyDescriptor => ({
  configurable: true,
  get(this: T) {
    const value = made(this)
    Object.defineProperty(this, name, { value })
    return value
  },
})

const faced = (
  face: (Operations: { readonly prototype: object }) => new (operations: object, runner: never) => object,
): PropertyDescriptorMap =>
  getters((Operations) => {
    const Face = face(Operations)
    return ({ home, transport }: Grouped) => new Face(new Operations(home), transport as never)
  })

const NftFace = promised<NftOperations>(NftOperations)
const promisedGroups: PropertyDescriptorMap = {
  ...faced(promised),
  nft: getter('nft', ({ home, transport }: { home: Home; transport: PromiseTransport }) =>
    Object.assign(new NftFace(new NftOperations(), transport), nftStreams(home, transport)),
  ),
}
const directGroups = faced(direct)

/** Gives an object that has a home and a transport its groups. @internal */
export const withPromisedGroups = (target: object): PromisedGroups =>
  Object.defineProperties(target, promisedGroups) as PromisedGroups

/** @internal */
export const withDirectGroups = (target: object): DirectGroups =>
  Object.defineProperties(target, directGroups) as DirectGroups

class Plans {
  readonly home: Home
  constructor(home: Home) {
    this.home = home
  }
}
Object.defineProperties(
  Plans.prototype,
  getters<Plans>(
    (Operations) =>
      ({ home }) =>
        new Operations(home),
  ),
)

/** The operations themselves, not yet run. @internal */
export const planned = (home: Home): PlannedGroups => new Plans(home) as unknown as PlannedGroups
