/** `vxlan`, with `ip` as the judge. */

import type { LinkAddOptions } from 'nslink'
import { isOlderThan, tryKind } from '../support/kinds.js'
import { expect, failure, test } from '../support/test.js'

tryKind(
  'vxlan',
  {
    // The least the kernel takes; "ip" insists on more.
    plain: { given: { id: 1, dstport: 4789 }, ip: 'id 1 dstport 4789' },
    made: [
      {
        given: { id: 0xff_ffff, group: '239.1.1.1', dev: 'lower', dstport: 8472, srcport: [10_000, 20_000], ttl: 5 },
        ip: 'id 16777215 group 239.1.1.1 dev lower dstport 8472 srcport 10000 20000 ttl 5',
      },
      {
        given: { id: 2, remote: '192.0.2.2', local: '192.0.2.1', dstport: 1, tos: 0x10, df: 'set' },
        ip: 'id 2 remote 192.0.2.2 local 192.0.2.1 dstport 1 tos 0x10 df set',
      },
      {
        given: { id: 3, dstport: 4789, ttl: 'inherit', tos: 'inherit', df: 'inherit' },
        ip: 'id 3 dstport 4789 ttl inherit tos inherit df inherit',
      },
      {
        given: { id: 4, dstport: 4789, group: 'ff05::1', local: '2001:db8::1', dev: 'lower', flowlabel: 0xabcde },
        ip: 'id 4 dstport 4789 group ff05::1 local 2001:db8::1 dev lower flowlabel 703710',
      },
      { given: { id: 5, remote: '2001:db8::2', flowlabel: 'inherit' } },
      {
        given: { id: 6, dstport: 4789, learning: false, proxy: true, rsc: true, l2miss: true, l3miss: true },
        ip: 'id 6 dstport 4789 nolearning proxy rsc l2miss l3miss',
      },
      { given: { id: 7, dstport: 4789, ageing: 77, maxaddress: 99 }, ip: 'id 7 dstport 4789 ageing 77 maxaddress 99' },
      {
        given: { id: 8, dstport: 4789, udpcsum: false, udp6zerocsumtx: true, udp6zerocsumrx: true },
        ip: 'id 8 dstport 4789 noudpcsum udp6zerocsumtx udp6zerocsumrx',
      },
      {
        given: { id: 9, dstport: 4789, remcsumtx: true, remcsumrx: true },
        ip: 'id 9 dstport 4789 remcsumtx remcsumrx',
      },
      { given: { id: 10, remcsumrx: true, remcsumNopartial: true } },
      { given: { id: 11, dstport: 4789, gbp: true }, ip: 'id 11 dstport 4789 gbp' },
      {
        given: { external: true, gpe: true, learning: false, dstport: 4790 },
        ip: 'dstport 4790 external gpe',
      },
      {
        given: { external: true, vnifilter: true, learning: false, dstport: 4789 },
        ip: 'dstport 4789 external vnifilter',
      },
      { given: { id: 12, localbypass: false } },
      { given: { id: 13, reservedBits: '00ffff00000000ff' }, since: '6.14' },
      { given: { id: 14, mcroute: true }, read: { id: 14 } },
    ],
    changed: [
      {
        to: {
          given: { remote: '192.0.2.9', local: '192.0.2.1', dev: 'lower' },
          ip: 'remote 192.0.2.9 local 192.0.2.1 dev lower',
        },
      },
      {
        from: { given: { id: 1, dstport: 4789, remote: '192.0.2.9' } },
        to: {
          given: { group: '239.1.1.1', dev: 'lower' },
          ip: 'group 239.1.1.1 dev lower',
          read: { group: '239.1.1.1', dev: 'lower' },
        },
      },
      { to: { given: { learning: false, ageing: 5 }, ip: 'nolearning ageing 5' } },
      { to: { given: { ttl: 9, tos: 'inherit', df: 'set' }, ip: 'ttl 9 tos inherit df set' } },
      { to: { given: { localbypass: false } } },
      {
        from: { given: { id: 1, remote: '2001:db8::2', flowlabel: 'inherit' } },
        to: { given: { flowlabel: 5 } },
      },
    ],
    fixed: [
      ...[
        { id: 2 },
        { dstport: 1 },
        { srcport: [1, 2] as [number, number] },
        { maxaddress: 3 },
        { ttl: 'inherit' as const },
      ],
      ...[{ proxy: true }, { rsc: true }, { l2miss: true }, { l3miss: true }, { udpcsum: false }],
      ...[{ udp6zerocsumtx: true }, { udp6zerocsumrx: true }, { remcsumtx: true }, { remcsumrx: true }],
      ...[{ remcsumNopartial: true }, { gbp: true }, { gpe: true }, { external: true }, { vnifilter: true }],
      ...(isOlderThan('6.14') ? [] : [{ reservedBits: '0000000000000000' }]),
    ].map((given) => ({ given, code: 'EOPNOTSUPP' })),
    refused: [
      { given: { id: 2 ** 24 }, option: 'vxlan.id', code: 'ERR_OUT_OF_RANGE' },
      { given: { id: '1' }, option: 'vxlan.id', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { group: '192.0.2.1' }, option: 'vxlan.group', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { group: 7 }, option: 'vxlan.group', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { remote: 'ff05::1' }, option: 'vxlan.remote', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { local: '192.0.2.256' }, option: 'vxlan.local', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { dstport: 65536 }, option: 'vxlan.dstport', code: 'ERR_OUT_OF_RANGE' },
      { given: { srcport: [2, 1] }, option: 'vxlan.srcport', code: 'ERR_OUT_OF_RANGE' },
      { given: { srcport: 4789 }, option: 'vxlan.srcport', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { ttl: 256 }, option: 'vxlan.ttl', code: 'ERR_OUT_OF_RANGE' },
      { given: { ttl: 'long' }, option: 'vxlan.ttl', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { flowlabel: 2 ** 20 }, option: 'vxlan.flowlabel', code: 'ERR_OUT_OF_RANGE' },
      { given: { learning: 'off' }, option: 'vxlan.learning', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { remcsumrx: 0 }, option: 'vxlan.remcsumrx', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { gbp: 1 }, option: 'vxlan.gbp', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { df: 'on' }, option: 'vxlan.df', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { reservedBits: 'ff0' }, option: 'vxlan.reservedBits', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { nolearning: true }, option: 'nolearning', code: 'ERR_INVALID_ARG_VALUE' },
    ],
  },
  () => {
    test('without a port it is 8472, for nslink as for ip', async ({ ns, ip }) => {
      await ns.link.add({ kind: 'vxlan', name: 'it', id: 1 })
      await ip('link', 'add', 'its', 'type', 'vxlan', 'id', '2')
      expect((await ns.link.get('it')).vxlan?.dstport).toBe(8472)
      expect((await ns.link.get('its')).vxlan?.dstport).toBe(8472)
      await ns.link.add({ kind: 'vxlan', name: 'gpe', external: true, gpe: true, learning: false })
      expect((await ns.link.get('gpe')).vxlan?.dstport).toBe(4790)
    })

    test('an error of the kernel says what it says, and names the option when the kernel does', async ({ ns }) => {
      const add = (options: object): Promise<Error> =>
        failure(() => ns.link.add({ kind: 'vxlan', name: 'new', id: 5, ...options }))
      expect(await add({ df: 7 })).toMatchObject({ attribute: 'vxlan.df', kernelMessage: 'Invalid DF attribute' })
      expect(await add({ vnifilter: true })).toMatchObject({ code: 'EINVAL', attribute: 'vxlan.vnifilter' })
      expect(await add({ group: '239.0.0.1' })).toMatchObject({
        code: 'EINVAL',
        kernelMessage: 'Local interface required for multicast remote destination',
      })
      expect(await add({ remote: '192.0.2.1', local: '2001:db8::1' })).toMatchObject({
        code: 'EINVAL',
        kernelMessage: 'Local and remote address must be from the same family',
      })
      await ns.link.add({ kind: 'vxlan', name: 'it', id: 5 })
      expect(await add({})).toMatchObject({ code: 'EEXIST' })
    })

    test('multicast routing is understood, though no kernel yet reports it', async ({ ns }) => {
      const data = { 1: '01000000', 34: '02' }
      const make = () => ns.link.add({ kind: { raw: 'vxlan' }, name: 'it', data })
      if (isOlderThan('6.17')) expect(await make()).toMatchObject({ name: 'it' })
      else expect(await failure(make)).toMatchObject({ code: 'ERANGE', attribute: 'vxlan.mcroute' })
    })

    test('its group is an address; the group of devices is set without the kind', async ({ ns, ip }) => {
      await ns.link.add({ kind: 'veth', name: 'lower' })
      await ns.link.add({ kind: 'vxlan', name: 'it', id: 1, group: '239.0.0.1', dev: 'lower' })
      await ns.link.set('it', { group: 7 })
      expect(await ns.link.get('it')).toMatchObject({ group: 7, vxlan: { group: '239.0.0.1', dev: 'lower' } })
      const [shown] = (await ip('-j', '-d', 'link', 'show', 'it')) as [object]
      expect(shown).toMatchObject({ group: '7', linkinfo: { info_data: { group: '239.0.0.1', link: 'lower' } } })
      // Where its own are under its name, as in what is listed, both can be said.
      const listed = { id: 2, group: '239.0.0.2', dev: 'lower' }
      const both = { kind: 'vxlan', name: 'other', group: 8, vxlan: listed }
      await ns.link.add(both as unknown as LinkAddOptions)
      expect(await ns.link.get('other')).toMatchObject({ group: 8, vxlan: listed })
    })

    test('moved away, it names the device it leaves through by its index there', async ({ ns, another }) => {
      const pod = await another()
      await ns.link.add({ kind: 'veth', name: 'lower', index: 77 })
      await ns.link.add({ kind: 'vxlan', name: 'it', id: 1, dev: 'lower', netns: pod })
      await pod.link.add({ kind: 'veth', name: 'wrong', index: 77 })
      expect(await pod.link.get('it')).toMatchObject({ linkNetnsid: 0, vxlan: { dev: 77 } })
    })
  },
)
