/** `meta`: what the kernel knows of a packet besides its bytes. */

import { scalar } from '../../netlink/attributes.js'
import { invalidValue } from '../../netlink/check.js'
import { BE32 } from '../../netlink/scalar.js'
import { fromNumber, toNumber } from '../bytes.js'
import { expression, register } from '../expression.js'
import type { NftFamily } from '../family.js'
import { keyTable, tableSelectors } from '../key.js'
import { readsKey } from '../statements/mangle.js'
import { dayType, hourType, timeType } from '../time.js'
import { dataType, single, symbolic } from '../type.js'
import {
  boolean,
  devgroup,
  etherType,
  hostInteger,
  ifaceIndex,
  ifaceType,
  ifname,
  inetProto,
  integerType,
  markType,
  nfProto,
  realm,
} from '../types.js'

const NFTA_META_DREG = 1
const NFTA_META_KEY = 2
const NFTA_META_SREG = 3

const NFT_META_LEN = 0
const NFT_META_PROTOCOL = 1
const NFT_META_PRIORITY = 2
const NFT_META_MARK = 3
const NFT_META_IIF = 4
const NFT_META_OIF = 5
const NFT_META_IIFNAME = 6
const NFT_META_OIFNAME = 7
const NFT_META_IIFTYPE = 8
const NFT_META_OIFTYPE = 9
const NFT_META_SKUID = 10
const NFT_META_SKGID = 11
const NFT_META_NFTRACE = 12
const NFT_META_RTCLASSID = 13
const NFT_META_NFPROTO = 15
const NFT_META_L4PROTO = 16
const NFT_META_BRI_IIFNAME = 17
const NFT_META_BRI_OIFNAME = 18
const NFT_META_PKTTYPE = 19
const NFT_META_CPU = 20
const NFT_META_IIFGROUP = 21
const NFT_META_OIFGROUP = 22
const NFT_META_CGROUP = 23
const NFT_META_PRANDOM = 24
const NFT_META_SECPATH = 25
const NFT_META_IIFKIND = 26
const NFT_META_OIFKIND = 27
const NFT_META_BRI_IIFPVID = 28
const NFT_META_BRI_IIFVPROTO = 29
const NFT_META_TIME_NS = 30
const NFT_META_TIME_DAY = 31
const NFT_META_TIME_HOUR = 32
const NFT_META_SDIF = 33
const NFT_META_SDIFNAME = 34

/** The number nft has for these keys among its sorts of expressions. */
const META = 9
const UDATA_KEY = 0

const meta_ = expression('meta', {
  key: scalar(NFTA_META_KEY, BE32),
  dreg: register(NFTA_META_DREG),
  sreg: register(NFTA_META_SREG),
})

const pktType = symbolic(
  { name: 'pkt_type', id: 31, bits: 8, order: 'host' },
  { host: 0, unicast: 0, broadcast: 1, multicast: 2, other: 3 },
)
const uid = symbolic({ name: 'uid', id: 24, bits: 32, order: 'host' }, { root: 0 })
const gid = symbolic({ name: 'gid', id: 25, bits: 32, order: 'host' }, { root: 0 })

/** A class of traffic control: `1:2`, both numbers in hexadecimal; `root` is ff:ff, `none` is zero. */
const classid = dataType<string>({
  name: 'classid',
  id: 23,
  bits: 32,
  order: 'host',
  parse(value, path) {
    if (value === 'none') return single(fromNumber(0, 4))
    if (value === 'root') return single(fromNumber(0xffff_ffff, 4))
    const [, major, minor] = (typeof value === 'string' && /^([\da-f]{0,4}):([\da-f]{0,4})$/i.exec(value)) || []
    if (major === undefined || minor === undefined) throw invalidValue(path, value, "must be a class such as '1:2'")
    return single(fromNumber(Number.parseInt(major || '0', 16) * 0x1_0000 + Number.parseInt(minor || '0', 16), 4))
  },
  format({ first }) {
    const number = toNumber(first)
    if (number === 0) return 'none'
    if (number === 0xffff_ffff) return 'root'
    return `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`
  },
})

const all = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'] as const satisfies readonly NftFamily[]

/** @internal */
export const metaKeys = keyTable('meta', {
  families: all,
  keys: {
    /** The length of the packet, in bytes. */
    length: { number: NFT_META_LEN, type: hostInteger, bits: 32 },
    /** The protocol by its EtherType. */
    protocol: { number: NFT_META_PROTOCOL, type: etherType, tells: 'ethertype' },
    /** The family: IPv4 or IPv6. */
    nfproto: { number: NFT_META_NFPROTO, type: nfProto, tells: 'nfproto' },
    /** The transport protocol, after all of IPv6's extension headers. */
    l4proto: { number: NFT_META_L4PROTO, type: inetProto, order: 'host', tells: 'l4proto' },
    /** Its class for traffic control: `'1:2'`. */
    priority: { number: NFT_META_PRIORITY, type: classid, settable: true },
    /** The mark. */
    mark: { number: NFT_META_MARK, type: markType, settable: true },
    /** The device it came in by, which is kept by its index. */
    iif: { number: NFT_META_IIF, type: ifaceIndex },
    /** The name of the device it came in by. */
    iifname: { number: NFT_META_IIFNAME, type: ifname },
    /** The hardware of the device it came in by. */
    iiftype: { number: NFT_META_IIFTYPE, type: ifaceType, tells: 'link' },
    /** The device it goes out by, which is kept by its index. */
    oif: { number: NFT_META_OIF, type: ifaceIndex },
    /** The name of the device it goes out by. */
    oifname: { number: NFT_META_OIFNAME, type: ifname },
    /** The hardware of the device it goes out by. */
    oiftype: { number: NFT_META_OIFTYPE, type: ifaceType },
    /** The user whose socket it is from. */
    skuid: { number: NFT_META_SKUID, type: uid },
    /** The group whose socket it is from. */
    skgid: { number: NFT_META_SKGID, type: gid },
    /** Whether its way through the rules is traced. */
    nftrace: { number: NFT_META_NFTRACE, type: hostInteger, bits: 1, settable: true },
    /** Its realm, of its route. */
    rtclassid: { number: NFT_META_RTCLASSID, type: realm },
    /** The name of the bridge it came in by. */
    ibrname: { number: NFT_META_BRI_IIFNAME, type: ifname },
    /** The name of the bridge it goes out by. */
    obrname: { number: NFT_META_BRI_OIFNAME, type: ifname },
    /** Who it is addressed to. */
    pkttype: { number: NFT_META_PKTTYPE, type: pktType, settable: true },
    /** The processor that handles it. */
    cpu: { number: NFT_META_CPU, type: hostInteger, bits: 32 },
    /** The group of the device it came in by. */
    iifgroup: { number: NFT_META_IIFGROUP, type: devgroup },
    /** The group of the device it goes out by. */
    oifgroup: { number: NFT_META_OIFGROUP, type: devgroup },
    /** The number of its control group, of net_cls. */
    cgroup: { number: NFT_META_CGROUP, type: hostInteger, bits: 32 },
    /** A number by chance. */
    random: { number: NFT_META_PRANDOM, type: integerType, bits: 32 },
    /** Whether it was encrypted by IPsec. */
    ipsec: { number: NFT_META_SECPATH, type: boolean },
    /** The kind of the device it came in by: `veth`. */
    iifkind: { number: NFT_META_IIFKIND, type: ifname },
    /** The kind of the device it goes out by. */
    oifkind: { number: NFT_META_OIFKIND, type: ifname },
    /** The VLAN of the bridge's port it came in by, when it has no tag. */
    ibrpvid: { number: NFT_META_BRI_IIFPVID, type: hostInteger, bits: 16 },
    /** The protocol of VLANs of the bridge it came in by. */
    ibrvproto: { number: NFT_META_BRI_IIFVPROTO, type: etherType },
    /** When it came: `'2026-01-01 00:00:00'`, in the time of where this program runs, or a `Date` (Linux 5.5). */
    time: { number: NFT_META_TIME_NS, type: timeType },
    /** The day of the week on which it came: `'Monday'` (Linux 5.5). */
    day: { number: NFT_META_TIME_DAY, type: dayType },
    /** The hour of the day at which it came: `'17:00'`, in the time of where this program runs (Linux 5.5). */
    hour: { number: NFT_META_TIME_HOUR, type: hourType },
    /** The device of its VRF, which is kept by its index. */
    sdif: { number: NFT_META_SDIF, type: ifaceIndex },
    /** The name of the device of its VRF. */
    sdifname: { number: NFT_META_SDIFNAME, type: ifname },
  },
  key: (number) => ({
    stored: { sort: META, data: [[UDATA_KEY, number]] },
    load: (program, word) => program.emit(meta_, { key: number, dreg: word }),
    store: (program, word) => program.emit(meta_, { key: number, sreg: word }),
  }),
})

/** What the kernel knows of a packet: `meta mark`. */
export const meta = tableSelectors(metaKeys)

readsKey('meta', ({ key }) => metaKeys.names.get(key as number))
