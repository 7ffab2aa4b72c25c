import { type Netns, netns } from 'nslink/sync'
import type { Finding, Study, Surroundings } from '../bench.js'
import { median, time, times } from '../figures.js'
import { type Busy, loops } from '../loops.js'
import { node, Program } from '../program.js'

/** Some of the works take seconds. */
const MOST_ROUNDS = 3

export const study: Study = {
  id: 'loop',
  title: "the event loop's turn, while the kernel is busy",
  note:
    '`late` is by how much a turn of the event loop came late at most, by `monitorEventLoopDelay`, while the work was done as promises, and `idle` the same while nothing was done: each in the round where it was ' +
    'least, since whoever else uses the machine adds to it. `blocking` is the time the work takes in `nslink/sync`, and `ratio` the time as promises in units of that; both are medians over the rounds.',
  columns: { late: time, idle: time, promises: time, blocking: time, ratio: times },
  async run(around) {
    const findings: Finding[] = []
    for (const [id, busy] of Object.entries(loops)) findings.push(await finding(id, busy, around))
    return findings
  },
}

async function finding(id: string, busy: Busy, { rounds, progress, signal }: Surroundings): Promise<Finding> {
  const ns = netns.create()
  const elsewhere = netns.create()
  const programs: Program[] = []
  const start = (where: Netns, command: readonly string[]): Program => {
    const program = new Program(where, command)
    programs.push(program)
    return program
  }
  try {
    const worker = start(ns, node('programs/loop.js', id, busy.count))
    if (busy.contended) await start(elsewhere, node('programs/hold.js')).line()
    const seen: number[][] = []
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++) {
      progress.show(`loop: round ${round + 1}, ${busy.title}`)
      worker.go()
      seen.push((await worker.line()).split(' ').map(Number))
    }
    const all = (at: number): number[] => seen.map((figures) => figures[at] ?? Number.NaN)
    const [late, idle] = [Math.min(...all(0)), Math.min(...all(1))]
    const [promises, blocking] = [median(all(2)), median(all(3))]
    return { name: busy.title, figures: { late, idle, promises, blocking, ratio: promises / blocking } }
  } catch (error) {
    signal.throwIfAborted()
    return { name: busy.title, figures: {}, remark: (error as Error).message }
  } finally {
    for (const program of programs) program.kill()
    await Promise.all(programs.map((program) => program.end()))
    ns.close()
    elsewhere.close()
  }
}
