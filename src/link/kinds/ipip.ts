/** `ipip`: IPv4 packets inside IPv4 packets. */

import { attributes, enum8, type Options } from '../../netlink/attributes.js'
import { enumeration } from '../../netlink/names.js'
import { type LinkKind, linkKind } from '../kind.js'
import { iptunnel } from './tunnel.js'

const IFLA_IPTUN_PROTO = 9

const IPPROTO_IPIP = 4
const IPPROTO_MPLS = 137

const modes = enumeration({ any: 0, ipip: IPPROTO_IPIP, mplsip: IPPROTO_MPLS }, 0xff)

const table = attributes({
  ...iptunnel,
  /**
   * What it carries: IPv4 (`'ipip'`, as it is when nothing is said), MPLS (`'mplsip'`), or both (`'any'`, which `ip link` says when it is told
   * nothing, unlike `ip tunnel`). The kernel passes over a change.
   */
  mode: enum8(IFLA_IPTUN_PROTO, modes),
})

/** What a tunnel of IPv4 in IPv4 is told: `ip link add type ipip`. */
export interface IpipOptions extends Options<typeof table> {}

/** @internal */
export const ipip: LinkKind<IpipOptions> = linkKind('ipip', table, { whole: true })
