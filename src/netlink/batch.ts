/** Messages that the kernel takes as one: it does all of them, or none. */

import { Exchange, writeMessage } from './channel.js'
import type { Message } from './operation.js'
import { Writer } from './writer.js'

/**
 * They are written one by one, as they are made, and sent together. So there may be a great many of them, and time for other things in between.
 *
 * @internal
 */
export class Batch<M extends Message = Message> {
  /** Memory of its own: it is given back with the batch. */
  readonly writer = new Writer(4096)
  readonly messages: M[] = []
  /** Where each of them begins. */
  readonly starts: number[] = []
  /** Those that the kernel has said something to, by their numbers. */
  readonly answered = new Map<number, Exchange<M>>()

  add(message: M, write: (writer: Writer) => void): void {
    this.starts.push(writeMessage(this.writer, message, 0, write))
    this.messages.push(message)
  }

  /** Takes back all but the first `count` messages. */
  rewind(count: number): void {
    const [start] = this.starts.splice(count)
    this.messages.length = count
    if (start !== undefined) this.writer.rewind(start)
  }

  /** What the kernel says to a message: it says nothing to most. */
  exchange(index: number): Exchange<M> | undefined {
    const message = this.messages[index]
    if (message === undefined) return undefined
    let exchange = this.answered.get(index)
    if (exchange === undefined) {
      exchange = new Exchange(message)
      exchange.start = this.starts[index] as number
      this.answered.set(index, exchange)
    }
    return exchange
  }
}
