/** Virtual services: what names one, what one is told, and how the kernel reports it. */

import { formatIp, ipBytes } from '../netlink/address.js'
import type { Options, UnknownAttributes, Values } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { AF_INET6 } from '../netlink/protocol.js'
import { type Family, familyName, familyNumber } from '../rtnetlink.js'
import { families, type IpvsStats, LONGEST_TIMEOUT, protocols, type serviceTable } from './attributes.js'
import type { IpvsDest, IpvsDestOptions } from './dest.js'

const IP_VS_SVC_F_PERSISTENT = 0x0001
const IP_VS_SVC_F_ONEPACKET = 0x0004
const IP_VS_SVC_F_SCHED1 = 0x0008
const IP_VS_SVC_F_SCHED2 = 0x0010
const IP_VS_SVC_F_SCHED3 = 0x0020

/** Those that are given; the kernel has others of its own. */
const GIVEN =
  IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3
const ONES = 0xffff_ffff

/** The protocol of a service. */
export type IpvsProtocol = 'tcp' | 'udp' | 'sctp'

const protocolNames: readonly IpvsProtocol[] = ['tcp', 'udp', 'sctp']

/**
 * A flag of a scheduler. `-fallback` (of `sh` and `mh`): another destination is chosen when the one that is hit is not available. `-port`: the port of
 * the client is hashed, too. Of other schedulers they go by numbers.
 */
export type IpvsSchedFlag = 'sh-fallback' | 'sh-port' | 'mh-fallback' | 'mh-port' | 'flag-1' | 'flag-2' | 'flag-3'

const schedFlags: Readonly<Record<IpvsSchedFlag, number>> = {
  'sh-fallback': IP_VS_SVC_F_SCHED1,
  'sh-port': IP_VS_SVC_F_SCHED2,
  'mh-fallback': IP_VS_SVC_F_SCHED1,
  'mh-port': IP_VS_SVC_F_SCHED2,
  'flag-1': IP_VS_SVC_F_SCHED1,
  'flag-2': IP_VS_SVC_F_SCHED2,
  'flag-3': IP_VS_SVC_F_SCHED3,
}

const schedFlagNames = Object.keys(schedFlags) as IpvsSchedFlag[]

/**
 * What names a service: `protocol`, `address` and `port`, or else a `fwmark`. A service that was listed will do.
 */
export interface IpvsServiceKey {
  /** The protocol that clients speak. */
  protocol?: IpvsProtocol | undefined
  /** The address that clients send to, IPv4 or IPv6. */
  address?: string | undefined
  /** The port that clients send to. 0 stands for all that no other service has, and takes a service that is `persistent`. */
  port?: number | undefined
  /** Packets that a rule has given this mark, 1 to 2^32 - 1, whatever they are sent to. */
  fwmark?: number | undefined
  /** The family of the addresses. It has to be given for a `fwmark` and IPv6 only: it is `'inet'` when nothing tells. */
  family?: Family | undefined
}

/** How a service is to be: `ipvsadm -A`. */
export interface IpvsServiceOptions extends IpvsServiceKey, UnknownAttributes {
  /**
   * How a destination is chosen for a connection: `'rr'`, `'wrr'`, `'lc'`, `'wlc'`, `'lblc'`, `'lblcr'`, `'dh'`, `'sh'`, `'sed'`, `'nq'`, `'fo'`, `'ovf'`,
   * `'mh'` (Linux 4.18), `'twos'` (5.11); `'none'`: connections are refused. As with `ipvsadm`, it is `'wlc'` when nothing is said. The kernel loads its module.
   */
  scheduler?: string | undefined
  /**
   * Connections of a client go to the destination of its first one for so many seconds after its last one, 1 to 2147483. `false`, and when nothing is said: each
   * goes where the scheduler says.
   */
  persistent?: number | false | undefined
  /**
   * Which clients count as one where a service is `persistent`: for IPv4 a mask (`'255.255.255.0'`) or the length of a prefix (24), for IPv6 such a length.
   * Each client is one when nothing is said.
   */
  netmask?: string | number | undefined
  /** Each packet is scheduled by itself: one-packet scheduling, for UDP. */
  ops?: boolean | undefined
  /** Flags of the scheduler: none, when nothing is said. */
  schedFlags?: readonly IpvsSchedFlag[] | undefined
  /** The persistence engine: `'sip'`, by which calls stay together. `''`, and when nothing is said: none. The kernel loads its module. */
  pe?: string | undefined
}

/** A service that is to be made, and where its connections go. One that was listed can be given as it is. */
export interface IpvsServiceWithDests extends IpvsServiceOptions {
  /** Its destinations. */
  dests?: readonly (IpvsDestOptions | IpvsDest)[] | undefined
  /** Reported only. */
  stats?: IpvsStats | undefined
}

/** A service as it is: `ipvsadm -L`. It can be given back to `add` and `replace`. */
export interface IpvsService extends IpvsServiceOptions {
  family: Family
  scheduler: string
  /** How long clients stay with a destination, in seconds; absent where they do not. */
  persistent?: number
  /** What was counted of it. */
  stats: IpvsStats
  /** Its destinations, in the order in which they were made. */
  dests: IpvsDest[]
}

const keyNames = ['protocol', 'address', 'port', 'fwmark', 'family']
const optionNames = [...keyNames, 'scheduler', 'persistent', 'netmask', 'ops', 'schedFlags', 'pe', 'unknown']
const knownOfOptions = new Set(optionNames)
const knownOfWhole = new Set([...optionNames, 'dests', 'stats'])
const knownOfDeletion = new Set([...knownOfWhole, 'missingOk'])

/** @internal */
export const checkOptions = (doing: string, options: object): void => onlyKnown(doing, options, knownOfOptions)
/** @internal */
export const checkWhole = (doing: string, options: object): void => onlyKnown(doing, options, knownOfWhole)
/** @internal */
export const checkDeletion = (doing: string, options: object): void => onlyKnown(doing, options, knownOfDeletion)

/** What names a service, complete and checked, in the order that `ipvsadm` sends it. @internal */
export type Key = { family: Family; protocol?: IpvsProtocol; address?: string; port: number; fwmark?: number }

/** @internal */
export function keyOf(options: IpvsServiceKey): Key {
  const { protocol, address, port, fwmark, family } = options
  if (fwmark !== undefined) {
    for (const name of ['protocol', 'address', 'port'] as const) {
      if (options[name] !== undefined) throw invalidValue(name, options[name], 'does not go together with a fwmark')
    }
    const number = familyNumber(family ?? 'inet')
    return { family: familyName(number), fwmark: integer('fwmark', fwmark, 1, ONES), port: 0 }
  }
  oneOf('protocol', protocol, protocolNames)
  const bytes = ipBytes('address', address as string)
  const own: Family = bytes.length === 4 ? 'inet' : 'inet6'
  if (family !== undefined && familyName(familyNumber(family)) !== own) {
    throw invalidValue('family', family, 'must be that of the address')
  }
  return {
    family: own,
    protocol: protocol as IpvsProtocol,
    address: formatIp(bytes, 0, bytes.length),
    port: integer('port', port, 0, 0xffff),
  }
}

/** A service as an error names it. @internal */
export function described({ protocol, address, port, fwmark }: Key): string {
  if (fwmark !== undefined) return `fwmark ${fwmark}`
  return `${protocol} ${address?.includes(':') ? `[${address}]` : address}:${port}`
}

/** @internal */
export const keySaid = ({ port, ...key }: Key): Options<typeof serviceTable> =>
  key.fwmark === undefined ? { ...key, port } : key

/** All that the kernel wants to be told of a service that is made or changed. @internal */
export function said(key: Key, options: IpvsServiceOptions): Options<typeof serviceTable> {
  const { scheduler = 'wlc', persistent = false, netmask, ops = false, schedFlags: list = [], pe, unknown } = options
  if (scheduler === '') throw invalidValue('scheduler', scheduler, 'must not be empty')
  if (typeof ops !== 'boolean') throw invalidType('ops', 'a boolean', ops)
  if (ops && key.fwmark === undefined && key.protocol !== 'udp') throw invalidValue('ops', ops, 'is for udp')
  if (persistent !== false) integer('persistent', persistent, 1, LONGEST_TIMEOUT)
  else if (key.fwmark === undefined && key.port === 0) {
    throw invalidValue('persistent', persistent, 'must be given for port 0, which stands for all ports')
  }
  if (!Array.isArray(list)) throw invalidType('schedFlags', 'an array of names', list)
  let flags = (persistent === false ? 0 : IP_VS_SVC_F_PERSISTENT) | (ops ? IP_VS_SVC_F_ONEPACKET : 0)
  for (const [at, name] of list.entries()) flags |= schedFlags[oneOf(`schedFlags.${at}`, name, schedFlagNames)]
  return {
    ...keySaid(key),
    scheduler,
    ...(pe !== undefined && { pe }),
    flags: { flags, mask: GIVEN },
    persistent: persistent === false ? 0 : persistent,
    netmask: maskNumber(key.family, netmask),
    unknown,
  }
}

/** As the kernel keeps it: for IPv4 the bytes of a mask, for IPv6 the length of a prefix. */
function maskNumber(family: Family, mask: string | number | undefined): number {
  if (family === 'inet6') return mask === undefined ? 128 : integer('netmask', mask, 1, 128)
  if (mask === undefined) return ONES
  if (typeof mask === 'string') {
    const bytes = Buffer.from(ipBytes('netmask', mask))
    if (bytes.length === 4) return bytes.readUInt32LE()
    throw invalidValue('netmask', mask, 'must be of the family of the service')
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(integer('netmask', mask, 1, 32) === 32 ? ONES : ~(ONES >>> mask) >>> 0)
  return bytes.readUInt32LE()
}

/** As it is told; undefined when each client is one. */
function maskTold(family: number, mask: number): string | number | undefined {
  if (family === AF_INET6) return mask === 128 ? undefined : mask
  if (mask === ONES) return undefined
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(mask)
  return formatIp(bytes, 0, 4)
}

/** An address as it was reported: in hexadecimal, with zeros after one of IPv4. @internal */
export const addressTold = (family: number, bytes: string): string =>
  formatIp(Buffer.from(bytes, 'hex'), 0, family === AF_INET6 ? 16 : 4)

/** A service as the kernel tells of it, but for its destinations. @internal */
export function told(values: Values<typeof serviceTable>): Omit<IpvsService, 'dests'> {
  const {
    family = 'inet',
    protocol,
    address = '',
    port,
    fwmark,
    scheduler = '',
    pe,
    flags,
    persistent,
    netmask,
  } = values
  const number = families.number(family, 'family')
  const bits = flags?.flags ?? 0
  const mask = maskTold(number, netmask ?? ONES)
  const names = flagNames(scheduler, bits)
  return {
    family: familyName(number),
    ...(fwmark === undefined
      ? { protocol: protocolTold(protocol), address: addressTold(number, address), port: port ?? 0 }
      : { fwmark }),
    scheduler,
    ...(persistent !== undefined && (bits & IP_VS_SVC_F_PERSISTENT) !== 0 && { persistent }),
    ...(mask !== undefined && { netmask: mask }),
    ...((bits & IP_VS_SVC_F_ONEPACKET) !== 0 && { ops: true }),
    ...(names.length > 0 && { schedFlags: names }),
    ...(pe !== undefined && { pe }),
    ...(values.unknown !== undefined && { unknown: values.unknown }),
    stats: values.stats as IpvsStats,
  }
}

/** The kernel has services of these three protocols only. */
const protocolTold = (protocol: IpvsProtocol | number | undefined): IpvsProtocol =>
  protocols.name(protocols.number(protocol ?? 'tcp', 'protocol')) as IpvsProtocol

/** The flags by the names they have with a scheduler. */
function flagNames(scheduler: string, bits: number): IpvsSchedFlag[] {
  const own = scheduler === 'sh' || scheduler === 'mh' ? `${scheduler}-` : 'flag-'
  const left = (name: IpvsSchedFlag) => name.startsWith(own) || name === 'flag-3'
  return schedFlagNames.filter((name) => left(name) && (bits & schedFlags[name]) !== 0)
}
