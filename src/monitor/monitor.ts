/** `ns.monitor`: what happens in a namespace, as it happens. */

import { performance } from 'node:perf_hooks'
import { invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { NETLINK_ROUTE } from '../netlink/protocol.js'
import type { Home } from '../netlink/transport.js'
import { Devices } from './devices.js'
import type { MonitorEvent, MonitorOptions, MonitorSelection } from './events.js'
import { families, type MonitorObjects, misses } from './families.js'
import { type Family, isOf, type Message, numberBytes, open, type Payload, protocolOf } from './family.js'
import { type Change, Known } from './known.js'
import { askDevices, listAll } from './list.js'
import { collect, EventStream, type Runner, type Source } from './stream.js'

/** How long to leave alone a list that changed while it was read, in milliseconds, and times what reading it took. */
const PAUSE_MS = 100
const PAUSE_TIMES = 10
/** The same for objects of which the kernel may never tell. */
const UNTOLD_MS = 10_000
const UNTOLD_TIMES = 100

type Name = keyof MonitorObjects
const names = Object.keys(families) as Name[]

const knownSelection = new Set([...names, 'miss', 'existing'])

/** The objects of one type that are monitored. */
interface Watched {
  readonly name: Name
  readonly family: Family<unknown>
  readonly known: Known<unknown>
}

/** How what a list has is told: as it is, as a correction, or not at all. */
type Telling = 'plainly' | 'resync' | 'silently'

/**
 * The events of a namespace, as an async iterable.
 *
 * It opens its socket at once: what happens from then on is told, however late the iteration begins. Leaving the loop, `close()`, the
 * signal and closing the namespace handle end it, and nothing is left open.
 */
export class Monitor<E = MonitorEvent> extends EventStream<E> {
  readonly #watched: readonly Watched[]
  readonly #selection: MonitorSelection
  readonly #devices = new Devices()
  readonly #listed: () => void

  /** What has to be listed. */
  readonly #stale = new Set<Watched>()
  /** What changed while it was listed, so that it has to be listed again, and when that may be. */
  readonly #doubtful = new Set<Watched>()
  #patience = 0
  /** When to list again what the kernel may never tell of. */
  #again = Number.POSITIVE_INFINITY
  /** The names of devices are to be read from a list. */
  #nameless: boolean
  /** Found in messages, and not dealt with yet: devices to ask about, devices with new names, and bytes of objects that may have changed. */
  readonly #asking = new Set<number>()
  readonly #renamed = new Set<number>()
  readonly #touched = new Set<string>()

  /** `listed` is called once what is there at first has been told of. @internal */
  constructor(
    home: Home,
    runner: Runner,
    selection: MonitorSelection,
    options: MonitorOptions = {},
    listed: () => void = () => undefined,
  ) {
    const wanted = selected(selection)
    super(home, runner, groupsOf(wanted, selection.miss), options)
    this.#listed = listed
    this.#selection = { ...selection }
    this.#watched = wanted.map((name) => {
      const family: Family<unknown> = families[name]
      return { name, family, known: new Known(family, this.#devices) }
    })
    this.#nameless = this.sources.some(({ protocol }) => protocol === NETLINK_ROUTE)
  }

  /** @internal */
  protected override async *follow(): AsyncGenerator<E, undefined, undefined> {
    if (!this.ended) yield* this.#list(this.#watched, this.#selection.existing ? 'plainly' : 'silently')
    if (!this.ended) this.#listed()
    while (!this.ended) {
      while (this.#pending()) yield* this.#unsaid()
      this.#devices.forget()
      await this.arrival(Math.min(this.#again, this.#doubtful.size > 0 ? this.#patience : Number.POSITIVE_INFINITY))
      if (!this.ended) yield* this.#read()
    }
    return undefined
  }

  /** Reads what has arrived, and tells it. */
  *#read(): Generator<E> {
    for (const source of this.sources) {
      if (this.ended) return
      const messages: Message[] = []
      if (source.events.readSome(collect(messages)) === 'loss') this.#lost(source)
      yield* this.#tell(messages)
    }
  }

  /** Messages are missing. A list tells all that those said which are still there, and which could not be told from what came after them. */
  #lost({ protocol, events }: Source): void {
    events.read()
    if (protocol === NETLINK_ROUTE) this.#nameless = true
    for (const each of this.#watched) if (protocolOf(each.family) === protocol) this.#stale.add(each)
  }

  *#tell(messages: readonly Message[]): Generator<E> {
    for (const message of messages) {
      if (this.ended) return
      const { type, payload } = message
      if (isOf(families.link, type) && families.link.accepts?.(payload)) {
        this.#noteDevice(payload, type === families.link.delType)
      }
      for (const watched of this.#watched) {
        const { family, known } = watched
        if (!isOf(family, type)) {
          for (const bytes of family.silent?.after?.(type, payload) ?? []) this.#touched.add(bytes)
          continue
        }
        const accepted = family.accepts?.(payload, this.#devices) ?? true
        for (const index of family.asks?.(payload, accepted && !known.has(payload)) ?? []) {
          if (index !== 0) this.#asking.add(index)
        }
        if (!accepted) continue
        for (const change of known.told(message, () => this.#stale.add(watched))) yield this.#event(watched, change)
      }
      if (this.#selection.miss && type === misses.type) {
        const miss = misses.decode(open(payload, this.#devices), 0, payload.length)
        yield { type: 'miss', object: 'miss', miss } as E
      }
    }
  }

  #noteDevice(payload: Payload, gone: boolean): void {
    const { index, names, renamed, moved } = this.#devices.told(payload, gone)
    if (renamed) this.#renamed.add(index)
    if (moved) this.#touched.add(numberBytes(index))
    // Rules name devices, which need not be there. The zeros are the end of the attribute's header and of the name.
    for (const name of names) this.#touched.add(`\0${name}\0`)
  }

  #pending(): boolean {
    if (this.ended) return false
    const now = performance.now()
    if (now >= this.#patience) for (const each of this.#doubtful) this.#stale.add(each)
    if (now >= this.#again) {
      this.#again = Number.POSITIVE_INFINITY
      for (const each of this.#watched) if (each.known.untold) this.#stale.add(each)
    }
    return [this.#stale, this.#asking, this.#renamed, this.#touched].some(({ size }) => size > 0)
  }

  /** Tells what follows from what messages said, and the kernel does not tell. */
  async *#unsaid(): AsyncGenerator<E> {
    for (const watched of this.#watched) {
      for (const index of this.#renamed) {
        for (const change of watched.known.renamed(index)) yield this.#event(watched, change, true)
      }
      if (watched.family.silent !== undefined && watched.known.mentions(this.#touched)) this.#stale.add(watched)
    }
    this.#renamed.clear()
    this.#touched.clear()
    if (this.#asking.size > 0) {
      const asked = [...this.#asking]
      this.#asking.clear()
      const payloads = (await this.result(askDevices(asked))) ?? []
      const watched = this.#watched.find(({ name }) => name === 'link')
      for (const payload of watched === undefined ? [] : payloads) {
        for (const change of watched?.known.compareOne(payload) ?? [])
          yield this.#event(watched as Watched, change, true)
      }
    }
    const stale = this.#watched.filter((each) => this.#stale.has(each))
    this.#stale.clear()
    if (stale.length > 0) yield* this.#list(stale, 'resync')
  }

  /** Reads lists, and tells how they differ from what has been told. */
  async *#list(stale: readonly Watched[], telling: Telling): AsyncGenerator<E> {
    const started = performance.now()
    const wanted = stale.map(({ family }) => family)
    // Devices come first: one that changes after that is told of, and what depends on it is listed again.
    if (this.#nameless && !wanted.includes(families.link)) wanted.unshift(families.link)
    const lists = await this.result(listAll(wanted))
    if (lists === undefined) return
    const arrived: Message[] = []
    const losing = this.sources.filter(({ events }) => events.readSome(collect(arrived)) === 'loss')
    if (this.#nameless) {
      this.#devices.unsure()
      for (const payload of lists[wanted.indexOf(families.link)]?.payloads ?? []) this.#noteDevice(payload, false)
      this.#nameless = false
      // Everything is listed just now.
      this.#touched.clear()
    }
    for (const watched of stale) {
      const { family, known } = watched
      const list = lists[wanted.indexOf(family)]
      // The kernel passes over objects in a list that changes while it reads it. What is not in such a list may be there all the same.
      const lost = losing.some(({ protocol }) => protocol === protocolOf(family))
      const undisturbed = family.whole || !arrived.some(({ type }) => isOf(family, type))
      const complete = list?.complete === true && !lost && undisturbed
      for (const change of known.compare(list?.payloads ?? [], complete)) {
        if (this.ended) return
        if (telling !== 'silently') yield this.#event(watched, change, telling === 'resync')
      }
      if (complete) this.#doubtful.delete(watched)
      else this.#doubtful.add(watched)
    }
    const now = performance.now()
    if (this.#doubtful.size > 0) this.#patience = now + Math.max(PAUSE_MS, PAUSE_TIMES * (now - started))
    if (this.#watched.some(({ known }) => known.untold)) {
      this.#again = now + Math.max(UNTOLD_MS, UNTOLD_TIMES * (now - started))
    }
    for (const source of losing) this.#lost(source)
    yield* this.#tell(arrived)
  }

  #event({ name, known }: Watched, { type, key, payload }: Change, resync = false): E {
    const event = { type, object: name, key, [name]: known.value(payload) }
    return (resync ? { ...event, resync } : event) as E
  }
}

function selected(selection: MonitorSelection): Name[] {
  onlyKnown('monitor', selection, knownSelection)
  for (const [name, value] of Object.entries(selection)) {
    if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
  }
  const wanted = names.filter((name) => selection[name])
  if (wanted.length > 0 || selection.miss) return wanted
  throw invalidValue('selection', selection, `must name something to monitor: ${names.join(', ')} or miss`)
}

/** By protocol, what the objects have in their messages; and the devices, by whose names they are shown. */
function groupsOf(wanted: readonly Name[], miss: boolean | undefined): ReadonlyMap<number, ReadonlySet<number>> {
  const groups = new Map<number, Set<number>>()
  const joining = (protocol: number, ...numbers: readonly number[]): void => {
    const before = groups.get(protocol) ?? (protocol === NETLINK_ROUTE ? families.link.groups : [])
    groups.set(protocol, new Set([...before, ...numbers]))
  }
  for (const name of wanted) {
    const family: Family<unknown> = families[name]
    joining(protocolOf(family), ...family.groups, ...(family.silent?.groups ?? []))
  }
  if (miss) joining(NETLINK_ROUTE, ...misses.groups)
  return groups
}
