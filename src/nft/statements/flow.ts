/** `flow add`: the connection goes into a flowtable. */

import { text } from '../../netlink/attributes.js'
import { invalidType } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { nftName } from '../wire.js'

const NFTA_FLOW_TABLE_NAME = 1

const flowExpression = expression('flow_offload', { flowtable: text(NFTA_FLOW_TABLE_NAME, 255) })

/** The packets of the connection go from device to device from now on, without passing the hooks. */
export interface Flow {
  /** Which statement it is. */
  kind: 'flow'
  /** The flowtable: `'@fast'`. */
  flowtable: `@${string}`
}

statementKind<Flow>({
  kind: 'flow',
  families: ['ip', 'ip6', 'inet'],
  hooks: ['forward'],
  options: ['flowtable'],
  write({ flowtable }, program) {
    if (typeof flowtable !== 'string' || !flowtable.startsWith('@')) {
      throw invalidType('flowtable', "the name of a flowtable, such as '@fast'", flowtable)
    }
    program.step()
    program.emit(flowExpression, { flowtable: nftName('flowtable', flowtable.slice(1)) })
  },
})

reads('flow_offload', ({ flowtable }, decoder) => decoder.say({ kind: 'flow', flowtable: `@${flowtable}` }))

/** Puts the connection into a flowtable, at the hook `forward`: `flow add @fast` (Linux 4.16). */
export const flow = (flowtable: Flow['flowtable']): Flow => ({ kind: 'flow', flowtable })
