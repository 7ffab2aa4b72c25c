/** What a kind of link is: a name and a table. Each kind is one file in `kinds/`. */

import type { Attributes, Entries, Options, Values } from '../netlink/attributes.js'

/**
 * A kind, whose links are given `O` and report `V`, and whose ports are given `PO` and report `PV`. A kind declared with named types has editors
 * and the reference show the names.
 *
 * @internal
 */
export interface LinkKind<O, V = O, PO = unknown, PV = PO> {
  readonly name: string
  /** The options of the kind itself. */
  readonly table: Attributes<Entries>
  /** The options a device has as a port of such a link; they go by the name of the kind and `Port`. */
  readonly port: Attributes<Entries> | undefined
  /** The kernel takes what a change leaves out for cleared: a change has to repeat it. */
  readonly whole: boolean
  /** For the compiler alone: there is no such property. */
  readonly types?: { options: O; values: V; portOptions: PO; portValues: PV }
}

/** Defines a kind of link. @internal */
export function linkKind<E extends Entries, P extends Entries>(
  name: string,
  table: Attributes<E>,
  { port, whole = false }: { port?: Attributes<P>; whole?: boolean } = {},
): LinkKind<Options<Attributes<E>>, Values<Attributes<E>>, Options<Attributes<P>>, Values<Attributes<P>>> {
  return { name, table: table as Attributes<Entries>, port: port as Attributes<Entries> | undefined, whole }
}
