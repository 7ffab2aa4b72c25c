import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { Doing, Job, NodePeer } from '../bench.js'
import { each } from '../lists.js'
import { ADDRESS, PREFIX_LENGTH } from '../works/address.js'
import { hostDevice, POD_GATEWAY, podAddress, podName } from '../works/pod.js'
import { destination, GATEWAY } from '../works/routes.js'
import { version } from './ip.js'

/** Runs `ip -batch` on these lines. */
function batch(lines: readonly string[], ...args: string[]): void {
  execFileSync('ip', [...args, '-batch', '-'], { input: lines.join('\n'), stdio: ['pipe', 'ignore', 'inherit'] })
}

function routes({ count }: Job): Doing {
  const lines = each(count, (index) => `route add ${destination(index)} via ${GATEWAY} dev eth0`)
  return { all: () => batch(lines) }
}

/** One batch on the host's side, and one in the pod. */
const pod = (job: Job): Doing => ({
  one(index) {
    const [pod, device, address] = [podName(job, index), hostDevice(index), podAddress(index)]
    batch([
      `netns add ${pod}`,
      `link add ${device} up type veth peer name eth0 netns ${pod}`,
      `route add ${address} dev ${device} scope link`,
    ])
    batch(
      [
        `address add ${address}/24 dev eth0`,
        'link set eth0 up',
        `route add default via ${POD_GATEWAY} dev eth0 onlink`,
      ],
      '-netns',
      pod,
    )
    writeFileSync(`/proc/sys/net/ipv4/conf/${device}/proxy_arp`, '1')
  },
})

export const peer: NodePeer = {
  name: 'ip -batch',
  prepare: version,
  works: {
    W1: ({ count }) => {
      const address = `${ADDRESS}/${PREFIX_LENGTH} dev eth0`
      const lines = each(count, () => [`address add ${address}`, `address del ${address}`]).flat()
      return { all: () => batch(lines) }
    },
    W3: routes,
    W3b: routes,
    W5: pod,
    W7: pod,
  },
}
