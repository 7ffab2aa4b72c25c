/** What both kinds of namespace handle have in common. */

import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { type NativeDescriptor, native } from '../native.js'
import { invalidType } from '../netlink/check.js'
import { closedError, NetlinkError, systemError } from '../netlink/error.js'
import type { Home } from '../netlink/transport.js'
import type { Identity } from './manage.js'

const AsyncFunction = (async () => undefined).constructor

/** Called before a thread enters another namespace for the first time. */
let beforeLeaving: (() => void) | undefined

/** @internal */
export function onLeaving(prepare: () => void): void {
  beforeLeaving = prepare
}

/** A network namespace held open by a file descriptor. */
export abstract class Handle implements Home {
  /** The name it was made or opened by; undefined for one without, or one that was found in another way. */
  readonly name: string | undefined
  /** The path it was made or opened by. */
  readonly path: string | undefined
  /** Its inode number: two handles with the same are handles of the same namespace. */
  readonly inode: number
  readonly #temporary: boolean
  readonly #descriptor: NativeDescriptor
  #socket: NativeDescriptor | undefined
  #closing: AbortController | undefined

  /** @internal */
  constructor(identity: Identity) {
    this.name = identity.name
    this.path = identity.path
    this.inode = identity.inode
    this.#temporary = identity.temporary
    this.#descriptor = identity.descriptor
    this.#socket = identity.socket
  }

  /**
   * The file descriptor that holds it. It belongs to the handle: open another with `netns.open({ fd })` to keep one longer.
   *
   * @throws Error ERR_NSLINK_CLOSED after `close()`
   */
  get fd(): number {
    if (this.closed) throw this.#closedError()
    return this.#descriptor.fd
  }

  /** How errors name it. @internal */
  get label(): string {
    return this.name ?? this.path ?? `net:[${this.inode}]`
  }

  /** @internal */
  get home(): Home {
    return this
  }

  /** Whether `close()` has been called. */
  get closed(): boolean {
    return this.#descriptor.fd < 0
  }

  /** For what waits without a request on its way: aborted by `close()`. Most handles never need one. @internal */
  get closing(): AbortSignal {
    if (this.closed) return AbortSignal.abort(this.#closedError())
    if (this.#closing === undefined) {
      this.#closing = new AbortController()
      // However many wait.
      setMaxListeners(0, this.#closing.signal)
    }
    return this.#closing.signal
  }

  /** Whether the name goes when the handle is disposed of. @internal */
  protected get temporary(): boolean {
    return this.#temporary && !this.closed
  }

  /**
   * Calls `fn` with this thread inside the namespace, and returns what it returns: sockets it makes, files it opens under
   * /proc/sys/net and processes it starts are those of the namespace. It has to be synchronous, since whatever else runs on this
   * thread would be in there, too. Work that Node does later, or on other threads (`net.connect`, `fs.promises`, `dns`), is
   * not inside; use `spawn` or `worker` for that. Netlink calls do not need it: `ns.link` and the others are always of their own namespace.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE when `fn` is an async function or returns a promise
   */
  run<T>(fn: () => T): T {
    if (typeof fn !== 'function' || fn instanceof AsyncFunction) throw invalidType('fn', 'a synchronous function', fn)
    beforeLeaving?.()
    beforeLeaving = undefined
    let result: T
    try {
      result = native.runInside(this.fd, fn)
    } catch (error) {
      throw isOurs(error) ? systemError(error, `entering namespace ${this.label}`, undefined, enterMeans) : error
    }
    if (isPromise(result)) {
      // It has begun in here and will go on outside: better said at once than found out later.
      result.then(undefined, () => undefined)
      throw invalidType('fn', 'a function that does not return a promise', result)
    }
    return result
  }

  /**
   * Starts a program inside the namespace, as `child_process.spawn` does: `ip netns exec`. Only the network is another: /sys and
   * /etc stay those of the caller (`ip netns exec` remounts them).
   */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    // This module and that of workers take longer to load than most of nslink does: whoever uses them waits for them.
    const { spawn } = process.getBuiltinModule('node:child_process')
    return this.run(() => spawn(command, args, options))
  }

  /**
   * Starts a worker thread inside the namespace, as `new Worker` does. In it `net`, `dgram`, `child_process` and nslink's top-level groups
   * are those of the namespace, as is synchronous `fs` on /proc/thread-self/net and /proc/sys/net. Not inside, because Node does
   * them on threads all workers share: asynchronous `fs`, and name look-ups by `dns.lookup`.
   */
  worker(url: string | URL, options: WorkerOptions = {}): Worker {
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    // A thread starts in the namespace of the thread that starts it.
    return this.run(() => new Worker(url, options))
  }

  /** The socket that came with a new namespace. @internal */
  takeSocket(): NativeDescriptor | undefined {
    const socket = this.#socket
    this.#socket = undefined
    return socket
  }

  /** Closes what it holds. @internal */
  protected release(): void {
    this.#descriptor.close()
    this.takeSocket()?.close()
    this.#closing?.abort(this.#closedError())
  }

  #closedError(): Error {
    return closedError(`the handle of namespace ${this.label}`)
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const enterMeans = {
  EPERM: 'it takes the capability CAP_SYS_ADMIN in the user namespace that owns the network namespace',
}

/** An error of the addon's own, rather than one that `fn` threw: one of ours that came from a call inside it is a sentence already. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof NetlinkError) && 'syscall' in error && error.syscall === 'setns'
