/** The header of TCP. */

import { header, is, sized } from '../header.js'
import { selectors } from '../payload.js'
import { flagged } from '../type.js'
import { inetService, integerType } from '../types.js'

/** @internal */
export const tcpFlag = flagged(
  { name: 'tcp_flag', id: 15, bits: 8, order: 'network' },
  { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20, ecn: 0x40, cwr: 0x80 },
)

/** @internal */
export const tcpHeader = header({
  name: 'tcp',
  layer: 'transport',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  id: 8,
  l4proto: 6,
  checksum: 16,
  fields: {
    /** The source port. */
    sport: is(inetService),
    /** The destination port. */
    dport: is(inetService),
    /** The number of the first byte. */
    sequence: sized(integerType, 32),
    /** The number of the byte that is awaited next. */
    ackseq: sized(integerType, 32),
    /** The length of the header, in words of four bytes. */
    doff: sized(integerType, 4),
    /** Bits that mean nothing yet. */
    reserved: sized(integerType, 4),
    /** The flags. */
    flags: is(tcpFlag),
    /** How many bytes may be sent. */
    window: sized(integerType, 16),
    /** The checksum. */
    checksum: sized(integerType, 16),
    /** Where urgent data ends. */
    urgptr: sized(integerType, 16),
  },
})

/** The header of TCP: `tcp dport`. */
export const tcp = selectors(tcpHeader)
