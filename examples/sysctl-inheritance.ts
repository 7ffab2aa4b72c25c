/**
 * Kernel parameters of a new namespace: some follow the machine's first namespace, some have the kernel's own defaults again, and none follows the
 * namespace that whoever made it was in. A program that is to have others has to find them there when it starts: `docker run --sysctl`.
 */

import { sysctl } from 'nslink'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const CONGESTION = 'net.ipv4.tcp_congestion_control'
const KEEPALIVE = ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']

export default scenario(
  {
    name: 'sysctl-inheritance',
    title: 'What kernel parameters a new namespace starts with, and how a program gets others: docker run --sysctl',
    article: 'Container networking: why a change under /proc/sys/net is not seen in the container',
    keys: ['host-sysctls', 'sysctls'],
  },
  async (lab) => {
    const host = await lab.host('host')
    await lab.step(
      'host-sysctls',
      'The parameters of a host are changed.',
      [
        'host# echo reno > /proc/sys/net/ipv4/tcp_congestion_control',
        'host# echo 600 > /proc/sys/net/ipv4/tcp_keepalive_time',
        'host# echo 10 > /proc/sys/net/ipv4/tcp_keepalive_intvl',
        'host# echo 6 > /proc/sys/net/ipv4/tcp_keepalive_probes',
      ],
      async () => {
        await host.sysctl.set(CONGESTION, 'reno')
        await host.sysctl.set('net.ipv4.tcp_keepalive_time', 600)
        await host.sysctl.set('net.ipv4.tcp_keepalive_intvl', 10)
        await host.sysctl.set('net.ipv4.tcp_keepalive_probes', 6)
      },
    )
    await lab.expect('tcp_congestion_control of the host', 'reno', () => host.sysctl.get(CONGESTION))
    await lab.expect('its tcp_keepalive_time, _intvl and _probes', '600,10,6', () => keepalive(host))

    lab.note('A container is started from there.')
    const container = await lab.host('container', host)
    await lab.expect('its tcp_keepalive_time, _intvl and _probes', '7200,75,9', () => keepalive(container))
    // That of the first namespace is only looked at. (If this runs in a container, its own was handed down from there.)
    const first = String(await sysctl.get(CONGESTION))
    await lab.expect("its tcp_congestion_control: the first namespace's", first, () => container.sysctl.get(CONGESTION))

    await lab.step(
      'sysctls',
      'They are set before its program starts, as by docker run --sysctl net.ipv4.tcp_keepalive_time=600',
      ['container# sysctl -qw net.ipv4.tcp_keepalive_time=600'],
      () => container.sysctl.set('net.ipv4.tcp_keepalive_time', 600),
    )
    const read = `console.log(fs.readFileSync('/proc/sys/net/ipv4/tcp_keepalive_time', 'utf8'))`
    await lab.expect('what its program reads', '600', () => container.output(process.execPath, '-e', read))
  },
)

const keepalive = (host: Host): Promise<unknown[]> => Promise.all(KEEPALIVE.map((name) => host.sysctl.get(name)))
