/**
 * flannel: an agent on each node (examples/flannel/) takes a subnet for the pods of its node, and says so in etcd. When another one has done so, it makes
 * a route, a neighbour and a forwarding entry: packets for that node go through a VXLAN device, which asks nobody and learns nothing.
 *
 *     pod1 ── node1 ──┐
 *       192.168.3.8   lan ── node3 ── pod3
 *     pod2 ── node2 ──┤      192.168.4.10
 *       192.168.3.9   etcd, 192.168.3.2
 */

import { join } from 'node:path'
import { Agent, EtcdServer } from './flannel/cluster.js'
import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const CONFIG = '/coreos.com/network/config'
const network = (DirectRouting: boolean) => ({ Network: '10.244.0.0/16', Backend: { Type: 'vxlan', DirectRouting } })

export default scenario(
  {
    name: 'flannel-vxlan',
    title: 'flannel: subnets in etcd, and on each node an agent that makes routes, neighbours and forwarding entries',
    article: 'Kubernetes networking: how flannel works, kube-flannel',
    keys: ['etcd', 'node2', 'node3', 'deleted', 'direct', 'leaves'],
    needs: ['link:vxlan', 'program:etcd'],
  },
  async (lab) => {
    const { lan, etcd, node1, node2 } = await hosts(lab, {
      lan: '192.168.3.1/24',
      etcd: '192.168.3.2/24',
      node1: '192.168.3.8/24',
      node2: '192.168.3.9/24',
    })
    const node3 = await lab.host('node3')
    await lab.step(
      'elsewhere',
      'node3 is in another network, with a router in between.',
      [
        'node3# ip link add eth0 type veth peer name node3 netns lan',
        'node3# ip addr add 192.168.4.10/24 dev eth0',
        'node3# ip link set eth0 up',
        'lan# ip addr add 192.168.4.1/24 dev node3',
        'lan# ip link set node3 up',
        'lan# sysctl -qw net.ipv4.ip_forward=1',
        'node3# ip route add default via 192.168.4.1',
      ],
      async () => {
        await node3.link.add({ kind: 'veth', name: 'eth0', peer: { name: 'node3', netns: lan } })
        await node3.addr.add({ dev: 'eth0', address: '192.168.4.10/24' })
        await node3.link.set('eth0', { up: true })
        await lan.addr.add({ dev: 'node3', address: '192.168.4.1/24' })
        await lan.link.set('node3', { up: true })
        await lan.sysctl.set('net.ipv4.ip_forward', 1)
        await node3.route.add({ dst: 'default', via: '192.168.4.1' })
      },
    )

    const folder = lab.folder()
    const server = new EtcdServer(etcd.spawn.bind(etcd), '192.168.3.2', join(folder, 'etcd'))
    const store = lab.shown('etcd', server)
    await lab.step('etcd', 'etcd, and in it what all nodes have to know.', [], async () => {
      store.start()
      await store.put(CONFIG, network(false))
    })

    const nodes = [node1, node2, node3]
    const agents = nodes.map((node) => new Agent(node.spawn.bind(node), server.url, join(folder, `${node.name}.env`)))
    const [agent1, , agent3] = agents as [Agent, Agent, Agent]
    for (const [at, node] of nodes.entries()) {
      const agent = lab.shown(`${node.name}.agent`, agents[at] as Agent)
      await lab.step(node.name, `The agent of ${node.name} starts.`, [], async () => {
        agent.start()
        await agent.ready()
      })
      await lab.becomes(`${node.name} has the subnet`, `10.244.${at + 1}.0/32`, () => address(node))
    }
    const two = '10.244.2.0/24 via 10.244.2.0 dev flannel.1'
    const three = '10.244.3.0/24 via 10.244.3.0 dev flannel.1'
    await lab.becomes('routes of node1 to pods elsewhere', `${two}\n${three}`, () => routes(node1))
    const mac = { two: await addressOf(node2), three: await addressOf(node3) }
    const knows = [`10.244.2.0 is ${mac.two}, at 192.168.3.9`, `10.244.3.0 is ${mac.three}, at 192.168.4.10`]
    await lab.expect('node1 knows', knows.join('\n'), () => known(node1))
    lab.note(`node1 did this:\n${agent1.said.join('\n')}`)

    const pod1 = await pod(node1, 'pod1', '10.244.1.3')
    await pod(node2, 'pod2', '10.244.2.3')
    const pod3 = await pod(node3, 'pod3', '10.244.3.3')
    await pod3.traffic.listen(8080)
    await pod1.pings('10.244.2.3', 'answered')
    await pod1.pings('10.244.3.3', 'answered')
    await pod1.calls('10.244.3.3', 8080, 'hello 10.244.1.3')

    const before = agent1.said.length
    const done = (): string => agent1.said.slice(before).join('\n')
    await lab.step('deleted', 'Somebody deletes a route.', ['node1# ip route del 10.244.3.0/24'], () =>
      node1.route.del({ dst: '10.244.3.0/24' }),
    )
    await lab.becomes('what the agent of node1 does', `ip route replace ${three} onlink`, done)
    await pod1.pings('10.244.3.3', 'answered')

    await lab.step('direct', 'Nodes without a router in between shall do without the tunnel.', [], () =>
      store.put(CONFIG, network(true)),
    )
    const direct = '10.244.2.0/24 via 192.168.3.9 dev eth0'
    await lab.becomes('routes of node1 to pods elsewhere', `${direct}\n${three}`, () => routes(node1))
    await lab.becomes('node1 knows', knows[1] as string, () => known(node1))
    await lab.becomes('routes of node2 to pods elsewhere', /^10.244.1.0\/24 via 192.168.3.8 dev eth0$/m, () =>
      routes(node2),
    )
    await pod1.pings('10.244.2.3', 'answered')
    await pod1.pings('10.244.3.3', 'answered')

    await lab.step('leaves', 'node3 leaves.', [], () => lab.shown('node3.agent', agent3).end('SIGTERM'))
    await lab.becomes('routes of node1 to pods elsewhere', direct, () => routes(node1))
    await lab.becomes('node1 knows', 'nothing', () => known(node1))
    await pod1.pings('10.244.2.3', 'answered')
    lab.note(`node1 did this:\n${done()}`)
  },
)

async function address({ ns }: Host): Promise<string | undefined> {
  return (await ns.addr.list({ family: 'inet' })).find(({ dev }) => dev === 'flannel.1')?.address
}

const addressOf = async ({ ns }: Host): Promise<string | undefined> => (await ns.link.get('flannel.1')).address

async function routes({ ns }: Host): Promise<string> {
  const remote = (await ns.route.list()).filter(({ dst, via }) => via !== undefined && dst.startsWith('10.244.'))
  return remote.map(({ dst, via, dev }) => `${dst} via ${via} dev ${dev}`).join('\n')
}

/** The other nodes that its tables for the tunnel have: by an address, a link-layer address, and where to. */
async function known({ ns }: Host): Promise<string> {
  const neighbours = (await ns.neigh.list({ dev: 'flannel.1' })).filter(({ nud }) => nud === 'permanent')
  const entries = await ns.fdb.list({ dev: 'flannel.1' })
  const where = (lladdr = ''): string | undefined => entries.find((each) => each.lladdr === lladdr)?.dst
  const lines = neighbours.map(({ dst, lladdr }) => `${dst} is ${lladdr}, at ${where(lladdr)}`)
  return lines.sort().join('\n') || 'nothing'
}
