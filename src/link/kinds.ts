/** The kinds of link this version knows: the list that names them. Adding one is a file in `kinds/` and a line here. */

import { bridge } from './kinds/bridge.js'
import { dummy } from './kinds/dummy.js'
import { gre } from './kinds/gre.js'
import { gretap } from './kinds/gretap.js'
import { ifb } from './kinds/ifb.js'
import { ipip } from './kinds/ipip.js'
import { ipvlan } from './kinds/ipvlan.js'
import { ipvtap } from './kinds/ipvtap.js'
import { macvlan } from './kinds/macvlan.js'
import { macvtap } from './kinds/macvtap.js'
import { sit } from './kinds/sit.js'
import { veth } from './kinds/veth.js'
import { vlan } from './kinds/vlan.js'
import { vrf } from './kinds/vrf.js'
import { vxlan } from './kinds/vxlan.js'

// The comments are shown with what links of a kind are told, and with what a listed link has of its kind.
/** @internal */
export const kinds = {
  /** A switch in software. */
  bridge,
  /** A device that drops what is sent through it. It has no options of its own. */
  dummy,
  /** A tunnel: packets of any protocol inside IPv4 packets. */
  gre,
  /** A tunnel: Ethernet packets in GRE, so that it can be the port of a bridge. */
  gretap,
  /** A device that packets are redirected to, to be queued. It has no options of its own. */
  ifb,
  /** A tunnel: IPv4 packets inside IPv4 packets. */
  ipip,
  /** One of several devices upon one, with its link-layer address, told apart by IP addresses. */
  ipvlan,
  /** An ipvlan whose packets go to a program. */
  ipvtap,
  /** One of several devices upon one, each with a link-layer address of its own. */
  macvlan,
  /** A macvlan whose packets go to a program. */
  macvtap,
  /** A tunnel: IPv6 packets inside IPv4 packets. */
  sit,
  /** One of two ends of a virtual cable. Nothing is reported of it. */
  veth,
  /** One VLAN of a device, as a device of its own. */
  vlan,
  /** A routing table of their own for the devices that are its ports. */
  vrf,
  /** Ethernet packets inside UDP packets, in networks told apart by a number. */
  vxlan,
}

/** The kinds whose links have ports, by the property that has the options of a port. @internal */
export const ports = {
  /** A port of a bridge. */
  bridgePort: bridge,
  /** A port of a VRF. It has no options of its own. */
  vrfPort: vrf,
}

/** @internal */
export type Kinds = typeof kinds
/** @internal */
export type Ports = typeof ports
/** The name of a kind of link this version knows. */
export type KindName = keyof Kinds
/** What the kinds' links and ports are given and report. @internal */
export type TypesOf<K extends Kinds[KindName]> = NonNullable<K['types']>
