/** `macvlan` and `macvtap`, with `ip` as the judge. */

import type { KindOptions } from '../../src/link/link.js'
import { type Trial, tryKind } from '../support/kinds.js'
import { expect, failure, test } from '../support/test.js'

const addresses = ['02:00:00:00:00:01', '02:00:00:00:00:02']

const trial: Trial<KindOptions<'macvlan'>> = {
  upon: true,
  plain: { given: {}, ip: '' },
  made: [
    { given: { mode: 'private' }, ip: 'mode private' },
    { given: { mode: 'bridge', bcqueuelen: 2000, bclim: 7 } },
    { given: { mode: 'bridge', bcqueuelen: 2000 }, ip: 'mode bridge bcqueuelen 2000' },
    { given: { mode: 'passthru', nopromisc: true }, ip: 'mode passthru nopromisc' },
    { given: { mode: 'source', macaddr: ['02:00:00:00:00:01'] }, ip: 'mode source macaddr set 02:00:00:00:00:01' },
    { given: { mode: 'source', nodst: true }, ip: 'mode source nodst' },
    {
      given: { mode: 'source', macaddrAdd: '02:00:00:00:00:03' },
      ip: 'mode source macaddr add 02:00:00:00:00:03',
      read: { mode: 'source', macaddr: ['02:00:00:00:00:03'], macaddrCount: 1 },
    },
    {
      given: { mode: 'source', macaddrDel: '02:00:00:00:00:03' },
      ip: 'mode source macaddr del 02:00:00:00:00:03',
      read: { mode: 'source', macaddrCount: 0 },
    },
  ],
  changed: [
    { to: { given: { mode: 'bridge' }, ip: 'mode bridge' } },
    { to: { given: { bcqueuelen: 5 }, read: { bcqueuelen: 5, usedbcqueuelen: 5 } } },
    { to: { given: { bclim: -1 } } },
    { from: { given: { mode: 'source', nodst: true } }, to: { given: { nodst: false } } },
    { from: { given: { mode: 'source', nodst: true } }, to: { given: { nopromisc: true } } },
    {
      from: { given: { mode: 'source', macaddr: ['02:00:00:00:00:03'] } },
      to: {
        given: { macaddr: addresses },
        ip: `macaddr set ${addresses.join(' ')}`,
        read: { macaddr: expect.arrayContaining(addresses), macaddrCount: 2 },
      },
    },
    {
      from: { given: { mode: 'source', macaddr: addresses } },
      to: {
        given: { macaddr: ['02:00:00:00:00:04'] },
        ip: 'macaddr set 02:00:00:00:00:04',
        read: { macaddr: ['02:00:00:00:00:04'], macaddrCount: 1 },
      },
    },
    {
      from: { given: { mode: 'source', macaddr: addresses } },
      to: { given: { macaddr: [] }, ip: 'macaddr flush', read: { macaddrCount: 0 } },
    },
    {
      from: { given: { mode: 'source', macaddr: addresses } },
      to: {
        given: { macaddrAdd: '02:00:00:00:00:05' },
        ip: 'macaddr add 02:00:00:00:00:05',
        read: { macaddrCount: 3 },
      },
    },
    {
      from: { given: { mode: 'source', macaddr: addresses } },
      to: {
        given: { macaddrDel: '02:00:00:00:00:01' },
        ip: 'macaddr del 02:00:00:00:00:01',
        read: { macaddr: ['02:00:00:00:00:02'], macaddrCount: 1 },
      },
    },
  ],
  refused: [
    { given: { mode: 'vlan' }, option: 'macvlan.mode', code: 'ERR_INVALID_ARG_VALUE' },
    { given: { nodst: 1 }, option: 'macvlan.nodst', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { macaddr: ['02:00:00'] }, option: 'macvlan.macaddr.0', code: 'ERR_INVALID_ARG_VALUE' },
    { given: { macaddrAdd: 'nobody' }, option: 'macvlan.macaddrAdd', code: 'ERR_INVALID_ARG_VALUE' },
    { given: { bcqueuelen: -1 }, option: 'macvlan.bcqueuelen', code: 'ERR_OUT_OF_RANGE' },
    { given: { bclim: 2 ** 31 }, option: 'macvlan.bclim', code: 'ERR_OUT_OF_RANGE' },
    { given: { bclimit: 1 }, option: 'bclimit', code: 'ERR_INVALID_ARG_VALUE' },
  ],
}

tryKind('macvlan', trial, () => {
  test('passthru is for good, and for one alone', async ({ ns }) => {
    await ns.link.add({ kind: 'veth', name: 'lower' })
    await ns.link.add({ kind: 'macvlan', name: 'it', link: 'lower', mode: 'passthru' })
    expect(await failure(() => ns.link.set('it', { kind: 'macvlan', mode: 'bridge' }))).toMatchObject({
      code: 'EINVAL',
      request: 'RTM_NEWLINK',
    })
    expect(await failure(() => ns.link.add({ kind: 'macvlan', name: 'other', link: 'lower' }))).toMatchObject({
      code: 'EINVAL',
    })
  })

  test('it is upon a device of the namespace it came from', async ({ ns, another }) => {
    const pod = await another()
    await ns.link.add({ kind: 'veth', name: 'lower' })
    await ns.link.add({ kind: 'macvlan', name: 'it', link: 'lower', netns: pod, mode: 'bridge' })
    const { index } = await ns.link.get('lower')
    expect(await pod.link.get('it')).toMatchObject({ link: index, linkNetnsid: 0, macvlan: { mode: 'bridge' } })
    // With an index, no kernel minds that the name is taken where it comes from.
    await ns.link.add({ kind: 'macvlan', name: 'lower', index: 77, link: 'lower', netns: pod })
    expect(await pod.link.get('lower')).toMatchObject({ index: 77, link: index })
  })
})

tryKind('macvtap', {
  ...trial,
  refused: (trial.refused ?? []).map(({ option, ...each }) => ({
    ...each,
    option: option.replace('macvlan', 'macvtap'),
  })),
})
