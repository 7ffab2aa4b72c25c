import type { NftChange } from 'nslink'
import { accept, counter, ip, table, tcp } from 'nslink/nft'
import { each } from '../lists.js'
import { port, RULES_CHAIN, RULES_TABLE, source } from '../works/rules.js'

/** A chain of as many rules. */
export function rules(count: number): NftChange[] {
  const { add } = table('ip', RULES_TABLE)
  return [
    add.table(),
    add.chain(RULES_CHAIN),
    ...each(count, (index) =>
      add.rule(RULES_CHAIN, ip.saddr(source(index)), tcp.dport(port(index)), counter(), accept()),
    ),
  ]
}
