/**
 * The ruleset as a monitor has told of it.
 *
 * Every change of it is told as an event and every event changes it: whoever applies all events has the same ruleset.
 */

import type { Values } from '../../netlink/attributes.js'
import { NLM_F_APPEND, NLM_F_CREATE } from '../../netlink/protocol.js'
import type { Names } from '../../netlink/writer.js'
import { chainTable, NFT_MSG_DELCHAIN, NFT_MSG_NEWCHAIN, readChain } from '../chain.js'
import { familyName, type NftFamily } from '../family.js'
import { flowtableTable, NFT_MSG_DELFLOWTABLE, NFT_MSG_NEWFLOWTABLE, readFlowtable } from '../flowtable.js'
import { NFT_MSG_DELOBJ, NFT_MSG_NEWOBJ, objectTable, readObject } from '../object.js'
import { NFT_MSG_DELRULE, NFT_MSG_NEWRULE, readRule, ruleTable } from '../rule.js'
import * as setWire from '../set-wire.js'
import { NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE, readTable, tableTable } from '../table.js'
import type { NftMonitorObjects, NftObjectEvent } from './events.js'
import { KeptSet, lasting } from './kept-set.js'
import { Order } from './order.js'
import { emptyPlace, keyOf, nameOf, type Place } from './place.js'
import type { Listed, Told, ToldElements } from './told.js'

type Name = keyof NftMonitorObjects
/** In this order objects go: what is there needs nothing that is not. */
const leaving: readonly Name[] = ['rule', 'set', 'map', 'namedObject', 'flowtable', 'chain', 'table']

/** Where a rule stood that is gone. */
interface Vacancy {
  readonly order: Order | undefined
  readonly before: number | undefined
}

/** A rule that has come, and the one it is behind. */
interface NewRule {
  readonly handle: number
  readonly before: number | undefined
  readonly value: object
}

/** Which tables to tell of. @internal */
export interface ModelFilter {
  readonly family?: NftFamily | undefined
  readonly table?: string | undefined
}

/** @internal */
export class Model {
  /** What was told does not say what the ruleset is now: it has to be listed. */
  doubtful = false
  readonly #filter: ModelFilter
  #names: Names
  readonly #places = new Map<string, Place>()
  /** Sets of ranges that have changed. */
  readonly #unsettled = new Set<KeptSet>()
  /** The message before was about a rule that is gone: one in place of it comes with the next. */
  #vacancy: Vacancy | undefined
  /** Rules behind one that is told of later in the same transaction, by the key of that. */
  readonly #waiting = new Map<string, NewRule[]>()
  /** What a list has, while it is taken in. */
  #seen: Set<string> | undefined

  constructor(filter: ModelFilter, names: Names) {
    this.#filter = filter
    this.#names = names
  }

  /** Takes in the messages of a transaction. */
  *transaction(messages: readonly Told[], names: Names): Generator<NftObjectEvent> {
    this.#names = names
    for (const message of messages) yield* this.#told(message)
    for (const set of this.#unsettled) yield* set.settled(names)
    if (this.#waiting.size > 0) this.doubtful = true
    this.#forget()
  }

  /** Takes in a list, and tells how it differs from what was told. */
  *list({ objects, elements, rules }: Listed, names: Names): Generator<NftObjectEvent> {
    this.#names = names
    const seen = new Set<string>()
    this.#seen = seen
    const found: NftObjectEvent[] = []
    // A list has all rules in their order.
    for (const { orders } of this.#places.values()) orders.clear()
    for (const message of objects) found.push(...this.#told(message))
    for (const each of elements) found.push(...this.#changeElements(each, 'list'))
    for (const message of rules) found.push(...this.#told(message))
    this.#seen = undefined
    for (const place of this.#places.values()) {
      yield* this.#leave(
        place,
        Array.from(place.objects.keys()).filter((key) => !seen.has(key)),
      )
    }
    yield* found
    this.#forget()
    this.doubtful = false
  }

  /** What was of use for one transaction only: rules have been told of with the sets they brought. */
  #forget(): void {
    for (const { sets, listed } of this.#places.values()) {
      for (const [name, { anonymous }] of sets) {
        if (!anonymous) continue
        sets.delete(name)
        listed.delete(name)
      }
    }
    this.#unsettled.clear()
    this.#waiting.clear()
    this.#vacancy = undefined
  }

  *#told({ number, flags, family, reader }: Told): Generator<NftObjectEvent> {
    const vacancy = this.#vacancy
    this.#vacancy = undefined
    const size = reader.bytes.length
    switch (number) {
      case NFT_MSG_NEWTABLE:
        return yield* this.#newTable(family, tableTable.read(reader, 0, size))
      case NFT_MSG_DELTABLE: {
        const place = this.#place(family, tableTable.read(reader, 0, size).name)
        return yield* this.#leave(place, place === undefined ? [] : [...place.objects.keys()])
      }
      case NFT_MSG_NEWCHAIN:
      case NFT_MSG_DELCHAIN:
        return yield* this.#chain(number === NFT_MSG_NEWCHAIN, family, chainTable.read(reader, 0, size))
      case NFT_MSG_NEWOBJ:
      case NFT_MSG_DELOBJ:
        return yield* this.#namedObject(number === NFT_MSG_NEWOBJ, family, objectTable.read(reader, 0, size))
      case NFT_MSG_NEWFLOWTABLE:
      case NFT_MSG_DELFLOWTABLE:
        return yield* this.#flowtable(number === NFT_MSG_NEWFLOWTABLE, family, flowtableTable.read(reader, 0, size))
      case setWire.NFT_MSG_NEWSET:
        return yield* this.#newSet(family, setWire.setTable.read(reader, 0, size))
      case setWire.NFT_MSG_DELSET: {
        const { table, handle } = setWire.setTable.read(reader, 0, size)
        const place = this.#place(family, table)
        return yield* this.#leave(place, [keyOf(place, handle)])
      }
      case setWire.NFT_MSG_NEWSETELEM:
      case setWire.NFT_MSG_DELSETELEM: {
        const told = { family, ...setWire.elementsTable.read(reader, 0, size) }
        return yield* this.#changeElements(told, number === setWire.NFT_MSG_NEWSETELEM ? 'new' : 'del')
      }
      case NFT_MSG_NEWRULE:
        return yield* this.#newRule(family, ruleTable.read(reader, 0, size), flags, vacancy)
      case NFT_MSG_DELRULE: {
        const { table, chain = '', handle = 0 } = ruleTable.read(reader, 0, size)
        const place = this.#place(family, table)
        const order = place?.orders.get(chain)
        this.#vacancy = { order, before: order?.before(handle) }
        order?.remove(handle)
        yield* this.#leave(place, [keyOf(place, handle)])
      }
    }
  }

  *#newTable(family: number, values: Values<typeof tableTable>): Generator<NftObjectEvent> {
    const value = readTable(family, values)
    if (value === undefined) return
    const { family: only = value.family, table = value.name } = this.#filter
    if (value.family !== only || value.name !== table) return
    const key = `${value.family} ${value.name}`
    let place = this.#places.get(key)
    if (place === undefined) {
      place = emptyPlace(key, value)
      this.#places.set(key, place)
    }
    yield* this.#set(place, 'table', key, value)
  }

  *#chain(there: boolean, family: number, values: Values<typeof chainTable>): Generator<NftObjectEvent> {
    const value = readChain(family, values)
    const place = this.#place(family, values.table)
    if (place === undefined) return
    const key = keyOf(place, values.handle)
    if (this.#isPartial(place, key, values.hook?.devs ?? values.hook?.dev)) return
    const before = this.#seen === undefined ? place.objects.get(key) : undefined
    // Rules say which chain they are in, and which they jump to.
    if (there && before !== undefined && nameOf(before) !== values.name) this.doubtful = true
    if (!there) yield* this.#leave(place, [key])
    else if (value !== undefined) yield* this.#set(place, 'chain', key, value)
  }

  /** Whether a message has the devices only that something known has gained or lost, and not all those it has. */
  #isPartial(place: Place, key: string, devices: unknown): boolean {
    if (this.#seen !== undefined || devices === undefined || !place.objects.has(key)) return false
    this.doubtful = true
    return true
  }

  *#flowtable(there: boolean, family: number, values: Values<typeof flowtableTable>): Generator<NftObjectEvent> {
    const place = this.#place(family, values.table)
    const key = keyOf(place, values.handle)
    const value = readFlowtable(family, values)
    if (place === undefined || this.#isPartial(place, key, values.hook?.devs)) return
    if (!there) yield* this.#leave(place, [key])
    else if (value !== undefined) yield* this.#set(place, 'flowtable', key, value)
  }

  *#namedObject(there: boolean, family: number, values: Values<typeof objectTable>): Generator<NftObjectEvent> {
    const place = this.#place(family, values.table)
    const key = keyOf(place, values.handle)
    const value = readObject(family, values)
    if (!there) yield* this.#leave(place, [key])
    else if (place !== undefined && value !== undefined) yield* this.#set(place, 'namedObject', key, value)
  }

  *#newRule(
    family: number,
    values: Values<typeof ruleTable>,
    flags: number,
    vacancy: Vacancy | undefined,
  ): Generator<NftObjectEvent> {
    const { table, chain = '', handle = 0, position } = values
    const place = this.#place(family, table)
    const value = place && readRule(family, values, this.#names, place.listed)
    if (place === undefined || value === undefined) return
    const order = place.orders.get(chain) ?? new Order()
    place.orders.set(chain, order)
    // The kernel names the rule in front of one that is neither the first nor the last. One that replaces another is not created.
    let before = position
    if (this.#seen !== undefined) before = order.last
    else if (before === undefined && (flags & NLM_F_CREATE) === 0) {
      before = vacancy?.order === order ? vacancy.before : order.last
    } else if (before === undefined && (flags & NLM_F_APPEND) !== 0) before = order.last
    const rule = { handle, before, value }
    if (before === undefined || order.has(before)) return yield* this.#put(place, order, rule)
    const key = keyOf(place, before)
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), rule])
  }

  /** A rule has a place, and so have those behind it. */
  *#put(place: Place, order: Order, { handle, before, value }: NewRule): Generator<NftObjectEvent> {
    const key = keyOf(place, handle)
    order.put(handle, before)
    yield* this.#set(place, 'rule', key, value, before)
    const behind = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const each of behind ?? []) yield* this.#put(place, order, each)
  }

  *#newSet(family: number, values: Values<typeof setWire.setTable>): Generator<NftObjectEvent> {
    const place = this.#place(family, values.table)
    const key = keyOf(place, values.handle)
    const set = place && KeptSet.read({ family: place.family, table: place.table, key }, values)
    if (place === undefined || set === undefined) return
    const { name } = set.listed
    const before = place.sets.get(name)
    // One of the same name and another number is another set.
    if (before?.key === key) set.inherit(before)
    place.sets.set(name, set)
    place.listed.set(name, set.listed)
    const made = set.anonymous ? undefined : set.data(this.#names)
    if (made === undefined) return
    if ('set' in made) yield* this.#set(place, 'set', key, made.set)
    else yield* this.#set(place, 'map', key, made.map)
  }

  *#changeElements(told: ToldElements, how: 'new' | 'del' | 'list'): Generator<NftObjectEvent> {
    const { family, table, set: name = '', elements = [] } = told
    const set = this.#place(family, table)?.sets.get(name)
    if (set === undefined) return
    if (how === 'del') yield* set.remove(elements, this.#names)
    else if (how === 'new' || set.anonymous) yield* set.add(elements, this.#names)
    else yield* set.compare(elements, this.#names)
    if (how !== 'list') this.#unsettled.add(set)
  }

  /** An object is there, or has changed. */
  *#set(place: Place, object: Name, key: string, value: object, after?: number): Generator<NftObjectEvent> {
    const text = JSON.stringify(value)
    const before = place.objects.get(key)
    place.objects.set(key, { object, text })
    if (this.#seen !== undefined) {
      this.#seen.add(key)
      if (before !== undefined && (before.text === text || lasting(before.text) === lasting(text))) return
    }
    yield { type: 'new', object, key, [object]: value, ...(after !== undefined && { after }) } as NftObjectEvent
  }

  /** Objects are gone. */
  *#leave(place: Place | undefined, keys: readonly string[]): Generator<NftObjectEvent> {
    if (place === undefined) return
    const gone = keys.flatMap((key) => {
      const kept = place.objects.get(key)
      return kept === undefined ? [] : [{ key, ...kept }]
    })
    if (gone.length > 1) gone.sort((a, b) => leaving.indexOf(a.object) - leaving.indexOf(b.object))
    for (const { key, object, text } of gone) {
      const value = JSON.parse(text) as { name?: string }
      const { name = '' } = value
      place.objects.delete(key)
      if (object === 'table') this.#places.delete(key)
      if (place.sets.get(name)?.key === key) {
        const set = place.sets.get(name)
        if (set !== undefined) this.#unsettled.delete(set)
        place.sets.delete(name)
        place.listed.delete(name)
      }
      yield { type: 'del', object, key, [object]: value } as unknown as NftObjectEvent
    }
  }

  /** A table that has been told of. */
  #place(family: number, table: string | undefined): Place | undefined {
    return this.#places.get(`${familyName(family)} ${table}`)
  }
}
