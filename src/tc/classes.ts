/** The kinds of class this version knows: the list that names them. Adding one is a line here, and what it is in the file of its qdisc. */

import { htbClass } from './qdisc/htb.js'

// The comments are shown with what classes of a kind are told, and with what a listed class has of its kind.
/** @internal */
export const classKinds = {
  /** A share of a rate, which can borrow from others. */
  htb: htbClass,
}
