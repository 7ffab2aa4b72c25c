/**
 * Network namespaces, links, addresses, routes and neighbours, by netlink. Every operation returns a promise; `nslink/sync` has the same
 * operations returning their results.
 *
 * @module nslink
 */

import { type BatchResults, type Plan, type Planned, unwrap } from './batch.js'
import { planned, withPromisedGroups } from './groups.js'
import { promised } from './netlink/face.js'
import { PromiseTransport } from './netlink/transport.js'
import { NetnsOperations } from './netns/manage.js'
import { type Netns, openNetns } from './netns/netns.js'
import { own } from './netns/own.js'

const transport = new PromiseTransport(own)
const here = withPromisedGroups({ home: own, transport })
const Management = promised<NetnsOperations<Netns>>(NetnsOperations)

/** Making and finding network namespaces: `ip netns`. */
export const netns = new Management(new NetnsOperations(openNetns), transport)

/** Devices of the namespace the process is in: `ip link`. */
export const link = here.link
/** Addresses in the namespace the process is in: `ip address`. */
export const addr = here.addr
/** Routing tables of the namespace the process is in: `ip route`. */
export const route = here.route
/** Neighbour tables of the namespace the process is in: `ip neigh`. */
export const neigh = here.neigh
/** The numbers by which the namespace the process is in knows others: `ip netns set`. */
export const nsid = here.nsid
/** Kernel parameters of the namespace the process is in: `sysctl net.…`. */
export const sysctl = here.sysctl

/**
 * Runs several operations together in the namespace the process is in. See {@link Netns.batch}.
 *
 * @throws BatchError when some failed; the others are done all the same
 */
export const batch = async <const P extends Planned>(plan: Plan<P>): Promise<BatchResults<P>> =>
  unwrap<P>(await transport.runAll(plan(planned(own))))

export { Netns } from './netns/netns.js'
export * from './public.js'
