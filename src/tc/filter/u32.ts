/** `u32`: packets whose bytes at certain places have certain values; and tables of such filters, to find one among many quickly. */

import {
  type Attribute,
  attributes,
  ignored,
  u32 as number,
  scalar,
  struct,
  text,
  type UnknownAttributes,
} from '../../netlink/attributes.js'
import { deviceName, integer, invalidType, invalidValue, onlyKnown } from '../../netlink/check.js'
import { BE16, BE32, S16, type Scalar, U8, U16, U32, U64 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { type Action, type ActionInfo, actions } from '../action.js'
import { computed } from '../body.js'
import { type Handle, handle } from '../handle.js'
import { type HardwareInfo, type HardwareOptions, hardware, hardwareNames } from '../hardware.js'
import { type FilterKind, filterKind } from '../kind.js'
import type { EtherProtocol } from '../protocol.js'
import { type Key, keyLayout } from './u32-keys.js'
import { pack, type U32Match } from './u32-match.js'
import { plain, readable } from './u32-read.js'

const TCA_U32_CLASSID = 1
const TCA_U32_HASH = 2
const TCA_U32_LINK = 3
const TCA_U32_DIVISOR = 4
const TCA_U32_SEL = 5
const TCA_U32_ACT = 7
const TCA_U32_INDEV = 8
const TCA_U32_PCNT = 9
const TCA_U32_MARK = 10
const TCA_U32_FLAGS = 11
const TCA_U32_PAD = 12

const TC_U32_TERMINAL = 1
const TC_U32_OFFSET = 2
const TC_U32_VAROFFSET = 4
const TC_U32_EAT = 8

/** A filter of a table: its number, the number of the row, and its own, all hexadecimal: `'800::1'`. A table is `'1:'`, a row of it `'1:5:'`. */
export type U32Handle = `${string}:${string}`

const handleForm = /^([\da-f]{1,3})?:([\da-f]{1,2})?(?::([\da-f]{1,3})?)?$/i

function parseU32(path: string, value: unknown): number {
  const expected = "a table, row and filter in hexadecimal, such as '800::1'; a table is '1:', a row '1:5:'"
  if (typeof value !== 'string') throw invalidType(path, expected, value)
  const parts = value === ':' ? null : handleForm.exec(value)
  if (parts === null) throw invalidValue(path, value, `must be ${expected}`)
  const [table, row, node] = parts.slice(1).map((part) => Number.parseInt(part ?? '0', 16)) as [number, number, number]
  return table * 0x10_0000 + row * 0x1000 + node
}

function formatU32(value: number): U32Handle {
  const hexadecimal = (part: number): string => (part === 0 ? '' : part.toString(16))
  const [row, node] = [hexadecimal((value >>> 12) & 0xff), hexadecimal(value & 0xfff)]
  return `${hexadecimal(value >>> 20)}:${row}${row || node ? ':' : ''}${node}`
}

const U32_HANDLE: Scalar<U32Handle> = {
  size: 4,
  write: (writer, value, key) => U32.write(writer, parseU32(writer.where(key), value), key),
  read: (reader, at) => formatU32(U32.read(reader, at)),
}

/** How far on in the packet the filters of a linked table look: a fixed number of bytes, and what the packet itself says. */
export interface U32Offset {
  /** Bytes: 0 to 65535. */
  plus?: number | undefined
  /** Where 16 bits are that say how many more: bytes from where this table looks. */
  at?: number | undefined
  /** Which of those bits: `0x0f00` for the length of an IPv4 header, at 0. */
  mask?: number | undefined
  /** How far they are shifted to the right: 6 for a length in words, from its place there. */
  shift?: number | undefined
  /** They look on from there for good: all that follow do, too. */
  eat?: boolean | undefined
}

/** What chooses the row of a linked table. */
export interface U32Hashkey {
  /** Which bits of 32. */
  mask: number
  /** Where these are: 0 when nothing is said. */
  at?: number | undefined
}

/** What a u32 is told: `tc filter add … u32`. A table is made by `divisor` alone, with a `handle` such as `'1:'`. */
export interface U32Options extends HardwareOptions {
  /** What packets must have; `[{ u32: [0, 0] }]` is any packet. */
  match?: readonly U32Match[] | undefined
  /** The class they go to. */
  flowid?: Handle | undefined
  /** What is done with them, one after the other. */
  actions?: readonly Action[] | undefined
  /** The table the filter is in, or the row of one: `'1:5:'`. It is the first one, `'800:'`, when nothing is said. */
  ht?: U32Handle | undefined
  /** The table whose filters are asked next. */
  link?: U32Handle | undefined
  /** How many rows the table has that is made: a power of two, 1 to 256. */
  divisor?: number | undefined
  /** With `link`: what chooses the row there. */
  hashkey?: U32Hashkey | undefined
  /** With `link`: how far on the filters there look. */
  offset?: U32Offset | undefined
  /** The device the packets must have come in by. */
  indev?: string | undefined
}

/** What a u32 is. */
export interface U32Info extends HardwareInfo, UnknownAttributes {
  /** What packets must have. */
  match?: U32Match[]
  /** The class they go to. */
  flowid?: Handle
  /** What is done with them. */
  actions?: ActionInfo[]
  /** The table the filter is in, or the row of one. */
  ht?: U32Handle
  /** The table whose filters are asked next. */
  link?: U32Handle
  /** How many rows the table has. */
  divisor?: number
  /** What chooses the row of the linked table. */
  hashkey?: U32Hashkey
  /** How far on the filters there look. */
  offset?: U32Offset
  /** The device the packets must have come in by. */
  indev?: string
  /** How often the filter was asked, how often it matched, and how often each key did (where the kernel counts that). */
  hits?: { asked: number; matched: number; keys: number[] }
}

const selector = new Struct('struct tc_u32_sel', {
  flags: field('flags', U8),
  shift: field('offshift', U8),
  count: field('nkeys', U8),
  mask: field('offmask', BE16),
  plus: field('off', U16),
  at: field('offoff', S16),
  hashAt: field('hoff', S16),
  hashMask: field('hmask', BE32),
})

interface Selector {
  flags: number
  offset: U32Offset | undefined
  hashkey: U32Hashkey | undefined
  keys: Key[]
}

/** What is said of an offset, by the flags. */
const offsetOf = (flags: number, { plus, at, mask, shift }: Required<Omit<U32Offset, 'eat'>>): U32Offset => ({
  ...((flags & TC_U32_OFFSET) !== 0 && { plus }),
  ...((flags & TC_U32_VAROFFSET) !== 0 && { at, mask, shift }),
  ...((flags & TC_U32_EAT) !== 0 && { eat: true }),
})

const selectorAttribute: Attribute<Selector> = {
  types: [TCA_U32_SEL],
  write(writer, { flags, offset, hashkey, keys }) {
    const start = writer.open(TCA_U32_SEL)
    const { plus, at, mask, shift } = offset ?? {}
    const { mask: hashMask, at: hashAt } = hashkey ?? {}
    selector.write(writer, { flags, shift, count: keys.length, mask, plus, at, hashAt, hashMask })
    for (const key of keys) keyLayout.write(writer, key)
    writer.close(start)
  },
  read(reader, from, length) {
    const { flags, shift, count, mask, plus, at, hashAt, hashMask } = selector.read(reader, from, length)
    const keys = Array.from({ length: count }, (_, index) =>
      keyLayout.read(reader, from + selector.size + index * keyLayout.size, keyLayout.size),
    )
    return {
      flags,
      offset: (flags & ~TC_U32_TERMINAL) !== 0 ? offsetOf(flags, { plus, at, mask, shift }) : undefined,
      hashkey: hashMask !== 0 ? { mask: hashMask, at: hashAt } : undefined,
      keys,
    }
  },
}

/** How often the filter, and each of its keys, was met with. */
const hits: Attribute<NonNullable<U32Info['hits']>> & { readOnly: true } = {
  types: [TCA_U32_PCNT],
  readOnly: true,
  write: () => undefined,
  read(reader, at, length) {
    const [asked = 0, matched = 0, ...keys] = Array.from({ length: length / 8 }, (_, index) =>
      U64.read(reader, at + 8 * index),
    )
    return { asked, matched, keys }
  },
}

const mark = new Struct('struct tc_u32_mark', {
  value: field('val', U32),
  mask: field('mask', U32),
  success: field('success', U32),
})

const wire = attributes({
  mark: struct(TCA_U32_MARK, mark),
  link: scalar(TCA_U32_LINK, U32_HANDLE),
  divisor: number(TCA_U32_DIVISOR),
  flowid: handle(TCA_U32_CLASSID),
  actions: actions(TCA_U32_ACT),
  indev: text(TCA_U32_INDEV, 15, deviceName),
  ht: scalar(TCA_U32_HASH, U32_HANDLE),
  match: selectorAttribute,
  ...hardware(TCA_U32_FLAGS),
  hits,
  padding: ignored(TCA_U32_PAD),
})

const offsetNames = new Set(['plus', 'at', 'mask', 'shift', 'eat'])
const hashkeyNames = new Set(['mask', 'at'])

/** The flags of a selector for how far on a linked table looks. */
function offsetFlags({ plus, at, mask, shift, eat }: U32Offset, path: string): number {
  if (eat !== undefined && typeof eat !== 'boolean') throw invalidType(`${path}.eat`, 'a boolean', eat)
  const variable = at !== undefined || mask !== undefined || shift !== undefined
  return (plus !== undefined ? TC_U32_OFFSET : 0) | (variable ? TC_U32_VAROFFSET : 0) | (eat ? TC_U32_EAT : 0)
}

const body = computed(
  wire,
  [
    ...(['match', 'flowid', 'actions', 'ht', 'link', 'divisor', 'hashkey', 'offset', 'indev'] as const),
    ...hardwareNames,
  ],
  ({ match, hashkey, offset, divisor, ...rest }: U32Options, path) => {
    const found = match === undefined ? undefined : pack(path('match'), match)
    if (hashkey !== undefined) onlyKnown(path('hashkey'), hashkey, hashkeyNames)
    if (offset !== undefined) onlyKnown(path('offset'), offset, offsetNames)
    if (divisor !== undefined && !Number.isInteger(Math.log2(integer(path('divisor'), divisor, 1, 256)))) {
      throw invalidValue(path('divisor'), divisor, 'must be a power of two')
    }
    const terminal = rest.flowid !== undefined || rest.actions !== undefined ? TC_U32_TERMINAL : 0
    const flags = terminal | (offset === undefined ? 0 : offsetFlags(offset, path('offset')))
    const { mark, link, ...others } = { mark: found?.mark, ...rest }
    return {
      mark: mark && { value: mark[0], mask: mark[1] },
      link,
      divisor,
      ...others,
      // A table has no selector.
      match: (found ?? hashkey ?? offset) ? { flags, offset, hashkey, keys: found?.keys ?? [] } : undefined,
    }
  },
  ({ match: selected, mark: marked, ...values }): U32Info => {
    const matches = selected?.keys.map(plain) ?? []
    if (marked !== undefined) matches.unshift({ mark: [marked.value, marked.mask] })
    return {
      ...values,
      ...(selected !== undefined && { match: matches }),
      ...(selected?.offset !== undefined && { offset: selected.offset }),
      ...(selected?.hashkey !== undefined && { hashkey: selected.hashkey }),
    } as U32Info
  },
  ['inHw', 'notInHw', 'hits'],
)

/** @internal */
export const u32: FilterKind<U32Options, U32Info, U32Handle> = filterKind('u32', body, {
  faults: {
    'cls_u32: Specified hash table not found': 'u32.ht',
    'cls_u32: Link hash table not found': 'u32.link',
    'cls_u32: Not linking to root node': 'u32.link',
    'cls_u32: Selector not specified': 'u32.match',
    'cls_u32: Exceeded maximum number of hash buckets': 'u32.divisor',
    'cls_u32: Divisor can only be used on a hash table': 'u32.divisor',
  },
  handle: { parse: parseU32, format: formatU32 },
  finished(info: U32Info, protocol: EtherProtocol) {
    if (info.match === undefined) return info
    const { keys } = pack('match', info.match)
    return { ...info, match: [...info.match.filter((match) => 'mark' in match), ...readable(keys, protocol)] }
  },
})
