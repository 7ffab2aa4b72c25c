/** `ingress`: a place for filters on what a device receives. It is no queue. */

import type { UnknownAttributes } from '../../netlink/attributes.js'
import { kind, nothing, type PlacedKind } from '../kind.js'

/** It is told nothing. @internal */
export const ingress: PlacedKind<UnknownAttributes> = { ...kind('ingress', nothing), parent: 'ingress' }
