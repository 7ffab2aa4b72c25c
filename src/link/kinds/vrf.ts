/** `vrf`: a routing table of their own for the devices that have it as their master. */

import {
  attributes,
  type Options,
  readOnly,
  type UnknownAttributes,
  u32,
  type Values,
} from '../../netlink/attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

const IFLA_VRF_TABLE = 1

const IFLA_VRF_PORT_TABLE = 1

const table = attributes({
  /** The number of the routing table, 1 to 4294967295. It has to be given, and cannot be changed. */
  table: u32(IFLA_VRF_TABLE),
})

const port = attributes({
  /** The number of the routing table its packets are routed by. */
  table: readOnly(u32(IFLA_VRF_PORT_TABLE)),
})

/** What a VRF is told: `ip link add type vrf`. */
export interface VrfOptions extends Options<typeof table> {}

/** What a port of a VRF is. It cannot be told anything. */
export interface VrfPortInfo extends Values<typeof port> {}

/** @internal */
export const vrf: LinkKind<VrfOptions, VrfOptions, UnknownAttributes, VrfPortInfo> = linkKind('vrf', table, { port })
