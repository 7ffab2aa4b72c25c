/** Changes of the ruleset: what is done, and to what. */

import type { NftChain, NftRef } from './chain.js'
import type { NftFamily } from './family.js'
import type { NftMap, NftSet } from './set-object.js'
import type { NftRule } from './statements.js'
import type { NftTable } from './table.js'

/** Elements of a set or a map. */
export interface NftElements<F extends NftFamily = NftFamily> {
  /** The family of the table. */
  family: F
  /** The table of the set. */
  table: string
  /** The name of the set or map. */
  set: string
  /** Values; of a map, pairs of a key and what it has for it. */
  elements: readonly unknown[]
}

/** What can be added: each is what `list` gives of it. */
export type NftObject =
  | { table: NftTable }
  | { chain: NftChain }
  | { rule: NftRule }
  | { set: NftSet }
  | { map: NftMap }
  | { elements: NftElements }

/** A rule and its place in its chain. */
export type PlacedRule = NftRule & {
  /** The handle of the rule it comes before (`insert`) or after (`add`); else it is the first or the last of its chain. */
  position?: number | undefined
}

/** What names a rule: its handle, or its comment if no other rule of the chain has the same. */
export interface RuleRef<F extends NftFamily = NftFamily> {
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its chain. */
  chain: string
  /** Its number. */
  handle?: number | undefined
  /** Its comment. */
  comment?: string | undefined
}

/** What can be deleted: what `list` gives of it, or what names it. */
export type NftDeletion =
  | { table: { family: NftFamily; name?: string | undefined; handle?: number | undefined } }
  | { chain: NftRef }
  | { rule: RuleRef }
  | { set: NftRef }
  | { map: NftRef }
  | { elements: NftElements }

/** What can be emptied: everything, a table of its rules, a chain of its rules, a set or a map of its elements. */
export type NftFlush =
  | { ruleset: { family?: NftFamily | undefined } }
  | { table: { family: NftFamily; name: string } }
  | { chain: { family: NftFamily; table: string; name: string } }
  | { set: { family: NftFamily; table: string; name: string } }
  | { map: { family: NftFamily; table: string; name: string } }

/**
 * A change: what is done, and to what. `add` is content with what is there already, but for rules, of which it adds another; `create` is
 * not. `insert` puts a rule in front of others. `del` takes away what is there, `destroy` also what is not (Linux 6.3).
 */
export type NftChange =
  | { add: NftObject | { rule: PlacedRule } }
  | { create: NftObject }
  | { insert: { rule: PlacedRule } }
  | { replace: { rule: NftRule; of: { handle: number } | { comment: string } } }
  | { del: NftDeletion }
  | { destroy: NftDeletion }
  | { flush: NftFlush }
  | { rename: { chain: { family: NftFamily; table: string; handle: number }; to: string } }
