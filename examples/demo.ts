/** The example `pod-host`, and then the set-up of a pod once more, by nslink and by `ip`, with a clock beside it. */

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { netns } from 'nslink'
import type { Host } from './lab/host.js'
import type { Lab } from './lab/lab.js'
import { scenario } from './lab/scenario.js'
import podHost from './pod-host.js'

export default scenario(
  { ...podHost, name: 'demo', title: 'pod-host, and then a pod by nslink and by ip, by the clock' },
  async (lab) => {
    await podHost.story(lab)
    const host = lab.hosts.get('host') as Host
    lab.note('A pod once more, by the clock.')
    const byNslink = await timed(() => nslinkPod(lab, host))
    lab.note(`nslink: ${byNslink.toFixed(1)} ms`)
    if (spawnSync('ip', ['-V']).status !== 0 || spawnSync('sysctl', ['-V']).status !== 0) {
      return lab.note('(no ip and sysctl here to compare with: Debian has them in iproute2 and procps)')
    }
    const byIp = await timed(() => ipPod(lab, host))
    lab.note(`ip, a process for each step: ${byIp.toFixed(1)} ms, ${(byIp / byNslink).toFixed(0)} times as long`)
  },
)

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function nslinkPod(lab: Lab, { ns: host }: Host): Promise<void> {
  const pod = await netns.create(lab.claim('pod2'))
  await host.link.add({ kind: 'veth', name: 'veth-ns2', up: true, peer: { name: 'eth0', netns: pod } })
  await pod.link.set('eth0', { up: true })
  await pod.addr.add({ dev: 'eth0', address: '172.20.2.10/24' })
  await pod.route.add({ dst: 'default', via: '172.20.2.1' })
  await host.sysctl.set('net.ipv4.conf.veth-ns2.proxy_arp', 1)
  await host.route.add({ dst: '172.20.2.10', dev: 'veth-ns2', scope: 'link' })
  pod.close()
}

async function ipPod(lab: Lab, host: Host): Promise<void> {
  const name = lab.claim('pod3')
  const commands = [
    `ip netns add ${name}`,
    'ip link add veth-ns3 type veth peer name ns3-eth0',
    `ip link set ns3-eth0 netns ${name}`,
    'ip link set veth-ns3 up',
    `ip netns exec ${name} ip link set ns3-eth0 name eth0`,
    `ip netns exec ${name} ip link set eth0 up`,
    `ip netns exec ${name} ip addr add 172.20.3.10/24 dev eth0`,
    `ip netns exec ${name} ip route add default via 172.20.3.1 dev eth0`,
    'sysctl -qw net.ipv4.conf.veth-ns3.proxy_arp=1',
    'ip route add 172.20.3.10 dev veth-ns3',
  ]
  for (const command of commands) {
    const [program, ...args] = command.split(' ') as [string, ...string[]]
    const [status] = await once(host.spawn(program, args, { stdio: 'inherit' }), 'close')
    if (status !== 0) throw new Error(`${command} ended with ${status}`)
  }
}
