/** Reading the state of the kernel as payloads, to compare with what has been told. */

import { ifinfomsg } from '../link/attributes.js'
import { linkSchema } from '../link/message.js'
import { isError } from '../netlink/error.js'
import { dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { AF_UNSPEC, align, NETLINK_ROUTE } from '../netlink/protocol.js'
import { type Family, type Payload, payloadOf, protocolOf } from './family.js'

/** What a list had, and whether it is sure to have had everything. @internal */
export interface Listed {
  readonly payloads: readonly Payload[]
  readonly complete: boolean
}

const base = { flags: 0, schema: linkSchema, doing: 'monitor', subject: undefined } as const

/** Lists the objects of several types. @internal */
export function* listAll(wanted: readonly Family<unknown>[]): Operation<Listed[]> {
  // The kernel tells of a device that goes down before it removes its routes, and lists routes without waiting for that. Asking for
  // any one device waits for the lock under which all of it is done.
  if (wanted.some((family) => protocolOf(family) === NETLINK_ROUTE)) yield* settle([device(1)])
  const lists: Listed[] = []
  for (const family of wanted) lists.push(yield* listOne(family))
  return lists
}

function* listOne({ getType, schema, af = AF_UNSPEC, accepts }: Family<unknown>): Operation<Listed> {
  const request = {
    ...base,
    type: getType,
    schema,
    dump: true,
    encode: (writer) => {
      writer.bytes[writer.zeros(align(schema.header.size))] = af
    },
    decode(reader, at, length) {
      const payload = payloadOf(reader, at, length)
      return accepts === undefined || accepts(payload) ? payload : undefined
    },
  } satisfies Request
  try {
    return { payloads: yield* dump<Payload>(request), complete: true }
  } catch (error) {
    // It changed each time it was read, and that is no reason to tell nothing.
    if (!isError(error, 'EINTR') || error.partial === undefined) throw error
    return { payloads: error.partial as Payload[], complete: false }
  }
}

/** Asks for devices by their indexes; those that have gone by now are left out. @internal */
export function* askDevices(indexes: Iterable<number>): Operation<Payload[]> {
  const answers = yield* settle(Array.from(indexes, device))
  return answers.flatMap(({ error, items }) => (error === undefined ? (items as Payload[]) : []))
}

const device = (index: number): Request => ({
  ...base,
  type: linkSchema.messages.RTM_GETLINK,
  encode: (writer) => ifinfomsg.write(writer, { family: AF_UNSPEC, index }),
  decode: payloadOf,
})
