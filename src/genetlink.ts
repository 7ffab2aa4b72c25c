/** Generic netlink: one protocol for many families. The kernel numbers a family when it comes, and tells the number of a name. */

import { constants } from 'node:os'
import { attributes, ignored, type Schema, text, u16, u32, type Values } from './netlink/attributes.js'
import { isError, NetlinkError } from './netlink/error.js'
import { ask, type Operation, type Request } from './netlink/operation.js'
import { NETLINK_GENERIC } from './netlink/protocol.js'
import { U8, U16 } from './netlink/scalar.js'
import { field, Struct } from './netlink/struct.js'

/** The family that knows the others, and the only one whose number never changes. */
const GENL_ID_CTRL = 16

const CTRL_CMD_NEWFAMILY = 1
const CTRL_CMD_GETFAMILY = 3

const CTRL_ATTR_FAMILY_ID = 1
const CTRL_ATTR_FAMILY_NAME = 2
const CTRL_ATTR_VERSION = 3
const CTRL_ATTR_HDRSIZE = 4
const CTRL_ATTR_MAXATTR = 5
const CTRL_ATTR_OPS = 6
const CTRL_ATTR_MCAST_GROUPS = 7

const GENL_NAMSIZ = 16

/** The header of every message of generic netlink. @internal */
export const genlmsghdr = new Struct('struct genlmsghdr', {
  command: field('cmd', U8),
  version: field('version', U8),
  reserved: field('reserved', U16),
})

const table = attributes({
  id: u16(CTRL_ATTR_FAMILY_ID),
  name: text(CTRL_ATTR_FAMILY_NAME, GENL_NAMSIZ - 1),
  version: u32(CTRL_ATTR_VERSION),
  headerSize: u32(CTRL_ATTR_HDRSIZE),
  maxAttribute: u32(CTRL_ATTR_MAXATTR),
  others: ignored(CTRL_ATTR_OPS, CTRL_ATTR_MCAST_GROUPS),
})

const controller = {
  protocol: NETLINK_GENERIC,
  messages: { CTRL_CMD_NEWFAMILY, CTRL_CMD_GETFAMILY },
  header: genlmsghdr,
  table,
} satisfies Schema

/** Families that were there once: the kernel need not look for their modules, which takes it milliseconds. */
const met = new Set<string>()

/**
 * The number of a family. The kernel loads its module, if that says which family it is; that takes no privilege.
 *
 * It is asked for anew by every operation. That costs some microseconds; a number that is remembered may, once the module has been unloaded, be another
 * family's, which would take the message for one of its own. `lacking` is how an error calls a family that there is not.
 *
 * @throws NetlinkError EOPNOTSUPP when the kernel has no such family
 * @internal
 */
export function* familyNumber(
  name: string,
  lacking: string,
  { doing, subject }: Pick<Request, 'doing' | 'subject'>,
): Operation<number> {
  try {
    const { id = 0 } = yield* ask<Values<typeof table>>({
      type: CTRL_CMD_GETFAMILY,
      family: GENL_ID_CTRL,
      flags: 0,
      schema: controller,
      doing,
      subject,
      slow: !met.has(name),
      encode(writer) {
        genlmsghdr.write(writer, { command: CTRL_CMD_GETFAMILY, version: 1 })
        table.write(writer, { name }, doing)
      },
      decode: (reader, at, length) => table.read(reader, at + genlmsghdr.size, length - genlmsghdr.size),
    })
    met.add(name)
    return id
  } catch (error) {
    if (!isError(error, 'ENOENT')) throw error
    const { syscall, request, netns } = error
    const what = subject === undefined ? doing : `${doing} ${subject}`
    throw new NetlinkError(
      { errno: -constants.errno.EOPNOTSUPP, syscall, request, netns, doing: what },
      `this kernel has no ${lacking}`,
    )
  }
}
