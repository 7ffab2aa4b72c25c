/** `ipvlan`: further devices upon one (`link`), with its link-layer address, told apart by their IP addresses. */

import { attributes, enum16, type Options } from '../../netlink/attributes.js'
import { enumeration } from '../../netlink/names.js'
import { type LinkKind, linkKind } from '../kind.js'

const IFLA_IPVLAN_MODE = 1
const IFLA_IPVLAN_FLAGS = 2

const IPVLAN_MODE_L2 = 0
const IPVLAN_MODE_L3 = 1
const IPVLAN_MODE_L3S = 2

const IPVLAN_F_PRIVATE = 1
const IPVLAN_F_VEPA = 2

const modes = enumeration({ l2: IPVLAN_MODE_L2, l3: IPVLAN_MODE_L3, l3s: IPVLAN_MODE_L3S }, 0xffff)
const modeFlags = enumeration({ bridge: 0, private: IPVLAN_F_PRIVATE, vepa: IPVLAN_F_VEPA }, 0xffff)

/** All devices upon one have the same mode and flag: a change of one is a change of all. @internal */
export const ipvlanTable = attributes({
  /** `'l2'`: switched, ARP and all; `'l3'` (as it is when nothing is said): routed; `'l3s'`: routed, and seen by netfilter in both directions. */
  mode: enum16(IFLA_IPVLAN_MODE, modes),
  /**
   * Whether devices upon the same one reach each other: directly (`'bridge'`, as it is when nothing is said), not at all (`'private'`), or through
   * a switch outside (`'vepa'`). `ip` has no word before it (Linux 4.15).
   */
  modeFlag: enum16(IFLA_IPVLAN_FLAGS, modeFlags),
})

/** What an ipvlan or ipvtap is told: `ip link add link eth0 type ipvlan`. */
export interface IpvlanOptions extends Options<typeof ipvlanTable> {}

/** @internal */
export const ipvlan: LinkKind<IpvlanOptions> = linkKind('ipvlan', ipvlanTable)
