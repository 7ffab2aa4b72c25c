/** The ruleset as data. */

import { isError } from '../netlink/error.js'
import { type Answer, type Operation, settle } from '../netlink/operation.js'
import type { Names, Reader } from '../netlink/writer.js'
import * as chains from './chain.js'
import type { NftChange } from './changes.js'
import type { ReadElement } from './elements.js'
import type { NftFamily } from './family.js'
import type { NftFlowtable } from './flowtable.js'
import * as flowtables from './flowtable.js'
import * as objects from './object.js'
import type { NftNamedObject } from './objects.js'
import { type Copied, type Generation, itemsOf, query } from './requests.js'
import { NFT_MSG_GETRULE, readRule, ruleSchema, ruleTable } from './rule.js'
import { NFT_SET_ANONYMOUS } from './set.js'
import * as sets from './set-object.js'
import * as setWire from './set-wire.js'
import type { ListedSet } from './sets.js'
import type { NftRule } from './statements.js'
import * as tables from './table.js'

/** All of a namespace's nftables. What is in it can be given back, by `restore`. */
export interface NftRuleset {
  /** Which ruleset it is: another number after each change. */
  generation: number
  /** Its tables. */
  tables: tables.NftTable[]
  /** The chains of all of them. */
  chains: chains.NftChain[]
  /** The sets that have names. */
  sets: sets.NftSet[]
  /** The maps that have names. */
  maps: sets.NftMap[]
  /** The objects that rules refer to by their names. */
  objects: NftNamedObject[]
  /** The flowtables. */
  flowtables: NftFlowtable[]
  /** The rules, those of a chain in their order. */
  rules: NftRule[]
}

/** Which part of the ruleset to list. */
export interface NftFilter {
  /** Tables of this family only. */
  family?: NftFamily | undefined
  /** The table of this name only. */
  table?: string | undefined
}

/** How often the elements of a set are read anew that the kernel was rearranging. */
const TRIES = 10

const DOING = 'nft.list'

interface ReportedSet {
  readonly family: number
  readonly values: setWire.ReadSet
}

const attributesOf = <T>(table: { read(reader: Reader, at: number, length: number): T }, { reader }: Copied): T =>
  table.read(reader, 0, reader.bytes.length)

/** Lists everything, or one table. @internal */
export function* readRuleset(
  family: number,
  table: string | undefined,
  { id, names }: Generation,
): Operation<NftRuleset> {
  const dump = (type: number, schema: Parameters<typeof query>[1]) => query(type, schema, family, DOING, true)
  const rules = query(NFT_MSG_GETRULE, ruleSchema, family, DOING, true, (writer) =>
    ruleTable.write(writer, { table }, 'rule'),
  )
  const [foundTables = [], foundChains = [], foundSets = [], foundObjects = [], foundFlowtables = [], foundRules = []] =
    itemsOf(
      yield* settle([
        dump(tables.NFT_MSG_GETTABLE, tables.tableSchema),
        dump(chains.NFT_MSG_GETCHAIN, chains.chainSchema),
        dump(setWire.NFT_MSG_GETSET, setWire.setSchema),
        dump(objects.NFT_MSG_GETOBJ, objects.objectSchema),
        dump(flowtables.NFT_MSG_GETFLOWTABLE, flowtables.flowtableSchema),
        rules,
      ]),
    )
  const wanted = (name: string | undefined): boolean => table === undefined || name === table
  const ruleset: NftRuleset = {
    generation: id,
    tables: [],
    chains: [],
    sets: [],
    maps: [],
    objects: [],
    flowtables: [],
    rules: [],
  }
  for (const found of foundTables) {
    const made = tables.readTable(found.family, attributesOf(tables.tableTable, found))
    if (made !== undefined && wanted(made.name)) ruleset.tables.push(made)
  }
  for (const found of foundChains) {
    const made = chains.readChain(found.family, attributesOf(chains.chainTable, found))
    if (made !== undefined && wanted(made.table)) ruleset.chains.push(made)
  }
  for (const found of foundObjects) {
    const made = objects.readObject(found.family, attributesOf(objects.objectTable, found))
    if (made !== undefined && wanted(made.table)) ruleset.objects.push(made)
  }
  for (const found of foundFlowtables) {
    const made = flowtables.readFlowtable(found.family, attributesOf(flowtables.flowtableTable, found))
    if (made !== undefined && wanted(made.table)) ruleset.flowtables.push(made)
  }
  const { found, byTable } = yield* understood(foundSets, wanted)
  for (const { family: of, values, listed } of found) {
    if ((listed.flags & NFT_SET_ANONYMOUS) !== 0) continue
    const made = sets.readSet(of, values, listed, names)
    if (made !== undefined && 'set' in made) ruleset.sets.push(made.set)
    else if (made !== undefined) ruleset.maps.push(made.map)
  }
  for (const found of foundRules) {
    const made = listedRule(found, byTable, names)
    if (made !== undefined && wanted(made.table)) ruleset.rules.push(made)
  }
  return ruleset
}

/** Sets with what they hold, by their tables and their names. @internal */
export type SetsByTable = ReadonlyMap<string, ReadonlyMap<string, ListedSet>>

interface FoundSet extends ReportedSet {
  readonly listed: ListedSet
}

/** Sets that were reported, with their elements. */
function* understood(
  messages: readonly Copied[],
  wanted: (table: string | undefined) => boolean,
): Operation<{ found: FoundSet[]; byTable: SetsByTable }> {
  const reported = messages
    .map((message): ReportedSet => ({ family: message.family, values: attributesOf(setWire.setTable, message) }))
    .filter(({ values }) => wanted(values.table))
  const elements = yield* readElements(reported)
  const byTable = new Map<string, Map<string, ListedSet>>()
  const found = reported.flatMap(({ family, values }, index) => {
    const known = sets.readListedSet(values)
    if (known === undefined) return []
    const listed: ListedSet = { ...known, elements: elements[index] ?? [] }
    const key = `${family} ${values.table}`
    byTable.set(key, (byTable.get(key) ?? new Map<string, ListedSet>()).set(listed.name, listed))
    return [{ family, values, listed }]
  })
  return { found, byTable }
}

/** The sets of a family, or of one of its tables: what rules look things up in. @internal */
export function* readSets(family: number, table: string | undefined): Operation<SetsByTable> {
  const [found = []] = itemsOf(yield* settle([query(setWire.NFT_MSG_GETSET, setWire.setSchema, family, DOING, true)]))
  return (yield* understood(found, (name) => table === undefined || name === table)).byTable
}

/** A rule that was reported. @internal */
export function listedRule(found: Copied, sets: SetsByTable, names: Names): NftRule | undefined {
  const values = attributesOf(ruleTable, found)
  const known = sets.get(`${found.family} ${values.table}`) ?? new Map<string, ListedSet>()
  return readRule(found.family, values, names, known) as NftRule | undefined
}

/**
 * The elements of sets. A hash table that grows while it is listed gives some of its elements twice and others not at all, without a word; but
 * never the one without the other.
 *
 * @internal
 */
export function* readElements(reported: readonly ReportedSet[]): Operation<ReadElement[][]> {
  const elements: ReadElement[][] = reported.map(() => [])
  let open = reported.map((_, index) => index)
  for (let tries = 0; open.length > 0 && tries < TRIES; tries++) {
    const asked = open.map((index) => reported[index] as ReportedSet)
    const answers: readonly Answer[] = yield* settle(
      asked.map(({ family, values: { table, name } }) =>
        query(setWire.NFT_MSG_GETSETELEM, setWire.elementsSchema, family, DOING, true, (writer) =>
          setWire.elementsTable.write(writer, { table, set: name }, 'set'),
        ),
      ),
    )
    // A set that is gone by now: the ruleset is another one, and is listed anew.
    const there = answers.map((answer) =>
      isError(answer.error, 'ENOENT') ? { ...answer, error: undefined, items: [] } : answer,
    )
    const found = itemsOf(there).map((parts) =>
      parts.flatMap((part) => attributesOf(setWire.elementsTable, part).elements ?? []),
    )
    open = open.filter((index, at) => {
      elements[index] = found[at] ?? []
      return hasTwins(elements[index])
    })
  }
  return elements
}

/** Whether an element is there twice. */
function hasTwins(elements: readonly ReadElement[]): boolean {
  const seen = new Set<string>()
  for (const { key, flags = 0 } of elements) {
    const bytes = key !== undefined && 'value' in key ? Buffer.from(key.value).toString('latin1') : ''
    seen.add(`${flags} ${bytes}`)
  }
  return seen.size < elements.length
}

/**
 * The changes that make a listed ruleset anew: `nft -f` of what `nft list ruleset` printed. With `flushRuleset` before them, nothing else is
 * left.
 */
export function restore(ruleset: NftRuleset): NftChange[] {
  return [
    ...ruleset.tables.map((table): NftChange => ({ add: { table } })),
    ...ruleset.chains.map((chain): NftChange => ({ add: { chain } })),
    ...ruleset.flowtables.map((flowtable): NftChange => ({ add: { flowtable } })),
    ...ruleset.objects.map((object): NftChange => ({ add: { object } })),
    ...ruleset.sets.map((set): NftChange => ({ add: { set } })),
    ...ruleset.maps.map((map): NftChange => ({ add: { map } })),
    ...ruleset.rules.map((rule): NftChange => ({ add: { rule } })),
  ]
}
