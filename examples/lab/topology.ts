/** What a set of namespaces looks like: their devices, and what joins them. */

import type { Link, Netns } from 'nslink'

export interface Device {
  /** The name of its namespace and its own. */
  id: string
  name: string
  /** What it says of itself in a line each, besides its name: its kind, unless it is an end of a cable, and its addresses. */
  lines: string[]
}

/**
 * `cable`: the ends of a veth. `port`: of a bridge or another master. `upon`: made upon the other, as macvlan or vxlan. `tunnel`: packets go from
 * one to the other, wrapped.
 */
export interface Edge {
  kind: 'cable' | 'port' | 'upon' | 'tunnel'
  from: string
  to: string
}

/** Namespaces by the names they are to have, with their devices, and the edges between devices of whichever namespaces. */
export interface Topology {
  namespaces: { name: string; devices: Device[] }[]
  edges: Edge[]
}

/** Everything that is known of a namespace. */
interface Seen {
  name: string
  ns: Netns
  links: Link[]
  /** Its addresses with their prefixes, by device. */
  addresses: Map<string, string[]>
  /** Where devices that are tunnels send to: addresses. */
  destinations: Map<string, Set<string>>
  /** The other namespaces, by the numbers it has for them. */
  numbers: Map<number, Seen>
}

/** Draws up any set of namespaces, by the names they are to have. It is the same for the same network, whatever indexes and MAC addresses there are. */
export async function topology(namespaces: Iterable<readonly [string, Netns]>): Promise<Topology> {
  const all = await Promise.all([...namespaces].map(([name, ns]) => look(name, ns)))
  for (const one of all) {
    for (const other of all) {
      const number = await one.ns.nsid.get(other.ns)
      if (number !== undefined) one.numbers.set(number, other)
    }
  }
  const edges = new Map<string, Edge>()
  for (const edge of all.flatMap((seen) => edgesOf(seen, all))) {
    // A cable has two ends, and a tunnel is told of at both.
    const ends = edge.kind === 'cable' || edge.kind === 'tunnel' ? [edge.from, edge.to].sort() : [edge.from, edge.to]
    const key = [edge.kind, ...ends].join(' ')
    if (!edges.has(key)) edges.set(key, edge)
  }
  return {
    namespaces: all.map((seen) => ({ name: seen.name, devices: seen.links.map((link) => deviceOf(seen, link)) })),
    edges: [...edges.values()],
  }
}

async function look(name: string, ns: Netns): Promise<Seen> {
  const [links, found, routes] = await Promise.all([ns.link.list(), ns.addr.list({ family: 'inet' }), ns.route.list()])
  const addresses = new Map<string, string[]>()
  for (const { dev, address } of found) addresses.set(String(dev), [...(addresses.get(String(dev)) ?? []), address])

  const destinations = new Map<string, Set<string>>()
  for (const { name: dev, kind, vxlan, ipip } of links) {
    if (kind !== 'vxlan' && kind !== 'ipip') continue
    const to = [vxlan?.group, vxlan?.remote, ipip?.remote]
    if (kind === 'vxlan') for (const { dst } of await ns.fdb.list({ dev })) to.push(dst)
    // A tunnel without another end has that of the route.
    else for (const { via, dev: out } of routes) if (out === dev && typeof via === 'string') to.push(via)
    destinations.set(dev, new Set(to.filter((address) => address !== undefined)))
  }
  const shown = links.filter((link) => link.name !== 'lo').sort((a, b) => a.index - b.index)
  return { name, ns, links: shown, addresses, destinations, numbers: new Map() }
}

const idOf = (seen: Seen, dev: string): string => `${seen.name}/${dev}`

function deviceOf(seen: Seen, link: Link): Device {
  const { name, kind } = link
  const number = link.vxlan?.id ?? link.vlan?.id
  const what = kind === undefined || kind === 'veth' ? [] : [number === undefined ? String(kind) : `${kind} ${number}`]
  return { id: idOf(seen, name), name, lines: [...what, ...(seen.addresses.get(name) ?? [])] }
}

function edgesOf(seen: Seen, all: readonly Seen[]): Edge[] {
  return seen.links.flatMap((link) => {
    const from = idOf(seen, link.name)
    const edges: Edge[] = []
    if (typeof link.master === 'string') edges.push({ kind: 'port', from, to: idOf(seen, link.master) })
    const to = under(seen, link)
    if (to !== undefined) edges.push({ kind: link.kind === 'veth' ? 'cable' : 'upon', from, to })
    const sends = seen.destinations.get(link.name)
    for (const other of all) {
      if (other === seen || sends === undefined) continue
      const twin = other.links.find((each) => each.kind === link.kind && each.vxlan?.id === link.vxlan?.id)
      if (twin !== undefined && meets(sends, other, twin))
        edges.push({ kind: 'tunnel', from, to: idOf(other, twin.name) })
    }
    return edges
  })
}

/** The other end of a veth, or the device that another is made upon; undefined when there is none among these. */
function under(seen: Seen, { link, linkNetnsid, vxlan }: Link): string | undefined {
  const of = linkNetnsid === undefined ? seen : seen.numbers.get(linkNetnsid)
  const what = link ?? vxlan?.dev
  const found = of?.links.find(({ name, index }) => what === name || what === index)
  return of && found && idOf(of, found.name)
}

/** Whether packets that are sent to these addresses come to a tunnel of another namespace: at an address of that, or in a group it is in, too. */
function meets(sends: ReadonlySet<string>, other: Seen, twin: Link): boolean {
  const group = twin.vxlan?.group
  if (group !== undefined && sends.has(group)) return true
  return [...other.addresses.values()].flat().some((address) => sends.has(address.replace(/\/.*/, '')))
}
