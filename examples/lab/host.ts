/** A host, a pod, a switch: a network namespace of the lab, with the traffic that can be sent from it. */

import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { inspect } from 'node:util'
import type { Netns } from 'nslink'
import { Failure } from './failure.js'
import type { Lab } from './lab.js'
import { ping } from './ping.js'
import { ended } from './program.js'
import { megabits, type Rate } from './rate.js'
import { Traffic } from './traffic.js'
import { variable } from './written.js'

/**
 * Its groups (`link`, `addr`, …) are those of nslink. The calls a step makes through them are shown; `ns` is the namespace itself, through which
 * the lab makes what is of no interest. A host can stand where nslink wants a namespace.
 */
export class Host {
  readonly name: string
  readonly ns: Netns
  readonly lab: Lab
  readonly link: Netns['link']
  readonly addr: Netns['addr']
  readonly route: Netns['route']
  readonly neigh: Netns['neigh']
  readonly fdb: Netns['fdb']
  readonly sysctl: Netns['sysctl']
  readonly rps: Netns['rps']
  readonly qdisc: Netns['qdisc']
  readonly class: Netns['class']
  readonly filter: Netns['filter']
  readonly nft: Netns['nft']
  readonly conntrack: Netns['conntrack']
  readonly ipvs: Netns['ipvs']
  readonly monitor: Netns['monitor']
  #traffic: Traffic | undefined

  constructor(lab: Lab, name: string, ns: Netns) {
    this.lab = lab
    this.name = name
    this.ns = ns
    const shown = <G extends object>(word: string, group: G): G => lab.shown(`${variable(name)}.${word}`, group)
    this.link = shown('link', ns.link)
    this.addr = shown('addr', ns.addr)
    this.route = shown('route', ns.route)
    this.neigh = shown('neigh', ns.neigh)
    this.fdb = shown('fdb', ns.fdb)
    this.sysctl = shown('sysctl', ns.sysctl)
    this.rps = shown('rps', ns.rps)
    this.qdisc = shown('qdisc', ns.qdisc)
    this.class = shown('class', ns.class)
    this.filter = shown('filter', ns.filter)
    this.nft = shown('nft', ns.nft)
    this.conntrack = shown('conntrack', ns.conntrack)
    this.ipvs = shown('ipvs', ns.ipvs)
    this.monitor = lab.shown(variable(name), { monitor: ns.monitor.bind(ns) as Netns['monitor'] }).monitor
  }

  /** For nslink, which takes whatever has the descriptor of a namespace for one. */
  get fd(): number {
    return this.ns.fd
  }

  /** Servers and clients inside the namespace. */
  get traffic(): Traffic {
    this.#traffic ??= new Traffic(this.ns)
    return this.#traffic
  }

  /** Starts a program inside; it ends with the lab. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = { stdio: 'ignore' }): ChildProcess {
    return this.lab.child(this.ns.spawn(command, args, options))
  }

  /** What a program prints that is run inside, without the line feed at the end. */
  async output(command: string, ...args: string[]): Promise<string> {
    const { status, text } = await ended(this.spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
    if (status !== 0) throw new Failure(`${command} ended with ${status}: ${text}`)
    return text.trim()
  }

  /** A ping of an address comes to this: `'answered'`, `'no answer'`, `'network unreachable'` or `'host unreachable'`. */
  pings(address: string, expected: string): Promise<void> {
    return this.lab.expect(`${this.name} pings ${address}`, expected, () => ping(this, address))
  }

  /**
   * A TCP connection comes to this: what the server says, which is `'hello '` and the address by which it sees the client; or the code of an
   * error (`ENETUNREACH`, `EHOSTUNREACH`, `ETIMEDOUT`).
   */
  calls(address: string, port: number, expected: string): Promise<void> {
    const claim = `${this.name} calls ${address}, port ${port}`
    return this.lab.expect(claim, expected, () => this.traffic.connect(address, port))
  }

  /**
   * A TCP stream of 0.6 seconds, to a server that swallows, comes to about so many megabits a second, or to more than so many. It may take several
   * tries: a machine that is busy with something else sends less.
   */
  streams(address: string, port: number, expected: Rate): Promise<void> {
    return this.lab.expect(`${this.name} sends to ${address}, port ${port}`, expected, async () => {
      for (let left = 6; ; left--) {
        const seen = megabits(await this.traffic.stream(address, port, 600))
        if (expected.test(seen) || left === 0) return seen
      }
    })
  }

  async close(): Promise<void> {
    await this.#traffic?.close()
    this.ns.close()
  }

  /** In the arguments of a call it goes by the name an example has for it. */
  [inspect.custom](): string {
    return variable(this.name)
  }
}
