/** `pfifo`: a queue of so many packets, first in, first out. */

import { U32 } from '../../netlink/scalar.js'
import { field, Struct, type StructGiven, type StructValue } from '../../netlink/struct.js'
import { structBody } from '../body.js'
import { type Kind, kind } from '../kind.js'

const fields = {
  /** How many packets may wait; the device's `txqueuelen` when nothing is said. */
  limit: field('limit', U32),
}

/** What a pfifo is told: `tc qdisc add … pfifo`. */
export interface PfifoOptions extends StructGiven<typeof fields> {}

/** What a pfifo is. */
export interface PfifoInfo extends StructValue<typeof fields> {}

/** @internal */
export const pfifo: Kind<PfifoOptions, PfifoInfo> = kind('pfifo', structBody(new Struct('struct tc_fifo_qopt', fields)))
