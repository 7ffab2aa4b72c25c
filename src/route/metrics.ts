/** What a route says of the path: its MTU, and the starting values of TCP's estimates. */

import { type Attribute, attributes, bool32, text, u32 } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, outOfRange } from '../netlink/check.js'

const RTAX_LOCK = 1
const RTAX_MTU = 2
const RTAX_WINDOW = 3
const RTAX_RTT = 4
const RTAX_RTTVAR = 5
const RTAX_SSTHRESH = 6
const RTAX_CWND = 7
const RTAX_ADVMSS = 8
const RTAX_REORDERING = 9
const RTAX_HOPLIMIT = 10
const RTAX_INITCWND = 11
const RTAX_FEATURES = 12
const RTAX_RTO_MIN = 13
const RTAX_INITRWND = 14
const RTAX_QUICKACK = 15
const RTAX_CC_ALGO = 16
const RTAX_FASTOPEN_NO_COOKIE = 17

const RTAX_FEATURE_ECN = 1

/** The metrics that can be locked, and the bit each has in RTAX_LOCK. */
const locks = {
  mtu: 1 << RTAX_MTU,
  window: 1 << RTAX_WINDOW,
  rtt: 1 << RTAX_RTT,
  rttvar: 1 << RTAX_RTTVAR,
  ssthresh: 1 << RTAX_SSTHRESH,
  cwnd: 1 << RTAX_CWND,
  advmss: 1 << RTAX_ADVMSS,
  reordering: 1 << RTAX_REORDERING,
  hoplimit: 1 << RTAX_HOPLIMIT,
  initcwnd: 1 << RTAX_INITCWND,
  rtoMin: 1 << RTAX_RTO_MIN,
  initrwnd: 1 << RTAX_INITRWND,
  congctl: 1 << RTAX_CC_ALGO,
} as const

const features = { ecn: RTAX_FEATURE_ECN } as const

/** A set of bits as an array of their names. Bits without a name are one number, the last of the array. */
function bits<N extends string>(type: number, names: Readonly<Record<N, number>>): Attribute<(N | number)[]> {
  const wire = u32(type)
  const entries = Object.entries(names) as [N, number][]
  const choice = `one of ${entries.map(([name]) => `'${name}'`).join(', ')} or a number`
  return {
    types: [type],
    write(writer, value, key) {
      const path = writer.where(key)
      if (!Array.isArray(value)) throw invalidType(path, 'an array', value)
      let set = 0
      for (const each of value) {
        if (typeof each === 'number') set |= integer(path, each, 0, 0xffff_ffff)
        else if (Object.hasOwn(names, each)) set |= names[each]
        else throw invalidValue(path, each, `must hold ${choice}`)
      }
      wire.write(writer, set >>> 0, key)
    },
    read(reader, at, length) {
      let rest = wire.read(reader, at, length, undefined)
      const set: (N | number)[] = []
      for (const [name, bit] of entries) {
        if ((rest & bit) === 0) continue
        set.push(name)
        rest &= ~bit
      }
      if (rest !== 0) set.push(rest >>> 0)
      return set
    },
  }
}

/** A number of at most `max`: what is larger, the kernel would take for `max` without a word. */
function upTo(type: number, max: number): Attribute<number> {
  const wire = u32(type)
  return {
    ...wire,
    write: (writer, value, key) => wire.write(writer, integer(writer.where(key), value, 0, max), key),
  }
}

/** A time that the kernel counts in steps of `step` microseconds. */
function time(type: number, step: number): Attribute<number> {
  const wire = u32(type)
  const max = 0xffff_ffff * step
  return {
    ...wire,
    write(writer, value, key) {
      if (integer(writer.where(key), value, 0, max) % step !== 0) {
        throw outOfRange(writer.where(key), `a multiple of ${step} (microseconds)`, value)
      }
      wire.write(writer, value / step, key)
    },
    read: (reader, at, length) => wire.read(reader, at, length, undefined) * step,
  }
}

/** @internal */
export const metrics = attributes({
  lock: bits(RTAX_LOCK, locks),
  // The limits are those of ip_metrics_convert in the kernel.
  mtu: upTo(RTAX_MTU, 65520),
  window: u32(RTAX_WINDOW),
  rtt: time(RTAX_RTT, 125),
  rttvar: time(RTAX_RTTVAR, 250),
  ssthresh: u32(RTAX_SSTHRESH),
  cwnd: u32(RTAX_CWND),
  advmss: upTo(RTAX_ADVMSS, 65495),
  reordering: u32(RTAX_REORDERING),
  hoplimit: upTo(RTAX_HOPLIMIT, 255),
  initcwnd: u32(RTAX_INITCWND),
  features: bits(RTAX_FEATURES, features),
  rtoMin: time(RTAX_RTO_MIN, 1000),
  initrwnd: u32(RTAX_INITRWND),
  quickack: bool32(RTAX_QUICKACK),
  congctl: text(RTAX_CC_ALGO, 15),
  fastopenNoCookie: bool32(RTAX_FASTOPEN_NO_COOKIE),
})

/**
 * What a route says of the path. To the kernel zero is the same as nothing said.
 *
 * Times are numbers of microseconds, each a multiple of the kernel's own step.
 */
export interface RouteMetrics {
  /** The MTU of the path in bytes, 0 to 65520. Path MTU discovery may lower it, unless it is locked. */
  mtu?: number | undefined
  /** The MSS to advertise to TCP peers, in bytes, 0 to 65495. */
  advmss?: number | undefined
  /** The first estimate of the round trip time, in microseconds: a multiple of 125. (`rtt 100ms` is 100000.) */
  rtt?: number | undefined
  /** The first estimate of the round trip time's variance, in microseconds: a multiple of 250. */
  rttvar?: number | undefined
  /**
   * The shortest time TCP waits for before it sends again, in microseconds: a multiple of 1000. The kernel heeds it only when it is
   * locked, so it always is, as it is by `ip route`.
   */
  rtoMin?: number | undefined
  /** The largest window TCP advertises, in bytes. */
  window?: number | undefined
  /** The largest congestion window, in segments. The kernel heeds it only when it is locked. */
  cwnd?: number | undefined
  /** The congestion window a connection starts with, in segments (Linux 2.6.39). */
  initcwnd?: number | undefined
  /** The receive window a connection starts with, in segments. */
  initrwnd?: number | undefined
  /** The first slow start threshold, in segments. */
  ssthresh?: number | undefined
  /** How far segments may be out of order before one is taken for lost, in segments. */
  reordering?: number | undefined
  /** The hop limit (IPv6) or time to live (IPv4) of packets sent, 0 to 255. */
  hoplimit?: number | undefined
  /** TCP features for this destination: `'ecn'` asks for explicit congestion notification. Other bits as a number. */
  features?: ('ecn' | number)[] | undefined
  /** Whether segments are acknowledged at once (Linux 3.11). */
  quickack?: boolean | undefined
  /** The congestion control algorithm, `'cubic'` for one (Linux 4.0). Unless it is locked, a program may choose another. */
  congctl?: string | undefined
  /** Whether TCP Fast Open does without a cookie (Linux 4.15). */
  fastopenNoCookie?: boolean | undefined
  /** The metrics that are fixed, where others are estimates to start from: `lock: ['mtu']` is `mtu lock 1400`. */
  lock?: (keyof typeof locks | number)[] | undefined
}
