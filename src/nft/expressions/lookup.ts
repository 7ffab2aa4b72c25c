/** `lookup`: a register looked up in a set, or in a map that says what goes into another. */

import { be32, text } from '../../netlink/attributes.js'
import { expression, register } from '../expression.js'

const NFTA_LOOKUP_SET = 1
const NFTA_LOOKUP_SREG = 2
const NFTA_LOOKUP_DREG = 3
const NFTA_LOOKUP_SET_ID = 4
const NFTA_LOOKUP_FLAGS = 5

/** @internal */
export const NFT_LOOKUP_F_INV = 1

/** @internal */
export const lookup = expression('lookup', {
  set: text(NFTA_LOOKUP_SET, 255),
  sreg: register(NFTA_LOOKUP_SREG),
  dreg: register(NFTA_LOOKUP_DREG),
  setId: be32(NFTA_LOOKUP_SET_ID),
  flags: be32(NFTA_LOOKUP_FLAGS),
})
