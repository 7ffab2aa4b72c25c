/** Destinations: the real servers that connections of a service go to. */

import { formatIp, ipBytes } from '../netlink/address.js'
import type { Options, UnknownAttributes, Values } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { type Family, familyName } from '../rtnetlink.js'
import { type destTable, families, forwards, type IpvsStats, tunTypes } from './attributes.js'
import { addressTold, type Key } from './service.js'

const IP_VS_TUNNEL_ENCAP_FLAG_CSUM = 1
const IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM = 2

/**
 * How packets get to a destination. `masq`: it becomes their address, and its answers come back through this host. `direct`: they are sent to its link-layer
 * address as they are. `tunnel`: they are sent to it inside other packets. In both these cases it has the service's address, too, and answers clients itself.
 * `local`: it is this host, which the kernel also sees for itself.
 */
export type IpvsForward = 'masq' | 'direct' | 'tunnel' | 'local' | number

const tunFlagBits = { csum: IP_VS_TUNNEL_ENCAP_FLAG_CSUM, remcsum: IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM } as const

/** What names a destination within a service. One that was listed will do. */
export interface IpvsDestKey {
  /** The address of the real server. */
  address: string
  /** Its port: the service's, when nothing is said. 0, for a service with a `fwmark` or with port 0: the one that a packet was sent to. */
  port?: number | undefined
}

/** How a destination is to be: `ipvsadm -a`. */
export interface IpvsDestOptions extends IpvsDestKey, UnknownAttributes {
  /** How packets get there: `'direct'`, when nothing is said, as with `ipvsadm`. */
  forward?: IpvsForward | undefined
  /** How much of the work it gets in relation to others, 0 to 2^31 - 1: 1, when nothing is said. With 0 it gets no new connections. */
  weight?: number | undefined
  /** With so many connections, up to 2^32 - 1, it gets no new ones. 0, and when nothing is said: there is no such limit. */
  uThreshold?: number | undefined
  /** After that it gets new ones again when it has fewer than this, up to `uThreshold`. 0, and when nothing is said: than three quarters of that. */
  lThreshold?: number | undefined
  /** Of a `tunnel`: what packets are put in; `'ipip'`, when nothing is said (`gue`: Linux 5.2, `gre`: 5.3; an older kernel passes over it without a word). */
  tunType?: 'ipip' | 'gue' | 'gre' | number | undefined
  /** Of `gue`, which has to have it: the UDP port, 1 to 65535. */
  tunPort?: number | undefined
  /** Of `gue` and `gre`: `csum` for checksums of the outer packets, `remcsum` for remote checksum offload (Linux 5.3). */
  tunFlags?: readonly (keyof typeof tunFlagBits)[] | undefined
}

/** A destination as it is. It can be given back; what is only reported is passed over. */
export interface IpvsDest extends IpvsDestOptions {
  port: number
  forward: IpvsForward
  weight: number
  /** Reported only: the family of its address (Linux 3.18). */
  family?: Family
  /** Reported only: its connections that are open. */
  activeConns: number
  /** Reported only: its connections that are not, or not any more. */
  inactConns: number
  /** Reported only: the clients that stay with it, where the service is `persistent`. */
  persistConns: number
  /** Reported only: what was counted of it. */
  stats: IpvsStats
}

const names = ['address', 'port', 'forward', 'weight', 'uThreshold', 'lThreshold', 'tunType', 'tunPort', 'tunFlags']
const known = new Set([...names, 'unknown', 'family', 'activeConns', 'inactConns', 'persistConns', 'stats'])
const knownOfDeletion = new Set([...known, 'missingOk'])

/** @internal */
export const checkDest = (doing: string, options: object): void => onlyKnown(doing, options, known)
/** @internal */
export const checkDestDeletion = (doing: string, options: object): void => onlyKnown(doing, options, knownOfDeletion)

/** What names a destination, in full. `path`: where its options stand, for errors. @internal */
export function destKey(service: Key, { address, port = service.port }: IpvsDestKey, path = '') {
  const bytes = ipBytes(`${path}address`, address)
  const family: Family = bytes.length === 4 ? 'inet' : 'inet6'
  return { address: formatIp(bytes, 0, bytes.length), port: integer(`${path}port`, port, 0, 0xffff), family }
}

/** All that the kernel wants to be told of a destination that is made or changed. @internal */
export function destSaid(service: Key, options: IpvsDestOptions, path = ''): Options<typeof destTable> {
  const {
    forward = 'direct',
    weight = 1,
    uThreshold = 0,
    lThreshold = 0,
    tunType,
    tunPort,
    tunFlags,
    unknown,
  } = options
  const key = destKey(service, options, path)
  const way = forwards.name(forwards.number(forward, `${path}forward`))
  const at = (name: string) => `${path}${name}`
  if (key.family !== service.family && way !== 'tunnel') {
    throw invalidValue(at('address'), key.address, 'must be of the family of the service, but for a tunnel')
  }
  if (service.fwmark === undefined && (way === 'tunnel' || way === 'direct') && key.port !== service.port) {
    throw invalidValue(at('port'), key.port, `must be that of the service unless forward is 'masq'`)
  }
  const most = integer(at('uThreshold'), uThreshold, 0, 0xffff_ffff)
  if (integer(at('lThreshold'), lThreshold, 0, 0xffff_ffff) > most) {
    throw invalidValue(at('lThreshold'), lThreshold, 'must not be above uThreshold')
  }
  for (const name of ['tunType', 'tunPort', 'tunFlags'] as const) {
    if (options[name] !== undefined && way !== 'tunnel') throw invalidValue(at(name), options[name], 'is for a tunnel')
  }
  const type = tunTypes.name(tunTypes.number(tunType ?? 'ipip', at('tunType')))
  if (type === 'gue') integer(at('tunPort'), tunPort, 1, 0xffff)
  else if (tunPort !== undefined) throw invalidValue(at('tunPort'), tunPort, 'is for gue')
  if (type === 'ipip' && tunFlags !== undefined) throw invalidValue(at('tunFlags'), tunFlags, 'is for gue and gre')
  return {
    ...key,
    forward,
    weight,
    uThreshold,
    lThreshold,
    // A kernel that is told nothing of them takes them for cleared.
    ...(way === 'tunnel' && {
      tunType: type,
      tunPort: tunPort ?? 0,
      tunFlags: flagBits(at('tunFlags'), tunFlags ?? []),
    }),
    unknown,
  }
}

function flagBits(path: string, names: readonly (keyof typeof tunFlagBits)[]): number {
  if (!Array.isArray(names)) throw invalidType(path, 'an array of names', names)
  return names.reduce((bits, name, at) => bits | tunFlagBits[oneOf(`${path}.${at}`, name, ['csum', 'remcsum'])], 0)
}

/** A destination as the kernel tells of it. Older ones do not say of which family it is: then it is the service's. @internal */
export function destTold(service: Key, values: Values<typeof destTable>): IpvsDest {
  const { address = '', port = 0, forward = 'masq', weight = 0, uThreshold, lThreshold, family: own } = values
  const family = families.number(own ?? service.family, 'family')
  const { tunType, tunPort, tunFlags = 0 } = values
  const isTunnel = forward === 'tunnel' && tunType !== undefined
  const flags = (['csum', 'remcsum'] as const).filter((name) => (tunFlags & tunFlagBits[name]) !== 0)
  return {
    address: addressTold(family, address),
    port,
    family: familyName(family),
    forward,
    weight,
    ...(uThreshold && { uThreshold }),
    ...(lThreshold && { lThreshold }),
    ...(isTunnel && { tunType }),
    ...(isTunnel && tunType === 'gue' && { tunPort: tunPort ?? 0 }),
    ...(isTunnel && tunType !== 'ipip' && flags.length > 0 && { tunFlags: flags }),
    ...(values.unknown !== undefined && { unknown: values.unknown }),
    activeConns: values.activeConns ?? 0,
    inactConns: values.inactConns ?? 0,
    persistConns: values.persistConns ?? 0,
    stats: values.stats as IpvsStats,
  }
}

/** A destination that was read, with what is to be different, of which nothing is undefined. What belongs to a tunnel goes with the tunnel. @internal */
export function destChanged(before: IpvsDestOptions, change: Partial<IpvsDestOptions>): IpvsDestOptions {
  const { tunType, tunPort, tunFlags, ...rest } = before
  const staysTunnel = (change.forward ?? before.forward) === 'tunnel' && (change.tunType ?? tunType) === tunType
  return { ...(staysTunnel ? before : rest), ...change } as IpvsDestOptions
}
