/** What a kind of qdisc, class, filter or action is: a name, and what its options look like. Each kind is one file. */

import { attributes } from '../netlink/attributes.js'
import { integer } from '../netlink/check.js'
import { attributesBody, type Body, type Readable } from './body.js'
import type { EtherProtocol } from './protocol.js'

/**
 * A kind that is given `O`, and reports `V` and statistics `S` of its own. A kind declared with named types has editors and the reference show the
 * names.
 *
 * @internal
 */
export interface Kind<O, V = O, S = unknown> {
  readonly name: string
  readonly body: Body<object, object>
  /** What it counts besides what all count. */
  readonly stats: Readable<object> | undefined
  /** The option at fault, by what the kernel says of it. */
  readonly faults: Readonly<Record<string, string>>
  /** For the compiler alone: there is no such property. */
  readonly types?: { options: O; values: V; stats: S }
}

/** A kind of qdisc that has its place in a device. @internal */
export interface PlacedKind<O, V = O, S = unknown> extends Kind<O, V, S> {
  readonly parent: 'ingress' | 'clsact'
}

/** A kind of filter, whose filters are called `H`. @internal */
export interface FilterKind<O, V = O, H = number> extends Kind<O, V> {
  /** The handle of a filter in an option, and as the kernel has it. */
  readonly handle: { parse(path: string, value: unknown): number; format(handle: number): H }
  /** What it is read as, seen that it is for a protocol. */
  finished?(values: V, protocol: EtherProtocol): V
  /** What it is told, seen that it is for a protocol (where that is given), and where it is. `close` ends what is open until it is told. */
  placed?(options: O, protocol: EtherProtocol | undefined, parent: number): { told: O; close?: () => void }
}

interface More<S> {
  stats?: Readable<S>
  faults?: Readonly<Record<string, string>>
}

/** Defines a kind of qdisc, class or action. @internal */
export function kind<O, V, S = unknown>(
  name: string,
  body: Body<O, V>,
  { stats, faults = {} }: More<S> = {},
): Kind<O, V, S> {
  return { name, body: body as unknown as Body<object, object>, stats: stats as Readable<object> | undefined, faults }
}

/** The body of a kind that is told nothing. @internal */
export const nothing = attributesBody(attributes({}), true)

const numbered: FilterKind<unknown>['handle'] = {
  parse: (path, value) => integer(path, value, 0, 0xffff_ffff),
  format: (handle) => handle,
}

/** Defines a kind of filter; its filters are numbered where nothing is said of how they are called. @internal */
export function filterKind<O, V>(
  name: string,
  body: Body<O, V>,
  more?: More<unknown> & Pick<FilterKind<O, V>, 'finished' | 'placed'>,
): FilterKind<O, V>
export function filterKind<O, V, H>(
  name: string,
  body: Body<O, V>,
  more: More<unknown> & Pick<FilterKind<O, V, H>, 'handle' | 'finished' | 'placed'>,
): FilterKind<O, V, H>
export function filterKind<O, V>(
  name: string,
  body: Body<O, V>,
  {
    handle = numbered,
    finished,
    placed,
    ...more
  }: More<unknown> & Partial<Pick<FilterKind<O, V>, 'handle' | 'finished' | 'placed'>> = {},
): FilterKind<O, V> {
  return { ...kind(name, body, more), handle, ...(finished && { finished }), ...(placed && { placed }) }
}
