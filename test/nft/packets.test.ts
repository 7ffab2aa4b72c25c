/** Rules and real packets: what no example shows. */

import type { Netns } from 'nslink'
import {
  accept,
  comment,
  ct,
  dnat,
  drop,
  fib,
  icmp,
  ip,
  masquerade,
  meta,
  numgen,
  snat,
  table,
  th,
  udp,
} from 'nslink/nft'
import { beforeEach } from 'vitest'
import { carried, HOSTS, hosts, ping, routedPod, talk } from '../support/packets.js'
import { describe, expect, output, test } from '../support/test.js'

const POD = '10.244.1.11'
const SERVICE = '10.96.0.100'
const nat = table('ip', 'nat')
const filter = table('ip', 'filter')
const prerouting = { type: 'nat', hook: 'prerouting', priority: 'dstnat' } as const
const postrouting = { type: 'nat', hook: 'postrouting', priority: 'srcnat' } as const
const forward = { type: 'filter', hook: 'forward', priority: 'filter' } as const
const both = meta.l4proto('tcp', 'udp')

interface Ground {
  /** Passes packets on. */
  host: Netns
  /** Knows nothing of the pod. */
  outside: Netns
  pod: Netns
}

/** A pod, its host, and somebody outside. */
async function ground(another: () => Promise<Netns>): Promise<Ground> {
  const [host, outside] = await hosts(another)
  return { host, outside, pod: await routedPod(another, host, POD) }
}

test('masquerade, and a source address of one’s own choice', async ({ another }) => {
  const { host, outside, pod } = await ground(another)
  expect(await ping(pod, HOSTS[1])).toBe(false)
  await host.nft.apply([
    nat.add.table(),
    nat.add.chain('postrouting', postrouting),
    nat.add.rule('postrouting', ip.saddr(POD), masquerade()),
  ])
  expect(await talk(pod, outside, HOSTS[1])).toEqual(carried(HOSTS[0]))

  await host.addr.add({ dev: 'eth0', address: '192.0.2.77/24' })
  await host.nft.apply([nat.flush.chain('postrouting'), nat.add.rule('postrouting', ip.saddr(POD), snat('192.0.2.77'))])
  expect(await talk(pod, outside, HOSTS[1])).toEqual(carried('192.0.2.77'))
})

test('a pod calls itself by the address of its service: not without masquerade, and by it', async ({ another }) => {
  const { host, pod } = await ground(another)
  await host.nft.apply([
    nat.add.table(),
    nat.add.chain('prerouting', prerouting),
    nat.add.chain('postrouting', postrouting),
    nat.add.rule('prerouting', ip.daddr(SERVICE), dnat(POD)),
  ])
  expect(await ping(pod, SERVICE)).toBe(false)
  await host.nft.apply([nat.add.rule('postrouting', ip.saddr(POD), ip.daddr(POD), masquerade())])
  expect(await talk(pod, pod, SERVICE, POD)).toEqual(carried(HOSTS[0]))
})

test('a port of the host, TCP and UDP, at any address that it has or gets', async ({ another }) => {
  const { host, outside, pod } = await ground(another)
  await host.nft.apply([
    nat.add.table(),
    nat.add.chain('prerouting', prerouting),
    nat.add.rule('prerouting', fib('daddr').type('local'), both, th.dport(7777), dnat(POD)),
  ])
  expect(await talk(outside, pod, HOSTS[0], POD)).toEqual(carried(HOSTS[1]))
  await host.addr.add({ dev: 'eth0', address: '192.0.2.78/24' })
  expect(await talk(outside, pod, '192.0.2.78', POD)).toEqual(carried(HOSTS[1]))
})

test('policy drop, and what rules accept', async ({ another }) => {
  const { host, outside, pod } = await ground(another)
  await outside.route.add({ dst: `${POD}/32`, via: HOSTS[0] })
  expect(await talk(outside, pod, POD)).toEqual(carried(HOSTS[1]))
  await host.nft.apply([
    filter.add.table(),
    filter.add.chain('forward', { ...forward, policy: 'drop' }),
    filter.add.rule('forward', ct.state('established', 'related'), accept()),
    filter.add.rule('forward', ip.daddr(POD), both, th.dport(7777), accept()),
  ])
  // A ping is neither.
  expect(await talk(outside, pod, POD)).toEqual({ ...carried(HOSTS[1]), ping: false })
  expect(await ping(pod, HOSTS[1])).toBe(false)
  // What a rule drops is dropped, whatever later ones accept.
  await host.nft.apply([
    filter.insert.rule('forward', icmp.type('echo-request'), drop(), comment('no ping')),
    filter.add.rule('forward', accept()),
  ])
  expect(await ping(outside, POD)).toBe(false)
  await host.nft.apply([filter.del.rule('forward', { comment: 'no ping' })])
  expect(await ping(outside, POD)).toBe(true)
})

describe('the pods of a service', () => {
  const CALLS = 300
  const pods = ['10.244.1.1', '10.244.1.2', '10.244.1.3']
  /** Each datagram from a socket, and thereby a port, of its own. */
  const send = `
    const { createSocket } = require('node:dgram')
    for (let n = 0; n < ${CALLS}; n++) {
      const socket = createSocket('udp4')
      socket.send('x', 80, '${SERVICE}', () => socket.close())
    }`
  let shares: (how: 'random' | 'inc') => Promise<number[]>

  beforeEach<{ another: () => Promise<Netns> }>(async ({ another }) => {
    const [host, outside] = await hosts(another)
    await outside.route.add({ dst: SERVICE, via: HOSTS[0] })
    shares = async (how) => {
      const which = numgen(how, pods.length).map(pods.map((pod, index) => [index, pod]))
      await host.nft.apply([
        nat.add.table(),
        nat.add.chain('prerouting', prerouting),
        nat.add.rule('prerouting', ip.daddr(SERVICE), udp.dport(80), dnat(which)),
      ])
      await output(outside, process.execPath, '-e', send)
      const connections = await host.conntrack.list({ orig: { proto: 'udp', dst: SERVICE } })
      return pods.map((pod) => connections.filter(({ reply }) => reply.src === pod).length)
    }
  })

  test('take turns', async () => {
    expect(await shares('inc')).toEqual([100, 100, 100])
  })

  test('are chosen by chance, and each as often as the others', async () => {
    const found = await shares('random')
    expect(found.reduce((sum, each) => sum + each)).toBe(CALLS)
    // Six standard deviations either way: less than once in a hundred million runs is it out of this.
    for (const each of found) expect(Math.abs(each - CALLS / pods.length)).toBeLessThan(50)
  })
})
