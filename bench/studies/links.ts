import type { Study } from '../bench.js'
import { each } from '../lists.js'
import { columns, growth, note } from '../scale.js'
import { cable } from '../works/cable.js'

const SIZES = [10, 100, 1000]
const HEAVY = 10_000
/** `lo`, and the pair that the operations are about. */
const OTHERS = 3

export const study: Study = {
  id: 'links',
  title: 'operations where there are many links',
  note,
  columns,
  run: (around) =>
    growth(
      {
        id: 'links',
        things: 'links',
        sizes: around.whole ? [...SIZES, HEAVY] : SIZES,
        operations: {
          W1: 'an address added and deleted',
          'link.get': 'a link asked for by name',
          'link.set': 'a link changed by name',
        },
        grow(ns, from, to) {
          if (from === 0) cable(ns)
          const first = Math.max(0, from - OTHERS) / 2
          const pairs = Math.max(0, Math.ceil((to - OTHERS) / 2) - first)
          ns.batch(({ link }) =>
            each(pairs, (index) =>
              link.add({ kind: 'veth', name: `a${first + index}`, peer: { name: `b${first + index}` } }),
            ),
          )
        },
        count: () => 2000,
      },
      around,
    ),
}
