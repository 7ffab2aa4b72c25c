/** The header of Ethernet. */

import { header, is, telling } from '../header.js'
import { selectors } from '../payload.js'
import { etherAddr, etherType } from '../types.js'

/** @internal */
export const etherHeader = header({
  name: 'ether',
  layer: 'link',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev', 'arp'],
  id: 17,
  fields: {
    /** The destination address. */
    daddr: is(etherAddr),
    /** The source address. */
    saddr: is(etherAddr),
    /** The protocol above. */
    type: telling('ethertype', is(etherType)),
  },
})

/** The header of Ethernet: `ether saddr`. */
export const ether = selectors(etherHeader)
