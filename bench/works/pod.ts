import { setTimeout as sleep } from 'node:timers/promises'
import { type Netns, netns } from 'nslink/sync'
import type { Job, Work } from '../bench.js'

/** The default gateway of every pod. Nothing has this address: the host answers for it by proxy ARP. */
export const POD_GATEWAY = '169.254.10.24'

/** What a pod is called, its device on the host's side, and its address. */
export const podName = ({ prefix }: Job, index: number): string => `${prefix}${index}`
export const hostDevice = (index: number): string => `veth${index}`
export const podAddress = (index: number): string => `10.244.${index >> 8}.${index & 0xff}`

export const work: Work = {
  id: 'W5',
  title: 'a pod set up',
  count: 40,
  stage(ns) {
    ns.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
    ns.link.set('lo', { up: true })
    // The folder of names has to be there for those who only mount in it.
    netns.create('nslink-bench-folder').del()
  },
  check(ns, job) {
    for (let index = 0; index < job.count; index++) check(ns, job, index)
  },
  async restore(ns, { prefix }) {
    for (const { name } of netns.list()) if (name.startsWith(prefix)) netns.del(name)
    // The kernel takes namespaces apart in the background. The host's ends go with the pods' ends, and then it is done.
    while (ns.link.list().length > 1) await sleep(5)
  },
}

/** Throws unless every part of a pod is there. */
function check(host: Netns, job: Job, index: number): void {
  const pod = netns.open(podName(job, index))
  try {
    const address = podAddress(index)
    const device = hostDevice(index)
    const parts = {
      'eth0 up': pod.link.get('eth0').up,
      address: pod.addr.list({ dev: 'eth0', family: 'inet' }).some((addr) => addr.address === `${address}/24`),
      'default route': pod.route
        .list({ family: 'inet' })
        .some(({ dst, via, onlink }) => dst === 'default' && via === POD_GATEWAY && onlink),
      'host side up': host.link.get(device).up,
      proxy_arp: host.sysctl.get(`net.ipv4.conf.${device}.proxy_arp`) === 1,
      'host route': host.route
        .list({ family: 'inet' })
        .some(({ dst, dev, scope }) => dst === address && dev === device && scope === 'link'),
    }
    for (const [part, there] of Object.entries(parts))
      if (!there) throw new Error(`pod ${index} is not complete: ${part}`)
  } finally {
    pod.close()
  }
}
