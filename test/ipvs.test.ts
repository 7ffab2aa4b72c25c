/** IPVS, with `ipvsadm` as the judge; and the generic netlink that it is spoken to by, with `genl`. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type {
  IpvsDaemonOptions,
  IpvsDest,
  IpvsDestOptions,
  IpvsService,
  IpvsServiceKey,
  IpvsServiceWithDests,
  Netns,
} from 'nslink'
import { familyNumber } from '../src/genetlink.js'
import { seconds, soon, told } from './support/child.js'
import { has, needs } from './support/features.js'
import { test as base, describe, expect, failure, type Lab, output, type Tool } from './support/test.js'

/** Before a namespace has any address, the kernel takes none for that of a host. */
const test = base.extend<Pick<Lab, 'ns'>>({
  ns: async ({ ns }, use) => {
    await ns.link.set('lo', { up: true })
    await use(ns)
  },
})

const web = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const satisfies IpvsServiceKey
const dns = { protocol: 'udp', address: '2001:db8::1', port: 53 } as const satisfies IpvsServiceKey
const marked = { fwmark: 7 } as const satisfies IpvsServiceKey

const ipvsadm = (ns: Netns, command: string): Promise<string> => output(ns, 'ipvsadm', ...command.split(' '))

/** A service as `ipvsadm` names it. */
function named({ protocol, address, port, fwmark, family }: IpvsServiceKey): string {
  if (fwmark !== undefined) return `-f ${fwmark}${family === 'inet6' ? ' -6' : ''}`
  const option = protocol === 'sctp' ? '--sctp-service' : `-${protocol?.[0]}`
  return `${option} ${place(address as string, port)}`
}

const place = (address: string, port: number | undefined): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`

/** The lines that `ipvsadm -Sn` has for a service, without the blanks that it may end them with. */
function lines(service: IpvsService): string[] {
  const { scheduler, persistent, netmask, schedFlags, pe, ops, dests } = service
  const options = [
    ...(persistent === undefined ? [] : [`-p ${persistent}`]),
    ...(netmask === undefined ? [] : [`-M ${netmask}`]),
    ...(pe === undefined ? [] : [`--pe ${pe}`]),
    ...(ops ? ['-o'] : []),
    ...(schedFlags === undefined ? [] : [`-b ${schedFlags.join(',')}`]),
  ]
  const name = named(service)
  return [
    [`-A ${name} -s ${scheduler}`, ...options].join(' '),
    ...dests.map(({ address, port, forward, weight, tunType, tunPort, tunFlags = [] }) => {
      const way = { masq: '-m', direct: '-g', tunnel: '-i', local: '-l' }[forward as string]
      const checksum = tunFlags.includes('csum') ? 'csum' : tunFlags.includes('remcsum') ? 'remcsum' : 'nocsum'
      const tunnel = [
        ...(tunType === undefined ? [] : [`--tun-type ${tunType}`]),
        ...(tunPort === undefined ? [] : [`--tun-port ${tunPort}`]),
        ...(tunType === undefined || tunType === 'ipip' ? [] : [`--tun-${checksum}`]),
      ]
      return [`-a ${name} -r ${place(address, port)} ${way} -w ${weight}`, ...tunnel].join(' ')
    }),
  ]
}

/** What `ipvsadm` saves. */
async function saved(ns: Netns): Promise<string[]> {
  const text = await ipvsadm(ns, '-S -n')
  return text
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '))
    .filter((line) => line !== '')
    .sort()
}

/** A table with numbers that `ipvsadm` prints: the columns after the address of each destination. */
async function columns(ns: Netns, option: string): Promise<Record<string, number[]>> {
  const text = await ipvsadm(ns, `-L -n --exact ${option}`)
  const rows = text
    .split('\n')
    .flatMap((line) => /^(?: {2}-> |(?:TCP|UDP|SCTP|FWM) +)(\S+) +([\d\s]+)$/.exec(line) ?? [])
  const found: Record<string, number[]> = {}
  for (let at = 0; at < rows.length; at += 3)
    found[rows[at + 1] as string] = (rows[at + 2] as string).trim().split(/ +/).map(Number)
  return found
}

const none = {
  ...{ conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 },
  ...{ cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 },
}
/** What is reported of a destination that has not been used. */
const unused = { activeConns: 0, inactConns: 0, persistConns: 0, stats: none }

/** Makes a device that daemons can multicast by. */
async function multicasting(ip: Tool): Promise<void> {
  await ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
  await ip('addr', 'add', '192.0.2.1/24', 'dev', 'v0')
  for (const name of ['v0', 'v1']) await ip('link', 'set', name, 'up')
}

/** Services as nslink is told of them; as `ipvsadm` is; and as both report them. */
const services: { title: string; given: IpvsServiceWithDests; commands: string[]; read: Omit<IpvsService, 'stats'> }[] =
  [
    {
      title: 'what nothing is said of',
      given: { ...web, dests: [{ address: '192.0.2.10' }] },
      commands: ['-A -t 192.0.2.1:80', '-a -t 192.0.2.1:80 -r 192.0.2.10'],
      read: {
        ...web,
        family: 'inet',
        scheduler: 'wlc',
        dests: [{ address: '192.0.2.10', port: 80, family: 'inet', forward: 'direct', weight: 1, ...unused }],
      },
    },
    {
      title: 'destinations of each sort',
      given: {
        ...{ ...web, scheduler: 'wrr' },
        dests: [
          { address: '192.0.2.10', port: 8080, forward: 'masq', weight: 3, uThreshold: 10, lThreshold: 4 },
          { address: '192.0.2.11', forward: 'direct', weight: 0, uThreshold: 5 },
          { address: '192.0.2.12', forward: 'tunnel', weight: 65535 },
        ],
      },
      commands: [
        '-A -t 192.0.2.1:80 -s wrr',
        '-a -t 192.0.2.1:80 -r 192.0.2.10:8080 -m -w 3 -x 10 -y 4',
        '-a -t 192.0.2.1:80 -r 192.0.2.11 -g -w 0 -x 5',
        '-a -t 192.0.2.1:80 -r 192.0.2.12 -i -w 65535',
      ],
      read: {
        ...{ ...web, family: 'inet', scheduler: 'wrr' },
        dests: [
          {
            ...{ address: '192.0.2.10', port: 8080, family: 'inet', forward: 'masq', weight: 3 },
            ...{ uThreshold: 10, lThreshold: 4, ...unused },
          },
          { address: '192.0.2.11', port: 80, family: 'inet', forward: 'direct', weight: 0, uThreshold: 5, ...unused },
          {
            address: '192.0.2.12',
            port: 80,
            family: 'inet',
            forward: 'tunnel',
            weight: 65535,
            tunType: 'ipip',
            ...unused,
          },
        ],
      },
    },
    {
      title: 'tunnels',
      given: {
        ...{ ...web, scheduler: 'rr' },
        dests: [
          { address: '192.0.2.10', forward: 'tunnel', tunType: 'gue', tunPort: 6080, tunFlags: ['remcsum'] },
          { address: '192.0.2.11', forward: 'tunnel', tunType: 'gre', tunFlags: ['csum'] },
          { address: '192.0.2.12', forward: 'tunnel', tunType: 'gre' },
          { address: '2001:db8::10', forward: 'tunnel' },
        ],
      },
      commands: [
        '-A -t 192.0.2.1:80 -s rr',
        '-a -t 192.0.2.1:80 -r 192.0.2.10 -i --tun-type gue --tun-port 6080 --tun-remcsum',
        '-a -t 192.0.2.1:80 -r 192.0.2.11 -i --tun-type gre --tun-csum',
        '-a -t 192.0.2.1:80 -r 192.0.2.12 -i --tun-type gre',
        '-a -t 192.0.2.1:80 -r [2001:db8::10]:80 -i',
      ],
      read: {
        ...{ ...web, family: 'inet', scheduler: 'rr' },
        dests: [
          {
            ...{ address: '192.0.2.10', port: 80, family: 'inet', forward: 'tunnel', weight: 1 },
            ...{ tunType: 'gue', tunPort: 6080, tunFlags: ['remcsum'], ...unused },
          },
          {
            ...{ address: '192.0.2.11', port: 80, family: 'inet', forward: 'tunnel', weight: 1 },
            ...{ tunType: 'gre', tunFlags: ['csum'], ...unused },
          },
          { address: '192.0.2.12', port: 80, family: 'inet', forward: 'tunnel', weight: 1, tunType: 'gre', ...unused },
          {
            address: '2001:db8::10',
            port: 80,
            family: 'inet6',
            forward: 'tunnel',
            weight: 1,
            tunType: 'ipip',
            ...unused,
          },
        ],
      },
    },
    {
      title: 'clients that stay, by networks',
      given: { ...web, port: 0, persistent: 600, netmask: 24, dests: [{ address: '192.0.2.10', forward: 'masq' }] },
      commands: ['-A -t 192.0.2.1:0 -p 600 -M 255.255.255.0', '-a -t 192.0.2.1:0 -r 192.0.2.10:0 -m'],
      read: {
        ...{ ...web, port: 0, family: 'inet', scheduler: 'wlc', persistent: 600, netmask: '255.255.255.0' },
        dests: [{ address: '192.0.2.10', port: 0, family: 'inet', forward: 'masq', weight: 1, ...unused }],
      },
    },
    {
      title: 'IPv6, packet by packet',
      given: {
        ...dns,
        scheduler: 'rr',
        ops: true,
        dests: [{ address: '2001:DB8:0::20', port: 5353, forward: 'masq' }],
      },
      commands: ['-A -u [2001:db8::1]:53 -s rr -o', '-a -u [2001:db8::1]:53 -r [2001:db8::20]:5353 -m'],
      read: {
        ...{ ...dns, family: 'inet6', scheduler: 'rr', ops: true },
        dests: [{ address: '2001:db8::20', port: 5353, family: 'inet6', forward: 'masq', weight: 1, ...unused }],
      },
    },
    {
      title: 'IPv6 clients that stay, by networks',
      given: { ...dns, persistent: 1, netmask: 64 },
      commands: ['-A -u [2001:db8::1]:53 -p 1 -M 64'],
      read: { ...dns, family: 'inet6', scheduler: 'wlc', persistent: 1, netmask: 64, dests: [] },
    },
    {
      title: 'SCTP, and flags of a scheduler',
      given: { ...web, protocol: 'sctp', scheduler: 'sh', schedFlags: ['sh-fallback', 'sh-port'] },
      commands: ['-A --sctp-service 192.0.2.1:80 -s sh -b sh-fallback,sh-port'],
      read: {
        ...{ ...web, protocol: 'sctp', family: 'inet', scheduler: 'sh', schedFlags: ['sh-fallback', 'sh-port'] },
        dests: [],
      },
    },
    {
      title: 'flags of another scheduler',
      given: { ...web, scheduler: 'mh', schedFlags: ['mh-port'] },
      commands: ['-A -t 192.0.2.1:80 -s mh -b mh-port'],
      read: { ...web, family: 'inet', scheduler: 'mh', schedFlags: ['mh-port'], dests: [] },
    },
    {
      title: 'flags that a scheduler has no names for',
      given: { ...web, scheduler: 'nq', schedFlags: ['flag-1', 'flag-3'] },
      commands: ['-A -t 192.0.2.1:80 -s nq -b flag-1,flag-3'],
      read: { ...web, family: 'inet', scheduler: 'nq', schedFlags: ['flag-1', 'flag-3'], dests: [] },
    },
    {
      title: 'a mark',
      given: { ...marked, scheduler: 'lc', dests: [{ address: '192.0.2.10', forward: 'direct' }] },
      commands: ['-A -f 7 -s lc', '-a -f 7 -r 192.0.2.10:0 -g'],
      read: {
        ...{ ...marked, family: 'inet', scheduler: 'lc' },
        dests: [{ address: '192.0.2.10', port: 0, family: 'inet', forward: 'direct', weight: 1, ...unused }],
      },
    },
    {
      title: 'a mark of IPv6 packets',
      given: { ...marked, family: 'inet6', scheduler: 'sed' },
      commands: ['-A -f 7 -6 -s sed'],
      read: { ...marked, family: 'inet6', scheduler: 'sed', dests: [] },
    },
    {
      title: 'a persistence engine',
      given: { ...dns, scheduler: 'rr', ops: true, persistent: 60, pe: 'sip' },
      commands: ['-A -u [2001:db8::1]:53 -s rr -o -p 60 --pe sip'],
      read: { ...dns, family: 'inet6', scheduler: 'rr', ops: true, persistent: 60, pe: 'sip', dests: [] },
    },
  ]

const withStats = (read: Omit<IpvsService, 'stats'>): IpvsService => ({ ...read, stats: none })

describe('services', needs('ability:ipvs'), () => {
  test.for(services)('that nslink makes are what ipvsadm saves: $title', async ({ given, read }, { ns, sync }) => {
    await ns.ipvs.add(given)
    const [service] = await ns.ipvs.list()
    expect(service).toEqual(withStats(read))
    expect(await ns.ipvs.get(given)).toEqual(service)
    expect(await saved(ns)).toEqual(lines(withStats(read)).sort())
    const thresholds = await columns(ns, '--thresholds')
    for (const { address, port, uThreshold = 0, lThreshold = 0 } of read.dests) {
      expect(thresholds[place(address, port)]?.slice(0, 2)).toEqual([uThreshold, lThreshold])
    }
    // What is listed can be given back.
    sync.ipvs.del(service!)
    expect(await saved(ns)).toEqual([])
    sync.ipvs.add(service!)
    expect(sync.ipvs.list()).toEqual([service])
  })

  test.for(services)('that ipvsadm makes are read: $title', async ({ commands, read }, { ns, sync }) => {
    for (const command of commands) await ipvsadm(ns, command)
    expect(sync.ipvs.list()).toEqual([withStats(read)])
  })

  test('are listed with the destinations of each', async ({ ns }) => {
    // One of each name; the names of some are the same.
    const all = new Map(services.map(({ given, read }) => [named({ ...given, family: read.family }), { given, read }]))
    await Promise.all([...all.values()].map(({ given }) => ns.ipvs.add(given)))
    const listed = await ns.ipvs.list()
    expect(listed).toHaveLength(all.size)
    for (const service of listed) expect(service).toEqual(withStats(all.get(named(service))!.read))
    expect(await saved(ns)).toEqual(listed.flatMap(lines).sort())
    await ns.ipvs.flush()
    expect(await ns.ipvs.list()).toEqual([])
    expect(await saved(ns)).toEqual([])
  })

  test('are those of their namespace', async ({ ns, another }) => {
    const other = await another()
    await ns.ipvs.add(web)
    expect(await other.ipvs.list()).toEqual([])
    await other.ipvs.add({ ...web, scheduler: 'rr' })
    expect((await ns.ipvs.list()).map(({ scheduler }) => scheduler)).toEqual(['wlc'])
  })

  test('are many', async ({ ns, sync }) => {
    const wanted = Array.from({ length: 200 }, (_, at) => ({ ...web, port: at + 1, scheduler: 'rr' }))
    await ns.batch((b) => wanted.map((service) => b.ipvs.add({ ...service, dests: [{ address: '192.0.2.10' }] })))
    const ports = sync.ipvs.list().map(({ port, dests }) => [port, dests.length])
    expect(ports.sort(([a = 0], [b = 0]) => a - b)).toEqual(wanted.map(({ port }) => [port, 1]))
    // So many destinations that they come in several messages.
    const dests = Array.from({ length: 250 }, (_, at) => ({ address: `198.51.100.${at + 1}`, weight: at }))
    await ns.ipvs.add({ ...web, port: 8080, dests })
    const { dests: read } = sync.ipvs.get({ ...web, port: 8080 })
    expect(read.map(({ address, weight }) => ({ address, weight }))).toEqual(dests)
  })

  test('change in what is given, and in nothing else', async ({ ns }) => {
    const before = { ...web, scheduler: 'sh', persistent: 60, netmask: '255.255.0.0', schedFlags: ['sh-port'] } as const
    await ns.ipvs.add({ ...before, dests: [{ address: '192.0.2.10' }] })
    const [made] = await ns.ipvs.list()
    const changes: [Partial<IpvsServiceWithDests>, Partial<IpvsService>][] = [
      [{ persistent: 90 }, { persistent: 90 }],
      [{ netmask: 8 }, { netmask: '255.0.0.0' }],
      [{ schedFlags: [] }, {}],
      [{ scheduler: 'rr' }, { scheduler: 'rr' }],
      [{ persistent: false, netmask: 32 }, {}],
    ]
    const wanted: Partial<IpvsService> = { ...made }
    for (const [change, read] of changes) {
      for (const name of Object.keys(change)) delete wanted[name as keyof IpvsService]
      Object.assign(wanted, read)
      await ns.ipvs.set({ ...web, ...change })
      expect(await ns.ipvs.get(web)).toEqual(wanted)
      expect(await saved(ns)).toEqual(lines(wanted as IpvsService).sort())
    }
    await ns.ipvs.add({ ...dns, ops: true, persistent: 60, pe: 'sip' })
    await ns.ipvs.set({ ...dns, scheduler: 'rr' })
    expect(await ns.ipvs.get(dns)).toMatchObject({ scheduler: 'rr', ops: true, persistent: 60, pe: 'sip' })
    await ns.ipvs.set({ ...dns, ops: false, pe: '' })
    const { ops, pe } = await ns.ipvs.get(dns)
    expect({ ops, pe }).toEqual({})
  })

  test('are replaced by what they are to be', async ({ ns, sync }) => {
    const [a, b, c] = ['192.0.2.10', '192.0.2.11', '192.0.2.12'] as const
    const first = { ...web, scheduler: 'rr', persistent: 60, dests: [{ address: a }, { address: b, weight: 5 }] }
    await ns.ipvs.replace(first)
    const made = sync.ipvs.get(web)
    expect(made).toMatchObject({ scheduler: 'rr', persistent: 60, dests: [{ address: a }, { address: b, weight: 5 }] })
    // The same again changes nothing, given back or not.
    await ns.ipvs.replace(first)
    await ns.ipvs.replace(made)
    expect(sync.ipvs.get(web)).toEqual(made)
    // Without destinations they stay; what is not said is as it is when nothing is said.
    await ns.ipvs.replace({ ...web, scheduler: 'rr' })
    const { persistent: _, ...lasting } = made
    expect(sync.ipvs.get(web)).toEqual(lasting)
    await ns.ipvs.replace({
      ...web,
      scheduler: 'rr',
      dests: [{ address: c, forward: 'masq', port: 81 }, { address: b }],
    })
    expect(await saved(ns)).toEqual(
      [
        '-A -t 192.0.2.1:80 -s rr',
        '-a -t 192.0.2.1:80 -r 192.0.2.11:80 -g -w 1',
        '-a -t 192.0.2.1:80 -r 192.0.2.12:81 -m -w 1',
      ].sort(),
    )
    await ns.ipvs.replace({ ...web, dests: [] })
    expect(sync.ipvs.get(web)).toMatchObject({ scheduler: 'wlc', dests: [] })
  })
})

describe('destinations', needs('ability:ipvs'), () => {
  test('come, change and go', async ({ ns }) => {
    await ns.ipvs.add({ ...web, scheduler: 'wrr' })
    await ns.ipvs.addDest(web, { address: '192.0.2.10', port: 8080, forward: 'masq', weight: 3 })
    await ns.ipvs.addDest(web, { address: '192.0.2.11' })
    const listed = await ns.ipvs.get(web)
    expect(await saved(ns)).toEqual(lines(listed).sort())
    const dest = { address: '192.0.2.10', port: 8080 }
    const changes: IpvsDestOptions[] = [
      { ...dest, weight: 0 },
      { ...dest, uThreshold: 100, lThreshold: 50 },
      { ...dest, lThreshold: 0 },
      { ...dest, uThreshold: 0 },
    ]
    let wanted = listed.dests[0] as IpvsDest
    for (const change of changes) {
      const { uThreshold, lThreshold, ...rest } = { ...wanted, ...change }
      wanted = { ...rest, ...(uThreshold && { uThreshold }), ...(lThreshold && { lThreshold }) } as IpvsDest
      await ns.ipvs.setDest(web, change)
      expect((await ns.ipvs.get(web)).dests).toEqual([wanted, listed.dests[1]])
    }
    // A listed service names itself, and a listed destination likewise.
    await ns.ipvs.delDest(listed, listed.dests[1]!)
    expect((await ns.ipvs.get(web)).dests).toEqual([wanted])
    await ns.ipvs.addDest(listed, listed.dests[1]!)
    await ns.ipvs.delDest(web, dest)
    expect((await ns.ipvs.get(web)).dests).toEqual([listed.dests[1]])
    expect(await saved(ns)).toEqual(lines(await ns.ipvs.get(web)).sort())
  })

  test('lose what belongs to a tunnel when they are none any more', async ({ ns }) => {
    const address = '192.0.2.10'
    await ns.ipvs.add({ ...web, dests: [{ address, forward: 'tunnel', tunType: 'gue', tunPort: 6080 }] })
    const only = async (): Promise<Partial<IpvsDest>> => (await ns.ipvs.get(web)).dests[0]!
    await ns.ipvs.setDest(web, { address, weight: 9 })
    expect(await only()).toMatchObject({ weight: 9, tunType: 'gue', tunPort: 6080 })
    await ns.ipvs.setDest(web, { address, tunType: 'gre', tunFlags: ['csum'] })
    expect(await only()).toMatchObject({ weight: 9, tunType: 'gre', tunFlags: ['csum'] })
    await ns.ipvs.setDest(web, { address, forward: 'masq' })
    expect(await only()).toEqual({ address, port: 80, family: 'inet', forward: 'masq', weight: 9, ...unused })
  })
})

describe('what holds for all services', needs('ability:ipvs'), () => {
  const shown = async (ns: Netns): Promise<number[]> =>
    [...(await ipvsadm(ns, '-L --timeout')).matchAll(/\d+/g)].map(([number]) => Number(number))

  test('timeouts are set, and stay where nothing is said', async ({ ns, sync }) => {
    expect(await ns.ipvs.timeouts()).toEqual({ tcp: 900, tcpFin: 120, udp: 300 })
    await ns.ipvs.setTimeouts({ tcp: 7200, udp: 2_147_483 })
    expect(sync.ipvs.timeouts()).toEqual({ tcp: 7200, tcpFin: 120, udp: 2_147_483 })
    expect(await shown(ns)).toEqual([7200, 120, 2_147_483])
    await ipvsadm(ns, '--set 1 2 3')
    expect(await ns.ipvs.timeouts()).toEqual({ tcp: 1, tcpFin: 2, udp: 3 })
  })

  test('the version, and the table of connections, are what ipvsadm tells', async ({ ns, sync }) => {
    const { version, connTabSize } = await ns.ipvs.info()
    expect(await ipvsadm(ns, '-L')).toContain(`IP Virtual Server version ${version} (size=${connTabSize})`)
    expect(sync.ipvs.info()).toEqual({ version, connTabSize })
  })

  test('daemons start, are told of, and end', async ({ ns, sync, ip }) => {
    await multicasting(ip)
    expect(await ns.ipvs.daemons()).toEqual([])
    await ns.ipvs.startDaemon({ state: 'master', mcastInterface: 'v0' })
    const usual = { mcastGroup: '224.0.0.81', mcastPort: 8848, mcastTtl: 1, syncMaxlen: expect.any(Number) }
    expect(sync.ipvs.daemons()).toEqual([{ state: 'master', mcastInterface: 'v0', syncid: 0, ...usual }])
    const backup = {
      ...{ state: 'backup', mcastInterface: 'v0', syncid: 7, syncMaxlen: 1200 },
      ...{ mcastGroup: '239.1.1.1', mcastPort: 9000, mcastTtl: 3 },
    } satisfies IpvsDaemonOptions
    await ns.ipvs.startDaemon(backup)
    const both = await ns.ipvs.daemons()
    expect(both[1]).toEqual(backup)
    expect(await ipvsadm(ns, '-L --daemon')).toMatch(
      /^master sync daemon \(mcast=v0, syncid=0.*\nbackup sync daemon \(mcast=v0, syncid=7, maxlen=1200, group=239\.1\.1\.1, port=9000, ttl=3\)\n$/,
    )
    for (const daemon of both) await ns.ipvs.stopDaemon(daemon)
    expect(await ns.ipvs.daemons()).toEqual([])
    await ipvsadm(ns, '--start-daemon backup --mcast-interface v0 --syncid 5')
    expect(await ns.ipvs.daemons()).toEqual([{ state: 'backup', mcastInterface: 'v0', syncid: 5, ...usual }])
    await ns.ipvs.stopDaemon({ state: 'backup' })
    expect(await ipvsadm(ns, '-L --daemon')).toBe('')
  })
})

describe('packets', needs('ability:ipvs'), () => {
  /** A client, a host that is its gateway, and two servers behind that: each of them says its own name to whoever comes. */
  async function farm(host: Netns, another: () => Promise<Netns>) {
    const [client, ...servers] = [await another(), await another(), await another()]
    await host.sysctl.set('net.ipv4.ip_forward', 1)
    await host.link.set('lo', { up: true })
    await host.addr.add({ dev: 'lo', address: '192.0.2.1/32' })
    for (const [at, each] of [client!, ...servers].entries()) {
      const network = `10.0.${at}`
      await host.link.add({ kind: 'veth', name: `v${at}`, up: true, peer: { name: 'eth0', netns: each } })
      await host.addr.add({ dev: `v${at}`, address: `${network}.1/24` })
      await each.link.set('eth0', { up: true })
      await each.addr.add({ dev: 'eth0', address: `${network}.2/24` })
      await each.route.add({ dst: 'default', via: `${network}.1` })
    }
    const program = (name: number) =>
      `require('net').createServer((s) => s.end('${name} ' + s.remoteAddress)).listen(8080, '0.0.0.0', () => console.log('up'))`
    const children = servers.map((server, at) =>
      server.spawn(process.execPath, ['-e', program(at + 1)], { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
    const ended = children.map((child) => once(child, 'close'))
    await Promise.all(children.map((child) => once(child.stdout!, 'data')))
    /** What so many connections, one after the other, hear. */
    const hear = async (count: number): Promise<string[]> => {
      const script = `
        (async () => {
          for (let left = ${count}; left > 0; left--) await new Promise((resolve) => {
            const socket = require('net').connect({ port: 80, host: '192.0.2.1' }).setTimeout(${seconds(2)}, () => socket.destroy(new Error('timeout')))
            let text = ''
            socket.on('data', (data) => { text += data }).on('error', ({ message }) => { text = message }).on('close', () => { console.log(text); resolve() })
          })
        })()`
      return (await output(client!, process.execPath, '-e', script)).trim().split('\n')
    }
    return {
      hear,
      async close() {
        for (const child of children) child.kill()
        await Promise.all(ended)
      },
    }
  }
  const dests = [1, 2].map((at) => ({ address: `10.0.${at}.2`, port: 8080, forward: 'masq' as const }))

  test('go to the destinations in turn, and are counted', async ({ ns, another }) => {
    const { hear, close } = await farm(ns, another)
    try {
      await ns.ipvs.add({ ...web, scheduler: 'rr', dests })
      const heard = await hear(6)
      expect([...heard].sort()).toEqual([...Array(3).fill('1 10.0.0.2'), ...Array(3).fill('2 10.0.0.2')])
      for (const [at, one] of heard.entries()) expect(one).not.toBe(heard[at + 1])

      const numbers = ({ stats }: { stats: IpvsService['stats'] }): number[] => [
        ...[stats.conns, stats.inPkts, stats.outPkts, stats.inBytes, stats.outBytes],
      ]
      // Newer kernels (since 6.3) add up what the processors have counted every two seconds only.
      const counted = async () => {
        const service = await ns.ipvs.get(web)
        const named = service.dests.map((dest) => [place(dest.address, dest.port), numbers(dest)] as const)
        return { '192.0.2.1:80': numbers(service), ...Object.fromEntries(named) }
      }
      const settled = async (): Promise<boolean> => {
        const before = await columns(ns, '--stats')
        return before['192.0.2.1:80']?.[0] === 6 && isDeepStrictEqual(before, await counted())
      }
      expect(await soon(settled, seconds(10))).toBe(true)
      const service = await ns.ipvs.get(web)
      expect(service.dests.map(({ stats }) => stats.conns)).toEqual([3, 3])
      expect(service.dests.every(({ activeConns, inactConns }) => activeConns + inactConns === 3)).toBe(true)
      for (const dest of service.dests) expect(Math.min(...numbers(dest))).toBeGreaterThan(2)
      expect(await soon(async () => (await ns.ipvs.get(web)).stats.inPps > 0, seconds(8))).toBe(true)

      await ns.ipvs.zero(web)
      const zeroed = await ns.ipvs.get(web)
      expect(zeroed.stats).toMatchObject({ conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 })
      expect(zeroed.dests.map(({ stats }) => stats.conns)).toEqual([0, 0])

      // One that gets nothing more, a client that stays with the other.
      await ns.ipvs.setDest(web, { ...dests[0]!, weight: 0 })
      expect(await hear(2)).toEqual(['2 10.0.0.2', '2 10.0.0.2'])
      await ns.ipvs.setDest(web, { ...dests[0]!, weight: 1 })
      await ns.ipvs.set({ ...web, persistent: 300 })
      expect(new Set(await hear(4)).size).toBe(1)
      expect((await ns.ipvs.get(web)).dests.map(({ persistConns }) => persistConns).sort()).toEqual([0, 1])
      await ns.ipvs.zero()
      expect((await ns.ipvs.get(web)).stats.conns).toBe(0)

      await ns.ipvs.replace({ ...web, scheduler: 'none', dests })
      expect(await hear(1)).toEqual([expect.stringMatching(/ECONNREFUSED|timeout/)])
      await ns.ipvs.del(web)
      expect(await hear(1)).toEqual([expect.stringContaining('ECONNREFUSED')])
    } finally {
      await close()
    }
  })

  test('with a mark go where the service of that mark says', async ({ ns, another }) => {
    const { hear, close } = await farm(ns, another)
    try {
      await output(
        ns,
        'nft',
        'add table ip t; add chain ip t c { type filter hook prerouting priority 0; }; add rule ip t c tcp dport 80 meta mark set 7',
      )
      await ns.ipvs.add({ ...marked, scheduler: 'rr', dests })
      expect((await hear(4)).sort()).toEqual([...Array(2).fill('1 10.0.0.2'), ...Array(2).fill('2 10.0.0.2')])
      expect(await soon(async () => (await ns.ipvs.get(marked)).stats.conns === 4)).toBe(true)
    } finally {
      await close()
    }
  })
})

describe('what the kernel refuses', needs('ability:ipvs'), () => {
  const absent = { ...web, port: 81 }
  const dest = { address: '192.0.2.10' }
  const gone = { address: '192.0.2.99' }
  const operations: [string, (ns: Netns) => Promise<unknown>, object, string][] = [
    [
      'add: it is there',
      ({ ipvs }) => ipvs.add(web),
      { code: 'EEXIST', request: 'IPVS_CMD_NEW_SERVICE' },
      'it exists already',
    ],
    [
      'add: no such scheduler',
      ({ ipvs }) => ipvs.add({ ...absent, scheduler: 'no-such' }),
      { code: 'ENOENT', attribute: 'scheduler' },
      'this kernel has no such scheduler',
    ],
    [
      'add: no such engine',
      ({ ipvs }) => ipvs.add({ ...absent, scheduler: 'rr', persistent: 1, pe: 'no-such' }),
      { code: 'ENOENT' },
      'no such persistence engine',
    ],
    [
      'add: a destination that can be none',
      ({ ipvs }) => ipvs.add({ ...absent, dests: [dest, { address: '224.0.0.1' }] }),
      { code: 'EINVAL', attribute: 'address', request: 'IPVS_CMD_NEW_DEST' },
      'no host can have that address',
    ],
    [
      'get',
      ({ ipvs }) => ipvs.get(absent),
      { code: 'ESRCH', request: 'IPVS_CMD_GET_SERVICE' },
      'there is no such service',
    ],
    ['set: no service', ({ ipvs }) => ipvs.set({ ...absent, scheduler: 'rr' }), { code: 'ESRCH' }, 'no such service'],
    [
      'set: no such scheduler',
      ({ ipvs }) => ipvs.set({ ...web, scheduler: 'no-such' }),
      { code: 'ENOENT', attribute: 'scheduler', request: 'IPVS_CMD_SET_SERVICE' },
      'no such scheduler',
    ],
    [
      'replace: no such scheduler',
      ({ ipvs }) => ipvs.replace({ ...absent, scheduler: 'no-such' }),
      { code: 'ENOENT', attribute: 'scheduler' },
      'no such scheduler',
    ],
    [
      'replace: a destination that can be none',
      ({ ipvs }) => ipvs.replace({ ...web, dests: [dest, { address: '224.0.0.1' }] }),
      { code: 'EINVAL', attribute: 'address' },
      'no host can have that address',
    ],
    ['del', ({ ipvs }) => ipvs.del(absent), { code: 'ESRCH', request: 'IPVS_CMD_DEL_SERVICE' }, 'no such service'],
    ['zero', ({ ipvs }) => ipvs.zero(absent), { code: 'ESRCH', request: 'IPVS_CMD_ZERO' }, 'no such service'],
    ['addDest: no service', ({ ipvs }) => ipvs.addDest(absent, dest), { code: 'ESRCH' }, 'no such service'],
    [
      'addDest: it is there',
      ({ ipvs }) => ipvs.addDest(web, dest),
      { code: 'EEXIST', attribute: 'address', request: 'IPVS_CMD_NEW_DEST' },
      'has that destination already',
    ],
    [
      'addDest: it can be none',
      ({ ipvs }) => ipvs.addDest(web, { address: '255.255.255.255' }),
      { code: 'EINVAL', attribute: 'address' },
      'no host can have that address',
    ],
    [
      'setDest: no service',
      ({ ipvs }) => ipvs.setDest(absent, { ...dest, weight: 2 }),
      { code: 'ESRCH' },
      'no such service',
    ],
    [
      'setDest: no destination',
      ({ ipvs }) => ipvs.setDest(web, { ...gone, weight: 2 }),
      { code: 'ENOENT', attribute: 'address', request: 'IPVS_CMD_SET_DEST' },
      'no such destination',
    ],
    ['delDest: no service', ({ ipvs }) => ipvs.delDest(absent, dest), { code: 'ESRCH' }, 'no such service'],
    [
      'delDest: no destination',
      ({ ipvs }) => ipvs.delDest(web, gone),
      { code: 'ENOENT', attribute: 'address', request: 'IPVS_CMD_DEL_DEST' },
      'no such destination',
    ],
    [
      'startDaemon: no device',
      ({ ipvs }) => ipvs.startDaemon({ state: 'master', mcastInterface: 'none0' }),
      { code: 'ENODEV', attribute: 'mcastInterface' },
      'there is no such device',
    ],
    ['stopDaemon', ({ ipvs }) => ipvs.stopDaemon({ state: 'backup' }), { code: 'ESRCH' }, 'it does not run'],
  ]

  test.for(operations)('%s', async ([, call, expected, words], { ns }) => {
    await ns.ipvs.add({ ...web, dests: [dest] })
    const before = await ns.ipvs.list()
    const error = await failure(() => call(ns))
    expect(error).toMatchObject({ name: 'NetlinkError', ...expected })
    expect(error.message).toContain(words)
    // Nothing is half done.
    expect(await ns.ipvs.list()).toEqual(before)
  })

  test('a daemon that runs already', async ({ ns, ip }) => {
    await multicasting(ip)
    await ns.ipvs.startDaemon({ state: 'backup', mcastInterface: 'v0' })
    const error = await failure(() => ns.ipvs.startDaemon({ state: 'backup', mcastInterface: 'v0' }))
    expect(error).toMatchObject({ code: 'EEXIST', message: expect.stringContaining('it runs already') })
    await ns.ipvs.stopDaemon({ state: 'backup' })
  })

  test('what is not there is no error where missingOk says so', async ({ ns, sync }) => {
    await ns.ipvs.del({ ...web, missingOk: true })
    await ns.ipvs.delDest(web, { ...dest, missingOk: true })
    sync.ipvs.stopDaemon({ state: 'master', missingOk: true })
    sync.ipvs.add(web)
    sync.ipvs.delDest(web, { ...dest, missingOk: true })
    sync.ipvs.del({ ...web, missingOk: true })
    expect(sync.ipvs.list()).toEqual([])
  })

  test.for([
    ['of a process without the capability', '-net_admin'],
    ['of root of another user namespace', ''],
  ] as const)('all %s', async ([, bound]) => {
    const inside = `
      import { netns } from 'nslink'
      const ns = await netns.create()
      const calls = [() => ns.ipvs.list(), () => ns.ipvs.info(), () => ns.ipvs.add({ protocol: 'tcp', address: '192.0.2.1', port: 80 })]
      const errors = []
      for (const call of calls) await call().catch(({ code, message }) => errors.push({ code, message }))
      console.log(JSON.stringify(errors))`
    const rootless = `
      import { run } from 'nslink/rootless'
      process.exitCode = await run(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(inside)}])`
    const errors =
      bound !== '' ? await told(inside, { by: ['setpriv', `--bounding-set=${bound}`] }) : await told(rootless)
    const refused = {
      code: 'EPERM',
      message: expect.stringContaining('CAP_NET_ADMIN in the first user namespace'),
    }
    expect(errors).toEqual([refused, refused, refused])
  })
})

describe('what is refused before anything is sent', () => {
  const wrong: [string, (ns: Netns) => Promise<unknown>, string, string][] = [
    ['no protocol', ({ ipvs }) => ipvs.add({ address: '192.0.2.1', port: 80 }), 'protocol', 'ERR_INVALID_ARG_VALUE'],
    [
      'a protocol IPVS has not',
      ({ ipvs }) => ipvs.get({ ...web, protocol: 'icmp' as 'tcp' }),
      'protocol',
      'ERR_INVALID_ARG_VALUE',
    ],
    ['no address', ({ ipvs }) => ipvs.add({ protocol: 'tcp', port: 80 }), 'address', 'ERR_INVALID_ARG_TYPE'],
    ['a network', ({ ipvs }) => ipvs.del({ ...web, address: '192.0.2.0/24' }), 'address', 'ERR_INVALID_ARG_VALUE'],
    ['no port', ({ ipvs }) => ipvs.zero({ protocol: 'tcp', address: '192.0.2.1' }), 'port', 'ERR_INVALID_ARG_TYPE'],
    ['a port too high', ({ ipvs }) => ipvs.add({ ...web, port: 65_536 }), 'port', 'ERR_OUT_OF_RANGE'],
    ['all ports, and nobody stays', ({ ipvs }) => ipvs.add({ ...web, port: 0 }), 'persistent', 'ERR_INVALID_ARG_VALUE'],
    ['no mark', ({ ipvs }) => ipvs.add({ fwmark: 0 }), 'fwmark', 'ERR_OUT_OF_RANGE'],
    ['a mark and a port', ({ ipvs }) => ipvs.add({ fwmark: 1, port: 80 }), 'port', 'ERR_INVALID_ARG_VALUE'],
    ['another family', ({ ipvs }) => ipvs.add({ ...web, family: 'inet6' }), 'family', 'ERR_INVALID_ARG_VALUE'],
    ['no family', ({ ipvs }) => ipvs.add({ fwmark: 1, family: 'ipv6' as 'inet' }), 'family', 'ERR_INVALID_ARG_VALUE'],
    ['no scheduler', ({ ipvs }) => ipvs.add({ ...web, scheduler: '' }), 'scheduler', 'ERR_INVALID_ARG_VALUE'],
    ['a path', ({ ipvs }) => ipvs.add({ ...web, scheduler: '../rr' }), 'scheduler', 'ERR_INVALID_ARG_VALUE'],
    [
      '16 letters',
      ({ ipvs }) => ipvs.replace({ ...web, scheduler: 'abcdefghijklmnop' }),
      'scheduler',
      'ERR_INVALID_ARG_VALUE',
    ],
    ['not a moment', ({ ipvs }) => ipvs.add({ ...web, persistent: 0 }), 'persistent', 'ERR_OUT_OF_RANGE'],
    ['too long', ({ ipvs }) => ipvs.add({ ...web, persistent: 2_147_484 }), 'persistent', 'ERR_OUT_OF_RANGE'],
    ['half a netmask', ({ ipvs }) => ipvs.add({ ...web, persistent: 1, netmask: 33 }), 'netmask', 'ERR_OUT_OF_RANGE'],
    ['a mask for IPv6', ({ ipvs }) => ipvs.add({ ...dns, netmask: '255.0.0.0' }), 'netmask', 'ERR_INVALID_ARG_TYPE'],
    ['an IPv6 mask', ({ ipvs }) => ipvs.add({ ...web, netmask: 'ffff::' }), 'netmask', 'ERR_INVALID_ARG_VALUE'],
    ['packets of TCP one by one', ({ ipvs }) => ipvs.add({ ...web, ops: true }), 'ops', 'ERR_INVALID_ARG_VALUE'],
    [
      'a flag',
      ({ ipvs }) => ipvs.add({ ...web, schedFlags: ['port' as 'sh-port'] }),
      'schedFlags.0',
      'ERR_INVALID_ARG_VALUE',
    ],
    ['flags', ({ ipvs }) => ipvs.add({ ...web, schedFlags: 'sh-port' as never }), 'schedFlags', 'ERR_INVALID_ARG_TYPE'],
    ['an engine', ({ ipvs }) => ipvs.add({ ...web, pe: 'a b' }), 'pe', 'ERR_INVALID_ARG_VALUE'],
    ['dests', ({ ipvs }) => ipvs.add({ ...web, dests: {} as [] }), 'dests', 'ERR_INVALID_ARG_TYPE'],
    [
      'a dest',
      ({ ipvs }) => ipvs.add({ ...web, dests: [{ address: '' }] }),
      'dests.0.address',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'a weight',
      ({ ipvs }) => ipvs.replace({ ...web, dests: [{ address: '192.0.2.9' }, { address: '192.0.2.8', weight: -1 }] }),
      'dests.1.weight',
      'ERR_OUT_OF_RANGE',
    ],
    [
      'one twice',
      ({ ipvs }) =>
        ipvs.add({
          ...web,
          dests: [
            { address: '2001:db8::1', forward: 'tunnel' },
            { address: '2001:db8:0::1', forward: 'tunnel' },
          ],
        }),
      'dests.1',
      'ERR_INVALID_ARG_VALUE',
    ],
  ]
  const wrongDests: [Partial<IpvsDestOptions>, string, string][] = [
    [{ address: '192.0.2' }, 'address', 'ERR_INVALID_ARG_VALUE'],
    [{ address: '2001:db8::1' }, 'address', 'ERR_INVALID_ARG_VALUE'],
    [{ port: -1 }, 'port', 'ERR_OUT_OF_RANGE'],
    [{ port: 81 }, 'port', 'ERR_INVALID_ARG_VALUE'],
    [{ port: 81, forward: 'tunnel' }, 'port', 'ERR_INVALID_ARG_VALUE'],
    [{ forward: 'nat' as 'masq' }, 'forward', 'ERR_INVALID_ARG_VALUE'],
    [{ weight: 0x8000_0000 }, 'weight', 'ERR_OUT_OF_RANGE'],
    [{ uThreshold: -1 }, 'uThreshold', 'ERR_OUT_OF_RANGE'],
    [{ lThreshold: 1 }, 'lThreshold', 'ERR_INVALID_ARG_VALUE'],
    [{ uThreshold: 4, lThreshold: 5 }, 'lThreshold', 'ERR_INVALID_ARG_VALUE'],
    [{ tunType: 'gre' }, 'tunType', 'ERR_INVALID_ARG_VALUE'],
    [{ forward: 'tunnel', tunType: 'vxlan' as 'gre' }, 'tunType', 'ERR_INVALID_ARG_VALUE'],
    [{ forward: 'tunnel', tunType: 'gue' }, 'tunPort', 'ERR_INVALID_ARG_TYPE'],
    [{ forward: 'tunnel', tunType: 'gue', tunPort: 0 }, 'tunPort', 'ERR_OUT_OF_RANGE'],
    [{ forward: 'tunnel', tunType: 'gre', tunPort: 1 }, 'tunPort', 'ERR_INVALID_ARG_VALUE'],
    [{ forward: 'tunnel', tunFlags: ['csum'] }, 'tunFlags', 'ERR_INVALID_ARG_VALUE'],
    [{ forward: 'tunnel', tunType: 'gre', tunFlags: ['sum' as 'csum'] }, 'tunFlags.0', 'ERR_INVALID_ARG_VALUE'],
  ]
  const wrongDaemons: [Partial<IpvsDaemonOptions>, string, string][] = [
    [{ state: 'slave' as 'backup' }, 'state', 'ERR_INVALID_ARG_VALUE'],
    [{ mcastInterface: undefined as never }, 'mcastInterface', 'ERR_INVALID_ARG_TYPE'],
    [{ mcastInterface: 'a name that is long' }, 'mcastInterface', 'ERR_INVALID_ARG_VALUE'],
    [{ syncid: 256 }, 'syncid', 'ERR_OUT_OF_RANGE'],
    [{ syncMaxlen: 65_508 }, 'syncMaxlen', 'ERR_OUT_OF_RANGE'],
    [{ mcastGroup: 'all' }, 'mcastGroup', 'ERR_INVALID_ARG_VALUE'],
    [{ mcastPort: 0 }, 'mcastPort', 'ERR_OUT_OF_RANGE'],
    [{ mcastGroup: '192.0.2.1' }, 'mcastGroup', 'ERR_INVALID_ARG_VALUE'],
    [{ mcastGroup: '2001:db8::1' }, 'mcastGroup', 'ERR_INVALID_ARG_VALUE'],
    [{ mcastTtl: 0 }, 'mcastTtl', 'ERR_OUT_OF_RANGE'],
    [{ mcastTtl: 256 }, 'mcastTtl', 'ERR_OUT_OF_RANGE'],
  ]
  const master = { state: 'master', mcastInterface: 'lo' } as const
  const all = [
    ...wrong,
    ...wrongDests.map(([options, option, code]): (typeof wrong)[number] => [
      `of a destination, ${JSON.stringify(options)}`,
      ({ ipvs }) => ipvs.addDest(web, { address: '192.0.2.10', ...options }),
      ...([option, code] as const),
    ]),
    ...wrongDaemons.map(([options, option, code]): (typeof wrong)[number] => [
      `of a daemon, ${JSON.stringify(options)}`,
      ({ ipvs }) => ipvs.startDaemon({ ...master, ...options }),
      ...([option, code] as const),
    ]),
    ...[0, 2_147_484, 1.5].map((tcp): (typeof wrong)[number] => [
      `a timeout of ${tcp}`,
      ({ ipvs }) => ipvs.setTimeouts({ tcp }),
      ...(['tcp', 'ERR_OUT_OF_RANGE'] as const),
    ]),
    ['no timeout', ({ ipvs }: Netns) => ipvs.setTimeouts({}), 'options', 'ERR_INVALID_ARG_VALUE'] as const,
  ]

  test('is named', async ({ ns }) => {
    for (const [what, call, option, code] of all) {
      const error = await failure(() => call(ns))
      expect({ code: error['code'], message: error.message }, what).toEqual({
        code,
        message: expect.stringContaining(`The "${option}" option `),
      })
    }
  })

  test('and so is what nobody knows', async ({ ns }) => {
    const typo = { sheduler: 'rr', wieght: 1 } as object
    const dest = { address: '192.0.2.10' }
    const calls: [() => Promise<unknown>, string][] = [
      [() => ns.ipvs.add({ ...web, ...typo }), '"sheduler" of ipvs.add: did you mean "scheduler"'],
      [() => ns.ipvs.set({ ...web, ...typo }), '"sheduler" of ipvs.set: did you mean "scheduler"'],
      [() => ns.ipvs.set({ ...web, dests: [] } as object), '"dests" of ipvs.set'],
      [() => ns.ipvs.replace({ ...web, ...typo }), '"sheduler" of ipvs.replace'],
      [() => ns.ipvs.get({ ...web, ...typo }), '"sheduler" of ipvs.get'],
      [() => ns.ipvs.del({ ...web, ...typo }), '"sheduler" of ipvs.del'],
      [() => ns.ipvs.zero({ ...web, ...typo }), '"sheduler" of ipvs.zero'],
      [() => ns.ipvs.add({ ...web, dests: [{ ...dest, ...typo }] }), '"sheduler" of ipvs.add, dests.0'],
      [() => ns.ipvs.addDest(web, { ...dest, ...{ wieght: 1 } }), '"wieght" of ipvs.addDest: did you mean "weight"'],
      [() => ns.ipvs.setDest(web, { ...dest, ...{ wieght: 1 } }), '"wieght" of ipvs.setDest'],
      [() => ns.ipvs.delDest(web, { ...dest, ...{ wieght: 1 } }), '"wieght" of ipvs.delDest'],
      [() => ns.ipvs.setTimeouts({ icmp: 1 } as object), '"icmp" of ipvs.setTimeouts'],
      [() => ns.ipvs.startDaemon({ ...master, ...{ ttl: 1 } }), '"ttl" of ipvs.startDaemon'],
      [() => ns.ipvs.stopDaemon({ state: 'master', ...{ ttl: 1 } }), '"ttl" of ipvs.stopDaemon'],
    ]
    for (const [call, words] of calls) {
      const error = await failure(call)
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
      expect(error.message).toContain(`Unknown option ${words}`)
    }
  })
})

describe.runIf(!has('ability:ipvs'))('a kernel without IPVS', () => {
  test('says so, whatever it is asked for', async ({ ns, sync }) => {
    const { ipvs } = ns
    const dest = { address: '192.0.2.10' }
    const calls: [string, () => Promise<unknown>][] = [
      ['ipvs.list', () => ipvs.list()],
      ['ipvs.get tcp 192.0.2.1:80', () => ipvs.get(web)],
      ['ipvs.add udp [2001:db8::1]:53', () => ipvs.add(dns)],
      ['ipvs.set fwmark 7', () => ipvs.set({ ...marked, scheduler: 'rr' })],
      ['ipvs.replace tcp 192.0.2.1:80', () => ipvs.replace(web)],
      ['ipvs.del tcp 192.0.2.1:80', () => ipvs.del({ ...web, missingOk: true })],
      ['ipvs.addDest tcp 192.0.2.1:80', () => ipvs.addDest(web, dest)],
      ['ipvs.setDest tcp 192.0.2.1:80', () => ipvs.setDest(web, dest)],
      ['ipvs.delDest tcp 192.0.2.1:80', () => ipvs.delDest(web, { ...dest, missingOk: true })],
      ['ipvs.flush', () => ipvs.flush()],
      ['ipvs.zero', () => ipvs.zero()],
      ['ipvs.timeouts', () => ipvs.timeouts()],
      ['ipvs.setTimeouts', () => ipvs.setTimeouts({ udp: 1 })],
      ['ipvs.info', () => ipvs.info()],
      ['ipvs.daemons', () => ipvs.daemons()],
      ['ipvs.startDaemon master', () => ipvs.startDaemon({ state: 'master', mcastInterface: 'lo' })],
      ['ipvs.stopDaemon backup', () => ipvs.stopDaemon({ state: 'backup', missingOk: true })],
      ['ipvs.list', async () => sync.ipvs.list()],
    ]
    for (const [doing, call] of calls) {
      const error = await failure(call)
      expect(error).toMatchObject({ name: 'NetlinkError', code: 'EOPNOTSUPP', request: 'CTRL_CMD_GETFAMILY' })
      expect(error.message).toMatch(
        new RegExp(
          `^${doing.replace(/[[\].]/g, '\\$&')} in namespace .*this kernel has no IPVS \\(CONFIG_IP_VS, the module ip_vs\\)`,
        ),
      )
    }
  })
})

describe('families of generic netlink', () => {
  /** Their numbers, as `genl` lists them. */
  async function known(ns: Netns): Promise<[string, number][]> {
    const text = await output(ns, 'genl', 'ctrl', 'list')
    return [...text.matchAll(/Name: (\S+)\s+ID: (0x[\da-f]+)/g)].map(([, name = '', id]) => [name, Number(id)])
  }
  const doing = { doing: 'test', subject: undefined }

  test('have the numbers that the kernel gave them', async ({ ns, sync }) => {
    const families = await known(ns)
    expect(families).toContainEqual(['nlctrl', 16])
    for (const [name, number] of families) {
      expect(await ns.transport.run(familyNumber(name, name, doing)), name).toBe(number)
      expect(sync.transport.run(familyNumber(name, name, doing)), name).toBe(number)
    }
  })

  test('that there are not are called as they are to be', async ({ ns, sync }) => {
    const run = () => ns.transport.run(familyNumber('no-such-family', 'such thing', { doing: 'test', subject: 5 }))
    const errors = [
      await failure(run),
      await failure(() => sync.transport.run(familyNumber('no', 'such thing', doing))),
    ]
    expect(errors.map(({ code }) => code)).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP'])
    expect(errors[0]?.message).toMatch(
      /^test 5 in namespace \S+: EOPNOTSUPP: this kernel has no such thing, CTRL_CMD_GETFAMILY$/,
    )
  })

  // Those that use IPVS at the same time keep the module; each goes with its test.
  test('are found again under another number when a module was unloaded', needs('ability:ipvs'), async ({ ns }) => {
    const number = async () => (await known(ns)).find(([name]) => name === 'IPVS')?.[1]
    await ns.ipvs.list()
    const before = await number()
    expect(before).toBeGreaterThan(16)
    const unload = (): Promise<boolean> => {
      const modules = readFileSync('/proc/modules', 'utf8').match(/^ip_vs_\w+/gm) ?? []
      return output(ns, 'modprobe', '-r', ...modules, 'ip_vs').then(
        () => true,
        () => sleep(200).then(() => false),
      )
    }
    const unloaded = await soon(unload, seconds(20))
    expect(unloaded).toBe(true)
    expect(await number()).toBeUndefined()
    await ns.ipvs.add(web)
    expect(await ns.ipvs.list()).toHaveLength(1)
    expect(await number()).not.toBe(before)
  })
})
