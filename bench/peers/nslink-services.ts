import type { NftChange } from 'nslink'
import { dnat, ip, jump, numgen, table, tcp } from 'nslink/nft'
import { each } from '../lists.js'
import { clusterIp, endpoint, endpointChain, serviceChain, TABLE } from '../works/services.js'

/** The ruleset of as many services. */
export function services(count: number): NftChange[] {
  const { add } = table('ip', TABLE)
  return [
    add.table(),
    add.chain('SERVICES', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
    ...each(count, (index) => {
      const [service, one, other] = [serviceChain(index), endpointChain(index, 0), endpointChain(index, 1)]
      return [
        ...[service, one, other].map((chain) => add.chain(chain)),
        add.rule(one, tcp.dport(80), dnat(`${endpoint(index, 0)}:8080`)),
        add.rule(other, tcp.dport(80), dnat(`${endpoint(index, 1)}:8080`)),
        add.rule(service, numgen('random', 2)(0), jump(one)),
        add.rule(service, jump(other)),
        add.rule('SERVICES', ip.daddr(clusterIp(index)), tcp.dport(80), jump(service)),
      ]
    }).flat(),
  ]
}
