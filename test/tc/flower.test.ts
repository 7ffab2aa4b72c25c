/** `flower`, with `tc` as the judge. */

import { needs } from '../support/features.js'
import { HOSTS, hosts, talk } from '../support/packets.js'
import { plan, tryFilter } from '../support/tc.js'
import { describe, expect, failure, output, test, tool } from '../support/test.js'

const label = '0123456789abcdef0123456789abcdef'

tryFilter('flower', {
  made: [
    { given: {}, tc: '' },
    {
      given: { protocol: 'ip', ipProto: 'tcp', dstIp: '192.168.6.160', dstPort: 3306, flowid: '1:10' },
      tc: 'ip_proto tcp dst_ip 192.168.6.160 dst_port 3306 flowid 1:10',
    },
    {
      given: {
        protocol: 'ip',
        handle: 7,
        chain: 3,
        ipProto: 'udp',
        ipTos: [0x10, 0xfc],
        ipTtl: 64,
        dstIp: '10.0.0.0/8',
        srcIp: '192.0.2.128/25',
        dstPort: '8000-8999',
        srcPort: '1024-65535',
        flowid: '1:1',
      },
      tc: 'ip_proto udp ip_tos 0x10/0xfc ip_ttl 64 dst_ip 10.0.0.0/8 src_ip 192.0.2.128/25 dst_port 8000-8999 src_port 1024-65535 flowid 1:1',
    },
    {
      given: { protocol: 'ip', ipProto: 'tcp', tcpFlags: [0x02, 0x12], dstPort: [80, 0xfff0], srcPort: [1, 1] },
      tc: 'ip_proto tcp tcp_flags 0x2/0x12 dst_port 80/0xfff0 src_port 1/1',
    },
    {
      given: { protocol: 'ip', ipProto: 'tcp', tcpFlags: 0x10, srcPort: 22 },
      tc: 'ip_proto tcp tcp_flags 0x10 src_port 22',
    },
    {
      given: { protocol: 'ipv6', ipProto: 'sctp', dstIp: '2001:db8::/40', srcIp: '2001:db8::1', dstPort: 5060 },
      tc: 'ip_proto sctp dst_ip 2001:db8::/40 src_ip 2001:db8::1 dst_port 5060',
    },
    {
      given: { protocol: 'ip', ipProto: 'icmp', icmpType: 8, icmpCode: 0 },
      tc: 'ip_proto icmp type 8 code 0',
    },
    {
      given: { protocol: 'ipv6', ipProto: 'icmpv6', icmpType: [128, 254], icmpCode: 1 },
      tc: 'ip_proto icmpv6 type 128/254 code 1',
    },
    { given: { protocol: 'ip', ipProto: 0x2f, ipTtl: [0, 0xf0] }, tc: 'ip_proto 2f ip_ttl 0/f0' },
    {
      given: {
        dstMac: '01:02:03:04:05:06',
        srcMac: '0a:0b:00:00:00:00/16',
        actions: [{ kind: 'gact', control: 'drop' }],
      },
      tc: 'dst_mac 01:02:03:04:05:06 src_mac 0a:0b:00:00:00:00/16 action drop',
    },
    {
      given: { dstMac: '01:00:00:00:00:00/01:00:00:00:00:00', skipHw: true },
      tc: 'dst_mac 01:00:00:00:00:00/01:00:00:00:00:00 skip_hw',
    },
    {
      given: {
        protocol: 'arp',
        arpTip: '192.0.2.1',
        arpSip: '192.0.2.0/24',
        arpOp: 1,
        arpTha: '00:00:00:00:00:00',
        arpSha: '02:00:00:00:00:00/8',
      },
      tc: 'arp_tip 192.0.2.1 arp_sip 192.0.2.0/24 arp_op request arp_tha 00:00:00:00:00:00 arp_sha 02:00:00:00:00:00/8',
    },
    { given: { protocol: 'arp', arpOp: [2, 3] }, tc: 'arp_op 2/3' },
    {
      given: {
        protocol: '802.1Q',
        vlanId: 100,
        vlanPrio: 5,
        vlanEthtype: 'ip',
        ipProto: 'tcp',
        dstIp: '10.0.0.1',
        dstPort: 80,
      },
      tc: 'vlan_id 100 vlan_prio 5 vlan_ethtype ip ip_proto tcp dst_ip 10.0.0.1 dst_port 80',
    },
    {
      given: {
        protocol: '802.1ad',
        vlanId: 5,
        vlanEthtype: '802.1Q',
        cvlanId: 4095,
        cvlanPrio: 7,
        cvlanEthtype: 'ipv6',
        dstIp: '2001:db8::1',
      },
      tc: 'vlan_id 5 vlan_ethtype 802.1Q cvlan_id 4095 cvlan_prio 7 cvlan_ethtype ipv6 dst_ip 2001:db8::1',
    },
    { given: { numOfVlans: 2, vlanId: 3 }, tc: 'num_of_vlans 2 vlan_id 3' },
    {
      given: { protocol: 'mpls_uc', mplsLabel: 1_048_575, mplsTc: 7, mplsBos: 1, mplsTtl: 64 },
      tc: 'mpls_label 1048575 mpls_tc 7 mpls_bos 1 mpls_ttl 64',
    },
    {
      given: {
        protocol: 'ip',
        ctState: { trk: true, est: true, new: false },
        ctZone: 5,
        ctMark: [0x100, 0xff00],
        ctLabel: label,
      },
      tc: `ct_state +trk+est-new ct_zone 5 ct_mark 0x100/0xff00 ct_label ${label}`,
    },
    {
      given: {
        ctState: { trk: true, rel: true, inv: false, rpl: true },
        ctZone: [1, 3],
        ctMark: 7,
        ctLabel: `${label}/${'f0'.repeat(16)}`,
      },
      tc: `ct_state +trk+rel-inv+rpl ct_zone 1/3 ct_mark 7 ct_label ${label}/${'f0'.repeat(16)}`,
    },
    {
      given: {
        encDstIp: '192.0.2.1',
        encSrcIp: '192.0.2.0/24',
        encKeyId: 42,
        encDstPort: 4789,
        encTos: [0x10, 0xfc],
        encTtl: 64,
      },
      tc: 'enc_dst_ip 192.0.2.1 enc_src_ip 192.0.2.0/24 enc_key_id 42 enc_dst_port 4789 enc_tos 0x10/0xfc enc_ttl 64',
    },
    {
      given: { encDstIp: '2001:db8::1', encSrcIp: '2001:db8:1::/48', encKeyId: 16_777_215 },
      tc: 'enc_dst_ip 2001:db8::1 enc_src_ip 2001:db8:1::/48 enc_key_id 16777215',
    },
    { given: { protocol: 'ip', ipFlags: { frag: true, firstfrag: false } }, tc: 'ip_flags frag/nofirstfrag' },
    { given: { protocol: 'ipv6', ipFlags: { frag: false } }, tc: 'ip_flags nofrag' },
    { given: { indev: 'v0', flowid: '1:1' }, tc: 'indev v0 flowid 1:1' },
    { given: { hwTc: 3 }, tc: 'hw_tc 3' },
    // No card is there to see to it.
    { given: { skipSw: true, dstMac: '01:02:03:04:05:06' }, tc: 'dst_mac 01:02:03:04:05:06 skip_sw', sentOnly: true },
  ],
  // `tc` has no word for it.
  untried: ['encSrcPort'],
  refused: [
    { given: { dstIp: '192.0.2.1' }, option: 'flower.dstIp' },
    { given: { protocol: 'ipv6', dstIp: '192.0.2.1' }, option: 'flower.dstIp' },
    { given: { protocol: 'ip', srcIp: '2001:db8::/40' }, option: 'flower.srcIp' },
    { given: { protocol: 'ip', srcIp: '192.0.2.1/33' }, option: 'flower.srcIp', code: 'ERR_OUT_OF_RANGE' },
    { given: { protocol: 'ip', srcIp: '192.0.2.1/8/8' }, option: 'flower.srcIp' },
    { given: { protocol: 'ip', srcIp: '192.0.2' }, option: 'flower.srcIp' },
    { given: { protocol: 'ip', srcIp: 5 }, option: 'flower.srcIp', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { ipProto: 'tcp' }, option: 'flower.ipProto' },
    { given: { protocol: 'ip', ipProto: 'carrier-pigeon' }, option: 'flower.ipProto' },
    { given: { protocol: 'arp', ipTtl: 64 }, option: 'flower.ipTtl' },
    { given: { protocol: 'ip', dstPort: 80 }, option: 'flower.dstPort' },
    { given: { protocol: 'ip', ipProto: 'icmp', srcPort: 80 }, option: 'flower.srcPort' },
    { given: { protocol: 'ip', ipProto: 'tcp', dstPort: 65_536 }, option: 'flower.dstPort', code: 'ERR_OUT_OF_RANGE' },
    { given: { protocol: 'ip', ipProto: 'tcp', dstPort: '9-1' }, option: 'flower.dstPort' },
    { given: { protocol: 'ip', ipProto: 'tcp', dstPort: '9-9' }, option: 'flower.dstPort' },
    {
      given: { protocol: 'ip', ipProto: 'tcp', dstPort: '80' },
      option: 'flower.dstPort',
      code: 'ERR_INVALID_ARG_TYPE',
    },
    { given: { protocol: 'ip', ipProto: 'udp', tcpFlags: 2 }, option: 'flower.tcpFlags' },
    {
      given: { protocol: 'ip', ipProto: 'tcp', tcpFlags: 0x1000 },
      option: 'flower.tcpFlags',
      code: 'ERR_OUT_OF_RANGE',
    },
    { given: { protocol: 'ip', ipProto: 'icmpv6', icmpType: 8 }, option: 'flower.icmpType' },
    { given: { protocol: 'ip', ipProto: 'icmp', icmpCode: 256 }, option: 'flower.icmpCode', code: 'ERR_OUT_OF_RANGE' },
    { given: { protocol: 'ip', arpOp: 1 }, option: 'flower.arpOp' },
    { given: { protocol: 'arp', arpTip: '2001:db8::1' }, option: 'flower.arpTip' },
    { given: { protocol: 'ip', vlanId: 5 }, option: 'flower.vlanId' },
    { given: { protocol: '802.1Q', vlanId: 4096 }, option: 'flower.vlanId', code: 'ERR_OUT_OF_RANGE' },
    { given: { protocol: '802.1Q', vlanPrio: 8 }, option: 'flower.vlanPrio', code: 'ERR_OUT_OF_RANGE' },
    { given: { protocol: '802.1Q', vlanEthtype: 'ip', cvlanId: 5 }, option: 'flower.cvlanId' },
    { given: { protocol: '802.1Q', vlanEthtype: 'appletalk' }, option: 'flower.vlanEthtype' },
    { given: { protocol: '802.1Q', dstIp: '192.0.2.1' }, option: 'flower.dstIp' },
    { given: { protocol: 'ip', mplsLabel: 5 }, option: 'flower.mplsLabel' },
    { given: { dstMac: '01:02' }, option: 'flower.dstMac' },
    { given: { dstMac: '01:02:03:04:05:06/49' }, option: 'flower.dstMac', code: 'ERR_OUT_OF_RANGE' },
    { given: { dstMac: '01:02:03:04:05:06/ff:ff' }, option: 'flower.dstMac' },
    { given: { ctState: { trk: 1 } }, option: 'flower.ctState.trk', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { ctState: { old: true } }, option: 'old' },
    { given: { ctZone: [1, 2, 3] }, option: 'flower.ctZone', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { ctMark: [1, 2 ** 32] }, option: 'flower.ctMark', code: 'ERR_OUT_OF_RANGE' },
    { given: { ctLabel: 'abcd' }, option: 'flower.ctLabel' },
    { given: { encKeyId: -1 }, option: 'flower.encKeyId', code: 'ERR_OUT_OF_RANGE' },
    { given: { encDstIp: 'there' }, option: 'flower.encDstIp' },
    { given: { ipFlags: { df: true } }, option: 'df' },
    { given: { hwTc: 16 }, option: 'flower.hwTc', code: 'ERR_OUT_OF_RANGE' },
    { given: { hwTc: 1, flowid: '1:1' }, option: 'flower.hwTc' },
    { given: { flowid: 1 }, option: 'flower.flowid', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { skipHw: 1 }, option: 'flower.skipHw', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { indev: 'a/b' }, option: 'flower.indev' },
    { given: { destination: '192.0.2.1' }, option: 'destination' },
  ],
  messages: [
    [
      'filter replace dev v0 parent 1: protocol ip prio 5 handle 0x10 flower ip_proto tcp dst_port 80 hw_tc 2',
      () =>
        plan.filter.replace({
          dev: 'v0',
          parent: '1:',
          protocol: 'ip',
          prio: 5,
          handle: 16,
          kind: 'flower',
          ipProto: 'tcp',
          dstPort: 80,
          hwTc: 2,
        }),
    ],
  ],
})

const ingress = { parent: 'ingress', prio: 1, kind: 'flower' } as const

describe('flower by itself', needs('qdisc:clsact', 'filter:flower', 'action:gact'), () => {
  test('what tc has no word for', async ({ ns }) => {
    await output(ns, 'sh', '-c', 'ip link add v0 type veth peer name v1; tc qdisc add dev v0 clsact')
    await ns.filter.add({ dev: 'v0', ...ingress, encKeyId: 1, encSrcPort: [4096, 0xf000] })
    await ns.filter.add({ dev: 'v0', ...ingress, prio: 2, encKeyId: 1, encSrcPort: 5 })
    const filters = await ns.filter.list({ dev: 'v0', parent: 'ingress' })
    expect(filters.map(({ flower }) => flower?.encSrcPort)).toEqual([[4096, 0xf000], 5])
  })

  test('a filter is found, and changed', async ({ ns }) => {
    await output(ns, 'sh', '-c', 'ip link add v0 type veth peer name v1; tc qdisc add dev v0 clsact')
    const place = { dev: 'v0', ...ingress, protocol: 'ip', handle: 3 } as const
    await ns.filter.add({ ...place, dstIp: '192.0.2.1', flowid: '1:1' })
    await ns.filter.change({ ...place, dstIp: '192.0.2.2', flowid: '1:2' })
    expect((await ns.filter.get(place)).flower).toMatchObject({ ethType: 'ip', dstIp: '192.0.2.2', flowid: '1:2' })
    expect(await failure(() => ns.filter.add({ ...place, dstIp: '192.0.2.3' }))).toMatchObject({ code: 'EEXIST' })
    const tc = tool(ns, 'tc')
    expect(await tc('-j', 'filter', 'show', 'dev', 'v0', 'ingress')).toContainEqual(
      expect.objectContaining({
        protocol: 'ip',
        pref: 1,
        kind: 'flower',
        options: expect.objectContaining({
          handle: 3,
          classid: '1:2',
          keys: { eth_type: 'ipv4', dst_ip: '192.0.2.2' },
        }),
      }),
    )
    await ns.filter.del(place)
    expect(await ns.filter.list({ dev: 'v0', parent: 'ingress' })).toEqual([])
  })

  test('packets that match are dropped, and no others', async ({ another }) => {
    const [one, two] = await hosts(another)
    await two.qdisc.add({ dev: 'eth0', kind: 'clsact' })
    const add = (prio: number, keys: object): Promise<unknown> =>
      two.filter.add({
        dev: 'eth0',
        ...ingress,
        prio,
        protocol: 'ip',
        ...keys,
        actions: [{ kind: 'gact', control: 'drop' }],
      })
    const all = { ping: true, tcp: HOSTS[0], udp: HOSTS[0] }
    await add(1, { ipProto: 'icmp', icmpType: 8, srcIp: '192.0.2.20/31' })
    await add(2, { ipProto: 'udp', dstIp: '198.51.100.0/24' })
    await add(3, { ipProto: 'tcp', dstIp: `${HOSTS[1]}`, dstPort: '1-2' })
    expect(await talk(one, two, HOSTS[1])).toEqual({ ...all, ping: false })
    await two.filter.del({ dev: 'eth0', ...ingress })
    expect(await talk(one, two, HOSTS[1])).toEqual(all)
    const left = await two.filter.list({ dev: 'eth0', parent: 'ingress' })
    expect(left.map(({ prio, flower }) => [prio, flower?.actions?.[0]?.stats.packets])).toEqual([
      [2, 0],
      [3, 0],
    ])
  })
})
