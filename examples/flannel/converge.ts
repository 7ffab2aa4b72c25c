/** Makes the kernel of a node know of the other nodes what it should, and no more. What is right already is not touched. */

import { addr, fdb, link, neigh, type Route, route } from 'nslink'
import { baseOf, contains, type Subnet } from './subnets.js'

/** What flannel calls it, and its port: VXLAN had none of its own yet. */
const [ID, PORT] = [1, 8472]
export const DEVICE = 'flannel.1'

/** A node's own place. */
export interface Node {
  /** The device that leads to the other nodes. */
  iface: string
  /** Its address. */
  publicIP: string
  /** Who can be reached by it without a router. */
  lan: string
}

/** Tells what was done, in the words of `ip` and `bridge`. */
export type Log = (command: string) => void

/** Makes the VXLAN device, unless there is one as it should be; returns its link-layer address and how long packets may be. */
export async function device({ iface, publicIP }: Node, log: Log): Promise<{ mac: string; mtu: number }> {
  const there = (await link.list()).find(({ name }) => name === DEVICE)
  const { id, local, dev, dstport, learning } = there?.vxlan ?? {}
  if (id !== ID || local !== publicIP || dev !== iface || dstport !== PORT || learning !== false) {
    if (there !== undefined) await link.del(DEVICE)
    const options = { id: ID, local: publicIP, dev: iface, dstport: PORT, learning: false }
    await link.add({ kind: 'vxlan', name: DEVICE, ...options, up: true })
    log(`ip link add ${DEVICE} type vxlan id ${ID} local ${publicIP} dev ${iface} dstport ${PORT} nolearning`)
  } else if (there?.up === false) await link.set(DEVICE, { up: true })
  const { address = '', mtu = 1450 } = await link.get(DEVICE)
  return { mac: address, mtu }
}

/** Gives the VXLAN device the address by which the others send to it. */
export async function ownAddress(subnet: string, log: Log): Promise<void> {
  const wanted = `${baseOf(subnet)}/32`
  const there = await addr.list({ dev: DEVICE, family: 'inet' })
  for (const { address } of there) if (address !== wanted) await addr.del({ dev: DEVICE, address })
  if (there.some(({ address }) => address === wanted)) return
  await addr.add({ dev: DEVICE, address: wanted })
  log(`ip addr add ${wanted} dev ${DEVICE}`)
}

/** Whether it is a route to a part of the network by way of another node. */
const isOurs = (network: string, { dst, via }: Route): boolean =>
  typeof via === 'string' && dst !== 'default' && contains(network, dst)

/** Makes routes, neighbours and forwarding entries those of the other nodes. */
export async function converge(network: string, others: readonly Subnet[], node: Node, direct: boolean, log: Log) {
  const near = (other: Subnet): boolean => direct && contains(node.lan, other.publicIP)
  const tunnelled = others.filter((other) => !near(other))

  // What packets are sent by has to be there before packets are sent that way, and has to stay as long as they are.
  const missing = await differences(tunnelled)
  for (const { subnet, mac } of missing.neighbours) {
    await neigh.replace({ dst: baseOf(subnet), lladdr: mac, dev: DEVICE, nud: 'permanent' })
    log(`ip neigh replace ${baseOf(subnet)} lladdr ${mac} dev ${DEVICE} nud permanent`)
  }
  for (const { mac, publicIP } of missing.entries) {
    await fdb.replace({ lladdr: mac, dev: DEVICE, dst: publicIP })
    log(`bridge fdb replace ${mac} dev ${DEVICE} dst ${publicIP} self permanent`)
  }

  const ways = new Map<string, { via: string; dev: string }>()
  for (const other of others) {
    const way = near(other) ? { via: other.publicIP, dev: node.iface } : { via: baseOf(other.subnet), dev: DEVICE }
    ways.set(other.subnet, way)
  }
  const routes = (await route.list({ family: 'inet' })).filter((each) => isOurs(network, each))
  for (const [dst, { via, dev }] of ways) {
    if (routes.some((each) => each.dst === dst && each.via === via && each.dev === dev)) continue
    await route.replace({ dst, via, dev, onlink: true })
    log(`ip route replace ${dst} via ${via} dev ${dev} onlink`)
  }
  for (const { dst, via, dev } of routes) {
    if (ways.has(dst)) continue
    await route.del({ dst, missingOk: true })
    log(`ip route del ${dst} via ${via} dev ${dev}`)
  }

  const stale = await differences(tunnelled)
  for (const { dst } of stale.oldNeighbours) {
    await neigh.del({ dst, dev: DEVICE, missingOk: true })
    log(`ip neigh del ${dst} dev ${DEVICE}`)
  }
  for (const { lladdr, dst } of stale.oldEntries) {
    await fdb.del({ lladdr, dev: DEVICE, ...(dst !== undefined && { dst }), missingOk: true })
    log(`bridge fdb del ${lladdr} dev ${DEVICE} dst ${dst}`)
  }
}

/** What the tables of the VXLAN device lack, and what is too much in them. */
async function differences(wanted: readonly Subnet[]) {
  const neighbours = (await neigh.list({ dev: DEVICE })).filter(({ nud }) => nud === 'permanent')
  const entries = (await fdb.list({ dev: DEVICE })).filter(
    ({ dst, state }) => dst !== undefined && state === 'permanent',
  )
  const sameNeighbour = (other: Subnet, { dst, lladdr }: { dst: string; lladdr?: string | undefined }): boolean =>
    dst === baseOf(other.subnet) && lladdr === other.mac
  const sameEntry = (other: Subnet, { lladdr, dst }: { lladdr: string; dst?: string | undefined }): boolean =>
    lladdr === other.mac && dst === other.publicIP
  return {
    neighbours: wanted.filter((other) => !neighbours.some((each) => sameNeighbour(other, each))),
    oldNeighbours: neighbours.filter((each) => !wanted.some((other) => sameNeighbour(other, each))),
    entries: wanted.filter((other) => !entries.some((each) => sameEntry(other, each))),
    oldEntries: entries.filter((each) => !wanted.some((other) => sameEntry(other, each))),
  }
}
