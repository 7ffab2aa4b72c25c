/** Connections that a program announces, with `conntrack` and a real connection as the judges. */

import type { ConntrackTuple, ExpectationOptions, Netns } from 'nslink'
import { track } from './support/conntrack.js'
import { describe, expect, failure, output, test } from './support/test.js'

const master: ConntrackTuple = { proto: 'tcp', src: '192.0.2.1', dst: '192.0.2.2', sport: 40000, dport: 21 }
const tuple = { proto: 'tcp', src: '192.0.2.2', dst: '192.0.2.1', dport: 5000 } as const
const file: ExpectationOptions = { master, tuple, timeout: 200 }

/** A connection that may announce others. */
const announcing = (ns: Netns, orig = master): Promise<void> =>
  ns.conntrack.add({ orig, timeout: 300, helper: 'ftp', tcp: { state: 'established' } })

/** What `conntrack` prints, but for the time that is left. */
const printed = async (ns: Netns, family = 'ipv4'): Promise<string[]> =>
  (await output(ns, 'conntrack', '-f', family, '-L', 'expect'))
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/^\d+/, ''))

describe('an announced connection', () => {
  test('is listed as conntrack lists it', async ({ ns }) => {
    await announcing(ns)
    await ns.conntrack.addExpectation(file)
    expect(await printed(ns)).toEqual([
      ' proto=6 src=192.0.2.2 dst=192.0.2.1 sport=0 dport=5000 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=192.0.2.1 master-dst=192.0.2.2 sport=40000 dport=21 class=0 helper=ftp',
    ])
    expect(await ns.conntrack.expectations()).toMatchObject([
      {
        family: 'inet',
        master,
        tuple: { ...tuple, sport: 0 },
        mask: { proto: 'tcp', src: '255.255.255.255', dst: '255.255.255.255', sport: 0, dport: 0xffff },
        flags: [],
      },
    ])
  })

  test('that was listed can be given again', async ({ ns, sync }) => {
    await announcing(ns)
    const six = { proto: 'tcp', src: 'fd00::1', dst: 'fd00::2', sport: 40000, dport: 21 } as const
    await announcing(ns, six)
    sync.conntrack.addExpectation({
      ...file,
      mask: { proto: 'tcp', src: '255.255.255.0', dst: '255.255.255.255', dport: 0xfff0 },
    })
    await ns.conntrack.addExpectation({
      master: six,
      tuple: { proto: 'udp', src: 'fd00::2', dst: 'fd00::1', dport: 5000 },
      timeout: 100,
    })
    // FTP announces one file at a time: another would take its place.
    const second = { ...master, sport: 40001 }
    await announcing(ns, second)
    await ns.conntrack.addExpectation({
      master: second,
      tuple: { ...tuple, dport: 6000 },
      timeout: 9,
      flags: ['permanent'],
    })
    const before = await ns.conntrack.expectations()
    expect(before.length).toBe(3)
    const shown = [await printed(ns), await printed(ns, 'ipv6')]
    expect(shown.map(({ length }) => length)).toEqual([2, 1])
    await ns.conntrack.flushExpectations()
    expect(await ns.conntrack.expectations()).toEqual([])
    for (const each of before) await ns.conntrack.addExpectation(each)
    expect([(await printed(ns)).sort(), await printed(ns, 'ipv6')]).toEqual([shown[0]?.sort(), shown[1]])
  })

  test('is taken back', async ({ ns }) => {
    await announcing(ns)
    await ns.conntrack.addExpectation(file)
    const [listed] = await ns.conntrack.expectations()
    expect((await failure(() => ns.conntrack.delExpectation({ ...listed!, id: (listed!.id ^ 1) >>> 0 }))).code).toBe(
      'ENOENT',
    )
    expect((await ns.conntrack.expectations()).length).toBe(1)
    await ns.conntrack.delExpectation(listed!)
    expect(await ns.conntrack.expectations()).toEqual([])
    expect((await failure(() => ns.conntrack.delExpectation({ tuple }))).code).toBe('ENOENT')
    await ns.conntrack.delExpectation({ tuple, missingOk: true })
  })

  test('belongs to the one that announced it, when it comes', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    await track(ns)
    const local: ConntrackTuple = { proto: 'tcp', src: '127.0.0.1', dst: '127.0.0.1', sport: 40000, dport: 21 }
    await announcing(ns, local)
    await ns.conntrack.addExpectation({
      master: local,
      tuple: { ...tuple, src: '127.0.0.1', dst: '127.0.0.1' },
      timeout: 100,
    })
    await output(
      ns,
      process.execPath,
      '--eval',
      `const net = require('net')
       const server = net.createServer((socket) => socket.end()).listen(5000, '127.0.0.1', () =>
         net.connect(5000, '127.0.0.1').resume().on('close', () => server.close()))`,
    )
    expect(await ns.conntrack.expectations()).toEqual([])
    const [come] = await ns.conntrack.list({ orig: { proto: 'tcp', dport: 5000 } })
    expect(come).toMatchObject({ master: local, status: expect.arrayContaining(['expected']) })
  })

  test('is refused where it makes no sense', async ({ ns }) => {
    await announcing(ns)
    const refused = async (options: object): Promise<unknown> => {
      const error = await failure(() => ns.conntrack.addExpectation({ ...file, ...options } as ExpectationOptions))
      return [error.code, /"([\w.]+)" (?:option|of)/.exec(error.message)?.[1]]
    }
    expect(await refused({ tuple: { proto: 'tcp', src: '192.0.2.2', dst: '192.0.2.1' } })).toEqual([
      'ERR_INVALID_ARG_TYPE',
      'tuple.sport',
    ])
    expect(await refused({ tuple: { ...tuple, dst: 'fd00::1' } })).toEqual(['ERR_INVALID_ARG_VALUE', 'tuple.dst'])
    expect(await refused({ master: { ...master, sport: undefined } })).toEqual(['ERR_INVALID_ARG_TYPE', 'master.sport'])
    expect(await refused({ timeout: -1 })).toEqual(['ERR_OUT_OF_RANGE', 'timeout'])
    expect(await refused({ timeout: undefined })).toEqual(['ERR_INVALID_ARG_TYPE', 'timeout'])
    expect(await refused({ flags: ['forever'] })).toEqual(['ERR_INVALID_ARG_VALUE', 'flags.0'])
    expect(await refused({ helper: 'x'.repeat(16) })).toEqual(['ERR_INVALID_ARG_VALUE', 'helper'])
    expect(await refused({ port: 5000 })).toEqual(['ERR_INVALID_ARG_VALUE', 'port'])
    expect(await refused({ master: { ...master, sport: 1 } })).toEqual(['ENOENT', undefined])
    await ns.conntrack.add({ orig: { ...master, sport: 2 }, timeout: 100, tcp: { state: 'established' } })
    expect(((await refused({ master: { ...master, sport: 2 } })) as unknown[])[0]).toBe('EOPNOTSUPP')
    expect(await ns.conntrack.expectations()).toEqual([])
    for (const [options, code] of [
      [{}, 'ERR_INVALID_ARG_TYPE'],
      [{ tuple, id: 'x' }, 'ERR_INVALID_ARG_TYPE'],
      [{ tuple, helper: 'ftp', all: true }, 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      expect((await failure(() => ns.conntrack.delExpectation(options as never))).code).toBe(code)
    }
  })
})
