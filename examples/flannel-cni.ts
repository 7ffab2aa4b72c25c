/**
 * How a pod gets its network in a cluster with flannel: kubelet calls a plugin (examples/cni/), which makes of what is known of the node a
 * configuration for another plugin, which plugs the pod into a switch on the node, and has a third one find it an address. A fourth limits the pod's rate.
 *
 *     pod1, pod2 ── cni0 of node1 ── lan ── node2, with a cni0 ── pod3
 *     10.244.1.2, .3   192.168.3.8            192.168.3.9       10.244.2.2
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { install } from './cni/install.js'
import { CniError } from './cni/protocol.js'
import { Runtime } from './cni/runtime.js'
import { hosts } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { about } from './lab/rate.js'
import { scenario } from './lab/scenario.js'

const PORT = 5201
/** Bits a second; a bucket of 800,000 bits is 100 kB. */
const LIMITS = { ingressRate: 100e6, ingressBurst: 800e3, egressRate: 100e6, egressBurst: 800e3 }

export default scenario(
  {
    name: 'flannel-cni',
    title: "A CNI plugin, called as kubelet calls it: flannel's configuration, a bridge, addresses, a limit of rate",
    article: 'Kubernetes networking: how flannel works, flannel-cni',
    keys: ['routes', 'pod1', 'pod2', 'pod3', 'removed'],
    needs: ['link:ifb', 'qdisc:tbf', 'action:mirred'],
  },
  async (lab) => {
    const { node1, node2 } = await hosts(lab, {
      lan: '192.168.3.1/24',
      node1: '192.168.3.8/24',
      node2: '192.168.3.9/24',
    })
    await lab.step(
      'routes',
      "What flannel's agent does (here by routes alone): each node knows where the pods of the other are.",
      [
        'node1# ip route add 10.244.2.0/24 via 192.168.3.9 dev eth0 onlink',
        'node2# ip route add 10.244.1.0/24 via 192.168.3.8 dev eth0 onlink',
      ],
      async () => {
        await node1.route.add({ dst: '10.244.2.0/24', via: '192.168.3.9', dev: 'eth0', onlink: true })
        await node2.route.add({ dst: '10.244.1.0/24', via: '192.168.3.8', dev: 'eth0', onlink: true })
      },
    )
    const folder = lab.folder()
    install(join(folder, 'bin'))

    /** The first time a plugin is called for something, it is shown with all it gets. */
    const shown = new Set<string>()
    /** kubelet of a node: the configuration as in /etc/cni/net.d/10-flannel.conflist, and what the agent has written for the plugin. */
    function kubelet(node: Host, subnet: string): Runtime {
      const files = join(folder, node.name)
      mkdirSync(files)
      const known = ['NETWORK=10.244.0.0/16', `SUBNET=${subnet}`, 'MTU=1450', 'IPMASQ=true']
      writeFileSync(join(files, 'subnet.env'), known.map((each) => `FLANNEL_${each}\n`).join(''))
      const delegate = { hairpinMode: true, isDefaultGateway: true, ipam: { dataDir: join(files, 'networks') } }
      const dataDir = join(files, 'flannel')
      const flannel = { type: 'flannel', subnetFile: join(files, 'subnet.env'), dataDir, delegate }
      const bandwidth = { type: 'bandwidth', capabilities: { bandwidth: true } }
      const network = { name: 'cbr0', cniVersion: '1.0.0', plugins: [flannel, bandwidth] }
      const runtime = new Runtime(network, join(folder, 'bin'), node.spawn.bind(node), (type, env, config, result) => {
        const call = `${type} ${env['CNI_COMMAND']}`
        if (shown.has(call)) return
        shown.add(call)
        const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
        lab.note(
          `echo '${JSON.stringify(config)}' |\n  ${variables.join(' ')} ${type}\nwhich says: ${JSON.stringify(result)}`,
        )
      })
      return lab.shown(`${node.name}.kubelet`, runtime)
    }
    const [one, two] = [kubelet(node1, '10.244.1.1/24'), kubelet(node2, '10.244.2.1/24')]

    /** A pod: a namespace that kubelet has made, and then a plugin called. */
    async function pod(name: string, kubelet: Runtime, capabilities = {}) {
      const host = await lab.host(name)
      const netns = `/run/netns/${host.ns.name}`
      const container = { containerID: name, netns, ifname: 'eth0', capabilities }
      await lab.step(name, `${name} gets its network.`, [], () => kubelet.add(container))
      return { host, container }
    }
    const pod1 = await pod('pod1', one)
    await lab.expect('addresses of pod1', '10.244.1.2/24', () => addresses(pod1.host))
    const pod2 = await pod('pod2', one, { bandwidth: LIMITS })
    await lab.expect('addresses of pod2', '10.244.1.3/24', () => addresses(pod2.host))
    await pod1.host.pings('10.244.1.3', 'answered')
    await node1.pings('10.244.1.2', 'answered')
    const pod3 = await pod('pod3', two)
    await lab.expect('addresses of pod3', '10.244.2.2/24', () => addresses(pod3.host))
    await pod1.host.pings('10.244.2.2', 'answered')
    await pod3.host.traffic.listen(8080)
    await pod1.host.calls('10.244.2.2', 8080, 'hello 10.244.1.2')

    lab.note('pod2 may receive and send 100 Mbit/s.')
    for (const { host } of [pod1, pod2]) await host.traffic.listen(PORT, 'swallow')
    await pod1.host.streams('10.244.1.3', PORT, about(100))
    await pod2.host.streams('10.244.1.2', PORT, about(100))

    await lab.expect('pod1 is as it should be', 'yes', () => answer(one.check(pod1.container)))
    await lab.step('removed', 'Somebody takes its address away.', ['pod1# ip addr del 10.244.1.2/24 dev eth0'], () =>
      pod1.host.addr.del({ dev: 'eth0', address: '10.244.1.2/24' }),
    )
    const wrong = 'error 100: eth0 has no longer the address 10.244.1.2/24'
    await lab.expect('pod1 is as it should be', wrong, () => answer(one.check(pod1.container)))

    const reserved = join(folder, 'node1/networks/cbr0')
    await lab.expect('addresses that are taken', '10.244.1.2,10.244.1.3', () => files(reserved))
    await lab.step('gone', 'pod1 goes.', [], () => one.del(pod1.container))
    await lab.expect('devices of pod1 besides lo', '0', async () => (await pod1.host.ns.link.list()).length - 1)
    await lab.expect('addresses that are taken', '10.244.1.3', () => files(reserved))
    await lab.expect('to take it away once more is no error', 'yes', () => answer(one.del(pod1.container)))
    await lab.step('again', 'It comes again, and gets the next address.', [], () => one.add(pod1.container))
    await lab.expect('addresses of pod1', '10.244.1.4/24', () => addresses(pod1.host))
    await pod1.host.pings('10.244.2.2', 'answered')
  },
)

async function addresses(host: Host): Promise<string> {
  return (await host.ns.addr.list()).flatMap(({ dev, address }) => (dev === 'lo' ? [] : address)).join()
}

const files = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^10\./.test(name))
    .sort()

async function answer(asked: Promise<void>): Promise<string> {
  try {
    await asked
    return 'yes'
  } catch (error) {
    if (error instanceof CniError) return `error ${error.code}: ${error.message}`
    throw error
  }
}
