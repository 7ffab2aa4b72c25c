import { spawn as spawnOutside } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { available, run, type SpawnOptions, spawn } from 'nslink/rootless'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { mounts, soon } from './support/child.js'

// A place that every user can read, with the built package in it: scripts that run here import it by its name.
let stage: string

beforeAll(() => {
  stage = mkdtempSync(join(tmpdir(), 'nslink-rootless-'))
  for (const part of ['package.json', 'dist', 'build/Release/nslink.node', 'test/support/held.mjs']) {
    cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), join(stage, part), { recursive: true })
  }
  chmodSync(stage, 0o755)
})

afterAll(() => rmSync(stage, { recursive: true }))

/** Runs a program inside and gathers what it writes. */
async function output(command: string, args: string[] = [], options: SpawnOptions = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  const [stdout, exit] = await Promise.all([text(child.stdout!), child.exited])
  return { stdout, ...exit }
}

const sh = async (script: string, options?: SpawnOptions) =>
  (await output('bash', ['-ec', script], options)).stdout.trim()

// Where the module of bonds is loaded, it has a file of its own among the devices.
const DEVICES = 'ls --ignore=bonding_masters /sys/class/net'

const IMPORT = "import { available, run, spawn } from 'nslink/rootless';"
const nodeArgs = (script: string) => ['--input-type=module', '-e', IMPORT + script]
const shell = (words: string[]) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
const node = (script: string) => shell([process.execPath, ...nodeArgs(script)])

/** Starts a program as it is, or by way of `wrapper`; in the stage, and in a session without a terminal. */
function outside(command: string[], env = process.env) {
  const child = spawnOutside(command[0]!, command.slice(1), { cwd: stage, detached: true, env })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code, signal]]) => ({ stdout: stdout.trim(), stderr: stderr.trim(), code, signal }),
  )
  return { child, ended }
}

/** A script's own words, when all went well with it. */
async function said(script: string, wrapper: string[] = []) {
  const { stdout, stderr, code } = await outside([...wrapper, process.execPath, ...nodeArgs(script)]).ended
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return stdout
}

/** A process that has ended but that nobody has asked for yet does not count. */
function alive(pid: number | string) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    // There is none, or there is none any more.
    if (/^(ENOENT|ESRCH)$/.test((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

const gone = (pid: number | string) => soon(() => !alive(pid))

// Where these tests run as a user who may become another one they do; else (as root of a user namespace that has
// no other users) the ordinary user is one of a namespace below.
const NOBODY =
  process.getuid?.() === 0 && / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    : ['unshare', '--user', '--map-user=65534', '--map-group=65534']

describe('what a program finds', () => {
  it('is root, in namespaces of its own', async () => {
    const own = (await sh('id -u; id -g; readlink /proc/self/ns/user /proc/self/ns/net /proc/self/ns/mnt')).split('\n')
    expect(own.slice(0, 2)).toEqual(['0', '0'])
    for (const [i, kind] of ['user', 'net', 'mnt'].entries()) {
      expect(own[i + 2]).toMatch(`${kind}:[`)
      expect(own[i + 2]).not.toBe(readlinkSync(`/proc/self/ns/${kind}`))
    }
  })

  it('has lo, up, and nothing else', async () => {
    const links = JSON.parse(await sh('ip -j link'))
    expect(links).toMatchObject([{ ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'] }])
    expect(await sh(DEVICES)).toBe('lo')
  })

  it('keeps names of namespaces to itself', async () => {
    const inside = await sh(
      'ls /run/netns; ip netns add rootless-x; ip netns list; ip netns exec rootless-x ip -o link | wc -l',
    )
    expect(inside.split('\n')).toEqual(['rootless-x', '1'])
    expect(existsSync('/run/netns/rootless-x')).toBe(false)
  })

  it('still sees the rest of /run and what is mounted on /sys', async () => {
    expect((await sh('ls -A /run')).split('\n').sort()).toEqual([...new Set([...readdirSync('/run'), 'netns'])].sort())
    const list = "cut -d' ' -f5 /proc/self/mountinfo | grep ^/sys/ | sort -u"
    const here = (await text(spawnOutside('bash', ['-c', list]).stdout)).trim()
    expect(await sh(`${list} || true`)).toBe(here)
    expect(await sh('ls /sys/fs/cgroup')).toBe(readdirSync('/sys/fs/cgroup').sort().join('\n'))
  })

  it('changes nothing outside', async () => {
    const before = mounts()
    expect(await sh('mount -n -t tmpfs none /mnt; touch /mnt/rootless-x; ls /mnt')).toBe('rootless-x')
    expect(mounts()).toEqual(before)
    expect(existsSync('/mnt/rootless-x')).toBe(false)
  })

  it('starts with no signal blocked, ignored or caught', async () => {
    const status = (await output('cat', ['/proc/self/status'])).stdout
    expect(status.match(/^Sig(Blk|Ign|Cgt):\t0{16}$/gm)).toHaveLength(3)
  })

  it.each([
    ['is not there yet', '', ['file', 'folder', 'link']],
    ['is there already', 'ip netns add outer', ['file', 'folder', 'link', 'netns', 'new']],
  ])('has a /run/netns of its own when it %s', async (_, prepare, left) => {
    const inner = 'cat /run/file /run/folder/file /run/link/file; ls /run; ls /run/netns; touch /run/new'
    const outer = `
      mount -n -t tmpfs none /run; mkdir /run/folder; mount -n -t tmpfs none /run/folder; ln -s folder /run/link
      echo one > /run/file; echo two > /run/folder/file; ${prepare}
      ${node(`process.exitCode = await run('bash', ['-ec', '${inner}'])`)}
      ls /run`
    const found = (await sh(outer, { cwd: stage })).split('\n')
    expect(found).toEqual(['one', 'two', 'two', 'file', 'folder', 'link', 'netns', ...left])
  })

  it('has one in an empty /run, too', async () => {
    const inner = node("process.exitCode = await run('ls', ['-A', '/run', '/run/netns'])")
    expect(await sh(`mount -n -t tmpfs none /run; ${inner}`, { cwd: stage })).toBe('/run:\nnetns\n\n/run/netns:')
  })

  it('finds the old /sys where the kernel grants no new one', async () => {
    const inner = node(`process.exitCode = await run('sh', ['-c', '${DEVICES}'])`)
    const outer = `ip link add v0 type veth peer v1; mount -n -t tmpfs none /sys/kernel; ${inner}`
    expect((await sh(outer, { cwd: stage })).split('\n')).toEqual(['lo', 'v0', 'v1'])
  })
})

test('an ordinary user becomes root', async () => {
  const script = `
    if (process.getuid() !== 65534) throw new Error('this is not an ordinary user')
    if (available() !== true) throw new Error(available())
    const code = await run('sh', ['-ec', 'id -u; ${DEVICES}; ip netns add x; ip netns list; ip -br link | grep -c UP; exit 7'])
    console.log(code)`
  expect((await said(script, NOBODY)).split('\n')).toEqual(['0', 'lo', 'x', '1', '7'])
})

describe('spawn', () => {
  it('connects pipes', async () => {
    const child = spawn('bash', ['-c', 'echo on stderr >&2; cat; cat /dev/stdin'], { stdio: 'pipe' })
    const big = 'x'.repeat(1_000_000)
    child.stdin!.end(big)
    expect(await Promise.all([text(child.stdout!), text(child.stderr!)])).toEqual([big, 'on stderr\n'])
    expect(await child.exited).toEqual({ code: 0, signal: null })
    expect(child.stdin!.destroyed).toBe(true)
  })

  it('keeps output for those who read it late', async () => {
    const child = spawn('echo', ['late'], { stdio: ['ignore', 'pipe', 'ignore'] })
    await child.exited
    await sleep(20)
    expect(await text(child.stdout!)).toBe('late\n')
  })

  it('hands over descriptors and /dev/null, and keeps its own', async () => {
    const file = join(stage, 'written')
    const fd = openSync(file, 'w')
    const list = 'readlink /proc/$$/fd/{0,1,2}; readlink /proc/$$/fd/*; true'
    const child = spawn('bash', ['-c', list], { stdio: ['ignore', fd, fd] })
    expect([child.stdin, child.stdout, child.stderr]).toEqual([null, null, null])
    await child.exited
    closeSync(fd)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines.slice(0, 3)).toEqual(['/dev/null', file, file])
    expect(lines.slice(3).filter((line) => line === file)).toHaveLength(2)
  })

  it('exchanges streams without mixing them up', async () => {
    const script =
      "await spawn('bash', ['-c', 'echo to stdout; echo to stderr >&2'], { stdio: ['ignore', 2, 1] }).exited"
    expect(await outside([process.execPath, ...nodeArgs(script)]).ended).toMatchObject({
      stdout: 'to stderr',
      stderr: 'to stdout',
    })
  })

  it('hands over blocking streams, though Node has made its own not so', async () => {
    const script = `
      import { readFileSync } from 'node:fs'
      process.stdin.resume().pause()
      console.log(readFileSync('/proc/self/fdinfo/0', 'utf8').match(/flags.*/)[0])
      await run('bash', ['-c', 'grep flags /proc/$$/fdinfo/0; true'])
      process.exit()`
    const flags = (await said(script)).split('\n').map((line) => Number.parseInt(line.slice('flags:'.length), 8))
    expect(flags.map((value) => value & constants.O_NONBLOCK)).toEqual([constants.O_NONBLOCK, 0])
  })

  it('tells of the end by event, promise and properties', async () => {
    const child = spawn('bash', ['-c', 'exit 7'], { stdio: ['pipe'] })
    expect(child.pid).toBeGreaterThan(0)
    expect([child.exitCode, child.signalCode]).toEqual([null, null])
    expect(await once(child, 'exit')).toEqual([7, null])
    expect(await child.exited).toEqual({ code: 7, signal: null })
    expect([child.exitCode, child.signalCode]).toEqual([7, null])
    expect(child.stdin!.destroyed).toBe(true)
    expect(child.kill()).toBe(false)
  })

  it('sends signals', async () => {
    const child = spawn('sleep', ['100'])
    expect(() => child.kill('SIGNONE' as 'SIGHUP')).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_SIGNAL' }))
    expect(child.kill('SIGHUP')).toBe(true)
    expect(await once(child, 'exit')).toEqual([null, 'SIGHUP'])
    expect([child.exitCode, child.signalCode]).toEqual([null, 'SIGHUP'])
    expect(await output('bash', ['-c', 'kill -40 $$'])).toMatchObject({ code: null, signal: 'SIG40' })
  })

  it('does not wait for the program, nor hold the event loop', async () => {
    const child = spawn('sleep', ['0.3'])
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    await child.exited
    clearInterval(timer)
    expect(turns).toBeGreaterThan(5)
  })

  it('sends SIGTERM when its signal is aborted', async () => {
    const controller = new AbortController()
    const child = spawn('sleep', ['100'], { signal: controller.signal })
    controller.abort()
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
    const reason = new Error('not today')
    expect(() => spawn('true', [], { signal: AbortSignal.abort(reason) })).toThrow(reason)
  })

  it('passes on arguments, environment, working directory and name', async () => {
    const script = 'printf "%s\\n" "$0" "$@" "$PWD" "$HOME"; printenv UNSET || echo unset'
    const env = { HOME: '/ä b', UNSET: undefined, PATH: process.env.PATH }
    const { stdout } = await output('bash', ['-c', script, 'zero', '', 'a b', 'ü'], { cwd: '/usr/bin', env })
    expect(stdout.split('\n')).toEqual(['zero', '', 'a b', 'ü', '/usr/bin', '/ä b', 'unset', ''])
    expect((await output('bash', ['-c', 'echo $0'], { argv0: 'other' })).stdout).toBe('other\n')
  })

  it('searches the PATH that the program is given, from its working directory', async () => {
    writeFileSync(join(stage, 'found'), '#!/bin/sh\necho "$0"\n', { mode: 0o755 })
    expect((await output('found', [], { cwd: stage, env: { PATH: '/nowhere:' } })).stdout).toBe('./found\n')
    expect((await output('found', [], { env: { PATH: `/nowhere:${stage}:/usr/bin` } })).stdout).toBe(`${stage}/found\n`)
    expect((await output('found', [], { cwd: stage, env: { PATH: '' } })).stdout).toBe('./found\n')
    expect((await output('./found', [], { cwd: stage, env: {} })).stdout).toBe('./found\n')
    expect((await output('true', [], { env: {} })).code).toBe(0)
  })

  it('raises what an exit listener throws', async () => {
    const script = `
      process.on('uncaughtException', (error) => console.log(error.message))
      spawn('true').on('exit', () => { throw new Error('from the listener') })`
    expect(await said(script)).toBe('from the listener')
  })

  it('keeps the asynchronous context', async () => {
    const script = `
      import { AsyncLocalStorage } from 'node:async_hooks'
      const storage = new AsyncLocalStorage()
      storage.run('context', () => spawn('true').on('exit', () => console.log(storage.getStore())))`
    expect(await said(script)).toBe('context')
  })
})

describe('spawn fails', () => {
  const env = { PATH: '/usr/bin:/bin' }

  it.each([
    ['nslink-no-such-program', 'ENOENT', -2],
    ['/nslink/no-such-program', 'ENOENT', -2],
    ['/etc/passwd', 'EACCES', -13],
    ['/etc', 'EACCES', -13],
    ['/etc/passwd/program', 'ENOTDIR', -20],
  ])('for %s: %s', (command, code, errno) => {
    expect(() => spawn(command, ['argument'], { env, stdio: 'pipe' })).toThrow(
      expect.objectContaining({
        message: `spawn ${command} ${code}`,
        code,
        errno,
        syscall: `spawn ${command}`,
        path: command,
        spawnargs: ['argument'],
      }),
    )
  })

  it('for what is no program, without asking a shell', () => {
    const file = join(stage, 'text')
    writeFileSync(file, 'echo started by a shell\n', { mode: 0o755 })
    expect(() => spawn(file)).toThrow(expect.objectContaining({ code: 'ENOEXEC', path: file }))
  })

  it('prefers a program that may be run to one that may not', async () => {
    writeFileSync(join(stage, 'uname'), '', { mode: 0o644 })
    expect((await output('uname', [], { env: { PATH: `${stage}:/usr/bin:/bin` } })).stdout).toBe('Linux\n')
    expect(() => spawn('uname', [], { env: { PATH: `${stage}:/nowhere` } })).toThrow(
      expect.objectContaining({ code: 'EACCES' }),
    )
  })

  it('for a working directory that is none', () => {
    expect(() => spawn('true', [], { cwd: '/no/such/place' })).toThrow(
      expect.objectContaining({
        message: 'chdir /no/such/place: ENOENT: no such file or directory',
        code: 'ENOENT',
        errno: -2,
        syscall: 'chdir',
        path: '/no/such/place',
      }),
    )
    expect(() => spawn('true', [], { cwd: '/etc/passwd' })).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  })

  it('for a descriptor that is not open', () => {
    expect(() => spawn('true', [], { stdio: ['inherit', 987_654] })).toThrow(
      expect.objectContaining({ code: 'EBADF', syscall: 'dup' }),
    )
  })

  const bad: [string, string, unknown[]][] = [
    ['no command', 'ERR_INVALID_ARG_TYPE', []],
    ['a command that is no string', 'ERR_INVALID_ARG_TYPE', [1]],
    ['an empty command', 'ERR_INVALID_ARG_VALUE', ['']],
    ['a command with a null byte', 'ERR_INVALID_ARG_VALUE', ['a\0b']],
    ['arguments that are no array', 'ERR_INVALID_ARG_TYPE', ['true', 'x']],
    ['an argument that is no string', 'ERR_INVALID_ARG_TYPE', ['true', ['x', 1]]],
    ['an argument with a null byte', 'ERR_INVALID_ARG_VALUE', ['true', ['a\0b']]],
    ['options that are no object', 'ERR_INVALID_ARG_TYPE', ['true', [], 'x']],
    ['options that are null', 'ERR_INVALID_ARG_TYPE', ['true', [], null]],
    ['an unknown option', 'ERR_INVALID_ARG_VALUE', ['true', [], { detached: true }]],
    ['a cwd that is no string', 'ERR_INVALID_ARG_TYPE', ['true', [], { cwd: 1 }]],
    ['an empty cwd', 'ERR_INVALID_ARG_VALUE', ['true', [], { cwd: '' }]],
    ['a cwd with a null byte', 'ERR_INVALID_ARG_VALUE', ['true', [], { cwd: '/\0' }]],
    ['an env that is no object', 'ERR_INVALID_ARG_TYPE', ['true', [], { env: 'x' }]],
    ['a variable that is no string', 'ERR_INVALID_ARG_TYPE', ['true', [], { env: { A: 1 } }]],
    ['a variable with a null byte', 'ERR_INVALID_ARG_VALUE', ['true', [], { env: { A: '\0' } }]],
    ['a variable whose name has a null byte', 'ERR_INVALID_ARG_VALUE', ['true', [], { env: { '\0': '' } }]],
    ['an argv0 that is no string', 'ERR_INVALID_ARG_TYPE', ['true', [], { argv0: 1 }]],
    ['a signal that is none', 'ERR_INVALID_ARG_TYPE', ['true', [], { signal: {} }]],
    ['an unknown word for stdio', 'ERR_INVALID_ARG_VALUE', ['true', [], { stdio: 'pip' }]],
    ['one descriptor for all of stdio', 'ERR_INVALID_ARG_TYPE', ['true', [], { stdio: 1 }]],
    ['four streams', 'ERR_INVALID_ARG_VALUE', ['true', [], { stdio: [0, 1, 2, 3] }]],
    ['a negative descriptor', 'ERR_OUT_OF_RANGE', ['true', [], { stdio: [-1] }]],
    ['a broken descriptor', 'ERR_OUT_OF_RANGE', ['true', [], { stdio: [1.5] }]],
    ['an unknown word for a stream', 'ERR_INVALID_ARG_VALUE', ['true', [], { stdio: ['overlapped'] }]],
  ]
  it.each(bad)('for %s: %s', (_, code, args) => {
    expect(() => Reflect.apply(spawn, undefined, args)).toThrow(
      expect.objectContaining({ name: code === 'ERR_OUT_OF_RANGE' ? 'RangeError' : 'TypeError', code }),
    )
  })
})

describe('run', () => {
  it.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['exit 255', 255],
    ['kill -KILL $$', 137],
    ['kill -40 $$', 168],
  ])('resolves to the status of "%s": %i', async (script, status) => {
    expect(await run('bash', ['-c', script])).toBe(status)
  })

  it('rejects what spawn throws, and stdio', async () => {
    await expect(run('nslink-no-such-program', [], { env: {} })).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(Reflect.apply(run, undefined, ['true', [], { stdio: 'pipe' }])).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    })
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('passes on %s', async (signal) => {
    const script =
      "process.exit(await run('bash', ['-c', 'trap \"echo got it; exit 3\" INT TERM HUP QUIT; echo ready; while :; do sleep 0.05; done']))"
    const { child, ended } = outside([process.execPath, ...nodeArgs(script)])
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await ended).toMatchObject({ stdout: 'ready\ngot it', code: 3 })
  })

  it('does not deliver twice what a terminal delivers', async () => {
    const count =
      "let n = 0; process.on('SIGINT', () => n++); setTimeout(() => console.log(String(n)), 500); console.log('ready')"
    const script = `process.exit(await run(process.execPath, ['-e', ${JSON.stringify(count)}]))`
    const { child, ended } = outside(['script', '-qec', node(script), '/dev/null'])
    await once(child.stdout, 'data')
    child.stdin.write('\x03')
    expect((await ended).stdout.split('\r\n').map((line) => line.replace('^C', ''))).toEqual(['ready', '1'])
  })

  it('leaves no listeners behind', async () => {
    const count = () => ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].map((signal) => process.listenerCount(signal))
    const before = count()
    await run('true')
    expect(count()).toEqual(before)
  })
})

describe('nothing is left behind', () => {
  it('by 100 children, with others beside them', async () => {
    const script = `
      import { spawn as spawnOutside } from 'node:child_process'
      import { once } from 'node:events'
      import { readFileSync } from 'node:fs'
      import { text } from 'node:stream/consumers'
      import { held } from './test/support/held.mjs'
      const state = () => ({
        ...held(),
        children: readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'),
      })
      const round = async (n) => {
        for (let i = 0; i < n; i++) {
          const ours = Array.from({ length: 5 }, async () => {
            const child = spawn('cat', [], { stdio: 'pipe' })
            child.stdin.end('hello')
            const words = await Promise.all([text(child.stdout), text(child.stderr), child.exited])
            return words[0] + words[1] + words[2].code
          })
          const others = Array.from({ length: 5 }, async () => (await once(spawnOutside('true'), 'exit'))[0])
          try { spawn('/nothing', [], { stdio: 'pipe' }) } catch {}
          const got = await Promise.all([...ours, ...others])
          if (got.join() !== 'hello0,'.repeat(5) + '0,0,0,0,0') throw new Error(got.join())
        }
      }
      await round(1)
      const before = state()
      await round(20)
      await new Promise(setImmediate)
      console.log(JSON.stringify([before, state()]))`
    const [before, after] = JSON.parse(await said(script))
    expect(after).toEqual(before)
    expect(after.children).toBe('')
  })

  it('by a parent that is killed', async () => {
    const { child, ended } = outside([process.execPath, ...nodeArgs("console.log(spawn('sleep', ['100']).pid)")])
    const [pid] = await once(child.stdout.setEncoding('utf8'), 'data')
    expect(alive(Number(pid))).toBe(true)
    child.kill('SIGKILL')
    expect(await gone(Number(pid))).toBe(true)
    await ended
  })

  it('by a parent that exits', async () => {
    const pid = await said("console.log(spawn('sleep', ['100'], { stdio: 'ignore' }).pid); process.exit()")
    expect(await gone(pid)).toBe(true)
  })

  it('by a worker that is terminated', async () => {
    const script = `
      import { once } from 'node:events'
      import { existsSync, readdirSync } from 'node:fs'
      import { Worker } from 'node:worker_threads'
      const body = \`
        import { spawn } from 'nslink/rootless'
        import { parentPort } from 'node:worker_threads'
        parentPort.postMessage(spawn('sleep', ['100'], { stdio: 'ignore' }).pid)\`
      const fds = () => readdirSync('/proc/self/fd').length
      const round = async () => {
        const worker = new Worker(body, { eval: true, execArgv: ['--input-type=module'] })
        const [pid] = await once(worker, 'message')
        const running = existsSync('/proc/' + pid)
        await worker.terminate()
        return [running, existsSync('/proc/' + pid)]
      }
      await round()
      const before = fds()
      console.log(JSON.stringify([await round(), fds() - before]))`
    expect(JSON.parse(await said(script))).toEqual([[true, false], 0])
  })
})

describe('available', () => {
  it('is true here', () => {
    expect(available()).toBe(true)
  })

  it.each([
    ['ENOSPC', /user\.max_user_namespaces/, 'echo 0 > /proc/sys/user/max_user_namespaces; exec'],
    ['EPERM', /not permitted here/, 'mount -n --rbind / /mnt; exec chroot /mnt'],
  ])('gives the reason for %s', async (code, reason, prefix) => {
    const script = `
      console.log(available())
      try { spawn('true') } catch (error) { console.log([error.message, error.code, error.syscall].join('\\n')) }`
    const lines = (await sh(`${prefix} env -C ${stage} ${node(script)}`)).split('\n')
    expect(lines).toEqual([lines[0], lines[0], code, 'unshare'])
    expect(lines[0]).toMatch(`unshare: ${code}: `)
    expect(lines[0]).toMatch(reason)
  })
})
