/** What the families of rtnetlink share: words, and the pieces of option types. */

import type { constants } from 'node:os'
import { invalidType } from './netlink/check.js'
import { type NetlinkError, NetlinkError as NetlinkFailure } from './netlink/error.js'
import { enumeration } from './netlink/names.js'
import type { Operation } from './netlink/operation.js'
import { AF_BRIDGE, AF_INET, AF_INET6, AF_UNSPEC } from './netlink/protocol.js'

const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_SITE = 200
const RT_SCOPE_LINK = 253
const RT_SCOPE_HOST = 254
const RT_SCOPE_NOWHERE = 255

/** How far an address or a route reaches. @internal */
export const scopes = enumeration(
  {
    global: RT_SCOPE_UNIVERSE,
    site: RT_SCOPE_SITE,
    link: RT_SCOPE_LINK,
    host: RT_SCOPE_HOST,
    nowhere: RT_SCOPE_NOWHERE,
  },
  0xff,
)

/** How far an address or a route reaches: by name, or as a number from 0 to 255. */
export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere' | number

/** An address family, as iproute2 spells it. */
export type Family = 'inet' | 'inet6'

/** @internal */
export const families = enumeration({ inet: AF_INET, inet6: AF_INET6, bridge: AF_BRIDGE }, 0xff)

/** @internal */
export const familyName = (family: number): Family => (family === AF_INET ? 'inet' : 'inet6')

/** The number of a family an option names; AF_UNSPEC when it is not given. @internal */
export const familyNumber = (family: Family | undefined): number =>
  family === undefined ? AF_UNSPEC : families.number(family, 'family')

/** A device: its name, or its index. */
export type Device = string | number

/** Options of every `del`. */
export interface DelOptions {
  /** Deleting what is not there is no error. */
  missingOk?: boolean | undefined
}

/** @internal */
export const isError = (error: unknown, ...codes: (keyof typeof constants.errno)[]): error is NetlinkError =>
  error instanceof NetlinkFailure && (codes as string[]).includes(error.code)

/** Runs a deletion; with `missingOk`, one of `codes` means that there was nothing to delete. @internal */
export function* deletion(
  operation: Operation<void>,
  options: DelOptions,
  ...codes: (keyof typeof constants.errno)[]
): Operation<void> {
  if (options.missingOk !== undefined && typeof options.missingOk !== 'boolean') {
    throw invalidType('missingOk', 'a boolean', options.missingOk)
  }
  try {
    yield* operation
  } catch (error) {
    if (!options.missingOk || !isError(error, ...codes)) throw error
  }
}

/** A lifetime in seconds on the wire, where all ones mean for ever. @internal */
export const FOREVER = 0xffff_ffff
