import type { ProgramPeer } from '../bench.js'
import { needing, printed, source } from '../build.js'

const PACKAGE = 'python3-pyroute2'
/** Debian's own, which has Debian's packages; another may be in PATH. */
export const PYTHON = '/usr/bin/python3'

/** Python's. */
export const peer: ProgramPeer = {
  name: 'pyroute2 (Python)',
  works: ['W1', 'W3', 'W4r', 'W4l', 'W5', 'W8'],
  // Each operation takes a good part of a millisecond, and some of them a second.
  most: 500,
  command: [PYTHON, source('peers/pyroute2-works.py')],
  prepare: () =>
    needing(`python3, ${PACKAGE}`, () => {
      const version = printed(['dpkg-query', '--show', PACKAGE]).split('\t')[1]
      return `pyroute2 ${version} by ${printed([PYTHON, '--version'])}`
    }),
}
