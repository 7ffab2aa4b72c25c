/** `vrf`, with `ip` as the judge. */

import type { LinkAddOptions } from 'nslink'
import { tryKind } from '../support/kinds.js'
import { expect, failure, test } from '../support/test.js'

tryKind(
  'vrf',
  {
    plain: { given: { table: 10 }, ip: 'table 10' },
    made: [{ given: { table: 4_000_000_000 }, ip: 'table 4000000000' }],
    fixed: [{ given: { table: 11 }, code: 'EOPNOTSUPP' }],
    refused: [
      { given: { table: -1 }, option: 'vrf.table', code: 'ERR_OUT_OF_RANGE' },
      { given: { table: 'main' }, option: 'vrf.table', code: 'ERR_INVALID_ARG_TYPE' },
    ],
  },
  () => {
    test('the kernel wants a table, and says so', async ({ ns }) => {
      expect(await failure(() => ns.link.add({ kind: 'vrf', name: 'it' }))).toMatchObject({
        code: 'EINVAL',
        kernelMessage: 'VRF table id is missing',
      })
      expect(await failure(() => ns.link.add({ kind: 'vrf', name: 'it', table: 0 }))).toMatchObject({
        code: 'EINVAL',
        attribute: 'vrf.table',
        kernelMessage: 'Invalid VRF table id',
      })
    })

    test('a device that has it as its master says by which table it is routed', async ({ ns, ip, another }) => {
      await ns.link.add({ kind: 'vrf', name: 'it', table: 10, up: true })
      await ns.link.add({ kind: 'veth', name: 'port', master: 'it' })
      expect(await ns.link.get('port')).toMatchObject({ master: 'it', slaveKind: 'vrf', vrfPort: { table: 10 } })
      const [shown] = (await ip('-j', '-d', 'link', 'show', 'port')) as [object]
      expect(shown).toMatchObject({ linkinfo: { info_slave_kind: 'vrf', info_slave_data: { table: 10 } } })
      await ns.link.add({ kind: 'vxlan', name: 'far', id: 5, master: 'it' })
      const other = await another()
      await other.link.add({ kind: 'vrf', name: 'it', table: 11 })
      await other.link.add((await ns.link.get('far')) as LinkAddOptions)
      expect(await other.link.get('far')).toMatchObject({ vxlan: { id: 5 }, vrfPort: { table: 11 } })
      await ns.link.set('port', { nomaster: true })
      expect(await ns.link.get('port')).not.toHaveProperty('vrfPort')
    })
  },
)
