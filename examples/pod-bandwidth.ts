/**
 * How much a pod may receive and send. A queue on the host's end of its cable limits what it receives, one in the pod what it sends; but the pod
 * can take that away again. So the host has what comes out of the cable wait in another device (ifb), where it can have a queue of its own.
 *
 *     pod-a ───────── host ───────── lan
 *     192.168.10.10   192.168.6.160
 */

import { hosts, pod } from './lab/ground.js'
import { about, over } from './lab/rate.js'
import { scenario } from './lab/scenario.js'

const [HOST, POD] = ['192.168.6.160', '192.168.10.10']
const PORT = 5201

/** A bucket that is full again in 8 ms, so that half a second shows the rate. With 12.5 MB, as in the article, it takes ten. */
const HUNDRED = { kind: 'tbf', rate: '100mbit', burst: '100kb', latency: '50ms' } as const
const TBF = 'tbf rate 100mbit burst 100kb latency 50ms'
const TWO_HUNDRED = { ...HUNDRED, rate: '200mbit', burst: '200kb' } as const

export default scenario(
  {
    name: 'pod-bandwidth',
    title: 'What a pod receives and sends, limited: by tbf on its cable, in itself, and on the host (ifb)',
    article: 'Kubernetes networking: traffic control of pods',
    keys: ['towards', 'free', 'inside', 'redirect', 'more', 'end'],
    needs: ['link:ifb', 'qdisc:tbf', 'action:mirred'],
  },
  async (lab) => {
    const { host } = await hosts(lab, { lan: '192.168.6.1/24', host: `${HOST}/24` })
    const podA = await pod(host, 'pod-a', POD)
    await podA.traffic.listen(PORT, 'swallow')
    await host.traffic.listen(PORT, 'swallow')
    await host.streams(POD, PORT, over(300))

    await lab.step(
      'towards',
      'What the host sends to the pod gets a queue that lets out 100 Mbit/s.',
      [`host# tc qdisc add dev veth-pod-a root ${TBF}`],
      () => host.qdisc.add({ dev: 'veth-pod-a', parent: 'root', ...HUNDRED }),
    )
    await host.streams(POD, PORT, about(100))
    await lab.step('free', 'No longer.', ['host# tc qdisc del dev veth-pod-a root'], () =>
      host.qdisc.del({ dev: 'veth-pod-a', parent: 'root' }),
    )
    await host.streams(POD, PORT, over(300))

    await podA.streams(HOST, PORT, over(300))
    await lab.step(
      'inside',
      'What the pod sends gets one inside the pod.',
      [`pod-a# tc qdisc add dev eth0 root ${TBF}`],
      () => podA.qdisc.add({ dev: 'eth0', parent: 'root', ...HUNDRED }),
    )
    await podA.streams(HOST, PORT, about(100))
    await lab.step('taken-away', 'The pod takes it away.', ['pod-a# tc qdisc del dev eth0 root'], () =>
      podA.qdisc.del({ dev: 'eth0', parent: 'root' }),
    )
    await podA.streams(HOST, PORT, over(300))

    await lab.step(
      'ifb',
      'The host makes a device that has nothing but a queue.',
      [
        'host# ip link add ifb0 type ifb',
        'host# ip link set dev ifb0 up txqueuelen 1000',
        `host# tc qdisc add dev ifb0 root ${TBF}`,
      ],
      async () => {
        await host.link.add({ kind: 'ifb', name: 'ifb0' })
        await host.link.set('ifb0', { up: true, txqueuelen: 1000 })
        await host.qdisc.add({ dev: 'ifb0', parent: 'root', ...HUNDRED })
      },
    )
    await podA.streams(HOST, PORT, over(300))
    await lab.step(
      'redirect',
      'What comes from the pod has to pass through it.',
      [
        'host# tc qdisc add dev veth-pod-a ingress handle ffff:',
        'host# tc filter add dev veth-pod-a parent ffff: protocol ip u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev ifb0',
      ],
      async () => {
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
      },
    )
    await podA.streams(HOST, PORT, about(100))
    await lab.step(
      'more',
      'It may send twice as much.',
      ['host# tc qdisc replace dev ifb0 root tbf rate 200mbit burst 200kb latency 50ms'],
      () => host.qdisc.replace({ dev: 'ifb0', parent: 'root', ...TWO_HUNDRED }),
    )
    await podA.streams(HOST, PORT, about(200))

    const { stats } = await host.ns.qdisc.get({ dev: 'ifb0', parent: 'root' })
    lab.note(
      `tc -s qdisc show dev ifb0: ${stats.packets} packets sent, ${stats.drops} dropped, ${stats.overlimits} overlimits`,
    )
    await lab.step(
      'end',
      'All is taken away.',
      ['host# tc qdisc del dev veth-pod-a ingress', 'host# tc qdisc del dev ifb0 root', 'host# ip link del ifb0'],
      async () => {
        await host.qdisc.del({ dev: 'veth-pod-a', parent: 'ingress' })
        await host.qdisc.del({ dev: 'ifb0', parent: 'root' })
        await host.link.del('ifb0')
      },
    )
    await podA.streams(HOST, PORT, over(300))
  },
)
