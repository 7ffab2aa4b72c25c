/** How the peers that are programs get built. */

import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the bench as it is in the repository, by its path in here. */
export const source = (name: string): string => fileURLToPath(new URL(`../../bench/${name}`, import.meta.url))

/** Where a program of the bench is built. */
export const built = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** What a command prints. */
export const printed = (command: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  const [program = '', ...args] = command
  return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...env } }).trim()
}

/** Builds `NAME.c`, and gives the path of what it has become. */
export function compiled(name: string, ...flags: readonly string[]): string {
  const program = built(name)
  printed(['cc', '-O2', '-Wall', '-Wextra', '-o', program, source(`${name}.c`), ...flags])
  return program
}

// Where Debian puts the sources of Go packages.
const goEnv = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(tmpdir(), 'nslink-bench-go') }

/** Builds a program of Go, `NAME.go`; gives its path. */
export function compiledGo(name: string): string {
  const program = built(name)
  printed(['go', 'build', '-o', program, source(`${name}.go`)], goEnv)
  return program
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
