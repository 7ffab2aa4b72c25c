/** etcd and the agents as processes: they are started inside a namespace, and end when they are told to, or with whoever started them. */

import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts a program inside a namespace. */
export type Start = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess

const program = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url))

/** A process that can be ended and started again. */
class Service {
  readonly #start: Start
  readonly #command: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #heard: () => void = () => undefined
  #ready: Promise<void> = Promise.resolve()
  /** What it has printed, a line each. */
  readonly said: string[] = []

  constructor(start: Start, command: string, args: readonly string[]) {
    this.#start = start
    this.#command = command
    this.#args = args
  }

  start(): void {
    const child = this.#start(this.#command, this.#args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    this.#ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
    const first = new Promise<void>((resolve) => {
      this.#heard = resolve
    })
    this.#ready = Promise.race([first, this.#ended.then(() => undefined)])
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      this.said.push(...lines)
      if (lines.length > 0) this.#heard()
    })
  }

  /** Resolves when it says something for the first time, or has ended. */
  ready(): Promise<void> {
    return this.#ready
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal)
    await this.#ended
  }
}

export class EtcdServer extends Service {
  readonly url: string
  readonly #start: Start

  /** At an address of the namespace, with its data in a folder. */
  constructor(start: Start, address: string, folder: string) {
    const [url, peers] = [`http://${address}:2379`, 'http://127.0.0.1:2380']
    const listen = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peers]
    const cluster = ['--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`]
    super(start, 'etcd', ['--data-dir', folder, ...listen, ...cluster])
    this.url = url
    this.#start = start
  }

  /** Puts something into it, as soon as it is there: `etcdctl put`. */
  async put(key: string, value: object): Promise<void> {
    const args = [program('put'), this.url, key, JSON.stringify(value)]
    const child = this.#start(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const status = await new Promise((resolve) => child.once('close', resolve))
    if (status !== 0) throw new Error(`etcd did not take ${key}`)
  }
}

export class Agent extends Service {
  /** It tells the CNI plugin of the node's subnet by a file. */
  constructor(start: Start, etcd: string, file: string, ttl = 30) {
    const args = [program('agent'), '--etcd', etcd, '--iface', 'eth0', '--subnet-file', file, '--ttl', String(ttl)]
    super(start, process.execPath, args)
  }
}
