/** `ifb`: a device that packets are redirected to (`tc action mirred`), so that what comes in can be queued like what goes out. */

import { attributes, type UnknownAttributes } from '../../netlink/attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

/** It has what every link has: `numTxQueues` and `numRxQueues` say how many queues. @internal */
export const ifb: LinkKind<UnknownAttributes> = linkKind('ifb', attributes({}))
