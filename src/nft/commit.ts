/** Sends transactions. */

import { attributes, be32, type Schema } from '../netlink/attributes.js'
import { ERESTART, NetlinkError } from '../netlink/error.js'
import { type Operation, type Request, settle } from '../netlink/operation.js'
import { NETLINK_NETFILTER } from '../netlink/protocol.js'
import type { NftChange } from './changes.js'
import type { AnyStatement } from './statement.js'
import { type Message, statementName, type Transaction } from './transaction.js'
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

/** Whether a transaction was refused since somebody else has changed the ruleset. @internal */
export const isOutdated = (error: unknown): boolean => error instanceof NetlinkError && error.errno === -ERESTART

/**
 * Sends a transaction. With a generation, the kernel refuses it when the ruleset has become another one since.
 *
 * @returns the handles of what each change has added, where they were asked for
 */
export function* commit(
  { messages, identity }: Transaction,
  changes: readonly (NftChange | undefined)[],
  generation: number | undefined,
): Operation<(number | undefined)[]> {
  const handles: (number | undefined)[] = changes.map(() => undefined)
  if (messages.length === 0) return handles
  const around = (type: number, id?: number): Request => ({
    type,
    flags: 0,
    schema: batchSchema,
    doing: 'nft.apply',
    subject: undefined,
    // The first chain at a hook has the kernel's code changed, which takes milliseconds.
    unsteady: true,
    transaction: identity,
    encode(writer) {
      writeBatchHeader(writer)
      batchTable.write(writer, { generation: id }, 'transaction')
    },
  })
  const requests = messages.map(({ request }) => request)
  const answers = yield* settle([around(NFNL_MSG_BATCH_BEGIN, generation), ...requests, around(NFNL_MSG_BATCH_END)])
  const failed = answers.findIndex(({ error }) => error !== undefined)
  if (failed >= 0) throw refusal(answers[failed]?.error, messages[failed - 1], changes, generation)
  answers.slice(1, -1).forEach(({ items }, index) => {
    const { change } = messages[index] as Message
    const [handle] = items as readonly number[]
    if (handle !== undefined) handles[change] = handle
  })
  return handles
}

/** The error for a message that was refused: which change it is part of, and which statement. */
function refusal(
  error: unknown,
  of: Message | undefined,
  changes: readonly (NftChange | undefined)[],
  generation: number | undefined,
): unknown {
  if (!(error instanceof NetlinkError)) return error
  const { errno, syscall, netns, code } = error
  if (of === undefined) {
    const doing = 'nft.apply'
    if (isOutdated(error)) {
      const why = `the ruleset has been changed since generation ${generation}`
      return new NetlinkError({ errno, syscall, doing, netns }, why)
    }
    if (code !== 'EMSGSIZE') return error
    const why = 'the transaction is larger than a socket of this process may send: sysctl net.core.wmem_max'
    return new NetlinkError({ errno, syscall, doing, netns }, why)
  }
  const { change, statements, firstElement, request } = of
  const [, list, at] = /^(expressions|elements)\.(\d+)/.exec(error.attribute ?? '') ?? []
  const statement = of.statement ?? (list === 'expressions' ? statements?.[Number(at)] : undefined)
  const element = list !== 'elements' ? error.attribute : `elements${elementPath(firstElement, Number(at))}`
  const name = statement === undefined ? '' : ` statement ${statement} (${nameOf(changes[change], statement)})`
  return new NetlinkError({
    errno,
    syscall,
    netns,
    doing: `nft.apply changes[${change}] (${request.subject})${name}`,
    request: error.request,
    kernelMessage: error.kernelMessage,
    attribute: statement === undefined ? element : `statements.${statement}`,
    change,
  })
}

/** Which of the elements that were given it is, where that can be said. */
const elementPath = (first: number | undefined, index: number): string =>
  first === undefined ? '' : `.${first + index}`

function nameOf(change: NftChange | undefined, statement: number): string {
  const [object] = Object.values(change ?? {}) as { rule?: { statements: readonly AnyStatement[] } }[]
  const found = object?.rule?.statements[statement]
  return found === undefined ? '?' : statementName(found)
}
