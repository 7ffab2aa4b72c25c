/**
 * The CNI plugins of examples/cni, held against the specification (https://www.cni.dev/docs/spec/), with `ip` and `tc` as the judges. They are
 * compiled before the tests run, and called as whoever runs containers calls them: by variables and standard input.
 */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Netns, netns } from 'nslink'
import { root } from './support/child.js'
import { needs } from './support/features.js'
import { test as base, describe, expect, output, tool } from './support/test.js'

const program = join(root, 'out/examples/cni/main.js')

/** What plugins print, as far as it is looked at here. */
interface Said {
  cniVersion: string
  supportedVersions?: string[]
  code?: number
  msg?: string
  details?: string
  interfaces?: { name: string; mac?: string; mtu?: number; sandbox?: string }[]
  ips?: { address: string; gateway?: string; interface?: number; version?: string }[]
  routes?: { dst: string; gw?: string }[]
}

/** A call that came to an end. Commands that have nothing to say print nothing. */
interface Ended {
  status: number | null
  said: Said | undefined
}

interface Call {
  containerID?: string
  pod?: Netns
  ifname?: string
  config?: object | string
  env?: Record<string, string>
}

class Node {
  readonly folder = mkdtempSync(join(tmpdir(), 'nslink-cni-'))
  readonly ns: Netns

  constructor(ns: Netns) {
    this.ns = ns
    chmodSync(program, 0o755)
    mkdirSync(this.path('bin'))
    for (const name of ['flannel', 'bridge', 'host-local', 'bandwidth']) {
      symlinkSync(program, this.path(`bin/${name}`))
    }
    this.subnet('10.244.1.1/24')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  subnet(subnet: string, ipmasq = true): void {
    const lines = ['FLANNEL_NETWORK=10.244.0.0/16', `FLANNEL_SUBNET=${subnet}`, 'FLANNEL_MTU=1450']
    writeFileSync(this.path('subnet.env'), [...lines, `FLANNEL_IPMASQ=${ipmasq}`, ''].join('\n'))
  }

  /** The configuration of a network by flannel. */
  network(options: object = {}, ipam: object = {}): object {
    return {
      cniVersion: '1.0.0',
      name: 'cbr0',
      type: 'flannel',
      subnetFile: this.path('subnet.env'),
      dataDir: this.path('flannel'),
      delegate: { isDefaultGateway: true, ipam: { dataDir: this.path('networks'), ...ipam } },
      ...options,
    }
  }

  async call(type: string, command: string, call: Call = {}): Promise<Ended> {
    const { containerID = 'pod1', pod, ifname = 'eth0', config = this.network(), env } = call
    const child = this.ns.spawn(this.path(`bin/${type}`), [], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        CNI_COMMAND: command,
        CNI_CONTAINERID: containerID,
        CNI_IFNAME: ifname,
        CNI_PATH: `/nowhere:${this.path('bin')}`,
        ...(pod && { CNI_NETNS: netnsOf(pod) }),
        ...env,
      },
    })
    const status = new Promise<number | null>((resolve) => child.once('close', resolve))
    child.stdin?.on('error', () => undefined).end(typeof config === 'string' ? config : JSON.stringify(config))
    const printed = await text(child.stdout!)
    return { status: await status, said: printed === '' ? undefined : (JSON.parse(printed) as Said) }
  }

  /** The addresses that are reserved, with what their files say. */
  reserved(): Record<string, string> {
    const folder = this.path('networks/cbr0')
    if (!existsSync(folder)) return {}
    const files = readdirSync(folder).filter((name) => /^10\./.test(name))
    return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  }
}

/** A path to a namespace that has no name. */
const netnsOf = ({ fd }: Netns): string => `/proc/${process.pid}/fd/${fd}`

const test = base.extend<{ node: Node; pod: Netns }>({
  node: async ({ ns }, use) => {
    await ns.link.set('lo', { up: true })
    const node = new Node(ns)
    await use(node)
    rmSync(node.folder, { recursive: true })
  },
  pod: async ({ another }, use) => use(await another()),
})

const done: Ended = { status: 0, said: undefined }
const refused = (code: number, msg: RegExp): object => ({
  status: 1,
  said: { cniVersion: expect.any(String), code, msg: expect.stringMatching(msg) },
})

describe('what is said', () => {
  test('VERSION tells which are supported', async ({ node }) => {
    const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
    for (const type of ['flannel', 'bridge', 'host-local', 'bandwidth']) {
      const asked = await node.call(type, 'VERSION', { config: { cniVersion: '1.0.0' } })
      expect(asked).toEqual({ status: 0, said: { cniVersion: '1.0.0', supportedVersions } })
    }
  })

  test.for<[string, object | string, number, RegExp]>([
    ['bad JSON', '{ "cniVersion": ', 6, /no JSON/],
    ['nothing', '', 6, /no JSON/],
    ['no object', '[]', 6, /no object/],
    ['of a version unknown', { cniVersion: '7.0.0', name: 'cbr0' }, 1, /cniVersion "7\.0\.0" is not one of 0\.3\.0, /],
    ['of no version', { name: 'cbr0' }, 1, /cniVersion "undefined"/],
    ['without a name', { cniVersion: '1.0.0' }, 7, /^name: /],
    ['with a name that leads elsewhere', { cniVersion: '1.0.0', name: '../cbr0' }, 7, /^name: /],
  ])('a configuration that is %s is refused', async ([, config, code, msg], { node, pod }) => {
    expect(await node.call('flannel', 'ADD', { pod, config })).toMatchObject(refused(code, msg))
    expect(await node.ns.link.list()).toHaveLength(1)
  })

  test.for<[string, string, Record<string, string>, RegExp]>([
    ['no command', '', {}, /CNI_COMMAND/],
    ['a command there is not', 'PAUSE', {}, /CNI_COMMAND.*"PAUSE"/],
    ['no namespace', 'ADD', { CNI_NETNS: '' }, /CNI_NETNS/],
    ['no container', 'DEL', { CNI_CONTAINERID: '' }, /CNI_CONTAINERID/],
    ['a container that leads elsewhere', 'ADD', { CNI_CONTAINERID: '../pod' }, /CNI_CONTAINERID/],
    ['a device of 16 letters', 'ADD', { CNI_IFNAME: 'abcdefghijklmnop' }, /CNI_IFNAME/],
    ['nothing', 'CHECK', { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' }, /CONTAINERID, CNI_NETNS, CNI_IFNAME/],
    ['no path', 'GC', { CNI_PATH: '' }, /CNI_PATH/],
  ])('an environment with %s is refused', async ([, command, env, msg], { node, pod }) => {
    expect(await node.call('flannel', command, { pod, env })).toMatchObject(refused(4, msg))
  })

  test.for<[string, string, object, number, RegExp]>([
    ['flannel', 'a file there is not', { subnetFile: '/nowhere/subnet.env' }, 50, /no \/nowhere\/subnet\.env/],
    ['flannel', 'a plugin there is not', { delegate: { type: 'tap' } }, 7, /no plugin "tap"/],
    ['bridge', 'no plugin for addresses', { ipam: undefined }, 7, /^ipam: has to be given/],
    ['bridge', 'what it cannot do', { ipam: { type: 'host-local' }, vlan: 5 }, 2, /^vlan: 5/],
    [
      'bridge',
      'text for a number',
      { ipam: { type: 'host-local' }, mtu: '1450' },
      7,
      /^mtu: not of type number: "1450"/,
    ],
    ['host-local', 'no subnet', { ipam: { type: 'host-local' } }, 7, /^subnet: has to be given/],
    ['host-local', 'a subnet of nobody', { ipam: { subnet: '10.0.0.0/31' } }, 7, /not a subnet.*10\.0\.0\.0\/31/],
    ['host-local', 'a bad subnet', { ipam: { subnet: '10.0.0.256/24' } }, 7, /not an IPv4 address: 10\.0\.0\.256/],
    ['host-local', 'a gateway elsewhere', { ipam: { subnet: '10.0.0.0/24', gateway: '10.0.1.1' } }, 7, /ipam\.gateway/],
    ['host-local', 'what it cannot do', { ipam: { subnet: '10.0.0.0/24', ranges: [] } }, 2, /^ipam\.ranges: \[\]/],
    ['bandwidth', 'nothing before it', {}, 7, /^prevResult/],
    ['bandwidth', 'a rate without a burst', { prevResult: {}, ingressRate: 1e6 }, 7, /^ingressBurst/],
  ])('%s refuses %s', async ([type, , options, code, msg], { node, pod }) => {
    const config = { ...node.network(), ...options }
    expect(await node.call(type, 'ADD', { pod, config })).toMatchObject(refused(code, msg))
    expect(await node.ns.link.list({ kind: 'veth' })).toEqual([])
    expect(node.reserved()).toEqual({})
  })

  test('a result is in the words of the version', async ({ node, another }) => {
    for (const [at, cniVersion] of ['0.3.1', '1.0.0', '1.1.0'].entries()) {
      const call = { pod: await another(), containerID: `pod${at}`, config: node.network({ cniVersion }) }
      const { said } = await node.call('flannel', 'ADD', call)
      expect(said?.cniVersion).toBe(cniVersion)
      expect(said?.ips?.[0]?.version).toBe(cniVersion < '1' ? '4' : undefined)
      expect(said?.interfaces?.map(({ mtu }) => mtu)).toEqual(Array(3).fill(cniVersion < '1.1' ? undefined : 1450))
    }
  })
})

describe('ADD', () => {
  test('gives a pod a device, an address and routes, as the result says', async ({ node, pod, ip }) => {
    const { status, said } = await node.call('flannel', 'ADD', { pod })
    expect(status).toBe(0)
    const inside = tool(pod, 'ip')
    const [eth0] = (await inside('-j', 'addr', 'show', 'dev', 'eth0')) as [Record<string, unknown>]
    expect(eth0).toMatchObject({ mtu: 1450, operstate: 'UP', addr_info: [{ local: '10.244.1.2', prefixlen: 24 }, {}] })
    const routes = (await inside('-j', 'route')) as { dst: string; gateway?: string }[]
    expect(routes.map(({ dst, gateway }) => [dst, gateway])).toEqual([
      ['default', '10.244.1.1'],
      ['10.244.0.0/16', '10.244.1.1'],
      ['10.244.1.0/24', undefined],
    ])
    const [cni0] = (await ip('-j', 'addr', 'show', 'dev', 'cni0')) as [Record<string, unknown>]
    expect(cni0).toMatchObject({ operstate: 'UP', addr_info: [{ local: '10.244.1.1', prefixlen: 24 }, {}] })
    const [veth] = (await ip('-j', 'link', 'show', 'master', 'cni0')) as [Record<string, unknown>]
    expect(veth).toMatchObject({ mtu: 1450, operstate: 'UP', ifalias: 'cbr0 pod1 eth0' })
    expect(await node.ns.sysctl.get('net.ipv4.ip_forward')).toBe(1)
    expect(said).toEqual({
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'cni0', mac: expect.any(String) },
        { name: veth['ifname'], mac: veth['address'] },
        { name: 'eth0', mac: eth0['address'], sandbox: netnsOf(pod) },
      ],
      ips: [{ address: '10.244.1.2/24', gateway: '10.244.1.1', interface: 2 }],
      routes: [
        { dst: '10.244.0.0/16', gw: '10.244.1.1' },
        { dst: '0.0.0.0/0', gw: '10.244.1.1' },
      ],
    })
    expect(node.reserved()).toEqual({ '10.244.1.2': 'pod1\neth0' })
    await output(pod, 'ping', '-c', '1', '-w', '5', '10.244.1.1')
  })

  test('a second time is an error, and changes nothing', async ({ node, pod }) => {
    await node.call('flannel', 'ADD', { pod })
    const before = await node.ns.link.list()
    const again = await node.call('flannel', 'ADD', { pod })
    expect(again).toMatchObject(refused(100, /there is a device eth0 in .* already/))
    expect((await node.ns.link.list()).map(({ name }) => name)).toEqual(before.map(({ name }) => name))
    expect(node.reserved()).toEqual({ '10.244.1.2': 'pod1\neth0' })
    expect((await pod.addr.list({ dev: 'eth0', family: 'inet' })).map(({ address }) => address)).toEqual([
      '10.244.1.2/24',
    ])
  })

  test('a second device of the same pod has an address of its own', async ({ node, pod }) => {
    await node.call('flannel', 'ADD', { pod })
    // The first one has these routes.
    const config = node.network({ delegate: { ipam: { dataDir: node.path('networks'), routes: [] } } })
    const { said } = await node.call('flannel', 'ADD', { pod, ifname: 'net1', config })
    expect(said?.ips?.[0]?.address).toBe('10.244.1.3/24')
  })

  test('a namespace there is not is error 3, and nothing is left', async ({ node }) => {
    const asked = await node.call('flannel', 'ADD', { env: { CNI_NETNS: '/run/netns/nowhere' } })
    expect(asked).toMatchObject(refused(3, /CNI_NETNS: \/run\/netns\/nowhere/))
    expect(node.reserved()).toEqual({})
  })

  test('one that fails midway leaves nothing', async ({ node, pod }) => {
    // There is no way to this gateway, so that the last step fails.
    const ipam = { routes: [{ dst: '192.0.2.0/24', gw: '198.51.100.1' }] }
    const config = node.network({}, ipam)
    expect(await node.call('flannel', 'ADD', { pod, config })).toMatchObject(refused(101, /ENETUNREACH/))
    expect(node.reserved()).toEqual({})
    expect(await node.ns.link.list({ kind: 'veth' })).toEqual([])
    expect((await pod.link.list()).map(({ name }) => name)).toEqual(['lo'])
  })

  test('what is called cni0 and is no bridge is an error', async ({ node, pod }) => {
    await node.ns.link.add({ kind: 'veth', name: 'cni0', peer: { name: 'cni1' } })
    expect(await node.call('flannel', 'ADD', { pod })).toMatchObject(refused(100, /cni0 is no bridge/))
  })

  test('eight at once get eight addresses', async ({ node, another }) => {
    const pods = await Promise.all(Array.from({ length: 8 }, another))
    const ended = await Promise.all(
      pods.map((pod, at) => node.call('flannel', 'ADD', { pod, containerID: `pod${at}` })),
    )
    expect(ended.map(({ status }) => status)).toEqual(Array(8).fill(0))
    const given = ended.map(({ said }) => said?.ips?.[0]?.address.split('/')[0])
    expect(new Set(given).size).toBe(8)
    // Whatever ports it gets, the gateway keeps the address that pods know.
    const { address } = await node.ns.link.get('cni0')
    for (const { said } of ended) expect(said?.interfaces?.[0]?.mac).toBe(address)
    expect(Object.keys(node.reserved()).sort()).toEqual([...given].sort())
    await Promise.all(pods.map((pod) => output(pod, 'ping', '-c', '1', '-w', '10', '10.244.1.1')))
  })

  test('where all want the last address, one gets it', async ({ node, another }) => {
    const config = node.network({}, { rangeStart: '10.244.1.9', rangeEnd: '10.244.1.9' })
    const pods = await Promise.all(Array.from({ length: 4 }, another))
    const ended = await Promise.all(
      pods.map((pod, at) => node.call('flannel', 'ADD', { pod, containerID: `pod${at}`, config })),
    )
    expect(ended.map(({ status }) => status).sort()).toEqual([0, 1, 1, 1])
    const losers = ended.filter(({ status }) => status === 1)
    for (const loser of losers) expect(loser).toMatchObject(refused(11, /no address is left/))
    expect(Object.keys(node.reserved())).toEqual(['10.244.1.9'])
    expect(await node.ns.link.list({ kind: 'veth' })).toHaveLength(1)
  })

  test('an address that was given back has a rest', async ({ node, another }) => {
    const address = async (containerID: string): Promise<string | undefined> =>
      (await node.call('flannel', 'ADD', { pod: await another(), containerID })).said?.ips?.[0]?.address
    expect(await address('a')).toBe('10.244.1.2/24')
    expect(await node.call('flannel', 'DEL', { containerID: 'a' })).toEqual(done)
    expect(await address('b')).toBe('10.244.1.3/24')
  })

  test('ipMasq: what leaves the subnet has the address of the node', async ({ node, pod }) => {
    node.subnet('10.244.1.1/24', false)
    await node.call('flannel', 'ADD', { pod })
    const rules = () => output(node.ns, 'nft', 'list', 'ruleset')
    expect(await rules()).toContain('ip saddr 10.244.1.2 ip daddr != 10.244.1.0/24 masquerade comment "pod1 eth0"')
    // By the configuration that it was made by, whatever the agent says meanwhile.
    node.subnet('10.244.1.1/24', true)
    expect(await node.call('flannel', 'DEL', { pod })).toEqual(done)
    expect(await rules()).not.toContain('masquerade')
    const config = { ...node.network(), ipMasq: true, ipam: { type: 'host-local', subnet: '10.244.1.0/24' } }
    await output(node.ns, 'nft', 'flush', 'ruleset')
    expect(await node.call('bridge', 'DEL', { pod, config })).toEqual(done)
  })
})

describe('CHECK', () => {
  const changes: [string, RegExp, (node: Node, pod: Netns) => Promise<unknown>][] = [
    ['the address', /eth0 has no longer the address 10\.244\.1\.2\/24/, (_, pod) => pod.addr.flush({ dev: 'eth0' })],
    ['a route', /no route to 0\.0\.0\.0\/0/, (_, pod) => pod.route.del({ dst: 'default' })],
    ['the device', /there is no device eth0/, (_, pod) => pod.link.del('eth0')],
    ['the bridge', /is not a port of cni0/, (node) => node.ns.link.del('cni0')],
    ['the gateway', /cni0 is not 10\.244\.1\.1/, (node) => node.ns.addr.flush({ dev: 'cni0' })],
    [
      'the reservation',
      /no address is reserved for container pod1/,
      async (node) => rmSync(node.path('networks/cbr0/10.244.1.2')),
    ],
  ]
  test.for(changes)('somebody took %s away: an error', async ([, msg, change], { node, pod }) => {
    const { said: prevResult } = await node.call('flannel', 'ADD', { pod })
    const config = node.network({ prevResult })
    expect(await node.call('flannel', 'CHECK', { pod, config })).toEqual(done)
    await change(node, pod)
    expect(await node.call('flannel', 'CHECK', { pod, config })).toMatchObject(refused(100, msg))
  })

  test('takes a result', async ({ node, pod }) => {
    expect(await node.call('flannel', 'CHECK', { pod })).toMatchObject(refused(7, /^prevResult/))
  })
})

describe('DEL', () => {
  test('takes everything away, and once more is no error', async ({ node, pod }) => {
    await node.call('flannel', 'ADD', { pod })
    expect(await node.call('flannel', 'DEL', { pod })).toEqual(done)
    expect((await pod.link.list()).map(({ name }) => name)).toEqual(['lo'])
    expect(await node.ns.link.list({ kind: 'veth' })).toEqual([])
    expect(node.reserved()).toEqual({})
    expect(readdirSync(node.path('flannel'))).toEqual([])
    expect(await node.call('flannel', 'DEL', { pod })).toEqual(done)
  })

  test('what was never there is no error', async ({ node, pod }) => {
    for (const type of ['flannel', 'bandwidth']) expect(await node.call(type, 'DEL', { pod })).toEqual(done)
    const config = { ...node.network(), ipam: { type: 'host-local', subnet: '10.244.1.0/24' } }
    for (const type of ['bridge', 'host-local']) expect(await node.call(type, 'DEL', { pod, config })).toEqual(done)
  })

  test('works when the namespace has gone, and without its path', async ({ node }) => {
    const env = { CNI_NETNS: '/run/netns/nowhere' }
    for (const variables of [env, {}]) {
      const pod = await netns.create()
      expect((await node.call('flannel', 'ADD', { pod })).status).toBe(0)
      pod.close()
      expect(await node.call('flannel', 'DEL', { env: variables })).toEqual(done)
      expect(node.reserved()).toEqual({})
      expect(await node.ns.link.list({ kind: 'veth' })).toEqual([])
    }
  })
})

describe('STATUS and GC', () => {
  test('STATUS: ready, no subnet yet, no address left', async ({ node, pod }) => {
    expect(await node.call('flannel', 'STATUS')).toEqual(done)
    const config = node.network({}, { rangeStart: '10.244.1.9', rangeEnd: '10.244.1.9' })
    await node.call('flannel', 'ADD', { pod, config })
    expect(await node.call('flannel', 'STATUS', { config })).toMatchObject(refused(50, /no address is left/))
    rmSync(node.path('subnet.env'))
    expect(await node.call('flannel', 'STATUS')).toMatchObject(refused(50, /no .*subnet\.env/))
  })

  test('GC clears away what is left of pods that are no more', async ({ node, another }) => {
    for (const containerID of ['pod1', 'pod2', 'pod3']) {
      await node.call('flannel', 'ADD', { pod: await another(), containerID })
    }
    const valid = [{ containerID: 'pod2', ifname: 'eth0' }]
    const config = node.network({ 'cni.dev/valid-attachments': valid })
    expect(await node.call('flannel', 'GC', { config })).toEqual(done)
    expect(node.reserved()).toEqual({ '10.244.1.3': 'pod2\neth0' })
    expect((await node.ns.link.list({ kind: 'veth' })).map(({ alias }) => alias)).toEqual(['cbr0 pod2 eth0'])
    expect(readdirSync(node.path('flannel'))).toEqual(['cbr0:pod2:eth0'])
  })
})

describe('bandwidth', needs('link:ifb', 'qdisc:tbf', 'action:mirred'), () => {
  const limits = { ingressRate: 1e8, ingressBurst: 800e3, egressRate: 2e8, egressBurst: 800e3 }

  /** The qdiscs of a device, as `tc` sees them. */
  const queues = async (node: Node, dev: string): Promise<unknown> =>
    ((await tool(node.ns, 'tc')('-j', 'qdisc', 'show', 'dev', dev)) as { kind: string; options: { rate?: number } }[])
      // `tc` counts bytes.
      .map(({ kind, options }) => [kind, options.rate === undefined ? undefined : options.rate * 8])

  test('limits both ways, says so, and takes it away again', async ({ node, pod }) => {
    const { said: made } = await node.call('flannel', 'ADD', { pod })
    const base = { cniVersion: '1.0.0', name: 'cbr0', type: 'bandwidth', runtimeConfig: { bandwidth: limits } }
    const { status, said } = await node.call('bandwidth', 'ADD', { pod, config: { ...base, prevResult: made } })
    expect(status).toBe(0)
    expect(said).toMatchObject({ ips: made?.ips, routes: made?.routes })
    expect(said?.interfaces?.slice(0, 3)).toEqual(made?.interfaces)
    const [veth, ifb] = [said!.interfaces![1]!.name, said!.interfaces![3]!.name]
    expect(await queues(node, veth)).toEqual([
      ['tbf', 1e8],
      ['ingress', undefined],
    ])
    expect(await queues(node, ifb)).toEqual([['tbf', 2e8]])

    const config = { ...base, prevResult: said }
    expect(await node.call('bandwidth', 'CHECK', { pod, config })).toEqual(done)
    await node.ns.qdisc.del({ dev: ifb, parent: 'root' })
    const msg = new RegExp(`${ifb} does not limit to 200000000`)
    expect(await node.call('bandwidth', 'CHECK', { pod, config })).toMatchObject(refused(100, msg))

    for (const _ of ['once', 'again']) expect(await node.call('bandwidth', 'DEL', { pod, config })).toEqual(done)
    expect(await queues(node, veth)).toEqual([['noqueue', undefined]])
    expect(await node.ns.link.list({ kind: 'ifb' })).toEqual([])
  })

  test('without limits it hands the result on', async ({ node, pod }) => {
    const { said: prevResult } = await node.call('flannel', 'ADD', { pod })
    const config = { cniVersion: '1.0.0', name: 'cbr0', type: 'bandwidth', prevResult }
    expect(await node.call('bandwidth', 'ADD', { pod, config })).toEqual({ status: 0, said: prevResult })
  })

  test('GC takes the devices of pods that are no more', async ({ node, pod }) => {
    const { said: prevResult } = await node.call('flannel', 'ADD', { pod })
    const config = { cniVersion: '1.1.0', name: 'cbr0', type: 'bandwidth', ...limits, prevResult }
    await node.call('bandwidth', 'ADD', { pod, config })
    const valid = { ...config, 'cni.dev/valid-attachments': [{ containerID: 'pod1', ifname: 'eth0' }] }
    expect(await node.call('bandwidth', 'GC', { config: valid })).toEqual(done)
    expect(await node.ns.link.list({ kind: 'ifb' })).toHaveLength(1)
    expect(await node.call('bandwidth', 'GC', { config })).toEqual(done)
    expect(await node.ns.link.list({ kind: 'ifb' })).toEqual([])
  })
})
