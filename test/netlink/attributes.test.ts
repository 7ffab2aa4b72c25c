/** Tables whose options and attributes are not one to one. */

import { describe, expect, test } from 'vitest'
import {
  type Attribute,
  absent,
  attributes,
  bits,
  numbered,
  typeOf,
  u8,
  u32,
  writeOnly,
} from '../../src/netlink/attributes.js'
import { U16, U32 } from '../../src/netlink/scalar.js'
import { Reader, Writer } from '../../src/netlink/writer.js'

type AnyTable = ReturnType<typeof attributes>

/** The bytes of the options, in hexadecimal. */
function written(table: AnyTable, options: object): string {
  const writer = new Writer()
  table.write(writer, options, 'test')
  return Buffer.from(writer.bytes.subarray(0, writer.at)).toString('hex')
}

const reader = (hex: string): Reader => new Reader(Buffer.from(hex, 'hex'))
const readBack = (table: AnyTable, hex: string): object => table.read(reader(hex), 0, hex.length / 2)

describe('bits of one number', () => {
  const bit = bits(3, U16)
  const table = attributes({ a: bit(1), other: u8(1), b: bit(0x100) })

  test('go into one attribute, wherever the options stand', () => {
    expect(written(table, { a: true, other: 7, b: true })).toBe('06000300010100000500010007000000')
    expect(written(table, { b: true, a: false })).toBe('0600030000010000')
    expect(written(table, { b: undefined, other: 7 })).toBe('0500010007000000')
  })

  test('are all read from it', () => {
    expect(readBack(table, '0600030000010000')).toEqual({ a: false, b: true })
    expect(readBack(table, '0500010007000000')).toEqual({ other: 7 })
  })

  test('are looked for in their own table only', () => {
    const inner = attributes({ a: bit(1) })
    const nest: Attribute<object> = {
      types: [4],
      write(writer, value) {
        const start = writer.openNested(4)
        inner.write(writer, value, 'inner')
        writer.close(start)
      },
      read: () => absent,
    }
    const outer = attributes({ a: bit(1), nest, b: bit(2) })
    expect(written(outer, { a: true, nest: { a: true }, b: true })).toBe(
      '0600030003000000' + '0c000480' + '0600030001000000',
    )
  })

  test('with a mask, only those given are meant, and only those the kernel knows are read', () => {
    const masked = bits(2, U32, true)
    const flags = attributes({ a: masked(1), b: masked(2), c: masked(0x8000_0000) })
    expect(written(flags, { a: false, c: true })).toBe('0c0002000000008001000080')
    expect(readBack(flags, '0c0002000000008001000080')).toEqual({ a: false, c: true })
  })
})

describe('options that share an attribute', () => {
  const small: Attribute<number> = {
    ...u32(1),
    read: (from, at) => (from.view.getUint32(at, true) < 100 ? from.view.getUint32(at, true) : absent),
  }
  const large: Attribute<number> = {
    ...u32(1),
    read: (from, at) => (from.view.getUint32(at, true) < 100 ? absent : from.view.getUint32(at, true)),
  }
  const table = attributes({ small, large, both: writeOnly({ ...small, types: [] }) })

  test('are told apart by the value', () => {
    expect(readBack(table, '0800010007000000')).toEqual({ small: 7 })
    expect(readBack(table, '08000100e8030000')).toEqual({ large: 1000 })
  })

  test('an error at the attribute names the one that was meant', () => {
    expect(table.locate(reader('0800010007000000'), 0, 8, 0)).toBe('small')
    expect(table.locate(reader('08000100e8030000'), 0, 8, 4)).toBe('large')
  })
})

test('an option of two attributes is put together in either order', () => {
  const pair: Attribute<string> = {
    types: [1, 2],
    write: () => undefined,
    read: (from, at, _, before = '') =>
      typeOf(from, at) === 1 ? `${from.bytes[at]}${before}` : `${before}/${from.bytes[at]}`,
  }
  const table = attributes({ pair })
  expect(readBack(table, '0500010007000000' + '0500020009000000')).toEqual({ pair: '7/9' })
  expect(readBack(table, '0500020009000000' + '0500010007000000')).toEqual({ pair: '7/9' })
})

test('what the kernel says nothing of can have a meaning', () => {
  const table = attributes({ on: u8(1), more: u8(2) }, { on: 0 })
  expect(readBack(table, '')).toEqual({ on: 0 })
  expect(readBack(table, '0500010007000000')).toEqual({ on: 7 })
})

test('attributes by number', () => {
  const table = attributes({ data: numbered(5) })
  expect(written(table, { data: { 1: '2a', 7: '' } })).toBe('10000580' + '050001002a000000' + '04000700')
  expect(readBack(table, '10000580050001002a00000004000700')).toEqual({ data: { 1: '2a', 7: '' } })
  expect(readBack(table, '04000580')).toEqual({ data: {} })
  for (const number of ['0', '16384', '1.5', 'id']) {
    expect(() => written(table, { data: { [number]: '00' } }), number).toThrow(`"data.${number}"`)
  }
  expect(() => written(table, { data: { 1: '2' } })).toThrow('The "data.1" option must be bytes in hexadecimal')
  expect(() => written(table, { unknown: { x: '' } })).toThrow('"unknown.x"')
})
