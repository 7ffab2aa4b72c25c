/** Where packets are sent: addresses and ports, as statements take, write and read them. */

import { integer, invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import type { Decoder } from '../decoder.js'
import { immediate } from '../expressions/immediate.js'
import type { Program } from '../program.js'
import { asValue, type Computed, type Expressed } from '../selector.js'
import { type Parts, partOf } from '../set.js'
import { isSingle, type NumberRange, single } from '../type.js'
import { inetService, ipv4Addr, ipv6Addr } from '../types.js'
import { isComputed, isMap, type Load, prepareValue } from '../value.js'
import type { NatFlag } from './nat.js'
import { readValue } from './reading.js'

/** A port to translate to: a number, a range, or what is computed. */
export type NatPort = number | NumberRange | Computed

/** What an address and a port, or a port alone, have in common. */
export interface Ported {
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

/** An address of the family. @internal */
export const addressOf = (family: string | undefined) => partOf(family === 'ip6' ? ipv6Addr : ipv4Addr)

/** The registers of a value: of a range, those of both its ends. @internal */
export interface Ends {
  readonly loads: readonly Load[]
}

/** A constant, a range of them, or what is computed. @internal */
export function ends(value: unknown, parts: Parts, program: Program, path: string): Ends {
  const [part] = parts
  if (part === undefined || isComputed(value)) return { loads: [prepareValue(value, part as Parts[0], program, path)] }
  const span = part.type.parse(value, path, program.names, part.bits)
  const load =
    (bytes: Uint8Array): Load =>
    (to, word) =>
      to.emit(immediate, { dreg: word, data: { value: bytes } })
  return { loads: isSingle(span) ? [load(span.first)] : [load(span.first), load(span.last)] }
}

/** The port takes a protocol that has some. @internal */
export function portEnds(port: unknown, program: Program): Ends | undefined {
  if (port === undefined) return undefined
  needsTransport(program, 'port', port)
  if (typeof port === 'number') integer('port', port, 0, 0xffff)
  return ends(port, [partOf(inetService)], program, 'port')
}

/** @internal */
export function needsTransport(program: Program, path: string, value: unknown): void {
  if (program.context.layers.transport !== undefined) return
  throw invalidValue(
    path,
    value,
    'takes a protocol that has ports, which has to be matched before, as by tcp.dport or meta.l4proto',
  )
}

/** Lets `use` have a register for each of what is loaded. @internal */
export function withRegisters(
  loads: readonly Load[],
  program: Program,
  use: (words: number[]) => void,
  taken: number[] = [],
): void {
  const [load, ...rest] = loads
  if (load === undefined) use(taken)
  else {
    program.register((word) => {
      load(program, word)
      withRegisters(rest, program, use, [...taken, word])
    })
  }
}

/** The family of addresses that are meant; undefined where there are none. @internal */
export function addressFamily(
  statement: { addr?: unknown; family?: unknown },
  program: Program,
): 'ip' | 'ip6' | undefined {
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

/** A value, or the range between two registers. @internal */
export function readEnds(min: unknown, max: unknown, parts: Parts, decoder: Decoder): unknown {
  const [part] = parts
  if (min === undefined || part === undefined) return undefined
  const one = readValue(min, part.type, part.order, decoder)
  if (max === undefined || max === min || decoder.at(min)?.source?.parts?.[0]?.interval) return one?.value
  const [first, last] = [decoder.at(min)?.value, decoder.at(max)?.value]
  if (first === undefined || last === undefined) return undefined
  return part.type.format({ ...single(first), last }, decoder.names)
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
export type Target = string | Computed | Expressed | NatTarget

const isOptions = (value: object): value is NatTarget =>
  'addr' in value || 'port' in value || Object.keys(value).length === 0

/** Reads `address:port`. @internal */
export function target(to: Target): NatOptions {
  const value = asValue(to)
  if (typeof value !== 'string') {
    if (typeof value !== 'object' || value === null) throw invalidType('to', 'an address, with or without a port', to)
    return isOptions(value) ? plainOptions(value) : { addr: value as Computed }
  }
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d+(?:-\d+)?))?$/.exec(value) ??
    /^()([\da-f:.]+(?:-[\da-f:.]+|\/\d+)?)()$/i.exec(value) ??
    []
  const addr = bracketed || plain
  if (!addr && !port)
    throw invalidValue('to', to, "must be an address, as in '10.0.0.1', '10.0.0.1:80' or '[2001:db8::1]:80'")
  const made: NatOptions = {}
  if (addr) made.addr = addr
  if (port) made.port = port.includes('-') ? (port as NumberRange) : Number(port)
  return made
}

/** @internal */
export function plainOptions(given: NatTarget): NatOptions {
  const made: NatOptions = {}
  if (given.addr !== undefined) made.addr = asValue(given.addr) as string
  if (given.port !== undefined) made.port = asValue(given.port) as number
  if (given.family !== undefined) made.family = given.family
  if (given.flags !== undefined) made.flags = given.flags
  return made
}
