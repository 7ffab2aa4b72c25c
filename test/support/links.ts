/** How `ip link` spells what nslink says of links. */

import type { Link } from 'nslink'

export type Json = Record<string, unknown>

/** An option: a value that no link has unless told, the words that tell `ip link` so, and the field of its JSON that shows it. */
export interface Spelling {
  value: unknown
  /** Undefined where this iproute2 (6.1) has no word for it. */
  words?: string
  /** Undefined where it does not show it. */
  shows?: [field: string, value: unknown]
  /** Options without which the kernel does not take it. */
  beside?: Json
  /** Only kernels with CONFIG_BRIDGE_VLAN_FILTERING have it. */
  vlan?: true
  /** The first kernel that has it: `'6.16'`. */
  since?: string
}

export type Spellings = Record<string, Spelling>

const number = (field: string, value: number): Spelling => ({
  value,
  words: `${field} ${value}`,
  shows: [field, value],
})
/** A bridge's switches are 0 and 1 for `ip`. */
const bit = (field: string, value: boolean): Spelling => ({
  value,
  words: `${field} ${Number(value)}`,
  shows: [field, Number(value)],
})
const onOff = (field: string, value: boolean, shown = field): Spelling => ({
  value,
  words: `${field} ${value ? 'on' : 'off'}`,
  shows: [shown, value],
})

/** The options of a bridge. */
export const bridge = {
  forwardDelay: number('forward_delay', 400),
  helloTime: number('hello_time', 300),
  maxAge: number('max_age', 1800),
  ageingTime: number('ageing_time', 12_000),
  stpState: number('stp_state', 1),
  priority: number('priority', 4096),
  vlanFiltering: { ...bit('vlan_filtering', true), vlan: true },
  vlanProtocol: {
    value: '802.1ad',
    words: 'vlan_protocol 802.1ad',
    shows: ['vlan_protocol', '802.1ad'],
    beside: { vlanFiltering: true },
    vlan: true,
  },
  vlanDefaultPvid: { ...number('vlan_default_pvid', 77), vlan: true },
  vlanStatsEnabled: { ...bit('vlan_stats_enabled', true), vlan: true },
  vlanStatsPerPort: { ...bit('vlan_stats_per_port', true), vlan: true },
  groupFwdMask: { value: 0x4008, words: 'group_fwd_mask 0x4008', shows: ['group_fwd_mask', '0x4008'] },
  groupAddress: {
    value: '01:80:c2:00:00:05',
    words: 'group_address 01:80:c2:00:00:05',
    shows: ['group_addr', '01:80:c2:00:00:05'],
  },
  fdbMaxLearned: { value: 500 },
  mcastRouter: number('mcast_router', 2),
  mcastSnooping: bit('mcast_snooping', false),
  mcastQueryUseIfaddr: bit('mcast_query_use_ifaddr', true),
  mcastQuerier: bit('mcast_querier', true),
  mcastHashMax: number('mcast_hash_max', 1024),
  mcastLastMemberCount: {
    value: 5,
    words: 'mcast_last_member_count 5',
    shows: ['mcast_last_member_cnt', 5],
  },
  mcastStartupQueryCount: {
    value: 6,
    words: 'mcast_startup_query_count 6',
    shows: ['mcast_startup_query_cnt', 6],
  },
  mcastLastMemberInterval: {
    value: 300,
    words: 'mcast_last_member_interval 300',
    shows: ['mcast_last_member_intvl', 300],
  },
  mcastMembershipInterval: {
    value: 30_000,
    words: 'mcast_membership_interval 30000',
    shows: ['mcast_membership_intvl', 30_000],
  },
  mcastQuerierInterval: {
    value: 31_000,
    words: 'mcast_querier_interval 31000',
    shows: ['mcast_querier_intvl', 31_000],
  },
  mcastQueryInterval: {
    value: 14_000,
    words: 'mcast_query_interval 14000',
    shows: ['mcast_query_intvl', 14_000],
  },
  mcastQueryResponseInterval: {
    value: 1200,
    words: 'mcast_query_response_interval 1200',
    shows: ['mcast_query_response_intvl', 1200],
  },
  mcastStartupQueryInterval: {
    value: 3600,
    words: 'mcast_startup_query_interval 3600',
    shows: ['mcast_startup_query_intvl', 3600],
  },
  mcastStatsEnabled: bit('mcast_stats_enabled', true),
  mcastIgmpVersion: number('mcast_igmp_version', 3),
  mcastMldVersion: number('mcast_mld_version', 2),
  nfCallIptables: bit('nf_call_iptables', true),
  nfCallIp6tables: bit('nf_call_ip6tables', true),
  nfCallArptables: bit('nf_call_arptables', true),
  noLinklocalLearn: bit('no_linklocal_learn', true),
  mcastVlanSnooping: { ...bit('mcast_vlan_snooping', true), beside: { vlanFiltering: true }, vlan: true },
  mstEnabled: { value: true, vlan: true },
  // Without VLANs to tell apart, a kernel stumbles over it.
  fdbLocalVlan0: { value: true, vlan: true, since: '6.18' },
  mdbOffloadFailNotification: { value: true, since: '6.16' },
} satisfies Spellings

/** The options of a port of a bridge. */
export const bridgePort = {
  // Without a spanning tree, a bridge lets no port stay in another state.
  state: { value: 'learning', words: 'state 2', shows: ['state', 'learning'] },
  priority: number('priority', 5),
  cost: number('cost', 77),
  hairpin: onOff('hairpin', true),
  guard: onOff('guard', true),
  rootBlock: onOff('root_block', true),
  fastleave: onOff('fastleave', true),
  learning: onOff('learning', false),
  flood: onOff('flood', false),
  proxyArp: onOff('proxy_arp', true),
  proxyArpWifi: onOff('proxy_arp_wifi', true),
  mcastRouter: { value: 2, words: 'mcast_router 2', shows: ['multicast_router', 2] },
  mcastFlood: onOff('mcast_flood', false),
  bcastFlood: onOff('bcast_flood', false),
  mcastToUnicast: onOff('mcast_to_unicast', true),
  mcastEhtHostsLimit: { value: 99 },
  mcastMaxGroups: { value: 88 },
  groupFwdMask: { value: 0x4008, words: 'group_fwd_mask 0x4008', shows: ['group_fwd_mask', '0x4008'] },
  neighSuppress: onOff('neigh_suppress', true),
  neighVlanSuppress: { value: true },
  vlanTunnel: onOff('vlan_tunnel', true),
  isolated: onOff('isolated', true),
  locked: onOff('locked', true),
  mab: { value: true, beside: { locked: true, learning: true } },
  backupPort: { value: 'other', words: 'backup_port other', shows: ['backup_port', 'other'] },
  backupNhid: { value: 12 },
} satisfies Spellings

/** What is only reported of a bridge, or of a port, under the names of `ip`; undefined: what no two looks see alike. */
const reported: Record<string, string | undefined> = {
  bridge_id: 'bridgeId',
  root_id: 'rootId',
  root_port: 'rootPort',
  root_path_cost: 'rootPathCost',
  topology_change: 'topologyChange',
  topology_change_detected: 'topologyChangeDetected',
  topology_change_ack: 'topologyChangeAck',
  config_pending: 'configPending',
  mcast_hash_elasticity: 'mcastHashElasticity',
  designated_port: 'designatedPort',
  designated_cost: 'designatedCost',
  id: 'id',
  no: 'no',
  group_fwd_mask_str: undefined,
  hello_timer: undefined,
  tcn_timer: undefined,
  topology_change_timer: undefined,
  gc_timer: undefined,
  hold_timer: undefined,
  message_age_timer: undefined,
  forward_delay_timer: undefined,
}

/** `8000.0:1:2:a:b:c`, as ip writes it, as the rest of the world does. */
const bridgeId = (text: string): string => {
  const [priority, address] = text.split('.') as [string, string]
  return `${priority}.${address
    .split(':')
    .map((byte) => byte.padStart(2, '0'))
    .join(':')}`
}

function dataInOurWords(json: Json, spellings: Spellings): Json {
  const data: Json = {}
  const byField = new Map(Object.entries(spellings).map(([key, { value, shows }]) => [shows?.[0], { key, value }]))
  for (const [field, shown] of Object.entries(json)) {
    const option = byField.get(field)
    if (option !== undefined) {
      const { key, value } = option
      data[key] =
        typeof value === 'boolean' ? shown === 1 || shown === true : typeof value === 'number' ? Number(shown) : shown
    } else if (!(field in reported)) {
      throw new Error(`ip shows "${field}", which no option here accounts for`)
    } else if (reported[field] !== undefined) {
      const key = reported[field]
      const text = /Id$/.test(key) ? bridgeId(shown as string) : shown
      data[key] = /^topology|^config/.test(key) ? shown === 1 : key === 'id' || key === 'no' ? Number(shown) : text
    }
  }
  return data
}

/** What `ip -j -d link show` prints of a link, in nslink's words. */
export function inOurWords(json: Json): Json {
  const { ifindex, ifname, flags, operstate, linkmode, group, txqlen, link_type, linkinfo, ...rest } = json
  const { link_index, link_netnsid, ifalias, inet6_addr_gen_mode, stats64: _, ...same } = rest
  const link: Json = {
    ...Object.fromEntries(Object.entries(same).map(([name, value]) => [camelCase(name), value])),
    index: ifindex,
    name: ifname,
    // Two of them are ip's own conclusions.
    flags: (flags as string[]).filter((flag) => flag !== 'NO-CARRIER' && flag !== 'M-DOWN'),
    up: (flags as string[]).includes('UP'),
    operstate: String(operstate).toLowerCase(),
    linkmode: String(linkmode).toLowerCase(),
    group: group === 'default' ? 0 : Number(group),
    // ip leaves out a queue of no length.
    txqueuelen: txqlen ?? 0,
    type: link_type,
  }
  if (link_index !== undefined) link['link'] = link_index
  if (link_netnsid !== undefined) link['linkNetnsid'] = link_netnsid
  if (ifalias !== undefined) link['alias'] = ifalias
  if (inet6_addr_gen_mode !== undefined) link['addrGenMode'] = inet6_addr_gen_mode
  const { info_kind, info_data, info_slave_kind, info_slave_data } = (linkinfo ?? {}) as Json
  if (info_kind !== undefined) link['kind'] = info_kind
  if (info_slave_kind !== undefined) link['slaveKind'] = info_slave_kind
  if (info_kind === 'bridge') link['bridge'] = dataInOurWords(info_data as Json, bridge)
  if (info_slave_kind === 'bridge') link['bridgePort'] = dataInOurWords(info_slave_data as Json, bridgePort)
  return link
}

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** What this iproute2 does not print of links, of bridges and of ports, or no two looks see alike. */
const unseen = new Set([
  ...['carrier', 'carrierChanges', 'carrierUpCount', 'carrierDownCount', 'protoDown', 'stats'],
  ...['gsoIpv4MaxSize', 'groIpv4MaxSize'],
  ...['helloTimer', 'tcnTimer', 'topologyChangeTimer', 'gcTimer', 'holdTimer', 'messageAgeTimer', 'forwardDelayTimer'],
  ...[
    'fdbNLearned',
    'fdbMaxLearned',
    'fdbLocalVlan0',
    'mstEnabled',
    'mdbOffloadFailNotification',
    'mcastEhtHostsLimit',
    'mcastEhtHostsCnt',
    'mcastNGroups',
  ],
  ...['mcastMaxGroups', 'neighVlanSuppress', 'mab', 'backupNhid', 'mrpRingOpen', 'mrpInOpen'],
])

/** A link as nslink lists it, without what `ip` does not print. */
export function comparable(link: Link): Json {
  const visible = (from: object): Json =>
    Object.fromEntries(
      Object.entries(from)
        .filter(([name]) => !unseen.has(name))
        .map(([name, value]) => [name, isObject(value) ? visible(value) : value]),
    )
  return { ...visible(link), flags: link.flags.filter((flag) => flag !== 'RUNNING') }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is different between two objects: paths, and the values of the second. */
export function difference(before: Json, after: Json, path = ''): Json {
  const found: Json = {}
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [before[name], after[name]]
    if (isObject(a) && isObject(b)) Object.assign(found, difference(a as Json, b as Json, `${path}${name}.`))
    else if (JSON.stringify(a) !== JSON.stringify(b)) found[`${path}${name}`] = b
  }
  return found
}
