/** The process of a Node peer: `node child.js FILE WORK COUNT PREFIX`. It speaks as every peer does; see ProgramPeer. */

import { createInterface } from 'node:readline'
import type { Doing, NodePeer } from './bench.js'

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})

const [file = '', id = '', count = '', prefix = ''] = process.argv.slice(2)
const { peer } = (await import(file)) as { peer: NodePeer }
const work = peer.works[id]
if (work === undefined) throw new Error(`${peer.name} does not do ${id}`)
const job = { count: Number(count), prefix }
const doing = await work(job)

for await (const _ of createInterface({ input: process.stdin })) {
  const samples = await round(doing, job.count)
  await doing.after?.()
  process.stdout.write(`${samples.map(Math.round).join(' ')}\n`)
}
// Peers may have sockets open that would keep the process.
process.exit()

async function round(doing: Doing, count: number): Promise<number[]> {
  const samples: number[] = []
  if ('all' in doing) {
    const start = performance.now()
    await doing.all()
    return [((performance.now() - start) * 1e6) / count]
  }
  for (let index = 0; index < count; index++) {
    const start = performance.now()
    const result = doing.one(index)
    // Waiting for what is there already would cost more than some of the operations.
    if (result instanceof Promise) await result
    samples.push((performance.now() - start) * 1e6)
  }
  return samples
}
