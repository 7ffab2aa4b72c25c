/** The groups of operations that every namespace has: the list that names them. */

import { AddrOperations } from './addr/addr.js'
import { LinkOperations } from './link/link.js'
import { NeighOperations } from './neigh/neigh.js'
import { direct, promised } from './netlink/face.js'
import type { Direct, Promised } from './netlink/operation.js'
import type { Home } from './netlink/transport.js'
import { NsidOperations } from './netns/nsid.js'
import { SysctlOperations } from './netns/sysctl.js'
import { RouteOperations } from './route/route.js'

/** @internal */
export interface Groups {
  /** Devices: `ip link`. */
  link: LinkOperations
  /** Addresses of devices: `ip address`. */
  addr: AddrOperations
  /** Routing tables: `ip route`. */
  route: RouteOperations
  /** The neighbour tables (ARP and NDP): `ip neigh`. */
  neigh: NeighOperations
  /** The numbers by which this namespace knows others: `ip netns set`. */
  nsid: NsidOperations
  /** Kernel parameters of the namespace: `sysctl net.…`. */
  sysctl: SysctlOperations
}

const groups: { [K in keyof Groups]: new (home: Home) => Groups[K] } = {
  link: LinkOperations,
  addr: AddrOperations,
  route: RouteOperations,
  neigh: NeighOperations,
  nsid: NsidOperations,
  sysctl: SysctlOperations,
}

/** The groups of a namespace, as promises. */
export type PromisedGroups = { readonly [K in keyof Groups]: Promised<Groups[K]> }
/** The groups of a namespace, returning results themselves. */
export type DirectGroups = { readonly [K in keyof Groups]: Direct<Groups[K]> }
/** The groups as `batch` takes them: a call of a method is noted, to be run with the others. */
export type PlannedGroups = { readonly [K in keyof Groups]: Groups[K] }

interface Grouped {
  readonly home: Home
  readonly transport: { run(operation: unknown): unknown }
}

/**
 * Getters, one a group, which make the group when it is first asked for: a handle of a namespace that is only opened and closed
 * costs nothing more.
 */
function getters(
  face: (Operations: { readonly prototype: object }) => new (operations: object, runner: never) => object,
): object {
  const target = {}
  for (const [name, Operations] of Object.entries(groups)) {
    const Face = face(Operations)
    Object.defineProperty(target, name, {
      configurable: true,
      get(this: Grouped) {
        const value = new Face(new Operations(this.home), this.transport as never)
        Object.defineProperty(this, name, { value })
        return value
      },
    })
  }
  return target
}

const promisedGroups = getters(promised)
const directGroups = getters(direct)

/** Gives an object that has a home and a transport its groups. @internal */
export const withPromisedGroups = (target: object): PromisedGroups =>
  Object.defineProperties(target, Object.getOwnPropertyDescriptors(promisedGroups)) as PromisedGroups

/** @internal */
export const withDirectGroups = (target: object): DirectGroups =>
  Object.defineProperties(target, Object.getOwnPropertyDescriptors(directGroups)) as DirectGroups

/** The operations themselves, not yet run. @internal */
export const planned = (home: Home): PlannedGroups =>
  Object.fromEntries(
    Object.entries(groups).map(([name, Operations]) => [name, new Operations(home)]),
  ) as unknown as PlannedGroups
