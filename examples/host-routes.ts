/**
 * Pods on two hosts, by a route on each host: what flannel calls host-gw. The MAC addresses of a packet change from hop to hop, its IP addresses
 * do not.
 *
 *     pod-a ── host1 ── switch ── host2 ── pod-b
 *     192.168.10.10     10.57.4.1          192.168.11.10
 *              10.57.4.20     10.57.4.21
 */

import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const [A, B] = ['192.168.10.10', '192.168.11.10']

export default scenario(
  {
    name: 'host-routes',
    title: 'Pods on two hosts by a route on each (host-gw): MAC addresses change hop by hop, IP addresses do not',
    article: 'Kubernetes networking: pods of different hosts, host routes',
    keys: ['there', 'back'],
  },
  async (lab) => {
    const { lan, host1, host2 } = await hosts(lab, {
      lan: '10.57.4.1/24',
      host1: '10.57.4.20/24',
      host2: '10.57.4.21/24',
    })
    const podA = await pod(host1, 'pod-a', A)
    const podB = await pod(host2, 'pod-b', B)
    await podB.traffic.listen(8080)
    await host1.pings(A, 'answered')
    // host1 sends it to the gateway, which has no use for it.
    await podA.pings(B, 'no answer')

    await lab.step(
      'there',
      'host1 learns that the pods of 192.168.11.0/24 are behind host2.',
      ['host1# ip route add 192.168.11.0/24 via 10.57.4.21 dev eth0 onlink'],
      () => host1.route.add({ dst: '192.168.11.0/24', via: '10.57.4.21', dev: 'eth0', onlink: true }),
    )
    const before = await received(podB)
    await podA.pings(B, 'no answer')
    await lab.expect('packets that reached pod-b all the same', /^[1-9]/, async () => (await received(podB)) - before)

    await lab.step(
      'back',
      'Its answers got lost: host2 learns that the pods of 192.168.10.0/24 are behind host1.',
      ['host2# ip route add 192.168.10.0/24 via 10.57.4.20 dev eth0 onlink'],
      () => host2.route.add({ dst: '192.168.10.0/24', via: '10.57.4.20', dev: 'eth0', onlink: true }),
    )
    await podA.pings(B, 'answered')
    // pod-b sees the address of pod-a itself.
    await podA.calls(B, 8080, `hello ${A}`)

    lab.note('The same packet from hop to hop, with the addresses each sender has for it:')
    const hops = [
      { sender: podA, dev: 'eth0', next: '169.254.10.24', to: await mac(host1, 'veth-pod-a') },
      { sender: host1, dev: 'eth0', next: '10.57.4.21', to: await mac(host2, 'eth0') },
      { sender: host2, dev: 'veth-pod-b', next: B, to: await mac(podB, 'eth0') },
    ]
    for (const { sender, dev, next, to } of hops) {
      const claim = `${sender.name} sends it from ${await mac(sender, dev)} to ${next}, which is`
      await lab.expect(claim, to, async () => (await sender.neigh.get({ dev, dst: next })).lladdr)
    }
    // A bridge learns the source of whatever comes in at a port.
    const onTheWire = [await mac(host1, 'eth0'), await mac(host2, 'eth0')].sort()
    await lab.expect('the sources the switch has seen, which are the hosts', onTheWire.join(), async () => {
      const learnt = (await lan.fdb.list()).filter(({ state }) => state === 'dynamic')
      return learnt.map(({ lladdr }) => lladdr).sort()
    })
  },
)

const mac = async (host: Host, dev: string): Promise<string> => (await host.link.get(dev)).address ?? ''

const received = async (pod: Host): Promise<number> => (await pod.link.get('eth0')).stats?.rxPackets ?? 0
