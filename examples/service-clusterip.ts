/**
 * The address of a service, which nobody has: the host puts that of a pod in its place, for what pods send, for what it sends itself, and for the
 * pod that calls itself by it (hairpin).
 *
 *     pod-a                 host                 pod-b
 *     eth0 ───── veth-pod-a      veth-pod-b ───── eth0
 *     10.244.1.10                                10.244.1.11
 *                10.96.0.100, the service
 */

import { dnat, ip, masquerade, table } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const [A, B] = ['10.244.1.10', '10.244.1.11']
const HOST = '192.168.6.160'
const SERVICE = '10.96.0.100'
const nat = table('ip', 'nat')

export default scenario(
  {
    name: 'service-clusterip',
    title: 'The address of a service: translated for pods, for the host itself, and for the pod behind it (hairpin)',
    article: 'Kubernetes networking: services, clusterIP and hairpin flow',
    keys: ['prerouting', 'output', 'hairpin'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { internet: '192.168.6.1/24', host: `${HOST}/24` })
    const podA = await pod(host, 'pod-a', A)
    const podB = await pod(host, 'pod-b', B)
    await podB.traffic.listen(80)
    await podA.pings(B, 'answered')
    await podA.pings(SERVICE, 'no answer')

    await lab.step(
      'prerouting',
      'What comes in for the service goes on to pod-b. It is seen before it is routed.',
      [
        'host# nft add table ip nat',
        "host# nft add chain ip nat prerouting '{ type nat hook prerouting priority dstnat; }'",
        `host# nft add rule ip nat prerouting ip daddr ${SERVICE} dnat to ${B}`,
      ],
      () =>
        host.nft.apply([
          nat.add.table(),
          nat.add.chain('prerouting', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
          nat.add.rule('prerouting', ip.daddr(SERVICE), dnat(B)),
        ]),
    )
    await podA.pings(SERVICE, 'answered')
    await podA.calls(SERVICE, 80, `hello ${A}`)
    // What the host sends does not come in anywhere.
    await host.pings(SERVICE, 'no answer')

    await lab.step(
      'output',
      'What the host itself sends to the service goes to pod-b, too.',
      [
        "host# nft add chain ip nat output '{ type nat hook output priority -100; }'",
        `host# nft add rule ip nat output ip daddr ${SERVICE} dnat to ${B}`,
      ],
      () =>
        host.nft.apply([
          nat.add.chain('output', { type: 'nat', hook: 'output', priority: -100 }),
          nat.add.rule('output', ip.daddr(SERVICE), dnat(B)),
        ]),
    )
    await host.pings(SERVICE, 'answered')
    await host.calls(SERVICE, 80, `hello ${HOST}`)

    lab.note('pod-b itself calls the service, and gets its own packet back, from its own address:')
    const before = await received(podB)
    await podB.pings(SERVICE, 'no answer')
    await lab.expect('packets that came to pod-b meanwhile', /^[1-9]/, async () => (await received(podB)) - before)
    const acceptLocal = 'net.ipv4.conf.eth0.accept_local'
    await lab.expect(`${acceptLocal} of pod-b`, '0', () => podB.sysctl.get(acceptLocal))

    await lab.step(
      'hairpin',
      'pod-b drops what claims to be from itself: the host puts its own address there.',
      [
        "host# nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'",
        `host# nft add rule ip nat postrouting ip saddr ${B} ip daddr ${B} masquerade`,
      ],
      () =>
        host.nft.apply([
          nat.add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
          nat.add.rule('postrouting', ip.saddr(B), ip.daddr(B), masquerade()),
        ]),
    )
    await podB.pings(SERVICE, 'answered')
    await podB.calls(SERVICE, 80, `hello ${HOST}`)
    // Others are still seen by their own addresses.
    await podA.calls(SERVICE, 80, `hello ${A}`)
  },
)

const received = async (pod: Host): Promise<number> => (await pod.link.get('eth0')).stats?.rxPackets ?? 0
