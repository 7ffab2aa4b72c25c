/**
 * A pod on a host, step by step: what is missing at each step, how that shows, and what mends it. Real packets prove each.
 *
 * Three namespaces: `host`, the `internet` behind its default gateway, and the `pod`. Nothing else on the machine is touched.
 *
 *   pod                    host                          internet
 *   eth0 ────────────────  veth-ns1      eth0  ────────  eth0
 *   172.20.1.10/24                192.0.2.160/24         192.0.2.1/24
 */

import { spawnSync } from 'node:child_process'
import type { Netns } from 'nslink'
import { expect, inLab, type Lab, say } from './lab/lab.js'

const HOST = '192.0.2.160'
const POD = '172.20.1.10'
const PORT = 8080

await inLab('nslink-demo', async (lab) => {
  say('nslink demo: a pod on a host, in namespaces of its own')
  say('\n1. The host, and an internet behind its default gateway.')
  const host = await lab.netns('host')
  const internet = await lab.netns('internet')
  // IPv4 only, so that every packet counted below is one of ours.
  for (const ns of [host, internet]) await ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
  await host.link.add({ kind: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: internet } })
  await internet.link.set('eth0', { up: true })
  await host.addr.add({ dev: 'eth0', address: `${HOST}/24` })
  await internet.addr.add({ dev: 'eth0', address: '192.0.2.1/24' })
  await host.route.add({ dst: 'default', via: '192.0.2.1' })
  // As on any host of containers. Without it the host would not answer for others (proxy_arp) either.
  await host.sysctl.set('net.ipv4.ip_forward', 1)

  say('\n2. The pod: a namespace, a veth pair with one end in it, an address.')
  const pod = await lab.netns('pod')
  await host.link.add({ kind: 'veth', name: 'veth-ns1', up: true, peer: { name: 'eth0', netns: pod } })
  await pod.batch((b) => [
    b.link.set('lo', { up: true }),
    b.link.set('eth0', { up: true }),
    b.addr.add({ dev: 'eth0', address: `${POD}/24` }),
  ])
  // Both ways count: a packet that comes in where the answer would not go out is not to be dropped for that here.
  await host.sysctl.set('net.ipv4.conf.all.rp_filter', 0)
  await host.sysctl.set('net.ipv4.conf.veth-ns1.rp_filter', 0)
  // For the sake of those who watch: a neighbour is asked for three times in 600 ms instead of three seconds, and who answers for
  // another does it at once instead of within 0.8 seconds.
  await pod.sysctl.set('net.ipv4.neigh.eth0.retrans_time_ms', 200)
  await host.sysctl.set('net.ipv4.neigh.veth-ns1.proxy_delay', 0)

  const inside = { host: lab.probe(host), pod: lab.probe(pod) }
  await inside.host.listen(PORT)
  await inside.pod.listen(PORT)
  const callHost = (): Promise<string> => inside.pod.connect(HOST, PORT)

  say('\n3. Does the pod reach the host?')
  expect('TCP from the pod to the host', await callHost(), 'ENETUNREACH')
  await ping(pod, HOST, false)
  say('   The pod has no route there. Give it a default route.')
  await pod.route.add({ dst: 'default', via: '172.20.1.1', dev: 'eth0' })

  say('\n4. And now?')
  expect('TCP from the pod to the host', await callHost(), 'EHOSTUNREACH')
  expect("the gateway in the pod's neighbour table", await gateway(pod), /^failed/)
  say('   Nobody answers for the gateway 172.20.1.1. Let the host end of the cable answer for everyone (proxy_arp).')
  await host.sysctl.set('net.ipv4.conf.veth-ns1.proxy_arp', 1)

  say('\n5. And now?')
  const before = (await internet.link.get('eth0')).stats?.rxPackets ?? 0
  expect('TCP from the pod to the host', await callHost(), 'ETIMEDOUT')
  const strayed = ((await internet.link.get('eth0')).stats?.rxPackets ?? 0) - before
  const { address } = await host.link.get('veth-ns1')
  expect("the gateway in the pod's neighbour table", await gateway(pod), new RegExp(`${address}$`))
  expect('packets that went to the internet instead of the pod', String(strayed), /^[1-9]/)
  say('   The host hears the pod, but has no route back: its answers leave by the default gateway. Add the route.')
  await host.route.add({ dst: POD, dev: 'veth-ns1', scope: 'link' })

  say('\n6. And now?')
  expect('TCP from the pod to the host', await callHost(), `hello ${POD}`)
  expect('TCP from the host to the pod', await inside.host.connect(POD, PORT), /^hello 192\.0\.2\.160$/)
  await ping(pod, HOST, true)
  await ping(host, POD, true)

  await compare(lab, host)
})

/** How the pod's neighbour table has its gateway: state and address. */
async function gateway(pod: Netns): Promise<string> {
  const entries = await pod.neigh.list({ dev: 'eth0' })
  const entry = entries.find(({ dst }) => dst === '172.20.1.1')
  return `${entry?.nud ?? 'no entry'} ${entry?.lladdr ?? ''}`.trim()
}

/** One ICMP echo, by the machine's own `ping` where there is one. */
async function ping(from: Netns, to: string, works: boolean): Promise<void> {
  const child = from.spawn('ping', ['-c', '1', '-W', '1', to], { stdio: 'ignore' })
  const status = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null))
    child.on('close', resolve)
  })
  if (status === null) say('   (no ping on this machine: Debian has it in iputils-ping)')
  else expect(`ping ${to}`, status === 0 ? 'answered' : 'not answered', works ? 'answered' : 'not answered')
}

/** The whole set-up of a pod once more, by nslink and by `ip`, with a clock beside it. */
async function compare(lab: Lab, host: Netns): Promise<void> {
  say('\n7. The same set-up once more, by the clock.')
  const start = performance.now()
  const pod = await lab.netns('pod2')
  await host.link.add({ kind: 'veth', name: 'veth-ns2', up: true, peer: { name: 'eth0', netns: pod } })
  await pod.link.set('eth0', { up: true })
  await pod.addr.add({ dev: 'eth0', address: '172.20.2.10/24' })
  await pod.route.add({ dst: 'default', via: '172.20.2.1' })
  await host.sysctl.set('net.ipv4.conf.veth-ns2.proxy_arp', 1)
  await host.route.add({ dst: '172.20.2.10', dev: 'veth-ns2', scope: 'link' })
  const byNslink = performance.now() - start
  say(`   nslink: ${byNslink.toFixed(1)} ms`)

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
  if (process.argv.includes('--no-ip')) return
  if (spawnSync('ip', ['-V']).status !== 0 || spawnSync('sysctl', ['-V']).status !== 0) {
    say('   (no ip and sysctl here to compare with: Debian has them in iproute2 and procps)')
    return
  }
  const begin = performance.now()
  for (const command of commands) {
    const [program, ...args] = command.split(' ') as [string, ...string[]]
    const { status, stderr } = host.run(() => spawnSync(program, args, { encoding: 'utf8' }))
    if (status !== 0) throw new Error(`${command}: ${stderr}`)
  }
  const byIp = performance.now() - begin
  say(
    `   ip, ${commands.length} processes: ${byIp.toFixed(1)} ms, which is ${(byIp / byNslink).toFixed(0)} times as long`,
  )
}
