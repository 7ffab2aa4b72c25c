/** All statements and keys there are: a new one has a line here. */

import type { KeysOfExtensions } from './extension.js'
import type { NftFamily } from './family.js'
import type { ahHeader } from './headers/ah.js'
import type { arpHeader } from './headers/arp.js'
import type { compHeader } from './headers/comp.js'
import type { dccpHeader } from './headers/dccp.js'
import type { espHeader } from './headers/esp.js'
import type { etherHeader } from './headers/ether.js'
import type { icmpHeader } from './headers/icmp.js'
import type { icmpv6Header } from './headers/icmpv6.js'
import type { igmpHeader } from './headers/igmp.js'
import type { ipHeader } from './headers/ip.js'
import type { ip6Header } from './headers/ip6.js'
import type { sctpHeader } from './headers/sctp.js'
import type { tcpHeader } from './headers/tcp.js'
import type { thHeader } from './headers/th.js'
import type { udpHeader } from './headers/udp.js'
import type { udpliteHeader } from './headers/udplite.js'
import type { vlanHeader } from './headers/vlan.js'
import type { TableKeys } from './key.js'
import type { ctKeys, ctOriginalKeys, ctReplyKeys } from './keys/ct.js'
import type { FibKeys } from './keys/fib.js'
import type { JenkinsHash, SymmetricHash } from './keys/hash.js'
import type { ipOptions } from './keys/ip-option.js'
import type { ip6Extensions } from './keys/ip6-extension.js'
import type { metaKeys } from './keys/meta.js'
import type { NumberGenerator } from './keys/numgen.js'
import type { OperatingSystem } from './keys/osf.js'
import type { rtKeys } from './keys/rt.js'
import type { sctpChunks } from './keys/sctp-chunk.js'
import type { SocketCgroup, socketKeys } from './keys/socket.js'
import type { tcpOptions } from './keys/tcp-option.js'
import type { FieldKeys, KeyType } from './payload.js'
import type { Operand } from './selector.js'
import type { BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight } from './statements/bits.js'
import type { CtCount } from './statements/connlimit.js'
import type { Counter } from './statements/counter.js'
import type { Dup, Fwd } from './statements/dup.js'
import type { SetChange } from './statements/dynset.js'
import type { Flow } from './statements/flow.js'
import type { Limit } from './statements/limit.js'
import type { Log } from './statements/log.js'
import type { Mangle } from './statements/mangle.js'
import type { Match } from './statements/match.js'
import type { Dnat, Masquerade, Redirect, Snat } from './statements/nat.js'
import type { Notrack } from './statements/notrack.js'
import type { ObjectReference } from './statements/objref.js'
import type { Queue } from './statements/queue.js'
import type { Quota } from './statements/quota.js'
import type { Raw } from './statements/raw.js'
import type { Reject } from './statements/reject.js'
import type { Reset } from './statements/reset.js'
import type { Synproxy } from './statements/synproxy.js'
import type { TProxy } from './statements/tproxy.js'
import type { VerdictMap } from './statements/vmap.js'
import type { Verdict } from './verdicts.js'

/**
 * The keys there are, by their names: what their values are, and the families of tables that have them. In the reference they are with their
 * builders.
 *
 * @hidden
 */
export interface NftKeys
  extends FieldKeys<typeof arpHeader>,
    FieldKeys<typeof vlanHeader>,
    FieldKeys<typeof udpliteHeader>,
    FieldKeys<typeof sctpHeader>,
    FieldKeys<typeof igmpHeader>,
    FieldKeys<typeof espHeader>,
    FieldKeys<typeof dccpHeader>,
    FieldKeys<typeof compHeader>,
    FieldKeys<typeof ahHeader>,
    FieldKeys<typeof etherHeader>,
    FieldKeys<typeof icmpHeader>,
    FieldKeys<typeof icmpv6Header>,
    FieldKeys<typeof ipHeader>,
    FieldKeys<typeof ip6Header>,
    FieldKeys<typeof tcpHeader>,
    FieldKeys<typeof thHeader>,
    FieldKeys<typeof udpHeader>,
    TableKeys<typeof ctKeys>,
    TableKeys<typeof ctOriginalKeys>,
    TableKeys<typeof ctReplyKeys>,
    TableKeys<typeof metaKeys>,
    TableKeys<typeof rtKeys>,
    TableKeys<typeof socketKeys>,
    KeysOfExtensions<typeof ip6Extensions>,
    KeysOfExtensions<typeof ipOptions>,
    KeysOfExtensions<typeof sctpChunks>,
    KeysOfExtensions<typeof tcpOptions>,
    FibKeys {}

/** The keys that tables of a family have. */
export type NftKey<F extends NftFamily = NftFamily> = {
  [K in keyof NftKeys]: NftKeys[K] extends KeyType<infer _, infer A> ? (F extends A ? K : never) : never
}[keyof NftKeys]

/** What the values of a key are. */
export type NftKeyValue<K extends keyof NftKeys> = NftKeys[K]['value']

/** A match of one key. */
export type KeyMatch<F extends NftFamily> = {
  [K in NftKey<F>]: Match<K, Operand<NftKeyValue<K>>>
}[NftKey<F>]

/** An expression that is computed. */
export type NftExpression<F extends NftFamily = NftFamily> =
  | BitAnd<NftOperand<F>, unknown>
  | BitOr<NftOperand<F>, unknown>
  | BitXor<NftOperand<F>, unknown>
  | ShiftLeft<NftOperand<F>>
  | ShiftRight<NftOperand<F>>
  | NumberGenerator
  | JenkinsHash<NftOperand<F> | readonly NftOperand<F>[]>
  | SymmetricHash
  | OperatingSystem
  | SocketCgroup
/** A key, or an expression that is computed. */
export type NftOperand<F extends NftFamily = NftFamily> = NftKey<F> | NftExpression<F>

/** An expression that is computed, or a concatenation. */
type Composite<F extends NftFamily> = NftExpression<F> | readonly NftOperand<F>[]
type Left<F extends NftFamily> = NftKey<F> | Composite<F>

/** The statements that tables of every family can have. */
type Common<F extends NftFamily> =
  | KeyMatch<F>
  | Match<Composite<F>>
  | Mangle<NftKey<F>>
  | VerdictMap<Left<F>>
  | Verdict
  | Counter
  | ObjectReference
  | SetChange<Left<F>>
  | Limit
  | Quota
  | Log
  | Raw

/** Those that only some have. */
interface Special {
  snat: { of: Snat; families: 'ip' | 'ip6' | 'inet' }
  dnat: { of: Dnat; families: 'ip' | 'ip6' | 'inet' }
  masquerade: { of: Masquerade; families: 'ip' | 'ip6' | 'inet' }
  redirect: { of: Redirect; families: 'ip' | 'ip6' | 'inet' }
  'ct count': { of: CtCount; families: 'ip' | 'ip6' | 'inet' | 'bridge' | 'netdev' }
  dup: { of: Dup; families: 'ip' | 'ip6' | 'netdev' }
  flow: { of: Flow; families: 'ip' | 'ip6' | 'inet' }
  fwd: { of: Fwd; families: 'netdev' }
  queue: { of: Queue; families: 'ip' | 'ip6' | 'inet' | 'bridge' }
  synproxy: { of: Synproxy; families: 'ip' | 'ip6' | 'inet' }
  tproxy: { of: TProxy; families: 'ip' | 'ip6' | 'inet' }
  reset: { of: Reset; families: 'ip' | 'ip6' | 'inet' | 'bridge' | 'netdev' }
  notrack: { of: Notrack; families: 'ip' | 'ip6' | 'inet' | 'bridge' | 'netdev' }
  reject: { of: Reject; families: 'ip' | 'ip6' | 'inet' | 'bridge' | 'netdev' }
}

/** A statement of a rule in a table of a family. */
export type NftStatement<F extends NftFamily = NftFamily> =
  | Common<F>
  | { [K in keyof Special]: F extends Special[K]['families'] ? Special[K]['of'] : never }[keyof Special]

interface RuleOf<F extends NftFamily> {
  /** The family of its table. */
  family: F
  /** Its table. */
  table: string
  /** Its chain. */
  chain: string
  /** The kernel's number of it; passed over when it is added. */
  handle?: number | undefined
  /** A comment, of at most 128 bytes. */
  comment?: string | undefined
  /** What the kernel keeps with rules that `iptables` has made, in hexadecimal. */
  compat?: string | undefined
  /** What nft, or somebody else, has stored with it, in hexadecimal, where that is more than the comment. */
  userdata?: string | undefined
  /** What it does, one after the other. */
  statements: readonly NftStatement<F>[]
}

/** A rule: what is done with packets. */
export type NftRule<F extends NftFamily = NftFamily> = { [G in F]: RuleOf<G> }[F]
