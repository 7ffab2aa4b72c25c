/** `ct`: what connection tracking knows of a packet's connection. */

import { scalar, u8 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { BE32 } from '../../netlink/scalar.js'
import { fromNumber, toBigInt, toNumber } from '../bytes.js'
import { expression, register } from '../expression.js'
import { keyTable, tableSelectors } from '../key.js'
import type { Program } from '../program.js'
import { readsKey } from '../statements/mangle.js'
import { type ObjectReference, referring } from '../statements/objref.js'
import { dataType, flagged, single, symbolic } from '../type.js'
import {
  hostInteger,
  inetProto,
  inetService,
  integerType,
  ipv4Addr,
  ipv6Addr,
  markType,
  nfProto,
  textOf,
} from '../types.js'

const NFTA_CT_DREG = 1
const NFTA_CT_KEY = 2
const NFTA_CT_DIRECTION = 3
const NFTA_CT_SREG = 4

const NFT_CT_STATE = 0
const NFT_CT_DIRECTION = 1
const NFT_CT_STATUS = 2
const NFT_CT_MARK = 3
const NFT_CT_EXPIRATION = 5
const NFT_CT_HELPER = 6
const NFT_CT_L3PROTOCOL = 7
const NFT_CT_PROTOCOL = 10
const NFT_CT_PROTO_SRC = 11
const NFT_CT_PROTO_DST = 12
const NFT_CT_LABELS = 13
const NFT_CT_PKTS = 14
const NFT_CT_BYTES = 15
const NFT_CT_AVGPKT = 16
const NFT_CT_ZONE = 17
const NFT_CT_EVENTMASK = 18
const NFT_CT_SRC_IP = 19
const NFT_CT_DST_IP = 20
const NFT_CT_SRC_IP6 = 21
const NFT_CT_DST_IP6 = 22
const NFT_CT_ID = 23

const IP_CT_DIR_ORIGINAL = 0
const IP_CT_DIR_REPLY = 1

const NF_CT_STATE_INVALID_BIT = 1
const NF_CT_STATE_UNTRACKED_BIT = 64

/** The number nft has for these keys among its sorts of expressions, and what it stores of one. */
const CT = 12
const UDATA_KEY = 0
const UDATA_DIRECTION = 1
const NO_DIRECTION = 0xffff_ffff

const ctExpression = expression('ct', {
  key: scalar(NFTA_CT_KEY, BE32),
  direction: u8(NFTA_CT_DIRECTION),
  dreg: register(NFTA_CT_DREG),
  sreg: register(NFTA_CT_SREG),
})

const ctState = flagged(
  { name: 'ct_state', id: 26, bits: 32, order: 'host' },
  {
    invalid: NF_CT_STATE_INVALID_BIT,
    established: 2,
    related: 4,
    new: 8,
    untracked: NF_CT_STATE_UNTRACKED_BIT,
  },
)
const ctDirection = symbolic(
  { name: 'ct_dir', id: 27, bits: 8, order: 'host' },
  { original: IP_CT_DIR_ORIGINAL, reply: IP_CT_DIR_REPLY },
)
const ctStatus = flagged(
  { name: 'ct_status', id: 28, bits: 32, order: 'host' },
  { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 },
)
const ctEvent = flagged(
  { name: 'ct_event', id: 40, bits: 32, order: 'host' },
  {
    new: 1,
    related: 2,
    destroy: 4,
    reply: 8,
    assured: 16,
    protoinfo: 32,
    helper: 64,
    mark: 128,
    seqadj: 256,
    secmark: 512,
    label: 1024,
  },
)

const LABELS = 128

/** Labels: bits by their numbers. */
const ctLabel = dataType<number | readonly number[]>({
  name: 'ct_label',
  id: 30,
  bits: LABELS,
  order: 'host',
  flags: true,
  parse(value, path) {
    const bits = (Array.isArray(value) ? (value as unknown[]) : [value]).reduce<bigint>(
      (sum, bit) => sum | (1n << BigInt(integer(path, bit, 0, LABELS - 1))),
      0n,
    )
    return single(fromNumber(bits, LABELS / 8))
  },
  format({ first }) {
    const bits = toBigInt(first)
    const set = Array.from({ length: LABELS }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n)
    return set.length === 1 ? (set[0] as number) : set
  },
})

/** A time, in seconds. */
const time = dataType<number>({
  name: 'time',
  id: 18,
  bits: 64,
  order: 'host',
  parse(value, path, _names, bits) {
    const milliseconds = typeof value === 'number' ? Math.round(value * 1000) : Number.NaN
    if (!(milliseconds >= 0 && milliseconds < 2 ** Math.min(bits, 53))) {
      throw invalidType(path, 'a number of seconds', value)
    }
    return single(fromNumber(milliseconds, bits / 8))
  },
  format: ({ first }) => toNumber(first) / 1000,
})

const families = ['ip', 'ip6', 'inet', 'bridge', 'netdev'] as const

const code = (direction: number | undefined) => (number: number) => ({
  stored: {
    sort: CT,
    data: [
      [UDATA_KEY, number],
      [UDATA_DIRECTION, direction ?? NO_DIRECTION],
    ] as const,
  },
  load: (program: Program, word: number) => program.emit(ctExpression, { key: number, direction, dreg: word }),
  store: (program: Program, word: number) => program.emit(ctExpression, { key: number, direction, sreg: word }),
})

/** What is counted of a connection, with accounting switched on. */
const counted = {
  /** How many bytes there were. */
  bytes: { number: NFT_CT_BYTES, type: hostInteger, bits: 64 },
  /** How many packets there were. */
  packets: { number: NFT_CT_PKTS, type: hostInteger, bits: 64 },
  /** How many bytes a packet has on the average. */
  avgpkt: { number: NFT_CT_AVGPKT, type: hostInteger, bits: 64 },
} as const

/** What each direction has for itself. */
const directed = {
  ...counted,
  /** The source address, of IPv4. */
  'ip saddr': { number: NFT_CT_SRC_IP, type: ipv4Addr, families: ['ip', 'inet', 'bridge', 'netdev'] },
  /** The destination address, of IPv4. */
  'ip daddr': { number: NFT_CT_DST_IP, type: ipv4Addr, families: ['ip', 'inet', 'bridge', 'netdev'] },
  /** The source address, of IPv6. */
  'ip6 saddr': { number: NFT_CT_SRC_IP6, type: ipv6Addr, families: ['ip6', 'inet', 'bridge', 'netdev'] },
  /** The destination address, of IPv6. */
  'ip6 daddr': { number: NFT_CT_DST_IP6, type: ipv6Addr, families: ['ip6', 'inet', 'bridge', 'netdev'] },
  /** The source port. */
  'proto-src': { number: NFT_CT_PROTO_SRC, type: inetService },
  /** The destination port. */
  'proto-dst': { number: NFT_CT_PROTO_DST, type: inetService },
  /** The zone. */
  zone: { number: NFT_CT_ZONE, type: hostInteger, bits: 16, settable: true },
} as const

/** @internal */
export const ctKeys = keyTable('ct', {
  families,
  keys: {
    /** The state of the connection. */
    state: { number: NFT_CT_STATE, type: ctState },
    /** The direction of the packet. */
    direction: { number: NFT_CT_DIRECTION, type: ctDirection },
    /** What has been done to the connection. */
    status: { number: NFT_CT_STATUS, type: ctStatus },
    /** The mark of the connection. */
    mark: { number: NFT_CT_MARK, type: markType, settable: true },
    /** When the connection will be forgotten, in seconds. */
    expiration: { number: NFT_CT_EXPIRATION, type: time, bits: 32 },
    /** The helper that looks into what is said in the connection: `'ftp'`. */
    helper: { number: NFT_CT_HELPER, type: textOf(16) },
    /** The labels of the connection, by their numbers, 0 to 127. */
    label: { number: NFT_CT_LABELS, type: ctLabel, settable: true },
    /** Which events are told of it. */
    event: { number: NFT_CT_EVENTMASK, type: ctEvent, settable: true },
    /** The number of the connection. */
    id: { number: NFT_CT_ID, type: integerType, bits: 32 },
    ...counted,
    /** The family: IPv4 or IPv6. */
    l3proto: { number: NFT_CT_L3PROTOCOL, type: nfProto },
    /** The transport protocol. */
    protocol: { number: NFT_CT_PROTOCOL, type: inetProto },
    /** The zone. */
    zone: { number: NFT_CT_ZONE, type: hostInteger, bits: 16, settable: true },
  },
  key: code(undefined),
})

/** @internal */
export const ctOriginalKeys = keyTable('ct original', { families, keys: directed, key: code(IP_CT_DIR_ORIGINAL) })
/** @internal */
export const ctReplyKeys = keyTable('ct reply', { families, keys: directed, key: code(IP_CT_DIR_REPLY) })

/** Gives the connection what an object of the table is. */
export interface ObjectSetter {
  /** The object of this name, or of the name that a map has: `ct helper set "ftp-standard"`. */
  set(name: ObjectReference['name']): ObjectReference
}

const setter = (type: 'ct helper' | 'ct timeout' | 'ct expectation'): ObjectSetter => ({ set: referring(type).named })

const keys = tableSelectors(ctKeys)

/** What connection tracking knows: `ct state`, `ct original proto-dst`. */
export const ct = {
  ...keys,
  /** The helper that looks into what is said in the connection: `ct helper "ftp"`, `ct helper set "ftp-standard"`. */
  helper: Object.defineProperty(keys.helper, 'set', { value: setter('ct helper').set }) as typeof keys.helper &
    ObjectSetter,
  /** How long the connection is remembered: `ct timeout set "short"`. */
  timeout: setter('ct timeout'),
  /** A connection that is to come: `ct expectation set "data"`. */
  expectation: setter('ct expectation'),
  /** Of the direction of the packet that began the connection. */
  original: tableSelectors(ctOriginalKeys),
  /** Of the other direction. */
  reply: tableSelectors(ctReplyKeys),
}

readsKey('ct', ({ key, direction }) => {
  const keys = direction === undefined ? ctKeys : direction === IP_CT_DIR_ORIGINAL ? ctOriginalKeys : ctReplyKeys
  return keys.names.get(key as number)
})
