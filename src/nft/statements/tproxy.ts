/** `tproxy`: the packet goes to a socket of the machine, and keeps its addresses. */

import { be32 } from '../../netlink/attributes.js'
import { invalidValue } from '../../netlink/check.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { familyName, familyNumber } from '../family.js'
import type { Computed } from '../selector.js'
import { statementKind } from '../statement.js'
import { inetService } from '../types.js'
import { readValue } from './reading.js'
import {
  addressFamily,
  addressOf,
  ends,
  type NatPort,
  type NatTarget,
  needsTransport,
  portEnds,
  type Target,
  target,
  withRegisters,
} from './target.js'

const NFTA_TPROXY_FAMILY = 1
const NFTA_TPROXY_REG_ADDR = 2
const NFTA_TPROXY_REG_PORT = 3

const tproxyExpression = expression('tproxy', {
  family: be32(NFTA_TPROXY_FAMILY),
  addr: register(NFTA_TPROXY_REG_ADDR),
  port: register(NFTA_TPROXY_REG_PORT),
})

/** The packet goes to a socket of the machine that takes packets for other addresses (IP_TRANSPARENT). */
export interface TProxy {
  /** Which statement it is. */
  kind: 'tproxy'
  /** The socket's address; else one of the device the packet came in by. */
  addr?: string | Computed | undefined
  /** The socket's port; else that of the packet. */
  port?: NatPort | undefined
  /** IPv4 or IPv6, in a table of both, where no address tells. */
  family?: 'ip' | 'ip6' | undefined
}

const UNSPEC = 0

statementKind<TProxy>({
  kind: 'tproxy',
  families: ['ip', 'ip6', 'inet'],
  type: 'filter',
  hooks: ['prerouting'],
  options: ['addr', 'port', 'family'],
  write({ addr, port, family }, program) {
    if (addr === undefined && port === undefined) throw invalidValue('addr', addr, 'must be given, or a port')
    const of = addressFamily({ addr, family }, program) ?? family
    needsTransport(program, addr === undefined ? 'port' : 'addr', addr ?? port)
    const to = addr === undefined ? [] : ends(addr, [addressOf(of)], program, 'addr').loads
    const at = portEnds(port, program)?.loads ?? []
    if (to.length > 1) throw invalidValue('addr', addr, 'must be a single address')
    if (at.length > 1) throw invalidValue('port', port, 'must be a single port')
    program.step()
    withRegisters([...to, ...at], program, (words) =>
      program.emit(tproxyExpression, {
        family: of === undefined ? UNSPEC : familyNumber('family', of),
        addr: words[to.length - 1],
        port: words[to.length],
      }),
    )
  },
})

reads('tproxy', ({ family, addr, port }, decoder) => {
  const of = family === UNSPEC ? undefined : familyName(family as number)
  const part = addressOf(of)
  const to = addr === undefined ? undefined : readValue(addr, part.type, part.order, decoder)
  const at = port === undefined ? undefined : readValue(port, inetService, inetService.order, decoder)
  if ((addr !== undefined && to === undefined) || (port !== undefined && at === undefined)) return false
  const told = decoder.family !== 'inet' || of === undefined || typeof to?.value === 'string'
  return decoder.say(
    {
      kind: 'tproxy',
      ...(to && { addr: to.value }),
      ...(at && { port: at.value }),
      ...(!told && { family: of }),
    },
    [...(to?.keys ?? []), ...(at?.keys ?? [])],
  )
})

/**
 * Hands the packet to a socket of the machine, at the hook `prerouting`: `tproxy to 127.0.0.1:8080`, `tproxy to :8080`. The protocol has to be
 * matched before.
 */
export const tproxy = (to: Target, options: Omit<NatTarget, 'addr' | 'flags'> = {}): TProxy => ({
  kind: 'tproxy',
  ...target(to),
  ...target({ port: options.port, family: options.family }),
})
