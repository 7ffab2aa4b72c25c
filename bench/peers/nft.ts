import { execFileSync } from 'node:child_process'
import type { NodePeer } from '../bench.js'
import { needing, printed } from '../build.js'
import { each } from '../lists.js'
import { port, RULES_CHAIN, RULES_TABLE, source } from '../works/rules.js'
import { clusterIp, endpoint, endpointChain, serviceChain, TABLE } from '../works/services.js'

const apply = (input: string) => ({
  all: () => execFileSync('nft', ['-f', '-'], { input, stdio: ['pipe', 'ignore', 'inherit'] }),
})

export const peer: NodePeer = {
  name: 'nft -f',
  prepare: () => needing('nftables', () => printed(['nft', '--version']).split(' (')[0] ?? 'nft'),
  works: {
    W9: ({ count }) => {
      const lines = each(count, (index) => {
        const [service, one, other] = [serviceChain(index), endpointChain(index, 0), endpointChain(index, 1)]
        return [
          ...[service, one, other].map((chain) => `add chain ip ${TABLE} ${chain}`),
          `add rule ip ${TABLE} ${one} tcp dport 80 dnat to ${endpoint(index, 0)}:8080`,
          `add rule ip ${TABLE} ${other} tcp dport 80 dnat to ${endpoint(index, 1)}:8080`,
          `add rule ip ${TABLE} ${service} numgen random mod 2 0 jump ${one}`,
          `add rule ip ${TABLE} ${service} jump ${other}`,
          `add rule ip ${TABLE} SERVICES ip daddr ${clusterIp(index)} tcp dport 80 jump ${service}`,
        ]
      }).flat()
      const input = [
        `add table ip ${TABLE}`,
        `add chain ip ${TABLE} SERVICES { type nat hook prerouting priority dstnat; }`,
        ...lines,
      ].join('\n')
      return apply(input)
    },
    W9b: ({ count }) => {
      const lines = each(
        count,
        (index) =>
          `add rule ip ${RULES_TABLE} ${RULES_CHAIN} ip saddr ${source(index)} tcp dport ${port(index)} counter accept`,
      )
      return apply([`add table ip ${RULES_TABLE}`, `add chain ip ${RULES_TABLE} ${RULES_CHAIN}`, ...lines].join('\n'))
    },
  },
}
