/** `htb` and its classes, with `tc` as the judge. */

import { plan, tryClass, tryQdisc } from '../support/tc.js'

tryQdisc('htb', {
  made: [
    { given: {}, tc: '', read: { default: 0, r2q: 10 } },
    { given: { default: 0x11 }, tc: 'default 11' },
    { given: { default: 0xffff, r2q: 100, directQlen: 5 }, tc: 'default ffff r2q 100 direct_qlen 5' },
    // It takes a card that can.
    { given: { offload: true }, tc: 'offload', sentOnly: true },
  ],
  refused: [
    { given: { default: 0x1_0000 }, option: 'htb.default', code: 'ERR_OUT_OF_RANGE' },
    { given: { default: '1:11' }, option: 'htb.default', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { r2q: 0 }, option: 'htb.r2q', code: 'ERR_OUT_OF_RANGE' },
    { given: { offload: 1 }, option: 'htb.offload', code: 'ERR_INVALID_ARG_TYPE' },
  ],
})

tryClass('htb', {
  made: [
    {
      given: { rate: '80mbit', ceil: '80mbit' },
      tc: 'rate 80mbit ceil 80mbit',
      read: { rate: 80e6, ceil: 80e6, burst: 1600, cburst: 1600, prio: 0, quantum: 200_000, level: 0 },
    },
    {
      given: { rate: 20e6, ceil: '100mbit', burst: '15k', cburst: '1mb', prio: 3, quantum: 1514 },
      tc: 'rate 20mbit ceil 100mbit burst 15k cburst 1mb prio 3 quantum 1514',
      read: { rate: 20e6, ceil: 100e6, burst: 15_360, cburst: 1_048_575, prio: 3, quantum: 1514 },
    },
    {
      given: { rate: '8bit', ceil: '1kbit', burst: 100, cburst: 100 },
      tc: 'rate 8bit ceil 1kbit burst 100 cburst 100',
      read: { rate: 8, ceil: 1000, burst: 100, cburst: 100 },
    },
    {
      given: { rate: '40gbit', ceil: '100gbit', burst: '1mb', cburst: '2mb' },
      tc: 'rate 40gbit ceil 100gbit burst 1mb cburst 2mb',
      read: { rate: 40e9, ceil: 100e9 },
    },
    {
      given: { rate: '34.36gbit', burst: '64kb', cburst: '64kb' },
      tc: 'rate 34.36gbit burst 64kb cburst 64kb',
      read: { rate: 34.36e9, ceil: 34.36e9 },
    },
    {
      given: {
        rate: '1mbps',
        mtu: 9000,
        mpu: 64,
        overhead: 24,
        linklayer: 'atm',
        burst: '20k',
        burstCell: 64,
        cburst: '20k',
        cburstCell: 128,
      },
      tc: 'rate 1mbps mtu 9000 mpu 64 overhead 24 linklayer atm burst 20k/64 cburst 20k/128',
      read: { rate: 8e6, ceil: 8e6, burst: 20_480, cburst: 20_480, mpu: 64, overhead: 24, linklayer: 'atm' },
    },
  ],
  refused: [
    { given: { rate: '80mb' }, option: 'htb.rate' },
    { given: {}, option: 'htb.rate', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { rate: '80mbit', ceil: '20mbit' }, option: 'htb.ceil', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: '80mbit', prio: 8 }, option: 'htb.prio', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: '80mbit', burst: '10kbps' }, option: 'htb.burst' },
    { given: { rate: '80mbit', cburstCell: 3 }, option: 'htb.cburstCell', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: '80mbit', mtu: 0 }, option: 'htb.mtu', code: 'ERR_OUT_OF_RANGE' },
    { given: { rate: '80mbit', classid: '1:10000' }, option: 'classid' },
    { given: { rate: '80mbit', classid: '1:' }, option: 'classid' },
    { given: { rate: '80mbit', classid: '2:10' }, option: 'classid' },
    { given: { rate: '80mbit', parent: 'ingress' }, option: 'parent' },
    { given: { rate: '80mbit', parent: undefined }, option: 'parent' },
  ],
  messages: [
    [
      // More ticks than 32 bits can count: `tc` cuts them off, and so the burst is nothing like what was meant.
      'class add dev v0 parent 1: classid 1:10 htb rate 8bit',
      () => plan.class.add({ dev: 'v0', parent: '1:', classid: '1:10', kind: 'htb', rate: '8bit' }),
    ],
    [
      'class replace dev v0 parent 1:1 classid 1:10 htb rate 1gbit ceil 10gbit',
      () =>
        plan.class.replace({ dev: 'v0', parent: '1:1', classid: '1:10', kind: 'htb', rate: '1gbit', ceil: '10gbit' }),
    ],
    [
      'class change dev v0 root classid 1:10 htb rate 1gibit ceil 1gibps',
      () =>
        plan.class.change({
          dev: 'v0',
          parent: 'root' as never,
          classid: '1:10',
          kind: 'htb',
          rate: '1gibit',
          ceil: '1gibps',
        }),
    ],
    ['class del dev v0 classid 1:11', () => plan.class.del({ dev: 'v0', classid: '1:11' })],
    ['class show dev v0 parent 1:', () => plan.class.list({ dev: 'v0', qdisc: '1:' })],
  ],
})
