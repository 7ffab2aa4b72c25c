import { netns } from 'nslink/sync'
import type { Finding, Study } from '../bench.js'
import { amount, memory } from '../figures.js'
import { node, Program } from '../program.js'

const COUNT = 500
const HEAVY = 2000

export const study: Study = {
  id: 'memory',
  title: 'what a namespace takes that is held open',
  note: 'By the mean of many, after collecting garbage. `buffers` is what JavaScript knows of outside of its heap, `process` all that the process has grown by.',
  columns: { heap: memory, buffers: memory, process: memory, descriptors: amount },
  async run({ whole, progress }) {
    const findings: Finding[] = []
    const ns = netns.create()
    try {
      for (const face of ['nslink', 'nslink/sync']) {
        progress.show(`memory: ${face}`)
        const [program = '', ...args] = node('programs/memory.js', face, whole ? HEAVY : COUNT)
        const child = new Program(ns, [program, '--expose-gc', ...args])
        for (const state of ['opened', 'opened and used']) {
          const [heap, buffers, process, descriptors] = (await child.line()).split(' ').map(Number) as [
            number,
            number,
            number,
            number,
          ]
          findings.push({ name: `${face}, ${state}`, figures: { heap, buffers, process, descriptors } })
        }
        await child.end()
      }
    } finally {
      ns.close()
    }
    return findings
  },
}
