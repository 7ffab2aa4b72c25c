/** `gretap`: Ethernet packets in GRE, so that it can be the port of a bridge. */

import { type LinkKind, linkKind } from '../kind.js'
import { type GreInfo, type GreOptions, greTable } from './gre.js'

/** @internal */
export const gretap: LinkKind<GreOptions, GreInfo> = linkKind('gretap', greTable, { whole: true })
