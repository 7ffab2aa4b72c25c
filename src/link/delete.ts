/** Links deleted, one by one or many at once. */

import { invalidType } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { done, type Operation, type Request, settle } from '../netlink/operation.js'
import { type DelOptions, type Device, deletion, mayBeMissing } from '../rtnetlink.js'
import { common, ifinfomsg, LINK_FAMILY } from './attributes.js'
import type { Link } from './link.js'
import { base, RTM_DELLINK, RTM_NEWLINK, target } from './message.js'

/** The request that deletes one link. @internal */
export const removal = (doing: string, dev: Device): Request => ({
  ...base(doing, dev),
  type: RTM_DELLINK,
  encode: (writer) => target(writer, dev, {}),
  renames: true,
  slow: true,
})

/** Puts a link in a group. */
const move = ({ index }: Link, group: number): Request => ({
  ...base('link.del', index),
  type: RTM_NEWLINK,
  encode(writer) {
    target(writer, index, {})
    common.write(writer, { group }, 'link.del')
  },
})

/** Deletes every link of a group; links that cannot be deleted keep the kernel from doing any of it. */
const removalOf = (group: number): Request => ({
  ...base('link.del', undefined),
  type: RTM_DELLINK,
  encode(writer) {
    ifinfomsg.write(writer, { family: LINK_FAMILY })
    common.write(writer, { group }, 'link.del')
  },
  renames: true,
  slow: true,
})

/**
 * Deletes many links in the time of one: the kernel waits for everybody who may still be looking at them once, not once for each.
 *
 * They are put in a group that no other link of the namespace is in, and the group is deleted. `links` are all there are. When it cannot be done, every link is back in its group.
 *
 * @internal
 */
export function* deletionOf(devices: readonly Device[], links: readonly Link[], options: DelOptions): Operation<void> {
  const missingOk = mayBeMissing(options)
  for (const dev of devices) {
    if (typeof dev !== 'string' && typeof dev !== 'number') throw invalidType('dev', 'names or indexes', dev)
  }
  const byName = new Map<Device, Link>()
  for (const link of links) for (const name of [link.name, link.index, ...(link.altnames ?? [])]) byName.set(name, link)
  const chosen = new Set<Link>()
  for (const dev of devices) {
    const link = byName.get(dev)
    // What is not there, or is of no kind, cannot be deleted, and the kernel says so.
    if (link?.kind === undefined) yield* deletion(removal('link.del', dev), options, 'ENODEV')
    else chosen.add(link)
  }
  if (chosen.size === 0) return
  const taken = new Set(links.map(({ group }) => group))
  let group: number
  do group = Math.floor(2 ** 31 * (1 + Math.random()))
  while (taken.has(group))

  const moved = yield* settle([...chosen].map((link) => move(link, group)))
  // Whoever has gone meanwhile has been deleted.
  const failure = moved.find(({ error }) => error !== undefined && !(missingOk && isError(error, 'ENODEV')))
  try {
    if (failure !== undefined) throw failure.error
    done(yield removalOf(group))
  } catch (error) {
    yield* settle([...chosen].map((link) => move(link, link.group as number)))
    throw error
  }
}
