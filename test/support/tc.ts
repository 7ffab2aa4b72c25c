/**
 * What the tests of all kinds of qdisc, class, filter and action have in common: nslink and `tc` send the same, the kernel makes the same of it, and each
 * reads what the other made.
 */

import type {
  ActionKinds,
  ActionOptions,
  ClassKinds,
  Filter,
  FilterKinds,
  FilterOptions,
  Netns,
  QdiscKinds,
} from 'nslink'
import type { Operation } from '../../src/netlink/operation.js'
import { actionKinds } from '../../src/tc/actions.js'
import { ClassOperations } from '../../src/tc/class.js'
import { classKinds } from '../../src/tc/classes.js'
import { FilterOperations } from '../../src/tc/filter.js'
import { filterKinds } from '../../src/tc/filters.js'
import { QdiscOperations } from '../../src/tc/qdisc.js'
import { qdiscKinds } from '../../src/tc/qdiscs.js'
import { type Feature, needs } from './features.js'
import { encoded, furnish, sameMessages } from './messages.js'
import { describe, expect, failure, output, type Tool, test, tool } from './test.js'

/** Options in nslink's words, and the same in those of `tc`: what stands after the name of the kind. */
export interface Case<O> {
  readonly given: O
  readonly tc: string
  /** What it is read as, where that is not what was given. */
  readonly read?: Readonly<Record<string, unknown>>
  /** The kernel refuses it, or does not have it: only what is sent is compared. For the reason there is a comment. */
  readonly sentOnly?: true
}

/** What is refused before the kernel sees it, and the option the error has to name. */
export interface Refusal {
  readonly given: object
  readonly option: string
  readonly code?: 'ERR_INVALID_ARG_TYPE' | 'ERR_INVALID_ARG_VALUE' | 'ERR_OUT_OF_RANGE'
}

/** What is to be tried with a kind. */
export interface Trial<O> {
  /** Every option of the kind is in one of them. */
  readonly made: readonly Case<O>[]
  readonly refused?: readonly Refusal[]
  /** Options that no case has, as `tc` has no word for them. For the reason there is a comment. */
  readonly untried?: readonly string[]
  /** Further commands, and what nslink has in their place. */
  readonly messages?: readonly (readonly [command: string, operation: () => Operation<unknown>])[]
}

/** The operations by themselves, for what they send. */
export const plan = { qdisc: new QdiscOperations(), class: new ClassOperations(), filter: new FilterOperations() }

/** How kinds of one sort are made, shown and read. */
interface Sort {
  readonly name: string
  readonly features: readonly Feature[]
  /** The options that a kind has. */
  readonly options: readonly string[]
  /** What has to be there before: commands of `tc`. */
  readonly before: readonly string[]
  readonly command: (each: Case<object>) => string
  /** The same in nslink's words. */
  readonly what: (given: object) => [group: 'qdisc' | 'class' | 'filter', options: object]
  /** What `tc` is asked, to show it. */
  readonly show: readonly (readonly string[])[]
  /** What nslink reads of it, to be given again. */
  readonly read: (ns: Netns) => Promise<object>
}

/** Commands are split at white space. */
const words = (command: string): string[] => command.split(/\s+/).filter(Boolean)

/** A namespace with what has to be there before. */
async function prepared(ns: Netns, before: readonly string[]): Promise<{ ns: Netns; tc: Tool }> {
  await output(ns, 'sh', '-c', furnish)
  const tc = tool(ns, 'tc')
  for (const command of before) await tc(...words(command))
  return { ns, tc }
}

const shown = (tc: Tool, show: Sort['show']): Promise<unknown[]> => Promise.all(show.map((command) => tc(...command)))

/** Times go on while a test runs, and what chance starts from is another each time. */
const steady = (values: unknown): unknown =>
  JSON.parse(
    JSON.stringify(values, (key, value) =>
      /^(installed|lastUsed|firstUsed|stats|hits|seed)$/.test(key) ? undefined : value,
    ),
  )

function tryAll<O>(sort: Sort, { made, refused = [], untried = [], messages = [] }: Trial<O>, more?: () => void): void {
  const cases = made as readonly Case<object>[]
  const operation = (given: object) => (): Operation<unknown> => {
    const [group, options] = sort.what(given)
    return plan[group].add(options as never)
  }
  const add = async (ns: Netns, given: object): Promise<void> => {
    const [group, options] = sort.what(given)
    await ns[group].add(options as never)
  }

  describe(sort.name, () => {
    test('every option it can be given is tried', () => {
      const tried = new Set(cases.flatMap(({ given }) => Object.keys(given)))
      const wanted = sort.options.filter((name) => name !== 'unknown' && !untried.includes(name))
      expect(wanted.filter((name) => !tried.has(name))).toEqual([])
    })

    sameMessages(sort.name, [...cases.map((each) => [sort.command(each), operation(each.given)] as const), ...messages])

    for (const { given, option, code = 'ERR_INVALID_ARG_VALUE' } of refused) {
      test(`an error names ${option}: ${JSON.stringify(given)}`, async () => {
        const error = await failure(() => encoded(operation(given)()))
        expect(error).toMatchObject({ code, message: expect.stringContaining(`"${option}"`) })
      })
    }

    describe('in the kernel', needs(...sort.features), () => {
      for (const each of cases) {
        if (each.sentOnly) continue
        test(`nslink and tc make and read the same: ${sort.command(each)}`, async ({ another }) => {
          const mine = await prepared(await another(), sort.before)
          const its = await prepared(await another(), sort.before)
          await add(mine.ns, each.given)
          await its.tc(...words(sort.command(each)))
          expect(await shown(mine.tc, sort.show)).toEqual(await shown(its.tc, sort.show))
          const values = await sort.read(mine.ns)
          expect(steady(await sort.read(its.ns))).toEqual(steady(values))
          expect(values).toMatchObject(each.read ?? each.given)
          expect(JSON.stringify(values)).not.toContain('"unknown"')
          const again = await prepared(await another(), sort.before)
          await add(again.ns, values)
          expect(steady(await sort.read(again.ns))).toEqual(steady(values))
        })
      }
    })

    more?.()
  })
}

/** The tests of one kind of qdisc. One that is placed by its kind is named in place of where it is. */
export function tryQdisc<K extends keyof QdiscKinds>(kind: K, trial: Trial<QdiscKinds[K]>, more?: () => void): void {
  const placed = 'parent' in qdiscKinds[kind]
  const place = placed ? {} : { parent: 'root', handle: '1:' }
  tryAll(
    {
      name: kind,
      features: [`qdisc:${kind}`],
      options: qdiscKinds[kind].body.names,
      before: [],
      command: ({ tc }) => `qdisc add dev v0 ${placed ? '' : 'root handle 1:'} ${kind} ${tc}`.trim(),
      what: (given) => ['qdisc', { dev: 'v0', ...place, kind, ...given }],
      show: [
        ['-d', 'qdisc', 'show', 'dev', 'v0'],
        ['-j', '-d', 'qdisc', 'show', 'dev', 'v0'],
      ],
      read: async (ns) => {
        const [qdisc] = await ns.qdisc.list({ dev: 'v0', kind })
        return { ...qdisc?.[kind] }
      },
    },
    trial,
    more,
  )
}

/** The tests of one kind of class, in a qdisc of that kind. */
export function tryClass<K extends keyof ClassKinds>(kind: K, trial: Trial<ClassKinds[K]>, more?: () => void): void {
  tryAll(
    {
      name: `${kind}-class`,
      features: [`qdisc:${kind}`],
      options: classKinds[kind].body.names,
      before: [`qdisc add dev v0 root handle 1: ${kind}`],
      command: ({ tc }) => `class add dev v0 parent 1: classid 1:10 ${kind} ${tc}`.trim(),
      what: (given) => ['class', { dev: 'v0', parent: '1:', classid: '1:10', kind, ...given }],
      // This `tc` has no JSON for classes.
      show: [['-d', 'class', 'show', 'dev', 'v0']],
      read: async (ns) => {
        const [found] = await ns.class.list({ dev: 'v0', kind })
        return { ...found?.[kind] }
      },
    },
    trial,
    more,
  )
}

/** What a case of a filter may say besides what is for its kind. */
type OfFilter<O> = O & Pick<FilterOptions, 'protocol' | 'chain'> & { handle?: string | number }

/** The tests of one kind of filter, at the ingress of a device. */
export function tryFilter<K extends keyof FilterKinds>(
  kind: K,
  trial: Trial<OfFilter<FilterKinds[K]>>,
  more?: () => void,
): void {
  tryAll(filterSort(kind, kind, [`filter:${kind}`], filterKinds[kind].body.names), trial, more)
}

function filterSort(name: string, kind: string, features: Feature[], options: readonly string[], prefix = ''): Sort {
  return {
    name,
    features: ['qdisc:clsact', ...features],
    options,
    before: ['qdisc add dev v0 clsact'],
    command: ({ given, tc }) => {
      const { protocol, handle, chain } = given as OfFilter<object>
      const before = [
        ...(protocol === undefined ? [] : ['protocol', protocol]),
        ...(chain === undefined ? [] : ['chain', chain]),
        ...(handle === undefined || tc.startsWith('handle ') ? [] : ['handle', handle]),
      ]
      const [, own = '', rest = tc] = /^(handle \S+) ?(.*)$/.exec(tc) ?? []
      return words(`filter add dev v0 ingress prio 1 ${before.join(' ')} ${own} ${kind} ${prefix} ${rest}`).join(' ')
    },
    what: (given) => ['filter', { dev: 'v0', parent: 'ingress', prio: 1, kind, ...given }],
    show: [['-d', 'filter', 'show', 'dev', 'v0', 'ingress']],
    read: async (ns) => {
      const found = await ns.filter.list({ dev: 'v0', parent: 'ingress', kind })
      // The first filter of a u32 makes the kernel make a table.
      const { handle, protocol, chain, ...filter } = found.filter((each) => each.handle !== '800:').at(-1) as Filter
      return { handle, protocol, chain, ...((filter as Record<string, unknown>)[kind] as object) }
    },
  }
}

/** The tests of one kind of action, on a filter for all packets. */
export function tryAction<K extends keyof ActionKinds>(
  kind: K,
  trial: Trial<ActionKinds[K] & ActionOptions>,
  more?: () => void,
): void {
  const sort = filterSort(
    kind,
    'u32',
    ['filter:u32', `action:${kind}`],
    actionKinds[kind].body.names,
    'match u32 0 0 action',
  )
  tryAll(
    {
      ...sort,
      command: ({ tc }) => sort.command({ given: {}, tc: tc.replace(/^/, `${kind} `) }),
      what: (given) => sort.what({ match: [{ u32: [0, 0] }], actions: [{ kind, ...given }] }),
      read: async (ns) => {
        const { actions } = (await sort.read(ns)) as { actions: object[] }
        return actions[0] as object
      },
    },
    trial,
    more,
  )
}
