/** Several processes that change one ruleset at the same time, and somebody who looks on. */

import { type Netns, netns } from 'nslink'
import { accept, drop, meta, table } from 'nslink/nft'
import { seconds, told } from '../support/child.js'
import { describe, expect, failure, output, test, uniqueName } from '../support/test.js'

const { add } = table('ip', 't')

const PROCESSES = 4
const emulated = process.env['NSLINK_EMULATED'] !== undefined
const ROUNDS = emulated ? 5 : 40
const RULES = 20

/** Runs a module in several processes at once; each has `ns` and its own `number`. */
const together = (name: string, text: string): Promise<unknown[]> =>
  Promise.all(
    Array.from({ length: PROCESSES }, (_, number) =>
      told(`
        import { netns } from 'nslink'
        import { accept, comment, counter, drop, ip, jump, meta, table, tcp } from 'nslink/nft'
        const ns = await netns.open(${JSON.stringify(name)})
        const number = ${number}
        const { add, del, flush, replace } = table('ip', 't')
        ${text}`),
    ),
  )

/** A namespace that other processes find by its name. */
async function named(use: (ns: Netns, name: string) => Promise<void>): Promise<void> {
  const name = uniqueName('contention')
  const ns = await netns.create(name)
  try {
    await ns.nft.apply([add.table(), add.chain('c'), add.chain('d')])
    await use(ns, name)
  } finally {
    ns.close()
    await netns.del(name)
  }
}

describe('processes that change the ruleset at once', { timeout: seconds(120) }, () => {
  test('never leave a transaction half made, whether it fails or not', async () => {
    await named(async (ns, name) => {
      let busy = true
      let looks = 0
      const torn: unknown[] = []
      const look = async (): Promise<void> => {
        while (busy) {
          const { chains, rules, sets } = await ns.nft.list()
          looks++
          for (const { name: chain } of chains) {
            if (!/^own/.test(chain)) continue
            const count = rules.filter((rule) => rule.chain === chain).length
            if (count !== RULES) torn.push([chain, count])
            if (!sets.some((set) => set.name === chain && set.elements?.length === RULES)) torn.push(chain)
          }
        }
      }
      const changing = together(
        name,
        `
        let failed = 0
        for (let round = 0; round < ${ROUNDS}; round++) {
          const own = 'own' + number + '-' + round
          const rules = Array.from({ length: ${RULES} }, (_, n) => add.rule(own, ip.saddr('@' + own), tcp.dport(n), drop()))
          const elements = Array.from({ length: ${RULES} }, (_, n) => '10.0.0.' + n)
          const changes = [add.chain(own), add.set(own, { type: 'ipv4_addr', elements }), ...rules]
          if (round % 4 === 3) {
            // One that cannot be made, at the very end.
            const error = await ns.nft.apply([...changes, add.rule('c', jump('nowhere'))]).catch((error) => error)
            if (error.code !== 'ENOENT' || error.change !== changes.length) throw error
            failed++
            continue
          }
          await ns.nft.apply(changes)
          if (round % 4 === 1) await ns.nft.apply([del.chain(own), del.set(own)].flatMap((change, n) => n === 0 ? [flush.chain(own), change] : [change]))
        }
        console.log(failed)`,
      ).finally(() => {
        busy = false
      })
      const [results] = await Promise.all([changing, look()])
      expect(torn).toEqual([])
      expect(looks).toBeGreaterThan(0)
      const each = (rest: number): number =>
        Array.from({ length: ROUNDS }, (_, n) => n).filter((n) => n % 4 === rest).length
      expect(results).toEqual(Array.from({ length: PROCESSES }, () => each(3)))
      const { chains } = await ns.nft.list()
      expect(chains.filter(({ name: chain }) => /^own/.test(chain)).length).toBe(PROCESSES * (each(0) + each(2)))
    })
  })

  test('lose no update: who is too late is told, or begins anew', async () => {
    await named(async (ns, name) => {
      await ns.nft.apply([add.rule('c', meta.mark(0)), add.rule('d', meta.mark(0))])
      // A number in a rule, which every process counts up. Half of them retry by themselves.
      const results = (await together(
        name,
        `
        let lost = 0
        const plan = ({ rules }) => {
          const [inC, inD] = ['c', 'd'].map((chain) => rules.find((rule) => rule.chain === chain))
          if (inC.statements[0].right !== inD.statements[0].right) throw new Error('a half-made ruleset')
          const next = meta.mark(inC.statements[0].right + 1)
          return [replace.rule('c', inC.handle, next), replace.rule('d', inD.handle, next)]
        }
        for (let done = 0; done < ${ROUNDS}; ) {
          if (number % 2 === 0) {
            await ns.nft.update(plan, { tries: Infinity })
            done++
            continue
          }
          const ruleset = await ns.nft.list()
          try {
            await ns.nft.apply(plan(ruleset), { generation: ruleset.generation })
            done++
          } catch (error) {
            if (error.code !== 'ERESTART') throw error
            lost++
          }
        }
        console.log(lost)`,
      )) as number[]
      expect(results.length).toBe(PROCESSES)
      const { rules } = await ns.nft.list()
      expect(rules.map(({ statements }) => statements)).toEqual([
        [meta.mark(PROCESSES * ROUNDS)],
        [meta.mark(PROCESSES * ROUNDS)],
      ])
    })
  })

  test('are not disturbed by nft, nor is it by them', async () => {
    await named(async (ns, name) => {
      const lines = Array.from({ length: RULES }, () => 'add rule ip t d counter drop').join('\n')
      const [, results] = await Promise.all([
        output(
          ns,
          'sh',
          '-ec',
          `i=0; while [ $i -lt ${ROUNDS} ]; do printf '%s\\n' "$0" | nft -f -; i=$((i+1)); done`,
          lines,
        ),
        together(
          name,
          `
          const rules = Array.from({ length: ${RULES} }, () => add.rule('c', counter(), accept()))
          for (let round = 0; round < ${ROUNDS}; round++) await ns.nft.apply(rules)
          console.log(1)`,
        ),
      ])
      expect(results.length).toBe(PROCESSES)
      const { rules } = await ns.nft.list()
      expect(rules.filter(({ chain }) => chain === 'd').length).toBe(ROUNDS * RULES)
      expect(rules.filter(({ chain }) => chain === 'c').length).toBe(PROCESSES * ROUNDS * RULES)
    })
  })

  test('give up when they are too late as often as they were told', async ({ ns, sync }) => {
    await ns.nft.apply([add.table(), add.chain('c')])
    let planned = 0
    const plan = (): ReturnType<typeof add.rule>[] => {
      planned++
      sync.nft.apply([add.rule('c', drop())])
      return [add.rule('c', accept())]
    }
    expect((await failure(() => ns.nft.update(plan, { tries: 3 }))).code).toBe('ERESTART')
    expect(planned).toBe(3)
    expect((await ns.nft.list()).rules.length).toBe(3)
    expect((await failure(() => ns.nft.update(plan))).code).toBe('ERESTART')
    expect(planned).toBe(13)
    for (const [options, code] of [
      [{ tries: 0 }, 'ERR_OUT_OF_RANGE'],
      [{ tries: '3' }, 'ERR_INVALID_ARG_TYPE'],
      [{ retries: 3 }, 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      expect((await failure(() => ns.nft.update(plan, options as never))).code).toBe(code)
    }
    expect((await failure(() => ns.nft.update([] as never))).code).toBe('ERR_INVALID_ARG_TYPE')
  })
})
