/** The inside of `Traffic`: a worker thread in a namespace, which serves and calls as it is told. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { parentPort } from 'node:worker_threads'

/** What a TCP server does with whoever comes. */
export type Service = 'greet' | 'introduce' | 'echo' | 'swallow'

const services: Readonly<Record<Service, (socket: Socket) => void>> = {
  // A greeting that says whom the server sees: NAT would show here.
  greet: (socket) => socket.end(`hello ${socket.remoteAddress}`),
  // And which of several servers it is.
  introduce: (socket) => socket.end(`hello ${socket.remoteAddress}, this is ${socket.localAddress}`),
  echo: (socket) => socket.setNoDelay().pipe(socket),
  swallow(socket) {
    let bytes = 0
    socket.on('data', (data) => {
      bytes += data.length
    })
    socket.on('end', () => socket.end(String(bytes)))
  },
}

/** What came to the UDP ports that are listened to. */
const heard = new Map<number, Uint8Array[]>()

const tasks = {
  async listen(port: number, service: Service): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy())
      services[service](socket)
    })
    server.listen(port, '0.0.0.0')
    await once(server, 'listening')
  },

  /** What the other side says first, or the code of the error. */
  connect(host: string, port: number, milliseconds: number): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ host, port })
      // The kernel would go on trying for two minutes.
      const timer = setTimeout(() => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), milliseconds)
      socket.setEncoding('utf8')
      socket.once('data', (text) => {
        resolve(String(text))
        socket.end()
      })
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.on('close', () => clearTimeout(timer))
    })
  },

  /** How many requests of one byte an echo answers in a second, one after the other. */
  async requests(host: string, port: number, milliseconds: number): Promise<number> {
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    const start = performance.now()
    let count = 0
    for (; performance.now() - start < milliseconds; count++) {
      socket.write('?')
      await once(socket, 'data')
    }
    const seconds = (performance.now() - start) / 1000
    socket.destroy()
    return count / seconds
  },

  /** How many bits a second reach a server that swallows them. */
  async stream(host: string, port: number, milliseconds: number): Promise<number> {
    const socket = connect({ host, port })
    await once(socket, 'connect')
    const chunk = Buffer.alloc(1 << 18)
    const start = performance.now()
    while (performance.now() - start < milliseconds) if (!socket.write(chunk)) await once(socket, 'drain')
    socket.end()
    const [bytes] = await once(socket, 'data')
    return (Number(String(bytes)) * 8) / ((performance.now() - start) / 1000)
  },

  /** Sends datagrams, and waits until they are sent. */
  async send(host: string, port: number, text: string, count: number): Promise<void> {
    const socket = createSocket('udp4')
    for (let index = 0; index < count; index++) {
      await new Promise((resolve) => socket.send(text, port, host, resolve))
    }
    socket.close()
  },

  async hear(port: number): Promise<void> {
    const datagrams: Uint8Array[] = []
    heard.set(port, datagrams)
    const socket = createSocket('udp4').on('message', (datagram) => datagrams.push(new Uint8Array(datagram)))
    socket.bind(port)
    await once(socket, 'listening')
  },

  /** What has come since it was asked last. */
  heard: (port: number): Uint8Array[] => heard.get(port)?.splice(0) ?? [],
}

export type Tasks = typeof tasks
export type Order = { [K in keyof Tasks]: { id: number; task: K; args: Parameters<Tasks[K]> } }[keyof Tasks]
export type Result = { id: number; value: unknown } | { id: number; error: unknown }

parentPort?.on('message', async ({ id, task, args }: Order) => {
  try {
    const value = await (tasks[task] as (...args: unknown[]) => unknown)(...args)
    parentPort?.postMessage({ id, value } satisfies Result)
  } catch (error) {
    parentPort?.postMessage({ id, error } satisfies Result)
  }
})
