import { setTimeout as sleep } from 'node:timers/promises'
import { type Netns, netns } from 'nslink/sync'
import type { Surroundings, Work } from './bench.js'
import { Contestant, does } from './contestant.js'
import { PREFIX, unname } from './named.js'
import { type WorkReport, workReport } from './report.js'

/** The kernel takes a namespace apart in the background, and whoever is measured meanwhile pays for it. */
export const SETTLING_MS = 500

/** Has all peers that do a work do it, by turns. */
export async function race(work: Work, around: Surroundings): Promise<WorkReport> {
  around.progress.show(`${work.id}: preparing`)
  const ns = netns.create()
  let contestants: Contestant[] = []
  try {
    work.stage(ns)
    const able = around.entrants.filter((entrant) => does(entrant, work.id))
    contestants = able.map((entrant) => new Contestant(ns, entrant, work, PREFIX))
    // Round 0 does not count: processes start in it, and compilers see what there is to compile.
    for (let at = 0; at <= around.rounds; at++) await round(work, ns, contestants, at, around)
    await Promise.all(contestants.map((contestant) => contestant.end()))
    return workReport(work, contestants)
  } finally {
    for (const contestant of contestants) contestant.kill()
    await Promise.all(contestants.map((contestant) => contestant.end()))
    unname()
    ns.close()
    around.progress.clear()
    await sleep(SETTLING_MS)
  }
}

/** A turn of each. */
async function round(
  work: Work,
  ns: Netns,
  contestants: readonly Contestant[],
  at: number,
  { rounds, progress, signal }: Surroundings,
): Promise<void> {
  for (let turn = 0; turn < contestants.length; turn++) {
    // Another one begins each time, so that nobody always comes after the same one.
    const contestant = contestants[(turn + at) % contestants.length] as Contestant
    if (contestant.failure !== undefined) continue
    progress.show(`${work.id}: round ${at} of ${rounds}, ${contestant.peer.name}`)
    try {
      const samples = await contestant.turn()
      work.check?.(ns, contestant.job)
      if (at > 0) contestant.samples.push(...samples)
    } catch (error) {
      contestant.failure = (error as Error).message
    }
    signal.throwIfAborted()
    await work.restore?.(ns, contestant.job)
  }
}
