import type { RtNetlinkSocket } from 'netlink'
import type { NodePeer } from '../bench.js'
import { exactly } from '../exactly.js'
import { packageVersion } from '../machine.js'
import { ADDRESS, PREFIX_LENGTH } from '../works/address.js'
import { LINKS } from '../works/dump-links.js'
import { ROUTES } from '../works/dump-routes.js'
import { destination, GATEWAY } from '../works/routes.js'

const AF_INET = 2
const NLM_F_EXCL = 0x200
const NLM_F_CREATE = 0x400

const bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** A socket in the namespace of this process, and the index of eth0. */
async function open(): Promise<{ socket: RtNetlinkSocket; index: number }> {
  const { createRtNetlink } = await import('netlink')
  const socket = createRtNetlink()
  const links = await socket.getLinks()
  const index = links.find(({ attrs }) => attrs.ifname === 'eth0')?.data.index ?? 0
  return { socket, index }
}

/** It cannot enter namespaces, so that setting up a pod is beyond it. */
export const peer: NodePeer = {
  name: 'npm netlink',
  prepare: () => `npm netlink ${packageVersion('netlink')}`,
  works: {
    W1: async () => {
      const { socket, index } = await open()
      const data = { family: AF_INET, prefixlen: PREFIX_LENGTH, index }
      const attrs = { local: bytes(ADDRESS), address: bytes(ADDRESS) }
      return {
        async one() {
          await socket.newAddress(data, attrs, { flags: NLM_F_CREATE | NLM_F_EXCL })
          await socket.delAddress(data, attrs)
        },
      }
    },
    W3: async () => {
      const { socket, index: oif } = await open()
      const gateway = bytes(GATEWAY)
      const data = {
        family: AF_INET,
        dstLen: 32,
        table: 254,
        protocol: 'BOOT',
        scope: 'UNIVERSE',
        type: 'UNICAST',
      } as const
      return {
        one: (index) =>
          socket.newRoute(data, { dst: bytes(destination(index)), gateway, oif }, { flags: NLM_F_CREATE | NLM_F_EXCL }),
      }
    },
    W4r: async () => {
      const { socket } = await open()
      return {
        async one() {
          const routes = await socket.getRoutes({ family: AF_INET })
          exactly(
            ROUTES,
            routes.filter(({ data }) => data.table === 254),
          )
        },
      }
    },
    W4l: async () => {
      const { socket } = await open()
      return { one: async () => exactly(LINKS, await socket.getLinks()) }
    },
  },
}
