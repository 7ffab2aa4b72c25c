/** What operations take, and whether it depends on how much there is already. */

import { type Netns, netns } from 'nslink/sync'
import type { Finding, Study, Surroundings } from './bench.js'
import { Contestant, does } from './contestant.js'
import { amount, median, time, times } from './figures.js'
import { PREFIX, unname } from './named.js'

export interface Growth {
  readonly id: string
  /** What there are many of. */
  readonly things: string
  readonly sizes: readonly number[]
  /** Operations by the ids of works, and what they are called. */
  readonly operations: Readonly<Record<string, string>>
  /** Makes as many as there are to be, where there were some already. */
  grow(ns: Netns, from: number, to: number): void
  /** Operations in a round. */
  count(size: number): number
}

/** The peers that are compared, in the order of their columns. */
export const PEERS = ['libmnl (C)', 'nslink/sync', 'nslink'] as const
const [C, SYNC, PROMISES] = PEERS

/** The columns of such a study. */
export const columns: Study['columns'] = {
  [C]: time,
  [SYNC]: time,
  [PROMISES]: time,
  ratio: times,
  growth: times,
  'growth (C)': times,
}

export const note =
  '`ratio` is `nslink/sync` in units of libmnl in C. `growth` is what an operation of `nslink/sync` takes in units of what it took where there were fewest, and `growth (C)` ' +
  "the same of libmnl, which is the kernel's own."

/** Measures the operations at every size. */
export async function growth(grown: Growth, around: Surroundings): Promise<Finding[]> {
  const found = new Map<string, Finding[]>()
  const ns = netns.create()
  try {
    let there = 0
    for (const size of grown.sizes) {
      around.progress.show(`${grown.id}: making ${amount(size)} ${grown.things}`)
      grown.grow(ns, there, size)
      there = size
      for (const [id, title] of Object.entries(grown.operations)) {
        around.progress.show(`${grown.id}: ${title}, ${amount(size)} ${grown.things}`)
        const took = await medians(ns, { id, count: grown.count(size) }, around)
        const before = found.get(id) ?? []
        const least = before[0]?.figures ?? took
        found.set(id, before)
        before.push({
          name: `${title}, ${amount(size)} ${grown.things}`,
          place: { operation: title, size },
          figures: {
            ...took,
            ratio: took[SYNC]! / took[C]!,
            growth: took[SYNC]! / least[SYNC]!,
            'growth (C)': took[C]! / least[C]!,
          },
        })
      }
    }
    return [...found.values()].flat()
  } finally {
    unname()
    ns.close()
  }
}

/** What an operation takes, by peer. */
async function medians(
  ns: Netns,
  work: { id: string; count: number },
  { entrants, rounds }: Surroundings,
): Promise<Record<string, number>> {
  const contestants = entrants
    .filter((entrant) => PEERS.some((name) => name === entrant.peer.name) && does(entrant, work.id))
    .map((entrant) => new Contestant(ns, entrant, work, PREFIX))
  try {
    // Round 0 does not count.
    for (let round = 0; round <= rounds; round++) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const contestant = contestants[(turn + round) % contestants.length]!
        const samples = await contestant.turn()
        if (round > 0) contestant.samples.push(...samples)
      }
    }
    return Object.fromEntries(contestants.map(({ peer, samples }) => [peer.name, median(samples)]))
  } finally {
    for (const contestant of contestants) contestant.kill()
    await Promise.all(contestants.map((contestant) => contestant.end()))
  }
}
