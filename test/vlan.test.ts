import type { BridgeVlan, BridgeVlanFilter, BridgeVlanOptions, Netns } from 'nslink'
import { needs } from './support/features.js'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

/** The VLANs of a device, as `bridge -j -d vlan` prints them. */
interface Printed {
  ifname: string
  vlans: { vlan: number; vlanEnd?: number; flags?: string[] }[]
}

/** Tunnels, as `bridge -j vlan tunnelshow` prints them. */
interface PrintedTunnels {
  ifname: string
  tunnels: { vlan: number; vlanEnd?: number; tunid: number; tunidEnd?: number }[]
}

/** The VLANs by `bridge`, one by one: which device is a bridge it does not say. */
async function printed(bridge: Tool, ...filter: string[]): Promise<string[]> {
  const devices = (await bridge('-j', '-d', 'vlan', 'show', ...filter)) as Printed[]
  const tunnels = ((await bridge('-j', 'vlan', 'tunnelshow', ...filter)) as PrintedTunnels[]).flatMap((device) =>
    device.tunnels.flatMap(({ vlan, vlanEnd = vlan, tunid }) =>
      numbers(vlan, vlanEnd).map((vid) => [`${device.ifname} ${vid}`, tunid + vid - vlan] as const),
    ),
  )
  const ids = new Map(tunnels)
  return devices.flatMap(({ ifname, vlans }) =>
    vlans.flatMap(({ vlan, vlanEnd = vlan, flags = [] }) =>
      numbers(vlan, vlanEnd).map((vid) => {
        const id = ids.get(`${ifname} ${vid}`)
        const words = [
          ...flags.map((flag) => flag.replace('Egress Untagged', 'untagged').toLowerCase()),
          id && `tunnel ${id}`,
        ]
        return [ifname, vid, ...words.filter(Boolean)].join(' ')
      }),
    ),
  )
}

const numbers = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
const ends = (range: NonNullable<BridgeVlan['tunnelId']>): [number, number] => {
  const [first, last = first] = `${range}`.split('-').map(Number)
  return [first!, last!]
}

/** The VLANs by nslink, one by one. */
async function listed(ns: Netns, filter?: BridgeVlanFilter): Promise<string[]> {
  return (await ns.vlan.list(filter)).flatMap(({ dev, vid, pvid, untagged, tunnelId }) =>
    numbers(...ends(vid)).map((each, index) => {
      const id = tunnelId === undefined ? undefined : `tunnel ${ends(tunnelId)[0] + index}`
      return [dev, each, pvid && 'pvid', untagged && 'untagged', id].filter(Boolean).join(' ')
    }),
  )
}

/** A bridge that tells VLANs apart, with two ports and one that is a tunnel. */
async function field(ns: Netns): Promise<void> {
  const ip = tool(ns, 'ip')
  await ip(...'link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0'.split(' '))
  for (const name of ['v0', 'v1']) await ns.link.add({ kind: 'veth', name, master: 'br0', peer: { name: `${name}x` } })
  await ip(...'link add vx0 master br0 type vxlan external dstport 4789'.split(' '))
  await ip(...'link set vx0 type bridge_slave vlan_tunnel on'.split(' '))
}

/** VLANs of every shape: what nslink is given, what `bridge` is given, and the VLANs it then has. */
const shapes: [options: BridgeVlanOptions, words: string[], has: string[]][] = [
  [{ dev: 'br0', vid: 10, self: true }, ['vid 10 dev br0 self'], ['br0 10']],
  [
    { dev: 'br0', vid: 11, self: true, pvid: true, untagged: true },
    ['vid 11 dev br0 self pvid untagged'],
    ['br0 11 pvid untagged'],
  ],
  [{ dev: 'v0', vid: 1 }, ['vid 1 dev v0'], ['v0 1']],
  [{ dev: 'v0', vid: '10-13', master: true }, ['vid 10-13 dev v0 master'], ['v0 10', 'v0 11', 'v0 12', 'v0 13']],
  [{ dev: 'v0', vid: '20-21', untagged: true }, ['vid 20-21 dev v0 untagged'], ['v0 20 untagged', 'v0 21 untagged']],
  [{ dev: 'v0', vid: 30, pvid: true }, ['vid 30 dev v0 pvid'], ['v0 30 pvid']],
  [{ dev: 'v0', vid: '4094-4094' }, ['vid 4094 dev v0'], ['v0 4094']],
  [{ dev: 'v1', vid: 30, pvid: true, untagged: true }, ['vid 30 dev v1 pvid untagged'], ['v1 30 pvid untagged']],
  [
    { dev: 'vx0', vid: '100-102', tunnelId: '1000-1002' },
    ['vid 100-102 dev vx0', 'vid 100-102 dev vx0 tunnel_info id 1000-1002'],
    ['vx0 100 tunnel 1000', 'vx0 101 tunnel 1001', 'vx0 102 tunnel 1002'],
  ],
  // These follow on the others, and their tunnels do not.
  [
    { dev: 'vx0', vid: 103, tunnelId: 2000 },
    ['vid 103 dev vx0', 'vid 103 dev vx0 tunnel_info id 2000'],
    ['vx0 103 tunnel 2000'],
  ],
  [{ dev: 'vx0', vid: '104-105' }, ['vid 104-105 dev vx0'], ['vx0 104', 'vx0 105']],
]
const expected = shapes.flatMap(([, , has]) => has)

async function writeByBridge(ns: Netns): Promise<void> {
  const bridge = tool(ns, 'bridge')
  for (const [, commands] of shapes) for (const words of commands) await bridge('vlan', 'add', ...words.split(' '))
}

/** What is listed of them: neighbours that are alike in one piece. */
const rows: BridgeVlan[] = [
  { dev: 'br0', vid: 10, self: true },
  { dev: 'br0', vid: 11, self: true, pvid: true, untagged: true },
  { dev: 'v0', vid: 1 },
  { dev: 'v0', vid: '10-13' },
  { dev: 'v0', vid: '20-21', untagged: true },
  { dev: 'v0', vid: 30, pvid: true },
  { dev: 'v0', vid: 4094 },
  { dev: 'v1', vid: 30, pvid: true, untagged: true },
  { dev: 'vx0', vid: '100-102', tunnelId: '1000-1002' },
  { dev: 'vx0', vid: 103, tunnelId: 2000 },
  { dev: 'vx0', vid: '104-105' },
]

describe('vlan and bridge vlan', needs('bridge:vlan_filtering'), () => {
  test('what nslink writes, bridge reads', async ({ ns, bridge }) => {
    await field(ns)
    for (const [options] of shapes) await ns.vlan.add(options)
    expect(await printed(bridge)).toEqual(expected)
    expect(await ns.vlan.list()).toEqual(rows)
  })

  test('what bridge writes, nslink reads', async ({ ns, bridge }) => {
    await field(ns)
    await writeByBridge(ns)
    expect(await ns.vlan.list()).toEqual(rows)
    expect(await listed(ns)).toEqual(expected)
    expect(await printed(bridge)).toEqual(expected)
  })

  test('what was listed can be added and deleted', async ({ ns, another }) => {
    const other = await another()
    await field(ns)
    await field(other)
    await writeByBridge(ns)
    const all = await ns.vlan.list()
    for (const vlan of all) await other.vlan.add(vlan)
    expect(await other.vlan.list()).toEqual(all)
    for (const vlan of all) await other.vlan.del(vlan)
    expect(await other.vlan.list()).toEqual([])
  })

  test('all the VLANs there can be', async ({ ns, bridge }) => {
    await field(ns)
    await ns.vlan.add({ dev: 'v0', vid: '1-4094' })
    await ns.vlan.add({ dev: 'vx0', vid: '1-4094', tunnelId: '5001-9094' })
    await ns.vlan.del({ dev: 'v0', vid: '2000-2001' })
    expect(await ns.vlan.list()).toEqual([
      { dev: 'v0', vid: '1-1999' },
      { dev: 'v0', vid: '2002-4094' },
      { dev: 'vx0', vid: '1-4094', tunnelId: '5001-9094' },
    ])
    expect(await listed(ns)).toEqual(await printed(bridge))
  })

  test('add changes what is there, and takes away what is not said', async ({ ns, bridge }) => {
    await field(ns)
    await ns.vlan.add({ dev: 'v0', vid: '10-12', untagged: true })
    await ns.vlan.add({ dev: 'v0', vid: 11, pvid: true })
    expect(await printed(bridge)).toEqual(['v0 10 untagged', 'v0 11 pvid', 'v0 12 untagged'])
    await ns.vlan.add({ dev: 'v0', vid: 12, pvid: true, untagged: true })
    expect(await printed(bridge)).toEqual(['v0 10 untagged', 'v0 11', 'v0 12 pvid untagged'])
    await ns.vlan.del({ dev: 'v0', vid: '11-12' })
    expect(await ns.vlan.list()).toEqual([{ dev: 'v0', vid: 10, untagged: true }])
  })

  test('del does not mind that there is nothing', async ({ ns }) => {
    await field(ns)
    await ns.vlan.del({ dev: 'v0', vid: 10 })
    await ns.vlan.del({ dev: 'v0', vid: '10-20', missingOk: true })
    expect(await ns.vlan.list()).toEqual([])
  })

  test('list chooses what bridge vlan show chooses', async ({ ns, bridge }) => {
    await field(ns)
    await writeByBridge(ns)
    const cases: [BridgeVlanFilter, string | undefined, number][] = [
      [{ dev: 'v0' }, 'dev v0', 9],
      [{ dev: 'br0' }, 'dev br0', 2],
      [{ dev: 'v1x' }, undefined, 0],
      [{ vid: 30 }, undefined, 2],
      [{ vid: '11-20' }, undefined, 5],
      [{ dev: 'vx0', vid: '101-104' }, undefined, 4],
      [{ vid: 4093 }, undefined, 0],
    ]
    for (const [filter, words, count] of cases) {
      const found = await listed(ns, filter)
      expect(found, JSON.stringify(filter)).toHaveLength(count)
      if (words !== undefined) expect(found).toEqual(await printed(bridge, ...words.split(' ')))
    }
    expect(await ns.vlan.list({ dev: 'vx0', vid: '101-104' })).toEqual([
      { dev: 'vx0', vid: '101-102', tunnelId: '1001-1002' },
      { dev: 'vx0', vid: 103, tunnelId: 2000 },
      { dev: 'vx0', vid: 104 },
    ])
  })

  test('frames go by them', async ({ ns, another }) => {
    await field(ns)
    const hosts = [await another(), await another()]
    for (const [index, host] of hosts.entries()) {
      await ns.link.set(`v${index}x`, { netns: host })
      await ns.link.set(`v${index}`, { up: true })
      await host.link.set(`v${index}x`, { up: true })
      await host.addr.add({ dev: `v${index}x`, address: `192.0.2.${index + 1}/24` })
    }
    await ns.link.set('br0', { up: true })
    const ping = () => tool(hosts[0]!, 'ping')(...'-c 1 -W 1 192.0.2.2'.split(' '))
    await ns.vlan.add({ dev: 'v0', vid: 10, pvid: true, untagged: true })
    await ns.vlan.add({ dev: 'v1', vid: 20, pvid: true, untagged: true })
    expect(await failure(ping)).toMatchObject({ message: expect.stringContaining('100% packet loss') })
    await ns.vlan.add({ dev: 'v1', vid: 10, pvid: true, untagged: true })
    expect(await ping()).toContain(' 0% packet loss')
  })

  test('both faces give the same', async ({ ns, sync }) => {
    await field(ns)
    sync.vlan.add({ dev: 'v0', vid: '5-6', untagged: true })
    expect(sync.vlan.list()).toEqual(await ns.vlan.list())
    sync.vlan.del({ dev: 'v0', vid: 5 })
    expect(sync.vlan.list()).toEqual([{ dev: 'v0', vid: 6, untagged: true }])
  })

  test('what the kernel refuses', async ({ ns }) => {
    await field(ns)
    const cases: [BridgeVlanOptions, code: string, kernelMessage?: string | undefined, attribute?: string][] = [
      [{ dev: 'v0', vid: '5-6', pvid: true }, 'EINVAL', "bridge: Pvid isn't allowed in a range", 'pvid'],
      [{ dev: 'br0', vid: 5 }, 'EOPNOTSUPP'],
      [{ dev: 'v0x', vid: 5 }, 'EOPNOTSUPP'],
      [{ dev: 'v0', vid: 5, self: true }, 'EOPNOTSUPP'],
      [{ dev: 'v0', vid: 5, tunnelId: 5 }, 'EINVAL'],
      [{ dev: 'nope', vid: 5 }, 'ENODEV', undefined, 'dev'],
      [{ dev: 4711, vid: 5 }, 'ENODEV'],
    ]
    for (const [options, code, kernelMessage, attribute] of cases) {
      const error = await failure(() => ns.vlan.add(options))
      expect(error, JSON.stringify(options)).toMatchObject({
        code,
        ...(kernelMessage && { kernelMessage }),
        ...(attribute && { attribute }),
      })
    }
    expect(await failure(() => ns.vlan.del({ dev: 'v0x', vid: 5 }))).toMatchObject({
      code: 'EOPNOTSUPP',
      request: 'RTM_DELLINK',
    })
  })
})

describe('bad input', () => {
  const good = { dev: 'v0', vid: 5 }
  const bad: [string, object, string, RegExp][] = [
    ['a misspelt option', { ...good, untaged: true }, 'ERR_INVALID_ARG_VALUE', /Unknown option "untaged" of vlan\.add/],
    ['no device', { vid: 5 }, 'ERR_INVALID_ARG_TYPE', /"dev"/],
    ['no VLAN', { dev: 'v0' }, 'ERR_INVALID_ARG_TYPE', /"vid".*'10-20'/],
    ['VLAN 0', { ...good, vid: 0 }, 'ERR_OUT_OF_RANGE', /"vid"/],
    ['VLAN 4095', { ...good, vid: '1-4095' }, 'ERR_OUT_OF_RANGE', /"vid"/],
    ['a range backwards', { ...good, vid: '6-5' }, 'ERR_INVALID_ARG_VALUE', /"vid".*before it begins/],
    ['half a range', { ...good, vid: '5-' }, 'ERR_INVALID_ARG_TYPE', /"vid"/],
    ['too few tunnels', { ...good, vid: '5-6', tunnelId: 5 }, 'ERR_INVALID_ARG_VALUE', /"tunnelId".*as many/],
    ['a tunnel out of range', { ...good, tunnelId: 2 ** 24 }, 'ERR_OUT_OF_RANGE', /"tunnelId"/],
    ['a flag that is no boolean', { ...good, pvid: 1 }, 'ERR_INVALID_ARG_TYPE', /"pvid"/],
    ['another that is none', { ...good, self: 'yes' }, 'ERR_INVALID_ARG_TYPE', /"self"/],
    ['no options', null as never, 'ERR_INVALID_ARG_TYPE', /vlan\.add must be an object/],
  ]

  test('is refused before the kernel sees it', async ({ ns }) => {
    for (const [what, options, code, message] of bad) {
      const error = await failure(() => ns.vlan.add(options as BridgeVlanOptions))
      expect(error, what).toMatchObject({ code, message: expect.stringMatching(message) })
    }
    for (const call of [
      () => ns.vlan.del({ ...good, missing: true } as never),
      () => ns.vlan.del({ ...good, missingOk: 1 } as never),
      () => ns.vlan.list({ vid: '5-4' }),
      () => ns.vlan.list({ pvid: true } as never),
    ]) {
      expect((await failure(call))['code']).toMatch(/^ERR_INVALID_ARG_/)
    }
  })

  test('whichever option has a value that is none, the error names it', async ({ ns }) => {
    const options: Record<keyof BridgeVlanOptions, true> = {
      ...{ dev: true, vid: true, self: true, master: true, pvid: true, untagged: true, tunnelId: true },
    }
    for (const name of Object.keys(options)) {
      expect(await failure(() => ns.vlan.add({ dev: 'lo', vid: 5, [name]: Number.NaN })), name).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
        message: expect.stringContaining(`"${name}"`),
      })
    }
  })

  test('a bridge without VLANs has none', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', peer: { name: 'v1' } })
    const vlans = await ns.vlan.list()
    // A kernel that can filter VLANs gives every port of a bridge its default one, whether it does or not.
    for (const { vid, pvid, untagged } of vlans) expect([vid, pvid, untagged]).toEqual([1, true, true])
    expect(vlans.every(({ dev, self }) => (dev === 'br0') === (self === true))).toBe(true)
    expect(await failure(() => ns.vlan.list({ dev: 'nope' }))).toMatchObject({ code: 'ENODEV', attribute: 'dev' })
  })
})
