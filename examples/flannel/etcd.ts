/** What is said to etcd: its version 3 API, as JSON over HTTP. Keys and values are text here. */

import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Entry {
  key: string
  value: string
  /** The number of the lease it goes with, if it does. */
  lease?: string
}

/** How long, in milliseconds, etcd may say nothing when it was asked. */
const PATIENCE = 5000

const coded = (text: string): string => Buffer.from(text).toString('base64')
const decoded = (text = ''): string => Buffer.from(text, 'base64').toString()

/** The key after all those that begin with this one. */
const after = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

interface Kv {
  key: string
  value?: string
  lease?: string
}

export class Etcd {
  readonly #url: string

  /** `http://192.168.3.2:2379` */
  constructor(url: string) {
    this.#url = url
  }

  /** All that begins with a prefix, and the number of the last change there has been. */
  async list(prefix: string): Promise<{ revision: number; entries: Entry[] }> {
    const range = { key: coded(prefix), range_end: coded(after(prefix)) }
    const { header, kvs = [] } = await this.#call<{ header: { revision: string }; kvs?: Kv[] }>('kv/range', range)
    const entries = kvs.map(({ key, value, lease }) => ({
      key: decoded(key),
      value: decoded(value),
      ...(lease !== undefined && { lease }),
    }))
    return { revision: Number(header.revision), entries }
  }

  async put({ key, value, lease = '0' }: Entry): Promise<void> {
    await this.#call('kv/put', { key: coded(key), value: coded(value), lease })
  }

  /** Puts it where there is none. False where there is: of several who try at once, one gets it. */
  async create({ key, value, lease = '0' }: Entry): Promise<boolean> {
    const { succeeded = false } = await this.#call<{ succeeded?: boolean }>('kv/txn', {
      compare: [{ key: coded(key), target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
      success: [{ request_put: { key: coded(key), value: coded(value), lease } }],
    })
    return succeeded
  }

  /** A lease of so many seconds: what goes with it goes when nobody keeps it alive. Returns its number. */
  async grant(seconds: number): Promise<string> {
    return (await this.#call<{ ID: string }>('lease/grant', { TTL: seconds })).ID
  }

  /** False when there is no such lease. */
  async keepAlive(lease: string): Promise<boolean> {
    const { result } = await this.#call<{ result: { TTL?: string } }>('lease/keepalive', { ID: lease })
    return Number(result.TTL ?? 0) > 0
  }

  /** Ends a lease, and all that goes with it. */
  async revoke(lease: string): Promise<void> {
    await this.#call('lease/revoke', { ID: lease })
  }

  /** Resolves each time something changes that begins with a prefix, from a number on. */
  async *watch(prefix: string, revision: number): AsyncGenerator<void> {
    const create_request = { key: coded(prefix), range_end: coded(after(prefix)), start_revision: revision }
    const response = await this.#ask('watch', { create_request })
    let rest = ''
    for await (const part of response) {
      // The first line only says that it watches; after that it may be silent for as long as it likes.
      response.socket.setTimeout(0)
      const lines = `${rest}${part}`.split('\n')
      rest = lines.pop() ?? ''
      if (lines.some((line) => line.includes('"events"'))) yield
    }
  }

  async #call<T = unknown>(what: string, body: object): Promise<T> {
    return JSON.parse(await text(await this.#ask(what, body))) as T
  }

  /** Each request has a connection of its own: one that has been kept may lead to an etcd that has gone. */
  async #ask(what: string, body: object): Promise<IncomingMessage> {
    const asked = request(`${this.#url}/v3/${what}`, { method: 'POST', agent: false })
    const stop = (): void => void asked.destroy(new Error('etcd does not answer'))
    asked.setTimeout(PATIENCE, stop)
    asked.end(JSON.stringify(body))
    // The other one begins with the connection.
    const timer = setTimeout(stop, PATIENCE)
    const [response] = (await once(asked, 'response').finally(() => clearTimeout(timer))) as [IncomingMessage]
    response.setEncoding('utf8')
    if (response.statusCode !== 200) throw new Error(`etcd: ${what}: ${response.statusCode} ${await text(response)}`)
    return response
  }
}
