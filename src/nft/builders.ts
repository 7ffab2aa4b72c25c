/**
 * Builders for `nft.apply`: changes, and the statements of rules. What they make is plain data, the same that `nft.list` gives.
 *
 * @module nslink/nft
 */

import './features.js'
import type { NftBaseChain, NftChain } from './chain.js'
import type { NftChange, RuleComment, RuleId } from './changes.js'
import type { NftFamily } from './family.js'
import type { NftFlowtable } from './flowtable.js'
import { meta } from './keys/meta.js'
import type { NftObjectOptions, NftObjectType } from './objects.js'
import { asLeft, type Comparable, comparable, type Expressed } from './selector.js'
import type { NftMap, NftSet } from './set-object.js'
import type { NftRule, NftStatement } from './statements.js'
import type { NftTable } from './table.js'

/** What a rule has besides its statements. */
export interface RuleNote {
  /** It is no statement. */
  kind: 'note'
  /** Its comment. */
  comment?: string
  /** The rule it comes before or after: its handle, or its comment. */
  position?: number | RuleComment
}

/** The comment of a rule: `comment "…"`. */
export const comment = (text: string): RuleNote => ({ kind: 'note', comment: text })
/**
 * The rule that this one comes before, with `insert`, or after, with `add`: its handle, or a comment that no other rule of the chain has.
 */
export const at = (position: number | RuleComment): RuleNote => ({ kind: 'note', position })

/** A statement of a rule, its comment, or its place. */
export type RulePart<F extends NftFamily> = NftStatement<F> | RuleNote

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** What a set is, besides its name. */
export type SetOptions<F extends NftFamily> = Without<NftSet<F>, 'family' | 'table' | 'name'>
/** What a map is, besides its name. */
export type MapOptions<F extends NftFamily> = Without<NftMap<F>, 'family' | 'table' | 'name'>
/** What a flowtable is, besides its name. */
export type FlowtableOptions = Omit<NftFlowtable, 'family' | 'table' | 'name' | 'handle'>
/** What an object is, and its comment. */
export type ObjectOptions<T extends NftObjectType> = Partial<Record<'kind', string>> &
  (T extends 'counter' ? Partial<NftObjectOptions[T]> : NftObjectOptions[T]) & {
    /** A comment, of at most 128 bytes. */
    comment?: string | undefined
  }
/** What a chain is, besides its name. */
export type ChainOptions =
  | (NftBaseChain & {
      /** A comment, of at most 128 bytes. */
      comment?: string
    })
  | {
      /** A comment, of at most 128 bytes. */
      comment?: string
    }

/** Which rule is meant: by its handle, or by a comment that no other rule of the chain has. */
export type RuleTarget = number | RuleId

/** Changes that add something to a table. */
export interface Adding<F extends NftFamily> {
  /** The table itself: `add table`. */
  table(options?: { dormant?: boolean; comment?: string }): NftChange
  /** A chain: a base chain, with type, hook and priority, or one that others jump to: `add chain`. */
  chain(name: string, options?: ChainOptions): NftChange
  /** A rule at the end of a chain: `add rule`. */
  rule(chain: string, ...parts: readonly RulePart<F>[]): NftChange
  /** A set: `add set`. */
  set(name: string, options: SetOptions<F>): NftChange
  /** A map: `add map`. */
  map(name: string, options: MapOptions<F>): NftChange
  /** Elements of a set, or pairs of a map: `add element`. */
  elements(set: string, elements: Iterable<unknown>): NftChange
  /** A counter for several rules: `add counter`. */
  counter(name: string, options?: ObjectOptions<'counter'>): NftChange
  /** A quota for several rules, as `quota` makes it: `add.quota('customer', quota(1e9))`, `add quota`. */
  quota(name: string, options: ObjectOptions<'quota'>): NftChange
  /** A limit for several rules, as `limit` makes it: `add.limit('slow', limit('5/second'))`, `add limit`. */
  limit(name: string, options: ObjectOptions<'limit'>): NftChange
  /** What `synproxy` is to say, as it makes it: `add synproxy`. */
  synproxy(name: string, options: ObjectOptions<'synproxy'>): NftChange
  /** A helper of connection tracking: `add ct helper`. */
  ctHelper(name: string, options: ObjectOptions<'ct helper'>): NftChange
  /** Timeouts of connections: `add ct timeout`. */
  ctTimeout(name: string, options: ObjectOptions<'ct timeout'>): NftChange
  /** A flowtable: `add flowtable`. */
  flowtable(name: string, options: FlowtableOptions): NftChange
  /** A connection that is to come: `add ct expectation`. */
  ctExpectation(name: string, options: ObjectOptions<'ct expectation'>): NftChange
}

/** Changes that take something from a table. */
export interface Removing {
  /** The table with all that is in it: `delete table`. */
  table(): NftChange
  /** A chain that no rule jumps to: `delete chain`. */
  chain(name: string): NftChange
  /** A rule: `delete rule`. */
  rule(chain: string, which: RuleTarget): NftChange
  /** A set that no rule uses: `delete set`. */
  set(name: string): NftChange
  /** A map that no rule uses: `delete map`. */
  map(name: string): NftChange
  /** Elements of a set, or pairs of a map: `delete element`. */
  elements(set: string, elements: Iterable<unknown>): NftChange
  /** A counter that no rule refers to: `delete counter`. */
  counter(name: string): NftChange
  /** A quota that no rule refers to: `delete quota`. */
  quota(name: string): NftChange
  /** A limit that no rule refers to: `delete limit`. */
  limit(name: string): NftChange
  /** What no `synproxy` refers to: `delete synproxy`. */
  synproxy(name: string): NftChange
  /** A helper that no rule refers to: `delete ct helper`. */
  ctHelper(name: string): NftChange
  /** Timeouts that no rule refers to: `delete ct timeout`. */
  ctTimeout(name: string): NftChange
  /** A flowtable that no rule refers to: `delete flowtable`. */
  flowtable(name: string): NftChange
  /** A connection to come that no rule refers to: `delete ct expectation`. */
  ctExpectation(name: string): NftChange
}

/** The changes of a table. */
export interface TableChanges<F extends NftFamily> {
  /** Adds; what is there already is no error, but for rules, of which there is then another. */
  add: Adding<F>
  /** Adds; what is there already is an error. */
  create: Adding<F>
  /** A rule at the beginning of its chain: `insert rule`. */
  insert: {
    /** Puts it in front of the others, or of the one that `at` names. */
    rule(chain: string, ...parts: readonly RulePart<F>[]): NftChange
  }
  /** A rule in place of another: `replace rule`. */
  replace: {
    /** Puts it where the other one stands. */
    rule(chain: string, which: RuleTarget, ...parts: readonly RulePart<F>[]): NftChange
  }
  /** Deletes; what is not there is an error. */
  del: Removing
  /** Deletes; what is not there is no error (Linux 6.3). */
  destroy: Removing
  /** Empties: a table of its rules, a chain of its rules, a set of its elements. */
  flush: {
    /** All its rules: `flush table`. */
    table(): NftChange
    /** Its rules: `flush chain`. */
    chain(name: string): NftChange
    /** Its elements: `flush set`. */
    set(name: string): NftChange
    /** Its pairs: `flush map`. */
    map(name: string): NftChange
  }
}

/** A change for each sort of object. */
const objectChanges = (change: (type: NftObjectType, name: string, options?: { kind?: string }) => NftChange) => {
  const of =
    (type: NftObjectType) =>
    (name: string, options?: { kind?: string }): NftChange =>
      change(type, name, options)
  return {
    counter: of('counter'),
    quota: of('quota'),
    limit: of('limit'),
    synproxy: of('synproxy'),
    ctHelper: of('ct helper'),
    ctTimeout: of('ct timeout'),
    ctExpectation: of('ct expectation'),
  }
}

const isNote = (part: { kind: string } | null | undefined): part is RuleNote => part?.kind === 'note'

/** The changes of a table: `const { add } = table('ip', 'nat')`. */
export function table<const F extends NftFamily>(family: F, name: string): TableChanges<F> {
  // What a literal begins with decides how V8 keeps the object: one that begins with a spread has a layout of its own, which nothing else is as
  // quick with. So none does, where there may be very many.
  const ruleOf = (chain: string, parts: readonly RulePart<F>[]): NftRule => {
    const rule = { family, table: name, chain, statements: parts.filter((part) => !isNote(part)) }
    for (const { kind: _, ...note } of parts.filter(isNote)) Object.assign(rule, note)
    return rule as unknown as NftRule
  }
  const target = (which: RuleTarget): RuleId => (typeof which === 'number' ? { handle: which } : which)
  const adding = (verb: 'add' | 'create'): Adding<F> => {
    const change = (object: object): NftChange => ({ [verb]: object }) as unknown as NftChange
    return {
      table: (options = {}) => change({ table: { family, name, ...options } satisfies NftTable }),
      chain: (chain, options = {}) =>
        change({ chain: { family, table: name, name: chain, ...options } satisfies NftChain }),
      rule: (chain, ...parts) => change({ rule: ruleOf(chain, parts) }),
      set: (set, options) => change({ set: { family, table: name, name: set, ...options } }),
      map: (map, options) => change({ map: { family, table: name, name: map, ...options } }),
      elements: (set, elements) => change({ elements: { family, table: name, set, elements: [...elements] } }),
      flowtable: (flowtable, options) => change({ flowtable: { family, table: name, name: flowtable, ...options } }),
      ...objectChanges((type, object, { kind: _, ...options } = {}) =>
        change({ object: { type, family, table: name, name: object, ...options } }),
      ),
    }
  }
  const removing = (verb: 'del' | 'destroy'): Removing => {
    const change = (object: object): NftChange => ({ [verb]: object }) as unknown as NftChange
    return {
      table: () => change({ table: { family, name } }),
      chain: (chain) => change({ chain: { family, table: name, name: chain } }),
      rule: (chain, which) => change({ rule: { family, table: name, chain, ...target(which) } }),
      set: (set) => change({ set: { family, table: name, name: set } }),
      map: (map) => change({ map: { family, table: name, name: map } }),
      elements: (set, elements) => change({ elements: { family, table: name, set, elements: [...elements] } }),
      flowtable: (flowtable) => change({ flowtable: { family, table: name, name: flowtable } }),
      ...objectChanges((type, object) => change({ object: { type, family, table: name, name: object } })),
    }
  }
  return {
    add: adding('add'),
    create: adding('create'),
    insert: { rule: (chain, ...parts) => ({ insert: { rule: ruleOf(chain, parts) } }) },
    replace: {
      rule: (chain, which, ...parts) => ({ replace: { rule: ruleOf(chain, parts), of: target(which) } }),
    },
    del: removing('del'),
    destroy: removing('destroy'),
    flush: {
      table: () => ({ flush: { table: { family, name } } }),
      chain: (chain) => ({ flush: { chain: { family, table: name, name: chain } } }),
      set: (set) => ({ flush: { set: { family, table: name, name: set } } }),
      map: (map) => ({ flush: { map: { family, table: name, name: map } } }),
    },
  }
}

/** Takes everything away, or all tables of a family: `flush ruleset`. */
export const flushRuleset = (family?: NftFamily): NftChange => ({
  flush: { ruleset: family === undefined ? {} : { family } },
})

type PartValue<P> = P extends Comparable<infer _, infer V> ? V : never
type PartLeft<P> = P extends Expressed<infer L> ? L : never

/** Several keys as one, which are looked up together: `concat(ip.saddr, tcp.dport)(['10.0.0.1', 80])`. */
export const concat = <const P extends readonly [Expressed, Expressed, ...Expressed[]]>(
  ...parts: P
): Comparable<{ [K in keyof P]: PartLeft<P[K]> }, { [K in keyof P]: PartValue<P[K]> }> =>
  comparable(parts.map(asLeft) as { [K in keyof P]: PartLeft<P[K]> })

export type { Presence } from './extension.js'
export { ah } from './headers/ah.js'
export { arp } from './headers/arp.js'
export { comp } from './headers/comp.js'
export { dccp } from './headers/dccp.js'
export { esp } from './headers/esp.js'
export { ether } from './headers/ether.js'
export { icmp } from './headers/icmp.js'
export { icmpv6 } from './headers/icmpv6.js'
export { igmp } from './headers/igmp.js'
export { ip6 } from './headers/ip6.js'
export { th } from './headers/th.js'
export { udp } from './headers/udp.js'
export { udplite } from './headers/udplite.js'
export { vlan } from './headers/vlan.js'
export type { ObjectSetter } from './keys/ct.js'
export { ct } from './keys/ct.js'
export { fib } from './keys/fib.js'
export type { JenkinsHash, SymmetricHash } from './keys/hash.js'
export { jhash, symhash } from './keys/hash.js'
export { ip } from './keys/ip-option.js'
export { dst, frag, hbh, mh, srh } from './keys/ip6-extension.js'
export { meta } from './keys/meta.js'
export type { NumberGenerator } from './keys/numgen.js'
export { numgen } from './keys/numgen.js'
export type { OperatingSystem, OsfTtl } from './keys/osf.js'
export { osf } from './keys/osf.js'
export { rt } from './keys/rt.js'
export { sctp } from './keys/sctp-chunk.js'
export type { SocketCgroup } from './keys/socket.js'
export { socket } from './keys/socket.js'
export { tcp } from './keys/tcp-option.js'
export { restore } from './listing.js'
export type { Comparable, Computed, Expressed, KeyValue, Operand, Selector } from './selector.js'
export type { BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight } from './statements/bits.js'
export type { CtCount } from './statements/connlimit.js'
export { ctCount } from './statements/connlimit.js'
export type { Counter, CounterBuilder } from './statements/counter.js'
export { counter } from './statements/counter.js'
export type { Dup, Fwd } from './statements/dup.js'
export { dup, fwd } from './statements/dup.js'
export type { DynamicElement, ElementChange, SetChange } from './statements/dynset.js'
export { element } from './statements/dynset.js'
export type { Flow } from './statements/flow.js'
export { flow } from './statements/flow.js'
export type { Limit, LimitBuilder, Rate, RatePer } from './statements/limit.js'
export { limit } from './statements/limit.js'
export type { Log, LogOptions } from './statements/log.js'
export { log } from './statements/log.js'
export type { Mangle } from './statements/mangle.js'
export type { MapExpression, MapReference } from './statements/map.js'
export type { AnonymousSet, Match, MatchOp, SetReference } from './statements/match.js'
export type { Dnat, Masquerade, NatFlag, Redirect, Snat } from './statements/nat.js'
export { dnat, masquerade, redirect, snat } from './statements/nat.js'
export type { Notrack } from './statements/notrack.js'
export { notrack } from './statements/notrack.js'
export type { Named, NftReferable, ObjectReference } from './statements/objref.js'
export type { Queue, QueueFlag } from './statements/queue.js'
export { queue } from './statements/queue.js'
export type { Quota, QuotaBuilder } from './statements/quota.js'
export { quota } from './statements/quota.js'
export type { Raw, RawExpression } from './statements/raw.js'
export type { Reject, RejectWith } from './statements/reject.js'
export { reject } from './statements/reject.js'
export type { Reset } from './statements/reset.js'
export { reset } from './statements/reset.js'
export type { Synproxy, SynproxyBuilder, SynproxyOptions } from './statements/synproxy.js'
export { synproxy } from './statements/synproxy.js'
export type { NatPort, NatTarget, PortTarget, Target } from './statements/target.js'
export type { TProxy } from './statements/tproxy.js'
export { tproxy } from './statements/tproxy.js'
export { accept, drop, goBack, goOn, goto, jump } from './statements/verdict.js'
export type { VerdictMap } from './statements/vmap.js'
export type { NumberRange } from './type.js'
export type { Accept, Continue, Drop, Goto, Jump, Return, Verdict } from './verdicts.js'

/** The device a packet came in by, by its name: `iifname`. */
export const iifname = meta.iifname
/** The device a packet goes out by, by its name: `oifname`. */
export const oifname = meta.oifname
/** The device a packet came in by, by its index: `iif`. */
export const iif = meta.iif
/** The device a packet goes out by, by its index: `oif`. */
export const oif = meta.oif
