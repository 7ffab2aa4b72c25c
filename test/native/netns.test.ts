import {
  closeSync,
  constants as files,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NativeDescriptor, type NativeNamespace, native, promise } from '../../src/native.js'
import { held, mountedAt, output, script, told } from '../support/child.js'
import { inFresh, loaded, refusal } from './kit.js'

const { EBADF, EEXIST, EINVAL, ENOENT, ENOTDIR } = constants.errno

/** Closes a namespace that was made, and the socket that came with it. */
const drop = (ns: NativeNamespace) => {
  ns.socket.close()
  ns.close()
}
const own = () => readlinkSync('/proc/thread-self/ns/net')
const inode = (descriptor: NativeDescriptor) => `net:[${statSync(`/proc/self/fd/${descriptor.fd}`).ino}]`

// Names are kept here rather than in /run/netns: the addon does not care where.
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nslink-native-'))
})
afterAll(async () => {
  await output('umount', '--recursive', folder)
  rmSync(folder, { recursive: true })
})

describe.each([
  ['in the caller’s thread', (folder: string, name: string) => native.createNamespace(folder, name, 0, 65536)],
  [
    'on a thread of its own',
    (folder: string, name: string) =>
      promise<NativeNamespace>((done) => native.createNamespace(folder, name, 0, 65536, done)),
  ],
])('a namespace made %s', (_, create) => {
  it('is another than the caller’s, who stays in his own', async () => {
    const before = own()
    const [one, two] = [await create(folder, ''), await create(folder, '')]
    expect(new Set([before, inode(one), inode(two)]).size).toBe(3)
    expect(own()).toBe(before)
    drop(one)
    drop(two)
  })

  it('is held by its descriptor and its socket alone when it has no name', async () => {
    const before = held()
    const names = readdirSync(folder)
    const ns = await create(folder, '')
    expect(held()).toEqual({ ...before, descriptors: before.descriptors + 2 })
    expect(readdirSync(folder)).toEqual(names)
    const socket = new native.Socket(ns.socket)
    expect(ns.socket.fd).toBe(-1)
    expect(socket.index('lo')).toBe(1)
    socket.close()
    ns.close()
    ns.close()
    expect(ns.fd).toBe(-1)
    expect(held()).toEqual(before)
  })

  it('is mounted on its name, and unmounted when that is deleted', async () => {
    const ns = await create(folder, 'named')
    const path = join(folder, 'named')
    expect(`net:[${statSync(path).ino}]`).toBe(inode(ns))
    expect(mountedAt(path)).toHaveLength(1)
    const again = native.openNamespace(path)
    expect(inode(again)).toBe(inode(ns))
    again.close()
    drop(ns)
    native.deleteNamespace(path)
    expect(mountedAt(path)).toEqual([])
    expect(readdirSync(folder)).not.toContain('named')
  })

  it('leaves nothing when its name is taken', async () => {
    writeFileSync(join(folder, 'taken'), 'as it was')
    const before = held()
    const failed = await Promise.resolve()
      .then(() => create(folder, 'taken'))
      .catch((error) => ({ ...error }))
    expect(failed).toEqual({ errno: -EEXIST, syscall: 'open', path: join(folder, 'taken') })
    expect(held()).toEqual(before)
    expect(mountedAt(join(folder, 'taken'))).toEqual([])
    expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('as it was')
    rmSync(join(folder, 'taken'))
  })
})

describe('the folder of names', () => {
  it('is one shared mount, however often and from wherever it is prepared', async () => {
    const fresh = mkdtempSync(join(tmpdir(), 'nslink-folder-'))
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        promise<NativeNamespace>((done) => native.createNamespace(join(fresh, 'netns'), `n${at}`, 0, 65536, done)),
      ),
    )
    const lines = mountedAt(join(fresh, 'netns'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/ shared:\d+ /)
    for (const [at, ns] of made.entries()) {
      expect(mountedAt(join(fresh, 'netns', `n${at}`))).toHaveLength(1)
      drop(ns)
    }
    await output('umount', '--recursive', join(fresh, 'netns'))
    rmSync(fresh, { recursive: true })
  })

  it('must have a place to be made in', () => {
    const before = held()
    const path = join(folder, 'no', 'such')
    expect(refusal(() => native.createNamespace(path, 'x', 0, 65536))).toEqual({
      errno: -ENOENT,
      syscall: 'mkdir',
      path,
    })
    writeFileSync(join(folder, 'file'), '')
    expect(refusal(() => native.createNamespace(join(folder, 'file'), 'x', 0, 65536))).toMatchObject({
      errno: -ENOTDIR,
    })
    rmSync(join(folder, 'file'))
    expect(held()).toEqual(before)
  })
})

describe('opening', () => {
  it.each([
    ['a file that is not there', '/run/no-such-namespace', { errno: -ENOENT, syscall: 'open' }],
    ['an ordinary file', '/etc/passwd', { errno: -EINVAL, syscall: 'setns' }],
    ['a folder', '/tmp', { errno: -EINVAL, syscall: 'setns' }],
    ['a namespace of another sort', '/proc/self/ns/mnt', { errno: -EINVAL, syscall: 'setns' }],
  ])('refuses %s', (_, path, expected) => {
    const before = held()
    expect(refusal(() => native.openNamespace(path))).toEqual({ ...expected, path })
    expect(held()).toEqual(before)
  })
})

describe('deleting', () => {
  it('says what is not there', () => {
    const path = join(folder, 'nothing')
    expect(refusal(() => native.deleteNamespace(path))).toEqual({ errno: -ENOENT, syscall: 'umount', path })
  })

  it('removes a name that nothing is mounted on', async () => {
    writeFileSync(join(folder, 'stale'), '')
    await promise((done) => native.deleteNamespace(join(folder, 'stale'), done))
    expect(readdirSync(folder)).not.toContain('stale')
  })
})

describe('files as a namespace sees them', () => {
  it('are read, written and opened there', () =>
    inFresh(async (ns) => {
      const path = '/proc/sys/net/ipv4/ip_forward'
      const here = readFileSync(path, 'utf8')
      const other = here.trim() === '0' ? '1' : '0'
      native.writeFile(ns, path, other)
      expect(native.readFile(ns, path)).toBe(`${other}\n`)
      await promise((done) => native.writeFile(ns, path, '0', done))
      expect(await promise<string>((done) => native.readFile(ns, path, done))).toBe('0\n')
      expect(readFileSync(path, 'utf8')).toBe(here)

      expect(native.readFile(ns, '/proc/thread-self/net/dev').match(/^ *\w+:/gm)).toEqual(['    lo:'])
      const file = native.openFile(ns, path, files.O_RDWR)
      writeFileSync(file.fd, '1')
      expect(native.readFile(ns, path)).toBe('1\n')
      expect(readFileSync(path, 'utf8')).toBe(here)
      file.close()
    }))

  it('are those of the caller’s namespace for -1', async () => {
    const path = '/proc/thread-self/net/dev'
    const names = (text: string) => text.match(/^ *[^ :]+:/gm)
    const here = names(readFileSync(path, 'utf8'))
    expect(names(native.readFile(-1, path))).toEqual(here)
    expect(names(await promise<string>((done) => native.readFile(-1, path, done)))).toEqual(here)
  })

  it('are whole, however long they are', async () => {
    const path = join(folder, 'long')
    const text = 'abcdefghij'.repeat(10_000)
    writeFileSync(path, text)
    expect(native.readFile(-1, path)).toBe(text)
    expect(await promise<string>((done) => native.readFile(-1, path, done))).toBe(text)
    rmSync(path)
  })

  it('say what is wrong with them', () =>
    inFresh(async (ns) => {
      const before = held()
      const path = '/proc/sys/net/no/such'
      expect(refusal(() => native.readFile(ns, path))).toEqual({ errno: -ENOENT, syscall: 'open', path })
      expect(refusal(() => native.writeFile(ns, path, '1'))).toEqual({ errno: -ENOENT, syscall: 'open', path })
      expect(refusal(() => native.openFile(ns, path, 0))).toEqual({ errno: -ENOENT, syscall: 'open', path })
      const forward = '/proc/sys/net/ipv4/ip_forward'
      expect(refusal(() => native.writeFile(ns, forward, 'nonsense'))).toEqual({
        errno: -EINVAL,
        syscall: 'write',
        path: forward,
      })
      expect(refusal(() => native.readFile(ns, '/proc/self'))).toMatchObject({ syscall: 'read' })
      expect(refusal(() => native.readFile(987_654, '/etc/passwd'))).toEqual({ errno: -EBADF, syscall: 'setns' })
      const off = promise((done) => native.readFile(987_654, '/etc/passwd', done))
      await expect(off).rejects.toMatchObject({ errno: -EBADF, syscall: 'dup' })
      const missing = promise((done) => native.readFile(ns, path, done))
      await expect(missing).rejects.toMatchObject({ errno: -ENOENT, syscall: 'open', path })
      expect(held()).toEqual(before)
    }))

  it('are still read by a job whose caller has closed the namespace', async () => {
    const ns = native.createNamespace(folder, '', 0, 65536)
    const reads = Array.from({ length: 40 }, () =>
      promise<string>((done) => native.readFile(ns.fd, '/proc/thread-self/net/dev', done)),
    )
    drop(ns)
    for (const text of await Promise.all(reads)) expect(text.match(/^ *\w+:/gm)).toEqual(['    lo:'])
  })
})

describe('runInside', () => {
  it('takes this thread there and back', () =>
    inFresh((ns) => {
      const before = own()
      const inside = native.runInside(ns, own)
      expect(inside).toBe(`net:[${statSync(`/proc/self/fd/${ns}`).ino}]`)
      expect(own()).toBe(before)
    }))

  it('comes back with what is thrown, whatever that is', () =>
    inFresh((ns) => {
      const before = own()
      for (const thrown of [new RangeError('from inside'), 'a text', undefined, { plain: true }]) {
        let caught: unknown = 'nothing'
        try {
          native.runInside(ns, () => {
            throw thrown
          })
        } catch (error) {
          caught = error
        }
        expect(caught).toBe(thrown)
        expect(own()).toBe(before)
      }
    }))

  it('can be nested', async () => {
    const before = own()
    await inFresh((outer) =>
      inFresh((inner) => {
        const seen = native.runInside(outer, () => [own(), native.runInside(inner, own), own()])
        expect(seen[0]).toBe(seen[2])
        expect(new Set([before, ...seen]).size).toBe(3)
        expect(own()).toBe(before)
      }),
    )
  })

  it('does not call the function when there is no way in', () => {
    const before = held()
    let called = false
    const fn = () => {
      called = true
    }
    expect(refusal(() => native.runInside(987_654, fn))).toEqual({ errno: -EBADF, syscall: 'setns' })
    const file = openSync('/etc/passwd', 'r')
    expect(refusal(() => native.runInside(file, fn))).toEqual({ errno: -EINVAL, syscall: 'setns' })
    closeSync(file)
    expect(called).toBe(false)
    expect(held()).toEqual(before)
  })

  it('leaves libuv’s pool in the namespace of the process, though its first use is inside', async () => {
    const spaces = await told(
      `${loaded}
      import { readFile } from 'node:fs/promises'
      const ns = native.createNamespace('/run/netns', '', 0, 65536)
      // A module from a file would have been read by the pool.
      const threads = () => readdirSync('/proc/self/task').length
      const before = threads()
      const reading = native.runInside(ns.fd, () => Array.from({ length: 20 }, () => readFile('/proc/thread-self/net/dev', 'utf8')))
      const grown = threads() - before
      const devices = (await Promise.all(reading)).map((text) => text.match(/^ *[^ :]+:/gm).length)
      const spaces = readdirSync('/proc/self/task').map((task) => readlinkSync('/proc/self/task/' + task + '/ns/net'))
      console.log(JSON.stringify({ grown, spaces: [...new Set(spaces)], devices: [...new Set(devices)] }))`,
      { env: { UV_THREADPOOL_SIZE: '7' } },
    )
    const devices = readFileSync('/proc/self/net/dev', 'utf8').match(/^ *[^ :]+:/gm)?.length
    expect(spaces).toEqual({ grown: 7, spaces: [readlinkSync('/proc/self/ns/net')], devices: [devices] })
  })

  it('ends a process that cannot come back', async () => {
    // Only a fault put in by a tracer keeps a thread from returning to where it came from.
    const { stderr, code, signal } = await script(
      `${loaded}
      const ns = native.createNamespace('/run/netns', '', 0, 65536)
      native.runInside(ns.fd, () => console.log('inside'))
      console.log('went on')`,
      {
        by: ['strace', '--quiet=all', '-e', 'trace=setns', '-e', 'inject=setns:error=EPERM:when=2', '-o', '/dev/null'],
      },
    )
    expect(stderr).toContain(
      'nslink: cannot return to the network namespace the thread came from: Operation not permitted',
    )
    expect([code, signal]).toContainEqual('SIGABRT')
  })
})

describe('descriptors nobody closed', () => {
  it('are closed when they are collected', async () => {
    expect(
      await told(
        `${loaded}
        const before = descriptors()
        for (let at = 0; at < 200; at++) native.openNamespace('/proc/self/ns/net')
        const opened = descriptors() - before
        for (let at = 0; at < 100 && descriptors() > before; at++) { gc(); await sleep(10) }
        console.log(JSON.stringify([opened > 100, descriptors() - before]))`,
        { flags: ['--expose-gc'] },
      ),
    ).toEqual([true, 0])
  })

  it('are closed when their worker ends', async () => {
    expect(
      await told(
        `${loaded}
        const body = \`${loaded}
          const kept = Array.from({ length: 10 }, () => native.openNamespace('/proc/self/ns/net'))
          globalThis.kept = [kept, new native.Socket(-1, 0, 4096), new native.Socket(kept[0].fd, 0, 4096)]
          for (let at = 0; at < 30; at++) native.createNamespace('/run/netns', '', 0, 65536, () => {})
          parentPort.postMessage('ready')
          setInterval(() => {}, 1000)\`
        const round = async () => {
          const worker = new Worker(body, { eval: true, execArgv: ['--input-type=module'] })
          await once(worker, 'message')
          const during = descriptors()
          await worker.terminate()
          return during
        }
        await round()
        const before = descriptors()
        const during = await round()
        console.log(JSON.stringify([during - before >= 12, descriptors() - before]))`,
      ),
    ).toEqual([true, 0])
  })
})
