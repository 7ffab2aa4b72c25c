import type { RtNetlinkSocket } from 'netlink'
import type { NodePeer } from '../bench.js'
import { each, exactly } from '../lists.js'
import { packageVersion } from '../machine.js'
import { start } from '../starts/start.js'
import { ADDRESS, PREFIX_LENGTH } from '../works/address.js'
import { LINKS } from '../works/dump-links.js'
import { ROUTES } from '../works/dump-routes.js'
import { destination, GATEWAY } from '../works/routes.js'

const AF_INET = 2
const RT_TABLE_MAIN = 254
const NLM_F_EXCL = 0x200
const NLM_F_CREATE = 0x400

/** Its receive buffer holds the answers to 256 requests, and it aborts the process when one more arrives. */
const TOGETHER = 128

const bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** A socket in the namespace of this process, and the index of eth0. */
async function open(): Promise<{ socket: RtNetlinkSocket; index: number }> {
  const { createRtNetlink } = await import('netlink')
  const socket = createRtNetlink()
  const links = await socket.getLinks()
  const index = links.find(({ attrs }) => attrs.ifname === 'eth0')?.data.index ?? 0
  return { socket, index }
}

async function routeAdder(): Promise<(index: number) => Promise<unknown>> {
  const { socket, index: oif } = await open()
  const gateway = bytes(GATEWAY)
  const data = {
    family: AF_INET,
    dstLen: 32,
    table: RT_TABLE_MAIN,
    protocol: 'BOOT',
    scope: 'UNIVERSE',
    type: 'UNICAST',
  } as const
  const flags = NLM_F_CREATE | NLM_F_EXCL
  return (index) => socket.newRoute(data, { dst: bytes(destination(index)), gateway, oif }, { flags })
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
      const add = await routeAdder()
      return { one: add }
    },
    W3b: async ({ count }) => {
      const add = await routeAdder()
      return {
        async all() {
          for (let from = 0; from < count; from += TOGETHER) {
            await Promise.all(each(Math.min(TOGETHER, count - from), (index) => add(from + index)))
          }
        },
      }
    },
    W4r: async () => {
      const { socket } = await open()
      return {
        async one() {
          const routes = await socket.getRoutes({ family: AF_INET })
          exactly(
            ROUTES,
            routes.filter(({ data }) => data.table === RT_TABLE_MAIN),
          )
        },
      }
    },
    W4l: async () => {
      const { socket } = await open()
      return { one: async () => exactly(LINKS, await socket.getLinks()) }
    },
    start: start('npm-netlink'),
  },
}
