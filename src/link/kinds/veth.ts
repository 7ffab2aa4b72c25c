/** `veth`: two ends of a virtual cable. What goes in at one comes out at the other. */

import { type Attribute, attributes, type Options, type UnknownAttributes } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue } from '../../netlink/check.js'
import {
  afterwards,
  type CommonOptions,
  common,
  ifinfomsg,
  LINK_FAMILY,
  type LinkSwitches,
  switchBits,
  switchNames,
} from '../attributes.js'
import { type LinkKind, linkKind } from '../kind.js'

const VETH_INFO_PEER = 1

/** What the kernel refuses for the other end, or passes over without a word: it can be set once that is there. */
const refused = [...afterwards, 'up', 'master', 'link', 'linkNetnsid'] as const

type Refused = (typeof refused)[number]

/** The other end of a veth: a link of its own, made in the same request, in another namespace if `netns` says so. */
export interface VethPeer extends Omit<CommonOptions, Refused>, Omit<LinkSwitches, Refused> {
  /** Its index; the kernel chooses one when it is not given. */
  index?: number | undefined
}

const peer: Attribute<VethPeer> = {
  types: [VETH_INFO_PEER],
  inner: () => common,
  innerOffset: ifinfomsg.size,
  write(writer, value, key) {
    if (typeof value !== 'object' || value === null) throw invalidType(writer.where(key), 'an object', value)
    const { index, ...options } = value
    const attributes: Record<string, unknown> = { ...options }
    writer.path.push(key)
    for (const name of refused) {
      if (attributes[name] === undefined) continue
      const why = 'cannot be given: the kernel does not make the other end of a veth with it. Set it there afterwards'
      throw invalidValue(writer.where(name), attributes[name], why)
    }
    for (const name of switchNames) delete attributes[name]
    const start = writer.openNested(VETH_INFO_PEER)
    ifinfomsg.write(writer, {
      family: LINK_FAMILY,
      index: index === undefined ? 0 : integer(writer.where('index'), index, 1, 0x7fff_ffff),
      ...switchBits(options),
    })
    common.write(writer, attributes, writer.where())
    writer.path.pop()
    writer.close(start)
  },
  // The kernel never reports it: the two ends are told from each other by `link` and `linkNetnsid`.
  read: () => ({}),
}

const table = attributes({
  /** The other end. Without it the kernel makes one here, and names it. */
  peer,
})

/** What a veth is told: `ip link add type veth`. */
export interface VethOptions extends Options<typeof table> {}

/** @internal */
export const veth: LinkKind<VethOptions, UnknownAttributes> = linkKind('veth', table)
