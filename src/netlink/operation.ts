/**
 * Operations: written once, run by both faces.
 *
 * An operation is a generator. It yields what it needs from outside (a netlink request, or a call that may take its time),
 * is resumed with the answer, and returns the result. A transport decides whether the caller's thread waits for each answer or an
 * event brings it.
 */

import { constants } from 'node:os'
import type { Schema } from './attributes.js'
import type { Batch } from './batch.js'
import { NetlinkError } from './error.js'
import type { Listing } from './listing.js'
import type { Names, Reader, Writer } from './writer.js'

/** How often a list is read before giving up: beside a busy writer one in ten is disturbed. */
const DUMP_TRIES = 10

/** A netlink message: what it is and what for, and what to make of the answer. @internal */
export interface Message {
  /** The message's number, one of those the schema names. */
  readonly type: number
  /** Of generic netlink: the number the kernel has given the family, by which the message goes. `type` is the command then. */
  readonly family?: number
  readonly flags: number
  readonly schema: Schema
  /** What is being done, for errors: `link.add`, and the object it is done to. */
  readonly doing: string
  readonly subject: string | number | undefined
  /** Reads one message of the answer: its payload after the message header. Undefined leaves it out. */
  decode?: ((reader: Reader, at: number, length: number) => unknown) | undefined
  /** Answered by a list. */
  readonly dump?: boolean
  /** The kernel may take milliseconds over it. */
  readonly slow?: boolean
  /** How long the kernel takes over it says nothing of whether it is being held up. */
  readonly unsteady?: boolean
  /** Afterwards names may mean other devices than before. */
  readonly renames?: boolean
}

/** A message that is written when its turn comes. @internal */
export interface Request extends Message {
  /** Writes the header struct and the attributes. May run more than once. */
  encode(writer: Writer): void
  /** Messages that are there already, and are sent instead. */
  readonly batch?: Batch
}

/** What requests about the objects of a schema have in common. @internal */
export const requestsOf =
  (schema: Schema) =>
  (doing: string, subject: Request['subject']): Pick<Request, 'schema' | 'doing' | 'subject' | 'flags'> => ({
    schema,
    doing,
    subject,
    flags: 0,
  })

/**
 * A copy of options: a message is written when its turn comes, and by then the caller may have changed its object. Inherited options count.
 *
 * @internal
 */
export function copied<T extends object>(options: T): T {
  const copy = {} as T
  for (const key in options) copy[key] = options[key]
  return copy
}

/** The answer to a request: what was decoded of each message, and whether a dump was disturbed by a change. @internal */
export interface Answer {
  readonly items: readonly unknown[]
  readonly interrupted: boolean
  /** Why it failed; undefined when it did not. */
  readonly error: unknown
  /** The devices of the namespace that answered. */
  readonly names: Names
}

/** Work outside netlink, in both forms. @internal */
export interface Call<T> {
  sync(): T
  async(): Promise<T>
  /** It changes or reads what requests do, too: it has its turn among them. */
  readonly inOrder?: boolean
  /** `sync` takes microseconds, unless somebody holds the kernel up. */
  readonly brief?: boolean
  /** From here on nothing else that is asked of the namespace comes between the steps of the operation. */
  readonly alone?: boolean
}

/** What an operation waits for: a request, or several that go out together, answered by an Answer each; or a call. @internal */
export type Step = Request | readonly Request[] | Call<unknown>

/** An operation that has not been run: what the methods of the groups in a `batch` return. `T` is what it results in. */
export type Operation<T> = Generator<Step, T, unknown>

/** @internal */
export const isCall = (step: Step): step is Call<unknown> => 'sync' in step

/** A request whose answers are read as something. @internal */
export type Decoding<T> = Request & { decode: (...args: Parameters<NonNullable<Request['decode']>>) => T | undefined }

/** Requests side by side; each has its own answer or error. @internal */
export function* settle(requests: readonly Request[]): Operation<readonly Answer[]> {
  return (yield requests) as readonly Answer[]
}

/** The answer to a request, `done(yield request)`; throws its error. @internal */
export function done(answer: unknown): Answer {
  const { error } = answer as Answer
  if (error !== undefined) throw error
  return answer as Answer
}

/** A request as an operation: its answer is no more than "done". @internal */
export function* send(request: Request): Operation<void> {
  done(yield request)
}

/** A request that is answered by one object. @internal */
export function* ask<T>(request: Decoding<T>): Operation<T> {
  const { items } = done(yield request)
  return items[0] as T
}

/** A request that is answered by a list. A list that changed while it was read may be wrong, so it is read again. @internal */
export function* dump<T>(request: Decoding<T>): Operation<T[]> {
  let last: Answer | undefined
  for (let tries = 0; tries < DUMP_TRIES; tries++) {
    last = done(yield request)
    if (!last.interrupted) return last.items as T[]
  }
  throw changed(request, `each of the ${DUMP_TRIES} times it was read`, last?.items)
}

/** The error for a list that may be wrong, having changed `when`. @internal */
export const changed = ({ doing }: Request, when: string, partial?: readonly unknown[]): NetlinkError =>
  new NetlinkError({ errno: -constants.errno.EINTR, syscall: 'netlink', doing }, `the list changed ${when}`, partial)

/** @internal */
export function* call<T>(step: Call<T>): Operation<T> {
  return (yield step) as T
}

/** So many things are worked out, microseconds each, before it is asked whether the event loop is due its turn. @internal */
export const PORTION = 16

const turn: Call<undefined> = {
  sync: () => undefined,
  async: () => Promise.resolve(undefined),
  inOrder: true,
  alone: true,
}

/**
 * From here on the operation has its turn as one: whatever else the namespace is asked for comes after it. Said again while much is being worked
 * out, it gives the event loop a turn when that is due. @internal
 */
export function* asOne(): Operation<void> {
  yield turn
}

/** A class of operations as promises: each method of `Operations` returns a promise of its result, or goes through a list. */
export type Promised<Operations> = {
  [K in keyof Operations]: Operations[K] extends (...args: infer A) => Operation<infer R>
    ? (...args: A) => Promise<R>
    : Operations[K] extends (...args: infer A) => Listing<infer T>
      ? (...args: A) => AsyncGenerator<T, void, undefined>
      : never
}

/** The same, returning results themselves. */
export type Direct<Operations> = {
  [K in keyof Operations]: Operations[K] extends (...args: infer A) => Operation<infer R>
    ? (...args: A) => R
    : Operations[K] extends (...args: infer A) => Listing<infer T>
      ? (...args: A) => Generator<T, void, undefined>
      : never
}
