/** Neighbour tables, ARP's and NDP's: `ip neigh`. */

import { ipBytes } from '../netlink/address.js'
import { familyOf } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { Listing } from '../netlink/listing.js'
import { ask, type Decoding, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import type { Reader, Writer } from '../netlink/writer.js'
import {
  type DelOptions,
  type Device,
  deletion,
  type Family,
  familyName,
  familyNumber,
  type Protocol,
} from '../rtnetlink.js'
import {
  messages,
  NTF_EXT_LEARNED,
  NTF_EXT_MANAGED,
  NTF_OFFLOADED,
  NTF_PROXY,
  NTF_ROUTER,
  NTF_USE,
  ndmsg,
  neighSchema,
  states,
  table,
} from './attributes.js'

const { RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH } = messages

/** The flags of an entry: those a user may set, and one that only the kernel sets. */
const settable = { proxy: NTF_PROXY, router: NTF_ROUTER, externLearn: NTF_EXT_LEARNED, use: NTF_USE } as const
const settableBits: ReadonlyMap<string, number> = new Map(Object.entries(settable))
const shown = Object.entries({ ...settable, offloaded: NTF_OFFLOADED } as const)

/** The kernel counts an entry's times in USER_HZ, which is 100 on every machine Node runs on. */
const ticksPerSecond = 100

/** What the kernel knows of a neighbour's reachability (NUD): by name, or as a number from 0 to 65535. */
export type Nud =
  | 'none'
  | 'incomplete'
  | 'reachable'
  | 'stale'
  | 'delay'
  | 'probe'
  | 'failed'
  | 'noarp'
  | 'permanent'
  | number

/** What names an entry: what `del` and `get` need. */
export interface NeighKey {
  /**
   * The device behind which the neighbour is. Only a proxy entry can do without: it is then for all devices. Delete such an entry
   * before the namespace goes: the kernel (6.18) forgets to, and it can turn up in a namespace made later.
   */
  dev?: Device | undefined
  /** The neighbour's IPv4 or IPv6 address. (On `lo` and point-to-point devices the kernel has 0.0.0.0 for every IPv4 neighbour.) */
  dst: string
  /**
   * The entry makes this machine answer for the neighbour: `ip neigh add proxy`. Proxy entries are a table of their own, so
   * this has to be said to `get` and `del` as well.
   */
  proxy?: boolean | undefined
}

/** An entry to be made or changed. */
export interface NeighOptions extends NeighKey {
  /**
   * The neighbour's link-layer address: `'02:42:ac:11:00:02'`, or on a tunnel whose link-layer addresses are IP addresses one
   * of those. It has to have the length that addresses of the device have. The states `reachable`, `stale`, `delay`, `probe`,
   * `noarp` and `permanent` need one, unless the device has no such addresses.
   */
  lladdr?: string | undefined
  /**
   * The state it is to be in. When nothing is said it is `'permanent'`, as with `ip neigh`, and `'none'` for one that is
   * `managed`, which the kernel does not let be permanent.
   */
  nud?: Nud | undefined
  /** The neighbour is a router (IPv6). */
  router?: boolean | undefined
  /** Learnt by a program, from elsewhere: the kernel does not remove it for lack of use or room. */
  externLearn?: boolean | undefined
  /** Has the kernel find the neighbour out now, as if there was traffic for it. It then looks at neither `nud` nor `lladdr`. */
  use?: boolean | undefined
  /** Has the kernel find the neighbour out and keep it reachable, as `use` does, again and again (Linux 5.16). */
  managed?: boolean | undefined
  /** Who made it (Linux 5.0). */
  protocol?: Protocol | undefined
  /** Attributes this version of nslink does not know, by number, in hexadecimal. */
  unknown?: Record<number, string> | undefined
}

/** An entry of a neighbour table. It can be given back to `add`, `replace` and `del`. */
export interface Neigh extends NeighOptions {
  /** The family of `dst`. */
  family: Family
  /** Its state; a proxy entry has none. */
  nud?: Nud
  /** It is a device's hardware that keeps it. */
  offloaded?: boolean
  /** Whole seconds since it was last used, as `ip -s neigh` shows them; a proxy entry has none of these numbers. */
  used?: number
  /** Whole seconds since the neighbour was last known to be reachable. */
  confirmed?: number
  /** Whole seconds since the entry last changed. */
  updated?: number
  /** How many other parts of the kernel hold it. */
  refcnt?: number
  /** How many solicitations have been sent without an answer. */
  probes?: number
}

/** Which entries to list. */
export interface NeighFilter {
  /** Behind this device only; the kernel does the choosing. */
  dev?: Device | undefined
  /** Behind devices that belong to this bridge, bond or VRF only; the kernel does the choosing. */
  master?: Device | undefined
  /** Of this family only; the kernel does the choosing. */
  family?: Family | undefined
  /**
   * In this state only, or in one of these; `'all'` for whatever state. When nothing is said, `list` leaves out `noarp` and `none`
   * (but not what is `externLearn`), and `flush` leaves alone `noarp` and `permanent`.
   */
  nud?: Nud | readonly Nud[] | 'all' | undefined
  /** The proxy entries instead of the others. They have no state, so `nud` does not go with it. */
  proxy?: boolean | undefined
}

const known = new Set([
  ...['dev', 'dst', 'lladdr', 'nud', 'managed', 'protocol', 'family', 'unknown'],
  ...['used', 'confirmed', 'updated', 'refcnt', 'probes', ...shown.map(([name]) => name)],
])
const knownToDel = new Set([...known, 'missingOk'])
const knownFilters = new Set(['dev', 'master', 'family', 'nud', 'proxy'])

/** Neighbour tables (`ip neigh`). */
export class NeighOperations {
  /**
   * Adds an entry: `ip neigh add`.
   *
   * @throws NetlinkError EEXIST when there is one, ENODEV when there is no such device, EINVAL when the link-layer address has the wrong length, or
   *   the state needs one: the kernel then leaves an entry behind that is `'none'`
   */
  *add(options: NeighOptions): Operation<void> {
    done(yield create('neigh.add', NLM_F_CREATE | NLM_F_EXCL, options))
  }

  /** Adds an entry, or changes the one that is there: `ip neigh replace`. */
  *replace(options: NeighOptions): Operation<void> {
    done(yield create('neigh.replace', NLM_F_CREATE | NLM_F_REPLACE, options))
  }

  /**
   * Changes an entry: `ip neigh change`. What is not said is as with `add`: an entry is permanent unless `nud` says otherwise.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *change(options: NeighOptions): Operation<void> {
    done(yield create('neigh.change', NLM_F_REPLACE, options))
  }

  /**
   * Adds an entry, or changes the one that is there, but not its link-layer address: where that differs nothing is changed, and it
   * is no error. `ip neigh` has no word for it.
   */
  *append(options: NeighOptions): Operation<void> {
    done(yield create('neigh.append', NLM_F_CREATE | NLM_F_APPEND, options))
  }

  /**
   * Removes an entry: `ip neigh del`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: NeighKey & DelOptions): Operation<void> {
    onlyKnown('neigh.del', options, knownToDel)
    yield* deletion(about(RTM_DELNEIGH, 'neigh.del', options), options, 'ENOENT')
  }

  /**
   * One entry, whatever its state: `ip neigh get` (Linux 5.0).
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(options: NeighKey): Operation<Neigh> {
    onlyKnown('neigh.get', options, known)
    return yield* ask<Neigh>({ ...about(RTM_GETNEIGH, 'neigh.get', options), decode })
  }

  /**
   * The entries of all devices, or those a filter lets through: `ip neigh show`, and with `proxy` `ip neigh show proxy`.
   *
   * As `ip` does, it leaves out what is `noarp` or `none` unless `nud` asks for it: `nud: 'all'` shows everything.
   */
  *list(filter: NeighFilter = {}): Operation<Neigh[]> {
    onlyKnown('neigh.list', filter, knownFilters)
    return yield* dump(listing('neigh.list', filter, usual, () => true))
  }

  /**
   * The entries that `list` gives, one after the other while they are read, for tables too long to be held:
   * `for await (const entry of ns.neigh.each())`, in `nslink/sync` `for (const entry of …)`.
   * It has a socket of its own, so that anything else can be asked meanwhile; leaving the loop closes it. It is not for batches.
   *
   * @throws NetlinkError EINTR after the last one when the list changed meanwhile: some may be missing then, or have come twice
   */
  each(filter: NeighFilter = {}): Listing<Neigh> {
    onlyKnown('neigh.each', filter, knownFilters)
    return new Listing([listing('neigh.each', filter, usual, () => true)])
  }

  /**
   * Removes the entries a filter lets through, and says how many they were: `ip neigh flush`. Entries that are `permanent` or
   * `noarp` stay unless `nud` names their state; `nud: 'all'` takes the permanent ones too, but not those that are `noarp`.
   *
   * The filter must not be empty, so that nobody flushes a machine by a slip.
   */
  *flush(filter: NeighFilter): Operation<number> {
    onlyKnown('neigh.flush', filter, knownFilters)
    if (Object.values(filter).every((value) => value === undefined || value === false)) {
      throw invalidValue('filter', filter, 'must name what to flush: a dev, a master, a family, a nud, or proxy')
    }
    // The kernel itself makes noarp entries, for multicast and on devices without ARP, and takes it badly when they go.
    const all = ({ nud }: Neigh) => nud !== 'noarp'
    const found = yield* dump(listing('neigh.flush', filter, (entry) => all(entry) && entry.nud !== 'permanent', all))
    const answers = yield* settle(found.map((entry) => about(RTM_DELNEIGH, 'neigh.flush', entry)))
    let gone = 0
    for (const { error } of answers) {
      // Neighbours come and go by themselves: one may have gone since it was listed.
      if (error === undefined) gone++
      else if (!isError(error, 'ENOENT')) throw error
    }
    return gone
  }
}

/** What a request needs to name an entry. */
interface Key {
  readonly family: number
  readonly dev: Device | undefined
  readonly dst: string
  readonly proxy: boolean
}

function keyOf(options: NeighKey & { family?: Family }): Key {
  const { dev, dst } = options
  const family = familyOf(ipBytes('dst', dst))
  if (options.family !== undefined && familyNumber(options.family) !== family) {
    throw invalidValue('family', options.family, 'must be that of dst')
  }
  const proxy = given('proxy', options.proxy)
  if (dev === undefined && !proxy) throw invalidType('dev', 'the name of a device or its index', dev)
  return { family, dev, dst, proxy }
}

function given(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
  return value === true
}

/** The header of a request about one entry. */
function writeHeader(writer: Writer, { family, dev }: Key, flags: number, state = 0): void {
  const ifindex = dev === undefined ? 0 : writer.names.index(dev, 'dev')
  ndmsg.write(writer, { family, ifindex, flags, state })
}

function create(doing: string, flags: number, options: NeighOptions): Request {
  onlyKnown(doing, options, known)
  const key = keyOf(options)
  const { dst, lladdr, protocol, unknown } = options
  if (key.proxy && lladdr !== undefined) throw invalidValue('lladdr', lladdr, 'has no place in a proxy entry')
  let bits = 0
  for (const name in options) {
    const bit = settableBits.get(name)
    if (bit !== undefined && given(name, options[name as keyof typeof settable])) bits |= bit
  }
  const managed = given('managed', options.managed)
  const state = states.number(options.nud ?? (managed ? 'none' : 'permanent'), 'nud')
  return {
    type: RTM_NEWNEIGH,
    flags,
    schema: neighSchema,
    doing,
    subject: dst,
    encode(writer) {
      writeHeader(writer, key, bits, state)
      table.write(writer, { dst, lladdr, protocol, flagsExt: managed ? NTF_EXT_MANAGED : undefined, unknown }, doing)
    },
  }
}

/** A request that does no more than name an entry. */
function about(type: number, doing: string, options: NeighKey): Request {
  const key = keyOf(options)
  return {
    type,
    flags: 0,
    schema: neighSchema,
    doing,
    subject: key.dst,
    encode(writer) {
      writeHeader(writer, key, key.proxy ? NTF_PROXY : 0)
      table.write(writer, { dst: key.dst }, doing)
    },
  }
}

/** What `ip neigh` shows of its own accord. */
const usual = ({ nud, externLearn }: Neigh): boolean => externLearn === true || (nud !== 'noarp' && nud !== 'none')

/** Asks for what a filter lets through: `some` chooses when the filter says nothing of states, `all` when it says all of them. */
function listing(
  doing: string,
  filter: NeighFilter,
  some: (entry: Neigh) => boolean,
  all: (entry: Neigh) => boolean,
): Decoding<Neigh> {
  const { dev, master, nud } = filter
  const family = familyNumber(filter.family)
  const proxy = given('proxy', filter.proxy)
  if (proxy && nud !== undefined) throw invalidValue('nud', nud, 'does not go with proxy: proxy entries have no state')
  const chosen = proxy ? () => true : nud === undefined ? some : nud === 'all' ? all : inStates(nud)
  return {
    type: RTM_GETNEIGH,
    flags: 0,
    dump: true,
    schema: neighSchema,
    doing,
    subject: undefined,
    encode(writer) {
      ndmsg.write(writer, { family, flags: proxy ? NTF_PROXY : 0 })
      table.write(writer, { dev, master }, doing)
    },
    decode(reader, at, length) {
      const entry = decode(reader, at, length)
      return chosen(entry) ? entry : undefined
    },
  }
}

function inStates(nud: Nud | readonly Nud[]): (entry: Neigh) => boolean {
  const wanted = new Set<Nud | undefined>()
  for (const each of [nud].flat()) wanted.add(states.name(states.number(each, 'nud')))
  return (entry) => wanted.has(entry.nud)
}

/** Reads an entry from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Neigh {
  const header = ndmsg.read(reader, at, length)
  const attributes = table.read(reader, at + ndmsg.size, length - ndmsg.size)
  const { dst, lladdr, cacheinfo, probes, flagsExt = 0, protocol, unknown } = attributes
  const dev = header.ifindex === 0 ? {} : { dev: reader.names.name(header.ifindex) }
  const neigh: Neigh = { ...dev, family: familyName(header.family), dst: dst ?? '' }
  // A device without link-layer addresses has an empty one.
  if (lladdr) neigh.lladdr = lladdr
  if ((header.flags & NTF_PROXY) === 0) neigh.nud = header.state
  for (const [name, bit] of shown) if ((header.flags & bit) !== 0) neigh[name as keyof typeof settable] = true
  if ((flagsExt & NTF_EXT_MANAGED) !== 0) neigh.managed = true
  if (protocol !== undefined) neigh.protocol = protocol
  if (cacheinfo !== undefined) {
    neigh.used = Math.floor(cacheinfo.used / ticksPerSecond)
    neigh.confirmed = Math.floor(cacheinfo.confirmed / ticksPerSecond)
    neigh.updated = Math.floor(cacheinfo.updated / ticksPerSecond)
    neigh.refcnt = cacheinfo.refcnt
  }
  if (probes !== undefined) neigh.probes = probes
  if (unknown !== undefined) neigh.unknown = unknown
  return neigh
}
