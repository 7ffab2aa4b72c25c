/** The beginning of a packet, header by header. */

import { noNames } from '../../netlink/writer.js'
import { fromNumber, toBigInt, toNumber } from '../bytes.js'
import { fieldsOf, type Header, headerOf } from '../header.js'
import { arpHeader } from '../headers/arp.js'
import { etherHeader } from '../headers/ether.js'
import { icmpHeader } from '../headers/icmp.js'
import { icmpv6Header } from '../headers/icmpv6.js'
import { ipHeader } from '../headers/ip.js'
import { ip6Header } from '../headers/ip6.js'
import { tcpHeader } from '../headers/tcp.js'
import { udpHeader } from '../headers/udp.js'
import type { NftKeys } from '../statements.js'
import { byteLength } from '../type.js'

/** The fields of a header, by the names that `nft` has for them. */
export type NftHeaderFields<H extends string> = {
  [K in keyof NftKeys as K extends `${H} option ${string}`
    ? never
    : K extends `${H} ${infer F}`
      ? F
      : never]?: NftKeys[K]['value']
}

/** The headers of a packet, as far as they were reported. */
export interface NftTracedPacket {
  /** Of Ethernet. */
  ether?: NftHeaderFields<'ether'>
  /** Of IPv4. */
  ip?: NftHeaderFields<'ip'>
  /** Of IPv6. */
  ip6?: NftHeaderFields<'ip6'>
  /** Of ARP. */
  arp?: NftHeaderFields<'arp'>
  /** Of TCP. */
  tcp?: NftHeaderFields<'tcp'>
  /** Of UDP. */
  udp?: NftHeaderFields<'udp'>
  /** Of ICMP. */
  icmp?: NftHeaderFields<'icmp'>
  /** Of ICMPv6. */
  icmpv6?: NftHeaderFields<'icmpv6'>
}

const networkHeaders: readonly Header[] = [ipHeader, ip6Header, arpHeader]
const transportHeaders: readonly Header[] = [tcpHeader, udpHeader, icmpHeader, icmpv6Header]

/** Where Ethernet says what it carries, and how much a VLAN's tag takes. */
const ETHERTYPE_AT = 12
const TAG = 4
const VLAN = 0x8100

/** The bytes that were reported of a packet's headers. */
interface Reported {
  readonly link?: Uint8Array | undefined
  readonly network?: Uint8Array | undefined
  readonly transport?: Uint8Array | undefined
}

/** @internal */
export function readPacket({ link, network, transport }: Reported): NftTracedPacket | undefined {
  const packet: Record<string, Record<string, unknown>> = {}
  const take = (known: Header | undefined, bytes: Uint8Array | undefined): void => {
    if (known !== undefined && bytes !== undefined) packet[known.name] = readHeader(known, bytes)
  }
  // Only Ethernet has headers of this length, with a VLAN's tag or without.
  const ethernet = link !== undefined && link.length >= ETHERTYPE_AT + 2
  if (ethernet) take(etherHeader, link)
  const above = networkHeader(ethernet ? link : undefined, network)
  take(above, network)
  const said = packet[above?.name ?? '']
  if (network !== undefined && said !== undefined) {
    const number = above === ipHeader ? network[9] : above === ip6Header ? network[6] : undefined
    const found = number === undefined ? undefined : headerOf('l4proto', number)
    if (found !== undefined && transportHeaders.includes(found)) take(found, transport)
  }
  return Object.keys(packet).length === 0 ? undefined : (packet as NftTracedPacket)
}

/** What a packet's network header is of: Ethernet says so; otherwise it is IP, which says its version. */
function networkHeader(link: Uint8Array | undefined, network: Uint8Array | undefined): Header | undefined {
  if (link === undefined) {
    const version = network === undefined ? 0 : (network[0] as number) >> 4
    return version === 4 ? ipHeader : version === 6 ? ip6Header : undefined
  }
  const typeAt = (at: number): number => toNumber(link.subarray(at, at + 2))
  const type = typeAt(ETHERTYPE_AT) === VLAN ? typeAt(ETHERTYPE_AT + TAG) : typeAt(ETHERTYPE_AT)
  return networkHeaders.find(({ ethertype }) => ethertype === type)
}

function readHeader(known: Header, bytes: Uint8Array): Record<string, unknown> {
  const kind = bytes[0] as number
  const values: Record<string, unknown> = {}
  for (const { name, type, bits, offset, only } of fieldsOf(known)) {
    const end = Math.ceil((offset + bits) / 8)
    if (end > bytes.length || (only !== undefined && !only.includes(kind))) continue
    const whole = toBigInt(bytes.subarray(offset >> 3, end))
    const value = (whole >> BigInt(end * 8 - offset - bits)) & ((1n << BigInt(bits)) - 1n)
    const field = fromNumber(value, byteLength(bits))
    values[name] = type.format({ first: field, last: field }, noNames)
  }
  return values
}
