import { setTimeout as sleep } from 'node:timers/promises'
import { Events } from '../../src/netlink/events.js'
import type { Home } from '../../src/netlink/transport.js'
import { held } from '../support/child.js'
import { describe, expect, failure, test } from '../support/test.js'

const RTNLGRP_LINK = 1
const RTNLGRP_IPV4_IFADDR = 5
const RTM_NEWLINK = 16
const RTM_NEWADDR = 20
const RTM_DELADDR = 21

/** What `Events` needs of a namespace. */
const homeOf = (ns: { fd: number; inode: number }): Home => ({ fd: ns.fd, label: `net:[${ns.inode}]` })

/** The numbers of the messages that have arrived, and whether all of them have. */
function read(events: Events): { types: number[]; whole: boolean } {
  const types: number[] = []
  const whole = events.read((type) => {
    types.push(type)
  })
  return { types, whole }
}

describe('events', () => {
  test('are those of the groups that were joined, in the namespace they were joined in', async ({ ns, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await other.link.add({ kind: 'bridge', name: 'br0' })
    const events = new Events(homeOf(ns), [RTNLGRP_IPV4_IFADDR])
    const both = new Events(homeOf(ns), [RTNLGRP_IPV4_IFADDR, RTNLGRP_LINK])
    await other.addr.add({ dev: 'br0', address: '10.0.0.1/24' })
    await ns.addr.add({ dev: 'br0', address: '10.0.0.1/24' })
    await ns.link.add({ kind: 'bridge', name: 'br1' })
    await ns.addr.del({ dev: 'br0', address: '10.0.0.1/24' })
    expect(read(events)).toEqual({ types: [RTM_NEWADDR, RTM_DELADDR], whole: true })
    expect(read(events)).toEqual({ types: [], whole: true })
    expect(read(both)).toEqual({ types: [RTM_NEWADDR, RTM_NEWLINK, RTM_DELADDR], whole: true })
    events.close()
    both.close()
  })

  test('carry what they tell of', async ({ ns }) => {
    const events = new Events(homeOf(ns), [RTNLGRP_LINK])
    const { index } = await ns.link.add({ kind: 'bridge', name: 'br0' })
    const indexes: number[] = []
    events.read((_, from, at, length) => {
      expect(length).toBeGreaterThan(16)
      indexes.push(from.view.getInt32(at + 4, true))
    })
    expect(indexes).toEqual([index])
    events.close()
  })

  test('can be waited for, and stay there until they are read', async ({ ns, sync }) => {
    const { index } = await ns.link.add({ kind: 'bridge', name: 'br0' })
    const events = new Events(homeOf(ns), [RTNLGRP_IPV4_IFADDR])
    for (const { transport } of [ns, sync]) {
      const started = performance.now()
      expect(await transport.run(events.wait(60))).toBe(false)
      expect(performance.now() - started).toBeGreaterThan(55)
      await ns.addr.replace({ dev: index, address: '10.0.0.1/24' })
      expect(await transport.run(events.wait(100_000))).toBe(true)
      expect(await transport.run(events.wait(0))).toBe(true)
      expect(read(events)).toEqual({ types: [RTM_NEWADDR], whole: true })
      expect(await transport.run(events.wait(0))).toBe(false)
    }
    const waiting = ns.transport.run(events.wait(100_000))
    await sleep(10)
    await ns.addr.del({ dev: index, address: '10.0.0.1/24' })
    expect(await waiting).toBe(true)
    events.close()
  })

  test('that came in time are found, however late anybody looks', async ({ ns, sync }) => {
    const { index } = await ns.link.add({ kind: 'bridge', name: 'br0' })
    const events = new Events(homeOf(ns), [RTNLGRP_IPV4_IFADDR])
    const waiting = ns.transport.run(events.wait(20))
    sync.addr.add({ dev: index, address: '10.0.0.1/24' })
    // Nothing else runs on this thread meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60)
    expect(await waiting).toBe(true)
    events.close()
  })

  test('that were lost are missed, and the next ones are not', async ({ ns, sync }) => {
    const { index } = await ns.link.add({ kind: 'bridge', name: 'br0' })
    const events = new Events(homeOf(ns), [RTNLGRP_IPV4_IFADDR], 0, 4096)
    const many = Array.from({ length: 200 }, (_, i) => ({ dev: index, address: `10.0.0.${i + 1}/24` }))
    for (const { transport } of [ns, sync]) {
      for (const key of many) sync.addr.add(key)
      expect(await transport.run(events.wait(100_000))).toBe(true)
      const { types, whole } = read(events)
      expect(whole).toBe(false)
      expect(types.length).toBeGreaterThan(0)
      expect(types.length).toBeLessThan(many.length)

      sync.addr.add({ dev: index, address: '10.1.0.1/24' })
      expect(await transport.run(events.wait(100_000))).toBe(true)
      expect(read(events)).toEqual({ types: [RTM_NEWADDR], whole: true })
      sync.addr.flush({ dev: 'br0' })
      read(events)
    }
    events.close()
  })

  test('are no longer waited for when a signal says so', async ({ ns }) => {
    const [controller, closing] = [new AbortController(), new AbortController()]
    const home: Home = { ...homeOf(ns), closing: closing.signal }
    const events = new Events(home, [RTNLGRP_LINK])
    const reason = new Error('enough')
    const first = failure(() => ns.transport.run(events.wait(100_000, controller.signal)))
    await sleep(5)
    controller.abort(reason)
    expect(await first).toBe(reason)
    const closed = new Error('closed')
    const second = failure(() => ns.transport.run(events.wait(100_000)))
    await sleep(5)
    closing.abort(closed)
    expect(await second).toBe(closed)
    expect(await failure(() => ns.transport.run(events.wait(100_000)))).toBe(closed)
    events.close()
  })

  test('of a group that does not exist cannot be had, and nothing stays open', async ({ ns }) => {
    const before = held()
    const error = await failure(() => new Events(homeOf(ns), [RTNLGRP_LINK, 4711]))
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'setsockopt', netns: `net:[${ns.inode}]` })
    expect(error.message).toContain('group 4711')
    const events = new Events(homeOf(ns), [RTNLGRP_LINK])
    expect(held().descriptors).toBe(before.descriptors + 1)
    events.close()
    events.close()
    expect(held().descriptors).toBe(before.descriptors)
  })
})
