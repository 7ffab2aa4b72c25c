/** The messages of filters: what is sent, and what is read. */

import { ignored, type Schema, u32 } from '../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { dump, type Operation, type Request } from '../netlink/operation.js'
import { NLM_F_CREATE } from '../netlink/protocol.js'
import type { Reader } from '../netlink/writer.js'
import { estimator } from './estimator.js'
import type { Filter, FilterFilter, FilterKey } from './filter.js'
import { filterKinds } from './filters.js'
import { type FilterParent, filterPlaces } from './handle.js'
import type { FilterKind } from './kind.js'
import { faultsOf, kindTables, messageType, sorted, tcmsg } from './message.js'
import { type EtherProtocol, protocols } from './protocol.js'

const RTM_NEWTFILTER = 44
/** @internal */
export const RTM_DELTFILTER = 45
/** @internal */
export const RTM_GETTFILTER = 46

const TCA_CHAIN = 11
const TCA_HW_OFFLOAD = 12

/** In place of a device's index: the number that follows is that of a block. */
const TCM_IFINDEX_MAGIC_BLOCK = 0xffffffff

// biome-ignore lint/suspicious/noExplicitAny: kinds of every sort stand side by side; each one's own types are in its phantom property.
type AnyFilterKind = FilterKind<any, any, any>
const kinds: Readonly<Record<string, AnyFilterKind>> = filterKinds

const table = kindTables(kinds, { chain: u32(TCA_CHAIN), estimator, offloaded: ignored(TCA_HW_OFFLOAD) })

/** @internal */
export const filterSchema = {
  messages: { RTM_NEWTFILTER, RTM_DELTFILTER, RTM_GETTFILTER },
  header: tcmsg,
  table,
  faults: faultsOf(kinds, {
    "Parent Qdisc doesn't exists": 'parent',
    'Qdisc not classful': 'parent',
    "Specified class doesn't exist": 'parent',
    'Invalid filter command with priority of zero': 'prio',
    'Specified priority/protocol not found': 'prio',
    'Specified filter handle not found': 'handle',
    'Filter with specified priority/protocol not found': 'prio',
    'Invalid priority/protocol': 'prio',
    'Protocol mismatch for filter with specified priority': 'protocol',
    'Failed to load TC action module': 'actions',
    'TC classifier not found': 'kind',
    'Specified filter kind does not match existing one': 'kind',
    'Specified filter chain not found': 'chain',
    'Cannot find specified filter chain': 'chain',
    'Specified chain index exceeds upper limit': 'chain',
    'Filter already exists': 'handle',
  }),
} satisfies Schema

const names = ['dev', 'block', 'parent', 'chain', 'protocol', 'prio', 'handle', 'estimator']
const filterNames = new Set(['dev', 'block', 'parent', 'chain', 'protocol', 'prio', 'kind'])

/** The filters that a filter lets through. @internal */
export function* listFilters(doing: string, filter: FilterFilter): Operation<Filter[]> {
  onlyKnown(doing, filter, filterNames)
  const { kind, ...place } = filter
  if (kind !== undefined && typeof kind !== 'string') throw invalidType('kind', 'a string', kind)
  return yield* dump<Filter>({
    ...change(doing, 0, place, true),
    type: RTM_GETTFILTER,
    dump: true,
    decode(reader, at, length) {
      const found = decode(reader, at, length)
      return kind === undefined || found?.kind === kind ? found : undefined
    },
  })
}

/** The protocol with its bytes as they are in a packet, beneath the priority. */
const infoOf = (prio: number, protocol: number): number => prio * 0x1_0000 + ((protocol & 0xff) << 8) + (protocol >> 8)

/** A request for which something may be open until it is answered. @internal */
export interface Change extends Request {
  close?(): void
}

/** A message about a filter. For one that is to be found (`finding`), nothing is said of what it is told. @internal */
export function change(doing: string, flags: number, options: object, finding = false): Change {
  const { kind, named, rest } = sorted(doing, options, kinds, names, finding)
  const { dev, block, parent, chain, protocol, prio = 0, handle, unknown } = rest as FilterKey
  const late = finding ? {} : { estimator: rest['estimator'], unknown }
  if ((dev === undefined) === (block === undefined)) {
    throw dev === undefined
      ? invalidType('dev', 'the name of a device or its index', dev)
      : invalidValue('block', block, 'is in place of a device')
  }
  if (block !== undefined && parent !== undefined)
    throw invalidValue('parent', parent, 'is of a device, not of a block')
  if (chain !== undefined) integer('chain', chain, 0, 0x0fff_ffff)
  if (handle !== undefined && kind === undefined) throw invalidValue('kind', kind, 'must be given with a handle')
  // Of those that are made, `tc` says so; of those that are there, none means that it does not matter.
  const usual = (flags & NLM_F_CREATE) !== 0 ? 'all' : undefined
  const frames = protocol ?? usual
  const carried = frames === undefined ? undefined : protocols.number(frames, 'protocol')
  const header = {
    parent: block !== undefined ? integer('block', block, 1, 0xffff_ffff) : parentOf(parent),
    handle: handle === undefined ? 0 : handleOf(kind, handle),
    info: infoOf(prio === 0 ? 0 : integer('prio', prio, 1, 0xffff), carried ?? 0),
  }
  const placed = kind === undefined || finding ? undefined : kinds[kind]?.placed
  const frame = carried === undefined ? undefined : protocols.name(carried)
  const { told, close } = placed?.(named[kind as string], frame, header.parent) ?? {}
  return {
    ...(close && { close }),
    schema: filterSchema,
    doing,
    subject: dev ?? `block ${block}`,
    type: RTM_NEWTFILTER,
    flags,
    encode(writer) {
      const index = dev === undefined ? TCM_IFINDEX_MAGIC_BLOCK | 0 : writer.names.index(dev, 'dev')
      tcmsg.write(writer, { index, ...header })
      table.for(kind).write(writer, { chain, ...named, ...(told && { [kind as string]: told }), ...late }, doing)
    },
  }
}

const parentOf = (parent: FilterParent | undefined): number =>
  parent === undefined ? 0 : filterPlaces.number('parent', parent)

const handleOf = (kind: string | undefined, handle: string | number): number => {
  const known = kinds[kind ?? '']
  return known === undefined ? integer('handle', handle, 0, 0xffff_ffff) : known.handle.parse('handle', handle)
}

/**
 * Reads a filter from a message of the kernel's; nothing, from one that says that a filter is gone, and from one that only says that there are filters of
 * a priority.
 *
 * @internal
 */
export function decode(reader: Reader, at: number, length: number): Filter | undefined {
  if (messageType(reader, at) !== RTM_NEWTFILTER) return undefined
  const { index, handle, parent, info } = tcmsg.read(reader, at, length)
  const attributes = table.of(reader, at + tcmsg.size, length - tcmsg.size)
  const {
    kind,
    chain = 0,
    ...values
  } = attributes.read(reader, at + tcmsg.size, length - tcmsg.size) as {
    kind: string
    chain?: number
  }
  if (handle === 0 && !(kind in values) && !('data' in values)) return undefined
  const place = filterPlaces.name(parent)
  const low = info & 0xffff
  const known = kinds[kind]
  const protocol = protocols.name(((low & 0xff) << 8) | (low >> 8)) as EtherProtocol
  const told = (values as Record<string, unknown>)[kind]
  return {
    ...(index === (TCM_IFINDEX_MAGIC_BLOCK | 0)
      ? { block: parent }
      : { dev: reader.names.name(index), ...(place !== undefined && { parent: place }) }),
    kind,
    protocol,
    prio: info >>> 16,
    chain,
    handle: known === undefined ? handle : known.handle.format(handle),
    ...values,
    ...(told !== undefined && known?.finished && { [kind]: known.finished(told, protocol) }),
  } as Filter
}
