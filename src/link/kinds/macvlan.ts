/** `macvlan`: further devices upon one (`link`), each with a link-layer address of its own. */

import {
  type Attribute,
  absent,
  attributes,
  bits,
  enum32,
  list,
  mac,
  type Options,
  readOnly,
  s32,
  typeOf,
  u32,
  type Values,
  writeOnly,
} from '../../netlink/attributes.js'
import { enumeration } from '../../netlink/names.js'
import { U16 } from '../../netlink/scalar.js'
import { type LinkKind, linkKind } from '../kind.js'

const IFLA_MACVLAN_MODE = 1
const IFLA_MACVLAN_FLAGS = 2
const IFLA_MACVLAN_MACADDR_MODE = 3
const IFLA_MACVLAN_MACADDR = 4
const IFLA_MACVLAN_MACADDR_DATA = 5
const IFLA_MACVLAN_MACADDR_COUNT = 6
const IFLA_MACVLAN_BC_QUEUE_LEN = 7
const IFLA_MACVLAN_BC_QUEUE_LEN_USED = 8
const IFLA_MACVLAN_BC_CUTOFF = 9

const MACVLAN_MODE_PRIVATE = 1
const MACVLAN_MODE_VEPA = 2
const MACVLAN_MODE_BRIDGE = 4
const MACVLAN_MODE_PASSTHRU = 8
const MACVLAN_MODE_SOURCE = 16

const MACVLAN_MACADDR_ADD = 0
const MACVLAN_MACADDR_DEL = 1
const MACVLAN_MACADDR_SET = 3

const MACVLAN_FLAG_NOPROMISC = 1
const MACVLAN_FLAG_NODST = 2

const modes = enumeration({
  private: MACVLAN_MODE_PRIVATE,
  vepa: MACVLAN_MODE_VEPA,
  bridge: MACVLAN_MODE_BRIDGE,
  passthru: MACVLAN_MODE_PASSTHRU,
  source: MACVLAN_MODE_SOURCE,
})

const flag = bits(IFLA_MACVLAN_FLAGS, U16)

const sources = list(IFLA_MACVLAN_MACADDR_DATA, mac(IFLA_MACVLAN_MACADDR, 6))

/** The addresses a device in mode `source` takes packets from. */
const macaddr: Attribute<string[]> = {
  types: [IFLA_MACVLAN_MACADDR_DATA, IFLA_MACVLAN_MACADDR_MODE, IFLA_MACVLAN_MACADDR],
  write(writer, value, key) {
    u32(IFLA_MACVLAN_MACADDR_MODE).write(writer, MACVLAN_MACADDR_SET, key)
    sources.write(writer, value, key)
  },
  read: (reader, at, length) =>
    typeOf(reader, at) === IFLA_MACVLAN_MACADDR_DATA ? sources.read(reader, at, length, undefined) : absent,
}

/** Adds one of these addresses, or takes one away: the kernel does one at a time. */
const oneMacaddr = (mode: number): Attribute<string> & { writeOnly: true } =>
  writeOnly({
    types: [],
    write(writer, value, key) {
      u32(IFLA_MACVLAN_MACADDR_MODE).write(writer, mode, key)
      mac(IFLA_MACVLAN_MACADDR, 6).write(writer, value, key)
    },
    read: () => absent,
  })

/** @internal */
export const macvlanTable = attributes({
  /**
   * Whom it reaches of the devices upon the same one: nobody (`'private'`), all through a switch outside (`'vepa'`, as it is when nothing is said), all
   * directly (`'bridge'`), nobody as it is the only one and has the device to itself (`'passthru'`, which cannot be set or left
   * later), or those whose packets come from certain addresses (`'source'`).
   */
  mode: enum32(IFLA_MACVLAN_MODE, modes),
  /** In mode `passthru`: the device below is not made promiscuous. */
  nopromisc: flag(MACVLAN_FLAG_NOPROMISC),
  /** In mode `source`: a packet taken by its source does not go to its destination, too (Linux 5.13). */
  nodst: flag(MACVLAN_FLAG_NODST),
  /** In mode `source`: the addresses it takes packets from; `[]` takes away all (`macaddr flush`). In the order the kernel has them. */
  macaddr,
  /** Adds an address to take packets from: `macaddr add`. */
  macaddrAdd: oneMacaddr(MACVLAN_MACADDR_ADD),
  /** Takes such an address away: `macaddr del`. No error if it is not there. */
  macaddrDel: oneMacaddr(MACVLAN_MACADDR_DEL),
  /** How many broadcast packets wait at most to be handed on, as this device wishes it (Linux 5.11). */
  bcqueuelen: u32(IFLA_MACVLAN_BC_QUEUE_LEN),
  /**
   * Multicast that more than so many devices want waits in that queue, too; -1: nothing does. The last device told has said it for all
   * upon the same one; it is reported when it is not 1 (Linux 6.4).
   */
  bclim: s32(IFLA_MACVLAN_BC_CUTOFF),
  /** How many addresses there are in `macaddr`. */
  macaddrCount: readOnly(u32(IFLA_MACVLAN_MACADDR_COUNT)),
  /** The queue's length: the largest any of the devices wishes (Linux 5.11). */
  usedbcqueuelen: readOnly(u32(IFLA_MACVLAN_BC_QUEUE_LEN_USED)),
})

/** What a macvlan or macvtap is told: `ip link add link eth0 type macvlan`. */
export interface MacvlanOptions extends Options<typeof macvlanTable> {}

/** What a macvlan or macvtap is. */
export interface MacvlanInfo extends Values<typeof macvlanTable> {}

/** @internal */
export const macvlan: LinkKind<MacvlanOptions, MacvlanInfo> = linkKind('macvlan', macvlanTable)
