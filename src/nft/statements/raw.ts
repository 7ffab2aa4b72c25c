/** Expressions that this version does not know, kept as they are: a rule that has one can be given back to the kernel. */

import { invalidType } from '../../netlink/check.js'
import { statementKind } from '../statement.js'

/** An expression of the kernel: its name, and its attributes by number in hexadecimal. */
export interface RawExpression {
  /** As the kernel calls it: `'xfrm'`. */
  name: string
  /** Its attributes. */
  attributes: Record<number, string>
}

/** Expressions as the kernel has them. */
export interface Raw {
  /** Which statement it is. */
  kind: 'raw'
  /** One after the other. */
  expressions: readonly RawExpression[]
}

const NFTA_DYNSET_TIMEOUT = 6

/** The kernel lists a time of nought where a rule's elements have none of their own, and refuses it in a set that forgets nothing. */
const isIdle = (name: string, attribute: string, value: string): boolean =>
  name === 'dynset' && Number(attribute) === NFTA_DYNSET_TIMEOUT && /^0*$/.test(value)

/** @internal */
export const raw = statementKind<Raw>({
  kind: 'raw',
  stateful: true,
  options: ['expressions'],
  write({ expressions }, program) {
    if (!Array.isArray(expressions)) throw invalidType('expressions', 'an array', expressions)
    program.step()
    for (const { name, attributes } of expressions as readonly RawExpression[]) {
      const sent = Object.entries(attributes).filter(([attribute, value]) => !isIdle(name, attribute, value))
      program.emitRaw(name, Object.fromEntries(sent))
    }
  },
})
