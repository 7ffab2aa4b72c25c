/** Sends transactions. */

import { attributes, be32, type Schema } from '../netlink/attributes.js'
import { ERESTART, NetlinkError } from '../netlink/error.js'
import { type Operation, settle } from '../netlink/operation.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import type { NftChange } from './changes.js'
import { statementName, titleOf } from './fault.js'
import type { AnyRule } from './rule.js'
import type { Message, Transaction } from './transaction.js'
import { nfgenmsg, writeBatchHeader } from './wire.js'

const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_MSG_BATCH_END = 17
const NFNL_BATCH_GENID = 1

const batchTable = attributes({ generation: be32(NFNL_BATCH_GENID) })
const batchSchema = {
  protocol: NETLINK_NETFILTER,
  messages: { NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END },
  header: nfgenmsg,
  table: batchTable,
} satisfies Schema

/** The number of no change: what a message at one end of a transaction is part of. */
const OUTSIDE = -1

const batchMessage = {
  type: NFNL_MSG_BATCH_BEGIN,
  flags: 0,
  schema: batchSchema,
  doing: 'nft.apply',
  subject: undefined,
  // The first chain at a hook has the kernel's code changed, which takes milliseconds.
  unsteady: true,
}

/** Whether a transaction was refused since somebody else has changed the ruleset. @internal */
export const isOutdated = (error: unknown): boolean => error instanceof NetlinkError && error.errno === -ERESTART

/** A message at one end of a transaction. With a generation, the kernel refuses it when the ruleset has become another one since. */
function around(transaction: Transaction, type: number, generation?: number): void {
  transaction.batch.add({ ...batchMessage, type, change: OUTSIDE }, (writer) => {
    writeBatchHeader(writer)
    batchTable.write(writer, { generation }, 'transaction')
  })
}

/**
 * Makes changes in a transaction.
 *
 * @param generation that of the ruleset which they are for
 * @returns the handles of what each change has added, where they were asked for
 */
export function* commit(
  transaction: Transaction,
  changes: readonly (NftChange | undefined)[],
  generation: number | undefined,
): Operation<(number | undefined)[]> {
  const { batch } = transaction
  around(transaction, NFNL_MSG_BATCH_BEGIN, generation)
  yield* transaction.add(changes)
  const handles: (number | undefined)[] = changes.map(() => undefined)
  if (batch.messages.length === 1) return handles
  around(transaction, NFNL_MSG_BATCH_END)
  const { slow } = transaction
  const [answer] = yield* settle([{ ...batchMessage, slow, encode: () => undefined, batch }])
  if (answer?.error !== undefined) throw outsideChanges(answer.error, generation)
  for (const { error, request, items } of batch.answered.values()) {
    if (error !== undefined) throw refusal(error, request, transaction, changes, generation)
    const [handle] = items as readonly number[]
    if (handle !== undefined) handles[request.change] = handle
  }
  return handles
}

/** The error for a transaction that was refused as it is, whatever is in it. */
function outsideChanges(error: unknown, generation: number | undefined): unknown {
  if (!(error instanceof NetlinkError)) return error
  const { errno, syscall, netns, code } = error
  const said = { errno, syscall, doing: 'nft.apply', netns }
  if (isOutdated(error)) return new NetlinkError(said, `the ruleset has been changed since generation ${generation}`)
  if (code !== 'EMSGSIZE') return error
  return new NetlinkError(
    said,
    'the transaction is larger than a socket of this process may send: sysctl net.core.wmem_max',
  )
}

/** The error for a message that was refused: which change it is part of, and which statement. */
function refusal(
  error: unknown,
  { change, statement: known, firstElement }: Message,
  transaction: Transaction,
  changes: readonly (NftChange | undefined)[],
  generation: number | undefined,
): unknown {
  if (change === OUTSIDE || !(error instanceof NetlinkError)) return outsideChanges(error, generation)
  const { errno, syscall, netns } = error
  const [, list, at] = /^(expressions|elements)\.(\d+)/.exec(error.attribute ?? '') ?? []
  const rule = ruleOf(changes[change])
  const statement = known ?? (list === 'expressions' && rule ? transaction.statementOf(rule, Number(at)) : undefined)
  const element = list !== 'elements' ? error.attribute : `elements${elementPath(firstElement, Number(at))}`
  const name = rule && statement !== undefined ? ` statement ${statement} (${nameOf(rule, statement)})` : ''
  return new NetlinkError({
    errno,
    syscall,
    netns,
    doing: `nft.apply changes[${change}] (${titleOf(changes[change])})${name}`,
    request: error.request,
    kernelMessage: error.kernelMessage,
    attribute: statement === undefined ? element : `statements.${statement}`,
    change,
  })
}

/** Which of the elements that were given it is, where that can be said. */
const elementPath = (first: number | undefined, index: number): string =>
  first === undefined ? '' : `.${first + index}`

/** The rule that a change is about. */
const ruleOf = (change: NftChange | undefined): AnyRule | undefined =>
  (Object.values(change ?? {}) as { rule?: AnyRule }[])[0]?.rule

function nameOf({ statements }: AnyRule, statement: number): string {
  const found = statements[statement]
  return found === undefined ? '?' : statementName(found)
}
