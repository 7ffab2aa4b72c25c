/** `ct helper`: looks into what is said in a connection, for connections that belong to it. */

import { attributes, text } from '../../netlink/attributes.js'
import { invalidType } from '../../netlink/check.js'
import { objectKind } from '../object.js'
import {
  type CtFamily,
  type CtProtocol,
  l3name,
  l3number,
  l3proto,
  l4proto,
  protocolName,
  protocolNumber,
} from './protocol.js'

const NFT_OBJECT_CT_HELPER = 3

const NFTA_CT_HELPER_NAME = 1
const NFTA_CT_HELPER_L3PROTO = 2
const NFTA_CT_HELPER_L4PROTO = 3

const LONGEST_HELPER = 15

/** Looks into what is said in a connection, for connections that belong to it, as FTP has for data. */
export interface CtHelper {
  /** The kernel's name of it: `'ftp'`, `'sip'`, `'tftp'`. */
  helper: string
  /** The protocol of the connections. */
  protocol: CtProtocol
  /** Whether they are of IPv4, of IPv6, or both; that of the table, when nothing is said. */
  l3proto?: CtFamily | undefined
}

objectKind({
  type: 'ct helper',
  number: NFT_OBJECT_CT_HELPER,
  table: attributes({
    helper: text(NFTA_CT_HELPER_NAME, LONGEST_HELPER),
    l3proto: l3proto(NFTA_CT_HELPER_L3PROTO),
    l4proto: l4proto(NFTA_CT_HELPER_L4PROTO),
  }),
  options: ['helper', 'protocol', 'l3proto'],
  values({ helper, protocol, l3proto: l3 }: CtHelper, family) {
    if (typeof helper !== 'string') throw invalidType('object.helper', 'a string', helper)
    return { helper, l3proto: l3number(l3, family), l4proto: protocolNumber(protocol) }
  },
  read: ({ helper = '', l3proto: l3, l4proto: l4 }, family) => ({
    helper,
    protocol: protocolName(l4),
    ...l3name(l3, family),
  }),
})
