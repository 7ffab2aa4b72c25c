/** Verdict maps: what becomes of a packet is looked up. */

import { invalidValue } from '../../netlink/check.js'
import { VERDICT } from '../expression.js'
import { lookup } from '../expressions/lookup.js'
import { anonymousSet, keyTerms, keyWords, listedEntries, loadKey, namedSet, type SetInfo } from '../lookup.js'
import type { Program } from '../program.js'
import { referenced } from '../reference.js'
import { statementKind } from '../statement.js'
import type { Term } from '../term.js'
import { type Verdict, verdictData } from '../verdicts.js'
import type { MapReference } from './map.js'

/** The verdict that a map has for a value. Where it has none, the rule ends. */
export interface VerdictMap<L = unknown, V = unknown> {
  /** Which statement it is. */
  kind: 'vmap'
  /** What is looked up. */
  key: L
  /** Pairs of a value and a verdict, or the name of a map. */
  data: readonly (readonly [V | '*', Verdict])[] | MapReference
}

/** @internal */
export const vmap = statementKind<VerdictMap>({
  kind: 'vmap',
  options: ['key', 'data'],
  write({ key, data }, program) {
    const terms = keyTerms(key, program, 'key')
    const set = verdictMap(terms, data, program)
    program.step()
    program.registers(keyWords(set), (word) => {
      loadKey(terms, set, program, word)
      program.emit(lookup, { sreg: word, dreg: VERDICT, set: set.name, setId: set.id })
    })
  },
})

function verdictMap(terms: readonly Term[], given: unknown, program: Program): SetInfo {
  const name = referenced(given)
  if (name === undefined) {
    const entries = listedEntries(terms, given, program.names, 'data', (value, path) => ({
      verdict: verdictData(value, path),
    }))
    return anonymousSet(terms, entries, 'verdict', program, 'data')
  }
  const set = namedSet(name, terms, program, 'data')
  if (set.data !== 'verdict') throw invalidValue('data', given, 'must be a map of verdicts')
  return set
}
