/** The header of UDP. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { inetService, integerType } from '../types.js'

/** @internal */
export const udpHeader = header({
  name: 'udp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 6,
  l4proto: 17,
  checksum: 6,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
    /** The length of header and data, in bytes. */
    length: sized(integerType, 16),
    /** The checksum. */
    checksum: sized(integerType, 16),
  },
})

/** The header of UDP: `udp dport`. */
export const udp = selectors(udpHeader)
