/** `ipvlan` and `ipvtap`, with `ip` as the judge. */

import type { KindOptions } from '../../src/link/link.js'
import { type Trial, tryKind } from '../support/kinds.js'

const trial = (kind: 'ipvlan' | 'ipvtap'): Trial<KindOptions<'ipvlan'>> => ({
  upon: true,
  plain: { given: {}, ip: '' },
  made: [
    { given: { mode: 'l2', modeFlag: 'private' }, ip: 'mode l2 private' },
    { given: { mode: 'l3s', modeFlag: 'vepa' }, ip: 'mode l3s vepa' },
  ],
  changed: [
    { to: { given: { mode: 'l2' }, ip: 'mode l2' } },
    { to: { given: { modeFlag: 'vepa' }, ip: 'vepa' } },
    { from: { given: { modeFlag: 'private' } }, to: { given: { modeFlag: 'bridge' }, ip: 'bridge' } },
  ],
  refused: [
    { given: { mode: 'l4' }, option: `${kind}.mode`, code: 'ERR_INVALID_ARG_VALUE' },
    { given: { modeFlag: 0x10000 }, option: `${kind}.modeFlag`, code: 'ERR_OUT_OF_RANGE' },
    { given: { modeFlag: true }, option: `${kind}.modeFlag`, code: 'ERR_INVALID_ARG_TYPE' },
  ],
})

tryKind('ipvlan', trial('ipvlan'))
tryKind('ipvtap', trial('ipvtap'))
