/** Devices: `ip link`. */

import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import { descriptorOf, type NetnsRef } from '../namespace.js'
import type { Entries } from '../netlink/attributes.js'
import { deviceName, integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { isError, NetlinkError } from '../netlink/error.js'
import { Events } from '../netlink/events.js'
import { type Answer, ask, call, done, dump, type Operation, type Request, settle } from '../netlink/operation.js'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../netlink/protocol.js'
import { DirectTransport, type Home } from '../netlink/transport.js'
import type { Names, Reader, Writer } from '../netlink/writer.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import {
  afterwards,
  altnameList,
  type CommonOptions,
  type CommonValues,
  common,
  flagNames,
  hardwareTypes,
  ifinfomsg,
  isUp,
  LINK_FAMILY,
  type LinkSwitches,
  noMaster,
  switchBits,
  switchNames,
} from './attributes.js'
import { deletionOf, removal } from './delete.js'
import { info } from './info.js'
import { type KindName, type Kinds, kinds, type Ports, ports, type TypesOf } from './kinds.js'
import { base, isLong, RTM_DELLINKPROP, RTM_GETLINK, RTM_NEWLINK, RTM_NEWLINKPROP, table, target } from './message.js'

const RTNLGRP_LINK = 1

/** What links of each kind are told. {@link LinkAddOptions} and {@link LinkSetOptions} have it beside `kind`. @interface */
export type LinkKinds = { [K in keyof Kinds]: TypesOf<Kinds[K]>['options'] }
/** @internal */
export type KindOptions<K extends KindName> = LinkKinds[K]

/** What a device is told as a port. */
export type PortOptions = { [K in keyof Ports]?: TypesOf<Ports[K]>['portOptions'] | undefined }

/** A kind of link that this version does not know, and what it is told. */
export interface RawKind {
  /** The kind. */
  kind: {
    /** The name the kernel has for it: `'team'`. */
    raw: string
  }
  /** Its options: by attribute number, the bytes in hexadecimal. `{ 1: '2a000000' }` is the number 42 of 32 bits. */
  data?: Record<number, string> | undefined
}

/** What a link can be told whatever its kind is. */
export interface LinkOptions extends CommonOptions, LinkSwitches, PortOptions {}

// An editor shows what an option means only if it is one and the same property in every type a link may have. So those options whose names no
// kind has are taken together, and the few others for each kind.
type Clashing = keyof LinkOptions & { [K in keyof LinkKinds]: keyof LinkKinds[K] }[keyof LinkKinds]
type Plain = Omit<LinkOptions, Clashing | keyof ExistingLink>

/** What a link of a kind is told: the options `Own` of the kind, and those of {@link LinkOptions} whose names the kind does not have. */
export type WithKind<Own> = Own & Plain & Omit<Pick<LinkOptions, Clashing>, keyof Own>

/** What a listed link has of its kind, given back: under the name of the kind. What stands beside it counts more. */
export type GivenBack<K extends keyof LinkKinds> = { [P in K]?: Link[P] | undefined }

/** What is said of a new link only. */
export interface NewLink {
  /** Its index, 1 to 2^31 - 1; the kernel chooses one when it is not given. */
  index?: number | undefined
}

/** What is said of a link that is there. */
export interface ExistingLink {
  /** Takes it out of its bridge, bond or VRF. */
  nomaster?: boolean | undefined
  /** Whether it has a carrier. Few kinds let it be set, a `dummy` among them. */
  carrier?: boolean | undefined
}

/**
 * A link to be made: its `kind`, the options of that kind ({@link LinkKinds}: beside `kind: 'veth'` those of {@link VethOptions}), and those every
 * link has ({@link LinkOptions}). Where both have an option of one name, the kind's is meant: the `group` of a vxlan is a multicast address.
 */
export type LinkAddOptions =
  | {
      [K in keyof LinkKinds]: {
        /** What it is to be. */
        kind: K
      } & NewLink &
        GivenBack<K> &
        WithKind<LinkKinds[K]>
    }[keyof LinkKinds]
  | (NewLink & WithKind<RawKind>)

/** What is to be changed of a link. Options of its kind ({@link LinkKinds}) go with the `kind` they belong to. */
export type LinkSetOptions =
  | ({
      /** Not given: no option of its kind is changed. */
      kind?: undefined
    } & ExistingLink &
      WithKind<unknown>)
  | {
      [K in keyof LinkKinds]: {
        /** What it is. The options are those of this kind. */
        kind: K
      } & ExistingLink &
        GivenBack<K> &
        WithKind<LinkKinds[K]>
    }[keyof LinkKinds]
  | (ExistingLink & WithKind<RawKind>)

/** A link that was made. */
export interface LinkMade {
  /** Its name, also where the kernel chose it. */
  name: string
  /** Its index in the namespace it was made in. */
  index: number
}

/** What a link has of its kind, under the name of the kind. */
export type KindValues = { [K in keyof Kinds]?: TypesOf<Kinds[K]>['values'] }

/** What a link has as a port, under the name of the kind it is a port of, and `Port`. */
export type PortValues = { [K in keyof Ports]?: TypesOf<Ports[K]>['portValues'] }

/** A device as the kernel reports it. */
export interface Link extends Omit<CommonValues, 'netns' | 'name'>, KindValues, PortValues {
  /** Its index: no other device of its namespace has the same. */
  index: number
  /** Its name. */
  name: string
  /** The hardware type: `'ether'`, `'loopback'`, or a number where there is no name. */
  type: string | number
  /** The flags under their names, as `ip link` shows them in angle brackets. */
  flags: string[]
  /** Whether it is in use. */
  up: boolean
  /** What it is; absent for `lo` and for hardware. */
  kind?: string
  /** What it is a port of. */
  slaveKind?: string
  /** What it has of a kind that this version does not know: by attribute number, the bytes in hexadecimal. */
  data?: Record<number, string>
  /** What it has as a port of such a kind. */
  slaveData?: Record<number, string>
}

/** Which links to list. */
export interface LinkFilter {
  /** Of this kind only; the kernel does the choosing. */
  kind?: string | undefined
  /** Ports of this bridge, bond or VRF only; the kernel does the choosing. */
  master?: Device | undefined
  /** Of this group only. */
  group?: number | 'default' | undefined
  /** Only those that are in use, or not. */
  up?: boolean | undefined
}

const knownFilters = new Set(['kind', 'master', 'group', 'up'])
const knownDel = new Set(['missingOk'])
const knownToWait = new Set(['timeout', 'signal'])
const knownRaw = new Set(['raw'])
const kindNames = Object.keys(kinds) as KindName[]
/** What a listed link has that is not an option: it may be given back. */
const reported = ['type', 'flags', 'slaveKind', 'slaveData', 'unknown']
const portKeys = Object.keys(ports)
const isPort = (name: string): name is keyof Ports => portKeys.includes(name)
const everyLink = [...Object.keys(common.entries), ...switchNames, ...portKeys, ...reported]

/** How long to wait for a link. */
export interface LinkWaitOptions {
  /** How many milliseconds to wait at most, 0 to 2^31 - 1; 5000 unless said otherwise. */
  timeout?: number | undefined
  /** Gives up waiting when it is aborted. A thread that waits in `nslink/sync` sees only one that was aborted before. */
  signal?: AbortSignal | undefined
}

/** Devices (`ip link`). */
export class LinkOperations {
  readonly #home: Home

  /** @internal */
  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Makes a link: `ip link add`.
   *
   * A veth is made whole, with its other end in another namespace if need be, by one message:
   * `link.add({ kind: 'veth', name: 'veth-pod', up: true, peer: { name: 'eth0', netns: pod } })`.
   *
   * The kernel takes some options (`alias`, `addrGenMode`, `protoDown`, those of a port) only for a link that is there:
   * they follow in a second message. When that one fails the link is deleted again.
   *
   * A listed link can be given back, and is made again as it was: what only the kernel says is passed over, and so is the carrier.
   *
   * A kind that this version does not know goes by its name, and its options by their numbers:
   * `link.add({ kind: { raw: 'team' }, name: 'team0', data: { … } })`.
   *
   * @returns its name and index, also when the kernel chose them (which takes Linux 6.2)
   * @throws NetlinkError EEXIST when the name or the index is taken (older kernels, such as Linux 6.12, want a name that is given with `netns` to be
   * free here, too); EOPNOTSUPP when the kernel lacks the kind
   */
  *add(options: LinkAddOptions): Operation<LinkMade> {
    onlyObject('link.add', options)
    const { index, name, netns } = options
    const kind = isRaw(options.kind) ? options.kind : oneOf('kind', options.kind, kindNames)
    if (index !== undefined) integer('index', index, 1, 0x7fff_ffff)
    const named = name !== undefined && !deviceName('name', name).includes('%')
    if (netns !== undefined && !named && index === undefined) {
      throw invalidValue(
        'name',
        name,
        'must be given with netns, or an index: what the kernel chooses there it does not say',
      )
    }
    // Which device a master is depends on the namespace that is asked, too.
    const later = netns === undefined ? afterwards : [...afterwards, 'master']
    const subject = name ?? (typeof kind === 'string' ? kind : kind.raw)
    const { own, common } = apart('link.add', options, kind, ['kind', 'index'])
    // A new link has the carrier it has, and is not held down. Few kinds can be told even that.
    const { carrier } = common
    if (carrier !== undefined && typeof carrier !== 'boolean') throw invalidType('carrier', 'a boolean', carrier)
    delete common['carrier']
    if (common['protoDown'] === false) delete common['protoDown']
    const { main, further } = change('link.add', own, common, kind, subject, later, (writer, bits) =>
      ifinfomsg.write(writer, { family: LINK_FAMILY, index: index ?? 0, ...bits }),
    )
    const request = { ...main, flags: NLM_F_CREATE | NLM_F_EXCL, renames: true, unsteady: true }
    const made = yield* create(request, named ? name : undefined, index, netns)
    const requests = further(made.index)
    if (requests.length > 0) yield* inside(netns, complete(requests, made))
    return made
  }

  /**
   * Changes a link: `ip link set`. Only what is given is changed. `{ name }` renames it, `{ netns }` moves it to another namespace.
   *
   * Of some kinds (the tunnels, and the switches of a macvlan) the kernel takes what is left out for cleared. There the link is read first,
   * and told again what is to stay.
   *
   * @throws NetlinkError ENODEV when there is no such link; EOPNOTSUPP for what its kind does not let be changed
   */
  *set(dev: Device, options: LinkSetOptions): Operation<void> {
    onlyObject('link.set', options)
    const { kind, nomaster, name, netns, master } = options
    if (kind !== undefined && !isRaw(kind)) oneOf('kind', kind, kindNames)
    if (nomaster !== undefined && typeof nomaster !== 'boolean') throw invalidType('nomaster', 'a boolean', nomaster)
    if (nomaster && master !== undefined) throw invalidValue('nomaster', nomaster, 'contradicts master')
    const { own, common } = apart('link.set', options, kind, ['kind', 'nomaster'])
    // In a message that names a link and renames it, the kernel takes the new name for the one to look for.
    const at = isLong(dev) && name !== undefined ? (yield* one(dev)).index : dev
    const all = typeof kind === 'string' ? yield* repeated(at, kind, own) : own
    const { main, further } = change('link.set', all, common, kind, dev, [], (writer, bits) => target(writer, at, bits))
    done(
      yield {
        ...main,
        encode: (writer) => {
          main.encode(writer)
          if (nomaster) noMaster(writer)
        },
        renames: name !== undefined || netns !== undefined,
        unsteady: true,
        // Moving waits for everybody who may still be looking at the link.
        slow: netns !== undefined,
      },
    )
    for (const request of further(name ?? dev)) done(yield request)
  }

  /**
   * Deletes a link, and with a veth its other end: `ip link del`.
   *
   * Many links at once, `link.del(['v0', 'v1', …])`, take hardly longer than one: they are deleted as a group (`ip link del group`) that nothing else is
   * in. All of them or none are.
   *
   * @throws NetlinkError ENODEV when there is no such link, EOPNOTSUPP for one that cannot be deleted, such as `lo`
   */
  *del(dev: Device | readonly Device[], options: DelOptions = {}): Operation<void> {
    onlyKnown('link.del', options, knownDel)
    if (Array.isArray(dev)) yield* deletionOf(dev, dev.length > 0 ? yield* this.list() : [], options)
    else yield* deletion(removal('link.del', dev as Device), options, 'ENODEV')
  }

  /**
   * One link: `ip link show DEV`.
   *
   * @throws NetlinkError ENODEV when there is none
   */
  *get(dev: Device): Operation<Link> {
    return yield* one(dev)
  }

  /** All links, or those a filter lets through: `ip link show`. */
  *list(filter: LinkFilter = {}): Operation<Link[]> {
    onlyKnown('link.list', filter, knownFilters)
    const { kind, master, group, up } = filter
    if (kind !== undefined && typeof kind !== 'string') throw invalidType('kind', 'a string', kind)
    if (up !== undefined && typeof up !== 'boolean') throw invalidType('up', 'a boolean', up)
    const wantedGroup = group === 'default' ? 0 : group
    if (wantedGroup !== undefined) integer('group', wantedGroup, 0, 0xffff_ffff)
    // Most devices that others are made upon, or are the other end of, are in the list themselves.
    const found = new Map<number, string>()
    let names: Names | undefined
    const links = yield* dump<Link>({
      ...base('link.list', undefined),
      type: RTM_GETLINK,
      dump: true,
      encode(writer) {
        ifinfomsg.write(writer, { family: LINK_FAMILY })
        table.write(writer, { master, ...(kind !== undefined && { info: { kind } }) }, 'link.list')
      },
      decode(reader, at, length) {
        const link = read(reader, at, length)
        found.set(link.index, link.name)
        names = reader.names
        // The kernel does the choosing, but not for a kind it does not know.
        if (kind !== undefined && link.kind !== kind) return undefined
        if (wantedGroup !== undefined && link.group !== wantedGroup) return undefined
        return up === undefined || link.up === up ? link : undefined
      },
    })
    for (const link of links) nameOther(link, (index) => found.get(index) ?? (names as Names).name(index))
    return links
  }

  /**
   * Waits until there is a link of that name, which may be there already, and `predicate` is content with it; returns the link as it
   * is then. The kernel tells of changes: nothing is polled.
   *
   * ```ts
   * await ns.link.waitFor('eth0', ({ operstate }) => operstate === 'up')
   * ```
   *
   * @throws NetlinkError ETIMEDOUT, saying what is still missing
   * @throws the reason of `signal` when that is aborted, and what `predicate` throws
   */
  *waitFor(
    dev: Device,
    predicate: (link: Link) => boolean = () => true,
    options: LinkWaitOptions = {},
  ): Operation<Link> {
    const doing = `link.waitFor ${dev}`
    onlyKnown('link.waitFor', options, knownToWait)
    const { timeout = 5000, signal } = options
    integer('timeout', timeout, 0, 0x7fff_ffff)
    if (typeof predicate !== 'function') throw invalidType('predicate', 'a function', predicate)
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal)
    signal?.throwIfAborted()
    const end = performance.now() + timeout
    const events = new Events(this.#home, [RTNLGRP_LINK])
    try {
      for (;;) {
        const link = yield* found(dev)
        if (link !== undefined && predicate(link)) return link
        if (yield* events.wait(end - performance.now(), signal)) {
          // That something has changed is all that is needed of them: asking says what.
          events.read()
          continue
        }
        const missing = link === undefined ? 'there is no such link' : 'the link is not as it is to be'
        const failure = { errno: -constants.errno.ETIMEDOUT, syscall: 'netlink', doing, netns: this.#home.label }
        throw new NetlinkError(failure, `after ${timeout} ms ${missing}`)
      }
    } finally {
      events.close()
    }
  }

  /** Gives a link further names, each of at most 127 bytes: `ip link property add` (Linux 5.5). */
  *addAltname(dev: Device, ...names: string[]): Operation<void> {
    done(yield property('link.addAltname', RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, dev, names))
  }

  /** Takes further names from a link: `ip link property del` (Linux 5.5). */
  *delAltname(dev: Device, ...names: string[]): Operation<void> {
    done(yield property('link.delAltname', RTM_DELLINKPROP, 0, dev, names))
  }
}

const one = (dev: Device, doing = 'link.get'): Operation<Link> =>
  ask<Link>({ ...base(doing, dev), type: RTM_GETLINK, encode: (writer) => target(writer, dev, {}), decode })

/** One link, or undefined when there is none. */
function* found(dev: Device): Operation<Link | undefined> {
  try {
    return yield* one(dev, 'link.waitFor')
  } catch (error) {
    if (isError(error, 'ENODEV')) return undefined
    throw error
  }
}

/** Makes a link and finds out what it is called, where the kernel chooses, and which index it has. */
function* create(
  request: Request,
  name: string | undefined,
  index: number | undefined,
  netns: NetnsRef | undefined,
): Operation<LinkMade> {
  if (name === undefined && netns === undefined) {
    const made: Link | undefined = yield* ask<Link>({ ...request, flags: request.flags | NLM_F_ECHO, decode })
    // Kernels before 6.2 do not say what they made.
    return { name: made?.name ?? '', index: made?.index ?? index ?? 0 }
  }
  const [answer] = (yield* settle([request])) as [Answer]
  if (answer.error !== undefined) throw answer.error
  if (name !== undefined && index !== undefined) return { name, index }
  if (name !== undefined && netns === undefined) return { name, index: answer.names.index(name, 'name') }
  const made = yield* inside(netns, one((name ?? index) as Device))
  return { name: made.name, index: made.index }
}

/** Tells a new link what the kernel takes only from one that is there. When that fails, the link goes again. */
function* complete(requests: readonly Request[], { index }: LinkMade): Operation<void> {
  try {
    for (const request of requests) done(yield request)
  } catch (error) {
    yield* settle([removal('link.add', index)])
    throw error
  }
}

/** The options of a kind that are to change, and before them those the kernel would take for cleared if they were left out, as they are now. */
function* repeated(dev: Device, kind: KindName, own: Named): Operation<Named> {
  const { whole, table } = kinds[kind]
  const entries: Entries = table.entries
  const lost = (name: string): boolean => Object.hasOwn(entries, name) && (whole || entries[name]?.joint === true)
  if (!Object.keys(own).some(lost)) return own
  const now = (yield* one(dev, 'link.set'))[kind] ?? {}
  return { ...Object.fromEntries(Object.entries(now).filter(([name]) => lost(name))), ...own }
}

/** Runs an operation in another namespace, if one is given. */
function* inside<T>(netns: NetnsRef | undefined, operation: Operation<T>): Operation<T> {
  if (netns === undefined) return yield* operation
  const run = (): T => {
    const { fd, opened } = descriptorOf(netns, 'netns')
    const label = typeof netns === 'string' ? netns : (netns as Partial<Home>).label
    const transport = new DirectTransport({ fd, label })
    try {
      return transport.run(operation)
    } finally {
      transport.close()
      opened?.close()
    }
  }
  return yield* call({ sync: run, async: async () => run() })
}

/** Options by their names, those left out that are undefined. */
type Named = Record<string, unknown>

/**
 * Tells the options of a kind from those that every link has. Under the kind's name stands what a listed link has of it, and what stands beside
 * that counts more; a name that both have is every link's then.
 */
function apart(
  doing: string,
  options: object,
  kind: KindName | RawKind['kind'] | undefined,
  extra: readonly string[],
): { own: Named; common: Named } {
  const isKnown = typeof kind === 'string'
  const entries = isKnown ? kinds[kind].table.entries : kind === undefined ? {} : { data: true }
  onlyKnown(doing, options, new Set([...Object.keys(entries), ...everyLink, ...extra, ...(isKnown ? [kind] : [])]))
  const listed = isKnown ? (options as Named)[kind] : undefined
  if (listed !== undefined && (typeof listed !== 'object' || listed === null)) {
    throw invalidType(String(kind), 'an object', listed)
  }
  const own: Named = { ...listed }
  const common: Named = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === kind || extra.includes(name)) continue
    const isOwn = Object.hasOwn(entries, name) && (listed === undefined || !everyLink.includes(name))
    const where = isOwn ? own : common
    where[name] = value
  }
  return { own, common }
}

/** Whether a port is told anything. What only the kernel says of it (all there is to say of a VRF's) may be given back, too. */
function isTold(name: keyof Ports, values: unknown): boolean {
  const entries: Entries = ports[name].port?.entries ?? {}
  return typeof values !== 'object' || values === null || !Object.keys(values).every((key) => entries[key]?.readOnly)
}

/**
 * Which options go where: to the kind's own table, to the common one, to the header's flags. Those that `later` names go in a message of
 * their own, and so does what a link is told as a port, for the kernel looks for its master before it sets one.
 */
function change(
  doing: string,
  own: Named,
  options: Named,
  kind: KindName | RawKind['kind'] | undefined,
  subject: Device,
  later: readonly string[],
  header: (writer: Writer, bits: { flags: number; change: number }) => void,
): { main: Request; further: (dev: Device) => Request[] } {
  const attributes: Named = {}
  const others: Named = {}
  let port: Parameters<typeof info.write>[1] | undefined
  for (const [name, value] of Object.entries(options)) {
    if (later.includes(name)) others[name] = value
    else if (Object.hasOwn(common.entries, name) || name === 'unknown') attributes[name] = value
    else if (isPort(name) && isTold(name, value)) port = { slaveKind: ports[name].name, [name]: value }
  }
  const bits = switchBits(options)
  const request = { ...base(doing, subject), type: RTM_NEWLINK }
  const main: Request = {
    ...request,
    encode(writer) {
      header(writer, bits)
      common.write(writer, attributes, doing)
      if (kind === undefined) return
      if (typeof kind !== 'string') info.write(writer, { kind: kind.raw, ...own }, doing)
      else info.write(writer, Object.keys(own).length > 0 ? { kind, [kind]: own } : { kind }, doing)
    },
  }
  const another = (dev: Device, write: (writer: Writer) => void): Request => ({
    ...request,
    encode(writer) {
      target(writer, dev, {})
      write(writer)
    },
  })
  const further = (dev: Device): Request[] => [
    ...(Object.keys(others).length > 0 ? [another(dev, (writer) => common.write(writer, others, doing))] : []),
    ...(port !== undefined ? [another(dev, (writer) => info.write(writer, port, doing))] : []),
  ]
  return { main, further }
}

function property(doing: string, type: number, flags: number, dev: Device, names: readonly string[]): Request {
  if (names.length === 0) throw invalidValue('names', names, 'must hold at least one name')
  for (const name of names) {
    if (typeof name !== 'string') throw invalidType('names', 'strings', name)
    if (name === '') throw invalidValue('names', names, 'must not hold an empty one')
  }
  return {
    ...base(doing, dev),
    type,
    flags,
    encode(writer) {
      target(writer, dev, {})
      altnameList.write(writer, [...names], 'names')
    },
    renames: true,
  }
}

/** A kind that goes by its name alone. */
function isRaw(kind: unknown): kind is RawKind['kind'] {
  if (typeof kind !== 'object' || kind === null) return false
  onlyKnown('kind', kind, knownRaw)
  if (typeof (kind as RawKind['kind']).raw !== 'string') throw invalidType('kind.raw', 'a string', kind)
  return true
}

function onlyObject(what: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalidType(`options of ${what}`, 'an object', options)
}

/** Reads a link from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Link {
  const link = read(reader, at, length)
  nameOther(link, (index) => reader.names.name(index))
  return link
}

/** The same, with the other device it goes by as an index. */
function read(reader: Reader, at: number, length: number): Link {
  const { index, type, flags } = ifinfomsg.read(reader, at, length)
  // Every link has a name, which the message says soon.
  const link: Link = { index, name: '', type: hardwareTypes.name(type), flags: flagNames(flags), up: isUp(flags) }
  table.read(reader, at + ifinfomsg.size, length - ifinfomsg.size, link)
  return link
}

/** Names the device a link is made upon, or its other end. An index in another namespace says nothing about the devices of this one. */
function nameOther(link: Link, name: (index: number) => string | number): void {
  if (link.linkNetnsid !== undefined) return
  if (typeof link.link === 'number') link.link = name(link.link)
  const own = link[link.kind as KindName] as { dev?: string | number } | undefined
  if (typeof own?.dev === 'number') own.dev = name(own.dev)
}
