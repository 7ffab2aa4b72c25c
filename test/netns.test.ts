/** Namespaces by name and without, beside `ip netns`, `lsns` and the kernel's own table of mounts. */

import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { type Netns, netns, nsid } from 'nslink'
import { netns as direct } from 'nslink/sync'
import { afterEach } from 'vitest'
import { held, mountedAt, output as printed, soon, told } from './support/child.js'
import { describe, expect, failure, output, test, uniqueName } from './support/test.js'

const FOLDER = '/run/netns'
const own = () => statSync('/proc/thread-self/ns/net').ino
const json = async (...command: string[]) =>
  JSON.parse((await printed(...command)) || '[]') as Record<string, unknown>[]
const listedByIp = async (name: string) => (await json('ip', '-j', 'netns', 'list')).find((each) => each.name === name)

// Whatever a test leaves in /run/netns when it fails goes after it.
const names: string[] = []
const fresh = (what: string) => {
  const name = uniqueName(what)
  names.push(name)
  return name
}
afterEach(async () => {
  for (const name of names.splice(0)) await netns.del(name, { missingOk: true })
})

describe('create', () => {
  test('with a name: ip lists it, enters it and deletes it', async () => {
    const name = fresh('made')
    const ns = await netns.create(name)
    expect(ns).toMatchObject({ name, path: `${FOLDER}/${name}`, closed: false })
    expect(ns.inode).toBe(statSync(`${FOLDER}/${name}`).ino)
    expect(ns.inode).not.toBe(own())
    expect(mountedAt(`${FOLDER}/${name}`)).toHaveLength(1)
    expect(await listedByIp(name)).toEqual({ name })
    expect((await printed('ip', 'netns', 'exec', name, 'readlink', '/proc/self/ns/net')).trim()).toBe(
      `net:[${ns.inode}]`,
    )

    await printed('ip', 'netns', 'exec', name, 'ip', 'link', 'add', 'made-by-ip', 'type', 'bridge')
    expect((await ns.link.list()).map((link) => link.name)).toEqual(['lo', 'made-by-ip'])

    await printed('ip', 'netns', 'del', name)
    expect(await netns.exists(name)).toBe(false)
    expect(mountedAt(`${FOLDER}/${name}`)).toEqual([])
    // The handle keeps the namespace, whatever becomes of the name.
    expect(await ns.link.get('made-by-ip')).toMatchObject({ kind: 'bridge' })
    ns.close()
  })

  test('without a name: only the handle has it', async () => {
    const before = readdirSync(FOLDER)
    const ns = await netns.create()
    expect([ns.name, ns.path]).toEqual([undefined, undefined])
    expect(ns.inode).not.toBe(own())
    expect((await ns.link.list()).map(({ name, up }) => [name, up])).toEqual([['lo', false]])
    expect(
      readdirSync(FOLDER).filter((name) => !before.includes(name) && statSync(`${FOLDER}/${name}`).ino === ns.inode),
    ).toEqual([])
    ns.close()
  })

  test('does the same in both faces', () => {
    const name = fresh('sync')
    const ns = direct.create(name)
    expect(direct.exists(name)).toBe(true)
    expect(direct.list()).toContainEqual({ name, path: ns.path, inode: ns.inode })
    const again = direct.open(name)
    expect(again.inode).toBe(ns.inode)
    expect(ns.link.add({ kind: 'bridge', name: 'br0' }).index).toBe(again.link.get('br0').index)
    again.close()
    ns.del()
    expect(ns.closed).toBe(true)
    expect(direct.exists(name)).toBe(false)
  })

  test('many at once, each another', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => netns.create()))
    expect(new Set(all.map(({ inode }) => inode)).size).toBe(40)
    for (const ns of all) ns.close()
  })

  test('takes any name that a file can have', async () => {
    for (const name of ['-leading', 'with space', 'grüße', '...', 'x'.repeat(255)]) {
      names.push(name)
      const ns = await netns.create(name)
      expect(await netns.exists(name)).toBe(true)
      expect((await netns.list()).map((each) => each.name)).toContain(name)
      await ns.del()
      expect(await netns.exists(name)).toBe(false)
    }
  })
})

describe('a temporary namespace', () => {
  test('goes with its scope', async () => {
    const [kept, gone, thrown] = [fresh('kept'), fresh('gone'), fresh('thrown')]
    {
      await using stays = await netns.create(kept)
      await using goes = await netns.create(gone, { temporary: true })
      using sync = direct.create(fresh('sync-gone'), { temporary: true })
      expect(await Promise.all([stays, goes, sync].map(({ name }) => netns.exists(name!)))).toEqual([true, true, true])
    }
    const error = await failure(async () => {
      await using _ = await netns.create(thrown, { temporary: true })
      throw new Error('in the scope')
    })
    expect(error.message).toBe('in the scope')
    expect(await Promise.all([...names].map((name) => netns.exists(name)))).toEqual([true, false, false, false])
  })

  test('may be deleted or closed before', async () => {
    const [name, other, third] = [fresh('early'), fresh('elsewhere'), fresh('closed')]
    {
      await using deleted = await netns.create(name, { temporary: true })
      await using renamed = await netns.create(other, { temporary: true })
      await using closed = await netns.create(third, { temporary: true })
      await deleted.del()
      await printed('ip', 'netns', 'del', renamed.name!)
      closed.close()
    }
    // Closing is not deleting.
    expect(await Promise.all([name, other, third].map((each) => netns.exists(each)))).toEqual([false, false, true])
  })

  test('without a name just goes', async () => {
    const before = held()
    {
      await using ns = await netns.create(undefined, { temporary: true })
      expect(ns.name).toBeUndefined()
    }
    expect(held()).toEqual(before)
  })
})

describe('open', () => {
  test('by name, pid, path and descriptor', async ({ ns }) => {
    const name = fresh('open')
    await printed('ip', 'netns', 'add', name)
    const byName = await netns.open(name)
    expect(byName).toMatchObject({ name, path: `${FOLDER}/${name}`, inode: statSync(`${FOLDER}/${name}`).ino })
    const byPath = await netns.open({ path: `${FOLDER}/${name}` })
    expect(byPath).toMatchObject({ name: undefined, path: `${FOLDER}/${name}`, inode: byName.inode })
    byName.close()

    const fd = openSync(`${FOLDER}/${name}`, 'r')
    const byDescriptor = await netns.open({ fd })
    closeSync(fd)
    expect(byDescriptor).toMatchObject({ name: undefined, path: undefined, inode: byPath.inode })
    expect(byDescriptor.fd).not.toBe(fd)
    await byDescriptor.link.add({ kind: 'bridge', name: 'br0' })
    expect(await byPath.link.get('br0')).toMatchObject({ name: 'br0' })

    const child = ns.spawn('sleep', ['100'])
    const byPid = await netns.open({ pid: child.pid! })
    expect(byPid).toMatchObject({ name: undefined, inode: ns.inode })
    child.kill()
    await once(child, 'exit')
    expect((await byPid.link.list()).length).toBe(1)
    for (const each of [byPath, byDescriptor, byPid]) each.close()
  })

  test('a namespace made by ip is used and deleted', async () => {
    const name = fresh('by-ip')
    await printed('ip', 'netns', 'add', name)
    const ns = await netns.open(name)
    await ns.link.set('lo', { up: true })
    const [lo] = await json('ip', '-n', name, '-j', 'link', 'show', 'lo')
    expect(lo?.flags).toContain('UP')
    await ns.del()
    expect(await listedByIp(name)).toBeUndefined()
    expect(readdirSync(FOLDER)).not.toContain(name)
    expect(mountedAt(`${FOLDER}/${name}`)).toEqual([])
  })

  test('the current one', async ({ ns }) => {
    const here = await netns.current()
    expect(here).toMatchObject({ name: undefined, inode: own() })
    here.close()
    const there = ns.run(() => direct.current())
    expect(there.inode).toBe(ns.inode)
    there.close()
  })

  test('refuses what is no network namespace', async () => {
    const before = held()
    const name = fresh('not-one')
    writeFileSync(`${FOLDER}/${name}`, '')
    const cases: [() => Promise<Netns>, object][] = [
      [
        () => netns.open('nslink-no-such-name'),
        { code: 'ENOENT', syscall: 'open', path: `${FOLDER}/nslink-no-such-name` },
      ],
      [() => netns.open({ path: '/run/no/such' }), { code: 'ENOENT', path: '/run/no/such' }],
      [() => netns.open({ pid: 4_194_304 }), { code: 'ENOENT', path: '/proc/4194304/ns/net' }],
      [() => netns.open({ fd: 987_654 }), { code: 'ENOENT' }],
      [() => netns.open(name), { code: 'EINVAL', syscall: 'setns', path: `${FOLDER}/${name}` }],
      [() => netns.open({ path: '/proc/self/ns/user' }), { code: 'EINVAL' }],
      [() => netns.open({ path: '/etc/passwd' }), { code: 'EINVAL' }],
      [() => netns.open({ fd: 1 }), { code: 'EINVAL' }],
    ]
    for (const [open, expected] of cases)
      expect(await failure(open)).toMatchObject({ name: 'NetlinkError', ...expected })
    expect((await failure(() => netns.open('nslink-no-such-name'))).message).toBe(
      `opening namespace "nslink-no-such-name": ENOENT: there is no namespace "nslink-no-such-name", open '${FOLDER}/nslink-no-such-name'`,
    )
    expect((await failure(() => netns.open(name))).message).toContain('it is no network namespace')
    expect(held()).toEqual(before)
  })
})

describe('list, exists and del', () => {
  test('a file that is no namespace is listed by name only, is none, and can be deleted', async () => {
    const name = fresh('stale')
    writeFileSync(`${FOLDER}/${name}`, '')
    expect((await netns.list()).find((each) => each.name === name)).toEqual({ name, path: `${FOLDER}/${name}` })
    expect(await netns.exists(name)).toBe(false)
    await netns.del(name)
    expect(readdirSync(FOLDER)).not.toContain(name)
  })

  test('the list is sorted and knows numbers, as ip does', async () => {
    const [b, a] = [fresh('b'), fresh('a')]
    await printed('ip', 'netns', 'add', b)
    await (await netns.create(a)).close()
    // In a namespace of its own: numbers are the asking namespace's affair, and this is not ours to give them in.
    const found = (await told(
      `
      import { execFileSync } from 'node:child_process'
      import { netns, nsid } from 'nslink'
      await nsid.set('${b}', 17)
      const ip = JSON.parse(execFileSync('ip', ['-j', 'netns', 'list']))
      console.log(JSON.stringify({ nslink: await netns.list(), ip }))`,
      { by: ['unshare', '--net'] },
    )) as { nslink: { name: string; nsid?: number }[]; ip: { name: string; id?: number }[] }
    const ours = ({ name }: { name: string }) => name === a || name === b
    expect(found.nslink.filter(ours).map(({ name, nsid }) => [name, nsid])).toEqual([
      [a, undefined],
      [b, 17],
    ])
    const byName = (x: { name: string }, y: { name: string }) => (x.name < y.name ? -1 : 1)
    expect(
      found.ip
        .filter(ours)
        .sort(byName)
        .map(({ name, id }) => [name, id]),
    ).toEqual([
      [a, undefined],
      [b, 17],
    ])
  })

  test('deleting what is not there is an error that names it, or none when that is wished', async () => {
    const error = await failure(() => netns.del('nslink-no-such-name'))
    expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENOENT', path: `${FOLDER}/nslink-no-such-name` })
    expect(error.message).toContain('netns.del nslink-no-such-name: ENOENT: there is no namespace of that name')
    await netns.del('nslink-no-such-name', { missingOk: true })
    expect(() => direct.del('nslink-no-such-name')).toThrow('ENOENT')
    direct.del('nslink-no-such-name', { missingOk: true })
    expect(await netns.exists('nslink-no-such-name')).toBe(false)
  })

  test('a namespace lives on without its name while a process is in it', async () => {
    const name = fresh('lives')
    const ns = await netns.create(name)
    const child = ns.spawn('sleep', ['100'])
    await ns.del()
    const again = await netns.open({ pid: child.pid! })
    expect(again.inode).toBe(ns.inode)
    again.close()
    child.kill()
    await once(child, 'exit')
  })
})

describe('a closed handle', () => {
  test('can be closed again, and nothing else', async ({ ns }) => {
    const handle = await netns.open({ fd: ns.fd })
    const sync = direct.open({ fd: ns.fd })
    await handle.link.list()
    for (const each of [handle, sync]) {
      each.close()
      each.close()
      expect(each.closed).toBe(true)
      expect(each.inode).toBe(ns.inode)
    }
    await handle[Symbol.asyncDispose]()
    sync[Symbol.dispose]()
    const uses: (() => unknown)[] = [
      () => handle.fd,
      () => handle.link.list(),
      () => handle.addr.add({ dev: 'lo', address: '127.0.0.2/8' }),
      () => handle.sysctl.get('net.ipv4.ip_forward'),
      () => handle.batch((b) => [b.link.list()]).catch(({ errors }) => Promise.reject(errors[0])),
      () => handle.run(() => 1),
      () => handle.spawn('true'),
      () => handle.worker('/nothing'),
      () => handle.del(),
      () => ns.link.set('lo', { netns: handle }),
      () => netns.open({ fd: handle.fd }),
      () => nsid.get(handle),
      () => sync.fd,
      () => sync.link.list(),
      () => sync.del(),
    ]
    for (const use of uses) expect(await failure(use)).toMatchObject({ code: 'ERR_NSLINK_CLOSED' })
  })

  test('has its descriptor closed', async () => {
    const before = held()
    const handles = await Promise.all(Array.from({ length: 20 }, () => netns.create()))
    await Promise.all(handles.map((ns) => ns.link.list()))
    expect(held().descriptors).toBe(before.descriptors + 40)
    for (const ns of handles) ns.close()
    expect(held()).toEqual(before)
  })
})

describe('numbers', () => {
  test('are given, found and listed as ip does', async ({ ns, another, ip }) => {
    const [one, two] = [await another(), await another()]
    const name = fresh('numbered')
    const three = await netns.create(name)
    const four = await netns.open({ pid: process.pid })
    expect(await ns.nsid.list()).toEqual([])
    expect(await ns.nsid.get(one)).toBeUndefined()
    expect(await ns.nsid.set(one, 42)).toBe(42)
    const chosen = await ns.nsid.set(two)
    expect(chosen).toBeGreaterThanOrEqual(0)
    await ip('netns', 'set', name, '7')
    expect(await ns.nsid.get(one)).toBe(42)
    expect(await ns.nsid.get(name)).toBe(7)
    expect(await ns.nsid.get(three)).toBe(7)
    expect(await ns.nsid.set(four, 9)).toBe(9)
    expect(await ns.nsid.get({ pid: process.pid })).toBe(9)

    const numbers = (await ns.nsid.list()).sort((a, b) => a - b)
    expect(numbers).toEqual([42, chosen, 7, 9].sort((a, b) => a - b))
    const listed = (await ip('-j', 'netns', 'list-id')) as { nsid: number; name?: string }[]
    expect(listed.map(({ nsid }) => nsid).sort((a, b) => a - b)).toEqual(numbers)
    expect(listed.find(({ nsid }) => nsid === 7)).toMatchObject({ name })
    // One that ends gives its number back.
    two.close()
    expect(await soon(async () => !(await ns.nsid.list()).includes(chosen))).toBe(true)
    three.close()
    four.close()
  })

  test('belong to one namespace each', async ({ ns, another }) => {
    const [one, two] = [await another(), await another()]
    await ns.nsid.set(one, 3)
    expect(await failure(() => ns.nsid.set(one, 4))).toMatchObject({ code: 'EEXIST', request: 'RTM_NEWNSID' })
    expect(await failure(() => ns.nsid.set(two, 3))).toMatchObject({ code: 'EEXIST' })
    expect(await failure(() => ns.nsid.set(two, -1))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
    expect(await failure(() => ns.nsid.set(two, 1.5))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
    expect(await failure(() => ns.nsid.get('nslink-no-such-name'))).toMatchObject({ code: 'ENOENT' })
    expect(await ns.nsid.list()).toEqual([3])
  })
})

describe('scan', () => {
  test('finds what lsns finds', async ({ ns, another }) => {
    const other = await another()
    const name = fresh('scanned')
    const unused = await netns.create(name)
    const children = [
      ns.spawn('sleep', ['101']),
      ns.spawn('sleep', ['102']),
      other.spawn('sh', ['-c', 'sleep 103 & echo ready; wait'], { stdio: ['ignore', 'pipe', 'ignore'] }),
    ]
    await once(children[2]!.stdout!, 'data')
    try {
      // By the numbers of a namespace in between, which may give some away.
      const [ours, theirs] = (await told(
        `
        import { execFileSync } from 'node:child_process'
        import { netns, nsid } from 'nslink'
        await nsid.set({ pid: ${children[0]!.pid} }, 5)
        await nsid.set('${name}', 6)
        const lsns = execFileSync('lsns', ['-J', '--list', '-t', 'net', '-o', 'NS,NPROCS,PID,USER,NETNSID,COMMAND'])
        console.log(JSON.stringify([await netns.scan(), JSON.parse(lsns).namespaces]))`,
        { by: ['unshare', '--net'] },
      )) as [Awaited<ReturnType<typeof netns.scan>>, Record<string, unknown>[]]
      for (const inode of [ns.inode, other.inode]) {
        const { processes, pid, user, nsid, command } = ours.find((each) => each.inode === inode)!
        expect({
          ns: inode,
          nprocs: processes,
          pid,
          user,
          netnsid: nsid === undefined ? 'unassigned' : String(nsid),
          command,
        }).toEqual(theirs.find((each) => each.ns === inode))
      }
      expect(ours.find((each) => each.inode === ns.inode)).toEqual({
        inode: ns.inode,
        processes: 2,
        pid: children[0]!.pid,
        user: 'root',
        nsid: 5,
        command: 'sleep 101',
        names: [],
      })
      // lsns of this age does not know of namespaces that no process is in.
      expect(ours.find((each) => each.inode === unused.inode)).toEqual({
        inode: unused.inode,
        processes: 0,
        nsid: 6,
        names: [name],
      })
      const pids = ours.map(({ pid }) => pid ?? Number.POSITIVE_INFINITY)
      expect(pids).toEqual([...pids].sort((a, b) => a - b))
    } finally {
      for (const child of children) child.kill()
      await Promise.all(children.map((child) => once(child, 'exit')))
      unused.close()
    }
  })

  test('is the same in both faces, and knows all names', async ({ ns }) => {
    const [one, two] = [fresh('one'), fresh('two')]
    const made = await netns.create(one)
    writeFileSync(`${FOLDER}/${two}`, '')
    await printed('mount', '--bind', `/proc/${process.pid}/fd/${made.fd}`, `${FOLDER}/${two}`)
    const child = ns.spawn('sleep', ['100'])
    const find = (inode: number, all: Awaited<ReturnType<typeof netns.scan>>) =>
      all.find((each) => each.inode === inode)
    for (const all of [await netns.scan(), direct.scan()]) {
      expect(find(made.inode, all)).toEqual({ inode: made.inode, processes: 0, names: [one, two] })
      expect(find(ns.inode, all)).toMatchObject({ processes: 1, pid: child.pid, names: [] })
      expect(find(own(), all)?.processes).toBeGreaterThan(0)
    }
    child.kill()
    await once(child, 'exit')
    made.close()
  })
})

describe('/run/netns', () => {
  // In mount namespaces of their own, where nobody has named a namespace yet.
  const inside = (script: string) => [
    'unshare',
    '--mount',
    'sh',
    '-ec',
    `mount -n -t tmpfs none /run; ${script}; exec "$0" "$@"`,
  ]
  const report = `
    import { readdirSync, readFileSync } from 'node:fs'
    const mounted = (line) => line.split(' ')[4]
    const all = () => readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\\n')
    // What came before the new /run is hidden by it.
    const mounts = () => all().slice(all().findLastIndex((line) => mounted(line) === '/run'))
      .filter((line) => mounted(line).startsWith('/run'))
      // Ids, and the numbers of peer groups and of the namespace's inode, are of the moment.
      .map((line) => line.replace(/^\\d+ \\d+ \\d+:\\d+ /, '').replace(/(shared|master|propagate_from):\\d+/g, '$1').replace(/net:\\[\\d+\\]/, 'net'))
    const left = () => { try { return readdirSync('/run/netns') } catch (error) { return error.code } }`
  const create = `
    import { netns } from 'nslink/sync'
    const failure = (() => { try { netns.create('one') } catch ({ code, message, path }) { return { code, message, path } } })()`

  test('is set up as ip does', async () => {
    const say = `${report}; console.log(JSON.stringify(mounts()))`
    const byIp = await told(say, { by: inside('ip netns add one; ip netns add two') })
    const byUs = await told(`${create}; netns.create('two'); ${say}`, { by: inside(':') })
    expect(byUs).toEqual(byIp)
    expect(byUs).toHaveLength(4)
    const mixed = await told(`${create}; ${say}`, { by: inside('ip netns add two') })
    expect([...(mixed as string[])].sort()).toEqual([...(byIp as string[])].sort())
    // And where it is in a mount namespace that only listens to another, as in `ip netns exec`.
    const slave = 'mount -n --make-rshared /run; ip netns add zero; exec unshare --mount --propagation slave "$0" "$@"'
    const ipInSlave = await told(say, {
      by: inside(slave.replace('"$0"', 'sh -ec \'ip netns add one; exec "$0" "$@"\' "$0"')),
    })
    const usInSlave = await told(`${create}; ${say}`, { by: inside(slave) })
    expect(usInSlave).toEqual(ipInSlave)
  })

  test('shows a name in every mount namespace that shares it', async () => {
    const seen = await told(
      `${report}; ${create}
      import { execFileSync, spawn } from 'node:child_process'
      import { once } from 'node:events'
      const other = spawn('unshare', ['--mount', '--propagation', 'unchanged', 'sh', '-c', 'echo ready; read _'], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(other.stdout, 'data')
      netns.create('later')
      const there = (command, ...args) => execFileSync('nsenter', ['--mount', '--target', other.pid, command, ...args], { encoding: 'utf8' })
      const seen = there('ip', 'netns', 'list').trim().split('\\n').sort()
      there('ip', 'netns', 'del', 'later')
      other.stdin.end('\\n')
      console.log(JSON.stringify([seen, left(), mounts().length]))`,
      { by: inside(':') },
    )
    expect(seen).toEqual([['later', 'one'], ['one'], 3])
  })

  const limit = 'echo 0 > /proc/sys/user/max_net_namespaces'
  const failures: [string, string[], object][] = [
    [
      'a name that is taken',
      inside('ip netns add one'),
      { code: 'EEXIST', left: ['one'], mounts: 3, message: 'a namespace of that name exists already' },
    ],
    [
      'a folder that is read-only',
      inside('mkdir /run/netns; mount -n -t tmpfs -o ro none /run/netns'),
      { code: 'EROFS', left: [], mounts: 2, message: '/run/netns is on a read-only file system' },
    ],
    [
      'a folder that cannot be made',
      inside('mount -n -t tmpfs -o ro none /run'),
      { code: 'EROFS', left: 'ENOENT', mounts: 1, message: 'read-only' },
    ],
    [
      'a folder that is a file',
      inside('touch /run/netns'),
      { code: 'ENOTDIR', left: 'ENOTDIR', mounts: 1, message: '/run/netns' },
    ],
    [
      'no privilege',
      [...inside('mkdir /run/netns; exec setpriv --bounding-set=-all "$0" "$@"')],
      { code: 'EPERM', left: [], mounts: 1, message: 'CAP_SYS_ADMIN' },
    ],
    [
      'too many namespaces',
      ['unshare', '--user', '--map-root-user', ...inside(limit)],
      { code: 'ENOSPC', left: 'ENOENT', mounts: 1, message: 'user.max_net_namespaces' },
    ],
  ]
  test.for(failures)('a namespace that cannot be made leaves nothing: %s', async ([_, by, expected]) => {
    const { message, mounts, ...rest } = expected as { message: string; mounts: number }
    const found = (await told(
      `${report}; ${create}
      const fds = () => readdirSync('/proc/self/fd').length
      const before = fds()
      try { netns.create('one') } catch {}
      const { code, message } = failure
      console.log(JSON.stringify({ code, message, left: left(), mounts: mounts(), fds: fds() - before }))`,
      { by },
    )) as { message: string; mounts: string[] }
    expect(found).toMatchObject({ ...rest, fds: 0 })
    expect(found.message).toMatch(/^netns\.create one: /)
    expect(found.message).toContain(message)
    expect(found.mounts).toHaveLength(mounts)
  })

  test('an ordinary user is told what it takes', async () => {
    const name = fresh('not-yours')
    await (await netns.create(name)).close()
    const found = (await told(
      `
      import { netns } from 'nslink'
      const errors = []
      for (const fn of [() => netns.create('nslink-not-made'), () => netns.create(), () => netns.del('${name}')])
        await fn().catch(({ code, message, syscall }) => errors.push({ code, message, syscall }))
      console.log(JSON.stringify(errors))`,
      { by: ['setpriv', '--bounding-set=-all'] },
    )) as { code: string; message: string; syscall: string }[]
    expect(found.map(({ code, syscall }) => [code, syscall])).toEqual([
      ['EPERM', 'unshare'],
      ['EPERM', 'unshare'],
      ['EPERM', 'umount'],
    ])
    for (const { message } of found) expect(message).toContain('CAP_SYS_ADMIN')
    expect(readdirSync(FOLDER)).not.toContain('nslink-not-made')
    expect(await netns.exists(name)).toBe(true)
  })
})

describe('bad input', () => {
  const bad: [string, unknown, string][] = [
    ['empty', '', 'ERR_INVALID_ARG_VALUE'],
    ['a dot', '.', 'ERR_INVALID_ARG_VALUE'],
    ['two dots', '..', 'ERR_INVALID_ARG_VALUE'],
    ['with a slash', 'a/b', 'ERR_INVALID_ARG_VALUE'],
    ['a path', '../../tmp/x', 'ERR_INVALID_ARG_VALUE'],
    ['with NUL', 'a\0b', 'ERR_INVALID_ARG_VALUE'],
    ['256 bytes', 'x'.repeat(256), 'ERR_INVALID_ARG_VALUE'],
    ['256 bytes in 128 letters', 'ä'.repeat(128), 'ERR_INVALID_ARG_VALUE'],
    ['a number', 7, 'ERR_INVALID_ARG_TYPE'],
    ['null', null, 'ERR_INVALID_ARG_TYPE'],
  ]
  test.for(bad)('a name that is %s', async ([_, name, code]) => {
    const before = [held(), readdirSync(FOLDER).length > 0]
    for (const verb of ['create', 'exists', 'del'] as const) {
      expect(await failure(() => Reflect.apply(netns[verb], netns, [name]))).toMatchObject({ name: 'TypeError', code })
      expect(await failure(() => Reflect.apply(direct[verb], direct, [name]))).toMatchObject({
        name: 'TypeError',
        code,
      })
    }
    expect(await failure(() => Reflect.apply(netns.open, netns, [name]))).toMatchObject({ name: 'TypeError', code })
    expect([held(), readdirSync(FOLDER).length > 0]).toEqual(before)
  })

  const wrong: [string, () => unknown, string][] = [
    [
      'an unknown option',
      () => Reflect.apply(netns.create, netns, [undefined, { temporray: true }]),
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      'an option of another type',
      () => Reflect.apply(netns.create, netns, [undefined, { temporary: 1 }]),
      'ERR_INVALID_ARG_TYPE',
    ],
    ['options that are none', () => Reflect.apply(netns.create, netns, [undefined, true]), 'ERR_INVALID_ARG_TYPE'],
    [
      'an unknown option of del',
      () => Reflect.apply(netns.del, netns, ['x', { missingOK: true }]),
      'ERR_INVALID_ARG_VALUE',
    ],
    ['no location', () => Reflect.apply(netns.open, netns, []), 'ERR_INVALID_ARG_TYPE'],
    ['an empty location', () => Reflect.apply(netns.open, netns, [{}]), 'ERR_INVALID_ARG_TYPE'],
    ['two locations', () => Reflect.apply(netns.open, netns, [{ pid: 1, fd: 1 }]), 'ERR_INVALID_ARG_TYPE'],
    ['an unknown location', () => Reflect.apply(netns.open, netns, [{ inode: 1 }]), 'ERR_INVALID_ARG_TYPE'],
    ['a path that is none', () => netns.open({ path: '' }), 'ERR_INVALID_ARG_VALUE'],
    ['a path with NUL', () => netns.open({ path: '/proc/self/ns/net\0' }), 'ERR_INVALID_ARG_VALUE'],
    ['a process that is none', () => netns.open({ pid: 0 }), 'ERR_OUT_OF_RANGE'],
    ['a broken process', () => netns.open({ pid: 1.5 }), 'ERR_OUT_OF_RANGE'],
    ['a descriptor that is none', () => netns.open({ fd: -1 }), 'ERR_OUT_OF_RANGE'],
  ]
  test.for(wrong)('%s', async ([_, fn, code]) => {
    expect(await failure(fn)).toMatchObject({ code })
  })
})

test('what is in a namespace stays there', async ({ ns, another }) => {
  const other = await another()
  await ns.link.add({ kind: 'bridge', name: 'only-here' })
  expect(await output(ns, 'ip', '-o', 'link')).toContain('only-here')
  expect(await output(other, 'ip', '-o', 'link')).not.toContain('only-here')
  expect(readlinkSync('/proc/thread-self/ns/net')).toBe(`net:[${own()}]`)
})
