/**
 * The operations of `nslink`, returning their results instead of promises. The calling thread waits for the kernel.
 *
 * @module nslink/sync
 */

import { type BatchResults, type Plan, type Planned, unwrap } from './batch.js'
import { planned, withDirectGroups } from './groups.js'
import { direct } from './netlink/face.js'
import { DirectTransport } from './netlink/transport.js'
import { NetnsOperations } from './netns/manage.js'
import { type DirectNetns, openDirectNetns } from './netns/netns.js'
import { own } from './netns/own.js'

const transport = new DirectTransport(own)
const here = withDirectGroups({ home: own, transport })
const Management = direct<NetnsOperations<DirectNetns>>(NetnsOperations)

/** Making and finding network namespaces: `ip netns`. */
export const netns = new Management(new NetnsOperations(openDirectNetns), transport)

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
 * Runs several operations together in the namespace the process is in. See {@link DirectNetns.batch}.
 *
 * @throws BatchError when some failed; the others are done all the same
 */
export const batch = <const P extends Planned>(plan: Plan<P>): BatchResults<P> =>
  unwrap<P>(transport.runAll(plan(planned(own))))

export { DirectNetns as Netns } from './netns/netns.js'
export * from './public.js'
