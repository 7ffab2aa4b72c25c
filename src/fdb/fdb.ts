/** Forwarding tables, of bridges, of VXLAN devices and of network cards: `bridge fdb`. */

import {
  messages,
  NTF_EXT_LEARNED,
  NTF_OFFLOADED,
  NTF_ROUTER,
  NTF_USE,
  ndmsg,
  table as neigh,
  states,
} from '../neigh/attributes.js'
import { parseMac } from '../netlink/address.js'
import {
  attributes,
  be16,
  device,
  flag,
  mac,
  nested,
  readOnly,
  type Schema,
  s32,
  scalar,
  u8,
  u16,
  u32,
} from '../netlink/attributes.js'
import { integer, invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { Listing } from '../netlink/listing.js'
import { enumeration } from '../netlink/names.js'
import { ask, type Decoding, done, dump, type Operation, type Request } from '../netlink/operation.js'
import { AF_BRIDGE, NLM_F_APPEND, NLM_F_BULK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { U16, within } from '../netlink/scalar.js'
import type { Reader, Writer } from '../netlink/writer.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'

const { RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH } = messages

const NDA_LLADDR = 2
const NDA_VLAN = 5
const NDA_PORT = 6
const NDA_VNI = 7
const NDA_IFINDEX = 8
const NDA_LINK_NETNSID = 10
const NDA_SRC_VNI = 11
const NDA_NH_ID = 13
const NDA_FDB_EXT_ATTRS = 14
const NDA_NDM_STATE_MASK = 16
const NDA_NDM_FLAGS_MASK = 17

const NFEA_ACTIVITY_NOTIFY = 1
const NFEA_DONT_REFRESH = 2

const FDB_NOTIFY_BIT = 1
const FDB_NOTIFY_INACTIVE_BIT = 2

const NTF_SELF = 0x02
const NTF_MASTER = 0x04
const NTF_STICKY = 0x40
const NTF_EXT_LOCKED = 0x02

const NUD_REACHABLE = 0x02
const NUD_STALE = 0x04
const NUD_NOARP = 0x40
const NUD_PERMANENT = 0x80

/** The kernel counts an entry's times in USER_HZ, which is 100 on every machine Node runs on. */
const ticksPerSecond = 100

/** The states an entry can be given, as bits: they are those of neighbours, and not every bit has a meaning here. */
const given = enumeration(
  { permanent: NUD_PERMANENT | NUD_NOARP, static: NUD_REACHABLE | NUD_NOARP, dynamic: NUD_REACHABLE },
  0xffff,
)

/** The flags of an entry that a user may set. */
const settable = { router: NTF_ROUTER, use: NTF_USE, externLearn: NTF_EXT_LEARNED, sticky: NTF_STICKY } as const
const shown = Object.entries({ ...settable, self: NTF_SELF, offloaded: NTF_OFFLOADED } as const)

const vid = scalar(NDA_VLAN, within(U16, 1, 4094))
const vni = (type: number) => u32(type, 0xff_ffff)

const extended = attributes({ activity: u8(NFEA_ACTIVITY_NOTIFY), norefresh: flag(NFEA_DONT_REFRESH) })

const { dev: _, ...shared } = neigh.entries

const table = attributes({
  ...shared,
  lladdr: mac(NDA_LLADDR, 6),
  vlan: vid,
  port: be16(NDA_PORT),
  vni: vni(NDA_VNI),
  // In which namespace the index is, another attribute says.
  via: { ...device(NDA_IFINDEX), read: (reader: Reader, at: number) => reader.view.getUint32(at, true) },
  linkNetnsid: readOnly(s32(NDA_LINK_NETNSID)),
  srcVni: vni(NDA_SRC_VNI),
  nhid: u32(NDA_NH_ID),
  extended: { ...nested(NDA_FDB_EXT_ATTRS, extended), transparent: true },
  stateMask: u16(NDA_NDM_STATE_MASK),
  flagsMask: u8(NDA_NDM_FLAGS_MASK),
})

/** @internal */
export const fdbSchema = {
  messages,
  header: ndmsg,
  table,
  faults: {
    'invalid address': 'lladdr',
    'invalid vlan id': 'vlan',
    'Nexthop id does not exist': 'nhid',
    'Nexthop is not a fdb nexthop': 'nhid',
    'Nexthop is not a multipath group': 'nhid',
    'Device not found': 'via',
    'Unsupported address family': 'dst',
  },
} satisfies Schema

/**
 * What becomes of an entry. `permanent`: frames for this address are for the host (on a bridge; elsewhere it just stays). `static`: it stays until
 * it is deleted. `dynamic`: it goes when it has not been seen for the ageing time. `stale`: it is about to go; that is only reported, and
 * `'dynamic'` when given back.
 */
export type FdbState = 'permanent' | 'static' | 'dynamic' | 'stale' | number

/** What names an entry. */
export interface FdbKey {
  /** The device: a port of a bridge, the bridge itself, a VXLAN device, a network card. */
  dev: Device
  /** The MAC address. A VXLAN device sends by `'00:00:00:00:00:00'` what no other entry is for. */
  lladdr: string
  /** The VLAN, 1 to 4094, on a bridge that tells them apart: all those of the port, and none, when nothing is said. */
  vlan?: number | undefined
  /** The entry is in the device's own table: so it is when nothing is said. */
  self?: boolean | undefined
  /** The entry is in the table of the bridge that the device is a port of. */
  master?: boolean | undefined
  /** Of an `external` VXLAN device: the VNI that frames are sent with, 0 to 2^24 - 1. (`bridge fdb get` has it as `vni`.) */
  srcVni?: number | undefined
}

/** Where a VXLAN device sends frames for the address to. */
export interface FdbDestination {
  /** The IP address of the other end. */
  dst?: string | undefined
  /** The UDP port there: the device's own `dstport` when nothing is said. */
  port?: number | undefined
  /** The VNI to be sent with, 0 to 2^24 - 1: the device's own `id` when nothing is said. */
  vni?: number | undefined
  /** The device to send through: an index when that is in another namespace (`linkNetnsid`). */
  via?: Device | undefined
  /** The id of a group of `fdb` nexthop objects, in place of all these (Linux 5.8). */
  nhid?: number | undefined
}

/** An entry to be made or changed. */
export interface FdbOptions extends FdbKey, FdbDestination {
  /** What becomes of it: `'permanent'` when nothing is said. */
  state?: FdbState | undefined
  /** What is behind it is a router: a VXLAN device that is told to (`rsc`) routes to it. */
  router?: boolean | undefined
  /** Has the bridge take it as if a frame had come from that address. */
  use?: boolean | undefined
  /** Learnt by a program, from elsewhere: it does not age. */
  externLearn?: boolean | undefined
  /** A bridge does not move it to another port (Linux 4.20); not of those that are permanent. */
  sticky?: boolean | undefined
  /** A bridge reports when it is no longer used and when it is used again, in place of removing it (Linux 5.14). */
  activityNotify?: boolean | undefined
  /** The change of the entry is no use of it (Linux 5.14). Sent only. */
  norefresh?: boolean | undefined
  /** Attributes this version of nslink does not know, by number, in hexadecimal. */
  unknown?: Record<number, string> | undefined
}

/**
 * An entry of a forwarding table. It can be given back to `add`, `replace`, `append`, `get` and `del`: what is only reported is passed over.
 * (One of a bridge that is of no VLAN makes those of the port's VLANs as well: give it back before them, and them to `replace`.)
 */
export interface Fdb extends FdbOptions {
  state: FdbState
  /** Reported only: the bridge whose table it is in. */
  br?: Device
  /** Reported only: it is hardware that keeps it. */
  offloaded?: boolean
  /** Reported only: the port is locked, and the address is not let through yet (Linux 6.2). */
  locked?: boolean
  /** Reported only, with `activityNotify`: it is no longer used. */
  inactive?: boolean
  /** Reported only: the number by which this namespace knows the one `via` is in. */
  linkNetnsid?: number
  /** Reported only: whole seconds since it was last used. */
  used?: number
  /** Reported only: whole seconds since it was last changed, or its address seen. */
  updated?: number
}

/** What to look up: an address in the table of a bridge, or what names an entry. */
export type FdbQuery =
  | FdbKey
  | {
      /** The bridge. */
      br: Device
      /** The MAC address. */
      lladdr: string
      /** The VLAN, 1 to 4094. */
      vlan?: number | undefined
    }

/** Which entries to list. All that is given has to hold. */
export interface FdbFilter {
  /** Of this device; the kernel does the choosing. */
  dev?: Device | undefined
  /** Of this bridge and its ports; the kernel does the choosing. */
  br?: Device | undefined
  /** Of this VLAN. */
  vlan?: number | undefined
  /** In this state. */
  state?: FdbState | undefined
  /** Those that are not permanent, or those that are. */
  dynamic?: boolean | undefined
}

/** Which entries to flush. All that is given has to hold. */
export interface FdbFlush extends Omit<FdbDestination, 'via'> {
  /** The device: a bridge, a port of one (with `master`), a VXLAN device. */
  dev: Device
  /** From the table of the bridge that the device is a port of: the entries of that port. */
  master?: boolean | undefined
  /** From the device's own table: so it is when nothing is said. */
  self?: boolean | undefined
  /** Of a bridge: the entries of this port. */
  brport?: Device | undefined
  /** Of this VLAN, 1 to 4094. */
  vlan?: number | undefined
  /** In this state. When nothing is said: in whatever state, and a bridge's own addresses go as well. */
  state?: 'permanent' | 'static' | 'dynamic' | undefined
  /** Those a user added, or those nobody did. */
  addedByUser?: boolean | undefined
  /** Those learnt by a program, or the others. */
  externLearn?: boolean | undefined
  /** Those that stay at their port, or the others. */
  sticky?: boolean | undefined
  /** Those that hardware keeps, or the others. */
  offloaded?: boolean | undefined
  /** Those of routers, or the others (VXLAN). */
  router?: boolean | undefined
  /** Of an `external` VXLAN device: those for frames of this VNI. */
  srcVni?: number | undefined
}

const known = new Set([
  ...['dev', 'lladdr', 'vlan', 'self', 'master', 'srcVni', 'dst', 'port', 'vni', 'via', 'nhid', 'state', 'unknown'],
  ...['activityNotify', 'norefresh', 'br', 'locked', 'inactive', 'linkNetnsid', 'used', 'updated'],
  ...shown.map(([name]) => name),
])
const knownToDel = new Set([...known, 'missingOk'])
const filterNames = new Set(['dev', 'br', 'vlan', 'state', 'dynamic'])
const flushFlags = {
  addedByUser: NTF_USE,
  externLearn: NTF_EXT_LEARNED,
  sticky: NTF_STICKY,
  offloaded: NTF_OFFLOADED,
  router: NTF_ROUTER,
} as const
const flushNames = new Set([
  ...['dev', 'master', 'self', 'brport', 'vlan', 'state', 'srcVni', 'dst', 'port', 'vni', 'nhid'],
  ...Object.keys(flushFlags),
])

/** Forwarding tables (`bridge fdb`). */
export class FdbOperations {
  /**
   * Adds an entry: `bridge fdb add`.
   *
   * @throws NetlinkError EEXIST when there is one for the address, EOPNOTSUPP when the device, or with `master` its bridge, has no such table,
   *   EINVAL for what the table does not take
   */
  *add(options: FdbOptions): Operation<void> {
    done(yield change(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, 'fdb.add', options))
  }

  /**
   * Adds a destination to the entry of a VXLAN device for `'00:00:00:00:00:00'` or a multicast address, or makes it: `bridge fdb append`. Such
   * frames then go to all of them. Where the entry has the destination already, it is no error.
   */
  *append(options: FdbOptions): Operation<void> {
    done(yield change(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, 'fdb.append', options))
  }

  /** Adds an entry, or changes the one for the address, which moves it to another port or destination: `bridge fdb replace`. */
  *replace(options: FdbOptions): Operation<void> {
    done(yield change(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, 'fdb.replace', options))
  }

  /**
   * Removes an entry: `bridge fdb del`. On a VXLAN device a destination that is given is removed, and the entry with the last; one
   * that the entry does not have the kernel takes for removed.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: FdbOptions & DelOptions): Operation<void> {
    yield* deletion(change(RTM_DELNEIGH, 0, 'fdb.del', options, knownToDel), options, 'ENOENT')
  }

  /**
   * One entry of a bridge or a VXLAN device: `bridge fdb get` (Linux 5.0). Of several destinations it has the first.
   *
   * @throws NetlinkError ENOENT when there is none, EOPNOTSUPP where the device's own table cannot be asked
   */
  *get(query: FdbQuery): Operation<Fdb> {
    onlyKnown('fdb.get', query, known)
    const { dev, lladdr, vlan, srcVni, ...rest } = query as FdbKey & { br?: Device }
    const br = dev === undefined ? rest.br : undefined
    if (dev === undefined && br === undefined) throw invalidType('dev', 'the name of a device or its index', dev)
    const flags = br === undefined ? tableFlags(rest) : 0
    return yield* ask<Fdb>({
      ...base('fdb.get', lladdr),
      type: RTM_GETNEIGH,
      flags: 0,
      encode(writer) {
        writeHeader(writer, dev, { flags })
        table.write(writer, { lladdr, vlan, vni: srcVni, master: bridgeIndex(writer, br) }, 'fdb.get')
      },
      decode,
    })
  }

  /** All entries, or those a filter lets through: `bridge fdb show`. Each destination of a VXLAN device's entry is one. */
  *list(filter: FdbFilter = {}): Operation<Fdb[]> {
    return yield* dump(listing('fdb.list', filter))
  }

  /**
   * The entries that `list` gives, one after the other while they are read, for tables too long to be held:
   * `for await (const entry of ns.fdb.each())`, in `nslink/sync` `for (const entry of …)`.
   * It has a socket of its own, so that anything else can be asked meanwhile; leaving the loop closes it. It is not for batches.
   *
   * @throws NetlinkError EINTR after the last one when the list changed meanwhile: some may be missing then, or have come twice
   */
  each(filter: FdbFilter = {}): Listing<Fdb> {
    return new Listing([listing('fdb.each', filter)])
  }

  /**
   * Removes the entries of a device that a filter lets through, all at once in the kernel: `bridge fdb flush` (bridges: Linux 5.19;
   * VXLAN devices: Linux 6.7). Which filters a table knows is the kernel's affair: VLAN, port and `sticky` are for bridges, destinations and
   * `router` for VXLAN devices.
   *
   * @throws NetlinkError EOPNOTSUPP when the device has no table that can be flushed
   */
  *flush(filter: FdbFlush): Operation<void> {
    onlyKnown('fdb.flush', filter, flushNames)
    const { dev, brport, vlan, state, srcVni, dst, port, vni, nhid } = filter
    if (dev === undefined) throw invalidType('dev', 'the name of a device or its index', dev)
    const chosen =
      state === undefined ? undefined : flushStates[oneOf('state', state, ['permanent', 'static', 'dynamic'])]
    let flags = tableFlags(filter)
    let flagsMask = 0
    for (const [name, bit] of Object.entries(flushFlags)) {
      const value = filter[name as keyof typeof flushFlags]
      if (value === undefined) continue
      if (isTrue(name, value)) flags |= bit
      flagsMask |= bit
    }
    done(
      yield {
        ...base('fdb.flush', dev),
        type: RTM_DELNEIGH,
        flags: NLM_F_BULK,
        slow: true,
        encode(writer) {
          writeHeader(writer, dev, { flags, state: chosen?.state ?? 0 })
          const masks = { stateMask: chosen?.mask, flagsMask: flagsMask === 0 ? undefined : flagsMask }
          const via = brport === undefined ? undefined : writer.names.index(brport, 'brport')
          table.write(writer, { vlan, srcVni, dst, port, vni, nhid, via, ...masks }, 'fdb.flush')
        },
      },
    )
  }
}

/** Which bits of an entry's state a flush looks at, and what they are to be. A bridge's permanent entries have the bit of static ones, too. */
const flushStates = {
  permanent: { state: NUD_PERMANENT, mask: NUD_PERMANENT },
  static: { state: NUD_NOARP, mask: NUD_NOARP | NUD_PERMANENT },
  dynamic: { state: 0, mask: NUD_NOARP | NUD_PERMANENT },
} as const

const base = (doing: string, subject: Device | undefined): Pick<Request, 'schema' | 'doing' | 'subject'> => ({
  schema: fdbSchema,
  doing,
  subject,
})

function isTrue(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
  return value === true
}

/** In which table: the device's own, that of its bridge, or both. */
function tableFlags({ self, master }: { self?: boolean | undefined; master?: boolean | undefined }): number {
  const flags = (isTrue('self', self) ? NTF_SELF : 0) | (isTrue('master', master) ? NTF_MASTER : 0)
  return flags === 0 ? NTF_SELF : flags
}

/** The bits of a state. */
const stateBits = (state: FdbState): number => (state === 'stale' ? NUD_STALE : given.number(state, 'state'))

function stateName(bits: number): FdbState {
  if ((bits & NUD_PERMANENT) !== 0) return 'permanent'
  if ((bits & NUD_NOARP) !== 0) return 'static'
  if ((bits & NUD_STALE) !== 0) return 'stale'
  return (bits & NUD_REACHABLE) !== 0 ? 'dynamic' : bits
}

function writeHeader(writer: Writer, dev: Device | undefined, { flags = 0, state = 0 }): void {
  const ifindex = dev === undefined ? 0 : writer.names.index(dev, 'dev')
  ndmsg.write(writer, { family: AF_BRIDGE, ifindex, flags, state })
}

const bridgeIndex = (writer: Writer, br: Device | undefined): number | undefined =>
  br === undefined ? undefined : writer.names.index(br, 'br')

/** A request that makes, changes or removes an entry. */
function change(type: number, flags: number, doing: string, options: FdbOptions, names = known): Request {
  onlyKnown(doing, options, names)
  const { dev, lladdr, vlan, dst, port, vni, via, nhid, srcVni, state = 'permanent', unknown } = options
  if (dev === undefined) throw invalidType('dev', 'the name of a device or its index', dev)
  let bits = tableFlags(options)
  for (const [name, bit] of Object.entries(settable)) {
    if (isTrue(name, options[name as keyof typeof settable])) bits |= bit
  }
  // One about to go can only be made anew.
  const stateGiven = state === 'stale' ? NUD_REACHABLE : stateBits(state)
  parseMac('lladdr', lladdr)
  const activity = isTrue('activityNotify', options.activityNotify) ? FDB_NOTIFY_BIT : undefined
  const norefresh = isTrue('norefresh', options.norefresh) || undefined
  const extension = activity === undefined && norefresh === undefined ? undefined : { activity, norefresh }
  return {
    ...base(doing, lladdr),
    type,
    flags,
    encode(writer) {
      writeHeader(writer, dev, { flags: bits, state: stateGiven })
      table.write(writer, { lladdr, vlan, dst, port, vni, via, nhid, srcVni, extended: extension, unknown }, doing)
    },
  }
}

/** Reads an entry from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Fdb {
  const header = ndmsg.read(reader, at, length)
  const {
    lladdr,
    master,
    cacheinfo,
    flagsExt = 0,
    via,
    linkNetnsid,
    extended,
    ...values
  } = table.read(reader, at + ndmsg.size, length - ndmsg.size)
  const dev = reader.names.name(header.ifindex)
  const entry: Fdb = { dev, lladdr: lladdr ?? '', state: stateName(states.number(header.state, 'state')) }
  for (const [name, bit] of shown) if ((header.flags & bit) !== 0) entry[name as keyof typeof settable] = true
  if (master !== undefined) {
    entry.br = master
    // The bridge's own entries are in its own table.
    if (master === dev) entry.self = true
    else entry.master = true
  }
  Object.assign(entry, values)
  if (via !== undefined) entry.via = linkNetnsid === undefined ? reader.names.name(via as number) : via
  if (linkNetnsid !== undefined) entry.linkNetnsid = linkNetnsid
  if ((flagsExt & NTF_EXT_LOCKED) !== 0) entry.locked = true
  if (((extended?.activity ?? 0) & FDB_NOTIFY_BIT) !== 0) entry.activityNotify = true
  if (((extended?.activity ?? 0) & FDB_NOTIFY_INACTIVE_BIT) !== 0) entry.inactive = true
  if (cacheinfo !== undefined) {
    entry.used = Math.floor(cacheinfo.used / ticksPerSecond)
    entry.updated = Math.floor(cacheinfo.updated / ticksPerSecond)
  }
  return entry
}

/** Asks for the entries that a filter lets through. */
function listing(doing: string, filter: FdbFilter): Decoding<Fdb> {
  onlyKnown(doing, filter, filterNames)
  const { dev, br, vlan, state, dynamic } = filter
  const wanted = state === undefined ? undefined : stateName(stateBits(state))
  if (vlan !== undefined) integer('vlan', vlan, 1, 4094)
  if (dynamic !== undefined && typeof dynamic !== 'boolean') throw invalidType('dynamic', 'a boolean', dynamic)
  return {
    ...base(doing, undefined),
    type: RTM_GETNEIGH,
    flags: 0,
    dump: true,
    encode(writer) {
      writeHeader(writer, dev, {})
      table.write(writer, { master: bridgeIndex(writer, br) }, doing)
    },
    decode(reader, at, length) {
      const entry = decode(reader, at, length)
      if (vlan !== undefined && entry.vlan !== vlan) return undefined
      if (wanted !== undefined && entry.state !== wanted) return undefined
      return dynamic === undefined || dynamic === (entry.state !== 'permanent') ? entry : undefined
    },
  }
}
