/** Where a route leads: its gateway, or several of them. */

import { formatIp } from '../netlink/address.js'
import { type Attribute, attributes, eachAttribute, hex, type Table } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { AF_INET, AF_INET6, align, NLA_HDRLEN } from '../netlink/protocol.js'
import { S32, U8, U16 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Reader, Writer } from '../netlink/writer.js'
import { nexthopFlags, type Realms, RTNH_F_ONLINK, realms } from '../routing.js'
import type { Device } from '../rtnetlink.js'

const RTA_GATEWAY = 5
const RTA_MULTIPATH = 9
/** @internal */
export const RTA_FLOW = 11
const RTA_VIA = 18

const rtnexthop = new Struct('struct rtnexthop', {
  length: field('rtnh_len', U16),
  flags: field('rtnh_flags', U8),
  hops: field('rtnh_hops', U8),
  index: field('rtnh_ifindex', S32),
})

const rtvia = new Struct('struct rtvia', { family: field('rtvia_family', U16) })

/** A gateway: of the route's own family in one attribute, of another in one that names the family. @internal */
export const via: Attribute<string> = {
  types: [RTA_GATEWAY, RTA_VIA],
  write: () => undefined,
  read(reader, at, length) {
    const size = length === 4 || length === 16 ? length : length - rtvia.size
    return size === 4 || size === 16 ? formatIp(reader.bytes, at + length - size, size) : hex(reader, at, length)
  },
}

/** Writes the gateway of a route of `family`. @internal */
export function writeVia(writer: Writer, value: string, path: string, family: number): void {
  const start = writer.open(RTA_GATEWAY)
  const own = (writer.ip(value, path) === 4) === (family === AF_INET)
  if (!own) {
    if (family === AF_INET6) throw invalidValue(path, value, 'must be of IPv6, as the route is')
    writer.at = start
    writer.open(RTA_VIA)
    rtvia.write(writer, { family: AF_INET6 })
    writer.ip(value, path)
  }
  writer.close(start)
}

/** One of several ways a route leads. */
export interface RouteNexthop {
  /** The gateway; for an IPv4 route it may be an IPv6 address (Linux 5.2). */
  via?: string | undefined
  /** The device. The kernel finds it by the gateway when none is given. */
  dev?: Device | undefined
  /** Its share of the traffic, 1 to 256: 1 when nothing is said. */
  weight?: number | undefined
  /** The gateway is on the device's link even if no address there says so. */
  onlink?: boolean | undefined
  /** Routing realms (IPv4). */
  realms?: Realms | undefined
  /** Attributes this version of nslink does not know, by number, in hexadecimal. */
  unknown?: Record<number, string> | undefined
  /** Reported only: it cannot be used, its device being down. */
  dead?: boolean
  /** Reported only: its device has no carrier. */
  linkdown?: boolean
  /** Reported only: the gateway is to be looked up in turn. */
  pervasive?: boolean
  /** Reported only: hardware forwards by it. */
  offload?: boolean
  /** Reported only: multicast forwarding is waiting for it to be known. */
  unresolved?: boolean
  /** Reported only: hardware passes its packets on to the kernel. */
  trap?: boolean
}

const known = new Set(['via', 'dev', 'weight', 'onlink', 'realms', 'unknown', ...Object.keys(nexthopFlags)])
const flagEntries = Object.entries(nexthopFlags)

const nexthopTable = attributes({ via, realms: realms(RTA_FLOW) })

/** Reads the next hop whose attributes start at `at`: they follow its struct. */
function readNexthop(reader: Reader, at: number, length: number): RouteNexthop {
  const head = rtnexthop.read(reader, at, length)
  const hop: RouteNexthop = nexthopTable.read(reader, at + rtnexthop.size, length - rtnexthop.size)
  // There is no device yet for what multicast forwarding waits for.
  if (head.index !== 0) hop.dev = reader.names.name(head.index)
  hop.weight = head.hops + 1
  for (const [name, bit] of flagEntries) if ((head.flags & bit) !== 0) hop[name as keyof typeof nexthopFlags] = true
  return hop
}

// A struct rtnexthop starts with its length in two bytes, as an attribute does, so a list of them can be walked like
// attributes; the rest of the struct then stands where the attribute's number and payload would.
const eachNexthop = (reader: Reader, at: number, length: number, visit: (from: number, size: number) => void): void =>
  eachAttribute(reader, at, length, (_, from, size) => visit(from - NLA_HDRLEN, size + NLA_HDRLEN))

/** The list as errors and prints see it. */
const listTable: Table = {
  locate(reader, at, length, target) {
    let found: string | undefined
    let index = 0
    eachNexthop(reader, at, length, (from, size) => {
      if (target >= from && target < from + size) {
        const inner = nexthopTable.locate(reader, from + rtnexthop.size, size - rtnexthop.size, target)
        found = inner === undefined ? `${index}` : `${index}.${inner}`
      }
      index++
    })
    return found
  },
  missing: (reader, at, length, type, nest) => nexthopTable.missing(reader, at, length, type, nest),
  key: () => 'nexthop',
  attribute: () => ({
    types: [],
    write: () => undefined,
    read: (reader, at, length) => readNexthop(reader, at - NLA_HDRLEN, length + NLA_HDRLEN),
  }),
}

/** @internal */
export const nexthops: Attribute<RouteNexthop[]> = {
  types: [RTA_MULTIPATH],
  inner: () => listTable,
  write: () => undefined,
  read(reader, at, length) {
    const hops: RouteNexthop[] = []
    eachNexthop(reader, at, length, (from, size) => hops.push(readNexthop(reader, from, size)))
    return hops
  },
}

/** Writes the next hops of a route of `family`. @internal */
export function writeNexthops(writer: Writer, hops: readonly RouteNexthop[], family: number): void {
  if (!Array.isArray(hops)) throw invalidType('nexthops', 'an array', hops)
  if (hops.length === 0) throw invalidValue('nexthops', hops, 'must not be empty')
  const start = writer.openNested(RTA_MULTIPATH)
  writer.path.push('nexthops')
  hops.forEach((hop, index) => {
    writer.path.push(String(index))
    writeNexthop(writer, hop, family)
    writer.path.pop()
  })
  writer.close(start)
  writer.path.pop()
}

function writeNexthop(writer: Writer, hop: RouteNexthop, family: number): void {
  const path = writer.where()
  if (typeof hop !== 'object' || hop === null) throw invalidType(path, 'an object', hop)
  onlyKnown(path, hop, known)
  const { weight = 1, onlink = false, dev } = hop
  if (typeof onlink !== 'boolean') throw invalidType(`${path}.onlink`, 'a boolean', onlink)
  const start = writer.at
  rtnexthop.write(writer, {
    flags: onlink ? RTNH_F_ONLINK : 0,
    hops: integer(`${path}.weight`, weight, 1, 256) - 1,
    index: dev === undefined ? 0 : writer.names.index(dev, `${path}.dev`),
  })
  if (hop.via !== undefined) writeVia(writer, hop.via, `${path}.via`, family)
  nexthopTable.write(writer, { realms: hop.realms, unknown: hop.unknown }, path)
  writer.view.setUint16(start, align(writer.at) - start, true)
}
