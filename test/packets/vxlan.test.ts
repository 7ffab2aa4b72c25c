/** Pods on two hosts, by Ethernet in UDP: how the hosts come to know behind which of them an address is. */

import type { Netns, VxlanOptions } from 'nslink'
import { needs } from '../support/features.js'
import { carried, HOSTS, hosts, impatient, ping, routedPod, talk } from '../support/packets.js'
import { describe, expect, type Lab, test } from '../support/test.js'

/** One of the two hosts, and what the other has to know of it. */
interface End {
  host: Netns
  pod: Netns
  /** The host's address on the wire, and that of its vxlan. */
  outer: string
  inner: string
  /** The link-layer address of its vxlan. */
  lladdr: string
}

/**
 * Two hosts with a pod each, 192.168.10.10 and 192.168.11.10, and a vxlan:
 * `ip link add vxlan0 type vxlan id 100 dstport 4789 local … dev eth0`. Each sends packets for the other's pods into it.
 */
async function two(another: Lab['another'], options: VxlanOptions): Promise<[End, End]> {
  const pair = await hosts(another)
  const [one, other] = await Promise.all(
    pair.map(async (host, at): Promise<End> => {
      const [subnet, outer] = [`192.168.1${at}`, HOSTS[at] as string]
      const pod = await routedPod(another, host, `${subnet}.10`)
      await host.link.add({
        ...{ kind: 'vxlan', name: 'vxlan0', id: 100, dstport: 4789, dev: 'eth0', up: true },
        ...(options.group === undefined && { local: outer }),
        ...options,
      })
      await impatient(host, 'vxlan0')
      await host.addr.add({ dev: 'vxlan0', address: `${subnet}.1/32` })
      const { address = '' } = await host.link.get('vxlan0')
      return { host, pod, outer, inner: `${subnet}.1`, lladdr: address }
    }),
  )
  if (one === undefined || other === undefined) throw new Error('there are two of them')
  await one.host.route.add({ dst: '192.168.11.0/24', via: other.inner, dev: 'vxlan0', onlink: true })
  await other.host.route.add({ dst: '192.168.10.0/24', via: one.inner, dev: 'vxlan0', onlink: true })
  return [one, other]
}

/** Where a host sends what is for the vxlan of the other; `bridge fdb append MAC dev vxlan0 dst … self permanent`. */
const tell = ({ host }: End, other: End, lladdr = other.lladdr): Promise<void> =>
  host.fdb.append({ dev: 'vxlan0', lladdr, dst: other.outer, self: true, state: 'permanent' })

/** So that nobody has to be asked: `ip neigh add … dev vxlan0 nud permanent`. */
async function introduce(one: End, other: End): Promise<void> {
  for (const [a, b] of [
    [one, other],
    [other, one],
  ] as const) {
    await a.host.neigh.add({ dev: 'vxlan0', dst: b.inner, lladdr: b.lladdr, nud: 'permanent' })
  }
}

/** What a host has been told (`permanent`), or found out (`dynamic`), of where the other's vxlan is. */
async function known({ host }: End, { lladdr }: End): Promise<unknown> {
  const entry = (await host.fdb.list({ dev: 'vxlan0' })).find((each) => each.lladdr === lladdr)
  return entry && { state: entry.state, dst: entry.dst }
}

const everyone = '00:00:00:00:00:00'

describe('vxlan', needs('link:vxlan'), () => {
  test('a static entry on one side is enough where the other learns', async ({ another }) => {
    const [one, other] = await two(another, {})
    await introduce(one, other)
    expect(await ping(one.pod, '192.168.11.10')).toBe(false)
    await tell(one, other)
    expect(await talk(one.pod, other.pod, '192.168.11.10')).toEqual(carried('192.168.10.10'))
    expect(await known(one, other)).toEqual({ state: 'permanent', dst: other.outer })
    expect(await known(other, one)).toEqual({ state: 'dynamic', dst: one.outer })
  })

  test('with nolearning, each side has to have its entry', async ({ another }) => {
    const [one, other] = await two(another, { learning: false })
    await introduce(one, other)
    await tell(one, other)
    const { stats } = await other.host.link.get('vxlan0')
    expect(await ping(one.pod, '192.168.11.10')).toBe(false)
    // It is the answers that did not find their way.
    expect((await other.host.link.get('vxlan0')).stats?.rxPackets).toBeGreaterThan(stats?.rxPackets ?? 0)
    expect(await known(other, one)).toBeUndefined()
    await tell(other, one)
    expect(await talk(one.pod, other.pod, '192.168.11.10')).toEqual(carried('192.168.10.10'))
    expect(await talk(other.pod, one.pod, '192.168.10.10')).toEqual(carried('192.168.11.10'))
  })

  test('an entry for all addresses has the hosts ask each other, and learn', async ({ another }) => {
    const [one, other] = await two(another, { learning: true })
    expect(await ping(one.pod, '192.168.11.10')).toBe(false)
    await tell(one, other, everyone)
    await tell(other, one, everyone)
    expect(await talk(one.pod, other.pod, '192.168.11.10')).toEqual(carried('192.168.10.10'))
    expect(await talk(other.pod, one.pod, '192.168.10.10')).toEqual(carried('192.168.11.10'))
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const) {
      expect(await known(a, b)).toEqual({ state: 'dynamic', dst: b.outer })
      const neighbours = await a.host.neigh.list({ dev: 'vxlan0' })
      expect(neighbours).toMatchObject([{ dst: b.inner, lladdr: b.lladdr }])
    }
  })

  test('a multicast group does the same without an entry', async ({ another }) => {
    const [one, other] = await two(another, { group: '239.1.1.1', learning: true })
    expect(await talk(one.pod, other.pod, '192.168.11.10')).toEqual(carried('192.168.10.10'))
    expect(await known(one, other)).toEqual({ state: 'dynamic', dst: other.outer })
    expect(await known(other, one)).toEqual({ state: 'dynamic', dst: one.outer })
    // The kernel has an entry for all addresses then.
    const all = (await one.host.fdb.list({ dev: 'vxlan0' })).filter(({ lladdr }) => lladdr === everyone)
    expect(all).toMatchObject([{ dst: '239.1.1.1', state: 'permanent' }])
  })
})
