import { spawnSync } from 'node:child_process'
import { isIPv4, isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import { broadcastOf, formatIp, formatMac, ipBytes, parseIp, parseMac, parsePrefix } from '../../src/netlink/address.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

/** The address's bytes in hexadecimal, or '' if the text is no address. */
function parsed(text: string): string {
  const out = new Uint8Array(16)
  return hex(out.subarray(0, parseIp(text, out, 0)))
}

/** A repeatable source of whole numbers below `bound` (mulberry32), so that a failure can be seen again. */
function numbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

/** What the C library makes of texts (bytes, or '' if refused) and of bytes (text). */
function libc(texts: string[], addresses: string[]): { bytes: string[]; texts: string[] } {
  const script = `
import json, sys
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
def pton(text):
    for family in AF_INET, AF_INET6:
        try: return inet_pton(family, text).hex()
        except (OSError, ValueError): pass
    return ''
def ntop(address):
    address = bytes.fromhex(address)
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)
texts, addresses = json.load(sys.stdin)
json.dump({'bytes': [pton(text) for text in texts], 'texts': [ntop(address) for address in addresses]}, sys.stdout)
`
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script], {
    input: JSON.stringify([texts, addresses]),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new Error(`python3 could not be asked: ${stderr}`)
  return JSON.parse(stdout)
}

/** Texts that are nearly addresses, or addresses that are nearly not. */
const NASTY = [
  ...`
    . : / 0 1 ... .... ::: :::: 1. 1.2 1.2.3 1.2.3. 1.2.3.4. .1.2.3 1..2.3 1.2.3.4.5 01.2.3.4 1.2.3.04 00.0.0.0 0.0.0.0
    255.255.255.255 256.1.1.1 1.1.1.256 +1.2.3.4 -1.2.3.4 1e1.2.3.4 0x1.2.3.4 1.2.3.999999999999999999999 ١.٢.٣.٤ １.2.3.4
    1.2.3.4/24 1,2,3,4 1:2:3:4 :: ::1 1:: 1::1 :1 1: :::1 1::: 1:::1 ::1:: 1::2::3 ::1: :1:: 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7
    1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7: :2:3:4:5:6:7:8 1:2:3:4:5:6:7:8: 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3:4::5:6:7:8
    1:2:3:4:5:6:7:8:: ::1:2:3:4:5:6:7:8 1:2:3::5:6:7:8 00001:: ::00000 ::0000 fffff:: FFFF:: ffff::FfFf g:: ::g ::G @:: ::\`
    ::1%eth0 fe80::1%1 [::1] ::1.2.3.4 ::ffff:1.2.3.4 1.2.3.4:: ::1.2.3.4:5 ::1.2.3 ::1.2.3.4.5 ::1.2.3.256 ::01.2.3.4
    1:2:3:4:5:6:1.2.3.4 1:2:3:4:5:6:7:1.2.3.4 1:2:3:4:5:1.2.3.4 1:2:3:4:5::1.2.3.4 1:2:3:4:5:6::1.2.3.4 ::a.2.3.4
    ::1.2.3.4/96 1::1.2.3.4 ::.1.2.3 ::1.2.3. 1:2.3.4.5 :1.2.3.4 ::ı ::１ ſ:: 😀:: ::1/128
  `
    .trim()
    .split(/\s+/),
  ...['', ' ', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n', '1.2.3.4\0', '::1.2.3.4 ', '::\0', '::1\0', ' ::1', '::A\u0301'],
  ...[`::${'0'.repeat(5000)}`, '1'.repeat(5000)],
]

/** An address written in one of its many ways. */
function spell(below: (bound: number) => number): string {
  const dotted = () => [0, 0, 0, 0].map(() => below(below(2) ? 256 : 12)).join('.')
  if (below(4) === 0) return dotted()
  const groups = Array.from({ length: 8 }, () => {
    const text = (below(3) ? below(65536) : below(2)).toString(16).padStart(below(5), '0')
    return below(4) ? text : text.toUpperCase()
  })
  if (below(3) === 0) groups.splice(6, 2, dotted())
  if (below(3) === 0) return groups.join(':')
  const start = below(groups.length)
  const end = start + 1 + below(groups.length - start)
  return `${groups.slice(0, start).join(':')}::${groups.slice(end).join(':')}`
}

/** The text with a few characters lost, added, changed or repeated. */
function damage(text: string, below: (bound: number) => number): string {
  const alphabet = '0123456789abcdefABCDEF::::....gG/-x% '
  let result = text
  for (let changes = below(3); changes > 0; changes--) {
    const at = below(result.length + 1)
    const rest = result.slice(at + below(2))
    const added = below(3) ? alphabet.charAt(below(alphabet.length)) : result.slice(at, at + below(6))
    result = result.slice(0, at) + (below(4) ? added : '') + rest
  }
  return result
}

describe('IP addresses', () => {
  const below = numbers(20)
  const fuzz = Array.from({ length: 20_000 }, () => damage(spell(below), below))
  const texts = [...NASTY, ...fuzz]

  // Every pattern of zero groups, then random addresses, of which one group in two is zero.
  const addresses: string[] = []
  for (const value of ['0001', '000f', '0010', '00ff', '0100', '0fff', '1000', 'ffff']) {
    for (let pattern = 0; pattern < 256; pattern++) {
      addresses.push(Array.from({ length: 8 }, (_, i) => ((pattern >> i) & 1 ? value : '0000')).join(''))
    }
  }
  for (let i = 0; i < 5000; i++) {
    const group = () =>
      below(2)
        ? below(0x10000 >> (4 * below(4)))
            .toString(16)
            .padStart(4, '0')
        : '0000'
    addresses.push(Array.from({ length: below(4) ? 8 : 2 }, group).join(''))
  }
  for (const tail of ['01020304', '00000000', '00000001', '00010000', 'ffffffff']) {
    for (const word of ['ffff', '0000', 'fffe', '00ff']) addresses.push(`${'0'.repeat(20)}${word}${tail}`)
  }

  const oracle = libc(texts, addresses)

  test('are parsed as inet_pton of the C library parses them', () => {
    expect(oracle.bytes.filter((bytes) => bytes.length === 8).length).toBeGreaterThan(1000)
    expect(oracle.bytes.filter((bytes) => bytes.length === 32).length).toBeGreaterThan(1000)
    expect(oracle.bytes.filter((bytes) => bytes === '').length).toBeGreaterThan(1000)
    const differing = texts.filter((text, i) => parsed(text) !== oracle.bytes[i])
    expect(differing).toEqual([])
  })

  test('are addresses to node:net as well', () => {
    const families = { 0: 0, 8: 4, 32: 6 } as Record<number, number>
    const differing = texts.filter((text) => {
      const family = isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0
      // node:net accepts a zone ('fe80::1%eth0'), which no netlink attribute can hold.
      return !text.includes('%') && families[parsed(text).length] !== family
    })
    expect(differing).toEqual([])
  })

  test('are formatted as inet_ntop of the C library formats them', () => {
    const written = addresses.map((address) => formatIp(fromHex(address), 0, address.length / 2))
    expect(written).toEqual(oracle.texts)
  })

  test('survive the way to text and back', () => {
    const back = addresses.map((address) => parsed(formatIp(fromHex(address), 0, address.length / 2)))
    expect(back).toEqual(addresses)
  })

  test('are read and written anywhere in a buffer, and nowhere else', () => {
    const buffer = new Uint8Array(48).fill(0xee)
    expect(parseIp('2001:db8::1', buffer, 20)).toBe(16)
    expect(hex(buffer)).toBe(`${'ee'.repeat(20)}20010db8000000000000000000000001${'ee'.repeat(12)}`)
    expect(formatIp(buffer, 20, 16)).toBe('2001:db8::1')
    expect(parseIp('192.0.2.7', buffer, 3)).toBe(4)
    expect(hex(buffer.subarray(0, 20))).toBe(`eeeeeec0000207${'ee'.repeat(13)}`)
    expect(formatIp(buffer, 3, 4)).toBe('192.0.2.7')
  })
})

const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const WRONG_VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }

/** The name, code and message of what `action` throws. */
function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException
    return { name, code, message }
  }
  throw new Error('nothing was thrown')
}

describe('ipBytes', () => {
  test('returns bytes of its own', () => {
    const first = ipBytes('via', '192.0.2.1')
    const second = ipBytes('via', '192.0.2.2')
    expect([hex(first), hex(second)]).toEqual(['c0000201', 'c0000202'])
    expect(hex(ipBytes('via', '2001:db8::1'))).toBe('20010db8000000000000000000000001')
  })

  test('refuses everything else, naming the option', () => {
    expect(thrownBy(() => ipBytes('via', '10.0.0.300'))).toEqual({
      ...WRONG_VALUE,
      message: `The "via" option must be an IPv4 or IPv6 address. Received '10.0.0.300'`,
    })
    expect(thrownBy(() => ipBytes('via', '10.0.0.1/24'))).toMatchObject(WRONG_VALUE)
    for (const value of [undefined, null, 167772161, ['10.0.0.1'], new Uint8Array(4)]) {
      expect(thrownBy(() => ipBytes('via', value as unknown as string))).toMatchObject(WRONG_TYPE)
    }
  })
})

describe('parsePrefix', () => {
  test.each([
    ['10.0.0.1/24', 2, '0a000001', 24, true],
    ['10.0.0.1', 2, '0a000001', 32, false],
    ['0.0.0.0/0', 2, '00000000', 0, true],
    ['10.0.0.1/32', 2, '0a000001', 32, true],
    ['2001:db8::/32', 10, '20010db8000000000000000000000000', 32, true],
    ['::/0', 10, '00000000000000000000000000000000', 0, true],
    ['::1/128', 10, '00000000000000000000000000000001', 128, true],
    ['::1', 10, '00000000000000000000000000000001', 128, false],
    ['::ffff:1.2.3.4/104', 10, '00000000000000000000ffff01020304', 104, true],
  ])('%s', (text, family, bytes, length, explicit) => {
    const prefix = parsePrefix('dst', text)
    expect({ ...prefix, bytes: hex(prefix.bytes) }).toEqual({ family, bytes, length, explicit })
  })

  test('knows every IPv4 netmask', () => {
    for (let length = 0; length <= 32; length++) {
      const mask = formatIp(
        broadcastOf(new Uint8Array(4), length).map((value) => value ^ 0xff),
        0,
        4,
      )
      expect(parsePrefix('dst', `10.0.0.0/${mask}`)).toEqual(parsePrefix('dst', `10.0.0.0/${length}`))
    }
    for (const mask of ['255.0.255.0', '0.0.0.1', '0.255.255.255', '255.255.255.253', '127.255.255.255']) {
      expect(thrownBy(() => parsePrefix('dst', `10.0.0.0/${mask}`))).toMatchObject(WRONG_VALUE)
    }
  })

  test('refuses a prefix longer than the address', () => {
    const tooLong = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }
    expect(thrownBy(() => parsePrefix('address', '10.0.0.0/33'))).toEqual({
      ...tooLong,
      message: `The "address" option must be an IPv4 prefix of length 0 to 32. Received '10.0.0.0/33'`,
    })
    expect(thrownBy(() => parsePrefix('address', '::/129'))).toEqual({
      ...tooLong,
      message: `The "address" option must be an IPv6 prefix of length 0 to 128. Received '::/129'`,
    })
    expect(thrownBy(() => parsePrefix('address', `::/${'9'.repeat(1000)}`))).toMatchObject(tooLong)
  })

  test('refuses everything else, naming the option and showing all of the text', () => {
    expect(thrownBy(() => parsePrefix('dst', '10.0.0.300/24'))).toEqual({
      ...WRONG_VALUE,
      message:
        `The "dst" option must be an IPv4 or IPv6 address, alone or with a prefix length such as '/24'. ` +
        `Received '10.0.0.300/24'`,
    })
    const lengths = ['/', '//', '/-1', '/+1', '/024', '/00', '/1.5', '/ 24', '/24 ', '/24/24', '/0x18', '/1e1', '/24\n']
    const texts = ['', '/24', 'default', '10/8', '::/255.255.0.0', ...lengths.map((length) => `10.0.0.0${length}`)]
    for (const text of texts)
      expect(
        thrownBy(() => parsePrefix('dst', text)),
        text,
      ).toMatchObject(WRONG_VALUE)
    for (const value of [undefined, null, 10, {}]) {
      expect(thrownBy(() => parsePrefix('dst', value as unknown as string))).toMatchObject(WRONG_TYPE)
    }
  })
})

describe('broadcastOf', () => {
  test.each([
    ['0a0102f0', 24, '0a0102ff'],
    ['0a0102f0', 22, '0a0103ff'],
    ['0a0102f0', 0, 'ffffffff'],
    ['0a0102f0', 31, '0a0102f1'],
    ['0a0102f0', 32, '0a0102f0'],
    ['20010db8000000000000000000000001', 61, '20010db800000007ffffffffffffffff'],
  ])('%s/%i', (address, length, expected) => {
    const bytes = fromHex(address)
    expect(hex(broadcastOf(bytes, length))).toBe(expected)
    expect(hex(broadcastOf(Buffer.from(bytes), length))).toBe(expected)
    expect(hex(bytes)).toBe(address)
  })
})

describe('link-layer addresses', () => {
  test.each([
    ['02:00:5e:10:00:ff', '02005e1000ff'],
    ['02-00-5E-10-00-FF', '02005e1000ff'],
    ['aB', 'ab'],
    ['00:01', '0001'],
    [Array(20).fill('80').join(':'), '80'.repeat(20)],
    [Array(32).fill('fe').join('-'), 'fe'.repeat(32)],
  ])('%s', (text, bytes) => {
    expect(hex(parseMac('address', text))).toBe(bytes)
    expect(formatMac(fromHex(`eeee${bytes}ee`), 2, bytes.length / 2)).toBe(text.toLowerCase().replaceAll('-', ':'))
  })

  test('every octet comes back', () => {
    for (let value = 0; value < 256; value++) {
      const text = formatMac(Uint8Array.of(value, 255 - value), 0, 2)
      expect([...parseMac('address', text)]).toEqual([value, 255 - value])
    }
    expect(formatMac(Uint8Array.of(1), 0, 0)).toBe('')
  })

  test('nothing else is one', () => {
    expect(thrownBy(() => parseMac('address', '02:00:5e:10:00:fg'))).toEqual({
      ...WRONG_VALUE,
      message:
        `The "address" option must be 1 to 32 octets of two hexadecimal digits, all separated by ':' or all by '-'. ` +
        `Received '02:00:5e:10:00:fg'`,
    })
    const texts = [
      '',
      ':',
      '0',
      '0:1:2:3:4:5',
      '02:00:5e:10:00:f',
      '02:00:5e:10:00:',
      ':02:00:5e:10:00',
      '02:00:5e-10:00:ff',
    ]
    texts.push(
      '02005e1000ff',
      '0200.5e10.00ff',
      '02.00.5e.10.00.ff',
      '02:0-:5e',
      '02::5e',
      '0g:00',
      'g0:00',
      ' 2:00',
      '02:00 ',
    )
    texts.push('10.0.0.1', '::1', '2001:db8::1', 'é2:00', '02:é0', '０2:00', Array(33).fill('00').join(':'))
    for (const text of texts)
      expect(
        thrownBy(() => parseMac('address', text)),
        text,
      ).toMatchObject(WRONG_VALUE)
    for (const value of [undefined, null, 2, new Uint8Array(6)]) {
      expect(thrownBy(() => parseMac('address', value as unknown as string))).toMatchObject(WRONG_TYPE)
    }
  })
})
