/** `macvtap`: a macvlan whose packets go to a program, mostly a virtual machine, through `/dev/tapINDEX`. */

import { type LinkKind, linkKind } from '../kind.js'
import { type MacvlanInfo, type MacvlanOptions, macvlanTable } from './macvlan.js'

/** @internal */
export const macvtap: LinkKind<MacvlanOptions, MacvlanInfo> = linkKind('macvtap', macvlanTable)
