import { once } from 'node:events'
import { type Link, type LinkAddOptions, type LinkFilter, type Netns, netns } from 'nslink'
import { common, switchNames } from '../src/link/attributes.js'
import { soon } from './support/child.js'
import { needs } from './support/features.js'
import { comparable, difference, inOurWords, type Json } from './support/links.js'
import { describe, expect, failure, output, type Tool, test, tool, uniqueName } from './support/test.js'

const show = async (ip: Tool, ...args: string[]): Promise<Json[]> =>
  // Where it filters, ip leaves a hole for each link it does not show.
  ((await ip('-j', '-d', 'link', 'show', ...args)) as Json[]).filter((link) => 'ifname' in link)
const one = async (ip: Tool, dev: string): Promise<Json> => (await show(ip, 'dev', dev))[0] as Json

/** `ip`, told in one text. */
const say = (ip: Tool, text: string): Promise<unknown> => ip(...text.split(' '))

/** An option every link has: a value that no link has unless told, how `ip link` is told it, and how its JSON shows it. */
interface Spelling {
  value: unknown
  words: string
  shows: Json
}

/** What every link can be told at any time. */
const options: Record<string, Spelling> = {
  address: {
    value: '02:00:00:00:00:77',
    words: 'address 02:00:00:00:00:77',
    shows: { address: '02:00:00:00:00:77' },
  },
  broadcast: {
    value: 'ff:ff:ff:ff:ff:f0',
    words: 'broadcast ff:ff:ff:ff:ff:f0',
    shows: { broadcast: 'ff:ff:ff:ff:ff:f0' },
  },
  mtu: { value: 1400, words: 'mtu 1400', shows: { mtu: 1400 } },
  txqueuelen: { value: 77, words: 'txqueuelen 77', shows: { txqlen: 77 } },
  alias: { value: 'door to the world', words: 'alias door', shows: { ifalias: 'door to the world' } },
  group: { value: 33, words: 'group 33', shows: { group: '33' } },
  linkmode: { value: 'dormant', words: 'mode dormant', shows: { linkmode: 'DORMANT' } },
  addrGenMode: { value: 'random', words: 'addrgenmode random', shows: { inet6_addr_gen_mode: 'random' } },
  gsoMaxSize: { value: 60_000, words: 'gso_max_size 60000', shows: { gso_max_size: 60_000 } },
  gsoMaxSegs: { value: 1000, words: 'gso_max_segs 1000', shows: { gso_max_segs: 1000 } },
  groMaxSize: { value: 50_000, words: 'gro_max_size 50000', shows: { gro_max_size: 50_000 } },
  // This iproute2 (6.1) knows nothing of these two.
  gsoIpv4MaxSize: { value: 40_000, words: '', shows: {} },
  groIpv4MaxSize: { value: 30_000, words: '', shows: {} },
}

/** The flags that can be set, and how `ip` shows the other way round than a link has them. */
const switches: Record<string, Spelling & { flag: string }> = {
  up: { value: true, words: 'up', shows: {}, flag: 'UP' },
  arp: { value: false, words: 'arp off', shows: {}, flag: 'NOARP' },
  multicast: { value: false, words: 'multicast off', shows: {}, flag: 'MULTICAST' },
  allmulticast: { value: true, words: 'allmulticast on', shows: { allmulti: 1 }, flag: 'ALLMULTI' },
  promisc: { value: true, words: 'promisc on', shows: { promiscuity: 1 }, flag: 'PROMISC' },
  dynamic: { value: true, words: 'dynamic on', shows: {}, flag: 'DYNAMIC' },
  trailers: { value: false, words: 'trailers off', shows: {}, flag: 'NOTRAILERS' },
}

/** What is not like these, and has a test of its own below. */
const others = [
  ...['name', 'master', 'netns', 'numTxQueues', 'numRxQueues', 'linkNetnsid', 'carrier', 'protoDown'],
  // Neither a bridge nor a veth is made upon another device.
  'link',
]

const kinds = ['bridge', 'veth'] as const

const isSet = (json: Json, flag: string): boolean => (json['flags'] as string[]).includes(flag)

describe('options every link has', () => {
  test('each has a value to be tested with', () => {
    const writable = Object.entries(common.entries).flatMap(([key, entry]) =>
      'readOnly' in entry || 'ignored' in entry ? [] : [key],
    )
    expect([...Object.keys(options), ...others].sort()).toEqual(writable.sort())
    expect(Object.keys(switches).sort()).toEqual([...switchNames].sort())
  })

  for (const kind of kinds) {
    test(`a ${kind} made with all of them`, async ({ ns, ip }) => {
      await ns.link.add({ kind, name: 'plain' })
      const given = Object.fromEntries(
        [...Object.entries(options), ...Object.entries(switches)].map(([key, { value }]) => [key, value]),
      )
      const queues = { numTxQueues: 3, numRxQueues: 5 }
      const made = await ns.link.add({ kind, name: 'full', index: 4321, ...queues, ...given } as LinkAddOptions)
      expect(made).toEqual({ name: 'full', index: 4321 })
      const [plain, full] = [await one(ip, 'plain'), await one(ip, 'full')]
      expect(full).toMatchObject({ ifindex: 4321, ifname: 'full', num_tx_queues: 3, num_rx_queues: 5 })
      for (const [key, { shows }] of Object.entries(options)) {
        expect(full, key).toMatchObject(shows)
        for (const [field, value] of Object.entries(shows)) expect(plain[field], key).not.toEqual(value)
      }
      for (const [key, { flag, shows }] of Object.entries(switches)) {
        expect(isSet(full, flag), key).toBe(!isSet(plain, flag))
        expect(full, key).toMatchObject(shows)
      }
      const ours = await ns.link.get('full')
      const {
        arp: _,
        multicast: __,
        allmulticast: ___,
        promisc: ____,
        dynamic: _____,
        trailers: ______,
        ...rest
      } = given
      expect(ours).toMatchObject({ ...rest, ...queues, kind })
      expect(comparable(ours)).toEqual(inOurWords(full))
    })

    test(`a ${kind} told one at a time, and nothing else changes`, async ({ ns, ip }) => {
      await ns.link.add({ kind, name: 'x0', address: '02:00:00:00:00:01' })
      for (const [key, { value, shows }] of Object.entries(options)) {
        const [before, ours] = [await one(ip, 'x0'), await ns.link.get('x0')]
        await ns.link.set('x0', { [key]: value })
        const changed = difference(before, await one(ip, 'x0'))
        // A bridge that is given an address has it in its identity, too.
        const own = Object.fromEntries(Object.entries(changed).filter(([field]) => !field.startsWith('linkinfo.')))
        expect(own, key).toEqual(shows)
        const after = difference({ ...ours }, { ...(await ns.link.get('x0')) })
        expect(after[key], key).toEqual(value)
      }
      for (const [key, { value, flag, shows }] of Object.entries(switches)) {
        for (const turn of [value, !value]) {
          const before = await one(ip, 'x0')
          await ns.link.set('x0', { [key]: turn })
          const after = await one(ip, 'x0')
          expect(isSet(after, flag), key).toBe(!isSet(before, flag))
          const changed = Object.keys(difference(before, after)).filter((field) => !field.startsWith('linkinfo.'))
          // What is up has a queueing discipline and a state.
          const also = key === 'up' ? ['operstate', 'qdisc'] : Object.keys(shows)
          expect([...also, 'flags'], key).toEqual(expect.arrayContaining(changed))
        }
      }
    })

    test(`a ${kind} that ip told all of them`, async ({ ns, ip }) => {
      await say(ip, `link add name x0 numtxqueues 3 numrxqueues 5 type ${kind}`)
      const words = [...Object.values(options), ...Object.values(switches)].map((option) => option.words)
      await say(ip, `link set dev x0 ${words.filter((text) => text !== '').join(' ')}`)
      const ours = await ns.link.get('x0')
      for (const [key, { value, words }] of Object.entries(options)) {
        if (words !== '') expect(ours[key as keyof Link], key).toEqual(key === 'alias' ? 'door' : value)
      }
      expect(ours).toMatchObject({ numTxQueues: 3, numRxQueues: 5, up: true, promiscuity: 1, allmulti: 1 })
      expect(comparable(ours)).toEqual(inOurWords(await one(ip, 'x0')))
    })
  }

  test('a description and a group are taken away again', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', alias: 'Brücke', group: 7 })
    expect(await one(ip, 'br0')).toMatchObject({ ifalias: 'Brücke', group: '7' })
    await ns.link.set('br0', { alias: '', group: 'default' })
    const after = await one(ip, 'br0')
    expect([after['ifalias'], after['group']]).toEqual([undefined, 'default'])
    expect((await ns.link.get('br0')).alias).toBeUndefined()
    await ns.link.set('br0', { alias: 'x'.repeat(255) })
    expect((await ns.link.get('br0')).alias).toBe('x'.repeat(255))
  })

  test('a master is given and taken', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.add({ kind: 'bridge', name: 'br1' })
    await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', peer: { name: 'v1' } })
    expect(await one(ip, 'v0')).toMatchObject({ master: 'br0' })
    await ns.link.set('v0', { master: 'br1', mtu: 1400 })
    expect(await one(ip, 'v0')).toMatchObject({ master: 'br1', mtu: 1400 })
    expect(await ns.link.get('v0')).toMatchObject({ master: 'br1', slaveKind: 'bridge' })
    await ns.link.set('v0', { nomaster: true })
    expect((await one(ip, 'v0'))['master']).toBeUndefined()
    await ns.link.set('v1', { master: (await ns.link.get('br0')).index })
    expect(await one(ip, 'v1')).toMatchObject({ master: 'br0' })
    expect(await failure(() => ns.link.set('v1', { master: 'br1', nomaster: true }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })

  test('a carrier is given and taken, where the driver lets it', needs('link:dummy'), async ({ ns, ip }) => {
    await say(ip, 'link add name d0 type dummy')
    await ns.link.set('d0', { up: true })
    await ns.link.set('d0', { carrier: false })
    expect((await one(ip, 'd0'))['flags']).toContain('NO-CARRIER')
    expect((await ns.link.get('d0')).carrier).toBe(false)
    await ns.link.set('d0', { carrier: true })
    expect((await one(ip, 'd0'))['flags']).toContain('LOWER_UP')
    expect((await ns.link.get('d0')).carrier).toBe(true)
  })

  test('and where it does not, the kernel says so', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    expect((await failure(() => ns.link.set('br0', { carrier: false }))).code).toBe('EOPNOTSUPP')
    // A new link is not left there without what it was to have.
    expect((await failure(() => ns.link.add({ kind: 'bridge', name: 'br1', protoDown: true }))).code).toBe('EOPNOTSUPP')
    expect(await ns.link.list({ kind: 'bridge' })).toHaveLength(1)
  })

  test('a link is held down by its protocol, where its driver lets it', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'veth', name: 'v0' })
    await say(ip, 'link add link v0 name mv0 type macvlan')
    await ns.link.set('mv0', { protoDown: true })
    expect(await one(ip, 'mv0')).toMatchObject({ proto_down: true })
    expect((await ns.link.get('mv0')).protoDown).toBe(true)
    const refused = await failure(() => ns.link.set('v0', { protoDown: true }))
    expect(refused).toMatchObject({ code: 'EOPNOTSUPP', kernelMessage: 'Protodown not supported by device' })
  })

  test('the namespace of a number is where the other end is made', async ({ ns, another }) => {
    const other = await another()
    const id = await ns.nsid.set(other)
    const made = await ns.link.add({ kind: 'veth', name: 'v0', linkNetnsid: id, peer: { name: 'v1' } })
    expect(await ns.link.get('v0')).toMatchObject({ index: made.index, linkNetnsid: id })
    expect(await other.link.get('v1')).toMatchObject({ link: made.index })
    const unknown = await failure(() => ns.link.add({ kind: 'veth', name: 'v2', linkNetnsid: id + 1 }))
    expect(unknown).toMatchObject({ code: 'EINVAL', kernelMessage: 'Unknown network namespace id' })
  })
})

describe('names', () => {
  test('a link is renamed', async ({ ns, ip }) => {
    const { index } = await ns.link.add({ kind: 'bridge', name: 'old' })
    await ns.link.set('old', { name: 'new', mtu: 1400 })
    expect(await one(ip, 'new')).toMatchObject({ ifindex: index, mtu: 1400 })
    expect((await failure(() => ns.link.get('old'))).code).toBe('ENODEV')
    await ns.link.set(index, { name: 'a23456789012345' })
    expect(await one(ip, 'a23456789012345')).toMatchObject({ ifindex: index })
    await ns.link.set('a23456789012345', { name: 'br%d' })
    expect(await one(ip, 'br0')).toMatchObject({ ifindex: index })
  })

  test('what was asked for after a new name finds the link by it', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'a' })
    await ns.link.add({ kind: 'bridge', name: 'b' })
    await Promise.all([
      ns.link.set('a', { name: 'c' }),
      ns.link.set('b', { name: 'a' }),
      ns.link.set('a', { mtu: 1400 }),
      ns.link.add({ kind: 'bridge', name: 'd' }),
      ns.link.set('d', { mtu: 1300 }),
    ])
    const mtus = (await ns.link.list({ kind: 'bridge' })).map(({ index, name, mtu }) => [index, name, mtu])
    expect(mtus).toEqual([
      [2, 'c', 1500],
      [3, 'a', 1400],
      [4, 'd', 1300],
    ])
  })

  test('further names are added, used and taken away', async ({ ns, sync, ip }) => {
    const long = 'the-bridge-between-this-and-that-with-a-name-of-more-than-fifteen-bytes'
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.addAltname('br0', 'second', long)
    expect(await one(ip, 'br0')).toMatchObject({ altnames: ['second', long] })
    expect((await ns.link.get('br0')).altnames).toEqual(['second', long])
    for (const name of ['second', long]) {
      expect((await ns.link.get(name)).name).toBe('br0')
      expect(sync.link.get(name).name).toBe('br0')
      await ns.link.set(name, { mtu: 1000 + name.length })
      expect(await one(ip, 'br0')).toMatchObject({ mtu: 1000 + name.length })
    }
    await ns.link.set(long, { name: 'renamed', group: 5 })
    expect(await one(ip, 'renamed')).toMatchObject({ altnames: ['second', long], group: '5' })
    await ns.link.addAltname(long, 'third')
    await ns.link.delAltname('second', 'second', 'third')
    expect(await one(ip, 'renamed')).toMatchObject({ altnames: [long] })
    await ip('link', 'property', 'add', 'dev', 'renamed', 'altname', 'x'.repeat(127))
    expect((await ns.link.get('x'.repeat(127))).altnames).toEqual([long, 'x'.repeat(127)])
    await ns.link.del(long)
    expect(await ns.link.list({ kind: 'bridge' })).toEqual([])
  })

  test('further names that cannot be are refused', async ({ ns }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.addAltname('br0', 'there')
    expect((await failure(() => ns.link.addAltname('br0', 'there'))).code).toBe('EEXIST')
    expect((await failure(() => ns.link.delAltname('br0', 'elsewhere'))).code).toBe('ENOENT')
    expect((await failure(() => ns.link.addAltname('nowhere', 'x'))).message).toContain('"nowhere"')
    const names: [unknown[], string][] = [
      [[], 'ERR_INVALID_ARG_VALUE'],
      [[''], 'ERR_INVALID_ARG_VALUE'],
      [['fine', 'x'.repeat(128)], 'ERR_INVALID_ARG_VALUE'],
      [['nul\0'], 'ERR_INVALID_ARG_VALUE'],
      [[5], 'ERR_INVALID_ARG_TYPE'],
    ]
    for (const [wrong, code] of names) {
      const error = await failure(() => ns.link.addAltname('br0', ...(wrong as string[])))
      expect(error, String(wrong)).toMatchObject({ code })
    }
    expect((await ns.link.get('br0')).altnames).toEqual(['there'])
  })

  test('names that no device can have are refused before the kernel sees them', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    for (const [name, rule] of [
      ['', 'must not be empty'],
      ['a234567890123456', 'must not be over 15 bytes long'],
      ['äöüäöüäö', 'must not be over 15 bytes long'],
      ['a/b', "must not hold a '/'"],
      ['a b', 'must not hold white space'],
      ['a\tb', 'must not hold white space'],
      ['a:b', "must not hold a ':'"],
      ['a\0b', 'must not hold a NUL'],
      ['.', "must not be '.'"],
      ['..', "must not be '.'"],
    ] as const) {
      for (const operation of [
        () => ns.link.add({ kind: 'bridge', name }),
        () => ns.link.add({ kind: 'veth', name: 'v0', peer: { name } }),
        () => ns.link.set('br0', { name }),
        () => sync.link.add({ kind: 'bridge', name }),
      ]) {
        const error = await failure(operation)
        expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' })
        expect(error.message).toContain(rule)
        expect(error.message).toMatch(/"(veth\.peer\.)?name"/)
      }
    }
    expect((await ns.link.list()).map(({ name }) => name)).toEqual(['lo', 'br0'])
  })
})

describe('what link.add returns', () => {
  test('the name and the index, whoever chose them', async ({ ns, sync }) => {
    const add = async (options: LinkAddOptions): Promise<void> => {
      for (const link of [ns.link, sync.link]) {
        const before = await ns.link.list()
        const made = await link.add(options)
        const { name, index } = await ns.link.get(made.index)
        expect(made).toEqual({ name, index })
        expect(before.map((each) => each.index)).not.toContain(index)
        if (options.index !== undefined) expect(index).toBe(options.index)
        if (options.name !== undefined) expect(name).toBe(options.name.replace('%d', '0'))
        await ns.link.del(index)
      }
    }
    await add({ kind: 'bridge', name: 'br0' })
    await add({ kind: 'bridge' })
    await add({ kind: 'bridge', name: 'uplink%d' })
    await add({ kind: 'bridge', index: 777 })
    await add({ kind: 'bridge', name: 'br0', index: 777 })
    await add({ kind: 'veth' })
    await add({ kind: 'veth', name: 'v%d', index: 777, peer: { name: 'w%d', index: 778 } })
    await add({ kind: 'bridge', name: 'br0', alias: 'told afterwards' })
  })

  test('for a link in another namespace, those it has there', async ({ ns, sync, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.add({ kind: 'bridge', name: 'br1' })
    for (const link of [ns.link, sync.link]) {
      const made = await link.add({ kind: 'bridge', name: 'there', netns: other })
      expect(await other.link.list({ kind: 'bridge' })).toMatchObject([made])
      const numbered = await link.add({ kind: 'bridge', name: 'chosen', index: 99, netns: other })
      expect(numbered).toEqual({ name: 'chosen', index: 99 })
      const named = await link.add({ kind: 'bridge', name: 'br%d', index: 98, netns: other })
      expect(named).toEqual({ name: 'br0', index: 98 })
      expect((await link.add({ kind: 'bridge', index: 97, netns: other })).index).toBe(97)
      for (const { index } of await other.link.list({ kind: 'bridge' })) await other.link.del(index)
      const nameless = await failure(() => link.add({ kind: 'bridge', netns: other }))
      expect(nameless).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('"name"') })
      expect((await failure(() => link.add({ kind: 'bridge', name: 'x%d', netns: other }))).code).toBe(
        'ERR_INVALID_ARG_VALUE',
      )
    }
    expect(await other.link.list({ kind: 'bridge' })).toEqual([])
  })
})

describe('other namespaces', () => {
  test('a link is made there whole, with what the kernel only takes afterwards', async ({ ns, another }) => {
    const other = await another()
    // As the second device here, and as the fourth there: a master is looked up where the link is.
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    await other.link.add({ kind: 'bridge', name: 'decoy' })
    await other.link.add({ kind: 'bridge', name: 'filler' })
    await other.link.add({ kind: 'bridge', name: 'br0' })
    await ns.link.add({
      kind: 'veth',
      name: 'eth0',
      netns: other,
      master: 'br0',
      alias: 'far end',
      addrGenMode: 'none',
      bridgePort: { cost: 7 },
      up: true,
      peer: { name: 'near' },
    })
    const [seen] = await show(tool(other, 'ip'), 'dev', 'eth0')
    expect(seen).toMatchObject({ master: 'br0', ifalias: 'far end', inet6_addr_gen_mode: 'none' })
    expect(await other.link.get('eth0')).toMatchObject({ up: true, master: 'br0', bridgePort: { cost: 7 } })
    expect(await ns.link.get('near')).toMatchObject({ linkNetnsid: 0 })
    const refused = { kind: 'veth', name: 'eth1', netns: other, peer: { name: 'near1' } } as const
    for (const wrong of [{ master: 'nowhere' }, { master: 'br0', bridgePort: { cost: 0 } }, { protoDown: true }]) {
      await failure(() => ns.link.add({ ...refused, ...wrong }))
    }
    expect((await other.link.list({ kind: 'veth' })).map(({ name }) => name)).toEqual(['eth0'])
    expect((await ns.link.list({ kind: 'veth' })).map(({ name }) => name)).toEqual(['near'])
  })

  test('a link is moved: to a handle, a name, or where a process is', async ({ ns, sync, another }) => {
    const byHandle = await another()
    const name = uniqueName('move')
    await using byName = await netns.create(name, { temporary: true })
    const byProcess = await another()
    const child = byProcess.spawn('sleep', ['60'], { stdio: 'ignore' })
    try {
      for (const link of [ns.link, sync.link]) {
        for (const [target, netns] of [
          [byHandle, byHandle],
          [byName, name],
          [byProcess, { pid: child.pid as number }],
        ] as const) {
          await link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } })
          await link.set('v0', { netns, name: 'eth0', mtu: 1400 })
          const [moved] = await show(tool(target, 'ip'), 'dev', 'eth0')
          expect(moved).toMatchObject({ ifname: 'eth0', mtu: 1400, link_netnsid: 0 })
          expect((await ns.link.list({ kind: 'veth' })).map((each) => each.name)).toEqual(['v1'])
          const made = await link.add({ kind: 'bridge', name: 'br0', netns })
          expect(await target.link.list({ kind: 'bridge' })).toMatchObject([made])
          await target.link.del('br0')
          await link.del('v1')
        }
      }
    } finally {
      child.kill()
      await once(child, 'close')
    }
  })

  test('a namespace that is not there is named', async ({ ns, another }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    const closed = await another()
    closed.close()
    for (const [target, code, words] of [
      ['nslink-no-such-namespace', 'ENOENT', 'nslink-no-such-namespace'],
      [{ pid: 2 ** 31 - 1 }, 'ENOENT', '2147483647'],
      [closed, 'ERR_NSLINK_CLOSED', 'is closed'],
      ['', 'ERR_INVALID_ARG_VALUE', '"netns"'],
      ['a/b', 'ERR_INVALID_ARG_VALUE', '"netns"'],
      ['..', 'ERR_INVALID_ARG_VALUE', '"netns"'],
      [{ pid: 0 }, 'ERR_OUT_OF_RANGE', '"netns.pid"'],
      [{ fd: -1 }, 'ERR_OUT_OF_RANGE', '"netns"'],
      [5, 'ERR_INVALID_ARG_TYPE', '"netns"'],
    ] as const) {
      for (const operation of [
        () => ns.link.set('br0', { netns: target as Netns }),
        () => ns.link.add({ kind: 'bridge', name: 'br1', netns: target as Netns }),
      ]) {
        const error = await failure(operation)
        expect(error, String(target)).toMatchObject({ code })
        expect(error.message).toContain(words)
      }
    }
    expect(await ns.link.list({ kind: 'bridge' })).toHaveLength(1)
  })
})

/** Links as nslink is told them, and the words that tell ip the same: for `link add`, and then for `link set`. */
const shapes: [LinkAddOptions, string, string?][] = [
  [{ kind: 'bridge' }, 'type bridge'],
  [{ kind: 'bridge', up: true }, 'up type bridge'],
  [{ kind: 'bridge', mtu: 1280 }, 'mtu 1280 type bridge'],
  [{ kind: 'bridge', mtu: 65_535 }, 'mtu 65535 type bridge'],
  [{ kind: 'bridge', txqueuelen: 0 }, 'txqueuelen 0 type bridge'],
  [{ kind: 'bridge', txqueuelen: 5000, group: 9 }, 'txqueuelen 5000 group 9 type bridge'],
  [{ kind: 'bridge', group: 2147483647 }, 'group 2147483647 type bridge'],
  [{ kind: 'bridge', numTxQueues: 4, numRxQueues: 2 }, 'numtxqueues 4 numrxqueues 2 type bridge'],
  [{ kind: 'bridge', broadcast: 'ff:ff:ff:00:00:00' }, 'broadcast ff:ff:ff:00:00:00 type bridge'],
  [{ kind: 'bridge', alias: 'uplink' }, 'type bridge', 'alias uplink'],
  [{ kind: 'bridge', addrGenMode: 'none', up: true }, 'up type bridge', 'addrgenmode none'],
  [{ kind: 'bridge', addrGenMode: 'eui64' }, 'type bridge', 'addrgenmode eui64'],
  [{ kind: 'bridge', arp: false }, 'arp off type bridge'],
  [{ kind: 'bridge', multicast: false, up: true }, 'up multicast off type bridge'],
  [{ kind: 'bridge', promisc: true, allmulticast: true }, 'promisc on allmulticast on type bridge'],
  [{ kind: 'bridge', linkmode: 'dormant', up: true }, 'up mode dormant type bridge'],
  [{ kind: 'bridge', gsoMaxSize: 30_000, gsoMaxSegs: 20 }, 'gso_max_size 30000 gso_max_segs 20 type bridge'],
  [
    { kind: 'bridge', forwardDelay: 200, helloTime: 100, maxAge: 600 },
    'type bridge forward_delay 200 hello_time 100 max_age 600',
  ],
  [{ kind: 'bridge', stpState: 1, priority: 0 }, 'type bridge stp_state 1 priority 0'],
  [{ kind: 'bridge', ageingTime: 0, mcastSnooping: false }, 'type bridge ageing_time 0 mcast_snooping 0'],
  [{ kind: 'bridge', mcastQuerier: true, mcastIgmpVersion: 3 }, 'type bridge mcast_querier 1 mcast_igmp_version 3'],
  [{ kind: 'bridge', groupFwdMask: 0xfff8 }, 'type bridge group_fwd_mask 0xfff8'],
  [{ kind: 'bridge', groupAddress: '01:80:c2:00:00:0f' }, 'type bridge group_address 01:80:c2:00:00:0f'],
  [
    { kind: 'bridge', nfCallIptables: true, noLinklocalLearn: true },
    'type bridge nf_call_iptables 1 no_linklocal_learn 1',
  ],
  [{ kind: 'veth' }, 'type veth'],
  [{ kind: 'veth', up: true }, 'up type veth'],
  [{ kind: 'veth', mtu: 9000, peer: { mtu: 9000 } }, 'mtu 9000 type veth peer mtu 9000'],
  [{ kind: 'veth', mtu: 68, peer: { mtu: 65_535 } }, 'mtu 68 type veth peer mtu 65535'],
  [{ kind: 'veth', group: 5, peer: { group: 6 } }, 'group 5 type veth peer group 6'],
  [{ kind: 'veth', numTxQueues: 1, numRxQueues: 1 }, 'numtxqueues 1 numrxqueues 1 type veth'],
  [{ kind: 'veth', peer: { numTxQueues: 8, numRxQueues: 4 } }, 'type veth peer numtxqueues 8 numrxqueues 4'],
  [
    { kind: 'veth', peer: { txqueuelen: 1, broadcast: 'ff:00:00:00:00:00' } },
    'type veth peer txqueuelen 1 broadcast ff:00:00:00:00:00',
  ],
  [{ kind: 'veth', peer: { index: 900 }, index: 901 }, 'index 901 type veth peer index 900'],
  [{ kind: 'veth', alias: 'cable' }, 'type veth', 'alias cable'],
  [{ kind: 'veth', addrGenMode: 'random', up: true }, 'up type veth', 'addrgenmode random'],
  [{ kind: 'veth', arp: false, up: true }, 'up arp off type veth'],
  [{ kind: 'veth', multicast: false }, 'multicast off type veth'],
  [{ kind: 'veth', dynamic: true, trailers: false }, 'dynamic on trailers off type veth'],
  [{ kind: 'veth', promisc: true }, 'promisc on type veth'],
  [{ kind: 'veth', groMaxSize: 20_000 }, 'gro_max_size 20000 type veth'],
  [{ kind: 'veth', master: 'l0' }, 'type veth', 'master l0'],
  [{ kind: 'veth', master: 'l1', up: true }, 'up type veth', 'master l1'],
  [
    { kind: 'veth', master: 'l1', bridgePort: { cost: 9, hairpin: true, isolated: true } },
    'master l1 type veth',
    'type bridge_slave cost 9 hairpin on isolated on',
  ],
  [
    { kind: 'veth', master: 'l1', bridgePort: { learning: false, neighSuppress: true, groupFwdMask: 8 } },
    'master l1 type veth',
    'type bridge_slave learning off neigh_suppress on group_fwd_mask 8',
  ],
]

/** The same address for the same link, whoever makes it. */
const addressOf = (what: number, index: number): string => `02:00:00:00:0${what}:${index.toString(16).padStart(2, '0')}`

describe('reading and writing', () => {
  test('links of every shape are made as ip makes them, and read as ip reads them', async ({ ns, ip, another }) => {
    expect(shapes.length).toBeGreaterThan(40)
    const other = await another()
    const ipThere = tool(other, 'ip')
    for (const [i, [options, add, set]] of shapes.entries()) {
      const [name, address, far] = [`l${i}`, addressOf(1, i), addressOf(2, i)]
      const peer = options.kind === 'veth' ? { name: `p${i}`, address: far, ...options.peer } : undefined
      const made = await ns.link.add({ ...options, name, address, ...(peer && { peer }) } as LinkAddOptions)
      expect(made.name).toBe(name)
      const words = peer ? `${add}${/ peer /.test(add) ? '' : ' peer'} name p${i} address ${far}` : add
      await say(ipThere, `link add name ${name} address ${address} ${words}`)
      if (set !== undefined) await say(ipThere, `link set dev ${name} ${set}`)
    }
    // The state of a link that is up follows its carrier in a moment.
    const differences = async (): Promise<Json> => {
      const [here, there] = [await show(ip), await show(ipThere)]
      const found = difference(Object.fromEntries(here.entries()), Object.fromEntries(there.entries()))
      return Object.fromEntries(Object.entries(found).filter(([field]) => !/_timer$/.test(field)))
    }
    await soon(async () => Object.keys(await differences()).length === 0, 3000)
    expect(await differences()).toEqual({})
    const [seen, seenThere] = [await show(ip), await show(ipThere)]
    expect(seen.length).toBe(1 + shapes.length + shapes.filter(([{ kind }]) => kind === 'veth').length)
    const [ours, oursThere] = [await ns.link.list(), await other.link.list()]
    expect(ours.map(comparable)).toEqual(seen.map(inOurWords))
    expect(oursThere.map(comparable)).toEqual(seenThere.map(inOurWords))
    expect(ours.filter(({ unknown }) => unknown !== undefined)).toEqual([])
    for (const link of ours) expect(comparable(await ns.link.get(link.index))).toEqual(comparable(link))
  })

  test('both faces do the same', async ({ ns, sync, ip }) => {
    const made = sync.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1', mtu: 1400 } })
    expect(made).toMatchObject({ name: 'v0' })
    sync.link.set('v1', { promisc: true, alias: 'far' })
    expect((await show(ip)).map(inOurWords)).toEqual(sync.link.list().map(comparable))
    expect(sync.link.get('v1')).toEqual(await ns.link.get('v1'))
    sync.link.del('v0')
    expect(sync.link.list()).toHaveLength(1)
  })

  test('filters let through what ip lets through', async ({ ns, ip }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', group: 5, up: true })
    await ns.link.add({ kind: 'bridge', name: 'br1' })
    await ns.link.add({ kind: 'veth', name: 'v0', master: 'br0', group: 5, peer: { name: 'v1', group: 6 } })
    await ns.link.add({ kind: 'veth', name: 'w0', master: 'br1', up: true, peer: { name: 'w1' } })
    const same = async (filter: LinkFilter, names: string[], ...args: string[]): Promise<void> => {
      expect((await ns.link.list(filter)).map(({ name }) => name)).toEqual(names)
      expect((await show(ip, ...args)).map(({ ifname }) => ifname)).toEqual(names)
    }
    await same({ kind: 'bridge' }, ['br0', 'br1'], 'type', 'bridge')
    await same({ kind: 'veth' }, ['v1', 'v0', 'w1', 'w0'], 'type', 'veth')
    await same({ master: 'br0' }, ['v0'], 'master', 'br0')
    await same({ master: (await ns.link.get('br1')).index }, ['w0'], 'master', 'br1')
    await same({ group: 5 }, ['br0', 'v0'], 'group', '5')
    await same({ group: 'default' }, ['lo', 'br1', 'w1', 'w0'], 'group', 'default')
    await same({ up: true }, ['br0', 'w0'], 'up')
    await same({ kind: 'veth', up: true, group: 0 }, ['w0'], 'up', 'type', 'veth')
    expect(await ns.link.list({ kind: 'no-such-kind' })).toEqual([])
    const down = (await ns.link.list({ up: false })).map(({ name }) => name)
    expect(down).toEqual(['lo', 'br1', 'v1', 'v0', 'w1'])
  })

  test('counters are those ip counts', async ({ ns, another }) => {
    const other = await another()
    await ns.link.add({
      kind: 'veth',
      name: 'eth0',
      address: addressOf(0, 1),
      peer: { name: 'eth0', netns: other, address: addressOf(0, 2) },
    })
    for (const [namespace, own, far, mac] of [
      [ns, '10.0.0.1', '10.0.0.2', addressOf(0, 2)],
      [other, '10.0.0.2', '10.0.0.1', addressOf(0, 1)],
    ] as const) {
      // Only what is sent below is to be counted: no neighbour is looked for, and IPv6 keeps still.
      await namespace.sysctl.set('net.ipv6.conf.eth0.disable_ipv6', 1)
      await namespace.link.set('eth0', { up: true })
      await namespace.addr.add({ dev: 'eth0', address: `${own}/24` })
      await say(tool(namespace, 'ip'), `neigh replace ${far} dev eth0 lladdr ${mac} nud permanent`)
    }
    const [packets, payload] = [321, 1000]
    await output(
      ns,
      process.execPath,
      '-e',
      `const socket = require('dgram').createSocket('udp4')
       let left = ${packets}
       const next = () => left-- > 0 ? socket.send(Buffer.alloc(${payload}), 9, '10.0.0.2', next) : socket.close()
       next()`,
    )
    const bytes = packets * (14 + 20 + 8 + payload)
    expect(await soon(async () => ((await other.link.get('eth0')).stats?.rxPackets ?? 0) >= packets)).toBe(true)
    expect((await ns.link.get('eth0')).stats).toMatchObject({ txPackets: packets, txBytes: bytes })
    expect((await other.link.get('eth0')).stats).toMatchObject({ rxPackets: packets, rxBytes: bytes })
    // Nobody listens, and the far end says so until the kernel has had enough of it.
    for (const namespace of [ns, other]) {
      const [json] = (await tool(namespace, 'ip')('-j', '-s', '-s', 'link', 'show', 'dev', 'eth0')) as [Json]
      const { rx, tx } = json['stats64'] as { rx: Json; tx: Json }
      const { carrier_changes: _, ...sent } = tx
      const { stats } = await namespace.link.get('eth0')
      const inOurs = Object.entries({ rx, tx: sent }).flatMap(([way, counters]) =>
        Object.entries(counters).map(([name, value]) => [
          camelCase(/^(multicast|collisions)$/.test(name) ? name : `${way}_${name}`),
          value,
        ]),
      )
      expect(inOurs.length).toBe(21)
      expect(stats).toMatchObject(Object.fromEntries(inOurs))
    }
  })
})

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

describe('what goes wrong', () => {
  test('the kernel refuses: the error says what, where and why', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0', index: 50 })
    for (const link of [ns.link, sync.link]) {
      for (const options of [{ name: 'br0' }, { name: 'br1', index: 50 }]) {
        const twice = await failure(() => link.add({ kind: 'bridge', ...options }))
        expect(twice).toMatchObject({ name: 'NetlinkError', errno: -17, code: 'EEXIST', syscall: 'netlink' })
        expect(twice).toMatchObject({ request: 'RTM_NEWLINK', netns: `net:[${ns.inode}]` })
        expect(twice.message).toContain(`link.add ${options.name} in namespace net:[${ns.inode}]: EEXIST`)
      }
      const small = await failure(() => link.set('br0', { mtu: 1 }))
      expect(small).toMatchObject({ code: 'EINVAL', kernelMessage: 'mtu less than device minimum' })
      expect(small.message).toContain('link.set br0')
      const queues = await failure(() => link.add({ kind: 'bridge', numTxQueues: 4097 }))
      expect(queues).toMatchObject({ code: 'EINVAL', kernelMessage: 'Invalid number of transmit queues' })
      expect((await failure(() => link.del('lo'))).code).toBe('EOPNOTSUPP')
      const gso = await failure(() => link.set('br0', { gsoMaxSize: 1 }))
      expect(gso).toMatchObject({ code: 'ERANGE', attribute: 'gsoMaxSize' })
    }
    expect(await ns.link.list()).toHaveLength(2)
  })

  test('a device that is not there is named', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    for (const dev of ['nowhere', 'x'.repeat(40), 4711]) {
      for (const operation of [
        () => ns.link.get(dev),
        () => ns.link.set(dev, { up: true }),
        () => ns.link.set(dev, { name: 'y' }),
        () => ns.link.del(dev),
        () => sync.link.get(dev),
        () => sync.link.del(dev),
      ]) {
        const error = await failure(operation)
        expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENODEV' })
        expect(error.message).toContain(String(dev))
      }
    }
    for (const operation of [
      () => ns.link.set('br0', { master: 'nowhere' }),
      () => ns.link.add({ kind: 'veth', name: 'v0', master: 'nowhere' }),
      () => ns.link.list({ master: 'nowhere' }),
    ]) {
      const error = await failure(operation)
      expect(error).toMatchObject({ code: 'ENODEV', attribute: 'master' })
      expect(error.message).toContain('"nowhere"')
    }
    expect(await ns.link.list()).toHaveLength(2)
  })

  test('missingOk: what is not there need not be deleted', async ({ ns, sync }) => {
    for (const dev of ['nowhere', 'x'.repeat(40), 4711]) {
      await ns.link.del(dev, { missingOk: true })
      sync.link.del(dev, { missingOk: true })
      expect((await failure(() => ns.link.del(dev, { missingOk: false }))).code).toBe('ENODEV')
    }
    expect((await failure(() => ns.link.del('lo', { missingOk: true }))).code).toBe('EOPNOTSUPP')
    const wrong = { missingOk: 'yes' } as unknown as { missingOk: boolean }
    await ns.link.add({ kind: 'bridge', name: 'br0' })
    for (const dev of ['lo', 'br0', ['br0']]) {
      expect((await failure(() => ns.link.del(dev, wrong))).code).toBe('ERR_INVALID_ARG_TYPE')
    }
    expect((await ns.link.get('br0')).kind).toBe('bridge')
  })

  test('many at once: all of them or none, and no other', async ({ ns, sync }) => {
    const names = (await ns.link.list()).map(({ name }) => name)
    const furnish = async () => {
      for (const at of [1, 2, 3, 4]) await ns.link.add({ kind: 'veth', name: `v${at}`, peer: { name: `w${at}` } })
      await ns.link.set('v1', { group: 7 })
      await ns.link.set('v4', { group: 7 })
      await ns.link.addAltname('v2', 'second', 'the-second-one-of-them')
      await ns.link.set('v3', { group: 0xffff_ffff })
    }
    await furnish()
    const before = await ns.link.list()
    // One that is not there, or cannot be deleted, and nothing is done.
    for (const [other, code] of [
      ['nowhere', 'ENODEV'],
      ['lo', 'EOPNOTSUPP'],
      [4711, 'ENODEV'],
    ] as const) {
      for (const { link } of [ns, sync]) {
        expect(await failure(() => link.del(['v1', 'v2', other, 'v3']))).toMatchObject({ code })
      }
    }
    for (const wrong of [
      ['v1', {}],
      ['v1', undefined],
    ]) {
      expect(await failure(() => ns.link.del(wrong as string[]))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
    expect(await ns.link.list()).toEqual(before)

    const index = (await ns.link.get('v3')).index
    await ns.link.del(['w1', 'the-second-one-of-them', 'v2', 'w2', index])
    expect((await ns.link.list()).map(({ name }) => name).filter((name) => !names.includes(name))).toEqual(['w4', 'v4'])
    await ns.link.del('v4')
    await furnish()
    sync.link.del(['v1', 'nowhere', 'v3', 'v1'], { missingOk: true })
    sync.link.del([])
    const left = sync.link.list().map(({ name, group }) => [name, group])
    expect(left.slice(names.length)).toEqual([
      ['w2', 0],
      ['v2', 0],
      ['w4', 0],
      ['v4', 7],
    ])
  })

  const bad: [object, string, string][] = [
    [{ mtu: -1 }, 'ERR_OUT_OF_RANGE', '"mtu"'],
    [{ mtu: 2 ** 32 }, 'ERR_OUT_OF_RANGE', '"mtu"'],
    [{ mtu: 1500.5 }, 'ERR_OUT_OF_RANGE', '"mtu"'],
    [{ mtu: '1500' }, 'ERR_INVALID_ARG_TYPE', '"mtu"'],
    [{ mtu: null }, 'ERR_INVALID_ARG_TYPE', '"mtu"'],
    [{ address: '02:00:00:00:00' }, 'EINVAL', ''],
    [{ address: '02:00:00:00:00:0g' }, 'ERR_INVALID_ARG_VALUE', '"address"'],
    [{ address: '' }, 'ERR_INVALID_ARG_VALUE', '"address"'],
    [{ address: 5 }, 'ERR_INVALID_ARG_TYPE', '"address"'],
    [{ broadcast: '10.0.0.255' }, 'ERR_INVALID_ARG_VALUE', '"broadcast"'],
    [{ alias: 'x'.repeat(256) }, 'ERR_INVALID_ARG_VALUE', '"alias"'],
    [{ alias: 'a\0b' }, 'ERR_INVALID_ARG_VALUE', '"alias"'],
    [{ alias: 5 }, 'ERR_INVALID_ARG_TYPE', '"alias"'],
    [{ txqueuelen: -1 }, 'ERR_OUT_OF_RANGE', '"txqueuelen"'],
    [{ group: 'backbone' }, 'ERR_INVALID_ARG_TYPE', '"group"'],
    [{ linkmode: 'asleep' }, 'ERR_INVALID_ARG_VALUE', '"linkmode"'],
    [{ addrGenMode: 'eui48' }, 'ERR_INVALID_ARG_VALUE', '"addrGenMode"'],
    [{ addrGenMode: 256 }, 'ERR_OUT_OF_RANGE', '"addrGenMode"'],
    [{ carrier: 1 }, 'ERR_INVALID_ARG_TYPE', '"carrier"'],
    [{ up: 'yes' }, 'ERR_INVALID_ARG_TYPE', '"up"'],
    [{ promisc: 1 }, 'ERR_INVALID_ARG_TYPE', '"promisc"'],
    [{ master: true }, 'ERR_INVALID_ARG_TYPE', '"master"'],
    [{ master: -1 }, 'ERR_OUT_OF_RANGE', '"master"'],
    [{ linkNetnsid: 2 ** 31 }, 'ERR_OUT_OF_RANGE', '"linkNetnsid"'],
    [{ bridgePort: true }, 'ERR_INVALID_ARG_TYPE', '"bridgePort"'],
    [{ unknown: { 4: 'xyz' } }, 'ERR_INVALID_ARG_VALUE', '"unknown.4"'],
    [{ mut: 1500 }, 'ERR_INVALID_ARG_VALUE', 'did you mean "mtu"?'],
    [{ txQueueLen: 5 }, 'ERR_INVALID_ARG_VALUE', 'did you mean "txqueuelen"?'],
    [{ forwardDelay: 200 }, 'ERR_INVALID_ARG_VALUE', 'Unknown option "forwardDelay"'],
  ]

  test('bad input is refused before the kernel sees it', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } })
    const before = await ns.link.list()
    for (const [options, code, words] of bad) {
      for (const operation of [
        () => ns.link.set('v0', options),
        () => sync.link.set('v0', options),
        () => ns.link.add({ kind: 'veth', name: 'v2', ...options }),
        () => sync.link.add({ kind: 'veth', name: 'v2', ...options }),
      ]) {
        const error = await failure(operation)
        expect(error, JSON.stringify(options)).toMatchObject({ code })
        expect(error.message).toContain(words)
      }
    }
    expect(await ns.link.list()).toEqual(before)
  })

  test('so is what makes no sense', async ({ ns }) => {
    const { link } = ns
    const call = (operation: unknown, ...args: unknown[]): Promise<Error & Record<string, unknown>> =>
      failure(() => Reflect.apply(operation as () => unknown, link, args))
    for (const [error, code, words] of [
      [await call(link.add), 'ERR_INVALID_ARG_TYPE', 'link.add'],
      [await call(link.add, {}), 'ERR_INVALID_ARG_VALUE', '"kind"'],
      [await call(link.add, { kind: 'vteh' }), 'ERR_INVALID_ARG_VALUE', "'veth'"],
      [await call(link.add, { kind: 'veth', index: 0 }), 'ERR_OUT_OF_RANGE', '"index"'],
      [await call(link.add, { kind: 'veth', index: '5' }), 'ERR_INVALID_ARG_TYPE', '"index"'],
      [await call(link.add, { kind: 'veth', name: 5 }), 'ERR_INVALID_ARG_TYPE', '"name"'],
      [await call(link.add, { kind: 'veth', priority: 5 }), 'ERR_INVALID_ARG_VALUE', 'Unknown option "priority"'],
      [await call(link.set, 'lo'), 'ERR_INVALID_ARG_TYPE', 'link.set'],
      [await call(link.set, 'lo', { kind: 'nope' }), 'ERR_INVALID_ARG_VALUE', '"kind"'],
      [await call(link.set, undefined, {}), 'ERR_INVALID_ARG_TYPE', '"dev"'],
      [await call(link.set, 0, {}), 'ERR_OUT_OF_RANGE', '"dev"'],
      [await call(link.set, 'lo', { nomaster: 1 }), 'ERR_INVALID_ARG_TYPE', '"nomaster"'],
      [await call(link.get), 'ERR_INVALID_ARG_TYPE', '"dev"'],
      [await call(link.del, {}), 'ERR_INVALID_ARG_TYPE', '"dev"'],
      [await call(link.del, 'lo', { missing: true }), 'ERR_INVALID_ARG_VALUE', 'Unknown option "missing"'],
      [await call(link.list, { kind: 5 }), 'ERR_INVALID_ARG_TYPE', '"kind"'],
      [await call(link.list, { type: 'veth' }), 'ERR_INVALID_ARG_VALUE', 'Unknown option "type"'],
      [await call(link.list, { group: 'x' }), 'ERR_INVALID_ARG_TYPE', '"group"'],
      [await call(link.list, { up: 1 }), 'ERR_INVALID_ARG_TYPE', '"up"'],
    ] as const) {
      expect(error, error.message).toMatchObject({ code })
      expect(error.message).toContain(words)
    }
    expect(await link.list()).toHaveLength(1)
  })

  test('a closed handle does nothing any more', async ({ another, sync }) => {
    const ns = await another()
    await ns.link.list()
    sync.link.list()
    ns.close()
    sync.close()
    for (const { link } of [ns, sync]) {
      for (const operation of [
        () => link.add({ kind: 'bridge' }),
        () => link.set('lo', { up: true }),
        () => link.get('lo'),
        () => link.list(),
        () => link.del('lo', { missingOk: true }),
        () => link.addAltname('lo', 'x'),
      ]) {
        expect(await failure(operation)).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
      }
    }
  })
})
