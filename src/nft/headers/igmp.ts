/** The header of IGMP, by which IPv4 hosts join multicast groups. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { integerType } from '../types.js'

/** @internal */
export const igmpType = symbolic(
  { name: 'igmp_type', id: 42, bits: 8, order: 'network' },
  {
    'membership-query': 17,
    'membership-report-v1': 18,
    'membership-report-v2': 22,
    'membership-report-v3': 34,
    'leave-group': 23,
  },
)

/** @internal */
export const igmpHeader = header({
  name: 'igmp',
  layer: 'transport',
  families: ['ip', 'inet', 'bridge', 'netdev'],
  id: 5,
  l4proto: 2,
  over: 'ip',
  checksum: 2,
  fields: {
    /** The type of message. */
    type: is(igmpType),
    /** How long hosts may take to answer, in tenths of a second. */
    mrt: sized(integerType, 8),
    /** The checksum. */
    checksum: sized(integerType, 16),
    /** The group, as a number. */
    group: sized(integerType, 32),
  },
})

/** The header of IGMP: `igmp type`. */
export const igmp = selectors(igmpHeader)
