/** What the families of rtnetlink share: words, and the pieces of option types. */

import type { constants } from 'node:os'
import { invalidType, oneOf } from './netlink/check.js'
import { isError } from './netlink/error.js'
import { enumeration } from './netlink/names.js'
import { done, type Operation, type Request } from './netlink/operation.js'
import { AF_INET, AF_INET6, AF_UNSPEC } from './netlink/protocol.js'

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
export const familyName = (family: number): Family => (family === AF_INET ? 'inet' : 'inet6')

/** The number of a family an option names; AF_UNSPEC when it is not given. @internal */
export function familyNumber(family: Family | undefined): number {
  if (family === undefined) return AF_UNSPEC
  return oneOf('family', family, ['inet', 'inet6']) === 'inet' ? AF_INET : AF_INET6
}

/** A device: its name, or its index. */
export type Device = string | number

/** Options of every `del`. */
export interface DelOptions {
  /** Deleting what is not there is no error. */
  missingOk?: boolean | undefined
}

/** Whether deleting what is not there is no error. @internal */
export function mayBeMissing({ missingOk }: DelOptions): boolean {
  if (missingOk !== undefined && typeof missingOk !== 'boolean') throw invalidType('missingOk', 'a boolean', missingOk)
  return missingOk === true
}

/** Runs a deletion; with `missingOk`, one of `codes` means that there was nothing to delete. @internal */
export function* deletion(
  what: Request | Operation<void>,
  options: DelOptions,
  ...codes: (keyof typeof constants.errno)[]
): Operation<void> {
  const missingOk = mayBeMissing(options)
  try {
    if ('encode' in what) done(yield what)
    else yield* what
  } catch (error) {
    if (!missingOk || !isError(error, ...codes)) throw error
  }
}

/** @internal */
export const RTPROT_UNSPEC = 0
const RTPROT_REDIRECT = 1
const RTPROT_KERNEL = 2
/** @internal */
export const RTPROT_BOOT = 3
const RTPROT_STATIC = 4
const RTPROT_GATED = 8
const RTPROT_RA = 9
const RTPROT_MRT = 10
const RTPROT_ZEBRA = 11
const RTPROT_BIRD = 12
const RTPROT_DNROUTED = 13
const RTPROT_XORP = 14
const RTPROT_NTK = 15
const RTPROT_DHCP = 16
const RTPROT_MROUTED = 17
const RTPROT_KEEPALIVED = 18
const RTPROT_BABEL = 42
const RTPROT_OPENR = 99
const RTPROT_BGP = 186
const RTPROT_ISIS = 187
const RTPROT_OSPF = 188
const RTPROT_RIP = 189
const RTPROT_EIGRP = 192

/** Who made a route, a rule, a neighbour. @internal */
export const protocols = enumeration(
  {
    unspec: RTPROT_UNSPEC,
    redirect: RTPROT_REDIRECT,
    kernel: RTPROT_KERNEL,
    boot: RTPROT_BOOT,
    static: RTPROT_STATIC,
    gated: RTPROT_GATED,
    ra: RTPROT_RA,
    mrt: RTPROT_MRT,
    zebra: RTPROT_ZEBRA,
    bird: RTPROT_BIRD,
    dnrouted: RTPROT_DNROUTED,
    xorp: RTPROT_XORP,
    ntk: RTPROT_NTK,
    dhcp: RTPROT_DHCP,
    mrouted: RTPROT_MROUTED,
    keepalived: RTPROT_KEEPALIVED,
    babel: RTPROT_BABEL,
    openr: RTPROT_OPENR,
    bgp: RTPROT_BGP,
    isis: RTPROT_ISIS,
    ospf: RTPROT_OSPF,
    rip: RTPROT_RIP,
    eigrp: RTPROT_EIGRP,
  },
  0xff,
)

/** Who made a route, a rule, a neighbour: by name, or as a number from 0 to 255. */
export type Protocol =
  | 'unspec'
  | 'redirect'
  | 'kernel'
  | 'boot'
  | 'static'
  | 'gated'
  | 'ra'
  | 'mrt'
  | 'zebra'
  | 'bird'
  | 'dnrouted'
  | 'xorp'
  | 'ntk'
  | 'dhcp'
  | 'mrouted'
  | 'keepalived'
  | 'babel'
  | 'openr'
  | 'bgp'
  | 'isis'
  | 'ospf'
  | 'rip'
  | 'eigrp'
  | number

/** A lifetime in seconds on the wire, where all ones mean for ever. @internal */
export const FOREVER = 0xffff_ffff
