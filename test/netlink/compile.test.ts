/** Decoders that become code: they read what the loops read before. */

import { describe, expect } from 'vitest'
import {
  type Attribute,
  attributes,
  bits,
  bool8,
  ignored,
  nested,
  struct,
  text,
  u8,
  u32,
  u64,
  writeOnly,
} from '../../src/netlink/attributes.js'
import { WORTH_COMPILING } from '../../src/netlink/compile.js'
import { array, BE16, S32, U8, U16, U64 } from '../../src/netlink/scalar.js'
import { field, Struct } from '../../src/netlink/struct.js'
import { Reader } from '../../src/netlink/writer.js'
import { told } from '../support/child.js'
import { test } from '../support/test.js'

const bytes = (...parts: string[]): Reader => new Reader(Buffer.from(parts.join(''), 'hex'))

/** What a function returns the first time, and each time until well after it has become code. */
function always<T>(read: () => T): T {
  const first = read()
  for (let count = 0; count < 2 * WORTH_COMPILING; count++) expect(read()).toStrictEqual(first)
  return first
}

describe('a table', () => {
  const bit = bits(8, U16)
  const layout = new Struct('struct test', { a: field('a', U8), b: field('b', U16), 'c d': field('c', S32) })
  const table = attributes(
    {
      small: u8(1),
      'not a name': u32(2),
      yes: bool8(3),
      big: u64(4),
      name: text(5, 15),
      inner: nested(6, attributes({ one: u8(1) })),
      layout: struct(7, layout),
      first: bit(1),
      second: bit(2),
      sent: writeOnly(u8(9)),
      old: ignored(10, 11),
      beside: { ...nested(12, attributes({ more: u8(1) })), spread: true } as Attribute<object>,
    },
    { yes: false },
  )
  const read = (...parts: string[]): object => {
    const reader = bytes(...parts)
    return always(() => table.read(reader, 0, reader.bytes.length))
  }

  test('reads every sort of attribute', () => {
    const all = read(
      '0500010007000000',
      '0800020001000080',
      '0500030001000000',
      '0c0004000100000002000000',
      '0900050065746830' + '00000000',
      '0c000680' + '0500010009000000',
      '0c000700' + '0100020003000000',
      '0600080002000000',
      '0500090001000000',
      '05000a0001000000',
      '0c000c80' + '0500010005000000',
      '06000d00abcd0000',
    )
    expect(all).toStrictEqual({
      yes: true,
      small: 7,
      'not a name': 0x8000_0001,
      big: 0x2_0000_0001,
      name: 'eth0',
      inner: { one: 9 },
      layout: { a: 1, b: 2, 'c d': 3 },
      first: false,
      second: true,
      more: 5,
      unknown: { 13: 'abcd' },
    })
  })

  test('reads what is narrower, shorter or cut off as far as it goes', () => {
    expect(read('0500020007000000')).toStrictEqual({ yes: false, 'not a name': 7 })
    expect(read('0700070001000200')).toStrictEqual({ yes: false, layout: { a: 1, b: 2, 'c d': 0 } })
    expect(read('0500010007000000', '0800020001')).toStrictEqual({ yes: false, small: 7 })
    expect(read('0500010007000000', '03000100')).toStrictEqual({ yes: false, small: 7 })
    expect(read()).toStrictEqual({ yes: false })
  })

  test('reads text that is not ASCII, or has no end', () => {
    expect(read('0a000500c3a9' + '7468' + '3000' + '0000')).toStrictEqual({ yes: false, name: 'éth0' })
    expect(read('0800050065c3a930')).toStrictEqual({ yes: false, name: 'eé0' })
    expect(read('0800050065746830')).toStrictEqual({ yes: false, name: 'eth0' })
  })

  test('does not hand out the same object twice', () => {
    const reader = bytes('0500010007000000')
    expect(table.read(reader, 0, 8)).not.toBe(table.read(reader, 0, 8))
  })
})

test('a struct reads numbers of every width, and arrays', () => {
  const layout = new Struct('struct test', {
    a: field('a', BE16),
    b: field('b', array(U8, 2)),
    c: field('c', U64),
    d: field('d', S32),
  })
  const reader = bytes('0102', '0304', '00000000', '0100000000000100', 'ffffffff', '00000000')
  expect(always(() => layout.read(reader, 0, layout.size))).toStrictEqual({ a: 258, b: [3, 4], c: 2 ** 48 + 1, d: -1 })
})

test('where code must not be made of strings, the loops go on', async ({ ns }) => {
  const script = `
    import { link } from 'nslink/sync'
    const lists = Array.from({ length: ${2 * WORTH_COMPILING} }, () => JSON.stringify(link.list()))
    console.log(JSON.stringify([new Set(lists).size, JSON.parse(lists[0])]))`
  await ns.link.add({ kind: 'veth', name: 'a', peer: { name: 'b' } })
  await ns.link.add({ kind: 'bridge', name: 'br0' })
  const by = ['nsenter', `--net=/proc/${process.pid}/fd/${ns.fd}`]
  const flags = ['--disallow-code-generation-from-strings']
  const [several, links] = (await told(script, { by, flags })) as [number, unknown]
  expect(several).toBe(1)
  expect(links).toEqual(((await told(script, { by })) as [number, unknown])[1])
})
