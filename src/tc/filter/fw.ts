/** `fw`: packets by their firewall mark, which is the filter's handle. */

import { attributes, type Options, text, u32, type Values } from '../../netlink/attributes.js'
import { deviceName } from '../../netlink/check.js'
import { actions } from '../action.js'
import { attributesBody } from '../body.js'
import { handle } from '../handle.js'
import { type FilterKind, filterKind } from '../kind.js'

const TCA_FW_CLASSID = 1
const TCA_FW_INDEV = 3
const TCA_FW_ACT = 4
const TCA_FW_MASK = 5

const table = attributes({
  /** The bits of the mark that are looked at: all of them when nothing is said (in `tc`, after the handle: `handle 100/0xff`). */
  mask: u32(TCA_FW_MASK),
  /** The class they go to. */
  flowid: handle(TCA_FW_CLASSID),
  /** What is done with them, one after the other. */
  actions: actions(TCA_FW_ACT),
  /** The device they must have come in by. */
  indev: text(TCA_FW_INDEV, 15, deviceName),
})

/** What an fw is told: `tc filter add … handle 100 fw`. The mark is the `handle`: `handle: 100`. */
export interface FwOptions extends Options<typeof table> {}

/** What an fw is. */
export interface FwInfo extends Values<typeof table> {}

/** @internal */
export const fw: FilterKind<FwOptions, FwInfo> = filterKind('fw', attributesBody(table))
