/** What the families of netfilter share: the header of their messages, and numbers in network order. */

import { type Attribute, scalar } from './netlink/attributes.js'
import { BE16, BE64, U8 } from './netlink/scalar.js'
import { field, Struct } from './netlink/struct.js'

/** @internal */
export const NFNETLINK_V0 = 0

/** The header of every message to and from netfilter. @internal */
export const nfgenmsg = new Struct('struct nfgenmsg', {
  family: field('nfgen_family', U8),
  version: field('version', U8),
  resId: field('res_id', BE16),
})

/** The numbers of a subsystem's messages as they are sent, by their C names. @internal */
export const messagesOf = <N extends string>(
  subsystem: number,
  messages: Readonly<Record<N, number>>,
): Readonly<Record<N, number>> =>
  Object.fromEntries(
    Object.entries<number>(messages).map(([name, number]) => [name, (subsystem << 8) | number]),
  ) as Record<N, number>

/** @internal */
export const be64 = (type: number): Attribute<number> => scalar(type, BE64)
