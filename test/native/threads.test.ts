import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { native, promise } from '../../src/native.js'
import { held, output, run, script, seconds, soon, told } from '../support/child.js'
import { loaded } from './kit.js'

// A job is held up for as long as one likes by a file whose opening waits for a writer.
let folder: string
let fifo: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nslink-threads-'))
  fifo = join(folder, 'fifo')
  await output('mkfifo', fifo)
})
afterEach(async () => {
  // A test that fails must not leave the next ones without threads.
  while (waiting > 0) await open()
  rmSync(folder, { recursive: true })
})

let waiting = 0
const read = (path: string) => promise<string>((done) => native.readFile(-1, path, done))
const readWhenOpened = () => {
  waiting++
  return read(fifo).finally(() => waiting--)
}
/** Lets all jobs go that wait at the moment. Opened both ways it does not itself wait for anybody. */
const open = () => run(['sh', '-c', `: 1<> ${fifo}`])

describe('jobs', () => {
  it('run at most 16 at a time, and none is forgotten', async () => {
    const before = held()
    const all = Array.from({ length: 50 }, readWhenOpened)
    expect(await soon(() => held().threads === before.threads + 16)).toBe(true)
    // A writer serves the readers of the moment; the next ones wait for the next writer.
    while (waiting > 0) {
      expect(await soon(() => held().threads <= before.threads + 16)).toBe(true)
      await open()
    }
    expect(await Promise.all(all)).toEqual(Array(50).fill(''))
    expect(await soon(() => held().threads === before.threads)).toBe(true)
    expect(held()).toEqual(before)
  })

  it('do not hold the event loop', async () => {
    const job = readWhenOpened()
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    expect(await soon(() => turns > 10)).toBe(true)
    clearInterval(timer)
    await open()
    expect(await job).toBe('')
  })

  it('end without a thread staying behind, 10,000 times', async () => {
    const before = held()
    for (let round = 0; round < 100; round++) {
      await Promise.all(Array.from({ length: 100 }, () => read('/proc/self/comm')))
    }
    expect(held()).toEqual(before)
  })

  it('each say it when no thread can be had', async () => {
    // As root limits on threads do not count, and a stack that cannot be had ends the same way.
    const text = `${loaded}
      const job = () => new Promise((resolve) => native.readFile(-1, '/proc/self/comm', (error) => resolve(error && { ...error })))
      console.log(JSON.stringify(await Promise.all([job(), job(), job()])))
      console.log(JSON.stringify((() => { try { native.createNamespace('/nowhere', '', 0, 65536) } catch (error) { return { ...error } } })()))`
    const by = ['strace', '--quiet=all', '-e', 'trace=clone3', '-o', '/dev/null']
    const counted = await script(`${loaded}; console.log('started')`, { by: ['strace', '-e', 'trace=clone3', '-c'] })
    const started = Number(/(\d+)\s+clone3$/m.exec(counted.stderr)?.[1])
    expect(started).toBeGreaterThan(0)
    const { stdout, stderr } = await script(text, {
      by: [...by, '-e', `inject=clone3:error=EAGAIN:when=${started + 1}+`],
    })
    const refused = { errno: -11, syscall: 'clone' }
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([[refused, refused, refused], refused])
    expect(stderr).toBe('')
  })

  it('hand on what a callback throws', async () => {
    const { stdout, stderr, code } = await script(`${loaded}
      process.on('uncaughtException', (error) => console.log('handled', error.message))
      native.readFile(-1, '/proc/self/comm', () => { throw new Error('one') })
      native.readFile(-1, '/nothing', () => { throw new Error('two') })
      const socket = new native.Socket(-1, 0, 4096)
      socket.exchangeOnThread(new Uint8Array(16), 16, new Uint8Array(1 << 16), -1, () => { throw new Error('three') })`)
    expect(stdout.trim().split('\n').sort()).toEqual(['handled one', 'handled three', 'handled two'])
    expect([stderr, code]).toEqual(['', 0])
  })

  it('keep the asynchronous context', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen = await storage.run('context', async () => {
      await read('/proc/self/comm')
      return storage.getStore()
    })
    expect(seen).toBe('context')
  })

  it('keep the process alive until they are done', async () => {
    const { stdout, code } = await script(`${loaded}
      native.createNamespace('/run/netns', '', 0, 65536, (error, made) => { console.log(made.fd > 2); made.close() })`)
    expect([stdout, code]).toEqual(['true\n', 0])
    expect((await script(`${loaded}; native.openNamespace('/proc/self/ns/net')`)).code).toBe(0)
  })

  it('take no signals', async () => {
    const job = readWhenOpened()
    const seen = await soon(async () => {
      const blocked = await output('sh', '-c', `grep -h SigBlk /proc/${process.pid}/task/*/status | sort | uniq`)
      // Everything but what cannot be blocked (SIGKILL, SIGSTOP) and what the C library keeps to itself (32, 33).
      return /^SigBlk:\tfffffffe7ffbfeff$/m.test(blocked)
    })
    await open()
    await job
    expect(seen).toBe(true)
  })
})

describe('an environment that ends', () => {
  const jobs = (count: number, path: string) =>
    `for (let at = 0; at < ${count}; at++) native.readFile(-1, '${path}', () => {})`
  const options = "{ eval: true, execArgv: ['--input-type=module'] }"

  it('waits for the jobs that run, and drops those that do not', async () => {
    const result = await told(`${loaded}
      import { writeFileSync } from 'node:fs'
      import { held } from './test/support/held.mjs'
      const round = async () => {
        const worker = new Worker(\`${loaded}; ${jobs(40, fifo)}; parentPort.postMessage('ready')\`, ${options})
        await once(worker, 'message')
        let ended = false
        const end = worker.terminate().then(() => { ended = true })
        await sleep(100)
        const waited = !ended
        writeFileSync('${fifo}', 'x')
        await end
        return waited
      }
      await round()
      const before = held()
      const waited = await round()
      console.log(JSON.stringify({ waited, before, after: held() }))`)
    const { waited, before, after } = result as { waited: boolean; before: object; after: object }
    expect(waited).toBe(true)
    expect(after).toEqual(before)
  })

  it('is the process itself, in the middle of jobs', async () => {
    const { code, signal, stderr } = await script(`${loaded}
      import { spawn } from 'node:child_process'
      ${jobs(40, fifo)}
      spawn('sh', ['-c', 'sleep 0.2; : 1<> ${fifo}'], { stdio: 'ignore' })
      const socket = new native.Socket(-1, 0, 1 << 20)
      const poll = new native.Poll(socket.fd, () => {})
      poll.start()
      socket.exchangeOnThread(new Uint8Array(16), 16, new Uint8Array(1 << 16), -1, () => {})
      for (let at = 0; at < 20; at++) native.createNamespace('/run/netns', '', 0, 65536, () => {})
      setTimeout(() => process.exit(7), 20)`)
    expect({ code, signal, stderr }).toEqual({ code: 7, signal: null, stderr: '' })
  })

  it('takes back what jobs made that nobody was told of', { timeout: seconds(90) }, async () => {
    const result = await told(`${loaded}
      const body = \`${loaded}
        parentPort.postMessage('ready')
        for (let at = 0; at < 60; at++) native.createNamespace('/run/netns', '', 0, 65536, () => {})
        while (true) {}\`
      const round = async () => {
        const worker = new Worker(body, ${options})
        await once(worker, 'message')
        const idle = descriptors()
        for (let at = 0; descriptors() < idle + 60 && at < 3000; at++) await sleep(10)
        const made = descriptors() - idle
        await worker.terminate()
        return made
      }
      await round()
      const before = descriptors()
      const made = await round()
      console.log(JSON.stringify([made >= 60, descriptors() - before]))`)
    expect(result).toEqual([true, 0])
  })

  it('is a worker, 200 times, busy or idle', { timeout: seconds(90) }, async () => {
    const result = await told(
      `${loaded}
      import { held } from './test/support/held.mjs'
      const body = \`${loaded}
        const request = Uint8Array.from(workerData.request)
        globalThis.kept = []
        const hold = (value) => { kept.push(value); return value }
        const busy = () => {
          const socket = hold(new native.Socket(-1, 0, 1 << 20))
          const poll = hold(new native.Poll(socket.fd, () => {}))
          poll.start()
          socket.exchangeOnThread(request, request.length, new Uint8Array(1 << 16), 3, () => busy())
          native.createNamespace('/run/netns', '', 0, 65536, (error, made) => hold(made))
          native.readFile(-1, '/proc/self/comm', () => {})
        }
        if (workerData.busy) busy()
        parentPort.postMessage('ready')
        setInterval(() => {}, 1000)\`
      const request = [...Buffer.from('${Buffer.from([32, 0, 0, 0, 18, 0, 1, 3, 3, 0, 0, 0]).toString('hex')}'.padEnd(64, '0'), 'hex')]
      const one = async (at) => {
        const worker = new Worker(body, { eval: true, execArgv: ['--input-type=module'], workerData: { busy: at % 2 === 0, request } })
        worker.on('error', (error) => { console.error(error) })
        await once(worker, 'message')
        if (at % 3 > 0) await sleep(at % 7)
        await worker.terminate()
      }
      await Promise.all([one(0), one(1), one(2), one(3)])
      const before = held()
      let next = 0
      const lane = async () => { while (next < 200) await one(next++) }
      await Promise.all([lane(), lane(), lane(), lane()])
      console.log(JSON.stringify({ before, after: held() }))`,
    )
    const { before, after } = result as { before: object; after: object }
    expect(after).toEqual(before)
  })
})
