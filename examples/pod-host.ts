/**
 * A pod on a host: what is missing at each step, how that shows, and what mends it.
 *
 *     pod                    host                          internet
 *     eth0 ────────────────  veth-ns1      eth0  ────────  host (a port of br0)
 *     172.20.1.10/24                192.168.6.160/24       192.168.6.1/24
 */

import { hosts, impatient } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const HOST = '192.168.6.160'
const POD = '172.20.1.10'
const PORT = 8080

export default scenario(
  {
    name: 'pod-host',
    title: 'A pod and its host reach each other: a route, an answer for the gateway, a way back',
    article: 'Kubernetes networking: a pod and its host',
    keys: ['default-route', 'proxy-arp', 'back'],
  },
  async (lab) => {
    const { internet, host } = await hosts(lab, { internet: '192.168.6.1/24', host: `${HOST}/24` })
    await lab.step(
      'forward',
      'The host passes packets on, as one of containers does. Else it would not answer for others either.',
      ['host# sysctl -qw net.ipv4.ip_forward=1'],
      () => host.sysctl.set('net.ipv4.ip_forward', 1),
    )
    await host.traffic.listen(PORT)
    const pod = await lab.host('pod')

    await lab.step(
      'cable',
      'A cable from the host to the pod, and an address.',
      [
        'host# ip link add ns1-eth0 type veth peer name veth-ns1',
        'host# ip link set ns1-eth0 netns pod',
        'host# ip link set veth-ns1 up',
        'pod# ip link set ns1-eth0 name eth0',
        `pod# ip addr add ${POD}/24 dev eth0`,
        'pod# ip link set eth0 up',
      ],
      async () => {
        await host.link.add({ kind: 'veth', name: 'veth-ns1', up: true, peer: { name: 'eth0', netns: pod } })
        await pod.addr.add({ dev: 'eth0', address: `${POD}/24` })
        await pod.link.set('eth0', { up: true })
      },
    )
    await impatient(pod, 'eth0')
    await impatient(host, 'veth-ns1')
    await pod.traffic.listen(PORT)
    await pod.calls(HOST, PORT, 'ENETUNREACH')
    await pod.pings(HOST, 'network unreachable')

    await lab.step(
      'default-route',
      'The pod has no route there: it gets a default route. Nobody has the address of that gateway.',
      ['pod# ip route add default via 172.20.1.1 dev eth0'],
      () => pod.route.add({ dst: 'default', via: '172.20.1.1', dev: 'eth0' }),
    )
    await pod.calls(HOST, PORT, 'EHOSTUNREACH')
    await lab.expect('the gateway in the neighbour table of the pod', /^failed/, () => gateway(pod))

    await lab.step(
      'proxy-arp',
      'No one answers for the gateway: the end of the cable on the host answers, for everyone.',
      ['host# sysctl -qw net.ipv4.conf.veth-ns1.proxy_arp=1'],
      () => host.sysctl.set('net.ipv4.conf.veth-ns1.proxy_arp', 1),
    )
    const before = await received(internet)
    await pod.calls(HOST, PORT, 'ETIMEDOUT')
    const { address } = await host.link.get('veth-ns1')
    const known = new RegExp(`^(reachable|delay|stale) ${address}$`)
    await lab.expect('the gateway there, and the address of veth-ns1', known, () => gateway(pod))
    const strayed = async (): Promise<number> => (await received(internet)) - before
    await lab.expect('packets that went to the internet instead of the pod', /^[1-9]/, strayed)

    await lab.step(
      'back',
      'The host hears the pod, and its answers leave by its default gateway: it gets a route to the pod.',
      [`host# ip route add ${POD} dev veth-ns1`],
      () => host.route.add({ dst: POD, dev: 'veth-ns1' }),
    )
    await pod.calls(HOST, PORT, `hello ${POD}`)
    // By the address on the way there.
    await host.calls(POD, PORT, `hello ${HOST}`)
    await pod.pings(HOST, 'answered')
    await host.pings(POD, 'answered')
  },
)

/** How the neighbour table of the pod has its gateway: state and address. */
async function gateway(pod: Host): Promise<string> {
  const entry = (await pod.neigh.list({ dev: 'eth0' })).find(({ dst }) => dst === '172.20.1.1')
  return `${entry?.nud ?? 'no entry'} ${entry?.lladdr ?? ''}`.trim()
}

const received = async (internet: Host): Promise<number> => (await internet.link.get('host')).stats?.rxPackets ?? 0
