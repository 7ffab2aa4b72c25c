/** The namespace of the thread nslink was loaded in: the home of the groups exported at the top. */

import { openAt } from '../namespace.js'
import type { NativeDescriptor } from '../native.js'
import type { Home } from '../netlink/transport.js'
import { onLeaving } from './handle.js'

/** @internal */
class Own implements Home {
  #held: NativeDescriptor | undefined
  readonly label = undefined

  /** The thread's own, whichever it is; held by a descriptor once the thread has been elsewhere. */
  get fd(): number {
    return this.#held?.fd ?? -1
  }

  hold(): void {
    this.#held = openAt('/proc/thread-self/ns/net', 'namespace of this thread')
  }
}

/** @internal */
export const own = new Own()

// Inside `run` the thread is in another namespace, and a socket opened there for a group at the top would be of the wrong one.
onLeaving(() => own.hold())
