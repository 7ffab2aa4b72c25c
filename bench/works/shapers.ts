import type { Netns } from 'nslink/sync'
import type { Work } from '../bench.js'

export const PODS = 500

/** The host's side of each pod's pair. */
export const shaped = (index: number): string => `veth${index}`

/** What `tc qdisc replace dev DEV root` is given. */
export const LIMIT = 'tbf rate 100mbit burst 128kb latency 50ms'

export const work: Work = {
  id: 'W8',
  title: 'a pod limited to 100 Mbit/s by tbf, one of 500',
  count: PODS,
  stage(ns) {
    ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
    for (let index = 0; index < PODS; index++) {
      ns.link.add({ kind: 'veth', name: shaped(index), peer: { name: `peer${index}` } })
    }
  },
  check(ns, { count }) {
    const made = limits(ns)
    if (made.length !== count) throw new Error(`there are ${made.length} limits instead of ${count}`)
  },
  restore(ns) {
    for (const { dev } of limits(ns)) ns.qdisc.del({ dev, parent: 'root' })
  },
}

const limits = (ns: Netns) => ns.qdisc.list().filter(({ kind, tbf }) => kind === 'tbf' && tbf?.rate === 100_000_000)
