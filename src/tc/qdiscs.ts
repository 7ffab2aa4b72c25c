/** The kinds of qdisc this version knows: the list that names them. Adding one is a file in `qdisc/` and a line here. */

import { bfifo } from './qdisc/bfifo.js'
import { clsact } from './qdisc/clsact.js'
import { fq } from './qdisc/fq.js'
import { fq_codel } from './qdisc/fq_codel.js'
import { htb } from './qdisc/htb.js'
import { ingress } from './qdisc/ingress.js'
import { mq } from './qdisc/mq.js'
import { netem } from './qdisc/netem.js'
import { noqueue } from './qdisc/noqueue.js'
import { pfifo } from './qdisc/pfifo.js'
import { pfifo_fast } from './qdisc/pfifo_fast.js'
import { prio } from './qdisc/prio.js'
import { sfq } from './qdisc/sfq.js'
import { tbf } from './qdisc/tbf.js'

// The comments are shown with what qdiscs of a kind are told, and with what a listed qdisc has of its kind.
/** @internal */
export const qdiscKinds = {
  /** A queue of so many bytes. */
  bfifo,
  /** Places for filters on what a device receives, and on what it sends. */
  clsact,
  /** A queue for each connection, and packets sent at the pace of theirs. */
  fq,
  /** A queue for each flow; packets that wait too long are dropped. */
  fq_codel,
  /** Classes that share a rate and borrow from each other. */
  htb,
  /** A place for filters on what a device receives. */
  ingress,
  /** A class for each of the queues that a device has. */
  mq,
  /** A worse network: delay, loss, duplicates, errors, disorder. */
  netem,
  /** No queue: packets leave at once. */
  noqueue,
  /** A queue of so many packets. */
  pfifo,
  /** Three queues, of which one has its turn only when those before it are empty. */
  pfifo_fast,
  /** Bands, of which one has its turn only when those before it are empty. */
  prio,
  /** Queues that are served in turn, one of which each connection has by chance. */
  sfq,
  /** A token bucket: packets leave at no more than a rate. */
  tbf,
}
