/** `ns.nft.trace`: the way of packets through the rules. */

import type { MonitorOptions } from '../../monitor/events.js'
import { EventStream, type Runner } from '../../monitor/stream.js'
import { attributes, be16, be32, nested, text } from '../../netlink/attributes.js'
import { NETLINK_NETFILTER } from '../../netlink/protocol.js'
import type { Home } from '../../netlink/transport.js'
import { type Names, Reader } from '../../netlink/writer.js'
import type { Device } from '../../rtnetlink.js'
import { verdictTable } from '../expression.js'
import { familyName, type NftFamily } from '../family.js'
import { generationNow } from '../requests.js'
import { type Verdict, verdictOf } from '../verdicts.js'
import { be64, bytes, LONGEST_NAME, message, nfgenmsg } from '../wire.js'
import { type NftTracedPacket, readPacket } from './packet.js'

const NFNLGRP_NFTRACE = 9

const NFT_MSG_TRACE = 17

const NFTA_TRACE_TABLE = 1
const NFTA_TRACE_CHAIN = 2
const NFTA_TRACE_RULE_HANDLE = 3
const NFTA_TRACE_TYPE = 4
const NFTA_TRACE_VERDICT = 5
const NFTA_TRACE_ID = 6
const NFTA_TRACE_LL_HEADER = 7
const NFTA_TRACE_NETWORK_HEADER = 8
const NFTA_TRACE_TRANSPORT_HEADER = 9
const NFTA_TRACE_IIF = 10
const NFTA_TRACE_IIFTYPE = 11
const NFTA_TRACE_OIF = 12
const NFTA_TRACE_OIFTYPE = 13
const NFTA_TRACE_MARK = 14
const NFTA_TRACE_NFPROTO = 15
const NFTA_TRACE_POLICY = 16

const NFT_TRACETYPE_POLICY = 1
const NFT_TRACETYPE_RETURN = 2
const NFT_TRACETYPE_RULE = 3

const traceTable = attributes({
  table: text(NFTA_TRACE_TABLE, LONGEST_NAME),
  chain: text(NFTA_TRACE_CHAIN, LONGEST_NAME),
  handle: be64(NFTA_TRACE_RULE_HANDLE),
  type: be32(NFTA_TRACE_TYPE),
  verdict: nested(NFTA_TRACE_VERDICT, verdictTable),
  id: be32(NFTA_TRACE_ID),
  link: bytes(NFTA_TRACE_LL_HEADER),
  network: bytes(NFTA_TRACE_NETWORK_HEADER),
  transport: bytes(NFTA_TRACE_TRANSPORT_HEADER),
  iif: be32(NFTA_TRACE_IIF),
  iiftype: be16(NFTA_TRACE_IIFTYPE),
  oif: be32(NFTA_TRACE_OIF),
  oiftype: be16(NFTA_TRACE_OIFTYPE),
  mark: be32(NFTA_TRACE_MARK),
  nfproto: be32(NFTA_TRACE_NFPROTO),
  policy: be32(NFTA_TRACE_POLICY),
})

/** A step of a packet: a rule, or the end of a chain, has decided something about it. */
export interface NftTraceEvent {
  /**
   * What has decided: a rule all of whose matches hold (`'rule'`), a chain that sends the packet back to where it came from (`'return'`), or
   * the policy of a base chain in which no rule has (`'policy'`).
   */
  type: 'rule' | 'return' | 'policy'
  /** The same for all steps of a packet on its way through; one that comes in again, by `lo` or another namespace, has another. */
  id: number
  /** The family of the table. */
  family: NftFamily
  /** The table. */
  table: string
  /** The chain. */
  chain: string
  /** The handle of the rule. */
  handle?: number
  /** What was decided. */
  verdict: Verdict
  /** The mark that the packet had by then, if it had one. */
  mark?: number
  /** The device it came in by; with the first step at a hook. */
  iif?: Device
  /** The device it goes out by; with the first step at a hook. */
  oif?: Device
  /** What it is; with the first step at a hook. */
  packet?: NftTracedPacket
}

/**
 * The steps of the packets for which a rule has said `meta nftrace set 1`, as an async iterable.
 *
 * It opens its socket at once: what happens from then on is told, however late the iteration begins. Leaving the loop, `close()`, the
 * signal and closing the namespace handle end it, and nothing is left open. Steps that were lost, since they were not read in time, are passed over.
 */
export class NftTrace extends EventStream<NftTraceEvent> {
  /** What has been told of a packet without a step that is of interest. */
  #packet: { readonly id: number; readonly about: Pick<NftTraceEvent, 'iif' | 'oif' | 'packet'> } | undefined

  /** @internal */
  constructor(home: Home, runner: Runner, options: MonitorOptions = {}) {
    super(home, runner, new Map([[NETLINK_NETFILTER, new Set([NFNLGRP_NFTRACE])]]), options)
  }

  /** @internal */
  protected override async *follow(): AsyncGenerator<NftTraceEvent, undefined, undefined> {
    while (!this.ended) {
      await this.arrival()
      const found: { family: number; reader: Reader }[] = []
      for (const { events } of this.sources) {
        if (this.ended) break
        events.readSome((type, { bytes, view }, at, length) => {
          if (type !== message(NFT_MSG_TRACE)) return
          found.push({ family: view.getUint8(at), reader: new Reader(bytes.slice(at + nfgenmsg.size, at + length)) })
        })
      }
      const now = found.length === 0 ? undefined : await this.result(generationNow('nft.trace'))
      for (const { family, reader } of now === undefined ? [] : found) {
        const step = this.#read(family, reader, (now as { names: Names }).names)
        if (step !== undefined) yield step
        if (this.ended) break
      }
    }
    return undefined
  }

  #read(number: number, reader: Reader, names: Names): NftTraceEvent | undefined {
    const { id = 0, table = '', chain = '', ...values } = traceTable.read(reader, 0, reader.bytes.length)
    const { handle, verdict, policy, mark, iif, oif, link, network, transport } = values
    const family = familyName(number)
    const type = types.get(values.type)
    const code = verdict?.code ?? policy
    const decided = code === undefined ? undefined : verdictOf({ code, chain: verdict?.chain })
    const packet = readPacket({ link, network, transport })
    const about = {
      ...(iif !== undefined && { iif: names.name(iif) as Device }),
      ...(oif !== undefined && { oif: names.name(oif) as Device }),
      ...(packet && { packet }),
    }
    if (family === undefined || type === undefined || decided === undefined) return undefined
    const before = this.#packet?.id === id ? this.#packet.about : undefined
    // The end of a chain, which decides nothing, may be the first that is told of a packet.
    this.#packet = type === 'rule' && handle === undefined ? { id, about: { ...before, ...about } } : undefined
    if (this.#packet !== undefined) return undefined
    return {
      type,
      id,
      family,
      table,
      chain,
      ...(handle !== undefined && { handle }),
      verdict: decided,
      ...(mark !== undefined && { mark }),
      ...before,
      ...about,
    }
  }
}

const types = new Map<number | undefined, NftTraceEvent['type']>([
  [NFT_TRACETYPE_POLICY, 'policy'],
  [NFT_TRACETYPE_RETURN, 'return'],
  [NFT_TRACETYPE_RULE, 'rule'],
])
