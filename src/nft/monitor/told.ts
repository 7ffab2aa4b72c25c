/** What the kernel tells of a ruleset: messages about changes, and lists. */

import type { Values } from '../../netlink/attributes.js'
import type { Reader } from '../../netlink/writer.js'
import type { elementsTable } from '../set-wire.js'

/** A message of the kernel's. @internal */
export interface Told {
  /** Its number among those of nf_tables. */
  readonly number: number
  readonly flags: number
  /** The number of the family. */
  readonly family: number
  /** The lower half of the number of the ruleset it is about. */
  readonly generation: number
  readonly reader: Reader
}

/** What a set holds. @internal */
export type ToldElements = Values<typeof elementsTable> & { readonly family: number }

/** A list of everything there is. @internal */
export interface Listed {
  /** Tables, chains, objects, flowtables and sets. */
  readonly objects: readonly Told[]
  /** What each of the sets holds. */
  readonly elements: readonly ToldElements[]
  readonly rules: readonly Told[]
}
