/** Attributes side by side of which one names a kind, and another holds what that kind is told. */

import { type Attribute, type Attributes, type Entries, eachAttribute, type Table, text } from './attributes.js'
import type { Reader } from './writer.js'

/** The longest name of a kind that any such family has, and more. */
const longest = 63

/** A table for each kind, found by what the message says its kind is. @internal */
export class Variants implements Table {
  readonly #type: number
  readonly #make: (kind: string | undefined) => Attributes<Entries>
  readonly #tables = new Map<string | undefined, Attributes<Entries>>()

  /** `type`: the number of the attribute that names the kind. `make`: the table of a kind, or of a message that names none. */
  constructor(type: number, make: (kind: string | undefined) => Attributes<Entries>) {
    this.#type = type
    this.#make = make
  }

  /** The table of a kind. */
  for(kind: string | undefined): Attributes<Entries> {
    let table = this.#tables.get(kind)
    if (table === undefined) {
      table = this.#make(kind)
      this.#tables.set(kind, table)
    }
    return table
  }

  of(reader: Reader, at: number, length: number): Attributes<Entries> {
    let kind: string | undefined
    eachAttribute(reader, at, length, (type, from, size) => {
      if (type === this.#type) kind = text(type, longest).read(reader, from, size, undefined)
    })
    return this.for(kind)
  }

  locate(reader: Reader, at: number, length: number, target: number): string | undefined {
    return this.of(reader, at, length).locate(reader, at, length, target)
  }

  missing(reader: Reader, at: number, length: number, type: number, nest: number | undefined): string {
    return this.of(reader, at, length).missing(reader, at, length, type, nest)
  }

  key(type: number): string | undefined {
    return this.for(undefined).key(type)
  }

  attribute(type: number): Attribute<unknown> | undefined {
    return this.for(undefined).attribute(type)
  }
}
