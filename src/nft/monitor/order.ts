/** The rules of a chain in their order: each knows the one before it and the one after it, so that none has to be looked for. */

interface Place {
  before: number | undefined
  after: number | undefined
}

/** @internal */
export class Order {
  readonly #places = new Map<number, Place>()
  #first: number | undefined
  #last: number | undefined

  get last(): number | undefined {
    return this.#last
  }

  has(handle: number): boolean {
    return this.#places.has(handle)
  }

  /** The rule in front of one. */
  before(handle: number): number | undefined {
    return this.#places.get(handle)?.before
  }

  /** Puts a rule behind another, or in front of all. */
  put(handle: number, before: number | undefined): void {
    this.remove(handle)
    const after = before === undefined ? this.#first : this.#places.get(before)?.after
    this.#places.set(handle, { before, after })
    this.#join(before, handle)
    this.#join(handle, after)
  }

  remove(handle: number): void {
    const place = this.#places.get(handle)
    if (place === undefined) return
    this.#places.delete(handle)
    this.#join(place.before, place.after)
  }

  #join(before: number | undefined, after: number | undefined): void {
    const left = before === undefined ? undefined : this.#places.get(before)
    const right = after === undefined ? undefined : this.#places.get(after)
    if (left === undefined) this.#first = after
    else left.after = after
    if (right === undefined) this.#last = before
    else right.before = before
  }
}
