/** Where on their way packets stop. */

import { ip, meta, table } from 'nslink/nft'
import type { Host } from './host.js'

/** A device on a way, and whether packets come in (`rx`) or go out (`tx`) there. */
export type Hop = readonly [host: Host, dev: string, way: 'rx' | 'tx']

const SENT = 10
/** Of each datagram, so that the bytes tell how many there were: other packets, those of ARP, have few. */
const BYTES = 1000

/** Sends ten datagrams, and tells how many of them each device on the way has seen. */
export async function hops(from: Host, address: string, way: readonly Hop[]): Promise<string> {
  const bytes = (): Promise<number[]> =>
    Promise.all(way.map(async ([{ ns }, dev, direction]) => (await ns.link.get(dev)).stats?.[`${direction}Bytes`] ?? 0))
  const before = await bytes()
  await from.traffic.send(address, 9, 'x'.repeat(BYTES), SENT)
  const after = await bytes()
  const seen = way.map((_, index) => Math.floor(((after[index] ?? 0) - (before[index] ?? 0)) / BYTES))
  return way.map(([host, dev], index) => `${dev} of ${host.name} ${seen[index]}`).join(', ')
}

/**
 * The hooks of a host, as chains are named after, that see a datagram sent to an address come to this. `own` is an address of the host, by which it
 * can be reached.
 */
export async function traces(host: Host, from: Host, address: string, own: string, expected: string): Promise<void> {
  const { lab, ns } = host
  lab.note(`nft add table ip trace
nft add chain ip trace prerouting '{ type filter hook prerouting priority raw; }'
nft add rule ip trace prerouting 'ip daddr { ${address}, ${own} } meta nftrace set 1'
nft monitor trace`)
  const { add, del } = table('ip', 'trace')
  await ns.nft.apply([
    add.table(),
    add.chain('prerouting', { type: 'filter', hook: 'prerouting', priority: 'raw' }),
    add.rule('prerouting', ip.daddr(address, own), meta.nftrace.set(1)),
  ])
  await lab.expect(`chains of ${host.name} that see a datagram to ${address}`, expected, async () => {
    const trace = ns.nft.trace()
    await from.traffic.send(address, 9, 'x')
    // When this is seen, there is no more to come of the other.
    await from.traffic.send(own, 9, 'x')
    const seen = new Set<string>()
    for await (const { chain, packet } of trace) {
      if (packet?.ip?.daddr === own) break
      seen.add(chain)
    }
    return [...seen].join(', ')
  })
  await ns.nft.apply([del.table()])
}
