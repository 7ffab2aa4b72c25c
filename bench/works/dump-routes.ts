import type { Work } from '../bench.js'
import { check, destination, GATEWAY, gateway } from './routes.js'

const MADE = 10_000

/** Those, and the one to the gateway's network. The kernel's local and broadcast routes are in another table. */
export const ROUTES = MADE + 1

export const work: Work = {
  id: 'W4r',
  title: '10,001 routes of table main listed',
  count: 10,
  stage(ns) {
    gateway(ns)
    for (let index = 0; index < MADE; index++) ns.route.add({ dst: destination(index), via: GATEWAY, dev: 'eth0' })
    check(ns, MADE)
  },
}
