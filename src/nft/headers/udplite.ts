/** The header of UDP-Lite, whose checksum need not cover all of a packet. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { inetService, integerType } from '../types.js'

/** @internal */
export const udpliteHeader = header({
  name: 'udplite',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 7,
  l4proto: 136,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
    /** How many bytes the checksum covers. */
    csumcov: sized(integerType, 16),
    /** The checksum. */
    checksum: sized(integerType, 16),
  },
})

/** The header of UDP-Lite: `udplite dport`. */
export const udplite = selectors(udpliteHeader)
