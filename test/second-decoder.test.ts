/** What nslink reads, read once more by a decoder that shares nothing with it: npm's `netlink`, in a process inside the namespace. */

import { isDeepStrictEqual } from 'node:util'
import type { Netns } from 'nslink'
import { formatIp, formatMac } from '../src/netlink/address.js'
import { root } from './support/child.js'
import { expect, output, test } from './support/test.js'

/** One list after the other: it cannot tell two apart. Buffers become arrays of numbers on their way out. */
const script = `
  const { createRtNetlink } = require('netlink')
  const plain = (value) => JSON.stringify(value, (_, each) => each?.type === 'Buffer' ? each.data : typeof each === 'bigint' ? Number(each) : each)
  const socket = createRtNetlink()
  const read = async () => ({
    links: await socket.getLinks(),
    addresses: await socket.getAddresses(),
    routes: await socket.getRoutes(),
  })
  read().then((lists) => {
    console.log(plain(lists))
    process.exit()
  })
`

interface Message {
  data: Record<string, unknown>
  attrs: Record<string, unknown>
}

const octets = (bytes: unknown): Uint8Array => Uint8Array.from(bytes as number[])
const address = (bytes: unknown): string => formatIp(octets(bytes), 0, octets(bytes).length)
const lladdr = (bytes: unknown): string => formatMac(octets(bytes), 0, octets(bytes).length)

/** What the other decoder finds. */
async function readThere(ns: Netns): Promise<Record<'links' | 'addresses' | 'routes', Message[]>> {
  return JSON.parse(await output(ns, process.execPath, '-e', `process.chdir(${JSON.stringify(root)});${script}`))
}

/** What nslink finds, as far as the other one has it. */
async function readHere(ns: Netns): Promise<Record<'links' | 'addresses' | 'routes', unknown[]>> {
  const links = await ns.link.list()
  const index = new Map(links.map((link) => [link.name, link.index]))
  return {
    links: links.map(({ name, mtu, address, alias, txqueuelen }) => ({ name, mtu, address, alias, txqueuelen })),
    addresses: (await ns.addr.list()).map(
      (addr) => `${index.get(String(addr.dev))} ${addr.address} ${addr.peer} ${addr.label}`,
    ),
    routes: (await ns.route.list({ table: 'all' })).map((route) => {
      const [dst, length] = route.dst === 'default' ? [undefined, 0] : route.dst.split('/')
      return `${dst} ${length ?? (route.family === 'inet' ? 32 : 128)} ${route.via} ${index.get(String(route.dev))} ${route.metric}`
    }),
  }
}

test('links, addresses and routes are what another decoder finds', async ({ ns, another }) => {
  const peer = await another()
  await ns.link.add({ kind: 'veth', name: 'v0', mtu: 1400, alias: 'uplink', peer: { name: 'v1', netns: peer } })
  await ns.link.add({ kind: 'bridge', name: 'br0', address: '02:00:00:00:00:01' })
  await peer.link.set('v1', { up: true })
  for (const name of ['lo', 'v0', 'br0']) await ns.link.set(name, { up: true })
  await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24', broadcast: '+', label: 'v0:a' })
  await ns.addr.add({ dev: 'v0', address: '10.9.0.1', peer: '10.9.0.2/32' })
  await ns.addr.add({ dev: 'v0', address: '2001:db8::1/64', nodad: true })
  await ns.route.add({ dst: '192.0.2.0/24', via: '10.0.0.254', metric: 7 })
  await ns.route.add({ dst: '198.51.100.0/24', dev: 'br0', table: 1000 })
  await ns.route.add({ dst: '2001:db8:1::/48', via: '2001:db8::2' })

  // IPv6 adds addresses and routes of its own some time after a device is up: both have to have read the same.
  let [before, found, after] = [await readHere(ns), await readThere(ns), await readHere(ns)]
  while (!isDeepStrictEqual(before, after)) [before, found, after] = [after, await readThere(ns), await readHere(ns)]
  const { links, addresses, routes } = after

  expect(links).toEqual(
    found.links.map(({ attrs }) => ({
      name: attrs['ifname'],
      mtu: attrs['mtu'],
      address: lladdr(attrs['address']),
      alias: attrs['ifalias'],
      txqueuelen: attrs['txqlen'],
    })),
  )

  expect(addresses.length).toBeGreaterThanOrEqual(5)
  expect(addresses).toEqual(
    found.addresses.map(({ data, attrs }) => {
      const [near, far] = [address(attrs['local'] ?? attrs['address']), address(attrs['address'])]
      const length = `/${data['prefixlen']}`
      return near === far
        ? `${data['index']} ${near}${length} undefined ${attrs['label']}`
        : `${data['index']} ${near} ${far}${length} ${attrs['label']}`
    }),
  )

  expect(routes.length).toBeGreaterThanOrEqual(10)
  expect(routes).toEqual(
    found.routes.map(({ data, attrs }) => {
      const dst = attrs['dst'] === undefined ? undefined : address(attrs['dst'])
      const via = attrs['gateway'] === undefined ? undefined : address(attrs['gateway'])
      return `${dst} ${data['dstLen']} ${via} ${attrs['oif']} ${attrs['priority']}`
    }),
  )
})
