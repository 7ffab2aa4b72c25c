/** `notrack`: connection tracking leaves the packet alone. */

import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'

const notrackExpression = expression('notrack', {})

/** Connection tracking leaves the packet alone. */
export interface Notrack {
  /** Which statement it is. */
  kind: 'notrack'
}

statementKind<Notrack>({
  kind: 'notrack',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  options: [],
  write(_statement, program) {
    program.step()
    program.emit(notrackExpression, {})
  },
})

reads('notrack', (_values, decoder) => decoder.say({ kind: 'notrack' }))

/** Connection tracking leaves the packet alone, if it has not seen it yet: `notrack`. */
export const notrack = (): Notrack => ({ kind: 'notrack' })
