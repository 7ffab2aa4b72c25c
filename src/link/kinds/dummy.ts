/** `dummy`: a device that drops what is sent through it; a place to put addresses. */

import { attributes, type UnknownAttributes } from '../../netlink/attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

/** It has what every link has, and nothing else. @internal */
export const dummy: LinkKind<UnknownAttributes> = linkKind('dummy', attributes({}))
