/** Messages about links. */

import { Attributes, type Schema } from '../netlink/attributes.js'
import { requestsOf } from '../netlink/operation.js'
import type { Writer } from '../netlink/writer.js'
import type { Device } from '../rtnetlink.js'
import { altname, common, ifinfomsg, LINK_FAMILY } from './attributes.js'
import { info } from './info.js'

/** @internal */
export const RTM_NEWLINK = 16
/** @internal */
export const RTM_DELLINK = 17
/** @internal */
export const RTM_GETLINK = 18
/** @internal */
export const RTM_NEWLINKPROP = 108
/** @internal */
export const RTM_DELLINKPROP = 109

/** Every attribute of a link. @internal */
export const table = new Attributes({ ...common.entries, info, altname })

/** @internal */
export const linkSchema = {
  messages: { RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWLINKPROP, RTM_DELLINKPROP },
  header: ifinfomsg,
  table,
} satisfies Schema

/** What messages about a link have in common. @internal */
export const base = requestsOf(linkSchema)

/** A name that only an altname can be: longer than the look-up of devices takes. @internal */
export const isLong = (dev: Device): dev is string => typeof dev === 'string' && Buffer.byteLength(dev) > 15

/** The header of a message about a link. One with a long name goes by an attribute. @internal */
export function target(writer: Writer, dev: Device, bits: { flags?: number; change?: number }): void {
  const long = isLong(dev)
  ifinfomsg.write(writer, { family: LINK_FAMILY, index: long ? 0 : writer.names.index(dev, 'dev'), ...bits })
  if (long) altname.write(writer, dev, 'dev')
}
