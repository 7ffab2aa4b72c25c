/** `exthdr`: bytes of an extension header, an option or a chunk into a register, or a register into one; or that one is taken out of the packet. */

import { be32, scalar, u8 } from '../../netlink/attributes.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { expression, register } from '../expression.js'

const NFTA_EXTHDR_DREG = 1
const NFTA_EXTHDR_TYPE = 2
const NFTA_EXTHDR_OFFSET = 3
const NFTA_EXTHDR_LEN = 4
const NFTA_EXTHDR_FLAGS = 5
const NFTA_EXTHDR_OP = 6
const NFTA_EXTHDR_SREG = 7

/** @internal */
export const NFT_EXTHDR_F_PRESENT = 1

/** Where such headers are, as the kernel numbers it. @internal */
export const extensionOps = { ip6: 0, 'tcp option': 1, 'ip option': 2, 'sctp chunk': 3 } as const

/** @internal */
export type ExtensionOp = keyof typeof extensionOps

/** @internal */
export const exthdr = expression('exthdr', {
  dreg: register(NFTA_EXTHDR_DREG),
  type: u8(NFTA_EXTHDR_TYPE),
  offset: be32(NFTA_EXTHDR_OFFSET),
  len: be32(NFTA_EXTHDR_LEN),
  flags: be32(NFTA_EXTHDR_FLAGS),
  op: scalar(NFTA_EXTHDR_OP, named(BE32, enumeration(extensionOps))),
  sreg: register(NFTA_EXTHDR_SREG),
})
