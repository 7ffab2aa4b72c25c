import { netns } from 'nslink/sync'
import type { Finding, Study } from '../bench.js'
import { amount, memory, time } from '../figures.js'
import { each } from '../lists.js'
import { node, Program } from '../program.js'
import { destination, GATEWAY, gateway } from '../works/routes.js'

const COUNT = 100_000
const HEAVY = 1_000_000
/** As many are made at once. */
const TOGETHER = 50_000

/** The ways there are to read all routes; `programs/dump.ts` has them. */
const WAYS = ['nslink/sync, list', 'nslink, list', 'nslink/sync, each', 'nslink, each'] as const
export type DumpWay = (typeof WAYS)[number]

export const study: Study = {
  id: 'dump',
  title: 'all routes read, and what memory it takes',
  note: `${amount(HEAVY)} routes with \`--all\`, or when it is asked for by name, and ${amount(COUNT)} otherwise. \`peak\` is by how much the process grew at most.`,
  columns: { routes: amount, time, peak: memory },
  async run({ whole, progress }) {
    const findings: Finding[] = []
    const count = whole ? HEAVY : COUNT
    const ns = netns.create()
    try {
      progress.show(`dump: making ${amount(count)} routes`)
      gateway(ns)
      for (let from = 0; from < count; from += TOGETHER) {
        ns.batch(({ route }) =>
          each(TOGETHER, (index) => route.add({ dst: destination(from + index), via: GATEWAY, dev: 'eth0' })),
        )
      }
      for (const way of WAYS) {
        progress.show(`dump: ${way}`)
        const program = new Program(ns, node('programs/dump.js', way))
        const [routes, time, peak] = (await program.line()).split(' ').map(Number) as [number, number, number]
        findings.push({ name: way, figures: { routes, time, peak } })
        await program.end()
      }
    } finally {
      ns.close()
    }
    return findings
  },
}
