import { addr, link, type Netns, netns, nft, qdisc, route, sysctl } from 'nslink'
import type { Doing, Job, NodePeer } from '../bench.js'
import { each, exactly } from '../lists.js'
import { packageVersion } from '../machine.js'
import { start } from '../starts/start.js'
import { ADDRESS, PREFIX_LENGTH } from '../works/address.js'
import { deviceIndex } from '../works/cable.js'
import { LINKS } from '../works/dump-links.js'
import { ROUTES } from '../works/dump-routes.js'
import { hostDevice, POD_GATEWAY, podAddress, podName } from '../works/pod.js'
import { BEYOND, destination, GATEWAY } from '../works/routes.js'
import { shaped } from '../works/shapers.js'
import { rules } from './nslink-rules.js'
import { services } from './nslink-services.js'

const pod = (job: Job): Doing => {
  const pods: Netns[] = []
  return {
    async one(index) {
      const [device, address] = [hostDevice(index), podAddress(index)]
      const pod = await netns.create(podName(job, index))
      pods.push(pod)
      await link.add({ kind: 'veth', name: device, up: true, peer: { name: 'eth0', netns: pod } })
      await pod.batch((b) => [
        b.addr.add({ dev: 'eth0', address: `${address}/24` }),
        b.link.set('eth0', { up: true }),
        b.route.add({ dst: 'default', via: POD_GATEWAY, dev: 'eth0', onlink: true }),
      ])
      await sysctl.set(`net.ipv4.conf.${device}.proxy_arp`, 1)
      await route.add({ dst: address, dev: device, scope: 'link' })
    },
    after() {
      for (const pod of pods.splice(0)) pod.close()
    },
  }
}

export const peer: NodePeer = {
  name: 'nslink',
  prepare: () => `nslink ${packageVersion('nslink')}`,
  works: {
    W1: () => {
      const [dev, address] = [deviceIndex(), `${ADDRESS}/${PREFIX_LENGTH}`]
      return {
        async one() {
          await addr.add({ dev, address })
          await addr.del({ dev, address })
        },
      }
    },
    W3: () => {
      const dev = deviceIndex()
      return { one: (index) => route.add({ dst: destination(index), via: GATEWAY, dev }) }
    },
    W3b: ({ count }) => {
      const dev = deviceIndex()
      const routes = each(count, (index) => ({ dst: destination(index), via: GATEWAY, dev }))
      return { all: () => Promise.all(routes.map((options) => route.add(options))) }
    },
    W4r: () => ({ one: async () => exactly(ROUTES, await route.list({ family: 'inet' })) }),
    W4l: () => ({ one: async () => exactly(LINKS, await link.list()) }),
    W5: pod,
    W7: pod,
    W8: () => ({
      one: (index) =>
        qdisc.add({
          dev: shaped(index),
          parent: 'root',
          kind: 'tbf',
          rate: '100mbit',
          burst: '128kb',
          latency: '50ms',
        }),
    }),
    W9: ({ count }) => {
      const changes = services(count)
      return { all: () => nft.apply(changes) }
    },
    W9b: ({ count }) => {
      const changes = rules(count)
      return { all: () => nft.apply(changes) }
    },
    'link.get': () => ({ one: () => link.get('eth0') }),
    'link.set': () => ({ one: (index) => link.set('eth0', { txqueuelen: 1000 + (index % 2) }) }),
    'route.add': () => ({
      async one(index) {
        const dst = destination(BEYOND + index)
        await route.add({ dst, via: GATEWAY, dev: 'eth0' })
        await route.del({ dst, via: GATEWAY, dev: 'eth0' })
      },
    }),
    'route.get': () => ({ one: (index) => route.get({ dst: destination(index % 100) }) }),
    namespaces: async ({ prefix }) => {
      const held: Netns[] = []
      while (await netns.exists(`${prefix}${held.length}`)) held.push(await netns.open(`${prefix}${held.length}`))
      const address = { dev: 'lo', address: `${ADDRESS}/${PREFIX_LENGTH}` }
      return {
        async one(index) {
          const { addr } = held[index % held.length] as Netns
          await addr.add(address)
          await addr.del(address)
        },
      }
    },
    start: start('nslink'),
  },
}
