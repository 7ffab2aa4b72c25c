/**
 * Pods on one host, connected in several ways, by the clock: how much goes from one to the other by its own address, and by that of a service, which
 * the host has to translate.
 *
 *     pod-b ────────── host ────────── pod-a
 *     192.168.10.11                    192.168.10.10, and as a service 10.96.0.100
 *
 * The host is a router (veth), a switch (bridge), or shares its network card with them (macvlan, ipvlan).
 */

import { existsSync } from 'node:fs'
import { features } from 'nslink'
import { dnat, ip, masquerade, table } from 'nslink/nft'
import type { Row } from './lab/bars.js'
import { hosts } from './lab/ground.js'
import { Matrix } from './lab/matrix.js'
import { scenario } from './lab/scenario.js'
import { bridge, router } from './same-host/cable.js'
import { card, clear, GATEWAY, type Share } from './same-host/card.js'

const [A, B, SERVICE, PODS] = ['192.168.10.10', '192.168.10.11', '10.96.0.100', '192.168.10.0/24']
const [PORT, GREETING] = [5201, 8080]
const HOOKS = 'net.bridge.bridge-nf-call-iptables'

/** What the article has measured, in Gbit/s: by the address of the pod, and by that of the service. */
const ARTICLE: readonly Row[] = [
  { name: 'veth', rates: [66.8, 66.0] },
  { name: 'bridge', rates: [65.6, 61.5] },
  { name: 'bridge, no hooks', rates: [77.1, undefined] },
  { name: 'macvlan', rates: [83.6, 61.9] },
  { name: 'ipvlan l2', rates: [83.6, 62.3] },
  { name: 'ipvlan l3', rates: [undefined, undefined] },
]

export default scenario(
  {
    name: 'same-host-matrix',
    title: 'Pods of one host by veth, bridge, macvlan and ipvlan, measured: by their own address and as a service',
    article: 'Kubernetes networking: ways to connect pods of one host, and how fast they are',
    keys: ['service', 'masquerade', 'macvlan', 'veth', 'bridge'],
    needs: ['link:macvlan'],
    gains: ['link:ipvlan'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { lan: '192.168.6.1/24', host: '192.168.6.160/24' })
    const [podA, podB] = [await lab.host('pod-a'), await lab.host('pod-b')]
    const pods = [
      { host: podA, address: A },
      { host: podB, address: B },
    ]
    await podA.traffic.listen(GREETING)
    await podA.traffic.listen(PORT, 'swallow')

    const { add, flush } = table('ip', 'nat')
    await lab.step(
      'forward',
      'The host passes packets on, and translates addresses.',
      [
        'host# sysctl -qw net.ipv4.ip_forward=1',
        'host# nft add table ip nat',
        "host# nft 'add chain ip nat prerouting { type nat hook prerouting priority dstnat; }'",
        "host# nft 'add chain ip nat postrouting { type nat hook postrouting priority srcnat; }'",
      ],
      async () => {
        await host.sysctl.set('net.ipv4.ip_forward', 1)
        await host.nft.apply([
          add.table(),
          add.chain('prerouting', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
          add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
        ])
      },
    )
    await lab.step(
      'service',
      `${SERVICE} stands for pod-a.`,
      [`host# nft add rule ip nat prerouting ip daddr ${SERVICE} dnat to ${A}`],
      () => host.nft.apply([add.rule('prerouting', ip.daddr(SERVICE), dnat(A))]),
    )
    await lab.step(
      'masquerade',
      'A pod that calls another through the host does so with the address of the host, so that answers come back through it.',
      [`host# nft add rule ip nat postrouting ip saddr ${PODS} ip daddr ${PODS} masquerade`],
      () => host.nft.apply([add.rule('postrouting', ip.saddr(PODS), ip.daddr(PODS), masquerade())]),
    )

    const matrix = new Matrix(lab, ['by pod', 'by service'])
    /** Measures a way, once it is seen to lead to pod-a; and as a service it answers this. */
    async function measure(way: string, answer: string): Promise<void> {
      await podB.calls(A, GREETING, `hello ${B}`)
      await matrix.measure(way, 0, podB, A, PORT)
      await podB.calls(SERVICE, GREETING, answer)
      if (answer.startsWith('hello')) await matrix.measure(way, 1, podB, SERVICE, PORT)
    }
    const shares: [string, Share][] = [['macvlan', { kind: 'macvlan', mode: 'bridge' }]]
    if (await features.has('link:ipvlan')) {
      shares.push(['ipvlan l2', { kind: 'ipvlan', mode: 'l2' }], ['ipvlan l3', { kind: 'ipvlan', mode: 'l3' }])
    } else lab.note('This kernel has no ipvlan.')
    for (const [way, share] of shares) {
      const id = way.replace(' ', '-')
      await card(host, pods, id, `The network card is shared: ${way}.`, share)
      // What comes out of l3 has passed where services are.
      await measure(way, way === 'ipvlan l3' ? 'ETIMEDOUT' : `hello ${GATEWAY}`)
      await clear(host, pods, `no-${id}`, ['gw0'])
    }

    await lab.step('unmasked', 'From here on, pods see who calls.', ['host# nft flush chain ip nat postrouting'], () =>
      host.nft.apply([flush.chain('postrouting')]),
    )
    await router(host, pods)
    await measure('veth', `hello ${B}`)
    await clear(host, pods, 'no-veth', [])

    await bridge(host, pods)
    if (existsSync(`/proc/sys/${HOOKS.replaceAll('.', '/')}`)) {
      await measure('bridge', `hello ${B}`)
      await lab.step(
        'no-hooks',
        'The switch no longer shows the firewall what passes: it is faster, and answers of a service come by no translation.',
        [`host# sysctl -qw ${HOOKS}=0`],
        () => host.sysctl.set(HOOKS, 0),
      )
    } else lab.note('The module br_netfilter is not loaded: the switch does not show the firewall what passes.')
    await measure('bridge, no hooks', 'ETIMEDOUT')
    matrix.show(ARTICLE)
  },
)
