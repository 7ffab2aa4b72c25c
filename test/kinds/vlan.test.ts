/** `vlan`, with `ip` as the judge. */

import { tryKind } from '../support/kinds.js'
import { expect, test } from '../support/test.js'

tryKind(
  'vlan',
  {
    upon: true,
    plain: { given: { id: 1 }, ip: 'id 1' },
    made: [
      {
        given: { id: 4094, protocol: '802.1ad', reorderHdr: false, looseBinding: true },
        ip: 'id 4094 protocol 802.1ad reorder_hdr off loose_binding on',
      },
      { given: { id: 2, gvrp: true, mvrp: true }, ip: 'id 2 gvrp on mvrp on' },
      {
        given: { id: 3, ingressQosMap: { 0: 6, 7: 4_000_000_000 }, egressQosMap: { 5: 7, 4000000000: 1 } },
        ip: 'id 3 ingress-qos-map 0:6 7:4000000000 egress-qos-map 5:7 4000000000:1',
      },
      { given: { id: 4, bridgeBinding: true } },
    ],
    changed: [
      { to: { given: { reorderHdr: false }, ip: 'reorder_hdr off' } },
      { to: { given: { gvrp: true, looseBinding: true }, ip: 'gvrp on loose_binding on' } },
      { to: { given: { mvrp: true }, ip: 'mvrp on' } },
      { to: { given: { bridgeBinding: true } } },
      {
        from: { given: { id: 1, ingressQosMap: { 1: 2 }, egressQosMap: { 3: 4 } } },
        to: {
          given: { ingressQosMap: { 5: 6 }, egressQosMap: { 3: 1 } },
          ip: 'ingress-qos-map 5:6 egress-qos-map 3:1',
          read: { ingressQosMap: { 1: 2, 5: 6 }, egressQosMap: { 3: 1 } },
        },
      },
      {
        from: { given: { id: 1, ingressQosMap: { 1: 2, 3: 4 } } },
        to: { given: { ingressQosMap: { 1: 0 } }, ip: 'ingress-qos-map 1:0', read: { ingressQosMap: { 3: 4 } } },
      },
    ],
    fixed: [{ given: { id: 2 } }, { given: { protocol: '802.1ad' } }],
    refused: [
      { given: { id: 4095 }, option: 'vlan.id', code: 'ERR_OUT_OF_RANGE' },
      { given: { protocol: '802.1q' }, option: 'vlan.protocol', code: 'ERR_INVALID_ARG_VALUE' },
      { given: { gvrp: 'on' }, option: 'vlan.gvrp', code: 'ERR_INVALID_ARG_TYPE' },
      { given: { ingressQosMap: { 8: 0 } }, option: 'vlan.ingressQosMap.8', code: 'ERR_OUT_OF_RANGE' },
      { given: { egressQosMap: { 0: 8 } }, option: 'vlan.egressQosMap.0', code: 'ERR_OUT_OF_RANGE' },
      { given: { egressQosMap: { low: 1 } }, option: 'vlan.egressQosMap.low', code: 'ERR_OUT_OF_RANGE' },
      { given: { egressQosMap: 5 }, option: 'vlan.egressQosMap', code: 'ERR_INVALID_ARG_TYPE' },
    ],
  },
  () => {
    test('it says which device it is of', async ({ ns, ip }) => {
      await ns.link.add({ kind: 'veth', name: 'lower' })
      await ns.link.add({ kind: 'vlan', name: 'lower.7', link: 'lower', id: 7 })
      expect(await ns.link.get('lower.7')).toMatchObject({ link: 'lower', vlan: { id: 7, protocol: '802.1Q' } })
      const [shown] = (await ip('-j', 'link', 'show', 'lower.7')) as [object]
      expect(shown).toMatchObject({ link: 'lower' })
    })
  },
)
