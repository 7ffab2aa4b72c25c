/** One growing buffer that messages are written into, one after the other. */

import { ipInto } from './address.js'
import { align, NLA_F_NESTED, NLA_HDRLEN } from './protocol.js'

const utf8 = new TextEncoder()
const FEW = 32

/** Devices by name and by index, in the namespace that messages go to and come from. @internal */
export interface Names {
  /** The index of the device an option names; a number is taken as the index itself. */
  index(device: string | number, option: string): number
  /** The name of a device, or its index when there is no such device (any more). */
  name(index: number): string | number
}

/** Where there is no namespace to ask: indexes stay indexes. @internal */
export const noNames: Names = {
  index: (device) => Number(device),
  name: (index) => index,
}

/** @internal */
export class Writer {
  bytes: Uint8Array
  view: DataView
  names = noNames
  /** What has to be done once the message is on its way: closing the descriptors it carries. */
  readonly afterwards: (() => void)[] = []
  /** Where the next byte goes. */
  at = 0
  /** Where the attributes start of the table that is being written. */
  from = 0
  /** The options that enclose the one being written, outermost first: only an error ever reads it. */
  readonly path: string[] = []

  constructor(size = 64 * 1024) {
    this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Takes back everything written from `at` on. */
  rewind(at = 0): void {
    this.at = at
    this.path.length = 0
  }

  /** Room for `length` bytes: where they start. They hold anything until they are written. */
  take(length: number): number {
    const start = this.at
    this.at = start + length
    if (this.at > this.bytes.length) this.#grow()
    return start
  }

  /** Room for `length` zero bytes. */
  zeros(length: number): number {
    const start = this.take(length)
    // A few bytes are sooner written here than by a call for any number of them.
    if (length > FEW) this.bytes.fill(0, start, this.at)
    else for (let at = start; at < this.at; at++) this.bytes[at] = 0
    return start
  }

  raw(bytes: Uint8Array): void {
    const start = this.take(bytes.length)
    if (bytes.length > FEW) this.bytes.set(bytes, start)
    else for (let at = 0; at < bytes.length; at++) this.bytes[start + at] = bytes[at] as number
  }

  /** The bytes of an address, 4 or 16 of them; `path` is the option that names it. */
  ip(value: string, path: string): 4 | 16 {
    const start = this.take(16)
    const length = ipInto(path, value, this.bytes, start)
    this.at = start + length
    return length
  }

  /** UTF-8, without the NUL that most attributes want at the end. */
  text(value: string): void {
    const start = this.take(value.length * 3)
    const { bytes } = this
    // Names are ASCII, and short.
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) {
        this.at = start + utf8.encodeInto(value, bytes.subarray(start)).written
        return
      }
      bytes[start + index] = code
    }
    this.at = start + value.length
  }

  /** Starts an attribute; `close` ends it. */
  open(type: number): number {
    const start = this.take(NLA_HDRLEN)
    this.view.setUint16(start + 2, type, true)
    return start
  }

  /** The payload of an attribute of this table that several options write into; the first finds `size` zeros. */
  attribute(type: number, size: number): number {
    for (let at = this.from; at < this.at; at += align(this.view.getUint16(at, true))) {
      if (this.view.getUint16(at + 2, true) === type) return at + NLA_HDRLEN
    }
    const start = this.open(type)
    this.zeros(size)
    this.close(start)
    return start + NLA_HDRLEN
  }

  openNested(type: number): number {
    return this.open(type | NLA_F_NESTED)
  }

  close(start: number): void {
    const length = this.at - start
    if (length > 0xffff)
      throw new RangeError(`The "${this.where()}" option does not fit: an attribute holds 65531 bytes`)
    this.view.setUint16(start, length, true)
    this.zeros(align(length) - length)
  }

  /** The path of an option as a user would write it: `vxlan.id`. */
  where(key?: string): string {
    if (key !== undefined && this.path.length === 0) return key
    return (key === undefined ? this.path : [...this.path, key]).join('.')
  }

  #grow(): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.at))
    grown.set(this.bytes)
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}

/** Bytes to read, and a view of them. @internal */
export class Reader {
  readonly bytes: Uint8Array
  readonly view: DataView
  names = noNames

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

/** A copy of `length` bytes with zeros up to `size`. @internal */
export function padded(reader: Reader, at: number, length: number, size: number): Reader {
  const bytes = new Uint8Array(size)
  bytes.set(reader.bytes.subarray(at, at + length))
  return new Reader(bytes)
}
