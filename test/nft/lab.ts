/** Rules typed at `nft` in one namespace, and the same made by nslink in another. */

import { readFileSync } from 'node:fs'
import { type Netns, type NftChange, type NftRuleset, netns } from 'nslink'
import { type RulePart, restore, table } from 'nslink/nft'
import { afterAll, beforeAll } from 'vitest'
import { type Answer, settle } from '../../src/netlink/operation.js'
import { DirectTransport } from '../../src/netlink/transport.js'
import { NFT_MSG_GETSET, setSchema, setTable } from '../../src/nft/set-wire.js'
import { nfgenmsg, writeHeader } from '../../src/nft/wire.js'
import { describe, expect, output, test } from '../support/test.js'

type Family = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev'

/** A base chain: its type, hook and priority. */
export interface Base {
  type: 'filter' | 'nat' | 'route'
  hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress'
  priority: number
  dev?: string
}

export const filter: Base = { type: 'filter', hook: 'input', priority: 0 }
export const nat: Base = { type: 'nat', hook: 'prerouting', priority: 0 }
export const source: Base = { type: 'nat', hook: 'postrouting', priority: 0 }
export const ingress: Base = { type: 'filter', hook: 'ingress', priority: 0, dev: 'lo' }

/** A rule: what is typed at `nft`, and what the builders make. What is listed of it, where that is not the same. */
export interface Row<F extends Family = Family> {
  nft: string
  rule: readonly RulePart<F>[]
  listed?: readonly unknown[]
}

const declaration = ({ type, hook, priority, dev }: Base): string =>
  `{ type ${type} hook ${hook} ${dev === undefined ? '' : `device ${dev} `}priority ${priority}; }`

/** How large a message may be is for the machine's root to say: to root of a user namespace the machine's limit applies. */
export const isOrdinary = !/ 0 +4294967295$/m.test(readFileSync('/proc/self/uid_map', 'utf8'))

/** Runs `nft` on some text. */
export const typed = (ns: Netns, text: string): Promise<string> =>
  output(ns, 'sh', '-c', 'printf "%s\\n" "$0" | nft -f -', text)

/** What differs from one ruleset to the next, and from one moment to the next. */
const passing = new Set(['handle', 'generation', 'metainfo', 'expires'])

const lasting = (key: string, value: unknown): unknown => (passing.has(key) ? undefined : value)

/** What `nft` says of a ruleset: as it prints it, as its JSON has it, and with the kernel's expressions. */
export interface Printed {
  plain: string
  json: { nftables: { rule?: { chain: string } }[] }
  expressions: string
}

export async function printed(ns: Netns): Promise<Printed> {
  const plain = await output(ns, 'nft', 'list', 'ruleset')
  return {
    plain: plain.replace(/ expires \w+/g, ''),
    json: JSON.parse(await output(ns, 'nft', '-j', 'list', 'ruleset'), lasting),
    expressions: await output(ns, 'nft', '--debug=netlink', 'list', 'ruleset'),
  }
}

/** A ruleset without what the kernel numbers. */
export const numberless = <T>(ruleset: T): T => JSON.parse(JSON.stringify(ruleset), lasting)

const bytesAsHex = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value

/** The sets as the kernel has them, with what nft keeps with them for itself. */
export function storedSets(ns: Netns): unknown {
  const transport = new DirectTransport({ fd: ns.fd, label: undefined })
  const [answer] = transport.run(
    settle([
      {
        type: 0x0a00 | NFT_MSG_GETSET,
        flags: 0,
        schema: setSchema,
        doing: 'test',
        subject: undefined,
        dump: true,
        encode: (writer) => writeHeader(writer, 0),
        decode: (reader, at, length) => setTable.read(reader, at + nfgenmsg.size, length - nfgenmsg.size),
      },
    ]),
  ) as readonly Answer[]
  transport.close()
  const items = JSON.parse(JSON.stringify(answer?.items, bytesAsHex), lasting) as { unknown?: unknown }[]
  // What newer kernels tell besides: how the set is made inside.
  return items.map(({ unknown: _, ...item }) => item)
}

/** What is printed of one chain. */
const chainText = ({ plain }: Printed, chain: string): string | undefined =>
  new RegExp(`^\\tchain ${chain} \\{\\n([^}]*(?:\\{[^}]*\\}[^}\\n]*\\n[^}]*)*)\\t\\}`, 'm').exec(plain)?.[0]

/** The expressions of one chain's rules. */
const chainExpressions = ({ expressions }: Printed, family: string, chain: string): string =>
  [...expressions.matchAll(new RegExp(`^${family} t ${chain} .*\\n((?:  .*\\n)*)`, 'gm'))]
    .map(([, lines]) => lines)
    .join('\n')

interface Side {
  ns: Netns
  printed: Printed
  listed: NftRuleset
}

async function read(ns: Netns): Promise<Side> {
  return { ns, printed: await printed(ns), listed: await ns.nft.list() }
}

/** Tries rules: each has a chain of its own. `before` makes what they refer to, in the words of `nft` and of nslink. */
export function tryRules<F extends Family>(
  family: F,
  base: Base,
  rows: readonly Row<F>[],
  before: { nft: string; changes: readonly NftChange[] } = { nft: '', changes: [] },
): void {
  describe(`${family} ${base.type} ${base.hook}`, () => {
    const opened: Netns[] = []
    let wanted: Side
    let made: Side

    beforeAll(async () => {
      for (let i = 0; i < 2; i++) {
        const ns = await netns.create()
        opened.push(ns)
        await ns.link.set('lo', { up: true })
      }
      const [byNft, byNslink] = opened as [Netns, Netns]
      const lines = rows.map(
        ({ nft }, i) => `add chain ${family} t c${i} ${declaration(base)}\nadd rule ${family} t c${i} ${nft}`,
      )
      await typed(byNft, [`add table ${family} t`, `add chain ${family} t d`, before.nft, ...lines].join('\n'))
      const { add } = table(family, 't')
      const changes = rows.flatMap(({ rule }, i) => [add.chain(`c${i}`, base), add.rule(`c${i}`, ...rule)])
      await byNslink.nft.apply([add.table(), add.chain('d'), ...before.changes, ...changes])
      wanted = await read(byNft)
      made = await read(byNslink)
    })
    afterAll(() => {
      for (const ns of opened) ns.close()
    })

    test.for(rows.map(({ nft }, index) => [nft, index] as const))('%s', ([, index]) => {
      const chain = `c${index}`
      const { rule, listed } = rows[index] as Row<F>
      expect(chainText(wanted.printed, chain)).toContain('type')
      expect(chainText(made.printed, chain)).toBe(chainText(wanted.printed, chain))
      const json = ({ printed: { json } }: Side): unknown => json.nftables.filter((each) => each.rule?.chain === chain)
      expect(json(made)).toEqual(json(wanted))
      const bytecode = (side: Side): string => chainExpressions(side.printed, family, chain)
      expect(bytecode(wanted)).not.toBe('')
      expect(bytecode(made)).toBe(bytecode(wanted))

      const statements = rule.filter((part) => part.kind !== 'note')
      const found = ({ listed: { rules } }: Side): unknown =>
        rules.filter((each) => each.chain === chain).map((each) => each.statements)
      expect(found(wanted)).toEqual([listed ?? JSON.parse(JSON.stringify(statements))])
      expect(found(made)).toEqual(found(wanted))
    })

    test('all of them, and what the kernel keeps of their sets', () => {
      expect(made.printed.plain).toBe(wanted.printed.plain)
      expect(made.printed.json).toEqual(wanted.printed.json)
      expect(numberless(made.listed)).toEqual(numberless(wanted.listed))
      expect(storedSets(made.ns)).toEqual(storedSets(wanted.ns))
    })

    test('what is listed, given back', async ({ ns }) => {
      await ns.link.set('lo', { up: true })
      await ns.nft.apply(restore(wanted.listed))
      const again = await read(ns)
      expect(again.printed.plain).toBe(wanted.printed.plain)
      expect(again.printed.json).toEqual(wanted.printed.json)
      expect(numberless(again.listed)).toEqual(numberless(wanted.listed))
    })
  })
}
