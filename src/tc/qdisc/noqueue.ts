/** `noqueue`: packets leave at once, and what the device cannot take is dropped. */

import type { UnknownAttributes } from '../../netlink/attributes.js'
import { type Kind, kind, nothing } from '../kind.js'

/** It is told nothing. @internal */
export const noqueue: Kind<UnknownAttributes> = kind('noqueue', nothing)
