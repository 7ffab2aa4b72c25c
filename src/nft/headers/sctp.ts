/** The header of SCTP. Its chunks are in `keys/sctp-chunk.ts`. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { inetService, integerType } from '../types.js'

/** @internal */
export const sctpHeader = header({
  name: 'sctp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 10,
  l4proto: 132,
  checksum: 8,
  crc: true,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
    /** The verification tag, which tells the packets of an association from others. */
    vtag: sized(integerType, 32),
    /** The checksum. */
    checksum: sized(integerType, 32),
  },
})

/** The keys of the header of SCTP. @internal */
export const sctpFields = selectors(sctpHeader)
