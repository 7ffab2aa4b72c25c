/** Address translation: `snat`, `dnat`, `masquerade`, `redirect`. */

import { be32, scalar } from '../../netlink/attributes.js'
import { invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { bitNames, enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { reads } from '../decoder.js'
import { expression, type Instruction, register } from '../expression.js'
import { familyName, familyNumber } from '../family.js'
import type { Program } from '../program.js'
import { isInterval, partLength, partOf, words } from '../set.js'
import { statementKind } from '../statement.js'
import { inetService } from '../types.js'
import { isMap, prepareMap } from '../value.js'
import type { MapExpression } from './map.js'
import {
  addressFamily,
  addressOf,
  ends,
  type NatOptions,
  type NatTarget,
  needsTransport,
  type Ported,
  type PortTarget,
  plainOptions,
  portEnds,
  readEnds,
  type Target,
  target,
  withRegisters,
} from './target.js'

const NFTA_NAT_TYPE = 1
const NFTA_NAT_FAMILY = 2
const NFTA_NAT_REG_ADDR_MIN = 3
const NFTA_NAT_REG_ADDR_MAX = 4
const NFTA_NAT_REG_PROTO_MIN = 5
const NFTA_NAT_REG_PROTO_MAX = 6
const NFTA_NAT_FLAGS = 7

const NFTA_MASQ_FLAGS = 1
const NFTA_MASQ_REG_PROTO_MIN = 2
const NFTA_MASQ_REG_PROTO_MAX = 3

const NFTA_REDIR_REG_PROTO_MIN = 1
const NFTA_REDIR_REG_PROTO_MAX = 2
const NFTA_REDIR_FLAGS = 3

const NFT_NAT_SNAT = 0
const NFT_NAT_DNAT = 1

const NF_NAT_RANGE_PROTO_SPECIFIED = 2
const NF_NAT_RANGE_PROTO_RANDOM = 4
const NF_NAT_RANGE_PERSISTENT = 8
const NF_NAT_RANGE_PROTO_RANDOM_FULLY = 16
const NF_NAT_RANGE_NETMAP = 64

/**
 * How ports and addresses are chosen: by chance, entirely by chance, the same address for all connections of a client; or the beginning of the
 * address alone is translated and its end kept, `snat prefix to 192.0.2.0/24` (`netmap`, Linux 5.8).
 */
export type NatFlag = 'random' | 'fully-random' | 'persistent' | 'netmap'

const flagBits: Readonly<Record<NatFlag, number>> = {
  random: NF_NAT_RANGE_PROTO_RANDOM,
  'fully-random': NF_NAT_RANGE_PROTO_RANDOM_FULLY,
  persistent: NF_NAT_RANGE_PERSISTENT,
  netmap: NF_NAT_RANGE_NETMAP,
}
const flagNames = bitNames(flagBits)

const natExpression = expression('nat', {
  type: scalar(NFTA_NAT_TYPE, named(BE32, enumeration({ snat: NFT_NAT_SNAT, dnat: NFT_NAT_DNAT }))),
  family: be32(NFTA_NAT_FAMILY),
  addrMin: register(NFTA_NAT_REG_ADDR_MIN),
  addrMax: register(NFTA_NAT_REG_ADDR_MAX),
  protoMin: register(NFTA_NAT_REG_PROTO_MIN),
  protoMax: register(NFTA_NAT_REG_PROTO_MAX),
  flags: be32(NFTA_NAT_FLAGS),
})
const masqExpression = expression('masq', {
  protoMin: register(NFTA_MASQ_REG_PROTO_MIN),
  protoMax: register(NFTA_MASQ_REG_PROTO_MAX),
  flags: be32(NFTA_MASQ_FLAGS),
})
const redirExpression = expression('redir', {
  protoMin: register(NFTA_REDIR_REG_PROTO_MIN),
  protoMax: register(NFTA_REDIR_REG_PROTO_MAX),
  flags: be32(NFTA_REDIR_FLAGS),
})

/** The source address of the connection is translated. */
export interface Snat extends NatOptions {
  /** Which statement it is. */
  kind: 'snat'
}
/** The destination address of the connection is translated. */
export interface Dnat extends NatOptions {
  /** Which statement it is. */
  kind: 'dnat'
}
/** The source address is translated to that of the device it goes out by. */
export interface Masquerade extends Ported {
  /** Which statement it is. */
  kind: 'masquerade'
}
/** The destination is translated to the machine itself. */
export interface Redirect extends Ported {
  /** Which statement it is. */
  kind: 'redirect'
}

const families = ['ip', 'ip6', 'inet'] as const
const options = ['addr', 'port', 'family', 'flags'] as const
const sources = ['postrouting', 'input'] as const
const destinations = ['prerouting', 'output'] as const

function flagsNumber(flags: unknown): number {
  if (flags === undefined) return 0
  if (!Array.isArray(flags)) throw invalidType('flags', 'an array', flags)
  return (flags as unknown[]).reduce<number>(
    (bits, flag, index) => bits | flagBits[oneOf(`flags.${index}`, flag, Object.keys(flagBits) as NatFlag[])],
    0,
  )
}

/** Whether a map has an address and a port for each key. */
const hasPorts = ({ data }: MapExpression): boolean => Array.isArray(data) && Array.isArray((data[0] as unknown[])?.[1])

for (const kind of ['snat', 'dnat'] as const) {
  statementKind<Snat | Dnat>({
    kind,
    families,
    type: 'nat',
    hooks: kind === 'snat' ? sources : destinations,
    options,
    write(statement, program) {
      const { addr, port, flags } = statement
      const family = addressFamily(statement, program)
      if (addr === undefined && port === undefined) throw invalidValue('addr', addr, 'must be given, or a port')
      const address = addressOf(family)
      const number = familyNumber('family', family ?? 'inet')
      const bits = flagsNumber(flags)
      if (isMap(addr) && hasMapPorts(addr, program)) {
        if (port !== undefined) throw invalidValue('port', port, 'is in the map already')
        const load = prepareMap(addr, [address, partOf(inetService)], program, 'addr')
        needsTransport(program, 'addr', addr)
        program.step()
        program.register((word) => {
          load(program, word)
          const protoMin = word + words(partLength(address))
          program.emit(natExpression, { type: kind, family: number, addrMin: word, protoMin, flags: bits || undefined })
        })
        return
      }
      const ranges = isMap(addr) && hasRanges(addr, program)
      const from =
        addr === undefined
          ? undefined
          : ends(addr, [ranges ? { ...address, interval: true } : address], program, 'addr')
      const ports = portEnds(port, program)
      program.step()
      withRegisters([...(from?.loads ?? []), ...(ports?.loads ?? [])], program, (taken) => {
        const count = from?.loads.length ?? 0
        const [addrMin, second] = taken.slice(0, count)
        // Of a range that a map has, the end comes with the beginning.
        const addrMax = ranges ? (addrMin as number) + words(partLength(address)) : second
        const [protoMin, protoMax] = taken.slice(count)
        const all = bits | (ports === undefined ? 0 : NF_NAT_RANGE_PROTO_SPECIFIED)
        program.emit(natExpression, {
          type: kind,
          family: number,
          addrMin,
          addrMax,
          protoMin,
          protoMax,
          flags: all || undefined,
        })
      })
    },
  })
}

/** Whether a map, written here or with a name, has ports with its addresses. */
function hasMapPorts(map: MapExpression, program: Program): boolean {
  if (typeof map.data !== 'string') return hasPorts(map)
  const { data } = program.lookups.named(map.data.slice(1), 'addr.data')
  return Array.isArray(data) && data.length === 2
}

/** Whether a map, written here or with a name, has ranges. */
function hasRanges({ data }: MapExpression, program: Program): boolean {
  if (typeof data === 'string') return isInterval(program.lookups.named(data.slice(1), 'addr.data').data)
  return data.some((pair) => typeof pair?.[1] === 'string' && /[-/]/.test(pair[1]))
}

const ported = { masquerade: masqExpression, redirect: redirExpression } as const
for (const kind of ['masquerade', 'redirect'] as const) {
  statementKind<Masquerade | Redirect>({
    kind,
    families,
    type: 'nat',
    hooks: kind === 'masquerade' ? ['postrouting'] : destinations,
    options: ['port', 'flags'],
    write({ port, flags }, program) {
      const bits = flagsNumber(flags)
      const ports = portEnds(port, program)
      program.step()
      withRegisters(ports?.loads ?? [], program, ([protoMin, protoMax]) => {
        const all = bits | (ports === undefined ? 0 : NF_NAT_RANGE_PROTO_SPECIFIED)
        program.emit(ported[kind] as typeof masqExpression, { protoMin, protoMax, flags: all || undefined })
      })
    },
  })
}

type Values = Instruction['values']

const flagsOf = (flags: unknown): { flags?: NatFlag[] } => {
  const found = flagNames((flags as number | undefined) ?? 0)
  return found.length === 0 ? {} : { flags: found }
}

reads('nat', (values: Values, decoder) => {
  const { type, family: number, addrMin, addrMax, protoMin, protoMax, flags } = values
  const family = familyName(number as number)
  if (typeof type !== 'string' || family === undefined) return false
  const address = addressOf(family)
  const map = decoder.at(addrMin)?.source
  const joined = map?.parts?.length === 2 && protoMin === (addrMin as number) + words(partLength(address))
  const addr = joined ? map.expression : readEnds(addrMin, addrMax, [address], decoder)
  const port = joined ? undefined : readEnds(protoMin, protoMax, [partOf(inetService)], decoder)
  if ((addrMin !== undefined && addr === undefined) || (!joined && protoMin !== undefined && port === undefined))
    return false
  const told = decoder.family !== 'inet' || typeof addr === 'string' || addr === undefined || isMap(addr)
  const known = told || decoder.context.layers.network === family
  return decoder.say(
    {
      kind: type,
      ...(addr !== undefined && { addr }),
      ...(port !== undefined && { port }),
      ...(!known && { family }),
      ...flagsOf(flags),
    },
    [addrMin, protoMin].flatMap((word) => decoder.at(word)?.source?.keys ?? []),
  )
})

for (const [name, kind] of [
  ['masq', 'masquerade'],
  ['redir', 'redirect'],
] as const) {
  reads(name, ({ protoMin, protoMax, flags }, decoder) => {
    const port = readEnds(protoMin, protoMax, [partOf(inetService)], decoder)
    if (protoMin !== undefined && port === undefined) return false
    return decoder.say(
      { kind, ...(port !== undefined && { port }), ...flagsOf(flags) },
      decoder.at(protoMin)?.source?.keys ?? [],
    )
  })
}

/** Translates the source address: `snat to 192.0.2.1`. */
export const snat = (to: Target, options: Omit<NatTarget, 'addr'> = {}): Snat => ({
  kind: 'snat',
  ...target(to),
  ...plainOptions(options),
})
/** Translates the destination: `dnat to 10.244.0.5:8080`. */
export const dnat = (to: Target, options: Omit<NatTarget, 'addr'> = {}): Dnat => ({
  kind: 'dnat',
  ...target(to),
  ...plainOptions(options),
})
/** Translates the source address to that of the device it goes out by: `masquerade`. */
export const masquerade = (options: PortTarget = {}): Masquerade => ({ kind: 'masquerade', ...plainOptions(options) })
/** Translates the destination to the machine itself: `redirect to :8080`. */
export const redirect = (options: PortTarget | number = {}): Redirect => ({
  kind: 'redirect',
  ...plainOptions(typeof options === 'number' ? { port: options } : options),
})
