/** The header of ARP, for Ethernet and IPv4. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { symbolic } from '../type.js'
import { etherAddr, etherType, integerType, ipv4Addr } from '../types.js'

/** @internal */
export const arpOp = symbolic(
  { name: 'arp_op', id: 11, bits: 16, order: 'network' },
  { request: 1, reply: 2, rrequest: 3, rreply: 4, inrequest: 8, inreply: 9, nak: 10 },
)

/** @internal */
export const arpHeader = header({
  name: 'arp',
  layer: 'network',
  families: ['arp', 'bridge', 'netdev'],
  id: 15,
  ethertype: 0x0806,
  fields: {
    /** The type of hardware: 1 is Ethernet. */
    htype: sized(integerType, 16),
    /** The protocol whose addresses are asked for. */
    ptype: is(etherType),
    /** The length of a hardware address, in bytes. */
    hlen: sized(integerType, 8),
    /** The length of a protocol's address, in bytes. */
    plen: sized(integerType, 8),
    /** What is asked or told. */
    operation: is(arpOp),
    /** The hardware address of who sends it. */
    'saddr ether': is(etherAddr),
    /** The IPv4 address of who sends it. */
    'saddr ip': is(ipv4Addr),
    /** The hardware address of who is meant. */
    'daddr ether': is(etherAddr),
    /** The IPv4 address of who is meant. */
    'daddr ip': is(ipv4Addr),
  },
})

/** The header of ARP: `arp operation`. */
export const arp = selectors(arpHeader)
