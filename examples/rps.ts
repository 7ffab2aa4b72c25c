/**
 * Why a container sends much again: counters of its own namespace tell packets that came out of order from packets lost, and receive packet steering
 * (RPS) on the veth of the host has each stream dealt with by one CPU, so that its packets stay in order.
 *
 *     container ── host ── lan ── server
 *     192.168.225.12            192.168.147.51
 *              192.168.147.50
 */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const SERVER = '192.168.147.51'
const PORT = 5201

export default scenario(
  {
    name: 'rps',
    title: 'Fast retransmits and reordering counted inside a namespace; receive packet steering of a veth',
    article: 'Container networking: why are there so many packets out of order?',
    keys: ['rps'],
    needs: ['root'],
  },
  async (lab) => {
    const { host, server } = await hosts(lab, {
      lan: '192.168.147.1/24',
      host: '192.168.147.50/24',
      server: `${SERVER}/24`,
    })
    const container = await pod(host, 'container', '192.168.225.12')
    await server.route.add({ dst: '192.168.225.0/24', via: '192.168.147.50' })
    await server.traffic.listen(PORT, 'swallow')
    await container.pings(SERVER, 'answered')

    const idle = counters(container)
    lab.note(`netstat -s in the container:\n${text(idle)}`)
    const load = container.traffic.stream(SERVER, PORT, 1500)
    await lab.step(
      'cuts',
      'Under load, the host has no way to the server for an instant, until something is lost by it.',
      // Processes would take longer than an instant.
      [],
      async () => {
        for (let cut = 0; cut < 40 && counters(container).fast === idle.fast; cut++) {
          // One of them is shown for all.
          const { route } = cut === 0 ? host : host.ns
          await route.add({ dst: SERVER, type: 'blackhole' })
          await sleep(1)
          await route.del({ dst: SERVER })
          await sleep(30)
        }
      },
    )
    lab.note(`${((await load) / 1e9).toFixed(2)} Gbit/s from the container to the server`)
    const loaded = counters(container)
    lab.note(`netstat -s in the container:\n${text(loaded)}`)
    await lab.expect('fast retransmits meanwhile', /^[1-9]/, () => loaded.fast - idle.fast)
    await lab.expect('the host, which has counters of its own, sent again', '0', () => counters(host).retransmitted)

    const [veth, cpus] = ['veth-container', online()]
    const mask = cpus.reduce((bits, cpu) => bits | (1n << BigInt(cpu)), 0n).toString(16)
    await lab.expect('CPUs that take on packets from the container', 'none', () => steered(host, veth))
    await lab.step(
      'rps',
      'All CPUs may take on packets from the container: which of them, the addresses and ports of a packet decide.',
      [`host# ip netns exec host sh -c 'echo ${mask} > /sys/class/net/${veth}/queues/rx-0/rps_cpus'`],
      () => host.rps.set(veth, { cpus }),
    )
    await lab.expect('CPUs that take on packets from the container', String(cpus), () => steered(host, veth))
    const rate = await container.traffic.stream(SERVER, PORT, 500)
    lab.note(`${(rate / 1e9).toFixed(2)} Gbit/s with it:\n${text(counters(container))}`)
  },
)

/** How often TCP has sent something again in a namespace, how often fast, and how often it was told by SACK that packets had changed places. */
function counters(host: Host): { retransmitted: number; fast: number; reordered: number } {
  const texts = host.ns.run(() =>
    ['snmp', 'netstat'].map((file) => readFileSync(`/proc/thread-self/net/${file}`, 'utf8')),
  )
  const values = new Map<string, number>()
  // A line of names, and below it one of numbers.
  for (const [, protocol, names, numbers] of texts.join('').matchAll(/^(\w+): (.*)\n\1: (.*)$/gm)) {
    const each = numbers?.split(' ').map(Number) ?? []
    for (const [index, name] of names?.split(' ').entries() ?? []) values.set(`${protocol}.${name}`, each[index] ?? 0)
  }
  const value = (name: string): number => values.get(name) ?? 0
  return {
    retransmitted: value('Tcp.RetransSegs'),
    fast: value('TcpExt.TCPFastRetrans'),
    reordered: value('TcpExt.TCPSACKReorder'),
  }
}

const text = ({ retransmitted, fast, reordered }: ReturnType<typeof counters>): string =>
  `${retransmitted} segments retransmitted, ${fast} fast, reordering detected ${reordered} times using SACK`

const steered = async (host: Host, dev: string): Promise<unknown> => (await host.rps.get(dev))[0]?.cpus.join() || 'none'

/** The CPUs there are: `0-3,8` in a file. */
function online(): number[] {
  const ranges = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim().split(',')
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
