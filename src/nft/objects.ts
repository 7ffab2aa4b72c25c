/** All sorts of objects there are: a new one has a line here. */

import type { NftFamily } from './family.js'
import type { CtExpectation } from './objects/ct-expectation.js'
import type { CtHelper } from './objects/ct-helper.js'
import type { CtTimeout } from './objects/ct-timeout.js'
import type { Counter } from './statements/counter.js'
import type { Limit } from './statements/limit.js'
import type { Quota } from './statements/quota.js'
import type { SynproxyOptions } from './statements/synproxy.js'

/** An object of a sort that is not known here, as the kernel has it. */
export interface UnknownObject {
  /** The kernel's number of its sort. */
  number: number
  /** Its attributes, in hexadecimal. */
  data: string
}

/** What each sort of object has for itself, by the name `nft` has for the sort. */
export interface NftObjectOptions {
  /** Counts packets and bytes of all rules that refer to it. */
  counter: Omit<Counter, 'kind'>
  /** So many bytes for all rules that refer to it. */
  quota: Omit<Quota, 'kind'>
  /** A rate for all rules that refer to it. */
  limit: Omit<Limit, 'kind'>
  /** Looks into what is said in a connection, for connections that belong to it. */
  'ct helper': CtHelper
  /** How long connections are remembered. */
  'ct timeout': CtTimeout
  /** A connection that is to come. */
  'ct expectation': CtExpectation
  /** What the clients of a server are told of it. */
  synproxy: SynproxyOptions
  /** A sort that is not known here. */
  unknown: UnknownObject
}

/** A sort of object, as `nft` calls it. */
export type NftObjectType = keyof NftObjectOptions

/** What all objects have. */
export interface NftObjectBase<T extends NftObjectType = NftObjectType, F extends NftFamily = NftFamily> {
  /** Which sort it is. */
  type: T
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its name; objects of another sort may have the same. */
  name: string
  /** The kernel's number of it; passed over when it is given. */
  handle?: number | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
}

/** An object that rules refer to by its name: a counter, a quota, a limit and others. */
export type NftNamedObject<F extends NftFamily = NftFamily> = {
  [T in NftObjectType]: NftObjectBase<T, F> & NftObjectOptions[T]
}[NftObjectType]
