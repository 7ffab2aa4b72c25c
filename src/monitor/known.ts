/**
 * The objects of one type that a monitor has told of, as it told of them.
 *
 * Every change of this table is told as an event and every event changes it: whoever applies all events has the same table.
 */

import { isDeepStrictEqual } from 'node:util'
import { NLM_F_APPEND, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import type { Names } from '../netlink/writer.js'
import { type Family, type Message, numberBytes, open, type Payload } from './family.js'

/** Something to tell. @internal */
export interface Change {
  readonly type: 'new' | 'del'
  readonly key: string
  readonly payload: Payload
}

/** @internal */
export class Known<T> {
  readonly family: Family<T>
  readonly #names: Names
  /** The payload of the last message about each, by its key. */
  readonly #objects = new Map<string, string>()
  /** The keys of objects that the kernel's own key does not tell apart, by that, in the kernel's order. Few are: the others are only above. */
  readonly #crowds = new Map<string, string[]>()
  /** The keys of objects that have only been listed, if it matters. */
  readonly #untold: Set<string> | undefined
  #number = 0

  constructor(family: Family<T>, names: Names) {
    this.family = family
    this.#names = names
    this.#untold = family.untold && new Set()
  }

  /** Whether there are objects of which the kernel may never tell. */
  get untold(): boolean {
    return this.#untold !== undefined && this.#untold.size > 0
  }

  /** Whether the object that a payload describes has been told of. */
  has(payload: Payload): boolean {
    return this.#objects.has(this.family.key(payload))
  }

  /** The object a payload describes. */
  value(payload: Payload, names = this.#names): T {
    return this.family.decode(open(payload, names), 0, payload.length)
  }

  /** Whether any object has some of these bytes in its payload. It may be by chance. */
  mentions(some: ReadonlySet<string>): boolean {
    if (some.size === 0) return false
    const wanted = [...some]
    for (const payload of this.#objects.values()) if (wanted.some((bytes) => payload.includes(bytes))) return true
    return false
  }

  /** Takes in what the kernel tells. `doubt` is called when that does not say what has become of the others. */
  *told({ type, flags, payload: told }: Message, doubt: () => void): Generator<Change> {
    const slot = this.family.key(told)
    const keys = this.#keys(slot)
    const before = this.#objects.get(slot)
    const payload = before === undefined ? told : (this.family.merge?.(before, told) ?? told)
    this.#untold?.delete(slot)
    if (type === this.family.delType) {
      const key = this.family.crowd === undefined ? keys[0] : this.#same(keys, payload)
      if (key !== undefined) yield this.#remove(slot, key, payload)
      else if (keys.length > 0) doubt()
      return
    }
    // What was replaced had another key.
    if (keys.length === 0 && (flags & NLM_F_REPLACE) !== 0) doubt()
    const place = this.#place(keys, payload, flags)
    if (place < 0) {
      yield this.#insert(slot, payload, (flags & NLM_F_APPEND) !== 0)
      return
    }
    const others = (flags & NLM_F_EXCL) === 0 ? [] : keys.filter((_, at) => at !== place)
    yield this.#set(keys[place] as string, payload)
    for (const key of others) yield this.#remove(slot, key)
  }

  /**
   * Compares with a list, and tells the differences. Objects that a list lacks have gone only when it is `complete`.
   */
  *compare(payloads: readonly Payload[], complete: boolean): Generator<Change> {
    const listed = new Map<string, string | string[]>()
    for (const payload of payloads) {
      const slot = this.family.key(payload)
      const before = listed.get(slot)
      if (before === undefined || this.family.crowd === undefined) listed.set(slot, payload)
      else listed.set(slot, typeof before === 'string' ? [before, payload] : [...before, payload])
    }
    if (complete) {
      for (const key of this.#objects.keys()) {
        const slot = slotOf(key)
        if (!listed.has(slot)) yield this.#remove(slot, key)
      }
    }
    for (const [slot, there] of listed) yield* this.#settle(slot, typeof there === 'string' ? [there] : there, complete)
  }

  /** Compares with one object that was asked for. */
  *compareOne(payload: Payload): Generator<Change> {
    yield* this.#settle(this.family.key(payload), [payload], true)
  }

  /** Tells anew of each object that is shown with the name of a device that has another name now. */
  *renamed(index: number): Generator<Change> {
    const bytes = numberBytes(index)
    let asked = false
    const watching: Names = {
      index: () => 0,
      name: (wanted) => {
        asked ||= wanted === index
        return wanted
      },
    }
    for (const [key, payload] of this.#objects) {
      if (!payload.includes(bytes)) continue
      asked = false
      this.value(payload, watching)
      if (asked) yield { type: 'new', key, payload }
    }
  }

  #keys(slot: string): readonly string[] {
    return this.#crowds.get(slot) ?? (this.#objects.has(slot) ? [slot] : none)
  }

  #place(keys: readonly string[], payload: Payload, flags: number): number {
    const { crowd } = this.family
    if (keys.length === 0) return -1
    if (crowd === undefined) return 0
    return crowd.place(
      keys.map((key) => this.#value(key)),
      this.value(payload),
      flags,
    )
  }

  #same(keys: readonly string[], payload: Payload): string | undefined {
    if (keys.length === 0) return undefined
    const value = this.value(payload)
    return keys.find((key) => this.family.crowd?.same(this.#value(key), value))
  }

  #value(key: string): T {
    return this.value(this.#objects.get(key) as string)
  }

  #set(key: string, payload: Payload): Change {
    this.#objects.set(key, payload)
    return { type: 'new', key, payload }
  }

  #insert(slot: string, payload: Payload, last: boolean): Change {
    const keys = this.#keys(slot)
    const key = this.#objects.has(slot) ? `${slot}#${++this.#number}` : slot
    if (keys.length > 0) this.#crowds.set(slot, last ? [...keys, key] : [key, ...keys])
    return this.#set(key, payload)
  }

  #remove(slot: string, key: string, payload = this.#objects.get(key) as string): Change {
    this.#objects.delete(key)
    this.#untold?.delete(key)
    const left = this.#crowds.get(slot)?.filter((each) => each !== key)
    if (left !== undefined) this.#order(slot, left)
    return { type: 'del', key, payload }
  }

  #order(slot: string, keys: string[]): void {
    if (keys.length === 0 || (keys.length === 1 && keys[0] === slot)) this.#crowds.delete(slot)
    else this.#crowds.set(slot, keys)
  }

  /** Brings what is known under one key of the kernel's to what a list has there. */
  *#settle(slot: string, payloads: readonly Payload[], complete: boolean): Generator<Change> {
    const keys = this.#keys(slot)
    if (keys.length <= 1 && payloads.length === 1) {
      if (keys[0] === undefined) {
        this.#untold?.add(slot)
        yield this.#insert(slot, payloads[0] as Payload, true)
      } else yield* this.#update(keys[0], payloads[0] as Payload)
      return
    }
    const rest = [...keys]
    const taken = payloads.map((payload) => {
      const key = rest.find((each) => this.#objects.get(each) === payload) ?? this.#same(rest, payload)
      if (key !== undefined) rest.splice(rest.indexOf(key), 1)
      return key
    })
    const order: string[] = []
    for (const [at, payload] of payloads.entries()) {
      const key = taken[at] ?? rest.shift()
      if (key !== undefined) {
        yield* this.#update(key, payload)
        order.push(key)
      } else {
        const change = this.#insert(slot, payload, true)
        order.push(change.key)
        yield change
      }
    }
    if (complete) for (const key of rest.splice(0)) yield this.#remove(slot, key)
    this.#order(slot, [...order, ...rest])
  }

  *#update(key: string, payload: Payload): Generator<Change> {
    const before = this.#objects.get(key) as string
    if (before === payload) return
    const change = this.#set(key, payload)
    if (!isDeepStrictEqual(this.#lasting(before), this.#lasting(payload))) yield change
  }

  /** An object without what changes all the time. */
  #lasting(payload: Payload): unknown {
    const { passing = none } = this.family
    const text = JSON.stringify(this.value(payload), (name, value) => (passing.includes(name) ? undefined : value))
    return JSON.parse(text)
  }
}

const none: readonly string[] = []

const slotOf = (key: string): string => {
  const end = key.indexOf('#')
  return end < 0 ? key : key.slice(0, end)
}
