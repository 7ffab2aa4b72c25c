import type { ProgramPeer } from '../bench.js'
import { built, compiledGo, needing, printed } from '../build.js'

const PACKAGE = 'golang-github-vishvananda-netlink-dev'
const program = built('peers/vishvananda')

/** What most of the container world uses, in Go. */
export const peer: ProgramPeer = {
  name: 'vishvananda (Go)',
  works: ['W1', 'W3', 'W4r', 'W4l', 'W5', 'W7', 'W8'],
  command: [program],
  prepare: () =>
    needing(`golang-go, ${PACKAGE}`, () => {
      compiledGo('peers/vishvananda')
      const version = printed(['dpkg-query', '--show', PACKAGE]).split('\t')[1]
      return `vishvananda/netlink ${version} by ${printed(['go', 'env', 'GOVERSION'])}`
    }),
}
