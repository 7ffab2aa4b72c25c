import { execFileSync } from 'node:child_process'
import type { NodePeer } from '../bench.js'
import { each } from '../lists.js'
import { LIMIT, shaped } from '../works/shapers.js'
import { version } from './ip.js'

export const peer: NodePeer = {
  name: 'tc -batch',
  prepare: version,
  works: {
    W8: ({ count }) => {
      const input = each(count, (index) => `qdisc add dev ${shaped(index)} root ${LIMIT}`).join('\n')
      return { all: () => execFileSync('tc', ['-batch', '-'], { input, stdio: ['pipe', 'ignore', 'inherit'] }) }
    },
  },
}
