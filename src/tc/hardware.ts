/** What filters say of network cards that could do their work. */

import { type Attribute, bits, readOnly } from '../netlink/attributes.js'
import { U32 } from '../netlink/scalar.js'
import { onlyTrue } from './message.js'

const TCA_CLS_FLAGS_SKIP_HW = 1
const TCA_CLS_FLAGS_SKIP_SW = 2
const TCA_CLS_FLAGS_IN_HW = 4
const TCA_CLS_FLAGS_NOT_IN_HW = 8

/** Those entries of a filter's table; `type` is the number that its kind has for them. @internal */
export const hardware = (type: number) => {
  const bit = bits(type, U32)
  const flag = (number: number): Attribute<boolean> => onlyTrue(bit(number))
  return {
    /** Hardware has nothing to do with it. */
    skipHw: flag(TCA_CLS_FLAGS_SKIP_HW),
    /** Only hardware sees to it; the kernel refuses it where that cannot. */
    skipSw: flag(TCA_CLS_FLAGS_SKIP_SW),
    /** Hardware sees to it. */
    inHw: readOnly(flag(TCA_CLS_FLAGS_IN_HW)),
    /** Hardware does not see to it. */
    notInHw: readOnly(flag(TCA_CLS_FLAGS_NOT_IN_HW)),
  }
}

/** The names of those that can be given. @internal */
export const hardwareNames = ['skipHw', 'skipSw'] as const

/** What is said of network cards that could do a filter's work. */
export interface HardwareOptions {
  /** Hardware has nothing to do with it. */
  skipHw?: boolean | undefined
  /** Only hardware sees to it; the kernel refuses it where that cannot. */
  skipSw?: boolean | undefined
}

/** What is reported of them. */
export interface HardwareInfo {
  /** Hardware has nothing to do with it. */
  skipHw?: boolean
  /** Only hardware sees to it. */
  skipSw?: boolean
  /** Hardware sees to it. */
  inHw?: boolean
  /** Hardware does not see to it. */
  notInHw?: boolean
}
