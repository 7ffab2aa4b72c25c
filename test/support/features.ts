/** What the running kernel can do: asked with the machine's own tools, in a namespace that is gone at once. */

import { spawnSync } from 'node:child_process'
import type { TestOptions } from 'vitest'

/**
 * What a test may find lacking: a kind of link, a switch of bridges, a qdisc, a filter or an action, by the name `ip` or `tc`
 * has for it; a statement or an object of nftables; the load balancer; or the speed of a real processor, for a test that looks at the clock.
 */
export type Feature =
  | `${'link' | 'bridge' | 'qdisc' | 'filter' | 'action'}:${string}`
  | `nft:${keyof typeof rulesets}`
  | 'ability:ipvs'
  | 'speed'

declare module 'vitest' {
  interface TaskMeta {
    /** Whether the kernel that the test met has what the test needs. */
    [feature: `${string}:${string}`]: boolean
    speed?: boolean
  }
}

/** What is asked for besides the name. It only has to get past `ip` and `tc`: the kernel may find fault with it. */
const options: Readonly<Partial<Record<Feature, string>>> = {
  'link:geneve': 'id 1 remote 192.0.2.1',
  'link:vlan': 'id 1',
  'link:vrf': 'table 1',
  'link:vxlan': 'id 1 dstport 4789',
  'qdisc:choke': 'limit 100 bandwidth 10mbit avpkt 1000',
  'qdisc:ets': 'bands 3',
  'qdisc:gred': 'setup vqs 2 default 1',
  'qdisc:red': 'limit 100000 avpkt 1000',
  'qdisc:tbf': 'rate 1mbit burst 10k latency 1ms',
  'action:bpf': "bytecode '1,6 0 0 1'",
  'action:csum': 'ip',
  'action:gate': 'clockid CLOCK_TAI sched-entry open 100000000ns -1 -1',
  'action:ife': 'encode type 0xbeef',
  'action:mirred': 'egress redirect dev lo',
  'action:mpls': 'pop protocol ip',
  'action:nat': 'ingress 192.0.2.1 192.0.2.2',
  'action:pedit': 'munge ip ttl set 1',
  'action:police': 'rate 1mbit burst 10k',
  'action:sample': 'rate 1 group 1',
  'action:simple': 'sdata it',
  'action:skbedit': 'mark 1',
  'action:skbmod': 'dmac 02:00:00:00:00:01',
  'action:tunnel_key': 'unset',
  'action:vlan': 'pop',
}

/** What `nft` is told to add to a table with a chain. */
const rulesets = {
  queue: 'rule inet t c queue',
  flowtable: 'flowtable inet t f { hook ingress priority 0; devices = { lo }; }',
}

const commands = {
  link: (name: string) => `ip link add probe type ${name}`,
  bridge: (name: string) => `ip link add probe type bridge ${name} 1`,
  qdisc: (name: string) => `tc qdisc add dev lo ${/^(clsact|ingress)$/.test(name) ? '' : 'root'} ${name}`,
  filter: (name: string) => `tc qdisc add dev lo clsact && tc filter add dev lo ingress protocol ip ${name}`,
  nft: (name: string) => `nft 'add table inet t; add chain inet t c; add ${rulesets[name as keyof typeof rulesets]}'`,
  ability: () => 'ipvsadm -A -t 192.0.2.1:80 -s rr',
  // By itself an action is for root of the first user namespace only.
  action: (name: string) => `${commands.filter('u32')} match u8 0 0 action ${name === 'gact' ? 'drop' : name}`,
}

/** The kernel's words for not knowing what is asked for. */
const unknown = /Unknown device type|qdisc kind is unknown|TC classifier not found|Failed to load TC action module/

/** What tells that the kernel lacks it, and does not only find fault. */
const lacking: Readonly<Record<keyof typeof commands, RegExp>> = {
  link: unknown,
  qdisc: unknown,
  filter: unknown,
  action: unknown,
  // A switch, or a part of nftables, that it was built without.
  bridge: /Operation not supported/,
  nft: /Could not process rule: (No such file or directory|Operation not supported)/,
  // `ipvsadm` finds nobody to talk to.
  ability: /^Can't initialize ipvs: /m,
}

/** The beginning of whatever the kernel says, unlike `ip` and `tc` themselves; and of what `ipvsadm` says of the kernel. */
const refusal = /^(Error|RTNETLINK answers|Can't initialize ipvs): /m

const known = new Map<Feature, boolean>()

/** Whether the running kernel has a feature. Any other refusal than not knowing it means that it has. */
export function has(feature: Feature): boolean {
  if (feature === 'speed') return process.env['NSLINK_EMULATED'] === undefined
  let answer = known.get(feature)
  if (answer === undefined) {
    const [what, name] = feature.split(':') as [keyof typeof commands, string]
    const command = `${commands[what](name)} ${options[feature] ?? ''}`
    const { status, stderr, error } = spawnSync('unshare', ['--net', 'sh', '-c', command], { encoding: 'utf8' })
    if (error !== undefined) throw error
    if (status !== 0 && !refusal.test(stderr)) throw new Error(`${command}: ${stderr}`)
    answer = !lacking[what].test(stderr)
    known.set(feature, answer)
  }
  return answer
}

/**
 * Options for a test, or a group of tests, that the kernel must have these features for. Where it lacks one, they wait for
 * the second kernel: a test that neither kernel ran fails the whole (see docs/kernels.md).
 *
 *     describe('ipvlan', needs('link:ipvlan'), () => { … })
 */
export function needs(...features: Feature[]): TestOptions {
  const meta = Object.fromEntries(features.map((feature) => [feature, has(feature)]))
  // An inner group that says skip: false would undo what an outer one says.
  return features.every(has) ? { meta } : { meta, skip: true }
}
