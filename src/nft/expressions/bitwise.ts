/** `bitwise` and `byteorder`: registers changed on their way. */

import { be32, scalar } from '../../netlink/attributes.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { data, expression, register } from '../expression.js'

const NFTA_BITWISE_SREG = 1
const NFTA_BITWISE_DREG = 2
const NFTA_BITWISE_LEN = 3
const NFTA_BITWISE_MASK = 4
const NFTA_BITWISE_XOR = 5
const NFTA_BITWISE_OP = 6
const NFTA_BITWISE_DATA = 7

const NFT_BITWISE_BOOL = 0
const NFT_BITWISE_LSHIFT = 1
const NFT_BITWISE_RSHIFT = 2

const NFTA_BYTEORDER_SREG = 1
const NFTA_BYTEORDER_DREG = 2
const NFTA_BYTEORDER_OP = 3
const NFTA_BYTEORDER_LEN = 4
const NFTA_BYTEORDER_SIZE = 5

const NFT_BYTEORDER_NTOH = 0
const NFT_BYTEORDER_HTON = 1

/** Either (register & mask) ^ xor, or a shift by `data`. @internal */
export const bitwise = expression('bitwise', {
  sreg: register(NFTA_BITWISE_SREG),
  dreg: register(NFTA_BITWISE_DREG),
  len: be32(NFTA_BITWISE_LEN),
  mask: data(NFTA_BITWISE_MASK),
  xor: data(NFTA_BITWISE_XOR),
  op: scalar(
    NFTA_BITWISE_OP,
    named(BE32, enumeration({ bool: NFT_BITWISE_BOOL, '<<': NFT_BITWISE_LSHIFT, '>>': NFT_BITWISE_RSHIFT })),
  ),
  data: data(NFTA_BITWISE_DATA),
})

/** @internal */
export const byteorder = expression('byteorder', {
  sreg: register(NFTA_BYTEORDER_SREG),
  dreg: register(NFTA_BYTEORDER_DREG),
  op: scalar(NFTA_BYTEORDER_OP, named(BE32, enumeration({ ntoh: NFT_BYTEORDER_NTOH, hton: NFT_BYTEORDER_HTON }))),
  len: be32(NFTA_BYTEORDER_LEN),
  size: be32(NFTA_BYTEORDER_SIZE),
})
