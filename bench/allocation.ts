/** How much operations allocate on JavaScript's heap: every object is noted when it is made. */

import { Session } from 'node:inspector'

/** What an operation allocates, by the mean of many. */
export interface Allocation {
  objects: number
  bytes: number
}

const CALLS = 500
/** The compiler has seen the operation so often that it leaves out what nobody needs. */
const BEFORE = 20_000

export async function allocation(call: () => unknown, calls = CALLS, before = BEFORE): Promise<Allocation> {
  await repeated(before, call)
  const session = new Session()
  session.connect()
  try {
    // A sample for each byte, in the mean: no object is so small that it is passed over.
    session.post('HeapProfiler.startSampling', {
      samplingInterval: 1,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as object)
    await repeated(calls, call)
    let samples: readonly { size: number }[] = []
    session.post('HeapProfiler.stopSampling', (error, { profile }) => {
      if (error !== null) throw error
      samples = (profile as unknown as { samples: { size: number }[] }).samples
    })
    return { objects: samples.length / calls, bytes: samples.reduce((sum, { size }) => sum + size, 0) / calls }
  } finally {
    session.disconnect()
  }
}

async function repeated(times: number, call: () => unknown): Promise<void> {
  for (let count = 0; count < times; count++) {
    const result = call()
    // Waiting for what is there already would be counted with it.
    if (result instanceof Promise) await result
  }
}
