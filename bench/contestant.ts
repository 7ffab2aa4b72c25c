import type { Netns } from 'nslink/sync'
import type { Job, NodePeer, ProgramPeer, Work } from './bench.js'
import { node, Program } from './program.js'

/** A peer, and the module it comes from. */
export interface Entrant {
  peer: NodePeer | ProgramPeer
  file: string
}

/** Whether a peer does a work. */
export const does = ({ peer: { works } }: Entrant, id: string): boolean =>
  Array.isArray(works) ? works.includes(id) : id in works

/** A peer at a work: a process in the work's namespace that does a round whenever it is its turn. */
export class Contestant {
  readonly peer: NodePeer | ProgramPeer
  readonly job: Job
  /** What operations took, in nanoseconds. */
  readonly samples: number[] = []
  /** Why it is out of the race. */
  failure: string | undefined
  readonly #program: Program

  constructor(ns: Netns, { peer, file }: Entrant, work: Pick<Work, 'id' | 'count'>, prefix: string) {
    this.peer = peer
    this.job = { count: Math.min(work.count, peer.most ?? work.count), prefix }
    const command = 'command' in peer ? peer.command : node('child.js', file)
    this.#program = new Program(ns, [...command, work.id, String(this.job.count), prefix])
  }

  /** The most memory the process has had at a time, in bytes; known when it has ended. */
  get memory(): number {
    return this.#program.memory
  }

  /** One round: what each operation took, in nanoseconds. */
  async turn(): Promise<number[]> {
    this.#program.go()
    return (await this.#program.line()).split(' ').map(Number)
  }

  /** Lets it end, and waits until it has. */
  end(): Promise<void> {
    return this.#program.end()
  }

  /** Ends it at once, with whatever it has started. */
  kill(): void {
    this.#program.kill()
  }
}
