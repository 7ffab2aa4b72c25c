/** Address translation: `snat`, `dnat`, `masquerade`, `redirect`. */

import { be32, scalar } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { bitNames, enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { type Decoder, reads } from '../decoder.js'
import { expression, type Instruction, register } from '../expression.js'
import { immediate } from '../expressions/immediate.js'
import { familyName, familyNumber } from '../family.js'
import type { Program } from '../program.js'
import { asValue, type Computed, type Expressed } from '../selector.js'
import { type Parts, partLength, partOf, words } from '../set.js'
import { statementKind } from '../statement.js'
import { isSingle, type NumberRange, single } from '../type.js'
import { inetService, ipv4Addr, ipv6Addr } from '../types.js'
import { isComputed, isMap, type Load, prepareMap, prepareValue } from '../value.js'
import type { MapExpression } from './map.js'
import { readValue } from './reading.js'

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

const flagBits = {
  random: NF_NAT_RANGE_PROTO_RANDOM,
  'fully-random': NF_NAT_RANGE_PROTO_RANDOM_FULLY,
  persistent: NF_NAT_RANGE_PERSISTENT,
} as const
const flagNames = bitNames(flagBits)

/** How ports and addresses are chosen: by chance, entirely by chance, the same address for all connections of a client. */
export type NatFlag = keyof typeof flagBits

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

/** A port to translate to: a number, a range, or what is computed. */
export type NatPort = number | NumberRange | Computed

interface Ported {
  /** The port, or a range of ports one of which is taken. It takes a protocol that has ports, matched before. */
  port?: NatPort | undefined
  /** How ports and addresses are chosen. */
  flags?: readonly NatFlag[] | undefined
}

/** What an address is translated to. */
export interface NatOptions extends Ported {
  /** The address, a range of addresses, or what is computed: what a map has, for one. A map may have address and port for each key, `[address, port]`. */
  addr?: string | Computed | undefined
  /** IPv4 or IPv6, in a table of both, where no address tells. */
  family?: 'ip' | 'ip6' | undefined
}

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

/** The registers of a value: of a range, those of both its ends. */
interface Ends {
  readonly loads: readonly Load[]
}

/** A constant, a range of them, or what is computed. */
function ends(value: unknown, parts: Parts, program: Program, path: string): Ends {
  const [part] = parts
  if (part === undefined || isComputed(value)) return { loads: [prepareValue(value, part as Parts[0], program, path)] }
  const span = part.type.parse(value, path, program.names, part.bits)
  const load =
    (bytes: Uint8Array): Load =>
    (to, word) =>
      to.emit(immediate, { dreg: word, data: { value: bytes } })
  return { loads: isSingle(span) ? [load(span.first)] : [load(span.first), load(span.last)] }
}

/** The port takes a protocol that has some. */
function portEnds(port: unknown, program: Program): Ends | undefined {
  if (port === undefined) return undefined
  needsTransport(program, 'port', port)
  if (typeof port === 'number') integer('port', port, 0, 0xffff)
  return ends(port, [partOf(inetService)], program, 'port')
}

function needsTransport(program: Program, path: string, value: unknown): void {
  if (program.context.layers.transport !== undefined) return
  throw invalidValue(
    path,
    value,
    'takes a protocol that has ports, which has to be matched before, as by tcp.dport or meta.l4proto',
  )
}

/** Lets `use` have a register for each of what is loaded. */
function loaded(loads: readonly Load[], program: Program, use: (words: number[]) => void, taken: number[] = []): void {
  const [load, ...rest] = loads
  if (load === undefined) use(taken)
  else {
    program.register((word) => {
      load(program, word)
      loaded(rest, program, use, [...taken, word])
    })
  }
}

function addressFamily(statement: NatOptions, program: Program): 'ip' | 'ip6' | undefined {
  const { addr, family } = statement
  if (family !== undefined) oneOf('family', family, ['ip', 'ip6'])
  if (program.family !== 'inet') {
    if (family !== undefined && family !== program.family) {
      throw invalidValue('family', family, `is not that of the table, ${program.family}`)
    }
    return program.family as 'ip' | 'ip6'
  }
  if (addr === undefined) return undefined
  const found = family ?? addressSays(addr, program) ?? program.context.layers.network
  if (found === 'ip' || found === 'ip6') return found
  throw invalidValue('family', family, "must say 'ip' or 'ip6', for the table has both")
}

/** Which family addresses are of, where that can be seen. */
function addressSays(addr: unknown, program: Program): 'ip' | 'ip6' | undefined {
  if (typeof addr === 'string') return addr.includes(':') ? 'ip6' : 'ip'
  if (!isMap(addr)) return undefined
  if (Array.isArray(addr.data)) return addressSays([(addr.data[0] as unknown[] | undefined)?.[1]].flat()[0], program)
  const { data } = program.lookups.named(String(addr.data).slice(1), 'addr.data')
  return Array.isArray(data) ? ((data as Parts)[0]?.type === ipv6Addr ? 'ip6' : 'ip') : undefined
}

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
      const address = partOf(family === 'ip6' ? ipv6Addr : ipv4Addr)
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
      const from = addr === undefined ? undefined : ends(addr, [address], program, 'addr')
      const ports = portEnds(port, program)
      program.step()
      loaded([...(from?.loads ?? []), ...(ports?.loads ?? [])], program, (taken) => {
        const count = from?.loads.length ?? 0
        const [addrMin, addrMax] = taken.slice(0, count)
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
      loaded(ports?.loads ?? [], program, ([protoMin, protoMax]) => {
        const all = bits | (ports === undefined ? 0 : NF_NAT_RANGE_PROTO_SPECIFIED)
        program.emit(ported[kind] as typeof masqExpression, { protoMin, protoMax, flags: all || undefined })
      })
    },
  })
}

type Values = Instruction['values']

/** A value, or the range between two registers. */
function readEnds(min: unknown, max: unknown, parts: Parts, decoder: Decoder): unknown {
  const [part] = parts
  if (min === undefined || part === undefined) return undefined
  const one = readValue(min, part.type, part.order, decoder)
  if (max === undefined || max === min) return one?.value
  const [first, last] = [decoder.at(min)?.value, decoder.at(max)?.value]
  if (first === undefined || last === undefined) return undefined
  return part.type.format({ ...single(first), last }, decoder.names)
}

const flagsOf = (flags: unknown): { flags?: NatFlag[] } => {
  const found = flagNames((flags as number | undefined) ?? 0)
  return found.length === 0 ? {} : { flags: found }
}

reads('nat', (values: Values, decoder) => {
  const { type, family: number, addrMin, addrMax, protoMin, protoMax, flags } = values
  const family = familyName(number as number)
  if (typeof type !== 'string' || family === undefined) return false
  const address = partOf(family === 'ip6' ? ipv6Addr : ipv4Addr)
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

/** The port and the flags of a translation, as builders take them. */
export interface PortTarget extends Omit<Ported, 'port'> {
  /** The port, a range of ports, or what is computed: `tcp.dport.map([[80, 8080]])`. */
  port?: NatPort | Expressed | undefined
}

/** What an address is translated to, as builders take it. */
export interface NatTarget extends PortTarget {
  /** The address, a range of addresses, or what is computed. */
  addr?: NatOptions['addr'] | Expressed
  /** IPv4 or IPv6, in a table of both, where no address tells. */
  family?: 'ip' | 'ip6' | undefined
}

/** Where a connection is sent, in one text: `10.0.0.1`, `10.0.0.1:80`, `[2001:db8::1]:80`, `:80`. */
type Target = string | Computed | Expressed | NatTarget

const isOptions = (value: object): value is NatTarget =>
  'addr' in value || 'port' in value || Object.keys(value).length === 0

/** Reads `address:port`. */
function target(to: Target): NatOptions {
  const value = asValue(to)
  if (typeof value !== 'string') {
    if (typeof value !== 'object' || value === null) throw invalidType('to', 'an address, with or without a port', to)
    return isOptions(value) ? plainOptions(value) : { addr: value as Computed }
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d+(?:-\d+)?))?$/.exec(value) ??
    /^()([\da-f:.]+(?:-[\da-f:.]+)?)()$/i.exec(value) ??
    []
  const addr = bracketed || plain
  if (!addr && !port)
    throw invalidValue('to', to, "must be an address, as in '10.0.0.1', '10.0.0.1:80' or '[2001:db8::1]:80'")
  const made: NatOptions = {}
  if (addr) made.addr = addr
  if (port) made.port = port.includes('-') ? (port as NumberRange) : Number(port)
  return made
}

function plainOptions(given: NatTarget): NatOptions {
  const made: NatOptions = {}
  if (given.addr !== undefined) made.addr = asValue(given.addr) as string
  if (given.port !== undefined) made.port = asValue(given.port) as number
  if (given.family !== undefined) made.family = given.family
  if (given.flags !== undefined) made.flags = given.flags
  return made
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
