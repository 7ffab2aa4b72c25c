/** `cmp` and `range`: a register compared with a value, or with two. What they make of a rule is in `statements/match.ts`. */

import { scalar } from '../../netlink/attributes.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { data, expression, register } from '../expression.js'

const NFTA_CMP_SREG = 1
const NFTA_CMP_OP = 2
const NFTA_CMP_DATA = 3

const NFT_CMP_EQ = 0
const NFT_CMP_NEQ = 1
const NFT_CMP_LT = 2
const NFT_CMP_LTE = 3
const NFT_CMP_GT = 4
const NFT_CMP_GTE = 5

const NFTA_RANGE_SREG = 1
const NFTA_RANGE_OP = 2
const NFTA_RANGE_FROM_DATA = 3
const NFTA_RANGE_TO_DATA = 4

const NFT_RANGE_EQ = 0
const NFT_RANGE_NEQ = 1

const compareOps = enumeration({
  '==': NFT_CMP_EQ,
  '!=': NFT_CMP_NEQ,
  '<': NFT_CMP_LT,
  '<=': NFT_CMP_LTE,
  '>': NFT_CMP_GT,
  '>=': NFT_CMP_GTE,
})

/** @internal */
export const cmp = expression('cmp', {
  sreg: register(NFTA_CMP_SREG),
  op: scalar(NFTA_CMP_OP, named(BE32, compareOps)),
  data: data(NFTA_CMP_DATA),
})

/** @internal */
export const range = expression('range', {
  sreg: register(NFTA_RANGE_SREG),
  op: scalar(NFTA_RANGE_OP, named(BE32, enumeration({ '==': NFT_RANGE_EQ, '!=': NFT_RANGE_NEQ }))),
  from: data(NFTA_RANGE_FROM_DATA),
  to: data(NFTA_RANGE_TO_DATA),
})
