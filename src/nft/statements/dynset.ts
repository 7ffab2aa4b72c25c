/** Rules that change sets: `add @clients { ip saddr timeout 1m }`. */

import { be32, scalar, text } from '../../netlink/attributes.js'
import { invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { reads } from '../decoder.js'
import { milliseconds, type NftStateful } from '../elements.js'
import { expression, type Instruction, instructions, oneInstruction, register } from '../expression.js'
import { keyTerms, loadKey, namedSet } from '../lookup.js'
import { referenced } from '../reference.js'
import { asLeft, asValue, type Computed, type Expressed } from '../selector.js'
import { NFT_SET_ANONYMOUS, partsLength, words } from '../set.js'
import { dataParts } from '../sets.js'
import { readStateful, writeStateful } from '../stateful.js'
import { statementKind } from '../statement.js'
import { type Load, prepareValue } from '../value.js'
import { be64 } from '../wire.js'
import type { SetReference } from './match.js'
import { keyExpression, readKey, readValue } from './reading.js'

const NFTA_DYNSET_SET_NAME = 1
const NFTA_DYNSET_SET_ID = 2
const NFTA_DYNSET_OP = 3
const NFTA_DYNSET_SREG_KEY = 4
const NFTA_DYNSET_SREG_DATA = 5
const NFTA_DYNSET_TIMEOUT = 6
const NFTA_DYNSET_EXPR = 7
const NFTA_DYNSET_FLAGS = 9
const NFTA_DYNSET_EXPRESSIONS = 10

const NFT_DYNSET_OP_ADD = 0
const NFT_DYNSET_OP_UPDATE = 1
const NFT_DYNSET_OP_DELETE = 2

const NFT_DYNSET_F_EXPR = 2

const ops = { add: NFT_DYNSET_OP_ADD, update: NFT_DYNSET_OP_UPDATE, delete: NFT_DYNSET_OP_DELETE } as const

const dynsetExpression = expression('dynset', {
  set: text(NFTA_DYNSET_SET_NAME, 255),
  setId: be32(NFTA_DYNSET_SET_ID),
  op: scalar(NFTA_DYNSET_OP, named(BE32, enumeration(ops))),
  keyRegister: register(NFTA_DYNSET_SREG_KEY),
  dataRegister: register(NFTA_DYNSET_SREG_DATA),
  timeout: be64(NFTA_DYNSET_TIMEOUT),
  expr: oneInstruction(NFTA_DYNSET_EXPR),
  flags: be32(NFTA_DYNSET_FLAGS),
  expressions: instructions(NFTA_DYNSET_EXPRESSIONS),
})

/** What a rule gives an element besides its value. */
export interface DynamicElement {
  /** It goes by itself after so many seconds, in a set that has timeouts; the set's own timeout, when nothing is said. */
  timeout?: number | undefined
  /** What it has for itself that keeps a state. The rule goes on only if all of that does. */
  statements?: readonly NftStateful[] | undefined
}

/** An element is added to a set, or taken from it. The rule goes on if that could be done. */
export interface SetChange<L = unknown> extends DynamicElement {
  /** Which statement it is. */
  kind: 'dynset'
  /** What is done: `update` also begins the timeout anew of an element that is there. */
  op: keyof typeof ops
  /** The set, or the map; it has the flag `dynamic`. */
  set: SetReference
  /** The key whose value it is, or a list of keys. */
  elem: L
  /** Of a map, what it has for it: a constant; a key, `{ key: 'ct mark' }`; or what is computed. */
  data?: unknown
}

const WORDS_A_VALUE = 4

statementKind<SetChange>({
  kind: 'dynset',
  options: ['op', 'set', 'elem', 'data', 'timeout', 'statements'],
  write({ op, set: name, elem, data, timeout, statements }, program) {
    oneOf('op', op, Object.keys(ops) as (keyof typeof ops)[])
    const found = referenced(name)
    if (found === undefined) throw invalidType('set', "the name of a set, such as '@clients'", name)
    const terms = keyTerms(elem, program, 'elem')
    const set = namedSet(found, terms, program, 'set')
    const each = statements === undefined ? [] : writeStateful(program.family, program.names)(statements, 'statements')
    let load: Load | undefined
    if (data !== undefined) {
      const [part] = Array.isArray(set.data) ? (set.data as readonly NonNullable<unknown>[]) : []
      if (!Array.isArray(set.data) || set.data.length !== 1 || part === undefined) {
        throw invalidValue('data', data, `cannot be had in @${found}, which is no map of single values`)
      }
      load = prepareValue(data, set.data[0], program, 'data')
    } else if (set.data !== undefined && op !== 'delete') {
      throw invalidValue('data', data, `must be given, for @${found} is a map`)
    }
    const options = {
      set: set.name,
      setId: set.id,
      op,
      timeout: timeout === undefined ? undefined : milliseconds('timeout', timeout),
      ...(each.length === 1 && { expr: each[0] as Instruction }),
      ...(each.length > 1 && { flags: NFT_DYNSET_F_EXPR, expressions: each }),
    }
    program.step()
    // The key has registers for whole values to itself, also where it is shorter.
    const room = WORDS_A_VALUE * Math.ceil(words(partsLength(set.key)) / WORDS_A_VALUE)
    program.registers(room, (keyRegister) => {
      loadKey(terms, set, program, keyRegister)
      if (load === undefined) program.emit(dynsetExpression, { ...options, keyRegister })
      else {
        program.register((dataRegister) => {
          load(program, dataRegister)
          program.emit(dynsetExpression, { ...options, keyRegister, dataRegister })
        })
      }
    })
  },
})

reads('dynset', (values, decoder) => {
  const { op, keyRegister, dataRegister, timeout, expr, expressions } = values
  const set = decoder.set(values['set'])
  // What older versions of nft call a meter has a set of its own, which is not listed.
  if (set === undefined || (set.flags & NFT_SET_ANONYMOUS) !== 0) return false
  const key = readKey(keyRegister, set, decoder)
  const [part] = dataParts(set) ?? []
  const data = part && dataRegister !== undefined ? readValue(dataRegister, part.type, part.order, decoder) : undefined
  if (key === undefined || (dataRegister !== undefined && data === undefined)) return false
  const each = (expressions ?? (expr === undefined ? [] : [expr])) as readonly Instruction[]
  const statements = readStateful(decoder.family, decoder.names)(each)
  return decoder.say(
    {
      kind: 'dynset',
      op,
      set: `@${set.name}`,
      elem: keyExpression(key.found),
      ...(data !== undefined && { data: data.value }),
      ...(timeout ? { timeout: (timeout as number) / 1000 } : {}),
      ...(statements.length > 0 && { statements }),
    },
    [...key.found.flatMap((found) => found.keys), ...(data?.keys ?? [])],
  )
})

/** What a rule gives an element, as builders take it. */
export interface ElementChange extends DynamicElement {
  /** Of a map, what it has for it: a constant, a key, or what is computed. */
  data?: string | number | boolean | Computed | Expressed | undefined
}

const change =
  (op: keyof typeof ops) =>
  <const L>(
    set: SetReference,
    elem: Expressed<L>,
    { data, timeout, statements }: ElementChange = {},
  ): SetChange<L> => ({
    kind: 'dynset',
    op,
    set,
    elem: asLeft(elem) as L,
    ...(data !== undefined && { data: asValue(data) }),
    ...(timeout !== undefined && { timeout }),
    ...(statements !== undefined && { statements }),
  })

/** Changes of sets by rules. */
export const element = {
  /** Adds a value of the packet to a set: `add @clients { ip saddr timeout 1m }`. What is there stays as it is. */
  add: change('add'),
  /** Adds a value, or begins the timeout anew of one that is there: `update @clients { ip saddr limit rate 5/second }`. */
  update: change('update'),
  /** Takes a value from a set: `delete @clients { ip saddr }` (Linux 5.7). */
  delete: change('delete'),
}
