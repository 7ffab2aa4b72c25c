import { writeFileSync } from 'node:fs'
import type { NodePeer } from '../bench.js'
import { hostDevice, POD_GATEWAY, podAddress, podName } from '../works/pod.js'
import { ip, version } from './ip.js'

/** The commands most descriptions of the subject have: the device is made here and moved, and `ip netns exec` starts a second `ip` in the pod. */
export const peer: NodePeer = {
  name: 'ip netns exec ip',
  most: 20,
  prepare: version,
  works: {
    W5: (job) => ({
      one(index) {
        const [pod, device, address] = [podName(job, index), hostDevice(index), podAddress(index)]
        ip(`netns add ${pod}`)
        ip(`link add ${device} type veth peer name pod${index}`)
        ip(`link set pod${index} netns ${pod} name eth0`)
        ip(`link set ${device} up`)
        ip(`netns exec ${pod} ip address add ${address}/24 dev eth0`)
        ip(`netns exec ${pod} ip link set eth0 up`)
        ip(`netns exec ${pod} ip route add default via ${POD_GATEWAY} dev eth0 onlink`)
        writeFileSync(`/proc/sys/net/ipv4/conf/${device}/proxy_arp`, '1')
        ip(`route add ${address} dev ${device} scope link`)
      },
    }),
  },
}
