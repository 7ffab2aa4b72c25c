/** Chains: lists of rules, and the hooks at which they see packets. */

import { attributes, be32, list, nested, type Options, raw, text, type Values } from '../netlink/attributes.js'
import { deviceName, integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import type { Writer } from '../netlink/writer.js'
import { familyName, type NftFamily } from './family.js'
import { commentData, commentOf } from './userdata.js'
import { be64, bytes, LONGEST_NAME, nftName, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWCHAIN = 3
/** @internal */
export const NFT_MSG_GETCHAIN = 4
/** @internal */
export const NFT_MSG_DELCHAIN = 5
/** @internal */
export const NFT_MSG_DESTROYCHAIN = 27

const NFTA_CHAIN_TABLE = 1
const NFTA_CHAIN_HANDLE = 2
const NFTA_CHAIN_NAME = 3
const NFTA_CHAIN_HOOK = 4
const NFTA_CHAIN_POLICY = 5
const NFTA_CHAIN_USE = 6
const NFTA_CHAIN_TYPE = 7
const NFTA_CHAIN_COUNTERS = 8
const NFTA_CHAIN_FLAGS = 10
const NFTA_CHAIN_ID = 11
const NFTA_CHAIN_USERDATA = 12

const NFTA_HOOK_HOOKNUM = 1
const NFTA_HOOK_PRIORITY = 2
const NFTA_HOOK_DEV = 3
const NFTA_HOOK_DEVS = 4
const NFTA_DEVICE_NAME = 1

const NF_DROP = 0
const NF_ACCEPT = 1

const hookTable = attributes({
  number: be32(NFTA_HOOK_HOOKNUM),
  priority: be32(NFTA_HOOK_PRIORITY),
  dev: text(NFTA_HOOK_DEV, 15),
  devs: list(NFTA_HOOK_DEVS, text(NFTA_DEVICE_NAME, 15)),
})

/** @internal */
export const chainTable = attributes({
  table: text(NFTA_CHAIN_TABLE, LONGEST_NAME),
  handle: be64(NFTA_CHAIN_HANDLE),
  name: text(NFTA_CHAIN_NAME, LONGEST_NAME),
  hook: nested(NFTA_CHAIN_HOOK, hookTable),
  policy: be32(NFTA_CHAIN_POLICY),
  use: be32(NFTA_CHAIN_USE),
  type: text(NFTA_CHAIN_TYPE, 15),
  counters: raw(NFTA_CHAIN_COUNTERS),
  flags: be32(NFTA_CHAIN_FLAGS),
  id: be32(NFTA_CHAIN_ID),
  userdata: bytes(NFTA_CHAIN_USERDATA),
})

/** @internal */
export const chainSchema = nftSchema(
  { NFT_MSG_NEWCHAIN, NFT_MSG_GETCHAIN, NFT_MSG_DELCHAIN, NFT_MSG_DESTROYCHAIN },
  chainTable,
)

/** A hook: where in a packet's way through the kernel. */
export type NftHook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress' | 'egress'

type Hooks = Partial<Record<NftHook, number>>
const inetHooks: Hooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 }
const hooks: Readonly<Record<NftFamily, Hooks>> = {
  ip: inetHooks,
  ip6: inetHooks,
  inet: { ...inetHooks, ingress: 5 },
  bridge: inetHooks,
  arp: { input: 0, output: 1 },
  netdev: { ingress: 0, egress: 1 },
}

/** What nft has names for: where other parts of the kernel have their place. */
export type NftPriorityName = 'raw' | 'mangle' | 'dstnat' | 'filter' | 'security' | 'srcnat' | 'out'

/** A priority: a number, its name, or a name and how much above or below: `'filter + 10'`. */
export type NftPriority = number | NftPriorityName | `${NftPriorityName} ${'+' | '-'} ${number}`

interface Standard {
  readonly priority: number
  /** The hook that has it, where not all have. */
  readonly hook?: NftHook
}

const standard: Partial<Record<NftPriorityName, Standard>> = {
  raw: { priority: -300 },
  mangle: { priority: -150 },
  dstnat: { priority: -100, hook: 'prerouting' },
  filter: { priority: 0 },
  security: { priority: 50 },
  srcnat: { priority: 100, hook: 'postrouting' },
}
const bridgeStandard: typeof standard = {
  dstnat: { priority: -300, hook: 'prerouting' },
  filter: { priority: -200 },
  out: { priority: 100, hook: 'output' },
  srcnat: { priority: 300, hook: 'postrouting' },
}
const filterOnly: typeof standard = { filter: { priority: 0 } }

const standardOf = (family: NftFamily): typeof standard =>
  family === 'bridge' ? bridgeStandard : family === 'arp' || family === 'netdev' ? filterOnly : standard

/** @internal */
export function priorityNumber(path: string, family: NftFamily, hook: NftHook, value: unknown): number {
  if (typeof value === 'number') return integer(path, value, -0x8000_0000, 0x7fff_ffff)
  const [, name, sign, offset] = (typeof value === 'string' && /^(\w+)(?: ([+-]) (\d+))?$/.exec(value)) || []
  if (name === undefined) throw invalidType(path, "a number, or a name such as 'filter'", value)
  const known = standardOf(family)
  const found = Object.hasOwn(known, name) ? known[name as NftPriorityName] : undefined
  if (
    found === undefined ||
    (found.hook !== undefined && found.hook !== hook && !(name === 'dstnat' && hook === 'output'))
  ) {
    throw invalidValue(path, value, `is no priority of hook ${hook} in a table of family ${family}`)
  }
  return found.priority + (offset === undefined ? 0 : sign === '-' ? -Number(offset) : Number(offset))
}

/** @internal */
export function priorityName(family: NftFamily, hook: NftHook, number: number): NftPriority {
  for (const [name, { priority, hook: only }] of Object.entries(standardOf(family))) {
    if (priority === number && (only === undefined || only === hook)) return name as NftPriorityName
  }
  return number
}

/** What a base chain is for: filtering; address translation, which only the first packet of a connection comes to; or changes that route anew. */
export type NftChainType = 'filter' | 'nat' | 'route'

const types: readonly NftChainType[] = ['filter', 'nat', 'route']

/** What makes a chain a base chain, which sees packets by itself. */
export interface NftBaseChain {
  /** What it is for. */
  type: NftChainType
  /** The hook it is at. */
  hook: NftHook
  /** Its place among the chains of that hook: lower numbers come first. */
  priority: NftPriority
  /** What becomes of packets that no rule decided on: `accept`, when nothing is said. */
  policy?: 'accept' | 'drop' | undefined
  /** The device, or devices, it is for: at the hooks `ingress` and `egress`. */
  dev?: string | readonly string[] | undefined
}

/** A chain of rules. */
export interface NftChain<F extends NftFamily = NftFamily> extends Partial<NftBaseChain> {
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its name. */
  name: string
  /** The kernel's number of it; passed over when it is given. */
  handle?: number | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
}

const chainNames = new Set([
  'family',
  'table',
  'name',
  'handle',
  'type',
  'hook',
  'priority',
  'policy',
  'dev',
  'comment',
])
const policies = { drop: NF_DROP, accept: NF_ACCEPT } as const

/** The hook and the type of a base chain. @internal */
export const isBase = (chain: NftChain): boolean => chain.hook !== undefined || chain.type !== undefined

/** @internal */
export function writeChain(writer: Writer, given: NftChain): void {
  onlyKnown('chain', given, chainNames)
  const { table, name, type, priority, policy, dev, comment } = given
  const base = isBase(given)
  if (!base && (priority ?? policy ?? dev) !== undefined) {
    throw invalidValue('chain.hook', given.hook, 'must be given, for a chain with a priority, a policy or a dev')
  }
  chainTable.write(
    writer,
    {
      table: nftName('chain.table', table),
      name: nftName('chain.name', name),
      userdata: commentData('chain.comment', comment),
      ...(base && {
        type: oneOf('chain.type', type, types),
        hook: hookOptions(given),
        policy: policy === undefined ? undefined : policies[oneOf('chain.policy', policy, ['accept', 'drop'])],
      }),
    },
    'chain',
  )
}

/** The hooks that chains of some type can be at, in families of IP. */
const typeHooks: Partial<Record<NftChainType, readonly NftHook[]>> = {
  nat: ['prerouting', 'input', 'output', 'postrouting'],
  route: ['output'],
}
const ipFamilies: readonly NftFamily[] = ['ip', 'ip6', 'inet']

/** Connections are looked up at this priority, and translation comes after that. */
const CONNTRACK_PRIORITY = -200

function hookOptions({ family, type, hook, priority, dev }: NftChain): Options<typeof hookTable> {
  const known = hooks[family]
  const name = oneOf('chain.hook', hook, Object.keys(known) as NftHook[])
  const only = type && typeHooks[type]
  if (only !== undefined && !ipFamilies.includes(family)) {
    throw invalidValue('chain.type', type, `is not to be had in a table of family ${family}`)
  }
  if (only !== undefined && !only.includes(name)) {
    throw invalidValue('chain.hook', hook, `is none that a chain of type ${type} can be at: ${only.join(', ')}`)
  }
  const number = priorityNumber('chain.priority', family, name, priority)
  if (type === 'nat' && number <= CONNTRACK_PRIORITY) {
    throw invalidValue('chain.priority', priority, `must be above ${CONNTRACK_PRIORITY}, for a chain of type nat`)
  }
  const devs = dev === undefined ? [] : typeof dev === 'string' ? [dev] : dev
  if (!Array.isArray(devs)) throw invalidType('chain.dev', 'the name of a device, or a list of them', dev)
  if (devs.length > 0 !== (name === 'ingress' || name === 'egress')) {
    const reason = devs.length > 0 ? 'is for the hooks ingress and egress' : `must be given, for the hook ${name}`
    throw invalidValue('chain.dev', dev, reason)
  }
  const names = devs.map((each, index) => deviceName(`chain.dev.${index}`, each))
  return {
    number: known[name],
    priority: number >>> 0,
    ...(names.length === 1 && { dev: names[0] }),
    ...(names.length > 1 && { devs: names }),
  }
}

/** @internal */
export function readChain(family: number, values: Values<typeof chainTable>): NftChain | undefined {
  const known = familyName(family)
  const { table, name, handle, hook, policy, type } = values
  if (known === undefined || table === undefined || name === undefined) return undefined
  const comment = commentOf(values.userdata)
  const chain: NftChain = { family: known, table, name }
  if (handle !== undefined) chain.handle = handle
  if (hook !== undefined) {
    const at = Object.entries(hooks[known]).find(([, number]) => number === hook.number)?.[0] as NftHook | undefined
    if (at === undefined) return undefined
    chain.type = type as NftChainType
    chain.hook = at
    const devs = hook.devs ?? (hook.dev === undefined ? [] : [hook.dev])
    if (devs.length > 0) chain.dev = devs.length === 1 ? (devs[0] as string) : devs
    chain.priority = priorityName(known, at, (hook.priority ?? 0) | 0)
    chain.policy = policy === NF_DROP ? 'drop' : 'accept'
  }
  if (comment !== undefined) chain.comment = comment
  return chain
}

/** What names a chain, a set or a map: its name, or the kernel's number of it. */
export interface NftRef<F extends NftFamily = NftFamily> {
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its name. */
  name?: string | undefined
  /** Its number, where no name is given. */
  handle?: number | undefined
}

/** Writes what names a chain. @internal */
export function writeChainKey(writer: Writer, { table, name, handle }: NftRef): void {
  const key = name === undefined ? { handle } : { name: nftName('chain.name', name) }
  chainTable.write(writer, { table: nftName('chain.table', table), ...key }, 'chain')
}

/** Writes a chain's new name. @internal */
export function writeChainName(writer: Writer, chain: { table: string; handle: number }, name: string): void {
  const { table, handle } = chain
  chainTable.write(writer, { table, handle, name: nftName('to', name) }, 'chain')
}
