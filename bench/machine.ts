/** What the figures were measured on. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg, release, totalmem } from 'node:os'

const require = createRequire(import.meta.url)

/** The version of an npm package. */
export const packageVersion = (name: string): string => (require(`${name}/package.json`) as { version: string }).version

export interface Machine {
  cpu: string
  cpus: number
  /** In bytes. */
  memory: number
  kernel: string
  node: string
  /** Of all users and works together, when the run began: processes that wanted to run in the minute before. */
  load: number
  /** Whether it is root of the machine, or of a user namespace only (where receive buffers are smaller). */
  user: 'root' | 'root of a user namespace'
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memory: totalmem(),
  kernel: release(),
  node: process.version,
  load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  user: /^\s*0\s+0\s+4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))
    ? 'root'
    : 'root of a user namespace',
})
