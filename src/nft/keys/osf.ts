/** `osf`: which operating system a packet is from, as far as the beginning of its connection gives that away. */

import { be32, u8 } from '../../netlink/attributes.js'
import { oneOf, onlyKnown } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { type Comparable, comparable } from '../selector.js'
import { computation } from '../term.js'
import { textOf } from '../types.js'

const NFTA_OSF_DREG = 1
const NFTA_OSF_TTL = 2
const NFTA_OSF_FLAGS = 3

const NFT_OSF_F_VERSION = 1

/** The number nft has for this among its sorts of expressions. */
const OSF = 11

const osfExpression = expression('osf', {
  dreg: register(NFTA_OSF_DREG),
  ttl: u8(NFTA_OSF_TTL),
  flags: be32(NFTA_OSF_FLAGS),
})

/**
 * How the time to live is looked at: it has to be what that system would have sent, less by the routers on the way (`exact`); no more than that
 * (`loose`); or anything (`skip`).
 */
export type OsfTtl = 'exact' | 'loose' | 'skip'
const ttls: Readonly<Record<OsfTtl, number>> = { exact: 0, loose: 1, skip: 2 }

/** The operating system a packet is from. */
export interface OperatingSystem {
  /** Its name, `Linux`, or that with its version, `Linux:4.20`. */
  osf: 'name' | 'version'
  /** How the time to live is looked at, when that is not the usual way. */
  ttl?: Exclude<OsfTtl, 'exact'> | undefined
}

const names = new Set(['osf', 'ttl'])
const system = textOf(16)

computation<OperatingSystem>('osf', (given, _program, path) => {
  onlyKnown(path, given, names)
  const what = oneOf(`${path}.osf`, given.osf, ['name', 'version'])
  const ttl = given.ttl === undefined ? 0 : ttls[oneOf(`${path}.ttl`, given.ttl, ['loose', 'skip'])]
  const flags = what === 'version' ? NFT_OSF_F_VERSION : undefined
  return {
    expression: given,
    type: system,
    bits: 128,
    order: 'text',
    length: 16,
    shift: 0,
    stored: { sort: OSF, data: [] },
    load: (program, word) => program.emit(osfExpression, { dreg: word, ttl, flags }),
  }
})

reads('osf', ({ dreg, ttl = 0, flags = 0 }, decoder) => {
  const how = Object.entries(ttls).find(([, number]) => number === ttl)?.[0]
  if (how === undefined) return false
  const what = (flags as number) & NFT_OSF_F_VERSION ? 'version' : 'name'
  const expression = { osf: what, ...(how !== 'exact' && { ttl: how }) }
  return decoder.load(dreg as number, {
    source: { expression, type: system, bits: 128, order: 'text', keys: [] },
    changes: [],
  })
})

const build = (what: 'name' | 'version') => (ttl?: OsfTtl) =>
  comparable<OperatingSystem, string>(ttl === undefined || ttl === 'exact' ? { osf: what } : { osf: what, ttl })

/**
 * The operating system a packet is from, as far as the first packet of a connection gives that away: `osf name "Linux"`. The kernel has to be told
 * how systems may be known (nfnl_osf).
 */
export const osf: {
  /** Its name: `osf.name()('Linux')`. */
  name(ttl?: OsfTtl): Comparable<OperatingSystem, string>
  /** Its name and version: `osf.version('skip')('Linux:4.20')`. */
  version(ttl?: OsfTtl): Comparable<OperatingSystem, string>
} = { name: build('name'), version: build('version') }
