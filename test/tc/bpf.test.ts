/** `bpf`, with `tc` as the judge. */

import { readFileSync, symlinkSync, unlinkSync } from 'node:fs'
import { afterAll, beforeAll } from 'vitest'
import { native } from '../../src/native.js'
import { needs } from '../support/features.js'
import { HOSTS, hosts, ping } from '../support/packets.js'
import { withProgram } from '../support/program.js'
import { plan, tryFilter } from '../support/tc.js'
import { describe, expect, failure, output, test } from '../support/test.js'

const all = [[6, 0, 0, 0xffff_ffff]] as const
/** `tcpdump -ddd ip` */
const ip = [
  [40, 0, 0, 12],
  [21, 0, 1, 2048],
  [6, 0, 0, 65_535],
  [6, 0, 0, 0],
] as const

/** Where a program has to be pinned when what `tc` sends of it is recorded. */
const pinned = '/tmp/nslink-program'
let done = (): void => {}
let gone: Promise<void> | undefined
beforeAll(async () => {
  if (process.env['NSLINK_CAPTURE'] === undefined) return
  await new Promise<void>((ready, failed) => {
    gone = withProgram(0, (path) => {
      symlinkSync(path, pinned)
      ready()
      return new Promise((resolve) => {
        done = resolve
      })
    })
    gone.catch(failed)
  })
})
afterAll(async () => {
  if (gone === undefined) return
  unlinkSync(pinned)
  done()
  await gone
})

const at = { parent: 'ingress' } as const
const add = { dev: 'v0', ...at, prio: 1, kind: 'bpf' } as const

tryFilter('bpf', {
  made: [
    { given: { bytecode: all, flowid: '1:1' }, tc: 'bytecode-file test/tc/bytecode/all.txt flowid 1:1' },
    { given: { protocol: 'ip', handle: 5, bytecode: ip }, tc: 'bytecode-file test/tc/bytecode/ip.txt' },
    {
      given: { bytecode: ip, directAction: true, skipHw: true },
      tc: 'bytecode-file test/tc/bytecode/ip.txt direct-action skip_hw',
    },
    {
      given: {
        bytecode: all,
        flowid: 'a:b',
        actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: 'ifb0' }],
      },
      tc: 'bytecode-file test/tc/bytecode/all.txt flowid a:b action mirred egress redirect dev ifb0',
    },
    // No card is there to see to it.
    { given: { bytecode: all, skipSw: true }, tc: 'bytecode-file test/tc/bytecode/all.txt skip_sw', sentOnly: true },
  ],
  // They take a program in the kernel (see below).
  untried: ['fd', 'pinned', 'id', 'name'],
  refused: [
    { given: {}, option: 'bpf.fd' },
    { given: { fd: -1 }, option: 'bpf.fd', code: 'ERR_OUT_OF_RANGE' },
    { given: { fd: 5, bytecode: all }, option: 'bpf.bytecode' },
    { given: { fd: 5, pinned: '/sys/fs/bpf/prog' }, option: 'bpf.pinned' },
    { given: { pinned: '' }, option: 'bpf.pinned', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { pinned: 5 }, option: 'bpf.pinned', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { id: 0 }, option: 'bpf.id', code: 'ERR_OUT_OF_RANGE' },
    { given: { bytecode: [] }, option: 'bpf.bytecode' },
    { given: { bytecode: '1,6 0 0 0' }, option: 'bpf.bytecode', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { bytecode: [[6, 0, 0]] }, option: 'bpf.bytecode.0', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { bytecode: [...all, [6, 256, 0, 0]] }, option: 'bpf.bytecode.1.jt', code: 'ERR_OUT_OF_RANGE' },
    { given: { bytecode: all, name: 'it' }, option: 'bpf.name' },
    { given: { fd: 5, name: 'n'.repeat(256) }, option: 'bpf.name' },
    { given: { bytecode: all, directAction: 1 }, option: 'bpf.directAction', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { fd: 5, flowid: 1 }, option: 'bpf.flowid', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { fd: 5, section: 'classifier' }, option: 'section' },
  ],
  messages: [
    [
      `filter add dev v0 ingress prio 1 bpf object-pinned ${pinned} direct-action`,
      // The descriptor is the one that `tc` had.
      () => plan.filter.add({ ...add, fd: 4, name: 'nslink-program:[*fsobj]', directAction: true }),
    ],
    [
      `filter replace dev v0 egress protocol ip prio 2 handle 1 bpf object-pinned ${pinned} flowid 1:1`,
      () =>
        plan.filter.replace({
          ...add,
          parent: 'egress',
          protocol: 'ip',
          prio: 2,
          handle: 1,
          fd: 4,
          name: 'nslink-program:[*fsobj]',
          flowid: '1:1',
        }),
    ],
  ],
})

// The kernel loads such programs for root of the first user namespace only.
const isRoot = / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8')) && process.getuid?.() === 0
const loadable = describe.runIf(isRoot)

loadable('programs of the kernel', needs('qdisc:clsact', 'filter:bpf'), () => {
  const furnish = 'ip link add v0 type veth peer name v1; tc qdisc add dev v0 clsact'

  test('a pinned one, which tc makes the same of', async ({ another }) => {
    await withProgram(0, async (path) => {
      const [mine, its] = [await another(), await another()]
      for (const ns of [mine, its]) await output(ns, 'sh', '-c', furnish)
      await mine.filter.add({ ...add, pinned: path, directAction: true })
      const words = ['filter', 'add', 'dev', 'v0', 'ingress', 'prio', '1', 'bpf', 'object-pinned', path, 'da']
      await output(its, 'tc', ...words)
      const shown = ['-d', 'filter', 'show', 'dev', 'v0', 'ingress']
      expect(await output(mine, 'tc', ...shown)).toBe(await output(its, 'tc', ...shown))
      const [[one], [other]] = [
        await mine.filter.list({ dev: 'v0', ...at }),
        await its.filter.list({ dev: 'v0', ...at }),
      ]
      expect(one?.bpf).toEqual(other?.bpf)
      expect(one?.bpf).toMatchObject({
        name: 'prog:[*fsobj]',
        directAction: true,
        id: expect.any(Number),
        tag: expect.stringMatching(/^[\da-f]{16}$/),
      })
    })
  })

  test('one by its descriptor, and by its number, as it is listed', async ({ ns }) => {
    await output(ns, 'sh', '-c', furnish)
    await withProgram(-1, async (path) => {
      const program = native.openProgram(path)
      await ns.filter.add({ ...add, fd: program.fd, name: 'mine', flowid: '1:1' })
      program.close()
    })
    const [first] = await ns.filter.list({ dev: 'v0', ...at })
    expect(first?.bpf).toMatchObject({ name: 'mine', flowid: '1:1', id: expect.any(Number) })
    await ns.filter.add({ ...add, prio: 2, ...first?.bpf })
    const [, second] = await ns.filter.list({ dev: 'v0', ...at })
    expect(second?.bpf).toEqual(first?.bpf)
    await ns.filter.change({ ...add, handle: 1, id: Number(first?.bpf?.id), name: 'other' })
    expect((await ns.filter.get({ ...add, handle: 1 })).bpf).toMatchObject({ name: 'other' })
  })

  test('one that is not there', async ({ ns, sync }) => {
    await output(ns, 'sh', '-c', furnish)
    const path = '/proc/self/nslink-none'
    const error = await failure(() => ns.filter.add({ ...add, pinned: path }))
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'bpf', path })
    expect(error.message).toContain(path)
    // What is there is no program.
    expect(await failure(() => sync.filter.add({ ...add, pinned: '/dev/null' }))).toMatchObject({ syscall: 'bpf' })
    expect(await failure(() => sync.filter.add({ ...add, id: 0xffff_ffff }))).toMatchObject({ code: 'ENOENT' })
    expect(await ns.filter.list({ dev: 'v0', ...at })).toEqual([])
  })

  test('one that drops packets', async ({ another }) => {
    const [one, two] = await hosts(another)
    await two.qdisc.add({ dev: 'eth0', kind: 'clsact' })
    expect(await ping(one, HOSTS[1])).toBe(true)
    const shot = 2
    await withProgram(shot, (pinned) =>
      two.filter.add({ ...add, dev: 'eth0', protocol: 'ip', pinned, directAction: true }).then(() => undefined),
    )
    expect(await ping(one, HOSTS[1])).toBe(false)
    await two.filter.del({ dev: 'eth0', ...at, protocol: 'ip', prio: 1 })
    expect(await ping(one, HOSTS[1])).toBe(true)
  })
})
