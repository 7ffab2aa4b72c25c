/** Statistics of the connection tracking table. */

import { messagesOf, nfgenmsg } from '../netfilter.js'
import { attributes, be32, type Schema, type Values } from '../netlink/attributes.js'
import { ask, dump, type Operation } from '../netlink/operation.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import { NFNL_SUBSYS_CTNETLINK } from './attributes.js'

const IPCTNL_MSG_CT_GET_STATS_CPU = 4
const IPCTNL_MSG_CT_GET_STATS = 5

const CTA_STATS_SEARCHED = 1
const CTA_STATS_FOUND = 2
const CTA_STATS_NEW = 3
const CTA_STATS_INVALID = 4
const CTA_STATS_IGNORE = 5
const CTA_STATS_DELETE = 6
const CTA_STATS_DELETE_LIST = 7
const CTA_STATS_INSERT = 8
const CTA_STATS_INSERT_FAILED = 9
const CTA_STATS_DROP = 10
const CTA_STATS_EARLY_DROP = 11
const CTA_STATS_ERROR = 12
const CTA_STATS_SEARCH_RESTART = 13
const CTA_STATS_CLASH_RESOLVE = 14
const CTA_STATS_CHAIN_TOOLONG = 15

const CTA_STATS_GLOBAL_ENTRIES = 1
const CTA_STATS_GLOBAL_MAX_ENTRIES = 2

const cpuTable = attributes({
  /** Look-ups that found an entry. */
  found: be32(CTA_STATS_FOUND),
  /** Packets that could not be tracked. */
  invalid: be32(CTA_STATS_INVALID),
  /** Entries that were inserted. */
  insert: be32(CTA_STATS_INSERT),
  /** Entries that were not, since there was the same one already. */
  insertFailed: be32(CTA_STATS_INSERT_FAILED),
  /** Packets that were dropped for want of an entry. */
  drop: be32(CTA_STATS_DROP),
  /** Entries that had to make room for others. */
  earlyDrop: be32(CTA_STATS_EARLY_DROP),
  /** Packets of ICMP that could not be tracked. */
  error: be32(CTA_STATS_ERROR),
  /** Look-ups that had to be begun anew, since the table was being changed. */
  searchRestart: be32(CTA_STATS_SEARCH_RESTART),
  /** Insertions that failed and in which the packet could go by the entry that was there (Linux 5.10). */
  clashResolve: be32(CTA_STATS_CLASH_RESOLVE),
  /** Entries that were not inserted, since there were too many in one place (Linux 5.15). */
  chainTooLong: be32(CTA_STATS_CHAIN_TOOLONG),
  /** Steps of look-ups (only older kernels count them). */
  searched: be32(CTA_STATS_SEARCHED),
  /** Entries that were made (only older kernels count them). */
  new: be32(CTA_STATS_NEW),
  /** Packets that were not to be tracked (only older kernels count them). */
  ignore: be32(CTA_STATS_IGNORE),
  /** Entries that were deleted (only older kernels count them). */
  delete: be32(CTA_STATS_DELETE),
  /** Entries that were put among those to be deleted (only older kernels count them). */
  deleteList: be32(CTA_STATS_DELETE_LIST),
})

const globalTable = attributes({
  entries: be32(CTA_STATS_GLOBAL_ENTRIES),
  maxEntries: be32(CTA_STATS_GLOBAL_MAX_ENTRIES),
})

/** What a processor has counted since the namespace was made: each of them up to 2^32 - 1, and then from 0. */
export interface ConntrackCpuStats extends Values<typeof cpuTable> {
  /** The number of the processor. */
  cpu: number
}

/** Statistics of the connection tracking table. */
export interface ConntrackStats {
  /** How many entries there are. */
  entries: number
  /** How many there may be, in all namespaces together: the sysctl `net.netfilter.nf_conntrack_max`. */
  maxEntries?: number | undefined
  /** What has happened, by processor. */
  cpus: ConntrackCpuStats[]
}

const messages = messagesOf(NFNL_SUBSYS_CTNETLINK, { IPCTNL_MSG_CT_GET_STATS_CPU, IPCTNL_MSG_CT_GET_STATS })
const base = { protocol: NETLINK_NETFILTER, messages, header: nfgenmsg }
const cpuSchema = { ...base, table: cpuTable } satisfies Schema
const globalSchema = { ...base, table: globalTable } satisfies Schema

/** @internal */
export function* stats(doing: string): Operation<ConntrackStats> {
  const request = {
    flags: 0,
    doing,
    subject: undefined,
    encode: (writer: Parameters<typeof nfgenmsg.write>[0]) => nfgenmsg.write(writer, {}),
  }
  const { entries = 0, maxEntries } = yield* ask<Values<typeof globalTable>>({
    ...request,
    type: messages.IPCTNL_MSG_CT_GET_STATS,
    schema: globalSchema,
    decode: (reader, at, length) => globalTable.read(reader, at + nfgenmsg.size, length - nfgenmsg.size),
  })
  const cpus = yield* dump<ConntrackCpuStats>({
    ...request,
    type: messages.IPCTNL_MSG_CT_GET_STATS_CPU,
    schema: cpuSchema,
    dump: true,
    decode: (reader, at, length) => ({
      cpu: nfgenmsg.read(reader, at, length).resId,
      ...cpuTable.read(reader, at + nfgenmsg.size, length - nfgenmsg.size),
    }),
  })
  return { entries, maxEntries, cpus }
}
