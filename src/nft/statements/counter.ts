/** `counter`: packets and bytes that came this far. */

import { integer } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { be64 } from '../wire.js'
import { type Named, referring } from './objref.js'

const NFTA_COUNTER_BYTES = 1
const NFTA_COUNTER_PACKETS = 2

/** @internal */
export const counterExpression = expression('counter', {
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

/** @internal */
export const counterOptions = ['packets', 'bytes'] as const

/** The attributes of what was given. @internal */
export const counterValues = ({ packets = 0, bytes = 0 }: Partial<Omit<Counter, 'kind'>>) => ({
  packets: integer('packets', packets, 0, Number.MAX_SAFE_INTEGER) || undefined,
  bytes: integer('bytes', bytes, 0, Number.MAX_SAFE_INTEGER) || undefined,
})

/** What was given, by the attributes. @internal */
export const readCounter = (values: Readonly<Record<string, unknown>>): Omit<Counter, 'kind'> => ({
  packets: (values['packets'] as number | undefined) ?? 0,
  bytes: (values['bytes'] as number | undefined) ?? 0,
})

statementKind<Counter>({
  kind: 'counter',
  stateful: true,
  options: counterOptions,
  write(given, program) {
    const values = counterValues(given)
    program.step()
    program.emit(counterExpression, values)
  },
})

reads('counter', (values, decoder) => decoder.say({ kind: 'counter', ...readCounter(values) }))

/** Builders of counters. */
export interface CounterBuilder extends Named {
  /** A counter of the rule's own. It may begin with other numbers than 0. */
  (from?: { packets?: number; bytes?: number }): Counter
}

/** Counts packets and bytes: `counter`; with an object of the table, `counter.named('web')`, `counter name "web"`. */
export const counter: CounterBuilder = Object.assign(
  ({ packets = 0, bytes = 0 }: { packets?: number; bytes?: number } = {}): Counter => ({
    kind: 'counter',
    packets,
    bytes,
  }),
  referring('counter'),
)
