/** `sit`, with `ip` as the judge. */

import { tryKind } from '../support/kinds.js'
import { ends, prepare, shared } from './tunnels.js'

const usual = 'mode ip6ip ttl 64'
const { plain, made, changed, refused } = shared('sit', usual)

tryKind('sit', {
  prepare,
  plain,
  made: [
    ...made,
    { given: { ...ends, mode: 'ipip' }, ip: `${plain.ip} mode ipip` },
    { given: { ...ends, mode: 'mplsip' }, ip: `${plain.ip} mode mplsip` },
    { given: { ...ends, mode: 'any' }, ip: `${plain.ip} mode any` },
    { given: { local: '192.0.2.1', isatap: true }, ip: `local 192.0.2.1 ${usual} isatap` },
    {
      given: { local: '192.0.2.1', '6rdPrefix': '2001:db8::/32', '6rdRelayPrefix': '192.0.0.0/8' },
      ip: `local 192.0.2.1 ${usual} 6rd-prefix 2001:db8::/32 6rd-relay_prefix 192.0.0.0/8`,
    },
  ],
  changed: [
    ...changed,
    {
      from: { given: { local: '192.0.2.1', ttl: 65, '6rdPrefix': '2001:db8::/32', '6rdRelayPrefix': '192.0.0.0/8' } },
      to: { given: { '6rdRelayPrefix': '192.0.2.0/24' }, ip: '6rd-relay_prefix 192.0.2.0/24' },
    },
    { to: { given: { '6rdPrefix': '2001:db8::/32' }, ip: '6rd-prefix 2001:db8::/32' } },
    {
      from: { given: { local: '192.0.2.1', '6rdPrefix': '2001:db8::/32', isatap: true } },
      to: { given: { ttl: 7 }, ip: 'ttl 7' },
    },
  ],
  fixed: [{ given: { mode: 'any' } }, { given: { isatap: true } }],
  refused: [
    ...refused,
    { given: { '6rdPrefix': '10.0.0.0/8' }, option: 'sit.6rdPrefix', code: 'ERR_INVALID_ARG_VALUE' },
    { given: { '6rdRelayPrefix': '10.0.0.0/33' }, option: 'sit.6rdRelayPrefix', code: 'ERR_OUT_OF_RANGE' },
    { given: { isatap: 1 }, option: 'sit.isatap', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { mode: 'gre' }, option: 'sit.mode', code: 'ERR_INVALID_ARG_VALUE' },
  ],
})
