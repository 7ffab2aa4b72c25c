import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProgramPeer } from '../bench.js'
import { built, needing, printed, source } from '../build.js'

const PACKAGE = 'golang-github-vishvananda-netlink-dev'
const program = built('vishvananda')

/** What most of the container world uses, in Go. */
export const peer: ProgramPeer = {
  name: 'vishvananda (Go)',
  works: ['W1', 'W3', 'W4r', 'W4l', 'W5', 'W7', 'W8'],
  command: [program],
  prepare: () =>
    needing(`golang-go, ${PACKAGE}`, () => {
      // Where Debian puts the sources of Go packages.
      const env = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(tmpdir(), 'nslink-bench-go') }
      printed(['go', 'build', '-o', program, source('vishvananda.go')], env)
      const version = printed(['dpkg-query', '--show', PACKAGE]).split('\t')[1]
      return `vishvananda/netlink ${version} by ${printed(['go', 'env', 'GOVERSION'], env)}`
    }),
}
