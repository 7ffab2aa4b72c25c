/** `dup` and `fwd`: a copy of the packet, or the packet itself, goes somewhere else. */

import { be32 } from '../../netlink/attributes.js'
import { invalidValue, oneOf } from '../../netlink/check.js'
import { type Decoder, reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { familyName, familyNumber } from '../family.js'
import type { Program } from '../program.js'
import { asValue, type Computed, type Expressed } from '../selector.js'
import { partOf } from '../set.js'
import { statementKind } from '../statement.js'
import { ifaceIndex } from '../types.js'
import { type Load, prepareValue } from '../value.js'
import { readValue } from './reading.js'
import { addressOf, withRegisters } from './target.js'

const NFTA_DUP_SREG_ADDR = 1
const NFTA_DUP_SREG_DEV = 2

const NFTA_FWD_SREG_DEV = 1
const NFTA_FWD_SREG_ADDR = 2
const NFTA_FWD_NFPROTO = 3

const dupExpression = expression('dup', { addr: register(NFTA_DUP_SREG_ADDR), dev: register(NFTA_DUP_SREG_DEV) })
const fwdExpression = expression('fwd', {
  dev: register(NFTA_FWD_SREG_DEV),
  addr: register(NFTA_FWD_SREG_ADDR),
  family: be32(NFTA_FWD_NFPROTO),
})

/** A copy of the packet is sent somewhere else; the packet itself goes on. */
export interface Dup {
  /** Which statement it is. */
  kind: 'dup'
  /** The router it is sent to, in a table of family `ip` or `ip6`: an address, or what is computed. */
  addr?: string | Computed | undefined
  /** The device it is sent from; in a table of family `netdev` that is all there is to say. */
  dev?: string | number | Computed | undefined
}

/** The packet is sent somewhere else, and does not go on. */
export interface Fwd {
  /** Which statement it is. */
  kind: 'fwd'
  /** The device it is sent from. */
  dev: string | number | Computed
  /** The neighbour it is sent to, who is looked up by this address; else it goes as it is. */
  addr?: string | Computed | undefined
  /** IPv4 or IPv6, with an address that does not tell. */
  family?: 'ip' | 'ip6' | undefined
}

const device = partOf(ifaceIndex)

const prepared = (value: unknown, part: typeof device, program: Program, path: string): Load[] =>
  value === undefined ? [] : [prepareValue(value, part, program, path)]

statementKind<Dup>({
  kind: 'dup',
  families: ['ip', 'ip6', 'netdev'],
  hooks: ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'],
  options: ['addr', 'dev'],
  write({ addr, dev }, program) {
    const bare = program.family === 'netdev'
    if (bare && addr !== undefined) throw invalidValue('addr', addr, 'is for tables of family ip or ip6')
    if (bare && dev === undefined) throw invalidValue('dev', dev, 'must be given')
    if (!bare && addr === undefined) throw invalidValue('addr', addr, 'must be given')
    const to = prepared(addr, addressOf(program.family), program, 'addr')
    const by = prepared(dev, device, program, 'dev')
    program.step()
    withRegisters([...to, ...by], program, (words) =>
      program.emit(dupExpression, { addr: words[to.length - 1], dev: words[to.length] }),
    )
  },
})

statementKind<Fwd>({
  kind: 'fwd',
  families: ['netdev'],
  hooks: ['ingress', 'egress'],
  options: ['dev', 'addr', 'family'],
  write({ dev, addr, family }, program) {
    const by = prepared(dev ?? missing('dev'), device, program, 'dev')
    const said = family ?? (typeof addr === 'string' ? (addr.includes(':') ? 'ip6' : 'ip') : undefined)
    if (addr !== undefined && said === undefined) missing('family')
    if (family !== undefined && addr === undefined) throw invalidValue('family', family, 'goes with an address')
    const of = said === undefined ? undefined : oneOf('family', said, ['ip', 'ip6'])
    const to = prepared(addr, addressOf(of), program, 'addr')
    program.step()
    withRegisters([...by, ...to], program, ([devWord, addrWord]) =>
      program.emit(fwdExpression, {
        dev: devWord,
        addr: addrWord,
        family: of === undefined ? undefined : familyNumber('family', of),
      }),
    )
  },
})

function missing(option: string): never {
  throw invalidValue(option, undefined, 'must be given')
}

/** What is read from the registers of an address and of a device. */
function readBoth(addr: unknown, dev: unknown, family: string | undefined, decoder: Decoder) {
  const address = addressOf(family)
  const to = addr === undefined ? undefined : readValue(addr, address.type, address.order, decoder)
  const by = dev === undefined ? undefined : readValue(dev, ifaceIndex, ifaceIndex.order, decoder)
  if ((addr !== undefined && to === undefined) || (dev !== undefined && by === undefined)) return undefined
  return {
    options: { ...(to && { addr: to.value }), ...(by && { dev: by.value }) },
    keys: [...(to?.keys ?? []), ...(by?.keys ?? [])],
  }
}

reads('dup', ({ addr, dev }, decoder) => {
  const read = readBoth(addr, dev, decoder.family, decoder)
  return read !== undefined && decoder.say({ kind: 'dup', ...read.options }, read.keys)
})

reads('fwd', ({ addr, dev, family }, decoder) => {
  const of = family === undefined ? undefined : familyName(family as number)
  const read = readBoth(addr, dev, of, decoder)
  if (read === undefined) return false
  const told = of === undefined || typeof read.options.addr === 'string'
  return decoder.say({ kind: 'fwd', ...read.options, ...(!told && { family: of }) }, read.keys)
})

/** Sends a copy of the packet somewhere else: `dup to 192.0.2.1 device "eth1"`; in a table of family `netdev`, `dup to "eth1"`. */
export const dup = ({
  addr,
  dev,
}: {
  addr?: string | Computed | Expressed
  dev?: string | number | Computed | Expressed
}): Dup => ({
  kind: 'dup',
  ...(addr !== undefined && { addr: asValue(addr) as string }),
  ...(dev !== undefined && { dev: asValue(dev) as string }),
})

/** Sends the packet somewhere else: `fwd to "eth1"`, `fwd ip to 192.0.2.1 device "eth1"`. */
export const fwd = (
  dev: string | number | Computed | Expressed,
  { addr, family }: { addr?: string | Computed | Expressed; family?: 'ip' | 'ip6' } = {},
): Fwd => ({
  kind: 'fwd',
  dev: asValue(dev) as string,
  ...(addr !== undefined && { addr: asValue(addr) as string }),
  ...(family !== undefined && { family }),
})
