/** What the headers of all transport protocols with ports begin with. */

import { header, is } from '../header.js'
import { selectors } from '../payload.js'
import { inetService } from '../types.js'

/** @internal */
export const thHeader = header({
  name: 'th',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 11,
  generic: true,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
  },
})

/** The ports of whichever protocol it is: `th dport`. Which protocols are meant is for another match to say. */
export const th = selectors(thHeader)
