import type { Netns } from 'nslink/sync'
import type { Work } from '../bench.js'

/** The chains of a service, as kube-proxy has them: one that chooses a back end, and one for each of the two. */
export const SERVICES = 1000

export const serviceChain = (index: number): string => `SVC-${index}`
export const endpointChain = (index: number, end: number): string => `SEP-${index}-${end}`
export const clusterIp = (index: number): string => `10.96.${index >> 8}.${index & 0xff}`
export const endpoint = (index: number, end: number): string => `10.244.${index >> 7}.${((index & 0x7f) << 1) + end}`

export const TABLE = 'services'

export const work: Work = {
  id: 'W9',
  title: 'a service with two back ends, 1,000 in one transaction',
  count: SERVICES,
  stage: () => undefined,
  check(ns) {
    const { rules, chains } = ns.nft.list()
    if (chains.length !== 1 + 3 * SERVICES || rules.length !== 5 * SERVICES) {
      throw new Error(`there are ${chains.length} chains and ${rules.length} rules`)
    }
  },
  restore: (ns: Netns) => void ns.nft.flush(),
}
