/** `vxlan`: Ethernet packets inside UDP packets, in up to 16 million networks told apart by a number. */

import { ipBytes } from '../../netlink/address.js'
import {
  type Attribute,
  absent,
  attributes,
  be16,
  be32,
  bool8,
  enum8,
  enum32,
  flag,
  ip,
  type Options,
  raw,
  typeOf,
  u32,
} from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue } from '../../netlink/check.js'
import { enumeration } from '../../netlink/names.js'
import { BE16 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { underlying } from '../attributes.js'
import { type LinkKind, linkKind } from '../kind.js'
import { serviceTypes } from './tunnel.js'

const IFLA_VXLAN_ID = 1
const IFLA_VXLAN_GROUP = 2
const IFLA_VXLAN_LINK = 3
const IFLA_VXLAN_LOCAL = 4
const IFLA_VXLAN_TTL = 5
const IFLA_VXLAN_TOS = 6
const IFLA_VXLAN_LEARNING = 7
const IFLA_VXLAN_AGEING = 8
const IFLA_VXLAN_LIMIT = 9
const IFLA_VXLAN_PORT_RANGE = 10
const IFLA_VXLAN_PROXY = 11
const IFLA_VXLAN_RSC = 12
const IFLA_VXLAN_L2MISS = 13
const IFLA_VXLAN_L3MISS = 14
const IFLA_VXLAN_PORT = 15
const IFLA_VXLAN_GROUP6 = 16
const IFLA_VXLAN_LOCAL6 = 17
const IFLA_VXLAN_UDP_CSUM = 18
const IFLA_VXLAN_UDP_ZERO_CSUM6_TX = 19
const IFLA_VXLAN_UDP_ZERO_CSUM6_RX = 20
const IFLA_VXLAN_REMCSUM_TX = 21
const IFLA_VXLAN_REMCSUM_RX = 22
const IFLA_VXLAN_GBP = 23
const IFLA_VXLAN_REMCSUM_NOPARTIAL = 24
const IFLA_VXLAN_COLLECT_METADATA = 25
const IFLA_VXLAN_LABEL = 26
const IFLA_VXLAN_GPE = 27
const IFLA_VXLAN_TTL_INHERIT = 28
const IFLA_VXLAN_DF = 29
const IFLA_VXLAN_VNIFILTER = 30
const IFLA_VXLAN_LOCALBYPASS = 31
const IFLA_VXLAN_LABEL_POLICY = 32
const IFLA_VXLAN_RESERVED_BITS = 33
const IFLA_VXLAN_MC_ROUTE = 34

const VXLAN_DF_UNSET = 0
const VXLAN_DF_SET = 1
const VXLAN_DF_INHERIT = 2

const VXLAN_LABEL_FIXED = 0
const VXLAN_LABEL_INHERIT = 1

const ttls = enumeration({ auto: 0 }, 0xff)
const dfs = enumeration({ unset: VXLAN_DF_UNSET, set: VXLAN_DF_SET, inherit: VXLAN_DF_INHERIT }, 0xff)
const labelPolicies = enumeration({ fixed: VXLAN_LABEL_FIXED, inherit: VXLAN_LABEL_INHERIT })

/** Where packets go whose destination is not known: the kernel has one attribute a family for one address and for many. */
const destination = (multicast: boolean): Attribute<string> => {
  const wire = ip(IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6)
  const fits = (bytes: Uint8Array): boolean => {
    const first = bytes[0] as number
    return (bytes.length === 4 ? first >> 4 === 0xe : first === 0xff) === multicast
  }
  return {
    ...wire,
    write(writer, value, key) {
      const path = writer.where(key)
      if (!fits(ipBytes(path, value))) {
        const why = multicast
          ? 'must be a multicast address; one host is the "remote"'
          : 'must not be a multicast address; that is a "group"'
        throw invalidValue(path, value, why)
      }
      wire.write(writer, value, key)
    },
    read: (reader, at, length) =>
      fits(reader.bytes.subarray(at, at + length)) ? wire.read(reader, at, length, undefined) : absent,
  }
}

/** A number, or a switch beside it that makes the number void. */
const ttl: Attribute<number | 'auto' | 'inherit'> = {
  types: [IFLA_VXLAN_TTL, IFLA_VXLAN_TTL_INHERIT],
  write(writer, value, key) {
    if (value === 'inherit') flag(IFLA_VXLAN_TTL_INHERIT).write(writer, true, key)
    else enum8(IFLA_VXLAN_TTL, ttls).write(writer, value, key)
  },
  read(reader, at, _, before) {
    const number = reader.bytes[at] as number
    if (typeOf(reader, at) === IFLA_VXLAN_TTL_INHERIT) return number === 0 ? (before ?? absent) : 'inherit'
    return before ?? ttls.name(number)
  },
}

/** Likewise. Its number is one of 20 bits, and the kernel would cut off what is larger. */
const flowlabel: Attribute<number | 'inherit'> = {
  types: [IFLA_VXLAN_LABEL, IFLA_VXLAN_LABEL_POLICY],
  write(writer, value, key) {
    const policy = enum32(IFLA_VXLAN_LABEL_POLICY, labelPolicies)
    policy.write(writer, value === 'inherit' ? value : 'fixed', key)
    if (value !== 'inherit') {
      be32(IFLA_VXLAN_LABEL).write(writer, integer(writer.where(key), value, 0, 0xf_ffff), key)
    }
  },
  read(reader, at, _, before) {
    if (typeOf(reader, at) === IFLA_VXLAN_LABEL) return before ?? reader.view.getUint32(at)
    return reader.view.getUint32(at, true) === VXLAN_LABEL_INHERIT ? 'inherit' : (before ?? absent)
  },
}

/** Only "yes" is sent: the kernel takes the bits of the header it is about for used, whatever the attribute says. */
const remcsumrx: Attribute<boolean> = {
  ...bool8(IFLA_VXLAN_REMCSUM_RX),
  write(writer, value, key) {
    if (value !== false) bool8(IFLA_VXLAN_REMCSUM_RX).write(writer, value, key)
  },
}

const portRange = new Struct('struct ifla_vxlan_port_range', { low: field('low', BE16), high: field('high', BE16) })

const srcport: Attribute<[low: number, high: number]> = {
  types: [IFLA_VXLAN_PORT_RANGE],
  write(writer, value, key) {
    const path = writer.where(key)
    if (!Array.isArray(value) || value.length !== 2) throw invalidType(path, 'an array of two ports', value)
    const low = integer(path, value[0], 0, 0xffff)
    const start = writer.open(IFLA_VXLAN_PORT_RANGE)
    portRange.write(writer, { low, high: integer(path, value[1], low, 0xffff) })
    writer.close(start)
  },
  read(reader, at, length) {
    const { low, high } = portRange.read(reader, at, length)
    return [low, high]
  },
}

/** What can be changed later is said. @internal */
const table = attributes({
  /** The number of the network (VNI), 0 to 16777215. It has to be given unless it is `external`, and cannot be changed. */
  id: u32(IFLA_VXLAN_ID, 0xff_ffff),
  /**
   * The multicast address that packets go to whose destination is not known: IPv4 or IPv6; it takes `dev`. It can be changed. (Of a vxlan this is
   * meant by `group`, not the group of devices: that can be set afterwards, by a `link.set` without `kind`.)
   */
  group: destination(true),
  /** The address of one host, instead of a group. It can be changed. */
  remote: destination(false),
  /** The address packets come from: IPv4 or IPv6, as those they go to. It can be changed. */
  local: ip(IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6),
  /** The device packets leave through: a name, or an index when that is in another namespace (`linkNetnsid`). It can be changed. */
  dev: underlying(IFLA_VXLAN_LINK),
  /**
   * The UDP port packets go to, 0 to 65535. The kernel's choice is 8472, for it is older than the 4789 of the standard (RFC 7348), and 4790 with
   * `gpe`; `ip` leaves it the choice, too, with a warning.
   */
  dstport: be16(IFLA_VXLAN_PORT),
  /** The UDP ports packets come from, one a flow: the lowest and the highest. The kernel's choice are those of the namespace's programs. */
  srcport,
  /**
   * The time to live of outer packets, 1 to 255; `'auto'` (which is 0): the kernel chooses, and 1 for multicast. It can be changed. `'inherit'` is
   * that of the packet inside (Linux 4.18), for good from the beginning or not at all: later the kernel refuses it, and passes over a number.
   */
  ttl,
  /** The type of service of outer packets, 0 to 255; `'inherit'` (which is 1): that of the packet inside. It can be changed. */
  tos: enum8(IFLA_VXLAN_TOS, serviceTypes),
  /** Whether outer IPv4 packets must not be cut up: `'unset'`, `'set'`, or `'inherit'` from the packet inside (Linux 4.20). It can be changed. */
  df: enum8(IFLA_VXLAN_DF, dfs),
  /** The flow label of outer IPv6 packets, 0 to 1048575, or `'inherit'` from the packet inside (Linux 6.8). It can be changed. */
  flowlabel,
  /** Addresses are learnt from packets. On when nothing is said, where `ip` turns it off together with `external`. It can be changed. */
  learning: bool8(IFLA_VXLAN_LEARNING),
  /** ARP and NDP for known neighbours are answered here. */
  proxy: bool8(IFLA_VXLAN_PROXY),
  /** Packets to a router are sent straight to where they are routed (route short circuit). */
  rsc: bool8(IFLA_VXLAN_RSC),
  /** Addresses missing in the forwarding table are told to programs that monitor neighbours. */
  l2miss: bool8(IFLA_VXLAN_L2MISS),
  /** Neighbours that are missing are told to them. */
  l3miss: bool8(IFLA_VXLAN_L3MISS),
  /** How long a learnt address is kept, in seconds; 300 when nothing is said. It can be changed. */
  ageing: u32(IFLA_VXLAN_AGEING),
  /** The most addresses in the forwarding table; 0: no limit. */
  maxaddress: u32(IFLA_VXLAN_LIMIT),
  /** Outer packets over IPv4 have a UDP checksum. On when nothing is said. */
  udpcsum: bool8(IFLA_VXLAN_UDP_CSUM),
  /** Outer packets over IPv6 have none. */
  udp6zerocsumtx: bool8(IFLA_VXLAN_UDP_ZERO_CSUM6_TX),
  /** Those without one are taken over IPv6. */
  udp6zerocsumrx: bool8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX),
  /** The checksum inside is left to the other end. */
  remcsumtx: bool8(IFLA_VXLAN_REMCSUM_TX),
  /** What other ends leave to this one is done. */
  remcsumrx,
  /** That is done in full; `ip` has no word for it. */
  remcsumNopartial: flag(IFLA_VXLAN_REMCSUM_NOPARTIAL),
  /** The firewall mark travels with a packet (group-based policy). */
  gbp: flag(IFLA_VXLAN_GBP),
  /** The generic protocol extension (`VXLAN-GPE`): packets of other protocols than Ethernet. It takes `external` and `learning: false`. */
  gpe: flag(IFLA_VXLAN_GPE),
  /** Whoever sends through it says for each packet where it goes: a route with an encapsulation, or a filter's `tunnel_key`. */
  external: bool8(IFLA_VXLAN_COLLECT_METADATA),
  /** Only networks in a list are taken. It takes `external` (Linux 5.18). */
  vnifilter: bool8(IFLA_VXLAN_VNIFILTER),
  /** Packets for this host are handed on inside the kernel. On when nothing is said (Linux 6.5). It can be changed. */
  localbypass: bool8(IFLA_VXLAN_LOCALBYPASS),
  /** Which bits of the header, 8 bytes in hexadecimal, may be set in packets that are received, though nothing uses them (Linux 6.14). */
  reservedBits: raw(IFLA_VXLAN_RESERVED_BITS),
  /** Outer packets to a group are routed as multicast here, too (Linux 6.17, which does not report it). It can be changed. */
  mcroute: bool8(IFLA_VXLAN_MC_ROUTE),
})

/** What a vxlan is told: `ip link add type vxlan`. */
export interface VxlanOptions extends Options<typeof table> {}

/** @internal */
export const vxlan: LinkKind<VxlanOptions> = linkKind('vxlan', table)
