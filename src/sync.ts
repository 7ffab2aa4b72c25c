/**
 * The operations of `nslink`, returning their results instead of promises. The calling thread waits for the kernel. What `nslink` rejects a
 * promise with is thrown here.
 *
 * The types of options and results, and the errors, are those of `nslink`; they can be imported from here, too.
 *
 * @module nslink/sync
 */

import { type BatchResults, type Plan, type Planned, unwrap } from './batch.js'
import { all, type DirectFeaturesGroup, type Feature, one } from './features/features.js'
import { type PlannedGroups, planned, withDirectGroups } from './groups.js'
import { direct } from './netlink/face.js'
import type { Operation } from './netlink/operation.js'
import { DirectTransport } from './netlink/transport.js'
import { NetnsOperations } from './netns/manage.js'
import { type DirectNetns, type DirectNetnsGroup, openDirectNetns } from './netns/netns.js'
import { own } from './netns/own.js'

const transport = new DirectTransport(own)
const here = withDirectGroups({ home: own, transport })
const Management = direct<NetnsOperations<DirectNetns>>(NetnsOperations)

/** Making and finding network namespaces: `ip netns`. */
export const netns: DirectNetnsGroup = new Management(new NetnsOperations(openDirectNetns), transport)

/** Tries something in a namespace that is gone afterwards. */
const tried = <T>(trial: (groups: PlannedGroups) => Operation<T>): T => {
  const ns = netns.create()
  try {
    return ns.transport.run(trial(planned(ns)))
  } finally {
    ns.close()
  }
}

/**
 * What the running kernel can do. Kernels differ in version and in what they were built with, so it is tried, in a namespace that is gone afterwards:
 * `features()`, or `features.has('link:ipvlan')` for one thing. The kernel loads the module of a kind that it is asked for.
 */
export const features: DirectFeaturesGroup = Object.assign(() => tried(all), {
  has: (feature: Feature) => tried(one(feature)),
})

/** Devices of the namespace the process is in: `ip link`. */
export const link = here.link
/** Addresses in the namespace the process is in: `ip address`. */
export const addr = here.addr
/** Routing tables of the namespace the process is in: `ip route`. */
export const route = here.route
/** Rules of the namespace the process is in: `ip rule`. */
export const rule = here.rule
/** Nexthop objects of the namespace the process is in: `ip nexthop`. */
export const nexthop = here.nexthop
/** Neighbour tables of the namespace the process is in: `ip neigh`. */
export const neigh = here.neigh
/** Forwarding tables in the namespace the process is in: `bridge fdb`. */
export const fdb = here.fdb
/** VLANs of bridges in the namespace the process is in: `bridge vlan`. */
export const vlan = here.vlan
/** Queueing disciplines of devices of the namespace the process is in: `tc qdisc`. */
export const qdisc = here.qdisc
/** Classes of queueing disciplines of devices of the namespace the process is in: `tc class`. On a handle it is `class`. */
export const tcClass = here.class
/** Filters of devices of the namespace the process is in: `tc filter`. */
export const filter = here.filter
/** Rules for the packets of the namespace the process is in: `nft`. */
export const nft = here.nft
/** The numbers by which the namespace the process is in knows others: `ip netns set`. */
export const nsid = here.nsid
/** Kernel parameters of the namespace the process is in: `sysctl net.…`. */
export const sysctl = here.sysctl
/** Which CPUs take on the packets of devices of the namespace the process is in: `/sys/class/net/DEV/queues/rx-N/rps_cpus`. */
export const rps = here.rps
/** Connections that the kernel tracks in the namespace the process is in: `conntrack`. */
export const conntrack = here.conntrack
/** The load balancer of the namespace the process is in: `ipvsadm`. */
export const ipvs = here.ipvs

/**
 * Runs several operations together in the namespace the process is in. See {@link DirectNetns.batch}.
 *
 * @throws BatchError when some failed; the others are done all the same
 */
export const batch = <const P extends Planned>(plan: Plan<P>): BatchResults<P> =>
  unwrap<P>(transport.runAll(plan(planned(own))))

export type { DirectFeaturesGroup as FeaturesGroup } from './features/features.js'
export type {
  DirectAddrGroup as AddrGroup,
  DirectClassGroup as ClassGroup,
  DirectConntrackGroup as ConntrackGroup,
  DirectFdbGroup as FdbGroup,
  DirectFilterGroup as FilterGroup,
  DirectIpvsGroup as IpvsGroup,
  DirectLinkGroup as LinkGroup,
  DirectNeighGroup as NeighGroup,
  DirectNexthopGroup as NexthopGroup,
  DirectNftGroup as NftGroup,
  DirectNsidGroup as NsidGroup,
  DirectQdiscGroup as QdiscGroup,
  DirectRouteGroup as RouteGroup,
  DirectRpsGroup as RpsGroup,
  DirectRuleGroup as RuleGroup,
  DirectSysctlGroup as SysctlGroup,
  DirectVlanGroup as VlanGroup,
} from './groups.js'
export { DirectNetns as Netns, type DirectNetnsGroup as NetnsGroup } from './netns/netns.js'
export * from './public.js'
