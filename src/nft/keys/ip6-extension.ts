/** The extension headers of IPv6. */

import { extension, extensionSelectors } from '../extension.js'
import { at, type Header, is, sized } from '../header.js'
import { ip6Header } from '../headers/ip6.js'
import { symbolic } from '../type.js'
import { inetProto, integerType, ipv6Addr } from '../types.js'

const families = ['ip6', 'inet', 'bridge', 'netdev'] as const

/** What is the same for all of them. `id`: nft's number of it. */
const common = (number: number, id: number) =>
  ({ op: 'ip6', number, id, families, header: ip6Header as unknown as Header }) as const

const first = {
  /** What follows it: another one, or the protocol above. */
  nexthdr: is(inetProto),
  /** Its length, in words of eight bytes, without the first. */
  hdrlength: sized(integerType, 8),
} as const

const mhType = symbolic(
  { name: 'mh_type', id: 17, bits: 8, order: 'network' },
  {
    'binding-refresh-request': 0,
    'home-test-init': 1,
    'careof-test-init': 2,
    'home-test': 3,
    'careof-test': 4,
    'binding-update': 5,
    'binding-acknowledgement': 6,
    'binding-error': 7,
    'fast-binding-update': 8,
    'fast-binding-acknowledgement': 9,
    'fast-binding-advertisement': 10,
    'experimental-mobility-header': 11,
    'home-agent-switch-message': 12,
  },
)

/** @internal */
export const ip6Extensions = {
  hbh: extension({ name: 'hbh', whole: 'exthdr hbh', ...common(0, 1), fields: first }),
  rt: extension({
    name: 'rt',
    whole: 'exthdr rt',
    ...common(43, 2),
    fields: {
      ...first,
      /** The type of routing. */
      type: sized(integerType, 8),
      /** How many nodes are still to be visited. */
      'seg-left': sized(integerType, 8),
    },
  }),
  srh: extension({
    name: 'srh',
    whole: 'exthdr rt',
    ...common(43, 5),
    fields: {
      /** The number of the last node of the list. */
      'last-entry': at(32, sized(integerType, 8)),
      /** The flags. */
      flags: sized(integerType, 8),
      /** Which class the packet is of. */
      tag: sized(integerType, 16),
      /** The first node of the list, which is the last one to be visited. */
      'sid[1]': is(ipv6Addr),
      /** The second node of the list. */
      'sid[2]': is(ipv6Addr),
    },
  }),
  frag: extension({
    name: 'frag',
    whole: 'exthdr frag',
    ...common(44, 6),
    fields: {
      /** What follows it: another one, or the protocol above. */
      nexthdr: is(inetProto),
      /** Bits that mean nothing yet. */
      reserved: sized(integerType, 8),
      /** Where the fragment belongs, in words of eight bytes. */
      'frag-off': sized(integerType, 13),
      /** More bits that mean nothing yet. */
      reserved2: sized(integerType, 2),
      /** Whether there are fragments after it. */
      'more-fragments': sized(integerType, 1),
      /** The identification, which fragments of a packet share. */
      id: sized(integerType, 32),
    },
  }),
  dst: extension({ name: 'dst', whole: 'exthdr dst', ...common(60, 7), fields: first }),
  mh: extension({
    name: 'mh',
    whole: 'exthdr mh',
    ...common(135, 8),
    fields: {
      ...first,
      /** The type of message. */
      type: is(mhType),
      /** Bits that mean nothing yet. */
      reserved: sized(integerType, 8),
      /** The checksum. */
      checksum: sized(integerType, 16),
    },
  }),
} as const

/** The options for every router on the way: `hbh nexthdr`. */
export const hbh = extensionSelectors(ip6Extensions.hbh)
/** The keys of the header of routing; the builder `rt` has others besides. @internal */
export const rtHeader = extensionSelectors(ip6Extensions.rt)
/** The header of segment routing: `srh tag`. */
export const srh = extensionSelectors(ip6Extensions.srh)
/** The header of a fragment: `frag id`. */
export const frag = extensionSelectors(ip6Extensions.frag)
/** The options for the destination: `dst hdrlength`. */
export const dst = extensionSelectors(ip6Extensions.dst)
/** The header of mobility: `mh type`. */
export const mh = extensionSelectors(ip6Extensions.mh)
