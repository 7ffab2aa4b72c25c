/**
 * Pods on two hosts, by IP packets in IP packets: what calico calls ipip. One tunnel device on each host leads to all the others: where to, the
 * next hop of the route says.
 *
 *     pod-a ── host1 ── lan ── host2 ── pod-b
 *     192.168.10.10            192.168.11.10
 *              10.57.4.20  10.57.4.21
 */

import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const [A, B] = ['192.168.10.10', '192.168.11.10']
const TUNNEL = 'mustang.tun0'
/** How many bytes an IP header has. */
const HEADER = 20

export default scenario(
  {
    name: 'ipip',
    title: 'Pods on two hosts by IP in IP: one tunnel device to all hosts, and 20 bytes less in each packet',
    article: 'Kubernetes networking: pods of different hosts, ip tunnel',
    keys: ['tunnel1', 'tunnel2'],
    needs: ['link:ipip'],
  },
  async (lab) => {
    const { host1, host2 } = await hosts(lab, {
      lan: '10.57.4.1/24',
      host1: '10.57.4.20/24',
      host2: '10.57.4.21/24',
    })
    const podA = await pod(host1, 'pod-a', A)
    const podB = await pod(host2, 'pod-b', B)
    await podB.traffic.listen(8080, 'swallow')
    await podA.pings(B, 'no answer')

    const ends = [
      { host: host1, local: '10.57.4.20', own: '192.168.10.1/32', pods: '192.168.11.0/24', via: '10.57.4.21' },
      { host: host2, local: '10.57.4.21', own: '192.168.11.1/32', pods: '192.168.10.0/24', via: '10.57.4.20' },
    ]
    for (const { host, local, own, pods, via } of ends) {
      await lab.step(
        `tunnel${host.name.slice(-1)}`,
        `${host.name} gets a tunnel without a fixed other end, and sends what is for the other pods into it.`,
        [
          `${host.name}# ip link add ${TUNNEL} type ipip mode ipip local ${local} ttl 64`,
          `${host.name}# ip link set ${TUNNEL} mtu 1480`,
          `${host.name}# ip link set ${TUNNEL} up`,
          `${host.name}# ip route add ${pods} via ${via} dev ${TUNNEL} onlink`,
          `${host.name}# ip addr add ${own} dev ${TUNNEL}`,
        ],
        async () => {
          await host.link.add({ kind: 'ipip', name: TUNNEL, mode: 'ipip', local, ttl: 64 })
          await host.link.set(TUNNEL, { mtu: 1480 })
          await host.link.set(TUNNEL, { up: true })
          await host.route.add({ dst: pods, via, dev: TUNNEL, onlink: true })
          await host.addr.add({ dev: TUNNEL, address: own })
        },
      )
      // A packet gets there by the first, and its answer by the second.
      await podA.pings(B, host === host1 ? 'no answer' : 'answered')
    }
    await host1.pings(B, 'answered')

    lab.note('Every packet on the wire has another IP header in front:')
    const before = await counted(host2)
    await podA.traffic.send(B, 9, 'x'.repeat(1000), 10)
    const after = await counted(host2)
    // Ten datagrams of 1028 bytes with their header; an Ethernet header of 14 bytes is not counted by a tunnel.
    await lab.expect('bytes out of the tunnel of host2', String(10 * 1028), () => after.tunnel - before.tunnel)
    const outer = String(10 * (1028 + HEADER + 14))
    await lab.expect('bytes into its eth0, besides answers', outer, () => after.wire - before.wire)

    lab.note('What is longer than 1480 bytes does not go through the tunnel, and pod-a is told so.')
    await podA.traffic.stream(B, 8080, 100)
    await lab.expect('the longest packet on the way from pod-a to pod-b', '1480', async () => {
      return (await podA.route.get({ dst: B })).mtu
    })
  },
)

async function counted(host: Host): Promise<{ tunnel: number; wire: number }> {
  const [tunnel, wire] = await Promise.all([host.link.get(TUNNEL), host.link.get('eth0')])
  return { tunnel: tunnel.stats?.rxBytes ?? 0, wire: wire.stats?.rxBytes ?? 0 }
}
