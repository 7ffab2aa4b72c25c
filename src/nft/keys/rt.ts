/** `rt`: what the kernel knows of the route of a packet; and the routing header of IPv6, which `nft` calls the same. */

import { scalar } from '../../netlink/attributes.js'
import { BE32 } from '../../netlink/scalar.js'
import { expression, register } from '../expression.js'
import { keyTable, tableSelectors } from '../key.js'
import { readsKey } from '../statements/mangle.js'
import { boolean, hostInteger, ipv4Addr, ipv6Addr, realm } from '../types.js'
import { rtHeader } from './ip6-extension.js'

const NFTA_RT_DREG = 1
const NFTA_RT_KEY = 2

const NFT_RT_CLASSID = 0
const NFT_RT_NEXTHOP4 = 1
const NFT_RT_NEXTHOP6 = 2
const NFT_RT_TCPMSS = 3
const NFT_RT_XFRM = 4

/** The number nft has for these keys among its sorts of expressions. */
const RT = 25
const UDATA_KEY = 0

const rtExpression = expression('rt', { dreg: register(NFTA_RT_DREG), key: scalar(NFTA_RT_KEY, BE32) })

/** @internal */
export const rtKeys = keyTable('rt', {
  families: ['ip', 'ip6', 'inet'],
  keys: {
    /** The realm of the route. */
    classid: { number: NFT_RT_CLASSID, type: realm },
    /** The router the packet is sent to, of IPv4. */
    'ip nexthop': { number: NFT_RT_NEXTHOP4, type: ipv4Addr, families: ['ip', 'inet'] },
    /** The router the packet is sent to, of IPv6. */
    'ip6 nexthop': { number: NFT_RT_NEXTHOP6, type: ipv6Addr, families: ['ip6', 'inet'] },
    /** The largest segment of TCP that the route has room for, at the hooks `forward`, `output` and `postrouting`. */
    mtu: { number: NFT_RT_TCPMSS, type: hostInteger, bits: 16 },
    /** Whether the route leads through IPsec (Linux 5.0). */
    ipsec: { number: NFT_RT_XFRM, type: boolean },
  },
  key: (number) => ({
    stored: { sort: RT, data: [[UDATA_KEY, number]] },
    load: (program, word) => program.emit(rtExpression, { key: number, dreg: word }),
  }),
})

/** What the kernel knows of the route of a packet, `rt classid`, and the routing header of IPv6, `rt type`. */
export const rt = { ...tableSelectors(rtKeys), ...rtHeader }

readsKey('rt', ({ key }) => rtKeys.names.get(key as number))
