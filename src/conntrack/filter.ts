/** Which entries are meant: what the kernel can look for itself, and the rest. */

import { NFNETLINK_V0, nfgenmsg } from '../netfilter.js'
import { formatIp, type Prefix, parseIp } from '../netlink/address.js'
import { integer, invalidType, invalidValue } from '../netlink/check.js'
import { AF_INET, AF_INET6, AF_UNSPEC } from '../netlink/protocol.js'
import type { Writer } from '../netlink/writer.js'
import { network } from '../routing.js'
import { type Family, familyNumber } from '../rtnetlink.js'
import {
  type Conntrack,
  type ConntrackGiven,
  type ConntrackStatus,
  CTA_FILTER,
  LAST_LABEL,
  statusBits,
  table,
} from './attributes.js'
import { bitsOf } from './bits.js'
import { type ConntrackTuple, checkParts, isAnswered, protocols } from './tuple.js'

const CTA_FILTER_ORIG_FLAGS = 1
const CTA_FILTER_REPLY_FLAGS = 2

/** What the kernel is to look at of a tuple. These bits are in no header that programs are given. */
const looksAt = {
  src: 0x001,
  dst: 0x002,
  proto: 0x008,
  sport: 0x010,
  dport: 0x020,
  icmp: { type: 0x040, code: 0x080, id: 0x100 },
  icmpv6: { type: 0x200, code: 0x400, id: 0x800 },
}

const ONES = 0xffff_ffff

/** What a tuple is to have. `src` and `dst` may be networks: `'10.244.0.0/16'`. */
export interface ConntrackTupleFilter extends Partial<ConntrackTuple> {}

/** Which entries are meant: those that have all that is given. */
export interface ConntrackFilter {
  /** The family of their addresses. */
  family?: Family | undefined
  /** What their packets have in the direction they began in. */
  orig?: ConntrackTupleFilter | undefined
  /** What their packets have in the other direction. */
  reply?: ConntrackTupleFilter | undefined
  /** Their mark. */
  mark?: number | undefined
  /** The bits of the mark that are looked at: all of them when nothing is said. */
  markMask?: number | undefined
  /** Their zone, in whichever direction: 0 for those that are in none. */
  zone?: number | undefined
  /** What is true of them: all of it. */
  status?: readonly ConntrackStatus[] | undefined
  /** What of the status is looked at: what is not in `status` must not be true then. `status` itself when nothing is said. */
  statusMask?: readonly ConntrackStatus[] | undefined
  /** Their labels, each a number from 0 to 127: all of these. */
  labels?: readonly number[] | undefined
}

/** @internal */
export const filterNames = new Set([
  ...['family', 'orig', 'reply', 'mark', 'markMask', 'zone', 'status', 'statusMask', 'labels'],
])
const directions = ['orig', 'reply'] as const

/** A filter that has been understood. @internal */
export interface Chooser {
  /** The families to be asked for: one, none in particular, or one after the other. */
  readonly families: readonly number[]
  /** Whether the family is all that it looks at. */
  readonly plain: boolean
  /** Writes a request for one family. */
  encode(writer: Writer, family: number): void
  passes(entry: Conntrack): boolean
}

/** The names of the options have been looked at. @internal */
export function chooser(doing: string, given: ConntrackFilter): Chooser {
  const { family, orig, reply, mark, markMask, zone, status, statusMask, labels } = given
  if (markMask !== undefined && mark === undefined) throw invalidValue('markMask', markMask, 'needs a mark')
  if (statusMask !== undefined && status === undefined) throw invalidValue('statusMask', statusMask, 'needs a status')
  const bits = status === undefined ? 0 : bitsOf('status', status, statusBits)
  const mask = statusMask === undefined ? bits : bitsOf('statusMask', statusMask, statusBits)
  if (status !== undefined && mask === 0)
    throw invalidValue('status', status, 'must name something, or have a statusMask')
  const numbers = {
    mark: integer('mark', mark ?? 0, 0, ONES),
    markMask: integer('markMask', markMask ?? ONES, 0, ONES),
  }
  if (zone !== undefined) integer('zone', zone, 0, 0xffff)
  if (labels !== undefined && !Array.isArray(labels)) throw invalidType('labels', 'an array of numbers', labels)
  if (labels?.length === 0) throw invalidValue('labels', labels, 'must name some')
  labels?.forEach((label, index) => {
    integer(`labels.${index}`, label, 0, LAST_LABEL)
  })
  const tuples = {
    orig: orig === undefined ? undefined : tupleChooser('orig', orig),
    reply: reply === undefined ? undefined : tupleChooser('reply', reply),
  }
  const one = familyOf(family, tuples)
  const flags = { orig: tuples.orig?.flags ?? 0, reply: tuples.reply?.flags ?? 0 }
  // Tuples are of a family, also those that say nothing of addresses.
  const families = one !== AF_UNSPEC ? [one] : flags.orig === 0 && flags.reply === 0 ? [AF_UNSPEC] : [AF_INET, AF_INET6]
  return {
    families,
    plain: Object.entries(given).every(([name, value]) => value === undefined || name === 'family'),
    encode(writer, of) {
      nfgenmsg.write(writer, { family: of, version: NFNETLINK_V0 })
      const told = { orig: tuples.orig?.told, reply: tuples.reply?.told } as Pick<ConntrackGiven, 'orig' | 'reply'>
      table.write(writer, { ...told, mark, markMask, zone, status, statusMask }, doing)
      if (flags.orig !== 0 || flags.reply !== 0) writeFlags(writer, flags)
    },
    // An older kernel passes over what it does not know, and what none can look for is found here.
    passes: (entry) =>
      (one === AF_UNSPEC || familyNumber(entry.family) === one) &&
      (mark === undefined || (entry.mark & numbers.markMask) >>> 0 === numbers.mark) &&
      (zone === undefined || (entry.zone ?? entry.orig.zone ?? entry.reply.zone ?? 0) === zone) &&
      (status === undefined || (bitsOf('status', entry.status, statusBits) & mask) === bits) &&
      (labels === undefined || labels.every((label) => entry.labels?.includes(label) === true)) &&
      directions.every((direction) => tuples[direction]?.passes(entry[direction]) ?? true),
  }
}

function writeFlags(writer: Writer, flags: Readonly<Record<(typeof directions)[number], number>>): void {
  const start = writer.openNested(CTA_FILTER)
  for (const [type, value] of [
    [CTA_FILTER_ORIG_FLAGS, flags.orig],
    [CTA_FILTER_REPLY_FLAGS, flags.reply],
  ] as const) {
    const attribute = writer.open(type)
    writer.view.setUint32(writer.take(4), value, true)
    writer.close(attribute)
  }
  writer.close(start)
}

interface TupleChooser {
  /** What the kernel is told, and what of it is to be looked at. */
  readonly told: Partial<ConntrackTuple> | undefined
  readonly flags: number
  readonly networks: Readonly<Record<string, Prefix>>
  passes(tuple: ConntrackTuple): boolean
}

function tupleChooser(path: string, filter: ConntrackTupleFilter): TupleChooser {
  checkParts(path, filter)
  const { src, dst, proto: given, ...rest } = filter
  const proto = given === undefined ? undefined : protocols.name(protocols.number(given, `${path}.proto`))
  const networks: Record<string, Prefix> = {}
  if (src !== undefined) networks['src'] = network(`${path}.src`, src)
  if (dst !== undefined) networks['dst'] = network(`${path}.dst`, dst)
  const numbers = Object.entries(rest).filter(([, number]) => number !== undefined) as [keyof typeof rest, number][]
  for (const [name, number] of numbers)
    integer(`${path}.${name}`, number, 0, name === 'type' || name === 'code' ? 0xff : 0xffff)

  const told: Partial<ConntrackTuple> = {}
  let flags = 0
  // The kernel takes whole addresses. Of IPv6 it lets through all but those that are asked for.
  for (const name of ['src', 'dst'] as const) {
    const prefix = networks[name]
    if (prefix === undefined || prefix.family === AF_INET6 || prefix.length < 32) continue
    told[name] = formatIp(prefix.bytes, 0, 4)
    flags |= looksAt[name]
  }
  if (proto !== undefined) {
    told.proto = proto
    flags |= looksAt.proto
    for (const [name, number] of numbers) {
      const bit = bitOf(proto, name, number)
      if (bit === 0) continue
      told[name] = number
      flags |= bit
    }
  }
  return {
    told: flags === 0 ? undefined : told,
    flags,
    networks,
    passes: (tuple) =>
      (proto === undefined || tuple.proto === proto) &&
      numbers.every(([name, number]) => tuple[name] === number) &&
      Object.entries(networks).every(([name, prefix]) => isWithin(tuple[name as 'src' | 'dst'], prefix)),
  }
}

/** What has the kernel look at a number of a tuple; 0 where it does not. */
function bitOf(proto: ConntrackTuple['proto'], name: string, number: number): number {
  if (proto === 'tcp' || proto === 'udp') return name === 'sport' || name === 'dport' ? looksAt[name] : 0
  if (proto !== 'icmp' && proto !== 'icmpv6') return 0
  // It refuses to look for types of messages that no connection is made of.
  if (name === 'type' && !isAnswered(proto, number)) return 0
  return name === 'type' || name === 'code' || name === 'id' ? looksAt[proto][name] : 0
}

const scratch = new Uint8Array(16)

function isWithin(address: string, { bytes, length }: Prefix): boolean {
  if (parseIp(address, scratch, 0) !== bytes.length) return false
  for (let at = 0, left = length; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff & (0xff << (8 - left))
    if ((((scratch[at] as number) ^ (bytes[at] as number)) & mask) !== 0) return false
  }
  return true
}

/** The family that a filter names, or the addresses in it have. */
function familyOf(given: Family | undefined, tuples: Readonly<Record<string, TupleChooser | undefined>>): number {
  let family = familyNumber(given)
  for (const [direction, tuple] of Object.entries(tuples)) {
    for (const [name, prefix] of Object.entries(tuple?.networks ?? {})) {
      if (family === AF_UNSPEC) family = prefix.family
      if (prefix.family === family) continue
      const text = formatIp(prefix.bytes, 0, prefix.bytes.length)
      throw invalidValue(`${direction}.${name}`, text, 'must be of the same family as the rest')
    }
  }
  return family
}
