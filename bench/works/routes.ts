import type { Netns } from 'nslink/sync'
import type { Work } from '../bench.js'
import { cable } from './cable.js'

/** The routes all lead to this one, by `eth0`. */
export const GATEWAY = '10.0.0.2'

/** The destination of route `index`: 10.64.0.0, 10.64.0.1 and so on, to 10.127.255.255. */
export const destination = (index: number): string => `10.${64 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`

/** The number of the first route that is never among those made by the hundred thousand. */
export const BEYOND = 1 << 21

export function gateway(ns: Netns): void {
  cable(ns)
  ns.addr.add({ dev: 'eth0', address: '10.0.0.1/24' })
}

/** Throws unless there are `count` routes by the gateway. */
export function check(ns: Netns, count: number): void {
  const routes = ns.route.list({ family: 'inet' }).filter(({ via }) => via === GATEWAY)
  if (routes.length !== count) throw new Error(`there are ${routes.length} routes instead of ${count}`)
}

export const work: Work = {
  id: 'W3',
  title: 'a route added, one of 10,000',
  count: 10_000,
  stage: gateway,
  check: (ns, { count }) => check(ns, count),
  restore(ns) {
    // The quickest way to be rid of them: a device takes its routes along when it goes down.
    ns.link.set('eth0', { up: false })
    ns.link.set('eth0', { up: true })
  },
}
