/** Protocols inside Ethernet frames, by the names that `tc` has for them. */

import { enumeration } from '../netlink/names.js'

const ETH_P_LOOP = 0x0060
const ETH_P_ALL = 0x0003
const ETH_P_802_2 = 0x0004
const ETH_P_IP = 0x0800
const ETH_P_ARP = 0x0806
const ETH_P_RARP = 0x8035
const ETH_P_ATALK = 0x809b
const ETH_P_AARP = 0x80f3
const ETH_P_8021Q = 0x8100
const ETH_P_IPX = 0x8137
const ETH_P_IPV6 = 0x86dd
const ETH_P_MPLS_UC = 0x8847
const ETH_P_MPLS_MC = 0x8848
const ETH_P_PPP_DISC = 0x8863
const ETH_P_PPP_SES = 0x8864
const ETH_P_AOE = 0x88a2
const ETH_P_8021AD = 0x88a8
const ETH_P_TIPC = 0x88ca

/** @internal */
export const protocols = enumeration(
  {
    all: ETH_P_ALL,
    ip: ETH_P_IP,
    ipv6: ETH_P_IPV6,
    arp: ETH_P_ARP,
    '802.1Q': ETH_P_8021Q,
    '802.1ad': ETH_P_8021AD,
    mpls_uc: ETH_P_MPLS_UC,
    mpls_mc: ETH_P_MPLS_MC,
    rarp: ETH_P_RARP,
    ipx: ETH_P_IPX,
    atalk: ETH_P_ATALK,
    aarp: ETH_P_AARP,
    ppp_disc: ETH_P_PPP_DISC,
    ppp_ses: ETH_P_PPP_SES,
    aoe: ETH_P_AOE,
    tipc: ETH_P_TIPC,
    loop: ETH_P_LOOP,
    '802_2': ETH_P_802_2,
  },
  0xffff,
)

/** What a frame carries: by name, or by the number of its EtherType. `'all'` is whatever it carries. */
export type EtherProtocol =
  | 'all'
  | 'ip'
  | 'ipv6'
  | 'arp'
  | '802.1Q'
  | '802.1ad'
  | 'mpls_uc'
  | 'mpls_mc'
  | 'rarp'
  | 'ipx'
  | 'atalk'
  | 'aarp'
  | 'ppp_disc'
  | 'ppp_ses'
  | 'aoe'
  | 'tipc'
  | 'loop'
  | '802_2'
  | number
