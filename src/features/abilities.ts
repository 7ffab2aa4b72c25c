/**
 * What a kernel can do besides knowing kinds: each is tried, with the operation that users have for it. Where an older kernel would pass over an
 * option without a word, what was made is read back.
 */

import { addrSchema } from '../addr/addr.js'
import type { PlannedGroups } from '../groups.js'
import { ipvsFamily } from '../ipvs/request.js'
import type { Link, LinkAddOptions } from '../link/link.js'
import { NetlinkError } from '../netlink/error.js'
import { type Operation, settle } from '../netlink/operation.js'
import { table } from '../nft/builders.js'
import { queue } from '../nft/statements/queue.js'
import { known } from './known.js'

/** Whether it can be done, in a namespace that is as it was made but for other trials. */
type Trial = (groups: PlannedGroups) => Operation<boolean>

const trial = (run: Trial): Trial => run

/** Tries it only where the kernel knows a kind of link, which is looked for off this thread. */
const needing = (kind: string, run: Trial): Trial =>
  function* (groups) {
    const [has] = yield* known('link', [kind])
    return has === true && (yield* run(groups))
  }

/** Makes a link, and has a look at it. */
const made = (options: LinkAddOptions & { name: string; kind: 'bridge' | 'vxlan' }, look: (link: Link) => boolean) =>
  needing(options.kind, function* ({ link }) {
    yield* link.add(options)
    return look(yield* link.get(options.name))
  })

/** @internal */
export const abilities = {
  /**
   * The kernel looks at what a list is to hold before it makes it (Linux 4.20). Older ones list more, of which what was asked for is picked
   * out.
   */
  strictDump: trial(function* () {
    // An address of one bit is nothing that could be asked for.
    const [answer] = yield* settle([
      {
        type: addrSchema.messages.RTM_GETADDR,
        flags: 0,
        dump: true,
        schema: addrSchema,
        doing: 'features',
        subject: undefined,
        encode: (writer) => addrSchema.header.write(writer, { prefixlen: 1 }),
      },
    ])
    return answer?.error !== undefined
  }),

  /** Links have further names: `link.addAltname` (Linux 5.5). */
  'link.altname': trial(function* ({ link }) {
    yield* link.addAltname('lo', 'altname')
    return true
  }),

  /** `link.add` without a name says which one the kernel chose (Linux 6.2). */
  'link.echo': needing('veth', function* ({ link }) {
    return (yield* link.add({ kind: 'veth' })).name !== ''
  }),

  /** Addresses have a `proto` (Linux 5.18). */
  'addr.proto': trial(function* ({ addr }) {
    yield* addr.add({ dev: 'lo', address: '192.0.2.1/32', proto: 99 })
    return (yield* addr.list({ dev: 'lo' })).some(({ proto }) => proto === 99)
  }),

  /** Neighbours are `managed` (Linux 5.16). */
  'neigh.managed': needing('veth', function* ({ link, neigh }) {
    yield* link.add({ kind: 'veth', name: 'managed', peer: { name: 'managed-peer' } })
    yield* neigh.add({ dev: 'managed', dst: '192.0.2.1', managed: true })
    return (yield* neigh.get({ dev: 'managed', dst: '192.0.2.1' })).managed === true
  }),

  /** The gateway of an IPv4 route has an IPv6 address (Linux 5.2). */
  'route.viaInet6': needing('veth', function* ({ link, route }) {
    yield* link.add({ kind: 'veth', name: 'via', up: true, peer: { name: 'via-peer' } })
    yield* route.add({ dst: '192.0.2.0/24', via: 'fe80::1', dev: 'via', onlink: true })
    return true
  }),

  /** Nexthop objects, which routes share (Linux 5.3). */
  nexthop: trial(function* ({ nexthop }) {
    yield* nexthop.list()
    return true
  }),

  /** Nexthop objects for the forwarding tables of VXLAN devices: `fdb` (Linux 5.8). */
  'nexthop.fdb': trial(function* ({ nexthop }) {
    yield* nexthop.add({ id: 1, via: '192.0.2.1', fdb: true })
    return true
  }),

  /** Groups that move as few flows as they can when they change: `type: 'resilient'` (Linux 5.13). */
  'nexthop.resilient': trial(function* ({ link, nexthop }) {
    yield* link.set('lo', { up: true })
    yield* nexthop.add({ id: 2, dev: 'lo' })
    yield* nexthop.add({ id: 3, group: [{ id: 2 }], type: 'resilient', buckets: 2 })
    return true
  }),

  /** Members of a group with a `weight` over 256 (Linux 6.12). */
  'nexthop.weight': trial(function* ({ link, nexthop }) {
    yield* link.set('lo', { up: true })
    yield* nexthop.add({ id: 4, dev: 'lo' })
    yield* nexthop.add({ id: 5, group: [{ id: 4, weight: 257 }] })
    return (yield* nexthop.get({ id: 5 })).group?.[0]?.weight === 257
  }),

  /** Rules that go by `dscp` (Linux 6.12). Older ones pass over it. */
  'rule.dscp': trial(function* ({ rule }) {
    yield* rule.add({ dscp: 1 })
    return (yield* rule.list()).some(({ dscp }) => dscp === 1)
  }),

  /** Rules that go by some of its bits: `dscpMask` (Linux 6.15). Older ones pass over it. */
  'rule.dscpMask': trial(function* ({ rule }) {
    yield* rule.add({ dscp: 8, dscpMask: 56 })
    return (yield* rule.list()).some(({ dscpMask }) => dscpMask === 56)
  }),

  /** Rules that go by `flowlabel` (Linux 6.14). Older ones pass over it. */
  'rule.flowlabel': trial(function* ({ rule }) {
    yield* rule.add({ family: 'inet6', flowlabel: 1 })
    return (yield* rule.list()).some(({ flowlabel }) => flowlabel === 1)
  }),

  /** Rules that go by some bits of a port: `sportMask`, `dportMask` (Linux 6.15). Older ones pass over them. */
  'rule.sportMask': trial(function* ({ rule }) {
    yield* rule.add({ sport: 8, sportMask: 0xfff8 })
    return (yield* rule.list()).some(({ sportMask }) => sportMask === 0xfff8)
  }),

  /** One entry of a forwarding table: `fdb.get` (Linux 5.0). */
  'fdb.get': needing('bridge', function* ({ link, fdb }) {
    yield* link.add({ kind: 'bridge', name: 'fdb-get', address: '02:00:00:00:00:01' })
    yield* fdb.get({ br: 'fdb-get', lladdr: '02:00:00:00:00:01' })
    return true
  }),

  /** Many entries of a bridge's forwarding table at once: `fdb.flush` (Linux 5.19). */
  'fdb.flush': needing('bridge', function* ({ link, fdb }) {
    yield* link.add({ kind: 'bridge', name: 'fdb-flush' })
    yield* fdb.flush({ dev: 'fdb-flush' })
    return true
  }),

  /** Bridges tell VLANs apart: `vlanFiltering`, and all of `vlan` (a kernel may be built without it). */
  'bridge.vlanFiltering': made(
    { kind: 'bridge', name: 'vlans', vlanFiltering: true },
    ({ bridge }) => bridge?.vlanFiltering === true,
  ),

  /** Bridges know who wants which multicast packets: `mcastSnooping` (a kernel may be built without it). */
  'bridge.mcastSnooping': made(
    { kind: 'bridge', name: 'snooping', mcastSnooping: true },
    ({ bridge }) => bridge?.mcastSnooping === true,
  ),

  /** A spanning tree for each group of VLANs: `mstEnabled` (Linux 5.18, with `bridge.vlanFiltering`). */
  'bridge.mstEnabled': made(
    { kind: 'bridge', name: 'mst', mstEnabled: true },
    ({ bridge }) => bridge?.mstEnabled === true,
  ),

  /** Bridges learn so many addresses and no more: `fdbMaxLearned` (Linux 6.8). */
  'bridge.fdbMaxLearned': made(
    { kind: 'bridge', name: 'learned', fdbMaxLearned: 1 },
    ({ bridge }) => bridge?.fdbMaxLearned === 1,
  ),

  /** VXLAN devices that take the networks of a list: `vnifilter` (Linux 5.18). */
  'vxlan.vnifilter': made(
    { kind: 'vxlan', name: 'vnifilter', external: true, vnifilter: true, dstport: 4789 },
    ({ vxlan }) => vxlan?.vnifilter === true,
  ),

  /** VXLAN devices that send what is for this host out, too: `localbypass: false` (Linux 6.5). */
  'vxlan.localbypass': made(
    { kind: 'vxlan', name: 'localbypass', id: 1, localbypass: false, dstport: 4790 },
    ({ vxlan }) => vxlan?.localbypass === false,
  ),

  /** VXLAN devices that are told which bits of the header may be set: `reservedBits` (Linux 6.14). */
  'vxlan.reservedBits': made(
    { kind: 'vxlan', name: 'reserved', id: 2, dstport: 4791 },
    ({ vxlan }) => vxlan?.reservedBits !== undefined,
  ),

  /** nftables (a kernel may be built without them): all of `nft`. */
  nft: trial(function* ({ nft }) {
    yield* nft.list()
    return true
  }),

  /** Statements that let a program decide: `queue` (a kernel may be built without them). */
  'nft.queue': trial(function* ({ nft }) {
    const { add } = table('inet', 'queue')
    yield* nft.apply([add.table(), add.chain('c'), add.rule('c', queue())])
    return true
  }),

  /** Flowtables: `add.flowtable`, `flow` (Linux 4.16, and a kernel may be built without them). */
  'nft.flowtable': trial(function* ({ nft }) {
    const { add } = table('inet', 'flowtable')
    yield* nft.apply([add.table(), add.flowtable('f', { priority: 0, devices: ['lo'] })])
    return true
  }),

  /** The kernel's load balancer: all of `ipvs` (a kernel may be built without it). Only root of the first user namespace may use it, but all can see whether it is there. */
  ipvs: trial(function* () {
    yield* ipvsFamily({ doing: 'features', subject: 'ability:ipvs' })
    return true
  }),
}

/** @internal */
export type Ability = keyof typeof abilities

/** @internal */
export const abilityNames = Object.keys(abilities) as Ability[]

/** Whether the kernel can do it: that it refuses means that it cannot. @internal */
export function* able(name: Ability, groups: PlannedGroups): Operation<boolean> {
  try {
    return yield* abilities[name](groups)
  } catch (error) {
    if (error instanceof NetlinkError && error.syscall === 'netlink' && error.code !== 'EPERM') return false
    throw error
  }
}
