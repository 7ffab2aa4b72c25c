import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { NodePeer } from '../bench.js'
import { exactly } from '../lists.js'
import { ADDRESS, PREFIX_LENGTH } from '../works/address.js'
import { LINKS } from '../works/dump-links.js'
import { ROUTES } from '../works/dump-routes.js'
import { hostDevice, POD_GATEWAY, podAddress, podName } from '../works/pod.js'
import { destination, GATEWAY } from '../works/routes.js'
import { LIMIT, shaped } from '../works/shapers.js'

/** Runs `ip`, or another of iproute2, and gives what it printed. */
export function ip(command: string, program = 'ip'): string {
  return execFileSync(program, command.split(' '), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  })
}

/** `iproute2-6.1.0`, from `ip utility, iproute2-6.1.0, libbpf 1.1.2`. */
export const version = (): string => ip('-V').split(', ')[1]?.trim() ?? 'ip'

export const peer: NodePeer = {
  name: 'ip, a process each',
  most: 20,
  prepare: version,
  works: {
    W1: () => ({
      one() {
        ip(`address add ${ADDRESS}/${PREFIX_LENGTH} dev eth0`)
        ip(`address del ${ADDRESS}/${PREFIX_LENGTH} dev eth0`)
      },
    }),
    W3: () => ({
      one: (index) => ip(`route add ${destination(index)} via ${GATEWAY} dev eth0`),
    }),
    W4r: () => ({ one: () => exactly(ROUTES, JSON.parse(ip('-json route show'))) }),
    W4l: () => ({ one: () => exactly(LINKS, JSON.parse(ip('-json -details -statistics link show'))) }),
    W8: () => ({ one: (index) => ip(`qdisc add dev ${shaped(index)} root ${LIMIT}`, 'tc') }),
    W5: (job) => ({
      one(index) {
        const [pod, device, address] = [podName(job, index), hostDevice(index), podAddress(index)]
        ip(`netns add ${pod}`)
        ip(`link add ${device} type veth peer name eth0 netns ${pod}`)
        ip(`-netns ${pod} address add ${address}/24 dev eth0`)
        ip(`-netns ${pod} link set eth0 up`)
        ip(`-netns ${pod} route add default via ${POD_GATEWAY} dev eth0 onlink`)
        ip(`link set ${device} up`)
        // Many would start sysctl for this. It is no matter of ip's, so it takes no process here.
        writeFileSync(`/proc/sys/net/ipv4/conf/${device}/proxy_arp`, '1')
        ip(`route add ${address} dev ${device} scope link`)
      },
    }),
  },
}
