/** What the compiler has to let through of traffic control, and what it must not, with the reason before it. Nothing runs it. */

import { filter, type Netns, qdisc, type Rate, type Size, type Time, tcClass } from 'nslink'
import * as sync from 'nslink/sync'
import { expectTypeOf } from 'vitest'

export function units(): void {
  const rates: Rate[] = [1e6, '100mbit', '1.5Gbit', '12KBps', '1tibps', '1000']
  const sizes: Size[] = [1500, '10kb', '1Mb', '100mbit', '1g']
  const times: Time[] = [5000, '50ms', '1.5s', '100ns']
  expectTypeOf([rates, sizes, times]).not.toBeAny()
  // @ts-expect-error: mb is a size, not a rate.
  rates.push('100mb')
  // @ts-expect-error: there is something after it.
  rates.push('100mbit!')
  // @ts-expect-error: kbps is a rate, not a size.
  sizes.push('10kbps')
  // @ts-expect-error: m may be minutes or milliseconds.
  times.push('5m')
}

export function options(): void {
  const here = { dev: 'eth0', parent: 'root' } as const
  void qdisc.add({ ...here, kind: 'tbf', rate: '1mbit', burst: '10k', latency: '50ms' })
  void qdisc.add({ dev: 'eth0', kind: 'clsact' })
  void qdisc.add({ ...here, kind: { raw: 'cake' }, data: { 2: '00' } })
  // @ts-expect-error: a tbf needs a burst.
  void qdisc.add({ ...here, kind: 'tbf', rate: '1mbit', latency: '50ms' })
  // @ts-expect-error: bands are an option of a prio.
  void qdisc.add({ ...here, kind: 'pfifo', bands: 3 })
  // @ts-expect-error: there is no such kind.
  void qdisc.add({ ...here, kind: 'fifo' })
  // @ts-expect-error: a handle has a colon.
  void qdisc.add({ ...here, handle: '1', kind: 'pfifo' })
  // @ts-expect-error: a class has a name.
  void tcClass.add({ dev: 'eth0', parent: '1:', kind: 'htb', rate: '1mbit' })
  void tcClass.add({ dev: 'eth0', parent: '1:', classid: '1:1', kind: 'htb', rate: '1mbit' })
  void filter.add({ dev: 'eth0', parent: '1:', kind: 'u32', handle: '800::1', match: [{ ip: { dport: 80 } }] })
  void filter.add({ dev: 'eth0', parent: '1:', kind: 'fw', handle: 100, flowid: '1:1' })
  // @ts-expect-error: the handle of an fw is a number.
  void filter.add({ dev: 'eth0', parent: '1:', kind: 'fw', handle: '800::1' })
  // @ts-expect-error: a port is no field of Ethernet.
  void filter.add({ dev: 'eth0', parent: '1:', kind: 'u32', match: [{ ether: { dport: 80 } }] })
  void filter.add({ dev: 'eth0', parent: 'egress', kind: 'matchall', actions: [{ kind: 'gact', control: 'drop' }] })
  // @ts-expect-error: a mirred has no chance.
  void filter.add({ dev: 'eth0', kind: 'matchall', actions: [{ kind: 'mirred', random: 5 }] })
}

export async function results(ns: Netns): Promise<void> {
  const [listed] = await ns.qdisc.list()
  expectTypeOf(listed?.tbf?.rate).toEqualTypeOf<number | undefined>()
  expectTypeOf(listed?.fq_codel?.target).toEqualTypeOf<number | undefined>()
  expectTypeOf(listed?.stats.fq_codel?.ecnMark).toEqualTypeOf<number | undefined>()
  const [found] = sync.filter.list({ dev: 'eth0' })
  const [action] = found?.u32?.actions ?? []
  if (action?.kind === 'mirred') expectTypeOf(action.direction).toEqualTypeOf<'egress' | 'ingress'>()
  expectTypeOf((await qdisc.add({ dev: 'eth0', kind: 'ingress' })).handle).toExtend<string>()
  expectTypeOf((await ns.class.get({ dev: 'eth0', classid: '1:1' })).htb?.ceil).toEqualTypeOf<number | undefined>()
}
