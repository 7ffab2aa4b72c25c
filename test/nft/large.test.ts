/** Large transactions: how they are made while other things go on. */

import { type NftChange, netns } from 'nslink'
import { accept, drop, ip, jump, table, tcp } from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { isOrdinary } from './lab.js'

const { add } = table('ip', 't')
const RULES = process.env['NSLINK_EMULATED'] === undefined ? 10_000 : 1000

const address = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
const rules = (count: number): NftChange[] => [
  add.table(),
  add.chain('c'),
  ...Array.from({ length: count }, (_, n) => add.rule('c', ip.saddr(address(n)), tcp.dport(80), accept())),
]

/** A rule that notes when it is looked at. */
const watched = (look: () => void): NftChange => ({
  add: {
    rule: {
      family: 'ip',
      table: 't',
      chain: 'c',
      get statements() {
        look()
        return [drop()]
      },
    },
  },
})

/** Counts the turns of the event loop. */
function turns(): { count: number; end(): void } {
  const counter = {
    count: 0,
    end: () => clearImmediate(next),
  }
  const turn = (): void => {
    counter.count++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  return counter
}

describe.skipIf(isOrdinary)('a large transaction', () => {
  test('leaves the event loop its turns while it is worked out', async ({ ns }) => {
    const loop = turns()
    const seen: number[] = []
    const look = watched(() => seen.push(loop.count))
    const [tables, chain, ...many] = rules(RULES) as [NftChange, NftChange, ...NftChange[]]
    await ns.nft.apply([tables, chain, look, ...many, look])
    loop.end()
    // Of 2 ms each; it takes less on no machine.
    expect((seen.at(-1) as number) - (seen[0] as number)).toBeGreaterThan(2)
    expect((await ns.nft.list()).rules.length).toBe(RULES + 2)
  })

  test('and so does one with many elements', async ({ ns }) => {
    const elements = Array.from({ length: 4 * RULES }, (_, n) => address(n))
    const loop = turns()
    let seen = -1
    Object.defineProperty(elements, elements.length, {
      enumerable: true,
      get() {
        seen = loop.count
        return '192.0.2.1'
      },
    })
    const set = { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', elements } as const
    await ns.nft.apply([add.table(), { add: { set } }])
    loop.end()
    expect(seen).toBeGreaterThan(2)
    const [listed] = (await ns.nft.list()).sets
    expect(listed?.elements?.length).toBe(elements.length)
    expect(listed?.elements?.at(-1)).toBe('192.0.2.1')
  })

  test('has its turn before what was asked for after it', async ({ ns }) => {
    const settled: string[] = []
    const settling = <T>(name: string, promise: Promise<T>): Promise<T> => promise.finally(() => settled.push(name))
    const first = settling('first', ns.nft.apply(rules(RULES)))
    const second = settling('second', ns.nft.apply([add.rule('c', jump('d')), add.chain('d')].reverse()))
    const third = settling('third', ns.nft.list({ table: 't' }))
    const fourth = settling('fourth', ns.link.list())
    await Promise.all([first, second, fourth])
    expect((await third).rules.length).toBe(RULES + 1)
    expect(settled[0]).toBe('first')
    expect(settled[1]).toBe('second')
  })

  test('that is refused is followed by what was asked for after it', async ({ ns }) => {
    await ns.nft.apply(rules(0))
    const [bad, worse, good] = [
      failure(() => ns.nft.apply([...rules(RULES), add.rule('c', jump('nowhere'))])),
      failure(() => ns.nft.apply([...rules(RULES), add.rule('c', tcp.dport(65_536))])),
      ns.nft.apply([add.rule('c', drop())]),
    ]
    expect(await bad).toMatchObject({ code: 'ENOENT', change: RULES + 2 })
    expect((await worse).message).toMatch(
      /^changes\[\d+\] \(add rule ip t c\): statement 0 \(tcp dport\): .*0 to 65535/,
    )
    await good
    expect((await ns.nft.list()).rules.length).toBe(1)
  })

  test('is what was given, also when the list is emptied meanwhile', async ({ ns }) => {
    const changes = rules(RULES)
    const done = ns.nft.apply(changes)
    changes.length = 0
    await done
    expect((await ns.nft.list()).rules.length).toBe(RULES)
  })

  test('is not made when the namespace is closed while it is worked out', async ({ ns, sync }) => {
    const other = await netns.open({ fd: ns.fd })
    const done = failure(() => other.nft.apply([...rules(RULES), watched(() => other.close())]))
    expect((await done).code).toBe('ERR_NSLINK_CLOSED')
    expect(sync.nft.list().tables).toEqual([])
  })

  test('tells the handle of everything that it adds', async ({ ns }) => {
    const changes = rules(RULES)
    const handles = await ns.nft.apply(changes, { echo: true })
    const { tables, chains, rules: listed } = await ns.nft.list()
    expect(handles).toEqual([...tables, ...chains, ...listed].map(({ handle }) => handle))
  })
})
