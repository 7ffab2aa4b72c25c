/** The options of TCP. */

import { type ExtensionField, extension, extensionsSelectors, numbered } from '../extension.js'
import { at, sized } from '../header.js'
import { tcp as fields } from '../headers/tcp.js'
import type { NumberRange } from '../type.js'
import { integerType } from '../types.js'

const families = ['ip', 'ip6', 'inet', 'bridge', 'netdev'] as const

const option = <
  const N extends string,
  W extends string,
  F extends Readonly<Record<string, ExtensionField<number | NumberRange>>>,
>(
  name: N,
  number: number,
  made: F,
  whole: W,
) => extension({ name: `tcp option ${name}` as const, whole, op: 'tcp option', number, families, fields: made })

/** Its length, in bytes. */
const length = at(8, sized(integerType, 8))

/** One of the ranges that have arrived: where it begins and where it ends. */
const range = (index: number) => ({
  /** Where the range begins. */
  left: numbered(2 + 2 * index, at(16 + 64 * index, sized(integerType, 32))),
  /** Where the range ends. */
  right: sized(integerType, 32),
})

/** @internal */
export const tcpOptions = {
  /** The end of the options. */
  eol: option('eol', 0, {}, 'tcp option eol'),
  /** Nothing, so that the next one begins at a better place. */
  nop: option('nop', 1, {}, 'tcp option nop'),
  /** The largest segment. */
  maxseg: option(
    'maxseg',
    2,
    {
      length,
      /** How many bytes a segment has at most. */
      size: sized(integerType, 16),
    },
    'tcp option maxseg',
  ),
  /** The scale of the window. */
  window: option(
    'window',
    3,
    {
      length,
      /** By how many places the window is shifted. */
      count: sized(integerType, 8),
    },
    'tcp option window',
  ),
  /** Selective acknowledgements may be used. */
  'sack-perm': option('sack-perm', 4, { length }, 'tcp option sack-perm'),
  /** Selective acknowledgements: the first range. */
  sack: option('sack', 5, { length, ...range(0) }, 'tcp option sack'),
  /** The second range. */
  sack1: option('sack1', 5, range(1), 'tcp option sack'),
  /** The third range. */
  sack2: option('sack2', 5, range(2), 'tcp option sack'),
  /** The fourth range. */
  sack3: option('sack3', 5, range(3), 'tcp option sack'),
  /** Timestamps. */
  timestamp: option(
    'timestamp',
    8,
    {
      length,
      /** The sender's. */
      tsval: sized(integerType, 32),
      /** The receiver's, as the sender has seen it. */
      tsecr: sized(integerType, 32),
    },
    'tcp option timestamp',
  ),
  /** The signature of the segment. */
  md5sig: option('md5sig', 19, { length }, 'tcp option md5sig'),
  /** TCP over several paths. */
  mptcp: option(
    'mptcp',
    30,
    {
      length,
      /** What it is about. */
      subtype: sized(integerType, 4),
    },
    'tcp option mptcp',
  ),
  /** Data in the first segment. */
  fastopen: option('fastopen', 34, { length }, 'tcp option fastopen'),
} as const

/** The header of TCP, `tcp dport`, and its options: `tcp option maxseg size`. */
export const tcp = {
  ...fields,
  /** The options: `tcp option maxseg size`. */
  option: extensionsSelectors(tcpOptions),
}
