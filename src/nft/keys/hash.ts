/** `jhash` and `symhash`: numbers that are the same for packets of the same sort, to share these out. */

import { be32, scalar } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { type Decoder, reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { type Described, describe } from '../loaded.js'
import { asLeft, type Comparable, comparable, type Expressed } from '../selector.js'
import { words } from '../set.js'
import type { NftOperand } from '../statements.js'
import { computation, type Term, termOf } from '../term.js'
import { byteLength, type NumberRange } from '../type.js'
import { hostInteger } from '../types.js'

const NFTA_HASH_SREG = 1
const NFTA_HASH_DREG = 2
const NFTA_HASH_LEN = 3
const NFTA_HASH_MODULUS = 4
const NFTA_HASH_SEED = 5
const NFTA_HASH_OFFSET = 6
const NFTA_HASH_TYPE = 7

const NFT_HASH_JENKINS = 0
const NFT_HASH_SYM = 1

/** The number nft has for this among its sorts of expressions, and what it stores of one. */
const HASH = 24
const UDATA_TYPE = 0
const UDATA_OFFSET = 1
const UDATA_MOD = 2
const UDATA_SEED = 3
const UDATA_SEEDED = 4

const hashExpression = expression('hash', {
  type: scalar(NFTA_HASH_TYPE, named(BE32, enumeration({ jhash: NFT_HASH_JENKINS, symhash: NFT_HASH_SYM }))),
  sreg: register(NFTA_HASH_SREG),
  dreg: register(NFTA_HASH_DREG),
  len: be32(NFTA_HASH_LEN),
  mod: be32(NFTA_HASH_MODULUS),
  seed: be32(NFTA_HASH_SEED),
  offset: be32(NFTA_HASH_OFFSET),
})

interface Counted {
  /** How many numbers there are. */
  mod: number
  /** The first of them, when that is not 0. */
  offset?: number | undefined
}

/** A number that is the same for packets whose keys have the same values. */
export interface JenkinsHash<L = NftOperand | readonly NftOperand[]> extends Counted {
  /** The key, or a list of them. */
  jhash: L
  /** Where it begins to reckon: another number gives others. By chance, when nothing is said. */
  seed?: number | undefined
}

/** A number that is the same for all packets of a connection, in both directions. */
export interface SymmetricHash extends Counted {
  /** There is nothing to choose. */
  symhash: true
}

function counted(given: Counted, path: string): { mod: number; offset: number } {
  const mod = integer(`${path}.mod`, given.mod, 1, 0xffff_ffff)
  const offset = integer(`${path}.offset`, given.offset ?? 0, 0, 0xffff_ffff)
  if (offset + mod - 1 > 0xffff_ffff) throw invalidValue(`${path}.offset`, offset, 'leads to numbers above 2^32 - 1')
  return { mod, offset }
}

const term = (
  expression: unknown,
  type: number,
  { mod, offset }: { mod: number; offset: number },
  seed: number | undefined,
  load: Term['load'],
): Term => ({
  expression,
  type: hostInteger,
  bits: 32,
  order: 'host',
  length: 4,
  shift: 0,
  stored: {
    sort: HASH,
    data: [
      [UDATA_TYPE, type],
      [UDATA_OFFSET, offset],
      [UDATA_MOD, mod],
      [UDATA_SEED, seed ?? 0],
      [UDATA_SEEDED, seed === undefined ? 0 : 1],
    ],
  },
  load,
})

const jhashNames = new Set(['jhash', 'mod', 'offset', 'seed'])
const symhashNames = new Set(['symhash', 'mod', 'offset'])

const sizeOf = (terms: readonly { bits: number }[]): number =>
  terms.length === 1
    ? byteLength(terms[0]?.bits ?? 0)
    : terms.reduce((sum, { bits }) => sum + 4 * words(byteLength(bits)), 0)

computation<JenkinsHash>('jhash', (given, program, path) => {
  onlyKnown(path, given, jhashNames)
  const numbers = counted(given, path)
  const seed = given.seed === undefined ? undefined : integer(`${path}.seed`, given.seed, 0, 0xffff_ffff)
  const keys = Array.isArray(given.jhash) ? (given.jhash as readonly unknown[]) : [given.jhash]
  if (keys.length === 0) throw invalidValue(`${path}.jhash`, given.jhash, 'must not be empty')
  const terms = keys.map((key) => termOf(key, program, `${path}.jhash`))
  const len = sizeOf(terms)
  return term(given, NFT_HASH_JENKINS, numbers, seed, (to, word) => {
    to.registers(Math.max(4, words(len)), (sreg) => {
      let at = sreg
      for (const each of terms) {
        each.load(to, at)
        at += words(each.length)
      }
      to.emit(hashExpression, { sreg, dreg: word, len, ...numbers, seed, type: 'jhash' })
    })
  })
})

computation<SymmetricHash>('symhash', (given, _program, path) => {
  onlyKnown(path, given, symhashNames)
  if (given.symhash !== true) throw invalidType(`${path}.symhash`, 'true', given.symhash)
  const numbers = counted(given, path)
  return term(given, NFT_HASH_SYM, numbers, undefined, (to, word) =>
    to.emit(hashExpression, { dreg: word, ...numbers, type: 'symhash' }),
  )
})

/** What has been loaded from a register on, so many bytes of it. */
function readKeys(word: number, length: number, decoder: Decoder): Described[] | undefined {
  const found: Described[] = []
  for (let at = word; at < word + words(length); ) {
    const loaded = decoder.at(at)
    const described = loaded && describe(loaded, decoder)
    if (described === undefined) return undefined
    found.push(described)
    at += words(byteLength(described.bits))
  }
  return found
}

reads('hash', ({ type, sreg, dreg, len, mod, seed, offset }, decoder) => {
  const found = type === 'jhash' ? readKeys(sreg as number, len as number, decoder) : []
  if (found === undefined) return false
  const keys = found.map(({ expression: key }) => key)
  const expression = {
    ...(type === 'jhash' ? { jhash: keys.length === 1 ? keys[0] : keys } : { symhash: true }),
    mod,
    ...(offset ? { offset } : {}),
    ...(seed === undefined ? {} : { seed }),
  }
  return decoder.load(dreg as number, {
    source: { expression, type: hostInteger, bits: 32, order: 'host', keys: found.flatMap((each) => each.keys) },
    changes: [],
  })
})

/**
 * A number of `mod` that is the same for packets whose keys have the same values: `jhash ip saddr mod 8`. Its maps share packets out:
 * `jhash(ip.saddr, 2).map([[0, '10.0.0.1'], [1, '10.0.0.2']])`.
 */
export const jhash = <const L>(
  of: Expressed<L>,
  mod: number,
  { offset, seed }: { offset?: number; seed?: number } = {},
): Comparable<JenkinsHash<L>, number | NumberRange> =>
  comparable({
    jhash: asLeft(of) as L,
    mod,
    ...(offset ? { offset } : {}),
    ...(seed === undefined ? {} : { seed }),
  })

/** A number of `mod` that is the same for all packets of a connection, in both directions: `symhash mod 2`. */
export const symhash = (mod: number, offset?: number): Comparable<SymmetricHash, number | NumberRange> =>
  comparable({ symhash: true, mod, ...(offset ? { offset } : {}) })
