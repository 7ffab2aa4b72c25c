/** How the addresses of a new entry are to be translated. */

import { ipBytes } from '../netlink/address.js'
import { type Attribute, attributes, be16, familyOf, ip, nested } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { parseRange, type Range } from '../netlink/range.js'
import { type ConntrackTuple, familyOfTuple, inverse } from './tuple.js'

const CTA_NAT_V4_MINIP = 1
const CTA_NAT_V4_MAXIP = 2
const CTA_NAT_PROTO = 3
const CTA_NAT_V6_MINIP = 4
const CTA_NAT_V6_MAXIP = 5

const CTA_PROTONAT_PORT_MIN = 1
const CTA_PROTONAT_PORT_MAX = 2

/** What an address is replaced by. */
export interface ConntrackNat {
  /** The address. */
  addr: string
  /** The port, or ports of which the kernel takes one that is free: `80`, `'1024-65535'`. Of ICMP, the identifier. */
  port?: Range | undefined
}

/** What of an entry has to do with it. */
interface Translation {
  readonly orig: ConntrackTuple
  readonly reply: ConntrackTuple
  readonly status?: readonly string[] | undefined
  readonly snat?: ConntrackNat | undefined
  readonly dnat?: ConntrackNat | undefined
}

const table = attributes({
  first: ip(CTA_NAT_V4_MINIP, CTA_NAT_V6_MINIP),
  last: ip(CTA_NAT_V4_MAXIP, CTA_NAT_V6_MAXIP),
  port: nested(CTA_NAT_PROTO, attributes({ first: be16(CTA_PROTONAT_PORT_MIN), last: be16(CTA_PROTONAT_PORT_MAX) })),
})
const known = new Set(['addr', 'port'])

/** The kernel would pass over an address of the other family. @internal */
export function checkNat(path: string, given: ConntrackNat | undefined, tuple: ConntrackTuple): void {
  if (given === undefined) return
  if (typeof given !== 'object' || given === null) throw invalidType(path, 'an object', given)
  onlyKnown(path, given, known)
  if (familyOf(ipBytes(`${path}.addr`, given.addr)) === familyOfTuple(tuple)) return
  throw invalidValue(`${path}.addr`, given.addr, 'must be of the same family as the rest')
}

/** @internal */
export const nat = (type: number): Attribute<ConntrackNat, never> => ({
  types: [type],
  inner: () => table,
  write(writer, value, key) {
    const path = writer.where(key)
    const [first, last] = value.port === undefined ? [] : parseRange(`${path}.port`, value.port, 0, 0xffff)
    const start = writer.openNested(type)
    table.write(
      writer,
      { first: value.addr, last: value.addr, port: first === undefined ? undefined : { first, last } },
      path,
    )
    writer.close(start)
  },
  read: () => undefined as never,
})

/**
 * Of an entry whose status says that addresses are translated, `reply` says to which. The kernel wants to be told these, and a `reply` without them,
 * which it changes accordingly. @internal
 */
export function translated(entry: Translation): Omit<Translation, 'status'> {
  const { orig, status = [] } = entry
  let { reply, snat, dnat } = entry
  const plain = inverse(orig)
  if (status.includes('srcNat') && snat === undefined) {
    snat = { addr: reply.dst, port: reply.dport ?? reply.id }
    reply = { ...reply, dst: plain.dst, ...(reply.dport === undefined ? { id: plain.id } : { dport: plain.dport }) }
  }
  if (status.includes('dstNat') && dnat === undefined) {
    dnat = { addr: reply.src, port: reply.sport }
    reply = { ...reply, src: plain.src, ...(reply.sport !== undefined && { sport: plain.sport }) }
  }
  return { orig: { ...orig }, reply: { ...reply }, snat, dnat }
}
