/** Devices: `ip link`. */

import { descriptorOf, type NetnsRef } from '../namespace.js'
import { Attributes, type Options, type Schema, type Values } from '../netlink/attributes.js'
import { deviceName, integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { type Answer, ask, call, dump, type Operation, type Request, send, settle } from '../netlink/operation.js'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../netlink/protocol.js'
import { DirectTransport } from '../netlink/transport.js'
import type { Reader, Writer } from '../netlink/writer.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import {
  afterwards,
  altname,
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
import { info, isKind, portKey } from './info.js'
import { type KindName, type Kinds, kinds } from './kinds.js'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_NEWLINKPROP = 108
const RTM_DELLINKPROP = 109

const table = new Attributes({ ...common.entries, info, altname })

/** @internal */
export const linkSchema = {
  messages: { RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_NEWLINKPROP, RTM_DELLINKPROP },
  header: ifinfomsg,
  table,
} satisfies Schema

/** The options of one kind. */
export type KindOptions<K extends KindName> = Options<Kinds[K]['table']>

/** The options a device has as a port, by the kind it is a port of. */
export interface PortOptions {
  /** As a port of a bridge: `ip link set type bridge_slave`. */
  bridgePort?: Options<NonNullable<Kinds['bridge']['port']>> | undefined
}

/** What a link can be told whatever its kind is. */
export interface LinkOptions extends CommonOptions, LinkSwitches, PortOptions {}

/** A link to be made: its kind, the options of that kind, and those every link has. */
export type LinkAddOptions = {
  [K in KindName]: {
    /** What it is to be. */
    kind: K
    /** Its index; the kernel chooses one when it is not given. */
    index?: number | undefined
  } & KindOptions<K> &
    Omit<LinkOptions, keyof KindOptions<K>>
}[KindName]

/** What is to be changed of a link. The options of its kind go with the `kind` they belong to. */
export type LinkSetOptions =
  | (LinkOptions & {
      kind?: undefined
      /** Takes it out of its bridge, bond or VRF. */
      nomaster?: boolean | undefined
    })
  | {
      [K in KindName]: { kind: K; nomaster?: boolean | undefined } & KindOptions<K> &
        Omit<LinkOptions, keyof KindOptions<K>>
    }[KindName]

/** A link that was made. */
export interface LinkMade {
  name: string
  index: number
}

/** A device as the kernel reports it. */
export interface Link extends Omit<CommonValues, 'netns' | 'name'> {
  index: number
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
  /** The options it has as a bridge, when it is one. */
  bridge?: Values<Kinds['bridge']['table']>
  /** The options it has as a port of a bridge. */
  bridgePort?: Values<NonNullable<Kinds['bridge']['port']>>
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
const kindNames = Object.keys(kinds) as KindName[]
/** What a listed link has that is not an option: it may be given back. */
const reported = ['type', 'flags', 'slaveKind', 'unknown', ...kindNames]
const everyLink = [...Object.keys(common.entries), ...switchNames, ...kindNames.map(portKey), ...reported]

/** Devices (`ip link`). */
export class LinkOperations {
  /**
   * Makes a link: `ip link add`.
   *
   * A veth is made whole, with its other end in another namespace if need be, by one message:
   * `link.add({ kind: 'veth', name: 'veth-pod', up: true, peer: { name: 'eth0', netns: pod } })`.
   *
   * The kernel takes some options (`alias`, `addrGenMode`, `carrier`, `protoDown`, those of a port) only for a link that is there:
   * they follow in a second message. When that one fails the link is deleted again.
   *
   * @returns its name and index, also when the kernel chose them (which takes Linux 6.2)
   * @throws NetlinkError EEXIST when the name or the index is taken; EOPNOTSUPP when the kernel lacks the kind
   */
  *add(options: LinkAddOptions): Operation<LinkMade> {
    onlyObject('link.add', options)
    const { index, name, netns } = options
    const kind = oneOf('kind', options.kind, kindNames)
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
    const { main, rest } = change('link.add', options, kind, name ?? kind, ['kind', 'index'], later, (writer, bits) =>
      ifinfomsg.write(writer, { family: LINK_FAMILY, index: index ?? 0, ...bits }),
    )
    const request = { ...main, flags: NLM_F_CREATE | NLM_F_EXCL, renames: true }
    const made = yield* create(request, named ? name : undefined, index, netns)
    if (rest !== undefined) yield* inside(netns, complete(rest(made.index), made))
    return made
  }

  /**
   * Changes a link: `ip link set`. Only what is given is changed. `{ name }` renames it, `{ netns }` moves it to another namespace.
   *
   * @throws NetlinkError ENODEV when there is no such link; EOPNOTSUPP for what its kind does not let be changed
   */
  *set(dev: Device, options: LinkSetOptions): Operation<void> {
    onlyObject('link.set', options)
    const { kind, nomaster, ...rest } = options
    if (kind !== undefined && !isKind(kind)) throw invalidValue('kind', kind, 'is not a kind this version knows')
    if (nomaster !== undefined && typeof nomaster !== 'boolean') throw invalidType('nomaster', 'a boolean', nomaster)
    if (nomaster && rest.master !== undefined) throw invalidValue('nomaster', nomaster, 'contradicts master')
    // In a message that names a link and renames it, the kernel takes the new name for the one to look for.
    const at = isLong(dev) && rest.name !== undefined ? (yield* one(dev)).index : dev
    const { main, rest: port } = change('link.set', options, kind, dev, ['kind', 'nomaster'], [], (writer, bits) =>
      target(writer, at, bits),
    )
    yield* send({
      ...main,
      encode: (writer) => {
        main.encode(writer)
        if (nomaster) noMaster(writer)
      },
      renames: rest.name !== undefined || rest.netns !== undefined,
      // Moving waits for everybody who may still be looking at the link.
      slow: rest.netns !== undefined,
    })
    if (port !== undefined) yield* send(port(rest.name ?? dev))
  }

  /**
   * Deletes a link, and with a veth its other end: `ip link del`.
   *
   * @throws NetlinkError ENODEV when there is no such link, EOPNOTSUPP for one that cannot be deleted, such as `lo`
   */
  *del(dev: Device, options: DelOptions = {}): Operation<void> {
    onlyKnown('link.del', options, knownDel)
    yield* deletion(send(removal('link.del', dev)), options, 'ENODEV')
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
    const wantedGroup = group === 'default' ? 0 : group
    return yield* dump<Link>({
      ...base('link.list', undefined),
      type: RTM_GETLINK,
      dump: true,
      encode(writer) {
        ifinfomsg.write(writer, { family: LINK_FAMILY })
        table.write(writer, { master, ...(kind !== undefined && { info: { kind } }) }, 'link.list')
      },
      decode(reader, at, length) {
        const link = decode(reader, at, length)
        if (wantedGroup !== undefined && link.group !== wantedGroup) return undefined
        return up === undefined || link.up === up ? link : undefined
      },
    })
  }

  /** Gives a link further names, each of at most 127 bytes: `ip link property add` (Linux 5.5). */
  *addAltname(dev: Device, ...names: string[]): Operation<void> {
    yield* send(property('link.addAltname', RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, dev, names))
  }

  /** Takes further names from a link: `ip link property del` (Linux 5.5). */
  *delAltname(dev: Device, ...names: string[]): Operation<void> {
    yield* send(property('link.delAltname', RTM_DELLINKPROP, 0, dev, names))
  }
}

const base = (doing: string, subject: Device | undefined): Pick<Request, 'schema' | 'doing' | 'subject' | 'flags'> => ({
  schema: linkSchema,
  doing,
  subject,
  flags: 0,
})

/** A name that only an altname can be: longer than the look-up of devices takes. */
const isLong = (dev: Device): dev is string => typeof dev === 'string' && Buffer.byteLength(dev) > 15

/** The header of a message about a link. One with a long name goes by an attribute. */
function target(writer: Writer, dev: Device, bits: { flags?: number; change?: number }): void {
  const long = isLong(dev)
  ifinfomsg.write(writer, { family: LINK_FAMILY, index: long ? 0 : writer.names.index(dev, 'dev'), ...bits })
  if (long) altname.write(writer, dev, 'dev')
}

const removal = (doing: string, dev: Device): Request => ({
  ...base(doing, dev),
  type: RTM_DELLINK,
  encode: (writer) => target(writer, dev, {}),
  renames: true,
  slow: true,
})

const one = (dev: Device): Operation<Link> =>
  ask<Link>({ ...base('link.get', dev), type: RTM_GETLINK, encode: (writer) => target(writer, dev, {}), decode })

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
function* complete(request: Request, { index }: LinkMade): Operation<void> {
  try {
    yield* send(request)
  } catch (error) {
    yield* settle([removal('link.add', index)])
    throw error
  }
}

/** Runs an operation in another namespace, if one is given. */
function* inside<T>(netns: NetnsRef | undefined, operation: Operation<T>): Operation<T> {
  if (netns === undefined) return yield* operation
  const run = (): T => {
    const { fd, opened } = descriptorOf(netns, 'netns')
    const transport = new DirectTransport({ fd, label: typeof netns === 'string' ? netns : undefined })
    try {
      return transport.run(operation)
    } finally {
      transport.close()
      opened?.close()
    }
  }
  return yield* call({ sync: run, async: async () => run() })
}

/**
 * Which options go where: to the kind's own table, to the common one, to the header's flags. What a link is told as a port goes in
 * a message of its own, for the kernel looks for its master before it sets one, and `later` names others that do.
 */
function change(
  doing: string,
  options: LinkSwitches & PortOptions,
  kind: KindName | undefined,
  subject: Device,
  extra: readonly string[],
  later: readonly string[],
  header: (writer: Writer, bits: { flags: number; change: number }) => void,
): { main: Request; rest: ((dev: Device) => Request) | undefined } {
  const own = kind === undefined ? {} : kinds[kind].table.entries
  onlyKnown(doing, options, new Set([...Object.keys(own), ...everyLink, ...extra]))
  const data: Record<string, unknown> = {}
  const attributes: Record<string, unknown> = {}
  const others: Record<string, unknown> = {}
  let port: Parameters<typeof info.write>[1] | undefined
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (Object.hasOwn(own, name)) data[name] = value
    else if (later.includes(name)) others[name] = value
    else if (Object.hasOwn(common.entries, name) || name === 'unknown') attributes[name] = value
    else if (name.endsWith('Port')) port = { slaveKind: name.slice(0, -'Port'.length), [name]: value }
  }
  const bits = switchBits(options)
  const request = { ...base(doing, subject), type: RTM_NEWLINK }
  const main: Request = {
    ...request,
    encode(writer) {
      header(writer, bits)
      common.write(writer, attributes, doing)
      if (kind === undefined) return
      info.write(writer, Object.keys(data).length > 0 ? { kind, [kind]: data } : { kind }, doing)
    },
  }
  if (port === undefined && Object.keys(others).length === 0) return { main, rest: undefined }
  const rest = (dev: Device): Request => ({
    ...request,
    encode(writer) {
      target(writer, dev, {})
      common.write(writer, others, doing)
      if (port !== undefined) info.write(writer, port, doing)
    },
  })
  return { main, rest }
}

function property(doing: string, type: number, flags: number, dev: Device, names: readonly string[]): Request {
  if (names.length === 0) throw invalidValue('names', names, 'must hold at least one name')
  for (const name of names) {
    if (typeof name !== 'string' || name === '') throw invalidType('names', 'names', name)
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

function onlyObject(what: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalidType(`options of ${what}`, 'an object', options)
}

/** Reads a link from a message of the kernel's. @internal */
export function decode(reader: Reader, at: number, length: number): Link {
  const header = ifinfomsg.read(reader, at, length)
  const {
    info: kindInfo,
    netns: _,
    xdp,
    link,
    ...values
  } = table.read(reader, at + ifinfomsg.size, length - ifinfomsg.size)
  return {
    index: header.index,
    type: hardwareTypes.name(header.type),
    flags: flagNames(header.flags),
    up: isUp(header.flags),
    ...values,
    // An index in another namespace says nothing about the devices of this one.
    ...(link !== undefined && { link: values.linkNetnsid === undefined ? reader.names.name(link as number) : link }),
    ...(xdp?.attached ? { xdp } : undefined),
    ...kindInfo,
  } as Link
}
