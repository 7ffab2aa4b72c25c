/** A stream of events: sockets that have joined groups, read when somebody asks for the next event. */

import { performance } from 'node:perf_hooks'
import { type NativePoll, native } from '../native.js'
import { integer, invalidType, onlyKnown } from '../netlink/check.js'
import { Events, type Visit } from '../netlink/events.js'
import type { Operation } from '../netlink/operation.js'
import type { Home } from '../netlink/transport.js'
import type { MonitorOptions } from './events.js'
import { type Message, payloadOf } from './family.js'

/** The receive buffer asked for, in bytes. */
const BUFFER = 16 * 1024 * 1024

const knownOptions = new Set(['signal', 'receiveBuffer'])

/** What runs the requests of a monitor. @internal */
export interface Runner {
  run<T>(operation: Operation<T>): Promise<T>
}

/** A socket that has joined groups. @internal */
export interface Source {
  readonly protocol: number
  readonly events: Events
  poll?: NativePoll | undefined
}

/**
 * The events of a namespace, as an async iterable.
 *
 * It opens its sockets at once: what happens from then on is told, however late the iteration begins. Leaving the loop, `close()`, the
 * signal and closing the namespace handle end it, and nothing is left open.
 */
export abstract class EventStream<E> implements AsyncIterableIterator<E> {
  /** One for each netlink protocol. @internal */
  protected readonly sources: readonly Source[]
  readonly #runner: Runner
  readonly #signals: readonly AbortSignal[]
  #iteration: AsyncGenerator<E, undefined, undefined> | undefined
  #timer: NodeJS.Timeout | undefined
  #held = true
  /** Ends what the iteration is waiting for. */
  #wake: (() => void) | undefined
  #end: { readonly reason?: unknown } | undefined

  /** `groups`: by protocol, the numbers of the groups to join. @internal */
  constructor(
    home: Home,
    runner: Runner,
    groups: ReadonlyMap<number, ReadonlySet<number>>,
    options: MonitorOptions = {},
  ) {
    onlyKnown('monitor', options, knownOptions)
    const { signal, receiveBuffer = BUFFER } = options
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal)
    integer('receiveBuffer', receiveBuffer, 2048, 2 ** 30)
    this.#signals = [signal, home.closing].filter((each) => each !== undefined)
    for (const each of this.#signals) each.throwIfAborted()
    this.#runner = runner
    this.sources = opened(home, groups, receiveBuffer)
    for (const each of this.#signals) each.addEventListener('abort', this.#aborted)
  }

  /** The next event. `for await` calls it. */
  next(): Promise<IteratorResult<E, undefined>> {
    return this.#events.next()
  }

  /** Ends the monitor. `for await` calls it when the loop is left. */
  return(): Promise<IteratorResult<E, undefined>> {
    this.close()
    return this.#events.return(undefined)
  }

  /** For `for await`: the monitor itself, since there is one queue of events. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** For `await using`: `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** Ends the monitor. An iteration that waits for the next event ends as if there were no more. Closing twice is no error. */
  close(): void {
    this.#finish({})
  }

  /** Has the process stay alive while the next event is waited for, as it does unless `unref` has been called. */
  ref(): this {
    this.#held = true
    for (const { poll } of this.sources) poll?.ref()
    this.#timer?.ref()
    return this
  }

  /** Lets the process end while the next event is waited for. */
  unref(): this {
    this.#held = false
    for (const { poll } of this.sources) poll?.unref()
    this.#timer?.unref()
    return this
  }

  /** Tells all events, until it has ended. @internal */
  protected abstract follow(): AsyncGenerator<E, undefined, undefined>

  /** Whether there is nothing more to tell. @internal */
  protected get ended(): boolean {
    return this.#end !== undefined
  }

  get #events(): AsyncGenerator<E, undefined, undefined> {
    this.#iteration ??= this.#run()
    return this.#iteration
  }

  async *#run(): AsyncGenerator<E, undefined, undefined> {
    try {
      yield* this.follow()
    } catch (error) {
      // What was under way when the monitor was ended has failed for that.
      if (this.#end === undefined) throw error
    } finally {
      this.close()
    }
    if (this.#end !== undefined && 'reason' in this.#end) throw this.#end.reason
    return undefined
  }

  readonly #aborted = ({ target }: Event): void => this.#finish({ reason: (target as AbortSignal).reason })

  #finish(end: { readonly reason?: unknown }): void {
    if (this.#end !== undefined) return
    this.#end = end
    for (const each of this.#signals) each.removeEventListener('abort', this.#aborted)
    this.#wake?.()
    for (const source of this.sources) {
      source.poll?.close()
      source.poll = undefined
      source.events.close()
    }
  }

  /** Waits until something has arrived, or until a time by the clock of `performance`. @internal */
  protected async arrival(time = Number.POSITIVE_INFINITY): Promise<void> {
    for (const source of this.sources) source.poll ??= new native.Poll(source.events.fd, () => this.#wake?.())
    const arrived = new Promise<undefined>((resolve) => {
      if (time < Number.POSITIVE_INFINITY) this.#timer = setTimeout(resolve, time - performance.now(), undefined)
      this.#wake = () => resolve(undefined)
    })
    if (this.#held) this.ref()
    else this.unref()
    for (const { poll } of this.sources) poll?.start()
    await arrived
    this.#wake = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { poll } of this.sources) poll?.stop()
  }

  /** What an operation results in, or undefined once the monitor has ended. @internal */
  protected async result<T>(operation: Operation<T>): Promise<T | undefined> {
    const ended = new Promise<undefined>((resolve) => {
      this.#wake = () => resolve(undefined)
    })
    const value = await Promise.race([this.#runner.run(operation), ended])
    this.#wake = undefined
    return this.#end === undefined ? value : undefined
  }
}

/** Keeps messages: what they were read from is used again at once. @internal */
export const collect =
  (messages: Message[]): Visit =>
  (type, from, at, length, flags) => {
    messages.push({ type, flags, payload: payloadOf(from, at, length) })
  }

/** Opens a socket for each protocol; all of them, or none. */
function opened(home: Home, groups: ReadonlyMap<number, ReadonlySet<number>>, buffer: number): Source[] {
  const sources: Source[] = []
  try {
    for (const [protocol, numbers] of groups) {
      sources.push({ protocol, events: new Events(home, numbers, protocol, buffer) })
    }
  } catch (error) {
    for (const { events } of sources) events.close()
    throw error
  }
  return sources
}
