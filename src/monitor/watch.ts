/** `ns.watch`: a table of objects that is kept true. */

import { EventEmitter } from 'node:events'
import { invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { closedError } from '../netlink/error.js'
import type { Home } from '../netlink/transport.js'
import type { MonitorOptions, ObjectEvent } from './events.js'
import { families, type MonitorObjects } from './families.js'
import { Monitor } from './monitor.js'
import type { Runner } from './stream.js'

/** What to watch, and how. */
export interface WatchOptions<T> extends MonitorOptions {
  /** Which objects belong to the table; all of them when nothing is said. An object that no longer passes leaves the table. */
  where?: ((value: T) => boolean) | undefined
}

/** A change of a watched table: an object has come, is another than before, or has gone. */
export type WatchChange<T> =
  | { type: 'new'; key: string; value: T; before?: undefined }
  | { type: 'change'; key: string; value: T; before: T }
  | { type: 'del'; key: string; value?: undefined; before: T }

/** The events of a {@link Watch}. */
export interface WatchEvents<T> {
  /** The table has changed, and is as the change says. What is there at first is not told of. */
  change: [change: WatchChange<T>]
  /** It has ended: by `close()`, by the signal, with the namespace handle, or after an error. */
  close: []
  /** It could not be kept true any longer. */
  error: [error: unknown]
}

const knownOptions = new Set(['where', 'signal', 'receiveBuffer'])

/**
 * The objects of one type as they are now, kept true by a monitor. It is a map that can only be read; its keys tell objects apart and
 * mean nothing else.
 *
 * A pending change keeps the process alive, unless `unref` has been called. `close()`, the signal and closing the namespace handle end
 * it; the table stays as it was then.
 */
export class Watch<T> extends EventEmitter<WatchEvents<T>> implements ReadonlyMap<string, T> {
  /** Resolves to this once the table has everything; rejects when it ends before. */
  readonly ready: Promise<this>
  readonly #objects = new Map<string, T>()
  readonly #monitor: Monitor<ObjectEvent>
  readonly #where: (value: T) => boolean
  #full = false

  /** @internal */
  constructor(home: Home, runner: Runner, object: keyof MonitorObjects, options: WatchOptions<T> = {}) {
    super()
    oneOf('object', object, Object.keys(families))
    onlyKnown('watch', options, knownOptions)
    const { where = () => true, ...rest } = options
    if (typeof where !== 'function') throw invalidType('where', 'a function', where)
    this.#where = where
    let full: (self: this) => void = () => undefined
    let failed: (reason: unknown) => void = () => undefined
    this.ready = new Promise<this>((resolve, reject) => {
      full = resolve
      failed = reject
    })
    // Nobody has to look at it.
    this.ready.catch(() => undefined)
    this.#monitor = new Monitor<ObjectEvent>(home, runner, { [object]: true, existing: true }, rest, () => {
      this.#full = true
      full(this)
    })
    void this.#keep(object, [rest.signal, home.closing]).then(failed)
  }

  /** How many objects there are. */
  get size(): number {
    return this.#objects.size
  }

  /** The object under a key. */
  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** Whether there is an object under a key. */
  has(key: string): boolean {
    return this.#objects.has(key)
  }

  /** All keys. */
  keys(): MapIterator<string> {
    return this.#objects.keys()
  }

  /** All objects. */
  values(): MapIterator<T> {
    return this.#objects.values()
  }

  /** All keys with their objects. */
  entries(): MapIterator<[string, T]> {
    return this.#objects.entries()
  }

  /** As `entries()`. */
  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.#objects.entries()
  }

  /** Calls a function with each object. */
  forEach(callback: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.#objects) callback(value, key, this)
  }

  /** Ends it. Closing twice is no error. */
  close(): void {
    this.#monitor.close()
  }

  /** For `using`: `close()`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** Has the process stay alive, as it does unless `unref` has been called. */
  ref(): this {
    this.#monitor.ref()
    return this
  }

  /** Lets the process end. */
  unref(): this {
    this.#monitor.unref()
    return this
  }

  /** Follows the monitor to its end; returns why there is nothing more to come. */
  async #keep(object: keyof MonitorObjects, signals: readonly (AbortSignal | undefined)[]): Promise<unknown> {
    let reason: unknown = closedError('the watch')
    try {
      for await (const event of this.#monitor) {
        const value = (event as unknown as Record<typeof object, T>)[object]
        const change = event.type === 'new' ? this.#set(event.key, value) : this.#delete(event.key)
        if (change !== undefined && this.#full) this.#tell(change)
      }
    } catch (error) {
      reason = error
      // To have been told to end is no error.
      if (!signals.some((signal) => signal?.aborted)) this.emit('error', error)
    }
    this.emit('close')
    return reason
  }

  #set(key: string, value: T): WatchChange<T> | undefined {
    if (!this.#where(value)) return this.#delete(key)
    const before = this.#objects.get(key)
    this.#objects.set(key, value)
    return before === undefined ? { type: 'new', key, value } : { type: 'change', key, value, before }
  }

  #delete(key: string): WatchChange<T> | undefined {
    const before = this.#objects.get(key)
    if (before === undefined) return undefined
    this.#objects.delete(key)
    return { type: 'del', key, before }
  }

  /** What a listener throws is its own affair: it ends up where errors of listeners do, and the table goes on being kept. */
  #tell(change: WatchChange<T>): void {
    try {
      this.emit('change', change)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
