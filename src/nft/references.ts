/** What changes refer to and do not bring with them: sets of the kernel's, and rules by their comments. */

import { invalidValue } from '../netlink/check.js'
import { asOne, type Operation, PORTION, settle } from '../netlink/operation.js'
import type { NftChange, PlacedRule, RuleRef } from './changes.js'
import { familyName, familyNumber, type NftFamily } from './family.js'
import type { SetInfo } from './lookup.js'
import { type Copied, itemsOf, query } from './requests.js'
import { NFT_MSG_GETRULE, ruleSchema, ruleTable } from './rule.js'
import * as sets from './set-object.js'
import * as setWire from './set-wire.js'
import { commentOf } from './userdata.js'

/** The name under which a set is known across tables. @internal */
export const setKey = (family: NftFamily, table: string, name: string): string => `${family} ${table} ${name}`

/** What a rule has to know of a set that the kernel has; undefined where it has none of this name. @internal */
export function* findSet(family: NftFamily, table: string, name: string): Operation<SetInfo | undefined> {
  const request = query(
    setWire.NFT_MSG_GETSET,
    setWire.setSchema,
    familyNumber('family', family),
    'nft.apply',
    false,
    (writer) => setWire.setTable.write(writer, { table, name }, 'set'),
  )
  const [answer] = yield* settle([request])
  const [item] = (answer?.items ?? []) as readonly Copied[]
  return item && sets.readSetInfo(setWire.setTable.read(item.reader, 0, item.reader.bytes.length))
}

/** A rule that a change names by its comment, and the change with its handle instead. */
interface Named {
  readonly rule: RuleRef
  with(handle: number): NftChange
}

const hasComment = (value: unknown): value is { comment: string } =>
  typeof value === 'object' && value !== null && 'comment' in value

/** What a change names by its comment, if it does. */
function named(change: NftChange): Named | undefined {
  if (typeof change !== 'object' || change === null) return undefined
  if ('replace' in change) {
    const { rule, of } = change.replace ?? {}
    if (!hasComment(of)) return undefined
    return {
      rule: { ...rule, comment: of.comment },
      with: (handle) => ({ replace: { ...change.replace, of: { handle } } }),
    }
  }
  for (const verb of ['add', 'insert'] as const) {
    const object = verb in change ? (change as Record<string, { rule?: PlacedRule } | null>)[verb] : undefined
    const rule = typeof object === 'object' ? object?.rule : undefined
    if (rule === undefined || !hasComment(rule?.position)) continue
    const { comment } = rule.position
    const placed = (handle: number): PlacedRule => ({ ...rule, position: handle })
    return {
      rule: { ...rule, comment },
      with: (handle) => (verb === 'add' ? { add: { rule: placed(handle) } } : { insert: { rule: placed(handle) } }),
    }
  }
  const target = 'del' in change ? change.del : 'destroy' in change ? change.destroy : undefined
  if (typeof target !== 'object' || target === null || !('rule' in target)) return undefined
  const { rule } = target
  if (rule.handle !== undefined || rule.comment === undefined) return undefined
  const found = (handle: number): { rule: RuleRef } => ({ rule: { ...rule, handle } })
  return { rule, with: (handle) => ('del' in change ? { del: found(handle) } : { destroy: found(handle) }) }
}

/**
 * Gives the rules that changes name by a comment their handles. Without any, the changes are returned as they are; of what is to be destroyed and is not
 * there, nothing is left. @internal
 */
export function* byComment(changes: readonly NftChange[]): Operation<readonly (NftChange | undefined)[]> {
  let some = false
  for (let index = 0; index < changes.length && !some; index++) {
    if ((index + 1) % PORTION === 0) yield* asOne()
    some = named(changes[index] as NftChange) !== undefined
  }
  if (!some) return changes
  const [found = []] = itemsOf(yield* settle([query(NFT_MSG_GETRULE, ruleSchema, 0, 'nft.apply', true)]))
  const rules = found.map(({ family, reader }) => {
    const { table, chain, handle, userdata } = ruleTable.read(reader, 0, reader.bytes.length)
    return { family: familyName(family), table, chain, handle, comment: commentOf(userdata) }
  })
  return changes.map((change, index) => {
    const wanted = named(change)
    if (wanted === undefined) return change
    const { family, table, chain, comment } = wanted.rule
    const same = rules.filter(
      (rule) => rule.family === family && rule.table === table && rule.chain === chain && rule.comment === comment,
    )
    const [only] = same
    if (only === undefined && 'destroy' in change) return undefined
    if (only?.handle === undefined || same.length > 1) {
      const reason = same.length > 1 ? `is that of ${same.length} rules` : 'is that of no rule'
      throw invalidValue(`changes[${index}].rule.comment`, comment, `${reason} of chain ${family} ${table} ${chain}`)
    }
    return wanted.with(only.handle)
  })
}
