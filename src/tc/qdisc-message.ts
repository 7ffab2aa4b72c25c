/** The messages of qdiscs: what is sent, and what is read. */

import { bool8, flag, type Schema, u32 } from '../netlink/attributes.js'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { dump, type Operation, type Request, requestsOf } from '../netlink/operation.js'
import type { Reader } from '../netlink/writer.js'
import { estimator } from './estimator.js'
import { formatHandle, type Handle, parseQdisc, qdiscPlaces } from './handle.js'
import type { PlacedKind } from './kind.js'
import { type AnyKind, faultsOf, kindTables, messageType, onlyTrue, sorted, tcmsg } from './message.js'
import type { Qdisc, QdiscFilter, QdiscOptions } from './qdisc.js'
import { qdiscKinds } from './qdiscs.js'
import { stab } from './stab.js'

const RTM_NEWQDISC = 36
/** @internal */
export const RTM_DELQDISC = 37
/** @internal */
export const RTM_GETQDISC = 38

const TCA_DUMP_INVISIBLE = 10
const TCA_HW_OFFLOAD = 12
const TCA_INGRESS_BLOCK = 13
const TCA_EGRESS_BLOCK = 14

/** What every qdisc at the ingress of a device is called. */
const INGRESS = 0xffff_0000

const kinds: Readonly<Record<string, AnyKind>> = qdiscKinds

const table = kindTables(kinds, {
  estimator,
  stab,
  ingressBlock: u32(TCA_INGRESS_BLOCK),
  egressBlock: u32(TCA_EGRESS_BLOCK),
  offloaded: onlyTrue(bool8(TCA_HW_OFFLOAD)),
  invisible: flag(TCA_DUMP_INVISIBLE),
})

/** @internal */
export const qdiscSchema = {
  messages: { RTM_NEWQDISC, RTM_DELQDISC, RTM_GETQDISC },
  header: tcmsg,
  table,
  faults: faultsOf(kinds, {
    'Specified qdisc kind is unknown': 'kind',
    'Invalid qdisc name': 'kind',
    'Invalid qdisc name: must match existing qdisc': 'kind',
    'Failed to find specified qdisc': 'parent',
    'Failed to find qdisc with specified classid': 'parent',
    'Parent qdisc is not classful': 'parent',
    'Parent Qdisc is not classful': 'parent',
    'Specified class not found': 'parent',
    "Specified class doesn't exist": 'parent',
    'Invalid handle': 'handle',
    'Invalid minor handle': 'handle',
    'Specified qdisc not found': 'handle',
    'Failed to find qdisc with specified handle': 'handle',
    'Cannot find specified qdisc on specified device': 'parent',
    'Classid cannot be zero': 'parent',
    'Ingress block sharing is not supported': 'ingressBlock',
    'Egress block sharing is not supported': 'egressBlock',
  }),
} satisfies Schema

const filterNames = new Set(['dev', 'parent', 'kind', 'invisible'])
const names = ['dev', 'parent', 'handle', 'estimator', 'stab', 'ingressBlock', 'egressBlock']
const reported = ['refcnt', 'offloaded']

/** The qdiscs that a filter lets through. @internal */
export function* listQdiscs(doing: string, filter: QdiscFilter): Operation<Qdisc[]> {
  onlyKnown(doing, filter, filterNames)
  const { dev, parent, kind, invisible } = filter
  const place = parent === undefined ? undefined : qdiscPlaces.number('parent', parent)
  if (kind !== undefined && typeof kind !== 'string') throw invalidType('kind', 'a string', kind)
  let wanted = 0
  return yield* dump<Qdisc>({
    ...base(doing, dev),
    type: RTM_GETQDISC,
    dump: true,
    encode(writer) {
      wanted = dev === undefined ? 0 : writer.names.index(dev, 'dev')
      tcmsg.write(writer, { index: wanted })
      table.for(undefined).write(writer, { invisible }, doing)
    },
    // The kernel gives all of them, whatever it is asked.
    decode(reader, at, length) {
      const header = tcmsg.read(reader, at, length)
      if (wanted !== 0 && header.index !== wanted) return undefined
      if (place !== undefined && header.parent !== place) return undefined
      const qdisc = decode(reader, at, length)
      return kind === undefined || qdisc?.kind === kind ? qdisc : undefined
    },
  })
}

const base = requestsOf(qdiscSchema)

/** A message about a qdisc. For one that is to be found (`finding`), its kind need not be said, and nothing it is told. @internal */
export function change(doing: string, flags: number, options: object, finding = false): Request {
  const { kind, named, rest } = sorted(doing, options, kinds, [...names, ...reported], finding)
  const { dev, parent, handle, ...more } = rest as unknown as QdiscOptions
  const placed = (kinds[kind ?? ''] as Partial<PlacedKind<unknown>> | undefined)?.parent
  const place = parent ?? placed
  if (place === undefined && handle === undefined) {
    throw invalidValue('parent', parent, "must be given: 'root', 'ingress', 'clsact' or a class such as '1:10'")
  }
  const header = {
    parent: place === undefined ? 0 : qdiscPlaces.number('parent', place),
    handle: handle !== undefined ? parseQdisc('handle', handle) : placed === undefined ? 0 : INGRESS,
  }
  return {
    ...base(doing, dev),
    type: RTM_NEWQDISC,
    flags,
    encode(writer) {
      tcmsg.write(writer, { index: writer.names.index(dev, 'dev'), ...header })
      const { kind: name, ...own } = named
      const { estimator, stab, ingressBlock, egressBlock, unknown } = more
      // In the order in which `tc` sends them.
      const told = finding ? {} : { estimator, ...own, stab, ingressBlock, egressBlock, unknown }
      table.for(kind).write(writer, { kind: name, ...told }, doing)
    },
  }
}

/** The handle of a qdisc that was made, from the message that says so. @internal */
export function madeHandle(reader: Reader, at: number, length: number): Handle | undefined {
  return messageType(reader, at) === RTM_NEWQDISC ? formatHandle(tcmsg.read(reader, at, length).handle) : undefined
}

/** Reads a qdisc from a message of the kernel's; nothing, from one that says that a qdisc is gone. @internal */
export function decode(reader: Reader, at: number, length: number): Qdisc | undefined {
  if (messageType(reader, at) !== RTM_NEWQDISC) return undefined
  const { index, handle, parent, info } = tcmsg.read(reader, at, length)
  const attributes = table.of(reader, at + tcmsg.size, length - tcmsg.size)
  const { kind, ...values } = attributes.read(reader, at + tcmsg.size, length - tcmsg.size) as { kind: string }
  const place = qdiscPlaces.name(parent)
  return {
    dev: reader.names.name(index),
    kind,
    handle: formatHandle(handle),
    ...(place !== undefined && { parent: place === 'ingress' && kind === 'clsact' ? 'clsact' : place }),
    refcnt: info,
    ...values,
  } as Qdisc
}
