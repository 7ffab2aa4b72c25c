/**
 * The agent of examples/flannel, with a real etcd (Debian: etcd-server) and several nodes: what it makes of the kernel's tables when etcd goes and comes
 * back, when it is killed, and when nodes come at once. It is compiled before the tests run.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Monitor, Netns, ObjectEvent } from 'nslink'
import { root, seconds, soon } from './support/child.js'
import { test as base, describe, expect, output } from './support/test.js'

const { Agent, EtcdServer } = (await import(
  join(root, 'out/examples/flannel/cluster.js')
)) as typeof import('../examples/flannel/cluster.js')
type Agent = InstanceType<typeof Agent>

interface Node {
  ns: Netns
  address: string
  agent: Agent
  file: string
}

/** A switch with etcd on it, and nodes that are plugged into it. */
class Cluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'nslink-flannel-'))
  readonly etcd: InstanceType<typeof EtcdServer>
  readonly nodes: Node[] = []
  readonly #lan: Netns
  readonly #another: () => Promise<Netns>

  constructor(lan: Netns, another: () => Promise<Netns>) {
    this.#lan = lan
    this.#another = another
    this.etcd = new EtcdServer(lan.spawn.bind(lan), '192.168.3.1', join(this.folder, 'etcd'))
  }

  async open(): Promise<void> {
    await this.#lan.link.set('lo', { up: true })
    // Otherwise it would take that of whichever port has the lowest, and nodes would know it by one it no longer has.
    await this.#lan.link.add({ kind: 'bridge', name: 'br0', address: '02:00:00:00:00:01', up: true })
    await this.#lan.addr.add({ dev: 'br0', address: '192.168.3.1/24' })
    this.etcd.start()
    await this.etcd.put('/coreos.com/network/config', { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } })
  }

  /** A node whose agent has not been started. */
  async node(ttl?: number): Promise<Node> {
    const at = this.nodes.length + 8
    const [ns, address, file] = [await this.#another(), `192.168.3.${at}`, join(this.folder, `${at}.env`)]
    await ns.link.set('lo', { up: true })
    // It would make addresses of its own.
    await ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
    await ns.link.add({ kind: 'veth', name: 'eth0', peer: { name: `node${at}`, netns: this.#lan } })
    await ns.addr.add({ dev: 'eth0', address: `${address}/24` })
    await ns.link.set('eth0', { up: true })
    await this.#lan.link.set(`node${at}`, { master: 'br0', up: true })
    const node = { ns, address, file, agent: new Agent(ns.spawn.bind(ns), this.etcd.url, file, ttl) }
    this.nodes.push(node)
    return node
  }

  async close(): Promise<void> {
    for (const { agent } of this.nodes) await agent.end('SIGKILL')
    await this.etcd.end('SIGKILL')
    rmSync(this.folder, { recursive: true })
  }
}

const test = base.extend<{ cluster: Cluster }>({
  cluster: async ({ ns, another }, use) => {
    const cluster = new Cluster(ns, another)
    await cluster.open()
    await use(cluster)
    await cluster.close()
  },
})

/** The subnet of a node. */
async function subnetOf({ ns }: Node): Promise<string | undefined> {
  const own = (await ns.addr.list({ family: 'inet' })).find(({ dev }) => dev === 'flannel.1')
  return own?.address.replace('/32', '/24')
}

const routesOf = async ({ ns }: Node): Promise<string[]> =>
  (await ns.route.list()).flatMap(({ dst, via }) => (dst.startsWith('10.244.') && via !== undefined ? dst : [])).sort()

/** What a node's tables say of others, as it should be. */
async function expected(others: readonly Node[]): Promise<string[]> {
  const lines = await Promise.all(
    others.map(async (other) => {
      const subnet = await subnetOf(other)
      const base = subnet?.replace('/24', '')
      const { address: mac } = await other.ns.link.get('flannel.1')
      return [`route ${subnet} via ${base}`, `neigh ${base} ${mac}`, `fdb ${mac} ${other.address}`]
    }),
  )
  return lines.flat().sort()
}

/** What they do say. */
async function tables({ ns }: Node): Promise<string[]> {
  const routes = (await ns.route.list()).filter(({ dev, via }) => dev === 'flannel.1' && via !== undefined)
  const neighbours = (await ns.neigh.list({ dev: 'flannel.1' })).filter(({ nud }) => nud === 'permanent')
  const entries = (await ns.fdb.list({ dev: 'flannel.1' })).filter(({ dst }) => dst !== undefined)
  return [
    ...routes.map(({ dst, via }) => `route ${dst} via ${via}`),
    ...neighbours.map(({ dst, lladdr }) => `neigh ${dst} ${lladdr}`),
    ...entries.map(({ lladdr, dst }) => `fdb ${lladdr} ${dst}`),
  ].sort()
}

/** Waits until each of these nodes knows of the others what it should, and nothing else. */
async function settled(nodes: readonly Node[]): Promise<void> {
  const subnets = async (): Promise<boolean> =>
    (await Promise.all(nodes.map(subnetOf))).every((each) => each !== undefined)
  expect(await soon(subnets, seconds(20))).toBe(true)
  for (const node of nodes) {
    const others = nodes.filter((each) => each !== node)
    const wanted = await expected(others)
    await soon(async () => String(await tables(node)) === String(wanted), seconds(20))
    expect(await tables(node)).toEqual(wanted)
  }
}

/** A ping from a subnet of one node to that of another, through the tunnel. */
async function reaches(from: Node, to: Node): Promise<void> {
  const address = (await subnetOf(to))?.replace('/24', '') ?? ''
  await output(from.ns, 'ping', '-c', '1', '-w', '5', address)
}

/** All that is told of changes in a node, as long as it is listened to. */
class Changes {
  readonly told: string[] = []
  readonly #monitor: Monitor<ObjectEvent>
  readonly #done: Promise<void>

  constructor({ ns }: Node) {
    this.#monitor = ns.monitor({ link: true, addr: true, route: true, neigh: true, fdb: true })
    this.#done = this.#listen()
    // It ends with the namespace, too, if the test has failed.
    this.#done.catch(() => undefined)
  }

  async #listen(): Promise<void> {
    for await (const event of this.#monitor) {
      const { type, object, key } = event
      const what =
        object === 'fdb'
          ? event.fdb.lladdr
          : object === 'neigh'
            ? event.neigh.dst
            : object === 'route'
              ? event.route.dst
              : key
      this.told.push(`${type} ${object} ${what}`)
    }
  }

  async end(): Promise<string[]> {
    this.#monitor.close()
    await this.#done
    return this.told
  }
}

describe('the agent', { timeout: seconds(90) }, () => {
  test('nodes that come at once have a subnet each, and know of all others', async ({ cluster }) => {
    const nodes = [await cluster.node(), await cluster.node(), await cluster.node()]
    for (const { agent } of nodes) agent.start()
    await settled(nodes)
    expect(new Set(await Promise.all(nodes.map(subnetOf))).size).toBe(3)
    await reaches(nodes[0]!, nodes[2]!)
    await reaches(nodes[2]!, nodes[1]!)
  })

  test.for(['SIGTERM', 'SIGKILL'] as const)('etcd goes (%s) and comes back', async (signal, { cluster }) => {
    const [one, two] = [await cluster.node(), await cluster.node()]
    for (const { agent } of [one, two]) agent.start()
    await settled([one, two])
    const changes = new Changes(one)
    await cluster.etcd.end(signal)
    await reaches(one, two)
    // Nobody needs etcd for this.
    const routes = await routesOf(one)
    await one.ns.route.del({ dst: routes[0]! })
    expect(await soon(async () => String(await routesOf(one)) === String(routes), seconds(10))).toBe(true)
    // A node that comes meanwhile has to wait.
    const three = await cluster.node()
    three.agent.start()

    cluster.etcd.start()
    await settled([one, two, three])
    await reaches(three, one)
    // Of the other node nothing was told but that its route had gone, and was there again.
    const base = (await subnetOf(two))!.replace('/24', '')
    const { address: mac } = await two.ns.link.get('flannel.1')
    const ofTwo = (await changes.end()).filter((each) => each.includes(base) || each.includes(mac!))
    expect(ofTwo).toEqual([`del route ${base}/24`, `new route ${base}/24`])
  })

  test('killed, and started again: it goes on where it was, and touches nothing that is right', async ({ cluster }) => {
    const [one, two, three] = [await cluster.node(), await cluster.node(), await cluster.node()]
    for (const { agent } of [one, two]) agent.start()
    await settled([one, two])
    const subnet = await subnetOf(one)
    await one.agent.end('SIGKILL')

    // Meanwhile a node comes, and somebody meddles.
    three.agent.start()
    expect(await soon(async () => (await subnetOf(three)) !== undefined, seconds(20))).toBe(true)
    await one.ns.route.add({ dst: '10.244.77.0/24', via: '10.244.77.0', dev: 'flannel.1', onlink: true })
    await one.ns.neigh.add({ dst: '10.244.77.0', lladdr: '02:00:00:00:00:77', dev: 'flannel.1', nud: 'permanent' })
    await one.ns.fdb.add({ lladdr: '02:00:00:00:00:77', dev: 'flannel.1', dst: '192.168.3.77' })
    await reaches(two, one)

    const changes = new Changes(one)
    one.agent.start()
    await settled([one, two, three])
    expect(await subnetOf(one)).toBe(subnet)
    expect(readFileSync(one.file, 'utf8')).toContain(`FLANNEL_SUBNET=${subnet?.replace('0/24', '1/24')}\n`)
    const told = await changes.end()
    // What was too much, and what is new.
    const base = (await subnetOf(three))!.replace('/24', '')
    const { address: mac } = await three.ns.link.get('flannel.1')
    expect(told.sort()).toEqual([
      'del fdb 02:00:00:00:00:77',
      'del neigh 10.244.77.0',
      'del route 10.244.77.0/24',
      `new fdb ${mac}`,
      `new neigh ${base}`,
      // As which it fails before it is gone.
      'new neigh 10.244.77.0',
      `new route ${base}/24`,
    ])
  })

  test('somebody deletes what it has made: it makes it again', async ({ cluster }) => {
    const [one, two] = [await cluster.node(), await cluster.node()]
    for (const { agent } of [one, two]) agent.start()
    await settled([one, two])
    const [route] = await routesOf(one)
    const { address: mac } = await two.ns.link.get('flannel.1')
    const wanted = await expected([two])
    const meddling = [
      () => one.ns.route.del({ dst: route! }),
      () => one.ns.neigh.del({ dst: route!.replace('/24', ''), dev: 'flannel.1' }),
      () => one.ns.fdb.del({ lladdr: mac!, dev: 'flannel.1' }),
      () => one.ns.link.set('flannel.1', { up: false }),
      () => one.ns.addr.flush({ dev: 'flannel.1' }),
    ]
    const subnet = await subnetOf(one)
    const state = async () => ({ subnet: await subnetOf(one), tables: await tables(one) })
    for (const meddle of meddling) {
      await meddle()
      await soon(async () => isDeepStrictEqual(await state(), { subnet, tables: wanted }), seconds(10))
      expect(await state()).toEqual({ subnet, tables: wanted })
      await reaches(one, two)
    }
    // With the device all goes; and the other node has to be told of its new link-layer address.
    await one.ns.link.del('flannel.1')
    await settled([one, two])
    await reaches(two, one)
  })

  test('who does not come back is forgotten', async ({ cluster }) => {
    const [one, two] = [await cluster.node(), await cluster.node(3)]
    for (const { agent } of [one, two]) agent.start()
    await settled([one, two])
    await two.agent.end('SIGKILL')
    await soon(async () => (await tables(one)).length === 0, seconds(20))
    expect(await tables(one)).toEqual([])
  })

  test('who stays is kept alive, and who leaves is forgotten at once', async ({ cluster }) => {
    const [one, two] = [await cluster.node(), await cluster.node(3)]
    for (const { agent } of [one, two]) agent.start()
    await settled([one, two])
    const changes = new Changes(one)
    await new Promise((resolve) => setTimeout(resolve, 6000))
    expect(changes.told).toEqual([])
    await two.agent.end('SIGTERM')
    await soon(async () => (await tables(one)).length === 0, seconds(2))
    expect(await tables(one)).toEqual([])
    await changes.end()
  })
})
