import { setTimeout as sleep } from 'node:timers/promises'
import type { Addr, AddrOptions, Netns } from 'nslink'
import { held, script } from './support/child.js'
import { describe, expect, failure, type Tool, test, tool } from './support/test.js'

type Json = Record<string, unknown>

/** Milliseconds to wait for what will happen, however busy the machine is. */
const PATIENCE = 100_000

/** How many milliseconds duplicate address detection takes; it is a second, and up to one more, unless this says otherwise. */
async function detection(ns: Netns, dev: string, milliseconds: number): Promise<void> {
  await ns.sysctl.set(`net.ipv6.conf.${dev}.router_solicitation_delay`, 0)
  await ns.sysctl.set(`net.ipv6.neigh.${dev}.retrans_time_ms`, milliseconds)
}

/** A device that is up: with a carrier, a fixed address, and thereby a link-local one that is the same in every namespace. */
async function furnish(ns: Netns): Promise<void> {
  const peer = { name: 'v1', address: '02:00:00:00:00:02' }
  await ns.link.add({ kind: 'veth', name: 'v0', address: '02:00:00:00:00:01', peer })
  await ns.link.set('v1', { addrGenMode: 'none' })
  await detection(ns, 'v0', 50)
  await ns.link.set('v0', { up: true })
  await ns.link.set('v1', { up: true })
  while ((await ns.addr.list({ dev: 'v0', scope: 'link' })).length === 0) await sleep(5)
}

/** Addresses as nslink is told them, and the arguments that tell ip the same. */
const shapes: [Omit<AddrOptions, 'dev'>, string][] = [
  [{ address: '10.0.0.1/24' }, '10.0.0.1/24'],
  [{ address: '10.0.0.2/24' }, '10.0.0.2/24'],
  [{ address: '10.0.1.1' }, '10.0.1.1'],
  [{ address: '10.0.2.1/31' }, '10.0.2.1/31'],
  [{ address: '10.0.3.1/0' }, '10.0.3.1/0'],
  [{ address: '10.0.4.1/22', broadcast: '+' }, '10.0.4.1/22 broadcast +'],
  [{ address: '10.0.8.77/25', broadcast: '+' }, '10.0.8.77/25 broadcast +'],
  [{ address: '10.0.9.77/25', broadcast: '-' }, '10.0.9.77/25 broadcast -'],
  [{ address: '10.0.10.1/24', broadcast: '10.0.10.99' }, '10.0.10.1/24 broadcast 10.0.10.99'],
  [{ address: '10.0.11.1/24', label: 'v0:web' }, '10.0.11.1/24 label v0:web'],
  [{ address: '10.0.12.1/24', label: 'v0:123456789012' }, '10.0.12.1/24 label v0:123456789012'],
  [{ address: '10.0.13.1/24', scope: 'link' }, '10.0.13.1/24 scope link'],
  [{ address: '10.0.14.1/24', scope: 'host' }, '10.0.14.1/24 scope host'],
  [{ address: '10.0.15.1/24', scope: 'site' }, '10.0.15.1/24 scope site'],
  [{ address: '10.0.16.1/24', scope: 77 }, '10.0.16.1/24 scope 77'],
  [{ address: '10.0.17.1', peer: '10.0.17.2' }, '10.0.17.1 peer 10.0.17.2'],
  [{ address: '10.0.18.1', peer: '10.0.18.2/30' }, '10.0.18.1 peer 10.0.18.2/30'],
  [{ address: '10.0.19.1/24', peer: '10.0.19.2' }, '10.0.19.1/24 peer 10.0.19.2'],
  [
    { address: '10.0.20.1', peer: '10.0.21.2/24', broadcast: '+', label: 'v0:p' },
    '10.0.20.1 peer 10.0.21.2/24 broadcast + label v0:p',
  ],
  [{ address: '10.0.22.1/24', metric: 5 }, '10.0.22.1/24 metric 5'],
  [{ address: '10.0.23.1/24', metric: 4294967295 }, '10.0.23.1/24 metric 4294967295'],
  [{ address: '10.0.24.1/24', noprefixroute: true }, '10.0.24.1/24 noprefixroute'],
  [{ address: '10.0.25.1/24', validLft: 10_000 }, '10.0.25.1/24 valid_lft 10000 preferred_lft 10000'],
  [
    { address: '10.0.26.1/24', validLft: 20_000, preferredLft: 10_000 },
    '10.0.26.1/24 valid_lft 20000 preferred_lft 10000',
  ],
  [{ address: '10.0.27.1/24', preferredLft: 0 }, '10.0.27.1/24 preferred_lft 0'],
  [
    { address: '10.0.28.1/24', validLft: 'forever', preferredLft: 30_000 },
    '10.0.28.1/24 valid_lft forever preferred_lft 30000',
  ],
  [{ address: '224.0.0.9/32', autojoin: true }, '224.0.0.9/32 autojoin'],
  [{ address: '127.1.0.1/16', scope: 'host' }, '127.1.0.1/16 scope host'],
  [{ address: '2001:db8::1/64' }, '2001:db8::1/64'],
  [{ address: '2001:db8::2' }, '2001:db8::2'],
  [{ address: '2001:db8:0:1::1/127' }, '2001:db8:0:1::1/127'],
  [{ address: '2001:DB8:0:2:0:0:0:1/64' }, '2001:db8:0:2::1/64'],
  [{ address: '::ffff:10.9.9.9/96' }, '::ffff:10.9.9.9/96'],
  [{ address: 'fd00::1/8' }, 'fd00::1/8'],
  [{ address: 'fec0::1/64' }, 'fec0::1/64'],
  [{ address: 'fe80::77/64' }, 'fe80::77/64'],
  [{ address: '2001:db8:0:3::1/64', nodad: true }, '2001:db8:0:3::1/64 nodad'],
  [{ address: '2001:db8:0:4::1/64', home: true }, '2001:db8:0:4::1/64 home'],
  [{ address: '2001:db8:0:5::1/64', noprefixroute: true }, '2001:db8:0:5::1/64 noprefixroute'],
  [{ address: '2001:db8:0:6::1/64', mngtmpaddr: true, nodad: true }, '2001:db8:0:6::1/64 mngtmpaddr nodad'],
  [{ address: '2001:db8:0:7::1/64', metric: 77 }, '2001:db8:0:7::1/64 metric 77'],
  [{ address: '2001:db8:0:8::1', peer: '2001:db8:0:8::2/128' }, '2001:db8:0:8::1 peer 2001:db8:0:8::2/128'],
  [{ address: '2001:db8:0:9::1', peer: '2001:db8:0:9::2' }, '2001:db8:0:9::1 peer 2001:db8:0:9::2'],
  [
    { address: '2001:db8:0:a::1/64', validLft: 20_000, preferredLft: 10_000 },
    '2001:db8:0:a::1/64 valid_lft 20000 preferred_lft 10000',
  ],
  [{ address: '2001:db8:0:b::1/64', preferredLft: 0 }, '2001:db8:0:b::1/64 preferred_lft 0'],
  [{ address: 'ff05::77/128', autojoin: true }, 'ff05::77/128 autojoin'],
]

const numeric = (text: unknown): unknown => (/^\d+$/.test(String(text)) ? Number(text) : text)

/** Lifetimes run down while a test looks at them. Those of the shapes are far apart. */
const lifetime = (seconds: unknown): unknown =>
  seconds === 'forever' || seconds === 4294967295 ? 'forever' : Math.round((seconds as number) / 100) * 100

/** What `ip -j address` prints of the addresses of all devices, in nslink's words. */
function inOurWords(devices: readonly Json[]): Json[] {
  return devices
    .filter((device) => 'addr_info' in device)
    .flatMap((device) =>
      // Where it filters, ip leaves a hole for each address it does not show.
      (device['addr_info'] as Json[])
        .filter(({ local }) => local !== undefined)
        .map((info) => {
          const { local, address, prefixlen, scope, dynamic, valid_life_time, preferred_life_time, ...same } = info
          return {
            ...same,
            dev: device['ifname'],
            ...(address === undefined
              ? { address: `${local}/${prefixlen}` }
              : { address: local, peer: `${address}/${prefixlen}` }),
            scope: numeric(scope),
            validLft: lifetime(valid_life_time),
            preferredLft: lifetime(preferred_life_time),
            ...(dynamic !== true && { permanent: true }),
          }
        }),
    )
}

/** What nslink lists, with lifetimes as above. Who made an address is more than this iproute2 prints. */
const comparable = (addresses: readonly Addr[]): Json[] =>
  addresses.map(({ proto: _, ...addr }) => ({
    ...addr,
    validLft: lifetime(addr.validLft),
    preferredLft: lifetime(addr.preferredLft),
  }))

const seenByIp = async (ip: Tool, ...args: string[]): Promise<Json[]> =>
  inOurWords((await ip('-j', 'address', 'show', ...args)) as Json[])

/** One after the other: in which order addresses were added shows. */
async function fill(ns: Netns): Promise<void> {
  for (const [options] of shapes) await ns.addr.add({ dev: 'v0', ...options })
  await ns.addr.waitForAddresses({ timeout: PATIENCE })
}

/** ip shows device by device what the kernel lists family by family. */
const byDevice = (addresses: Json[]): Json[] =>
  addresses.sort((a, b) => String(a['dev']).localeCompare(String(b['dev'])))

const byAddress = (a: Json, b: Json): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

describe('reading and writing', () => {
  test('addresses of every shape are made as ip makes them, and read as ip reads them', async ({ ns, ip, another }) => {
    expect(shapes.length).toBeGreaterThan(40)
    const other = await another()
    const ipThere = tool(other, 'ip')
    await Promise.all([furnish(ns), furnish(other)])
    await ns.link.set('lo', { up: true })
    await other.link.set('lo', { up: true })
    const filled = fill(ns)
    for (const [, args] of shapes) await ipThere('address', 'add', 'dev', 'v0', ...args.split(' '))
    await Promise.all([filled, other.addr.waitForAddresses({ timeout: PATIENCE })])

    const seen = await seenByIp(ip)
    expect(seen.length).toBe(shapes.length + 'lo lo link-local'.split(' ').length)
    expect(seen).toEqual(await seenByIp(ipThere))
    const ours = byDevice(comparable(await ns.addr.list()))
    expect(ours).toEqual(seen)
    expect(byDevice(comparable(await other.addr.list()))).toEqual(seen)

    for (const [{ address, peer, broadcast: _, validLft: __, preferredLft: ___, ...rest }] of shapes) {
      expect(await ns.addr.get({ dev: 'v0', address, peer }), address).toMatchObject(rest)
    }
    const broadcasts = ours.flatMap(({ address, broadcast }) => (broadcast === undefined ? [] : [[address, broadcast]]))
    expect(Object.fromEntries(broadcasts)).toEqual({
      '10.0.4.1/22': '10.0.7.255',
      '10.0.8.77/25': '10.0.8.127',
      '10.0.9.77/25': '10.0.9.0',
      '10.0.10.1/24': '10.0.10.99',
      '10.0.20.1': '10.0.21.255',
    })
  })

  test('listed, flushed and added again, they are what they were', async ({ ns, ip }) => {
    await furnish(ns)
    await fill(ns)
    const before = await seenByIp(ip)
    const listed = await ns.addr.list({ dev: 'v0' })
    expect(await ns.addr.flush({ dev: 'v0' })).toBe(listed.length)
    expect(await seenByIp(ip)).toEqual([])

    for (const addr of listed) await ns.addr.add(addr)
    await ns.addr.waitForAddresses({ timeout: PATIENCE })
    // The kernel lists IPv6 addresses of a scope last come, first served.
    expect((await seenByIp(ip)).sort(byAddress)).toEqual(before.sort(byAddress))
    const again = await ns.addr.list({ dev: 'v0' })
    expect(again.map(({ address, proto }) => ({ address, proto })).sort(byAddress)).toEqual(
      listed.map(({ address, proto }) => ({ address, proto })).sort(byAddress),
    )

    for (const addr of again) await ns.addr.replace(addr)
    await ns.addr.waitForAddresses({ timeout: PATIENCE })
    expect((await seenByIp(ip)).sort(byAddress)).toEqual(before)
    for (const addr of await ns.addr.list({ dev: 'v0' })) if (!addr.secondary) await ns.addr.del(addr)
    expect(await seenByIp(ip)).toEqual([])
  })

  test('both faces do the same', async ({ ns, sync, ip }) => {
    await furnish(ns)
    sync.addr.add({ dev: 'v0', address: '10.0.0.1/24', broadcast: '+' })
    expect(sync.addr.get({ dev: 'v0', address: '10.0.0.1' })).toEqual(
      await ns.addr.get({ dev: 'v0', address: '10.0.0.1' }),
    )
    expect(comparable(sync.addr.list({ family: 'inet' }))).toEqual(await seenByIp(ip, 'dev', 'v0', 'to', '10.0.0.0/8'))
    sync.addr.replace({ dev: 'v0', address: '10.0.0.1/24', validLft: 5000 })
    expect(await seenByIp(ip, 'to', '10.0.0.1')).toMatchObject([{ validLft: 5000, broadcast: '10.0.0.255' }])
    sync.addr.del({ dev: 'v0', address: '10.0.0.1/24' })
    expect(sync.addr.list({ family: 'inet' })).toEqual([])
  })

  test('a device may be given by its index', async ({ ns, ip }) => {
    const { index } = await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.addr.add({ dev: index, address: '10.0.0.1/8' })
    expect(await seenByIp(ip, 'dev', 'br0')).toMatchObject([{ address: '10.0.0.1/8' }])
    expect(await ns.addr.list({ dev: index })).toMatchObject([{ dev: 'br0', address: '10.0.0.1/8' }])
    await ns.addr.del({ dev: index, address: '10.0.0.1/8' })
    expect(await seenByIp(ip)).toEqual([])
  })

  test('who made an address', async ({ ns, ip }) => {
    await furnish(ns)
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24', proto: 99 })
    await ns.addr.add({ dev: 'v0', address: '2001:db8::1/64', nodad: true, proto: 'kernel_ra' })
    await ns.addr.add({ dev: 'v0', address: '10.0.0.2/24' })
    const protos = (await ns.addr.list()).map(({ address, proto }) => [address.replace(/\/.*/, ''), proto])
    expect(Object.fromEntries(protos)).toEqual({
      '10.0.0.1': 99,
      '10.0.0.2': undefined,
      '2001:db8::1': 'kernel_ra',
      'fe80::ff:fe00:1': 'kernel_ll',
    })
    // An iproute2 that can (6.3) filters by it.
    if (/\bproto\b/.test((await failure(() => ip('address', 'help'))).message)) {
      expect(await seenByIp(ip, 'proto', '99')).toMatchObject([{ address: '10.0.0.1/24' }])
    }
  })

  test('an optimistic address can be used while it is tentative', async ({ ns, ip }) => {
    await furnish(ns)
    await ns.sysctl.set('net.ipv6.conf.v0.optimistic_dad', 1)
    await detection(ns, 'v0', 1500)
    await ns.addr.add({ dev: 'v0', address: '2001:db8::1/64', optimistic: true })
    const ours = await ns.addr.get({ dev: 'v0', address: '2001:db8::1' })
    expect(ours).toMatchObject({ optimistic: true, tentative: true })
    expect(await seenByIp(ip, 'to', '2001:db8::/64')).toEqual(comparable([ours]))
    await ns.addr.waitForAddresses({ timeout: PATIENCE })
    const then = await ns.addr.get({ dev: 'v0', address: '2001:db8::1' })
    expect([then.optimistic, then.tentative]).toEqual([undefined, undefined])
  })
})

describe('replace', () => {
  test('changes lifetimes and metric, of IPv6 flags as well, and nothing else', async ({ ns, ip }) => {
    await furnish(ns)
    for (const address of ['10.0.0.1/24', '2001:db8::1/64']) {
      const key = { dev: 'v0', address }
      await ns.addr.add({ ...key, nodad: address.includes(':') })
      const [made] = await seenByIp(ip, 'to', address)
      await ns.addr.replace({ ...key, validLft: 2000, preferredLft: 1000, nodad: address.includes(':') })
      const { permanent: _, ...mortal } = made as Json
      expect(await seenByIp(ip, 'to', address)).toEqual([{ ...mortal, validLft: 2000, preferredLft: 1000 }])
      await ns.addr.replace({ ...key, metric: 50, noprefixroute: true, nodad: address.includes(':') })
      const [changed] = await seenByIp(ip, 'to', address)
      expect(changed).toMatchObject({ metric: 50 })
      expect(changed?.['noprefixroute']).toBe(address.includes(':') ? true : undefined)
      await ns.addr.replace({ ...key, validLft: 'forever', nodad: address.includes(':') })
      expect(await seenByIp(ip, 'to', address)).toMatchObject([{ validLft: 'forever', permanent: true }])
    }
  })

  test('adds what is not there', async ({ ns, ip }) => {
    await furnish(ns)
    await ns.addr.replace({ dev: 'v0', address: '10.0.0.1/24', label: 'v0:a' })
    expect(await seenByIp(ip, 'to', '10.0.0.1')).toMatchObject([{ address: '10.0.0.1/24', label: 'v0:a' }])
  })
})

describe('get, list and flush', () => {
  test('get tells addresses apart by their other end and their network', async ({ ns }) => {
    await furnish(ns)
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1', peer: '10.0.1.1/32' })
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1', peer: '10.0.2.1/24' })
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1/16' })
    const get = (address: string, peer?: string) => ns.addr.get({ dev: 'v0', address, peer })
    expect(await get('10.0.0.1', '10.0.2.1')).toMatchObject({ peer: '10.0.2.1/24' })
    expect(await get('10.0.0.1', '10.0.1.1/32')).toMatchObject({ peer: '10.0.1.1/32' })
    expect(await get('10.0.0.1/16')).toMatchObject({ address: '10.0.0.1/16' })
    expect(await get('10.0.0.1')).toMatchObject({ peer: '10.0.1.1/32' })
    const others = [['10.0.0.1/17'], ['10.0.0.1', '10.0.2.1/25'], ['10.0.0.1', '10.0.3.1'], ['10.0.0.2']] as const
    for (const [address, peer] of others) {
      expect(await failure(() => get(address, peer))).toMatchObject({ code: 'EADDRNOTAVAIL', attribute: 'address' })
    }
    for (const addr of await ns.addr.list({ family: 'inet' })) expect(await ns.addr.get(addr)).toEqual(addr)
  })

  test('filters let through what ip lets through', async ({ ns, ip }) => {
    await furnish(ns)
    await ns.link.set('lo', { up: true })
    await fill(ns)
    const same = async (filter: Parameters<typeof ns.addr.list>[0], ...args: string[]): Promise<void> => {
      const ours = byDevice(comparable(await ns.addr.list(filter)))
      expect(ours.length).toBeGreaterThan(0)
      expect(ours).toEqual(await seenByIp(ip, ...args))
    }
    await same({ dev: 'v0' }, 'dev', 'v0')
    await same({ dev: 'lo' }, 'dev', 'lo')
    await same({ scope: 'link' }, 'scope', 'link')
    await same({ scope: 'host' }, 'scope', 'host')
    await same({ scope: 77 }, 'scope', '77')
    // Asked for a label, ip does not say which device has it.
    const labelled = (await seenByIp(ip, 'label', 'v0:web')).map((addr) => ({ ...addr, dev: 'v0' }))
    expect(comparable(await ns.addr.list({ label: 'v0:web' }))).toEqual(labelled)
    expect(labelled).toHaveLength(1)
    await same({ dev: 'v0', scope: 'site' }, 'dev', 'v0', 'scope', 'site')
    for (const [family, option] of [
      ['inet', '-4'],
      ['inet6', '-6'],
    ] as const) {
      const seen = inOurWords((await ip('-j', option, 'address', 'show', 'dev', 'v0')) as Json[])
      expect(comparable(await ns.addr.list({ dev: 'v0', family }))).toEqual(seen)
    }
    expect(await ns.addr.list({ dev: 'v1' })).toEqual([])
  })

  test('flush takes what the filter lets through and leaves the rest', async ({ ns, ip }) => {
    await furnish(ns)
    await fill(ns)
    const everything = await seenByIp(ip)
    const site = everything.filter(({ scope }) => scope === 'site')
    expect(site.length).toBeGreaterThan(1)
    expect(await ns.addr.flush({ dev: 'v0', scope: 'site' })).toBe(site.length)
    expect(await seenByIp(ip)).toEqual(everything.filter(({ scope }) => scope !== 'site'))
    const left = everything.filter(({ scope, family }) => scope !== 'site' && family === 'inet6')
    await ns.addr.flush({ family: 'inet' })
    expect(await seenByIp(ip)).toEqual(left)
    expect(await ns.addr.flush({ dev: 'v0' })).toBe(left.length)
    expect(await ns.addr.flush({ dev: 'v0' })).toBe(0)
  })

  test('flush wants to know what', async ({ ns }) => {
    for (const filter of [{}, { dev: undefined }]) {
      expect(await failure(() => ns.addr.flush(filter))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    }
  })
})

describe('what goes wrong', () => {
  test('the kernel refuses: the error says what, where and why', async ({ ns }) => {
    await furnish(ns)
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24' })
    const twice = await failure(() => ns.addr.add({ dev: 'v0', address: '10.0.0.1/24' }))
    expect(twice).toMatchObject({ name: 'NetlinkError', code: 'EEXIST', errno: -17, syscall: 'netlink' })
    expect(twice).toMatchObject({ request: 'RTM_NEWADDR', netns: `net:[${ns.inode}]` })
    expect(twice.message).toContain('addr.add 10.0.0.1/24')

    const absent = await failure(() => ns.addr.del({ dev: 'v0', address: '10.0.0.9/24' }))
    expect(absent).toMatchObject({ code: 'EADDRNOTAVAIL', request: 'RTM_DELADDR' })
    expect(await failure(() => ns.addr.get({ dev: 'v0', address: '10.0.0.9/24' }))).toMatchObject({
      code: 'EADDRNOTAVAIL',
      netns: `net:[${ns.inode}]`,
    })

    for (const address of ['10.0.0.2/24', '2001:db8::2/64']) {
      const unjoined = await failure(() => ns.addr.add({ dev: 'v0', address, autojoin: true }))
      expect(unjoined.code).toBe('EINVAL')
      expect(unjoined['kernelMessage']).toMatch(/Multicast auto join failed/)
      expect(unjoined.message).toContain(unjoined['kernelMessage'])
      expect((await failure(() => ns.addr.add({ dev: 'v0', address, validLft: 0 }))).code).toBe('EINVAL')
    }
    const short = await failure(() => ns.addr.add({ dev: 'v0', address: '2001:db8::2/65', mngtmpaddr: true }))
    expect(short).toMatchObject({ code: 'EINVAL', kernelMessage: expect.stringContaining('prefix length of 64') })
  })

  test('the kernel says which attribute it does not take', async ({ ns }) => {
    await furnish(ns)
    // Wrong lengths, as only bytes can have them.
    for (const address of ['10.0.0.1/24', '2001:db8::1/64']) {
      const error = await failure(() => ns.addr.add({ dev: 'v0', address, unknown: { 9: '0000' } }))
      expect(error).toMatchObject({ attribute: 'metric', kernelMessage: expect.stringMatching(/attribute/i) })
    }
  })

  test('a device that is not there is named', async ({ ns, sync }) => {
    const keys = { dev: 'nowhere', address: '10.0.0.1/24' }
    const operations: (() => unknown)[] = [
      () => ns.addr.add(keys),
      () => ns.addr.replace(keys),
      () => ns.addr.del(keys),
      () => ns.addr.get(keys),
      () => ns.addr.list({ dev: 'nowhere' }),
      () => ns.addr.flush({ dev: 'nowhere' }),
      () => ns.addr.waitForAddresses({ dev: 'nowhere' }),
      () => sync.addr.add(keys),
    ]
    for (const operation of operations) {
      const error = await failure(operation)
      expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENODEV', attribute: 'dev' })
      expect(error.message).toContain('"nowhere"')
    }
    for (const address of ['10.0.0.1/24', '2001:db8::1/64']) {
      expect((await failure(() => ns.addr.add({ dev: 4711, address }))).code).toBe('ENODEV')
    }
  })

  test('a name that no device can have is not cut to one that a device has', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'a23456789012345' })
    await ns.link.add({ kind: 'bridge', name: 'short' })
    for (const dev of ['a234567890123456', 'short\0er', '', 'äöüäöüäö', 'sho/rt', 'sho rt']) {
      expect(await failure(() => ns.addr.add({ dev, address: '10.0.0.1/24' }))).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringMatching(/^The "dev" option must not/),
      })
    }
    expect(await ns.addr.list()).toEqual([])
  })

  test('missingOk: what is not there need not be deleted', async ({ ns }) => {
    await furnish(ns)
    await ns.addr.del({ dev: 'v0', address: '10.0.0.9/24', missingOk: true })
    expect(await failure(() => ns.addr.del({ dev: 'v1x', address: '10.0.0.9/24', missingOk: true }))).toMatchObject({
      code: 'ENODEV',
    })
    const wrong = { dev: 'v0', address: '10.0.0.9/24', missingOk: 1 } as unknown as { dev: string; address: string }
    expect(await failure(() => ns.addr.del(wrong))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  })

  const good = { dev: 'v0', address: '10.0.0.1/24' }
  const bad: [string, object, string, string][] = [
    ['no address', { dev: 'v0' }, 'ERR_INVALID_ARG_TYPE', 'address'],
    ['an address that is empty', { ...good, address: '' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['too few parts', { ...good, address: '10.0.0/24' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['a part too large', { ...good, address: '10.0.0.256/24' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['a space', { ...good, address: ' 10.0.0.1/24' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['two lengths', { ...good, address: '10.0.0.1/24/24' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['a zone', { ...good, address: 'fe80::1%v0/64' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['a number for an address', { ...good, address: 167772161 }, 'ERR_INVALID_ARG_TYPE', 'address'],
    ['a prefix too long', { ...good, address: '10.0.0.1/33' }, 'ERR_OUT_OF_RANGE', 'address'],
    ['a prefix too long for IPv6', { ...good, address: '2001:db8::1/129' }, 'ERR_OUT_OF_RANGE', 'address'],
    ['a negative prefix', { ...good, address: '10.0.0.1/-1' }, 'ERR_INVALID_ARG_VALUE', 'address'],
    ['a peer of the other family', { ...good, peer: '2001:db8::1' }, 'ERR_INVALID_ARG_VALUE', 'peer'],
    ['a peer that is none', { ...good, peer: 'there' }, 'ERR_INVALID_ARG_VALUE', 'peer'],
    ['an IPv6 broadcast', { ...good, broadcast: '2001:db8::1' }, 'ERR_INVALID_ARG_VALUE', 'broadcast'],
    ['a broadcast that is none', { ...good, broadcast: '*' }, 'ERR_INVALID_ARG_VALUE', 'broadcast'],
    ['a broadcast for IPv6', { ...good, address: '::2/64', broadcast: '+' }, 'ERR_INVALID_ARG_VALUE', 'broadcast'],
    ['one spelt out', { ...good, address: '::2/64', broadcast: '10.0.0.255' }, 'ERR_INVALID_ARG_VALUE', 'broadcast'],
    ['a label for IPv6', { ...good, address: '::2/64', label: 'v0' }, 'ERR_INVALID_ARG_VALUE', 'label'],
    ['a label over 15 bytes', { ...good, label: 'v0:3456789012345' }, 'ERR_INVALID_ARG_VALUE', 'label'],
    ['a label that is no text', { ...good, label: 5 }, 'ERR_INVALID_ARG_TYPE', 'label'],
    ['a scope nobody knows', { ...good, scope: 'galaxy' }, 'ERR_INVALID_ARG_VALUE', 'scope'],
    ['a scope out of range', { ...good, scope: 256 }, 'ERR_OUT_OF_RANGE', 'scope'],
    ['a negative lifetime', { ...good, validLft: -1 }, 'ERR_OUT_OF_RANGE', 'validLft'],
    ['a lifetime in words', { ...good, validLft: '1h' }, 'ERR_INVALID_ARG_TYPE', 'validLft'],
    [
      'preferred for longer than valid',
      { ...good, validLft: 5, preferredLft: 6 },
      'ERR_INVALID_ARG_VALUE',
      'preferredLft',
    ],
    ['a metric out of range', { ...good, metric: 2 ** 32 }, 'ERR_OUT_OF_RANGE', 'metric'],
    ['a metric that is no number', { ...good, metric: '5' }, 'ERR_INVALID_ARG_TYPE', 'metric'],
    ['a protocol out of range', { ...good, proto: 256 }, 'ERR_OUT_OF_RANGE', 'proto'],
    ['a protocol nobody knows', { ...good, proto: 'kernel' }, 'ERR_INVALID_ARG_VALUE', 'proto'],
    ['a flag that is no boolean', { ...good, nodad: 1 }, 'ERR_INVALID_ARG_TYPE', 'nodad'],
    ['no device', { address: '10.0.0.1/24' }, 'ERR_INVALID_ARG_TYPE', 'dev'],
    ['a device that is neither name nor index', { ...good, dev: true }, 'ERR_INVALID_ARG_TYPE', 'dev'],
    ['an index out of range', { ...good, dev: 0 }, 'ERR_OUT_OF_RANGE', 'dev'],
  ]

  test('bad input is refused before the kernel sees it', async ({ ns, sync }) => {
    await furnish(ns)
    for (const [what, options, code, option] of bad) {
      for (const operation of [ns.addr.add, ns.addr.replace, sync.addr.add]) {
        const error = await failure(() =>
          Reflect.apply(operation, operation === sync.addr.add ? sync.addr : ns.addr, [options]),
        )
        expect(error, what).toMatchObject({ code })
        expect(error.message, what).toContain(`"${option}"`)
      }
    }
    expect(await ns.addr.list({ family: 'inet' })).toEqual([])
  })

  test('an option that does not exist is not ignored', async ({ ns }) => {
    const { addr } = ns
    const call = (operation: unknown, options: unknown): Promise<Error & Record<string, unknown>> =>
      failure(() => Reflect.apply(operation as () => unknown, addr, [options]))
    for (const [operation, options, hint] of [
      [addr.add, { ...good, adress: 'x' }, 'Unknown option "adress" of addr.add: did you mean "address"?'],
      [addr.replace, { ...good, validlft: 1 }, 'Unknown option "validlft" of addr.replace: did you mean "validLft"?'],
      [addr.del, { ...good, missing: true }, 'Unknown option "missing" of addr.del'],
      [addr.get, { ...good, devv: 'v0' }, 'Unknown option "devv" of addr.get: did you mean "dev"?'],
      [addr.list, { device: 'v0' }, 'Unknown option "device" of addr.list'],
      [addr.flush, { devs: 'v0' }, 'Unknown option "devs" of addr.flush: did you mean "dev"?'],
      [addr.waitForAddresses, { timeOut: 5 }, 'did you mean "timeout"?'],
    ] as const) {
      const error = await call(operation, options)
      expect(error.code).toBe('ERR_INVALID_ARG_VALUE')
      expect(error.message).toContain(hint)
    }
    for (const options of [undefined, null, 'v0']) {
      expect(await call(addr.add, options)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
  })

  test('a closed handle does nothing any more', async ({ another, sync }) => {
    const ns = await another()
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    ns.close()
    sync.close()
    for (const operation of [
      () => ns.addr.add(good),
      () => ns.addr.list(),
      () => ns.addr.waitForAddresses(),
      () => sync.addr.add(good),
      () => sync.addr.waitForAddresses(),
    ]) {
      expect(await failure(operation)).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
    }
  })

  test('without privilege, the error says which is needed', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const text = `
      import { addr, link } from 'nslink'
      import { addr as now } from 'nslink/sync'
      const options = { dev: 'br0', address: '10.0.0.1/24' }
      const said = async (fn) => { try { await fn() } catch ({ code, message }) { return { code, message } } }
      console.log(JSON.stringify([
        await said(() => addr.add(options)),
        await said(() => now.add(options)),
        await said(() => link.add({ kind: 'bridge', name: 'br1' })),
        await said(() => link.set('br0', { up: true })),
        await said(() => link.del('br0')),
        (await addr.list()).length, (await link.list()).length,
      ]))`
    const by = ['setpriv', '--bounding-set=-all', '--inh-caps=-all']
    let child: ReturnType<typeof script> | undefined
    ns.run(() => {
      child = script(text, { by })
    })
    const { stdout, stderr, code } = await child!
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    const [...refusals] = JSON.parse(stdout) as ({ code: string; message: string } | number)[]
    expect(refusals.splice(-2)).toEqual([0, 2])
    for (const refusal of refusals) {
      expect(refusal).toEqual({ code: 'EPERM', message: expect.stringContaining('CAP_NET_ADMIN') })
    }
    expect(refusals).toHaveLength(5)
    expect(await ip('-j', 'address', 'show', 'dev', 'br0')).toMatchObject([
      { flags: ['BROADCAST', 'MULTICAST'], addr_info: [] },
    ])
  })
})

describe('waitForAddresses', () => {
  /** A device whose link-local address has been through it, and whose next ones take their time. */
  async function ready(ns: Netns): Promise<void> {
    await furnish(ns)
    await ns.addr.waitForAddresses({ timeout: PATIENCE })
    await detection(ns, 'v0', 1500)
  }

  test('resolves when no address is tentative any more', async ({ ns, ip }) => {
    await ready(ns)
    await ns.addr.add({ dev: 'v0', address: '2001:db8::1/64' })
    await ns.addr.add({ dev: 'v0', address: '10.0.0.1/24' })
    expect(await seenByIp(ip, 'tentative')).toMatchObject([{ address: '2001:db8::1/64' }])
    const addresses = await ns.addr.waitForAddresses({ timeout: PATIENCE })
    expect(await seenByIp(ip, 'tentative')).toEqual([])
    expect(comparable(addresses)).toEqual(await seenByIp(ip))
    expect(addresses).toHaveLength(3)
  })

  test('so does the other face, without the event loop', async ({ ns, sync, ip }) => {
    await ready(ns)
    sync.addr.add({ dev: 'v0', address: '2001:db8::1/64' })
    expect(sync.addr.get({ dev: 'v0', address: '2001:db8::1' }).tentative).toBe(true)
    const addresses = sync.addr.waitForAddresses({ dev: 'v0', family: 'inet6', timeout: PATIENCE })
    expect(comparable(addresses)).toEqual(await seenByIp(ip, 'dev', 'v0'))
    expect(addresses.map(({ tentative }) => tentative)).toEqual([undefined, undefined])
  })

  test('is woken by each event, many addresses or few', async ({ ns }) => {
    await ready(ns)
    const many = Array.from({ length: 200 }, (_, i) => `2001:db8::${(i + 1).toString(16)}/64`)
    await Promise.all(many.map((address) => ns.addr.add({ dev: 'v0', address })))
    const [one, all] = await Promise.all([
      ns.addr.waitForAddresses({ timeout: PATIENCE }),
      ns.addr.waitForAddresses({ dev: 'v0', timeout: PATIENCE }),
    ])
    expect(all).toHaveLength(many.length + 1)
    expect(one).toEqual(all)
    expect(all.filter(({ tentative }) => tentative)).toEqual([])
  })

  test('looks only at what it is asked about', async ({ ns }) => {
    await ready(ns)
    // Nobody detects duplicates on a device that is down, so this one stays tentative.
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.addr.add({ dev: 'br0', address: '2001:db8::1/64' })
    await ns.addr.add({ dev: 'br0', address: '10.0.0.1/24' })
    expect(await ns.addr.waitForAddresses({ dev: 'v0', timeout: 0 })).toHaveLength(1)
    expect(await ns.addr.waitForAddresses({ family: 'inet', timeout: 0 })).toHaveLength(1)
    const error = await failure(() => ns.addr.waitForAddresses({ dev: 'br0', timeout: 0 }))
    expect(error.code).toBe('ETIMEDOUT')
  })

  test('fails after the time given, and says what it was waiting for', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.addr.add({ dev: 'br0', address: '2001:db8::1/64' })
    await ns.addr.add({ dev: 'br0', address: '2001:db8::2/64', nodad: true })
    for (const addr of [ns.addr, sync.addr]) {
      const started = performance.now()
      const error = await failure(() => addr.waitForAddresses({ timeout: 150 }))
      expect(performance.now() - started).toBeGreaterThan(145)
      expect(error).toMatchObject({ name: 'NetlinkError', code: 'ETIMEDOUT', netns: `net:[${ns.inode}]` })
      expect(error.message).toContain('150 ms still tentative: 2001:db8::1/64 on br0')
      expect(error.message).not.toContain('2001:db8::2')
    }
  })

  test('fails when somebody else has the address', async ({ ns, sync, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1', netns: other } })
    await detection(ns, 'v0', 100)
    await ns.link.set('v0', { up: true })
    await other.link.set('v1', { up: true })
    await other.addr.add({ dev: 'v1', address: '2001:db8::1/64', nodad: true })
    await ns.addr.waitForAddresses({ timeout: PATIENCE })
    await ns.addr.add({ dev: 'v0', address: '2001:db8::1/64' })
    for (const addr of [ns.addr, sync.addr]) {
      const error = await failure(() => addr.waitForAddresses({ timeout: PATIENCE }))
      expect(error).toMatchObject({ name: 'NetlinkError', code: 'EADDRNOTAVAIL' })
      expect(error.message).toContain('somebody else on the link has 2001:db8::1/64 on v0')
    }
    expect(await ns.addr.get({ dev: 'v0', address: '2001:db8::1' })).toMatchObject({ dadfailed: true, tentative: true })
  })

  test('gives up when it is told to', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.addr.add({ dev: 'br0', address: '2001:db8::1/64' })
    const controller = new AbortController()
    const waiting = failure(() => ns.addr.waitForAddresses({ signal: controller.signal, timeout: PATIENCE }))
    await sleep(50)
    const reason = new Error('no more time')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    for (const addr of [ns.addr, sync.addr]) {
      expect(await failure(() => addr.waitForAddresses({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    }
    const timely = await failure(() => ns.addr.waitForAddresses({ signal: AbortSignal.timeout(20) }))
    expect(timely.name).toBe('TimeoutError')
  })

  test('ends with the handle, whatever it is at', async ({ another }) => {
    for (const delay of [undefined, 0, 20]) {
      const ns = await another()
      await ns.link.add({ kind: 'bridge', name: 'br0' })
      await ns.addr.add({ dev: 'br0', address: '2001:db8::1/64' })
      const waiting = failure(() => ns.addr.waitForAddresses({ timeout: PATIENCE }))
      if (delay !== undefined) await sleep(delay)
      ns.close()
      expect(await waiting).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
    }
  })

  test('keeps nothing open, however it ends', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.addr.add({ dev: 'br0', address: '2001:db8::1/64' })
    sync.addr.list()
    const before = held()
    for (const addr of [ns.addr, sync.addr]) {
      await addr.waitForAddresses({ family: 'inet' })
      await failure(() => addr.waitForAddresses({ timeout: 5 }))
      await failure(() => addr.waitForAddresses({ dev: 'nowhere' }))
      await failure(() => addr.waitForAddresses({ signal: AbortSignal.abort() }))
    }
    await failure(() => ns.addr.waitForAddresses({ signal: AbortSignal.timeout(5) }))
    expect(held().descriptors).toBe(before.descriptors)
  })

  test('bad input is refused', async ({ ns }) => {
    for (const [options, code] of [
      [{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ timeout: Number.POSITIVE_INFINITY }, 'ERR_OUT_OF_RANGE'],
      [{ timeout: '5s' }, 'ERR_INVALID_ARG_TYPE'],
      [{ signal: 'now' }, 'ERR_INVALID_ARG_TYPE'],
      [{ family: 'ipv6' }, 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      expect(await failure(() => Reflect.apply(ns.addr.waitForAddresses, ns.addr, [options]))).toMatchObject({ code })
    }
  })
})
