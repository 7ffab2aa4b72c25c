/** `bfifo`: a queue of so many bytes, first in, first out. */

import { field, Struct, type StructGiven, type StructValue } from '../../netlink/struct.js'
import { structBody } from '../body.js'
import { type Kind, kind } from '../kind.js'
import { SIZE32 } from '../units.js'

const fields = {
  /** How many bytes may wait; the device's `txqueuelen` times its `mtu` when nothing is said. */
  limit: field('limit', SIZE32),
}

/** What a bfifo is told: `tc qdisc add … bfifo`. */
export interface BfifoOptions extends StructGiven<typeof fields> {}

/** What a bfifo is. */
export interface BfifoInfo extends StructValue<typeof fields> {}

/** @internal */
export const bfifo: Kind<BfifoOptions, BfifoInfo> = kind('bfifo', structBody(new Struct('struct tc_fifo_qopt', fields)))
