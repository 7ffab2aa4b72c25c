/** Counters and quotas begin anew: what they had is told, and is 0 from then on. */

import { integer, invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { type Operation, settle } from '../netlink/operation.js'
import type { Writer } from '../netlink/writer.js'
import { parseElement, type ReadElement, wireElements } from './elements.js'
import { familyNumber, type NftFamily } from './family.js'
import { listedRule, readSets } from './listing.js'
import { NFT_MSG_GETOBJ_RESET, objectNumber, objectSchema, objectTable, readObject } from './object.js'
import type { NftNamedObject } from './objects.js'
import { type Copied, generationNow, itemsOf, query } from './requests.js'
import { NFT_MSG_GETRULE, NFT_MSG_GETRULE_RESET, ruleSchema, ruleTable } from './rule.js'
import { NFT_SET_MAP } from './set.js'
import { readListedSet, readSet, readSetInfo } from './set-object.js'
import * as setWire from './set-wire.js'
import type { NftRule } from './statements.js'
import { commentOf } from './userdata.js'
import { nftName } from './wire.js'

/** Which rules are meant: all of them, where nothing is said. */
export interface RulesFilter {
  /** Those of tables of this family. */
  family?: NftFamily | undefined
  /** Those of this table. */
  table?: string | undefined
  /** Those of this chain, of a table that is given. */
  chain?: string | undefined
  /** The one with this number, in a chain that is given. */
  handle?: number | undefined
  /** Those with this comment. */
  comment?: string | undefined
}

/** Which elements are meant: all of the set, where none are given. */
export interface ElementsFilter {
  /** The family of the table. */
  family: NftFamily
  /** The table of the set. */
  table: string
  /** The name of the set or map. */
  set: string
  /** These of its elements; of a map, their keys. */
  elements?: readonly unknown[] | undefined
}

/** Which objects are meant: all of them, where nothing is said. */
export interface ObjectsFilter {
  /** Those of tables of this family. */
  family?: NftFamily | undefined
  /** Those of this table. */
  table?: string | undefined
  /** Those of this sort. */
  type?: 'counter' | 'quota' | undefined
  /** The one with this name, of a sort and in a table of a family that are given. */
  name?: string | undefined
}

const ruleNames = new Set(['family', 'table', 'chain', 'handle', 'comment'])
const elementNames = new Set(['family', 'table', 'set', 'elements'])

const objectNames = new Set(['family', 'table', 'type', 'name'])

const RULES = 'nft.resetRules'
const ELEMENTS = 'nft.resetElements'
const OBJECTS = 'nft.resetObjects'

/** Resets rules, and returns them as they were. @internal */
export function* resetRules(filter: RulesFilter): Operation<NftRule[]> {
  onlyKnown(RULES, filter, ruleNames)
  const { family, table, chain, handle, comment } = filter
  const number = family === undefined ? 0 : familyNumber('family', family)
  if (table !== undefined) nftName('table', table)
  if (chain !== undefined) nftName('chain', chain)
  if (comment !== undefined && typeof comment !== 'string') throw invalidType('comment', 'a string', comment)
  // The kernel passes over what it has no use for, and would reset more than was asked for.
  if (chain !== undefined && table === undefined) throw invalidValue('table', table, 'must be given with a chain')
  if (handle !== undefined) {
    integer('handle', handle, 1, Number.MAX_SAFE_INTEGER)
    if (chain === undefined) throw invalidValue('chain', chain, 'must be given with a handle')
    if (family === undefined) throw invalidValue('family', family, 'must be given with a handle')
  }
  const { names } = yield* generationNow(RULES)
  const sets = yield* readSets(number, table)
  const wanted = (of: Copied): boolean => comment === undefined || commentOf(valuesOf(of).userdata) === comment
  const reset = (of: number, values: object, dump: boolean) =>
    query(NFT_MSG_GETRULE_RESET, ruleSchema, of, RULES, dump, (writer) => ruleTable.write(writer, values, 'rule'))
  if (comment === undefined && handle === undefined) {
    const [all = []] = itemsOf(yield* settle([reset(number, { table, chain }, true)]))
    return all.flatMap((each) => listedRule(each, sets, names) ?? [])
  }
  const places = handle === undefined ? yield* findRules({ number, table, chain }, wanted) : [{ number, filter }]
  const found = itemsOf(
    yield* settle(
      places.map(({ number: of, filter: { table: at, chain: inside, handle: which } }) =>
        reset(of, { table: at, chain: inside, handle: which }, false),
      ),
    ),
  )
  return found.flat().flatMap((each) => listedRule(each, sets, names) ?? [])
}

const valuesOf = ({ reader }: Copied) => ruleTable.read(reader, 0, reader.bytes.length)

/** Where the rules are that something is true of. */
function* findRules(
  { number, table, chain }: { number: number; table: string | undefined; chain: string | undefined },
  wanted: (found: Copied) => boolean,
): Operation<{ number: number; filter: Pick<RulesFilter, 'table' | 'chain' | 'handle'> }[]> {
  const list = query(NFT_MSG_GETRULE, ruleSchema, number, RULES, true, (writer) =>
    ruleTable.write(writer, { table, chain }, 'rule'),
  )
  const [found = []] = itemsOf(yield* settle([list]))
  return found.filter(wanted).map((each) => ({ number: each.family, filter: valuesOf(each) }))
}

/** Resets elements, and returns them as they were. @internal */
export function* resetElements(filter: ElementsFilter): Operation<unknown[]> {
  onlyKnown(ELEMENTS, filter, elementNames)
  const { family, table, set: name, elements } = filter
  const number = familyNumber('family', family)
  const key = { table: nftName('table', table), name: nftName('set', name) }
  if (elements !== undefined && !Array.isArray(elements)) throw invalidType('elements', 'an array', elements)
  const { names } = yield* generationNow(ELEMENTS)
  const [[reported] = []] = itemsOf(
    yield* settle([
      query(setWire.NFT_MSG_GETSET, setWire.setSchema, number, ELEMENTS, false, (writer) =>
        setWire.setTable.write(writer, key, 'set'),
      ),
    ]),
  )
  if (reported === undefined) return []
  const values = setWire.setTable.read(reported.reader, 0, reported.reader.bytes.length)
  const [listed, info] = [readListedSet(values), readSetInfo(values)]
  if (listed === undefined || info === undefined)
    throw invalidValue('set', name, 'is of a type that nslink does not know')
  const asked = elements?.map((each, index) => parseElement(info.key, each, `elements.${index}`, names))
  const wire = asked && wireElements(info.key, asked, info.flags & ~NFT_SET_MAP, false, 'elements')
  const write = (writer: Writer): void =>
    setWire.elementsTable.write(writer, { table, set: name, ...(wire && { elements: wire }) }, 'elements')
  const request = query(
    setWire.NFT_MSG_GETSETELEM_RESET,
    setWire.elementsSchema,
    number,
    ELEMENTS,
    wire === undefined,
    write,
  )
  const [found = []] = itemsOf(yield* settle([request]))
  const told = found.flatMap(
    ({ reader }): readonly ReadElement[] => setWire.elementsTable.read(reader, 0, reader.bytes.length).elements ?? [],
  )
  const made = readSet(number, values, { ...listed, elements: told }, names)
  return [...((made !== undefined && 'map' in made ? made.map.elements : made?.set.elements) ?? [])]
}

/** Resets objects, and returns them as they were. @internal */
export function* resetObjects(filter: ObjectsFilter): Operation<NftNamedObject[]> {
  onlyKnown(OBJECTS, filter, objectNames)
  const { family, table, type, name } = filter
  const number = family === undefined ? 0 : familyNumber('family', family)
  if (table !== undefined) nftName('table', table)
  if (type !== undefined) oneOf('type', type, ['counter', 'quota'])
  if (name !== undefined) {
    nftName('name', name)
    for (const option of ['family', 'table', 'type'] as const) {
      if (filter[option] === undefined) throw invalidValue(option, undefined, 'must be given with a name')
    }
  }
  const values = { table, type: objectNumber(type), name }
  const request = query(NFT_MSG_GETOBJ_RESET, objectSchema, number, OBJECTS, name === undefined, (writer) =>
    objectTable.write(writer, values, 'object'),
  )
  const [found = []] = itemsOf(yield* settle([request]))
  const all = found.flatMap(
    ({ family: of, reader }) => readObject(of, objectTable.read(reader, 0, reader.bytes.length)) ?? [],
  )
  // Others have nothing that could begin anew.
  return all.filter((object) => object.type === 'counter' || object.type === 'quota')
}
