/**
 * Why a host with IPVS has all addresses of services on a dummy device, kube-ipvs0: IPVS takes packets where they come in for the host itself (the
 * hook input), and only what is for an address of the host comes there. Anything else is to be passed on (the hook forward).
 *
 *     pod-a ────────── host ────────── internet
 *     10.244.1.10      │  kube-ipvs0: 10.96.0.100, 10.96.252.6, the services
 *                      ├─ pod-b 10.244.1.11
 *                      └─ pod-c 10.244.1.12
 */

import { comment, counter, ip, table } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const SERVICES = ['10.96.0.100', '10.96.252.6'] as const
const [A, B, C] = ['10.244.1.10', '10.244.1.11', '10.244.1.12']
const watch = table('ip', 'watch')
const HOOKS = ['input', 'forward'] as const

export default scenario(
  {
    name: 'ipvs-dummy',
    title: 'The addresses of services on a dummy device: what is for them comes to the hook input, where IPVS waits',
    article: 'Kubernetes networking: kube-ipvs0',
    keys: ['dummy'],
    needs: ['link:dummy'],
    gains: ['ability:ipvs'],
    gainedKeys: ['ipvs'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { internet: '192.168.6.1/24', host: '192.168.6.160/24' })
    const podA = await pod(host, 'pod-a', A)
    const podB = await pod(host, 'pod-b', B)
    const podC = await pod(host, 'pod-c', C)
    for (const each of [podB, podC]) await each.traffic.listen(80, 'introduce')
    const ipvs = await host.ns.ipvs.info().then(
      () => true,
      () => false,
    )
    await lab.step(
      'watch',
      'Two rules count what is for services: at the hook input, and at the hook forward.',
      [
        'host# nft add table ip watch',
        ...HOOKS.flatMap((hook) => [
          `host# nft add chain ip watch ${hook} '{ type filter hook ${hook} priority filter; }'`,
          `host# nft add rule ip watch ${hook} 'ip daddr { ${SERVICES.join(', ')} } counter comment ${hook}'`,
        ]),
      ],
      () =>
        host.nft.apply([
          watch.add.table(),
          ...HOOKS.flatMap((hook) => [
            watch.add.chain(hook, { type: 'filter', hook, priority: 'filter' }),
            watch.add.rule(hook, ip.daddr(...SERVICES), counter(), comment(hook)),
          ]),
        ]),
    )
    if (ipvs) {
      await lab.step(
        'ipvs',
        'IPVS gives connections to the services to pod-b and pod-c in turn, and puts their addresses there (masq).',
        SERVICES.flatMap((address) => [
          `host# ipvsadm -A -t ${address}:80 -s rr`,
          ...[B, C].map((dest) => `host# ipvsadm -a -t ${address}:80 -r ${dest}:80 -m`),
        ]),
        async () => {
          const dests = [B, C].map((address) => ({ address, forward: 'masq' as const }))
          for (const address of SERVICES)
            await host.ipvs.add({ protocol: 'tcp', address, port: 80, scheduler: 'rr', dests })
        },
      )
    } else {
      lab.note('There is no IPVS here: a server of the host itself takes its place.')
      await host.traffic.listen(80)
    }
    for (const address of SERVICES) await podA.traffic.send(address, 9, 'x', 10)
    await lab.expect('packets for services', 'input 0, forward 20', () => counted(host))
    await podA.calls(SERVICES[0], 80, 'ETIMEDOUT')

    await lab.step(
      'dummy',
      'The addresses of all services on a device that leads nowhere: now they are addresses of the host.',
      [
        'host# ip link add kube-ipvs0 type dummy',
        ...SERVICES.map((address) => `host# ip addr add ${address}/32 dev kube-ipvs0`),
      ],
      async () => {
        await host.link.add({ kind: 'dummy', name: 'kube-ipvs0' })
        for (const address of SERVICES) await host.addr.add({ dev: 'kube-ipvs0', address: `${address}/32` })
      },
    )
    const before = await counted(host)
    for (const address of SERVICES) await podA.traffic.send(address, 9, 'x', 10)
    await lab.expect('packets for services', before.replace('input 0', 'input 20'), () => counted(host))
    for (const address of SERVICES) {
      if (!ipvs) await podA.calls(address, 80, `hello ${A}`)
      else {
        const both = [B, C].flatMap((own) => Array(2).fill(`hello ${A}, this is ${own}`))
        await lab.expect(`what pod-a hears in four calls of ${address}`, both.join('; '), () => heard(podA, address))
        const dests = `${B} 2, ${C} 2`
        await lab.becomes('connections that IPVS has counted', dests, () => connections(host, address))
      }
    }
    // The device is down, as kube-proxy has it: its addresses count all the same.
    await lab.expect('packets that kube-ipvs0 itself has seen', '0', async () => {
      const { stats } = await host.link.get('kube-ipvs0')
      return (stats?.rxPackets ?? 0) + (stats?.txPackets ?? 0)
    })
  },
)

/** What four calls come to, in order of the answers. */
async function heard(pod: Host, address: string): Promise<string> {
  const answers: string[] = []
  for (let left = 4; left > 0; left--) answers.push(await pod.traffic.connect(address, 80))
  return answers.sort().join('; ')
}

/** How many connections each destination of a service was given. */
async function connections(host: Host, address: string): Promise<string> {
  const { dests } = await host.ipvs.get({ protocol: 'tcp', address, port: 80 })
  return dests
    .map((dest) => `${dest.address} ${dest.stats.conns}`)
    .sort()
    .join(', ')
}

/** What the rules have counted. */
async function counted(host: Host): Promise<string> {
  const { rules } = await host.nft.list({ table: 'watch' })
  return rules
    .map((rule) => `${rule.comment} ${rule.statements.find((each) => each.kind === 'counter')?.packets}`)
    .join(', ')
}
