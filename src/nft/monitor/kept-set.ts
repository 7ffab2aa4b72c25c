/** A set that a monitor knows, with what it holds. */

import type { Names } from '../../netlink/writer.js'
import type { ReadElement } from '../elements.js'
import { familyNumber, type NftFamily } from '../family.js'
import { NFT_SET_ANONYMOUS, NFT_SET_CONCAT, NFT_SET_INTERVAL } from '../set.js'
import { type NftMap, type NftSet, readListedSet, readSet } from '../set-object.js'
import type { ReadSet } from '../set-wire.js'
import type { ListedSet } from '../sets.js'
import type { NftObjectEvent } from './events.js'

/** The kernel's own name of an element. */
const wireKey = ({ flags = 0, key, keyEnd }: ReadElement): string =>
  [flags, ...[key, keyEnd].map((data) => (data !== undefined && 'value' in data ? bytesText(data.value) : ''))].join(
    ' ',
  )

const bytesText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** What an element is told apart by: its value, without what else it has. */
function valueKey(element: unknown, isMap: boolean): string {
  const key = isMap ? (element as readonly unknown[])[0] : element
  const plain = typeof key === 'object' && key !== null && 'elem' in key ? key.elem : key
  return JSON.stringify(plain)
}

/** What changes without a word: what packets are counted by, and how long an element still has. */
const passing = new Set(['packets', 'bytes', 'used', 'expires'])

/** An object as text, without what changes all the time. @internal */
export const lasting = (text: string): string =>
  JSON.stringify(JSON.parse(text), (name, value) => (passing.has(name) ? undefined : value))

/** Where a set is, and what the monitor knows it by. */
interface SetPlace {
  readonly family: NftFamily
  readonly table: string
  readonly key: string
}

type ElementEvent = NftObjectEvent<'elements'>

/** @internal */
export class KeptSet {
  readonly #at: SetPlace
  /** It is part of a rule. */
  readonly anonymous: boolean
  /** As the decoder of rules knows it. */
  readonly listed: ListedSet
  /** What it holds, as text, by what tells elements apart. */
  #shown = new Map<string, string>()
  /** Where its ranges begin and end, of which each is told of by itself. */
  readonly #edges: Map<string, ReadElement> | undefined
  /** Elements of a set that a rule brings with it: nobody is told of them but with the rule. */
  readonly #own: ReadElement[] = []
  readonly #values: ReadSet

  private constructor(at: SetPlace, values: ReadSet, listed: ListedSet) {
    this.#at = at
    this.#values = values
    this.listed = { ...listed, elements: this.#own }
    this.anonymous = (listed.flags & NFT_SET_ANONYMOUS) !== 0
    if ((listed.flags & (NFT_SET_INTERVAL | NFT_SET_CONCAT)) === NFT_SET_INTERVAL) this.#edges = new Map()
  }

  /** Undefined for what is not understood. */
  static read(at: SetPlace, values: ReadSet): KeptSet | undefined {
    const listed = readListedSet(values)
    return listed && new KeptSet(at, values, listed)
  }

  /** What the monitor knows it by. */
  get key(): string {
    return this.#at.key
  }

  /** The set without its elements; undefined for what is not understood. */
  data(names: Names): { set: NftSet } | { map: NftMap } | undefined {
    return readSet(familyNumber('family', this.#at.family), this.#values, { ...this.listed, elements: [] }, names)
  }

  /** What another set of the same name held, which is this one after a change of its own options. */
  inherit(before: KeptSet): void {
    this.#shown = before.#shown
    for (const [key, wire] of before.#edges ?? []) this.#edges?.set(key, wire)
  }

  /** Elements have come. */
  add(elements: readonly ReadElement[], names: Names): ElementEvent[] {
    if (this.anonymous) {
      this.#own.push(...elements)
      return []
    }
    if (this.#edges !== undefined) {
      for (const wire of elements) this.#edges.set(wireKey(wire), wire)
      return []
    }
    const found = this.#understood(elements, names)
    for (const [key, text] of found) this.#shown.set(key, text)
    return this.#event('new', found.values())
  }

  /** Elements are gone. */
  remove(elements: readonly ReadElement[], names: Names): ElementEvent[] {
    if (this.anonymous) return []
    if (this.#edges !== undefined) {
      for (const wire of elements) this.#edges.delete(wireKey(wire))
      return []
    }
    const gone = Array.from(this.#understood(elements, names), ([key, text]) => {
      const before = this.#shown.get(key)
      this.#shown.delete(key)
      return before ?? text
    })
    return this.#event('del', gone)
  }

  /** Ranges are told of when all that begins and ends in a transaction is known. */
  settled(names: Names): ElementEvent[] {
    return this.#edges === undefined ? [] : this.#become(this.#understood([...this.#edges.values()], names))
  }

  /** A list has these elements. */
  compare(elements: readonly ReadElement[], names: Names): ElementEvent[] {
    if (this.#edges !== undefined) {
      this.#edges.clear()
      for (const wire of elements) this.#edges.set(wireKey(wire), wire)
    }
    return this.#become(this.#understood(elements, names))
  }

  /** What it holds is another than before. */
  #become(now: Map<string, string>): ElementEvent[] {
    const before = this.#shown
    this.#shown = now
    const gone = Array.from(before).filter(([key]) => !now.has(key))
    const come = Array.from(now).filter(([key, text]) => {
      const told = before.get(key)
      return told === undefined || (told !== text && lasting(told) !== lasting(text))
    })
    const texts = (list: readonly (readonly [string, string])[]): string[] => list.map(([, text]) => text)
    return [...this.#event('del', texts(gone)), ...this.#event('new', texts(come))]
  }

  #event(type: 'new' | 'del', texts: Iterable<string>): ElementEvent[] {
    const { family, table, key } = this.#at
    const elements = Array.from(texts, (text): unknown => JSON.parse(text))
    if (elements.length === 0) return []
    return [{ type, object: 'elements', key, elements: { family, table, set: this.listed.name, elements } }]
  }

  #understood(elements: readonly ReadElement[], names: Names): Map<string, string> {
    const made = readSet(familyNumber('family', this.#at.family), this.#values, { ...this.listed, elements }, names)
    const isMap = made !== undefined && 'map' in made
    const found = made === undefined ? [] : 'map' in made ? (made.map.elements ?? []) : (made.set.elements ?? [])
    return new Map(found.map((element) => [valueKey(element, isMap), JSON.stringify(element)]))
  }
}
