/** What is wrong is said: which change, which statement, and why. Nothing is done then. */

import type { NftChange } from 'nslink'
import {
  accept,
  at,
  concat,
  counter,
  ct,
  dnat,
  drop,
  goto,
  ip,
  ip6,
  jump,
  limit,
  log,
  masquerade,
  meta,
  redirect,
  snat,
  table,
  tcp,
} from 'nslink/nft'
import { describe, expect, failure, test } from '../support/test.js'
import { filter } from './lab.js'

const t = table('ip', 't')
const { add, create, del, replace } = t
const six = table('ip6', 't')
const inet = table('inet', 't')
const netdev = table('netdev', 't')
const bridge = table('bridge', 't')
const arp = table('arp', 't')

/** What is there before: changes 0 to 7 of each transaction would be the first of those that are wrong. */
const there = [
  add.table(),
  add.chain('c', filter),
  add.chain('d'),
  add.chain('p', { type: 'nat', hook: 'prerouting', priority: 'dstnat' }),
  add.set('s', { type: 'ipv4_addr', elements: ['10.0.0.1'] }),
  add.set('r', { type: 'ipv4_addr', flags: ['interval'], elements: ['10.0.0.0/8'] }),
  add.map('m', { type: 'ipv4_addr', map: 'verdict' }),
  add.rule('d', drop()),
]

type Row = readonly [what: string, changes: readonly unknown[], message: RegExp | string]

/** Tries changes that are wrong, behind one that is right. */
const tryWrong = (rows: readonly Row[]): void => {
  test.for(rows.map(([what, ...row]) => [what, ...row] as const))('%s', async ([, changes, message], { ns }) => {
    await ns.nft.apply(there)
    const before = await ns.nft.list()
    const all = [add.chain('more'), ...changes] as NftChange[]
    const error = await failure(() => ns.nft.apply(all))
    expect(error.message).toMatch(message)
    expect(error.code).toMatch(/^E/)
    expect(await ns.nft.list()).toEqual(before)
  })
}

const found = (change: string, why: string): RegExp => new RegExp(`^changes\\[\\d\\] \\(${change}\\): ${why}`)
const refused = (change: string, why: string): RegExp =>
  new RegExp(`^nft\\.apply changes\\[\\d\\] \\(${change}\\) ?${why}`)

describe('chains', () => {
  const made = (options: object): unknown => ({
    add: { chain: { family: 'ip', table: 't', name: 'x', ...options } },
  })
  tryWrong([
    [
      'a policy of a chain that others jump to',
      [made({ policy: 'drop' })],
      found('add chain ip t x', 'The "chain.hook" option must be given'),
    ],
    [
      'a type without a hook',
      [made({ type: 'filter', priority: 0 })],
      found('add chain ip t x', 'The "chain.hook" option must be'),
    ],
    [
      'a hook without a type',
      [made({ hook: 'input', priority: 0 })],
      found('add chain ip t x', 'The "chain.type" option must be'),
    ],
    [
      'no priority',
      [made({ type: 'filter', hook: 'input' })],
      found('add chain ip t x', 'The "chain.priority" option must be a number, or a name'),
    ],
    [
      'a policy that there is not',
      [made({ ...filter, policy: 'reject' })],
      `The "chain.policy" option must be 'accept' or 'drop'`,
    ],
    [
      'nat at a hook that has none',
      [made({ type: 'nat', hook: 'forward', priority: 0 })],
      'The "chain.hook" option is none that a chain of type nat can be at',
    ],
    [
      'a route chain that does not send',
      [made({ type: 'route', hook: 'input', priority: 0 })],
      'is none that a chain of type route can be at: output',
    ],
    [
      'nat before connections are known',
      [made({ type: 'nat', hook: 'prerouting', priority: 'raw' })],
      'The "chain.priority" option must be above -200',
    ],
    [
      'nat in a table of bridges',
      [bridge.add.table(), bridge.add.chain('x', { type: 'nat', hook: 'prerouting', priority: 0 })],
      found('add chain bridge t x', 'The "chain.type" option is not to be had in a table of family bridge'),
    ],
    [
      'a name of a priority that bridges do not have',
      [bridge.add.table(), bridge.add.chain('x', { type: 'filter', hook: 'prerouting', priority: 'mangle' })],
      'is no priority of hook prerouting in a table of family bridge',
    ],
    [
      'a name of a priority that devices do not have',
      [netdev.add.table(), netdev.add.chain('x', { type: 'filter', hook: 'ingress', priority: 'raw', dev: 'lo' })],
      'is no priority of hook ingress in a table of family netdev',
    ],
    [
      'a name of a priority that only bridges have',
      [made({ ...filter, priority: 'out' })],
      'is no priority of hook input in a table of family ip',
    ],
    [
      'a hook that ARP does not have',
      [arp.add.table(), arp.add.chain('x', { type: 'filter', hook: 'prerouting', priority: 0 })],
      `The "chain.hook" option must be 'input' or 'output'`,
    ],
    [
      'no device where it takes one',
      [netdev.add.table(), netdev.add.chain('x', { type: 'filter', hook: 'ingress', priority: 0 })],
      'The "chain.dev" option must be given, for the hook ingress',
    ],
    [
      'a device where there is none',
      [made({ ...filter, dev: 'lo' })],
      'The "chain.dev" option is for the hooks ingress and egress',
    ],
    [
      'a priority that changes',
      [add.chain('c', { ...filter, priority: 5 })],
      found('add chain ip t c', 'The "chain.priority" option cannot be changed: the chain is there with filter'),
    ],
    ['a chain that becomes a base chain', [add.chain('d', filter)], refused('add chain ip t d', '.*EEXIST')],
    [
      'an unknown table',
      [table('ip', 'zz').add.chain('x')],
      refused('add chain ip zz x', '.*ENOENT: there is no such thing \\(option "table"\\)'),
    ],
    [
      'one that is in use',
      [add.rule('c', jump('d')), del.chain('d')],
      refused('del chain ip t d', '.*EBUSY: it is in use'),
    ],
    [
      'a family that there is not',
      [{ add: { table: { family: 'ipv4', name: 'x' } } }],
      `The "family" option must be 'ip'`,
    ],
    [
      'a table of a long name',
      [table('ip', 'x'.repeat(256)).add.table()],
      'The "table.name" option must be at most 255 bytes',
    ],
    ['a table that is there', [create.table()], refused('create table ip t', '.*EEXIST')],
    [
      'a new name for a chain that there is not',
      [{ rename: { chain: { family: 'ip', table: 't', handle: 99 }, to: 'x' } }],
      refused('rename chain ip t', '.*ENOENT'),
    ],
  ])
})

describe('rules', () => {
  tryWrong([
    [
      'a jump to a chain that there is not',
      [add.rule('c', counter(), jump('nowhere'))],
      refused('add rule ip t c', 'statement 1 \\(jump\\) .*ENOENT'),
    ],
    [
      'a way to a chain that there is not',
      [add.rule('c', goto('nowhere'))],
      refused('add rule ip t c', 'statement 0 \\(goto\\) .*ENOENT'),
    ],
    [
      'a map to a chain that there is not',
      [add.rule('c', counter(), tcp.dport.vmap([[80, jump('nowhere')]]))],
      refused('add rule ip t c', 'statement 1 \\(tcp dport\\) .*ENOENT'),
    ],
    [
      'a jump to a base chain',
      [add.rule('d', counter(), jump('c'))],
      found('add rule ip t d', 'statement 1 \\(jump\\): The "chain" option is a base chain, which cannot be jumped to'),
    ],
    [
      'a jump to a base chain made just now',
      [add.chain('b', filter), add.rule('d', jump('b'))],
      found('add rule ip t d', 'statement 0 \\(jump\\): .* is a base chain'),
    ],
    [
      'a jump that leads back',
      [add.rule('c', jump('d')), add.rule('d', jump('d'))],
      /^nft\.apply .*E(LOOP|MLINK): it would lead/,
    ],
    [
      'a chain that there is not',
      [add.rule('zz', drop())],
      refused('add rule ip t zz', '.*ENOENT: there is no such thing \\(option "chain"\\)'),
    ],
    [
      'a rule in place of none',
      [replace.rule('c', 99, drop())],
      refused('replace rule ip t c', '.*ENOENT: there is no such thing \\(option "handle"\\)'),
    ],
    [
      'a rule in place of nothing',
      [{ replace: { rule: { family: 'ip', table: 't', chain: 'c', statements: [] } } }],
      found('replace rule ip t c', 'The "of" option must be the handle'),
    ],
    ['a rule that is not there to be deleted', [del.rule('c', 99)], refused('del rule ip t c', '.*ENOENT')],
    [
      'a place behind no rule',
      [add.rule('c', drop(), at(99))],
      refused('add rule ip t c', '.*ENOENT: there is no such thing \\(option "position"\\)'),
    ],
    [
      'no statement',
      [add.rule('c', counter(), null as never)],
      found('add rule ip t c', 'statement 1: The "statements.1" option must be a statement'),
    ],
    [
      'text for a statement',
      [add.rule('c', 'drop' as never)],
      found('add rule ip t c', 'statement 0: The "statements.0" option must be a statement'),
    ],
    [
      'a prefix that is too long, of a log',
      [add.rule('c', counter(), log({ prefix: 'x'.repeat(200) }))],
      found('add rule ip t c', 'statement 1 \\(log\\): The "prefix" option must be at most 127 bytes'),
    ],
    [
      'a device that there is not, by its index',
      [add.rule('c', meta.iif('eth77'))],
      found('add rule ip t c', 'statement 0 \\(meta iif\\): .*ENODEV: there is no device "eth77"'),
    ],
    [
      'a state that there is not',
      [add.rule('c', ct.state('establishd' as never))],
      found('add rule ip t c', "statement 0 \\(ct state\\): .* must be one of 'invalid', 'established'"),
    ],
    [
      'a prefix longer than an address',
      [add.rule('c', ip.saddr('10.0.0.0/33'))],
      found('add rule ip t c', 'statement 0 \\(ip saddr\\): .* must be an IPv4 prefix of length 0 to 32'),
    ],
    ['half an address', [add.rule('c', ip.saddr('10.0.0'))], found('add rule ip t c', 'statement 0 \\(ip saddr\\): ')],
    [
      'IPv6 in a table of IPv4',
      [add.rule('c', ip6.saddr('::1') as never)],
      found('add rule ip t c', 'statement 0 \\(ip6 saddr\\): .* is not to be had in a table of family ip'),
    ],
    [
      'IPv4 in a table of IPv6',
      [six.add.table(), six.add.chain('c'), six.add.rule('c', ip.saddr('10.0.0.1') as never)],
      found('add rule ip6 t c', 'statement 0 \\(ip saddr\\): .* of family ip6'),
    ],
    [
      'an address of IPv6 to go to, in a table of IPv4',
      [add.rule('p', dnat('fd00::1'))],
      found('add rule ip t p', 'statement 0 \\(dnat\\): The "addr" option must be an IPv4 address'),
    ],
    [
      'a port to go to without a protocol',
      [inet.add.table(), inet.add.chain('n'), inet.add.rule('n', dnat({ port: 80 }))],
      found('add rule inet t n', 'statement 0 \\(dnat\\): The "port" option takes a protocol'),
    ],
    [
      'another source before routing',
      [add.rule('p', snat('10.0.0.1'))],
      found(
        'add rule ip t p',
        'statement 0 \\(snat\\): .* is for the hooks postrouting, input, and this chain is at prerouting',
      ),
    ],
    [
      'another source in a chain for filtering',
      [add.rule('c', masquerade())],
      found('add rule ip t c', 'statement 0 \\(masquerade\\): .* is for chains of type nat'),
    ],
    [
      'a redirection in a chain reached from one for filtering',
      [add.chain('u'), add.rule('u', redirect()), add.rule('c', jump('u'))],
      /EOPNOTSUPP/,
    ],
    ['a rate of nothing', [add.rule('c', limit('0/second'))], found('add rule ip t c', 'statement 0 \\(limit\\): ')],
    [
      'a rate of no unit',
      [add.rule('c', limit('10/fortnight' as never))],
      found('add rule ip t c', 'statement 0 \\(limit\\): The "per" option must be \'second\''),
    ],
    [
      'a mark that is too large',
      [add.rule('c', meta.mark(2 ** 32))],
      found('add rule ip t c', 'statement 0 \\(meta mark\\): .* from 0 to 4294967295'),
    ],
    [
      'two verdicts for one value',
      [
        add.rule(
          'c',
          counter(),
          tcp.dport.vmap([
            [80, accept()],
            [80, drop()],
          ]),
        ),
      ],
      refused('add rule ip t c', 'statement 1 \\(tcp dport\\) .*EEXIST'),
    ],
    [
      'nothing to compare with',
      [add.rule('c', { kind: 'match', left: 'tcp dport', op: '==', right: { set: [] } } as never)],
      found('add rule ip t c', 'statement 0 \\(tcp dport\\): .* must not be empty'),
    ],
    [
      'a concatenation compared with one value',
      [add.rule('c', concat(ip.saddr, tcp.dport)(['10.0.0.1'] as never))],
      found('add rule ip t c', 'statement 0 \\(ip saddr . tcp dport\\): .* must have 2 values'),
    ],
  ])
})

describe('sets', () => {
  tryWrong([
    [
      'elements of a set that there is not',
      [add.elements('zz', [1])],
      found('add elements ip t zz', 'The "elements.set" option names a set that table ip t does not have'),
    ],
    [
      'an address of IPv6 in a set of IPv4',
      [add.elements('s', ['10.0.0.2', '::1'])],
      found('add elements ip t s', 'The "elements.1" option must be an IPv4 address'),
    ],
    [
      'a pair in a set of single values',
      [add.elements('s', [['10.0.0.2', 80]])],
      found('add elements ip t s', 'The "elements.0" option must have 1 value'),
    ],
    [
      'a key without a value',
      [add.elements('m', ['10.0.0.1'])],
      found('add elements ip t m', 'The "elements.0" option must be a pair'),
    ],
    [
      'a value that is no verdict',
      [add.elements('m', [['10.0.0.1', 'accept']])],
      found('add elements ip t m', 'The "elements.0.1" option must be a verdict'),
    ],
    [
      'a verdict that leads nowhere',
      [
        add.elements('m', [
          ['10.0.0.1', accept()],
          ['10.0.0.2', jump('nowhere')],
        ]),
      ],
      refused('add elements ip t m', '.*ENOENT: there is no such thing \\(option "elements.1"\\)'),
    ],
    [
      'an element that is not there to be deleted',
      [del.elements('s', ['10.0.0.1', '10.0.0.9'])],
      refused('del elements ip t s', '.*ENOENT: there is no such thing \\(option "elements.1"\\)'),
    ],
    [
      'an element that is there',
      [create.elements('s', ['10.0.0.2', '10.0.0.3', '10.0.0.1'])],
      refused('create elements ip t s', '.*EEXIST: it exists already \\(option "elements.2"\\)'),
    ],
    ['a range within another', [add.elements('r', ['10.1.0.0/16'])], refused('add elements ip t r', '.*EEXIST')],
    [
      'more than there is room for',
      [add.set('f', { type: 'inet_service', size: 2, elements: [1, 2, 3] })],
      refused('add set ip t f', '.*ENFILE: there is no room for more \\(option "elements.2"\\)'),
    ],
    ['another type than it has', [add.set('s', { type: 'inet_service' })], refused('add set ip t s', '.*EEXIST')],
    ['one that is in use', [add.rule('c', ip.saddr('@s'), drop()), del.set('s')], refused('del set ip t s', '.*EBUSY')],
  ])
})

describe('what is no change', () => {
  const chain = { family: 'ip', table: 't', name: 'x' }
  tryWrong([
    ['null', [null], /^changes\[1\]: The "change" option must be an object/],
    ['no verb', [{}], /^changes\[1\]: The "change" option must have one verb/],
    ['two verbs', [{ add: { chain }, del: { chain } }], 'The "change" option must have one verb'],
    ['a verb and nothing', [{ add: null }], /^changes\[1\]: The "add" option must be an object/],
    ['a verb and no thing', [{ add: {} }], 'The "add" option must hold one thing'],
    ['a verb and two things', [{ add: { chain, table: chain } }], 'The "add" option must hold one thing'],
    ['a thing that is none', [{ add: { chain: 'x' } }], 'The "chain" option must be an object'],
    ['a thing that there is not', [{ add: { road: chain } }], 'is no change that nslink knows: add road'],
    ['a verb that there is not', [{ drive: { chain } }], 'is no change that nslink knows: drive chain'],
  ])
})

test('the element that is wrong is found among very many', async ({ ns }) => {
  const count = process.env['NSLINK_EMULATED'] === undefined ? 20_000 : 2000
  const elements = Array.from({ length: count }, (_, n) => `10.1.${n >> 8}.${n & 255}`)
  await ns.nft.apply([...there, add.elements('s', [elements[count - 3]])])
  const before = await ns.nft.list()
  const error = await failure(() => ns.nft.apply([add.chain('x'), create.elements('s', elements)]))
  expect(error).toMatchObject({ code: 'EEXIST', change: 1, attribute: `elements.${count - 3}` })
  expect(await ns.nft.list()).toEqual(before)
})
