import { execFileSync } from 'node:child_process'
import type { Doing } from '../bench.js'
import { node } from '../program.js'

/** Runs a program of this folder, from the beginning to the end. */
export const start = (name: string) => (): Doing => {
  const [program = '', ...args] = node(`starts/${name}.js`)
  return { one: () => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }) }
}
