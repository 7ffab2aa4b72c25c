import { once } from 'node:events'
import { existsSync } from 'node:fs'
import {
  BatchError,
  type Conntrack,
  type ConntrackFilter,
  type ConntrackOptions,
  type ConntrackTuple,
  type ConntrackUpdate,
  type Netns,
} from 'nslink'
import { soon } from './support/child.js'
import { printed, settled, told, track } from './support/conntrack.js'
import { ping, talk } from './support/packets.js'
import { describe, expect, failure, output, test } from './support/test.js'

/** A connection of no packets. */
const web: ConntrackTuple = { proto: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', sport: 40000, dport: 80 }
const dns: ConntrackTuple = { proto: 'udp', src: '192.0.2.1', dst: '192.0.2.3', sport: 5000, dport: 53 }

/** Two namespaces with a cable between them, of which the first tracks connections. */
async function cabled(ns: Netns, peer: Netns): Promise<void> {
  await ns.link.add({ kind: 'veth', name: 'v0', up: true, peer: { name: 'v0', netns: peer } })
  await peer.link.set('v0', { up: true })
  for (const [at, each] of [ns, peer].entries()) {
    await each.addr.add({ dev: 'v0', address: `10.0.0.${at + 1}/24` })
    await each.addr.add({ dev: 'v0', address: `2001:db8::${at + 1}/64`, nodad: true })
  }
  await ns.sysctl.set('net.netfilter.nf_conntrack_acct', 1)
  await ns.sysctl.set('net.netfilter.nf_conntrack_timestamp', 1)
  await track(ns)
}

/** The timeouts of two lists, looked at one after the other, are the same but for a second or two. */
function sameTimeouts(earlier: readonly { id: number; timeout?: number | undefined }[], later: typeof earlier): void {
  const seconds = new Map(later.map(({ id, timeout }) => [id, timeout]))
  for (const { id, timeout } of earlier) {
    expect(Math.abs((timeout ?? Number.NaN) - (seconds.get(id) ?? Number.NaN))).toBeLessThanOrEqual(2)
  }
}

/** Holds what nslink lists against what the tool prints, field by field. */
async function compared(ns: Netns): Promise<Conntrack[]> {
  const entries = await ns.conntrack.list()
  const lines = await printed(ns)
  expect(settled(entries.map(told))).toEqual(settled(lines))
  sameTimeouts(entries, lines)
  return entries
}

describe('what packets make', () => {
  test('is read as conntrack reads it', async ({ ns, another }) => {
    const peer = await another()
    await cabled(ns, peer)
    expect(await talk(peer, ns, '10.0.0.1')).toEqual({ ping: true, tcp: '10.0.0.2', udp: '10.0.0.2' })
    expect(await ping(ns, '2001:db8::2')).toBe(true)
    // Nothing is under way any more that could be counted.
    await soon(async () =>
      (await ns.conntrack.list({ orig: { proto: 'tcp' } })).every(({ tcp }) => tcp?.state === 'timeWait'),
    )
    const entries = await compared(ns)
    const by = (proto: string): Conntrack => entries.find(({ orig }) => orig.proto === proto) as Conntrack
    expect(by('tcp')).toMatchObject({
      orig: { src: '10.0.0.2', dst: '10.0.0.1', dport: 7777 },
      reply: { src: '10.0.0.1', dst: '10.0.0.2', sport: 7777 },
      status: ['seenReply', 'assured', 'confirmed'],
      tcp: { state: 'timeWait', flagsOrig: expect.arrayContaining(['windowScale', 'sackPerm', 'closeInit']) },
    })
    expect(by('udp').orig).toMatchObject({ src: '10.0.0.2', dst: '10.0.0.1', dport: 7777 })
    expect(by('icmp')).toMatchObject({
      orig: { type: 8, code: 0 },
      reply: { type: 0, code: 0, id: by('icmp').orig.id },
    })
    expect(by('icmpv6')).toMatchObject({ family: 'inet6', orig: { type: 128 }, reply: { type: 129 } })
    expect(by('tcp').counters?.orig?.bytes).toBeGreaterThan(150_000)

    // The tool has more in another form.
    const xml = await output(ns, 'conntrack', '-L', '-o', 'xml,id,ktimestamp')
    for (const flow of xml.match(/<flow>.*<\/flow>/g) ?? []) {
      const field = (name: string): number => Number(new RegExp(`<${name}>(\\d+)</${name}>`).exec(flow)?.[1])
      const entry = entries.find(({ id }) => id === field('id'))
      const [, start] = /<start>(\d+)<\/start>/.exec(flow) ?? []
      expect(entry?.timestamp?.start).toBe(Number(BigInt(start!) / 1000n) / 1000)
      expect(entry?.use).toBe(field('use'))
      expect(entry?.orig.proto).toBe(
        /protoname="(\w+)"><sport|protoname="(icmp\w*)"/.exec(flow)?.slice(1).find(Boolean),
      )
    }
    expect(Date.now() - (by('tcp').timestamp?.start ?? 0)).toBeLessThan(60_000)
    for (const entry of entries) expect(await ns.conntrack.get(entry)).toMatchObject({ orig: entry.orig, id: entry.id })
  })

  test('shows the addresses that are translated, and may be taken away and put back', async ({ ns, another }) => {
    const [inside, outside] = [await another(), await another()]
    for (const [name, peer, address] of [
      ['in', inside, '10.1.0'],
      ['out', outside, '10.2.0'],
    ] as const) {
      await ns.link.add({ kind: 'veth', name, up: true, peer: { name: 'v0', netns: peer } })
      await ns.addr.add({ dev: name, address: `${address}.1/24` })
      await peer.link.set('v0', { up: true })
      await peer.addr.add({ dev: 'v0', address: `${address}.2/24` })
    }
    await inside.route.add({ dst: 'default', via: '10.1.0.1' })
    await ns.sysctl.set('net.ipv4.ip_forward', 1)
    await track(
      ns,
      'add table ip nat',
      'add chain ip nat post { type nat hook postrouting priority srcnat ; }',
      'add rule ip nat post oifname "out" masquerade',
      'add chain ip nat pre { type nat hook prerouting priority dstnat ; }',
      'add rule ip nat pre ip daddr 10.9.9.9 tcp dport 80 dnat to 10.2.0.2:5000',
    )
    const server = outside.spawn(
      process.execPath,
      [
        '-e',
        `
      require('net').createServer((s) => { s.write(s.remoteAddress + ' ' + s.remotePort + '\\n'); s.pipe(s) }).listen(5000, '0.0.0.0', () => console.log('up'))`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(server.stdout!, 'data')
    const client = inside.spawn(
      process.execPath,
      [
        '-e',
        `
      const s = require('net').connect(80, '10.9.9.9'); s.pipe(process.stdout); process.stdin.pipe(s)`,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const ended = Promise.all([once(server, 'close'), once(client, 'close')])
    try {
      let heard = ''
      client.stdout!.setEncoding('utf8').on('data', (text) => {
        heard += text
      })
      await soon(() => heard.includes('\n'))
      const [entry] = await compared(ns)
      const seen = heard.trim().split(' ')
      expect(entry).toMatchObject({
        orig: { proto: 'tcp', src: '10.1.0.2', dst: '10.9.9.9', dport: 80 },
        reply: { src: '10.2.0.2', dst: seen[0], sport: 5000, dport: Number(seen[1]) },
        status: expect.arrayContaining(['srcNat', 'dstNat', 'srcNatDone', 'dstNatDone']),
      })
      expect(seen[0]).toBe('10.2.0.1')
      await ns.conntrack.del(entry!)
      expect(await ns.conntrack.list()).toEqual([])
      await ns.conntrack.add(entry!)
      // It would be a new connection, to nobody, if its addresses were not translated as before.
      heard = ''
      client.stdin!.write('still there?')
      expect(await soon(() => heard === 'still there?')).toBe(true)
      const [again, ...others] = await compared(ns)
      expect(others).toEqual([])
      expect(again).toMatchObject({
        orig: entry!.orig,
        reply: entry!.reply,
        status: entry!.status,
        tcp: { state: 'established' },
      })
    } finally {
      client.kill()
      server.kill()
      await ended
    }
  })
})

/** `conntrack` has the kernel be easy on TCP connections that it makes. */
const easy = { flagsOrig: ['sackPerm', 'beLiberal'], flagsReply: ['sackPerm', 'beLiberal'] } as const

/** Entries of every shape: what nslink is given, what `conntrack -I` is given, and what there is besides. */
const shapes: [options: ConntrackOptions, words: string | undefined, shows?: object][] = [
  [
    { orig: web, timeout: 100, tcp: easy },
    '-p tcp -s 192.0.2.1 -d 192.0.2.2 --sport 40000 --dport 80 --state NONE',
    { tcp: { state: 'none' } },
  ],
  [
    {
      orig: { ...web, sport: 1 },
      timeout: 200,
      mark: 0xffffffff,
      tcp: { state: 'established', ...easy },
      status: ['seenReply', 'assured'],
    },
    '-p tcp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED -m 0xffffffff',
    { status: ['seenReply', 'assured', 'confirmed'] },
  ],
  [
    { orig: dns, timeout: 4294967, zone: 7, mark: 5 },
    '-p udp -s 192.0.2.1 -d 192.0.2.3 --sport 5000 --dport 53 -w 7 -m 5',
  ],
  [
    { orig: { ...dns, zone: 3 }, timeout: 60 },
    '-p udp -s 192.0.2.1 -d 192.0.2.3 --sport 5000 --dport 53 --orig-zone 3',
  ],
  [
    {
      orig: { ...dns, sport: 9 },
      reply: { proto: 'udp', src: '192.0.2.3', dst: '192.0.2.1', sport: 53, dport: 9, zone: 65535 },
      timeout: 60,
    },
    '-p udp -s 192.0.2.1 -d 192.0.2.3 --sport 9 --dport 53 --reply-zone 65535',
  ],
  // The tool turns the bytes of tags around.
  [
    {
      orig: { proto: 'sctp', src: '192.0.2.1', dst: '192.0.2.2', sport: 1, dport: 2 },
      timeout: 60,
      sctp: { state: 'established', vtagOrig: 0x07000007, vtagReply: 0xfefffffe },
    },
    '-p sctp -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2 --state ESTABLISHED --orig-vtag 117440519 --reply-vtag 4278190078',
  ],
  [
    { orig: { proto: 'udplite', src: '192.0.2.1', dst: '192.0.2.2', sport: 1, dport: 2 }, timeout: 60 },
    '-p udplite -s 192.0.2.1 -d 192.0.2.2 --sport 1 --dport 2',
  ],
  [
    { orig: { proto: 'gre', src: '192.0.2.1', dst: '192.0.2.2', sport: 258, dport: 2 }, timeout: 60 },
    '-p gre -s 192.0.2.1 -d 192.0.2.2 --srckey 258 --dstkey 2',
  ],
  [{ orig: { proto: 50, src: '192.0.2.1', dst: '192.0.2.2' }, timeout: 60 }, '-p 50 -s 192.0.2.1 -d 192.0.2.2'],
  [
    { orig: { proto: 'icmp', src: '192.0.2.1', dst: '192.0.2.2', type: 8, code: 0, id: 65535 }, timeout: 60 },
    '-p icmp -s 192.0.2.1 -d 192.0.2.2 --icmp-type 8 --icmp-code 0 --icmp-id 65535',
    { reply: { proto: 'icmp', src: '192.0.2.2', dst: '192.0.2.1', type: 0, code: 0, id: 65535 } },
  ],
  [
    { orig: { proto: 'icmp', src: '192.0.2.1', dst: '192.0.2.2', type: 13, code: 3, id: 1 }, timeout: 60 },
    '-p icmp -s 192.0.2.1 -d 192.0.2.2 --icmp-type 13 --icmp-code 3 --icmp-id 1',
    { reply: { proto: 'icmp', src: '192.0.2.2', dst: '192.0.2.1', type: 14, code: 3, id: 1 } },
  ],
  [
    { orig: { proto: 'icmpv6', src: '2001:db8::1', dst: '2001:db8::2', type: 128, code: 0, id: 5 }, timeout: 60 },
    '-p icmpv6 -s 2001:db8::1 -d 2001:db8::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 5',
    { reply: { proto: 'icmpv6', src: '2001:db8::2', dst: '2001:db8::1', type: 129, code: 0, id: 5 } },
  ],
  [
    {
      orig: { proto: 'tcp', src: '2001:db8::1', dst: '2001:db8::2', sport: 1, dport: 2 },
      timeout: 60,
      tcp: { state: 'synRecv', ...easy },
      status: ['fixedTimeout'],
    },
    '-p tcp -s 2001:db8::1 -d 2001:db8::2 --sport 1 --dport 2 --state SYN_RECV -u FIXED_TIMEOUT',
    { status: ['confirmed', 'fixedTimeout'] },
  ],
  [
    { orig: { ...dns, sport: 10 }, timeout: 60, snat: { addr: '198.51.100.1', port: 4000 } },
    '-p udp -s 192.0.2.1 -d 192.0.2.3 --sport 10 --dport 53 --src-nat 198.51.100.1:4000',
    {
      reply: { proto: 'udp', src: '192.0.2.3', dst: '198.51.100.1', sport: 53, dport: 4000 },
      status: ['confirmed', 'srcNat', 'srcNatDone', 'dstNatDone'],
    },
  ],
  [
    { orig: { ...dns, sport: 11 }, timeout: 60, dnat: { addr: '198.51.100.1', port: '54-54' } },
    '-p udp -s 192.0.2.1 -d 192.0.2.3 --sport 11 --dport 53 --dst-nat 198.51.100.1:54',
    {
      reply: { proto: 'udp', src: '198.51.100.1', dst: '192.0.2.1', sport: 54, dport: 11 },
      status: ['confirmed', 'dstNat', 'srcNatDone', 'dstNatDone'],
    },
  ],
  [
    {
      orig: { proto: 'udp', src: '2001:db8::1', dst: '2001:db8::2', sport: 1, dport: 2 },
      timeout: 60,
      snat: { addr: '2001:db8::99' },
    },
    '-p udp -s 2001:db8::1 -d 2001:db8::2 --sport 1 --dport 2 --src-nat 2001:db8::99',
    {
      reply: { proto: 'udp', src: '2001:db8::2', dst: '2001:db8::99', sport: 2, dport: 1 },
      status: ['confirmed', 'srcNat', 'srcNatDone', 'dstNatDone'],
    },
  ],
  [
    { orig: { ...web, dport: 21 }, timeout: 60, tcp: easy, helper: 'ftp' },
    undefined,
    { status: ['confirmed', 'helper'] },
  ],
]

/** What entries have besides what they were given. */
const untouched = ({ id: _, use: __, timeout: ___, ...entry }: Conntrack): unknown => ({ ...entry })

describe('conntrack.add', () => {
  test('makes what conntrack -I makes', async ({ ns, another }) => {
    const other = await another()
    for (const [options, words, shows] of shapes) {
      const expected = {
        family: options.orig.src.includes(':') ? 'inet6' : 'inet',
        mark: 0,
        status: ['confirmed'],
        ...(({ snat: _, dnat: __, ...rest }) => rest)(options),
        timeout: expect.any(Number),
        ...shows,
      }
      await ns.conntrack.add(options)
      const [entry, ...rest] = await compared(ns)
      expect(rest).toEqual([])
      expect(entry).toMatchObject(expected)
      expect(Math.abs(entry!.timeout! - options.timeout)).toBeLessThanOrEqual(2)
      expect(await ns.conntrack.flush()).toBe(1)
      // The tool cannot set a helper.
      if (words === undefined) continue
      await output(other, 'conntrack', '-I', '-t', `${options.timeout}`, ...words.split(' '))
      const [made] = await compared(other)
      expect(untouched(made!), words).toEqual(untouched(entry!))
      await other.conntrack.del(made!)
      expect(await printed(other)).toEqual([])
    }
  })

  test('takes what was listed', async ({ ns, another }) => {
    for (const [options] of shapes) await ns.conntrack.add(options)
    const entries = await ns.conntrack.list()
    expect(entries).toHaveLength(shapes.length)
    const other = await another()
    for (const entry of entries) await other.conntrack.add(entry)
    const inOrder = (list: Conntrack[]): unknown[] =>
      list.map(untouched).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(inOrder(await other.conntrack.list())).toEqual(inOrder(entries))
    // And what was listed names itself.
    const changed = (await other.conntrack.list()).filter(({ status }) => !status.includes('fixedTimeout'))
    for (const entry of changed) await other.conntrack.update(entry)
    expect(inOrder(await other.conntrack.list())).toEqual(inOrder(entries))
    for (const entry of await other.conntrack.list()) await other.conntrack.del(entry)
    expect(await other.conntrack.list()).toEqual([])
  })

  test('makes a connection that another has announced', async ({ ns }) => {
    await ns.conntrack.add({ orig: web, timeout: 60 })
    await ns.conntrack.add({ orig: dns, timeout: 60, master: web })
    const entry = await ns.conntrack.get({ orig: dns })
    expect(entry).toMatchObject({ master: web, status: ['expected', 'confirmed'] })
    await ns.conntrack.del(entry)
    await ns.conntrack.add(entry)
    expect(await ns.conntrack.get({ orig: dns })).toMatchObject({ master: web, status: ['expected', 'confirmed'] })
  })

  test('of DCCP, where the kernel knows it', async ({ ns }) => {
    const orig: ConntrackTuple = { proto: 'dccp', src: '192.0.2.1', dst: '192.0.2.2', sport: 1, dport: 2 }
    await ns.conntrack.add({ orig, timeout: 60, dccp: { state: 'open', role: 'client', handshakeSeq: 2 ** 47 } })
    const [entry] = await ns.conntrack.list()
    if (existsSync('/proc/sys/net/netfilter/nf_conntrack_dccp_loose')) {
      expect(entry).toMatchObject({ orig, dccp: { state: 'open', role: 'client', handshakeSeq: 2 ** 47 } })
    } else {
      // Since Linux 6.17 it is a protocol like any other.
      expect(entry?.orig).toEqual({ proto: 'dccp', src: '192.0.2.1', dst: '192.0.2.2' })
    }
  })
})

describe('conntrack.update', () => {
  const one = (ns: Netns): Promise<Conntrack> => ns.conntrack.get({ orig: web })

  test('changes what is given, and nothing else', async ({ ns }) => {
    await ns.conntrack.add({ orig: web, timeout: 100, mark: 0xf0, tcp: { state: 'synSent', ...easy } })
    const before = await one(ns)
    const steps: [ConntrackUpdate, Partial<Conntrack>][] = [
      [{ orig: web, mark: 5 }, { mark: 5 }],
      [{ reply: before.reply, mark: 0xab00, markMask: 0xff00 }, { mark: 0xab05 }],
      [{ orig: web, mark: 0, markMask: 0xff }, { mark: 0xab00 }],
      [{ orig: web, status: ['seenReply'] }, { status: ['seenReply', 'confirmed'] }],
      [{ orig: web, status: ['assured'] }, { status: ['seenReply', 'assured', 'confirmed'] }],
      [{ orig: web, tcp: { state: 'established' } }, { tcp: { ...before.tcp, state: 'established' } }],
      [
        { orig: web, tcp: { flagsOrig: ['windowScale'], flagsReply: ['windowScale'], wscaleOrig: 7, wscaleReply: 14 } },
        {
          tcp: {
            state: 'established',
            flagsOrig: ['windowScale'],
            flagsReply: ['windowScale'],
            wscaleOrig: 7,
            wscaleReply: 14,
          },
        },
      ],
    ]
    let expected = untouched(before) as Partial<Conntrack>
    for (const [change, shows] of steps) {
      await ns.conntrack.update(change)
      expected = { ...expected, ...shows }
      expect(untouched(await one(ns)), JSON.stringify(change)).toEqual(expected)
    }
    await ns.conntrack.update({ orig: web, timeout: 5000 })
    expect(untouched(await one(ns))).toEqual(expected)
    const [line] = await printed(ns)
    expect(line).toMatchObject({ mark: 0xab00, assured: true, replied: true, state: 'ESTABLISHED' })
    expect(Math.abs(line!.timeout! - 5000)).toBeLessThanOrEqual(2)
    expect(Math.abs((await one(ns)).timeout! - 5000)).toBeLessThanOrEqual(2)
  })

  test('sees what conntrack -U has changed', async ({ ns }) => {
    await ns.conntrack.add({ orig: dns, timeout: 100 })
    await output(ns, 'conntrack', '-U', '-p', 'udp', '-s', '192.0.2.1', '-m', '9', '-t', '700')
    const entry = await ns.conntrack.get({ orig: dns })
    expect(entry.mark).toBe(9)
    expect(Math.abs(entry.timeout! - 700)).toBeLessThanOrEqual(2)
  })

  test('fixes a timeout, and then says why it stays', async ({ ns }) => {
    await ns.conntrack.add({ orig: web, timeout: 100 })
    await ns.conntrack.update({ orig: web, timeout: 200, status: ['fixedTimeout'] })
    const refusal = await failure(() => ns.conntrack.update({ orig: web, timeout: 300 }))
    expect(refusal).toMatchObject({ code: 'EPERM', attribute: 'timeout', request: 'IPCTNL_MSG_CT_NEW' })
    expect(refusal.message).toContain('its timeout is fixed (option "timeout")')
    expect((await one(ns)).timeout).toBeLessThanOrEqual(200)
  })

  test('sets labels, which rules see, and sees those of rules', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    await output(
      ns,
      'nft',
      [
        'add table inet labels',
        'add chain inet labels out { type filter hook output priority -1 ; }',
        'add counter inet labels seen',
        'add rule inet labels out udp dport 9 ct label 77 counter name seen',
        'add rule inet labels out udp dport 10 ct label set 3',
      ].join('; '),
    )
    await ns.conntrack.add({ orig: web, timeout: 60, labels: [0, 127] })
    expect((await one(ns)).labels).toEqual([0, 127])
    await ns.conntrack.update({ orig: web, labels: [31, 32, 64] })
    expect((await one(ns)).labels).toEqual([31, 32, 64])
    await ns.conntrack.update({ orig: web, labels: [5], labelsMask: [5, 32] })
    expect((await one(ns)).labels).toEqual([5, 31, 64])

    const send = (port: number): Promise<string> =>
      output(
        ns,
        process.execPath,
        '--eval',
        `const socket = require('dgram').createSocket('udp4')
        socket.bind(6000, '127.0.0.1', () => socket.send('x', ${port}, '127.0.0.1', () => socket.close()))`,
      )
    const seen = async (): Promise<number> =>
      Number(/packets (\d+)/.exec(await output(ns, 'nft', 'list', 'counter', 'inet', 'labels', 'seen'))?.[1])
    const orig: ConntrackTuple = { proto: 'udp', src: '127.0.0.1', dst: '127.0.0.1', sport: 6000, dport: 9 }
    await ns.conntrack.add({ orig, timeout: 60, labels: [77] })
    expect(await seen()).toBe(0)
    await send(9)
    expect(await seen()).toBe(1)
    await ns.conntrack.update({ orig, labels: [] })
    await send(9)
    expect(await seen()).toBe(1)
    await send(10)
    expect(await ns.conntrack.get({ orig: { ...orig, dport: 10 } })).toMatchObject({ labels: [3] })

    const labelled = async (...labels: number[]): Promise<unknown[]> =>
      (await ns.conntrack.list({ labels })).map((entry) => entry.orig.dport)
    expect(await labelled(3)).toEqual([10])
    expect(await labelled(5, 31)).toEqual([80])
    expect(await labelled(3, 31)).toEqual([])
    expect(await ns.conntrack.flush({ labels: [3] })).toBe(1)
    expect(await labelled(3)).toEqual([])
    for (const [labels, code] of [
      [[], 'ERR_INVALID_ARG_VALUE'],
      [[128], 'ERR_OUT_OF_RANGE'],
      [3, 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      expect((await failure(() => ns.conntrack.flush({ labels } as never))).code).toBe(code)
    }
    expect((await ns.conntrack.list()).length).toBe(2)
  })

  test('takes a helper away', async ({ ns }) => {
    await ns.conntrack.add({ orig: { ...web, dport: 21 }, timeout: 60, helper: 'ftp' })
    await ns.conntrack.update({ orig: { ...web, dport: 21 }, helper: '' })
    const [entry] = await ns.conntrack.list()
    expect(entry).not.toHaveProperty('helper')
  })
})

/** Entries for filters to choose from. */
const many: ConntrackOptions[] = [
  { orig: web, timeout: 60, mark: 0x105, tcp: { state: 'established' }, status: ['seenReply', 'assured'] },
  { orig: { ...web, dport: 443 }, timeout: 60, mark: 0x205, status: ['seenReply'] },
  { orig: { ...web, src: '192.0.2.130', dport: 443 }, timeout: 60, zone: 7 },
  { orig: dns, timeout: 60, mark: 5 },
  { orig: { ...dns, sport: 7000, zone: 7 }, timeout: 60 },
  { orig: { ...dns, sport: 6000 }, timeout: 60, snat: { addr: '198.51.100.1' } },
  { orig: { proto: 'sctp', src: '192.0.2.1', dst: '192.0.2.2', sport: 1, dport: 443 }, timeout: 60 },
  { orig: { proto: 'icmp', src: '192.0.2.1', dst: '192.0.2.2', type: 8, code: 0, id: 7 }, timeout: 60 },
  { orig: { proto: 'icmp', src: '192.0.2.1', dst: '192.0.2.2', type: 13, code: 0, id: 7 }, timeout: 60 },
  { orig: { proto: 'icmpv6', src: '2001:db8::1', dst: '2001:db8::2', type: 128, code: 0, id: 7 }, timeout: 60 },
  { orig: { proto: 'tcp', src: '2001:db8::1', dst: '2001:db8::2', sport: 1, dport: 443 }, timeout: 60, mark: 5 },
  { orig: { proto: 'tcp', src: '2001:db8::3', dst: '2001:db8::2', sport: 1, dport: 443 }, timeout: 60 },
]

/** Filters; the places in `many` of what they let through; what of it the kernel is sure to send; and the words for the tool, if it has any. */
const filters: [ConntrackFilter, places: number[], sent: number, words?: string][] = [
  [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 12],
  [{ family: 'inet6' }, [9, 10, 11], 3, '-f ipv6'],
  [{ mark: 5 }, [3, 10], 2, '-m 5'],
  [{ mark: 5, markMask: 0xff }, [0, 1, 3, 10], 4, '-m 5/255'],
  [{ mark: 5, family: 'inet' }, [3], 1],
  [{ zone: 7 }, [2, 4], 2],
  [{ zone: 0, family: 'inet6' }, [9, 10, 11], 3],
  [{ status: ['seenReply'] }, [0, 1], 2],
  [{ status: ['seenReply', 'assured'] }, [0], 1],
  [{ status: ['seenReply'], statusMask: ['seenReply', 'assured'] }, [1], 1],
  [{ status: [], statusMask: ['seenReply'], family: 'inet6' }, [9, 10, 11], 3],
  [{ status: ['srcNat'] }, [5], 1, '--src-nat'],
  [{ orig: { proto: 'tcp' } }, [0, 1, 2, 10, 11], 5],
  [{ orig: { proto: 6, dport: 443 } }, [1, 2, 10, 11], 4, '-p tcp --dport 443'],
  [{ orig: { proto: 'tcp', dport: 443 }, family: 'inet' }, [1, 2], 2],
  [{ orig: { proto: 'udp', sport: 5000, src: '192.0.2.1' } }, [3], 1, '-p udp --sport 5000 -s 192.0.2.1'],
  [{ orig: { src: '192.0.2.130' } }, [2], 1, '-s 192.0.2.130'],
  [{ orig: { src: '192.0.2.128/25' } }, [2], 9, '-s 192.0.2.128/25'],
  [{ orig: { src: '0.0.0.0/0', dport: 443 } }, [1, 2, 6], 9],
  [{ orig: { dport: 443 } }, [1, 2, 6, 10, 11], 12],
  [{ orig: { proto: 'sctp', dport: 443 } }, [6], 1, '-p sctp --dport 443'],
  [{ orig: { proto: 'sctp', dport: 444 } }, [], 1],
  [{ orig: { proto: 'icmp', type: 8 } }, [7], 1, '-p icmp --icmp-type 8'],
  [{ orig: { proto: 'icmp', id: 7, code: 0 } }, [7, 8], 2, '-p icmp --icmp-id 7 --icmp-code 0'],
  [{ orig: { proto: 'icmp', type: 3 } }, [], 2],
  [{ orig: { proto: 'icmpv6', type: 128, id: 7 } }, [9], 1, '-f ipv6 -p icmpv6 --icmpv6-type 128 --icmpv6-id 7'],
  [{ orig: { src: '2001:db8::1' } }, [9, 10], 3, '-f ipv6 -s 2001:db8::1'],
  [{ orig: { src: '2001:db8::/126', proto: 'tcp' } }, [10, 11], 2],
  [{ orig: { zone: 7 } }, [4], 12],
  [{ reply: { dst: '198.51.100.1' } }, [5], 1, '--reply-dst 198.51.100.1'],
  [{ reply: { proto: 'udp', sport: 53 }, orig: { dst: '192.0.2.3' } }, [3, 4, 5], 3],
  [{ reply: { src: '192.0.2.0/24' }, mark: 5 }, [3], 1],
]

const ids = (entries: readonly { id: number }[]): number[] => entries.map(({ id }) => id).sort((a, b) => a - b)

describe('a filter', () => {
  /** Makes the entries, and says what the numbers are of those in some places. */
  async function furnish(ns: Netns): Promise<(places: readonly number[]) => number[]> {
    for (const options of many) await ns.conntrack.add(options)
    const made = await Promise.all(many.map(({ orig, zone }) => ns.conntrack.get({ orig, zone })))
    return (places) => ids(places.map((place) => made[place]!))
  }

  test('lets through what it should', async ({ ns, sync }) => {
    const of = await furnish(ns)
    for (const [filter, places, , words] of filters) {
      const what = JSON.stringify(filter)
      expect(ids(await ns.conntrack.list(filter)), what).toEqual(of(places))
      expect(ids(sync.conntrack.list(filter)), what).toEqual(of(places))
      if (words === undefined) continue
      const text = await output(ns, 'conntrack', '-L', '-o', 'id', ...words.split(' '))
      const judged = Array.from(text.matchAll(/ id=(\d+)$/gm), ([, id]) => ({ id: Number(id) }))
      expect(ids(judged), words).toEqual(of(places))
    }
  })

  test("is the kernel's business where it can be", async ({ ns }) => {
    await furnish(ns)
    const program = `
      process.env.NSLINK_DEBUG = '1'
      const { conntrack } = await import('nslink')
      for (const filter of ${JSON.stringify(filters.map(([filter]) => filter))}) {
        console.error('filter')
        await conntrack.list(filter)
      }`
    const text = await output(ns, 'sh', '-c', '"$0" --input-type=module --eval "$1" 2>&1', process.execPath, program)
    const received = text
      .split(/^filter$/m)
      .slice(1)
      .map((part) => part.match(/nslink < IPCTNL_MSG_CT_NEW/g)?.length ?? 0)
    const named = (counts: readonly number[]): unknown => counts.map((count, at) => [filters[at]![0], count])
    expect(named(received)).toEqual(named(filters.map(([, , sent]) => sent)))
  })

  test('says what to flush', async ({ another }) => {
    for (const [filter, places] of filters.filter(([filter]) => Object.keys(filter).length > 0)) {
      const ns = await another()
      const of = await furnish(ns)
      const what = JSON.stringify(filter)
      const others = [...many.keys()].filter((place) => !places.includes(place))
      expect(await ns.conntrack.flush(filter), what).toBe(places.length)
      expect(ids(await ns.conntrack.list()), what).toEqual(of(others))
    }
  })
})

describe('conntrack.flush', () => {
  test('without a filter empties the table', async ({ ns, another }) => {
    const other = await another()
    await other.conntrack.add({ orig: web, timeout: 60 })
    for (const options of many) await ns.conntrack.add(options)
    expect(await ns.conntrack.flush()).toBe(many.length)
    expect(await printed(ns)).toEqual([])
    expect(await ns.conntrack.flush()).toBe(0)
    expect(await other.conntrack.list()).toHaveLength(1)
  })

  test('removes very many', async ({ ns }) => {
    const tuples = Array.from({ length: 5000 }, (_, at) => ({ ...web, sport: 1000 + at }))
    await ns.batch((b) => tuples.map((orig, at) => b.conntrack.add({ orig, timeout: 60, mark: at % 2 })))
    expect(await ns.conntrack.flush({ mark: 1 })).toBe(2500)
    const left = await ns.conntrack.list()
    expect(left).toHaveLength(2500)
    expect(new Set(left.map(({ mark }) => mark))).toEqual(new Set([0]))
  })
})

describe('counters', () => {
  const counts = ({ counters }: Conntrack): number[] =>
    [counters?.orig, counters?.reply].map((each) => each?.packets ?? -1)

  test('are zeroed by being read, and only those that are', async ({ ns, another }) => {
    await cabled(ns, await another())
    await ping(ns, '10.0.0.2')
    await ping(ns, '2001:db8::2')
    const six = { orig: { proto: 'icmpv6', type: 128, dst: '2001:db8::2', src: '2001:db8::1' } } as const
    const [first, ...others] = await ns.conntrack.list({ ...six, zero: true })
    expect(others).toEqual([])
    expect(counts(first!)).toEqual([2, 2])
    expect(counts(await ns.conntrack.get(first!))).toEqual([0, 0])
    const four = await ns.conntrack.list({ orig: { proto: 'icmp' } })
    expect(four.map(counts)).toEqual([[2, 2]])
    expect(counts(await ns.conntrack.get({ ...four[0]!, zero: true }))).toEqual([2, 2])
    expect(counts(await ns.conntrack.get(four[0]!))).toEqual([0, 0])

    await ping(ns, '10.0.0.2')
    const packets = async (zero: boolean): Promise<number> =>
      (await ns.conntrack.list({ family: 'inet', zero })).reduce(
        (sum, entry) => sum + (entry.counters?.orig?.packets ?? 0),
        0,
      )
    expect(await packets(true)).toBe(2)
    expect(await packets(true)).toBe(0)
    await ping(ns, '10.0.0.2')
    expect((await printed(ns)).reduce((sum, { counters }) => sum + counters!.orig!.packets!, 0)).toBe(2)
  })

  test('are there only when the kernel counts', async ({ ns }) => {
    await ns.conntrack.add({ orig: web, timeout: 60 })
    expect(await ns.conntrack.get({ orig: web })).not.toHaveProperty('counters')
  })
})

test('conntrack.stats has what conntrack -S and -C have', async ({ ns, sync, another }) => {
  await cabled(ns, await another())
  await ping(ns, '10.0.0.2')
  for (const options of many) await ns.conntrack.add(options)
  const stats = await ns.conntrack.stats()
  expect(stats.entries).toBe(Number(await output(ns, 'conntrack', '-C')))
  expect(stats.entries).toBe((await ns.conntrack.list()).length)
  expect(stats.maxEntries).toBe(Number(await ns.sysctl.get('net.netfilter.nf_conntrack_max')))
  const lines = (await output(ns, 'conntrack', '-S')).trim().split('\n')
  const judged = lines.map((line) =>
    Object.fromEntries(
      Array.from(line.matchAll(/(\w+)=(\d+)/g), ([, name = '', value]) => [
        name === 'chaintoolong' ? 'chainTooLong' : name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        Number(value),
      ]),
    ),
  )
  expect(stats.cpus).toEqual(judged)
  // The tool adds entries as packets do.
  expect(stats.cpus.reduce((sum, { insert = 0 }) => sum + insert, 0)).toBeGreaterThanOrEqual(many.length)
  expect(sync.conntrack.stats()).toEqual(stats)
})

describe('what makes no sense is refused', () => {
  const add = { orig: web, timeout: 60 }
  const bad: ['add' | 'update' | 'del' | 'get' | 'list' | 'flush', unknown, option: string, code: string][] = [
    ['add', { timeout: 60 }, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['add', { orig: web }, 'timeout', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, timeout: 2 ** 32 }, 'timeout', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, orig: { ...web, proto: undefined } }, 'orig.proto', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, orig: { ...web, proto: 'tpc' } }, 'orig.proto', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, proto: 256 } }, 'orig.proto', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, orig: { ...web, src: undefined } }, 'orig.src', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, orig: { ...web, src: '192.0.2' } }, 'orig.src', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, src: '192.0.2.0/24' } }, 'orig.src', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, dst: '2001:db8::1' } }, 'orig.dst', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, sport: undefined } }, 'orig.sport', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, orig: { ...web, dport: 65536 } }, 'orig.dport', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, orig: { ...web, id: 5 } }, 'orig.id', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, port: 5 } }, 'port', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: { ...web, zone: 65536 } }, 'orig.zone', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, orig: { ...web, proto: 'icmp' } }, 'orig.sport', 'ERR_INVALID_ARG_VALUE'],
    [
      'add',
      { ...add, orig: { proto: 'icmp', src: '1.2.3.4', dst: '1.2.3.5', type: 3, code: 0, id: 0 } },
      'orig.type',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'add',
      { ...add, orig: { proto: 'icmpv6', src: '::1', dst: '::2', type: 8, code: 0, id: 0 } },
      'orig.type',
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'add',
      { ...add, orig: { proto: 'icmp', src: '1.2.3.4', dst: '1.2.3.5', type: 8, id: 0 } },
      'orig.code',
      'ERR_INVALID_ARG_TYPE',
    ],
    ['add', { ...add, reply: { ...web, proto: 'udp' } }, 'reply.proto', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, reply: { ...web, src: '::1', dst: '::2' } }, 'reply.src', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, family: 'inet6' }, 'family', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, master: { ...web, sport: undefined } }, 'master.sport', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, zone: -1 }, 'zone', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, mark: 2 ** 32 }, 'mark', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, markMask: 1 }, 'markMask', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, status: ['asured'] }, 'status.0', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, status: 'assured' }, 'status', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, tcp: { state: 'closed' } }, 'tcp.state', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, tcp: { flagsOrig: ['syn'] } }, 'tcp.flagsOrig.0', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, sctp: { state: 'closed' } }, 'sctp', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, orig: dns, tcp: { state: 'close' } }, 'tcp', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, snat: { address: '192.0.2.1' } }, 'address', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, snat: { addr: 'here' } }, 'snat.addr', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, dnat: { addr: '192.0.2.1', port: '9-8' } }, 'dnat.port', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, snat: { addr: '2001:db8::1' } }, 'snat.addr', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, labels: [128] }, 'labels.0', 'ERR_OUT_OF_RANGE'],
    ['add', { ...add, labels: 5 }, 'labels', 'ERR_INVALID_ARG_TYPE'],
    ['add', { ...add, helper: 'a-name-of-16-byte' }, 'helper', 'ERR_INVALID_ARG_VALUE'],
    ['add', { ...add, origin: web }, 'origin', 'ERR_INVALID_ARG_VALUE'],
    ['update', { orig: web }, 'options', 'ERR_INVALID_ARG_VALUE'],
    ['update', { mark: 5 }, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['update', { orig: web, markMask: 5, timeout: 3 }, 'markMask', 'ERR_INVALID_ARG_VALUE'],
    ['update', { orig: web, labelsMask: [5], timeout: 3 }, 'labelsMask', 'ERR_INVALID_ARG_VALUE'],
    ['update', { orig: web, snat: { addr: '1.2.3.4' } }, 'snat', 'ERR_INVALID_ARG_VALUE'],
    ['update', { orig: { ...web, dport: undefined }, mark: 5 }, 'orig.dport', 'ERR_INVALID_ARG_TYPE'],
    ['del', {}, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['del', { zone: 5 }, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['del', { reply: { ...web, src: 5 } }, 'reply.src', 'ERR_INVALID_ARG_TYPE'],
    ['del', { orig: web, id: -1 }, 'id', 'ERR_OUT_OF_RANGE'],
    ['del', { orig: web, missingOk: 1 }, 'missingOk', 'ERR_INVALID_ARG_TYPE'],
    ['get', { id: 5 }, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['get', { orig: web, zero: 'yes' }, 'zero', 'ERR_INVALID_ARG_TYPE'],
    ['list', { src: '1.2.3.4' }, 'src', 'ERR_INVALID_ARG_VALUE'],
    ['list', { family: 'ipv4' }, 'family', 'ERR_INVALID_ARG_VALUE'],
    ['list', { orig: { src: '192.0.2.1/24' } }, 'orig.src', 'ERR_INVALID_ARG_VALUE'],
    ['list', { orig: { src: '192.0.2.1', dst: '::1' } }, 'orig.dst', 'ERR_INVALID_ARG_VALUE'],
    ['list', { orig: { src: '192.0.2.1' }, reply: { src: '::1' } }, 'reply.src', 'ERR_INVALID_ARG_VALUE'],
    ['list', { family: 'inet6', orig: { src: '192.0.2.1' } }, 'orig.src', 'ERR_INVALID_ARG_VALUE'],
    ['list', { orig: { dport: 65536 } }, 'orig.dport', 'ERR_OUT_OF_RANGE'],
    ['list', { orig: { proto: 'udp', type: 8 } }, 'orig.type', 'ERR_INVALID_ARG_VALUE'],
    ['list', { orig: 'tcp' }, 'orig', 'ERR_INVALID_ARG_TYPE'],
    ['list', { mark: -1 }, 'mark', 'ERR_OUT_OF_RANGE'],
    ['list', { markMask: 1 }, 'markMask', 'ERR_INVALID_ARG_VALUE'],
    ['list', { status: [] }, 'status', 'ERR_INVALID_ARG_VALUE'],
    ['list', { statusMask: ['assured'] }, 'statusMask', 'ERR_INVALID_ARG_VALUE'],
    ['list', { zone: 65536 }, 'zone', 'ERR_OUT_OF_RANGE'],
    ['list', { zero: 1 }, 'zero', 'ERR_INVALID_ARG_TYPE'],
    ['flush', {}, 'filter', 'ERR_INVALID_ARG_VALUE'],
    ['flush', { mark: undefined }, 'filter', 'ERR_INVALID_ARG_VALUE'],
    ['flush', { zone: '5' }, 'zone', 'ERR_INVALID_ARG_TYPE'],
    ['flush', null, 'conntrack.flush', 'ERR_INVALID_ARG_TYPE'],
  ]
  test('with the name of the option', async ({ ns, sync }) => {
    await ns.conntrack.add(add)
    for (const [method, options, option, code] of bad) {
      const call = (on: object): unknown => (on as Record<string, (options: unknown) => unknown>)[method]!(options)
      const error = await failure(() => call(ns.conntrack))
      expect(error, `${method} ${JSON.stringify(options)}`).toMatchObject({ code })
      expect(error.message).toMatch(new RegExp(`(The|option) "${option}"|The options of ${option}`))
      expect(await failure(() => call(sync.conntrack))).toMatchObject({ code, message: error.message })
    }
    expect(await ns.conntrack.list()).toHaveLength(1)
  })
})

describe('the kernel refuses', () => {
  test('what is not there, and what is there already', async ({ ns }) => {
    const missing = { code: 'ENOENT', syscall: 'netlink' }
    expect(await failure(() => ns.conntrack.get({ orig: web }))).toMatchObject({
      ...missing,
      request: 'IPCTNL_MSG_CT_GET',
    })
    expect(await failure(() => ns.conntrack.del({ orig: web }))).toMatchObject({
      ...missing,
      request: 'IPCTNL_MSG_CT_DELETE',
    })
    expect(await failure(() => ns.conntrack.update({ orig: web, mark: 1 }))).toMatchObject(missing)
    expect(await failure(() => ns.conntrack.update({ orig: web, status: ['assured'] }))).toMatchObject(missing)
    expect(await failure(() => ns.conntrack.add({ orig: dns, timeout: 60, master: web }))).toMatchObject(missing)
    await ns.conntrack.del({ orig: web, missingOk: true })

    await ns.conntrack.add({ orig: web, timeout: 60 })
    const again = await failure(() => ns.conntrack.add({ orig: web, timeout: 60 }))
    expect(again).toMatchObject({ code: 'EEXIST', request: 'IPCTNL_MSG_CT_NEW' })
    expect(again.message).toContain('conntrack.add tcp 192.0.2.1 40000 > 192.0.2.2 80 in namespace')
    // In another zone it is another connection, and has another number.
    await ns.conntrack.add({ orig: web, timeout: 60, zone: 1 })
    const [first] = await ns.conntrack.list({ zone: 0 })
    expect(await failure(() => ns.conntrack.del({ orig: web, zone: 2 }))).toMatchObject(missing)
    expect(await failure(() => ns.conntrack.del({ orig: web, zone: 1, id: first!.id }))).toMatchObject(missing)
    await ns.conntrack.del({ reply: first!.reply, zone: 1 })
    expect((await ns.conntrack.list()).map(({ id }) => id)).toEqual([first!.id])
  })

  test('helpers and labels that cannot be', async ({ ns }) => {
    const unsupported = { code: 'EOPNOTSUPP' }
    expect(await failure(() => ns.conntrack.add({ orig: web, timeout: 60, helper: 'none-such' }))).toMatchObject(
      unsupported,
    )
    await ns.conntrack.add({ orig: web, timeout: 60 })
    expect(await failure(() => ns.conntrack.update({ orig: web, helper: 'ftp' }))).toMatchObject(unsupported)
    expect(await failure(() => ns.conntrack.update({ orig: web, labels: [1] }))).toMatchObject({ code: 'ENOSPC' })
  })

  test('everything to those without the right to it', async ({ ns }) => {
    const calls = [
      'list()',
      `get({ orig: ${JSON.stringify(web)} })`,
      `add({ orig: ${JSON.stringify(web)}, timeout: 60 })`,
      `update({ orig: ${JSON.stringify(web)}, timeout: 60 })`,
      `del({ orig: ${JSON.stringify(web)} })`,
      'flush()',
      'stats()',
      'expectations()',
    ]
    const program = `
      const { conntrack, monitor } = await import('nslink')
      const calls = [${[...calls.map((call) => `() => conntrack.${call}`), '() => monitor({ conntrack: true }).next()'].join()}]
      const refusals = await Promise.allSettled(calls.map(async (call) => call()))
      console.log(JSON.stringify(refusals.map(({ reason: { code, message } }) => ({ code, message }))))`
    const by = ['--bounding-set=-all', '--inh-caps=-all', process.execPath, '--input-type=module', '--eval', program]
    const refusals = JSON.parse(await output(ns, 'setpriv', ...by)) as unknown[]
    expect(refusals).toHaveLength(calls.length + 1)
    for (const refusal of refusals)
      expect(refusal).toEqual({ code: 'EPERM', message: expect.stringContaining('CAP_NET_ADMIN') })
  })
})

test('a batch goes on where one of its calls fails', async ({ ns }) => {
  const error = await failure(() =>
    ns.batch((b) => [
      b.conntrack.add({ orig: web, timeout: 60 }),
      b.conntrack.add({ orig: web, timeout: 60 }),
      b.conntrack.add({ orig: dns, timeout: 60 }),
      b.conntrack.list(),
      b.link.list(),
    ]),
  )
  expect(error).toBeInstanceOf(BatchError)
  const { results } = error as unknown as BatchError
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect(results[3]).toMatchObject({ value: [{ orig: { proto: expect.any(String) } }, {}] })
})
