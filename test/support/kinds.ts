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
  readonly changed?: readonly Change<O>[]
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
  const { upon = false, prepare, plain, made, changed = [], refused = [] } = trial
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
        await furnished(again)
        await add(again, values)
        expect(await read(again)).toEqual(values)
      })
    }

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
