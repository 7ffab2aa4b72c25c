/** Pods with a cable to the host each, which is a router between them, or has a switch that they are plugged into. */

import { impatient } from '../lab/ground.js'
import type { Host } from '../lab/host.js'
import { GATEWAY, type Pod } from './card.js'

/** What nobody has: the host answers for it. */
const ANYONE = '169.254.10.24'

const vethOf = ({ host }: Pod): string => `veth-${host.name}`

/** What is the same for both, in words and in deeds. */
const words = (pod: Pod, via: string): string[] => [
  `host# ip link add ${vethOf(pod)} type veth peer name eth0 netns ${pod.host.name}`,
  `${pod.host.name}# ip addr add ${pod.address}/24 dev eth0`,
  `${pod.host.name}# ip link set eth0 up`,
  `${pod.host.name}# ip route add default via ${via} dev eth0 onlink`,
]

async function plug(host: Host, pod: Pod, via: string): Promise<void> {
  await host.link.add({ kind: 'veth', name: vethOf(pod), peer: { name: 'eth0', netns: pod.host } })
  await pod.host.addr.add({ dev: 'eth0', address: `${pod.address}/24` })
  await pod.host.link.set('eth0', { up: true })
  await pod.host.route.add({ dst: 'default', via, dev: 'eth0', onlink: true })
}

export async function router(host: Host, pods: readonly Pod[]): Promise<void> {
  const commands = pods.flatMap((pod) => [
    ...words(pod, ANYONE),
    `host# ip link set ${vethOf(pod)} up`,
    `host# sysctl -qw net.ipv4.conf.${vethOf(pod)}.proxy_arp=1`,
    `host# ip route add ${pod.address} dev ${vethOf(pod)} scope link`,
  ])
  await host.lab.step('veth', 'A cable to each pod, with the host as a router.', commands, async () => {
    for (const pod of pods) {
      await plug(host, pod, ANYONE)
      await host.link.set(vethOf(pod), { up: true })
      await host.sysctl.set(`net.ipv4.conf.${vethOf(pod)}.proxy_arp`, 1)
      await host.route.add({ dst: pod.address, dev: vethOf(pod), scope: 'link' })
    }
  })
  for (const pod of pods) {
    await impatient(pod.host, 'eth0')
    await impatient(host, vethOf(pod))
  }
}

export async function bridge(host: Host, pods: readonly Pod[]): Promise<void> {
  const commands = [
    'host# ip link add br0 type bridge',
    `host# ip addr add ${GATEWAY}/24 dev br0`,
    'host# ip link set br0 up',
    ...pods.flatMap((pod) => [...words(pod, GATEWAY), `host# ip link set ${vethOf(pod)} master br0 up`]),
  ]
  await host.lab.step(
    'bridge',
    'A cable to each pod, into a switch, which has the address of the gateway.',
    commands,
    async () => {
      await host.link.add({ kind: 'bridge', name: 'br0' })
      await host.addr.add({ dev: 'br0', address: `${GATEWAY}/24` })
      await host.link.set('br0', { up: true })
      for (const pod of pods) {
        await plug(host, pod, GATEWAY)
        await host.link.set(vethOf(pod), { master: 'br0', up: true })
      }
    },
  )
}
