/**
 * Pods on two hosts, by Ethernet frames in UDP. A host comes to know behind which other host an address is in one of three ways: it asks everyone
 * it was told of, it asks a multicast group, or it was told everything, and nobody asks (as flannel has it).
 *
 *     pod-a ── host1 ──── lan ──── host2 ── pod-b
 *     192.168.10.10        │       192.168.11.10
 *              10.57.4.20  │  10.57.4.21
 *                        other, 10.57.4.22, which has no vxlan, and listens to what comes to the port
 */

import type { VxlanOptions } from 'nslink'
import { vxlanFrame } from './lab/frame.js'
import { hosts, impatient, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const EVERYONE = '00:00:00:00:00:00'
const PORT = 4789
const B = '192.168.11.10'

export default scenario(
  {
    name: 'vxlan',
    title: 'Pods on two hosts by frames in UDP: the hosts ask all others, or a multicast group, or have been told',
    article: 'Kubernetes networking: pods of different hosts, vxlan',
    keys: ['everyone', 'told'],
    needs: ['link:vxlan'],
  },
  async (lab) => {
    const { host1, host2, other } = await hosts(lab, {
      lan: '10.57.4.1/24',
      host1: '10.57.4.20/24',
      host2: '10.57.4.21/24',
      other: '10.57.4.22/24',
    })
    const podA = await pod(host1, 'pod-a', '192.168.10.10')
    await pod(host2, 'pod-b', B)
    const one = { host: host1, name: 'host1', outer: '10.57.4.20', inner: '192.168.10.1', pods: '192.168.10.0/24' }
    const two = { host: host2, name: 'host2', outer: '10.57.4.21', inner: '192.168.11.1', pods: '192.168.11.0/24' }
    const ways = [
      { here: one, there: two },
      { here: two, there: one },
    ]

    /** Both hosts make a vxlan, in place of the one they had, and send what is for the pods of the other into it. */
    async function device(id: string, why: string, options: VxlanOptions): Promise<void> {
      const again = (await host1.ns.link.list()).some(({ name }) => name === 'vxlan0')
      const commands = ways.flatMap(({ here, there }) => [
        ...(again ? [`${here.name}# ip link del vxlan0`] : []),
        `${here.name}# ip link add vxlan0 type vxlan id 100 dstport ${PORT} dev eth0 ${words(here.outer, options)}`,
        `${here.name}# ip addr add ${here.inner}/32 dev vxlan0`,
        `${here.name}# ip link set vxlan0 up`,
        `${here.name}# ip route add ${there.pods} via ${there.inner} dev vxlan0 onlink`,
      ])
      await lab.step(id, why, commands, async () => {
        for (const { here, there } of ways) {
          const { host, outer, inner } = here
          if (again) await host.link.del('vxlan0')
          const local = options.group === undefined ? { local: outer } : {}
          const device = { kind: 'vxlan', name: 'vxlan0', id: 100, dstport: PORT, dev: 'eth0' } as const
          await host.link.add({ ...device, ...local, ...options })
          await host.addr.add({ dev: 'vxlan0', address: `${inner}/32` })
          await host.link.set('vxlan0', { up: true })
          await host.route.add({ dst: there.pods, via: there.inner, dev: 'vxlan0', onlink: true })
        }
      })
      for (const { here } of ways) await impatient(here.host, 'vxlan0')
    }
    const hasLearnt = async (): Promise<void> =>
      lab.expect('host1 has learnt', `${await mac(host2)} at 10.57.4.21`, () => learnt(host1))

    await device('learning', 'Both hosts get a vxlan that learns who is where.', { learning: true })
    await podA.pings(B, 'host unreachable')
    await other.traffic.hear(PORT)
    await lab.step(
      'everyone',
      'There is nobody to ask: they are told to whom to send what is for everyone.',
      [
        `host1# bridge fdb append ${EVERYONE} dev vxlan0 dst 10.57.4.22 self permanent`,
        `host1# bridge fdb append ${EVERYONE} dev vxlan0 dst 10.57.4.21 self permanent`,
        `host2# bridge fdb append ${EVERYONE} dev vxlan0 dst 10.57.4.20 self permanent`,
      ],
      async () => {
        // The listener first: a question that waits in host1 since the last ping is asked as soon as there is somebody to ask.
        await host1.fdb.append({ lladdr: EVERYONE, dev: 'vxlan0', dst: '10.57.4.22' })
        await host1.fdb.append({ lladdr: EVERYONE, dev: 'vxlan0', dst: '10.57.4.21' })
        await host2.fdb.append({ lladdr: EVERYONE, dev: 'vxlan0', dst: '10.57.4.20' })
      },
    )
    await podA.pings(B, 'answered')
    await hasLearnt()
    const asked = /^VXLAN 100: \S+ to ff:ff:ff:ff:ff:ff, ARP: who has 192.168.11.1\? tell 192.168.10.1$/m
    await lab.expect('what came to port 4789 of the third host', asked, () => heard(other))

    await device('group', 'Nobody tells them: they meet in a multicast group.', { group: '239.1.1.1', learning: true })
    await podA.pings(B, 'answered')
    await hasLearnt()

    await device('nolearning', 'As flannel has it: they ask nobody, and learn nothing.', { learning: false })
    await podA.pings(B, 'host unreachable')
    const lladdr = { host1: await mac(host1), host2: await mac(host2) }
    await lab.step(
      'told',
      'They are told everything: the address of the other vxlan, and where it is.',
      [
        `host1# ip neigh replace 192.168.11.1 lladdr ${lladdr.host2} dev vxlan0 nud permanent`,
        `host1# bridge fdb append ${lladdr.host2} dev vxlan0 dst 10.57.4.21 self permanent`,
        `host2# ip neigh replace 192.168.10.1 lladdr ${lladdr.host1} dev vxlan0 nud permanent`,
        `host2# bridge fdb append ${lladdr.host1} dev vxlan0 dst 10.57.4.20 self permanent`,
      ],
      async () => {
        await host1.neigh.replace({ dst: '192.168.11.1', lladdr: lladdr.host2, dev: 'vxlan0', nud: 'permanent' })
        await host1.fdb.append({ lladdr: lladdr.host2, dev: 'vxlan0', dst: '10.57.4.21' })
        await host2.neigh.replace({ dst: '192.168.10.1', lladdr: lladdr.host1, dev: 'vxlan0', nud: 'permanent' })
        await host2.fdb.append({ lladdr: lladdr.host1, dev: 'vxlan0', dst: '10.57.4.20' })
      },
    )
    await podA.pings(B, 'answered')
    await lab.expect('host1 has learnt', 'nothing', () => learnt(host1))
  },
)

/** The options in the words of `ip`. */
const words = (outer: string, { group, learning }: VxlanOptions): string =>
  `${group === undefined ? `local ${outer}` : `group ${group}`} ${learning ? 'learning' : 'nolearning'}`

const mac = async (host: Host): Promise<string> => (await host.link.get('vxlan0')).address ?? ''

async function learnt(host: Host): Promise<string> {
  const entries = (await host.fdb.list({ dev: 'vxlan0' })).filter(({ state }) => state === 'dynamic')
  return entries.map(({ lladdr, dst }) => `${lladdr} at ${dst}`).join(', ') || 'nothing'
}

const heard = async (host: Host): Promise<string> => (await host.traffic.heard(PORT)).map(vxlanFrame).join('\n')
