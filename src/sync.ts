/**
 * The operations of `nslink`, returning their results instead of promises. The calling thread waits for the kernel. What `nslink` rejects a
 * promise with is thrown here.
 *
 * The types of options and results, and the errors, are those of `nslink`; they can be imported from here, too.
 *
 * @module nslink/sync
 */

import { type BatchResults, type Plan, type Planned, unwrap } from './batch.js'
import { planned, withDirectGroups } from './groups.js'
import { direct } from './netlink/face.js'
import { DirectTransport } from './netlink/transport.js'
import { NetnsOperations } from './netns/manage.js'
import { type DirectNetns, type DirectNetnsGroup, openDirectNetns } from './netns/netns.js'
import { own } from './netns/own.js'

const transport = new DirectTransport(own)
const here = withDirectGroups({ home: own, transport })
const Management = direct<NetnsOperations<DirectNetns>>(NetnsOperations)

/** Making and finding network namespaces: `ip netns`. */
export const netns: DirectNetnsGroup = new Management(new NetnsOperations(openDirectNetns), transport)

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
/** The numbers by which the namespace the process is in knows others: `ip netns set`. */
export const nsid = here.nsid
/** Kernel parameters of the namespace the process is in: `sysctl net.…`. */
export const sysctl = here.sysctl

/**
 * Runs several operations together in the namespace the process is in. See {@link DirectNetns.batch}.
 *
 * @throws BatchError when some failed; the others are done all the same
 */
export const batch = <const P extends Planned>(plan: Plan<P>): BatchResults<P> =>
  unwrap<P>(transport.runAll(plan(planned(own))))

export type {
  DirectAddrGroup as AddrGroup,
  DirectFdbGroup as FdbGroup,
  DirectLinkGroup as LinkGroup,
  DirectNeighGroup as NeighGroup,
  DirectNexthopGroup as NexthopGroup,
  DirectNsidGroup as NsidGroup,
  DirectRouteGroup as RouteGroup,
  DirectRuleGroup as RuleGroup,
  DirectSysctlGroup as SysctlGroup,
  DirectVlanGroup as VlanGroup,
} from './groups.js'
export { DirectNetns as Netns, type DirectNetnsGroup as NetnsGroup } from './netns/netns.js'
export * from './public.js'
