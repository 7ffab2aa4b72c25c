/** Addresses of devices: `ip address`. */

import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import { broadcastOf, ipBytes, type Prefix, parsePrefix } from '../netlink/address.js'
import { attributes, enum8, ignored, ip, type Schema, struct, text, u32, type Values } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { isError, NetlinkError } from '../netlink/error.js'
import { Events } from '../netlink/events.js'
import { Listing } from '../netlink/listing.js'
import { enumeration } from '../netlink/names.js'
import { type Decoding, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { AF_INET, AF_INET6, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { U8, U32 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Home } from '../netlink/transport.js'
import type { Reader, Writer } from '../netlink/writer.js'
import {
  type DelOptions,
  type Device,
  deletion,
  type Family,
  FOREVER,
  familyName,
  familyNumber,
  type Scope,
  scopes,
} from '../rtnetlink.js'

const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const RTM_GETADDR = 22

const RTNLGRP_IPV6_IFADDR = 9

const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_LABEL = 3
const IFA_BROADCAST = 4
const IFA_ANYCAST = 5
const IFA_CACHEINFO = 6
const IFA_MULTICAST = 7
const IFA_FLAGS = 8
const IFA_RT_PRIORITY = 9
const IFA_TARGET_NETNSID = 10
const IFA_PROTO = 11

const IFAPROT_KERNEL_LO = 1
const IFAPROT_KERNEL_RA = 2
const IFAPROT_KERNEL_LL = 3

const IFA_F_SECONDARY = 0x01
const IFA_F_NODAD = 0x02
const IFA_F_OPTIMISTIC = 0x04
const IFA_F_DADFAILED = 0x08
const IFA_F_HOMEADDRESS = 0x10
const IFA_F_DEPRECATED = 0x20
const IFA_F_TENTATIVE = 0x40
const IFA_F_PERMANENT = 0x80
const IFA_F_MANAGETEMPADDR = 0x100
const IFA_F_NOPREFIXROUTE = 0x200
const IFA_F_MCAUTOJOIN = 0x400
const IFA_F_STABLE_PRIVACY = 0x800

/** Flags a user may set, under the words `ip address` has for them, and flags only the kernel sets. */
const settable = {
  home: IFA_F_HOMEADDRESS,
  nodad: IFA_F_NODAD,
  optimistic: IFA_F_OPTIMISTIC,
  mngtmpaddr: IFA_F_MANAGETEMPADDR,
  noprefixroute: IFA_F_NOPREFIXROUTE,
  autojoin: IFA_F_MCAUTOJOIN,
} as const
const reported = {
  secondary: IFA_F_SECONDARY,
  dadfailed: IFA_F_DADFAILED,
  deprecated: IFA_F_DEPRECATED,
  tentative: IFA_F_TENTATIVE,
  permanent: IFA_F_PERMANENT,
  stablePrivacy: IFA_F_STABLE_PRIVACY,
} as const
const flagEntries = Object.entries({ ...settable, ...reported })
const settableBits: ReadonlyMap<string, number> = new Map(Object.entries(settable))

const protocols = enumeration(
  { kernel_lo: IFAPROT_KERNEL_LO, kernel_ra: IFAPROT_KERNEL_RA, kernel_ll: IFAPROT_KERNEL_LL },
  0xff,
)

const ifaddrmsg = new Struct('struct ifaddrmsg', {
  family: field('ifa_family', U8),
  prefixlen: field('ifa_prefixlen', U8),
  flags: field('ifa_flags', U8),
  scope: field('ifa_scope', U8),
  index: field('ifa_index', U32),
})

const cacheinfo = new Struct('struct ifa_cacheinfo', {
  preferred: field('ifa_prefered', U32),
  valid: field('ifa_valid', U32),
  created: field('cstamp', U32),
  updated: field('tstamp', U32),
})

// IPv4 has the address in IFA_LOCAL and the far end (or the address again) in IFA_ADDRESS; IPv6 has a lone address in
// IFA_ADDRESS. Here `address` is what the user calls so, and `decode` sorts it out.
const table = attributes({
  peer: ip(IFA_ADDRESS),
  address: ip(IFA_LOCAL),
  label: text(IFA_LABEL, 15),
  broadcast: ip(IFA_BROADCAST),
  anycast: ignored(IFA_ANYCAST),
  lifetime: struct(IFA_CACHEINFO, cacheinfo),
  multicast: ignored(IFA_MULTICAST),
  flags: u32(IFA_FLAGS),
  metric: u32(IFA_RT_PRIORITY),
  targetNsid: ignored(IFA_TARGET_NETNSID),
  proto: enum8(IFA_PROTO, protocols),
})

/** @internal */
export const addrSchema = {
  messages: { RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR },
  header: ifaddrmsg,
  table,
} satisfies Schema

/** What names an address: what `del` and `get` need. */
export interface AddrKey {
  /** The device that has it. */
  dev: Device
  /**
   * The address and the length of its network, `'10.244.1.10/24'` or `'2001:db8::1/64'`. Without a length it is a network of its
   * own: /32, /128. With a `peer` the network is the peer's, and a length here means nothing.
   */
  address: string
  /** The other end of a point-to-point link, with the length of its network: `'192.0.2.2/32'`. */
  peer?: string | undefined
}

/** An address to be added. */
export interface AddrOptions extends AddrKey {
  /** The broadcast address (IPv4): an address, `'+'` for the one with all host bits set, `'-'` for the one with none. */
  broadcast?: string | undefined
  /** A name for the address (IPv4): the device's name, or that followed by a colon and more; at most 15 bytes. */
  label?: string | undefined
  /** How far it is valid. The kernel's own choice for IPv4 is `'global'`; for IPv6 it follows from the address. */
  scope?: Scope | undefined
  /** Seconds until it is removed, 1 to 2^32 - 2, or `'forever'`, which it is when nothing is said. */
  validLft?: number | 'forever' | undefined
  /** Seconds until it is no longer chosen for new connections: 0 to `validLft`. */
  preferredLft?: number | 'forever' | undefined
  /** The metric of the route to the address's network, 1 to 2^32 - 1 (Linux 4.18). */
  metric?: number | undefined
  /** Who made it: a number from 0 to 255, or one of the kernel's own (Linux 5.18). */
  proto?: 'kernel_lo' | 'kernel_ra' | 'kernel_ll' | number | undefined
  /** The home address of a mobile node (IPv6). */
  home?: boolean | undefined
  /** No duplicate address detection (IPv6): it can be used at once. */
  nodad?: boolean | undefined
  /** Usable while duplicate address detection is under way (IPv6). */
  optimistic?: boolean | undefined
  /** The template of temporary addresses (IPv6). */
  mngtmpaddr?: boolean | undefined
  /** No route to its network is made. */
  noprefixroute?: boolean | undefined
  /** The multicast group is joined (multicast addresses). */
  autojoin?: boolean | undefined
  /** Attributes this version of nslink does not know, by number, in hexadecimal: read from a newer kernel, or given to one. */
  unknown?: Record<number, string> | undefined
}

/** An address a device has. It can be given back to `add`, `replace` and `del`. */
export interface Addr extends AddrOptions {
  /** The family of the address. */
  family: Family
  scope: Scope
  validLft: number | 'forever'
  preferredLft: number | 'forever'
  /** Another address of the same network came first (IPv4), or it is a temporary one (IPv6). */
  secondary?: boolean
  /** Somebody else on the link has it (IPv6). */
  dadfailed?: boolean
  /** Its preferred lifetime is over. */
  deprecated?: boolean
  /** Duplicate address detection is under way (IPv6): it cannot be used yet. */
  tentative?: boolean
  /** It has no lifetime. */
  permanent?: boolean
  /** Made from a secret, as RFC 7217 has it (IPv6). */
  stablePrivacy?: boolean
}

/** Which addresses to list. */
export interface AddrFilter {
  /** Of this device only; the kernel does the choosing. */
  dev?: Device | undefined
  /** Of this family only; the kernel does the choosing. */
  family?: Family | undefined
  /** Of this scope only. */
  scope?: Scope | undefined
  /** With this label only. */
  label?: string | undefined
}

/** What to wait for, and how long. */
export interface WaitOptions {
  /** For the addresses of this device only. */
  dev?: Device | undefined
  /** For those of this family only. IPv4 addresses are usable at once. */
  family?: Family | undefined
  /** How many milliseconds to wait at most, 0 to 2^31 - 1; 5000 unless said otherwise. */
  timeout?: number | undefined
  /** Gives up waiting when it is aborted. A thread that waits in `nslink/sync` sees only one that was aborted before. */
  signal?: AbortSignal | undefined
}

const known = new Set([
  ...['dev', 'address', 'peer', 'broadcast', 'label', 'scope', 'validLft', 'preferredLft', 'metric', 'proto'],
  ...['family', 'unknown', ...flagEntries.map(([name]) => name)],
])
const knownToDel = new Set([...known, 'missingOk'])
const knownFilters = new Set(['dev', 'family', 'scope', 'label'])
const knownToWait = new Set(['dev', 'family', 'timeout', 'signal'])

/** Addresses of devices (`ip address`). */
export class AddrOperations {
  readonly #home: Home

  /** @internal */
  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Adds an address to a device: `ip address add`.
   *
   * @throws NetlinkError EEXIST when the device has it already, ENODEV when there is no such device
   */
  *add(options: AddrOptions): Operation<void> {
    done(yield create('addr.add', NLM_F_CREATE | NLM_F_EXCL, options))
  }

  /**
   * Adds an address, or changes the lifetimes and the metric of the one that is there, and of an IPv6 address the flags:
   * `ip address replace`.
   */
  *replace(options: AddrOptions): Operation<void> {
    done(yield create('addr.replace', NLM_F_CREATE | NLM_F_REPLACE, options))
  }

  /**
   * Removes an address: `ip address del`.
   *
   * @throws NetlinkError EADDRNOTAVAIL when the device does not have it
   */
  *del(options: AddrKey & DelOptions): Operation<void> {
    yield* deletion(remove('addr.del', options), options, 'EADDRNOTAVAIL')
  }

  /**
   * One address of a device. An `address` without a length is found whatever its network.
   *
   * @throws NetlinkError EADDRNOTAVAIL when the device does not have it
   */
  *get(key: AddrKey): Operation<Addr> {
    onlyKnown('addr.get', key, known)
    const { address, peer, wire } = parsed(key)
    const addresses = yield* this.list({ dev: key.dev, family: familyName(address.family) })
    const found = addresses.find((addr) => {
      const its = parsed(addr)
      if (!equal(its.address.bytes, address.bytes)) return false
      if (peer === undefined && !address.explicit) return true
      return equal(its.wire.bytes, wire.bytes) && (its.wire.length === wire.length || !wire.explicit)
    })
    if (found !== undefined) return found
    const why = `device ${key.dev} does not have the address`
    throw this.#failure('EADDRNOTAVAIL', `addr.get ${key.address}`, why, 'address')
  }

  /** The addresses of all devices, or those a filter lets through: `ip address show`. */
  *list(filter: AddrFilter = {}): Operation<Addr[]> {
    return yield* dump(listing('addr.list', filter))
  }

  /**
   * The addresses that `list` gives, one after the other while they are read, for lists too long to be held:
   * `for await (const address of ns.addr.each())`, in `nslink/sync` `for (const address of …)`.
   * It has a socket of its own, so that anything else can be asked meanwhile; leaving the loop closes it. It is not for batches.
   *
   * @throws NetlinkError EINTR after the last one when the list changed meanwhile: some may be missing then, or have come twice
   */
  each(filter: AddrFilter = {}): Listing<Addr> {
    return new Listing([listing('addr.each', filter)])
  }

  /**
   * Removes all addresses that a filter lets through, and says how many they were: `ip address flush`.
   *
   * The filter has to name something, so that nobody flushes a machine by a slip.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE for a filter that lets everything through
   */
  *flush(filter: AddrFilter): Operation<number> {
    onlyKnown('addr.flush', filter, knownFilters)
    if (Object.values(filter).every((value) => value === undefined)) {
      throw invalidValue('filter', filter, 'must name what to flush: a dev, a family, a scope or a label')
    }
    const addresses = yield* this.list(filter)
    const answers = yield* settle(addresses.map((addr) => remove('addr.flush', addr)))
    for (const { error } of answers) {
      // An IPv4 address takes its secondaries with it.
      if (error !== undefined && !isError(error, 'EADDRNOTAVAIL')) throw error
    }
    return addresses.length
  }

  /**
   * Waits until duplicate address detection is over for all addresses, and returns them: from then on a server can be bound to
   * each of them. It takes about a second from the moment the link has a carrier. An IPv6 address is tentative until then, unless it
   * was added with `nodad`.
   *
   * Only addresses that are there count: the kernel makes the link-local one of a link when its carrier comes.
   *
   * @throws NetlinkError ETIMEDOUT, naming the addresses that are still tentative; EADDRNOTAVAIL, naming those that somebody else
   *   on the link has
   * @throws the reason of `signal` when that is aborted
   */
  *waitForAddresses(options: WaitOptions = {}): Operation<Addr[]> {
    const doing = 'addr.waitForAddresses'
    onlyKnown(doing, options, knownToWait)
    const { dev, family, timeout = 5000, signal } = options
    integer('timeout', timeout, 0, 0x7fff_ffff)
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal)
    const end = performance.now() + timeout
    const events = new Events(this.#home, [RTNLGRP_IPV6_IFADDR])
    try {
      for (;;) {
        const addresses = yield* this.list({ dev, family })
        const failed = addresses.filter((addr) => addr.dadfailed)
        if (failed.length > 0)
          throw this.#failure('EADDRNOTAVAIL', doing, `somebody else on the link has ${shown(failed)}`)
        const tentative = addresses.filter((addr) => addr.tentative)
        if (tentative.length === 0) return addresses
        if (!(yield* events.wait(end - performance.now(), signal))) {
          throw this.#failure('ETIMEDOUT', doing, `after ${timeout} ms still tentative: ${shown(tentative)}`)
        }
        // That something has changed is all that is needed of them: the next list says what.
        events.read()
      }
    } finally {
      events.close()
    }
  }

  #failure(code: 'EADDRNOTAVAIL' | 'ETIMEDOUT', doing: string, why: string, attribute?: string): NetlinkError {
    const errno = -constants.errno[code]
    return new NetlinkError({ errno, syscall: 'netlink', doing, attribute, netns: this.#home.label }, why)
  }
}

/** Asks for the addresses that a filter lets through. */
function listing(doing: string, filter: AddrFilter): Decoding<Addr> {
  onlyKnown(doing, filter, knownFilters)
  const scope = filter.scope === undefined ? undefined : scopes.name(scopes.number(filter.scope, 'scope'))
  if (filter.label !== undefined && typeof filter.label !== 'string')
    throw invalidType('label', 'a string', filter.label)
  return {
    type: RTM_GETADDR,
    flags: 0,
    dump: true,
    schema: addrSchema,
    doing,
    subject: undefined,
    encode(writer) {
      const index = filter.dev === undefined ? 0 : writer.names.index(filter.dev, 'dev')
      ifaddrmsg.write(writer, { family: familyNumber(filter.family), index })
    },
    decode(reader, at, length) {
      const addr = decode(reader, at, length)
      if (scope !== undefined && addr.scope !== scope) return undefined
      return filter.label === undefined || addr.label === filter.label ? addr : undefined
    },
  }
}

/** Addresses as an error names them. */
const shown = (addresses: readonly Addr[]): string =>
  addresses.map(({ address, dev }) => `${address} on ${dev}`).join(', ')

function create(doing: string, flags: number, options: AddrOptions): Request {
  onlyKnown(doing, options, known)
  // The message is written when its turn comes, and by then the caller may have changed its object.
  const { dev, label, metric, proto, unknown } = options
  const { address, peer, wire } = parsed(options)
  const lifetime = lifetimeOf(options)
  let bits = 0
  for (const name in options) {
    const bit = settableBits.get(name)
    if (bit === undefined) continue
    const value = options[name as keyof typeof settable]
    if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
    if (value) bits |= bit
  }
  if (label !== undefined && address.family !== AF_INET) {
    throw invalidValue('label', label, 'needs an IPv4 address: IPv6 addresses have no label')
  }
  const scope = options.scope === undefined ? 0 : scopes.number(options.scope, 'scope')
  const broadcast = broadcastText(options.broadcast, wire)
  const flagBits = bits === 0 ? undefined : bits
  return {
    type: RTM_NEWADDR,
    flags,
    schema: addrSchema,
    doing,
    subject: options.address,
    encode(writer) {
      const index = writer.names.index(dev, 'dev')
      ifaddrmsg.write(writer, { family: address.family, prefixlen: wire.length, flags: bits & 0xff, scope, index })
      writeAddresses(writer, address, peer)
      table.write(writer, { broadcast, label, lifetime, flags: flagBits, metric, proto, unknown }, doing)
    },
  }
}

function remove(doing: string, options: AddrKey): Request {
  onlyKnown(doing, options, knownToDel)
  const { dev } = options
  const { address, peer, wire } = parsed(options)
  return {
    type: RTM_DELADDR,
    flags: 0,
    schema: addrSchema,
    doing,
    subject: options.address,
    encode(writer) {
      const index = writer.names.index(dev, 'dev')
      ifaddrmsg.write(writer, { family: address.family, prefixlen: wire.length, index })
      writeAddresses(writer, address, peer)
    },
  }
}

/** The address, the other end if there is one, and which of them has the length of the network: the other end, then. */
function parsed({ address: text, peer: other }: AddrKey): { address: Prefix; peer: Prefix | undefined; wire: Prefix } {
  const address = parsePrefix('address', text)
  if (other === undefined) return { address, peer: undefined, wire: address }
  const peer = parsePrefix('peer', other)
  if (peer.family !== address.family) throw invalidValue('peer', other, 'must be of the same family as the address')
  return { address, peer, wire: peer }
}

function writeAddresses(writer: Writer, address: Prefix, peer: Prefix | undefined): void {
  writeBytes(writer, IFA_LOCAL, address.bytes)
  writeBytes(writer, IFA_ADDRESS, (peer ?? address).bytes)
}

function writeBytes(writer: Writer, type: number, bytes: Uint8Array): void {
  const start = writer.open(type)
  writer.raw(bytes)
  writer.close(start)
}

function broadcastText(given: string | undefined, wire: Prefix): string | undefined {
  if (given === undefined) return undefined
  if (wire.family !== AF_INET) throw invalidValue('broadcast', given, 'needs an IPv4 address: IPv6 has no broadcast')
  if (given !== '+' && given !== '-') {
    if (ipBytes('broadcast', given).length === 4) return given
    throw invalidValue('broadcast', given, 'must be an IPv4 address')
  }
  const host = broadcastOf(new Uint8Array(4), wire.length)
  return wire.bytes.map((byte, index) => (given === '+' ? byte | host[index]! : byte & ~host[index]!)).join('.')
}

function lifetimeOf(options: AddrOptions & { deprecated?: boolean }): Values<typeof table>['lifetime'] {
  if (options.validLft === undefined && options.preferredLft === undefined) return undefined
  const valid = seconds('validLft', options.validLft)
  let preferred = options.preferredLft === undefined ? valid : seconds('preferredLft', options.preferredLft)
  // So does the kernel report an IPv4 address that is valid for ever and no longer preferred.
  if (options.deprecated && preferred === FOREVER) preferred = 0
  if (preferred > valid) throw invalidValue('preferredLft', options.preferredLft, 'must not be longer than validLft')
  return { valid, preferred, created: 0, updated: 0 }
}

const seconds = (path: string, value: number | 'forever' | undefined): number =>
  value === undefined || value === 'forever' ? FOREVER : integer(path, value, 0, FOREVER - 1)

const shownSeconds = (value: number): number | 'forever' => (value === FOREVER ? 'forever' : value)

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

/** Reads an address from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Addr {
  const header = ifaddrmsg.read(reader, at, length)
  const { peer, address, lifetime, flags, ...rest }: Values<typeof table> = table.read(
    reader,
    at + ifaddrmsg.size,
    length - ifaddrmsg.size,
  )
  const own = address ?? peer ?? (header.family === AF_INET6 ? '::' : '0.0.0.0')
  const pointToPoint = address !== undefined && peer !== undefined && peer !== address
  const addr: Addr = {
    dev: reader.names.name(header.index),
    family: familyName(header.family),
    address: pointToPoint ? own : `${own}/${header.prefixlen}`,
    scope: scopes.name(header.scope),
    validLft: lifetime === undefined ? 'forever' : shownSeconds(lifetime.valid),
    preferredLft: lifetime === undefined ? 'forever' : shownSeconds(lifetime.preferred),
    ...rest,
  } as Addr
  if (pointToPoint) addr.peer = `${peer}/${header.prefixlen}`
  const bits = flags ?? header.flags
  for (const [name, bit] of flagEntries) if ((bits & bit) !== 0) addr[name as keyof typeof reported] = true
  return addr
}
