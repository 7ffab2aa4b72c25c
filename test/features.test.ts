/** What the kernel can do, with `ip` and `tc` as the judges of each thing. */

import { spawnSync } from 'node:child_process'
import { release } from 'node:os'
import { type Abilities, type Feature, features, link } from 'nslink'
import { features as direct } from 'nslink/sync'
import { expect, test } from 'vitest'
import { kindGroups } from '../src/features/kinds.js'
import { held, mounts, run, soon, told } from './support/child.js'
import { has } from './support/features.js'
import { isOlderThan } from './support/kinds.js'
import { failure } from './support/test.js'

/** Whether commands all succeed, in a namespace that is gone at once. */
const works = (...commands: string[]): boolean =>
  spawnSync('unshare', ['--net', 'sh', '-c', commands.join(' && ')]).status === 0

/** Whether the kernel is at least as new as the first that has it, and has the kind of link it is about. */
const since = (version: string, ...needed: Parameters<typeof has>[0][]): boolean =>
  !isOlderThan(version) && needed.every(has)

const veth = 'ip link add v0 type veth peer name v1 && ip link set v0 up'
const bridge = 'ip link add br0 address 02:00:00:00:00:01 type bridge'
const lo = 'ip link set lo up && ip nexthop add id 1 dev lo'

/** What the tools of the machine can do or, where they have no word for it, since when the kernel does it. */
const judged: { [K in keyof Abilities]: () => boolean } = {
  strictDump: () => since('4.20'),
  'link.altname': () => works('ip link property add dev lo altname other'),
  'link.echo': () => since('6.2', 'link:veth'),
  'addr.proto': () => since('5.18'),
  'neigh.managed': () =>
    works(veth, 'ip neigh add 192.0.2.1 dev v0 managed', 'ip neigh get 192.0.2.1 dev v0 | grep -q managed'),
  'route.viaInet6': () => works(veth, 'ip route add 192.0.2.0/24 via inet6 fe80::1 dev v0 onlink'),
  nexthop: () => works('ip nexthop show'),
  'nexthop.fdb': () => works('ip nexthop add id 1 via 192.0.2.1 fdb'),
  'nexthop.resilient': () => works(lo, 'ip nexthop add id 2 group 1 type resilient buckets 2'),
  'nexthop.weight': () => since('6.12'),
  'rule.dscp': () => since('6.12'),
  'rule.dscpMask': () => since('6.15'),
  'rule.flowlabel': () => since('6.14'),
  'rule.sportMask': () => since('6.15'),
  'fdb.get': () => works(bridge, 'bridge fdb get 02:00:00:00:00:01 br br0'),
  'fdb.flush': () => works(bridge, 'bridge fdb flush dev br0'),
  'bridge.vlanFiltering': () => has('bridge:vlan_filtering'),
  'bridge.mcastSnooping': () => works(bridge, 'ip -d link show br0 | grep -q mcast_snooping'),
  'bridge.mstEnabled': () => since('5.18', 'bridge:vlan_filtering'),
  'bridge.fdbMaxLearned': () => since('6.8', 'link:bridge'),
  'vxlan.vnifilter': () => works('ip link add x type vxlan external vnifilter dstport 4789'),
  'vxlan.localbypass': () => since('6.5', 'link:vxlan'),
  'vxlan.reservedBits': () => since('6.14', 'link:vxlan'),
  nft: () => works('nft list ruleset'),
  'nft.queue': () => has('nft:queue'),
  'nft.flowtable': () => has('nft:flowtable'),
  ipvs: () => has('ability:ipvs'),
}

test.each(kindGroups)('%s: it finds the kinds that ip and tc find', async (group) => {
  const found: Record<string, boolean> = (await features())[group]
  const names = Object.keys(found)
  expect(names.length).toBeGreaterThan(8)
  expect(found).toEqual(Object.fromEntries(names.map((name) => [name, has(`${group}:${name}`)])))
  expect(Object.values(found)).toContain(true)
})

test('it finds the abilities that ip and bridge have, or a kernel of this version', async () => {
  const { ability } = await features()
  expect(ability).toEqual(Object.fromEntries(Object.entries(judged).map(([name, judge]) => [name, judge()])))
})

test('it tells the version, and is data as plain as can be', async () => {
  const found = await features()
  expect(found.kernel).toBe(release())
  expect(Object.keys(found)).toEqual(['kernel', ...kindGroups, 'ability'])
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
})

test('plain calls find the same', async () => {
  expect(direct()).toEqual(await features())
})

test('one by one it finds the same, on both faces', async () => {
  const all = await features()
  for (const group of kindGroups) {
    const found = Object.entries<boolean>(all[group])
    for (const wanted of [true, false]) {
      // One that is there and one that is not, if there are any of either.
      const [name] = found.find(([, answer]) => answer === wanted) ?? []
      if (name === undefined) continue
      expect(await features.has(`${group}:${name}`), name).toBe(wanted)
      expect(direct.has(`${group}:${name}`), name).toBe(wanted)
    }
  }
  for (const [name, answer] of Object.entries(all.ability)) {
    expect(await features.has(`ability:${name as keyof Abilities}`), name).toBe(answer)
  }
})

test.each(kindGroups)('%s: no kernel has a kind of that name', async (group) => {
  expect(await features.has(`${group}:no-such-kind`)).toBe(false)
  expect(direct.has(`${group}:x`)).toBe(false)
})

test('a kind that can be made in no such way is there all the same', async () => {
  // The kernel says that it does not support it, as it says of a kind of link that it does not know.
  expect(await features.has('qdisc:mq')).toBe(has('qdisc:mq'))
  expect(await features.has('link:tun')).toBe(has('link:tun'))
})

test('nothing is left, and no program is started', async () => {
  const state = async (): Promise<object> => ({
    ...held(),
    mounts: mounts(),
    links: (await link.list()).map(({ name }) => name),
  })
  // The first time the kernel may load modules, some of which make devices.
  await Promise.all([features(), link.list()])
  const before = await state()
  await Promise.all([features(), features.has('link:vxlan'), failure(() => features.has('link:' as Feature))])
  direct.has('action:mirred')
  expect(await soon(() => held().threads === (before as { threads: number }).threads)).toBe(true)
  expect(await state()).toEqual(before)

  const script = `import { features } from 'nslink'; import { features as direct } from 'nslink/sync'
    const asked = ['link:vxlan', 'qdisc:htb', 'filter:u32', 'action:mirred', 'ability:nexthop.fdb']
    for (const feature of asked) if ((await features.has(feature)) !== direct.has(feature)) throw new Error(feature)
    console.log('done')`
  const trace = ['strace', '-f', '-qq', '-e', 'trace=execve,execveat,fork,vfork', '-e', 'signal=none']
  const { stdout, stderr } = await run([...trace, process.execPath, '--input-type=module', '--eval', script])
  expect(stdout).toBe('done\n')
  expect(stderr.match(/\b(execve|execveat|fork|vfork)\(/g)).toEqual(['execve('])
})

test('an ordinary user in a user namespace finds the same', async () => {
  const all = await features()
  const inside = `import { features } from 'nslink'; console.log(JSON.stringify(await features()))`
  const found = await told(`
    import { run } from 'nslink/rootless'
    process.exitCode = await run(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(inside)}])`)
  expect(found).toEqual(all)
})

test.each([
  ['any', '-all', 'netns.create: EPERM: it takes the capability CAP_SYS_ADMIN'],
  ['the right to configure a network', '-net_admin', 'EPERM: it takes the capability CAP_NET_ADMIN'],
])('without privilege (%s) it says what it takes', async (_, bound, message) => {
  const script = `import { features } from 'nslink'
    const errors = []
    for (const fn of [() => features(), () => features.has('link:vxlan'), () => features.has('ability:nexthop.fdb')])
      await fn().then((value) => errors.push(value), ({ code, message }) => errors.push({ code, message }))
    console.log(JSON.stringify(errors))`
  const found = await told(script, { by: ['setpriv', `--bounding-set=${bound}`] })
  const refused = { code: 'EPERM', message: expect.stringContaining(message) }
  expect(found).toEqual([refused, refused, refused])
})

test.each([
  ['no group', 'vxlan', 'ERR_INVALID_ARG_VALUE', "must be spelt as in 'link:vxlan'"],
  ['an unknown group', 'links:vxlan', 'ERR_INVALID_ARG_VALUE', "must be 'link', 'qdisc'"],
  ['no name', 'link:', 'ERR_INVALID_ARG_VALUE', 'must name a kind'],
  ['a name of 16 letters', 'link:abcdefghijklmnop', 'ERR_INVALID_ARG_VALUE', 'at most 15'],
  ['a name with a slash', 'link:../x', 'ERR_INVALID_ARG_VALUE', 'must name a kind'],
  ['a name with a NUL', 'link:vxlan\0', 'ERR_INVALID_ARG_VALUE', 'must name a kind'],
  ['an unknown ability', 'ability:rule.dscq', 'ERR_INVALID_ARG_VALUE', "'rule.dscp'"],
  ['nothing', undefined, 'ERR_INVALID_ARG_TYPE', "a string such as 'link:vxlan'"],
])('what is asked for must not be: %s', async (_, feature, code, message) => {
  for (const call of [() => features.has(feature as Feature), () => direct.has(feature as Feature)]) {
    const error = await failure(call)
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ code, message: expect.stringContaining('The "feature" option') })
    expect(error.message).toContain(message)
  }
})
