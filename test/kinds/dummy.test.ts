/** `dummy`, with `ip` as the judge. */

import { tryKind } from '../support/kinds.js'

tryKind('dummy', {
  plain: { given: {}, ip: '' },
  made: [],
  refused: [{ given: { dropped: true }, option: 'dropped', code: 'ERR_INVALID_ARG_VALUE' }],
})
