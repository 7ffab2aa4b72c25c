/** `skbedit`: what the kernel keeps of a packet beside its bytes is changed: the mark, the priority, the queue, the type. */

import { attributes, enum16, ignored, scalar, u16, u32 } from '../../netlink/attributes.js'
import { invalidType, invalidValue } from '../../netlink/check.js'
import { enumeration } from '../../netlink/names.js'
import { type Scalar, U64 } from '../../netlink/scalar.js'
import { Struct } from '../../netlink/struct.js'
import { computed, fieldsIn } from '../body.js'
import { type GenericInfo, type GenericOptions, generic, genericInfo, usage } from '../control.js'
import { type Handle, handle } from '../handle.js'
import { type Kind, kind } from '../kind.js'

const TCA_SKBEDIT_TM = 1
const TCA_SKBEDIT_PARMS = 2
const TCA_SKBEDIT_PRIORITY = 3
const TCA_SKBEDIT_QUEUE_MAPPING = 4
const TCA_SKBEDIT_MARK = 5
const TCA_SKBEDIT_PAD = 6
const TCA_SKBEDIT_PTYPE = 7
const TCA_SKBEDIT_MASK = 8
const TCA_SKBEDIT_FLAGS = 9
const TCA_SKBEDIT_QUEUE_MAPPING_MAX = 10

const SKBEDIT_F_INHERITDSFIELD = 0x20
const SKBEDIT_F_TXQ_SKBHASH = 0x40

const PACKET_HOST = 0
const PACKET_BROADCAST = 1
const PACKET_MULTICAST = 2
const PACKET_OTHERHOST = 3

const parms = new Struct('struct tc_skbedit', generic)
const types = enumeration(
  { host: PACKET_HOST, broadcast: PACKET_BROADCAST, multicast: PACKET_MULTICAST, otherhost: PACKET_OTHERHOST },
  0xffff,
)

/** What a skbedit is told: `tc filter add … action skbedit mark 1`. With `index` alone it is one that is there. */
export interface SkbeditOptions extends GenericOptions {
  /** The firewall mark: 0 to 2^32 - 1. */
  mark?: number | undefined
  /** The bits of the mark that are changed: all of them when nothing is said (in `tc`, after the mark: `mark 1/0xff`; Linux 4.10). */
  mask?: number | undefined
  /** The priority, by which a qdisc may choose a class: as a class is called, `'1:10'`. */
  priority?: Handle | undefined
  /**
   * The queue of the device it is sent by: 0 to 65535. Two of them are a range, one of which is chosen by the packet's hash, so that those of
   * one connection go to the same (`skbhash`, Linux 6.1).
   */
  queueMapping?: number | readonly [first: number, last: number] | undefined
  /** Whom it is for: `'host'` makes the machine take one that is for another (Linux 4.7). */
  ptype?: 'host' | 'broadcast' | 'multicast' | 'otherhost' | number | undefined
  /** The priority is that of its DS field (Linux 4.19). */
  inheritdsfield?: boolean | undefined
  /** What becomes of the packet then: it goes on to the next action (`'pipe'`) when nothing is said. */
  control?: GenericOptions['control']
}

/** What a skbedit is. */
export interface SkbeditInfo extends GenericInfo {
  /** The firewall mark. */
  mark?: number
  /** The bits of the mark that are changed: all of them when nothing is said. */
  mask?: number
  /** The priority. */
  priority?: Handle
  /** The queue of the device it is sent by, or the first and the last of those one is chosen of. */
  queueMapping?: number | [first: number, last: number]
  /** Whom it is for. */
  ptype?: 'host' | 'broadcast' | 'multicast' | 'otherhost' | number
  /** The priority is that of its DS field. */
  inheritdsfield?: boolean
}

const FLAGS: Scalar<number> = {
  ...U64,
  // None of the flags is beyond 32 bits, and numbers are cut off where they are taken apart.
  read: (reader, at) => U64.read(reader, at) % 2 ** 32,
}

// The order is that of `tc`.
const wire = attributes({
  used: usage(TCA_SKBEDIT_TM),
  control: fieldsIn(TCA_SKBEDIT_PARMS, parms),
  queueMapping: u16(TCA_SKBEDIT_QUEUE_MAPPING),
  lastQueue: u16(TCA_SKBEDIT_QUEUE_MAPPING_MAX),
  priority: handle(TCA_SKBEDIT_PRIORITY),
  mark: u32(TCA_SKBEDIT_MARK),
  mask: u32(TCA_SKBEDIT_MASK),
  ptype: enum16(TCA_SKBEDIT_PTYPE, types),
  inheritdsfield: scalar(TCA_SKBEDIT_FLAGS, FLAGS),
  padding: ignored(TCA_SKBEDIT_PAD),
})

/** The first of a range of queues, and the last; of one queue, only that. */
function queues(path: string, given: SkbeditOptions['queueMapping']): [number | undefined, last?: number] {
  if (given === undefined || typeof given === 'number') return [given]
  if (!Array.isArray(given) || given.length !== 2) throw invalidType(path, 'a number, or an array of two', given)
  const [first, last] = given as [number, number]
  if (first >= last) throw invalidValue(path, given, 'must have the smaller number first')
  return [first, last]
}

const names = [
  ...(['mark', 'mask', 'priority', 'queueMapping', 'ptype', 'inheritdsfield'] as const),
  ...(['control', 'index'] as const),
]

const body = computed(
  wire,
  names,
  ({ control = 'pipe', index, queueMapping, inheritdsfield, ...edits }: SkbeditOptions, path) => {
    if (edits.mask !== undefined && edits.mark === undefined) {
      throw invalidValue(path('mask'), edits.mask, 'takes a mark')
    }
    if (inheritdsfield !== undefined && typeof inheritdsfield !== 'boolean') {
      throw invalidType(path('inheritdsfield'), 'a boolean', inheritdsfield)
    }
    const [first, lastQueue] = queues(path('queueMapping'), queueMapping)
    const flags =
      (inheritdsfield ? SKBEDIT_F_INHERITDSFIELD : 0) | (lastQueue === undefined ? 0 : SKBEDIT_F_TXQ_SKBHASH)
    const said = flags !== 0 || [first, ...Object.values(edits)].some((edit) => edit !== undefined)
    if (!said && index === undefined) {
      throw invalidValue(path('mark'), undefined, 'or another that says what is changed has to be given, or an index')
    }
    return {
      control: { control, index },
      queueMapping: first,
      lastQueue,
      ...edits,
      inheritdsfield: flags || undefined,
    }
  },
  ({ control = parms.zero, used, queueMapping, lastQueue, inheritdsfield = 0, ...edits }): SkbeditInfo =>
    ({
      ...genericInfo(control, used),
      ...edits,
      ...(queueMapping !== undefined && {
        queueMapping: lastQueue === undefined ? queueMapping : [queueMapping, lastQueue],
      }),
      ...((inheritdsfield & SKBEDIT_F_INHERITDSFIELD) !== 0 && { inheritdsfield: true }),
    }) as SkbeditInfo,
)

/** @internal */
export const skbedit: Kind<SkbeditOptions, SkbeditInfo> = kind('skbedit', body)
