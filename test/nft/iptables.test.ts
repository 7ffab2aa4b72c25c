/** docs/iptables.md: what its lines make by nslink is what they make when they are typed at `nft`. */

import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import type { NftChange } from 'nslink'
import * as builders from 'nslink/nft'
import { describe, expect, failure, output, test } from '../support/test.js'
import { typed } from './lab.js'

const page = readFileSync(new URL('../../docs/iptables.md', import.meta.url), 'utf8')

/** What stands between fences, in order. */
const blocks = [...page.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block]) => block as string)
const [setUp, typedSetUp, refused, refusal] = blocks as [string, string, string, string]

/** The lines of a cell of a table: each is code. */
const lines = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)

/** Lines of iptables, of nft and of nslink that do the same. */
const rows = [...page.matchAll(/^\| (`.*`) \| (`.*`) \| (`.*`) \|$/gm)].map(
  ([, iptables = '', nft = '', nslink = '']) => [iptables, lines(nft), lines(nslink)] as const,
)

/** Where code of the page runs: it has the builders, and gives its changes to the function. */
function reader(apply: (changes: NftChange[]) => unknown): (code: string) => unknown {
  const context = createContext({ ...builders, nft: { apply } })
  return (code) => runInContext(code.replace(/^import .*$/gm, '').replace(/^await /gm, ''), context)
}

describe('docs/iptables.md', () => {
  test('has lines', () => {
    expect(blocks).toHaveLength(4)
    expect(rows.length).toBeGreaterThan(40)
    // No line of a table has been overlooked.
    expect(rows).toHaveLength([...page.matchAll(/^\| `/gm)].length - [...page.matchAll(/^\| `iptables` /gm)].length)
  })

  test('what each line makes', async ({ ns, another }) => {
    const byNft = await another()
    const changes: NftChange[] = []
    const read = reader((given) => changes.push(...given))
    read(setUp)
    await ns.nft.apply(changes)
    await typed(byNft, typedSetUp)

    for (const [iptables, nft, nslink] of rows) {
      const { rules } = await byNft.nft.list()
      const handle = String(rules.find(({ comment }) => comment === 'on this host')?.handle)
      await Promise.all([
        typed(byNft, nft.join('\n').replace(/\bN$/, handle)),
        ns.nft.apply(nslink.map((code) => read(code) as NftChange)),
      ])
      const [wanted, made] = await Promise.all([byNft, ns].map((each) => output(each, 'nft', 'list', 'ruleset')))
      expect(made, iptables).toBe(wanted)
    }
  })

  test('what is refused', async ({ ns }) => {
    const changes: NftChange[] = []
    const read = reader((given) => changes.push(...given))
    read(setUp)
    await ns.nft.apply(changes)
    const before = await ns.nft.list()
    changes.length = 0
    read(refused)
    expect(await failure(() => ns.nft.apply(changes))).toMatchObject({ message: refusal.trim() })
    expect(await ns.nft.list()).toEqual(before)
  })
})
