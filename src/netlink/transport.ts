/** How operations are run: with the caller waiting, or as promises. */

import { performance } from 'node:perf_hooks'
import type { NativeDescriptor } from '../native.js'
import { Channel, type Exchange, type Frame } from './channel.js'
import { closedError } from './error.js'
import { Listed, type Listing } from './listing.js'
import { type Call, isCall, type Operation } from './operation.js'
import { NETLINK_ROUTE } from './protocol.js'
import { Awaited, Batched, exchangesOf, isList, type Needed, type Task } from './task.js'
import { contention, nextTurn, overdue, timed } from './turn.js'

/** When so many are waiting, the kernel can begin with them: what else is asked for in this tick comes after them. */
const PLENTY = 1024
/** More requests than this at once take long enough to be worth a thread. */
const MANY = 128

/** One namespace, as seen by the protocol. @internal */
export interface Home {
  /** Its file descriptor, or -1 for the namespace of the calling thread. */
  readonly fd: number
  /** How errors name it. */
  readonly label: string | undefined
  /** Aborted when the handle is closed; undefined for what cannot be closed. */
  readonly closing?: AbortSignal
  /** A socket that is open there already, for whoever asks first. */
  takeSocket?(): NativeDescriptor | undefined
}

/** A socket that is opened when it is first needed. */
abstract class Transport {
  readonly #home: Home
  readonly #channels = new Map<number, Channel>()
  protected closed = false

  constructor(home: Home) {
    this.#home = home
  }

  /** Throws when it is closed. */
  protected open(): void {
    if (!this.closed) return
    throw closedError(this.#home.label === undefined ? 'the handle' : `namespace handle ${this.#home.label}`)
  }

  /** The channel for an exchange: one for each protocol. */
  protected channelFor({ request }: Exchange): Channel {
    this.open()
    const protocol = request.schema.protocol ?? NETLINK_ROUTE
    let channel = this.#channels.get(protocol)
    if (channel?.broken) {
      channel.close()
      channel = undefined
    }
    if (channel === undefined) {
      const opened = protocol === NETLINK_ROUTE ? this.#home.takeSocket?.() : undefined
      channel = new Channel(this.#home.fd, this.#home.label, protocol, opened)
      this.#channels.set(protocol, channel)
    }
    return channel
  }

  /** A list on its way, on a socket of its own: between two parts of it the caller may ask for anything else. */
  protected listed<T>(listing: Listing<T>): Listed<T> {
    this.open()
    const protocol = listing.requests[0]?.schema.protocol
    return new Listed(new Channel(this.#home.fd, this.#home.label, protocol), listing)
  }

  close(): void {
    this.closed = true
    for (const channel of this.#channels.values()) channel.close()
    this.#channels.clear()
  }
}

/** Runs operations in the calling thread. @internal */
export class DirectTransport extends Transport {
  run<T>(operation: Operation<T>): T {
    for (let step = operation.next(); ; ) {
      if (step.done) return step.value
      const { value } = step
      if (isCall(value)) {
        let result: unknown
        try {
          result = value.sync()
        } catch (error) {
          step = operation.throw(error)
          continue
        }
        step = operation.next(result)
      } else {
        const exchanges = exchangesOf(value)
        this.#exchange(exchanges)
        step = operation.next(isList(value) ? exchanges : exchanges[0])
      }
    }
  }

  *each<T>(listing: Listing<T>): Generator<T, void, undefined> {
    const list = this.listed(listing)
    try {
      for (let piece = list.piece(); piece !== undefined; piece = list.piece()) {
        yield* piece
        this.open()
      }
    } finally {
      list.close()
    }
  }

  /** Runs operations side by side: what they need at the same time goes out together. Settles as Promise.allSettled does. */
  runAll(operations: readonly Operation<unknown>[]): PromiseSettledResult<unknown>[] {
    const results: PromiseSettledResult<unknown>[] = []
    let waiting: Task[] = []
    const go = (task: Task, next: Needed): void => {
      while (next !== undefined && 'sync' in next) {
        if (next.inOrder) exchange()
        next = performed(task, next)
      }
      if (next !== undefined) waiting.push(task)
    }
    const exchange = (): void => {
      const tasks = waiting
      waiting = []
      this.#exchange(tasks.length === 1 ? (tasks[0] as Task).exchanges : tasks.flatMap((task) => task.exchanges))
      for (const task of tasks) go(task, task.resume())
    }
    operations.forEach((operation, index) => {
      const task = new Batched(operation, results, index)
      go(task, task.next(undefined))
      // Of a batch of many thousands only those are under way that go out together.
      if (waiting.length >= MANY) exchange()
    })
    while (waiting.length > 0) exchange()
    return results
  }

  #exchange(exchanges: readonly Exchange[]): void {
    try {
      for (let from = 0; from < exchanges.length; ) {
        const channel = this.channelFor(exchanges[from] as Exchange)
        const { frame, next } = channel.frame(exchanges, from)
        from = next
        if (frame.open) channel.exchange(frame)
        while (frame.open) channel.more(frame)
      }
    } catch (error) {
      fail(exchanges, error)
    }
  }
}

function performed(task: Task, call: Call<unknown>): Needed {
  let value: unknown
  try {
    value = call.sync()
  } catch (error) {
    return task.throw(error)
  }
  return task.next(value)
}

/** There is no socket to be had, or it has been closed: whoever has no answer yet gets none. */
function fail(exchanges: readonly Exchange[], error: unknown): void {
  for (const exchange of exchanges) if (!exchange.ended) exchange.error ??= error
}

/**
 * Runs operations as promises.
 *
 * What is asked for in one tick goes out in one sendmsg, in the order it was asked for. The sendmsg is made right here while the
 * kernel answers in microseconds, since a hop to another thread costs more than the answer; on a thread of its own for what
 * is known to take long, and while something else is seen to hold the kernel up. @internal
 */
export class PromiseTransport extends Transport {
  #queue: Task[] = []
  #state: 'idle' | 'due' | 'serving' = 'idle'

  run<T>(operation: Operation<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const task = new Awaited(operation, resolve as (value: unknown) => void, reject)
      this.#go(task, task.next(undefined))
    })
  }

  async *each<T>(listing: Listing<T>): AsyncGenerator<T, void, undefined> {
    const list = this.listed(listing)
    try {
      for (let piece = list.piece(); piece !== undefined; piece = list.piece()) {
        yield* piece
        if (overdue()) await nextTurn()
        this.open()
      }
    } finally {
      list.close()
    }
  }

  /** Runs operations side by side. Settles as Promise.allSettled does. */
  runAll(operations: readonly Operation<unknown>[]): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled(operations.map((operation) => this.run(operation)))
  }

  #go(task: Task, next: Needed): void {
    if (next === undefined) return
    task.call = 'sync' in next ? next : undefined
    if (task.alone) this.#queue.unshift(task)
    else if (task.call === undefined || task.call.inOrder) this.#queue.push(task)
    else {
      void this.#call(task)
      return
    }
    if (this.#state === 'idle') {
      this.#state = 'due'
      queueMicrotask(() => {
        if (this.#state === 'due') void this.#serve()
      })
    } else if (this.#state === 'due' && this.#queue.length === PLENTY) {
      void this.#serve()
    }
  }

  async #serve(): Promise<void> {
    this.#state = 'serving'
    while (this.#queue.length > 0) {
      if (overdue()) await nextTurn()
      // Up to the next call that has its turn among the requests, or just that; of what goes on alone, each step by itself.
      const [first] = this.#queue as [Task]
      const turn = first.alone ? 1 : this.#queue.findIndex((task) => task.call !== undefined)
      if (first.call !== undefined) {
        await this.#call(this.#queue.shift() as Task)
        continue
      }
      const tasks = turn < 0 ? this.#queue : this.#queue.slice(0, turn)
      this.#queue = turn < 0 ? [] : this.#queue.slice(turn)
      await this.#exchangeAll(tasks)
    }
    this.#state = 'idle'
  }

  async #call(task: Task): Promise<void> {
    let next: Needed
    try {
      const call = task.call as Call<unknown>
      task.alone ||= call.alone === true
      next = task.next(call.brief && contention.needed === 0 ? timed(call.sync) : await call.async())
    } catch (error) {
      next = task.throw(error)
    }
    this.#go(task, next)
  }

  async #exchangeAll(tasks: readonly Task[]): Promise<void> {
    const exchanges: Exchange[] = []
    const owners: Task[] = []
    for (const task of tasks) {
      for (const exchange of task.exchanges) {
        exchanges.push(exchange)
        owners.push(task)
      }
    }
    const settle = (from: number, to: number): void => {
      for (let index = from; index < to; index++) {
        const task = owners[index] as Task
        if (--task.open === 0) this.#go(task, task.resume())
      }
    }
    // While one frame is with the kernel, on another thread, the next is written.
    let underWay: Promise<void> | undefined
    for (let from = 0; from < exchanges.length; ) {
      const start = from
      try {
        const channel = this.channelFor(exchanges[from] as Exchange)
        const { frame, next } = channel.frame(exchanges, from)
        if (underWay !== undefined) {
          channel.keep(frame)
          await underWay
          if (channel.broken) {
            // It was written for a socket that answers have been lost on.
            channel.discard(frame)
            continue
          }
        }
        from = next
        const done = (): void => settle(start, next)
        underWay = this.#exchange(channel, frame).then(done, (error) => {
          fail(frame.exchanges, error)
          done()
        })
        // What names mean has to be known before they are written.
        if (frame.renames) await underWay
      } catch (error) {
        await underWay
        fail(exchanges, error)
        settle(from, exchanges.length)
        return
      }
    }
    await underWay
  }

  async #exchange(channel: Channel, frame: Frame): Promise<void> {
    if (!frame.open) return
    const started = performance.now()
    const many = (frame.batch?.messages.length ?? frame.exchanges.length) > MANY
    const slow = frame.exchanges.some(({ request }) => request.slow)
    if (many || slow || contention.needed > 0) {
      await channel.exchangeOnThread(frame)
    } else {
      channel.exchange(frame)
    }
    const now = performance.now()
    const quickByNature = !(many || slow || frame.exchanges.some(({ request }) => request.dump || request.unsteady))
    if (quickByNature) contention.note(now, now - started)
    while (frame.open) {
      if (overdue()) {
        channel.keep(frame)
        await nextTurn()
      }
      channel.more(frame)
    }
  }
}
