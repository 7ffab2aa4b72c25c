/** Pods upon the device of their host, by macvlan. */

import type { Netns } from 'nslink'
import { needs } from '../support/features.js'
import { carried, HOSTS, hosts, impatient, ping, quiet, talk } from '../support/packets.js'
import { describe, expect, type Lab, test } from '../support/test.js'

/** `ip link add link eth0 name pod0 type macvlan mode …`, which is then moved into a pod and called eth0 there, with an address and a gateway. */
async function pod(another: Lab['another'], host: Netns, address: string, mode: 'bridge' | 'private'): Promise<Netns> {
  const made = await another()
  await quiet(made)
  await host.link.add({ kind: 'macvlan', name: 'pod0', link: 'eth0', mode })
  await host.link.set('pod0', { netns: made, name: 'eth0' })
  await made.addr.add({ dev: 'eth0', address: `${address}/24` })
  await made.link.set('eth0', { up: true })
  await impatient(made, 'eth0')
  await made.route.add({ dst: 'default', via: '192.168.10.1' })
  return made
}

describe('macvlan', needs('link:macvlan'), () => {
  test('in mode bridge carries packets between pods, and no others', async ({ another }) => {
    const [host] = await hosts(another)
    const [a, b] = [
      await pod(another, host, '192.168.10.10', 'private'),
      await pod(another, host, '192.168.10.11', 'private'),
    ]
    expect(await ping(b, '192.168.10.10')).toBe(false)
    for (const each of [a, b]) await each.link.set('eth0', { kind: 'macvlan', mode: 'bridge' })
    expect(await talk(b, a, '192.168.10.10')).toEqual(carried('192.168.10.11'))
    expect(await talk(a, b, '192.168.10.11')).toEqual(carried('192.168.10.10'))
  })

  test('one that stays with the host is the gateway of the pods, which the device below cannot be', async ({
    another,
  }) => {
    const [host, outside] = await hosts(another)
    await outside.route.add({ dst: '192.168.10.0/24', via: HOSTS[0] })
    const a = await pod(another, host, '192.168.10.10', 'bridge')
    await host.addr.add({ dev: 'eth0', address: '192.168.10.1/24' })
    expect(await ping(a, '192.168.10.1')).toBe(false)
    await host.addr.del({ dev: 'eth0', address: '192.168.10.1/24' })
    await host.link.add({ kind: 'macvlan', name: 'gateway', link: 'eth0', mode: 'bridge' })
    await host.addr.add({ dev: 'gateway', address: '192.168.10.1/24' })
    await host.link.set('gateway', { up: true })
    expect(await talk(a, host, '192.168.10.1')).toEqual(carried('192.168.10.10'))
    expect(await talk(a, outside, HOSTS[1])).toEqual(carried('192.168.10.10'))
    expect(await talk(outside, a, '192.168.10.10')).toEqual(carried(HOSTS[1]))
  })
})
