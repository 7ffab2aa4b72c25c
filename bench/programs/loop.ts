/**
 * `node loop.js WORK COUNT`: what the event loop has of a work. For each line it reads it does a round, and writes in nanoseconds: how long the loop's
 * turn came late at most while the work was done as promises, and while nothing was done for as long; what the work took as promises, and
 * waiting for the kernel.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Busy, loops } from '../loops.js'

/** How often it is looked whether the loop has its turn. */
const RESOLUTION_MS = 1
/** So long that a turn that came late at the very end has been seen. */
const AFTER_MS = 20
const MOST_IDLE_MS = 1000

const [id = '', count = ''] = process.argv.slice(2)
const busy = loops[id] as Busy

/** What something took, and by how much a turn came late meanwhile. */
async function watched(work: () => Promise<unknown>): Promise<{ nanoseconds: number; late: number }> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  await sleep(AFTER_MS)
  delay.reset()
  const start = performance.now()
  await work()
  const nanoseconds = (performance.now() - start) * 1e6
  await sleep(AFTER_MS)
  delay.disable()
  return { nanoseconds, late: Math.max(0, delay.max - RESOLUTION_MS * 1e6) }
}

for await (const _ of createInterface({ input: process.stdin })) {
  const first = busy.prepare(Number(count))
  const promises = await watched(first.promises)
  first.restore?.()
  const idle = await watched(() => sleep(Math.min(promises.nanoseconds / 1e6, MOST_IDLE_MS)))
  const second = busy.prepare(Number(count))
  const start = performance.now()
  second.sync()
  const sync = (performance.now() - start) * 1e6
  second.restore?.()
  process.stdout.write(`${[promises.late, idle.late, promises.nanoseconds, sync].map(Math.round).join(' ')}\n`)
}
process.exit()
