/** Real packets between namespaces: the machine's own `ping`, and an echo over TCP and UDP. Hosts and pods as the articles have them. */

import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Netns } from 'nslink'
import { output } from './test.js'

const echo = fileURLToPath(new URL('echo.mjs', import.meta.url))

/** Whether an address answers within two seconds. */
export const ping = (from: Netns, address: string): Promise<boolean> =>
  output(from, 'ping', '-c', '2', '-i', '0.2', '-W', '2', address).then(
    () => true,
    () => false,
  )

/** What carrying packets looks like from an end: a ping is answered, and what is sent comes back. */
export const carried = (as: string): Talk => ({ ping: true, tcp: as, udp: as })

/** Whether a ping was answered; and for TCP and UDP under which address the other end saw this one, or the code of an error. */
export interface Talk {
  ping: boolean
  tcp: string
  udp: string
}

/** Has one namespace talk to another, at an address that one has; or at another address, which is translated to the one it has. */
export async function talk(from: Netns, to: Netns, address: string, own = address): Promise<Talk> {
  const server = to.spawn(process.execPath, [echo, 'listen', own], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(server, 'close')
  try {
    const ready = new Promise((resolve) => server.stdout?.once('data', resolve))
    await Promise.race([ready, ended.then(() => Promise.reject(new Error('no echo')))])
    const [answered, said] = await Promise.all([
      ping(from, address),
      output(from, process.execPath, echo, 'call', address),
    ])
    return { ping: answered, ...(JSON.parse(said) as Omit<Talk, 'ping'>) }
  } finally {
    server.stdin?.end()
    await ended
  }
}

/** The hosts' addresses: documentation's, where the articles have their authors' own. */
export const HOSTS = ['192.0.2.20', '192.0.2.21'] as const

/**
 * Two hosts that pass packets on, joined by a cable from eth0 to eth0. The default gateway of both is nobody: but a host that has none
 * does not answer for others (proxy_arp).
 */
export async function hosts(another: () => Promise<Netns>): Promise<[Netns, Netns]> {
  const [one, two] = [await another(), await another()]
  for (const host of [one, two]) await quiet(host)
  await one.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: two } })
  await two.link.set('eth0', { up: true })
  await one.addr.add({ dev: 'eth0', address: `${HOSTS[0]}/24` })
  await two.addr.add({ dev: 'eth0', address: `${HOSTS[1]}/24` })
  for (const host of [one, two]) {
    await impatient(host, 'eth0')
    await host.route.add({ dst: 'default', via: '192.0.2.1' })
  }
  return [one, two]
}

/** Makes a namespace one that passes packets on, and says nothing by itself (IPv6 would). */
export async function quiet(ns: Netns): Promise<void> {
  await ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
  await ns.sysctl.set('net.ipv4.ip_forward', 1)
  for (const which of ['all', 'default']) await ns.sysctl.set(`net.ipv4.conf.${which}.rp_filter`, 0)
}

/** Has a device give up on a neighbour that does not answer within 0.6 seconds instead of three, which is before a ping does. */
export const impatient = (ns: Netns, dev: string): Promise<void> =>
  ns.sysctl.set(`net.ipv4.neigh.${dev}.retrans_time_ms`, 200)

/** Gives a pod its end of a cable from the host, `eth0`, with an address and a gateway. The host's end is up. */
export async function cable(host: Netns, pod: Netns, name: string, address: string, gateway: string): Promise<void> {
  await host.link.add({ kind: 'veth', name, up: true, peer: { name: 'eth0', netns: pod } })
  await pod.batch((b) => [
    b.link.set('eth0', { up: true }),
    b.addr.add({ dev: 'eth0', address: `${address}/24` }),
    b.route.add({ dst: 'default', via: gateway, dev: 'eth0', onlink: true }),
  ])
  await impatient(pod, 'eth0')
}

/** A pod whose host answers for everyone (proxy_arp) and has a route to it: the way of the articles. */
export async function routedPod(another: () => Promise<Netns>, host: Netns, address: string): Promise<Netns> {
  const pod = await another()
  await quiet(pod)
  await cable(host, pod, 'veth-pod', address, '169.254.10.24')
  await host.sysctl.set('net.ipv4.conf.veth-pod.proxy_arp', 1)
  await host.sysctl.set('net.ipv4.neigh.veth-pod.proxy_delay', 0)
  await host.route.add({ dst: address, dev: 'veth-pod', scope: 'link' })
  return pod
}

/** How many bytes a device has received and sent. */
export async function bytes(ns: Netns, dev: string): Promise<{ received: number; sent: number }> {
  const { stats } = await ns.link.get(dev)
  return { received: stats?.rxBytes ?? 0, sent: stats?.txBytes ?? 0 }
}

/** How many bytes a talk has each side send at least: one text by TCP, and it back. */
export const TALK = 150_000
