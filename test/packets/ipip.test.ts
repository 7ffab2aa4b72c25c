/** Pods on two hosts, by IPv4 in IPv4. */

import type { Netns } from 'nslink'
import { needs } from '../support/features.js'
import { bytes, carried, HOSTS, hosts, ping, routedPod, TALK, talk } from '../support/packets.js'
import { describe, expect, test, tool } from '../support/test.js'

const name = 'mustang.tun0'

/** `ip tunnel add mustang.tun0 mode ipip local … ttl 64`, up, with a way for the pods of the other host. */
async function tunnel(host: Netns, local: string, own: string, remote: string, pods: string): Promise<void> {
  await host.link.add({ kind: 'ipip', name, mode: 'ipip', local, ttl: 64 })
  await host.link.set(name, { mtu: 1480 })
  await host.link.set(name, { up: true })
  await host.route.add({ dst: pods, via: remote, dev: name, onlink: true })
  await host.addr.add({ dev: name, address: own })
}

describe('ipip', needs('link:ipip'), () => {
  test('carries packets between pods of two hosts, and from a host to a pod', async ({ another }) => {
    const [one, two] = await hosts(another)
    const a = await routedPod(another, one, '192.168.10.10')
    const b = await routedPod(another, two, '192.168.11.10')
    await tunnel(one, HOSTS[0], '192.168.10.1/32', HOSTS[1], '192.168.11.0/24')
    // The way back is missing.
    expect(await ping(a, '192.168.11.10')).toBe(false)
    await tunnel(two, HOSTS[1], '192.168.11.1/32', HOSTS[0], '192.168.10.0/24')
    expect(await talk(a, b, '192.168.11.10')).toEqual(carried('192.168.10.10'))
    expect(await talk(b, a, '192.168.10.10')).toEqual(carried('192.168.11.10'))
    expect(await talk(one, b, '192.168.11.10')).toEqual(carried('192.168.10.1'))
    // All three went through the tunnel.
    expect((await bytes(two, name)).received).toBeGreaterThan(3 * TALK)
  })

  test('is the tunnel that "ip tunnel add" makes', async ({ another }) => {
    const [one, two] = await hosts(another)
    await one.link.add({ kind: 'ipip', name, mode: 'ipip', local: HOSTS[0], ttl: 64 })
    // What "ip tunnel" asks the kernel through. A namespace has one by itself only if the machine is set up so.
    if (!(await two.link.list()).some((link) => link.name === 'tunl0'))
      await two.link.add({ kind: 'ipip', name: 'tunl0' })
    await tool(two, 'ip')(...`tunnel add ${name} mode ipip local ${HOSTS[0]} ttl 64`.split(' '))
    const [mine, its] = [await one.link.get(name), await two.link.get(name)]
    expect(mine.ipip).toEqual(its.ipip)
    expect(mine.ipip).toMatchObject({ mode: 'ipip', local: HOSTS[0], remote: 'any', ttl: 64 })
    const shown = (ns: Netns): Promise<unknown> => tool(ns, 'ip')('-j', '-d', 'tunnel', 'show', name)
    expect(await shown(one)).toEqual(await shown(two))
  })
})
