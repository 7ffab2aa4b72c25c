/** What the tests of all kinds of link have in common: nslink and `ip` make the same link, and each reads what the other made. */

import { release } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { LinkAddOptions, LinkSetOptions, Netns } from 'nslink'
import { type KindName, kinds } from '../../src/link/kinds.js'
import type { KindOptions } from '../../src/link/link.js'
import type { Attribute } from '../../src/netlink/attributes.js'
import { needs } from './features.js'
import { describe, expect, failure, type Tool, test, tool } from './test.js'

/** Options in nslink's words, and the same in those of `ip`. */
export interface Case<O> {
  readonly given: O
  /** What stands after `type KIND`. Left out where the `ip` of the tests has no word for it yet. */
  readonly ip?: string
  /** What it is read as, where that is not what was given. */
  readonly read?: Readonly<Record<string, unknown>>
  /** The first kernel that has it, where that is newer than the oldest of the tests' kernels: `'6.14'`. An older one passes over it. */
  readonly since?: string
}

/** A change of a link made so (of a plain one, if nothing is said); what it does not name has to stay as it is. */
export interface Change<O> {
  readonly from?: Case<O>
  readonly to: Case<O>
}

/** A change that the kernel does not make, of a plain link: the code of its refusal. Where there is none, it passes over the change. */
export interface Fixed<O> {
  readonly given: O
  readonly code?: string
}

/** What is refused before the kernel sees it, and the option the error has to name. */
export interface Refusal {
  readonly given: object
  readonly option: string
  readonly code: string
}

/** What is to be tried with a kind. */
export interface Trial<O> {
  /** It is made upon another device. */
  readonly upon?: boolean
  /** What has to be done first so that the kernel knows all of it. */
  readonly prepare?: (ns: Netns) => Promise<unknown>
  /** The least it has to be given. */
  readonly plain: Case<O>
  /** Every option of the kind is in one of them, with another value than a plain one has. */
  readonly made: readonly Case<O>[]
  /** Every option that can be changed is in one of them. */
  readonly changed?: readonly Change<O>[]
  /** Every other one is in one of these. */
  readonly fixed?: readonly Fixed<O>[]
  readonly refused?: readonly Refusal[]
}

type Shown = Readonly<Record<string, unknown>>

/** Gives a namespace a device to be made upon, and to leave through. */
async function furnished(ns: Netns): Promise<{ ns: Netns; ip: Tool }> {
  await ns.link.add({ kind: 'veth', name: 'lower', index: 100, up: true, peer: { name: 'far', index: 101 } })
  await ns.link.set('far', { up: true })
  return { ns, ip: tool(ns, 'ip') }
}

const running = release().split('.').map(Number)

/** Whether the running kernel is older than a version: `'6.14'`. */
export function isOlderThan(version = '0.0'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return (running[0] ?? 0) < major || (running[0] === major && (running[1] ?? 0) < minor)
}

/** What `ip -j -d link show` says of the kind of a link. */
export async function shownByIp(ip: Tool, name: string): Promise<Shown> {
  const [link] = (await ip('-j', '-d', 'link', 'show', name)) as [
    { linkinfo: { info_kind: string; info_data?: Shown } },
  ]
  return { kind: link.linkinfo.info_kind, ...link.linkinfo.info_data }
}

/** The options of a table that can be given. */
export const optionsOf = (entries: Readonly<Record<string, Attribute<unknown>>>): string[] =>
  Object.keys(entries).filter((name) => !entries[name]?.readOnly && !entries[name]?.ignored)

/** The tests of one kind. */
export function tryKind<K extends KindName>(kind: K, trial: Trial<KindOptions<K>>, more?: () => void): void {
  const { upon = false, prepare, plain, made, changed = [], fixed = [], refused = [] } = trial
  const entries: Readonly<Record<string, Attribute<unknown>>> = kinds[kind].table.entries

  const add = (ns: Netns, given: object): Promise<unknown> =>
    ns.link.add({ kind, name: 'it', ...(upon && { link: 'lower' }), ...given } as LinkAddOptions)
  const addByIp = (ip: Tool, words = ''): Promise<unknown> =>
    ip('link', 'add', 'it', ...(upon ? ['link', 'lower'] : []), 'type', kind, ...words.split(' ').filter(Boolean))
  const read = async (ns: Netns): Promise<Shown> => ((await ns.link.get('it'))[kind] ?? {}) as Shown

  const expected = ({ given, read: reading, since }: Case<KindOptions<K>>): Shown => {
    if (isOlderThan(since)) return {}
    if (reading !== undefined) return reading
    return Object.fromEntries(Object.entries(given).filter(([name]) => !entries[name]?.writeOnly))
  }

  describe(kind, needs(`link:${kind}`), () => {
    test('every option it can be given is tried, with a value that is not the one it has anyway', async ({ ns }) => {
      const tried = new Set(made.flatMap(({ given }) => Object.keys(given)))
      expect([...tried].sort()).toEqual(optionsOf(entries).sort())
      await furnished(ns)
      await prepare?.(ns)
      await add(ns, plain.given)
      const usual = await read(ns)
      for (const name of tried) {
        if (entries[name]?.writeOnly) continue
        const values = made.map((each) => expected(each)[name]).filter((value) => value !== undefined)
        const differ = values.some((value) => !isDeepStrictEqual(value, usual[name]))
        expect(differ || values.length === 0, name).toBe(true)
      }
    })

    for (const each of [plain, ...made]) {
      test(`nslink and ip make and read the same: ${each.ip ?? JSON.stringify(each.given)}`, async ({ another }) => {
        const [mine, its, again] = [await furnished(await another()), await furnished(await another()), await another()]
        await prepare?.(mine.ns)
        await add(mine.ns, each.given)
        const values = await read(mine.ns)
        expect(values).toMatchObject(expected(each))
        expect(values).not.toHaveProperty('unknown')
        if (each.ip !== undefined) {
          await addByIp(its.ip, each.ip)
          expect(await shownByIp(mine.ip, 'it')).toEqual(await shownByIp(its.ip, 'it'))
          expect(await read(its.ns)).toEqual(values)
        }
        // What is listed can be given back.
        await furnished(again)
        const link = await mine.ns.link.get('it')
        await again.link.add(link as LinkAddOptions)
        expect(await again.link.get('it')).toMatchObject({ kind, index: link.index, mtu: link.mtu })
        expect(await read(again)).toEqual(values)
      })
    }

    test('every option it can be given is changed, or cannot be', () => {
      const reported = new Set(made.flatMap((each) => Object.keys(expected(each))))
      const tried = new Set([...changed.map(({ to }) => to), ...fixed].flatMap(({ given }) => Object.keys(given)))
      const untried = optionsOf(entries).filter((name) => !tried.has(name))
      // Whether one that the kernel does not report has been changed nobody can say.
      expect(untried.filter((name) => reported.has(name))).toEqual([])
    })

    for (const { from = plain, to } of changed) {
      test(`nslink and ip change the same: ${to.ip ?? JSON.stringify(to.given)}`, async ({ another }) => {
        const [mine, its] = [await furnished(await another()), await furnished(await another())]
        await prepare?.(mine.ns)
        await add(mine.ns, from.given)
        const before = await read(mine.ns)
        await mine.ns.link.set('it', { kind, ...to.given } as LinkSetOptions)
        const after = await read(mine.ns)
        if (to.read === undefined) expect(after).toEqual({ ...before, ...expected(to) })
        else expect(after).toMatchObject(to.read)
        expect(after).not.toEqual(before)
        if (to.ip === undefined) return
        await add(its.ns, from.given)
        await its.ip('link', 'set', 'it', 'type', kind, ...to.ip.split(' '))
        expect(await shownByIp(mine.ip, 'it')).toEqual(await shownByIp(its.ip, 'it'))
        expect(await read(its.ns)).toEqual(after)
      })
    }

    for (const { given, code } of fixed) {
      const what = code === undefined ? 'passes over' : 'refuses'
      test(`the kernel ${what} a change: ${JSON.stringify(given)}`, async ({ ns }) => {
        await furnished(ns)
        await prepare?.(ns)
        await add(ns, plain.given)
        const before = await read(ns)
        const change = (): Promise<void> => ns.link.set('it', { kind, ...given } as LinkSetOptions)
        if (code === undefined) await change()
        else expect(await failure(change)).toMatchObject({ name: 'NetlinkError', code })
        expect(await read(ns)).toEqual(before)
      })
    }

    test('an error names whichever option has a value that is none', async ({ ns }) => {
      await furnished(ns)
      for (const name of optionsOf(entries)) {
        for (const call of [
          () => add(ns, { ...plain.given, [name]: Number.NaN }),
          () => ns.link.set('lower', { kind, [name]: Number.NaN } as unknown as LinkSetOptions),
        ]) {
          const error = await failure(call)
          expect(error, name).toMatchObject({ code: expect.stringMatching(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/) })
          expect(error.message).toContain(`"${kind}.${name}"`)
        }
      }
    })

    for (const { given, option, code } of refused) {
      test(`an error names ${option}: ${JSON.stringify(given)}`, async ({ ns }) => {
        await furnished(ns)
        const error = await failure(() => add(ns, { ...plain.given, ...given }))
        expect(error).toMatchObject({ code, message: expect.stringContaining(`"${option}"`) })
        expect(error).toBeInstanceOf(code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError)
      })
    }

    more?.()
  })
}
