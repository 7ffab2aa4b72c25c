/** `numgen`: numbers one after the other, or by chance; packets are shared out by them. */

import { be32, scalar } from '../../netlink/attributes.js'
import { integer, invalidValue, oneOf, onlyKnown } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { type Comparable, comparable } from '../selector.js'
import { computation } from '../term.js'
import type { NumberRange } from '../type.js'
import { hostInteger } from '../types.js'

const NFTA_NG_DREG = 1
const NFTA_NG_MODULUS = 2
const NFTA_NG_TYPE = 3
const NFTA_NG_OFFSET = 4

const NFT_NG_INCREMENTAL = 0
const NFT_NG_RANDOM = 1

/** The number nft has for this among its sorts of expressions, and what it stores of one. */
const NUMGEN = 23
const UDATA_TYPE = 0
const UDATA_MOD = 1
const UDATA_OFFSET = 2

const sorts = { inc: NFT_NG_INCREMENTAL, random: NFT_NG_RANDOM } as const

const numgenExpression = expression('numgen', {
  type: scalar(NFTA_NG_TYPE, named(BE32, enumeration(sorts))),
  mod: be32(NFTA_NG_MODULUS),
  offset: be32(NFTA_NG_OFFSET),
  dreg: register(NFTA_NG_DREG),
})

/** A number of so many, beginning with 0. */
export interface NumberGenerator {
  /** One after the other (`inc`), or by chance. */
  numgen: 'inc' | 'random'
  /** How many numbers there are. */
  mod: number
  /** The first of them, when that is not 0. */
  offset?: number | undefined
}

const known = new Set(['numgen', 'mod', 'offset'])

computation<NumberGenerator>('numgen', (given, _program, path) => {
  onlyKnown(path, given, known)
  const type = oneOf(`${path}.numgen`, given.numgen, ['inc', 'random'])
  const mod = integer(`${path}.mod`, given.mod, 1, 0xffff_ffff)
  const offset = integer(`${path}.offset`, given.offset ?? 0, 0, 0xffff_ffff)
  if (offset + mod - 1 > 0xffff_ffff) throw invalidValue(`${path}.offset`, offset, 'leads to numbers above 2^32 - 1')
  return {
    expression: given,
    type: hostInteger,
    bits: 32,
    order: 'host',
    length: 4,
    shift: 0,
    stored: {
      sort: NUMGEN,
      data: [
        [UDATA_TYPE, sorts[type]],
        [UDATA_MOD, mod],
        [UDATA_OFFSET, offset],
      ],
    },
    load: (program, word) => program.emit(numgenExpression, { type, mod, offset, dreg: word }),
  }
})

reads('numgen', ({ type, mod, offset, dreg }, decoder) => {
  const expression = { numgen: type, mod, ...(offset ? { offset } : {}) }
  return decoder.load(dreg as number, {
    source: { expression, type: hostInteger, bits: 32, order: 'host', keys: [] },
    changes: [],
  })
})

/**
 * A number of `mod`, beginning with 0, or with `offset`: `numgen inc mod 4`. Its maps share packets out:
 * `numgen('random', 2).map([[0, '10.0.0.1'], [1, '10.0.0.2']])`.
 */
export const numgen = (
  how: 'inc' | 'random',
  mod: number,
  offset?: number,
): Comparable<NumberGenerator, number | NumberRange> =>
  comparable(offset === undefined || offset === 0 ? { numgen: how, mod } : { numgen: how, mod, offset })
