/** The header of IPv6. */

import { header, is, sized, telling } from '../header.js'
import { selectors } from '../payload.js'
import { inetProto, integerType, ipv6Addr } from '../types.js'
import { dscp, ecn } from './ip.js'

/** @internal */
export const ip6Header = header({
  name: 'ip6',
  layer: 'network',
  families: ['ip6', 'inet', 'bridge', 'netdev'],
  id: 13,
  nfproto: 10,
  ethertype: 0x86dd,
  pseudo: ['saddr', 'daddr', 'nexthdr', 'length'],
  fields: {
    /** The version: 6. */
    version: sized(integerType, 4),
    /** The class of service. */
    dscp: is(dscp),
    /** Congestion notification. */
    ecn: is(ecn),
    /** The flow label. */
    flowlabel: sized(integerType, 20),
    /** The length of what follows the header, in bytes. */
    length: sized(integerType, 16),
    /** What follows the header: an extension header, or the protocol above. */
    nexthdr: telling('l4proto', is(inetProto)),
    /** How many routers it may still pass. */
    hoplimit: sized(integerType, 8),
    /** The source address. */
    saddr: is(ipv6Addr),
    /** The destination address. */
    daddr: is(ipv6Addr),
  },
})

/** The header of IPv6: `ip6 saddr`. */
export const ip6 = selectors(ip6Header)
