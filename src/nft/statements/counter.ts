/** `counter`: packets and bytes that came this far. */

import { integer } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { be64 } from '../wire.js'

const NFTA_COUNTER_BYTES = 1
const NFTA_COUNTER_PACKETS = 2

const counterExpression = expression('counter', {
  bytes: be64(NFTA_COUNTER_BYTES),
  packets: be64(NFTA_COUNTER_PACKETS),
})

/** Packets that came this far are counted. */
export interface Counter {
  /** Which statement it is. */
  kind: 'counter'
  /** How many there were, or how many it begins with. */
  packets: number
  /** How many bytes they had. */
  bytes: number
}

statementKind<Counter>({
  kind: 'counter',
  stateful: true,
  options: ['packets', 'bytes'],
  write({ packets = 0, bytes = 0 }, program) {
    integer('packets', packets, 0, Number.MAX_SAFE_INTEGER)
    integer('bytes', bytes, 0, Number.MAX_SAFE_INTEGER)
    program.step()
    program.emit(counterExpression, { packets: packets || undefined, bytes: bytes || undefined })
  },
})

reads('counter', ({ packets, bytes }, decoder) => decoder.say({ kind: 'counter', packets, bytes }))

/** Counts packets and bytes: `counter`. It may begin with other numbers than 0. */
export const counter = ({ packets = 0, bytes = 0 }: { packets?: number; bytes?: number } = {}): Counter => ({
  kind: 'counter',
  packets,
  bytes,
})
