/** `clsact`: places for filters on what a device receives, and on what it sends. It is no queue. */

import type { UnknownAttributes } from '../../netlink/attributes.js'
import { kind, nothing, type PlacedKind } from '../kind.js'

/** It is told nothing. @internal */
export const clsact: PlacedKind<UnknownAttributes> = { ...kind('clsact', nothing), parent: 'clsact' }
