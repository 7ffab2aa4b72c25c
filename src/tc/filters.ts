/** The kinds of filter this version knows: the list that names them. Adding one is a file in `filter/` and a line here. */

import { bpf } from './filter/bpf.js'
import { flower } from './filter/flower.js'
import { fw } from './filter/fw.js'
import { matchall } from './filter/matchall.js'
import { u32 } from './filter/u32.js'

// The comments are shown with what filters of a kind are told, and with what a listed filter has of its kind.
/** @internal */
export const filterKinds = {
  /** Packets that a program chooses. */
  bpf,
  /** Packets by what is in their headers, field by field. */
  flower,
  /** Packets by their firewall mark. */
  fw,
  /** Every packet. */
  matchall,
  /** Packets whose bytes at certain places have certain values. */
  u32,
}
