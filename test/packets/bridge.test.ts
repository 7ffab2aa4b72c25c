/** Pods on one host, as ports of a bridge that has an address. */

import { cable, carried, HOSTS, hosts, ping, quiet, talk } from '../support/packets.js'
import { expect, test } from '../support/test.js'

const pods = { 'veth-pod-a': '192.168.10.10', 'veth-pod-b': '192.168.10.11' } as const

test('a bridge carries packets between pods, and with an address it is their gateway', async ({ another }) => {
  const [host, outside] = await hosts(another)
  await outside.route.add({ dst: '192.168.10.0/24', via: HOSTS[0] })
  const [a, b] = [await another(), await another()]
  await host.link.add({ kind: 'bridge', name: 'br0', up: true })
  for (const [pod, port] of [
    [a, 'veth-pod-a'],
    [b, 'veth-pod-b'],
  ] as const) {
    await quiet(pod)
    await cable(host, pod, port, pods[port], '192.168.10.1')
  }
  expect(await ping(a, '192.168.10.11')).toBe(false)
  for (const port of Object.keys(pods)) await host.link.set(port, { master: 'br0' })
  expect(await talk(a, b, '192.168.10.11')).toEqual(carried('192.168.10.10'))

  expect(await ping(a, HOSTS[1])).toBe(false)
  await host.addr.add({ dev: 'br0', address: '192.168.10.1' })
  await host.route.add({ dst: '192.168.10.0/24', via: '192.168.10.1', dev: 'br0', scope: 'link' })
  expect(await talk(a, host, '192.168.10.1')).toEqual(carried('192.168.10.10'))
  expect(await talk(a, outside, HOSTS[1])).toEqual(carried('192.168.10.10'))
  expect(await talk(host, b, '192.168.10.11')).toEqual(carried('192.168.10.1'))

  // Ports that are isolated reach the gateway, and each other no more.
  for (const port of Object.keys(pods)) await host.link.set(port, { bridgePort: { isolated: true } })
  expect(await ping(a, '192.168.10.11')).toBe(false)
  expect(await talk(b, outside, HOSTS[1])).toEqual(carried('192.168.10.11'))
})
