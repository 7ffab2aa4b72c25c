/**
 * A port of the host, at any of its addresses, that leads to a pod: for whoever is outside, for pods and for the host itself.
 *
 *     client ── lan ── host, port 33888                   pod-b, port 80
 *     192.168.6.5      192.168.6.160, 10.0.2.15           10.244.1.11
 *                                                         pod-a, 10.244.1.10
 */

import { dnat, fib, table, tcp } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import { scenario } from './lab/scenario.js'

const [A, B] = ['10.244.1.10', '10.244.1.11']
const [HOST, ALSO, CLIENT] = ['192.168.6.160', '10.0.2.15', '192.168.6.5']
const PORT = 33888
const nat = table('ip', 'nat')

/** What is for any address of the host, at this port. */
const forPort = [fib('daddr').type('local'), tcp.dport(PORT), dnat(`${B}:80`)]
const typed = `fib daddr type local tcp dport ${PORT} dnat to ${B}:80`

export default scenario(
  {
    name: 'service-nodeport',
    title: 'A port of the host, at any of its addresses, that leads to a pod',
    article: 'Kubernetes networking: services, NodePort',
    keys: ['prerouting', 'output'],
  },
  async (lab) => {
    const { host, client } = await hosts(lab, {
      lan: '192.168.6.1/24',
      host: `${HOST}/24`,
      client: `${CLIENT}/24`,
    })
    await lab.step('address', 'The host has two addresses.', [`host# ip addr add ${ALSO}/24 dev eth0`], () =>
      host.addr.add({ dev: 'eth0', address: `${ALSO}/24` }),
    )
    const podA = await pod(host, 'pod-a', A)
    const podB = await pod(host, 'pod-b', B)
    await podB.traffic.listen(80)
    await client.calls(HOST, PORT, 'ECONNREFUSED')

    await lab.step(
      'prerouting',
      'What comes in for that port, at any address that is local here, goes on to pod-b.',
      [
        'host# nft add table ip nat',
        "host# nft add chain ip nat prerouting '{ type nat hook prerouting priority dstnat; }'",
        `host# nft add rule ip nat prerouting ${typed}`,
      ],
      () =>
        host.nft.apply([
          nat.add.table(),
          nat.add.chain('prerouting', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
          nat.add.rule('prerouting', ...forPort),
        ]),
    )
    await client.calls(HOST, PORT, `hello ${CLIENT}`)
    await podA.calls(HOST, PORT, `hello ${A}`)
    await podA.calls(ALSO, PORT, `hello ${A}`)
    // An address that is not the host's: the port is none of pod-b's own.
    await podA.calls(B, PORT, 'ECONNREFUSED')
    await host.calls(HOST, PORT, 'ECONNREFUSED')

    await lab.step(
      'output',
      'The same for what the host itself sends.',
      [
        "host# nft add chain ip nat output '{ type nat hook output priority -100; }'",
        `host# nft add rule ip nat output ${typed}`,
      ],
      () =>
        host.nft.apply([
          nat.add.chain('output', { type: 'nat', hook: 'output', priority: -100 }),
          nat.add.rule('output', ...forPort),
        ]),
    )
    await host.calls(HOST, PORT, `hello ${HOST}`)
    await host.calls(ALSO, PORT, `hello ${ALSO}`)

    lab.note('It is one translation, straight to the pod: a node port costs no more than the address of a service.')
    await lab.expect('what the host remembers of a call', `to ${HOST}:${PORT}, answered by ${B}:80`, async () => {
      const [call] = await host.conntrack.list({ orig: { proto: 'tcp', src: CLIENT, dport: PORT } })
      return `to ${call?.orig.dst}:${call?.orig.dport}, answered by ${call?.reply.src}:${call?.reply.sport}`
    })
  },
)
