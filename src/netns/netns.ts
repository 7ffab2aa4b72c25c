/** Namespace handles: `Netns`, whose operations are promises, and `DirectNetns`, whose operations return their results. */

import { type BatchResults, type Plan, type Planned, unwrap } from '../batch.js'
import { type DirectGroups, type PromisedGroups, planned, withDirectGroups, withPromisedGroups } from '../groups.js'
import type { EventOf, MonitorOptions, MonitorSelection } from '../monitor/events.js'
import type { MonitorObjects } from '../monitor/families.js'
import { Monitor } from '../monitor/monitor.js'
import { Watch, type WatchOptions } from '../monitor/watch.js'
import { onlyKnown } from '../netlink/check.js'
import { closedError } from '../netlink/error.js'
import type { Direct, Operation, Promised } from '../netlink/operation.js'
import { DirectTransport, PromiseTransport } from '../netlink/transport.js'
import { type DelOptions, deletion } from '../rtnetlink.js'
import { Handle } from './handle.js'
import { type Identity, knownDel, type NetnsOperations, remove } from './manage.js'

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

  /**
   * What happens in the namespace, as it happens: `ip monitor`.
   *
   * ```ts
   * for await (const event of ns.monitor({ link: true, route: true, existing: true }, { signal })) {
   *   if (event.object === 'route') console.log(event.type, event.route.dst)
   * }
   * ```
   *
   * Whoever applies every event (`'new'`: the object under this key is now so; `'del'`: there is none any more) always comes to have
   * what the kernel has, also after events were lost: then the difference is told, marked `resync`.
   *
   * @throws the reason of `signal` when that is aborted
   */
  monitor<const S extends MonitorSelection>(selection: S, options: MonitorOptions = {}): Monitor<EventOf<S>> {
    return new Monitor(this, this.transport, selection, options)
  }

  /**
   * A table of objects that is kept true, for programs that see to it that something stays as it is:
   *
   * ```ts
   * const routes = ns.watch('route', { where: ({ protocol }) => protocol === 'bgp' })
   * routes.on('change', ({ type, before }) => {
   *   if (type === 'del') ns.route.add(before).catch(report)
   * })
   * await routes.ready
   * ```
   *
   * @throws the reason of `signal` when that is aborted
   */
  watch<O extends keyof MonitorObjects>(
    object: O,
    options: WatchOptions<MonitorObjects[O]> = {},
  ): Watch<MonitorObjects[O]> {
    return new Watch<MonitorObjects[O]>(this, this.transport, object, options)
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

  /** For `await using`: `close()`, and for a namespace made with `{ temporary: true }` `del()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.temporary) await this.del({ missingOk: true })
    else this.close()
  }
}

/**
 * A network namespace. Its groups (`link`, `addr`, `route`, …) work in it wherever they are called from, and return results.
 *
 * Closing a handle does not delete the namespace. `using` closes it, and deletes the name of one made with `{ temporary: true }`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every member of the interface is given to the prototype below.
export class DirectNetns extends Handle {
  /** @internal */
  readonly transport: DirectTransport = new DirectTransport(this)

  /**
   * Runs several operations together, in the order they are given, in as few system calls as there can be.
   *
   * @returns what each of them returned
   * @throws BatchError when some failed; the others are done all the same
   */
  batch<const P extends Planned>(plan: Plan<P>): BatchResults<P> {
    return unwrap<P>(this.transport.runAll(plan(planned(this))))
  }

  /** Closes the handle. Closing twice is no error. */
  close(): void {
    this.transport.close()
    this.release()
  }

  /**
   * Deletes the name, if it has one, and closes the handle.
   *
   * @throws NetlinkError ENOENT when the name is gone already
   */
  del(options: DelOptions = {}): void {
    try {
      this.transport.run(unname(this, options))
    } finally {
      this.close()
    }
  }

  /** For `using`: `close()`, and for a namespace made with `{ temporary: true }` `del()`. */
  [Symbol.dispose](): void {
    if (this.temporary) this.del({ missingOk: true })
    else this.close()
  }
}

withPromisedGroups(Netns.prototype)
withDirectGroups(DirectNetns.prototype)

function* unname({ name, path, closed, label }: Handle, options: DelOptions): Operation<void> {
  onlyKnown('del', options, knownDel)
  if (closed) throw closedError(`the handle of namespace ${label}`)
  if (name === undefined || path === undefined) return
  yield* deletion(remove(path, `netns.del ${name}`), options, 'ENOENT')
}

/** Making and finding network namespaces: `ip netns`. */
export interface NetnsGroup extends Promised<NetnsOperations<Netns>> {}
/** Making and finding network namespaces: `ip netns`. */
export interface DirectNetnsGroup extends Direct<NetnsOperations<DirectNetns>> {}

/** @internal */
export const openNetns = (identity: Identity): Netns => new Netns(identity)
/** @internal */
export const openDirectNetns = (identity: Identity): DirectNetns => new DirectNetns(identity)
