/** `htb`: classes that share a rate, each with a part that is its own, and borrow from each other what is left over. */

import { attributes, flag, scalar, type UnknownAttributes, u32 } from '../../netlink/attributes.js'
import { integer, outOfRange } from '../../netlink/check.js'
import { S32, U32 } from '../../netlink/scalar.js'
import { embedded, field, Struct } from '../../netlink/struct.js'
import { computed, fieldsIn } from '../body.js'
import { type Kind, kind } from '../kind.js'
import {
  cellSize,
  isFast,
  type RateShape,
  type RateShapeInfo,
  ratespec,
  rateTable,
  readShape,
  shapeOf,
  table,
} from '../ratespec.js'
import { microsecondsOf, sendingTicks, sizeOf, timerFrequency } from '../ticks.js'
import { type BytesPerSecond, bytes, bytesPerSecond, RATE64, type Rate, type Size } from '../units.js'

const TCA_HTB_PARMS = 1
const TCA_HTB_INIT = 2
const TCA_HTB_CTAB = 3
const TCA_HTB_RTAB = 4
const TCA_HTB_DIRECT_QLEN = 5
const TCA_HTB_RATE64 = 6
const TCA_HTB_CEIL64 = 7
const TCA_HTB_OFFLOAD = 9

/** The version of the protocol that the kernel wants to be spoken to in. */
const VERSION = 3
/** What a class is told in place of a `quantum` is its rate divided by this. */
const rateToQuantum = 10

const global = new Struct('struct tc_htb_glob', {
  version: field('version', U32),
  r2q: field('rate2quantum', U32),
  default: field('defcls', U32),
  debug: field('debug', U32),
  directPackets: field('direct_pkts', U32),
})

/** What an htb is told: `tc qdisc add … htb`. It cannot be changed. */
export interface HtbOptions {
  /**
   * The class of packets that no filter has chosen one for: the number after the colon, so that `0x11` is `'1:11'`. When nothing is said, or there is no
   * such class, they leave at once. Note that `tc` reads `default 11` as hexadecimal.
   */
  default?: number | undefined
  /** What a class may send at once is its rate in bytes per second divided by this: 10 when nothing is said. See `quantum`. */
  r2q?: number | undefined
  /** How many packets that leave at once may wait; the device's `txqueuelen` when nothing is said. */
  directQlen?: number | undefined
  /** A network card does the work (Linux 5.13). */
  offload?: boolean | undefined
}

/** What an htb is. */
export interface HtbInfo extends UnknownAttributes {
  /** The class of packets that no filter has chosen one for; 0: none. */
  default: number
  /** What divides a class's rate to make its `quantum`. */
  r2q: number
  /** How many packets that leave at once may wait. */
  directQlen?: number
  /** How many have left at once. */
  directPackets: number
  /** A network card does the work. */
  offload?: boolean
}

const qdiscWire = attributes({
  default: fieldsIn(TCA_HTB_INIT, global),
  directQlen: u32(TCA_HTB_DIRECT_QLEN),
  offload: flag(TCA_HTB_OFFLOAD),
})

const qdiscBody = computed(
  qdiscWire,
  ['default', 'r2q', 'directQlen', 'offload'],
  ({ default: chosen = 0, r2q = rateToQuantum, ...rest }: HtbOptions, path) => ({
    default: {
      version: VERSION,
      r2q: integer(path('r2q'), r2q, 1, 0xffff_ffff),
      default: integer(path('default'), chosen, 0, 0xffff),
    },
    ...rest,
  }),
  ({ default: all = global.zero, ...rest }): HtbInfo => ({
    default: all.default,
    r2q: all.r2q,
    directPackets: all.directPackets,
    ...rest,
  }),
  ['directPackets'],
)

/** @internal */
export const htb: Kind<HtbOptions, HtbInfo> = kind('htb', qdiscBody)

const parms = new Struct('struct tc_htb_opt', {
  rate: field('rate', embedded(ratespec)),
  ceil: field('ceil', embedded(ratespec)),
  buffer: field('buffer', U32),
  cbuffer: field('cbuffer', U32),
  quantum: field('quantum', U32),
  level: field('level', U32),
  prio: field('prio', U32),
})

/** What a class of an htb is told: `tc class add … htb`. A change has to say all of it again. */
export interface HtbClassOptions extends RateShape {
  /** The rate that is its own. It has to be given. */
  rate: Rate
  /** The rate that it has at most, with what it borrows: `rate` when nothing is said, and not below it. */
  ceil?: Rate | undefined
  /** How much it may send at once at its own `rate`: what that makes in one tick of the timer, and `mtu`, when nothing is said. */
  burst?: Size | undefined
  /** How much it may send at once at its `ceil`: likewise. */
  cburst?: Size | undefined
  /** The largest packet: 1600 bytes when nothing is said. It is only part of what is computed here. */
  mtu?: number | undefined
  /** Classes with a lower number borrow first: 0, as it is when nothing is said, to 7. */
  prio?: number | undefined
  /** How many bytes it may send before another class of its priority has its turn: 1000 to 200000. By default it follows from `rate` and `r2q`. */
  quantum?: number | undefined
  /** The step of the table of times for `rate`, a power of two, which is not reported: see {@link TbfOptions}. */
  burstCell?: number | undefined
  /** Likewise for `ceil`. */
  cburstCell?: number | undefined
}

/** What a class of an htb is. */
export interface HtbClassInfo extends RateShapeInfo, UnknownAttributes {
  /** Bits per second. */
  rate: number
  /** Bits per second. */
  ceil: number
  /** Bytes. */
  burst: number
  /** Bytes. */
  cburst: number
  /** Classes with a lower number borrow first. */
  prio: number
  /** How many bytes it may send before another class has its turn. */
  quantum: number
  /** How far it is from the classes that have none beneath them. */
  level: number
}

/** What a class of an htb has counted. */
export interface HtbClassStats {
  /** Packets that it sent by its own rate. */
  lends: number
  /** Packets that it sent by a borrowed rate. */
  borrows: number
  /** Packets that were larger than the table of times. */
  giants: number
  /** The time that it may send at its own rate right now, in ticks of 64 ns. */
  tokens: number
  /** Likewise at its `ceil`. */
  ctokens: number
}

const xstats = new Struct('struct tc_htb_xstats', {
  lends: field('lends', U32),
  borrows: field('borrows', U32),
  giants: field('giants', U32),
  tokens: field('tokens', S32),
  ctokens: field('ctokens', S32),
})

const classWire = attributes({
  rate: scalar(TCA_HTB_RATE64, RATE64),
  ceil: scalar(TCA_HTB_CEIL64, RATE64),
  parms: fieldsIn(TCA_HTB_PARMS, parms),
  rateTable: table(TCA_HTB_RTAB),
  ceilTable: table(TCA_HTB_CTAB),
})

const classBody = computed(
  classWire,
  [
    ...(['rate', 'ceil', 'burst', 'cburst', 'mtu', 'prio', 'quantum', 'burstCell', 'cburstCell'] as const),
    ...(['mpu', 'overhead', 'linklayer'] as const),
  ],
  (options: HtbClassOptions, path) => {
    const { prio = 0, quantum = 0, mtu = 1600 } = options
    integer(path('mtu'), mtu, 1, 0xffff_ffff)
    const rate = bytesPerSecond(path('rate'), options.rate)
    const ceil = options.ceil === undefined ? rate : bytesPerSecond(path('ceil'), options.ceil)
    if (ceil < rate)
      throw outOfRange(path('ceil'), `at least the rate, which is ${rate * 8} bits per second`, options.ceil)
    const shape = shapeOf(options, path)
    const own = rateTable(rate, shape, mtu, cellSize(path('burstCell'), options.burstCell))
    const most = rateTable(ceil, shape, mtu, cellSize(path('cburstCell'), options.cburstCell))
    const buffer = (name: 'burst' | 'cburst', speed: number): number => {
      const size = options[name]
      return sendingTicks(
        speed,
        size === undefined ? Math.trunc(speed / timerFrequency()) + mtu : bytes(path(name), size, 1),
      )
    }
    return {
      rate: isFast(rate) ? rate * 8 : undefined,
      ceil: isFast(ceil) ? ceil * 8 : undefined,
      parms: {
        rate: own.spec,
        ceil: most.spec,
        buffer: buffer('burst', rate),
        cbuffer: buffer('cburst', ceil),
        quantum: integer(path('quantum'), quantum, 0, 0xffff_ffff),
        prio: integer(path('prio'), prio, 0, 7),
      },
      rateTable: own.table,
      ceilTable: most.table,
    }
  },
  ({ parms: all = parms.zero, rate = all.rate.rate * 8, ceil = all.ceil.rate * 8 }): HtbClassInfo => ({
    rate,
    ceil,
    burst: sizeIn(all.buffer, rate / 8),
    cburst: sizeIn(all.cbuffer, ceil / 8),
    prio: all.prio,
    quantum: all.quantum,
    level: all.level,
    ...readShape(all.rate),
  }),
  ['level'],
)

/** The size of what was made a time, of whole microseconds. */
const sizeIn = (ticks: number, rate: BytesPerSecond): number =>
  sizeOf(ticks, (Math.ceil(microsecondsOf(ticks)) * rate) / 1e6, (size) => sendingTicks(rate, size))

/** @internal */
export const htbClass: Kind<HtbClassOptions, HtbClassInfo, HtbClassStats> = kind('htb', classBody, { stats: xstats })
