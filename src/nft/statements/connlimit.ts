/** `ct count`: packets of connections of which there are no more than so many. */

import { be32 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'

const NFTA_CONNLIMIT_COUNT = 1
const NFTA_CONNLIMIT_FLAGS = 2

const NFT_CONNLIMIT_F_INV = 1

const connlimitExpression = expression('connlimit', {
  count: be32(NFTA_CONNLIMIT_COUNT),
  flags: be32(NFTA_CONNLIMIT_FLAGS),
})

/** The rule goes on while there are no more connections than that. */
export interface CtCount {
  /** Which statement it is. */
  kind: 'ct count'
  /** How many. */
  count: number
  /** It goes on when there are more. */
  over?: boolean | undefined
}

statementKind<CtCount>({
  kind: 'ct count',
  stateful: true,
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  options: ['count', 'over'],
  write({ count, over }, program) {
    if (over !== undefined && typeof over !== 'boolean') throw invalidType('over', 'a boolean', over)
    program.step()
    program.emit(connlimitExpression, {
      count: integer('count', count, 0, 0xffff_ffff),
      flags: over ? NFT_CONNLIMIT_F_INV : 0,
    })
  },
})

reads('connlimit', ({ count, flags }, decoder) => {
  const over = (((flags as number | undefined) ?? 0) & NFT_CONNLIMIT_F_INV) !== 0
  return decoder.say({ kind: 'ct count', count, ...(over && { over }) })
})

/**
 * Packets while there are no more connections than that, or only when there are: `ct count over 20`. With each element of a set for itself, it is
 * connections of the same source, for one.
 */
export const ctCount = (count: number, options: { over?: boolean } = {}): CtCount => ({
  kind: 'ct count',
  count,
  ...(options.over && { over: true }),
})
