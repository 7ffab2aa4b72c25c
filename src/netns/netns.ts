/** Namespace handles: `Netns`, whose operations are promises, and `DirectNetns`, whose operations return their results. */

import { type BatchResults, type Plan, type Planned, unwrap } from '../batch.js'
import { type DirectGroups, type PromisedGroups, planned, withDirectGroups, withPromisedGroups } from '../groups.js'
import { onlyKnown } from '../netlink/check.js'
import type { Operation } from '../netlink/operation.js'
import { DirectTransport, PromiseTransport } from '../netlink/transport.js'
import { type DelOptions, deletion } from '../rtnetlink.js'
import { Handle } from './handle.js'
import { type Identity, knownDel, remove } from './manage.js'

// The groups are declared by interfaces and defined on the prototypes below, from one list.
export interface Netns extends PromisedGroups {}
export interface DirectNetns extends DirectGroups {}

/**
 * A network namespace. Its groups (`link`, `addr`, `route`, …) work in it wherever they are called from.
 *
 * Closing a handle does not delete the namespace. `await using` closes it, and deletes the name of one made with `{ temporary: true }`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every member of the interface is given to the prototype below.
export class Netns extends Handle {
  /** @internal */
  readonly transport: PromiseTransport = new PromiseTransport(this)

  /**
   * Runs several operations together, in the order they are given, in as few system calls as there can be.
   *
   * ```ts
   * await ns.batch((b) => [b.link.set('eth0', { up: true }), b.addr.add({ dev: 'eth0', address: '10.0.0.1/24' })])
   * ```
   *
   * @returns what each of them returned
   * @throws BatchError when some failed; the others are done all the same
   */
  async batch<const P extends Planned>(plan: Plan<P>): Promise<BatchResults<P>> {
    return unwrap<P>(await this.transport.runAll(plan(planned(this))))
  }

  /** Closes the handle. Operations that wait to be sent are rejected; those under way end first. Closing twice is no error. */
  close(): void {
    this.transport.close()
    this.release()
  }

  /**
   * Deletes the name, if it has one, and closes the handle.
   *
   * @throws NetlinkError ENOENT when the name is gone already
   */
  async del(options: DelOptions = {}): Promise<void> {
    try {
      await this.transport.run(unname(this, options))
    } finally {
      this.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.temporary) await this.del({ missingOk: true })
    else this.close()
  }
}

/** The same, with operations that return their results. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every member of the interface is given to the prototype below.
export class DirectNetns extends Handle {
  /** @internal */
  readonly transport: DirectTransport = new DirectTransport(this)

  /** As `Netns.batch`. */
  batch<const P extends Planned>(plan: Plan<P>): BatchResults<P> {
    return unwrap<P>(this.transport.runAll(plan(planned(this))))
  }

  /** Closes the handle. Closing twice is no error. */
  close(): void {
    this.transport.close()
    this.release()
  }

  /** As `Netns.del`. */
  del(options: DelOptions = {}): void {
    try {
      this.transport.run(unname(this, options))
    } finally {
      this.close()
    }
  }

  [Symbol.dispose](): void {
    if (this.temporary) this.del({ missingOk: true })
    else this.close()
  }
}

withPromisedGroups(Netns.prototype)
withDirectGroups(DirectNetns.prototype)

function* unname({ name, path, closed }: Handle, options: DelOptions): Operation<void> {
  onlyKnown('del', options, knownDel)
  if (name === undefined || path === undefined || closed) return
  yield* deletion(remove(path, `netns.del ${name}`), options, 'ENOENT')
}

/** @internal */
export const openNetns = (identity: Identity): Netns => new Netns(identity)
/** @internal */
export const openDirectNetns = (identity: Identity): DirectNetns => new DirectNetns(identity)
