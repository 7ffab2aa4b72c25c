/** Where an example happens: namespaces that are gone afterwards, whatever happens, and steps and facts that are told. */

import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Netns, netns } from 'nslink'
import { netns as direct } from 'nslink/sync'
import { Failure } from './failure.js'
import { Host } from './host.js'
import { ended } from './program.js'
import type { Report } from './report.js'
import { called, variable } from './written.js'

/** How an example is to be run. */
export interface Choices {
  /** Steps to leave out. */
  without: readonly string[]
  /** Whether to build by the commands that are shown, instead of nslink. */
  commands: boolean
}

/** What a claim comes to when it is not one text: a pattern, or anything else that tells by a text whether it is so, and says what would be. */
export interface Expected {
  test(seen: string): boolean
  toString(): string
}

export class Lab {
  /** The namespaces, by the names they have in the example. */
  readonly hosts = new Map<string, Host>()
  readonly #prefix: string
  readonly #report: Report
  readonly #choices: Choices
  readonly #names: string[] = []
  readonly #adopted: Host[] = []
  readonly #children: ChildProcess[] = []
  readonly #folders: string[] = []
  readonly #steps = new Set<string>()
  readonly #said = new Set<string>()
  /** The calls of the step that is being done. */
  #calls: string[] | undefined
  /** The namespace made last: it may be under way. */
  #making: Promise<unknown> = Promise.resolve()
  #closed = false
  #fail: (error: unknown) => void = () => undefined
  /** Rejected when something in the background fails. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject
  })

  constructor(name: string, report: Report, choices: Choices) {
    this.#prefix = `nslink-${name}-${process.pid}`
    this.#report = report
    this.#choices = choices
  }

  /** The full name of a namespace of the lab, as `ip netns` shows it. Whoever makes one of that name, the lab deletes it. */
  claim(short: string): string {
    if (this.#closed) throw new Failure('The lab is closed.')
    const name = `${this.#prefix}-${short}`
    this.#names.push(name)
    return name
  }

  /**
   * Makes a namespace: `ip netns add`. It is as a machine that was just started: lo is up, and nothing is passed on. `by` is the one that whoever
   * makes it is in.
   */
  async host(short: string, by?: Host): Promise<Host> {
    const full = this.claim(short)
    by?.ns.run(() => direct.create(full).close())
    const making = by === undefined ? netns.create(full) : netns.open(full)
    this.#making = making
    const ns = await making
    const call = `const ${variable(short)} = await netns.create('${short}')`
    this.#report({ type: 'host', name: short, call, command: `${by?.name ?? ''}# ip netns add ${short}` })
    const host = new Host(this, short, ns)
    this.hosts.set(short, host)
    await ns.link.set('lo', { up: true })
    // What the machine's own settings may have handed on. IPv6 is off, so that every packet which is counted is one of the example's.
    await ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
    await ns.sysctl.set('net.ipv4.ip_forward', 0)
    for (const which of ['all', 'default']) await ns.sysctl.set(`net.ipv4.conf.${which}.rp_filter`, 0)
    return host
  }

  /** Makes namespaces of the lab's from others than those `host` makes. */
  readonly netns: typeof netns = this.shown('netns', netns)

  /** A namespace that was made or found in another way. */
  adopt(name: string, ns: Netns): Host {
    const host = new Host(this, name, ns)
    this.#adopted.push(host)
    return host
  }

  /**
   * One thing that is built, and why. The commands are what would do the same, each after the name of the host it is given on and a `#`:
   * `'host1# ip link set eth0 up'`.
   */
  async step(id: string, why: string, commands: readonly string[], build: () => Promise<unknown>): Promise<void> {
    const skipped = this.#choices.without.includes(id)
    if (this.#steps.has(id)) throw new Failure(`There are two steps "${id}".`)
    this.#steps.add(id)
    this.#report({ type: 'step', number: this.#steps.size, step: id, why, skipped })
    if (skipped) return
    const calls: string[] = []
    try {
      if (this.#choices.commands && commands.length > 0) for (const command of commands) await this.#obey(command)
      else {
        this.#calls = calls
        await build()
      }
    } finally {
      this.#calls = undefined
      this.#report({ type: 'built', step: id, calls, commands: [...commands] })
    }
  }

  /** What is claimed, and what is seen. An example ends with the first claim that is false. */
  async expect(claim: string, expected: Expected | string, look: () => unknown): Promise<void> {
    const wanted = typeof expected === 'string' ? expected : String(expected)
    this.#report({ type: 'expected', claim, expected: wanted })
    const seen = String(await look())
    const holds = typeof expected === 'string' ? seen === expected : expected.test(seen)
    this.#report({ type: 'fact', claim, expected: wanted, seen, holds })
    if (!holds) throw new Failure(`It is not so: ${claim}: ${wanted}. It was seen: ${seen}.`)
  }

  /** The same of what takes its time, because others do it: it is looked at again and again, for 15 seconds at most. */
  becomes(claim: string, expected: Expected | string, look: () => unknown): Promise<void> {
    const holds = (seen: string): boolean => (typeof expected === 'string' ? seen === expected : expected.test(seen))
    return this.expect(claim, expected, async () => {
      for (const end = performance.now() + 15_000; ; await sleep(50)) {
        const seen = String(await look())
        if (holds(seen) || performance.now() > end) return seen
      }
    })
  }

  /** Something to know. */
  note(text: string): void {
    this.#report({ type: 'note', text })
  }

  /** A picture of what was measured, as SVG. */
  chart(chart: string): void {
    this.#report({ type: 'chart', chart })
  }

  /** Something to know, said the first time. */
  once(text: string): void {
    if (!this.#said.has(text)) this.note(`(${text})`)
    this.#said.add(text)
  }

  /** A process that ends with the lab. */
  child(child: ChildProcess): ChildProcess {
    this.#children.push(child)
    return child
  }

  /** A folder for files, which goes with the lab. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), `${this.#prefix}-`))
    this.#folders.push(folder)
    return folder
  }

  /** Something that goes on beside the story until the lab is closed. If it fails before, so does the story. */
  background(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!this.#closed) this.#fail(error)
    })
  }

  /** A group of nslink's whose calls are shown when a step makes them. */
  shown<G extends object>(name: string, group: G): G {
    return new Proxy(group, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          this.#calls?.push(called(`${name}.${String(key)}`, args))
          return member.apply(target, args)
        }
      },
    })
  }

  /** Runs a command as it is shown. */
  async #obey(line: string): Promise<void> {
    const [, on = '', shown = ''] = /^(\S*)# (.*)$/.exec(line) ?? []
    const host = this.hosts.get(on)
    if (host === undefined) throw new Failure(`There is no host to run this on: ${line}`)
    // The namespaces go by longer names outside the example.
    const command = shown.replace(/(?<=\bnetns |\bexec |-n )\S+/g, (name) => this.hosts.get(name)?.ns.name ?? name)
    const { status, text } = await ended(host.spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] }))
    if (status !== 0) throw new Failure(`This failed: ${line}\n${text}`)
  }

  /** The steps there were. */
  get steps(): ReadonlySet<string> {
    return this.#steps
  }

  /** Ends what runs and, unless the namespaces are to stay, deletes them. */
  async close(keep = false): Promise<void> {
    this.#closed = true
    for (const child of this.#children) child.kill('SIGKILL')
    await this.#making.catch(() => undefined)
    if (!keep) for (const name of this.#names) direct.del(name, { missingOk: true })
    if (!keep) for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
    await Promise.all([...this.hosts.values(), ...this.#adopted].map((host) => host.close()))
  }
}
