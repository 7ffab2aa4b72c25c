/** What the group of nftables has besides operations: streams of events. */

import type { MonitorOptions } from '../../monitor/events.js'
import type { Runner } from '../../monitor/stream.js'
import type { Home } from '../../netlink/transport.js'
import type { NftMonitorSelection } from './events.js'
import { NftMonitor } from './monitor.js'
import { NftTrace } from './trace.js'

/** Streams of events. */
export interface NftStreams {
  /**
   * Changes of the ruleset, transaction by transaction: `nft monitor`.
   *
   * ```ts
   * for await (const event of ns.nft.monitor({ table: 'services', existing: true }, { signal })) {
   *   if (event.object === 'rule') console.log(event.type, event.rule.chain, event.rule.statements)
   * }
   * ```
   *
   * When messages are lost the ruleset is listed and the difference told. What packets change is not told: counters, and elements that rules
   * add or that expire.
   *
   * @throws NetlinkError EPERM without the capability CAP_NET_ADMIN
   */
  monitor(selection?: NftMonitorSelection, options?: MonitorOptions): NftMonitor
  /**
   * The way of packets through the rules: `nft monitor trace`. It is told of those for which a rule has said `meta.nftrace.set(1)`.
   *
   * @throws NetlinkError EPERM without the capability CAP_NET_ADMIN
   */
  trace(options?: MonitorOptions): NftTrace
}

/** @internal */
export const nftStreams = (home: Home, runner: Runner): NftStreams => ({
  monitor: (selection, options) => new NftMonitor(home, runner, selection, options),
  trace: (options) => new NftTrace(home, runner, options),
})
