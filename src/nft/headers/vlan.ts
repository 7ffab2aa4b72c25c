/** The tag of a VLAN, which stands between the Ethernet header and what it carries. */

import { at, header, is, sized, telling } from '../header.js'
import { selectors } from '../payload.js'
import { etherType, integerType } from '../types.js'

/** @internal */
export const vlanHeader = header({
  name: 'vlan',
  layer: 'link',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev', 'arp'],
  id: 16,
  ethertype: 0x8100,
  over: 'ether',
  fields: {
    /** The priority, 0 to 7. */
    pcp: at(112, sized(integerType, 3)),
    /** Whether it may be dropped before others, which older switches understood as something else (`cfi`). */
    dei: sized(integerType, 1),
    /** The number of the VLAN. */
    id: sized(integerType, 12),
    /** The protocol above. */
    type: telling('ethertype', is(etherType)),
  },
})

/** The tag of a VLAN: `vlan id`. The packet has it at the hook `ingress`, and in bridges. */
export const vlan = selectors(vlanHeader)
