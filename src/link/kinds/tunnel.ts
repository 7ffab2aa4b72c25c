/** What tunnels over IPv4 share. Those of GRE have other numbers for the same attributes. */

import { ipBytes } from '../../netlink/address.js'
import { type Attribute, be16, bits, bool8, enum8, enum16, enumBe16, flag, ip, u32 } from '../../netlink/attributes.js'
import { invalidValue } from '../../netlink/check.js'
import { enumeration } from '../../netlink/names.js'
import { U16 } from '../../netlink/scalar.js'
import { underlying } from '../attributes.js'

const IFLA_IPTUN_LINK = 1
const IFLA_IPTUN_LOCAL = 2
const IFLA_IPTUN_REMOTE = 3
const IFLA_IPTUN_TTL = 4
const IFLA_IPTUN_TOS = 5
const IFLA_IPTUN_PMTUDISC = 10
const IFLA_IPTUN_ENCAP_TYPE = 15
const IFLA_IPTUN_ENCAP_FLAGS = 16
const IFLA_IPTUN_ENCAP_SPORT = 17
const IFLA_IPTUN_ENCAP_DPORT = 18
const IFLA_IPTUN_COLLECT_METADATA = 19
const IFLA_IPTUN_FWMARK = 20

const TUNNEL_ENCAP_NONE = 0
const TUNNEL_ENCAP_FOU = 1
const TUNNEL_ENCAP_GUE = 2
const TUNNEL_ENCAP_MPLS = 3

const TUNNEL_ENCAP_FLAG_CSUM = 1
const TUNNEL_ENCAP_FLAG_CSUM6 = 2
const TUNNEL_ENCAP_FLAG_REMCSUM = 4

const ttls = enumeration({ inherit: 0 }, 0xff)
/** The type of service of outer packets. @internal */
export const serviceTypes = enumeration({ inherit: 1 }, 0xff)
const ports = enumeration({ auto: 0 }, 0xffff)
const encaps = enumeration(
  { none: TUNNEL_ENCAP_NONE, fou: TUNNEL_ENCAP_FOU, gue: TUNNEL_ENCAP_GUE, mpls: TUNNEL_ENCAP_MPLS },
  0xffff,
)

/**
 * An IPv4 address; the kernel would take the first four bytes of any other. `'any'` is none in particular, and that is what the kernel takes
 * nothing for, also when it changes a tunnel.
 */
const ipv4 = (type: number): Attribute<string> => {
  const wire = ip(type)
  return {
    ...wire,
    write(writer, value, key) {
      const path = writer.where(key)
      if (value === 'any') return
      if (ipBytes(path, value).length !== 4) throw invalidValue(path, value, `must be an IPv4 address or 'any'`)
      wire.write(writer, value, key)
    },
    read(reader, at, length) {
      const address = wire.read(reader, at, length, undefined)
      return address === '0.0.0.0' ? 'any' : address
    },
  }
}

/** The numbers of what tunnels share. */
type Numbers = Readonly<
  Record<
    | ('link' | 'local' | 'remote' | 'ttl' | 'tos' | 'pmtudisc' | 'fwmark' | 'collectMetadata')
    | ('encapType' | 'encapFlags' | 'encapSport' | 'encapDport'),
    number
  >
>

/** Those entries of a tunnel's table. @internal */
export const tunnel = (numbers: Numbers) => {
  const encapFlag = bits(numbers.encapFlags, U16)
  return {
    /** The IPv4 address of this end, or `'any'`. */
    local: ipv4(numbers.local),
    /** The IPv4 address of the other end, or `'any'`. A tunnel that has one keeps one, and one that has none gets none. */
    remote: ipv4(numbers.remote),
    /** The device its packets leave through: a name, or an index when that is in another namespace (`linkNetnsid`). */
    dev: underlying(numbers.link),
    /**
     * The time to live of outer packets, 1 to 255; `'inherit'` (which is 0): that of the packet inside. When nothing is said it is 64 for a sit,
     * where `ip` says `inherit`, and `'inherit'` for the others.
     */
    ttl: enum8(numbers.ttl, ttls),
    /** The type of service of outer packets, 0 to 255; `'inherit'` (which is 1): that of the packet inside. */
    tos: enum8(numbers.tos, serviceTypes),
    /** Outer packets must not be cut up on the way (path MTU discovery). On when nothing is said; to be off, it takes `ttl: 'inherit'`. */
    pmtudisc: bool8(numbers.pmtudisc),
    /** The firewall mark its packets are routed by; 0: none (Linux 4.12). */
    fwmark: u32(numbers.fwmark),
    /** Whoever sends through it says for each packet where it goes: a route with an encapsulation, or a filter's `tunnel_key`. */
    external: flag(numbers.collectMetadata),
    /** What its packets are wrapped in further: `'fou'` or `'gue'`, which is UDP (EINVAL until the kernel's module `fou` is loaded); `'none'`. */
    encap: enum16(numbers.encapType, encaps),
    /** The UDP port they come from; `'auto'` (which is 0): one chosen for each flow. */
    encapSport: enumBe16(numbers.encapSport, ports),
    /** The UDP port they go to, 1 to 65535. */
    encapDport: be16(numbers.encapDport),
    /** They have a UDP checksum. */
    encapCsum: encapFlag(TUNNEL_ENCAP_FLAG_CSUM),
    /** They have one over IPv6. */
    encapCsum6: encapFlag(TUNNEL_ENCAP_FLAG_CSUM6),
    /** The checksum inside is left to the other end (GUE only). */
    encapRemcsum: encapFlag(TUNNEL_ENCAP_FLAG_REMCSUM),
  }
}

/** The entries of `ipip` and `sit`. @internal */
export const iptunnel = tunnel({
  link: IFLA_IPTUN_LINK,
  local: IFLA_IPTUN_LOCAL,
  remote: IFLA_IPTUN_REMOTE,
  ttl: IFLA_IPTUN_TTL,
  tos: IFLA_IPTUN_TOS,
  pmtudisc: IFLA_IPTUN_PMTUDISC,
  fwmark: IFLA_IPTUN_FWMARK,
  collectMetadata: IFLA_IPTUN_COLLECT_METADATA,
  encapType: IFLA_IPTUN_ENCAP_TYPE,
  encapFlags: IFLA_IPTUN_ENCAP_FLAGS,
  encapSport: IFLA_IPTUN_ENCAP_SPORT,
  encapDport: IFLA_IPTUN_ENCAP_DPORT,
})
