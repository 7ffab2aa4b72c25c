/** `ns.nft.monitor`: changes of the ruleset, as they are made. */

import type { MonitorOptions } from '../../monitor/events.js'
import { EventStream, type Runner } from '../../monitor/stream.js'
import { attributes, be32, text } from '../../netlink/attributes.js'
import { invalidType, onlyKnown } from '../../netlink/check.js'
import type { Visit } from '../../netlink/events.js'
import { NETLINK_NETFILTER } from '../../netlink/protocol.js'
import type { Home } from '../../netlink/transport.js'
import { noNames, Reader } from '../../netlink/writer.js'
import { familyNumber } from '../family.js'
import { NFT_MSG_NEWOBJ } from '../object.js'
import { generationNow } from '../requests.js'
import { message, nfgenmsg } from '../wire.js'
import type { NftCommit, NftEvent, NftMonitorSelection } from './events.js'
import { listMoment } from './list.js'
import { Model } from './model.js'
import type { Told } from './told.js'

const NFNLGRP_NFTABLES = 7

const NFT_MSG_NEWGEN = 15

const NFTA_GEN_ID = 1
const NFTA_GEN_PROC_PID = 2
const NFTA_GEN_PROC_NAME = 3

const generationTable = attributes({
  id: be32(NFTA_GEN_ID),
  pid: be32(NFTA_GEN_PROC_PID),
  program: text(NFTA_GEN_PROC_NAME, 15),
})

const knownSelection = new Set(['family', 'table', 'existing'])

/** The number after another: the kernel passes over 0. */
const next = (generation: number): number => (generation + 1) >>> 0 || 1
/** Whether a generation is one that came after another. */
const isAfter = (generation: number, other: number): boolean => ((generation - other) | 0) > 0

/**
 * The changes of a namespace's ruleset, as an async iterable: whole transactions, one after the other.
 *
 * It opens its socket at once: what happens from then on is told, however late the iteration begins. Leaving the loop, `close()`, the
 * signal and closing the namespace handle end it, and nothing is left open.
 */
export class NftMonitor extends EventStream<NftEvent> {
  readonly #model: Model
  readonly #existing: boolean
  /** The ruleset that has been told of. */
  #generation = 0
  /** It was listed, maybe at the very moment when it became that one. */
  #fresh = false
  /** Messages of a transaction whose end has not been told yet. */
  #open: Told[] = []
  /** It has to be listed what there is. */
  #stale = false

  /** @internal */
  constructor(home: Home, runner: Runner, selection: NftMonitorSelection = {}, options: MonitorOptions = {}) {
    onlyKnown('nft.monitor', selection, knownSelection)
    const { family, table, existing = false } = selection
    if (family !== undefined) familyNumber('family', family)
    if (table !== undefined && typeof table !== 'string') throw invalidType('table', 'a string', table)
    if (typeof existing !== 'boolean') throw invalidType('existing', 'a boolean', existing)
    super(home, runner, new Map([[NETLINK_NETFILTER, new Set([NFNLGRP_NFTABLES])]]), options)
    this.#existing = existing
    this.#model = new Model({ family, table }, noNames)
  }

  /** @internal */
  protected override async *follow(): AsyncGenerator<NftEvent, undefined, undefined> {
    if (!this.ended) yield* this.#list(this.#existing ? 'plainly' : 'silently')
    while (!this.ended) {
      await this.arrival()
      for (const { events } of this.sources) {
        if (this.ended) break
        const told: Told[] = []
        if (events.readSome(collect(told)) === 'loss') this.#stale = true
        yield* this.#read(told)
      }
      while (this.#stale && !this.ended) yield* this.#list('resync')
    }
    return undefined
  }

  /** Tells the transactions that are complete. */
  async *#read(told: readonly Told[]): AsyncGenerator<NftEvent> {
    for (const each of told) {
      if (
        each.number === NFT_MSG_NEWOBJ &&
        this.#open.length === 0 &&
        each.generation === (this.#generation & 0xffff)
      ) {
        // A quota that has been used up is told of outside of any transaction.
        yield* this.#changes([each])
        continue
      }
      if (each.number !== NFT_MSG_NEWGEN) {
        this.#open.push(each)
        continue
      }
      const messages = this.#open
      this.#open = []
      const { id = 0, pid, program } = generationTable.read(each.reader, 0, each.reader.bytes.length)
      // The kernel numbers a ruleset before it shows it: a list from in between has the number and not the change.
      if (id === this.#generation && this.#fresh) this.#stale = true
      if (this.#stale || !isAfter(id, this.#generation)) continue
      if (id !== next(this.#generation)) {
        this.#stale = true
        continue
      }
      this.#fresh = false
      yield* this.#changes(messages)
      if (this.ended) return
      this.#generation = id
      if (this.#model.doubtful) this.#stale = true
      else yield commitEvent({ generation: id, ...(pid !== undefined && { pid }), ...(program && { program }) })
    }
  }

  /** Tells what messages that belong together say. */
  async *#changes(messages: readonly Told[]): AsyncGenerator<NftEvent> {
    const now = await this.result(generationNow('nft.monitor'))
    if (now === undefined) return
    for (const event of this.#model.transaction(messages, now.names)) {
      yield event
      if (this.ended) return
    }
  }

  /** Reads what there is, and tells how it differs from what has been told. */
  async *#list(telling: 'plainly' | 'silently' | 'resync'): AsyncGenerator<NftEvent> {
    this.#stale = false
    this.#fresh = true
    this.#open = []
    // A transaction of which something has been told is in the list.
    for (const { events } of this.sources) events.read()
    const moment = await this.result(listMoment())
    if (moment === undefined) return
    for (const event of this.#model.list(moment.listed, moment.names)) {
      if (telling !== 'silently') yield telling === 'resync' ? { ...event, resync: true } : event
      if (this.ended) return
    }
    this.#generation = moment.generation
    const commit = commitEvent({ generation: moment.generation })
    if (telling !== 'silently') yield telling === 'resync' ? { ...commit, resync: true } : commit
  }
}

const commitEvent = (commit: NftCommit): NftEvent => ({ type: 'commit', object: 'commit', commit })

/** Keeps messages of nf_tables: what they were read from is used again at once. */
const collect =
  (told: Told[]): Visit =>
  (type, from, at, length, flags) => {
    if (type >> 8 !== message(0) >> 8 || length < nfgenmsg.size) return
    const reader = new Reader(from.bytes.slice(at + nfgenmsg.size, at + length))
    const { family, resId } = nfgenmsg.read(from, at, length)
    told.push({ number: type & 0xff, flags, family, generation: resId, reader })
  }
