/** `ct expectation`: a connection that is to come, and belongs to the one that meets the rule. */

import { attributes, be16, u8, u32 } from '../../netlink/attributes.js'
import { integer } from '../../netlink/check.js'
import { milliseconds } from '../elements.js'
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

const NFT_OBJECT_CT_EXPECT = 9

const NFTA_CT_EXPECT_L3PROTO = 1
const NFTA_CT_EXPECT_L4PROTO = 2
const NFTA_CT_EXPECT_DPORT = 3
const NFTA_CT_EXPECT_TIMEOUT = 4
const NFTA_CT_EXPECT_SIZE = 5

/** A connection that is to come, and belongs to the one that meets the rule (Linux 5.3). */
export interface CtExpectation {
  /** The protocol of that connection. */
  protocol: CtProtocol
  /** Its destination port. */
  dport: number
  /** For how many seconds it is awaited. */
  timeout: number
  /** How many such connections are awaited at once, 0 to 255. */
  size: number
  /** Whether it is of IPv4 or of IPv6; that of the table, when nothing is said. */
  l3proto?: CtFamily | undefined
}

objectKind({
  type: 'ct expectation',
  number: NFT_OBJECT_CT_EXPECT,
  table: attributes({
    l3proto: l3proto(NFTA_CT_EXPECT_L3PROTO),
    l4proto: l4proto(NFTA_CT_EXPECT_L4PROTO),
    dport: be16(NFTA_CT_EXPECT_DPORT),
    timeout: u32(NFTA_CT_EXPECT_TIMEOUT),
    size: u8(NFTA_CT_EXPECT_SIZE),
  }),
  options: ['protocol', 'dport', 'timeout', 'size', 'l3proto'],
  values: ({ protocol, dport, timeout, size, l3proto: l3 }: CtExpectation, family) => ({
    l3proto: l3number(l3, family),
    l4proto: protocolNumber(protocol),
    dport: integer('object.dport', dport, 0, 0xffff),
    timeout: milliseconds('object.timeout', timeout),
    size: integer('object.size', size, 0, 0xff),
  }),
  read: ({ l3proto: l3, l4proto: l4, dport = 0, timeout = 0, size = 0 }, family) => ({
    protocol: protocolName(l4),
    dport,
    timeout: timeout / 1000,
    size,
    ...l3name(l3, family),
  }),
})
