import type { Netns } from 'nslink/sync'
import type { Work } from '../bench.js'

export const RULES = 50_000

export const RULES_TABLE = 'rules'
export const RULES_CHAIN = 'sources'

/** What the rules are about: packets from an address to a port, which are counted and let through. */
export const source = (index: number): string => `10.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`
export const port = (index: number): number => 1 + index

export const work: Work = {
  id: 'W9b',
  title: 'a rule, 50,000 in one transaction',
  count: RULES,
  stage: () => undefined,
  check(ns) {
    const { rules } = ns.nft.list()
    if (rules.length !== RULES) throw new Error(`there are ${rules.length} rules`)
  },
  restore: (ns: Netns) => void ns.nft.flush(),
}
