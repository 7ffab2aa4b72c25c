/** `ct timeout`: how long connections are remembered. */

import { attributes, be32, nested } from '../../netlink/attributes.js'
import { integer, invalidType, onlyKnown } from '../../netlink/check.js'
import { objectKind } from '../object.js'
import {
  type CtFamily,
  type CtProtocol,
  l3name,
  l3number,
  l3proto,
  l4proto,
  protocolName,
  protocolNumber,
} from './protocol.js'

const NFT_OBJECT_CT_TIMEOUT = 7

const NFTA_CT_TIMEOUT_L3PROTO = 1
const NFTA_CT_TIMEOUT_L4PROTO = 2
const NFTA_CT_TIMEOUT_DATA = 3

/** Seconds, by the state a connection is in. */
export interface CtPolicy {
  /** TCP: the first packet has come. */
  syn_sent?: number | undefined
  /** TCP: it has been answered. */
  syn_recv?: number | undefined
  /** TCP: the connection is there. */
  established?: number | undefined
  /** TCP: one side has ended it. */
  fin_wait?: number | undefined
  /** TCP: the other side knows that. */
  close_wait?: number | undefined
  /** TCP: the other side has ended it, too. */
  last_ack?: number | undefined
  /** TCP: both sides know that. */
  time_wait?: number | undefined
  /** TCP: it is closed. */
  close?: number | undefined
  /** TCP: both sides have begun it at once. */
  syn_sent2?: number | undefined
  /** TCP: packets are sent again and again. */
  retrans?: number | undefined
  /** TCP: data has not been acknowledged. */
  unack?: number | undefined
  /** UDP: nothing has been answered. */
  unreplied?: number | undefined
  /** UDP: there was an answer. */
  replied?: number | undefined
}

/** The kernel's numbers of these states, by the protocol. */
const states: Readonly<Record<CtProtocol, { readonly [S in keyof CtPolicy]?: number }>> = {
  tcp: {
    syn_sent: 1,
    syn_recv: 2,
    established: 3,
    fin_wait: 4,
    close_wait: 5,
    last_ack: 6,
    time_wait: 7,
    close: 8,
    syn_sent2: 9,
    retrans: 10,
    unack: 11,
  },
  udp: { unreplied: 1, replied: 2 },
}

/** How long connections are remembered (Linux 4.19). */
export interface CtTimeout {
  /** The protocol of the connections. */
  protocol: CtProtocol
  /** Seconds, by the state a connection is in. States that are not given have the kernel's timeouts, which are listed with the others. */
  policy?: CtPolicy | undefined
  /** Whether they are of IPv4, of IPv6, or both; that of the table, when nothing is said. */
  l3proto?: CtFamily | undefined
}

const policyTable = attributes(
  Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`${index + 1}`, be32(index + 1)])),
)

objectKind({
  type: 'ct timeout',
  number: NFT_OBJECT_CT_TIMEOUT,
  table: attributes({
    l3proto: l3proto(NFTA_CT_TIMEOUT_L3PROTO),
    l4proto: l4proto(NFTA_CT_TIMEOUT_L4PROTO),
    policy: nested(NFTA_CT_TIMEOUT_DATA, policyTable),
  }),
  options: ['protocol', 'policy', 'l3proto'],
  values({ protocol, policy = {}, l3proto: l3 }: CtTimeout, family) {
    const l4 = protocolNumber(protocol)
    if (typeof policy !== 'object' || policy === null) throw invalidType('object.policy', 'an object', policy)
    const known: Readonly<Record<string, number>> = states[protocol]
    onlyKnown('object.policy', policy, known)
    const entries = Object.entries(policy).filter(([, seconds]) => seconds !== undefined)
    const numbers = entries.map(([state, seconds]) => [
      `${known[state]}`,
      integer(`object.policy.${state}`, seconds, 0, 0xffff_ffff),
    ])
    return { l3proto: l3number(l3, family), l4proto: l4, policy: Object.fromEntries(numbers) as Record<string, number> }
  },
  read({ l3proto: l3, l4proto: l4, policy = {} }, family) {
    const protocol = protocolName(l4)
    const seconds = policy as Readonly<Record<string, number | undefined>>
    const said = Object.entries<number>(states[protocol]).flatMap(([state, number]) => {
      const value = seconds[`${number}`]
      return value === undefined ? [] : [[state, value] as const]
    })
    return { protocol, ...(said.length > 0 && { policy: Object.fromEntries(said) }), ...l3name(l3, family) }
  },
})
