/**
 * Who may call whom: a rule on the addresses of pods. Answers are let through first, and the address of a service needs no rule of its own, since it
 * has been translated before any rule sees it.
 *
 *     pod-a ──── host ──── pod-b
 *     192.168.10.10        192.168.11.10, the pod of the service 10.96.0.100
 */

import { accept, comment, counter, ct, dnat, drop, ip, table } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import { ping } from './lab/ping.js'
import { scenario } from './lab/scenario.js'

const [A, B] = ['192.168.10.10', '192.168.11.10']
const SERVICE = '10.96.0.100'
const PODS = '192.168.0.0/16'
const nat = table('ip', 'nat')
const filter = table('ip', 'filter')
const base = (hook: 'forward' | 'output') => ({ type: 'filter', hook, priority: 'filter' }) as const

export default scenario(
  {
    name: 'network-policy',
    title: 'pod-a may not call pod-b, but answer it: also by the address of a service; and nobody may but who is named',
    article: 'Kubernetes networking: NetworkPolicy and established connections',
    keys: ['drop', 'established', 'host', 'policy', 'accept'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { internet: '192.168.6.1/24', host: '192.168.6.160/24' })
    const podA = await pod(host, 'pod-a', A)
    const podB = await pod(host, 'pod-b', B)
    await podA.traffic.listen(8080)
    await lab.step(
      'service',
      'A service, of which pod-b is the only pod.',
      ['prerouting', 'output'].flatMap((hook) => [
        'host# nft add table ip nat',
        `host# nft add chain ip nat ${hook} '{ type nat hook ${hook} priority -100; }'`,
        `host# nft add rule ip nat ${hook} ip daddr ${SERVICE} dnat to ${B}`,
      ]),
      () =>
        host.nft.apply(
          (['prerouting', 'output'] as const).flatMap((hook) => [
            nat.add.table(),
            nat.add.chain(hook, { type: 'nat', hook, priority: -100 }),
            nat.add.rule(hook, ip.daddr(SERVICE), dnat(B)),
          ]),
        ),
    )
    const toPodB = (expected: string): Promise<void> =>
      lab.expect(`pod-a pings ${B} and ${SERVICE}`, `${expected}, ${expected}`, async () => {
        return (await Promise.all([B, SERVICE].map((address) => ping(podA, address)))).join(', ')
      })
    await toPodB('answered')
    await podB.pings(A, 'answered')

    await lab.step(
      'drop',
      'pod-a may send nothing to pod-b. Another rule counts what is for the service.',
      [
        'host# nft add table ip filter',
        "host# nft add chain ip filter forward '{ type filter hook forward priority filter; }'",
        `host# nft add rule ip filter forward ip daddr ${SERVICE} counter comment '"the service"'`,
        `host# nft add rule ip filter forward ip saddr ${A} ip daddr ${B} drop`,
      ],
      () =>
        host.nft.apply([
          filter.add.table(),
          filter.add.chain('forward', base('forward')),
          filter.add.rule('forward', ip.daddr(SERVICE), counter(), comment('the service')),
          filter.add.rule('forward', ip.saddr(A), ip.daddr(B), drop()),
        ]),
    )
    await toPodB('no answer')
    await lab.expect('packets for the service that the rules saw', '0', async () => {
      const rule = (await host.nft.list({ table: 'filter' })).rules.find((each) => each.comment === 'the service')
      return rule?.statements.find((each) => each.kind === 'counter')?.packets
    })
    // Its answers are dropped as well.
    await podB.pings(A, 'no answer')

    await lab.step(
      'established',
      'pod-a may answer: what belongs to a connection that was let through is accepted before anything else.',
      ['host# nft insert rule ip filter forward ct state established,related accept'],
      () => host.nft.apply([filter.insert.rule('forward', ct.state('established', 'related'), accept())]),
    )
    await podB.calls(A, 8080, `hello ${B}`)
    await podB.pings(A, 'answered')
    await toPodB('no answer')

    await host.pings(SERVICE, 'answered')
    await lab.step(
      'host',
      'What the host itself sends passes the hook output, where it is translated before it is filtered, too.',
      [
        "host# nft add chain ip filter output '{ type filter hook output priority filter; }'",
        `host# nft add rule ip filter output ip daddr ${B} drop`,
      ],
      () =>
        host.nft.apply([filter.add.chain('output', base('output')), filter.add.rule('output', ip.daddr(B), drop())]),
    )
    await host.pings(SERVICE, 'no answer')
    await host.pings(A, 'answered')

    await lab.step(
      'policy',
      'Nothing is passed on but what a rule accepts.',
      ["host# nft add chain ip filter forward '{ policy drop; }'"],
      () => host.nft.apply([filter.add.chain('forward', { ...base('forward'), policy: 'drop' })]),
    )
    await podB.pings(A, 'no answer')
    await lab.step(
      'accept',
      'Pods may call each other, where nothing before says otherwise.',
      [`host# nft add rule ip filter forward ip saddr ${PODS} ip daddr ${PODS} accept`],
      () => host.nft.apply([filter.add.rule('forward', ip.saddr(PODS), ip.daddr(PODS), accept())]),
    )
    await podB.pings(A, 'answered')
    await toPodB('no answer')
  },
)
