/** Routing tables: `ip route`. */

import { ipBytes } from '../netlink/address.js'
import { familyOf } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { Listing } from '../netlink/listing.js'
import { ask, copied, type Decoding, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { AF_INET, AF_INET6, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import { messages, RTA_DST, RTA_SRC, routeSchema, rtmsg, table } from './attributes.js'
import {
  chooser,
  encodeFilter,
  filterNames,
  listFilterNames,
  type RouteFilter,
  type RouteListFilter,
} from './filter.js'
import { decode, encode, known, type Route, type RouteOptions, writeBytes } from './message.js'

const { RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE } = messages

const RTM_F_LOOKUP_TABLE = 0x1000
const RTM_F_FIB_MATCH = 0x2000

/** A packet whose route is asked for: the arguments of `ip route get`. */
export interface RouteQuery {
  /** The address it goes to. */
  dst: string
  /** The address it comes from. */
  from?: string | undefined
  /** The device it came in by: the route is then the one it is forwarded by. */
  iif?: Device | undefined
  /** The device it has to leave by. */
  oif?: Device | undefined
  /** Its mark, 0 to 2^32 - 1. */
  mark?: number | undefined
  /** The user who sends it: the caller when nothing is said. */
  uid?: number | undefined
  /** Its type of service, 0 to 255. */
  tos?: number | undefined
  /** Its protocol (Linux 4.19). */
  ipproto?: 'icmp' | 'tcp' | 'udp' | 'icmpv6' | number | undefined
  /** The port it comes from (Linux 4.19). */
  sport?: number | undefined
  /** The port it goes to (Linux 4.19). */
  dport?: number | undefined
  /** Asks for the route in the table (Linux 4.13), in place of what the kernel makes of it for this packet. */
  fibmatch?: boolean | undefined
}

const knownToDel = new Set([...known, 'missingOk'])
const knownToGet = new Set(['dst', 'from', 'iif', 'oif', 'mark', 'uid', 'tos', 'ipproto', 'sport', 'dport', 'fibmatch'])

/** Routing tables (`ip route`). */
export class RouteOperations {
  /**
   * Adds a route: `ip route add`.
   *
   * @throws NetlinkError EEXIST when there is one to the same destination with the same metric (for IPv4 also: the same
   *   type of service), ENODEV when there is no such device, ENETUNREACH (IPv6: EHOSTUNREACH) when the gateway cannot
   *   be reached, EINVAL with the kernel's words for other faults
   */
  *add(options: RouteOptions): Operation<void> {
    done(yield change('route.add', NLM_F_CREATE | NLM_F_EXCL, options))
  }

  /** Adds a route, in place of the first one to the same destination with the same metric: `ip route replace`. */
  *replace(options: RouteOptions): Operation<void> {
    done(yield change('route.replace', NLM_F_CREATE | NLM_F_REPLACE, options))
  }

  /**
   * Adds a route behind those to the same destination with the same metric: `ip route append`. For IPv6, those with
   * gateways are then one route with several next hops.
   */
  *append(options: RouteOptions): Operation<void> {
    done(yield change('route.append', NLM_F_CREATE | NLM_F_APPEND, options))
  }

  /**
   * Puts a route in place of the first one to the same destination with the same metric: `ip route change`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *change(options: RouteOptions): Operation<void> {
    done(yield change('route.change', NLM_F_REPLACE, options))
  }

  /**
   * Removes a route: `ip route del`. Of several that have everything given, the first.
   *
   * @throws NetlinkError ESRCH when there is none
   */
  *del(options: RouteOptions & DelOptions): Operation<void> {
    onlyKnown('route.del', options, knownToDel)
    const { missingOk, ...route } = copied(options)
    yield* deletion(removal('route.del', route), { missingOk }, 'ESRCH')
  }

  /**
   * The route a packet takes, as the kernel looks it up: `ip route get`.
   *
   * @throws NetlinkError ENETUNREACH when there is none; EHOSTUNREACH, EACCES or EINVAL when it is of type unreachable,
   *   prohibit or blackhole
   */
  *get(query: RouteQuery): Operation<Route> {
    onlyKnown('route.get', query, knownToGet)
    const { fibmatch = false, ...packet } = copied(query)
    if (typeof fibmatch !== 'boolean') throw invalidType('fibmatch', 'a boolean', fibmatch)
    const dst = ipBytes('dst', packet.dst)
    const from = packet.from === undefined ? undefined : ipBytes('from', packet.from)
    if (from !== undefined && from.length !== dst.length) {
      throw invalidValue('from', packet.from, 'must be of the same family as "dst"')
    }
    const family = familyOf(dst)
    return yield* ask<Route>({
      type: RTM_GETROUTE,
      flags: 0,
      schema: routeSchema,
      doing: 'route.get',
      subject: packet.dst,
      encode(writer) {
        rtmsg.write(writer, {
          family,
          dstLen: dst.length * 8,
          srcLen: from === undefined ? 0 : from.length * 8,
          tos: packet.tos ?? 0,
          // Without it the kernel tells no table for IPv4; for IPv6 it always does, and refuses the flag.
          flags: (family === AF_INET ? RTM_F_LOOKUP_TABLE : 0) | (fibmatch ? RTM_F_FIB_MATCH : 0),
        })
        writeBytes(writer, RTA_DST, dst)
        if (from !== undefined) writeBytes(writer, RTA_SRC, from)
        const { oif: dev, iif, mark, uid, ipproto, sport, dport } = packet
        if (dev !== undefined) table.entries.dev.write(writer, dev, 'oif')
        table.write(writer, { iif, mark, uid, ipproto, sport, dport }, 'route.get')
      },
      decode,
    })
  }

  /**
   * The routes of the main table, or those a filter lets through: `ip route show`. Without a family, of both families.
   * A table that does not exist has none.
   */
  *list(filter: RouteListFilter = {}): Operation<Route[]> {
    onlyKnown('route.list', filter, listFilterNames)
    return yield* chosen('route.list', copied(filter))
  }

  /**
   * The routes that `list` gives, one after the other while they are read, for tables too long to be held:
   * `for await (const route of ns.route.each())`, in `nslink/sync` `for (const route of …)`. It has a socket of its own, so that anything
   * else can be asked meanwhile; leaving the loop closes it. It is not for batches.
   *
   * @throws NetlinkError EINTR after the last one when the list changed meanwhile: some may be missing then, or have come twice
   */
  each(filter: RouteListFilter = {}): Listing<Route> {
    onlyKnown('route.each', filter, listFilterNames)
    return new Listing([listing('route.each', copied(filter))], noTable)
  }

  /**
   * Removes the routes that a filter lets through, and says how many they were: `ip route flush`.
   *
   * Something has to be named, so that nobody cuts a machine off by a slip. The table is `'main'` unless another is
   * named.
   */
  *flush(filter: RouteFilter): Operation<number> {
    onlyKnown('route.flush', filter, filterNames)
    if (Object.values(filter).every((value) => value === undefined)) {
      throw invalidValue('filter', filter, 'must name what to flush: a table, a dev, a dst, …')
    }
    const routes = yield* chosen('route.flush', copied(filter))
    const answers = yield* settle(routes.map((route) => removal('route.flush', route)))
    for (const { error } of answers) {
      // Somebody else was faster, or the kernel took it away with another.
      if (error !== undefined && !isError(error, 'ESRCH')) throw error
    }
    return routes.length
  }
}

function change(doing: string, flags: number, options: RouteOptions): Request {
  onlyKnown(doing, options, known)
  const route = copied(options)
  return {
    type: RTM_NEWROUTE,
    flags,
    schema: routeSchema,
    doing,
    subject: route.dst,
    encode: (writer) => encode(writer, route, false),
  }
}

function removal(doing: string, route: RouteOptions): Request {
  return {
    type: RTM_DELROUTE,
    flags: 0,
    schema: routeSchema,
    doing,
    subject: route.dst,
    encode: (writer) => encode(writer, route, true),
  }
}

/** The routes that a filter lets through. */
function* chosen(doing: string, filter: RouteListFilter): Operation<Route[]> {
  try {
    return yield* dump(listing(doing, filter))
  } catch (error) {
    if (isError(error, noTable)) return []
    throw error
  }
}

/** The kernel makes a table when its first route comes. */
const noTable = 'ENOENT'

function listing(doing: string, filter: RouteListFilter): Decoding<Route> {
  const passes = chooser(filter)
  return {
    type: RTM_GETROUTE,
    flags: 0,
    dump: true,
    schema: routeSchema,
    doing,
    subject: undefined,
    encode: (writer) => encodeFilter(writer, filter),
    decode(reader, at, length) {
      // A list of both families holds those of multicast forwarding and of MPLS as well.
      const family = reader.bytes[at]
      if (family !== AF_INET && family !== AF_INET6) return undefined
      const route = decode(reader, at, length)
      return passes === undefined || passes(route) ? route : undefined
    },
  }
}
