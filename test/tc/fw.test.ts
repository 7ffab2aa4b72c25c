/** `fw`, with `tc` as the judge. */

import { plan, tryFilter } from '../support/tc.js'

tryFilter('fw', {
  made: [
    { given: { handle: 100, protocol: 'ip', flowid: '1:11' }, tc: 'flowid 1:11' },
    {
      given: { handle: 5, mask: 0xff, actions: [{ kind: 'gact', control: 'drop' }] },
      tc: 'handle 5/0xff action drop',
      read: { handle: 5, mask: 255, actions: [{ kind: 'gact', control: 'drop' }] },
    },
    {
      given: { handle: 0xffff_ffff, protocol: 'ipv6', flowid: '1:1', indev: 'v1' },
      tc: 'handle 0xffffffff flowid 1:1 indev v1',
    },
  ],
  refused: [
    { given: { handle: '1:1' }, option: 'handle', code: 'ERR_INVALID_ARG_TYPE' },
    { given: { handle: 2 ** 32 }, option: 'handle', code: 'ERR_OUT_OF_RANGE' },
    { given: { handle: 1, mask: -1 }, option: 'fw.mask', code: 'ERR_OUT_OF_RANGE' },
    { given: { handle: 1, flowid: '1:10000' }, option: 'fw.flowid' },
    { given: { handle: 1, indev: 'a/b' }, option: 'fw.indev' },
  ],
  messages: [
    [
      'filter add dev eth0 protocol ip parent 1:0 prio 2 handle 100 fw flowid 1:11'.replace('eth0', 'v0'),
      () =>
        plan.filter.add({ dev: 'v0', protocol: 'ip', parent: '1:0', prio: 2, handle: 100, kind: 'fw', flowid: '1:11' }),
    ],
  ],
})
