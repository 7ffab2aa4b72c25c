/** What objects of connection tracking have in common: the protocols they are for. */

import { be16, u8 } from '../../netlink/attributes.js'
import { oneOf } from '../../netlink/check.js'
import { familyName, familyNumber, type NftFamily } from '../family.js'

/** A transport protocol whose connections are told apart by ports. */
export type CtProtocol = 'tcp' | 'udp'

/** IPv4, IPv6, or both. */
export type CtFamily = 'ip' | 'ip6' | 'inet'

const numbers: Readonly<Record<CtProtocol, number>> = { tcp: 6, udp: 17 }

/** @internal */
export const l3proto = (type: number) => be16(type)
/** @internal */
export const l4proto = (type: number) => u8(type)

/** @internal */
export const protocolNumber = (value: unknown): number =>
  numbers[oneOf('object.protocol', value, Object.keys(numbers) as CtProtocol[])]

/** @internal */
export const protocolName = (number: number | undefined): CtProtocol => (number === numbers.udp ? 'udp' : 'tcp')

/** The number of the family: that of the table, when nothing is said. @internal */
export const l3number = (value: unknown, family: NftFamily): number =>
  familyNumber('object.l3proto', value === undefined ? family : oneOf('object.l3proto', value, ['ip', 'ip6', 'inet']))

/** The family, if it is another than that of the table. @internal */
export function l3name(number: number | undefined, family: NftFamily): { l3proto?: CtFamily } {
  const name = number === undefined ? undefined : familyName(number)
  return name === undefined || name === family ? {} : { l3proto: name as CtFamily }
}
