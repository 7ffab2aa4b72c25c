/** The authentication header of IPsec. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { inetProto, integerType } from '../types.js'

/** @internal */
export const ahHeader = header({
  name: 'ah',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 1,
  l4proto: 51,
  fields: {
    /** The protocol above. */
    nexthdr: is(inetProto),
    /** The length of the header, in words of four bytes, less two. */
    hdrlength: sized(integerType, 8),
    /** Bits that mean nothing yet. */
    reserved: sized(integerType, 16),
    /** The security parameters index, which says which key was used. */
    spi: sized(integerType, 32),
    /** The number of the packet. */
    sequence: sized(integerType, 32),
  },
})

/** The authentication header of IPsec: `ah spi`. */
export const ah = selectors(ahHeader)
