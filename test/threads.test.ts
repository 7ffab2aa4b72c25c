/** Code inside a namespace: `run`, `spawn`, `worker`; and that no thread stays where it does not belong. */

import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { addr, link, type Netns, netns, nsid, route, sysctl } from 'nslink'
import * as direct from 'nslink/sync'
import { held, soon, told } from './support/child.js'
import { describe, expect, failure, output, test } from './support/test.js'

const own = () => readlinkSync('/proc/thread-self/ns/net')
const devices = () =>
  readFileSync('/proc/thread-self/net/dev', 'utf8')
    .match(/^ *[^ :]+(?=:)/gm)
    ?.map((name) => name.trim())
/** Where all threads of this process are. */
const everywhere = () => [
  ...new Set(readdirSync('/proc/self/task').map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`))),
]

describe('run', () => {
  test('sees the namespace, and returns what the function returns', async ({ ns }) => {
    const before = own()
    await ns.link.add({ kind: 'bridge', name: 'inside' })
    expect(ns.run(() => [own(), devices()?.sort()])).toEqual([`net:[${ns.inode}]`, ['inside', 'lo']])
    expect(own()).toBe(before)
    const nothing = {}
    expect(ns.run(() => nothing)).toBe(nothing)
    expect(ns.run(() => undefined)).toBeUndefined()
  })

  test('reads and writes the parameters of the namespace', async ({ ns }) => {
    const path = '/proc/sys/net/ipv4/conf/lo/forwarding'
    const before = readFileSync(path, 'utf8')
    ns.run(() => writeFileSync(path, before.startsWith('0') ? '1' : '0'))
    expect(await ns.sysctl.get('net.ipv4.conf.lo.forwarding')).toBe(before.startsWith('0') ? 1 : 0)
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  test('a server started inside is reached from inside only', async ({ ns, sync }) => {
    await ns.link.set('lo', { up: true })
    const server = ns.run(() => createServer((socket) => socket.end(`from ${own()}`)).listen(0))
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const heard = await output(
        ns,
        process.execPath,
        '-e',
        `require('net').connect(${port}, '127.0.0.1').pipe(process.stdout)`,
      )
      // The socket is of the namespace, though its callbacks run in a thread that is not.
      expect(heard).toBe(`from ${own()}`)
      const outside = connect(port, '127.0.0.1')
      const [error] = (await once(outside, 'error')) as [NodeJS.ErrnoException]
      expect(error.code).toBe('ECONNREFUSED')
      expect(sync.run(() => readFileSync('/proc/thread-self/net/tcp6', 'utf8'))).toContain(
        `:${port.toString(16).toUpperCase().padStart(4, '0')} `,
      )
    } finally {
      server.close()
    }
  })

  test('comes back whatever the function throws', ({ ns }) => {
    const before = own()
    for (const thrown of [new Error('from inside'), 'text', undefined, null]) {
      let caught: unknown = 'nothing'
      try {
        ns.run(() => {
          throw thrown
        })
      } catch (error) {
        caught = error
      }
      expect(caught).toBe(thrown)
      expect(own()).toBe(before)
    }
  })

  test('can be nested, in others and in itself', async ({ ns, another, sync }) => {
    const before = own()
    const other = await another()
    const seen = ns.run(() => [own(), other.run(() => [own(), sync.run(own), own()]), own()])
    const [outer, inner] = [`net:[${ns.inode}]`, `net:[${other.inode}]`]
    expect(seen).toEqual([outer, [inner, outer, inner], outer])
    expect(own()).toBe(before)
    const error = await failure(() =>
      ns.run(() =>
        other.run(() => {
          throw new Error('deep')
        }),
      ),
    )
    expect([error.message, own()]).toEqual(['deep', before])
  })

  test('an error names the namespace that could not be entered', async ({ ns, another }) => {
    const other = await another()
    const closed = await netns.open({ fd: other.fd })
    closed.close()
    expect(await failure(() => ns.run(() => closed.run(own)))).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
    const found = (await told(
      `
      import { openSync } from 'node:fs'
      import { netns } from 'nslink/sync'
      // Of another owner: opened, but not to be entered without privilege there.
      const own = netns.current()
      const nested = (() => { try { own.run(() => 1) } catch (error) { return error } })()
      console.log(JSON.stringify({ name: nested.name, message: nested.message, code: nested.code, syscall: nested.syscall }))`,
      { by: ['setpriv', '--bounding-set=-all'] },
    )) as Record<string, string>
    expect(found).toMatchObject({ name: 'NetlinkError', code: 'EPERM', syscall: 'setns' })
    expect(found.message).toMatch(/^entering namespace net:\[\d+\]: EPERM: it takes the capability CAP_SYS_ADMIN/)
  })

  test('refuses what would go on elsewhere', async ({ ns }) => {
    const before = own()
    let called = 0
    const asynchronous = async () => {
      called++
    }
    for (const fn of [asynchronous, undefined, 'text', async function named() {}]) {
      expect(await failure(() => Reflect.apply(ns.run, ns, [fn]))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
    }
    expect(called).toBe(0)
    for (const fn of [
      () => asynchronous(),
      () => Promise.reject(new Error('never heard of')),
      // biome-ignore lint/suspicious/noThenProperty: a promise that is not JavaScript's own is what this is about.
      () => ({ then: () => undefined }),
    ]) {
      const error = await failure(() => Reflect.apply(ns.run, ns, [fn]))
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
      expect(error.message).toContain('does not return a promise')
    }
    expect(own()).toBe(before)
    await turn()
  })

  test('netlink calls inside are of their own namespace all the same', async ({ ns, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'bridge', name: 'in-ns' })
    await other.link.add({ kind: 'bridge', name: 'in-other' })
    const names = (links: { name: string }[]) => links.map(({ name }) => name)
    const there = direct.netns.open({ fd: other.fd })
    expect(names(ns.run(() => there.link.list()))).toEqual(['lo', 'in-other'])
    expect(names(await ns.run(() => [other.link.list()])[0]!)).toEqual(['lo', 'in-other'])
    there.close()
  })
})

// In a process of its own each, for what matters is which thread does something first.
describe('the groups at the top', () => {
  const prelude = `
    import * as nslink from 'nslink'
    import * as sync from 'nslink/sync'
    const ns = await nslink.netns.create()
    await ns.link.add({ kind: 'bridge', name: 'inside' })
    const inside = (links) => links.some(({ name }) => name === 'inside')
    const say = (value) => console.log(JSON.stringify(value))`

  test('are of the process’s own namespace, though first used inside another', async () => {
    expect(await told(`${prelude}; say(inside(ns.run(() => sync.link.list())))`)).toBe(false)
    expect(await told(`${prelude}; say(inside(await ns.run(() => [nslink.link.list()])[0]))`)).toBe(false)
    expect(
      await told(`${prelude}; ns.run(() => 1); say([inside(sync.link.list()), inside(await nslink.link.list())])`),
    ).toEqual([false, false])
    expect(
      await told(`${prelude}
        const again = sync.netns.open({ fd: ns.fd })
        say(again.run(() => [ns.run(() => inside(sync.link.list())), sync.sysctl.get('net.ipv4.conf.lo.forwarding') === sync.netns.current().sysctl.get('net.ipv4.conf.lo.forwarding')]))`),
    ).toEqual([false, true])
  })

  test('read the parameters of the process’s own namespace inside another', async () => {
    expect(
      await told(
        `${prelude}
        sync.sysctl.set('net.ipv4.conf.lo.forwarding', 1)
        await ns.sysctl.set('net.ipv4.conf.lo.forwarding', 0)
        const seen = ns.run(() => [sync.sysctl.get('net.ipv4.conf.lo.forwarding'), nslink.sysctl.get('net.ipv4.conf.lo.forwarding')])
        say([seen[0], await seen[1], await ns.sysctl.get('net.ipv4.conf.lo.forwarding')])`,
        { by: ['unshare', '--net'] },
      ),
    ).toEqual([1, 1, 0])
  })

  test('exist in both faces', async () => {
    expect(Object.keys(await import('nslink'))).toEqual(expect.arrayContaining(Object.keys(direct)))
    expect((await link.list()).map(({ name }) => name)).toEqual(direct.link.list().map(({ name }) => name))
    expect(await addr.list({ dev: 'lo' })).toEqual(direct.addr.list({ dev: 'lo' }))
    expect(await nsid.list()).toEqual(direct.nsid.list())
    expect(await sysctl.get('net.ipv4.ip_forward')).toBe(direct.sysctl.get('net.ipv4.ip_forward'))
    expect((await route.list()).length).toBe(direct.route.list().length)
  })
})

describe('spawn', () => {
  test('starts a program inside', async ({ ns }) => {
    const before = own()
    expect(await output(ns, 'readlink', '/proc/self/ns/net')).toBe(`net:[${ns.inode}]\n`)
    expect(own()).toBe(before)
  })

  test('gives its streams and how it ended', async ({ ns, sync }) => {
    for (const handle of [ns, sync]) {
      const child = handle.spawn('sh', ['-c', 'cat; echo to stderr >&2; exit 7'], { stdio: 'pipe' })
      child.stdin!.end('through')
      const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')])
      expect([out, err, code]).toEqual(['through', 'to stderr\n', 7])
    }
    const killed = ns.spawn('sleep', ['100'])
    killed.kill('SIGKILL')
    expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL'])
  })

  test('passes options on, and says what cannot be started', async ({ ns }) => {
    const child = ns.spawn('printenv', ['WHERE'], {
      env: { ...process.env, WHERE: 'inside' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(await text(child.stdout!)).toBe('inside\n')
    // Folders of a PATH that may not be looked into would make it EACCES.
    const missing = ns.spawn('nslink-no-such-program', [], { env: { PATH: '/usr/bin:/bin' } })
    const [error] = (await once(missing, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ENOENT')
    expect(own()).not.toBe(`net:[${ns.inode}]`)
  })
})

/** A worker inside, by the text of its module. */
const worker = (ns: Netns, body: string, data: unknown = undefined): Worker =>
  ns.worker(new URL(`data:text/javascript,${encodeURIComponent(body)}`), { workerData: data })
const answer = async (one: Worker): Promise<unknown> => {
  const [message] = (await Promise.race([
    once(one, 'message'),
    once(one, 'error').then(([error]) => Promise.reject(error)),
  ])) as [unknown]
  return message
}
// A module without a folder finds nslink by the folder it is told.
const importing = `
  import { createRequire } from 'node:module'
  import { pathToFileURL } from 'node:url'
  import { parentPort, workerData } from 'node:worker_threads'
  const load = (name) => import(pathToFileURL(createRequire(workerData.package).resolve(name)))
  const [nslink, sync] = [await load('nslink'), await load('nslink/sync')]`
const data = { package: new URL('../package.json', import.meta.url).href }

describe('worker', () => {
  test('is inside, and its sockets too', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    const one = worker(
      ns,
      `
      import { readlinkSync } from 'node:fs'
      import { createServer } from 'node:net'
      import { execFileSync } from 'node:child_process'
      import { parentPort } from 'node:worker_threads'
      const where = () => readlinkSync('/proc/thread-self/ns/net')
      const server = createServer((socket) => socket.end(where()))
      server.listen(0, '127.0.0.1', () => parentPort.postMessage({
        port: server.address().port,
        where: where(),
        child: execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' }).trim(),
      }))`,
    )
    const { port, ...rest } = (await answer(one)) as { port: number }
    const there = `net:[${ns.inode}]`
    expect(rest).toEqual({ where: there, child: there })
    const heard = await output(
      ns,
      process.execPath,
      '-e',
      `require('net').connect(${port}, '127.0.0.1').pipe(process.stdout)`,
    )
    expect(heard).toBe(there)
    const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    await one.terminate()
  })

  test('nslink in it is of that namespace', async ({ ns, another }) => {
    const other = await another()
    await ns.link.add({ kind: 'bridge', name: 'of-the-worker' })
    const one = worker(
      ns,
      `${importing}
      const names = (links) => links.map(({ name }) => name)
      const current = await nslink.netns.current()
      const elsewhere = await nslink.netns.open({ fd: workerData.fd })
      await nslink.addr.add({ dev: 'of-the-worker', address: '192.0.2.1/24' })
      sync.sysctl.set('net.ipv4.conf.of-the-worker.forwarding', 1)
      parentPort.postMessage({
        inode: current.inode,
        promised: names(await nslink.link.list()),
        direct: names(sync.link.list()),
        insideAnother: elsewhere.run(() => names(sync.link.list())),
        afterwards: names(await nslink.link.list()),
        addresses: (await nslink.addr.list()).map(({ address }) => address),
      })`,
      { ...data, fd: other.fd },
    )
    const names = ['lo', 'of-the-worker']
    expect(await answer(one)).toEqual({
      inode: ns.inode,
      promised: names,
      direct: names,
      insideAnother: names,
      afterwards: names,
      addresses: ['192.0.2.1/24'],
    })
    await one.terminate()
    expect(await ns.sysctl.get('net.ipv4.conf.of-the-worker.forwarding')).toBe(1)
  })

  test('leaves nothing when it ends, by itself or by force', async ({ ns }) => {
    const body = `${importing}
      import { createServer } from 'node:net'
      globalThis.kept = [
        createServer().listen(0),
        await nslink.netns.create(),
        sync.netns.create(),
        await nslink.netns.open({ fd: workerData.fd }),
      ]
      kept[1].run(() => 1)
      await Promise.all([nslink.link.list(), kept[1].link.list(), kept[3].addr.list()])
      sync.link.list()
      parentPort.postMessage('ready')
      if (workerData.ends) process.exit()`
    const round = async (ends: boolean) => {
      const one = worker(ns, body, { ...data, fd: ns.fd, ends })
      // Both may come at the same moment.
      const exit = once(one, 'exit')
      await once(one, 'message')
      const during = held()
      if (!ends) await one.terminate()
      await exit
      return during
    }
    await round(true)
    const numbered = (await ns.nsid.list()).length
    const before = held()
    for (const ends of [true, false]) {
      const during = await round(ends)
      if (!ends) expect(during.descriptors).toBeGreaterThan(before.descriptors + 8)
      expect(held()).toEqual(before)
    }
    expect((await ns.nsid.list()).length).toBe(numbered)
  })

  test('runs beside others, each in its own namespace', async ({ another }) => {
    const spaces = await Promise.all(Array.from({ length: 4 }, another))
    const before = own()
    const workers = spaces.map((ns) =>
      worker(
        ns,
        `${importing}
        const seen = new Set()
        for (let at = 0; at < 40; at++) {
          await nslink.link.add({ kind: 'bridge', name: 'br' + at })
          seen.add((await nslink.netns.current()).inode)
          if (at % 2 === 0) sync.link.del('br' + at)
        }
        parentPort.postMessage([...seen, (await nslink.link.list()).length])`,
        data,
      ),
    )
    expect(await Promise.all(workers.map(answer))).toEqual(spaces.map(({ inode }) => [inode, 21]))
    await Promise.all(workers.map((one) => one.terminate()))
    expect(own()).toBe(before)
  })
})

describe('threads', () => {
  test('of this process are all where they were, and no more', async ({ ns, another }) => {
    const other = await another()
    const before = own()
    await ns.link.list()
    const count = held().threads
    for (let round = 0; round < 50; round++) {
      await Promise.all([
        ns.link.add({ kind: 'veth', name: 'one', peer: { name: 'two', netns: other } }),
        ns.link.del('one'),
        ns.sysctl.get('net.ipv4.ip_forward'),
        netns.create().then((made) => made.close()),
      ])
      ns.run(() => other.run(own))
    }
    expect(everywhere()).toEqual([before])
    expect(await soon(() => held().threads === count)).toBe(true)
  })

  test('of libuv’s pool stay outside, and those of workers go', async () => {
    const found = await told(
      `
      import { lookup } from 'node:dns/promises'
      import { readlinkSync } from 'node:fs'
      import { stat } from 'node:fs/promises'
      import { netns } from 'nslink'
      import { threads } from './test/support/held.mjs'
      const ns = await netns.create()
      await Promise.all(ns.run(() => [...Array.from({ length: 8 }, () => stat('/proc/self')), lookup('localhost')]))
      const outside = readlinkSync('/proc/self/ns/net')
      const strays = () => threads().filter((task) => readlinkSync('/proc/self/task/' + task + '/ns/net') !== outside).length
      const body = "await (await import('node:fs/promises')).stat('/'); (await import('node:worker_threads')).parentPort.postMessage(1); setInterval(() => {}, 1000)"
      const worker = ns.worker(body, { eval: true })
      await new Promise((resolve) => worker.once('message', resolve))
      const during = strays()
      await worker.terminate()
      console.log(JSON.stringify([during, strays()]))`,
      { env: { UV_THREADPOOL_SIZE: '6' } },
    )
    // While it runs the worker's is the only one inside.
    expect(found).toEqual([1, 0])
  })

  test('a server’s socket made inside lives as long as it is open, and no longer', async ({ ns, another }) => {
    const made = await another()
    await ns.nsid.set(made, 1)
    const server: Server = made.run(() => createServer().listen(0))
    await once(server, 'listening')
    made.close()
    expect(await ns.nsid.list()).toEqual([1])
    server.close()
    expect(await soon(async () => (await ns.nsid.list()).length === 0)).toBe(true)
  })
})
