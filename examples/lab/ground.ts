/** Networks that several examples stand on. */

import type { Host } from './host.js'
import type { Lab } from './lab.js'

/**
 * Hosts whose eth0 are in one switch, by their addresses. The first is the switch itself: a bridge whose address is the default gateway of the
 * others. Beyond it there is nothing.
 */
export async function hosts<N extends string>(lab: Lab, addresses: Record<N, string>): Promise<Record<N, Host>> {
  const made: Partial<Record<N, Host>> = {}
  const [first, ...others] = Object.entries<string>(addresses) as [N, string][]
  if (first === undefined) throw new TypeError('a network without a switch')
  const [name, gateway] = first
  const lan = await lab.host(name)
  made[name] = lan
  for (const [each] of others) made[each] = await lab.host(each)

  const via = gateway.replace(/\/.*/, '')
  const commands = [`${name}# ip link add br0 type bridge`, `${name}# ip addr add ${gateway} dev br0`]
  for (const [each, address] of others) {
    commands.push(
      `${each}# ip link add eth0 type veth peer name ${each} netns ${name}`,
      `${each}# ip addr add ${address} dev eth0`,
      `${name}# ip link set ${each} master br0 up`,
      `${each}# ip link set eth0 up`,
    )
  }
  commands.push(`${name}# ip link set br0 up`)
  for (const [each] of others) commands.push(`${each}# ip route add default via ${via}`)

  const names = others.map(([each]) => each).join(' and ')
  await lab.step('hosts', `The ground: ${names}, plugged into ${name}, which is the gateway.`, commands, async () => {
    await lan.link.add({ kind: 'bridge', name: 'br0' })
    await lan.addr.add({ dev: 'br0', address: gateway })
    for (const [each, address] of others) {
      const host = made[each] as Host
      await host.link.add({ kind: 'veth', name: 'eth0', peer: { name: each, netns: lan } })
      await host.addr.add({ dev: 'eth0', address })
      await lan.link.set(each, { master: 'br0', up: true })
      await host.link.set('eth0', { up: true })
    }
    await lan.link.set('br0', { up: true })
    for (const [each] of others) await (made[each] as Host).route.add({ dst: 'default', via })
  })
  for (const [each] of others) await impatient(made[each] as Host, 'eth0')
  return made as Record<N, Host>
}

/** The gateway of all pods, which nobody has: their host answers for it. */
const GATEWAY = '169.254.10.24'

/**
 * A pod that its host can reach, and that can reach its host: a cable, an address, a default route; the host answers for whomever the pod
 * looks for (proxy_arp), passes packets on, and has a route to the pod. The example `pod-host` tells what each of these is for.
 */
export async function pod(host: Host, name: string, address: string): Promise<Host> {
  const { lab } = host
  const made = await lab.host(name)
  const veth = `veth-${name}`
  const commands = [
    `${host.name}# ip link add ${veth} type veth peer name eth0 netns ${name}`,
    `${name}# ip addr add ${address}/24 dev eth0`,
    `${name}# ip link set eth0 up`,
    `${name}# ip route add default via ${GATEWAY} dev eth0 onlink`,
    `${host.name}# ip link set ${veth} up`,
    `${host.name}# sysctl -qw net.ipv4.conf.${veth}.proxy_arp=1`,
    `${host.name}# sysctl -qw net.ipv4.ip_forward=1`,
    `${host.name}# ip route add ${address} dev ${veth} scope link`,
  ]
  await lab.step(name, `${name} on ${host.name}, with the address ${address}.`, commands, async () => {
    await host.link.add({ kind: 'veth', name: veth, peer: { name: 'eth0', netns: made } })
    await made.addr.add({ dev: 'eth0', address: `${address}/24` })
    await made.link.set('eth0', { up: true })
    await made.route.add({ dst: 'default', via: GATEWAY, dev: 'eth0', onlink: true })
    await host.link.set(veth, { up: true })
    await host.sysctl.set(`net.ipv4.conf.${veth}.proxy_arp`, 1)
    await host.sysctl.set('net.ipv4.ip_forward', 1)
    await host.route.add({ dst: address, dev: veth, scope: 'link' })
  })
  await impatient(made, 'eth0')
  await impatient(host, veth)
  return made
}

/**
 * For the sake of those who watch: a neighbour is asked for three times in 0.6 seconds instead of three seconds, and who answers for another does
 * it at once instead of within 0.8 seconds.
 */
export async function impatient(host: Host, dev: string): Promise<void> {
  const { link, sysctl } = host.ns
  // The step that makes it may have been left out.
  if (!(await link.list()).some(({ name }) => name === dev)) return
  await sysctl.set(`net.ipv4.neigh.${dev}.retrans_time_ms`, 200)
  await sysctl.set(`net.ipv4.neigh.${dev}.proxy_delay`, 0)
}
