/** Monitors of the ruleset: whoever applies what they tell has what the kernel has, whoever made the changes. */

import type { Netns, NftChange, NftEvent, NftMonitor, NftRule, NftRuleset } from 'nslink'
import { accept, comment, counter, drop, flushRuleset, ip, jump, meta, at as position, table, tcp } from 'nslink/nft'
import { expectTypeOf } from 'vitest'
import { held, script, seconds, soon } from '../support/child.js'
import { needs } from '../support/features.js'
import { describe, expect, failure, output, test } from '../support/test.js'
import { filter, typed } from './lab.js'

const { add, del, flush, insert, replace } = table('ip', 't')
const base = [add.table(), add.chain('c', filter), add.chain('d')]

const passing = new Set(['packets', 'bytes', 'used', 'expires'])

type Named = { family: string; table?: string; name?: string; elements?: readonly unknown[] }

/** What comes of applying all events. */
class Mirror {
  readonly events: NftEvent[] = []
  readonly ended: Promise<unknown>
  readonly #objects = new Map<string, { object: string; value: object }>()
  /** The keys of rules in their order: those of a chain are. */
  readonly #rules: string[] = []
  readonly #elements = new Map<string, Map<string, unknown>>()
  generation = 0

  constructor(monitor: NftMonitor, read: readonly NftEvent[] = []) {
    for (const event of read) this.#apply(event)
    this.ended = this.#follow(monitor)
  }

  async #follow(monitor: NftMonitor): Promise<unknown> {
    try {
      for await (const event of monitor) {
        this.events.push(event)
        this.#apply(event)
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  #apply(event: NftEvent): void {
    if (event.type === 'commit') {
      this.generation = event.commit.generation
      return
    }
    const { type, object, key } = event
    if (object === 'elements') {
      const held = this.#elements.get(key) ?? new Map<string, unknown>()
      this.#elements.set(key, held)
      for (const each of event.elements.elements) {
        const pair = Array.isArray(each) && this.#objects.get(key)?.object === 'map' ? each[0] : each
        const value = JSON.stringify((pair as { elem?: unknown }).elem ?? pair)
        if (type === 'new') held.set(value, each)
        // What is gone was there.
        else if (!held.delete(value)) throw new Error(`${key} never had ${value}`)
      }
      return
    }
    if (type === 'del') {
      if (!this.#objects.delete(key)) throw new Error(`there never was ${key}`)
      this.#elements.delete(key)
    } else this.#objects.set(key, { object, value: (event as unknown as Record<string, object>)[object]! })
    if (object !== 'rule') return
    const at = this.#rules.lastIndexOf(key)
    if (at >= 0) this.#rules.splice(at, 1)
    if (type === 'del') return
    const { rule, after } = event
    const before = this.#rules.lastIndexOf(`${rule.family} ${rule.table} ${after}`)
    if (after !== undefined && before < 0) throw new Error(`${key} stands behind ${after}, which there is not`)
    this.#rules.splice(before + 1, 0, key)
  }

  /** As `list` has it, in an order of its own. */
  get ruleset(): unknown {
    const of = (wanted: string): Named[] =>
      [...this.#objects].flatMap(([key, { object, value }]) => {
        if (object !== wanted) return []
        const elements = [...(this.#elements.get(key)?.values() ?? [])]
        return [{ ...(value as Named), ...(elements.length > 0 && { elements }) }]
      })
    const rules = this.#rules.map((key) => this.#objects.get(key)?.value as NftRule)
    return normal({
      tables: of('table'),
      chains: of('chain'),
      sets: of('set'),
      maps: of('map'),
      objects: of('namedObject'),
      flowtables: of('flowtable'),
      rules,
    } as never)
  }

  /** Once it is the ruleset of this generation, or another 5 seconds have passed. */
  async caughtUp(ns: Netns): Promise<unknown> {
    const { generation } = await ns.nft.list()
    const ended = this.ended.then((error) => {
      throw error ?? new Error('the monitor has ended')
    })
    await Promise.race([soon(() => this.generation === generation, seconds(5)), ended])
    expect(this.generation).toBe(generation)
    return this.ruleset
  }
}

/** A ruleset in an order of its own: rules chain by chain. */
function normal({ tables, chains, sets, maps, objects, flowtables, rules }: NftRuleset): unknown {
  const name = ({ family, table: of, name: own }: Named): string => [family, of, own].join(' ')
  const sorted = <T extends Named>(list: readonly T[]): T[] =>
    list
      .map((each) => (each.elements ? { ...each, elements: [...each.elements].sort(byText) } : each))
      .sort((a, b) => (name(a) < name(b) ? -1 : 1))
  const byChain: Record<string, NftRule[]> = {}
  for (const rule of rules) {
    const chain = [rule.family, rule.table, rule.chain].join(' ')
    byChain[chain] ??= []
    byChain[chain].push(rule)
  }
  const text = JSON.stringify(
    {
      tables: sorted(tables),
      chains: sorted(chains as Named[]),
      sets: sorted(sets as Named[]),
      maps: sorted(maps as Named[]),
      objects: sorted(objects as Named[]),
      flowtables: sorted(flowtables as Named[]),
      rules: Object.entries(byChain).sort(([a], [b]) => (a < b ? -1 : 1)),
    },
    (key, value) => (passing.has(key) ? undefined : value),
  )
  return JSON.parse(text)
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const same = async (mirror: Mirror, ns: Netns): Promise<void> => {
  const mirrored = await mirror.caughtUp(ns)
  expect(mirrored).toEqual(normal(await ns.nft.list()))
}

/** What events tell, shortly. */
const shortly = (events: readonly NftEvent[]): string[] =>
  events.map((event) => {
    if (event.type === 'commit') return `commit${event.resync ? '!' : ''}`
    const { type, object } = event
    const said =
      object === 'rule'
        ? `${event.rule.chain} ${event.rule.handle}${event.after === undefined ? '' : ` after ${event.after}`}`
        : object === 'elements'
          ? `${event.elements.set} ${JSON.stringify(event.elements.elements)}`
          : (event as unknown as Record<string, { name: string }>)[object]?.name
    return `${type}${event.resync ? '!' : ''} ${object} ${said}`
  })

describe('a monitor of the ruleset', () => {
  test('tells what nft does', async ({ ns }) => {
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    await same(mirror, ns)
    mirror.events.length = 0
    const told = async (): Promise<string[]> => {
      await same(mirror, ns)
      return shortly(mirror.events.splice(0))
    }
    await typed(ns, 'add table ip t\nadd chain ip t c { type filter hook input priority 0; }')
    await soon(() => mirror.events.length > 0)
    const commit = mirror.events.at(-1)
    expect(commit).toEqual({
      type: 'commit',
      object: 'commit',
      commit: { generation: (await ns.nft.list()).generation, pid: expect.any(Number), program: 'nft' },
    })
    expect(await told()).toEqual(['new table t', 'new chain c', 'commit'])
    await typed(
      ns,
      `add rule ip t c tcp dport { 80, 443 } counter accept comment "web"
       add rule ip t c ip saddr vmap { 10.0.0.1 : drop, 10.1.0.0/16 : accept }`,
    )
    const lines = await told()
    expect(lines[1]).toMatch(/^new rule c \d+ after \d+$/)
    expect(lines.length).toBe(3)
    expect(lines[2]).toBe('commit')
    await typed(
      ns,
      `add set ip t s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }
       add map ip t m { type inet_service : ipv4_addr; elements = { 80 : 10.0.0.1 } }`,
    )
    expect(await told()).toEqual([
      'new set s',
      'new map m',
      'new elements m [[80,"10.0.0.1"]]',
      'new elements s ["10.0.0.0/8","192.0.2.1"]',
      'commit',
    ])
    await typed(ns, 'add element ip t s { 172.16.0.0/12 }\ndelete element ip t s { 192.0.2.1 }')
    expect(await told()).toEqual(['del elements s ["192.0.2.1"]', 'new elements s ["172.16.0.0/12"]', 'commit'])
    await typed(ns, 'flush set ip t s\ndelete element ip t m { 80 }')
    expect(await told()).toEqual([
      'del elements m [[80,"10.0.0.1"]]',
      'del elements s ["10.0.0.0/8","172.16.0.0/12"]',
      'commit',
    ])
    await typed(ns, 'add counter ip t web\nadd quota ip t some { over 10 mbytes; }')
    expect(await told()).toEqual(['new namedObject web', 'new namedObject some', 'commit'])
    await typed(ns, 'delete counter ip t web')
    expect(await told()).toEqual(['del namedObject web', 'commit'])
    await typed(ns, 'delete set ip t s\nadd set ip t s { type inet_service; }\nadd element ip t s { 22 }')
    expect(await told()).toEqual(['del set s', 'new set s', 'new elements s [22]', 'commit'])
    await typed(ns, 'flush chain ip t c\nadd chain ip t c { policy drop; }')
    expect((await told()).filter((line) => !line.startsWith('del rule'))).toEqual(['new chain c', 'commit'])
    await typed(ns, 'flush ruleset')
    expect(await told()).toEqual([
      'del map m',
      'del set s',
      'del namedObject some',
      'del chain c',
      'del table t',
      'commit',
    ])
  })

  test('tells where a rule has come, of several in one transaction too', async ({ ns }) => {
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    await same(mirror, ns)
    const [, , , first, second] = await ns.nft.apply(
      [...base, add.rule('c', meta.mark(1)), add.rule('c', meta.mark(2)), add.rule('c', meta.mark(3))],
      { echo: true },
    )
    await ns.nft.apply([
      insert.rule('c', meta.mark(10)),
      insert.rule('c', meta.mark(11)),
      add.rule('c', meta.mark(12), position(first as number)),
      insert.rule('c', meta.mark(13), position(second as number)),
      add.rule('c', meta.mark(14)),
      insert.rule('d', meta.mark(1)),
      insert.rule('d', meta.mark(2)),
    ])
    await same(mirror, ns)
    await ns.nft.apply([
      replace.rule('c', first as number, meta.mark(20)),
      insert.rule('c', meta.mark(21)),
      del.rule('c', second as number),
    ])
    await same(mirror, ns)
    // The first of a chain, and the last, in one transaction and by themselves.
    for (const place of [0, -1, 0, -1]) {
      const { rules } = await ns.nft.list()
      const { handle } = rules.filter(({ chain }) => chain === 'c').at(place)!
      await ns.nft.apply([replace.rule('c', handle!, meta.mark(30 + place))])
      await same(mirror, ns)
    }
    expect(mirror.events.some((event) => 'resync' in event)).toBe(false)
  })

  test('tells of rules that a chain with another name has', async ({ ns }) => {
    const [, , handle] = await ns.nft.apply([...base, add.rule('c', jump('d')), add.rule('d', drop())], { echo: true })
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    await same(mirror, ns)
    mirror.events.length = 0
    await ns.nft.apply([{ rename: { chain: { family: 'ip', table: 't', handle: handle as number }, to: 'e' } }])
    await same(mirror, ns)
    expect(mirror.events.filter((event) => event.object === 'rule')).toMatchObject([
      { resync: true, rule: { statements: [jump('e')] } },
      { resync: true, rule: { chain: 'e' } },
    ])
  })

  test('tells of a chain that gains a device', async ({ ns, ip }) => {
    for (const name of ['v0', 'v1']) await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`)
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    const chain = (device: string): string =>
      `add chain netdev n c { type filter hook ingress devices = { ${device} } priority 0; }`
    await typed(ns, `add table netdev n\n${chain('v0')}\nadd rule netdev n c counter`)
    await same(mirror, ns)
    mirror.events.length = 0
    await typed(ns, chain('v1'))
    await same(mirror, ns)
    expect(mirror.events).toMatchObject([
      { type: 'new', resync: true, object: 'chain', chain: { name: 'c', dev: expect.arrayContaining(['v0', 'v1']) } },
      { type: 'commit', resync: true },
    ])
    await typed(ns, 'delete chain netdev n c')
    await same(mirror, ns)
  })

  test('tells of flowtables', needs('nft:flowtable'), async ({ ns, ip }) => {
    for (const name of ['v0', 'v1']) await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`)
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    const flowtable = (device: string): string =>
      `flowtable inet t f { hook ingress priority 0; devices = { ${device} }; }`
    await typed(ns, `add table inet t\nadd ${flowtable('v0')}`)
    await same(mirror, ns)
    await typed(ns, `add ${flowtable('v1')}`)
    await same(mirror, ns)
    await typed(ns, `delete ${flowtable('v0')}`)
    await same(mirror, ns)
    await typed(ns, 'delete flowtable inet t f')
    await same(mirror, ns)
    const told = mirror.events.flatMap((event) => (event.object === 'flowtable' ? [event] : []))
    expect(told.map(({ type, flowtable: { devices } }) => [type, devices])).toEqual([
      ['new', ['v0']],
      ['new', ['v0', 'v1']],
      ['new', ['v1']],
      ['del', ['v1']],
    ])
  })

  test('tells of what is there first, and of one table only', async ({ ns }) => {
    const other = table('inet', 'other')
    await ns.nft.apply([
      ...base,
      add.set('s', { type: 'inet_service', elements: [80, 443] }),
      add.rule('c', tcp.dport('@s'), accept()),
      other.add.table(),
      other.add.chain('x'),
      table('ip6', 't').add.table(),
    ])
    const all = new Mirror(ns.nft.monitor({ existing: true }))
    const one = new Mirror(ns.nft.monitor({ existing: true, family: 'ip', table: 't' }))
    await same(all, ns)
    await one.caughtUp(ns)
    expect(shortly(one.events)).toEqual([
      'new table t',
      'new chain c',
      'new chain d',
      'new set s',
      'new elements s [80,443]',
      expect.stringMatching(/^new rule c \d+$/),
      'commit',
    ])
    await ns.nft.apply([other.add.chain('y'), add.chain('e'), table('ip6', 't').add.chain('z')])
    await one.caughtUp(ns)
    expect(shortly(one.events.slice(7))).toEqual(['new chain e', 'commit'])
    await same(all, ns)
  })

  test('tells what has happened after it was called, however late it is read', async ({ ns }) => {
    const monitor = ns.nft.monitor({ existing: true })
    await ns.nft.apply(base)
    await ns.nft.apply([add.rule('c', drop())])
    const mirror = new Mirror(monitor)
    await same(mirror, ns)
    expect(mirror.events.filter(({ object }) => object === 'table').length).toBe(1)
  })

  test('gives back what it has told: the changes that make it are the events', async ({ ns, another }) => {
    const other = await another()
    const monitor = ns.nft.monitor({ existing: true })
    await ns.nft.apply([
      ...base,
      add.set('s', { type: 'ipv4_addr', flags: ['interval'], elements: ['10.0.0.0/8', '192.0.2.0-192.0.2.9'] }),
      add.map('m', { type: 'inet_service', map: 'verdict', elements: [[80, accept()]] }),
      add.counter('web', { packets: 1, bytes: 10 }),
      add.rule('c', ip.saddr('@s'), tcp.dport(80, '90-99'), counter(), accept(), comment('one')),
      add.rule('c', tcp.dport.vmap('@m')),
    ])
    const changes: NftChange[] = []
    for await (const event of monitor) {
      if (event.type === 'commit') break
      const { object } = event
      const kind = object === 'namedObject' ? 'object' : object
      changes.push({ add: { [kind]: (event as unknown as Record<string, unknown>)[object] } } as never)
    }
    await other.nft.apply(changes)
    expect(await output(other, 'nft', 'list', 'ruleset')).toBe(await output(ns, 'nft', 'list', 'ruleset'))
  })

  test('tells of a quota that is used up', async ({ ns }) => {
    await ns.link.set('lo', { up: true })
    await typed(
      ns,
      `add table ip t
       add quota ip t some { over 100 bytes; }
       add chain ip t c { type filter hook output priority 0; }
       add rule ip t c icmp type echo-request quota name "some" counter`,
    )
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    await same(mirror, ns)
    mirror.events.length = 0
    await output(ns, 'ping', '-c2', '-i0.1', '127.0.0.1')
    expect(await soon(() => mirror.events.length > 0)).toBe(true)
    expect(mirror.events).toMatchObject([
      { type: 'new', object: 'namedObject', namedObject: { type: 'quota', name: 'some', over: true } },
    ])
  })

  test('has types', ({ ns }) => {
    const monitor = ns.nft.monitor()
    expectTypeOf(monitor).toEqualTypeOf<NftMonitor>()
    const look = (event: NftEvent): void => {
      if (event.object === 'rule') expectTypeOf(event.rule).toEqualTypeOf<NftRule>()
      if (event.type === 'commit') expectTypeOf(event.commit.generation).toEqualTypeOf<number>()
    }
    expect(look).toBeTypeOf('function')
    monitor.close()
  })
})

describe('a monitor beside somebody who changes much', () => {
  /** Changes that all go together, by chance. */
  const chance = (seed: number): ((below: number) => number) => {
    let state = seed
    return (below) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
      return (state >> 8) % below
    }
  }

  test('has what the kernel has', async ({ ns }) => {
    await ns.nft.apply([
      ...base,
      add.set('s', { type: 'ipv4_addr', flags: ['interval'] }),
      add.set('h', { type: 'inet_service' }),
      add.map('m', { type: 'ipv4_addr', map: 'mark' }),
    ])
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    const random = chance(7)
    const there = { s: new Set<string>(), h: new Set<number>(), m: new Map<string, number>() }
    const rounds = process.env['NSLINK_EMULATED'] === undefined ? 60 : 20
    for (let round = 0; round < rounds; round++) {
      const { rules } = await ns.nft.list()
      const handles = rules.filter(({ chain }) => chain === 'c').map(({ handle }) => handle as number)
      const changes: NftChange[] = []
      for (let n = random(6); n >= 0; n--) {
        const rule = [ip.saddr(`10.0.0.${random(200)}`, `10.1.${random(99)}.0/24`), tcp.dport(random(999)), drop()]
        const target = handles.splice(random(handles.length || 1), 1)[0]
        const kind = random(10)
        if (kind < 3 || target === undefined) changes.push(add.rule('c', ...rule))
        else if (kind < 5) changes.push(insert.rule('c', ...rule))
        else if (kind < 6) changes.push(replace.rule('c', target, ...rule))
        else if (kind < 7) changes.push(add.rule('c', ...rule, position(target)))
        else if (kind < 8) changes.push(insert.rule('c', ...rule, position(target)))
        else changes.push(del.rule('c', target))
      }
      const range = `10.${random(20)}.0.0/16`
      if (there.s.delete(range)) changes.push(del.elements('s', [range]))
      else {
        there.s.add(range)
        changes.push(add.elements('s', [range]))
      }
      const port = random(20)
      if (there.h.delete(port)) changes.push(del.elements('h', [port]))
      else {
        there.h.add(port)
        changes.push(add.elements('h', [port]))
      }
      const key = `10.0.0.${random(9)}`
      const value = there.m.get(key)
      if (value === undefined) {
        there.m.set(key, round)
        changes.push(add.elements('m', [[key, round]]))
      } else {
        there.m.delete(key)
        changes.push(del.elements('m', [[key, value]]))
      }
      if (random(20) === 0) {
        for (const each of Object.values(there)) each.clear()
        changes.push(flush.set('s'), flush.set('h'), flush.map('m'))
      }
      await ns.nft.apply(changes)
      if (round % 10 === 0) await same(mirror, ns)
    }
    await same(mirror, ns)
    expect(mirror.events.some((event) => 'resync' in event)).toBe(false)
    expect(await Promise.race([mirror.ended, 'goes on'])).toBe('goes on')
  })

  test('finds out what it has missed', async ({ ns }) => {
    await ns.nft.apply([...base, add.set('s', { type: 'ipv4_addr', flags: ['interval'] }), add.rule('c', counter())])
    const monitor = ns.nft.monitor({ existing: true }, { receiveBuffer: 4096 })
    const read: NftEvent[] = []
    while (read.length < 3) read.push((await monitor.next()).value as NftEvent)
    const before = (await ns.nft.list()).rules[0]?.handle as number
    for (let n = 0; n < 100; n++) {
      await ns.nft.apply([add.rule('c', meta.mark(n)), add.elements('s', [`10.${n}.0.0/16`])])
    }
    await ns.nft.apply([del.rule('c', before), del.elements('s', ['10.7.0.0/16']), add.chain('e')])
    const rest = new Mirror(monitor, read)
    await rest.caughtUp(ns)
    expect(rest.events.filter((event) => 'resync' in event).length).toBeGreaterThan(100)
    const gone = rest.events.filter(({ type }) => type === 'del')
    expect(gone).toMatchObject([{ object: 'rule', resync: true, rule: { handle: before, statements: [counter()] } }])
    // Later changes are told as they come.
    rest.events.length = 0
    await ns.nft.apply([flushRuleset()])
    await rest.caughtUp(ns)
    expect(rest.events.at(-2)).toMatchObject({ type: 'del', object: 'table' })
    expect(rest.events.length).toBe(100 + 1 + 3 + 1 + 1)
  })

  test('tells all of a large transaction', { timeout: seconds(60), ...needs('speed') }, async ({ ns }) => {
    const mirror = new Mirror(ns.nft.monitor({ existing: true }))
    const elements = Array.from({ length: 20_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`)
    await ns.nft.apply([
      ...base,
      add.set('s', { type: 'ipv4_addr', elements }),
      ...elements.slice(0, 10_000).map((address) => add.rule('d', ip.saddr(address), drop())),
    ])
    await same(mirror, ns)
    expect(mirror.events.filter(({ object }) => object === 'rule').length).toBe(10_000)
  })
})

describe('a monitor of the ruleset ends', () => {
  test('with the loop, the signal and the handle, and leaves nothing open', async ({ ns, another }) => {
    await ns.nft.list()
    const before = held()
    for await (const event of ns.nft.monitor({ existing: true })) {
      expect(event.type).toBe('commit')
      break
    }
    const controller = new AbortController()
    const aborted = failure(() => new Mirror(ns.nft.monitor({}, { signal: controller.signal })).ended.then(throwing))
    controller.abort(new Error('enough'))
    expect((await aborted).message).toBe('enough')
    const quiet = ns.nft.monitor()
    const next = quiet.next()
    quiet.close()
    expect(await next).toEqual({ done: true, value: undefined })
    const isMore = ({ descriptors, threads } = held()) => descriptors > before.descriptors || threads > before.threads
    expect(await soon(() => !isMore())).toBe(true)
    const other = await another()
    const ended = failure(() => other.nft.monitor().next())
    other.close()
    expect((await ended).code).toBe('ERR_NSLINK_CLOSED')
  })

  test('before it begins, when it is asked for what there is not', async ({ ns }) => {
    const error = async (...given: unknown[]): Promise<unknown> =>
      (await failure(() => (ns.nft.monitor as (...args: unknown[]) => unknown)(...given))).code
    expect(await error({ family: 'ipv4' })).toBe('ERR_INVALID_ARG_VALUE')
    expect(await error({ table: 1 })).toBe('ERR_INVALID_ARG_TYPE')
    expect(await error({ existing: 1 })).toBe('ERR_INVALID_ARG_TYPE')
    expect(await error({ rules: true })).toBe('ERR_INVALID_ARG_VALUE')
    expect(await error({}, { receiveBuffer: 1 })).toBe('ERR_OUT_OF_RANGE')
    expect(await error({}, { signal: 1 })).toBe('ERR_INVALID_ARG_TYPE')
  })

  test('with the process, when it has been let go', async () => {
    const { stdout, code } = await script(`
      import { netns } from 'nslink'
      const ns = await netns.create()
      const monitor = ns.nft.monitor({ existing: true }).unref()
      await monitor.next()
      monitor.next()
      console.log('waiting')`)
    expect([stdout, code]).toEqual(['waiting\n', 0])
  })
})

const throwing = (error: unknown): never => {
  throw error
}
