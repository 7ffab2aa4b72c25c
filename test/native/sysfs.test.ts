import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { native, promise } from '../../src/native.js'
import { held, soon, told } from '../support/child.js'
import { inFresh, loaded, refusal } from './kit.js'

const lo = 'class/net/lo'
/** Root of a user namespace may only look. */
const mayChange = / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))

const read = (ns: number, ...paths: string[]): Promise<string> =>
  promise<string>((done) => native.readSysfs(ns, paths, done))

/** Where the module of bonds is loaded, it has a file of its own among the devices. */
const devicesOnly = (listed = ''): string => listed.replace('bonding_masters\n', '')

describe('readSysfs', () => {
  it('reads files and lists folders of the namespace, here and on a thread', async () => {
    await inFresh(async (ns) => {
      const paths = ['class/net', `${lo}/ifindex`, `${lo}/queues`]
      const [devices, index, queues] = native.readSysfs(ns, paths).split('\0')
      expect([devicesOnly(devices), index]).toEqual(['lo\n', '1\n'])
      expect(queues?.trim().split('\n').sort()).toEqual(['rx-0', 'tx-0'])
      expect(await read(ns, ...paths)).toBe(native.readSysfs(ns, paths))
      expect(native.readSysfs(ns, [])).toBe('')
    })
  })

  it('is of the namespace of the process for -1, whichever thread it is on', async () => {
    const own = readdirSync('/sys/class/net').sort()
    const names = (text: string): string[] => text.replace('\n\0', '').split('\n').sort()
    expect(names(native.readSysfs(-1, ['class/net']))).toEqual(own)
    const all = await Promise.all(Array.from({ length: 20 }, () => read(-1, 'class/net')))
    for (const text of all) expect(names(text)).toEqual(own)
  })

  it('says which file is not there, or cannot be read', async () => {
    await inFresh(async (ns) => {
      const absent = { errno: -2, syscall: 'open', path: '/sys/class/net/nope' }
      expect(refusal(() => native.readSysfs(ns, ['class/net', 'class/net/nope']))).toEqual(absent)
      await expect(read(ns, 'class/net', 'class/net/nope')).rejects.toMatchObject(absent)
      // A device that is down has no speed.
      const failed = { errno: -22, syscall: 'read', path: `/sys/${lo}/speed` }
      expect(refusal(() => native.readSysfs(ns, [`${lo}/speed`]))).toEqual(failed)
    })
  })

  it('finishes in a namespace that was closed meanwhile', async () => {
    const { descriptors } = held()
    const ns = native.createNamespace('/run/netns', '', 0, 65536)
    const reading = Array.from({ length: 40 }, () => read(ns.fd, 'class/net'))
    ns.close()
    ns.socket.close()
    expect(new Set((await Promise.all(reading)).map(devicesOnly))).toEqual(new Set(['lo\n\0']))
    expect(await soon(() => held().descriptors === descriptors)).toBe(true)
  })

  it('says so where the kernel has none of the calls', async () => {
    const found = await told(
      `${loaded}
      try { native.readSysfs(-1, ['class/net']) } catch ({ errno, syscall }) { console.log(JSON.stringify({ errno, syscall })) }`,
      {
        by: [
          'strace',
          '-f',
          '--quiet=all',
          '-e',
          'trace=fsopen',
          '-e',
          'inject=fsopen:error=ENOSYS',
          '-o',
          '/dev/null',
        ],
      },
    )
    expect(found).toEqual({ errno: -38, syscall: 'fsopen' })
  })

  it('leaves nothing when its worker ends in the middle', async () => {
    const found = await told(
      `${loaded}
      import { held } from './test/support/held.mjs'
      const body = \`${loaded}
        const again = () => native.readSysfs(-1, ['class/net'], again)
        for (let at = 0; at < 8; at++) again()
        parentPort.postMessage('busy')\`
      const round = async () => {
        const worker = new Worker(body, { eval: true, execArgv: ['--input-type=module'] })
        await once(worker, 'message')
        await sleep(5)
        await worker.terminate()
      }
      await round()
      const before = held()
      for (let at = 0; at < 5; at++) await round()
      console.log(JSON.stringify({ before, after: held() }))`,
    )
    const { before, after } = found as { before: object; after: object }
    expect(after).toEqual(before)
  })
})

describe('writeSysfs', () => {
  it.runIf(mayChange)('writes one text to files of the namespace, here and on a thread', async () => {
    await inFresh(async (ns) => {
      const [mtu, queue] = [`${lo}/mtu`, `${lo}/tx_queue_len`]
      const outside = readFileSync(`/sys/${mtu}`, 'utf8')
      expect(native.writeSysfs(ns, [mtu, queue], '1234')).toBe(2)
      expect(native.readSysfs(ns, [mtu, queue])).toBe('1234\n\x001234\n\0')
      expect(await promise<number>((done) => native.writeSysfs(ns, [mtu], '4321', done))).toBe(1)
      expect(native.readSysfs(ns, [mtu, queue])).toBe('4321\n\x001234\n\0')
      expect(readFileSync(`/sys/${mtu}`, 'utf8')).toBe(outside)
    })
  })

  it.runIf(mayChange)('goes as far as the first file that refuses it', async () => {
    await inFresh((ns) => {
      const paths = [`${lo}/tx_queue_len`, `${lo}/ifindex`, `${lo}/mtu`]
      const before = native.readSysfs(ns, [`${lo}/mtu`])
      const refused = refusal(() => native.writeSysfs(ns, paths, '1234'))
      expect(refused).toMatchObject({ path: `/sys/${lo}/ifindex` })
      expect(native.readSysfs(ns, [`${lo}/tx_queue_len`, `${lo}/mtu`])).toBe(`1234\n\0${before}`)
    })
  })
})
