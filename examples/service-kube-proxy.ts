/**
 * A service as kube-proxy builds it: a chain for all services, one for each service, one for each pod behind it, of which one is chosen by chance;
 * and a mark for the packets that are to get the host's address.
 *
 *     pod-a                  host                  pod-b, pod-c
 *     10.90.2.232            192.168.6.160         10.90.2.233, 10.90.2.234
 *                  10.96.252.6, port 80, the service
 *
 *     prerouting ┐                                ┌ KUBE-SEP-1 ┐ itself?
 *                ├ KUBE-SERVICES ── KUBE-SVC-1 ───┤            ├──────── KUBE-MARK-MASQ, then postrouting ── KUBE-POSTROUTING
 *     output ────┘                                └ KUBE-SEP-2 ┘
 */

import { dnat, ip, jump, masquerade, meta, numgen, table, tcp } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import type { Host } from './lab/host.js'
import { scenario } from './lab/scenario.js'

const [A, B, C] = ['10.90.2.232', '10.90.2.233', '10.90.2.234']
const HOST = '192.168.6.160'
const SERVICE = '10.96.252.6'
/** So many calls that each pod gets some: that one gets none happens once in 500 billion runs. */
const CALLS = 40
const nat = table('ip', 'nat')

export default scenario(
  {
    name: 'service-kube-proxy',
    title: "A service in kube-proxy's chains: two pods chosen by chance, and a mark for who calls itself",
    article: 'Kubernetes networking: hairpin flow in kube-proxy',
    keys: ['services', 'second', 'mark'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { internet: '192.168.6.1/24', host: `${HOST}/24` })
    const podA = await pod(host, 'pod-a', A)
    const podB = await pod(host, 'pod-b', B)
    const podC = await pod(host, 'pod-c', C)
    for (const each of [podB, podC]) await each.traffic.listen(80, 'introduce')

    await lab.step(
      'services',
      'What comes in and what the host sends passes KUBE-SERVICES: this service has one pod so far.',
      [
        'host# nft add table ip nat',
        "host# nft add chain ip nat prerouting '{ type nat hook prerouting priority dstnat; }'",
        "host# nft add chain ip nat output '{ type nat hook output priority -100; }'",
        ...['KUBE-SERVICES', 'KUBE-SVC-1', 'KUBE-SEP-1'].map((chain) => `host# nft add chain ip nat ${chain}`),
        'host# nft add rule ip nat prerouting jump KUBE-SERVICES',
        'host# nft add rule ip nat output jump KUBE-SERVICES',
        `host# nft add rule ip nat KUBE-SERVICES ip daddr ${SERVICE} tcp dport 80 jump KUBE-SVC-1`,
        'host# nft add rule ip nat KUBE-SVC-1 jump KUBE-SEP-1',
        `host# nft add rule ip nat KUBE-SEP-1 meta l4proto tcp dnat to ${B}:80`,
      ],
      () =>
        host.nft.apply([
          nat.add.table(),
          nat.add.chain('prerouting', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
          nat.add.chain('output', { type: 'nat', hook: 'output', priority: -100 }),
          ...['KUBE-SERVICES', 'KUBE-SVC-1', 'KUBE-SEP-1'].map((chain) => nat.add.chain(chain)),
          nat.add.rule('prerouting', jump('KUBE-SERVICES')),
          nat.add.rule('output', jump('KUBE-SERVICES')),
          nat.add.rule('KUBE-SERVICES', ip.daddr(SERVICE), tcp.dport(80), jump('KUBE-SVC-1')),
          nat.add.rule('KUBE-SVC-1', jump('KUBE-SEP-1')),
          nat.add.rule('KUBE-SEP-1', meta.l4proto('tcp'), dnat(`${B}:80`)),
        ]),
    )
    await podA.calls(SERVICE, 80, `hello ${A}, this is ${B}`)
    await host.calls(SERVICE, 80, `hello ${HOST}, this is ${B}`)
    // Only this port is the service's: kube-proxy's addresses do not answer a ping.
    await podA.pings(SERVICE, 'no answer')

    await lab.step(
      'second',
      'A second pod: KUBE-SVC-1 is made anew, with a number by chance, in the same transaction.',
      [
        'host# nft add chain ip nat KUBE-SEP-2',
        `host# nft add rule ip nat KUBE-SEP-2 meta l4proto tcp dnat to ${C}:80`,
        "host# nft 'flush chain ip nat KUBE-SVC-1; add rule ip nat KUBE-SVC-1 numgen random mod 2 vmap { 0 : jump KUBE-SEP-1, 1 : jump KUBE-SEP-2 }'",
      ],
      () => {
        const choose = numgen('random', 2)
        return host.nft.apply([
          nat.add.chain('KUBE-SEP-2'),
          nat.add.rule('KUBE-SEP-2', meta.l4proto('tcp'), dnat(`${C}:80`)),
          nat.flush.chain('KUBE-SVC-1'),
          nat.add.rule('KUBE-SVC-1', choose.vmap([0, 1].map((n) => [n, jump(`KUBE-SEP-${n + 1}`)]))),
        ])
      },
    )
    const both = [`hello ${A}, this is ${B}`, `hello ${A}, this is ${C}`]
    await lab.expect(`what pod-a hears in ${CALLS} calls`, both.join('; '), () => answers(podA))
    const half = ['ETIMEDOUT', `hello ${B}, this is ${C}`]
    await lab.expect(`what pod-b hears in ${CALLS} calls`, half.join('; '), () => answers(podB))

    await lab.step(
      'mark',
      'Whoever is chosen and is the caller itself: its packets are marked where they come in, and masqueraded where they go out.',
      [
        'host# nft add chain ip nat KUBE-MARK-MASQ',
        'host# nft add chain ip nat KUBE-POSTROUTING',
        "host# nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'",
        'host# nft add rule ip nat KUBE-MARK-MASQ meta mark set meta mark or 0x4000',
        'host# nft add rule ip nat postrouting jump KUBE-POSTROUTING',
        "host# nft add rule ip nat KUBE-POSTROUTING 'meta mark & 0x4000 == 0x4000 masquerade'",
        `host# nft insert rule ip nat KUBE-SEP-1 ip saddr ${B} jump KUBE-MARK-MASQ`,
        `host# nft insert rule ip nat KUBE-SEP-2 ip saddr ${C} jump KUBE-MARK-MASQ`,
      ],
      () =>
        host.nft.apply([
          nat.add.chain('KUBE-MARK-MASQ'),
          nat.add.chain('KUBE-POSTROUTING'),
          nat.add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
          nat.add.rule('KUBE-MARK-MASQ', meta.mark.set(meta.mark.or(0x4000))),
          nat.add.rule('postrouting', jump('KUBE-POSTROUTING')),
          nat.add.rule('KUBE-POSTROUTING', meta.mark.and(0x4000)(0x4000), masquerade()),
          nat.insert.rule('KUBE-SEP-1', ip.saddr(B), jump('KUBE-MARK-MASQ')),
          nat.insert.rule('KUBE-SEP-2', ip.saddr(C), jump('KUBE-MARK-MASQ')),
        ]),
    )
    const itself = [`hello ${B}, this is ${C}`, `hello ${HOST}, this is ${B}`]
    await lab.expect(`what pod-b hears in ${CALLS} calls`, itself.join('; '), () => answers(podB))
    await lab.expect(`what pod-a hears in ${CALLS} calls`, both.join('; '), () => answers(podA))
  },
)

/** What many calls come to, each once. */
async function answers(from: Host): Promise<string> {
  const calls = Array.from({ length: CALLS }, () => from.traffic.connect(SERVICE, 80))
  return [...new Set(await Promise.all(calls))].sort().join('; ')
}
