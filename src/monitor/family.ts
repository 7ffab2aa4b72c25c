/** What the monitor knows of one type of object: which messages tell of it, and what identifies it. */

import { eachAttribute, type Schema } from '../netlink/attributes.js'
import { NETLINK_ROUTE } from '../netlink/protocol.js'
import { type Names, Reader } from '../netlink/writer.js'
import type { Devices } from './devices.js'

/** What a message holds after its header, as a string of bytes: the smallest thing JavaScript has to keep them in. @internal */
export type Payload = string

/** @internal */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly payload: Payload
}

/** How a type of object is monitored. @internal */
export interface Family<T> {
  /** The multicast groups that tell of it. */
  readonly groups: readonly number[]
  /** What tells that an object is there, that it is gone, and asks for all of them. */
  readonly newType: number
  readonly delType: number
  readonly getType: number
  readonly schema: Schema
  /** The address family that is asked for in a list; AF_UNSPEC when nothing is said. */
  readonly af?: number
  /** Whether a message is about such an object: other things may come with the same number. `devices` only of an event, not in a list. */
  accepts?(payload: Payload, devices?: Devices): boolean
  /** What the kernel tells such objects apart by, as text without '#'. */
  key(payload: Payload): string
  decode(reader: Reader, at: number, length: number): T
  /** Properties, also of objects inside, that change all the time without the kernel saying so. */
  readonly passing?: readonly string[]
  /** For objects of which the kernel may have several with the same key. */
  readonly crowd?: Crowd<T>
  /** For objects that change without the kernel saying so, when a device comes or goes, or something else does. */
  readonly silent?: Silent
  /** For objects of which some messages tell only a part: puts what was known of one before beside that. */
  merge?(before: Payload, payload: Payload): Payload
  /** A list has everything that was there all the while that it was read, whatever changed meanwhile. */
  readonly whole?: true
  /** Of objects that were there before anybody listened, the kernel may never tell. */
  readonly untold?: true
  /** The devices to ask about after a message that tells only that they have changed. `first`: it is of an object not known before. */
  asks?(payload: Payload, first: boolean): readonly number[]
}

/** @internal */
export interface Crowd<T> {
  /** Whether two are the same object, in whatever state. */
  same(a: T, b: T): boolean
  /** Which of those there are (in the kernel's order) a new one takes the place of: its index, or -1. */
  place(there: readonly T[], value: T, flags: number): number
}

/** @internal */
export interface Silent {
  /** The groups that tell of what else such changes follow from. */
  readonly groups?: readonly number[]
  /** What objects that may have changed after a message have in their payloads, any of these bytes; none: none has changed. */
  after?(type: number, payload: Payload): readonly string[]
}

/** For the compiler: a family of objects of type `T`. @internal */
export const family = <T>(definition: Family<T>): Family<T> => definition

/** The protocol that an object is spoken of by. @internal */
export const protocolOf = ({ schema }: Family<unknown>): number => schema.protocol ?? NETLINK_ROUTE

/** Whether a message may be about an object of a family, by its number. @internal */
export const isOf = ({ newType, delType }: Family<unknown>, type: number): boolean =>
  type === newType || type === delType

/** @internal */
export const payloadOf = (reader: Reader, at: number, length: number): Payload =>
  Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + at, length).toString('latin1')

/** A number of 32 bits as a payload holds it. @internal */
export const numberBytes = (value: number): string =>
  String.fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)

let scratch = Buffer.alloc(64 * 1024)
let opened = new Reader(scratch)

/** A payload to read from, until the next one is opened. @internal */
export function open(payload: Payload, names?: Names): Reader {
  if (payload.length > scratch.length) {
    scratch = Buffer.alloc(2 * payload.length)
    opened = new Reader(scratch)
  }
  scratch.write(payload, 0, 'latin1')
  if (names !== undefined) opened.names = names
  return opened
}

/** An attribute after a header of `header` bytes, again as a string of bytes; empty when it is not there. @internal */
export function attributeOf(payload: Payload, header: number, wanted: number | undefined): string {
  let found = ''
  eachAttribute(open(payload), header, payload.length - header, (type, at, size) => {
    if (type === wanted) found = payload.slice(at, at + size)
  })
  return found
}
