/** The limits of a pod's traffic, as the articles on containers set them with `tc`: what is set is what `tc` sets, and real packets keep to it. */

import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Netns } from 'nslink'
import { needs } from '../support/features.js'
import { describe, expect, output, type Tool, test, tool } from '../support/test.js'

const stream = fileURLToPath(new URL('../support/stream.mjs', import.meta.url))

/** A host and a pod, with the addresses and devices of the articles. */
interface Lab {
  host: Netns
  pod: Netns
  tc: Tool
}

const HOST = '192.168.6.160'
const POD = '192.168.10.10'

async function lab(another: () => Promise<Netns>): Promise<Lab> {
  const [host, pod] = [await another(), await another()]
  await host.link.add({ kind: 'veth', name: 'veth-pod-a', up: true, peer: { name: 'eth0', netns: pod } })
  await pod.link.set('eth0', { up: true })
  await pod.addr.add({ dev: 'eth0', address: `${POD}/32` })
  await host.addr.add({ dev: 'veth-pod-a', address: `${HOST}/32` })
  await host.route.add({ dst: POD, dev: 'veth-pod-a', scope: 'link' })
  await pod.route.add({ dst: HOST, dev: 'eth0', scope: 'link' })
  return { host, pod, tc: tool(host, 'tc') }
}

/** What `tc` shows of a device: its qdiscs, classes and filters. */
async function shown(ns: Netns, dev: string, parents: string[] = []): Promise<string> {
  const tc = tool(ns, 'tc')
  const filters = await Promise.all(parents.map((parent) => tc('-d', 'filter', 'show', 'dev', dev, 'parent', parent)))
  const all = [await tc('-d', 'qdisc', 'show', 'dev', dev), await tc('-d', 'class', 'show', 'dev', dev), ...filters]
  // Handles that the kernel chooses are others every time.
  return all.join('\n').replace(/\b[89a-f][\da-f]{3}:/g, '8xxx:')
}

/** Streams from one namespace to another, one a port, all at once: megabits per second of each, when the bursts are over. */
async function rates(from: Netns, to: Netns, address: string, ports: number[], seconds = 5): Promise<number[]> {
  const run = (ns: Netns, ...args: (string | number)[]) =>
    ns.spawn(process.execPath, [stream, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const server = run(to, 'listen', address, ...ports)
  const samples: number[][] = []
  const [ended, clients] = [[once(server, 'close')], [] as ReturnType<typeof run>[]]
  try {
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) samples.push(line.split(' ').map(Number))
    })
    await expect.poll(() => samples.length, { timeout: 10_000 }).toBeGreaterThan(0)
    for (const port of ports) {
      const client = run(from, 'send', address, port)
      clients.push(client)
      ended.push(once(client, 'close'))
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  } finally {
    for (const child of [server, ...clients]) child.kill()
    await Promise.all(ended)
  }
  const last = samples.at(-1) as number[]
  const first = samples.at(-21) as number[]
  return ports.map((_, index) => (8 * (last[index + 1]! - first[index + 1]!)) / (last[0]! - first[0]!) / 1000)
}

/** Within ten per cent. What TCP carries is some four per cent less than what a qdisc counts. */
const near = (rate: number): [number, number] => [rate * 0.9, rate * 1.1]

function expectNear(measured: number | undefined, rate: number): void {
  const [least, most] = near(rate)
  expect(measured).toBeGreaterThan(least)
  expect(measured).toBeLessThan(most)
}

const limit = (rate: '100mbit' | '200mbit') =>
  ({ parent: 'root', kind: 'tbf', rate, burst: rate, limit: rate }) as const

describe('what is set is what tc sets', () => {
  test('the rate of what a pod receives, and of what it sends', needs('qdisc:tbf'), async ({ another }) => {
    const [mine, its] = [await lab(another), await lab(another)]
    await mine.host.qdisc.add({ dev: 'veth-pod-a', ...limit('100mbit') })
    await mine.pod.qdisc.add({ dev: 'eth0', ...limit('100mbit') })
    const words = 'root tbf rate 100mbit burst 100mbit limit 100mbit'.split(' ')
    await its.tc('qdisc', 'add', 'dev', 'veth-pod-a', ...words)
    await tool(its.pod, 'tc')('qdisc', 'add', 'dev', 'eth0', ...words)
    expect(await shown(mine.host, 'veth-pod-a')).toBe(await shown(its.host, 'veth-pod-a'))
    expect(await shown(mine.pod, 'eth0')).toBe(await shown(its.pod, 'eth0'))
    await mine.host.qdisc.del({ dev: 'veth-pod-a', parent: 'root', kind: 'tbf' })
    await mine.pod.qdisc.del({ dev: 'eth0', parent: 'root', kind: 'tbf' })
    for (const [ns, dev] of [
      [mine.host, 'veth-pod-a'],
      [mine.pod, 'eth0'],
    ] as const) {
      expect((await ns.qdisc.list({ dev })).map(({ kind }) => kind)).toEqual(['noqueue'])
    }
  })

  test('what a pod sends, redirected to another device', needs('filter:u32', 'action:mirred'), async ({ another }) => {
    const [mine, its] = [await lab(another), await lab(another)]
    for (const { host } of [mine, its]) await host.link.add({ kind: 'ifb', name: 'ifb0', up: true, txqueuelen: 1000 })
    await mine.host.qdisc.add({ dev: 'veth-pod-a', kind: 'ingress', handle: 'ffff:' })
    await mine.host.filter.add({
      dev: 'veth-pod-a',
      parent: 'ffff:',
      protocol: 'ip',
      kind: 'u32',
      match: [{ u32: [0, 0] }],
      flowid: '1:1',
      actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: 'ifb0' }],
    })
    await mine.host.qdisc.add({ dev: 'ifb0', ...limit('100mbit') })
    await mine.host.qdisc.replace({ dev: 'ifb0', ...limit('200mbit') })
    for (const command of [
      'qdisc add dev veth-pod-a ingress handle ffff:',
      'filter add dev veth-pod-a parent ffff: protocol ip u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev ifb0',
      'qdisc add dev ifb0 root tbf rate 100mbit burst 100mbit limit 100mbit',
      'qdisc replace dev ifb0 root tbf rate 200mbit burst 200mbit limit 200mbit',
    ]) {
      await its.tc(...command.split(' '))
    }
    expect(await shown(mine.host, 'veth-pod-a', ['ffff:'])).toBe(await shown(its.host, 'veth-pod-a', ['ffff:']))
    expect(await shown(mine.host, 'ifb0')).toBe(await shown(its.host, 'ifb0'))
    await mine.host.qdisc.del({ dev: 'veth-pod-a', kind: 'ingress' })
    await mine.host.qdisc.del({ dev: 'ifb0', parent: 'root', kind: 'tbf' })
    expect(await mine.host.filter.list({ dev: 'veth-pod-a', parent: 'ingress' })).toEqual([])
  })

  test(
    'shares of a rate by port, by address, and by mark',
    needs('qdisc:htb', 'filter:u32', 'filter:fw'),
    async ({ another }) => {
      const [mine, its] = [await lab(another), await lab(another)]
      await shares(mine.host)
      const here = { dev: 'veth-pod-a', protocol: 'ip', parent: '1:0' } as const
      await mine.host.filter.add({
        ...here,
        prio: 1,
        kind: 'u32',
        match: [{ ip: { src: HOST } }, { ip: { dport: 23 } }],
        flowid: '1:11',
      })
      await mine.host.filter.add({ ...here, prio: 2, kind: 'fw', handle: 100, flowid: '1:11' })
      for (const command of [
        'qdisc add dev veth-pod-a root handle 1: htb default 11',
        'class add dev veth-pod-a parent 1: classid 1:11 htb rate 80mbit ceil 80mbit',
        'class add dev veth-pod-a parent 1: classid 1:12 htb rate 20mbit ceil 20mbit',
        'filter add dev veth-pod-a protocol ip parent 1:0 prio 1 u32 match ip dport 3306 0xffff flowid 1:11',
        'filter add dev veth-pod-a protocol ip parent 1:0 prio 1 u32 match ip dport 80 0xffff flowid 1:12',
        `filter add dev veth-pod-a protocol ip parent 1:0 prio 1 u32 match ip src ${HOST} match ip dport 23 0xffff flowid 1:11`,
        'filter add dev veth-pod-a protocol ip parent 1:0 prio 2 handle 100 fw flowid 1:11',
      ]) {
        await its.tc(...command.split(' '))
      }
      expect(await shown(mine.host, 'veth-pod-a', ['1:'])).toBe(await shown(its.host, 'veth-pod-a', ['1:']))
    },
  )
})

/** The articles' example: a database has 80 mbit, web pages 20. */
async function shares(host: Netns): Promise<void> {
  const here = { dev: 'veth-pod-a', parent: '1:', kind: 'htb' } as const
  await host.qdisc.add({ ...here, parent: 'root', handle: '1:', default: 0x11 })
  await host.class.add({ ...here, classid: '1:11', rate: '80mbit', ceil: '80mbit' })
  await host.class.add({ ...here, classid: '1:12', rate: '20mbit', ceil: '20mbit' })
  const filter = { dev: 'veth-pod-a', protocol: 'ip', parent: '1:0', prio: 1, kind: 'u32' } as const
  await host.filter.add({ ...filter, match: [{ ip: { dport: 3306 } }], flowid: '1:11' })
  await host.filter.add({ ...filter, match: [{ ip: { dport: 80 } }], flowid: '1:12' })
}

describe('packets keep to it', needs('speed'), () => {
  test('what a pod receives', needs('qdisc:tbf'), async ({ another }) => {
    const { host, pod } = await lab(another)
    await host.qdisc.add({ dev: 'veth-pod-a', ...limit('100mbit') })
    const [rate] = await rates(host, pod, POD, [5201])
    expectNear(rate, 100)
    expect((await host.qdisc.get({ dev: 'veth-pod-a', parent: 'root' })).stats.overlimits).toBeGreaterThan(0)
  })

  test('what a pod sends, limited in the pod', needs('qdisc:tbf'), async ({ another }) => {
    const { host, pod } = await lab(another)
    await pod.qdisc.add({ dev: 'eth0', ...limit('100mbit') })
    const [rate] = await rates(pod, host, HOST, [5201])
    expectNear(rate, 100)
  })

  test(
    'what a pod sends, limited on the host; and twice as much',
    needs('filter:u32', 'action:mirred'),
    async ({ another }) => {
      const { host, pod } = await lab(another)
      await host.link.add({ kind: 'ifb', name: 'ifb0', up: true, txqueuelen: 1000 })
      await host.qdisc.add({ dev: 'veth-pod-a', kind: 'ingress' })
      await host.filter.add({
        dev: 'veth-pod-a',
        parent: 'ffff:',
        protocol: 'ip',
        kind: 'u32',
        match: [{ u32: [0, 0] }],
        flowid: '1:1',
        actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: 'ifb0' }],
      })
      await host.qdisc.add({ dev: 'ifb0', ...limit('100mbit') })
      expectNear((await rates(pod, host, HOST, [5201]))[0], 100)
      await host.qdisc.replace({ dev: 'ifb0', ...limit('200mbit') })
      expectNear((await rates(pod, host, HOST, [5201]))[0], 200)
      const [filter] = (await host.filter.list({ dev: 'veth-pod-a', parent: 'ffff:', kind: 'u32' })).filter(
        ({ u32 }) => u32?.actions,
      )
      expect(filter?.u32?.actions?.[0]?.stats.bytes).toBeGreaterThan(50e6)
    },
  )

  test('two ports have the shares of their classes', needs('qdisc:htb', 'filter:u32'), async ({ another }) => {
    const { host, pod } = await lab(another)
    await shares(host)
    const [database, web] = await rates(host, pod, POD, [3306, 80])
    expectNear(database, 80)
    expectNear(web, 20)
    const sent = await host.class.list({ dev: 'veth-pod-a' })
    for (const { stats } of sent) expect(stats.htb?.lends).toBeGreaterThan(0)
  })
})

test('packets with a mark go to the class of the mark', needs('qdisc:htb', 'filter:fw'), async ({ another }) => {
  const { host, pod } = await lab(another)
  await shares(host)
  await host.class.add({ dev: 'veth-pod-a', parent: '1:', classid: '1:13', kind: 'htb', rate: '10mbit' })
  await host.filter.add({
    dev: 'veth-pod-a',
    protocol: 'ip',
    parent: '1:',
    prio: 2,
    kind: 'fw',
    handle: 100,
    flowid: '1:13',
  })
  await output(
    host,
    'nft',
    `add table ip mangle; add chain ip mangle out { type route hook output priority mangle; }; add rule ip mangle out ip daddr ${POD} icmp type echo-request meta mark set 100`,
  )
  await pod.link.set('lo', { up: true })
  await output(host, 'ping', '-c', '3', '-i', '0.01', '-w', '5', POD)
  expect((await host.class.get({ dev: 'veth-pod-a', classid: '1:13' })).stats.packets).toBe(3)
})
