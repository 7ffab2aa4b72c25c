import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ProgramPeer } from '../bench.js'

const source = fileURLToPath(new URL('../../../bench/peers/libmnl.c', import.meta.url))
const program = fileURLToPath(new URL('libmnl', import.meta.url))

const printed = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' }).trim()

/** C with nothing in between but libmnl: what the kernel allows. */
export const peer: ProgramPeer = {
  name: 'libmnl (C)',
  works: ['W1', 'W3', 'W3b', 'W4r', 'W4l', 'W5'],
  program,
  prepare() {
    try {
      const version = printed('pkg-config', '--modversion', 'libmnl')
      printed('cc', '-O2', '-Wall', '-Wextra', '-o', program, source, '-lmnl')
      return `libmnl ${version} by cc ${printed('cc', '-dumpversion')}`
    } catch (error) {
      const [first] = (error as Error).message.split('\n').slice(-1)
      throw new Error(`it takes cc, pkg-config and libmnl (Debian: gcc, pkg-config, libmnl-dev): ${first}`)
    }
  },
}
