import type { ProgramPeer } from '../bench.js'
import { built, compiled, needing, printed } from '../build.js'

const LIBRARY = 'libnl-route-3.0'
const program = built('peers/libnl')

/** C with objects and caches. It makes no namespaces, so that setting up a pod is beyond it. */
export const peer: ProgramPeer = {
  name: 'libnl (C)',
  works: ['W1', 'W3', 'W4r', 'W4l'],
  command: [program],
  prepare: () =>
    needing('gcc, pkg-config, libnl-route-3-dev', () => {
      const version = printed(['pkg-config', '--modversion', LIBRARY])
      const flags = printed(['pkg-config', '--cflags', '--libs', LIBRARY]).split(' ')
      compiled('peers/libnl', ...flags)
      return `libnl ${version} by cc ${printed(['cc', '-dumpversion'])}`
    }),
}
