/** Tables: what chains, sets and all that belongs together are in. */

import { attributes, be32, text, type Values } from '../netlink/attributes.js'
import { invalidType, onlyKnown } from '../netlink/check.js'
import type { Writer } from '../netlink/writer.js'
import { familyName, type NftFamily } from './family.js'
import { commentData, commentOf } from './userdata.js'
import { be64, bytes, LONGEST_NAME, nftName, nftSchema } from './wire.js'

/** @internal */
export const NFT_MSG_NEWTABLE = 0
/** @internal */
export const NFT_MSG_GETTABLE = 1
/** @internal */
export const NFT_MSG_DELTABLE = 2
/** @internal */
export const NFT_MSG_DESTROYTABLE = 26

const NFTA_TABLE_NAME = 1
const NFTA_TABLE_FLAGS = 2
const NFTA_TABLE_USE = 3
const NFTA_TABLE_HANDLE = 4
const NFTA_TABLE_USERDATA = 6
const NFTA_TABLE_OWNER = 7

const NFT_TABLE_F_DORMANT = 1

/** @internal */
export const tableTable = attributes({
  name: text(NFTA_TABLE_NAME, LONGEST_NAME),
  flags: be32(NFTA_TABLE_FLAGS),
  use: be32(NFTA_TABLE_USE),
  handle: be64(NFTA_TABLE_HANDLE),
  userdata: bytes(NFTA_TABLE_USERDATA),
  owner: be32(NFTA_TABLE_OWNER),
})

/** @internal */
export const tableSchema = nftSchema(
  { NFT_MSG_NEWTABLE, NFT_MSG_GETTABLE, NFT_MSG_DELTABLE, NFT_MSG_DESTROYTABLE },
  tableTable,
)

/** A table: a name for chains, sets and all that belongs together. */
export interface NftTable<F extends NftFamily = NftFamily> {
  /** Which packets it sees. */
  family: F
  /** Its name. */
  name: string
  /** The kernel's number of it; passed over when it is given. */
  handle?: number | undefined
  /** It is switched off: its base chains see no packets. */
  dormant?: boolean | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
}

const tableNames = new Set(['family', 'name', 'handle', 'dormant', 'comment'])

/** @internal */
export function writeTable(writer: Writer, given: NftTable): void {
  onlyKnown('table', given, tableNames)
  const { name, dormant, comment } = given
  if (dormant !== undefined && typeof dormant !== 'boolean') throw invalidType('table.dormant', 'a boolean', dormant)
  tableTable.write(
    writer,
    {
      name: nftName('table.name', name),
      flags: dormant ? NFT_TABLE_F_DORMANT : 0,
      userdata: commentData('table.comment', comment),
    },
    'table',
  )
}

/** @internal */
export function readTable(family: number, values: Values<typeof tableTable>): NftTable | undefined {
  const known = familyName(family)
  if (known === undefined || values.name === undefined) return undefined
  const comment = commentOf(values.userdata)
  return {
    family: known,
    name: values.name,
    ...(values.handle !== undefined && { handle: values.handle }),
    ...(((values.flags ?? 0) & NFT_TABLE_F_DORMANT) !== 0 && { dormant: true }),
    ...(comment !== undefined && { comment }),
  }
}

/** Writes what names a table. @internal */
export function writeTableKey(
  writer: Writer,
  { name, handle }: { name?: string | undefined; handle?: number | undefined },
): void {
  tableTable.write(writer, name === undefined ? { handle } : { name: nftName('table.name', name) }, 'table')
}
