/** `vlan`: one VLAN of a device (`link`), as a device of its own. */

import { type Attribute, attributes, bits, eachAttribute, type Options, struct, u16 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { U32 } from '../../netlink/scalar.js'
import { field, Struct } from '../../netlink/struct.js'
import { vlanProtocol } from '../attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

const IFLA_VLAN_ID = 1
const IFLA_VLAN_FLAGS = 2
const IFLA_VLAN_EGRESS_QOS = 3
const IFLA_VLAN_INGRESS_QOS = 4
const IFLA_VLAN_PROTOCOL = 5

const IFLA_VLAN_QOS_MAPPING = 1

const VLAN_FLAG_REORDER_HDR = 1
const VLAN_FLAG_GVRP = 2
const VLAN_FLAG_LOOSE_BINDING = 4
const VLAN_FLAG_MVRP = 8
const VLAN_FLAG_BRIDGE_BINDING = 16

const mapping = new Struct('struct ifla_vlan_qos_mapping', { from: field('from', U32), to: field('to', U32) })

/** Priorities by priorities. The kernel would cut off what is too large, so `maxFrom` and `maxTo` say what is not. */
const qosMap = (type: number, maxFrom: number, maxTo: number): Attribute<Record<number, number>> => ({
  types: [type],
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const start = writer.openNested(type)
    for (const [from, to] of Object.entries(value)) {
      const path = writer.where(`${key}.${from}`)
      const pair = { from: integer(path, Number(from), 0, maxFrom), to: integer(path, to, 0, maxTo) }
      struct(IFLA_VLAN_QOS_MAPPING, mapping).write(writer, pair, key)
    }
    writer.close(start)
  },
  read(reader, at, length) {
    const map: Record<number, number> = {}
    eachAttribute(reader, at, length, (_, start, size) => {
      const { from, to } = mapping.read(reader, start, size)
      map[from] = to
    })
    return map
  },
})

/** The bits of a `struct ifla_vlan_flags`. */
const flag = bits(IFLA_VLAN_FLAGS, U32, true)

const table = attributes(
  {
    /** The number of the VLAN, 0 to 4094. It has to be given, and cannot be changed. */
    id: u16(IFLA_VLAN_ID, 4094),
    /** The tag it has: `'802.1Q'`, as it is when nothing is said, or `'802.1ad'`. It cannot be changed. */
    protocol: vlanProtocol(IFLA_VLAN_PROTOCOL),
    /** The tag is taken out of packets that are received, so that programs see none. On when nothing is said. */
    reorderHdr: flag(VLAN_FLAG_REORDER_HDR),
    /** The VLAN is announced by GVRP. */
    gvrp: flag(VLAN_FLAG_GVRP),
    /** The VLAN is announced by MVRP. */
    mvrp: flag(VLAN_FLAG_MVRP),
    /** Whether it is up does not depend on the device below. */
    looseBinding: flag(VLAN_FLAG_LOOSE_BINDING),
    /** On a bridge: its carrier is that of the ports which have the VLAN (Linux 5.2). */
    bridgeBinding: flag(VLAN_FLAG_BRIDGE_BINDING),
    /**
     * The priority inside Linux for that of the tag of a packet received: `{ 5: 2 }`, from 0 to 7 to any number of 32 bits. What is not given
     * is left as it is; 0 takes a mapping away.
     */
    ingressQosMap: qosMap(IFLA_VLAN_INGRESS_QOS, 7, 0xffff_ffff),
    /** The priority in the tag of a packet sent for that inside Linux: `{ 2: 5 }`, to 0 to 7. What is not given is left as it is. */
    egressQosMap: qosMap(IFLA_VLAN_EGRESS_QOS, 0xffff_ffff, 7),
  },
  // The kernel says nothing of its flags when none is set.
  { reorderHdr: false, gvrp: false, mvrp: false, looseBinding: false, bridgeBinding: false },
)

/** What a VLAN is told: `ip link add link eth0 type vlan`. */
export interface VlanOptions extends Options<typeof table> {}

/** @internal */
export const vlan: LinkKind<VlanOptions> = linkKind('vlan', table)
