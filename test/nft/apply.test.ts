/** Transactions: all or nothing, told apart by generations, with errors that say what was wrong where. */

import type { NftChange } from 'nslink'
import {
  accept,
  comment,
  counter,
  dnat,
  drop,
  flushRuleset,
  ip,
  jump,
  masquerade,
  meta,
  at as position,
  redirect,
  reject,
  restore,
  table,
  tcp,
} from 'nslink/nft'
import { needs } from '../support/features.js'
import { describe, expect, failure, output, test } from '../support/test.js'
import { filter, isOrdinary, numberless, printed, source, typed } from './lab.js'

const { add, create, del, destroy, flush, insert, replace } = table('ip', 't')
const chainOf = [add.table(), add.chain('c', filter), add.chain('d')]

describe('a transaction', () => {
  test('is done whole or not at all', async ({ ns }) => {
    await ns.nft.apply([...chainOf, add.rule('c', accept())])
    const before = await printed(ns)
    const changes = [
      add.rule('c', drop()),
      add.chain('e'),
      add.rule('c', counter(), jump('nowhere')),
      add.rule('c', drop()),
    ]
    const error = await failure(() => ns.nft.apply(changes))
    expect(error).toMatchObject({ name: 'NetlinkError', code: 'ENOENT', change: 2, attribute: 'statements.1' })
    expect(error.message).toBe(
      `nft.apply changes[2] (add rule ip t c) statement 1 (jump) in namespace ${ns.label}: ENOENT: there is no such thing (option "statements.1"), NFT_MSG_NEWRULE`,
    )
    expect(await printed(ns)).toEqual(before)
  })

  test('is the same for those who wait for it', async ({ sync, ns }) => {
    expect(sync.nft.apply([...chainOf, add.rule('c', tcp.dport(80), accept())], { echo: true })).toEqual(
      expect.arrayContaining([expect.any(Number)]),
    )
    expect(await output(ns, 'nft', 'list', 'chain', 'ip', 't', 'c')).toContain('tcp dport 80 accept')
    sync.nft.flush()
    expect(sync.nft.list()).toMatchObject({ tables: [], chains: [], rules: [] })
  })

  test('of nothing does nothing', async ({ ns }) => {
    const { generation } = await ns.nft.list()
    expect(await ns.nft.apply([])).toEqual([])
    expect((await ns.nft.list()).generation).toBe(generation)
  })

  test('follows what was asked for before it', async ({ ns }) => {
    await Promise.all([
      ns.link.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } }),
      ns.nft.apply([...chainOf, add.rule('c', meta.iif('v0'), drop())]),
    ])
    expect((await ns.nft.list()).rules).toMatchObject([{ statements: [meta.iif('v0'), drop()] }])
  })

  test('takes the capability to administrate the network', async ({ ns }) => {
    const script = `import('nslink').then(({ nft }) => nft.apply([{ flush: { ruleset: {} } }])).catch((error) => console.log(error.code))`
    const printedCode = await output(
      ns,
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      process.execPath,
      '-e',
      script,
    ).catch((error: Error) => error.message)
    expect(printedCode).toContain('EPERM')
  })
})

describe('what is made', () => {
  test('has handles, which are told on demand', async ({ ns }) => {
    const changes = [
      ...chainOf,
      add.rule('c', tcp.dport(80, 443), accept()),
      add.set('s', { type: 'ipv4_addr', elements: ['10.0.0.1'] }),
    ]
    expect(await ns.nft.apply([flushRuleset(), add.rule('x')].slice(0, 1))).toEqual([undefined])
    const handles = await ns.nft.apply(changes, { echo: true })
    const { tables, chains, rules, sets } = await ns.nft.list()
    expect(handles).toEqual([
      tables[0]?.handle,
      chains[0]?.handle,
      chains[1]?.handle,
      rules[0]?.handle,
      sets[0]?.handle,
    ])
    expect(handles.every((handle) => typeof handle === 'number')).toBe(true)
    expect(await ns.nft.apply([add.chain('f')])).toEqual([undefined])
  })

  test('can be put before, after and in place of others', async ({ ns }) => {
    const marks = async (): Promise<unknown[]> =>
      (await ns.nft.list()).rules.map(({ statements: [only] }) => (only as { right?: unknown }).right)
    const [, , , first, second] = await ns.nft.apply(
      [...chainOf, add.rule('c', meta.mark(1)), add.rule('c', meta.mark(2))],
      { echo: true },
    )
    await ns.nft.apply([insert.rule('c', meta.mark(0)), add.rule('c', meta.mark(9))])
    expect(await marks()).toEqual([0, 1, 2, 9])
    await ns.nft.apply([
      add.rule('c', meta.mark(15), position(first as number)),
      insert.rule('c', meta.mark(5), position(first as number)),
    ])
    expect(await marks()).toEqual([0, 5, 1, 15, 2, 9])
    await ns.nft.apply([replace.rule('c', second as number, meta.mark(22)), del.rule('c', first as number)])
    expect(await marks()).toEqual([0, 5, 15, 22, 9])
    await ns.nft.apply([flush.chain('c')])
    expect(await marks()).toEqual([])
  })

  test('can be named by its comment', async ({ ns }) => {
    await ns.nft.apply([
      ...chainOf,
      add.rule('c', meta.mark(1), comment('one')),
      add.rule('c', meta.mark(2), comment('two')),
    ])
    await ns.nft.apply([
      replace.rule('c', { comment: 'one' }, meta.mark(11), comment('eleven')),
      del.rule('c', { comment: 'two' }),
    ])
    expect((await ns.nft.list()).rules).toMatchObject([{ comment: 'eleven', statements: [meta.mark(11)] }])
    await ns.nft.apply([
      add.rule('c', meta.mark(20)),
      insert.rule('c', meta.mark(10), position({ comment: 'eleven' })),
      add.rule('c', meta.mark(12), position({ comment: 'eleven' })),
    ])
    expect((await ns.nft.list()).rules.map(({ statements }) => statements)).toEqual(
      [10, 11, 12, 20].map((mark) => [meta.mark(mark)]),
    )
    const nowhere = await failure(() => ns.nft.apply([add.rule('c', drop(), position({ comment: 'none' }))]))
    expect(nowhere.message).toMatch(/^The "changes\[0\]\.rule\.comment" option is that of no rule of chain ip t c/)
    const malformed = await failure(() => ns.nft.apply([add.rule('c', drop(), position('eleven' as never))]))
    expect(malformed.message).toMatch(/The "rule.position" option must be the handle of a rule, or \{ comment: … \}/)
    await ns.nft.apply([add.rule('d', drop(), comment('same')), add.rule('d', accept(), comment('same'))])
    expect((await failure(() => ns.nft.apply([add.table(), del.rule('d', { comment: 'same' })]))).message).toMatch(
      /changes\[1\]\.rule\.comment" option is that of 2 rules of chain ip t d/,
    )
    expect((await failure(() => ns.nft.apply([del.rule('c', { comment: 'none' })]))).message).toMatch(
      /is that of no rule/,
    )
    await ns.nft.apply([
      destroy.rule('c', { comment: 'none' }),
      destroy.rule('c', { comment: 'eleven' }),
      add.rule('d', meta.mark(1)),
    ])
    expect((await ns.nft.list()).rules.length).toBe(6)
  })

  test('can be deleted, also when it is not there, and emptied', async ({ ns }) => {
    await ns.nft.apply([
      ...chainOf,
      add.rule('c', drop()),
      add.set('s', { type: 'inet_service', elements: [80, 443] }),
      add.map('m', {
        type: 'mark',
        map: 'inet_service',
        elements: [
          [1, 80],
          [2, 90],
        ],
      }),
    ])
    await ns.nft.apply([
      del.elements('s', [80]),
      del.elements('m', [[1, 80]]),
      add.elements('s', [22]),
      add.elements('m', [[3, 100]]),
    ])
    expect(await ns.nft.list()).toMatchObject({
      sets: [{ elements: [22, 443] }],
      maps: [
        {
          elements: [
            [2, 90],
            [3, 100],
          ],
        },
      ],
    })
    await ns.nft.apply([flush.set('s'), flush.map('m'), flush.table(), del.chain('d')])
    expect(await ns.nft.list()).toMatchObject({ chains: [{ name: 'c' }], rules: [] })
    expect((await ns.nft.list()).sets[0]?.elements).toBeUndefined()
    expect((await failure(() => ns.nft.apply([del.chain('d')]))).code).toBe('ENOENT')
    await ns.nft.apply([destroy.chain('d'), destroy.set('gone'), destroy.table()])
    await ns.nft.apply([destroy.table()])
    expect((await ns.nft.list()).tables).toEqual([])
  })

  test('can be had only once', async ({ ns }) => {
    await ns.nft.apply([create.table(), create.chain('c')])
    await ns.nft.apply([add.table(), add.chain('c')])
    expect(await failure(() => ns.nft.apply([add.table(), create.chain('c')]))).toMatchObject({
      code: 'EEXIST',
      change: 1,
    })
  })

  test('can be given another name', async ({ ns }) => {
    const [, handle] = await ns.nft.apply([add.table(), add.chain('old')], { echo: true })
    await ns.nft.apply([{ rename: { chain: { family: 'ip', table: 't', handle: handle as number }, to: 'new' } }])
    expect((await ns.nft.list()).chains).toMatchObject([{ name: 'new' }])
  })
})

describe('others who change the ruleset', () => {
  test('are noticed by the generation', async ({ ns }) => {
    const { generation } = await ns.nft.list()
    await ns.nft.apply(chainOf, { generation })
    const error = await failure(() => ns.nft.apply([add.rule('c', drop())], { generation }))
    expect(error).toMatchObject({ name: 'NetlinkError', code: 'ERESTART', errno: -85 })
    expect(error.message).toContain(`the ruleset has been changed since generation ${generation}`)
    expect((await ns.nft.list()).rules).toEqual([])
  })

  test('are reckoned with by an update, which begins anew', async ({ ns, sync }) => {
    await ns.nft.apply(chainOf)
    const seen: number[] = []
    await ns.nft.update(({ rules }) => {
      seen.push(rules.length)
      if (seen.length < 3) sync.nft.apply([add.rule('c', drop())])
      return [add.rule('c', meta.mark(rules.length))]
    })
    expect(seen).toEqual([0, 1, 2])
    expect((await ns.nft.list()).rules.at(-1)?.statements).toEqual([meta.mark(2)])
  })

  test('leave nothing half made', async ({ ns, another }) => {
    void another
    await ns.nft.apply(chainOf)
    const process = (n: number): Promise<void> =>
      ns.nft.update(({ rules }) => [
        add.rule('c', meta.mark(rules.length), comment(`${n}`)),
        add.rule('d', meta.mark(rules.length)),
      ])
    await Promise.all(Array.from({ length: 5 }, (_, n) => process(n)))
    const { rules } = await ns.nft.list()
    const numbers = rules
      .filter(({ chain }) => chain === 'c')
      .map(({ statements: [only] }) => (only as { right: number }).right)
    expect(numbers.sort((a, b) => a - b)).toEqual([0, 2, 4, 6, 8])
    expect(rules.length).toBe(10)
  })
})

describe('large transactions', needs('speed'), () => {
  test('what an ordinary user may not send is refused with the limit', async ({ ns }) => {
    const script = `
      import { netns } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      import { drop, table } from ${JSON.stringify(new URL('../../dist/nft/builders.js', import.meta.url).href)}
      const ns = await netns.create()
      const { add } = table('ip', 't')
      const rules = Array.from({ length: 100_000 }, () => add.rule('c', drop()))
      await ns.nft.apply([add.table(), add.chain('c'), ...rules]).catch((error) => console.log(error.message))
      console.log((await ns.nft.list()).tables.length)
      ns.close()`
    const line = ['--user', '--map-root-user', '--net', process.execPath, '--input-type=module', '--eval', script]
    const [message, tables] = (await output(ns, 'unshare', ...line)).trim().split('\n')
    expect(message).toMatch(/^nft\.apply in namespace .*: EMSGSIZE: .*larger than a socket .*net\.core\.wmem_max/)
    expect(tables).toBe('0')
  })

  test.skipIf(isOrdinary)('50,000 rules are made, or none of them', { timeout: 120_000 }, async ({ ns }) => {
    const rules = (last: NftChange): NftChange[] => [
      ...chainOf,
      ...Array.from({ length: 50_000 }, (_, n) =>
        add.rule('c', ip.daddr(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`), tcp.dport(80), accept()),
      ),
      last,
    ]
    const error = await failure(() => ns.nft.apply(rules(add.rule('c', jump('nowhere')))))
    expect(error).toMatchObject({ code: 'ENOENT', change: 50_003 })
    expect((await ns.nft.list()).tables).toEqual([])
    await ns.nft.apply(rules(add.rule('c', drop())))
    const listed = await ns.nft.list()
    expect(listed.rules.length).toBe(50_001)
    expect(listed.rules[49_999]?.statements).toEqual([ip.daddr('10.0.195.79'), tcp.dport(80), accept()])
  })

  test.skipIf(isOrdinary)('100,000 elements are added, or none of them', { timeout: 120_000 }, async ({ ns }) => {
    const elements = Array.from({ length: 100_000 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    await ns.nft.apply([add.table(), add.set('s', { type: 'ipv4_addr' })])
    const error = await failure(() => ns.nft.apply([add.elements('s', elements), add.rule('nowhere', drop())]))
    expect(error).toMatchObject({ code: 'ENOENT', change: 1 })
    expect((await ns.nft.list()).sets[0]?.elements).toBeUndefined()
    await ns.nft.apply([add.elements('s', elements)])
    expect((await ns.nft.list()).sets[0]?.elements).toEqual(elements)
  })
})

describe('tables and chains', () => {
  test('of every sort, made by nft and by nslink', async ({ ns, another }) => {
    const other = await another()
    for (const each of [ns, other]) await each.link.set('lo', { up: true })
    await typed(
      other,
      `add table ip a { comment "a table"; }
       add table ip b { flags dormant; }
       add table ip6 a
       add chain ip6 a c { type filter hook forward priority filter; policy drop; }
       add chain ip a raw { type filter hook prerouting priority raw; }
       add chain ip a mangle { type route hook output priority mangle; }
       add chain ip a dstnat { type nat hook prerouting priority dstnat; }
       add chain ip a srcnat { type nat hook postrouting priority srcnat; policy accept; }
       add chain ip a above { type filter hook input priority filter + 10; }
       add chain ip a below { type filter hook input priority -7; }
       add chain ip a user { comment "for others"; }
       add table arp a
       add chain arp a c { type filter hook input priority 0; }
       add table bridge a
       add chain bridge a c { type filter hook prerouting priority dstnat; }
       add table inet a
       add chain inet a c { type filter hook ingress device "lo" priority filter; }
       add table netdev a
       add chain netdev a c { type filter hook ingress device "lo" priority -500; }`,
    )
    const [a, b, six] = [table('ip', 'a'), table('ip', 'b'), table('ip6', 'a')]
    const base = (
      type: 'filter' | 'nat' | 'route',
      hook: 'input' | 'prerouting' | 'output' | 'postrouting',
      priority: 'raw' | 'mangle' | 'dstnat' | 'srcnat' | 'filter + 10' | -7,
    ) => ({ type, hook, priority })
    await ns.nft.apply([
      a.add.table({ comment: 'a table' }),
      b.add.table({ dormant: true }),
      six.add.table(),
      six.add.chain('c', { type: 'filter', hook: 'forward', priority: 'filter', policy: 'drop' }),
      a.add.chain('raw', base('filter', 'prerouting', 'raw')),
      a.add.chain('mangle', base('route', 'output', 'mangle')),
      a.add.chain('dstnat', base('nat', 'prerouting', 'dstnat')),
      a.add.chain('srcnat', { ...base('nat', 'postrouting', 'srcnat'), policy: 'accept' }),
      a.add.chain('above', base('filter', 'input', 'filter + 10')),
      a.add.chain('below', base('filter', 'input', -7)),
      a.add.chain('user', { comment: 'for others' }),
      table('arp', 'a').add.table(),
      table('arp', 'a').add.chain('c', { type: 'filter', hook: 'input', priority: 0 }),
      table('bridge', 'a').add.table(),
      table('bridge', 'a').add.chain('c', { type: 'filter', hook: 'prerouting', priority: 'dstnat' }),
      table('inet', 'a').add.table(),
      table('inet', 'a').add.chain('c', { type: 'filter', hook: 'ingress', priority: 'filter', dev: 'lo' }),
      table('netdev', 'a').add.table(),
      table('netdev', 'a').add.chain('c', { type: 'filter', hook: 'ingress', priority: -500, dev: ['lo'] }),
    ])
    const [wanted, made] = [await printed(other), await printed(ns)]
    expect(made.plain).toBe(wanted.plain)
    expect(made.json).toEqual(wanted.json)
    const found = await other.nft.list()
    expect(numberless(await ns.nft.list())).toEqual(numberless(found))
    expect(numberless(found.chains.filter(({ family }) => family === 'ip'))).toEqual([
      { family: 'ip', table: 'a', name: 'raw', type: 'filter', hook: 'prerouting', priority: 'raw', policy: 'accept' },
      { family: 'ip', table: 'a', name: 'mangle', type: 'route', hook: 'output', priority: 'mangle', policy: 'accept' },
      {
        family: 'ip',
        table: 'a',
        name: 'dstnat',
        type: 'nat',
        hook: 'prerouting',
        priority: 'dstnat',
        policy: 'accept',
      },
      {
        family: 'ip',
        table: 'a',
        name: 'srcnat',
        type: 'nat',
        hook: 'postrouting',
        priority: 'srcnat',
        policy: 'accept',
      },
      { family: 'ip', table: 'a', name: 'above', type: 'filter', hook: 'input', priority: 10, policy: 'accept' },
      { family: 'ip', table: 'a', name: 'below', type: 'filter', hook: 'input', priority: -7, policy: 'accept' },
      { family: 'ip', table: 'a', name: 'user', comment: 'for others' },
    ])
    await ns.nft.apply([flushRuleset(), ...restore(found)])
    expect((await printed(ns)).plain).toBe(wanted.plain)
    expect(numberless(await ns.nft.list({ family: 'ip6' }))).toMatchObject({
      tables: [{ family: 'ip6' }],
      chains: [{ name: 'c' }],
    })
    expect((await ns.nft.list({ table: 'b' })).tables).toMatchObject([{ name: 'b', dormant: true }])
    await ns.nft.flush({ family: 'ip' })
    expect((await ns.nft.list()).tables.map(({ family }) => family)).not.toContain('ip')
  })

  test('what nslink does not know is kept as it is, and what is around it is not', async ({ ns, another }) => {
    const other = await another()
    await typed(
      other,
      `add table inet t
       add set inet t s { type ipv4_addr; flags dynamic; }
       add chain inet t c { type filter hook input priority 0; }
       add rule inet t c ipsec in reqid 1 accept
       add rule inet t c tcp dport 80 add @s { ipsec in ip saddr } counter
       add rule inet t c tcp option 254 exists counter
       add rule inet t c iifname "lo" ipsec in spi 5 tcp dport 80 drop comment "odd"
       add rule inet t c ipsec in spi 1-5 counter tcp option @254,8,8 1`,
    )
    const found = await other.nft.list()
    const kinds = found.rules.map(({ statements }) => statements.map(({ kind }) => kind).join(' '))
    expect(kinds).toEqual(['raw accept', 'match raw counter', 'raw counter', 'match raw match drop', 'raw counter raw'])
    await ns.nft.apply([...restore(found), table('inet', 't').add.rule('c', drop())])
    await typed(other, 'add rule inet t c drop')
    expect(await printed(ns)).toEqual(await printed(other))
    expect(numberless((await ns.nft.list()).rules)).toEqual(numberless((await other.nft.list()).rules))
  })
})

describe('wrong input is refused before anything is done', () => {
  const nat = [add.table(), add.chain('c', filter), add.chain('p', source)]
  const at = (changes: readonly unknown[]): NftChange[] => [...nat, ...changes] as NftChange[]
  const rows: readonly [what: string, changes: readonly unknown[], message: RegExp][] = [
    [
      'dnat in postrouting',
      [add.rule('p', counter(), dnat('10.0.0.1'))],
      /^changes\[3\] \(add rule ip t p\): statement 1 \(dnat\): .* is for the hooks prerouting, output, and this chain is at postrouting/,
    ],
    [
      'masquerade in a chain for filtering',
      [add.rule('c', masquerade())],
      /statement 0 \(masquerade\): .* is for chains of type nat, and this one is of type filter/,
    ],
    [
      'a port without a protocol',
      [add.rule('d', dnat('10.0.0.1:80'))],
      /statement 0 \(dnat\): The "port" option takes a protocol that has ports/,
    ],
    [
      'a redirection without a protocol',
      [add.rule('d', redirect(80))],
      /statement 0 \(redirect\): The "port" option takes a protocol/,
    ],
    [
      'a port that is an address',
      [add.rule('c', tcp.dport('10.0.0.1' as never))],
      /statement 0 \(tcp dport\): The "right" option must be a number from 0 to 65535/,
    ],
    [
      'a port out of range',
      [add.rule('c', tcp.dport(65536))],
      /statement 0 \(tcp dport\): The "right" option must be an integer from 0 to 65535. Received 65536/,
    ],
    [
      'an address that is a port',
      [add.rule('c', ip.saddr(80 as never))],
      /statement 0 \(ip saddr\): The "right" option must be an IPv4 address/,
    ],
    [
      'an address of the other family',
      [add.rule('c', ip.saddr('::1'))],
      /statement 0 \(ip saddr\): .* must be an IPv4 address/,
    ],
    [
      'a field of the other family',
      [
        {
          add: {
            rule: {
              family: 'ip',
              table: 't',
              chain: 'c',
              statements: [{ kind: 'match', left: 'ip6 saddr', op: '==', right: '::1' }],
            },
          },
        },
      ],
      /statement 0 \(ip6 saddr\): The "left" option is not to be had in a table of family ip/,
    ],
    [
      'a second protocol',
      [add.rule('c', tcp.dport(80), { kind: 'match', left: 'udp dport', op: '==', right: 53 } as never)],
      /statement 1 \(udp dport\): .* must go with what was matched before, which is tcp/,
    ],
    [
      'a key that there is not',
      [add.rule('c', { kind: 'match', left: 'tcp port', op: '==', right: 80 } as never)],
      /statement 0 \(tcp port\): The "left" option is no key that nslink knows/,
    ],
    [
      'a statement that there is not',
      [add.rule('c', { kind: 'acept' } as never)],
      /statement 0 \(acept\): .* is no statement that nslink knows/,
    ],
    [
      'an option that there is not',
      [add.rule('c', { kind: 'counter', packet: 1 } as never)],
      /statement 0 \(counter\): Unknown option "packet" of statements.0 \(counter\): did you mean "packets"/,
    ],
    ['a range that ends before it begins', [add.rule('c', tcp.dport('90-80'))], /must not end before it begins/],
    [
      'a set that there is not',
      [add.rule('c', tcp.dport('@nowhere'))],
      /statement 0 \(tcp dport\): The "right" option names a set that table ip t does not have/,
    ],
    [
      'a set of another type',
      [add.set('s', { type: 'ipv4_addr' }), add.rule('c', tcp.dport('@s'))],
      /is a set of ipv4_addr, and what is looked up is inet_service/,
    ],
    [
      'a map for a set',
      [add.map('m', { type: 'inet_service', map: 'mark' }), add.rule('c', ip.saddr('@m'))],
      /is a set of inet_service/,
    ],
    [
      'an element of the wrong type',
      [add.set('s', { type: 'inet_service', elements: [80, 'http'] })],
      /^changes\[3\] \(add set ip t s\): The "elements.1" option must be a number/,
    ],
    [
      'a range in a set without ranges',
      [add.set('s', { type: 'inet_service', elements: ['80-90'] })],
      /has ranges, which takes a set with the flag 'interval'/,
    ],
    [
      'ranges that overlap',
      [add.set('s', { type: 'inet_service', flags: ['interval'], elements: ['80-90', '85-95'] })],
      /has ranges that overlap/,
    ],
    [
      'a type that there is not',
      [add.set('s', { type: 'ipv4' })],
      /The "set.type" option is no type that nslink knows/,
    ],
    ['a name too long', [add.chain('x'.repeat(256))], /The "chain.name" option must be at most 255 bytes/],
    [
      'a name of a device too long',
      [add.rule('c', meta.iifname('x'.repeat(16)))],
      /statement 0 \(meta iifname\): .* must not be over 15 bytes/,
    ],
    [
      'a comment too long',
      [add.rule('c', drop(), comment('x'.repeat(129)))],
      /The "rule.comment" option must be at most 128 bytes/,
    ],
    [
      'a jump without a chain',
      [add.rule('c', { kind: 'jump' } as never)],
      /statement 0 \(jump\): The "jump.chain" option must be a string/,
    ],
    [
      'a hook that a family does not have',
      [add.chain('x', { type: 'filter', hook: 'ingress', priority: 0, dev: 'lo' })],
      /The "chain.hook" option must be 'prerouting'/,
    ],
    [
      'a priority of another hook',
      [add.chain('x', { type: 'nat', hook: 'postrouting', priority: 'dstnat' })],
      /The "chain.priority" option is no priority of hook postrouting/,
    ],
    ['an unknown verb', [{ ad: { table: { family: 'ip', name: 't' } } }], /is no change that nslink knows: ad table/],
    [
      'icmpx where there is one family',
      [add.rule('c', reject({ with: 'icmpx', code: 'no-route' }))],
      /statement 0 \(reject\): The "with" option is for tables that see both/,
    ],
    [
      'too many values in a concatenation',
      [
        add.rule('c', {
          kind: 'match',
          left: ['ip saddr', 'tcp dport'],
          op: '==',
          right: { set: [['10.0.0.1', 80, 1]] },
        } as never),
      ],
      /must have 2 values/,
    ],
    [
      'what cannot be set',
      [add.rule('c', { kind: 'mangle', key: 'meta iifname', value: 'lo' } as never)],
      /The "key" option cannot be set/,
    ],
    [
      'a value of another type',
      [add.rule('c', meta.mark.set(meta.iifname))],
      /is a ifname, and what it is for is a mark/,
    ],
  ]

  test.for(rows)('%s', async ([, changes, message], { ns }) => {
    const error = await failure(() => ns.nft.apply(at(changes)))
    expect(error.message).toMatch(message)
    expect(error.code).toMatch(/^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/)
    expect((await ns.nft.list()).tables).toEqual([])
  })

  test('also in a chain that was there before', async ({ ns }) => {
    await ns.nft.apply(nat)
    const before = await ns.nft.list()
    const refused = (...changes: NftChange[]) => failure(() => ns.nft.apply([add.chain('x'), ...changes]))
    expect(await refused(add.rule('p', counter(), dnat('10.0.0.1')))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `changes[1] (add rule ip t p): statement 1 (dnat): The "kind" option is for the hooks prerouting, output, and this chain is at postrouting. Received 'dnat'`,
    })
    const inserted = await refused(table('ip', 't').insert.rule('c', masquerade()))
    expect(inserted.message).toMatch(/^changes\[1\] \(insert rule ip t c\): statement 0 \(masquerade\): .* of type nat/)
    expect(await ns.nft.list()).toEqual(before)
  })

  test('what the kernel finds of it is said as well', async ({ ns }) => {
    await ns.nft.apply([...nat, add.rule('d', counter())].slice(0, 3))
    const error = await failure(() =>
      ns.nft.apply([add.chain('u'), add.rule('u', masquerade()), add.rule('c', jump('u'))]),
    )
    expect(error).toMatchObject({ name: 'NetlinkError', code: 'EOPNOTSUPP' })
  })
})
