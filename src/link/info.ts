/** IFLA_LINKINFO: what kind a link is, the options of the kind, and those it has as a port of another. */

import {
  type Attribute,
  Attributes,
  type Entries,
  eachAttribute,
  nested,
  numbered,
  raw,
  text,
} from '../netlink/attributes.js'
import type { Reader } from '../netlink/writer.js'
import { type KindName, kinds } from './kinds.js'

/** @internal */
export const IFLA_LINKINFO = 18

/** @internal */
export const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const IFLA_INFO_XSTATS = 3
const IFLA_INFO_SLAVE_KIND = 4
const IFLA_INFO_SLAVE_DATA = 5

/** What is inside depends on the kinds; a table is made for each pair of them that turns up. */
const tables = new Map<string, Attributes<Entries>>()

function tableOf(kind: string | undefined, slaveKind: string | undefined): Attributes<Entries> {
  const key = `${kind ?? ''}/${slaveKind ?? ''}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const own = isKind(kind) ? kinds[kind].table : undefined
  const port = isKind(slaveKind) ? kinds[slaveKind].port : undefined
  const entries: Record<string, Attribute<unknown>> = {
    kind: text(IFLA_INFO_KIND, 63) as Attribute<unknown>,
    slaveKind: text(IFLA_INFO_SLAVE_KIND, 63) as Attribute<unknown>,
    xstats: raw(IFLA_INFO_XSTATS) as Attribute<unknown>,
    ...(kind === undefined || own === undefined
      ? { data: numbered(IFLA_INFO_DATA) as Attribute<unknown> }
      : { [kind]: nested(IFLA_INFO_DATA, own as Attributes<Entries>) as Attribute<unknown> }),
    ...(slaveKind === undefined || port === undefined
      ? { slaveData: numbered(IFLA_INFO_SLAVE_DATA) as Attribute<unknown> }
      : { [portKey(slaveKind)]: nested(IFLA_INFO_SLAVE_DATA, port as Attributes<Entries>) as Attribute<unknown> }),
  }
  const table = new Attributes(entries)
  tables.set(key, table)
  return table
}

const isKind = (kind: string | undefined): kind is KindName => kind !== undefined && Object.hasOwn(kinds, kind)

/** The property a port's options go by: `bridgePort`. @internal */
export const portKey = (kind: string): string => `${kind}Port`

function kindsIn(reader: Reader, at: number, length: number): [string | undefined, string | undefined] {
  let kind: string | undefined
  let slaveKind: string | undefined
  eachAttribute(reader, at, length, (type, from, size) => {
    if (type === IFLA_INFO_KIND) kind = text(type, 63).read(reader, from, size, undefined)
    else if (type === IFLA_INFO_SLAVE_KIND) slaveKind = text(type, 63).read(reader, from, size, undefined)
  })
  return [kind, slaveKind]
}

/**
 * What a link is: `kind`, the kind's options under its name, `slaveKind`, and a port's options under its kind's name and `Port`. What
 * belongs to a kind that this version does not know is under `data` and `slaveData`.
 */
type Info = { kind?: string | undefined; slaveKind?: string | undefined } & Record<string, unknown>

/** @internal */
export const info: Attribute<Info> = {
  types: [IFLA_LINKINFO],
  transparent: true,
  spread: true,
  inner: (reader, at, length) => tableOf(...kindsIn(reader, at, length)),
  write(writer, value, key) {
    const start = writer.openNested(IFLA_LINKINFO)
    tableOf(value['data'] === undefined ? value.kind : undefined, value.slaveKind).write(writer, value, key)
    writer.close(start)
  },
  read: (reader, at, length) => tableOf(...kindsIn(reader, at, length)).read(reader, at, length) as Info,
}
