/** The families of tables: which packets they see. */

import { oneOf } from '../netlink/check.js'

const NFPROTO_INET = 1
const NFPROTO_IPV4 = 2
const NFPROTO_ARP = 3
const NFPROTO_NETDEV = 5
const NFPROTO_BRIDGE = 7
const NFPROTO_IPV6 = 10

/**
 * The family of a table: IPv4 (`ip`), IPv6 (`ip6`), both (`inet`), ARP, what passes a bridge, or what a device receives and sends (`netdev`).
 */
export type NftFamily = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev'

const numbers: Readonly<Record<NftFamily, number>> = {
  ip: NFPROTO_IPV4,
  ip6: NFPROTO_IPV6,
  inet: NFPROTO_INET,
  arp: NFPROTO_ARP,
  bridge: NFPROTO_BRIDGE,
  netdev: NFPROTO_NETDEV,
}
const names = Object.keys(numbers) as NftFamily[]
const byName = new Map<unknown, number>(Object.entries(numbers))
const byNumber = new Map(Object.entries(numbers).map(([name, number]) => [number, name as NftFamily]))

/** @internal */
export const familyNumber = (path: string, family: unknown): number =>
  byName.get(family) ?? numbers[oneOf(path, family, names)]

/** The name of a family; undefined for one that nf_tables does not have. @internal */
export const familyName = (number: number): NftFamily | undefined => byNumber.get(number)
