/** What tells tracked connections apart, and how messages that tell only a part of one go together. */

import { conntrackSchema } from '../conntrack/attributes.js'
import { expectationSchema } from '../conntrack/expectation.js'
import { nfgenmsg } from '../netfilter.js'
import { eachAttribute } from '../netlink/attributes.js'
import { align, NLA_HDRLEN } from '../netlink/protocol.js'
import { open, type Payload } from './family.js'

/** The attributes of some options, with their headers, as text. */
const keyBy = (options: Readonly<Record<string, { readonly types: readonly number[] }>>) => {
  const types = new Set(Object.values(options).flatMap((option) => option.types))
  return (payload: Payload): string => {
    let found = ''
    eachAttribute(open(payload), nfgenmsg.size, payload.length - nfgenmsg.size, (type, at, size) => {
      if (types.has(type)) found += payload.slice(at - NLA_HDRLEN, at + size)
    })
    return Buffer.from(found, 'latin1').toString('base64')
  }
}

const { orig, zone, id } = conntrackSchema.table.entries
/**
 * The first direction is what the kernel knows an entry by, in its zone. The number tells one from the next that has the same. @internal
 */
export const conntrackKey = keyBy({ orig, zone, id })

const { tuple, mask, zone: expectationZone, id: expectationId } = expectationSchema.table.entries
/** @internal */
export const expectationKey = keyBy({ tuple, mask, zone: expectationZone, id: expectationId })

/** An event says little more than what has changed. The rest is as it was. @internal */
export function merged(before: Payload, payload: Payload): Payload {
  const told = new Set<number>()
  const { size } = nfgenmsg
  eachAttribute(open(payload), size, payload.length - size, (type) => told.add(type))
  const parts = [payload]
  eachAttribute(open(before), size, before.length - size, (type, at, length) => {
    if (!told.has(type)) parts.push(before.slice(at - NLA_HDRLEN, at + align(length)))
  })
  // Put together by "+", it would be kept as a tree of its parts.
  return parts.length === 1 ? payload : parts.join('')
}
