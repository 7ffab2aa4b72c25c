/** `gre`: packets of any protocol inside IPv4 packets, with a key, a checksum and a sequence number if need be. */

import {
  type Attribute,
  absent,
  attributes,
  be32,
  bits,
  bool8,
  type Options,
  typeOf,
  type Values,
  writeOnly,
} from '../../netlink/attributes.js'
import { U16 } from '../../netlink/scalar.js'
import { type LinkKind, linkKind } from '../kind.js'
import { tunnel } from './tunnel.js'

const IFLA_GRE_LINK = 1
const IFLA_GRE_IFLAGS = 2
const IFLA_GRE_OFLAGS = 3
const IFLA_GRE_IKEY = 4
const IFLA_GRE_OKEY = 5
const IFLA_GRE_LOCAL = 6
const IFLA_GRE_REMOTE = 7
const IFLA_GRE_TTL = 8
const IFLA_GRE_TOS = 9
const IFLA_GRE_PMTUDISC = 10
const IFLA_GRE_ENCAP_TYPE = 14
const IFLA_GRE_ENCAP_FLAGS = 15
const IFLA_GRE_ENCAP_SPORT = 16
const IFLA_GRE_ENCAP_DPORT = 17
const IFLA_GRE_COLLECT_METADATA = 18
const IFLA_GRE_IGNORE_DF = 19
const IFLA_GRE_FWMARK = 20

// Bits of the protocol's own header, as they lie in memory.
const GRE_CSUM = 0x80
const GRE_KEY = 0x20
const GRE_SEQ = 0x10

const iflag = bits(IFLA_GRE_IFLAGS, U16)
const oflag = bits(IFLA_GRE_OFLAGS, U16)

/** A key, and the bit that says there is one. */
const keyOf = (flags: number, flag: typeof iflag, type: number): Attribute<number | 'none'> => ({
  types: [flags, type],
  joint: true,
  write(writer, value, key) {
    flag(GRE_KEY).write(writer, value !== 'none', key)
    if (value !== 'none') be32(type).write(writer, value, key)
  },
  read(reader, at, length, before) {
    if (typeOf(reader, at) === type)
      return before === undefined ? absent : be32(type).read(reader, at, length, undefined)
    return flag(GRE_KEY).read(reader, at, length, undefined) ? 0 : absent
  },
})

const ikey = keyOf(IFLA_GRE_IFLAGS, iflag, IFLA_GRE_IKEY)
const okey = keyOf(IFLA_GRE_OFLAGS, oflag, IFLA_GRE_OKEY)

/** One word for an option of what comes in and the same of what goes out. */
const both = <T>(input: Attribute<T>, output: Attribute<T>): Attribute<T> & { writeOnly: true } =>
  writeOnly({
    types: [],
    joint: true,
    write(writer, value, key) {
      input.write(writer, value, key)
      output.write(writer, value, key)
    },
    read: () => absent,
  })

/** @internal */
export const greTable = attributes({
  ...tunnel({
    link: IFLA_GRE_LINK,
    local: IFLA_GRE_LOCAL,
    remote: IFLA_GRE_REMOTE,
    ttl: IFLA_GRE_TTL,
    tos: IFLA_GRE_TOS,
    pmtudisc: IFLA_GRE_PMTUDISC,
    fwmark: IFLA_GRE_FWMARK,
    collectMetadata: IFLA_GRE_COLLECT_METADATA,
    encapType: IFLA_GRE_ENCAP_TYPE,
    encapFlags: IFLA_GRE_ENCAP_FLAGS,
    encapSport: IFLA_GRE_ENCAP_SPORT,
    encapDport: IFLA_GRE_ENCAP_DPORT,
  }),
  /** The key of both directions: a number of 32 bits, or `'none'`. It is reported as `ikey` and `okey`. */
  key: both(ikey, okey),
  /** The key packets have to come with; not reported where there is none. */
  ikey,
  /** The key packets leave with; not reported where there is none. */
  okey,
  /** A checksum in both directions. It is reported as `icsum` and `ocsum`. */
  csum: both(iflag(GRE_CSUM), oflag(GRE_CSUM)),
  /** Packets have to come with a checksum. */
  icsum: iflag(GRE_CSUM),
  /** Packets leave with a checksum. */
  ocsum: oflag(GRE_CSUM),
  /** Sequence numbers in both directions. They are reported as `iseq` and `oseq`. */
  seq: both(iflag(GRE_SEQ), oflag(GRE_SEQ)),
  /** Packets have to come in the order of their numbers. */
  iseq: iflag(GRE_SEQ),
  /** Packets leave numbered. */
  oseq: oflag(GRE_SEQ),
  /** What must not be cut up may be all the same. It goes with `pmtudisc: false` only (Linux 4.8). */
  ignoreDf: bool8(IFLA_GRE_IGNORE_DF),
})

/** What a tunnel of GRE is told, for IP packets or (`gretap`) for Ethernet: `ip link add type gre`. */
export interface GreOptions extends Options<typeof greTable> {}

/** What a tunnel of GRE is. */
export interface GreInfo extends Values<typeof greTable> {}

/** @internal */
export const gre: LinkKind<GreOptions, GreInfo> = linkKind('gre', greTable, { whole: true })
