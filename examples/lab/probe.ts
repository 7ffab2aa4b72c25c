/**
 * Real packets from inside a namespace: a worker thread that lives there listens and connects when it is told to.
 */

import { connect, createServer, type Server, type Socket } from 'node:net'
import { isMainThread, parentPort, type Worker } from 'node:worker_threads'
import type { Netns } from 'nslink'

type Order = { id: number; listen: number } | { id: number; host: string; port: number; timeout: number }
type Report = { id: number; said: string }

/** What a TCP connection came to: the greeting of the other side, or the error's code (`ENETUNREACH`, `EHOSTUNREACH`, `ETIMEDOUT`). */
function tryConnect(host: string, port: number, timeout: number): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port })
    // The kernel would go on trying for two minutes.
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeout)
    socket.setEncoding('utf8')
    socket.once('data', (text) => {
      resolve(String(text))
      socket.end()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => clearTimeout(timer))
  })
}

function listen(port: number): Promise<string> {
  return new Promise((resolve) => {
    // A greeting that says whom the server saw: NAT would show here.
    const server: Server = createServer((socket) =>
      socket.on('error', () => socket.destroy()).end(`hello ${socket.remoteAddress}`),
    )
    server.listen({ port, host: '0.0.0.0' }, () => resolve('listening'))
  })
}

if (!isMainThread) {
  parentPort?.on('message', async (order: Order) => {
    const said =
      'listen' in order ? await listen(order.listen) : await tryConnect(order.host, order.port, order.timeout)
    parentPort?.postMessage({ id: order.id, said } satisfies Report)
  })
}

/** The worker, seen from outside. */
export class Probe {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (said: string) => void>()
  #id = 0

  constructor(ns: Netns) {
    this.#worker = ns.worker(new URL(import.meta.url))
    this.#worker.on('message', ({ id, said }: Report) => this.#waiting.get(id)?.(said))
  }

  listen(port: number): Promise<string> {
    return this.#ask({ listen: port })
  }

  /** Connects and says what came of it, after at most `timeout` milliseconds. */
  connect(host: string, port: number, timeout = 2000): Promise<string> {
    return this.#ask({ host, port, timeout })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #ask(order: { listen: number } | { host: string; port: number; timeout: number }): Promise<string> {
    const id = this.#id++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#worker.postMessage({ id, ...order })
    })
  }
}
