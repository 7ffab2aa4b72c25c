/** How the peers that are programs get built. */

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A file of `peers/` as it is in the repository. */
export const source = (name: string): string => fileURLToPath(new URL(`../../bench/peers/${name}`, import.meta.url))

/** Where a program of `peers/` is built. */
export const built = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url))

/** What a command prints. */
export const printed = (command: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  const [program = '', ...args] = command
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...env } }).trim()
}

/** What `make` gives; when it throws, the error says what to install. */
export function needing<T>(packages: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    const last = (error as Error).message.trim().split('\n').at(-1)
    throw new Error(`it takes the Debian packages ${packages}: ${last}`)
  }
}
