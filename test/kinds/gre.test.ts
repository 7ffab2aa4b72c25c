/** `gre` and `gretap`, with `ip` as the judge. */

import type { KindOptions } from '../../src/link/link.js'
import { type Trial, tryKind } from '../support/kinds.js'
import { ends, prepare, shared } from './tunnels.js'

function trial(kind: 'gre' | 'gretap'): Trial<KindOptions<'gre'>> {
  const { plain, made, changed, refused } = shared(kind)
  const words = plain.ip
  return {
    prepare,
    plain,
    made: [
      ...made,
      { given: { external: true }, ip: 'external' },
      {
        given: { ...ends, ikey: 0x0102_0304, okey: 0xffff_ffff, icsum: true, oseq: true },
        ip: `${words} ikey 1.2.3.4 okey 4294967295 icsum oseq`,
      },
      { given: { ...ends, okey: 7, ocsum: true, iseq: true }, ip: `${words} okey 7 ocsum iseq` },
      {
        given: { ...ends, key: 42, csum: true, seq: true },
        ip: `${words} key 42 csum seq`,
        read: { ...ends, ikey: 42, okey: 42, icsum: true, ocsum: true, iseq: true, oseq: true },
      },
      { given: { ...ends, key: 0 }, ip: `${words} key 0`, read: { ...ends, ikey: 0, okey: 0 } },
      { given: { ...ends, pmtudisc: false, ignoreDf: true }, ip: `${words} nopmtudisc ignore-df` },
    ],
    changed: [
      ...changed,
      { to: { given: { key: 9 }, ip: 'key 9', read: { ...ends, ikey: 9, okey: 9 } } },
      { to: { given: { okey: 9 }, ip: 'okey 9' } },
      {
        from: { given: { ...ends, key: 5, csum: true, ttl: 65 } },
        to: {
          given: { seq: true },
          ip: 'seq',
          read: { ikey: 5, icsum: true, ocsum: true, iseq: true, oseq: true, ttl: 65 },
        },
      },
      {
        from: { given: { ...ends, ikey: 5, okey: 6, icsum: true } },
        to: { given: { icsum: false, oseq: true }, ip: 'noicsum oseq' },
      },
      { to: { given: { iseq: true, ocsum: true }, ip: 'iseq ocsum' } },
      { to: { given: { csum: true }, ip: 'csum', read: { ...ends, icsum: true, ocsum: true } } },
      { to: { given: { pmtudisc: false, ignoreDf: true }, ip: 'nopmtudisc ignore-df' } },
      {
        from: { given: { ...ends, ikey: 5, okey: 6 } },
        to: { given: { ikey: 'none' }, ip: 'noikey', read: { okey: 6 } },
      },
    ],
    fixed: [{ given: { external: true }, code: 'EOPNOTSUPP' }],
    refused: [
      ...refused,
      { given: { external: 1 }, option: `${kind}.external`, code: 'ERR_INVALID_ARG_TYPE' },
      { given: { key: 2 ** 32 }, option: `${kind}.key`, code: 'ERR_OUT_OF_RANGE' },
      { given: { ikey: 'any' }, option: `${kind}.ikey`, code: 'ERR_INVALID_ARG_TYPE' },
      { given: { csum: 1 }, option: `${kind}.csum`, code: 'ERR_INVALID_ARG_TYPE' },
      { given: { ignoreDf: 'yes' }, option: `${kind}.ignoreDf`, code: 'ERR_INVALID_ARG_TYPE' },
    ],
  }
}

tryKind('gre', trial('gre'))
tryKind('gretap', trial('gretap'))
