/** References to named objects: `counter name "x"`, `ct helper set "ftp-standard"`, `quota name ip saddr map @quotas`. */

import { be32, text } from '../../netlink/attributes.js'
import { invalidType, invalidValue } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { anonymousSet, keyTerms, keyWords, listedEntries, loadKey, namedSet, type SetInfo } from '../lookup.js'
import { objectNumber, objectType } from '../object.js'
import type { NftObjectType } from '../objects.js'
import type { Program } from '../program.js'
import { referenced } from '../reference.js'
import { NFT_SET_ANONYMOUS } from '../set.js'
import { listedElements } from '../sets.js'
import { statementKind } from '../statement.js'
import type { Term } from '../term.js'
import { isMap } from '../value.js'
import { nftName } from '../wire.js'
import type { MapExpression } from './map.js'
import { entriesData, keyExpression, readKey } from './reading.js'

const NFTA_OBJREF_IMM_TYPE = 1
const NFTA_OBJREF_IMM_NAME = 2
const NFTA_OBJREF_SET_SREG = 3
const NFTA_OBJREF_SET_NAME = 4
const NFTA_OBJREF_SET_ID = 5

const objrefExpression = expression('objref', {
  type: be32(NFTA_OBJREF_IMM_TYPE),
  name: text(NFTA_OBJREF_IMM_NAME, 255),
  sreg: register(NFTA_OBJREF_SET_SREG),
  set: text(NFTA_OBJREF_SET_NAME, 255),
  setId: be32(NFTA_OBJREF_SET_ID),
})

/** The sorts of objects that rules refer to. */
export type NftReferable = Exclude<NftObjectType, 'unknown'>

/** What a named object of the table does. */
export interface ObjectReference {
  /** Which statement it is. */
  kind: 'objref'
  /** The sort of object. */
  type: NftReferable
  /** Its name, or a map that has a name for each key. */
  name: string | MapExpression<unknown, unknown, string>
}

statementKind<ObjectReference>({
  kind: 'objref',
  options: ['type', 'name'],
  write({ type, name }, program) {
    const number = objectNumber(type)
    if (number === undefined) throw invalidValue('type', type, 'is no sort of object that nslink knows')
    if (!isMap(name)) {
      program.step()
      program.emit(objrefExpression, { type: number, name: nftName('name', name) })
      return
    }
    const terms = keyTerms(name.map, program, 'name.map')
    const set = mapOf(terms, name.data, number, program)
    program.step()
    program.registers(keyWords(set), (word) => {
      loadKey(terms, set, program, word)
      program.emit(objrefExpression, { sreg: word, set: set.name, setId: set.id })
    })
  },
})

function mapOf(terms: readonly Term[], given: unknown, object: number, program: Program): SetInfo {
  const name = referenced(given)
  if (name === undefined) {
    const entries = listedEntries(terms, given, program.names, 'name.data', (value, path) => {
      if (typeof value !== 'string') throw invalidType(path, 'the name of an object', value)
      return { object: nftName(path, value) }
    })
    return anonymousSet(terms, entries, { object }, program, 'name.data')
  }
  const set = namedSet(name, terms, program, 'name.data')
  const { data } = set
  if (typeof data !== 'object' || !('object' in data) || data.object !== object) {
    throw invalidValue('name.data', given, `must be a map of objects of the sort ${objectType(object)}`)
  }
  return set
}

reads('objref', ({ type, name, sreg, set: setName }, decoder) => {
  if (typeof name === 'string') {
    const of = objectType(type)
    return of !== undefined && decoder.say({ kind: 'objref', type: of, name })
  }
  const set = decoder.set(setName)
  const of = objectType(set?.object)
  const key = set && readKey(sreg, set, decoder)
  if (set === undefined || key === undefined || of === undefined) return false
  const anonymous = (set.flags & NFT_SET_ANONYMOUS) !== 0
  const data = anonymous ? entriesData(listedElements(set, key.parts), key.parts, set, decoder) : `@${set.name}`
  return decoder.say(
    { kind: 'objref', type: of, name: { map: keyExpression(key.found), data } },
    key.found.flatMap(({ keys }) => keys),
  )
})

/** How rules refer to objects of a sort. */
export interface Named {
  /** The object of this name, or of the name that a map has: `counter name "x"`, `counter name ip saddr map @counters`. */
  named(name: ObjectReference['name']): ObjectReference
}

/** Builders of references to objects of a sort. @internal */
export const referring = (type: NftReferable): Named => ({ named: (name) => ({ kind: 'objref', type, name }) })
