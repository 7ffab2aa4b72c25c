/** What is tried with every tunnel over IPv4: the options they share. */

import type { Netns } from 'nslink'
import type { KindName } from '../../src/link/kinds.js'
import type { KindOptions } from '../../src/link/link.js'
import type { Case, Change, Refusal } from '../support/kinds.js'
import { output } from '../support/test.js'

type Shared = Pick<KindOptions<'ipip'>, keyof KindOptions<'ipip'> & keyof KindOptions<'gre'>>

/** The two ends of a tunnel. */
export const ends = { local: '192.0.2.1', remote: '192.0.2.2' }

let loaded: Promise<unknown> | undefined

/** The kernel has FOU and GUE in a module, which it does not load when a tunnel wants it. */
export function prepare(ns: Netns): Promise<unknown> {
  loaded ??= output(ns, 'modprobe', 'fou')
  return loaded
}

/** The cases; `usual` is what `ip` has to be told so that it says what the kernel takes when nothing is said. */
export function shared(kind: KindName, usual = '') {
  const words = `local 192.0.2.1 remote 192.0.2.2 ${usual}`.trim()
  const fou = { ...ends, encap: 'fou', encapSport: 1, encapDport: 2, encapCsum: true } as const
  return {
    plain: { given: ends, ip: words },
    made: [
      {
        given: { local: '192.0.2.7', remote: '192.0.2.8', dev: 'lower', ttl: 65, tos: 'inherit', fwmark: 0xfedc_ba98 },
        ip: `${words} local 192.0.2.7 remote 192.0.2.8 dev lower ttl 65 tos inherit fwmark 0xfedcba98`,
      },
      // With a fixed time to live, path MTU discovery cannot be turned off.
      {
        given: { ...ends, ttl: 'inherit', tos: 0x20, pmtudisc: false },
        ip: `${words} ttl inherit tos 0x20 nopmtudisc`,
      },
      {
        given: { ...ends, encap: 'fou', encapSport: 5555, encapDport: 6666, encapCsum: true, encapCsum6: true },
        ip: `${words} encap fou encap-sport 5555 encap-dport 6666 encap-csum encap-udp6-csum`,
      },
      {
        given: { ...ends, encap: 'gue', encapDport: 7777, encapRemcsum: true },
        ip: `${words} encap gue encap-sport auto encap-dport 7777 encap-remcsum`,
      },
    ] satisfies Case<Shared>[],
    // The kernel takes what a change does not say for cleared: what is not named here has to stay.
    changed: [
      { to: { given: { ttl: 5 }, ip: 'ttl 5' } },
      { to: { given: { remote: '192.0.2.9', tos: 'inherit' }, ip: 'remote 192.0.2.9 tos inherit' } },
      {
        from: { given: { ...ends, dev: 'lower', ttl: 65, tos: 0x10, fwmark: 7, pmtudisc: true } },
        to: { given: { local: '192.0.2.7' }, ip: 'local 192.0.2.7' },
      },
      { to: { given: { local: 'any' }, ip: 'local any' } },
      {
        from: { given: { ...ends, ttl: 'inherit' } },
        to: { given: { dev: 'lower', pmtudisc: false }, ip: 'dev lower nopmtudisc' },
      },
      // Not compared with `ip`, which swaps the bytes of the ports when it repeats them.
      { from: { given: fou }, to: { given: { encapRemcsum: true } } },
      { from: { given: fou }, to: { given: { encap: 'none' } } },
      { from: { given: fou }, to: { given: { encap: 'gue', encapSport: 'auto', encapCsum: false, encapCsum6: true } } },
      { from: { given: fou }, to: { given: { encapDport: 7 } } },
      { from: { given: { ...ends, ttl: 65 } }, to: { given: { ttl: 'inherit' }, ip: 'ttl inherit' } },
      {
        from: { given: { ...ends, ttl: 'inherit', pmtudisc: false } },
        to: { given: { fwmark: 9 }, ip: 'fwmark 9' },
      },
    ] satisfies Change<Shared>[],
    refused: [
      { given: { local: '2001:db8::1' }, option: `${kind}.local`, code: 'ERR_INVALID_ARG_VALUE' },
      { given: { remote: 'none' }, option: `${kind}.remote`, code: 'ERR_INVALID_ARG_VALUE' },
      { given: { ttl: 256 }, option: `${kind}.ttl`, code: 'ERR_OUT_OF_RANGE' },
      { given: { ttl: 'auto' }, option: `${kind}.ttl`, code: 'ERR_INVALID_ARG_VALUE' },
      { given: { tos: -1 }, option: `${kind}.tos`, code: 'ERR_OUT_OF_RANGE' },
      { given: { pmtudisc: 1 }, option: `${kind}.pmtudisc`, code: 'ERR_INVALID_ARG_TYPE' },
      { given: { fwmark: 2 ** 32 }, option: `${kind}.fwmark`, code: 'ERR_OUT_OF_RANGE' },
      { given: { encap: 'udp' }, option: `${kind}.encap`, code: 'ERR_INVALID_ARG_VALUE' },
      { given: { encapDport: 65536 }, option: `${kind}.encapDport`, code: 'ERR_OUT_OF_RANGE' },
      { given: { encapCsum: 'yes' }, option: `${kind}.encapCsum`, code: 'ERR_INVALID_ARG_TYPE' },
    ] satisfies Refusal[],
  }
}
