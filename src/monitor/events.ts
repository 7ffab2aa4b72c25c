/** What a monitor is asked for, and what it tells. */

import type { Miss, MonitorObjects } from './families.js'

/** The types of objects to tell of. */
export type MonitoredTypes = { [K in keyof MonitorObjects]?: boolean | undefined }

/** What a monitor is to tell of. */
export interface MonitorSelection extends MonitoredTypes {
  /** What the kernel asks programs for: the neighbours a vxlan with `l2miss` or `l3miss` does not know. */
  miss?: boolean | undefined
  /** Whether what is there already is told of first, as if it was new. */
  existing?: boolean | undefined
}

/** How a monitor is to work. */
export interface MonitorOptions {
  /** Ends the monitor when it is aborted: the iteration then throws its reason. */
  signal?: AbortSignal | undefined
  /**
   * How many bytes of events the kernel keeps until they are read: 16 MiB unless said otherwise, 2 KiB to 1 GiB. The kernel counts its own
   * bookkeeping, 700 bytes and more an event. Without privilege it gives no more than the sysctl net.core.rmem_max allows.
   */
  receiveBuffer?: number | undefined
}

/**
 * Something that has happened: `object` says to what, and the property of that name is the object, as `list` gives it.
 *
 * - `'new'`: the object is there, or has changed. It takes the place of what was told under the same key.
 * - `'del'`: the object is gone. The property shows it as it was.
 */
export type ObjectEvent<O extends keyof MonitorObjects = keyof MonitorObjects> = {
  [K in O]: {
    /** What has happened to it. */
    type: 'new' | 'del'
    /** What kind of object it is. */
    object: K
    /** What tells objects of a kind apart in this monitor: text to compare, not to take apart. */
    key: string
    /** Found by comparing with a list. The kernel has not told of it, or its message was lost. */
    resync?: true
  } & { [P in K]: MonitorObjects[P] }
}[O]

/** The kernel has a packet for a neighbour it does not know, and asks for it. Such an event may be lost; the kernel asks again. */
export interface MissEvent {
  /** It tells of no object. */
  type: 'miss'
  /** As `type`. */
  object: 'miss'
  /** What is wanted. */
  miss: Miss
}

/** What a monitor tells. */
export type MonitorEvent = ObjectEvent | MissEvent

/** What a monitor of a selection tells. */
export type EventOf<S> =
  | {
      [K in keyof MonitorObjects & keyof S]: S[K] extends false | undefined ? never : ObjectEvent<K>
    }[keyof MonitorObjects & keyof S]
  | (S extends { miss: false | undefined } ? never : 'miss' extends keyof S ? MissEvent : never)
