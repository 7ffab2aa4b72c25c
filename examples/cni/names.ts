/** What the devices on the host are called: by the attachment they are for, so that they are found again without its namespace. */

import { createHash } from 'node:crypto'
import type { Attachment } from './protocol.js'

export function deviceOf(prefix: string, { containerID, ifname }: Attachment): string {
  const hash = createHash('sha256').update(`${containerID} ${ifname}`).digest('hex')
  return `${prefix}${hash.slice(0, 15 - prefix.length)}`
}

/** What the alias of such a device says (`ip link show` prints it): the network, and whose it is. */
export const aliasOf = (network: string, { containerID, ifname }: Attachment): string =>
  `${network} ${containerID} ${ifname}`

/** Whether a device was made for an attachment to a network that is not one of these. */
export function isStale(alias: string | undefined, network: string, valid: readonly Attachment[] = []): boolean {
  return alias?.startsWith(`${network} `) === true && !valid.some((each) => aliasOf(network, each) === alias)
}
