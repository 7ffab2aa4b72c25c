/** Pods upon the device of their host, by ipvlan. */

import type { Netns } from 'nslink'
import { needs } from '../support/features.js'
import { carried, HOSTS, hosts, impatient, ping, quiet, talk } from '../support/packets.js'
import { describe, expect, type Lab, test } from '../support/test.js'

/** `ip link add link eth0 name pod0 type ipvlan mode …`, which is then moved into a pod and called eth0 there, with an address. */
async function pod(another: Lab['another'], host: Netns, address: string, mode: 'l2' | 'l3'): Promise<Netns> {
  const made = await another()
  await quiet(made)
  await host.link.add({ kind: 'ipvlan', name: 'pod0', link: 'eth0', mode })
  await host.link.set('pod0', { netns: made, name: 'eth0' })
  await made.addr.add({ dev: 'eth0', address: `${address}/24` })
  await made.link.set('eth0', { up: true })
  await impatient(made, 'eth0')
  await made.route.add(mode === 'l2' ? { dst: 'default', via: '192.168.10.1' } : { dst: 'default', dev: 'eth0' })
  return made
}

describe('ipvlan', needs('link:ipvlan'), () => {
  test('in mode l2 carries packets between pods, and through a device that stays with the host', async ({
    another,
  }) => {
    const [host, outside] = await hosts(another)
    await outside.route.add({ dst: '192.168.10.0/24', via: HOSTS[0] })
    const a = await pod(another, host, '192.168.10.10', 'l2')
    const b = await pod(another, host, '192.168.10.11', 'l2')
    await a.link.set('eth0', { kind: 'ipvlan', modeFlag: 'private' })
    expect(await ping(b, '192.168.10.10')).toBe(false)
    await a.link.set('eth0', { kind: 'ipvlan', modeFlag: 'bridge' })
    expect(await talk(b, a, '192.168.10.10')).toEqual(carried('192.168.10.11'))

    await host.link.add({ kind: 'ipvlan', name: 'gateway', link: 'eth0', mode: 'l2', up: true })
    expect(await ping(a, '192.168.10.1')).toBe(false)
    await host.addr.add({ dev: 'gateway', address: '192.168.10.1/24' })
    expect(await talk(a, host, '192.168.10.1')).toEqual(carried('192.168.10.10'))
    expect(await talk(a, outside, HOSTS[1])).toEqual(carried('192.168.10.10'))
  })

  test('in mode l3 carries packets between subnets and outside, without asking for neighbours', async ({ another }) => {
    const [host, outside] = await hosts(another)
    const a = await pod(another, host, '192.168.10.10', 'l3')
    const b = await pod(another, host, '192.168.11.10', 'l3')
    expect(await talk(b, a, '192.168.10.10')).toEqual(carried('192.168.11.10'))
    expect(await ping(a, HOSTS[1])).toBe(false)
    await outside.route.add({ dst: '192.168.0.0/16', via: HOSTS[0] })
    expect(await talk(a, outside, HOSTS[1])).toEqual(carried('192.168.10.10'))
    expect((await a.link.get('eth0')).flags).toContain('NOARP')
    expect(await a.neigh.list({ dev: 'eth0' })).toEqual([])
    // The host that all go out by is the one they do not reach.
    expect(await ping(a, HOSTS[0])).toBe(false)
  })
})
