import { setTimeout as sleep } from 'node:timers/promises'
import { netns } from 'nslink/sync'
import type { NodePeer, ProgramPeer, Work } from './bench.js'
import { Contestant } from './contestant.js'
import { Progress } from './progress.js'
import { type WorkReport, workReport } from './report.js'

/** Names of namespaces are the machine's: what this run makes is known by the beginning. */
const PREFIX = `nslink-bench-${process.pid}-`

/** The kernel takes a namespace apart in the background, and whoever is measured meanwhile pays for it. */
const SETTLING_MS = 500

/** A peer, and the module it comes from. */
export interface Entrant {
  peer: NodePeer | ProgramPeer
  file: string
}

/** Runs works, one after the other; at each of them the peers take turns. */
export class Race {
  /** What ended it early. */
  stopped: NodeJS.Signals | undefined
  readonly #rounds: number
  readonly #progress = new Progress()
  #contestants: Contestant[] = []

  constructor(rounds: number) {
    this.#rounds = rounds
  }

  /** Ends it at once: what `run` has under way throws, when it has cleaned up. */
  stop(signal: NodeJS.Signals): void {
    this.stopped ??= signal
    for (const contestant of this.#contestants) contestant.kill()
  }

  async run(work: Work, entrants: readonly Entrant[]): Promise<WorkReport> {
    this.#progress.show(`${work.id}: preparing`)
    const ns = netns.create()
    try {
      work.stage(ns)
      const able = entrants.filter(({ peer: { works } }) =>
        Array.isArray(works) ? works.includes(work.id) : work.id in works,
      )
      this.#contestants = able.map(({ peer, file }) => new Contestant(ns, peer, file, work, PREFIX))
      for (let round = 0; round <= this.#rounds; round++) await this.#round(work, ns, round)
      await Promise.all(this.#contestants.map((contestant) => contestant.end()))
      return workReport(work, this.#contestants)
    } finally {
      for (const contestant of this.#contestants) contestant.kill()
      await Promise.all(this.#contestants.map((contestant) => contestant.end()))
      this.#contestants = []
      for (const { name } of netns.list()) if (name.startsWith(PREFIX)) netns.del(name)
      ns.close()
      this.#progress.clear()
      await sleep(SETTLING_MS)
    }
  }

  /** A turn of each. Round 0 does not count: processes start in it, and compilers see what there is to compile. */
  async #round(work: Work, ns: ReturnType<typeof netns.create>, round: number): Promise<void> {
    const { length } = this.#contestants
    for (let turn = 0; turn < length; turn++) {
      // Another one begins each time, so that nobody always comes after the same one.
      const contestant = this.#contestants[(turn + round) % length] as Contestant
      if (contestant.failure !== undefined) continue
      this.#progress.show(`${work.id}: round ${round} of ${this.#rounds}, ${contestant.peer.name}`)
      try {
        const samples = await contestant.turn()
        work.check?.(ns, contestant.job)
        if (round > 0) contestant.samples.push(...samples)
      } catch (error) {
        contestant.failure = (error as Error).message
      }
      if (this.stopped !== undefined) throw new Error(`stopped by ${this.stopped}`)
      await work.restore?.(ns, contestant.job)
    }
  }
}
