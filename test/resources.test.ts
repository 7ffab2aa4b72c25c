/** What a process has after all is done is what it had before: descriptors, threads, mounts, namespaces. */

import { netns } from 'nslink'
import { held, many, script, seconds, soon, told } from './support/child.js'
import { describe, expect, failure, test, uniqueName } from './support/test.js'

/** In a mount namespace of its own, whose table of mounts and /run/netns no other test changes. */
const apart = ['unshare', '--mount', 'sh', '-c', 'mount -n -t tmpfs none /run; exec "$0" "$@"']

const ending = `
  // A namespace that has a number in another one gives it back when it ends, which the kernel does when it has the time;
  // the devices that reach into it go a moment later.
  const ended = async (base) => {
    for (let at = 0; at < 600; at++) {
      if ((await base.nsid.list()).length === 0 && (await base.link.list({ kind: 'veth' })).length === 0) return true
      globalThis.gc?.()
      await sleep(50)
    }
    return false
  }`

const counting = `
  import { once } from 'node:events'
  import { readdirSync, readFileSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { Worker } from 'node:worker_threads'
  import { link, netns } from 'nslink'
  import { netns as direct } from 'nslink/sync'
  import { held as processHeld } from './test/support/held.mjs'
  // Only below the new /run: other tests' mounts, of which there is a copy, go when those remove what they are on.
  const mounts = () => {
    const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').map((line) => line.split(' ')[4])
    return points.slice(points.lastIndexOf('/run')).filter((point) => point?.startsWith('/run')).length
  }
  const held = () => ({ ...processHeld(), mounts: mounts(), names: readdirSync('/run/netns').length })
${ending}
  // What stays for good comes before anything is counted: the mounted folder of names, a socket of this namespace.
  direct.create('first').del()
  await link.list()
  const say = (value) => console.log(JSON.stringify(value))`

/** Makes pods as a node of a cluster would: a named namespace each, joined by a veth that is made in it. */
const pods = `
  const pods = async (base, count, prefix) => {
    const all = []
    for (let at = 0; at < count; at++) {
      const pod = await netns.create(prefix + at, { temporary: true })
      await base.link.add({ kind: 'veth', name: 'veth' + at, up: true, peer: { name: 'eth0', netns: pod } })
      await pod.batch((b) => [b.addr.add({ dev: 'eth0', address: '10.244.0.2/24' }), b.link.set('eth0', { up: true })])
      all.push(pod)
    }
    const during = [(await base.link.list({ kind: 'veth' })).length, (await base.nsid.list()).length, (await netns.list()).length]
    // A namespace takes its devices with it, and the other ends of those: 1,000 at once take little longer than one.
    await Promise.all(all.map((pod) => pod[Symbol.asyncDispose]()))
    return during
  }`

describe('1,000 namespaces, each with a pair of veth', () => {
  const pairs = many(1000)

  test('made and deleted leave nothing', { timeout: seconds(60) }, async () => {
    const found = await told(
      `${counting}${pods}
      const base = await netns.create()
      await base.link.list()
      const before = held()
      const during = await pods(base, ${pairs}, 'pod')
      const gone = await ended(base)
      say({ during, gone, links: (await base.link.list()).length, before, after: held() })`,
      { by: apart },
    )
    const { before, ...rest } = found as { before: object }
    expect(rest).toEqual({ during: [pairs, pairs, pairs], gone: true, links: 1, after: before })
  })

  test('made and deleted by four threads at once leave nothing', { timeout: seconds(90) }, async () => {
    const found = await told(
      `${counting}
      const base = await netns.create()
      await base.link.list()
      const body = \`
        import { parentPort, workerData } from 'node:worker_threads'
        import { setTimeout as sleep } from 'node:timers/promises'
        import { netns } from 'nslink'
        ${pods}${ending}
        const mine = await netns.create()
        const root = await netns.open({ fd: workerData.base })
        await root.nsid.set(mine)
        const [links, numbers] = await pods(mine, workerData.count, 'w' + workerData.at + '-')
        const gone = await ended(mine)
        parentPort.postMessage({ links, numbers, gone, left: (await mine.link.list()).length })\`
      const round = async (count) => {
        const workers = [0, 1, 2, 3].map((at) =>
          new Worker(body, { eval: true, workerData: { at, base: base.fd, count }, execArgv: ['--input-type=module'] }))
        const answers = await Promise.all(workers.map(async (worker) => {
          const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
          return message
        }))
        return [answers, await ended(base)]
      }
      await round(1)
      const before = held()
      const [answers, gone] = await round(${pairs / 4})
      say({ answers, gone, before, after: held() })`,
      { by: apart },
    )
    const { before, ...rest } = found as { before: object }
    const answer = { links: pairs / 4, numbers: pairs / 4, gone: true, left: 1 }
    expect(rest).toEqual({ answers: [answer, answer, answer, answer], gone: true, after: before })
  })
})

describe('nothing is left', () => {
  test('of handles nobody closed and nobody can reach', async () => {
    const found = await told(
      `${counting}
      const base = await netns.create()
      await base.link.list()
      const before = held()
      const drop = async () => {
        const kept = []
        for (let at = 0; at < 50; at++) {
          const [one, two] = [await netns.create(), direct.create()]
          kept.push(one, two)
          await Promise.all([base.nsid.set(one), base.nsid.set(two), one.link.list()])
          two.link.list()
          // So many go out on a thread.
          if (at === 49) await Promise.all(Array.from({ length: 200 }, () => one.link.get('lo')))
        }
        // A descriptor of the namespace and one of the socket each.
        return held().descriptors - before.descriptors - 2 * kept.length
      }
      const beyond = await drop()
      say({ beyond, gone: await ended(base), before, after: held() })`,
      { by: apart, flags: ['--expose-gc'] },
    )
    const { before, ...rest } = found as { before: object }
    expect(rest).toEqual({ beyond: 0, gone: true, after: before })
  })

  test('of a handle that is only reached through a group, until that is dropped', async () => {
    const found = await told(
      `${counting}
      let group = (await netns.create()).link
      await group.add({ kind: 'bridge', name: 'kept' })
      const before = held()
      for (let at = 0; at < 20; at++) { gc(); await sleep(5) }
      const names = (await group.list()).map(({ name }) => name)
      const same = held().descriptors === before.descriptors
      group = undefined
      for (let at = 0; at < 200 && held().descriptors > before.descriptors - 2; at++) { gc(); await sleep(10) }
      say([names, same, before.descriptors - held().descriptors])`,
      { by: apart, flags: ['--expose-gc'] },
    )
    expect(found).toEqual([['lo', 'kept'], true, 2])
  })

  test('of calls that fail, however they do', async ({ ns, another }) => {
    const other = await another()
    const name = uniqueName('failing')
    await using _ = await netns.create(name, { temporary: true })
    await ns.link.add({ kind: 'bridge', name: 'taken' })
    ns.run(() => undefined)
    await Promise.all([ns.link.list(), other.link.list()])
    const before = held()
    for (let at = 0; at < 50; at++) {
      const calls = [
        () => netns.create(name),
        () => netns.open('nslink-no-such-name'),
        () => netns.open({ path: '/etc/passwd' }),
        () => ns.link.add({ kind: 'veth', name: 'taken', peer: { name: 'eth0', netns: name } }),
        // The namespace is opened for a message that then cannot be written.
        () =>
          ns.link.add({ kind: 'veth', name: 'one', peer: { netns: name, name: 'eth0' }, netns: 'nslink-no-such-name' }),
        () => ns.link.set('taken', { netns: name, master: 'nobody' }),
        () => ns.link.set('nobody', { netns: { pid: process.pid } }),
        () => ns.nsid.get('nslink-no-such-name'),
        () => ns.sysctl.get('net.ipv4.no_such'),
        () => ns.run(() => JSON.parse('{')),
      ]
      for (const call of calls) await failure(call)
    }
    expect(held()).toEqual(before)
  })

  test('of links that are moved by name', async ({ ns }) => {
    const name = uniqueName('moved')
    await using target = await netns.create(name, { temporary: true })
    await ns.link.list()
    await target.link.list()
    const before = held()
    for (let at = 0; at < 10; at++) {
      await ns.link.add({ kind: 'veth', name: `one${at}`, peer: { name: `two${at}` } })
      await ns.link.set(`two${at}`, { netns: name })
    }
    expect((await target.link.list()).length).toBe(11)
    expect(held()).toEqual(before)
  })

  test('of threads, once the work is done', async ({ ns, another }) => {
    const other = await another()
    await ns.link.list()
    const before = held().threads
    await Promise.all([
      ...Array.from({ length: 40 }, (_, at) =>
        ns.link.add({ kind: 'veth', name: `one${at}`, peer: { name: 'eth', netns: other } }).catch(() => 0),
      ),
      ...Array.from({ length: 40 }, (_, at) => ns.link.del(`one${at}`, { missingOk: true })),
      ...Array.from({ length: 40 }, () => netns.create().then((made) => made.close())),
      ...Array.from({ length: 40 }, () => ns.sysctl.get('net.ipv4.ip_forward')),
    ])
    expect(await soon(() => held().threads === before)).toBe(true)
  })
})

describe('an end in the middle', () => {
  /** Keeps everything going that there is: jobs on threads, open sockets, lists, files. */
  const busy = `
    import { netns } from 'nslink'
    import { netns as direct } from 'nslink/sync'
    const ns = await netns.create()
    const forever = async (fn) => { for (let at = 0; ; at++) await fn(at).catch((error) => { if (error.code !== 'ERR_NSLINK_CLOSED' && error.code !== 'ENODEV') throw error }) }
    forever(async (at) => { await ns.link.add({ kind: 'veth', name: 'a' + at, peer: { name: 'b' + at } }); await ns.link.del('a' + at) })
    forever(() => ns.link.list())
    forever(async () => { const other = await netns.create(); await other.link.list(); other.close() })
    forever(() => ns.sysctl.get('net.ipv4.ip_forward'))
    forever(() => netns.scan())
    forever(() => Promise.all(Array.from({ length: 200 }, (_, at) => ns.addr.add({ dev: 'lo', address: '10.0.0.' + at + '/32' }).catch(() => 0))))
    ns.run(() => direct.current())`

  test('of workers leaves nothing, and the process goes on', { timeout: seconds(60) }, async () => {
    const found = await told(
      `${counting}
      const body = \`${busy}
        import { parentPort } from 'node:worker_threads'
        parentPort.postMessage('busy')\`
      const one = async (at) => {
        const worker = new Worker(body, { eval: true, execArgv: ['--input-type=module'] })
        worker.on('error', (error) => { console.error(error) })
        await once(worker, 'message')
        await sleep(at % 20)
        await worker.terminate()
      }
      await one(0)
      const before = held()
      for (let at = 0; at < ${many(40)}; at += 2) await Promise.all([one(at), one(at + 1)])
      say({ before, after: held() })`,
      { by: apart },
    )
    const { before, after } = found as { before: object; after: object }
    expect(after).toEqual(before)
  })

  test('of the process is an ordinary one', async () => {
    for (const wait of [0, 1, 10, 50]) {
      const { code, signal, stderr } = await script(`${busy}; setTimeout(() => process.exit(7), ${wait})`, {
        by: apart,
      })
      expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })
    }
  })

  test('of the process by its own error shows that error', async () => {
    const { code, stderr } = await script(`${busy}; setTimeout(() => { throw new Error('on its own') }, 20)`, {
      by: apart,
    })
    expect(stderr).toContain('Error: on its own')
    expect(code).toBe(1)
  })

  test('of what there is to do ends the process by itself', async () => {
    const { code, stdout, stderr } = await script(`
      import { netns } from 'nslink'
      const ns = await netns.create()
      await ns.link.add({ kind: 'veth', name: 'a', peer: { name: 'b' } })
      // Neither an open handle nor its socket keeps a process alive; what is under way does.
      ns.link.del('a').then(() => console.log('deleted'))`)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'deleted\n', stderr: '' })
  })
})
