/** Flowtables: connections whose packets go from device to device without passing the hooks. */

import { attributes, be32, list, nested, text, type Values } from '../netlink/attributes.js'
import { deviceName, invalidType, oneOf, onlyKnown } from '../netlink/check.js'
import { bitNames } from '../netlink/names.js'
import type { Writer } from '../netlink/writer.js'
import { type NftPriority, type NftRef, priorityName, priorityNumber } from './chain.js'
import { familyName, type NftFamily } from './family.js'
import { be64, LONGEST_NAME, nftName, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWFLOWTABLE = 22
/** @internal */
export const NFT_MSG_GETFLOWTABLE = 23
/** @internal */
export const NFT_MSG_DELFLOWTABLE = 24
/** @internal */
export const NFT_MSG_DESTROYFLOWTABLE = 32

const NFTA_FLOWTABLE_TABLE = 1
const NFTA_FLOWTABLE_NAME = 2
const NFTA_FLOWTABLE_HOOK = 3
const NFTA_FLOWTABLE_USE = 4
const NFTA_FLOWTABLE_HANDLE = 5
const NFTA_FLOWTABLE_FLAGS = 7

const NFTA_FLOWTABLE_HOOK_NUM = 1
const NFTA_FLOWTABLE_HOOK_PRIORITY = 2
const NFTA_FLOWTABLE_HOOK_DEVS = 3
const NFTA_DEVICE_NAME = 1

const NF_NETDEV_INGRESS = 0

/** The device does the work itself (`offload`, Linux 5.5); packets and bytes are counted, as connection tracking has them (`counter`, Linux 5.7). */
export type FlowtableFlag = 'offload' | 'counter'

const flagBits: Readonly<Record<FlowtableFlag, number>> = { offload: 1, counter: 2 }
const flagNames = bitNames(flagBits)

const hookTable = attributes({
  number: be32(NFTA_FLOWTABLE_HOOK_NUM),
  priority: be32(NFTA_FLOWTABLE_HOOK_PRIORITY),
  devs: list(NFTA_FLOWTABLE_HOOK_DEVS, text(NFTA_DEVICE_NAME, 15)),
})

/** @internal */
export const flowtableTable = attributes({
  table: text(NFTA_FLOWTABLE_TABLE, LONGEST_NAME),
  name: text(NFTA_FLOWTABLE_NAME, LONGEST_NAME),
  hook: nested(NFTA_FLOWTABLE_HOOK, hookTable),
  use: be32(NFTA_FLOWTABLE_USE),
  handle: be64(NFTA_FLOWTABLE_HANDLE),
  flags: be32(NFTA_FLOWTABLE_FLAGS),
})

/** @internal */
export const flowtableSchema = nftSchema(
  { NFT_MSG_NEWFLOWTABLE, NFT_MSG_GETFLOWTABLE, NFT_MSG_DELFLOWTABLE, NFT_MSG_DESTROYFLOWTABLE },
  flowtableTable,
)

/** A flowtable. The kernel takes a connection out of it when it has ended, or when no packet has come for some time. */
export interface NftFlowtable<F extends NftFamily = NftFamily> {
  /** The family of its table: `ip`, `ip6` or `inet`. */
  family: F
  /** Its table. */
  table: string
  /** Its name. */
  name: string
  /** The kernel's number of it; passed over when it is given. */
  handle?: number | undefined
  /** Its place at the hook `ingress` of its devices: lower numbers come first. */
  priority: NftPriority
  /** The devices. */
  devices?: readonly string[] | undefined
  /** What it does besides. */
  flags?: readonly FlowtableFlag[] | undefined
}

const known = new Set(['family', 'table', 'name', 'handle', 'priority', 'devices', 'flags'])

/** Writes a flowtable. @internal */
export function writeFlowtable(writer: Writer, given: NftFlowtable): void {
  onlyKnown('flowtable', given, known)
  const { family, table, name, priority, devices = [], flags = [] } = given
  oneOf('flowtable.family', family, ['ip', 'ip6', 'inet'])
  if (!Array.isArray(devices)) throw invalidType('flowtable.devices', 'an array', devices)
  if (!Array.isArray(flags)) throw invalidType('flowtable.flags', 'an array', flags)
  const bits = (flags as readonly unknown[]).reduce<number>(
    (sum, flag, index) =>
      sum | flagBits[oneOf(`flowtable.flags.${index}`, flag, Object.keys(flagBits) as FlowtableFlag[])],
    0,
  )
  flowtableTable.write(
    writer,
    {
      table: nftName('flowtable.table', table),
      name: nftName('flowtable.name', name),
      flags: bits,
      hook: {
        number: NF_NETDEV_INGRESS,
        priority: priorityNumber('flowtable.priority', 'netdev', 'ingress', priority) >>> 0,
        ...(devices.length > 0 && {
          devs: devices.map((device, index) => deviceName(`flowtable.devices.${index}`, device)),
        }),
      },
    },
    'flowtable',
  )
}

/** A flowtable as data. @internal */
export function readFlowtable(family: number, values: Values<typeof flowtableTable>): NftFlowtable | undefined {
  const knownFamily = familyName(family)
  const { table, name, handle, hook, flags } = values
  if (knownFamily === undefined || table === undefined || name === undefined) return undefined
  const names = flagNames(flags ?? 0)
  const devices = hook?.devs ?? []
  return {
    family: knownFamily,
    table,
    name,
    ...(handle !== undefined && { handle }),
    priority: priorityName('netdev', 'ingress', (hook?.priority ?? 0) | 0),
    ...(devices.length > 0 && { devices: [...devices].sort() }),
    ...(names.length > 0 && { flags: names }),
  }
}

/** Writes what names a flowtable. @internal */
export function writeFlowtableKey(writer: Writer, { table, name, handle }: NftRef): void {
  const key = name === undefined ? { handle } : { name: nftName('flowtable.name', name) }
  flowtableTable.write(writer, { table: nftName('flowtable.table', table), ...key }, 'flowtable')
}
