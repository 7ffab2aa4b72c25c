/** The header of IPv4. */

import { header, is, sized, telling } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { inetProto, integerType, ipv4Addr } from '../types.js'

/** Classes of service. @internal */
export const dscp = symbolic(
  { name: 'dscp', id: 36, bits: 6, order: 'network' },
  {
    cs0: 0x00,
    cs1: 0x08,
    cs2: 0x10,
    cs3: 0x18,
    cs4: 0x20,
    cs5: 0x28,
    cs6: 0x30,
    cs7: 0x38,
    df: 0x00,
    be: 0x00,
    lephb: 0x01,
    af11: 0x0a,
    af12: 0x0c,
    af13: 0x0e,
    af21: 0x12,
    af22: 0x14,
    af23: 0x16,
    af31: 0x1a,
    af32: 0x1c,
    af33: 0x1e,
    af41: 0x22,
    af42: 0x24,
    af43: 0x26,
    va: 0x2c,
    ef: 0x2e,
  },
)

/** Congestion notification. @internal */
export const ecn = symbolic(
  { name: 'ecn', id: 37, bits: 2, order: 'network' },
  { 'not-ect': 0, ect1: 1, ect0: 2, ce: 3 },
)

/** @internal */
export const ipHeader = header({
  name: 'ip',
  layer: 'network',
  families: ['ip', 'inet', 'bridge', 'netdev'],
  id: 12,
  nfproto: 2,
  ethertype: 0x0800,
  checksum: 10,
  pseudo: ['saddr', 'daddr', 'protocol', 'length'],
  fields: {
    /** The version: 4. */
    version: sized(integerType, 4),
    /** The length of the header, in words of four bytes. */
    hdrlength: sized(integerType, 4),
    /** The class of service. */
    dscp: is(dscp),
    /** Congestion notification. */
    ecn: is(ecn),
    /** The length of the packet, in bytes. */
    length: sized(integerType, 16),
    /** The identification, which fragments of a packet share. */
    id: sized(integerType, 16),
    /** Flags and offset of a fragment. */
    'frag-off': sized(integerType, 16),
    /** The time to live: how many routers it may still pass. */
    ttl: sized(integerType, 8),
    /** The protocol above. */
    protocol: telling('l4proto', is(inetProto)),
    /** The header's checksum. */
    checksum: sized(integerType, 16),
    /** The source address. */
    saddr: is(ipv4Addr),
    /** The destination address. */
    daddr: is(ipv4Addr),
  },
})

/** The header of IPv4: `ip saddr`. */
export const ip = selectors(ipHeader)
