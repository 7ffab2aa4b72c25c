/** The names of devices, and what else matters of them, as they were when a message was sent, which may be some time before it is read. */

import { common, ifinfomsg } from '../link/attributes.js'
import { IFLA_INFO_KIND, IFLA_LINKINFO } from '../link/info.js'
import type { Names } from '../netlink/writer.js'
import { attributeOf, open, type Payload } from './family.js'

const [IFLA_IFNAME_TYPE] = common.entries.name.types

const IFF_UP = 0x1
const IFF_RUNNING = 0x40
const IFF_LOWER_UP = 0x10000
/** The carrier goes before the kernel has heard of it: it is no longer running only when the routes have been dealt with. */
const mattering = IFF_UP | IFF_RUNNING | IFF_LOWER_UP

interface Device {
  readonly name: string
  readonly bytes: string
  /** Whether it is up and has a carrier: routes depend on it. */
  readonly state: number
  readonly keepsTable: boolean
}

/** What a message says of a device that matters for other objects. @internal */
export interface DeviceNews {
  readonly index: number
  /** It has been shown by another name, or by its index alone. */
  readonly renamed: boolean
  /** The names that mean another device than before, or none, as bytes. */
  readonly names: readonly string[]
  /** It has come up, gone down, or has gone altogether. */
  readonly moved: boolean
}

/** @internal */
export class Devices implements Names {
  readonly #devices = new Map<number, Device>()
  readonly #gone = new Set<number>()
  /** Devices that something was shown to be of before anything was told of them. */
  readonly #unnamed = new Set<number>()

  /** Nothing is sent by way of a monitor. */
  index(device: string | number): number {
    return Number(device)
  }

  name(index: number): string | number {
    const name = this.#devices.get(index)?.name
    if (name === undefined) this.#unnamed.add(index)
    return name ?? index
  }

  /** Whether it is of a kind that keeps a forwarding table of its own, and tells of its changes itself. */
  keepsTable(index: number): boolean {
    return this.#devices.get(index)?.keepsTable === true
  }

  /** Takes in a message about a link. */
  told(payload: Payload, gone: boolean): DeviceNews {
    const { index, flags } = ifinfomsg.read(open(payload), 0, payload.length)
    const before = this.#devices.get(index)
    if (gone) {
      // The name is still needed for what goes with the device.
      this.#gone.add(index)
      return { index, renamed: false, names: before === undefined ? [] : [before.bytes], moved: true }
    }
    this.#gone.delete(index)
    const bytes = attributeOf(payload, ifinfomsg.size, IFLA_IFNAME_TYPE).replace(/\0.*$/s, '')
    const state = flags & mattering
    const kind = attributeOf(attributeOf(payload, ifinfomsg.size, IFLA_LINKINFO), 0, IFLA_INFO_KIND)
    const keepsTable = /^(bridge|vxlan)\0/.test(kind)
    this.#devices.set(index, { name: Buffer.from(bytes, 'latin1').toString(), bytes, state, keepsTable })
    const wanted = this.#unnamed.delete(index)
    if (before === undefined) return { index, renamed: wanted, names: [bytes], moved: false }
    const renamed = before.bytes !== bytes
    return { index, renamed, names: renamed ? [before.bytes, bytes] : [], moved: before.state !== state }
  }

  /** All devices there are have been told of again, or everything that went with those that have gone: forgets these. */
  forget(): void {
    for (const index of this.#gone) this.#devices.delete(index)
    this.#gone.clear()
  }

  /** Before a list is taken in: those that are not in it have gone. */
  unsure(): void {
    for (const index of this.#devices.keys()) this.#gone.add(index)
  }
}
