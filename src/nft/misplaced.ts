/** Why the kernel refuses a rule or a chain, where it says only that it does not support that. */

import { invalidValue } from '../netlink/check.js'
import { NetlinkError } from '../netlink/error.js'
import { type Operation, settle } from '../netlink/operation.js'
import { chainSchema, chainTable, isBase, NFT_MSG_GETCHAIN, type NftChain, readChain } from './chain.js'
import type { NftChange } from './changes.js'
import { familyNumber, type NftFamily } from './family.js'
import { inStatement } from './fault.js'
import { type Copied, query } from './requests.js'
import type { AnyRule } from './rule.js'
import type { AnyStatement } from './statement.js'
import { checkPlaces } from './transaction.js'

/**
 * The error for a transaction that was refused. The kernel does not say that it is the chain, of which it alone knew: its type or hook has no place
 * for a statement, it is one that cannot be jumped to, or its place cannot be changed.
 */
export function* whyRefused(error: unknown, changes: readonly (NftChange | undefined)[]): Operation<unknown> {
  if (!(error instanceof NetlinkError) || error.code !== 'EOPNOTSUPP' || error.change === undefined) return error
  const change = changes[error.change]
  const [[verb, object] = []] = Object.entries(change ?? {}) as [string, { rule?: AnyRule; chain?: NftChain }][]
  const { rule, chain } = object ?? {}
  try {
    if (rule?.statements !== undefined) yield* checkRule(rule, statementOf(error), changes)
    else if (chain?.name !== undefined) yield* checkChain(chain)
  } catch (reason) {
    const { family, table, name } = rule === undefined ? (chain as NftChain) : { ...rule, name: rule.chain }
    const where = `changes[${error.change}] (${verb} ${rule === undefined ? 'chain' : 'rule'} ${family} ${table} ${name})`
    return Object.assign(reason as Error, { message: `${where}: ${(reason as Error).message}` })
  }
  return error
}

/** The statement that an error is about. */
const statementOf = ({ attribute }: NetlinkError): number => Number(/^statements\.(\d+)/.exec(attribute ?? '')?.[1])

function* checkRule(rule: AnyRule, at: number, changes: readonly (NftChange | undefined)[]): Operation<void> {
  const { family, table, chain, statements } = rule
  const place = yield* findChain(family, table, chain)
  if (place !== undefined) checkPlaces(statements, place)
  const statement = statements[at] as (AnyStatement & { chain?: string }) | undefined
  if (statement?.chain === undefined) return
  const { chain: name } = statement
  const made = changes.flatMap((change) =>
    change !== undefined && 'add' in change && 'chain' in change.add ? change.add.chain : [],
  )
  const target =
    made.find((each) => each.family === family && each.table === table && each.name === name) ??
    (yield* findChain(family, table, name))
  if (target === undefined || !isBase(target)) return
  throw inStatement(invalidValue('chain', name, 'is a base chain, which cannot be jumped to'), at, statement)
}

function* checkChain(chain: NftChain): Operation<void> {
  const there = yield* findChain(chain.family, chain.table, chain.name)
  if (there === undefined) return
  for (const option of ['type', 'hook', 'priority'] as const) {
    if (chain[option] === undefined || chain[option] === there[option]) continue
    throw invalidValue(`chain.${option}`, chain[option], `cannot be changed: the chain is there with ${there[option]}`)
  }
}

function* findChain(family: NftFamily, table: string, name: string): Operation<NftChain | undefined> {
  const number = familyNumber('family', family)
  const [answer] = yield* settle([
    query(NFT_MSG_GETCHAIN, chainSchema, number, 'nft.apply', false, (writer) =>
      chainTable.write(writer, { table, name }, 'chain'),
    ),
  ])
  const [found] = (answer?.items ?? []) as Copied[]
  return found && readChain(number, chainTable.read(found.reader, 0, found.reader.bytes.length))
}
