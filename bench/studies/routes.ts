import type { Study } from '../bench.js'
import { each } from '../lists.js'
import { columns, growth, note } from '../scale.js'
import { destination, GATEWAY, gateway } from '../works/routes.js'

const SIZES = [100, 1000, 10_000, 100_000]
const HEAVY = 1_000_000
/** As many are made at once. */
const TOGETHER = 50_000

export const study: Study = {
  id: 'routes',
  title: 'operations where there are many routes',
  note,
  columns,
  run: (around) =>
    growth(
      {
        id: 'routes',
        things: 'routes',
        sizes: around.whole ? [...SIZES, HEAVY] : SIZES,
        operations: { 'route.add': 'a route added and deleted', 'route.get': 'the way to an address asked for' },
        grow(ns, from, to) {
          if (from === 0) gateway(ns)
          for (let first = from; first < to; first += TOGETHER) {
            ns.batch(({ route }) =>
              each(Math.min(TOGETHER, to - first), (index) =>
                route.add({ dst: destination(first + index), via: GATEWAY, dev: 'eth0' }),
              ),
            )
          }
        },
        count: () => 2000,
      },
      around,
    ),
}
