/** Kinds of link that nslink does not know, and those it does, by their numbers. */

import type { LinkAddOptions } from 'nslink'
import { needs } from '../support/features.js'
import { shownByIp } from '../support/kinds.js'
import { describe, expect, failure, test } from '../support/test.js'

test('a known kind can be made by the numbers of its attributes, too', async ({ ns, ip }) => {
  // IFLA_VXLAN_ID and IFLA_VXLAN_PORT, one in the machine's byte order and one in the network's.
  await ns.link.add({ kind: { raw: 'vxlan' }, name: 'it', data: { 1: '2a000000', 15: '12b5' }, mtu: 1400 })
  expect(await ns.link.get('it')).toMatchObject({ kind: 'vxlan', mtu: 1400, vxlan: { id: 42, dstport: 4789 } })
  expect(await shownByIp(ip, 'it')).toMatchObject({ kind: 'vxlan', id: 42, port: 4789 })
  await ns.link.set('it', { kind: { raw: 'vxlan' }, data: { 8: '07000000' } })
  expect((await ns.link.get('it')).vxlan?.ageing).toBe(7)
})

test('one without options, and without a name', async ({ ns }) => {
  const { name } = await ns.link.add({ kind: { raw: 'ifb' } })
  expect(await ns.link.get(name)).toMatchObject({ kind: 'ifb' })
  expect(name).toMatch(/^ifb\d$/)
})

describe('geneve', needs('link:geneve'), () => {
  test('its attributes are reported by number, and can be given back', async ({ ns, ip, another }) => {
    await ip('link', 'add', 'it', 'type', 'geneve', 'id', '42', 'remote', '192.0.2.1', 'dstport', '6082')
    const { kind, data } = await ns.link.get('it')
    expect(kind).toBe('geneve')
    expect(data).toMatchObject({ 1: '2a000000', 2: 'c0000201', 5: '17c2' })
    const again = await another()
    await again.link.add({ kind: { raw: 'geneve' }, name: 'it', data })
    expect((await again.link.get('it')).data).toEqual(data)
  })
})

describe('bond', needs('link:bond', 'link:dummy'), () => {
  test('what a port of an unknown kind has is reported by number, too', async ({ ns }) => {
    await ns.link.add({ kind: { raw: 'bond' }, name: 'it' })
    await ns.link.add({ kind: 'dummy', name: 'port' })
    await ns.link.set('port', { master: 'it' })
    const { slaveKind, slaveData } = await ns.link.get('port')
    expect(slaveKind).toBe('bond')
    // IFLA_BOND_SLAVE_STATE: active.
    expect(slaveData).toMatchObject({ 1: '00' })
  })
})

test('what cannot be a kind, or an attribute, is refused', async ({ ns }) => {
  const add = (options: object): Promise<Error> =>
    failure(() => ns.link.add({ name: 'it', ...options } as LinkAddOptions))
  expect(await add({ kind: 'team' })).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringContaining('"kind"'),
  })
  expect(await add({ kind: { raw: 7 } })).toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
    message: expect.stringContaining('"kind.raw"'),
  })
  expect(await add({ kind: { row: 'vxlan' } })).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringContaining('Unknown option "row" of kind'),
  })
  expect(await add({ kind: { raw: 'vxlan' }, data: { 1: '2a0' } })).toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringContaining('"data.1"'),
  })
  expect(await add({ kind: { raw: 'vxlan' }, data: { id: '2a' } })).toMatchObject({ code: 'ERR_OUT_OF_RANGE' })
  expect(await add({ kind: { raw: 'vxlan' }, data: '2a' })).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  expect(await add({ kind: { raw: 'vxlan' }, id: 42 })).toMatchObject({
    message: expect.stringContaining('Unknown option "id" of link.add'),
  })
  expect(await add({ kind: { raw: 'nosuchkind' } })).toMatchObject({
    code: 'EOPNOTSUPP',
    kernelMessage: 'Unknown device type',
  })
})
