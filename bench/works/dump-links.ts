import type { Work } from '../bench.js'

const PAIRS = 501

/** The pairs, and `lo`. */
export const LINKS = 2 * PAIRS + 1

export const work: Work = {
  id: 'W4l',
  title: '1,003 links listed',
  count: 10,
  stage(ns) {
    ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
    for (let index = 0; index < PAIRS; index++) {
      ns.link.add({ kind: 'veth', name: `a${index}`, peer: { name: `b${index}` } })
    }
  },
}
