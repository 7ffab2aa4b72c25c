import type { Work } from '../bench.js'
import { cable } from './cable.js'

export const ADDRESS = '10.0.0.1'
export const PREFIX_LENGTH = 24

export const work: Work = {
  id: 'W1',
  title: 'an address added and deleted',
  count: 2000,
  stage: cable,
  check(ns) {
    const left = ns.addr.list({ dev: 'eth0', family: 'inet' })
    if (left.length > 0) throw new Error(`${left.length} addresses are left`)
  },
  restore: (ns) => void ns.addr.flush({ dev: 'eth0' }),
}
