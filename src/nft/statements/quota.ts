/** `quota`: packets until so many bytes have come, or only those after them. */

import { be32 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { be64 } from '../wire.js'

const NFTA_QUOTA_BYTES = 1
const NFTA_QUOTA_FLAGS = 2
const NFTA_QUOTA_CONSUMED = 4

const NFT_QUOTA_F_INV = 1

const quotaExpression = expression('quota', {
  bytes: be64(NFTA_QUOTA_BYTES),
  consumed: be64(NFTA_QUOTA_CONSUMED),
  flags: be32(NFTA_QUOTA_FLAGS),
})

/** The rule goes on until so many bytes have come. */
export interface Quota {
  /** Which statement it is. */
  kind: 'quota'
  /** How many. */
  bytes: number
  /** It goes on only after that. */
  over?: boolean | undefined
  /** How many there have been, when there were any. */
  used?: number | undefined
}

statementKind<Quota>({
  kind: 'quota',
  stateful: true,
  options: ['bytes', 'over', 'used'],
  write({ bytes, over, used = 0 }, program) {
    if (over !== undefined && typeof over !== 'boolean') throw invalidType('over', 'a boolean', over)
    program.step()
    program.emit(quotaExpression, {
      bytes: integer('bytes', bytes, 0, Number.MAX_SAFE_INTEGER),
      consumed: integer('used', used, 0, Number.MAX_SAFE_INTEGER),
      flags: over ? NFT_QUOTA_F_INV : 0,
    })
  },
})

reads('quota', ({ bytes, consumed, flags }, decoder) =>
  decoder.say({
    kind: 'quota',
    bytes,
    ...(((flags as number | undefined) ?? 0) & NFT_QUOTA_F_INV ? { over: true } : {}),
    ...(consumed ? { used: consumed } : {}),
  }),
)

/** Packets until so many bytes have come, or after that: `quota over 25 mbytes`. */
export const quota = (bytes: number, options: { over?: boolean; used?: number } = {}): Quota => ({
  kind: 'quota',
  bytes,
  ...(options.over && { over: true }),
  ...(options.used && { used: options.used }),
})
