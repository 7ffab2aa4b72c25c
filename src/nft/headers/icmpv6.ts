/** The header of ICMPv6. */

import { at, header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { integerType } from '../types.js'

/** @internal */
export const icmpv6Type = symbolic(
  { name: 'icmpv6_type', id: 29, bits: 8, order: 'network' },
  {
    'destination-unreachable': 1,
    'packet-too-big': 2,
    'time-exceeded': 3,
    'parameter-problem': 4,
    'echo-request': 128,
    'echo-reply': 129,
    'mld-listener-query': 130,
    'mld-listener-report': 131,
    'mld-listener-done': 132,
    'mld-listener-reduction': 132,
    'nd-router-solicit': 133,
    'nd-router-advert': 134,
    'nd-neighbor-solicit': 135,
    'nd-neighbor-advert': 136,
    'nd-redirect': 137,
    'router-renumbering': 138,
    'ind-neighbor-solicit': 141,
    'ind-neighbor-advert': 142,
    'mld2-listener-report': 143,
  },
)

/** @internal */
export const icmpv6Code = symbolic(
  { name: 'icmpv6_code', id: 33, bits: 8, order: 'network' },
  {
    'no-route': 0,
    'admin-prohibited': 1,
    'addr-unreachable': 3,
    'port-unreachable': 4,
    'policy-fail': 5,
    'reject-route': 6,
  },
)

const ECHO = [128, 129]
const QUERY = [130]
const PROBLEM = [4]
const TOO_BIG = [2]

/** @internal */
export const icmpv6Header = header({
  name: 'icmpv6',
  layer: 'transport',
  families: ['ip6', 'inet', 'bridge', 'netdev'],
  id: 14,
  l4proto: 58,
  over: 'ip6',
  checksum: 2,
  fields: {
    /** The type of message. */
    type: { ...is(icmpv6Type), leads: true },
    /** What exactly is meant by the type. */
    code: is(icmpv6Code),
    /** The checksum. */
    checksum: sized(integerType, 16),
    /** Where in the packet the problem is. */
    'parameter-problem': at(32, { ...sized(integerType, 32), only: PROBLEM }),
    /** The largest packet that would have got through. */
    mtu: at(32, { ...sized(integerType, 32), only: TOO_BIG }),
    /** The identification of an echo. */
    id: at(32, { ...sized(integerType, 16), only: ECHO }),
    /** The number of an echo. */
    sequence: { ...sized(integerType, 16), only: ECHO },
    /** How long to wait with an answer. */
    'max-delay': at(32, { ...sized(integerType, 16), only: QUERY }),
  },
})

/** The header of ICMPv6: `icmpv6 type`. */
export const icmpv6 = selectors(icmpv6Header)
