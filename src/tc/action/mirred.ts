/** `mirred`: packets go to another device, or copies of them do. */

import { attributes, ignored } from '../../netlink/attributes.js'
import { invalidType, oneOf } from '../../netlink/check.js'
import { DEVICE, S32 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import type { Device } from '../../rtnetlink.js'
import { computed, fieldsIn } from '../body.js'
import { type GenericInfo, type GenericOptions, generic, genericInfo, usage } from '../control.js'
import { type Kind, kind } from '../kind.js'

const TCA_MIRRED_TM = 1
const TCA_MIRRED_PARMS = 2
const TCA_MIRRED_PAD = 3

const TCA_EGRESS_REDIR = 1
const TCA_EGRESS_MIRROR = 2
const TCA_INGRESS_REDIR = 3
const TCA_INGRESS_MIRROR = 4

/** What is done where, by the number of both. */
const what = {
  [TCA_EGRESS_REDIR]: { direction: 'egress', action: 'redirect' },
  [TCA_EGRESS_MIRROR]: { direction: 'egress', action: 'mirror' },
  [TCA_INGRESS_REDIR]: { direction: 'ingress', action: 'redirect' },
  [TCA_INGRESS_MIRROR]: { direction: 'ingress', action: 'mirror' },
} as const
type What = (typeof what)[keyof typeof what]
const numbers = Object.entries(what).map(([number, each]) => [Number(number), each] as const)

const parms = new Struct('struct tc_mirred', {
  ...generic,
  what: field('eaction', S32),
  dev: field('ifindex', DEVICE),
})

/** What a mirred is told: `tc filter add … action mirred egress redirect dev ifb0`. With `index` alone it is one that is there. */
export interface MirredOptions extends GenericOptions {
  /** Whether the packets leave by the device (`'egress'`), or are as if they had come in by it (`'ingress'`). */
  direction?: 'egress' | 'ingress' | undefined
  /** Whether the packets themselves go there (`'redirect'`), or copies (`'mirror'`). */
  action?: 'redirect' | 'mirror' | undefined
  /** The device. */
  dev?: Device | undefined
  /** What becomes of the packet then: when nothing is said, it is `'stolen'` if it was redirected, and goes on (`'pipe'`) if it was mirrored. */
  control?: GenericOptions['control']
}

/** What a mirred is. */
export interface MirredInfo extends GenericInfo {
  /** Whether the packets leave by the device, or are as if they had come in by it. */
  direction: 'egress' | 'ingress'
  /** Whether the packets themselves go there, or copies. */
  action: 'redirect' | 'mirror'
  /** The device; absent when it is gone. */
  dev?: Device
}

const wire = attributes({
  used: usage(TCA_MIRRED_TM),
  dev: fieldsIn(TCA_MIRRED_PARMS, parms),
  padding: ignored(TCA_MIRRED_PAD),
})

const body = computed(
  wire,
  ['direction', 'action', 'dev', 'control', 'index'],
  (options: MirredOptions, path) => {
    const { direction, action, dev, control, index } = options
    const shared = index !== undefined && direction === undefined && action === undefined && dev === undefined
    if (shared) return { dev: { index, control } }
    oneOf(path('direction'), direction, ['egress', 'ingress'])
    oneOf(path('action'), action, ['redirect', 'mirror'])
    if (dev === undefined) throw invalidType(path('dev'), 'the name of a device or its index', dev)
    const [number] = numbers.find(([, each]) => each.direction === direction && each.action === action) ?? []
    return { dev: { index, control: control ?? (action === 'redirect' ? 'stolen' : 'pipe'), what: number, dev } }
  },
  ({ dev: { what: number, dev, ...general } = parms.zero, used }): MirredInfo => ({
    ...genericInfo(general, used),
    ...((what as Record<number, What>)[number] ?? what[TCA_EGRESS_REDIR]),
    ...(dev !== 0 && { dev }),
  }),
)

/** @internal */
export const mirred: Kind<MirredOptions, MirredInfo> = kind('mirred', body)
