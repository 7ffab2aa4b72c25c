/** Everything that a ruleset has, as the messages that tell of it. */

import { constants } from 'node:os'
import { NetlinkError } from '../../netlink/error.js'
import { type Operation, settle } from '../../netlink/operation.js'
import type { Names } from '../../netlink/writer.js'
import { chainSchema, NFT_MSG_GETCHAIN, NFT_MSG_NEWCHAIN } from '../chain.js'
import { flowtableSchema, NFT_MSG_GETFLOWTABLE, NFT_MSG_NEWFLOWTABLE } from '../flowtable.js'
import { readElements } from '../listing.js'
import { NFT_MSG_GETOBJ, NFT_MSG_NEWOBJ, objectSchema } from '../object.js'
import { type Copied, generationNow, itemsOf, query } from '../requests.js'
import { NFT_MSG_GETRULE, NFT_MSG_NEWRULE, ruleSchema } from '../rule.js'
import { NFT_MSG_GETSET, NFT_MSG_NEWSET, setSchema, setTable } from '../set-wire.js'
import { NFT_MSG_GETTABLE, NFT_MSG_NEWTABLE, tableSchema } from '../table.js'
import type { Listed, Told } from './told.js'

/** How often a ruleset is read anew that has changed meanwhile. */
const TRIES = 100

const DOING = 'nft.monitor'

/** A ruleset of one moment, and which it is. @internal */
export interface Moment {
  readonly listed: Listed
  readonly generation: number
  /** The devices of the namespace. */
  readonly names: Names
}

/** @internal */
export function* listMoment(): Operation<Moment> {
  for (let tries = 1; ; tries++) {
    const { id: generation, names } = yield* generationNow(DOING)
    const listed = yield* listAll()
    const after = yield* generationNow(DOING)
    if (after.id === generation) return { listed, generation, names }
    if (tries === TRIES) {
      const failure = { errno: -constants.errno.EINTR, syscall: 'netlink', doing: DOING }
      throw new NetlinkError(failure, `the ruleset changed each of the ${TRIES} times it was read`)
    }
  }
}

function* listAll(): Operation<Listed> {
  const [tables = [], chains = [], objects = [], flowtables = [], sets = [], rules = []] = itemsOf(
    yield* settle([
      query(NFT_MSG_GETTABLE, tableSchema, 0, DOING, true),
      query(NFT_MSG_GETCHAIN, chainSchema, 0, DOING, true),
      query(NFT_MSG_GETOBJ, objectSchema, 0, DOING, true),
      query(NFT_MSG_GETFLOWTABLE, flowtableSchema, 0, DOING, true),
      query(NFT_MSG_GETSET, setSchema, 0, DOING, true),
      query(NFT_MSG_GETRULE, ruleSchema, 0, DOING, true),
    ]),
  )
  const reported = sets.map(({ family, reader }) => ({
    family,
    values: setTable.read(reader, 0, reader.bytes.length),
  }))
  const elements = yield* readElements(reported)
  const told = (number: number, found: readonly Copied[]): Told[] =>
    found.map((copied) => ({ number, flags: 0, generation: 0, ...copied }))
  return {
    objects: [
      ...told(NFT_MSG_NEWTABLE, tables),
      ...told(NFT_MSG_NEWCHAIN, chains),
      ...told(NFT_MSG_NEWOBJ, objects),
      ...told(NFT_MSG_NEWFLOWTABLE, flowtables),
      ...told(NFT_MSG_NEWSET, sets),
    ],
    elements: reported.map(({ family, values: { table, name } }, index) => ({
      family,
      ...(table !== undefined && { table }),
      ...(name !== undefined && { set: name }),
      elements: elements[index] ?? [],
    })),
    rules: told(NFT_MSG_NEWRULE, rules),
  }
}
