/** `ipvtap`: an ipvlan whose packets go to a program, through `/dev/tapINDEX`. */

import { type LinkKind, linkKind } from '../kind.js'
import { type IpvlanOptions, ipvlanTable } from './ipvlan.js'

/** @internal */
export const ipvtap: LinkKind<IpvlanOptions> = linkKind('ipvtap', ipvlanTable)
