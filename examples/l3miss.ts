/**
 * A vxlan whose kernel asks a program: whose link-layer address it wants (l3miss), and then behind which host that is (l2miss). Flannel worked like
 * this before 0.9: nothing is told in advance, and without the program there is no traffic.
 *
 *     pod-a ── host1 ── lan ── host2 ── pod-b
 *     10.244.1.10              10.244.3.10
 *              192.168.3.8  192.168.3.10
 */

import { hosts, impatient, pod } from './lab/ground.js'
import { scenario } from './lab/scenario.js'

const B = '10.244.3.10'

export default scenario(
  {
    name: 'l3miss',
    title:
      'The kernel asks a program for neighbours and for hosts when there is a packet for them (flannel before 0.9)',
    article: 'Kubernetes networking: flannel before 0.9.0',
    keys: ['app-solicit', 'handler'],
    needs: ['link:vxlan'],
  },
  async (lab) => {
    const { host1, host2 } = await hosts(lab, {
      lan: '192.168.3.1/24',
      host1: '192.168.3.8/24',
      host2: '192.168.3.10/24',
    })
    const podA = await pod(host1, 'pod-a', '10.244.1.10')
    await pod(host2, 'pod-b', B)
    const nodes = [
      { host: host1, address: '192.168.3.8', vtep: '10.244.1.0', mac: '02:3f:39:67:7d:f8' },
      { host: host2, address: '192.168.3.10', vtep: '10.244.3.0', mac: '02:3f:39:67:7d:f9' },
    ]
    const others = (host: typeof host1): typeof nodes => nodes.filter((node) => node.host !== host)

    await lab.step(
      'device',
      'Each host has a vxlan that learns nothing and tells of what it misses, and routes to the subnets of the others.',
      nodes.flatMap(({ host, address, vtep, mac }) => [
        `${host.name}# ip link add flannel.1 address ${mac} type vxlan id 1 dstport 8472 local ${address} dev eth0 nolearning l2miss`,
        `${host.name}# ip addr add ${vtep}/32 dev flannel.1`,
        `${host.name}# ip link set flannel.1 up`,
        ...others(host).map(
          (other) => `${host.name}# ip route add ${other.vtep}/24 via ${other.vtep} dev flannel.1 onlink`,
        ),
      ]),
      async () => {
        for (const { host, address, vtep, mac } of nodes) {
          await host.link.add({
            ...{ kind: 'vxlan', name: 'flannel.1', address: mac },
            ...{ id: 1, dstport: 8472, local: address, dev: 'eth0', learning: false, l2miss: true },
          })
          await host.addr.add({ dev: 'flannel.1', address: `${vtep}/32` })
          await host.link.set('flannel.1', { up: true })
          for (const other of others(host)) {
            await host.route.add({ dst: `${other.vtep}/24`, via: other.vtep, dev: 'flannel.1', onlink: true })
          }
        }
      },
    )
    for (const { host } of nodes) await impatient(host, 'flannel.1')
    await lab.step(
      'app-solicit',
      'When a neighbour is wanted, programs are asked: three times.',
      nodes.map(({ host }) => `${host.name}# echo 3 >/proc/sys/net/ipv4/neigh/flannel.1/app_solicit`),
      async () => {
        for (const { host } of nodes) await host.sysctl.set('net.ipv4.neigh.flannel.1.app_solicit', 3)
      },
    )
    await podA.pings(B, 'host unreachable')

    const asked: string[] = []
    await lab.step(
      'handler',
      'A program on each host listens, and answers from what it knows of the others.',
      [],
      async () => {
        for (const { host } of nodes) {
          const misses = host.monitor({ miss: true })
          lab.background(async () => {
            for await (const { miss } of misses) {
              asked.push(`${host.name}: where is ${miss.dst ?? miss.lladdr}?`)
              const node = others(host).find(({ vtep, mac }) => miss.dst === vtep || miss.lladdr === mac)
              if (node === undefined) continue
              const { vtep, mac, address } = node
              if (miss.dst) await host.neigh.replace({ dev: 'flannel.1', dst: vtep, lladdr: mac, nud: 'reachable' })
              else await host.fdb.replace({ dev: 'flannel.1', lladdr: mac, dst: address })
            }
          })
        }
      },
    )
    await podA.pings(B, 'answered')
    for (const what of ['10.244.3.0', '02:3f:39:67:7d:f9']) {
      await lab.expect('what the kernel of host1 asked for', new RegExp(`^host1: where is ${what}\\?$`, 'm'), () =>
        asked.join('\n'),
      )
    }
  },
)
