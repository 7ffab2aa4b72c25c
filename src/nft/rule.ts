/** Rules: what is done with packets, statement by statement. */

import { attributes, be32, raw, text, type Values } from '../netlink/attributes.js'
import type { Names } from '../netlink/writer.js'
import { equal } from './bytes.js'
import { Decoder } from './decoder.js'
import { instructions } from './expression.js'
import { familyName, type NftFamily } from './family.js'
import type { ListedSet } from './sets.js'
import type { AnyStatement } from './statement.js'
import { commentBytes, commentOf } from './userdata.js'
import { be64, bytes, LONGEST_NAME, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWRULE = 6
/** @internal */
export const NFT_MSG_GETRULE = 7
/** @internal */
export const NFT_MSG_DELRULE = 8
/** @internal */
export const NFT_MSG_GETRULE_RESET = 25
/** @internal */
export const NFT_MSG_DESTROYRULE = 28

const NFTA_RULE_TABLE = 1
const NFTA_RULE_CHAIN = 2
const NFTA_RULE_HANDLE = 3
const NFTA_RULE_EXPRESSIONS = 4
const NFTA_RULE_COMPAT = 5
const NFTA_RULE_POSITION = 6
const NFTA_RULE_USERDATA = 7
const NFTA_RULE_ID = 9

/** @internal */
export const ruleTable = attributes({
  table: text(NFTA_RULE_TABLE, LONGEST_NAME),
  chain: text(NFTA_RULE_CHAIN, LONGEST_NAME),
  handle: be64(NFTA_RULE_HANDLE),
  expressions: instructions(NFTA_RULE_EXPRESSIONS),
  compat: raw(NFTA_RULE_COMPAT),
  position: be64(NFTA_RULE_POSITION),
  userdata: bytes(NFTA_RULE_USERDATA),
  id: be32(NFTA_RULE_ID),
})

/** @internal */
export const ruleSchema = nftSchema(
  { NFT_MSG_NEWRULE, NFT_MSG_GETRULE, NFT_MSG_DELRULE, NFT_MSG_GETRULE_RESET, NFT_MSG_DESTROYRULE },
  ruleTable,
)

/** A rule as it is listed, whatever its statements are. @internal */
export interface AnyRule {
  family: NftFamily
  table: string
  chain: string
  handle?: number | undefined
  comment?: string | undefined
  compat?: string | undefined
  userdata?: string | undefined
  statements: readonly AnyStatement[]
}

/** @internal */
export type ReadRule = Values<typeof ruleTable>

/** @internal */
export function readRule(
  family: number,
  values: ReadRule,
  names: Names,
  sets: ReadonlyMap<string, ListedSet>,
): AnyRule | undefined {
  const known = familyName(family)
  const { table, chain, handle, expressions, userdata, compat } = values
  if (known === undefined || table === undefined || chain === undefined) return undefined
  const comment = commentOf(userdata)
  const usual = commentBytes(comment)
  const noted = userdata !== undefined && !(usual !== undefined && equal(usual, userdata))
  return {
    family: known,
    table,
    chain,
    ...(handle !== undefined && { handle }),
    ...(comment !== undefined && { comment }),
    ...(compat !== undefined && { compat }),
    ...(noted && { userdata: Buffer.from(userdata).toString('hex') }),
    statements: Decoder.read(known, expressions ?? [], names, sets),
  }
}
