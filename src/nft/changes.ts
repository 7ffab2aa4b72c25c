/** Changes of the ruleset: what is done, and to what. */

import type { NftChain, NftRef } from './chain.js'
import type { NftFamily } from './family.js'
import type { NftFlowtable } from './flowtable.js'
import type { NftNamedObject, NftObjectType } from './objects.js'
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
  | {
      /** A table. */
      table: NftTable
    }
  | {
      /** A chain. */
      chain: NftChain
    }
  | {
      /** A rule. */
      rule: NftRule
    }
  | {
      /** A set. */
      set: NftSet
    }
  | {
      /** A map. */
      map: NftMap
    }
  | {
      /** Elements of a set, or pairs of a map. */
      elements: NftElements
    }
  | {
      /** An object with a name: a counter, for one. */
      object: NftNamedObject
    }
  | {
      /** A flowtable. */
      flowtable: NftFlowtable
    }

/** A rule, by its comment. */
export interface RuleComment {
  /** The comment, which no other rule of the chain has. */
  comment: string
}

/** A rule and its place in its chain. */
export type PlacedRule = NftRule & {
  /**
   * The rule it comes before (`insert`) or after (`add`), by its handle or by a comment that no other rule of the chain has; else it is the first or
   * the last of its chain.
   */
  position?: number | RuleComment | undefined
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

/** What names an object: its sort, and its name or number. */
export interface NftObjectRef<F extends NftFamily = NftFamily> extends NftRef<F> {
  /** Its sort. */
  type: NftObjectType
  /** The kernel's number of its sort, for one that is `unknown`. */
  number?: number | undefined
}

/** What names a table: its name, or its number. */
export interface NftTableRef {
  /** Its family. */
  family: NftFamily
  /** Its name. */
  name?: string | undefined
  /** The kernel's number of it, where no name is given. */
  handle?: number | undefined
}

/** What can be deleted: what `list` gives of it, or what names it. */
export type NftDeletion =
  | {
      /** A table, with all that is in it. */
      table: NftTableRef
    }
  | {
      /** A chain that no rule jumps to. */
      chain: NftRef
    }
  | {
      /** A rule. */
      rule: RuleRef
    }
  | {
      /** A set that no rule uses. */
      set: NftRef
    }
  | {
      /** A map that no rule uses. */
      map: NftRef
    }
  | {
      /** Elements of a set, or pairs of a map. */
      elements: NftElements
    }
  | {
      /** An object that no rule refers to. */
      object: NftObjectRef
    }
  | {
      /** A flowtable that no rule refers to. */
      flowtable: NftRef
    }

/** What has a name in a table. */
export interface NftNamed {
  /** The family of its table. */
  family: NftFamily
  /** Its table. */
  table: string
  /** Its name. */
  name: string
}

/** What can be emptied: everything, a table of its rules, a chain of its rules, a set or a map of its elements. */
export type NftFlush =
  | {
      /** Everything, or all tables of a family. */
      ruleset: {
        /** The family. */
        family?: NftFamily | undefined
      }
    }
  | {
      /** A table, of its rules. */
      table: {
        /** Its family. */
        family: NftFamily
        /** Its name. */
        name: string
      }
    }
  | {
      /** A chain, of its rules. */
      chain: NftNamed
    }
  | {
      /** A set, of its elements. */
      set: NftNamed
    }
  | {
      /** A map, of its pairs. */
      map: NftNamed
    }

/** Which rule of a chain is meant: the one with this handle, or the only one with this comment. */
export type RuleId =
  | {
      /** The kernel's number of it. */
      handle: number
    }
  | {
      /** Its comment, which no other rule of the chain has. */
      comment: string
    }

/** A change: what is done, and to what. */
export type NftChange =
  | {
      /** Adds; what is there already is no error, but for rules, of which there is then another. */
      add:
        | NftObject
        | {
            /** A rule, and its place. */
            rule: PlacedRule
          }
    }
  | {
      /** Adds; what is there already is an error. */
      create: NftObject
    }
  | {
      /** Puts in front of others. */
      insert: {
        /** A rule, and its place. */
        rule: PlacedRule
      }
    }
  | {
      /** Puts in place of another. */
      replace: {
        /** The new rule. */
        rule: NftRule
        /** The old one. */
        of: RuleId
      }
    }
  | {
      /** Deletes; what is not there is an error. */
      del: NftDeletion
    }
  | {
      /** Deletes; what is not there is no error (Linux 6.3). */
      destroy: NftDeletion
    }
  | {
      /** Empties. */
      flush: NftFlush
    }
  | {
      /** Gives another name. */
      rename: {
        /** The chain, by its number. */
        chain: {
          /** The family of its table. */
          family: NftFamily
          /** Its table. */
          table: string
          /** The kernel's number of it. */
          handle: number
        }
        /** The new name. */
        to: string
      }
    }
