import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import {
  deviceName,
  integer,
  invalidType,
  invalidValue,
  namespaceName,
  oneOf,
  onlyKnown,
  outOfRange,
} from '../../src/netlink/check.js'

const WRONG_TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
const WRONG_VALUE = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }
const OUT_OF_RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }

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

describe('errors', () => {
  test('are sentences that name the option, with the codes and classes of Node', () => {
    expect(invalidType('mtu', 'an integer from 0 to 255', 'abc')).toBeInstanceOf(TypeError)
    expect(invalidType('mtu', 'an integer from 0 to 255', 'abc')).toMatchObject({
      ...WRONG_TYPE,
      message: `The "mtu" option must be an integer from 0 to 255. Received 'abc'`,
    })
    expect(invalidValue('name', '', 'must not be empty')).toMatchObject({
      ...WRONG_VALUE,
      message: `The "name" option must not be empty. Received ''`,
    })
    expect(outOfRange('vxlan.id', 'an integer from 0 to 16777215', -1)).toBeInstanceOf(RangeError)
    expect(outOfRange('vxlan.id', 'an integer from 0 to 16777215', -1)).toMatchObject({
      ...OUT_OF_RANGE,
      message: 'The "vxlan.id" option must be an integer from 0 to 16777215. Received -1',
    })
  })

  test('show any value, shortened and on one line', () => {
    const shown = (value: unknown) => invalidType('x', 'y', value).message.replace('The "x" option must be y. ', '')
    expect(shown(undefined)).toBe('Received undefined')
    expect(shown(null)).toBe('Received null')
    expect(shown(5n)).toBe('Received 5n')
    expect(shown({ a: { b: 1 } })).toBe('Received { a: [Object] }')
    expect(shown('a\nb')).toBe(`Received 'a\\nb'`)
    for (const long of ['x'.repeat(1e6), Array.from({ length: 1000 }, (_, i) => `element ${i}`)]) {
      expect(shown(long)).toMatch(/^Received .{128}\.\.\.$/)
    }
    const hostile = {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw new Error('from inspect')
      },
    }
    expect(shown(hostile)).toContain('Received {')
  })
})

describe('integer', () => {
  test('returns what lies in the range, both ends included', () => {
    for (const value of [-5, 0, 7]) expect(integer('prio', value, -5, 7)).toBe(value)
    expect(integer('bytes', Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)).toBe(2 ** 53 - 1)
  })

  test('refuses numbers outside the range, fractions, NaN and the infinities', () => {
    for (const value of [-6, 8, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(thrownBy(() => integer('prio', value, -5, 7))).toEqual({
        ...OUT_OF_RANGE,
        message: `The "prio" option must be an integer from -5 to 7. Received ${value}`,
      })
    }
  })

  test('refuses what is not a number', () => {
    for (const value of ['1', 1n, true, null, undefined, {}, [1]]) {
      expect(thrownBy(() => integer('mtu', value, 0, 4294967295))).toMatchObject(WRONG_TYPE)
    }
    expect(thrownBy(() => integer('mtu', 'abc', 0, 4294967295))).toMatchObject({
      message: `The "mtu" option must be an integer from 0 to 4294967295. Received 'abc'`,
    })
  })
})

describe('oneOf', () => {
  test('returns the name', () => {
    expect(oneOf('scope', 'link', ['global', 'link', 'host'])).toBe('link')
  })

  test('lists the names there are', () => {
    expect(thrownBy(() => oneOf('scope', 'lnik', ['global', 'link', 'host']))).toEqual({
      ...WRONG_VALUE,
      message: `The "scope" option must be 'global', 'link' or 'host'. Received 'lnik'`,
    })
    expect(thrownBy(() => oneOf('mode', undefined, ['l2']))).toEqual({
      ...WRONG_VALUE,
      message: `The "mode" option must be 'l2'. Received undefined`,
    })
    expect(thrownBy(() => oneOf('scope', 1, ['1']))).toMatchObject(WRONG_VALUE)
    expect(thrownBy(() => oneOf('scope', '', ['a', 'b']))).toMatchObject(WRONG_VALUE)
  })
})

/** Renames a device in a new network namespace to every name it reads; prints for each whether the kernel agreed. */
const RENAME = `
import ctypes, fcntl, json, os, socket, struct, sys
NEWUSER, NEWNET, SIOCSIFNAME = 0x10000000, 0x40000000, 0x8923
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(NEWNET | (0 if os.geteuid() == 0 else NEWUSER)): sys.exit(os.strerror(ctypes.get_errno()))
device, current, answers = socket.socket(), b'lo', []
for name in map(str.encode, json.load(sys.stdin)):
    try:
        fcntl.ioctl(device, SIOCSIFNAME, struct.pack('16s16s', current, name))
        current = name
        answers.append(True)
    except OSError as error:
        if error.errno != 22: raise
        answers.append(False)
json.dump(answers, sys.stdout)
`

function kernelAccepts(names: string[]): unknown {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', RENAME], {
    input: JSON.stringify(names),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the kernel could not be asked: ${stderr}`)
  return JSON.parse(stdout)
}

function accepts(check: () => unknown): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

describe('deviceName', () => {
  test('agrees with the kernel about every character', () => {
    const names = ['', '.', '..', '...', '.a', 'a.', '-', '_', 'a', 'eth0.100', 'veth-pod-a', 'x'.repeat(15)]
    // One byte and two bytes long: every character of ASCII, and every byte there can be inside a longer one.
    for (let code = 1; code < 0x800; code++) {
      const character = String.fromCodePoint(code)
      // A '%' asks the kernel to choose a number (veth%d), so it says nothing about the name.
      if (character !== '%') names.push(`a${character}`)
    }
    names.push(' ', '/', ':', '\u2003', '\u3000', '\u{1f600}', '\u{10ffff}', '\u{1f4a0}', '\ufffd', 'é'.repeat(7))
    const answers = names.map((name) => accepts(() => deviceName('dev', name)))
    expect(answers).toContain(true)
    expect(answers).toContain(false)
    expect(answers).toEqual(kernelAccepts(names))
  })

  test('says which rule is broken', () => {
    const message = (name: string) => (thrownBy(() => deviceName('peer.name', name)) as Error).message
    expect(message('')).toBe(`The "peer.name" option must not be empty. Received ''`)
    expect(message('..')).toBe(`The "peer.name" option must not be '.' or '..'. Received '..'`)
    expect(message('a/b')).toBe(`The "peer.name" option must not hold a '/'. Received 'a/b'`)
    expect(message('a:b')).toBe(`The "peer.name" option must not hold a ':'. Received 'a:b'`)
    expect(message('a b')).toBe(`The "peer.name" option must not hold white space. Received 'a b'`)
    expect(message('a\0')).toBe(`The "peer.name" option must not hold a NUL character. Received 'a\\x00'`)
    expect(message('x'.repeat(16))).toBe(
      `The "peer.name" option must not be over 15 bytes long. Received '${'x'.repeat(16)}'`,
    )
    expect(message('é'.repeat(8))).toContain('must not be over 15 bytes long')
    expect(message('là')).toContain('the byte 0xa0 in its UTF-8 form')
    expect(thrownBy(() => deviceName('dev', 'a b'))).toMatchObject(WRONG_VALUE)
  })

  test('refuses what is not a string', () => {
    for (const value of [undefined, null, 1, ['eth0'], new String('eth0')]) {
      expect(thrownBy(() => deviceName('dev', value))).toMatchObject(WRONG_TYPE)
    }
  })
})

describe('namespaceName', () => {
  test('returns what can be the name of a file', () => {
    for (const name of ['a', 'pod a', 'a:b', '...', '-', 'é'.repeat(127), 'x'.repeat(255)]) {
      expect(namespaceName('name', name)).toBe(name)
    }
  })

  test('says which rule is broken', () => {
    const rules = {
      '': 'must not be empty',
      '.': `must not be '.' or '..'`,
      '..': `must not be '.' or '..'`,
      '../net': `must not hold a '/'`,
      'a\0b': 'must not hold a NUL character',
      [`${'é'.repeat(128)}`]: 'must not be over 255 bytes long',
    }
    for (const [name, rule] of Object.entries(rules)) {
      expect(thrownBy(() => namespaceName('name', name))).toMatchObject({
        ...WRONG_VALUE,
        message: expect.stringContaining(`The "name" option ${rule}. Received '`),
      })
    }
    expect(thrownBy(() => namespaceName('name', 7))).toEqual({
      ...WRONG_TYPE,
      message: 'The "name" option must be a string. Received 7',
    })
  })
})

describe('onlyKnown', () => {
  const names = ['address', 'dev', 'peer', 'broadcast', 'validLifetime']
  const refused = (option: string) => thrownBy(() => onlyKnown('addr.add', { [option]: 1 }, new Set(names)))

  test('lets known options pass, also when inherited or undefined', () => {
    onlyKnown('addr.add', { address: '10.0.0.1', dev: undefined }, new Set(names))
    onlyKnown('addr.add', Object.create({ address: '10.0.0.1' }), new Set(names))
    onlyKnown('addr.add', { address: 1 }, { address: undefined })
    onlyKnown('addr.add', {}, {})
  })

  test('suggests the name that was meant', () => {
    expect(refused('adress')).toEqual({
      ...WRONG_VALUE,
      message: 'Unknown option "adress" of addr.add: did you mean "address"?',
    })
    const meant = {
      adderss: 'address',
      DEV: 'dev',
      dve: 'dev',
      de: 'dev',
      dav: 'dev',
      peers: 'peer',
      brodcats: 'broadcast',
    }
    for (const [typed, name] of Object.entries({ ...meant, valid_lifetime: 'validLifetime' })) {
      expect(refused(typed)).toMatchObject({
        message: `Unknown option "${typed}" of addr.add: did you mean "${name}"?`,
      })
    }
  })

  test('suggests nothing where nothing is similar', () => {
    for (const option of ['x', 'mtu', 'scope', '', 'x'.repeat(1000), '0']) {
      expect(refused(option)).toEqual({ ...WRONG_VALUE, message: `Unknown option "${option}" of addr.add` })
    }
  })

  test('prefers the fewest mistakes, and does not count capitals', () => {
    const suggestion = (typed: string, ...known: string[]) =>
      (thrownBy(() => onlyKnown('x', { [typed]: 1 }, new Set(known))) as Error).message.split('"')[3]
    expect(suggestion('weigth', 'width', 'weight')).toBe('weight')
    expect(suggestion('ADDR', 'add', 'addr')).toBe('addr')
  })

  test('finds unknown options that are undefined, inherited, or named like a property of every object', () => {
    for (const options of [{ mtu: undefined }, Object.create({ mtu: 1 }), { constructor: 1 }, { toString: 1 }, [1]]) {
      expect(thrownBy(() => onlyKnown('addr.add', options, { address: 1 }))).toMatchObject(WRONG_VALUE)
    }
  })

  test('refuses options that are no object', () => {
    for (const options of ['10.0.0.1', null, undefined, 1]) {
      expect(thrownBy(() => onlyKnown('addr.add', options as unknown as object, { address: 1 }))).toMatchObject(
        WRONG_TYPE,
      )
    }
    expect(thrownBy(() => onlyKnown('addr.add', 'eth0' as unknown as object, {}))).toMatchObject({
      message: `The options of addr.add must be an object. Received 'eth0'`,
    })
  })
})
