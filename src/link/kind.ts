/** What a kind of link is: a name and a table. Each kind is one file in `kinds/`. */

import type { Attributes, Entries } from '../netlink/attributes.js'

/** @internal */
export interface LinkKind<N extends string, E extends Entries, P extends Entries> {
  readonly name: N
  /** The options of the kind itself. */
  readonly table: Attributes<E>
  /** The options a device has as a port of such a link; they go by the name of the kind and `Port`. */
  readonly port: Attributes<P> | undefined
}

/** Defines a kind of link. @internal */
export function linkKind<N extends string, E extends Entries, P extends Entries = Record<never, never>>(
  name: N,
  table: Attributes<E>,
  port?: Attributes<P>,
): LinkKind<N, E, P> {
  return { name, table, port }
}
