import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Netns } from 'nslink/sync'
import type { Job, NodePeer, ProgramPeer, Work } from './bench.js'

/** A peer at a work: a process in the work's namespace that does a round whenever it is its turn. */
export class Contestant {
  readonly peer: NodePeer | ProgramPeer
  readonly job: Job
  /** What operations took, in nanoseconds. */
  readonly samples: number[] = []
  /** Why it is out of the race. */
  failure: string | undefined
  /** The most memory the process has had at a time, in bytes. */
  memory = 0
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #errors = ''

  /** `file` is the module of the peer. */
  constructor(ns: Netns, peer: NodePeer | ProgramPeer, file: string, work: Work, prefix: string) {
    this.peer = peer
    this.job = { count: Math.min(work.count, peer.most ?? work.count), prefix }
    const command =
      'command' in peer ? peer.command : [process.execPath, fileURLToPath(new URL('child.js', import.meta.url)), file]
    const [program = '', ...args] = [...command, work.id, String(this.job.count), prefix]
    // A process group of its own, so that whatever it starts can be ended with it.
    this.#child = ns.spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#errors += error.message
      })
      this.#child.on('close', resolve)
    })
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error('a process was started without pipes')
    // Writing to one that has ended is seen when its answer is waited for.
    stdin.on('error', () => undefined)
    stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text
    })
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  /** One round: what each operation took, in nanoseconds. */
  async turn(): Promise<number[]> {
    this.#child.stdin?.write('\n')
    const { done, value } = await this.#lines.next()
    if (!done) return value.split(' ').map(Number)
    await this.#closed
    const { exitCode, signalCode } = this.#child
    throw new Error(`${this.#errors.trim() || 'it said nothing'} (ended with ${signalCode ?? `status ${exitCode}`})`)
  }

  /** Lets it end, and waits until it has. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      this.memory = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
      this.#child.stdin?.end()
    }
    await this.#closed
  }

  /** Ends it at once, with whatever it has started. */
  kill(): void {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    process.kill(-this.#child.pid, 'SIGKILL')
  }
}
