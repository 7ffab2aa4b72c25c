/** The VLANs of bridges and of their ports: `bridge vlan`. */

import { ifinfomsg } from '../link/attributes.js'
import {
  type Attribute,
  attributes,
  ignored,
  nested,
  type Options,
  type Schema,
  u16,
  u32,
} from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { done, dump, type Operation, type Request, requestsOf } from '../netlink/operation.js'
import { AF_BRIDGE } from '../netlink/protocol.js'
import { formatRange, parseRange, type Range } from '../netlink/range.js'
import { U16 } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'
import type { Reader } from '../netlink/writer.js'
import type { DelOptions, Device } from '../rtnetlink.js'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_SETLINK = 19

const IFLA_MASTER = 10
const IFLA_AF_SPEC = 26
const IFLA_EXT_MASK = 29

const IFLA_BRIDGE_FLAGS = 0
const IFLA_BRIDGE_MODE = 1
const IFLA_BRIDGE_VLAN_INFO = 2
const IFLA_BRIDGE_VLAN_TUNNEL_INFO = 3

const IFLA_BRIDGE_VLAN_TUNNEL_ID = 1
const IFLA_BRIDGE_VLAN_TUNNEL_VID = 2
const IFLA_BRIDGE_VLAN_TUNNEL_FLAGS = 3

const BRIDGE_FLAGS_MASTER = 1
const BRIDGE_FLAGS_SELF = 2

const BRIDGE_VLAN_INFO_PVID = 0x02
const BRIDGE_VLAN_INFO_UNTAGGED = 0x04
const BRIDGE_VLAN_INFO_RANGE_BEGIN = 0x08
const BRIDGE_VLAN_INFO_RANGE_END = 0x10

const RTEXT_FILTER_BRVLAN_COMPRESSED = 4

/** Several attributes of one number, which are not in a list of their own. */
const repeated = <T>(attribute: Attribute<T>): Attribute<T[]> => ({
  ...attribute,
  write(writer, value, key) {
    for (const each of value) attribute.write(writer, each, key)
  },
  read: (reader, at, length, before) => [...(before ?? []), attribute.read(reader, at, length, undefined)],
})

const vlanInfo = new Struct('struct bridge_vlan_info', { flags: field('flags', U16), vid: field('vid', U16) })

const tunnel = attributes({
  id: u32(IFLA_BRIDGE_VLAN_TUNNEL_ID),
  vid: u16(IFLA_BRIDGE_VLAN_TUNNEL_VID),
  flags: u16(IFLA_BRIDGE_VLAN_TUNNEL_FLAGS),
})
type Tunnel = Options<typeof tunnel>

const bridge = attributes({
  where: u16(IFLA_BRIDGE_FLAGS),
  mode: ignored(IFLA_BRIDGE_MODE),
  vid: repeated<{ flags: number; vid: number }>({
    types: [IFLA_BRIDGE_VLAN_INFO],
    write(writer, value) {
      const start = writer.open(IFLA_BRIDGE_VLAN_INFO)
      vlanInfo.write(writer, value)
      writer.close(start)
    },
    read: (reader, at, length) => vlanInfo.read(reader, at, length),
  }),
  tunnelId: repeated<Tunnel>(nested(IFLA_BRIDGE_VLAN_TUNNEL_INFO, tunnel)),
})

const table = attributes({
  master: u32(IFLA_MASTER),
  bridge: { ...nested(IFLA_AF_SPEC, bridge), transparent: true },
  extMask: u32(IFLA_EXT_MASK),
})

/** @internal */
export const vlanSchema = {
  messages: { RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK },
  header: ifinfomsg,
  table,
  faults: {
    "bridge: Pvid isn't allowed in a range": 'pvid',
    'bridge: Vlan id is invalid': 'vid',
  },
} satisfies Schema

/** What names VLANs of a device. */
export interface BridgeVlanKey {
  /** A port of a bridge; or with `self` the bridge itself, that is the host's own port. */
  dev: Device
  /** The VLAN, or all from one to another: `10`, `'10-20'`, within 1 and 4094. */
  vid: Range
  /** It is done by the device itself: has to be said for a bridge, and for a network card that is a switch. */
  self?: boolean | undefined
  /** It is done by the bridge that the device is a port of: so it is when nothing is said. */
  master?: boolean | undefined
}

/** VLANs that a device is to be in. */
export interface BridgeVlanOptions extends BridgeVlanKey {
  /** Frames that come in without a tag belong to this one. A device has one such VLAN: it is the new one then. */
  pvid?: boolean | undefined
  /** Frames of it leave the device without a tag. */
  untagged?: boolean | undefined
  /**
   * The id (VNI) that frames of it have in the tunnel that the port is (Linux 4.11), 0 to 2^24 - 1; of several VLANs, from one to
   * another likewise: `'1010-1020'`. The port has to have `vlanTunnel`.
   */
  tunnelId?: Range | undefined
}

/** VLANs that a device is in: neighbouring ones that are alike are one. They can be given back to `add` and `del`. */
export interface BridgeVlan extends BridgeVlanOptions {}

/** Which VLANs to list. */
export interface BridgeVlanFilter {
  /** Of this device. */
  dev?: Device | undefined
  /** Of these only: `10`, `'10-20'`. */
  vid?: Range | undefined
}

const known = new Set(['dev', 'vid', 'self', 'master', 'pvid', 'untagged', 'tunnelId'])
const knownToDel = new Set([...known, 'missingOk'])
const filterNames = new Set(['dev', 'vid'])

/** The VLANs of bridges and of their ports (`bridge vlan`; a kernel with CONFIG_BRIDGE_VLAN_FILTERING). */
export class VlanOperations {
  /**
   * Puts a device into VLANs, or changes how it is in them: `bridge vlan add`, and with `tunnelId` `bridge vlan add … tunnel_info`, too. What is
   * not said is taken away: a VLAN that was `untagged` is tagged then.
   *
   * @throws NetlinkError EOPNOTSUPP when the device is no port of a bridge, or is a bridge and `self` is missing; EINVAL for a range with
   *   `pvid`, or a `tunnelId` on a port without `vlanTunnel`
   */
  *add(options: BridgeVlanOptions): Operation<void> {
    done(yield change(RTM_SETLINK, 'vlan.add', options))
  }

  /**
   * Takes a device out of VLANs: `bridge vlan del`. That it is in none of them is no error: the kernel says nothing of it, whether `missingOk`
   * is given or not.
   *
   * @throws NetlinkError EOPNOTSUPP as `add`
   */
  *del(options: BridgeVlanOptions & DelOptions): Operation<void> {
    isTrue('missingOk', options?.missingOk)
    done(yield change(RTM_DELLINK, 'vlan.del', options, knownToDel))
  }

  /** The VLANs of all bridges and ports, or those a filter lets through: `bridge vlan show` and `bridge vlan tunnelshow` in one. */
  *list(filter: BridgeVlanFilter = {}): Operation<BridgeVlan[]> {
    onlyKnown('vlan.list', filter, filterNames)
    const { dev, vid } = filter
    const wanted = vid === undefined ? undefined : parseRange('vid', vid, 1, 4094)
    let index: number | undefined
    const devices = yield* dump<BridgeVlan[]>({
      ...base('vlan.list', dev),
      type: RTM_GETLINK,
      dump: true,
      encode(writer) {
        // The kernel cannot be asked for one device.
        if (dev !== undefined) index = writer.names.index(dev, 'dev')
        ifinfomsg.write(writer, { family: AF_BRIDGE })
        table.write(writer, { extMask: RTEXT_FILTER_BRVLAN_COMPRESSED }, 'vlan.list')
      },
      decode(reader, at, length) {
        if (index !== undefined && ifinfomsg.read(reader, at, length).index !== index) return undefined
        return decode(reader, at, length, wanted)
      },
    })
    return devices.flat()
  }
}

const base = requestsOf(vlanSchema)

function isTrue(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
  return value === true
}

function change(type: number, doing: string, options: BridgeVlanOptions, names = known): Request {
  onlyKnown(doing, options, names)
  const { dev, vid, self, master, pvid, untagged, tunnelId } = options
  if (dev === undefined) throw invalidType('dev', 'the name of a device or its index', dev)
  const [first, last] = parseRange('vid', vid, 1, 4094)
  const where = (isTrue('self', self) ? BRIDGE_FLAGS_SELF : 0) | (isTrue('master', master) ? BRIDGE_FLAGS_MASTER : 0)
  const pvidBit = isTrue('pvid', pvid) ? BRIDGE_VLAN_INFO_PVID : 0
  const untaggedBit = isTrue('untagged', untagged) ? BRIDGE_VLAN_INFO_UNTAGGED : 0
  // A tunnel goes with its VLAN.
  const adding = type === RTM_SETLINK
  const how = adding ? pvidBit | untaggedBit : 0
  const vlans = ends(first, last).map(([vid, flags]) => ({ vid, flags: flags | how }))
  const tunnels = tunnelId === undefined ? undefined : tunnelsOf(first, last, tunnelId)
  return {
    ...base(doing, dev),
    type,
    encode(writer) {
      ifinfomsg.write(writer, { family: AF_BRIDGE, index: writer.names.index(dev, 'dev') })
      const spec = { where: where === 0 ? undefined : where, vid: vlans, tunnelId: adding ? tunnels : undefined }
      table.write(writer, { bridge: spec }, doing)
    },
  }
}

/** A range is told by its first and its last VLAN. */
const ends = (first: number, last: number): [vid: number, flags: number][] =>
  first === last
    ? [[first, 0]]
    : [
        [first, BRIDGE_VLAN_INFO_RANGE_BEGIN],
        [last, BRIDGE_VLAN_INFO_RANGE_END],
      ]

function tunnelsOf(first: number, last: number, tunnelId: Range): Tunnel[] {
  const ids = parseRange('tunnelId', tunnelId, 0, 0xff_ffff)
  if (ids[1] - ids[0] !== last - first) throw invalidValue('tunnelId', tunnelId, 'must be as many as the VLANs are')
  return ends(first, last).map(([vid, flags], end) => ({ id: ids[end] as number, vid, flags }))
}

/** Reads the VLANs of a device from a message of the kernel's: of those that are `wanted`. @internal */
export function decode(reader: Reader, at: number, length: number, wanted = [1, 4094]): BridgeVlan[] {
  const { index } = ifinfomsg.read(reader, at, length)
  const { master, bridge: spec = {} } = table.read(reader, at + ifinfomsg.size, length - ifinfomsg.size)
  const dev = reader.names.name(index)
  // A bridge is its own master here.
  const self = master === index || ((spec.where ?? 0) & BRIDGE_FLAGS_SELF) !== 0
  const tunnels = tunnelIds(spec.tunnelId ?? [])
  const vlans: BridgeVlan[] = []
  let begin: number | undefined
  for (const { vid, flags } of spec.vid ?? []) {
    if ((flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) !== 0) {
      begin = vid
      continue
    }
    const [from, to] = wanted as [number, number]
    for (const [first, last] of alike(Math.max(begin ?? vid, from), Math.min(vid, to), tunnels)) {
      const vlan: BridgeVlan = { dev, vid: formatRange(first, last) }
      if (self) vlan.self = true
      if ((flags & BRIDGE_VLAN_INFO_PVID) !== 0) vlan.pvid = true
      if ((flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0) vlan.untagged = true
      const id = tunnels.get(first)
      if (id !== undefined) vlan.tunnelId = formatRange(id, id + last - first)
      vlans.push(vlan)
    }
    begin = undefined
  }
  return vlans
}

/** The tunnel ids of single VLANs. */
function tunnelIds(tunnels: readonly Tunnel[]): Map<number, number> {
  const ids = new Map<number, number>()
  let begin: number | undefined
  for (const { id = 0, vid = 0, flags = 0 } of tunnels) {
    if ((flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) !== 0) {
      begin = vid
      continue
    }
    for (let each = begin ?? vid; each <= vid; each++) ids.set(each, id - (vid - each))
    begin = undefined
  }
  return ids
}

/** Ranges of VLANs whose tunnel ids count up with them, or which have none. */
function* alike(first: number, last: number, ids: ReadonlyMap<number, number>): Generator<[number, number]> {
  let from = first
  for (let vid = first; vid <= last; vid++) {
    const [id, next] = [ids.get(vid), ids.get(vid + 1)]
    if (vid < last && (id === undefined ? next === undefined : next === id + 1)) continue
    yield [from, vid]
    from = vid + 1
  }
}
