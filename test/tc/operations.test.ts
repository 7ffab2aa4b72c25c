/** The verbs of qdiscs, classes and filters, in the kernel: what is done is what `tc` shows, and what goes wrong names the option. */

import type { ClassAddOptions, Filter, FilterAddOptions, Netns, QdiscAddOptions } from 'nslink'
import { tcClass } from 'nslink'
import { tcClass as directClass } from 'nslink/sync'
import { furnish } from '../support/messages.js'
import { describe, expect, failure, output, type Tool, test, tool } from '../support/test.js'

/** The devices, and `tc`. They are not in use, so that nothing goes through that nobody sent. */
async function furnished(ns: Netns): Promise<Tool> {
  await output(ns, 'sh', '-c', furnish)
  const tc = tool(ns, 'tc')
  return (command) => tc(...String(command).split(' '))
}

/** What `tc` shows, a line each. */
const lines = async (tc: Tool, command: string): Promise<string[]> =>
  String(await tc(command))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

const htb = { dev: 'v0', parent: 'root', handle: '1:', kind: 'htb' } as const
const tbf = { dev: 'v0', parent: 'root', handle: '1:', kind: 'tbf', rate: '1mbit', burst: '10k', limit: '10k' } as const

describe('qdiscs', () => {
  test('are made, replaced, changed and deleted', async ({ ns }) => {
    const tc = await furnished(ns)
    expect(await ns.qdisc.add(tbf)).toEqual({ handle: '1:' })
    expect(await lines(tc, 'qdisc show dev v0')).toEqual([
      expect.stringMatching(/^qdisc tbf 1: root .*rate 1Mbit burst 10Kb/),
    ])
    await ns.qdisc.change({ ...tbf, rate: '2mbit' })
    expect(await lines(tc, 'qdisc show dev v0')).toEqual([expect.stringMatching(/^qdisc tbf 1: root .*rate 2Mbit/)])
    expect(await ns.qdisc.replace({ ...htb, handle: '2:' })).toEqual({ handle: '2:' })
    expect(await lines(tc, 'qdisc show dev v0')).toEqual([expect.stringMatching(/^qdisc htb 2: root/)])
    await ns.qdisc.del({ dev: 'v0', parent: 'root' })
    expect(await lines(tc, 'qdisc show dev v0')).toEqual([])
  })

  test('the handle is told that the kernel chose', async ({ ns, sync }) => {
    await furnished(ns)
    const { handle } = await ns.qdisc.add({ dev: 'v0', parent: 'root', kind: 'pfifo' })
    expect(handle).toMatch(/^[89a-f][\da-f]{3}:$/)
    expect(await ns.qdisc.get({ dev: 'v0', handle })).toMatchObject({ handle, kind: 'pfifo', parent: 'root' })
    expect(sync.qdisc.add({ dev: 'v1', kind: 'clsact' })).toEqual({ handle: 'ffff:' })
    expect(sync.qdisc.get({ dev: 'v1', parent: 'clsact' })).toMatchObject({ kind: 'clsact', parent: 'clsact' })
  })

  test('get and list give what tc shows', async ({ ns }) => {
    const tc = await furnished(ns)
    await tc('qdisc add dev v0 root handle 1: htb default 11 r2q 20')
    await tc('class add dev v0 parent 1: classid 1:11 htb rate 1mbit')
    await tc('qdisc add dev v0 parent 1:11 handle 11: bfifo limit 5000')
    await tc('qdisc add dev v0 ingress')
    await tc('qdisc add dev v1 root handle 5: stab overhead 4 linklayer atm pfifo limit 7')
    const nothing = { bytes: 0, packets: 0, drops: 0, overlimits: 0, requeues: 0, qlen: 0, backlog: 0 }
    const root = await ns.qdisc.get({ dev: 'v0', parent: 'root' })
    expect(root).toMatchObject({
      dev: 'v0',
      kind: 'htb',
      handle: '1:',
      parent: 'root',
      htb: { default: 0x11, r2q: 20 },
    })
    expect(await ns.qdisc.get({ dev: 'v0', parent: '1:11' })).toEqual({
      dev: 'v0',
      kind: 'bfifo',
      handle: '11:',
      parent: '1:11',
      refcnt: 1,
      bfifo: { limit: 5000 },
      stats: nothing,
    })
    expect(await ns.qdisc.get({ dev: 'v1', parent: 'root' })).toMatchObject({
      pfifo: { limit: 7 },
      stab: { overhead: 4, linklayer: 'atm', mpu: 0, mtu: 2047, tsize: 512 },
    })
    const named = async (filter: object) =>
      (await ns.qdisc.list(filter)).map(({ dev, kind, handle }) => `${dev} ${kind} ${handle}`)
    const shown = (await lines(tc, 'qdisc show')).map((line) => /^qdisc (\S+) (\S+) dev (\S+)/.exec(line) ?? [])
    expect(await named({})).toEqual(shown.map(([, kind, handle, dev]) => `${dev} ${kind} ${handle}`))
    expect(await named({ dev: 'v0' })).toEqual(['v0 htb 1:', 'v0 bfifo 11:', 'v0 ingress ffff:'])
    expect(await named({ parent: 'ingress' })).toEqual(['v0 ingress ffff:'])
    expect(await named({ parent: '1:11' })).toEqual(['v0 bfifo 11:'])
    expect(await named({ kind: 'htb' })).toEqual(['v0 htb 1:'])
    expect(await named({ dev: 'v1', kind: 'htb' })).toEqual([])
    await tc('class add dev v0 parent 1: classid 1:12 htb rate 1mbit')
    expect(await named({ dev: 'v0', parent: '1:12' })).toEqual([])
    expect(await named({ dev: 'v0', parent: '1:12', invisible: true })).toEqual(['v0 pfifo 0:'])
  })

  test('count what goes through, and how fast', async ({ ns }) => {
    await furnished(ns)
    for (const dev of ['v0', 'v1']) await ns.link.set(dev, { up: true })
    await ns.qdisc.add({
      ...tbf,
      burst: '1kb',
      limit: 3000,
      rate: '8kbit',
      estimator: { interval: '250ms', timeConstant: '1s' },
    })
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24' })
    await ns.neigh.add({ dev: 'v0', dst: '10.0.0.2', lladdr: '02:00:00:00:00:02' })
    await output(ns, 'ping', '-c', '20', '-i', '0.002', '-s', '500', '-w', '1', '-q', '10.0.0.2').catch(() => undefined)
    const { stats } = await ns.qdisc.get({ dev: 'v0', parent: 'root' })
    expect(stats.packets).toBeGreaterThan(0)
    expect(stats.bytes).toBeGreaterThanOrEqual(stats.packets * 90)
    expect(stats.drops).toBeGreaterThan(5)
    expect(stats.overlimits).toBeGreaterThan(0)
    expect(stats.rate).toBeGreaterThanOrEqual(0)
    expect(stats.pps).toBeGreaterThanOrEqual(0)
  })

  test('of a kind that goes by its name are told bytes', async ({ ns }) => {
    const tc = await furnished(ns)
    await ns.qdisc.add({ dev: 'v0', parent: 'root', handle: '1:', kind: { raw: 'pfifo' }, data: '07000000' })
    expect(await ns.qdisc.get({ dev: 'v0', parent: 'root' })).toMatchObject({ kind: 'pfifo', pfifo: { limit: 7 } })
    await ns.qdisc.replace({
      dev: 'v0',
      parent: 'root',
      handle: '2:',
      kind: { raw: 'htb' },
      data: { 2: '030000000a000000110000000000000000000000' },
    })
    expect(await lines(tc, 'qdisc show dev v0')).toEqual([expect.stringMatching(/^qdisc htb 2: root .*default 0x11/)])
    expect(await failure(() => ns.qdisc.add({ dev: 'v1', parent: 'root', kind: { raw: 'nosuch' } }))).toMatchObject({
      code: 'ENOENT',
      kernelMessage: 'Specified qdisc kind is unknown',
      attribute: 'kind',
    })
    expect(await failure(() => ns.qdisc.add({ dev: 'v1', parent: 'root', kind: { raw: 5 } } as never))).toMatchObject({
      message: expect.stringContaining('"kind.raw"'),
    })
  })

  test('a listed one can be given again', async ({ ns }) => {
    await furnished(ns)
    await ns.qdisc.add(tbf)
    const [listed] = await ns.qdisc.list({ dev: 'v0' })
    await ns.qdisc.del(listed as NonNullable<typeof listed>)
    await ns.qdisc.add({ ...listed, dev: 'v1' } as QdiscAddOptions)
    await ns.qdisc.change({ ...listed, dev: 'v1', rate: '3mbit' } as QdiscAddOptions)
    expect((await ns.qdisc.get({ dev: 'v1', parent: 'root' })).tbf).toMatchObject({ rate: 3e6, limit: 10_240 })
  })

  test('what is wrong is named', async ({ ns }) => {
    await furnished(ns)
    await ns.qdisc.add(htb)
    const before: [options: object, option: string][] = [
      [{ ...tbf, parent: undefined, handle: undefined }, '"parent"'],
      [{ ...tbf, parent: 'top' }, '"parent"'],
      [{ ...tbf, parent: '1:10000' }, '"parent"'],
      [{ ...tbf, parent: '1' }, '"parent"'],
      [{ ...tbf, handle: '1:5' }, '"handle"'],
      [{ ...tbf, handle: 1 }, '"handle"'],
      [{ ...tbf, kind: 'tbff' }, '"kind"'],
      [{ ...tbf, kind: undefined }, '"kind"'],
      [{ ...tbf, rates: 5 }, 'Unknown option "rates" of qdisc.add: did you mean "rate"?'],
      [{ ...tbf, dev: undefined }, '"dev"'],
      [{ ...tbf, tbf: { rates: 5 } }, 'Unknown option "rates" of tbf: did you mean "rate"?'],
      [{ ...tbf, tbf: 5 }, 'options of tbf'],
      [{ ...tbf, ingressBlock: -1 }, '"ingressBlock"'],
    ]
    for (const [options, option] of before) {
      const error = await failure(() => ns.qdisc.add(options as QdiscAddOptions))
      expect(error.message, option).toContain(option)
      expect(error).not.toHaveProperty('request')
    }
    const after: [run: () => unknown, code: string, attribute: string | undefined][] = [
      [() => ns.qdisc.add({ ...tbf, dev: 'nope' }), 'ENODEV', 'dev'],
      [() => ns.qdisc.add(htb), 'EEXIST', undefined],
      [() => ns.qdisc.add({ ...tbf, parent: '1:5', handle: '5:' }), 'ENOENT', 'parent'],
      [() => ns.qdisc.add({ ...tbf, parent: '7:5', handle: '5:' }), 'ENOENT', 'parent'],
      [() => ns.qdisc.change(tbf), 'EINVAL', 'kind'],
      [() => ns.qdisc.get({ dev: 'v0', parent: 'ingress' }), 'ENOENT', 'parent'],
      [() => ns.qdisc.get({ dev: 'v0', handle: '7:' }), 'ENOENT', 'handle'],
      [() => ns.qdisc.del({ dev: 'v0', parent: 'ingress' }), 'ENOENT', 'parent'],
      [() => ns.qdisc.del({ dev: 'v0', handle: '1:' }), 'EINVAL', 'parent'],
      [() => ns.qdisc.del({ dev: 'v0', parent: 'root', kind: 'tbf' }), 'EINVAL', 'kind'],
      [() => ns.qdisc.del({ dev: 'v0', parent: 'root', handle: '9:' }), 'EINVAL', 'handle'],
    ]
    for (const [index, [run, code, attribute]] of after.entries()) {
      const error = await failure(run)
      expect(error, `${index}: ${error.message}`).toMatchObject({ code })
      expect(error['attribute'], error.message).toBe(attribute)
    }
    await ns.qdisc.del({ dev: 'v0', parent: 'ingress', missingOk: true })
    expect((await ns.qdisc.list({ dev: 'v0' })).map(({ kind }) => kind)).toEqual(['htb'])
    expect(await failure(() => ns.qdisc.list({ device: 'v0' } as never))).toMatchObject({
      message: expect.stringContaining('Unknown option "device" of qdisc.list'),
    })
  })
})

describe('classes', () => {
  test('are made, replaced, changed and deleted', async ({ ns }) => {
    const tc = await furnished(ns)
    await ns.qdisc.add(htb)
    await ns.class.add({ dev: 'v0', parent: '1:', classid: '1:1', kind: 'htb', rate: '100mbit' })
    await ns.class.add({ dev: 'v0', parent: '1:1', classid: '1:10', kind: 'htb', rate: '20mbit', ceil: '100mbit' })
    const shown = async () => (await lines(tc, 'class show dev v0')).map((line) => line.replace(/ burst.*/, '')).sort()
    expect(await shown()).toEqual([
      'class htb 1:1 root rate 100Mbit ceil 100Mbit',
      'class htb 1:10 parent 1:1 prio 0 rate 20Mbit ceil 100Mbit',
    ])
    await ns.class.change({ dev: 'v0', parent: '1:1', classid: '1:10', kind: 'htb', rate: '30mbit', prio: 2 })
    await ns.class.replace({ dev: 'v0', parent: '1:', classid: '1:2', kind: 'htb', rate: '1mbit' })
    await ns.class.replace({ dev: 'v0', parent: '1:', classid: '1:2', kind: 'htb', rate: '2mbit' })
    expect(await shown()).toEqual([
      'class htb 1:1 root rate 100Mbit ceil 100Mbit',
      'class htb 1:10 parent 1:1 prio 2 rate 30Mbit ceil 30Mbit',
      'class htb 1:2 root prio 0 rate 2Mbit ceil 2Mbit',
    ])
    await ns.class.del({ dev: 'v0', classid: '1:10' })
    await ns.class.del({ dev: 'v0', classid: '1:10', missingOk: true })
    expect((await ns.class.list({ dev: 'v0' })).map(({ classid }) => classid).sort()).toEqual(['1:1', '1:2'])
  })

  test('get and list give what tc made', async ({ ns }) => {
    const tc = await furnished(ns)
    await tc('qdisc add dev v0 root handle 1: htb')
    await tc('class add dev v0 parent 1: classid 1:1 htb rate 100mbit')
    await tc('class add dev v0 parent 1:1 classid 1:ffff htb rate 20mbit ceil 100mbit prio 3 quantum 1514')
    await tc('qdisc add dev v0 parent 1:ffff handle 7: pfifo')
    expect(await ns.class.get({ dev: 'v0', classid: '1:ffff' })).toEqual({
      dev: 'v0',
      kind: 'htb',
      classid: '1:ffff',
      parent: '1:1',
      leaf: '7:',
      htb: {
        rate: 20e6,
        ceil: 100e6,
        burst: 1600,
        cburst: 1600,
        prio: 3,
        quantum: 1514,
        level: 0,
        mpu: 0,
        overhead: 0,
        linklayer: 'ethernet',
      },
      stats: {
        bytes: 0,
        packets: 0,
        drops: 0,
        overlimits: 0,
        requeues: 0,
        qlen: 0,
        backlog: 0,
        htb: { lends: 0, borrows: 0, giants: 0, tokens: 10_000, ctokens: 2000 },
      },
    })
    const named = async (filter: object) =>
      (await ns.class.list({ dev: 'v0', ...filter })).map(({ classid }) => classid).sort()
    expect(await named({})).toEqual(['1:1', '1:ffff'])
    expect(await named({ qdisc: '1:' })).toEqual(['1:1', '1:ffff'])
    expect(await named({ qdisc: '7:' })).toEqual([])
    expect(await named({ parent: 'root' })).toEqual(['1:1'])
    expect(await named({ parent: '1:1' })).toEqual(['1:ffff'])
    expect(await named({ kind: 'hfsc' })).toEqual([])
    expect(await ns.class.list({ dev: 'v1' })).toEqual([])
  })

  test('go by another name where none may be called class', async () => {
    expect(await tcClass.list({ dev: 'lo' })).toEqual([])
    expect(directClass.list({ dev: 'lo' })).toEqual([])
  })

  test('what is wrong is named', async ({ ns }) => {
    await furnished(ns)
    await ns.qdisc.add(htb)
    const one = { dev: 'v0', parent: '1:', classid: '1:1', kind: 'htb', rate: '1mbit' } as const
    await ns.class.add(one)
    const after: [run: () => unknown, code: string, attribute: string | undefined][] = [
      [() => ns.class.add(one), 'EEXIST', undefined],
      [() => ns.class.add({ ...one, classid: '1:2', parent: '1:7' }), 'ENOENT', 'parent'],
      [() => ns.class.add({ ...one, classid: '7:2', parent: '7:' }), 'ENOENT', 'parent'],
      [() => ns.class.change({ ...one, classid: '1:2' }), 'ENOENT', 'classid'],
      [() => ns.class.get({ dev: 'v0', classid: '1:2' }), 'ENOENT', 'classid'],
      [() => ns.class.del({ dev: 'v0', classid: '1:2' }), 'ENOENT', 'classid'],
      [() => ns.class.add({ ...one, dev: 'nope' }), 'ENODEV', 'dev'],
    ]
    for (const [index, [run, code, attribute]] of after.entries()) {
      const error = await failure(run)
      expect(error, `${index}: ${error.message}`).toMatchObject({ code })
      expect(error['attribute'], error.message).toBe(attribute)
    }
    // The kernel would have put it at the top.
    expect((await ns.class.list({ dev: 'v0' })).map(({ classid }) => classid)).toEqual(['1:1'])
    expect(await failure(() => ns.class.list({} as never))).toMatchObject({ message: expect.stringContaining('"dev"') })
    expect(await failure(() => ns.class.add({ ...one, kind: 'tbf' } as unknown as ClassAddOptions))).toMatchObject({
      message: expect.stringContaining('"kind"'),
    })
  })
})

describe('filters', () => {
  const u32 = {
    dev: 'v0',
    parent: 'ingress',
    protocol: 'ip',
    prio: 1,
    kind: 'u32',
    match: [{ ip: { dport: 80 } }],
  } as const
  const chosen = async (ns: Netns, filter: object = {}): Promise<string[]> =>
    (await ns.filter.list({ dev: 'v0', parent: 'ingress', ...filter })).map(({ prio, handle }) => `${prio} ${handle}`)

  test('are made, replaced and deleted', async ({ ns }) => {
    const tc = await furnished(ns)
    await ns.qdisc.add({ dev: 'v0', kind: 'clsact' })
    expect(await ns.filter.add(u32)).toEqual({ prio: 1, handle: '800::800' })
    expect(await ns.filter.add({ ...u32, flowid: '1:1' })).toEqual({ prio: 1, handle: '800::801' })
    const { prio } = await ns.filter.add({ ...u32, prio: undefined })
    expect(prio).toBe(49_152)
    expect(await ns.filter.replace({ ...u32, handle: '800::800', flowid: '1:7' })).toEqual({
      prio: 1,
      handle: '800::800',
    })
    expect(await lines(tc, 'filter show dev v0 ingress')).toContainEqual(
      expect.stringMatching(/fh 800::800 .*flowid 1:7/),
    )
    expect(await ns.filter.get({ ...u32, handle: '800::800' })).toMatchObject({
      dev: 'v0',
      parent: 'ingress',
      kind: 'u32',
      protocol: 'ip',
      prio: 1,
      chain: 0,
      handle: '800::800',
      u32: { match: [{ ip: { dport: 80 } }], flowid: '1:7', ht: '800:' },
    })
    await ns.filter.del({ dev: 'v0', parent: 'ingress', prio: 1, protocol: 'ip', kind: 'u32', handle: '800::800' })
    expect(await chosen(ns, { prio: 1 })).toEqual(['1 800:', '1 800::801'])
    await ns.filter.del({ dev: 'v0', parent: 'ingress', prio: 1 })
    expect(await chosen(ns)).toEqual(['49152 801:', '49152 801::800'])
    await ns.filter.del({ dev: 'v0', parent: 'ingress' })
    expect(await chosen(ns)).toEqual([])
    expect(await lines(tc, 'filter show dev v0 ingress')).toEqual([])
  })

  test('list chooses what tc chooses', async ({ ns }) => {
    const tc = await furnished(ns)
    await tc('qdisc add dev v0 clsact')
    await tc('filter add dev v0 ingress protocol ip prio 1 u32 match u32 0 0')
    await tc('filter add dev v0 ingress protocol ipv6 prio 2 u32 match u32 0 0')
    await tc('filter add dev v0 ingress protocol ip prio 3 chain 7 u32 match u32 0 0')
    await tc('filter add dev v0 egress protocol all prio 4 u32 match u32 0 0')
    const real = async (filter: object): Promise<number[]> =>
      (await ns.filter.list({ dev: 'v0', ...filter })).filter(({ u32 }) => u32?.match).map(({ prio }) => prio)
    expect(await real({ parent: 'ingress' })).toEqual([1, 2, 3])
    expect(await real({ parent: 'ingress', protocol: 'ipv6' })).toEqual([2])
    expect(await real({ parent: 'ingress', prio: 1 })).toEqual([1])
    expect(await real({ parent: 'ingress', chain: 7 })).toEqual([3])
    expect(await real({ parent: 'egress' })).toEqual([4])
    expect(await real({ parent: 'egress', kind: 'fw' })).toEqual([])
    expect(await real({})).toEqual([])
    expect(await real({ dev: 'v1', parent: 'ingress' })).toEqual([])
  })

  test('of a block belong to several devices', async ({ ns }) => {
    const tc = await furnished(ns)
    for (const dev of ['v0', 'v1']) await ns.qdisc.add({ dev, kind: 'clsact', ingressBlock: 22 })
    await ns.filter.add({ block: 22, prio: 5, kind: 'u32', match: [{ u32: [0, 0] }] })
    expect((await ns.filter.list({ block: 22 })).at(-1)).toMatchObject({ block: 22, prio: 5, protocol: 'all' })
    expect(await lines(tc, 'filter show block 22')).toContainEqual(
      expect.stringMatching(/^filter .*pref 5 u32.* fh 800::800/),
    )
    expect((await ns.qdisc.get({ dev: 'v1', parent: 'clsact' })).ingressBlock).toBe(22)
    await ns.filter.del({ block: 22 })
    expect(await ns.filter.list({ block: 22 })).toEqual([])
  })

  test('lead from table to table', async ({ ns }) => {
    const tc = await furnished(ns)
    await ns.qdisc.add({ dev: 'v0', kind: 'clsact' })
    await ns.filter.add({
      dev: 'v0',
      parent: 'ingress',
      protocol: 'ip',
      prio: 1,
      kind: 'u32',
      handle: '1:',
      divisor: 256,
    })
    await ns.filter.add({ ...u32, ht: '1:5:', match: [{ tcp: { dst: 80 } }], flowid: '1:1' })
    await ns.filter.add({
      ...u32,
      match: [{ ip: { protocol: 'tcp' } }],
      link: '1:',
      hashkey: { mask: 0xff, at: 12 },
      offset: { at: 0, mask: 0x0f00, shift: 6, plus: 0, eat: true },
    })
    const filters = await ns.filter.list({ dev: 'v0', parent: 'ingress' })
    expect(filters.map(({ handle }) => handle)).toEqual(['1:', '1:5:800', '800:', '800::800'])
    const [table, inner, , outer] = filters as [Filter, Filter, Filter, Filter]
    expect(table.u32).toEqual({ divisor: 256 })
    expect(inner.u32).toMatchObject({ ht: '1:5:', match: [{ u32: [80, 0xffff, 'nexthdr+0'] }] })
    expect(outer.u32).toMatchObject({
      link: '1:',
      hashkey: { mask: 0xff, at: 12 },
      offset: { at: 0, mask: 0x0f00, shift: 6, plus: 0, eat: true },
    })
    expect(await lines(tc, 'filter show dev v0 ingress')).toContainEqual(
      expect.stringMatching(/fh 1:5:800 .*key ht 1 bkt 5/),
    )
  })

  test('what is wrong is named', async ({ ns }) => {
    await furnished(ns)
    await ns.qdisc.add({ dev: 'v0', kind: 'clsact' })
    await ns.filter.add(u32)
    const before: [options: object, option: string][] = [
      [{ ...u32, dev: undefined }, '"dev"'],
      [{ ...u32, block: 5 }, '"block"'],
      [{ ...u32, dev: undefined, block: 5 }, '"parent"'],
      [{ ...u32, prio: 65_536 }, '"prio"'],
      [{ ...u32, protocol: 'ipv4' }, '"protocol"'],
      [{ ...u32, parent: 'clsact' }, '"parent"'],
      [{ ...u32, chain: -1 }, '"chain"'],
      [{ ...u32, handle: 5 }, '"handle"'],
      [{ ...u32, matches: [] }, 'Unknown option "matches" of filter.add: did you mean "match"?'],
    ]
    for (const [options, option] of before) {
      const error = await failure(() => ns.filter.add(options as FilterAddOptions))
      expect(error.message, option).toContain(option)
      expect(error).not.toHaveProperty('request')
    }
    const after: [run: () => unknown, code: string, attribute: string | undefined][] = [
      [() => ns.filter.add({ ...u32, dev: 'nope' }), 'ENODEV', 'dev'],
      [() => ns.filter.add({ ...u32, parent: '9:' }), 'EINVAL', 'parent'],
      [() => ns.filter.add({ ...u32, handle: '800::800' }), 'EEXIST', 'handle'],
      [() => ns.filter.add({ ...u32, ht: '7:' }), 'EINVAL', 'u32.ht'],
      [() => ns.filter.add({ ...u32, link: '7:' }), 'EINVAL', 'u32.link'],
      [() => ns.filter.add({ ...u32, match: undefined }), 'EINVAL', 'u32.match'],
      [() => ns.filter.add({ ...u32, indev: 'nope' }), 'EINVAL', 'u32.indev'],
      [() => ns.filter.add({ dev: 'v0', parent: 'ingress', kind: { raw: 'nosuch' } }), 'ENOENT', 'kind'],
      [() => ns.filter.get({ ...u32, handle: '800::7' }), 'ENOENT', 'handle'],
      [() => ns.filter.get({ ...u32, prio: 9, handle: '800::7' }), 'ENOENT', 'prio'],
      [() => ns.filter.del({ dev: 'v0', parent: 'ingress', prio: 9 }), 'ENOENT', 'prio'],
    ]
    for (const [index, [run, code, attribute]] of after.entries()) {
      const error = await failure(run)
      expect(error, `${index}: ${error.message}`).toMatchObject({ code })
      expect(error['attribute'], error.message).toBe(attribute)
    }
    // Older kernels say that there is no such priority.
    const other = await failure(() => ns.filter.add({ ...u32, protocol: 'ipv6' }))
    expect(other).toMatchObject({ code: 'EINVAL', attribute: expect.stringMatching(/^(protocol|prio)$/) })
    for (const key of ['prio', 'kind', 'handle']) {
      const error = await failure(() => ns.filter.get({ ...u32, handle: '800::800', [key]: undefined }))
      expect(error.message).toContain(`"${key}"`)
    }
    await ns.filter.del({ dev: 'v0', parent: 'ingress', prio: 9, missingOk: true })
    expect(await chosen(ns)).toEqual(['1 800:', '1 800::800'])
  })
})

test('tree shows what is in what', async ({ ns }) => {
  const tc = await furnished(ns)
  await tc('qdisc add dev v0 root handle 1: htb default 11')
  await tc('class add dev v0 parent 1: classid 1:1 htb rate 100mbit')
  await tc('class add dev v0 parent 1:1 classid 1:11 htb rate 80mbit')
  await tc('class add dev v0 parent 1:1 classid 1:12 htb rate 20mbit')
  await tc('qdisc add dev v0 parent 1:12 handle 12: tbf rate 1mbit burst 10k limit 10k')
  await tc('filter add dev v0 parent 1: protocol ip prio 1 u32 match ip dport 80 0xffff flowid 1:1')
  await tc('filter add dev v0 parent 1:1 protocol ip prio 1 u32 match ip dport 80 0xffff flowid 1:12')
  await tc('qdisc add dev v0 clsact')
  await tc('filter add dev v0 ingress protocol all prio 1 u32 match u32 0 0')
  await tc('filter add dev v0 egress protocol all prio 2 u32 match u32 0 0')
  const { root, ingress } = await ns.qdisc.tree('v0')
  expect(root).toMatchObject({
    kind: 'htb',
    handle: '1:',
    htb: { default: 0x11 },
    stats: { bytes: expect.any(Number) },
  })
  // Those of a qdisc and of its classes share their tables, and the kernel shows them in both places.
  const flows = (filters: Filter[] = []) => filters.flatMap(({ u32 }) => u32?.flowid ?? []).sort()
  expect(flows(root?.filters)).toEqual(['1:1', '1:12'])
  expect(root?.classes).toHaveLength(1)
  const [top] = root?.classes ?? []
  expect(top).toMatchObject({ classid: '1:1', htb: { rate: 100e6 } })
  expect(flows(top?.filters)).toEqual(['1:1', '1:12'])
  expect(top?.filters[0]?.parent).toBe('1:1')
  const leaves = [...(top?.classes ?? [])].sort((a, b) => a.classid.localeCompare(b.classid))
  expect(leaves).toMatchObject([{ classid: '1:11' }, { classid: '1:12', leaf: '12:', qdisc: { kind: 'tbf' } }])
  expect(leaves[0]).not.toHaveProperty('qdisc')
  expect(ingress).toMatchObject({ kind: 'clsact', parent: 'clsact' })
  const real = ingress?.filters.filter(({ u32 }) => u32?.match).map(({ parent, prio }) => `${parent} ${prio}`)
  expect(real).toEqual(['ingress 1', 'egress 2'])
  expect(await ns.qdisc.tree('v1')).toEqual({})
  await ns.link.set('v1', { up: true })
  expect(await ns.qdisc.tree('v1')).toMatchObject({ root: { kind: 'noqueue', filters: [], classes: [] } })
  expect(JSON.parse(JSON.stringify(root))).toEqual(root)
  expect(await failure(() => ns.qdisc.tree('nope'))).toMatchObject({ code: 'ENODEV' })
})

test('all of it goes in one batch', async ({ ns }) => {
  await furnished(ns)
  await ns.batch(({ qdisc, class: classes, filter }) => [
    qdisc.add(htb),
    classes.add({ dev: 'v0', parent: '1:', classid: '1:1', kind: 'htb', rate: '100mbit' }),
    classes.add({ dev: 'v0', parent: '1:1', classid: '1:10', kind: 'htb', rate: '10mbit' }),
    filter.add({
      dev: 'v0',
      parent: '1:',
      protocol: 'ip',
      prio: 1,
      kind: 'u32',
      match: [{ ip: { dport: 80 } }],
      flowid: '1:10',
    }),
  ])
  const { root } = await ns.qdisc.tree('v0')
  expect(root?.classes[0]?.classes[0]?.classid).toBe('1:10')
  expect(root?.filters).toHaveLength(2)
})
