/** Whether an address answers: by the machine's own `ping`, or without it by our own means. */

import type { Host } from './host.js'
import { ended } from './program.js'

export type Answer = 'answered' | 'no answer' | 'network unreachable' | 'host unreachable'

/** For at most two seconds. */
export async function ping(from: Host, address: string): Promise<Answer> {
  const child = from.spawn('ping', ['-n', '-c', '1', '-i', '0.2', '-w', '2', address], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  const { status, text } = await ended(child)
  if (status === null) {
    from.lab.once('There is no ping here (Debian has it in iputils-ping): a refused TCP connection is an answer, too.')
    return knock(from, address)
  }
  if (status === 0) return 'answered'
  if (/Net(work is)? Unreachable/i.test(text)) return 'network unreachable'
  return /Host Unreachable/i.test(text) ? 'host unreachable' : 'no answer'
}

const meanings: Readonly<Record<string, Answer>> = {
  ECONNREFUSED: 'answered',
  ENETUNREACH: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
}

/** Nobody listens at port 1, and whoever is there says so. */
async function knock(from: Host, address: string): Promise<Answer> {
  return meanings[await from.traffic.connect(address, 1)] ?? 'no answer'
}
