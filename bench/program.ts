import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Netns } from 'nslink/sync'

/** How a module of the bench is run as a program of its own. */
export const node = (file: string, ...args: readonly (string | number)[]): string[] => [
  process.execPath,
  fileURLToPath(new URL(file, import.meta.url)),
  ...args.map(String),
]

/** A process in a namespace, that is talked with in lines. */
export class Program {
  static readonly #running = new Set<Program>()
  /** The most memory it has had at a time, in bytes; known when it has ended. */
  memory = 0
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #errors = ''

  /** Ends all there are. */
  static killAll(): void {
    for (const program of Program.#running) program.kill()
  }

  constructor(ns: Netns, [command = '', ...args]: readonly string[]) {
    // A process group of its own, so that whatever it starts can be ended with it.
    this.#child = ns.spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    Program.#running.add(this)
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errors += error.message
      })
      this.#child.on('close', resolve)
    }).then(() => Program.#running.delete(this))
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error('a process was started without pipes')
    // Writing to one that has ended is seen when its answer is waited for.
    stdin.on('error', () => undefined)
    stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text
    })
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  /** Has it go on, by an empty line. */
  go(): void {
    this.#child.stdin?.write('\n')
  }

  /** The next line it writes. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (!done) return value
    await this.#closed
    const { exitCode, signalCode } = this.#child
    throw new Error(`${this.#errors.trim() || 'it said nothing'} (ended with ${signalCode ?? `status ${exitCode}`})`)
  }

  /** Lets it end, and waits until it has. */
  async end(): Promise<void> {
    if (this.#alive) {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      this.memory = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
      this.#child.stdin?.end()
    }
    await this.#closed
  }

  /** Ends it at once, with whatever it has started. */
  kill(): void {
    if (this.#child.pid !== undefined && this.#alive) process.kill(-this.#child.pid, 'SIGKILL')
  }

  get #alive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }
}
