/** The statements that decide: `accept`, `drop`, `jump` and their like. */

import { reads } from '../decoder.js'
import { type Data, VERDICT } from '../expression.js'
import { immediate } from '../expressions/immediate.js'
import { statementKind } from '../statement.js'
import {
  type Accept,
  type Continue,
  type Drop,
  type Goto,
  type Jump,
  type Return,
  type Verdict,
  verdictData,
  verdictKinds,
  verdictOf,
} from '../verdicts.js'

for (const kind of verdictKinds) {
  statementKind<Verdict>({
    kind,
    options: (kind === 'jump' || kind === 'goto' ? ['chain'] : []) as never[],
    write(verdict, program) {
      const data = verdictData(verdict, kind)
      program.step()
      program.emit(immediate, { dreg: VERDICT, data: { verdict: data } })
    },
  })
}

reads('immediate', ({ dreg, data }, decoder) => {
  if (dreg !== VERDICT || data === undefined || !('verdict' in (data as Data))) return false
  const verdict = verdictOf((data as { verdict: { code: number; chain?: string } }).verdict)
  return verdict !== undefined && decoder.say(verdict)
})

/** The packet goes on to chains of later priority: `accept`. */
export const accept = (): Accept => ({ kind: 'accept' })
/** The packet is gone: `drop`. */
export const drop = (): Drop => ({ kind: 'drop' })
/** The next rule sees it: `continue`. (The word is taken.) */
export const goOn = (): Continue => ({ kind: 'continue' })
/** It goes back to where this chain was jumped to: `return`. (The word is taken.) */
export const goBack = (): Return => ({ kind: 'return' })
/** Another chain sees it, and then the next rule: `jump`. */
export const jump = (chain: string): Jump => ({ kind: 'jump', chain })
/** Another chain sees it, and no other rule of this one: `goto`. */
export const goto = (chain: string): Goto => ({ kind: 'goto', chain })
