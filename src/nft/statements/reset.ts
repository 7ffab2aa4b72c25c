/** `reset`: an option of TCP is taken out of the packet. */

import { invalidValue } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { exthdr } from '../expressions/exthdr.js'
import { extensionNamed, extensionOf } from '../extension.js'
import type { tcpOptions } from '../keys/tcp-option.js'
import { statementKind } from '../statement.js'

/** An option of TCP is overwritten with ones that mean nothing. */
export interface Reset {
  /** Which statement it is. */
  kind: 'reset'
  /** The option, as in `tcp option sack-perm`. */
  option: (typeof tcpOptions)[keyof typeof tcpOptions]['whole']
}

statementKind<Reset>({
  kind: 'reset',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  options: ['option'],
  write({ option }, program) {
    const found = extensionNamed(option)
    if (found?.op !== 'tcp option')
      throw invalidValue('option', option, 'must be an option of TCP, such as "tcp option sack-perm"')
    program.step()
    program.emit(exthdr, { type: found.number, op: found.op })
  },
})

reads('exthdr', ({ dreg, sreg, op, type }, decoder) => {
  const found = extensionOf(op, type)
  if (dreg !== undefined || sreg !== undefined || found === undefined) return false
  return decoder.say({ kind: 'reset', option: found.whole })
})

/** Takes an option of TCP out of the packet: `reset tcp option sack-perm` (Linux 5.18). */
export const reset = (option: Reset['option']): Reset => ({ kind: 'reset', option })
