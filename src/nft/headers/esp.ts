/** The header of IPsec's encrypted packets. */

import { header, sized } from '../header.js'
import { selectors } from '../payload.js'
import { integerType } from '../types.js'

/** @internal */
export const espHeader = header({
  name: 'esp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 2,
  l4proto: 50,
  fields: {
    /** The security parameters index, which says which key was used. */
    spi: sized(integerType, 32),
    /** The number of the packet. */
    sequence: sized(integerType, 32),
  },
})

/** The header of IPsec's encrypted packets: `esp spi`. */
export const esp = selectors(espHeader)
