/** How an entry of a neighbour table looks on the wire. The forwarding table of a bridge has messages of the same shape. */

import { formatIp, formatMac, parseIp, parseMac } from '../netlink/address.js'
import {
  type Attribute,
  attributes,
  device,
  enum8,
  ip,
  readOnly,
  type Schema,
  struct,
  u32,
} from '../netlink/attributes.js'
import { invalidValue } from '../netlink/check.js'
import { enumeration, named } from '../netlink/names.js'
import { S32, U8, U16, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import { protocols } from '../rtnetlink.js'

const RTM_NEWNEIGH = 28
const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30
/** @internal */
export const messages = { RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH } as const

const NDA_DST = 1
const NDA_LLADDR = 2
const NDA_CACHEINFO = 3
const NDA_PROBES = 4
const NDA_IFINDEX = 8
const NDA_MASTER = 9
const NDA_PROTOCOL = 12
const NDA_FLAGS_EXT = 15

export const NTF_USE = 0x01
export const NTF_PROXY = 0x08
export const NTF_EXT_LEARNED = 0x10
export const NTF_OFFLOADED = 0x20
export const NTF_ROUTER = 0x80
export const NTF_EXT_MANAGED = 0x01

const NUD_NONE = 0x00
const NUD_INCOMPLETE = 0x01
const NUD_REACHABLE = 0x02
const NUD_STALE = 0x04
const NUD_DELAY = 0x08
const NUD_PROBE = 0x10
const NUD_FAILED = 0x20
const NUD_NOARP = 0x40
const NUD_PERMANENT = 0x80

/** @internal */
export const states = enumeration(
  {
    none: NUD_NONE,
    incomplete: NUD_INCOMPLETE,
    reachable: NUD_REACHABLE,
    stale: NUD_STALE,
    delay: NUD_DELAY,
    probe: NUD_PROBE,
    failed: NUD_FAILED,
    noarp: NUD_NOARP,
    permanent: NUD_PERMANENT,
  },
  0xffff,
)

/** @internal */
export const ndmsg = new Struct('struct ndmsg', {
  family: field('ndm_family', U8),
  ifindex: field('ndm_ifindex', S32),
  state: field('ndm_state', named(U16, states)),
  flags: field('ndm_flags', U8),
  type: field('ndm_type', U8),
})

const cacheinfo = new Struct('struct nda_cacheinfo', {
  confirmed: field('ndm_confirmed', U32),
  used: field('ndm_used', U32),
  updated: field('ndm_updated', U32),
  refcnt: field('ndm_refcnt', U32),
})

const octets = /^[\da-f]{2}([:-][\da-f]{2})*$/i
const scratch = new Uint8Array(16)

/**
 * The bytes of a link-layer address: octets, or the IP address it is on a tunnel. Eight groups of two digits can be read as
 * both and are octets.
 */
function parseLinkLayer(path: string, value: string): Uint8Array {
  if (typeof value !== 'string' || octets.test(value)) return parseMac(path, value)
  const length = parseIp(value, scratch, 0)
  if (length > 0) return scratch.slice(0, length)
  throw invalidValue(
    path,
    value,
    "must be octets such as '02:42:ac:11:00:02', or an IP address for a tunnel that has those",
  )
}

/** A link-layer address. The devices whose addresses have 4 or 16 bytes are tunnels, and those are IP addresses. */
const linkLayer = (type: number): Attribute<string> => ({
  types: [type],
  write(writer, value, key) {
    const bytes = parseLinkLayer(writer.where(key), value)
    const start = writer.open(type)
    writer.raw(bytes)
    writer.close(start)
  },
  read: (reader, at, length) =>
    length === 4 || length === 16 ? formatIp(reader.bytes, at, length) : formatMac(reader.bytes, at, length),
})

/** @internal */
export const table = attributes({
  dst: ip(NDA_DST),
  lladdr: linkLayer(NDA_LLADDR),
  cacheinfo: readOnly(struct(NDA_CACHEINFO, cacheinfo)),
  probes: readOnly(u32(NDA_PROBES)),
  dev: device(NDA_IFINDEX),
  master: device(NDA_MASTER),
  protocol: enum8(NDA_PROTOCOL, protocols),
  flagsExt: u32(NDA_FLAGS_EXT),
})

/** @internal */
export const neighSchema = { messages, header: ndmsg, table } satisfies Schema
