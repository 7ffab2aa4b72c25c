/** What tells routes apart: the kernel may have several to one destination with one metric. */

import { formatIp } from '../netlink/address.js'
import { eachAttribute } from '../netlink/attributes.js'
import { AF_INET, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { RTA_DST, RTA_SRC, RTA_TABLE, rtmsg, table } from '../route/attributes.js'
import type { Route } from '../route/message.js'
import { type Crowd, open, type Payload } from './family.js'

const { metric: metricEntry, dev: devEntry, nhid: nhidEntry, via: viaEntry, nexthops: nexthopsEntry } = table.entries
const [RTA_PRIORITY_TYPE] = metricEntry.types
const [RTA_OIF_TYPE] = devEntry.types
const [RTA_NH_ID_TYPE] = nhidEntry.types
const leading = [...viaEntry.types, ...nexthopsEntry.types]

/**
 * The table, the destination and what else the kernel looks at when it says that a route exists already. Of IPv6 it has one route with
 * several gateways for each, but as many without a gateway as there are devices (`fe80::/64`).
 *
 * @internal
 */
export function routeKey(payload: Payload): string {
  const reader = open(payload)
  const { bytes, view } = reader
  const [family, dstLength, srcLength, tos] = bytes as unknown as [number, number, number, number]
  let [number, dst, from, metric, way] = [bytes[4] as number, '', '', 0, '']
  let gateway = false
  eachAttribute(reader, rtmsg.size, payload.length - rtmsg.size, (type, at, size) => {
    if (type === RTA_DST) dst = formatIp(bytes, at, size)
    else if (type === RTA_SRC) from = formatIp(bytes, at, size)
    else if (type === RTA_TABLE) number = view.getUint32(at, true)
    else if (type === RTA_PRIORITY_TYPE) metric = view.getUint32(at, true)
    else if (type === RTA_OIF_TYPE && way === '') way = ` dev ${view.getUint32(at, true)}`
    else if (type === RTA_NH_ID_TYPE) way = ` nhid ${view.getUint32(at, true)}`
    else if (leading.includes(type)) gateway = true
  })
  if (dst === '') dst = family === AF_INET ? '0.0.0.0' : '::'
  const parts = [number, ' ', dst, '/', dstLength, ' ', metric]
  if (family === AF_INET) {
    if (tos !== 0) parts.push(' tos ', tos)
  } else {
    if (from !== '') parts.push(' from ', from, '/', srcLength)
    if (!gateway || way.startsWith(' nhid')) parts.push(way)
  }
  // Put together by a template it would be kept as a tree of its parts, and there may be many.
  return parts.join('')
}

/** The state of a route, or of a next hop, in which it may be without being another. */
const states = ['dead', 'linkdown', 'offload', 'unresolved', 'trap', 'rtOffload', 'rtTrap', 'rtOffloadFailed']
const passing = new Set([...states, 'pervasive', 'notify', 'expires', 'error', 'cache', 'nexthops'])

const identity = (route: object): string =>
  JSON.stringify(
    Object.entries(route)
      .filter(([name]) => !passing.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

const ways = ({ nexthops = [] }: Route): string => nexthops.map(identity).sort().join()

/** Of IPv6: whether a route goes together with others of its kind into one that has several ways. */
const joins = ({ family, protocol, nhid }: Route): boolean =>
  family === 'inet6' && nhid === undefined && protocol !== 'ra' && protocol !== 'redirect'

/** @internal */
export const routeCrowd: Crowd<Route> = {
  same: (a, b) => identity(a) === identity(b) && ways(a) === ways(b),
  place(there, value, flags) {
    // The kernel says whether there was any other (there was none when it was exclusive), or which one it replaced: the first.
    if ((flags & NLM_F_EXCL) !== 0) return 0
    const alike = joins(value) ? there.findIndex(joins) : -1
    if ((flags & NLM_F_REPLACE) !== 0) return Math.max(alike, 0)
    return alike >= 0 ? alike : there.findIndex((route) => routeCrowd.same(route, value))
  },
}
