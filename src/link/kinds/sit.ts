/** `sit`: IPv6 packets inside IPv4 packets. */

import { formatIp, parsePrefix } from '../../netlink/address.js'
import { type Attribute, attributes, bits, enum8, type Options, typeOf, u16 } from '../../netlink/attributes.js'
import { invalidValue } from '../../netlink/check.js'
import { enumeration } from '../../netlink/names.js'
import { AF_INET, AF_INET6 } from '../../netlink/protocol.js'
import { U16 } from '../../netlink/scalar.js'
import { type LinkKind, linkKind } from '../kind.js'
import { iptunnel } from './tunnel.js'

const IFLA_IPTUN_FLAGS = 8
const IFLA_IPTUN_PROTO = 9
const IFLA_IPTUN_6RD_PREFIX = 11
const IFLA_IPTUN_6RD_RELAY_PREFIX = 12
const IFLA_IPTUN_6RD_PREFIXLEN = 13
const IFLA_IPTUN_6RD_RELAY_PREFIXLEN = 14

const IPPROTO_IPIP = 4
const IPPROTO_IPV6 = 41
const IPPROTO_MPLS = 137

const SIT_ISATAP = 1

const modes = enumeration({ any: 0, ip6ip: IPPROTO_IPV6, ipip: IPPROTO_IPIP, mplsip: IPPROTO_MPLS }, 0xff)

/** A prefix in two attributes: its address, and its length. */
const prefix = (address: number, length: number, family: typeof AF_INET | typeof AF_INET6): Attribute<string> => ({
  types: [address, length],
  write(writer, value, key) {
    const path = writer.where(key)
    const { bytes, length: bits, family: given } = parsePrefix(path, value)
    if (given !== family) throw invalidValue(path, value, `must be a prefix of IPv${family === AF_INET ? 4 : 6}`)
    const start = writer.open(address)
    writer.raw(bytes)
    writer.close(start)
    u16(length).write(writer, bits, key)
  },
  read(reader, at, size, before = '') {
    if (typeOf(reader, at) === address) return formatIp(reader.bytes, at, size) + before
    return `${before}/${u16(length).read(reader, at, size, undefined)}`
  },
})

// `ip` has the word for this kind, too, but the kernel does not read it.
const { external: _, ...shared } = iptunnel

const table = attributes({
  ...shared,
  /**
   * What it carries: IPv6 (`'ip6ip'`, as it is when nothing is said), IPv4 (`'ipip'`), MPLS (`'mplsip'`), or all (`'any'`, which `ip` says when
   * it is told nothing). The kernel passes over a change.
   */
  mode: enum8(IFLA_IPTUN_PROTO, modes),
  /** The other end is told from the last four bytes of an IPv6 address (ISATAP, RFC 5214). */
  isatap: bits(IFLA_IPTUN_FLAGS, U16)(SIT_ISATAP),
  /** The IPv6 prefix in which the other end is told from an address (6rd, RFC 5969): `'2002::/16'` when nothing is said, which is 6to4. */
  '6rdPrefix': prefix(IFLA_IPTUN_6RD_PREFIX, IFLA_IPTUN_6RD_PREFIXLEN, AF_INET6),
  /** The IPv4 prefix that all ends have in common, left out of those addresses: `'0.0.0.0/0'`, none, when nothing is said. */
  '6rdRelayPrefix': prefix(IFLA_IPTUN_6RD_RELAY_PREFIX, IFLA_IPTUN_6RD_RELAY_PREFIXLEN, AF_INET),
})

/** What a tunnel of IPv6 in IPv4 is told: `ip link add type sit`. */
export interface SitOptions extends Options<typeof table> {}

/** @internal */
export const sit: LinkKind<SitOptions> = linkKind('sit', table, { whole: true })
