/** `mq`: a class for each of the queues that a device has, and in it what every device has by itself. */

import type { UnknownAttributes } from '../../netlink/attributes.js'
import { type Kind, kind, nothing } from '../kind.js'

/** It is told nothing. @internal */
export const mq: Kind<UnknownAttributes> = kind('mq', nothing)
