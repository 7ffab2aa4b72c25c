/** A table that a monitor knows, and what is in it. */

import type { NftFamily } from '../family.js'
import type { ListedSet } from '../sets.js'
import type { NftTable } from '../table.js'
import type { NftMonitorObjects } from './events.js'
import type { KeptSet } from './kept-set.js'
import type { Order } from './order.js'

/** An object that has been told of. @internal */
export interface Kept {
  readonly object: keyof NftMonitorObjects
  /** As JSON: as data it would take several times the room. */
  readonly text: string
}

/** @internal */
export interface Place {
  readonly key: string
  readonly family: NftFamily
  readonly table: string
  readonly objects: Map<string, Kept>
  readonly sets: Map<string, KeptSet>
  /** The sets as the decoder of rules looks them up. */
  readonly listed: Map<string, ListedSet>
  /** The rules of each chain. */
  readonly orders: Map<string, Order>
}

/** A table of which nothing but itself is known. @internal */
export const emptyPlace = (key: string, { family, name }: NftTable): Place => ({
  key,
  family,
  table: name,
  objects: new Map(),
  sets: new Map(),
  listed: new Map(),
  orders: new Map(),
})

/** What an object is kept by: its number, in its table. @internal */
export const keyOf = (place: Place | undefined, handle: number | undefined): string => `${place?.key} ${handle}`

/** What an object is called. @internal */
export const nameOf = ({ text }: Kept): string | undefined => (JSON.parse(text) as { name?: string }).name
