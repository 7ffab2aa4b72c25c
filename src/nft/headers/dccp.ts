/** The header of DCCP. */

import { at, header, is } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { inetService } from '../types.js'

/** @internal */
export const dccpType = symbolic(
  { name: 'dccp_pkttype', id: 16, bits: 4, order: 'network' },
  {
    request: 0,
    response: 1,
    data: 2,
    ack: 3,
    dataack: 4,
    closereq: 5,
    close: 6,
    reset: 7,
    sync: 8,
    syncack: 9,
  },
)

/** @internal */
export const dccpHeader = header({
  name: 'dccp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 9,
  l4proto: 33,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
    /** The type of packet. */
    type: at(67, is(dccpType)),
  },
})

/** The header of DCCP: `dccp type`. */
export const dccp = selectors(dccpHeader)
