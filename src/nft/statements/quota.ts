/** `quota`: packets until so many bytes have come, or only those after them. */

import { be32 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { be64 } from '../wire.js'
import { type Named, referring } from './objref.js'

const NFTA_QUOTA_BYTES = 1
const NFTA_QUOTA_FLAGS = 2
const NFTA_QUOTA_CONSUMED = 4

const NFT_QUOTA_F_INV = 1

/** @internal */
export const quotaExpression = expression('quota', {
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

/** @internal */
export const quotaOptions = ['bytes', 'over', 'used'] as const

/** The attributes of what was given. @internal */
export function quotaValues({ bytes, over, used = 0 }: Omit<Quota, 'kind'>) {
  if (over !== undefined && typeof over !== 'boolean') throw invalidType('over', 'a boolean', over)
  return {
    bytes: integer('bytes', bytes, 0, Number.MAX_SAFE_INTEGER),
    consumed: integer('used', used, 0, Number.MAX_SAFE_INTEGER),
    flags: over ? NFT_QUOTA_F_INV : 0,
  }
}

/** What was given, by the attributes. @internal */
export const readQuota = (values: Readonly<Record<string, unknown>>): Omit<Quota, 'kind'> => ({
  bytes: (values['bytes'] as number | undefined) ?? 0,
  ...(((values['flags'] as number | undefined) ?? 0) & NFT_QUOTA_F_INV ? { over: true } : {}),
  ...(values['consumed'] ? { used: values['consumed'] as number } : {}),
})

statementKind<Quota>({
  kind: 'quota',
  stateful: true,
  options: quotaOptions,
  write(given, program) {
    const values = quotaValues(given)
    program.step()
    program.emit(quotaExpression, values)
  },
})

reads('quota', (values, decoder) => decoder.say({ kind: 'quota', ...readQuota(values) }))

/** Builders of quotas. */
export interface QuotaBuilder extends Named {
  /** A quota of the rule's own. */
  (bytes: number, options?: { over?: boolean; used?: number }): Quota
}

/**
 * Packets until so many bytes have come, or after that: `quota over 25 mbytes`; with an object of the table, `quota.named('customer')`,
 * `quota name "customer"`.
 */
export const quota: QuotaBuilder = Object.assign(
  (bytes: number, options: { over?: boolean; used?: number } = {}): Quota => ({
    kind: 'quota',
    bytes,
    ...(options.over && { over: true }),
    ...(options.used && { used: options.used }),
  }),
  referring('quota'),
)
