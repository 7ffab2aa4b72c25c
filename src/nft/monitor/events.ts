/** What a monitor of the ruleset tells. */

import type { NftChain } from '../chain.js'
import type { NftElements } from '../changes.js'
import type { NftFamily } from '../family.js'
import type { NftFlowtable } from '../flowtable.js'
import type { NftNamedObject } from '../objects.js'
import type { NftMap, NftSet } from '../set-object.js'
import type { NftRule } from '../statements.js'
import type { NftTable } from '../table.js'

/** What to tell of. */
export interface NftMonitorSelection {
  /** Tables of this family only. */
  family?: NftFamily | undefined
  /** The table of this name only. */
  table?: string | undefined
  /** Whether what is there already is told of first, as if it was new. */
  existing?: boolean | undefined
}

/** What can be told of, each as `list` gives it, and as it can be added; but that a set's elements are told of by themselves. */
export interface NftMonitorObjects {
  /** A table. */
  table: NftTable
  /** A chain. */
  chain: NftChain
  /** A rule. Its own sets come with it. */
  rule: NftRule
  /** A set with a name, without its elements. */
  set: NftSet
  /** A map with a name, without its elements. */
  map: NftMap
  /** Elements of a set or pairs of a map: those that are new, or those that are gone. */
  elements: NftElements
  /** A counter, a quota or another object with a name. */
  namedObject: NftNamedObject
  /** A flowtable. */
  flowtable: NftFlowtable
}

/** An object has come, is another than before, or has gone. */
export type NftObjectEvent<O extends keyof NftMonitorObjects = keyof NftMonitorObjects> = {
  [K in O]: {
    /** `'new'`: it is there, or has changed. `'del'`: it is gone, and is shown as it was. */
    type: 'new' | 'del'
    /** What kind of object it is. */
    object: K
    /** What tells objects apart in this monitor: text to compare, not to take apart. Elements have that of their set. */
    key: string
    /** Of a rule that is new, the handle of the one in front of it; the first of a chain has none. */
    after?: number
    /** Found by comparing with a list: its message was lost, or did not say enough. */
    resync?: true
  } & { [P in K]: NftMonitorObjects[P] }
}[O]

/** A transaction has been told of from its beginning to its end: what was told so far is the ruleset of this generation. */
export interface NftCommitEvent {
  /** It is about no object. */
  type: 'commit'
  /** As `type`. */
  object: 'commit'
  /** The transaction. */
  commit: NftCommit
  /** It is the end of a list, which may stand for several transactions. */
  resync?: true
}

/** A transaction. */
export interface NftCommit {
  /** Which ruleset it has made. */
  generation: number
  /** The process that made it, by its number in the first namespace of processes; unknown of a list. */
  pid?: number
  /** What that process is called, in at most 15 bytes. */
  program?: string
}

/** What a monitor of the ruleset tells. */
export type NftEvent = NftObjectEvent | NftCommitEvent
