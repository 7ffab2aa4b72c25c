/**
 * Network namespaces, links, addresses, routes and neighbours, by netlink. Every operation returns a promise; `nslink/sync` has the same
 * operations returning their results.
 *
 * A promise is rejected with
 * - a {@link NetlinkError} when the kernel refuses: `code` is EPERM, for one, where a change takes the capability CAP_NET_ADMIN in the user
 *   namespace that owns the network namespace. Looking takes none, but for `rps.get`, `conntrack` and `ipvs`;
 * - a TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) or a RangeError (ERR_OUT_OF_RANGE) when an option is refused before the
 *   kernel sees it, for it is unknown, malformed or out of range;
 * - an Error (ERR_NSLINK_CLOSED) after the handle was closed.
 *
 * What else a method may be rejected with is said with it.
 *
 * @module nslink
 */

import { type BatchResults, type Plan, type Planned, unwrap } from './batch.js'
import { all, type Feature, type FeaturesGroup, one } from './features/features.js'
import { type PlannedGroups, planned, withPromisedGroups } from './groups.js'
import type { EventOf, MonitorOptions, MonitorSelection } from './monitor/events.js'
import type { MonitorObjects } from './monitor/families.js'
import { Monitor } from './monitor/monitor.js'
import { Watch, type WatchOptions } from './monitor/watch.js'
import { promised } from './netlink/face.js'
import type { Operation } from './netlink/operation.js'
import { PromiseTransport } from './netlink/transport.js'
import { NetnsOperations } from './netns/manage.js'
import { type Netns, type NetnsGroup, openNetns } from './netns/netns.js'
import { own } from './netns/own.js'

const transport = new PromiseTransport(own)
const here = withPromisedGroups({ home: own, transport })
const Management = promised<NetnsOperations<Netns>>(NetnsOperations)

/** Making and finding network namespaces: `ip netns`. */
export const netns: NetnsGroup = new Management(new NetnsOperations(openNetns), transport)

/** Tries something in a namespace that is gone afterwards. */
const tried = async <T>(trial: (groups: PlannedGroups) => Operation<T>): Promise<T> => {
  const ns = await netns.create()
  try {
    return await ns.transport.run(trial(planned(ns)))
  } finally {
    ns.close()
  }
}

/**
 * What the running kernel can do. Kernels differ in version and in what they were built with, so it is tried, in a namespace that is gone afterwards:
 * `await features()`, or `await features.has('link:ipvlan')` for one thing. The kernel loads the module of a kind that it is asked for.
 */
export const features: FeaturesGroup = Object.assign(() => tried(all), {
  has: async (feature: Feature) => tried(one(feature)),
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
 * Runs several operations together in the namespace the process is in. See {@link Netns.batch}.
 *
 * @throws BatchError when some failed; the others are done all the same
 */
export const batch = async <const P extends Planned>(plan: Plan<P>): Promise<BatchResults<P>> =>
  unwrap<P>(await transport.runAll(plan(planned(own))))

/**
 * What happens in the namespace the process is in, as it happens: `ip monitor`. See {@link Netns.monitor}.
 *
 * @throws the reason of `signal` when that is aborted
 */
export const monitor = <const S extends MonitorSelection>(
  selection: S,
  options: MonitorOptions = {},
): Monitor<EventOf<S>> => new Monitor(own, transport, selection, options)

/**
 * A table of objects of the namespace the process is in, kept true. See {@link Netns.watch}.
 *
 * @throws the reason of `signal` when that is aborted
 */
export const watch = <O extends keyof MonitorObjects>(
  object: O,
  options: WatchOptions<MonitorObjects[O]> = {},
): Watch<MonitorObjects[O]> => new Watch<MonitorObjects[O]>(own, transport, object, options)

export type { FeaturesGroup } from './features/features.js'
export type {
  AddrGroup,
  ClassGroup,
  ConntrackGroup,
  FdbGroup,
  FilterGroup,
  IpvsGroup,
  LinkGroup,
  NeighGroup,
  NexthopGroup,
  NftGroup,
  NsidGroup,
  QdiscGroup,
  RouteGroup,
  RpsGroup,
  RuleGroup,
  SysctlGroup,
  VlanGroup,
} from './groups.js'
export type {
  EventOf,
  MissEvent,
  MonitorEvent,
  MonitoredTypes,
  MonitorOptions,
  MonitorSelection,
  ObjectEvent,
} from './monitor/events.js'
export type { Miss, MonitorObjects } from './monitor/families.js'
export { Monitor } from './monitor/monitor.js'
export type { EventStream } from './monitor/stream.js'
export { Watch, type WatchChange, type WatchEvents, type WatchOptions } from './monitor/watch.js'
export { Netns, type NetnsGroup } from './netns/netns.js'
export type {
  NftCommit,
  NftCommitEvent,
  NftEvent,
  NftMonitorObjects,
  NftMonitorSelection,
  NftObjectEvent,
} from './nft/monitor/events.js'
export { NftMonitor } from './nft/monitor/monitor.js'
export type { NftHeaderFields, NftTracedPacket } from './nft/monitor/packet.js'
export type { NftStreams } from './nft/monitor/streams.js'
export { NftTrace, type NftTraceEvent } from './nft/monitor/trace.js'
export * from './public.js'
