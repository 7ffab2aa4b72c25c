/** Receive packet steering, with what `ip netns exec` shows of /sys as the judge. */

import { readFileSync } from 'node:fs'
import { type Netns, netns, type RpsOptions, rps } from 'nslink'
import { rps as direct } from 'nslink/sync'
import { held, mounts, soon, told } from './support/child.js'
import { describe, expect, failure, output, test as plain, uniqueName } from './support/test.js'

/** The kernel lets nobody else set it: root of a user namespace may only look. */
const mayChange = / 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))

const online = readFileSync('/sys/devices/system/cpu/online', 'utf8').trim()

/** A namespace with a name, as `ip netns exec` needs it, and a veth in it: eth0 with three receive queues. */
const test = plain.extend<{ pod: Netns & { name: string } }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest tells a fixture's needs from the pattern, and this one has none.
  pod: async ({}, use) => {
    await using pod = await netns.create(uniqueName('rps'), { temporary: true })
    await pod.link.add({ kind: 'veth', name: 'eth0', numRxQueues: 3, peer: { name: 'peer', numRxQueues: 1 } })
    await use(pod as Netns & { name: string })
  },
})

/** What a shell says in the namespace, with the namespace's own /sys. */
const sh = (pod: { name: string; spawn: Netns['spawn'] }, command: string): Promise<string> =>
  output(pod as Netns, 'ip', 'netns', 'exec', pod.name, 'sh', '-ec', command)

/** What is in the files of each receive queue. */
const files = async (pod: Netns & { name: string }, dev = 'eth0'): Promise<string[]> =>
  (await sh(pod, `cd /sys/class/net/${dev}/queues; for q in rx-*; do echo $q $(cat $q/rps_cpus $q/rps_flow_cnt); done`))
    .trim()
    .split('\n')

describe('get', () => {
  test('gives each queue', async ({ pod }) => {
    const off = { cpus: [], mask: '0', flowCnt: 0 }
    expect(await pod.rps.get('eth0')).toEqual([0, 1, 2].map((queue) => ({ queue, ...off })))
    expect(await pod.rps.get('peer')).toEqual([{ queue: 0, ...off }])
    expect(await files(pod)).toEqual(['rx-0 0 0', 'rx-1 0 0', 'rx-2 0 0'])
  })

  test('gives them in the order of their numbers', async ({ pod }) => {
    await pod.link.add({ kind: 'veth', name: 'many', numRxQueues: 12, peer: { name: 'other' } })
    const numbers = (await pod.rps.get('many')).map(({ queue }) => queue)
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test.runIf(mayChange)('reads what the shell wrote', async ({ pod }) => {
    await sh(pod, 'cd /sys/class/net/eth0/queues; echo 1 > rx-0/rps_cpus; echo 2 > rx-2/rps_cpus')
    await sh(pod, 'echo 100 > /sys/class/net/eth0/queues/rx-1/rps_flow_cnt')
    expect(await pod.rps.get('eth0')).toEqual([
      { queue: 0, cpus: [0], mask: '1', flowCnt: 0 },
      { queue: 1, cpus: [], mask: '0', flowCnt: 128 },
      { queue: 2, cpus: [1], mask: '2', flowCnt: 0 },
    ])
  })

  test('is of the namespace, whatever /sys shows', async ({ pod, another }) => {
    expect(await failure(async () => (await another()).rps.get('eth0'))).toMatchObject({ code: 'ENODEV' })
    expect(await failure(() => rps.get('peer'))).toMatchObject({ code: 'ENODEV' })
    const own = readFileSync('/sys/class/net/lo/queues/rx-0/rps_cpus', 'utf8').trim()
    expect((await rps.get('lo')).map(({ mask }) => mask)).toEqual([own])
    expect(direct.get('lo').map(({ mask }) => mask)).toEqual([own])
    const inside = pod.run(() => direct.get('lo'))
    expect(inside).toEqual(direct.get('lo'))
  })

  test('finds a device that was made in the same tick', async ({ ns }) => {
    const made = ns.link.add({ kind: 'bridge', name: 'soon' })
    const [, queues] = await Promise.all([made, ns.rps.get('soon')])
    expect(queues).toHaveLength(1)
    const [, again] = await ns.batch((b) => [b.link.set('soon', { up: true }), b.rps.get('soon')])
    expect(again).toEqual(queues)
  })

  test('leaves nothing', async ({ pod }) => {
    await pod.rps.get('eth0')
    const before = [mounts(), held()]
    for (let at = 0; at < 20; at++) {
      await Promise.all([pod.rps.get('eth0'), pod.rps.get('peer'), failure(() => pod.rps.get('nope'))])
      const other = netns.open(pod.name)
      await (await other).rps.get('eth0')
      ;(await other).close()
    }
    const after = () => [mounts(), held()]
    expect(await soon(() => held().threads === (before[1] as { threads: number }).threads)).toBe(true)
    expect(after()).toEqual(before)
  })
})

describe.runIf(mayChange)('set', () => {
  test('sets all queues, or one', async ({ pod }) => {
    await pod.rps.set('eth0', { cpus: [0] })
    expect(await files(pod)).toEqual(['rx-0 1 0', 'rx-1 1 0', 'rx-2 1 0'])
    await pod.rps.set('eth0', { cpus: [1, 0], queue: 1 })
    expect(await files(pod)).toEqual(['rx-0 1 0', 'rx-1 3 0', 'rx-2 1 0'])
    await pod.rps.set('eth0', { mask: '00000002', queue: 2, flowCnt: 4096 })
    expect(await files(pod)).toEqual(['rx-0 1 0', 'rx-1 3 0', 'rx-2 2 4096'])
    await pod.rps.set('eth0', { flowCnt: 1000 })
    expect(await files(pod)).toEqual(['rx-0 1 1024', 'rx-1 3 1024', 'rx-2 2 1024'])
    await pod.rps.set('eth0', { cpus: [] })
    expect(await files(pod)).toEqual(['rx-0 0 1024', 'rx-1 0 1024', 'rx-2 0 1024'])
    expect(await files(pod, 'peer')).toEqual(['rx-0 0 0'])
  })

  test('what was read can be given back', async ({ pod }) => {
    await pod.rps.set('eth0', { cpus: [0, 1], flowCnt: 64, queue: 1 })
    const read = await pod.rps.get('eth0')
    await pod.rps.set('eth0', { cpus: [1], flowCnt: 0 })
    for (const queue of read) await pod.rps.set('eth0', queue)
    expect(await pod.rps.get('eth0')).toEqual(read)
    expect(await files(pod)).toEqual(['rx-0 0 0', 'rx-1 3 64', 'rx-2 0 0'])
  })

  test('plain calls do the same', async ({ ns, sync }) => {
    await ns.link.add({ kind: 'veth', name: 'eth0', peer: { name: 'peer' } })
    sync.rps.set('eth0', { cpus: [1] })
    expect(sync.rps.get('eth0')).toEqual([{ queue: 0, cpus: [1], mask: '2', flowCnt: 0 }])
    expect(await ns.rps.get('eth0')).toEqual(sync.rps.get('eth0'))
  })

  test('packets still arrive, and are taken on by the CPU that was named', async ({ pod, another }) => {
    const far = await another()
    await pod.link.set('peer', { netns: far })
    await pod.addr.add({ dev: 'eth0', address: '192.0.2.1/24' })
    await far.addr.add({ dev: 'peer', address: '192.0.2.2/24' })
    await Promise.all([pod.link.set('eth0', { up: true }), far.link.set('peer', { up: true })])
    // The tenth number of a CPU's line is how often another one handed packets to it. All CPUs are in the table of any namespace.
    const handed = (): number =>
      Number.parseInt(readFileSync('/proc/net/softnet_stat', 'utf8').split('\n')[1]?.split(' ')[9] ?? '', 16)
    const ping = () => output(far, 'taskset', '-c', '0', 'ping', '-q', '-c', '20', '-i', '0.01', '-W', '5', '192.0.2.1')
    const before = handed()
    await ping()
    expect(handed()).toBe(before)
    await pod.rps.set('eth0', { cpus: [1] })
    await ping()
    expect(handed()).toBeGreaterThan(before)
  })
})

describe('errors', () => {
  const nothing: [string, string, RpsOptions, object][] = [
    ['no such device', 'nope', { cpus: [0] }, { name: 'NetlinkError', code: 'ENODEV', attribute: 'dev' }],
    ['no such queue', 'eth0', { cpus: [0], queue: 3 }, { name: 'NetlinkError', code: 'ENOENT', attribute: 'queue' }],
  ]
  test.for(nothing)('%s', async ([_, dev, options, expected], { pod }) => {
    const error = await failure(() => pod.rps.set(dev, options))
    expect(error).toMatchObject(expected)
    expect(error.message).toContain(`rps.set ${dev} in namespace ${pod.name}: `)
    expect(error.message).toMatch(/there is no (device "nope"|receive queue 3: it has 3)/)
    expect(await files(pod)).toEqual(['rx-0 0 0', 'rx-1 0 0', 'rx-2 0 0'])
  })

  test('no such device to look at', async ({ ns, sync }) => {
    for (const call of [() => ns.rps.get('nope'), () => sync.rps.get('nope')]) {
      const error = await failure(call)
      expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENODEV', attribute: 'dev' })
      expect(error.message).toContain('there is no device "nope"')
    }
  })

  const bad: [string, unknown, string, string][] = [
    ['a CPU that is not there', { cpus: [0, 1000] }, 'ERR_OUT_OF_RANGE', 'cpus.1'],
    ['a CPU beyond all', { cpus: [65536] }, 'ERR_OUT_OF_RANGE', 'cpus.0'],
    ['a negative CPU', { cpus: [-1] }, 'ERR_OUT_OF_RANGE', 'cpus.0'],
    ['half a CPU', { cpus: [0.5] }, 'ERR_OUT_OF_RANGE', 'cpus.0'],
    ['a CPU as text', { cpus: ['0'] }, 'ERR_INVALID_ARG_TYPE', 'cpus.0'],
    ['a list as text', { cpus: '0-1' }, 'ERR_INVALID_ARG_TYPE', 'cpus'],
    ['a mask of a CPU that is not there', { mask: '1,00000000,00000000' }, 'ERR_OUT_OF_RANGE', 'mask'],
    ['a mask that is none', { mask: '0x3' }, 'ERR_INVALID_ARG_VALUE', 'mask'],
    ['an empty mask', { mask: '' }, 'ERR_INVALID_ARG_VALUE', 'mask'],
    ['a mask with a line feed', { mask: '3\n' }, 'ERR_INVALID_ARG_VALUE', 'mask'],
    ['a mask as a number', { mask: 3 }, 'ERR_INVALID_ARG_TYPE', 'mask'],
    ['a mask unlike the list', { mask: '3', cpus: [0] }, 'ERR_INVALID_ARG_VALUE', 'mask'],
    ['a negative number of flows', { flowCnt: -1 }, 'ERR_OUT_OF_RANGE', 'flowCnt'],
    ['too many flows', { flowCnt: 2 ** 32 }, 'ERR_OUT_OF_RANGE', 'flowCnt'],
    ['a queue as text', { cpus: [0], queue: 'rx-0' }, 'ERR_INVALID_ARG_TYPE', 'queue'],
    ['nothing to be set', { queue: 0 }, 'ERR_INVALID_ARG_VALUE', 'cpus'],
    ['an unknown option', { cpu: [0] }, 'ERR_INVALID_ARG_VALUE', 'cpu'],
  ]
  test.for(bad)('%s is refused by name', async ([_, options, code, option], { pod }) => {
    // With what would be done if it were not refused first.
    const given = { flowCnt: 64, ...(options as object) }
    for (const tried of 'queue' in given && !('cpus' in given) ? [options] : [given]) {
      const error = await failure(() => pod.rps.set('eth0', tried as RpsOptions))
      expect(error).toMatchObject({ code, message: expect.stringContaining(`"${option}"`) })
    }
    expect(await files(pod)).toEqual(['rx-0 0 0', 'rx-1 0 0', 'rx-2 0 0'])
  })

  test('the CPUs there are, are told', async ({ pod }) => {
    const error = await failure(() => pod.rps.set('eth0', { cpus: [1000] }))
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toContain(`must be a CPU that is online (${online}). Received 1000`)
  })

  test('a device has to have a name', async ({ ns }) => {
    for (const [dev, code] of [
      ['', 'ERR_INVALID_ARG_VALUE'],
      ['..', 'ERR_INVALID_ARG_VALUE'],
      ['lo/../lo', 'ERR_INVALID_ARG_VALUE'],
      [1, 'ERR_INVALID_ARG_TYPE'],
    ] as [string, string][]) {
      expect(await failure(() => ns.rps.get(dev))).toMatchObject({ code, message: expect.stringContaining('"dev"') })
      expect(await failure(() => ns.rps.set(dev, { cpus: [0] }))).toMatchObject({ code })
    }
  })
})

describe('privilege', () => {
  const attempts = `
    const errors = []
    for (const fn of [() => rps.get('lo'), () => rps.set('lo', { cpus: [0] }), () => rps.set('lo', { flowCnt: 64 })])
      await fn().then((value) => errors.push(value ?? 'done'), ({ code, message, syscall }) => errors.push({ code, message, syscall }))
    console.log(JSON.stringify(errors))`

  plain('without any, looking is refused, too', async () => {
    const found = await told(`import { rps } from 'nslink'; ${attempts}`, { by: ['setpriv', '--bounding-set=-all'] })
    const refused = { code: 'EPERM', syscall: 'setns', message: expect.stringContaining('CAP_SYS_ADMIN') }
    expect(found).toEqual([refused, refused, refused])
  })

  plain('root of a user namespace may look, and is told why it may not change anything', async () => {
    const inside = `import { netns } from 'nslink'; const { rps } = await netns.create(); ${attempts}`
    const found = (await told(`
      import { run } from 'nslink/rootless'
      process.exitCode = await run(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(inside)}])`)) as object[]
    expect(found[0]).toEqual([{ queue: 0, cpus: [], mask: '0', flowCnt: 0 }])
    for (const refused of found.slice(1)) {
      expect(refused).toMatchObject({ code: 'EPERM', syscall: 'write' })
      expect(refused).toMatchObject({ message: expect.stringContaining('CAP_NET_ADMIN in the first user namespace') })
    }
  })

  plain('a /sys that is partly hidden is said to be', async () => {
    const inside = `import { netns } from 'nslink'; const { rps } = await netns.create(); ${attempts}`
    const masked = 'mount -n -t tmpfs none /sys/kernel; exec unshare --user --map-root-user --net --mount "$0" "$@"'
    const found = (await told(inside, { by: ['unshare', '--mount', 'sh', '-ec', masked] })) as object[]
    for (const refused of found) expect(refused).toMatchObject({ code: 'EPERM', syscall: 'fsmount' })
    expect(found[0]).toMatchObject({ message: expect.stringContaining('hidden or read-only') })
  })
})
