/**
 * Shares of a cable: what goes to a database may take 80 Mbit/s, what goes to a web server 20, and all else 10. Filters tell by the port, by source and
 * port, or by a mark of the firewall's, which share a packet belongs to.
 *
 *     pod-a ───────── host ───────── lan ───────── server
 *     192.168.10.10   192.168.6.160                192.168.6.161, and 10.244.1.10
 */

import { features, type Handle, type U32Match } from 'nslink'
import { ip, meta, table } from 'nslink/nft'
import { hosts, pod } from './lab/ground.js'
import { about } from './lab/rate.js'
import { scenario } from './lab/scenario.js'

const [HOST, SERVER, FAR] = ['192.168.6.160', '192.168.6.161', '10.244.1.10']
const [MYSQL, HTTP, TELNET, OTHER] = [3306, 80, 23, 5201]

/** Where all the filters are. */
const HERE = { dev: 'eth0', parent: '1:', protocol: 'ip' } as const
const TC = 'host# tc filter add dev eth0 protocol ip parent 1:0'

/** Loads the mark; if that is 100, all of the packet, and else nothing. */
const MARKED = [
  [0x20, 0, 0, 0xffff_f014],
  [0x15, 0, 1, 100],
  [0x06, 0, 0, 0xffff_ffff],
  [0x06, 0, 0, 0],
] as const

export default scenario(
  {
    name: 'traffic-classes',
    title: 'Shares of a cable (htb), by port, by source and port (u32), and by a mark of the firewall (fw)',
    article: 'Kubernetes networking: traffic control, queues with classes',
    keys: ['classes', 'mysql', 'http', 'telnet', 'mark', 'marked'],
    needs: ['qdisc:htb', 'filter:u32'],
    gains: ['filter:fw'],
  },
  async (lab) => {
    const { host, server } = await hosts(lab, {
      lan: '192.168.6.1/24',
      host: `${HOST}/24`,
      server: `${SERVER}/24`,
    })
    const podA = await pod(host, 'pod-a', '192.168.10.10')
    await lab.step(
      'far',
      'The server has a second address, and knows where the pod is.',
      [
        `server# ip addr add ${FAR}/32 dev eth0`,
        `host# ip route add ${FAR} via ${SERVER}`,
        `server# ip route add 192.168.10.0/24 via ${HOST}`,
      ],
      async () => {
        await server.addr.add({ dev: 'eth0', address: `${FAR}/32` })
        await host.route.add({ dst: FAR, via: SERVER })
        await server.route.add({ dst: '192.168.10.0/24', via: HOST })
      },
    )
    for (const port of [MYSQL, HTTP, TELNET, OTHER]) await server.traffic.listen(port, 'swallow')

    await lab.step(
      'classes',
      'The queue of eth0 gets three classes. What no filter knows goes to 1:13.',
      [
        'host# tc qdisc add dev eth0 root handle 1: htb default 13',
        'host# tc class add dev eth0 parent 1: classid 1:11 htb rate 80mbit ceil 80mbit',
        'host# tc class add dev eth0 parent 1: classid 1:12 htb rate 20mbit ceil 20mbit',
        'host# tc class add dev eth0 parent 1: classid 1:13 htb rate 10mbit ceil 10mbit',
      ],
      async () => {
        await host.qdisc.add({ dev: 'eth0', parent: 'root', handle: '1:', kind: 'htb', default: 0x13 })
        const shares = [
          ['1:11', '80mbit'],
          ['1:12', '20mbit'],
          ['1:13', '10mbit'],
        ] as const
        for (const [classid, rate] of shares) {
          await host.class.add({ dev: 'eth0', parent: '1:', classid, kind: 'htb', rate, ceil: rate })
        }
      },
    )
    await host.streams(SERVER, OTHER, about(10))

    /** A filter that looks at the fields of a packet. */
    const classify = (id: string, why: string, words: string, match: readonly U32Match[], flowid: Handle) =>
      lab.step(id, why, [`${TC} prio 1 u32 ${words} flowid ${flowid}`], () =>
        host.filter.add({ ...HERE, prio: 1, kind: 'u32', match, flowid }),
      )
    const toMysql = [{ ip: { dport: MYSQL } }]
    await classify('mysql', 'What goes to port 3306.', `match ip dport ${MYSQL} 0xffff`, toMysql, '1:11')
    await host.streams(SERVER, MYSQL, about(80))
    const toHttp = [{ ip: { dport: HTTP } }]
    await classify('http', 'What goes to port 80.', `match ip dport ${HTTP} 0xffff`, toHttp, '1:12')
    await host.streams(SERVER, HTTP, about(20))
    lab.note('Both at once: each has its share.')
    await Promise.all([host.streams(SERVER, MYSQL, about(80)), host.streams(SERVER, HTTP, about(20))])

    const ownTelnet = [{ ip: { src: HOST } }, { ip: { dport: TELNET } }]
    const words = `match ip src ${HOST} match ip dport ${TELNET} 0xffff`
    await classify('telnet', 'What goes to port 23, if it comes from the host itself.', words, ownTelnet, '1:11')
    await host.streams(SERVER, TELNET, about(80))
    await podA.streams(SERVER, TELNET, about(10))

    await host.streams(FAR, OTHER, about(10))
    await lab.step(
      'mark',
      `The firewall marks what goes to ${FAR}.`,
      [
        'host# nft add table ip mangle',
        "host# nft 'add chain ip mangle postrouting { type filter hook postrouting priority mangle; }'",
        `host# nft add rule ip mangle postrouting ip daddr ${FAR} meta mark set 100`,
      ],
      () => {
        const { add } = table('ip', 'mangle')
        const chain = { type: 'filter', hook: 'postrouting', priority: 'mangle' } as const
        const rule = add.rule('postrouting', ip.daddr(FAR), meta.mark.set(100))
        return host.nft.apply([add.table(), add.chain('postrouting', chain), rule])
      },
    )
    const fw = await features.has('filter:fw')
    if (!fw) lab.note('This kernel has no filter fw; a program of four instructions (bpf) looks at the mark instead.')
    await lab.step(
      'marked',
      'What is marked belongs to 1:11.',
      [`${TC} prio 2 ${fw ? 'handle 100 fw' : `bpf bytecode '4,${MARKED.map((each) => each.join(' '))}'`} flowid 1:11`],
      () => {
        if (fw) return host.filter.add({ ...HERE, prio: 2, kind: 'fw', handle: 100, flowid: '1:11' })
        return host.filter.add({ ...HERE, prio: 2, kind: 'bpf', bytecode: MARKED, flowid: '1:11' })
      },
    )
    await host.streams(FAR, OTHER, about(80))
    await host.streams(SERVER, OTHER, about(10))

    const sent = (await host.ns.class.list({ dev: 'eth0' })).map(
      ({ classid, stats }) => `${classid} sent ${stats?.bytes} bytes`,
    )
    lab.note(`tc -s class show dev eth0:\n${sent.sort().join('\n')}`)
  },
)
