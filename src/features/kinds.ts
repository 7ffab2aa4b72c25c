/** The kinds of link, qdisc, filter and action that are looked for. */

import { kinds } from '../link/kinds.js'

/** The words of a text. */
type Words<T extends string> = T extends `${infer First} ${infer Rest}` ? First | Words<Rest> : T

const words = <T extends string>(text: T): Words<T>[] => text.split(' ') as Words<T>[]

/** Those nslink has tables for, and others that are met. @internal */
export const kindNames = {
  /** Kinds of link. */
  link: [
    ...(Object.keys(kinds) as (keyof typeof kinds)[]),
    ...words('bareudp bond geneve hsr ip6gre ip6gretap ip6tnl macsec netkit nlmon team vcan vti vti6 wireguard xfrm'),
  ],
  /** Kinds of queueing discipline. */
  qdisc: words(
    'bfifo cake cbs choke clsact codel drr ets etf fq fq_codel fq_pie gred hfsc hhf htb ingress mq mqprio multiq netem noqueue pfifo pfifo_fast pie plug prio qfq red sfb sfq skbprio taprio tbf',
  ),
  /** Kinds of filter. */
  filter: words('basic bpf cgroup flow flower fw matchall route u32'),
  /** Kinds of action. */
  action: words(
    'bpf connmark csum ct ctinfo gact gate ife mirred mpls nat pedit police sample simple skbedit skbmod tunnel_key vlan',
  ),
}

/** What has kinds. @internal */
export type KindGroup = keyof typeof kindNames

/** @internal */
export const kindGroups = Object.keys(kindNames) as KindGroup[]
