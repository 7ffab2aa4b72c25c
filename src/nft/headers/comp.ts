/** The header of compressed packets (IPComp). */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { bitmaskType, inetProto, integerType } from '../types.js'

/** @internal */
export const compHeader = header({
  name: 'comp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 3,
  l4proto: 108,
  fields: {
    /** The protocol above. */
    nexthdr: is(inetProto),
    /** Flags, none of which has a meaning yet. */
    flags: sized(bitmaskType, 8),
    /** The compression parameter index. */
    cpi: sized(integerType, 16),
  },
})

/** The header of compressed packets: `comp cpi`. */
export const comp = selectors(compHeader)
