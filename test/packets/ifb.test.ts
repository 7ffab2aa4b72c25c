/** What comes in from a pod, by way of a device where it could be queued. */

import { needs } from '../support/features.js'
import { bytes, carried, HOSTS, hosts, ping, routedPod, TALK, talk } from '../support/packets.js'
import { describe, expect, test, tool } from '../support/test.js'

describe('ifb', needs('link:ifb', 'qdisc:ingress', 'filter:u32', 'action:mirred'), () => {
  test('carries the packets that are redirected to it, as long as it is up', async ({ another }) => {
    const [host, outside] = await hosts(another)
    await outside.route.add({ dst: '192.168.10.0/24', via: HOSTS[0] })
    const pod = await routedPod(another, host, '192.168.10.10')
    await host.link.add({ kind: 'ifb', name: 'ifb0' })
    await host.link.set('ifb0', { up: true, txqueuelen: 1000 })
    const tc = tool(host, 'tc')
    await tc(...'qdisc add dev veth-pod ingress handle ffff:'.split(' '))
    await tc(
      ...'filter add dev veth-pod parent ffff: protocol ip u32 match u32 0 0 flowid 1:1'.split(' '),
      ...'action mirred egress redirect dev ifb0'.split(' '),
    )
    expect(await talk(pod, outside, HOSTS[1])).toEqual(carried('192.168.10.10'))
    const through = await bytes(host, 'ifb0')
    expect(through.sent).toBeGreaterThan(TALK)
    expect(through.received).toBe(through.sent)

    await host.link.set('ifb0', { up: false })
    expect(await ping(pod, HOSTS[1])).toBe(false)
    await host.link.set('ifb0', { up: true })
    expect(await ping(pod, HOSTS[1])).toBe(true)
  })
})
