/** `ipip`, with `ip` as the judge. */

import { tryKind } from '../support/kinds.js'
import { expect, failure, test } from '../support/test.js'
import { ends, prepare, shared } from './tunnels.js'

const { plain, made, changed, refused } = shared('ipip', 'mode ipip')

tryKind(
  'ipip',
  {
    prepare,
    plain,
    made: [
      ...made,
      { given: { ...ends, mode: 'mplsip' }, ip: `${plain.ip} mode mplsip` },
      { given: { ...ends, mode: 'any' }, ip: `${plain.ip} mode any` },
      { given: { external: true }, ip: 'mode ipip external' },
    ],
    changed,
    fixed: [{ given: { mode: 'any' } }, { given: { external: true }, code: 'EINVAL' }],
    refused: [
      ...refused,
      { given: { mode: 'ip6ip' }, option: 'ipip.mode', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { external: 1 }, option: 'ipip.external', code: 'ERR_INVALID_ARG_TYPE' },
    ],
  },
  () => {
    test('"ip tunnel" shows it', async ({ ns, ip }) => {
      await ns.link.add({ kind: 'veth', name: 'lower' })
      await ns.link.add({ kind: 'ipip', name: 'it', local: '192.0.2.9', ttl: 64, dev: 'lower' })
      const [shown] = (await ip('-j', 'tunnel', 'show', 'it')) as [object]
      expect(shown).toMatchObject({ mode: 'ip/ip', remote: '0.0.0.0', local: '192.0.2.9', ttl: 64, dev: 'lower' })
      expect(await ns.link.get('it')).toMatchObject({ link: 'lower', ipip: { dev: 'lower', remote: 'any' } })
    })

    test('one that is upon no device does not say it is', async ({ ns }) => {
      await ns.link.add({ kind: 'ipip', name: 'it', ...ends })
      const link = await ns.link.get('it')
      expect(link).not.toHaveProperty('link')
      expect(link.ipip).not.toHaveProperty('dev')
    })

    test('a second one between the same ends is refused', async ({ ns }) => {
      await ns.link.add({ kind: 'ipip', name: 'it', ...ends })
      expect(await failure(() => ns.link.add({ kind: 'ipip', name: 'new', ...ends }))).toMatchObject({
        code: 'EEXIST',
      })
    })

    test('moved away, it names the device it leaves through by its index there, and keeps it', async ({
      ns,
      another,
    }) => {
      const pod = await another()
      await ns.link.add({ kind: 'veth', name: 'lower', index: 77 })
      await ns.link.add({ kind: 'ipip', name: 'it', dev: 'lower', ...ends })
      await ns.link.set('it', { netns: pod })
      await pod.link.add({ kind: 'veth', name: 'wrong', index: 77 })
      await pod.link.set('it', { kind: 'ipip', ttl: 9 })
      expect(await pod.link.get('it')).toMatchObject({ link: 77, linkNetnsid: 0, ipip: { dev: 77, ttl: 9 } })
    })

    test('a change of what is not there, or is something else, is refused', async ({ ns }) => {
      expect(await failure(() => ns.link.set('gone', { kind: 'ipip', ttl: 9 }))).toMatchObject({ code: 'ENODEV' })
      expect(await failure(() => ns.link.set('lo', { kind: 'ipip', ttl: 9 }))).toMatchObject({ code: 'EOPNOTSUPP' })
      await ns.link.add({ kind: 'veth', name: 'cable' })
      expect(await failure(() => ns.link.set('cable', { kind: 'ipip', ttl: 9 }))).toMatchObject({
        code: 'EOPNOTSUPP',
      })
    })
  },
)
