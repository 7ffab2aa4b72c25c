/** What both faces export besides their operations: types and errors. */

export type { Addr, AddrFilter, AddrKey, AddrOptions, WaitOptions } from './addr/addr.js'
export { BatchError, type BatchResults, type Plan, type Planned } from './batch.js'
export type { Fdb, FdbDestination, FdbFilter, FdbFlush, FdbKey, FdbOptions, FdbQuery, FdbState } from './fdb/fdb.js'
export type { LinkStats, LinkXdp } from './link/attributes.js'
export type {
  BridgeInfo,
  BridgeOptions,
  BridgePortInfo,
  BridgePortOptions,
} from './link/kinds/bridge.js'
export type { GreInfo, GreOptions } from './link/kinds/gre.js'
export type { IpipOptions } from './link/kinds/ipip.js'
export type { IpvlanOptions } from './link/kinds/ipvlan.js'
export type { MacvlanInfo, MacvlanOptions } from './link/kinds/macvlan.js'
export type { SitOptions } from './link/kinds/sit.js'
export type { VethOptions, VethPeer } from './link/kinds/veth.js'
export type { VlanOptions } from './link/kinds/vlan.js'
export type { VrfOptions, VrfPortInfo } from './link/kinds/vrf.js'
export type { VxlanOptions } from './link/kinds/vxlan.js'
export type {
  ExistingLink,
  GivenBack,
  Link,
  LinkAddOptions,
  LinkFilter,
  LinkKinds,
  LinkMade,
  LinkOptions,
  LinkSetOptions,
  LinkWaitOptions,
  NewLink,
  RawKind,
  WithKind,
} from './link/link.js'
export type { NetnsRef } from './namespace.js'
export type { Neigh, NeighFilter, NeighKey, NeighOptions, Nud } from './neigh/neigh.js'
export type { UnknownAttributes } from './netlink/attributes.js'
export { NetlinkError } from './netlink/error.js'
export type { Operation } from './netlink/operation.js'
export type { Range } from './netlink/range.js'
export type { CreateOptions, NamedNetns, NetnsLocation } from './netns/manage.js'
export type { NetnsInfo } from './netns/scan.js'
export type { Encap, Nexthop, NexthopFilter, NexthopGroupEntry, NexthopKey, NexthopOptions } from './nexthop/nexthop.js'
export type { RouteFilter, RouteListFilter } from './route/filter.js'
export type { Route, RouteOptions, RouteType } from './route/message.js'
export type { RouteMetrics } from './route/metrics.js'
export type { RouteNexthop } from './route/nexthops.js'
export type { RouteQuery } from './route/route.js'
export type { Realms, RouteTable } from './routing.js'
export type { DelOptions, Device, Family, Protocol, Scope } from './rtnetlink.js'
export type { Rule, RuleAction, RuleFilter, RuleOptions } from './rule/rule.js'
export type { BridgeVlan, BridgeVlanFilter, BridgeVlanKey, BridgeVlanOptions } from './vlan/vlan.js'
