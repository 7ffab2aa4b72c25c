/** `immediate`: a value into a register; a verdict into the register of verdicts. */

import { data, expression, register } from '../expression.js'

const NFTA_IMMEDIATE_DREG = 1
const NFTA_IMMEDIATE_DATA = 2

/** @internal */
export const immediate = expression('immediate', {
  dreg: register(NFTA_IMMEDIATE_DREG),
  data: data(NFTA_IMMEDIATE_DATA),
})
