/** `queue`: a program decides what becomes of the packet. */

import { be16 } from '../../netlink/attributes.js'
import { invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { bitNames } from '../../netlink/names.js'
import { toNumber } from '../bytes.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { asValue, type Computed, type Expressed } from '../selector.js'
import { statementKind } from '../statement.js'
import { type NumberRange, parseNumber } from '../type.js'
import { hostInteger } from '../types.js'
import { isComputed, isMap, prepareValue } from '../value.js'
import { readValue } from './reading.js'

const NFTA_QUEUE_NUM = 1
const NFTA_QUEUE_TOTAL = 2
const NFTA_QUEUE_FLAGS = 3
const NFTA_QUEUE_SREG_QNUM = 4

/** What becomes of packets of a queue nobody listens to: they go on (`bypass`); and by what they are shared out: the processor (`fanout`). */
export type QueueFlag = 'bypass' | 'fanout'

const flagBits: Readonly<Record<QueueFlag, number>> = { bypass: 1, fanout: 2 }
const flagNames = bitNames(flagBits)

const queueExpression = expression('queue', {
  num: be16(NFTA_QUEUE_NUM),
  total: be16(NFTA_QUEUE_TOTAL),
  flags: be16(NFTA_QUEUE_FLAGS),
  sreg: register(NFTA_QUEUE_SREG_QNUM),
})

/** A program that listens to a queue of nfnetlink_queue decides what becomes of the packet. */
export interface Queue {
  /** Which statement it is. */
  kind: 'queue'
  /** The number of the queue; a range of them, among which connections are shared out; or what is computed. */
  num: number | NumberRange | Computed
  /** How. */
  flags?: readonly QueueFlag[] | undefined
}

const part = { type: hostInteger, bits: 16, order: 'host' } as const

statementKind<Queue>({
  kind: 'queue',
  families: ['ip', 'ip6', 'inet', 'bridge'],
  options: ['num', 'flags'],
  write({ num, flags }, program) {
    if (flags !== undefined && !Array.isArray(flags)) throw invalidType('flags', 'an array', flags)
    const bits = ((flags ?? []) as readonly unknown[]).reduce<number>(
      (sum, flag, index) => sum | flagBits[oneOf(`flags.${index}`, flag, Object.keys(flagBits) as QueueFlag[])],
      0,
    )
    if (isComputed(num)) {
      if ((bits & flagBits.fanout) !== 0) throw invalidValue('flags', flags, 'cannot have fanout with what is computed')
      // Numbers that are computed have 32 bits, of which the kernel takes the lower half.
      const load = prepareValue(num, isMap(num) ? part : { ...part, bits: 32 }, program, 'num')
      program.step()
      program.register((sreg) => {
        load(program, sreg)
        program.emit(queueExpression, { sreg, flags: bits || undefined })
      })
      return
    }
    const { first, last } = parseNumber(num, 'num', 16)
    const from = toNumber(first)
    const total = toNumber(last) - from + 1
    if (total > 0xffff) throw invalidValue('num', num, 'must be at most 65535 queues')
    if (total === 1 && (bits & flagBits.fanout) !== 0) {
      throw invalidValue('flags', flags, 'has fanout, which is for more than one queue')
    }
    program.step()
    program.emit(queueExpression, { num: from, total, flags: bits || undefined })
  },
})

reads('queue', ({ num, total, flags, sreg }, decoder) => {
  const names = flagNames((flags as number | undefined) ?? 0)
  const said = names.length === 0 ? {} : { flags: names }
  if (sreg !== undefined) {
    const read = readValue(sreg, part.type, part.order, decoder)
    return read !== undefined && decoder.say({ kind: 'queue', num: read.value, ...said }, read.keys)
  }
  const [from, count] = [num as number, (total as number | undefined) ?? 1]
  return decoder.say({ kind: 'queue', num: count > 1 ? `${from}-${from + count - 1}` : from, ...said })
})

/** Lets a program decide: `queue to 0`, `queue flags bypass,fanout to 1-3`, `queue to symhash mod 4`. */
export const queue = (num: Queue['num'] | Expressed = 0, flags: readonly QueueFlag[] = []): Queue => ({
  kind: 'queue',
  num: asValue(num) as number,
  ...(flags.length > 0 && { flags }),
})
