import { createRequire } from 'node:module'
import type { NodePeer } from '../bench.js'
import { compiled, needing } from '../build.js'
import { start } from '../starts/start.js'

const headers = (): string =>
  (createRequire(import.meta.url)('node-api-headers') as { include_dir: string }).include_dir

/** What a process costs that loads an addon, whatever it is for. */
export const peer: NodePeer = {
  name: 'an empty addon',
  prepare: () =>
    needing('gcc', () => {
      compiled('starts/empty', '-shared', '-fPIC', `-I${headers()}`)
      return `Node ${process.version}`
    }),
  works: { start: start('empty') },
}
