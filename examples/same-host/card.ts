/** Pods with a share of the host's network card each, and the host with one, too, which is their gateway. */

import type { LinkAddOptions } from 'nslink'
import type { Host } from '../lab/host.js'

/** A pod, and the address it has. */
export interface Pod {
  host: Host
  address: string
}

export const GATEWAY = '192.168.10.1'

/** A share of the card by `macvlan` with the mode `bridge`, or by `ipvlan` with `l2` or `l3`. */
export type Share = { kind: 'macvlan'; mode: 'bridge' } | { kind: 'ipvlan'; mode: 'l2' | 'l3' }

export async function card(host: Host, pods: readonly Pod[], id: string, why: string, share: Share): Promise<void> {
  const type = `type ${share.kind} mode ${share.mode}`
  const inPods = pods.flatMap(({ host: { name }, address }) => [
    `host# ip link add link eth0 name new0 netns ${name} ${type}`,
    `${name}# ip link set new0 name eth0`,
    `${name}# ip addr add ${address}/24 dev eth0`,
    `${name}# ip link set eth0 up`,
    `${name}# ip route add default via ${GATEWAY} dev eth0`,
  ])
  const onHost = [
    `host# ip link add link eth0 name gw0 ${type}`,
    `host# ip addr add ${GATEWAY}/24 dev gw0`,
    'host# ip link set gw0 up',
  ]
  await host.lab.step(id, why, [...inPods, ...onHost], async () => {
    for (const { host: pod, address } of pods) {
      // Older kernels (Linux 6.12) want the name to be free on the host, too.
      await host.link.add({ ...share, name: 'new0', link: 'eth0', netns: pod } satisfies LinkAddOptions)
      await pod.link.set('new0', { name: 'eth0' })
      await pod.addr.add({ dev: 'eth0', address: `${address}/24` })
      await pod.link.set('eth0', { up: true })
      await pod.route.add({ dst: 'default', via: GATEWAY, dev: 'eth0' })
    }
    await host.link.add({ ...share, name: 'gw0', link: 'eth0' })
    await host.addr.add({ dev: 'gw0', address: `${GATEWAY}/24` })
    await host.link.set('gw0', { up: true })
  })
}

/** A device of each pod, and those of the host, are taken away. */
export async function clear(host: Host, pods: readonly Pod[], id: string, devices: readonly string[]): Promise<void> {
  const commands = [
    ...pods.map((pod) => `${pod.host.name}# ip link del eth0`),
    ...devices.map((dev) => `host# ip link del ${dev}`),
  ]
  await host.lab.step(id, 'It is taken away again.', commands, async () => {
    for (const pod of pods) await pod.host.link.del('eth0')
    for (const dev of devices) await host.link.del(dev)
  })
}
