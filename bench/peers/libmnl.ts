import type { ProgramPeer } from '../bench.js'
import { built, compiled, needing, printed } from '../build.js'

const program = built('peers/libmnl')

/** C with nothing in between but libmnl: what the kernel allows. */
export const peer: ProgramPeer = {
  name: 'libmnl (C)',
  works: [
    ...['W1', 'W3', 'W3b', 'W4r', 'W4l', 'W5', 'W7'],
    ...['link.get', 'link.set', 'route.add', 'route.get', 'namespaces'],
  ],
  command: [program],
  prepare: () =>
    needing('gcc, pkg-config, libmnl-dev', () => {
      const version = printed(['pkg-config', '--modversion', 'libmnl'])
      compiled('peers/libmnl', '-lmnl')
      return `libmnl ${version} by cc ${printed(['cc', '-dumpversion'])}`
    }),
}
