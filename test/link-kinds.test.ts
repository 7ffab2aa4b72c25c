import type { LinkAddOptions, LinkSetOptions, Netns } from 'nslink'
import { common, switchNames } from '../src/link/attributes.js'
import { bridge as bridgeKind } from '../src/link/kinds/bridge.js'
import { veth as vethKind } from '../src/link/kinds/veth.js'
import type { Entries } from '../src/netlink/attributes.js'
import { needs } from './support/features.js'
import { isOlderThan } from './support/kinds.js'
import { bridge, bridgePort, comparable, difference, inOurWords, type Json, type Spellings } from './support/links.js'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** The options of a table that can be given. */
const writable = (entries: Entries): string[] =>
  Object.entries(entries).flatMap(([key, { readOnly, ignored }]) => (readOnly || ignored ? [] : [key]))

const show = async (ip: Tool, dev: string): Promise<Json> => {
  const [json] = (await ip('-j', '-d', 'link', 'show', 'dev', dev)) as [Json]
  return json
}
const dataOf = async (ip: Tool, dev: string, what = 'info_data'): Promise<Json> =>
  ((await show(ip, dev))['linkinfo'] as Record<string, Json>)[what] as Json

/** Whether the kernel's bridges can tell VLANs apart. `ip` shows what the kernel sends. */
const tellsVlans = async (ip: Tool, dev: string): Promise<boolean> => 'vlan_protocol' in (await dataOf(ip, dev))

const options = (spellings: Spellings, vlans: boolean): [string, Spellings[string]][] =>
  Object.entries(spellings).filter(([, { vlan, since }]) => (vlans || !vlan) && !isOlderThan(since))

const words = (spellings: Spellings, vlans: boolean): string[] =>
  options(spellings, vlans).flatMap(([, each]) => each.words?.split(' ') ?? [])

const values = (spellings: Spellings, vlans: boolean): Json =>
  Object.fromEntries(options(spellings, vlans).map(([key, { value }]) => [key, value]))

const shown = (spellings: Spellings, vlans: boolean): Json =>
  Object.fromEntries(options(spellings, vlans).flatMap(([, { shows }]) => (shows === undefined ? [] : [shows])))

/** What else changes with an option of a bridge. */
const consequences: Record<string, string[]> = { priority: ['bridge_id', 'root_id'], vlanProtocol: ['group_addr'] }

const timers = /_timer$/

describe('bridge', () => {
  test('every option there is has a value to be tested with', () => {
    // One does something once.
    expect(writable(bridgeKind.table.entries).sort()).toEqual([...Object.keys(bridge), 'fdbFlush'].sort())
  })

  test('made with every option', async ({ ns, ip }) => {
    await ip('link', 'add', 'plain', 'type', 'bridge')
    const vlans = await tellsVlans(ip, 'plain')
    const given = values(bridge, vlans)
    await ns.link.add({ kind: 'bridge', name: 'br0', ...given } as LinkAddOptions)

    const expected = shown(bridge, vlans)
    const seen = await dataOf(ip, 'br0')
    expect(seen).toMatchObject(expected)
    // Each of them is another than a bridge has by itself.
    expect(Object.keys(difference(await dataOf(ip, 'plain'), seen))).toEqual(
      expect.arrayContaining(Object.keys(expected)),
    )
    const ours = (await ns.link.get('br0')).bridge
    expect(ours).toMatchObject(given)
    expect(comparable(await ns.link.get('br0'))).toEqual(inOurWords(await show(ip, 'br0')))
  })

  test('made by ip with every option', async ({ ns, ip }) => {
    await ip('link', 'add', 'plain', 'type', 'bridge')
    const vlans = await tellsVlans(ip, 'plain')
    await ip('link', 'add', 'br0', 'type', 'bridge', ...words(bridge, vlans))
    const ours = (await ns.link.get('br0')).bridge as Json
    for (const [key, { value, words }] of options(bridge, vlans)) if (words) expect(ours[key], key).toEqual(value)
    expect(comparable(await ns.link.get('br0'))).toEqual(inOurWords(await show(ip, 'br0')))
  })

  test('changed, one option at a time, and nothing else', async ({ ns, ip }) => {
    await ip('link', 'add', 'plain', 'type', 'bridge')
    const vlans = await tellsVlans(ip, 'plain')
    for (const [key, { value, beside, shows }] of options(bridge, vlans)) {
      const dev = key.slice(0, 15)
      await ns.link.add({ kind: 'bridge', name: dev, ...beside } as LinkAddOptions)
      const [before, ours] = [await show(ip, dev), await ns.link.get(dev)]
      await ns.link.set(dev, { kind: 'bridge', [key]: value } as LinkSetOptions)
      const changed = Object.keys(difference(before, await show(ip, dev))).filter((field) => !timers.test(field))
      const fields = [...(shows?.slice(0, 1) ?? []), ...(consequences[key] ?? [])] as string[]
      expect(changed.sort(), key).toEqual(fields.map((field) => `linkinfo.info_data.${field}`).sort())
      const after = difference({ ...ours.bridge }, { ...(await ns.link.get(dev)).bridge })
      expect(after, key).toMatchObject({ [key]: value })
      await ns.link.del(dev)
    }
  })

  test('without VLANs in the kernel, there are none to be had', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const { bridge } = await ns.link.get('br0')
    if (await tellsVlans(ip, 'br0')) {
      expect(bridge).toMatchObject({ vlanFiltering: false, vlanProtocol: '802.1Q', vlanDefaultPvid: 1 })
      return
    }
    expect([bridge?.vlanProtocol, bridge?.vlanDefaultPvid, bridge?.vlanStatsEnabled]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    const refused = await failure(() => ns.link.set('br0', { kind: 'bridge', vlanFiltering: true }))
    expect(refused.code).toBe('EOPNOTSUPP')
  })

  test('forgets what it has learnt when it is told to', async ({ ns, bridge }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', up: true })
    await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', up: true, peer: { name: 'v1' } })
    await ns.link.set('v1', { up: true })
    const learnt = async (): Promise<Json[]> =>
      ((await bridge('-j', 'fdb', 'show', 'br', 'br0')) as Json[]).filter(({ mac }) => mac === '02:00:00:00:00:77')
    const teach = (): Promise<unknown> =>
      bridge('fdb', 'replace', '02:00:00:00:00:77', 'dev', 'v0', 'master', 'dynamic')
    await teach()
    expect(await learnt()).not.toEqual([])
    await ns.link.set('br0', { kind: 'bridge', fdbFlush: false })
    expect(await learnt()).not.toEqual([])
    await ns.link.set('br0', { kind: 'bridge', fdbFlush: true })
    expect(await learnt()).toEqual([])
    await teach()
    await ns.link.set('v0', { bridgePort: { flush: true } })
    expect(await learnt()).toEqual([])
  })

  test('its place in the spanning tree', async ({ ns, ip }) => {
    await ns.link.add({
      kind: 'bridge',
      name: 'br0',
      address: '02:00:00:0a:00:01',
      priority: 0x1000,
      stpState: 1,
      up: true,
    })
    await ns.link.add({ kind: 'bridge', name: 'br1', address: '02:00:00:00:00:02', stpState: 1, up: true })
    await ns.link.add({ kind: 'veth', name: 'a', master: 'br0', up: true, peer: { name: 'b' } })
    await ns.link.set('b', { master: 'br1', up: true })
    await expect
      .poll(async () => (await ns.link.get('br1')).bridge?.rootId, { timeout: 20_000 })
      .toBe('1000.02:00:00:0a:00:01')
    const leaf = await ns.link.get('br1')
    expect(leaf.bridge).toMatchObject({ bridgeId: '8000.02:00:00:00:00:02', rootPort: 1, rootPathCost: 2 })
    expect((await ns.link.get('b')).bridgePort).toMatchObject({ rootId: '1000.02:00:00:0a:00:01', no: 1, id: 0x8001 })
    // This iproute2 prints the bridge's own identity as the root's; of a port it prints the right one.
    expect(await dataOf(ip, 'b', 'info_slave_data')).toMatchObject({ root_id: '1000.2:0:0:a:0:1' })
  })

  const wrong: [string, unknown, string][] = [
    ['forwardDelay', -1, 'ERR_OUT_OF_RANGE'],
    ['forwardDelay', 2 ** 32, 'ERR_OUT_OF_RANGE'],
    ['forwardDelay', '15s', 'ERR_INVALID_ARG_TYPE'],
    ['helloTime', 1.5, 'ERR_OUT_OF_RANGE'],
    ['priority', 65_536, 'ERR_OUT_OF_RANGE'],
    ['vlanFiltering', 1, 'ERR_INVALID_ARG_TYPE'],
    ['vlanProtocol', '802.1X', 'ERR_INVALID_ARG_VALUE'],
    ['vlanProtocol', 65_536, 'ERR_OUT_OF_RANGE'],
    ['vlanDefaultPvid', 65_536, 'ERR_OUT_OF_RANGE'],
    ['groupAddress', '01:80:c2:00:00', 'ERR_INVALID_ARG_VALUE'],
    ['groupAddress', 'here', 'ERR_INVALID_ARG_VALUE'],
    ['mcastRouter', 256, 'ERR_OUT_OF_RANGE'],
    ['mcastQuerier', 'on', 'ERR_INVALID_ARG_TYPE'],
    ['mcastQueryInterval', -1, 'ERR_OUT_OF_RANGE'],
    ['mcastQueryInterval', 2 ** 53, 'ERR_OUT_OF_RANGE'],
    ['fdbFlush', 1, 'ERR_INVALID_ARG_TYPE'],
    ['mstEnabled', 1, 'ERR_INVALID_ARG_TYPE'],
  ]

  test('wrong values are refused before the kernel sees them, and the error names the option', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const before = await ns.link.get('br0')
    for (const [key, value, code] of wrong) {
      const given = { kind: 'bridge', [key]: value } as LinkSetOptions & LinkAddOptions
      for (const operation of [
        () => ns.link.set('br0', given),
        () => sync.link.set('br0', given),
        () => ns.link.add({ ...given, name: 'br1' }),
      ]) {
        const error = await failure(operation)
        expect(error, `${key} ${value}`).toMatchObject({ code })
        expect(error.message).toContain(`bridge.${key}`)
      }
    }
    expect(await ns.link.get('br0')).toEqual(before)
    expect(await ns.link.list({ kind: 'bridge' })).toHaveLength(1)
  })

  test('an error names whichever option has a value that is none', async ({ ns }) => {
    for (const key of writable(bridgeKind.table.entries)) {
      const error = await failure(() =>
        ns.link.add({ kind: 'bridge', name: 'br0', [key]: Number.NaN } as LinkAddOptions),
      )
      expect(error.message, key).toContain(`"bridge.${key}"`)
    }
    expect(await ns.link.list({ kind: 'bridge' })).toEqual([])
  })

  // A kernel that cannot tell VLANs apart reports that it does not, and does not take that back.
  test('a listed one is made again as it was', needs('bridge:vlan_filtering'), async ({ ns, another }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', up: true, ...values(bridge, true) } as LinkAddOptions)
    // With a port that has no carrier, a bridge has none either: that is nothing it could be told.
    await ns.link.add({ kind: 'veth', name: 'v0', up: true, master: 'br0' })
    await ns.link.waitFor('br0', ({ carrier }) => carrier === false)
    const listed = await ns.link.get('br0')
    const other = await another()
    await other.link.add({ ...listed, kind: 'bridge' })
    const again = await other.link.get('br0')
    expect(again).toMatchObject({ index: listed.index, address: listed.address, up: true })
    const { helloTimer, gcTimer, topologyChangeTimer, topologyChange, ...settings } = listed.bridge ?? {}
    expect(again.bridge).toMatchObject(settings)
  })

  test('what is listed under its name can be given back with changes beside it', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', ageingTime: 500, bridge: { ageingTime: 400, priority: 7 } })
    expect((await ns.link.get('br0')).bridge).toMatchObject({ ageingTime: 500, priority: 7 })
    await ns.link.set('br0', { kind: 'bridge', bridge: { ageingTime: 600 } })
    expect((await ns.link.get('br0')).bridge).toMatchObject({ ageingTime: 600, priority: 7 })
    for (const [options, words] of [
      [{ bridge: { ageingTime: 1 } }, 'Unknown option "bridge" of link.set'],
      [{ kind: 'veth', bridge: { ageingTime: 1 } }, 'Unknown option "bridge" of link.set'],
      [{ kind: { raw: 'bridge' }, bridge: { ageingTime: 1 } }, 'Unknown option "bridge" of link.set'],
      [{ kind: 'bridge', bridge: 5 }, 'The "bridge" option must be an object'],
      [{ kind: 'bridge', bridge: { ageing: 1 } }, 'Unknown option "ageing" of bridge'],
      [{ kind: 'bridge', bridge: { ageingTime: '1' } }, 'The "bridge.ageingTime" option must be'],
    ] as const) {
      const error = await failure(() => ns.link.set('br0', options as unknown as LinkSetOptions))
      expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining(words) })
    }
    expect((await ns.link.get('br0')).bridge).toMatchObject({ ageingTime: 600, priority: 7 })
  })

  test('what the kernel refuses comes with its words', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const snooping = await failure(() => ns.link.set('br0', { kind: 'bridge', mcastVlanSnooping: true }))
    expect(snooping).toMatchObject({ name: 'NetlinkError', code: 'EINVAL', request: 'RTM_NEWLINK' })
    expect(snooping['kernelMessage']).toMatch(/snooping with vlan filtering disabled/)
    expect(snooping.message).toContain('snooping with vlan filtering disabled')
    expect((await failure(() => ns.link.set('br0', { kind: 'bridge', groupFwdMask: 1 }))).code).toBe('EINVAL')
    expect((await failure(() => ns.link.add({ kind: 'bridge', helloTime: 1, stpState: 1 }))).code).toBe('ERANGE')
    const loop = await failure(() => ns.link.set('br0', { master: 'br0' }))
    expect(loop).toMatchObject({ code: 'ELOOP', kernelMessage: 'Can not enslave a bridge to a bridge' })
    // A new link that the kernel does not take whole is not there at all.
    expect(await ns.link.list({ kind: 'bridge' })).toHaveLength(1)
  })
})

describe('bridge port', () => {
  /** A bridge with two ports that have a carrier: v0, and one that is called what `backupPort` is. */
  async function furnish(ns: Netns): Promise<void> {
    await ns.link.add({ kind: 'bridge', name: 'br0', address: '02:00:00:00:00:01', up: true })
    for (const [name, peer] of [
      ['v0', 'v1'],
      ['other', 'peer'],
    ] as const) {
      await ns.link.add({
        kind: 'veth',
        name,
        address: `02:00:00:00:01:0${name.length}`,
        master: 'br0',
        up: true,
        peer: { name: peer },
      })
      await ns.link.set(peer, { up: true })
    }
    await expect.poll(async () => (await ns.link.get('v0')).bridgePort?.state).toBe('forwarding')
  }

  const entries = bridgeKind.port!.entries

  test('every option there is has a value to be tested with', () => {
    // One does something once, and one takes another away.
    expect(writable(entries).sort()).toEqual([...Object.keys(bridgePort), 'flush', 'nobackupPort'].sort())
  })

  /** Learning is off among all the values, and `mab` needs it on. */
  const { mab: _, ...together } = bridgePort as Spellings

  test('told every option', async ({ ns, ip }) => {
    await furnish(ns)
    const before = await dataOf(ip, 'v0', 'info_slave_data')
    const given = values(together, true)
    await ns.link.set('v0', { bridgePort: given })
    const seen = await dataOf(ip, 'v0', 'info_slave_data')
    expect(seen).toMatchObject(shown(together, true))
    expect(Object.keys(difference(before, seen))).toEqual(expect.arrayContaining(Object.keys(shown(together, true))))
    expect((await ns.link.get('v0')).bridgePort).toMatchObject(given)
    expect(comparable(await ns.link.get('v0'))).toEqual(inOurWords(await show(ip, 'v0')))
  })

  test('told by ip every option', async ({ ns, ip }) => {
    await furnish(ns)
    await ip('link', 'set', 'dev', 'v0', 'type', 'bridge_slave', ...words(together, true))
    const ours = (await ns.link.get('v0')).bridgePort as Json
    for (const [key, { value, words }] of options(together, true)) if (words) expect(ours[key], key).toEqual(value)
    expect(comparable(await ns.link.get('v0'))).toEqual(inOurWords(await show(ip, 'v0')))
  })

  test('told one option at a time, and nothing else changes', async ({ ns, ip }) => {
    await furnish(ns)
    for (const [key, { value, shows, beside }] of Object.entries(bridgePort as Spellings)) {
      await ns.link.set('v0', { nomaster: true })
      await ns.link.set('v0', { master: 'br0', bridgePort: { state: 'forwarding', ...beside } })
      const [before, ours] = [await show(ip, 'v0'), await ns.link.get('v0')]
      await ns.link.set('v0', { bridgePort: { [key]: value } })
      const changed = Object.keys(difference(before, await show(ip, 'v0'))).filter((field) => !timers.test(field))
      const fields = shows === undefined ? [] : [shows[0], ...(key === 'groupFwdMask' ? ['group_fwd_mask_str'] : [])]
      // The number of a port holds its priority.
      if (key === 'priority') fields.push('id', 'designated_port')
      expect(changed.sort(), key).toEqual(fields.map((field) => `linkinfo.info_slave_data.${field}`).sort())
      const after = difference({ ...ours.bridgePort }, { ...(await ns.link.get('v0')).bridgePort })
      expect(after, key).toMatchObject({ [key]: value })
    }
  })

  test('a port that stands in for it is taken away again', async ({ ns, ip }) => {
    await furnish(ns)
    await ip('link', 'set', 'v0', 'type', 'bridge_slave', 'backup_port', 'other')
    await ns.link.set('v0', { bridgePort: { nobackupPort: false } })
    expect((await ns.link.get('v0')).bridgePort).toMatchObject({ backupPort: 'other' })
    await ns.link.set('v0', { bridgePort: { nobackupPort: true } })
    expect(await dataOf(ip, 'v0', 'info_slave_data')).not.toHaveProperty('backup_port')
    expect((await ns.link.get('v0')).bridgePort).not.toHaveProperty('backupPort')
  })

  test('told with the message that makes the link, or with its master', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', bridgePort: { cost: 5, isolated: true } })
    expect(await dataOf(ip, 'v0', 'info_slave_data')).toMatchObject({ cost: 5, isolated: true })
    await ns.link.set('v0', { nomaster: true })
    await ns.link.set('v0', { name: 'v9', master: 'br0', bridgePort: { hairpin: true } })
    expect(await dataOf(ip, 'v9', 'info_slave_data')).toMatchObject({ cost: 2, isolated: false, hairpin: true })
  })

  test('wrong values are refused before the kernel sees them, and the error names the option', async ({ ns, ip }) => {
    await furnish(ns)
    const before = await dataOf(ip, 'v0', 'info_slave_data')
    for (const [key, value, code] of [
      ['state', 'open', 'ERR_INVALID_ARG_VALUE'],
      ['state', 256, 'ERR_OUT_OF_RANGE'],
      ['priority', 65_536, 'ERR_OUT_OF_RANGE'],
      ['cost', -1, 'ERR_OUT_OF_RANGE'],
      ['hairpin', 'on', 'ERR_INVALID_ARG_TYPE'],
      ['mcastRouter', '2', 'ERR_INVALID_ARG_TYPE'],
      ['groupFwdMask', '0x8', 'ERR_INVALID_ARG_TYPE'],
      ['backupPort', true, 'ERR_INVALID_ARG_TYPE'],
      ['isolate', true, 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      const error = await failure(() => ns.link.set('v0', { bridgePort: { [key]: value } }))
      expect(error, key).toMatchObject({ code })
      expect(error.message, key).toContain(key === 'isolate' ? 'did you mean "isolated"?' : `bridgePort.${key}`)
    }
    expect((await failure(() => ns.link.set('v0', { bridgePort: 5 as unknown as object }))).code).toBe(
      'ERR_INVALID_ARG_TYPE',
    )
    const after = await dataOf(ip, 'v0', 'info_slave_data')
    expect(Object.keys(difference(before, after)).filter((field) => !timers.test(field))).toEqual([])
  })

  test('an error names whichever option has a value that is none', async ({ ns }) => {
    await furnish(ns)
    for (const key of writable(entries)) {
      const error = await failure(() => ns.link.set('v0', { bridgePort: { [key]: Number.NaN } }))
      expect(error.message, key).toContain(`"bridgePort.${key}"`)
    }
  })

  test('a listed one is made again as it was', async ({ ns, another }) => {
    const port = { cost: 5, priority: 7, isolated: true, learning: false } as const
    await ns.link.add({ kind: 'bridge', name: 'br0', index: 10, up: true })
    await ns.link.add({ kind: 'vxlan', name: 'vx0', id: 5, up: true, master: 'br0', bridgePort: port })
    const listed = await ns.link.get('vx0')
    const other = await another()
    await other.link.add({ kind: 'bridge', name: 'br0', index: 10, up: true })
    await other.link.add(listed as LinkAddOptions)
    expect(await other.link.get('vx0')).toMatchObject({ master: 'br0', vxlan: listed.vxlan, bridgePort: port })
  })

  test('what the kernel refuses comes with its words, and the option where it names one', async ({ ns }) => {
    await furnish(ns)
    const absent = await failure(() => ns.link.set('v0', { bridgePort: { backupPort: 'nowhere' } }))
    expect(absent).toMatchObject({ code: 'ENODEV', attribute: 'bridgePort.backupPort' })
    expect((await failure(() => ns.link.set('v0', { bridgePort: { priority: 64 } }))).code).toBe('ERANGE')
    expect((await failure(() => ns.link.set('v0', { bridgePort: { cost: 0 } }))).code).toBe('ERANGE')
    const mab = await failure(() => ns.link.set('v0', { bridgePort: { mab: true } }))
    expect(mab).toMatchObject({ code: 'EINVAL', kernelMessage: expect.stringContaining('must be locked') })
    const short = await failure(() => ns.link.set('v0', { bridgePort: { unknown: { 42: '00' } } }))
    expect(short).toMatchObject({ attribute: 'bridgePort.mcastMaxGroups' })
    expect(short.message).toContain('(option "bridgePort.mcastMaxGroups")')
    // A link that is no port has no such options.
    expect((await failure(() => ns.link.set('v1', { bridgePort: { cost: 5 } }))).code).toBe('EOPNOTSUPP')
  })

  test('a link whose options as a port are refused is not made', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const given = { kind: 'veth', name: 'v0', master: 'br0', peer: { name: 'v1' } } as const
    expect((await failure(() => ns.link.add({ ...given, bridgePort: { priority: 64 } }))).code).toBe('ERANGE')
    expect((await ns.link.list()).map(({ name }) => name)).toEqual(['lo', 'br0'])
  })
})

describe('veth', () => {
  test('has one option, which is tested below', () => {
    expect(writable(vethKind.table.entries)).toEqual(['peer'])
  })

  /** All that the other end can be told while it is made; each is another than it would have. */
  const told = {
    name: 'eth0',
    index: 4321,
    address: '02:00:00:00:00:99',
    broadcast: 'ff:ff:ff:ff:ff:f0',
    mtu: 1399,
    txqueuelen: 77,
    group: 33,
    numTxQueues: 3,
    numRxQueues: 5,
    linkmode: 'dormant',
    gsoMaxSize: 60_000,
    gsoMaxSegs: 1000,
    groMaxSize: 50_000,
    gsoIpv4MaxSize: 40_000,
    groIpv4MaxSize: 30_000,
    arp: false,
    multicast: false,
    allmulticast: true,
    promisc: true,
    dynamic: true,
    trailers: false,
  } as const
  const seenByIp = {
    ifname: 'eth0',
    ifindex: 4321,
    address: '02:00:00:00:00:99',
    broadcast: 'ff:ff:ff:ff:ff:f0',
    mtu: 1399,
    txqlen: 77,
    group: '33',
    num_tx_queues: 3,
    num_rx_queues: 5,
    linkmode: 'DORMANT',
    gso_max_size: 60_000,
    gso_max_segs: 1000,
    gro_max_size: 50_000,
    flags: ['BROADCAST', 'NOARP', 'ALLMULTI', 'PROMISC', 'DYNAMIC', 'NOTRAILERS'],
    promiscuity: 1,
    allmulti: 1,
  }
  /** What the kernel does not take for an end that it is only making. */
  const refused = {
    up: true,
    alias: 'far end',
    addrGenMode: 'none',
    carrier: true,
    protoDown: true,
    master: 'lo',
    link: 'lo',
    linkNetnsid: 0,
  }

  test('every option of the other end is told, refused, or says where', () => {
    const all = [...writable(common.entries), ...switchNames, 'index']
    expect(all.sort()).toEqual([...Object.keys(told), ...Object.keys(refused), 'netns'].sort())
  })

  test('made with the other end in another namespace, with options of its own', async ({ ns, ip, another }) => {
    const pod = await another()
    const made = await ns.link.add({
      kind: 'veth',
      name: 'veth-pod',
      index: 1234,
      mtu: 1450,
      up: true,
      peer: { ...told, netns: pod },
    })
    expect(made).toEqual({ name: 'veth-pod', index: 1234 })
    const there = await show(tool(pod, 'ip'), 'eth0')
    expect(there).toMatchObject(seenByIp)
    expect(await show(ip, 'veth-pod')).toMatchObject({ mtu: 1450, group: 'default', link_index: 4321, link_netnsid: 0 })
    const ours = await pod.link.get('eth0')
    const { arp: _, multicast: __, allmulticast: ___, promisc: ____, dynamic: _____, trailers: ______, ...rest } = told
    expect(ours).toMatchObject({ ...rest, link: 1234, linkNetnsid: 0, kind: 'veth' })
    expect(comparable(ours)).toEqual(inOurWords(there))
    expect((await ns.link.get('veth-pod')).up).toBe(true)
  })

  test('made by ip, read by nslink', async ({ ns, ip, another }) => {
    const pod = await another()
    const child = pod.spawn('sleep', ['60'], { stdio: 'ignore' })
    const far = 'name eth0 index 4321 address 02:00:00:00:00:99 mtu 1399 numtxqueues 3 numrxqueues 5 txqueuelen 77'
    await ip(...`link add veth-pod index 1234 type veth peer ${far} netns ${child.pid}`.split(' '))
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill()
    await ended
    const { name, index, address, mtu, numTxQueues, numRxQueues, txqueuelen } = told
    const ours = await pod.link.get('eth0')
    expect(ours).toMatchObject({ name, index, address, mtu, numTxQueues, numRxQueues, txqueuelen, link: 1234 })
    expect(comparable(ours)).toEqual(inOurWords(await show(tool(pod, 'ip'), 'eth0')))
    expect(comparable(await ns.link.get('veth-pod'))).toEqual(inOurWords(await show(ip, 'veth-pod')))
  })

  test('both ends elsewhere, each in a namespace of its own', async ({ ns, another }) => {
    const [a, b] = [await another(), await another()]
    const made = await ns.link.add({
      kind: 'veth',
      name: 'to-b',
      netns: a,
      index: 50,
      peer: { name: 'to-a', netns: b, index: 60 },
    })
    expect(made).toEqual({ name: 'to-b', index: 50 })
    expect(await ns.link.list({ kind: 'veth' })).toEqual([])
    expect(await a.link.get('to-b')).toMatchObject({ index: 50, link: 60 })
    expect(await b.link.get('to-a')).toMatchObject({ index: 60, link: 50 })
  })

  test('without a word about the other end, the kernel makes one here', async ({ ns }) => {
    const { name, index } = await ns.link.add({ kind: 'veth' })
    const [peer, made] = await ns.link.list({ kind: 'veth' })
    expect(made).toMatchObject({ name, index, link: peer?.name })
    expect(peer).toMatchObject({ link: name })
  })

  test('what was said of the other end cannot be changed', async ({ ns }) => {
    await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } })
    const error = await failure(() => ns.link.set('v0', { kind: 'veth', peer: { name: 'v2' } }))
    expect(error).toMatchObject({ code: 'EOPNOTSUPP' })
    expect(await ns.link.get('v0')).toMatchObject({ link: 'v1' })
  })

  test('deleting one end deletes the other', async ({ ns, another }) => {
    const pod = await another()
    await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1', netns: pod } })
    await pod.link.del('v1')
    expect(await ns.link.list({ kind: 'veth' })).toEqual([])
  })

  test('what the kernel would not do for the other end is refused', async ({ ns, sync }) => {
    for (const [key, value] of Object.entries(refused)) {
      for (const link of [ns.link, sync.link]) {
        const error = await failure(() => link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1', [key]: value } }))
        expect(error, key).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
        expect(error.message).toContain(`The "veth.peer.${key}" option cannot be given`)
      }
    }
    expect(await ns.link.list()).toHaveLength(1)
  })

  test('wrong values of the other end are refused before the kernel sees them', async ({ ns }) => {
    for (const [peer, code, option] of [
      ['eth0', 'ERR_INVALID_ARG_TYPE', '"veth.peer"'],
      [{ name: 'a234567890123456' }, 'ERR_INVALID_ARG_VALUE', '"veth.peer.name"'],
      [{ name: 'a/b' }, 'ERR_INVALID_ARG_VALUE', '"veth.peer.name"'],
      [{ mtu: -1 }, 'ERR_OUT_OF_RANGE', '"veth.peer.mtu"'],
      [{ mtu: '1500' }, 'ERR_INVALID_ARG_TYPE', '"veth.peer.mtu"'],
      [{ index: 0 }, 'ERR_OUT_OF_RANGE', '"veth.peer.index"'],
      [{ index: 2 ** 31 }, 'ERR_OUT_OF_RANGE', '"veth.peer.index"'],
      [{ address: '02:0' }, 'ERR_INVALID_ARG_VALUE', '"veth.peer.address"'],
      [{ netns: 'no/such' }, 'ERR_INVALID_ARG_VALUE', '"veth.peer.netns"'],
      [{ promisc: 1 }, 'ERR_INVALID_ARG_TYPE', 'promisc'],
      [{ adress: 'x' }, 'ERR_INVALID_ARG_VALUE', 'did you mean "address"?'],
    ] as const) {
      const error = await failure(() => ns.link.add({ kind: 'veth', name: 'v0', peer: peer as object }))
      expect(error, option).toMatchObject({ code })
      expect(error.message).toContain(option)
    }
    expect(await ns.link.list()).toHaveLength(1)
  })

  test('what the kernel refuses names the option of the other end', async ({ ns, another }) => {
    const small = await failure(() => ns.link.add({ kind: 'veth', name: 'v0', peer: { gsoMaxSize: 1 } }))
    expect(small).toMatchObject({ code: 'ERANGE', attribute: 'veth.peer.gsoMaxSize', request: 'RTM_NEWLINK' })
    expect(small.message).toContain('(option "veth.peer.gsoMaxSize")')
    const short = await failure(() => ns.link.add({ kind: 'veth', name: 'v0', peer: { unknown: { 4: '00' } } }))
    expect(short).toMatchObject({ attribute: 'veth.peer.mtu' })
    const pod = await another()
    await pod.link.add({ kind: 'bridge', name: 'eth0' })
    const taken = await failure(() => ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'eth0', netns: pod } }))
    expect(taken.code).toBe('EEXIST')
    expect(await ns.link.list()).toHaveLength(1)
  })
})
