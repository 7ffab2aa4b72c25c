import { netns } from 'nslink/sync'
import type { Study } from '../bench.js'
import { PREFIX } from '../named.js'
import { columns, growth, note } from '../scale.js'

const SIZES = [1, 10, 100, 500]
const HEAVY = 2000
/** At least so many operations in a round, where there are few namespaces to have them in. */
const LEAST = 2000

export const study: Study = {
  id: 'namespaces',
  title: 'an operation in each of many namespaces held open',
  note,
  columns,
  run: (around) =>
    growth(
      {
        id: 'namespaces',
        things: 'namespaces',
        sizes: around.whole ? [...SIZES, HEAVY] : SIZES,
        operations: { namespaces: 'an address added and deleted' },
        grow(_, from, to) {
          for (let index = from; index < to; index++) netns.create(`${PREFIX}${index}`).close()
        },
        count: (size) => Math.ceil(LEAST / size) * size,
      },
      around,
    ),
}
