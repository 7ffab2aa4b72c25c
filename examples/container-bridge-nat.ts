/**
 * A container by hand, as Docker makes one: a process in a namespace of its own, a cable to a bridge, address translation. And a ping that is not
 * answered: the device after which packets are gone tells why.
 *
 *     container           host                                 internet
 *     eth0 ────────────── veth_host ── docker0      eth0 ───── host (a port of br0)
 *     172.17.1.2/16                    172.17.0.1   192.168.0.193
 *                                                              192.168.0.1, 39.106.233.176
 */

import { ip, masquerade, table } from 'nslink/nft'
import { hosts, impatient } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'
import { type Hop, hops, traces } from './lab/way.js'

const OUTSIDE = '39.106.233.176'
const HOST = '192.168.0.193'
const GATEWAY = '172.17.0.1'
const nat = table('ip', 'nat')
const filter = table('ip', 'filter')
const forward = { type: 'filter', hook: 'forward', priority: 'filter', policy: 'accept' } as const

export default scenario(
  {
    name: 'container-bridge-nat',
    title:
      'A container on docker0 with NAT, built by hand; and where packets stop: counters of devices, a trace of rules',
    article: 'Container networking: veth, bridge and NAT; a container without network',
    keys: ['bridge', 'nat', 'forward'],
  },
  async (lab) => {
    const { internet, host } = await hosts(lab, { internet: '192.168.0.1/24', host: `${HOST}/24` })
    await internet.ns.addr.add({ dev: 'br0', address: `${OUTSIDE}/32` })
    await internet.traffic.listen(80)
    const sleeper = (await lab.host('container')).spawn('sleep', ['36000'])
    lab.note(`The container is a process, number ${sleeper.pid}: by it, its namespace is found.`)
    const container = lab.adopt('container', await lab.netns.open({ pid: sleeper.pid ?? 0 }))
    await lab.expect('devices in the container', 'lo', () => devices(container))

    await lab.step(
      'cable',
      'A cable, of which one end goes to the namespace of that process, and is called eth0 there.',
      [
        'host# ip link add name veth_host type veth peer name veth_container',
        `host# ip link set veth_container netns ${sleeper.pid}`,
        'container# ip link set veth_container name eth0',
        'container# ip addr add 172.17.1.2/16 dev eth0',
        'container# ip link set eth0 up',
        `container# ip route add default via ${GATEWAY}`,
        'host# ip link set veth_host up',
        'host# ip addr add 172.17.1.1/16 dev veth_host',
      ],
      async () => {
        await host.link.add({ kind: 'veth', name: 'veth_host', peer: { name: 'veth_container' } })
        await host.link.set('veth_container', { netns: container, name: 'eth0' })
        await container.addr.add({ dev: 'eth0', address: '172.17.1.2/16' })
        await container.link.set('eth0', { up: true })
        await container.route.add({ dst: 'default', via: GATEWAY })
        await host.link.set('veth_host', { up: true })
        await host.addr.add({ dev: 'veth_host', address: '172.17.1.1/16' })
      },
    )
    await lab.expect('devices in the container', 'lo, eth0', () => devices(container))
    await impatient(container, 'eth0')
    await container.pings('172.17.1.1', 'answered')

    await lab.step(
      'bridge',
      'The other end goes into a bridge, which has the address of the gateway.',
      [
        'host# ip addr del 172.17.1.1/16 dev veth_host',
        'host# ip link add docker0 type bridge',
        `host# ip addr add ${GATEWAY}/16 dev docker0`,
        'host# ip link set docker0 up',
        'host# ip link set veth_host master docker0',
      ],
      async () => {
        await host.addr.del({ dev: 'veth_host', address: '172.17.1.1/16' })
        await host.link.add({ kind: 'bridge', name: 'docker0' })
        await host.addr.add({ dev: 'docker0', address: `${GATEWAY}/16` })
        await host.link.set('docker0', { up: true })
        await host.link.set('veth_host', { master: 'docker0' })
      },
    )
    await container.pings(GATEWAY, 'answered')

    await lab.step(
      'nat',
      'What containers send goes out by the address of the host, and everything may be passed on.',
      [
        'host# nft add table ip nat',
        "host# nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'",
        'host# nft add rule ip nat postrouting ip saddr 172.17.0.0/16 masquerade',
        'host# nft add table ip filter',
        "host# nft add chain ip filter forward '{ type filter hook forward priority filter; policy accept; }'",
      ],
      () =>
        host.nft.apply([
          nat.add.table(),
          nat.add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
          nat.add.rule('postrouting', ip.saddr('172.17.0.0/16'), masquerade()),
          filter.add.table(),
          filter.add.chain('forward', forward),
        ]),
    )
    await host.pings(OUTSIDE, 'answered')
    await container.pings(OUTSIDE, 'no answer')
    lab.note('Ten datagrams are sent there, and each device on the way is asked how many of them it has seen:')
    const way: Hop[] = [
      [container, 'eth0', 'tx'],
      [host, 'veth_host', 'rx'],
      [host, 'docker0', 'rx'],
      [host, 'eth0', 'tx'],
    ]
    const here = 'eth0 of container 10, veth_host of host 10, docker0 of host 10'
    await lab.expect('datagrams', `${here}, eth0 of host 0`, () => hops(container, OUTSIDE, way))
    await traces(host, container, OUTSIDE, GATEWAY, 'prerouting')
    await lab.expect('net.ipv4.ip_forward of the host', '0', () => host.sysctl.get('net.ipv4.ip_forward'))

    await lab.step(
      'forward',
      'They came to docker0, and were not passed on: now they are.',
      ['host# sysctl -qw net.ipv4.ip_forward=1'],
      () => host.sysctl.set('net.ipv4.ip_forward', 1),
    )
    await container.pings(OUTSIDE, 'answered')
    await lab.expect('datagrams', `${here}, eth0 of host 10`, () => hops(container, OUTSIDE, way))
    await traces(host, container, OUTSIDE, GATEWAY, 'prerouting, forward, postrouting')
    await container.calls(OUTSIDE, 80, `hello ${HOST}`)
  },
)

const devices = async (host: Host): Promise<string> => (await host.link.list()).map(({ name }) => name).join(', ')
