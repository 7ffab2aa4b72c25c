import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Conntrack, ConntrackTuple, Expectation, Monitor, Netns, ObjectEvent, WatchChange } from 'nslink'
import { held, seconds, soon } from './support/child.js'
import { printed, settled, told, track } from './support/conntrack.js'
import { Mirror } from './support/mirror.js'
import { describe, expect, failure, output, test } from './support/test.js'

const web: ConntrackTuple = { proto: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', sport: 40000, dport: 80 }
const dns: ConntrackTuple = { proto: 'udp', src: '192.0.2.1', dst: '192.0.2.3', sport: 5000, dport: 53 }

/** A namespace that talks to itself. */
async function loopback(ns: Netns, ...more: string[]): Promise<void> {
  await ns.link.set('lo', { up: true })
  await ns.sysctl.set('net.netfilter.nf_conntrack_acct', 1)
  await track(ns, ...more)
}

/** Runs a program in the namespace, as JavaScript. */
const run = (ns: Netns, program: string): Promise<string> => output(ns, process.execPath, '--eval', program)

/** A connection by TCP, from its beginning to its end. */
const connection = `
  const net = require('net')
  const server = net.createServer((socket) => socket.pipe(socket)).listen(5000, '127.0.0.1', () => {
    const socket = net.connect(5000, '127.0.0.1', () => socket.end('hello'))
    socket.resume().on('close', () => server.close())
  })`

describe('a monitor of connections', () => {
  test('tells of one by TCP from its beginning to its end, as conntrack -E does', async ({ ns }) => {
    await loopback(ns)
    await ns.sysctl.set('net.netfilter.nf_conntrack_tcp_timeout_time_wait', 1)
    const judge = ns.spawn('conntrack', ['-E', '-o', 'id'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const ended = once(judge, 'close')
    let text = ''
    judge.stdout!.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    const mirror = new Mirror(ns.monitor({ conntrack: true, existing: true }))
    const watch = ns.watch('conntrack')
    const changes: WatchChange<Conntrack>[] = []
    watch.on('change', (change) => changes.push(change))
    await watch.ready
    // The tool has joined its groups when it tells of something.
    await soon(async () => {
      await output(ns, 'bash', '-c', 'echo > /dev/udp/127.0.0.1/9')
      return text.includes('udp')
    })
    await run(ns, connection)
    await soon(async () => {
      // The kernel finds out that one has expired when somebody looks.
      const entries = await ns.conntrack.list({ orig: { proto: 'tcp' } })
      return entries.length === 0 && /DESTROY\] tcp/.test(text)
    })
    const lines = text.split('\n').filter((line) => line.includes('tcp'))
    const judged = lines.map((line) => ({
      type: line.includes('[DESTROY]') ? 'del' : 'new',
      // Of one that is gone the tool shows the state only sometimes.
      state: line.includes('[DESTROY]') ? undefined : /tcp +6 \d+ (\w+)/.exec(line)?.[1],
      assured: line.includes('[ASSURED]'),
      sport: Number(/sport=(\d+)/.exec(line)?.[1]),
      id: Number(/ id=(\d+)/.exec(line)?.[1]),
    }))
    const events = mirror.events.filter((event): event is ObjectEvent<'conntrack'> => event.object === 'conntrack')
    const ours = events.filter(({ conntrack }) => conntrack.orig.proto === 'tcp')
    const seen = ours.map(({ type, conntrack }) => {
      const { state, assured, orig, id } = told(conntrack)
      return { type, state: type === 'del' ? undefined : state, assured, sport: orig.sport, id }
    })
    expect(seen).toEqual(judged)
    // Whether the other end first acknowledges that there is nothing more to come, or says the same at once, is chance.
    expect(seen.map(({ state }) => state).filter((state) => state !== 'CLOSE_WAIT')).toEqual([
      'SYN_SENT',
      'SYN_RECV',
      'ESTABLISHED',
      'FIN_WAIT',
      'LAST_ACK',
      'TIME_WAIT',
      undefined,
    ])
    expect(new Set(ours.map(({ key }) => key)).size).toBe(1)
    expect(ours.some((event) => 'resync' in event)).toBe(false)
    const last = ours.at(-1)!.conntrack
    expect(last).toMatchObject({ orig: { dport: 5000 }, mark: 0, status: expect.arrayContaining(['assured']) })
    expect(last.counters?.orig?.packets).toBeGreaterThan(3)

    expect(await soon(() => changes.filter(({ type }) => type === 'del').length > 0)).toBe(true)
    const own = changes.filter(({ value, before }) => (value ?? before)?.orig.proto === 'tcp')
    expect(own.map(({ type }) => type)).toEqual(
      ours.map((_, at) => (at === 0 ? 'new' : at < ours.length - 1 ? 'change' : 'del')),
    )
    expect(own[2]).toMatchObject({ before: { tcp: { state: 'synRecv' } }, value: { tcp: { state: 'established' } } })
    expect(await mirror.differences(ns, 'conntrack')).toEqual([])
    watch.close()
    judge.kill()
    await ended
  })

  test('keeps what an event does not repeat', async ({ ns }) => {
    // Of what begins before anybody listens the kernel tells, too.
    await ns.sysctl.set('net.netfilter.nf_conntrack_events', 1)
    await ns.conntrack.add({ orig: web, timeout: 600, tcp: { state: 'established' }, helper: 'ftp', mark: 5 })
    const mirror = new Mirror(ns.monitor({ conntrack: true, existing: true }))
    await soon(() => mirror.of('conntrack').size === 1)
    const before = [...mirror.of('conntrack').values()] as Conntrack[]
    expect(before.map(told)).toEqual(settledAgain(await printed(ns), before))
    await ns.conntrack.update({ orig: web, mark: 0 })
    await ns.conntrack.update({ orig: web, status: ['seenReply', 'assured'] })
    await ns.conntrack.add({ orig: dns, timeout: 60, zone: 3 })
    await ns.conntrack.update({ orig: dns, zone: 3, timeout: 50, mark: 0xffffffff })
    expect(await mirror.differences(ns, 'conntrack')).toEqual([])
    const values = [...mirror.of('conntrack').values()] as Conntrack[]
    expect(settled(values.map(told))).toEqual(settled(await printed(ns)))
    await ns.conntrack.del({ orig: web })
    expect(await mirror.differences(ns, 'conntrack')).toEqual([])
    const last = mirror.events.at(-1) as ObjectEvent<'conntrack'>
    expect(last).toMatchObject({
      type: 'del',
      conntrack: { orig: web, helper: 'ftp', status: expect.arrayContaining(['assured']) },
    })
  })

  test('goes together with others', async ({ ns, ip }) => {
    const mirror = new Mirror(
      ns.monitor({ conntrack: true, link: true, addr: true, expectation: true, existing: true }),
    )
    await ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1')
    await ip('addr', 'add', '10.0.0.1/24', 'dev', 'v0')
    await ns.conntrack.add({ orig: web, timeout: 60 })
    expect(await mirror.differences(ns, 'link', 'addr', 'conntrack', 'expectation')).toEqual([])
    expect(mirror.of('conntrack').size).toBe(1)
    expect(mirror.of('link').size).toBe(3)
  })

  for (const receiveBuffer of [2048, 4 * 1024 * 1024]) {
    test(`comes to have what the kernel has, with ${receiveBuffer} bytes of buffer`, async ({ ns }) => {
      const mirror = new Mirror(ns.monitor({ conntrack: true, existing: true }, { receiveBuffer }))
      const tuples = Array.from({ length: 3000 }, (_, at) => ({ ...web, sport: 1000 + at }))
      await ns.batch((b) => tuples.map((orig) => b.conntrack.add({ orig, timeout: 600 })))
      await ns.batch((b) => tuples.map((orig, at) => b.conntrack.update({ orig, mark: at })))
      expect(await ns.conntrack.flush({ mark: 0, markMask: 1 })).toBe(1500)
      expect(await mirror.differences(ns, 'conntrack')).toEqual([])
      expect(mirror.of('conntrack').size).toBe(1500)
      const corrections = mirror.events.filter((event) => 'resync' in event).length
      if (receiveBuffer === 2048) expect(corrections).toBeGreaterThan(0)
      else expect(corrections).toBe(0)
      expect(await ns.conntrack.flush()).toBe(1500)
      expect(await mirror.differences(ns, 'conntrack')).toEqual([])
      expect(mirror.of('conntrack').size).toBe(0)
    })
  }

  test('finds out about those of which the kernel never tells', async ({ ns }) => {
    // What begins while this is 0 is nothing that the kernel tells of.
    await ns.sysctl.set('net.netfilter.nf_conntrack_events', 0)
    await ns.conntrack.add({ orig: web, timeout: 600 })
    await ns.conntrack.add({ orig: { ...web, sport: 1 }, timeout: 600 })
    await ns.sysctl.set('net.netfilter.nf_conntrack_events', 1)
    const mirror = new Mirror(ns.monitor({ conntrack: true, existing: true }))
    expect(await soon(() => mirror.of('conntrack').size === 2)).toBe(true)
    await ns.conntrack.del({ orig: web })
    await ns.conntrack.update({ orig: { ...web, sport: 1 }, mark: 9 })
    expect(await soon(() => mirror.events.length === 4, seconds(30))).toBe(true)
    const corrections = mirror.events.slice(2) as ObjectEvent<'conntrack'>[]
    expect(
      new Set(
        corrections.map(({ type, resync, conntrack }) => `${type} ${resync} ${conntrack.orig.sport} ${conntrack.mark}`),
      ),
    ).toEqual(new Set(['del true 40000 0', 'new true 1 9']))
    expect(await mirror.differences(ns, 'conntrack')).toEqual([])
  }, 60_000)

  test('ends by its signal, by close and with the handle, and leaves nothing behind', async ({ another }) => {
    const ns = await another()
    await ns.conntrack.add({ orig: web, timeout: 60 })
    await ns.link.list()
    const before = held()
    const reason = new Error('enough')
    const controller = new AbortController()
    const waiting = ns.monitor({ conntrack: true, link: true }, { signal: controller.signal })
    const next = failure(() => waiting.next())
    await ns.conntrack.list()
    controller.abort(reason)
    expect(await next).toBe(reason)

    for await (const { type, object, conntrack } of ns.monitor({ conntrack: true, existing: true })) {
      expect({ type, object, conntrack }).toMatchObject({ type: 'new', object: 'conntrack', conntrack: { orig: web } })
      break
    }
    const closed: Monitor<unknown> = ns.monitor({ conntrack: true })
    const end = closed.next()
    await ns.conntrack.list()
    closed.close()
    expect(await end).toEqual({ done: true, value: undefined })
    expect(await soon(() => isDeepStrictEqual(held(), before))).toBe(true)

    const left = ns.monitor({ conntrack: true })
    const error = failure(() => left.next())
    await ns.conntrack.list()
    ns.close()
    expect(await error).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
  })
})

/** The order and the timeouts that another list has. */
const settledAgain = (lines: ReturnType<typeof told>[], entries: readonly Conntrack[]): unknown[] =>
  entries.map(({ id, timeout }) => ({ ...lines.find((line) => line.id === id), timeout }))

describe('connections that are announced', () => {
  const helper = [
    'add ct helper inet tracked standard { type "ftp" protocol tcp ; }',
    'insert rule inet tracked output tcp dport 21 ct helper set "standard"',
  ]
  /** A conversation in which an FTP server says where it listens. */
  const conversation = `
    const net = require('net')
    const server = net.createServer((socket) => {
      socket.write('220 ready\\r\\n')
      socket.once('data', () => socket.end('227 Entering Passive Mode (127,0,0,1,19,137)\\r\\n'))
    }).listen(21, '127.0.0.1', () => {
      const socket = net.connect(21, '127.0.0.1')
      socket.once('data', () => socket.write('PASV\\r\\n')).on('close', () => server.close())
    })`

  test('are listed as conntrack lists them, and told of', async ({ ns }) => {
    await loopback(ns, ...helper)
    const mirror = new Mirror(ns.monitor({ expectation: true }))
    await run(ns, conversation)
    const [expectation, ...others] = await ns.conntrack.expectations()
    expect(others).toEqual([])
    const line = await output(ns, 'conntrack', '-L', 'expect')
    const words = Object.fromEntries(Array.from(line.matchAll(/([\w-]+)=(\S+)/g), ([, name, value]) => [name, value]))
    const [sports, dports] = ['sport', 'dport'].map((name) =>
      Array.from(line.matchAll(new RegExp(`${name}=(\\d+)`, 'g')), ([, port]) => Number(port)),
    )
    expect(expectation).toEqual({
      family: 'inet',
      tuple: { proto: 'tcp', src: words['src'], dst: words['dst'], sport: sports![0], dport: dports![0] },
      mask: { proto: 'tcp', src: words['mask-src'], dst: words['mask-dst'], sport: sports![1], dport: dports![1] },
      master: {
        proto: 'tcp',
        src: words['master-src'],
        dst: words['master-dst'],
        sport: sports![2],
        dport: dports![2],
      },
      class: Number(words['class']),
      helper: words['helper'],
      flags: [],
      timeout: expect.any(Number),
      id: expect.any(Number),
    } satisfies Expectation)
    expect(expectation!.tuple.dport).toBe(19 * 256 + 137)
    expect(Math.abs(expectation!.timeout - Number(/^\d+/.exec(line)?.[0]))).toBeLessThanOrEqual(2)
    const master = await ns.conntrack.get({ orig: expectation!.master })
    expect(master.helper).toBe('ftp')
    expect(await mirror.differences(ns, 'expectation')).toEqual([])

    // A connection that has been announced knows by which.
    await run(ns, connection.replaceAll('5000', '5001'))
    const [announced] = await ns.conntrack.list({ orig: { proto: 'tcp', dport: 5001 } })
    expect(announced).toMatchObject({ master: expectation!.master, status: expect.arrayContaining(['expected']) })
    expect(await ns.conntrack.expectations()).toEqual([])
    expect(await mirror.differences(ns, 'expectation')).toEqual([])
    expect(mirror.events.at(-1)).toMatchObject({ type: 'del', expectation: { id: expectation!.id } })
  })
})
