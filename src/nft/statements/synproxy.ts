/** `synproxy`: connections are accepted in the name of a server that sees only those that are meant. */

import { be16, be32, u8 } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'
import { type Named, referring } from './objref.js'

const NFTA_SYNPROXY_MSS = 1
const NFTA_SYNPROXY_WSCALE = 2
const NFTA_SYNPROXY_FLAGS = 3

const NF_SYNPROXY_OPT_MSS = 0x01
const NF_SYNPROXY_OPT_WSCALE = 0x02
const NF_SYNPROXY_OPT_SACK_PERM = 0x04
const NF_SYNPROXY_OPT_TIMESTAMP = 0x08

/** The largest scale of a window. */
const LARGEST_SCALE = 14

/** @internal */
export const synproxyExpression = expression('synproxy', {
  mss: be16(NFTA_SYNPROXY_MSS),
  wscale: u8(NFTA_SYNPROXY_WSCALE),
  flags: be32(NFTA_SYNPROXY_FLAGS),
})

/** What the clients are told of the server. */
export interface SynproxyOptions {
  /** The largest segment it takes, in bytes. */
  mss?: number | undefined
  /** The scale of its window, 0 to 14. */
  wscale?: number | undefined
  /** It uses timestamps. */
  timestamp?: boolean | undefined
  /** It takes selective acknowledgements. */
  sackPerm?: boolean | undefined
}

/** Connections are accepted in the name of the server, and made with it when the client has answered. */
export interface Synproxy extends SynproxyOptions {
  /** Which statement it is. */
  kind: 'synproxy'
}

/** @internal */
export const synproxyOptions = ['mss', 'wscale', 'timestamp', 'sackPerm'] as const satisfies (keyof SynproxyOptions)[]

/** The attributes of what was given. @internal */
export function synproxyValues({ mss, wscale, timestamp, sackPerm }: SynproxyOptions) {
  if (timestamp !== undefined && typeof timestamp !== 'boolean') throw invalidType('timestamp', 'a boolean', timestamp)
  if (sackPerm !== undefined && typeof sackPerm !== 'boolean') throw invalidType('sackPerm', 'a boolean', sackPerm)
  return {
    mss: mss === undefined ? 0 : integer('mss', mss, 0, 0xffff),
    wscale: wscale === undefined ? 0 : integer('wscale', wscale, 0, LARGEST_SCALE),
    flags:
      (mss === undefined ? 0 : NF_SYNPROXY_OPT_MSS) |
      (wscale === undefined ? 0 : NF_SYNPROXY_OPT_WSCALE) |
      (timestamp ? NF_SYNPROXY_OPT_TIMESTAMP : 0) |
      (sackPerm ? NF_SYNPROXY_OPT_SACK_PERM : 0),
  }
}

/** What was given, by the attributes. @internal */
export function readSynproxy(values: Readonly<Record<string, unknown>>): SynproxyOptions {
  const { mss, wscale, flags } = values as { mss?: number; wscale?: number; flags?: number }
  const has = (flag: number): boolean => ((flags ?? 0) & flag) !== 0
  return {
    ...(has(NF_SYNPROXY_OPT_MSS) && { mss: mss ?? 0 }),
    ...(has(NF_SYNPROXY_OPT_WSCALE) && { wscale: wscale ?? 0 }),
    ...(has(NF_SYNPROXY_OPT_TIMESTAMP) && { timestamp: true }),
    ...(has(NF_SYNPROXY_OPT_SACK_PERM) && { sackPerm: true }),
  }
}

statementKind<Synproxy>({
  kind: 'synproxy',
  families: ['ip', 'ip6', 'inet'],
  hooks: ['input', 'forward'],
  options: synproxyOptions,
  write(given, program) {
    const values = synproxyValues(given)
    program.step()
    program.emit(synproxyExpression, values)
  },
})

reads('synproxy', (values, decoder) => decoder.say({ kind: 'synproxy', ...readSynproxy(values) }))

/** Builders of such statements. */
export interface SynproxyBuilder extends Named {
  /** What the clients are told is said in the rule. */
  (options?: SynproxyOptions): Synproxy
}

/**
 * Accepts connections in the name of the server: `synproxy mss 1460 wscale 7 timestamp sack-perm` (Linux 5.3); as an object of the table says,
 * `synproxy.named('web')`, `synproxy name "web"` (Linux 5.4).
 */
export const synproxy: SynproxyBuilder = Object.assign(
  (options: SynproxyOptions = {}): Synproxy => ({ kind: 'synproxy', ...options }),
  referring('synproxy'),
)
