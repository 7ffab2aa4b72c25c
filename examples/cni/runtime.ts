/** What runs containers, as far as it calls plugins: kubelet's part. */

import { execute, type Start } from './delegate.js'
import type { Attachment, Config, Result } from './protocol.js'

/** A list of plugins, as a file in /etc/cni/net.d has it. */
export interface NetworkList {
  cniVersion: string
  name: string
  plugins: ({ type: string; capabilities?: Record<string, boolean> } & Record<string, unknown>)[]
}

/** A container on its way into a network. */
export interface Container extends Attachment {
  /** The path of its namespace. */
  netns: string
  /** What some plugins are to know of it, by capability: `{ bandwidth: { … } }`. */
  capabilities?: Record<string, unknown>
}

/** A plugin that was called: the variables and the configuration it got, and what it said. */
export type Log = (type: string, env: Record<string, string>, config: Config, result: Result) => void

export class Runtime {
  readonly #network: NetworkList
  readonly #path: string
  readonly #start: Start
  readonly #log: Log
  /** What came of each ADD. A real one keeps it in files. */
  readonly #results = new Map<string, Result>()

  /** Plugins are found in the folders of `path`, and started where `start` starts them. */
  constructor(network: NetworkList, path: string, start: Start, log: Log = () => undefined) {
    this.#network = network
    this.#path = path
    this.#start = start
    this.#log = log
  }

  /** Each plugin gets the result of the one before. */
  async add(container: Container): Promise<Result> {
    let result: Result | undefined
    for (const plugin of this.#network.plugins) result = await this.#call('ADD', plugin, container, result)
    if (result === undefined) throw new Error('a network without plugins')
    this.#results.set(keyOf(container), result)
    return result
  }

  /** The last plugin first. */
  async del(container: Container): Promise<void> {
    const result = this.#results.get(keyOf(container))
    for (const plugin of [...this.#network.plugins].reverse()) await this.#call('DEL', plugin, container, result)
    this.#results.delete(keyOf(container))
  }

  async check(container: Container): Promise<void> {
    const result = this.#results.get(keyOf(container))
    for (const plugin of this.#network.plugins) await this.#call('CHECK', plugin, container, result)
  }

  async status(): Promise<void> {
    for (const plugin of this.#network.plugins) await this.#call('STATUS', plugin)
  }

  /** Clears away what is left of all containers but these. */
  async gc(valid: readonly Attachment[]): Promise<void> {
    const attachments = valid.map(({ containerID, ifname }) => ({ containerID, ifname }))
    for (const plugin of this.#network.plugins) {
      await this.#call('GC', { ...plugin, 'cni.dev/valid-attachments': attachments })
    }
  }

  async #call(command: string, plugin: NetworkList['plugins'][number], container?: Container, prevResult?: Result) {
    const { capabilities = {}, ...own } = plugin
    const { cniVersion, name } = this.#network
    const runtimeConfig = Object.entries(container?.capabilities ?? {}).filter(
      ([capability]) => capabilities[capability],
    )
    const config: Config = {
      ...own,
      cniVersion,
      name,
      ...(runtimeConfig.length > 0 && { runtimeConfig: Object.fromEntries(runtimeConfig) }),
      ...(prevResult !== undefined && { prevResult }),
    }
    const env: Record<string, string> = {
      CNI_COMMAND: command,
      CNI_PATH: this.#path,
      ...(container && {
        CNI_CONTAINERID: container.containerID,
        CNI_NETNS: container.netns,
        CNI_IFNAME: container.ifname,
      }),
    }
    const result = await execute(this.#start, plugin.type, env, config)
    this.#log(plugin.type, env, config, result)
    return result
  }
}

const keyOf = ({ containerID, ifname }: Attachment): string => `${containerID} ${ifname}`
