/** `prio`, with `tc` as the judge. */

import { tryQdisc } from '../support/tc.js'

tryQdisc('prio', {
  made: [
    { given: {}, tc: '' },
    {
      given: { bands: 4, priomap: [3, 3, 3] },
      tc: 'bands 4 priomap 3 3 3',
      read: { bands: 4, priomap: [3, 3, 3, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1] },
    },
    {
      given: { bands: 16, priomap: [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0] },
      tc: 'bands 16 priomap 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0',
    },
  ],
  refused: [
    { given: { bands: 1 }, option: 'prio.bands', code: 'ERR_OUT_OF_RANGE' },
    { given: { bands: 17 }, option: 'prio.bands', code: 'ERR_OUT_OF_RANGE' },
    { given: { bands: 2 }, option: 'prio.priomap' },
    { given: { priomap: [3] }, option: 'prio.priomap.0', code: 'ERR_OUT_OF_RANGE' },
    { given: { priomap: Array(17).fill(0) }, option: 'prio.priomap' },
  ],
})
