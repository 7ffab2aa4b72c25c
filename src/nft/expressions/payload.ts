/** `payload`: bytes of the packet into a register, or a register into the packet. */

import { be32, scalar } from '../../netlink/attributes.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { expression, register } from '../expression.js'

const NFTA_PAYLOAD_DREG = 1
const NFTA_PAYLOAD_BASE = 2
const NFTA_PAYLOAD_OFFSET = 3
const NFTA_PAYLOAD_LEN = 4
const NFTA_PAYLOAD_SREG = 5
const NFTA_PAYLOAD_CSUM_TYPE = 6
const NFTA_PAYLOAD_CSUM_OFFSET = 7
const NFTA_PAYLOAD_CSUM_FLAGS = 8

const NFT_PAYLOAD_LL_HEADER = 0
const NFT_PAYLOAD_NETWORK_HEADER = 1
const NFT_PAYLOAD_TRANSPORT_HEADER = 2
const NFT_PAYLOAD_INNER_HEADER = 3

/** @internal */
export const NFT_PAYLOAD_CSUM_INET = 1
/** CRC32c, which is SCTP's. @internal */
export const NFT_PAYLOAD_CSUM_SCTP = 2
/** @internal */
export const NFT_PAYLOAD_L4CSUM_PSEUDOHDR = 1

/** The layers as the kernel numbers them. @internal */
export const bases = {
  link: NFT_PAYLOAD_LL_HEADER,
  network: NFT_PAYLOAD_NETWORK_HEADER,
  transport: NFT_PAYLOAD_TRANSPORT_HEADER,
  inner: NFT_PAYLOAD_INNER_HEADER,
} as const

/** @internal */
export const payload = expression('payload', {
  dreg: register(NFTA_PAYLOAD_DREG),
  base: scalar(NFTA_PAYLOAD_BASE, named(BE32, enumeration(bases))),
  offset: be32(NFTA_PAYLOAD_OFFSET),
  len: be32(NFTA_PAYLOAD_LEN),
  sreg: register(NFTA_PAYLOAD_SREG),
  csumType: be32(NFTA_PAYLOAD_CSUM_TYPE),
  csumOffset: be32(NFTA_PAYLOAD_CSUM_OFFSET),
  csumFlags: be32(NFTA_PAYLOAD_CSUM_FLAGS),
})
