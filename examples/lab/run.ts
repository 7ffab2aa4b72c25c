/** Runs an example from beginning to end, whatever that end is. */

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { features, NetlinkError } from 'nslink'
import { Failure } from './failure.js'
import { type Choices, Lab } from './lab.js'
import { mermaid } from './mermaid.js'
import { installed } from './program.js'
import { chart, json, picture, plain, type Report } from './report.js'
import { type Example, type Need, packages } from './scenario.js'
import { svg } from './svg.js'
import { topology } from './topology.js'

export interface RunOptions extends Choices {
  keep: boolean
  json: boolean
  topology: boolean
  svg: boolean
  chart: boolean
}

/** Exit statuses: something is not as expected; the kernel lacks something. */
const [WRONG, LACKING] = [1, 3]

/** Signals that end an example before it is over. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Thrown when one of them comes. */
class Interrupted extends Error {
  readonly status: number

  constructor(signal: (typeof ENDING)[number]) {
    super(`${signal}: cleaning up.`)
    this.status = 128 + constants.signals[signal]
  }
}

/** Thrown when it cannot be shown here. */
class Lacking extends Failure {}

/** Whether this is the first user namespace. */
const isRoot = / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))

type Program = Extract<Need, `program:${string}`>
const isProgram = (need: Need): need is Program => need.startsWith('program:')

/** Returns the exit status. */
export async function run(example: Example, options: RunOptions): Promise<number> {
  const { name, title, article } = example
  const report = options.json ? json : options.chart ? chart : options.topology || options.svg ? picture : plain
  const lab = new Lab(name, report, options)
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ENDING) process.once(signal, () => reject(new Interrupted(signal)))
  })
  const started = performance.now()
  let status = 0
  let reason: string | undefined
  report({ type: 'example', name, title, article })
  try {
    await Promise.race([play(example, lab, options, report), lab.failed, interrupted])
  } catch (error) {
    status = error instanceof Interrupted ? error.status : error instanceof Lacking ? LACKING : WRONG
    reason = (error as Error).message
    // A mistake in the example itself.
    if (![Failure, Interrupted, NetlinkError].some((known) => error instanceof known)) console.error(error)
  }
  if (options.keep) report({ type: 'note', text: standing(lab) })
  await lab.close(options.keep)
  const seconds = (performance.now() - started) / 1000
  report({ type: 'end', holds: status === 0, seconds, ...(reason !== undefined && { reason }) })
  return status
}

async function play({ needs = [], story }: Example, lab: Lab, options: RunOptions, report: Report): Promise<void> {
  for (const need of needs) {
    const [what, name] = need.split(':')
    if (need === 'root') {
      if (!isRoot) throw new Lacking('It takes root: not of a user namespace of its own, but of the machine.')
    } else if (isProgram(need)) {
      const program = need.slice('program:'.length) as keyof typeof packages
      if (!installed(program)) throw new Lacking(`There is no ${program} here: Debian has it in ${packages[program]}.`)
    } else if (!(await features.has(need))) throw new Lacking(`This kernel has no ${name} (a kind of ${what}).`)
  }
  // In a user namespace of its own everything goes with the process.
  if (options.keep && !isRoot) throw new Lacking('Only root can leave it standing.')
  await story(lab)
  for (const step of options.without) if (!lab.steps.has(step)) throw new Failure(`There is no step "${step}".`)
  if (options.topology || options.svg) {
    if (lab.hosts.size === 0) throw new Failure('There is nothing to draw.')
    const seen = await topology([...lab.hosts].map(([name, { ns }]) => [name, ns]))
    report({ type: 'picture', picture: options.svg ? svg(seen) : mermaid(seen) })
  }
}

/** How to look at what has been left standing. */
function standing({ hosts }: Lab): string {
  const names = [...hosts.values()].map(({ ns }) => ns.name)
  return [
    'It is left standing:',
    ...names.map((name) => `  ip -n ${name} address`),
    `Look around in one of them: ip netns exec ${names[0]} bash`,
    `And then: for ns in ${names.join(' ')}; do ip netns del $ns; done`,
  ].join('\n')
}
