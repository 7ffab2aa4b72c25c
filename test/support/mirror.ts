/** What a consumer that applies every event of a monitor comes to have. */

import type { Monitor, MonitorEvent, MonitorObjects, Netns, ObjectEvent } from 'nslink'
import { seconds, soon } from './child.js'

type Name = keyof MonitorObjects

/** Properties that change without the kernel telling of it. */
const passing = new Set([
  ...['stats', 'validLft', 'preferredLft', 'expires', 'used', 'confirmed', 'updated', 'refcnt', 'probes'],
  ...['helloTimer', 'tcnTimer', 'topologyChangeTimer', 'gcTimer', 'fdbNLearned', 'rootPort', 'rootPathCost'],
  ...['messageAgeTimer', 'forwardDelayTimer', 'holdTimer', 'mcastEhtHostsCnt', 'mcastNGroups', 'rootId', 'bridgeId'],
  ...['designatedPort', 'designatedCost', 'topologyChange', 'topologyChangeDetected'],
  ...['timeout', 'counters', 'use', 'timestamp', 'eventTime', 'flagsOrig', 'flagsReply', 'synproxy'],
])

/** What comes and goes without the kernel telling of it: what devices listen to, and the neighbours that multicast addresses are. */
const untold = ({ nud, lladdr, br }: { nud?: string; lladdr?: string; br?: string }): boolean =>
  nud === 'noarp' || nud === 'none' || (br === undefined && /^(33:33|01:00:5e):/.test(lladdr ?? ''))

/** Objects in an order of their own, so that two lists can be compared. */
const sorted = (values: Iterable<unknown>): string[] =>
  Array.from(values as Iterable<object>)
    .filter((value) => !untold(value))
    .map((value) => JSON.stringify(value, (name, each) => (passing.has(name) ? undefined : inOrder(name, each))))
    .sort()

/** A message about a new way of an IPv6 route has that way first, a list has it last. */
function inOrder(name: string, value: unknown): unknown {
  if (name === 'nexthops') return sorted(value as object[])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Everything the kernel has of a type. */
async function everything(ns: Netns, name: Name): Promise<readonly unknown[]> {
  switch (name) {
    case 'route':
      return ns.route.list({ table: 'all' })
    case 'neigh':
      return ns.neigh.list({ nud: 'all' })
    case 'expectation':
      return ns.conntrack.expectations()
    default:
      return ns[name].list()
  }
}

export class Mirror {
  readonly events: MonitorEvent[] = []
  readonly ended: Promise<unknown>
  readonly #objects = new Map<Name, Map<string, unknown>>()

  constructor(monitor: Monitor<MonitorEvent>) {
    this.ended = this.#follow(monitor)
  }

  async #follow(monitor: Monitor<MonitorEvent>): Promise<unknown> {
    try {
      for await (const event of monitor) {
        this.events.push(event)
        if (event.type !== 'miss') this.#apply(event)
      }
      return undefined
    } catch (error) {
      return error
    }
  }

  #apply(event: ObjectEvent): void {
    const objects = this.of(event.object)
    if (event.type === 'del') objects.delete(event.key)
    else objects.set(event.key, (event as unknown as Record<Name, unknown>)[event.object])
  }

  of(name: Name): Map<string, unknown> {
    const objects = this.#objects.get(name) ?? new Map<string, unknown>()
    this.#objects.set(name, objects)
    return objects
  }

  /** How it still differs from what the kernel has, when it has had the time to become the same: not at all, that is. */
  async differences(ns: Netns, ...names: Name[]): Promise<string[]> {
    let found: string[] = []
    await soon(async () => {
      found = []
      for (const name of names) {
        const [here, there] = [sorted(this.of(name).values()), sorted(await everything(ns, name))]
        found.push(...without(here, there).map((each) => `only here: ${name} ${each}`))
        found.push(...without(there, here).map((each) => `only there: ${name} ${each}`))
      }
      return found.length === 0
    }, seconds(5))
    return found
  }
}

/** What is in a list more often than in another. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const each of others) left.set(each, (left.get(each) ?? 0) + 1)
  return list.filter((each) => {
    const count = left.get(each) ?? 0
    left.set(each, count - 1)
    return count <= 0
  })
}
