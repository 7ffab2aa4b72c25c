/** `limit`: packets up to a rate, or only those above it. */

import { be32, scalar } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { be64 } from '../wire.js'
import { type Named, referring } from './objref.js'

const NFTA_LIMIT_RATE = 1
const NFTA_LIMIT_UNIT = 2
const NFTA_LIMIT_BURST = 3
const NFTA_LIMIT_TYPE = 4
const NFTA_LIMIT_FLAGS = 5

const NFT_LIMIT_PKTS = 0
const NFT_LIMIT_PKT_BYTES = 1
const NFT_LIMIT_F_INV = 1

/** @internal */
export const limitExpression = expression('limit', {
  rate: be64(NFTA_LIMIT_RATE),
  unit: be64(NFTA_LIMIT_UNIT),
  burst: be32(NFTA_LIMIT_BURST),
  type: scalar(NFTA_LIMIT_TYPE, named(BE32, enumeration({ packets: NFT_LIMIT_PKTS, bytes: NFT_LIMIT_PKT_BYTES }))),
  flags: be32(NFTA_LIMIT_FLAGS),
})

/** A span of time that a rate is of. */
export type RatePer = 'second' | 'minute' | 'hour' | 'day' | 'week'

const seconds: Readonly<Record<RatePer, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 }

/** The rule goes on for packets that are within a rate. */
export interface Limit {
  /** Which statement it is. */
  kind: 'limit'
  /** How many. */
  rate: number
  /** In which time. */
  per: RatePer
  /** What is counted: packets, when nothing is said. */
  unit?: 'packets' | 'bytes' | undefined
  /** How many may come at once: 5 packets, or no bytes, when nothing is said. */
  burst?: number | undefined
  /** It goes on for those above the rate, not for those within. */
  over?: boolean | undefined
}

/** What nft takes for the burst where nothing is said. */
const BURST = 5

/** @internal */
export const limitOptions = ['rate', 'per', 'unit', 'burst', 'over'] as const

/** The attributes of what was given. @internal */
export function limitValues({ rate, per, unit = 'packets', burst, over }: Omit<Limit, 'kind'>) {
  oneOf('unit', unit, ['packets', 'bytes'])
  if (over !== undefined && typeof over !== 'boolean') throw invalidType('over', 'a boolean', over)
  const most = burst === undefined ? (unit === 'packets' ? BURST : 0) : integer('burst', burst, 0, 0xffff_ffff)
  return {
    rate: integer('rate', rate, 1, Number.MAX_SAFE_INTEGER),
    unit: seconds[oneOf('per', per, Object.keys(seconds) as RatePer[])],
    type: unit,
    burst: most || undefined,
    flags: over ? NFT_LIMIT_F_INV : 0,
  }
}

/** What was given, by the attributes; undefined for a span of time that has no name. @internal */
export function readLimit(values: Readonly<Record<string, unknown>>): Omit<Limit, 'kind'> | undefined {
  const { rate, unit, burst, type, flags } = values as Record<string, number | undefined> & { type?: unknown }
  const per = Object.entries(seconds).find(([, length]) => length === unit)?.[0] as RatePer | undefined
  if (per === undefined) return undefined
  const usual = type === 'packets' ? BURST : 0
  return {
    rate: rate ?? 0,
    per,
    ...(type === 'bytes' && { unit: 'bytes' }),
    ...((burst ?? 0) !== usual && { burst: burst ?? 0 }),
    ...((flags ?? 0) & NFT_LIMIT_F_INV ? { over: true } : {}),
  }
}

statementKind<Limit>({
  kind: 'limit',
  stateful: true,
  options: limitOptions,
  write(given, program) {
    const values = limitValues(given)
    program.step()
    program.emit(limitExpression, values)
  },
})

reads('limit', (values, decoder) => {
  const read = readLimit(values)
  return read !== undefined && decoder.say({ kind: 'limit', ...read })
})

const units = { bytes: 1, kbytes: 1024, mbytes: 1024 * 1024 }

/** A rate as nft spells it: `5/second`, `1 mbytes/second`. */
export type Rate = `${number}/${RatePer}` | `${number} ${'bytes' | 'kbytes' | 'mbytes'}/${RatePer}`

function limitOf(rate: Rate, options: { burst?: number | undefined; over?: boolean | undefined } = {}): Limit {
  const [, number, unit, per] = /^(\d+)(?: (bytes|kbytes|mbytes))?\/(\w+)$/.exec(rate) ?? []
  if (number === undefined || per === undefined) {
    throw invalidValue('rate', rate, "must be a rate such as '5/second' or '1 mbytes/second'")
  }
  const made: Limit = { kind: 'limit', rate: Number(number), per: per as RatePer }
  if (unit !== undefined) {
    made.rate *= units[unit as keyof typeof units]
    made.unit = 'bytes'
  }
  if (options.burst !== undefined) made.burst = options.burst
  if (options.over) made.over = true
  return made
}

/** Builders of limits. */
export interface LimitBuilder extends Named {
  /** A limit of the rule's own. */
  (rate: Rate, options?: { burst?: number | undefined; over?: boolean | undefined }): Limit
}

/** Packets within a rate, or above it: `limit rate 5/second`; with an object of the table, `limit.named('x')`, `limit name "x"`. */
export const limit: LimitBuilder = Object.assign(limitOf, referring('limit'))
