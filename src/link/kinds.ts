/** The kinds of link this version knows: the list that names them. Adding one is a file in `kinds/` and a line here. */

import { bridge } from './kinds/bridge.js'
import { veth } from './kinds/veth.js'

/** @internal */
export const kinds = { bridge, veth }

/** @internal */
export type Kinds = typeof kinds
/** The name of a kind of link this version knows. */
export type KindName = keyof Kinds
