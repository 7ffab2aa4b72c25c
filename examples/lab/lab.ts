/** What the examples stand on: namespaces that are gone afterwards, whatever happens, and plain lines that say what is going on. */

import { constants } from 'node:os'
import { type Netns, netns } from 'nslink'
import { netns as direct } from 'nslink/sync'
import { Probe } from './probe.js'

/** Signals that end an example before it is over. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Thrown when one of them comes. */
class Interrupted extends Error {
  readonly signal: (typeof ENDING)[number]

  constructor(signal: (typeof ENDING)[number]) {
    super(signal)
    this.signal = signal
  }
}

/** A place to experiment in: everything made through it is gone when it is closed. */
export class Lab {
  readonly #prefix: string
  readonly #names: string[] = []
  readonly #probes: Probe[] = []

  constructor(name: string) {
    this.#prefix = `${name}-${process.pid}`
  }

  /** The full name of a namespace of the lab, as `ip netns` shows it. Whoever makes one of that name, the lab deletes it. */
  claim(short: string): string {
    const name = `${this.#prefix}-${short}`
    this.#names.push(name)
    return name
  }

  /** Makes a namespace. */
  netns(short: string): Promise<Netns> {
    return netns.create(this.claim(short))
  }

  /** A worker inside a namespace, for real packets. */
  probe(ns: Netns): Probe {
    const probe = new Probe(ns)
    this.#probes.push(probe)
    return probe
  }

  /** Deletes everything. */
  async close(): Promise<void> {
    for (const name of this.#names) direct.del(name, { missingOk: true })
    await Promise.all(this.#probes.map((probe) => probe.close()))
  }
}

/** Runs an example in a lab of its own, cleans up afterwards, also on Ctrl-C, and sets the exit status. */
export async function inLab(name: string, story: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = new Lab(name)
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new Interrupted(signal)))
  })
  try {
    await Promise.race([story(lab), interrupted])
  } catch (error) {
    if (error instanceof Interrupted) {
      say(`\n${error.signal}: cleaning up.`)
      process.exitCode = 128 + constants.signals[error.signal]
    } else {
      process.exitCode = 1
      console.error(error)
    }
  }
  await lab.close()
  process.exit()
}

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

/** Says what an example has found out, and fails when that is not what it claims. */
export function expect(claim: string, found: string, wanted: RegExp | string): void {
  const right = typeof wanted === 'string' ? found === wanted : wanted.test(found)
  say(`   ${right ? 'seen' : 'WRONG'}: ${claim}: ${found}`)
  if (!right) throw new Error(`${claim}: expected ${wanted}, saw ${found}`)
}
