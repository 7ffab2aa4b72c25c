import type { ProgramPeer } from '../bench.js'
import { built, needing, printed, source } from '../build.js'

const program = built('libmnl')

/** C with nothing in between but libmnl: what the kernel allows. */
export const peer: ProgramPeer = {
  name: 'libmnl (C)',
  works: ['W1', 'W3', 'W3b', 'W4r', 'W4l', 'W5', 'W7'],
  command: [program],
  prepare: () =>
    needing('gcc, pkg-config, libmnl-dev', () => {
      const version = printed(['pkg-config', '--modversion', 'libmnl'])
      printed(['cc', '-O2', '-Wall', '-Wextra', '-o', program, source('libmnl.c'), '-lmnl'])
      return `libmnl ${version} by cc ${printed(['cc', '-dumpversion'])}`
    }),
}
