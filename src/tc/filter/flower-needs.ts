/**
 * What the keys of a `flower` take: the kernel passes over those that make no sense with the protocol, so that a filter would let more packets through
 * than it was told.
 */

import { invalidValue } from '../../netlink/check.js'
import { type EtherProtocol, protocols } from '../protocol.js'
import type { FlowerOptions } from './flower.js'
import { ipProtoName } from './flower-keys.js'

const isTag = (protocol: EtherProtocol | undefined): boolean => protocol === '802.1Q' || protocol === '802.1ad'

/** What packets are, as far as the filter says. */
interface Packets {
  /** What the frame carries. */
  readonly frame: EtherProtocol | undefined
  /** What it carries inside of a VLAN. */
  readonly tagged: EtherProtocol | undefined
  /** What it carries inside of all VLANs. */
  readonly network: EtherProtocol | undefined
  /** What is inside of IP. */
  readonly transport: string | number | undefined
  /** How many VLANs there are. */
  readonly vlans: number
}

interface Need {
  readonly keys: readonly (keyof FlowerOptions & string)[]
  readonly met: (packets: Packets) => boolean
  /** What they take. */
  readonly what: string
}

const needs: readonly Need[] = [
  {
    keys: ['vlanId', 'vlanPrio', 'vlanEthtype'],
    met: ({ frame, vlans }) => isTag(frame) || vlans > 0,
    what: "the protocol '802.1Q' or '802.1ad', or numOfVlans",
  },
  {
    keys: ['cvlanId', 'cvlanPrio', 'cvlanEthtype'],
    met: ({ tagged, vlans }) => isTag(tagged) || vlans > 1,
    what: "a vlanEthtype of '802.1Q' or '802.1ad', or two numOfVlans",
  },
  {
    keys: ['mplsLabel', 'mplsTc', 'mplsBos', 'mplsTtl'],
    met: ({ network }) => network === 'mpls_uc' || network === 'mpls_mc',
    what: "the protocol 'mpls_uc' or 'mpls_mc'",
  },
  {
    keys: ['ipProto', 'ipTos', 'ipTtl'],
    met: ({ network }) => network === 'ip' || network === 'ipv6',
    what: "the protocol 'ip' or 'ipv6'",
  },
  {
    keys: ['dstPort', 'srcPort'],
    met: ({ transport }) => transport === 'tcp' || transport === 'udp' || transport === 'sctp',
    what: "an ipProto of 'tcp', 'udp' or 'sctp'",
  },
  { keys: ['tcpFlags'], met: ({ transport }) => transport === 'tcp', what: "an ipProto of 'tcp'" },
  {
    keys: ['icmpType', 'icmpCode'],
    met: ({ network, transport }) =>
      (network === 'ip' && transport === 'icmp') || (network === 'ipv6' && transport === 'icmpv6'),
    what: "the protocol 'ip' with an ipProto of 'icmp', or 'ipv6' with 'icmpv6'",
  },
  {
    keys: ['arpTip', 'arpSip', 'arpOp', 'arpTha', 'arpSha'],
    met: ({ network }) => network === 'arp' || network === 'rarp',
    what: "the protocol 'arp' or 'rarp'",
  },
]

const nameOf = (path: string, protocol: EtherProtocol | undefined): EtherProtocol | undefined =>
  protocol === undefined ? undefined : protocols.name(protocols.number(protocol, path))

/** Refuses keys that the others do not go with; returns what is inside of IP. `frame` is the protocol of the filter. @internal */
export function checkNeeds(
  options: FlowerOptions,
  frame: EtherProtocol | undefined,
  path: (key: string) => string,
): string | number | undefined {
  const { vlanEthtype, cvlanEthtype, ipProto, numOfVlans: vlans = 0 } = options
  const tagged = nameOf(path('vlanEthtype'), vlanEthtype)
  const network = nameOf(path('cvlanEthtype'), cvlanEthtype) ?? tagged ?? frame
  const transport = ipProto === undefined ? undefined : ipProtoName(path('ipProto'), ipProto)
  for (const { keys, met, what } of needs) {
    const key = keys.find((name) => options[name] !== undefined)
    if (key === undefined || met({ frame, tagged, network, transport, vlans })) continue
    throw invalidValue(path(key), options[key], `takes ${what}`)
  }
  for (const key of ['dstIp', 'srcIp'] as const) {
    const value = options[key]
    if (typeof value !== 'string') continue
    const family = value.includes(':') ? 'ipv6' : 'ip'
    if (network !== family) throw invalidValue(path(key), value, `takes the protocol '${family}'`)
  }
  return transport
}
