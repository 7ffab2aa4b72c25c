/** What a route says of the path: its MTU, and the starting values of TCP's estimates. */

import { attributes, bool32, scalar, text, u32 } from '../netlink/attributes.js'
import { integer, invalidType, oneOf, outOfRange } from '../netlink/check.js'
import { type Scalar, U32 } from '../netlink/scalar.js'

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

/** A metric that can be locked. */
type Lockable = Exclude<keyof RouteMetrics, 'lock' | 'features' | 'quickack' | 'fastopenNoCookie'>

/** The bit each of them has in RTAX_LOCK. */
const locks: Record<Lockable, number> = {
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
}

const features = { ecn: RTAX_FEATURE_ECN } as const

/** A set of bits as an array of their names. Bits without a name are one number, the last of the array. */
function named<N extends string>(names: Readonly<Record<N, number>>): Scalar<(N | number)[]> {
  const entries = Object.entries(names) as [N, number][]
  const keys = Object.keys(names) as N[]
  return {
    size: U32.size,
    write(writer, value, key) {
      const path = writer.where(key)
      if (!Array.isArray(value)) throw invalidType(path, 'an array', value)
      let set = 0
      for (const each of value) {
        set |= typeof each === 'number' ? integer(path, each, 0, 0xffff_ffff) : names[oneOf(path, each, keys)]
      }
      U32.write(writer, set >>> 0, key)
    },
    read(reader, at) {
      let rest = U32.read(reader, at)
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

/** A time in microseconds, which the kernel counts in steps of more than one. */
const time = (step: number): Scalar<number> => ({
  size: U32.size,
  write(writer, value, key) {
    if (integer(writer.where(key), value, 0, 0xffff_ffff * step) % step !== 0) {
      throw outOfRange(writer.where(key), `a multiple of ${step} (microseconds)`, value)
    }
    U32.write(writer, value / step, key)
  },
  read: (reader, at) => U32.read(reader, at) * step,
})

/** @internal */
export const metrics = attributes({
  lock: scalar(RTAX_LOCK, named(locks)),
  // The kernel takes a larger MTU, MSS or hop limit for these limits, without a word.
  mtu: u32(RTAX_MTU, 65520),
  window: u32(RTAX_WINDOW),
  rtt: scalar(RTAX_RTT, time(125)),
  rttvar: scalar(RTAX_RTTVAR, time(250)),
  ssthresh: u32(RTAX_SSTHRESH),
  cwnd: u32(RTAX_CWND),
  advmss: u32(RTAX_ADVMSS, 65495),
  reordering: u32(RTAX_REORDERING),
  hoplimit: u32(RTAX_HOPLIMIT, 255),
  initcwnd: u32(RTAX_INITCWND),
  features: scalar(RTAX_FEATURES, named(features)),
  rtoMin: scalar(RTAX_RTO_MIN, time(1000)),
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
   * The shortest time TCP waits before it sends again, in microseconds: a multiple of 1000. The kernel heeds it only
   * when it is locked, so it always is, as it is by `ip route`.
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
  /**
   * The congestion control algorithm, `'cubic'` for one (Linux 4.0). Unless it is locked, a program may choose another.
   */
  congctl?: string | undefined
  /** Whether TCP Fast Open does without a cookie (Linux 4.15). */
  fastopenNoCookie?: boolean | undefined
  /** The metrics that are fixed, where others are estimates to start from: `lock: ['mtu']` is `mtu lock 1400`. */
  lock?: (Exclude<keyof RouteMetrics, 'lock' | 'features' | 'quickack' | 'fastopenNoCookie'> | number)[] | undefined
}
