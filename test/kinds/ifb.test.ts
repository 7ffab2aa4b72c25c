/** `ifb`, with `ip` as the judge. */

import { tryKind } from '../support/kinds.js'
import { expect, test } from '../support/test.js'

tryKind(
  'ifb',
  {
    plain: { given: {}, ip: '' },
    made: [],
    refused: [{ given: { queues: 4 }, option: 'queues', code: 'ERR_INVALID_ARG_VALUE' }],
  },
  () => {
    test('its queues are an option of every link', async ({ ns, ip }) => {
      await ns.link.add({ kind: 'ifb', name: 'it', numTxQueues: 4, numRxQueues: 3 })
      const [shown] = (await ip('-j', '-d', 'link', 'show', 'it')) as [object]
      expect(shown).toMatchObject({ num_tx_queues: 4, num_rx_queues: 3, linkinfo: { info_kind: 'ifb' } })
      await ip('link', 'add', 'its', 'numtxqueues', '5', 'type', 'ifb')
      expect(await ns.link.get('its')).toMatchObject({ kind: 'ifb', numTxQueues: 5 })
    })
  },
)
