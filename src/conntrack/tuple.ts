/** The tuple of a direction: what its packets have in common, which is what a connection is told from others by. */

import { ipBytes } from '../netlink/address.js'
import {
  type Attribute,
  type Attributes,
  attributes,
  be16,
  type Entries,
  enum8,
  familyOf,
  ip,
  scalar,
} from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { enumeration } from '../netlink/names.js'
import { BE16, type Scalar, U8 } from '../netlink/scalar.js'

const CTA_TUPLE_IP = 1
const CTA_TUPLE_PROTO = 2
const CTA_TUPLE_ZONE = 3

const CTA_IP_V4_SRC = 1
const CTA_IP_V4_DST = 2
const CTA_IP_V6_SRC = 3
const CTA_IP_V6_DST = 4

const CTA_PROTO_NUM = 1
const CTA_PROTO_SRC_PORT = 2
const CTA_PROTO_DST_PORT = 3
const CTA_PROTO_ICMP_ID = 4
const CTA_PROTO_ICMP_TYPE = 5
const CTA_PROTO_ICMP_CODE = 6
const CTA_PROTO_ICMPV6_ID = 7
const CTA_PROTO_ICMPV6_TYPE = 8
const CTA_PROTO_ICMPV6_CODE = 9

const IPPROTO_ICMP = 1
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_DCCP = 33
const IPPROTO_GRE = 47
const IPPROTO_ICMPV6 = 58
const IPPROTO_SCTP = 132
const IPPROTO_UDPLITE = 136

/** A protocol: by name, or as a number from 0 to 255. */
export type ConntrackProtocol = 'icmp' | 'tcp' | 'udp' | 'dccp' | 'gre' | 'icmpv6' | 'sctp' | 'udplite' | number

/** @internal */
export const protocols = enumeration(
  {
    icmp: IPPROTO_ICMP,
    tcp: IPPROTO_TCP,
    udp: IPPROTO_UDP,
    dccp: IPPROTO_DCCP,
    gre: IPPROTO_GRE,
    icmpv6: IPPROTO_ICMPV6,
    sctp: IPPROTO_SCTP,
    udplite: IPPROTO_UDPLITE,
  },
  0xff,
)

const withPorts: readonly ConntrackProtocol[] = ['tcp', 'udp', 'dccp', 'gre', 'sctp', 'udplite']

/** The types of ICMP messages that connections are made of, and which of them answer which. */
const answers = {
  icmp: new Map([
    [0, 8],
    [8, 0],
    [13, 14],
    [14, 13],
    [15, 16],
    [16, 15],
    [17, 18],
    [18, 17],
  ]),
  icmpv6: new Map([
    [128, 129],
    [129, 128],
    [139, 140],
    [140, 139],
  ]),
}

/** What the packets of one direction of a connection have in common. */
export interface ConntrackTuple {
  /** The protocol in IP. */
  proto: ConntrackProtocol
  /** The address they come from. */
  src: string
  /** The address they go to. */
  dst: string
  /** The port they come from, 0 to 65535: of TCP, UDP, UDP-Lite, SCTP and DCCP. Of GRE (PPTP), the key. */
  sport?: number | undefined
  /** The port they go to, likewise. */
  dport?: number | undefined
  /** Of ICMP and ICMPv6: the type of message. It is one that is answered, or an answer: 8 and 0 for a ping, of ICMPv6 128 and 129. */
  type?: number | undefined
  /** Of ICMP and ICMPv6: the code, 0 to 255. */
  code?: number | undefined
  /** Of ICMP and ICMPv6: the identifier, 0 to 65535. */
  id?: number | undefined
  /** The zone of this direction, where it is in another than the other one (Linux 4.3). */
  zone?: number | undefined
}

/** An option that has a number for ICMP and one for ICMPv6; the first is the one that is written. */
const either = (codec: Scalar<number>, types: readonly [number, number]): Attribute<number> => ({
  ...scalar(types[0], codec),
  types,
})

const ipTable = attributes({ src: ip(CTA_IP_V4_SRC, CTA_IP_V6_SRC), dst: ip(CTA_IP_V4_DST, CTA_IP_V6_DST) })

const protoTable = (order: <T>(icmp: T, icmpv6: T) => [T, T]) =>
  attributes({
    proto: enum8(CTA_PROTO_NUM, protocols),
    sport: be16(CTA_PROTO_SRC_PORT),
    dport: be16(CTA_PROTO_DST_PORT),
    type: either(U8, order(CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMPV6_TYPE)),
    code: either(U8, order(CTA_PROTO_ICMP_CODE, CTA_PROTO_ICMPV6_CODE)),
    id: either(BE16, order(CTA_PROTO_ICMP_ID, CTA_PROTO_ICMPV6_ID)),
  })
const ofIcmp = protoTable((icmp, icmpv6) => [icmp, icmpv6])
const ofIcmpv6 = protoTable((icmp, icmpv6) => [icmpv6, icmp])

/** Attributes inside another, of which the options do not show. */
const hidden = <E extends Entries>(type: number, table: Attributes<E>) =>
  ({
    types: [type],
    transparent: true,
    spread: true,
    inner: () => table,
    write: () => undefined,
    read: (reader, at, length) => table.read(reader, at, length),
  }) satisfies Attribute<object>

const table = attributes({
  ip: hidden(CTA_TUPLE_IP, ipTable),
  l4: hidden(CTA_TUPLE_PROTO, ofIcmp),
  zone: be16(CTA_TUPLE_ZONE),
})

const known = new Set(['proto', 'src', 'dst', 'sport', 'dport', 'type', 'code', 'id', 'zone'])

/** Of a tuple that says less, what it says is written. @internal */
export const tuple = (type: number): Attribute<ConntrackTuple> => ({
  types: [type],
  inner: () => table,
  write(writer, value, key) {
    const path = writer.where(key)
    if (typeof value !== 'object' || value === null) throw invalidType(path, 'an object', value)
    onlyKnown(path, value, known)
    const { src, dst, zone, ...l4 } = value as Partial<ConntrackTuple>
    writer.path.push(key)
    const start = writer.openNested(type)
    if (src !== undefined || dst !== undefined) {
      const addresses = writer.openNested(CTA_TUPLE_IP)
      ipTable.write(writer, { src, dst }, path)
      writer.close(addresses)
    }
    if (l4.proto !== undefined) {
      const proto = writer.openNested(CTA_TUPLE_PROTO)
      const icmpv6 = protocols.number(l4.proto, writer.where('proto')) === IPPROTO_ICMPV6
      ;(icmpv6 ? ofIcmpv6 : ofIcmp).write(writer, l4, path)
      writer.close(proto)
    }
    table.write(writer, { zone }, path)
    writer.close(start)
    writer.path.pop()
  },
  read: (reader, at, length) => table.read(reader, at, length) as unknown as ConntrackTuple,
})

/** What a tuple of a protocol has besides the addresses; undefined for one that is not known. */
function partsOf(proto: ConntrackProtocol): readonly ('sport' | 'dport' | 'type' | 'code' | 'id')[] | undefined {
  if (proto === 'icmp' || proto === 'icmpv6') return ['type', 'code', 'id']
  return withPorts.includes(proto) ? ['sport', 'dport'] : undefined
}

/** Refuses what tuples of the protocol do not have. @internal */
export function checkParts(path: string, tuple: Partial<ConntrackTuple>): void {
  if (typeof tuple !== 'object' || tuple === null) throw invalidType(path, 'an object', tuple)
  onlyKnown(path, tuple, known)
  if (tuple.proto === undefined) return
  const proto = protocols.name(protocols.number(tuple.proto, `${path}.proto`))
  const parts = partsOf(proto)
  for (const name of ['sport', 'dport', 'type', 'code', 'id'] as const) {
    if (tuple[name] === undefined || parts === undefined || parts.includes(name)) continue
    throw invalidValue(`${path}.${name}`, tuple[name], `is not for ${proto}, which has ${parts.join(', ')}`)
  }
}

/** Refuses a tuple that does not name one connection. The kernel would only say that it is invalid. @internal */
export function checkWhole(path: string, tuple: ConntrackTuple): void {
  checkParts(path, tuple)
  const { src, dst } = tuple
  const proto = protocols.name(protocols.number(tuple.proto, `${path}.proto`))
  if (ipBytes(`${path}.src`, src).length !== ipBytes(`${path}.dst`, dst).length) {
    throw invalidValue(`${path}.dst`, dst, `must be of the same family as "${path}.src"`)
  }
  for (const name of partsOf(proto) ?? []) {
    integer(`${path}.${name}`, tuple[name], 0, name === 'type' || name === 'code' ? 0xff : 0xffff)
  }
  if (proto !== 'icmp' && proto !== 'icmpv6') return
  const types = answers[proto]
  if (types.has(tuple.type as number)) return
  throw invalidValue(
    `${path}.type`,
    tuple.type,
    `must be ${[...types.keys()].join(', ')}: other messages are no connection`,
  )
}

/** The family of a tuple that is whole. @internal */
export const familyOfTuple = ({ src }: ConntrackTuple): number => familyOf(ipBytes('src', src))

/** Whether a type of message is one that connections are made of. @internal */
export const isAnswered = (proto: 'icmp' | 'icmpv6', type: number): boolean => answers[proto].has(type)

/** The tuple of the packets that answer: of the other direction, when no address is translated. @internal */
export function inverse({ zone: _, ...tuple }: ConntrackTuple): ConntrackTuple {
  const { proto: given, src, dst, sport, dport, type } = tuple
  const proto = protocols.name(protocols.number(given, 'proto'))
  const turned: ConntrackTuple = { ...tuple, src: dst, dst: src }
  if (proto === 'icmp' || proto === 'icmpv6') turned.type = answers[proto].get(type as number)
  else if (sport !== undefined || dport !== undefined) Object.assign(turned, { sport: dport, dport: sport })
  return turned
}

/** The two directions of a connection. @internal */
export function checkBoth(orig: ConntrackTuple, reply: ConntrackTuple): void {
  checkWhole('orig', orig)
  checkWhole('reply', reply)
  if (protocols.number(orig.proto, 'orig.proto') !== protocols.number(reply.proto, 'reply.proto')) {
    throw invalidValue('reply.proto', reply.proto, 'must be that of "orig"')
  }
  if (familyOfTuple(orig) !== familyOfTuple(reply)) {
    throw invalidValue('reply.src', reply.src, 'must be of the same family as "orig.src"')
  }
}
