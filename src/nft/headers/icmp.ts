/** The header of ICMP. */

import { at, header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { integerType } from '../types.js'

/** @internal */
export const icmpType = symbolic(
  { name: 'icmp_type', id: 14, bits: 8, order: 'network' },
  {
    'echo-reply': 0,
    'destination-unreachable': 3,
    'source-quench': 4,
    redirect: 5,
    'echo-request': 8,
    'router-advertisement': 9,
    'router-solicitation': 10,
    'time-exceeded': 11,
    'parameter-problem': 12,
    'timestamp-request': 13,
    'timestamp-reply': 14,
    'info-request': 15,
    'info-reply': 16,
    'address-mask-request': 17,
    'address-mask-reply': 18,
  },
)

/** @internal */
export const icmpCode = symbolic(
  { name: 'icmp_code', id: 32, bits: 8, order: 'network' },
  {
    'net-unreachable': 0,
    'host-unreachable': 1,
    'prot-unreachable': 2,
    'port-unreachable': 3,
    'frag-needed': 4,
    'net-prohibited': 9,
    'host-prohibited': 10,
    'admin-prohibited': 13,
  },
)

const ECHO = [8, 0]
const REDIRECT = [5]
const UNREACHABLE = [3]

/** @internal */
export const icmpHeader = header({
  name: 'icmp',
  layer: 'transport',
  families: ['ip', 'inet', 'bridge', 'netdev'],
  id: 4,
  l4proto: 1,
  over: 'ip',
  checksum: 2,
  fields: {
    /** The type of message. */
    type: { ...is(icmpType), leads: true },
    /** What exactly is meant by the type. */
    code: is(icmpCode),
    /** The checksum. */
    checksum: sized(integerType, 16),
    /** The identification of an echo. */
    id: { ...sized(integerType, 16), only: ECHO },
    /** The number of an echo. */
    sequence: { ...sized(integerType, 16), only: ECHO },
    /** The router that a redirect names. */
    gateway: at(32, { ...sized(integerType, 32), only: REDIRECT }),
    /** The largest packet that would have got through. */
    mtu: at(48, { ...sized(integerType, 16), only: UNREACHABLE }),
  },
})

/** The header of ICMP: `icmp type`. */
export const icmp = selectors(icmpHeader)
