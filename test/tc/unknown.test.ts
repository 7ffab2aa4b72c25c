/** What this version does not know of a message is kept, and can be given back: kernels are newer than libraries. */

import type { Operation } from '../../src/netlink/operation.js'
import { NLMSG_HDRLEN } from '../../src/netlink/protocol.js'
import { Reader } from '../../src/netlink/writer.js'
import { decode as decodeClass } from '../../src/tc/class.js'
import { decode as decodeFilter } from '../../src/tc/filter-message.js'
import { decode as decodeQdisc } from '../../src/tc/qdisc-message.js'
import { encoded } from '../support/messages.js'
import { plan } from '../support/tc.js'
import { expect, failure, test } from '../support/test.js'

/** What is read of a message that nslink sends. */
function read<T>(operation: Operation<unknown>, decode: (reader: Reader, at: number, length: number) => T): T {
  const { type, bytes } = encoded(operation)
  const header = Buffer.alloc(NLMSG_HDRLEN)
  header.writeUInt16LE(type, 4)
  const message = Buffer.concat([header, Buffer.from(bytes, 'hex')])
  return decode(new Reader(message), NLMSG_HDRLEN, message.length - NLMSG_HDRLEN)
}

const unknown = { 99: 'aabbcc' }

test('of a qdisc, and of its kind', () => {
  const here = { dev: 'v0', parent: 'root', unknown: { 77: '01' } } as const
  const fq = read(plan.qdisc.add({ ...here, kind: 'fq_codel', limit: 5, fq_codel: { unknown } }), decodeQdisc)
  expect(fq).toMatchObject({ kind: 'fq_codel', fq_codel: { limit: 5, unknown }, unknown: { 77: '01' } })
  const tbf = { rate: '1mbit', burst: 1000, limit: 1000 } as const
  const bucket = read(plan.qdisc.add({ ...here, kind: 'tbf', ...tbf, tbf: { unknown } as never }), decodeQdisc)
  expect(bucket).toMatchObject({ kind: 'tbf', tbf: { rate: 1e6, limit: 1000, unknown }, unknown: { 77: '01' } })
  const again = read(plan.qdisc.add(bucket as never), decodeQdisc)
  expect(again).toEqual(bucket)
})

test('of a class', () => {
  const given = { dev: 'v0', parent: '1:', classid: '1:1', kind: 'htb', rate: '1mbit' } as const
  const found = read(plan.class.add({ ...given, htb: { unknown } as never, unknown: { 77: '01' } }), decodeClass)
  expect(found).toMatchObject({ classid: '1:1', htb: { rate: 1e6, unknown }, unknown: { 77: '01' } })
})

test('of a filter, and of its actions', () => {
  const given = { dev: 'v0', parent: 'ingress', protocol: 'ip', prio: 1, kind: 'u32' } as const
  const found = read(
    plan.filter.add({
      ...given,
      match: [{ ip: { dport: 80 } }],
      u32: { unknown },
      actions: [{ kind: { raw: 'nosuch' }, data: '0c000200010000000000000000' }],
      unknown: { 77: '01' },
    }),
    decodeFilter,
  )
  expect(found).toMatchObject({
    u32: {
      match: [{ ip: { dport: 80 } }],
      unknown,
      actions: [{ kind: { raw: 'nosuch' }, data: '0c000200010000000000000000' }],
    },
    unknown: { 77: '01' },
  })
})

test('a kind', () => {
  const raw = { dev: 'v0', parent: 'root', kind: { raw: 'cake' }, data: { 2: '0a000000' } } as const
  expect(read(plan.qdisc.add(raw), decodeQdisc)).toMatchObject({ kind: 'cake', data: '080002000a000000' })
  // A kind that is known can go by its name alone as well.
  const known = { dev: 'v0', parent: 'root', kind: { raw: 'pfifo' }, data: '07000000' } as const
  expect(read(plan.qdisc.add(known), decodeQdisc)).toMatchObject({ kind: 'pfifo', pfifo: { limit: 7 } })
  const action = { kind: { raw: 'gact' }, data: { 2: '0500000000000000020000000000000000000000' } } as const
  const filter = { dev: 'v0', parent: 'ingress', kind: 'matchall', actions: [action] } as const
  expect(read(plan.filter.add(filter), decodeFilter)?.matchall?.actions).toMatchObject([
    { kind: 'gact', control: 'drop', index: 5 },
  ])
})

test('bytes that are none are named', async () => {
  const raw = { dev: 'v0', parent: 'root', kind: { raw: 'cake' } } as const
  const wrong: [object, string][] = [
    [{ data: 'xyz' }, '"data"'],
    [{ data: { 2: 'xyz' } }, '"data.2"'],
    [{ data: 5 }, '"data"'],
    [{ unknown: { x: '00' } }, '"unknown.x"'],
  ]
  for (const [given, option] of wrong) {
    const error = await failure(() => encoded(plan.qdisc.add({ ...raw, ...given } as never)))
    expect(error.message).toContain(option)
  }
})
