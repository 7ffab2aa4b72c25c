/** Real packets from inside a namespace: a worker thread that lives there, and does what it is told. */

import type { Worker } from 'node:worker_threads'
import type { Netns } from 'nslink'
import type { Order, Result, Service, Tasks } from './inside.js'

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

export class Traffic {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #id = 0

  constructor(ns: Netns) {
    this.#worker = ns.worker(new URL('./inside.js', import.meta.url))
    this.#worker.on('message', (result: Result) => {
      const waiting = this.#waiting.get(result.id)
      this.#waiting.delete(result.id)
      if ('error' in result) waiting?.reject(result.error)
      else waiting?.resolve(result.value)
    })
  }

  /** Serves a TCP port: greets whoever comes by the address it sees, tells its own as well, sends everything back, or counts the bytes it gets. */
  listen(port: number, service: Service = 'greet'): Promise<void> {
    return this.#order('listen', port, service)
  }

  /** What a TCP connection comes to: the greeting, or the code of the error. */
  connect(host: string, port: number, milliseconds = 2000): Promise<string> {
    return this.#order('connect', host, port, milliseconds)
  }

  /** Requests and responses of one byte a second, from a server that echoes. */
  requests(host: string, port: number, milliseconds: number): Promise<number> {
    return this.#order('requests', host, port, milliseconds)
  }

  /** Bits a second, to a server that swallows. */
  stream(host: string, port: number, milliseconds: number): Promise<number> {
    return this.#order('stream', host, port, milliseconds)
  }

  /** Sends datagrams. */
  send(host: string, port: number, text: string, count = 1): Promise<void> {
    return this.#order('send', host, port, text, count)
  }

  /** Listens to a UDP port from now on. */
  hear(port: number): Promise<void> {
    return this.#order('hear', port)
  }

  /** The datagrams that have come there since this was asked last. */
  heard(port: number): Promise<Uint8Array[]> {
    return this.#order('heard', port)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #order<K extends keyof Tasks>(task: K, ...args: Parameters<Tasks[K]>): Promise<Awaited<ReturnType<Tasks[K]>>> {
    const id = this.#id++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#worker.postMessage({ id, task, args } as Order)
    })
  }
}
