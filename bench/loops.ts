/** What keeps the kernel busy for long, as promises and waiting for it: whether the event loop has its turn meanwhile. */

import * as nslink from 'nslink'
import { accept, ip, table, tcp } from 'nslink/nft'
import * as sync from 'nslink/sync'
import { each } from './lists.js'
import { cable } from './works/cable.js'

/** One of them. What `prepare` returns is done, and then `restore` takes away what is left. */
export interface Busy {
  readonly title: string
  readonly count: number
  /** Whether another process holds the kernel's lock meanwhile. */
  readonly contended?: boolean
  prepare(count: number): Round
}

interface Round {
  promises(): Promise<unknown>
  sync(): unknown
  restore?(): void
}

/** The names of pairs that have been made. */
function pairs(count: number): string[] {
  sync.sysctl.set('net.ipv6.conf.default.disable_ipv6', 1)
  const names = each(count, (index) => `a${index}`)
  sync.batch(({ link }) => names.map((name, index) => link.add({ kind: 'veth', name, peer: { name: `b${index}` } })))
  return names
}

/** Addresses for a device there is. */
function addresses(count: number): sync.AddrOptions[] {
  if (!sync.link.list().some(({ name }) => name === 'eth0')) cable(sync.netns.current())
  return each(count, (index) => ({ dev: 'eth0', address: `10.0.${index >> 8}.${index & 0xff}/32` }))
}

export const loops: Readonly<Record<string, Busy>> = {
  'delete-each': {
    title: '500 veth pairs deleted, one at a time',
    count: 500,
    prepare(count) {
      const names = pairs(count)
      return {
        async promises() {
          for (const name of names) await nslink.link.del(name)
        },
        sync() {
          for (const name of names) sync.link.del(name)
        },
      }
    },
  },
  'delete-together': {
    title: '500 veth pairs deleted, one promise each at once',
    count: 500,
    prepare(count) {
      const names = pairs(count)
      return {
        promises: () => Promise.all(names.map((name) => nslink.link.del(name))),
        sync: () => sync.batch(({ link }) => names.map((name) => link.del(name))),
      }
    },
  },
  'delete-group': {
    title: '500 veth pairs deleted, as one group',
    count: 500,
    prepare(count) {
      const names = pairs(count)
      return { promises: () => nslink.link.del(names), sync: () => sync.link.del(names) }
    },
  },
  move: {
    title: '200 links moved to another namespace',
    count: 200,
    prepare(count) {
      const names = pairs(count)
      const netns = sync.netns.create()
      return {
        async promises() {
          for (const name of names) await nslink.link.set(name, { netns })
        },
        sync() {
          for (const name of names) sync.link.set(name, { netns })
        },
        restore() {
          netns.link.del(names)
          netns.close()
        },
      }
    },
  },
  'contended-each': {
    title: '500 addresses added and deleted one at a time, while another process holds the lock',
    count: 500,
    contended: true,
    prepare(count) {
      const options = addresses(count)
      return {
        async promises() {
          for (const address of options) {
            await nslink.addr.add(address)
            await nslink.addr.del(address)
          }
        },
        sync() {
          for (const address of options) {
            sync.addr.add(address)
            sync.addr.del(address)
          }
        },
      }
    },
  },
  'contended-together': {
    title: '500 addresses added at once and deleted at once, while another process holds the lock',
    count: 500,
    contended: true,
    prepare(count) {
      const options = addresses(count)
      return {
        async promises() {
          await Promise.all(options.map((address) => nslink.addr.add(address)))
          await Promise.all(options.map((address) => nslink.addr.del(address)))
        },
        sync() {
          sync.batch(({ addr }) => options.map((address) => addr.add(address)))
          sync.batch(({ addr }) => options.map((address) => addr.del(address)))
        },
      }
    },
  },
  nft: {
    title: '10,000 rules of nftables in one transaction',
    count: 10_000,
    prepare(count) {
      const { add } = table('inet', 'filter')
      const changes = [
        add.table(),
        add.chain('services'),
        ...each(count, (index) =>
          add.rule('services', ip.daddr(`10.96.${index >> 8}.${index & 0xff}`), tcp.dport(80), accept()),
        ),
      ]
      return {
        promises: () => nslink.nft.apply(changes),
        sync: () => sync.nft.apply(changes),
        restore: () => void sync.nft.flush(),
      }
    },
  },
}
