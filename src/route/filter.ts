/** Which routes to list: what the kernel is asked to choose by, and what is chosen here. */

import { formatIp, ipBytes, type Prefix, parsePrefix } from '../netlink/address.js'
import { familyOf } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue } from '../netlink/check.js'
import { AF_UNSPEC } from '../netlink/protocol.js'
import type { Writer } from '../netlink/writer.js'
import { network, type RouteTable, tableNumber } from '../routing.js'
import { type Device, type Family, familyNumber, type Protocol, protocols, type Scope, scopes } from '../rtnetlink.js'
import { rtmsg, table, types } from './attributes.js'
import { type Route, type RouteType, RTM_F_CLONED } from './message.js'

/** Which routes to list or to flush. All that is given has to hold. */
export interface RouteFilter {
  /** Of this family only: both when nothing is said. */
  family?: Family | undefined
  /**
   * Of this table, or of `'all'`: `'main'` when nothing is said, as with `ip route show`. The kernel does the choosing.
   */
  table?: RouteTable | 'all' | undefined
  /** By this device, also as one of several; the kernel does the choosing. */
  dev?: Device | undefined
  /** Made by this protocol; the kernel does the choosing. */
  protocol?: Protocol | undefined
  /** Of this type; the kernel does the choosing. */
  type?: RouteType | undefined
  /** Of this scope. */
  scope?: Scope | undefined
  /** To exactly this: `'default'`, a network or an address. */
  dst?: string | undefined
  /** To this network or a part of it: `root 10.0.0.0/8` in `ip route`. */
  root?: string | undefined
  /** To a network that this one is a part of, however large: `match 10.0.0.1` in `ip route`. */
  match?: string | undefined
  /** Through this gateway, also as one of several. */
  via?: string | undefined
  /** With this source address. */
  src?: string | undefined
  /** With this metric: 0 for an IPv4 route that has none. */
  metric?: number | undefined
  /** With this type of service: 0 for none. */
  tos?: number | undefined
}

/** What `list` takes. */
export interface RouteListFilter extends RouteFilter {
  /** Cache entries in place of routes: what was learnt of single destinations (their path MTU, a redirect). */
  cloned?: boolean | undefined
}

/** @internal */
export const filterNames: ReadonlySet<string> = new Set([
  ...['family', 'table', 'dev', 'protocol', 'type', 'scope', 'dst', 'root', 'match', 'via', 'src', 'metric', 'tos'],
])
/** @internal */
export const listFilterNames: ReadonlySet<string> = new Set([...filterNames, 'cloned'])

/**
 * Writes the part of a filter that the kernel heeds: with strict checking, it refuses what it does not know. @internal
 */
export function encodeFilter(writer: Writer, filter: RouteListFilter): void {
  const { dev, protocol, type, cloned = false } = filter
  if (typeof cloned !== 'boolean') throw invalidType('cloned', 'a boolean', cloned)
  rtmsg.write(writer, {
    family: familyOfFilter(filter),
    protocol: protocol === undefined ? 0 : protocols.number(protocol, 'protocol'),
    type: type === undefined ? 0 : types.number(type, 'type'),
    flags: cloned ? RTM_F_CLONED : 0,
  })
  const wanted = filter.table ?? 'main'
  if (wanted !== 'all') table.entries.table.write(writer, tableNumber(wanted), 'table')
  if (dev !== undefined) table.entries.dev.write(writer, dev, 'dev')
}

/** A destination of another family than the one asked for is a mistake; of one family, the other need not be listed. */
function familyOfFilter(filter: RouteFilter): number {
  let family = filter.family === undefined ? AF_UNSPEC : familyNumber(filter.family)
  const networks = (['dst', 'root', 'match'] as const).filter(
    (key) => filter[key] !== undefined && filter[key] !== 'default',
  )
  for (const key of networks) family = agreed(family, key, filter[key], parsePrefix(key, filter[key] as string).family)
  if (filter.src !== undefined) family = agreed(family, 'src', filter.src, familyOf(ipBytes('src', filter.src)))
  return family
}

function agreed(family: number, path: string, value: unknown, own: number): number {
  if (family !== AF_UNSPEC && family !== own)
    throw invalidValue(path, value, 'must be of the same family as the rest of the filter')
  return own
}

/** The part of a filter that the kernel knows nothing of; undefined when there is none. @internal */
export function chooser(filter: RouteFilter): ((route: Route) => boolean) | undefined {
  const tests: ((route: Route) => boolean)[] = []
  const { dst, root, match, via, src } = filter
  if (filter.scope !== undefined) {
    const scope = scopes.name(scopes.number(filter.scope, 'scope'))
    tests.push((route) => route.scope === scope)
  }
  if (filter.metric !== undefined) {
    const metric = integer('metric', filter.metric, 0, 0xffff_ffff)
    tests.push((route) => (route.metric ?? 0) === metric)
  }
  if (filter.tos !== undefined) {
    const tos = integer('tos', filter.tos, 0, 0xff)
    tests.push((route) => (route.tos ?? 0) === tos)
  }
  if (dst === 'default') {
    tests.push((route) => route.dst === 'default')
  } else if (dst !== undefined) {
    const wanted = network('dst', dst)
    tests.push((route) => {
      const own = destination(route)
      return own.length === wanted.length && isPart(own, wanted)
    })
  }
  if (root !== undefined && root !== 'default') {
    const whole = network('root', root)
    tests.push((route) => isPart(destination(route), whole))
  }
  if (match === 'default') {
    tests.push((route) => route.dst === 'default')
  } else if (match !== undefined) {
    const part = network('match', match)
    tests.push((route) => isPart(part, destination(route)))
  }
  if (src !== undefined) {
    const wanted = canonical('src', src)
    tests.push((route) => route.src === wanted)
  }
  if (via !== undefined) {
    const wanted = canonical('via', via)
    tests.push((route) => route.via === wanted || (route.nexthops?.some((hop) => hop.via === wanted) ?? false))
  }
  return tests.length === 0 ? undefined : (route) => tests.every((test) => test(route))
}

/** An address spelt as routes have it. */
function canonical(path: string, text: string): string {
  const bytes = ipBytes(path, text)
  return formatIp(bytes, 0, bytes.length)
}

function destination({ dst, family }: Route): Prefix {
  return parsePrefix('dst', dst !== 'default' ? dst : family === 'inet' ? '0.0.0.0/0' : '::/0')
}

function isPart(part: Prefix, whole: Prefix): boolean {
  if (part.family !== whole.family || part.length < whole.length) return false
  const rest = 0xff & ~(0xff >> (whole.length & 7))
  const bytes = whole.length >> 3
  for (let at = 0; at < bytes; at++) if (part.bytes[at] !== whole.bytes[at]) return false
  return rest === 0 || (((part.bytes[bytes] as number) ^ (whole.bytes[bytes] as number)) & rest) === 0
}
