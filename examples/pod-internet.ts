/**
 * A pod and the internet, where nobody knows the pod's address: its host passes packets on, and puts its own address in place of the pod's.
 *
 *     pod                    host                          internet
 *     eth0 ────────────────  veth-ns1      eth0  ────────  host (a port of br0)
 *     172.20.1.10/24                192.168.6.160/24       192.168.6.1/24, 14.215.177.38
 */

import { ip, masquerade, table } from 'nslink/nft'
import { hosts, impatient } from './lab/ground.js'
import { scenario } from './lab/scenario.js'

const POD = '172.20.1.10'
const HOST = '192.168.6.160'
const OUTSIDE = '14.215.177.38'
const nat = table('ip', 'nat')

export default scenario(
  {
    name: 'pod-internet',
    title: 'A pod reaches the internet: its host passes packets on, in its own name (masquerade)',
    article: 'Kubernetes networking: a pod and the internet',
    keys: ['forward', 'masquerade'],
  },
  async (lab) => {
    const { internet, host } = await hosts(lab, { internet: '192.168.6.1/24', host: `${HOST}/24` })
    await lab.step(
      'outside',
      'Somebody out there, who knows nothing of pods.',
      [`internet# ip addr add ${OUTSIDE}/32 dev br0`],
      () => internet.addr.add({ dev: 'br0', address: `${OUTSIDE}/32` }),
    )
    await internet.traffic.listen(80)
    await internet.traffic.hear(9)
    const pod = await lab.host('pod')
    await lab.step(
      'pod',
      'A pod as in the example pod-host. What is missing is that the host passes packets on.',
      [
        'host# ip link add veth-ns1 type veth peer name eth0 netns pod',
        `pod# ip addr add ${POD}/24 dev eth0`,
        'pod# ip link set eth0 up',
        'pod# ip route add default via 172.20.1.1 dev eth0',
        'host# ip link set veth-ns1 up',
        'host# sysctl -qw net.ipv4.conf.veth-ns1.proxy_arp=1',
        `host# ip route add ${POD} dev veth-ns1`,
      ],
      async () => {
        await host.link.add({ kind: 'veth', name: 'veth-ns1', peer: { name: 'eth0', netns: pod } })
        await pod.addr.add({ dev: 'eth0', address: `${POD}/24` })
        await pod.link.set('eth0', { up: true })
        await pod.route.add({ dst: 'default', via: '172.20.1.1', dev: 'eth0' })
        await host.link.set('veth-ns1', { up: true })
        await host.sysctl.set('net.ipv4.conf.veth-ns1.proxy_arp', 1)
        await host.route.add({ dst: POD, dev: 'veth-ns1' })
      },
    )
    await impatient(pod, 'eth0')
    await impatient(host, 'veth-ns1')
    // Who passes nothing on does not answer for a gateway either.
    await pod.pings(OUTSIDE, 'host unreachable')

    await lab.step(
      'forward',
      'The host passes packets on that are not for itself.',
      ['host# sysctl -qw net.ipv4.ip_forward=1'],
      () => host.sysctl.set('net.ipv4.ip_forward', 1),
    )
    await pod.pings(HOST, 'answered')
    await pod.traffic.send(OUTSIDE, 9, 'is anybody there?')
    await pod.pings(OUTSIDE, 'no answer')
    await lab.expect('what the internet heard meanwhile', 'is anybody there?', async () => {
      return (await internet.traffic.heard(9)).map((datagram) => Buffer.from(datagram).toString()).join()
    })

    await lab.step(
      'masquerade',
      `It got there, from ${POD}, to which there is no way back: the host puts its own address in its place.`,
      [
        'host# nft add table ip nat',
        "host# nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'",
        `host# nft add rule ip nat postrouting ip saddr ${POD} masquerade`,
      ],
      () =>
        host.nft.apply([
          nat.add.table(),
          nat.add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
          nat.add.rule('postrouting', ip.saddr(POD), masquerade()),
        ]),
    )
    await pod.pings(OUTSIDE, 'answered')
    await pod.calls(OUTSIDE, 80, `hello ${HOST}`)
    await lab.expect('what the host remembers of that call', `${POD} to ${OUTSIDE}, answered to ${HOST}`, async () => {
      const [call] = await host.conntrack.list({ orig: { proto: 'tcp', dport: 80 } })
      return `${call?.orig.src} to ${call?.orig.dst}, answered to ${call?.reply.dst}`
    })
    // The host itself needs no translation.
    await host.calls(OUTSIDE, 80, `hello ${HOST}`)
  },
)
