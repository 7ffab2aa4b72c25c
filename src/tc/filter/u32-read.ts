/** The keys of a `u32` in the words they could have been given in. */

import { formatIp, formatMac } from '../../netlink/address.js'
import { ipProtocols } from '../../routing.js'
import type { EtherProtocol } from '../protocol.js'
import { BEHIND, type Key } from './u32-keys.js'
import { type Bits, behind, type Header, headers, type U32Match, type U32Value } from './u32-match.js'

const ONES = 0xffff_ffff

/** The protocol inside, if the keys say one. */
function protocolIn(keys: readonly Key[], { fields }: Header): string | number | undefined {
  const { off, shift, full } = fields['protocol'] as Bits
  const key = keys.find((each) => each.off === off && each.offmask === 0)
  if (key === undefined || ((key.mask >>> shift) & full) !== full) return undefined
  return ipProtocols.name((key.value >>> shift) & full)
}

/** The fields that make up a key; undefined when it has other bits as well. */
function split(
  key: Key,
  fields: Readonly<Record<string, Bits>>,
): [name: string, value: U32Value | string][] | undefined {
  const found: [string, U32Value | string][] = []
  let rest = key.mask
  for (const [name, { off, shift, full, usual = full, protocol }] of Object.entries(fields)) {
    const mask = (rest >>> shift) & full
    if (off !== key.off || mask === 0) continue
    const value = (key.value >>> shift) & full
    rest = (rest & ~(mask << shift)) >>> 0
    found.push([name, mask !== usual ? [value, mask] : protocol ? ipProtocols.name(value) : value])
  }
  return rest === 0 && found.length > 0 ? found : undefined
}

/** The flags that make up a key. The kernel is asked about all of them at once, so not every mask is some of them. */
function flagsIn(key: Key, { flags }: Header): string[] | undefined {
  const found: string[] = []
  let [rest, value] = [key.mask, key.value]
  for (const [name, [wanted, mask]] of Object.entries(flags)) {
    if ((rest & mask) >>> 0 !== mask || ((value ^ wanted) & mask) !== 0) continue
    found.push(name)
    rest = (rest & ~mask) >>> 0
    value = (value & ~mask) >>> 0
  }
  return rest === 0 && found.length > 0 ? found : undefined
}

/** How many bits a mask has, if they are the first ones. */
function lengthOf(mask: number): number | undefined {
  const length = Math.clz32(~mask)
  return (mask << length) >>> 0 === 0 || length === 32 ? length : undefined
}

/** The network that the keys from one on are, and how many of them that is. */
function networkIn(keys: readonly Key[], octets: 4 | 16): { text: string; count: number } | undefined {
  const first = keys[0] as Key
  const view = new DataView(new ArrayBuffer(16))
  let length = 0
  let count = 0
  for (; count < octets / 4; count++) {
    const key = keys[count]
    if (key === undefined || key.off !== first.off + 4 * count || key.offmask !== 0) break
    const bits = lengthOf(key.mask)
    if (bits === undefined) return undefined
    view.setUint32(4 * count, key.value)
    length += bits
    if (bits < 32) {
      count++
      break
    }
  }
  return { text: `${formatIp(new Uint8Array(view.buffer), 0, octets)}/${length}`, count }
}

/** The Ethernet address that a key and the next are. */
function etherIn(key: Key, next: Key | undefined): { src?: string; dst?: string } | undefined {
  if (next === undefined || key.offmask !== 0 || next.offmask !== 0 || next.off !== key.off + 4) return undefined
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, key.value)
  view.setUint32(4, next.value)
  const bytes = new Uint8Array(view.buffer)
  if (key.off === -16 && key.mask === 0xffff && next.mask === ONES) return { dst: formatMac(bytes, 2, 6) }
  if (key.off === -8 && key.mask === ONES && next.mask === 0xffff_0000) return { src: formatMac(bytes, 0, 6) }
  return undefined
}

/** A key as it is. @internal */
export const plain = ({ value, mask, off, offmask }: Key): U32Match => ({
  u32: [value, mask, offmask === 0 ? off : offmask === BEHIND ? `nexthdr+${off}` : `nexthdr&${offmask}+${off}`],
})

/** What the keys from one on mean, and how many of them that takes; undefined when there is no word for it. */
function meaning(
  keys: readonly Key[],
  name: 'ip' | 'ip6',
  inside: string | number | undefined,
): { matches: U32Match[]; count: number } | undefined {
  const [key, next] = keys as [Key, Key | undefined]
  const header = headers[name] as Header
  const one = (fields: readonly (readonly [string, unknown])[] | undefined, form: string) =>
    fields && {
      matches: fields.map((entry) => ({ [form]: Object.fromEntries([entry]) }) as unknown as U32Match),
      count: 1,
    }
  const icmp = inside === 'icmp' || inside === 'icmpv6'
  if (key.offmask === BEHIND) {
    const form = inside === 'tcp' || inside === 'udp' ? inside : inside === 'icmp' ? 'icmp' : undefined
    return form && one(split(key, behind[form] ?? {}), form)
  }
  if (key.offmask !== 0) return undefined
  const frame = etherIn(key, next)
  if (frame !== undefined) return { matches: [{ ether: frame }], count: 2 }
  for (const [end, at] of Object.entries(header.addresses)) {
    const network = key.off === at ? networkIn(keys, header.octets) : undefined
    if (network !== undefined) return { ...one([[end, network.text]], name), count: network.count } as never
  }
  const flags = key.off === header.flagsAt ? flagsIn(key, header) : undefined
  if (flags !== undefined)
    return one(
      flags.map((flag) => [flag, true] as const),
      name,
    )
  const hidden = icmp ? ['sport', 'dport'] : ['icmpType', 'icmpCode']
  return one(
    split(key, Object.fromEntries(Object.entries(header.fields).filter(([field]) => !hidden.includes(field)))),
    name,
  )
}

/** What keys of a filter for a protocol look for; what there is no word for stays 32 bits. @internal */
export function readable(keys: readonly Key[], protocol: EtherProtocol): U32Match[] {
  const name = protocol === 'ipv6' ? 'ip6' : 'ip'
  const inside = protocolIn(keys, headers[name] as Header)
  const matches: U32Match[] = []
  let understood = true
  for (let at = 0; at < keys.length; ) {
    const found = meaning(keys.slice(at), name, inside)
    understood &&= found !== undefined
    matches.push(...(found?.matches ?? [plain(keys[at] as Key)]))
    at += found?.count ?? 1
  }
  // Of packets that may be of any protocol, it is a guess that they are of IPv4: it has to be right in everything.
  return protocol === 'ip' || protocol === 'ipv6' || understood ? matches : keys.map(plain)
}
