/** The kinds of action this version knows: the list that names them. Adding one is a file in `action/` and a line here. */

import { gact } from './action/gact.js'
import { mirred } from './action/mirred.js'
import { police } from './action/police.js'
import { skbedit } from './action/skbedit.js'

// The comments are shown with what actions of a kind are told.
/** @internal */
export const actionKinds = {
  /** Nothing is done but what becomes of the packet. */
  gact,
  /** The packet goes to another device, or a copy of it does. */
  mirred,
  /** Packets are measured against a rate, and those that exceed it meet with something else. */
  police,
  /** The mark, the priority, the queue or the type of the packet is changed. */
  skbedit,
}
