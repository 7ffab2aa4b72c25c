/** The connection tracking table: `conntrack`. */

import { NFNETLINK_V0, nfgenmsg } from '../netfilter.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { isError, NetlinkError } from '../netlink/error.js'
import { Listing } from '../netlink/listing.js'
import { ask, copied, done, type Operation, settle } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_EXCL } from '../netlink/protocol.js'
import { type DelOptions, deletion, type Family } from '../rtnetlink.js'
import { type Conntrack, type ConntrackGiven, type ConntrackStatus, statusBits, table } from './attributes.js'
import { bitsOf } from './bits.js'
import {
  addExpectation,
  delExpectation,
  type Expectation,
  type ExpectationKey,
  type ExpectationOptions,
  expectations,
  flushExpectations,
} from './expectation.js'
import { type ConntrackFilter, chooser, filterNames } from './filter.js'
import { checkNat, translated } from './nat.js'
import {
  asking,
  base,
  type ConntrackKey,
  checkFamily,
  deleting,
  described,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
  IPCTNL_MSG_CT_GET_CTRZERO,
  keyOf,
  listed,
  listing,
  writing,
} from './request.js'
import { type ConntrackStats, stats } from './stats.js'
import { type ConntrackTuple, checkBoth, checkWhole, inverse, protocols } from './tuple.js'

/** How entries are read. */
export interface ConntrackReading {
  /** Counters begin anew at zero, without a packet being missed that came in between: `conntrack -L -z`. */
  zero?: boolean | undefined
}

/** An entry that is to be made. One that was listed can be given as it is. */
export interface ConntrackOptions extends Omit<ConntrackGiven, 'markMask' | 'labelsMask' | 'statusMask'> {
  /** The family of the addresses; they tell it as well. */
  family?: Family | undefined
  orig: ConntrackTuple
  /** When nothing is said, `orig` the other way round. */
  reply?: ConntrackTuple | undefined
  timeout: number
}

/** The entry that is to be changed, and what is to be different. One that was listed can be given as it is. */
export interface ConntrackUpdate
  extends ConntrackKey,
    Omit<ConntrackGiven, 'orig' | 'reply' | 'zone' | 'snat' | 'dnat' | 'master' | 'statusMask'> {
  /** What is to be true of it. `seenReply`, `assured` and `fixedTimeout` can become true; nothing that is true becomes false. */
  status?: readonly ConntrackStatus[] | undefined
}

const changeable = new Set([
  ...['timeout', 'mark', 'markMask', 'status', 'tcp', 'sctp', 'dccp'],
  ...['helper', 'labels', 'labelsMask', 'seqAdj', 'synproxy', 'unknown'],
])
/** What an entry may have, but for some of it. */
const own = [...Object.keys(table.entries).filter((name) => name !== 'secmark'), 'family', 'unknown']
const except = (some: RegExp, ...more: string[]) => new Set([...own.filter((name) => !some.test(name)), ...more])

const knownToList = new Set([...filterNames, 'zero'])
const knownToRead = except(/Mask$|^[sd]nat$/, 'zero')
const knownToAdd = except(/Mask$/)
const knownToUpdate = except(/^(snat|dnat|statusMask)$/)
const knownToDelete = except(/Mask$|^[sd]nat$/, 'missingOk')

/**
 * The connection tracking table (`conntrack`): the connections that packets belong to, of which rules speak (`ct state established`) and by which
 * addresses are translated.
 *
 * The kernel tracks connections in a namespace in which something asks it to: a rule with `ct`, a chain of type `nat`. All this takes the
 * capability CAP_NET_ADMIN, looking included.
 */
export class ConntrackOperations {
  /**
   * The entries, or those that a filter lets through: `conntrack -L`.
   *
   * The kernel looks for the family, the mark, the status (Linux 5.15), the zone (6.8) and tuples (5.8; but for networks, addresses of IPv6, and the
   * ports of other protocols than TCP and UDP). The rest is left out here.
   */
  *list(filter: ConntrackFilter & ConntrackReading = {}): Operation<Conntrack[]> {
    onlyKnown('conntrack.list', filter, knownToList)
    const { zero, ...wanted } = copied(filter)
    const which = chooser('conntrack.list', wanted)
    if (!isZero(zero)) return yield* listed('conntrack.list', which, IPCTNL_MSG_CT_GET)
    if (which.plain) return yield* listed('conntrack.list', which, IPCTNL_MSG_CT_GET_CTRZERO)
    // What is left out here must keep its counters.
    const entries = yield* listed('conntrack.list', which, IPCTNL_MSG_CT_GET)
    const answers = yield* settle(entries.map((entry) => asking(IPCTNL_MSG_CT_GET_CTRZERO, 'conntrack.list', entry)))
    return answers.flatMap(({ error, items }) => {
      if (error === undefined) return items as Conntrack[]
      if (isError(error, 'ENOENT')) return []
      throw error
    })
  }

  /**
   * The entries that `list` gives, one after the other while they are read, for tables too long to be held:
   * `for await (const entry of ns.conntrack.each())`, in `nslink/sync` `for (const entry of …)`.
   * It has a socket of its own, so that anything else can be asked meanwhile; leaving the loop closes it. It is not for batches.
   *
   * @throws NetlinkError EINTR after the last one when the list changed meanwhile: some may be missing then, or have come twice
   */
  each(filter: ConntrackFilter = {}): Listing<Conntrack> {
    onlyKnown('conntrack.each', filter, filterNames)
    return new Listing(listing('conntrack.each', chooser('conntrack.each', copied(filter)), IPCTNL_MSG_CT_GET))
  }

  /**
   * One entry: `conntrack -G`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(key: ConntrackKey & ConntrackReading): Operation<Conntrack> {
    onlyKnown('conntrack.get', key, knownToRead)
    const type = isZero(key.zero) ? IPCTNL_MSG_CT_GET_CTRZERO : IPCTNL_MSG_CT_GET
    return yield* ask<Conntrack>(asking(type, 'conntrack.get', key))
  }

  /**
   * Makes an entry: `conntrack -I`. A status of `srcNat` or `dstNat` has the packets translated as `reply` says; so do `snat` and `dnat`, with which
   * the kernel works out `reply`.
   *
   * @throws NetlinkError EEXIST when there is one with such packets, EOPNOTSUPP when there is no such helper, ENOENT when there is no such master
   */
  *add(options: ConntrackOptions | Conntrack): Operation<void> {
    onlyKnown('conntrack.add', options, knownToAdd)
    checkWhole('orig', options.orig)
    const {
      orig,
      reply = inverse(orig),
      family: _,
      ...rest
    } = copied<ConntrackOptions | Conntrack>(options) as ConntrackOptions
    checkBoth(orig, reply)
    checkFamily(options, orig)
    if (rest.master !== undefined) checkWhole('master', rest.master)
    integer('timeout', rest.timeout, 0, 0xffff_ffff)
    checkState(orig, rest)
    checkStatus(rest)
    checkNat('snat', rest.snat, orig)
    checkNat('dnat', rest.dnat, orig)
    const entry = { ...rest, ...translated({ ...rest, orig, reply }) }
    // The kernel sets these itself, and refuses to be told otherwise.
    if (rest.status !== undefined) entry.status = [...without(rest.status, 'expected', 'dying'), 'confirmed']
    done(yield writing(NLM_F_CREATE | NLM_F_EXCL, 'conntrack.add', orig, entry))
  }

  /**
   * Changes an entry: `conntrack -U`. What is not given stays.
   *
   * @throws NetlinkError ENOENT when there is none, EOPNOTSUPP for a helper that it cannot have, EPERM for the timeout of one that is fixed, ENOSPC
   *   for labels that it cannot have. The kernel makes changes one after the other: helper, timeout, status, what is followed of the
   *   protocol, mark, labels; those before the one it refuses are made
   */
  *update(options: ConntrackUpdate): Operation<void> {
    onlyKnown('conntrack.update', options, knownToUpdate)
    const { key, tuple } = keyOf(options)
    const change = Object.fromEntries(
      Object.entries(copied(options)).filter(([name, value]) => changeable.has(name) && value !== undefined),
    ) as ConntrackGiven
    if (Object.keys(change).every((name) => name.endsWith('Mask'))) {
      throw invalidValue('options', options, 'must name what to change: a timeout, a mark, …')
    }
    if (change.markMask !== undefined && change.mark === undefined)
      throw invalidValue('markMask', change.markMask, 'needs a mark')
    if (change.labelsMask !== undefined && change.labels === undefined) {
      throw invalidValue('labelsMask', change.labelsMask, 'needs labels')
    }
    checkState(tuple, change)
    checkStatus(change)
    if (change.status !== undefined) {
      // It wants to be told what is true already.
      const { status } = yield* ask<Conntrack>(asking(IPCTNL_MSG_CT_GET, 'conntrack.update', options))
      change.status = [...status, ...without(change.status, 'expected', 'dying')]
    }
    try {
      done(yield writing(0, 'conntrack.update', tuple, { ...key, ...change }))
    } catch (error) {
      if (change.timeout === undefined || !isError(error, 'EPERM')) throw error
      const { status } = yield* ask<Conntrack>(asking(IPCTNL_MSG_CT_GET, 'conntrack.update', options))
      throw status.includes('fixedTimeout') ? fixed(error, tuple) : error
    }
  }

  /**
   * Removes an entry: `conntrack -D` for one. With the `id` of a listed entry, that very entry.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: ConntrackKey & { id?: number | undefined } & DelOptions): Operation<void> {
    onlyKnown('conntrack.del', options, knownToDelete)
    const { missingOk } = options
    yield* deletion(deleting('conntrack.del', options), { missingOk }, 'ENOENT')
  }

  /**
   * Removes all entries, `conntrack -F`, or those that a filter lets through, `conntrack -D`; and says how many they were. Without a filter, it is how
   * many the kernel had counted just before.
   *
   * A filter must not be empty, so that nobody cuts all connections by a slip.
   */
  *flush(filter?: ConntrackFilter): Operation<number> {
    if (filter === undefined) {
      const { entries } = yield* stats('conntrack.flush')
      done(
        yield {
          ...base('conntrack.flush', undefined),
          type: IPCTNL_MSG_CT_DELETE,
          slow: true,
          encode: (writer) => nfgenmsg.write(writer, { version: NFNETLINK_V0 }),
        },
      )
      return entries
    }
    onlyKnown('conntrack.flush', filter, filterNames)
    const wanted = copied(filter)
    const which = chooser('conntrack.flush', wanted)
    if (Object.values(wanted).every((value) => value === undefined)) {
      throw invalidValue(
        'filter',
        filter,
        'must name what to flush: a mark, a zone, …; without a filter, everything goes',
      )
    }
    // An older kernel would pass over what it does not know of a filter, and remove everything.
    const entries = yield* listed('conntrack.flush', which, IPCTNL_MSG_CT_GET)
    const answers = yield* settle(entries.map((entry) => deleting('conntrack.flush', entry)))
    let gone = 0
    for (const { error } of answers) {
      if (error === undefined) gone++
      // Somebody else was faster.
      else if (!isError(error, 'ENOENT')) throw error
    }
    return gone
  }

  /** How many entries there are, and what each processor has counted: `conntrack -C`, `conntrack -S`. */
  *stats(): Operation<ConntrackStats> {
    return yield* stats('conntrack.stats')
  }

  /** The connections that helpers have heard announced, and that have not begun: `conntrack -L expect`. */
  *expectations(): Operation<Expectation[]> {
    return yield* expectations('conntrack.expectations')
  }

  /**
   * Announces a connection, as helpers do: `conntrack -I expect`. Its first packet has to be as `tuple` says, and belongs to `master` then. A
   * connection announces only so many at once as its helper allows (FTP: one): another takes the place of the oldest.
   *
   * @throws NetlinkError EEXIST when it has been announced already, ENOENT when there is no such master, EOPNOTSUPP when that has no helper
   */
  *addExpectation(options: ExpectationOptions | Expectation): Operation<void> {
    yield* addExpectation(options)
  }

  /**
   * Takes an announcement back: `conntrack -D expect`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *delExpectation(options: ExpectationKey & DelOptions): Operation<void> {
    yield* delExpectation(options)
  }

  /** Takes all announcements back: `conntrack -F expect`. */
  *flushExpectations(): Operation<void> {
    yield* flushExpectations()
  }
}

function isZero(zero: unknown): boolean {
  if (zero !== undefined && typeof zero !== 'boolean') throw invalidType('zero', 'a boolean', zero)
  return zero === true
}

/** It is taken apart before it is written. */
function checkStatus({ status }: ConntrackGiven): void {
  if (status !== undefined) bitsOf('status', status, statusBits)
}

const without = (status: readonly ConntrackStatus[], ...names: readonly ConntrackStatus[]): ConntrackStatus[] =>
  status.filter((name) => !names.includes(name))

/** It says EPERM, too, where no privilege would help. */
const fixed = ({ errno, syscall, request, netns }: NetlinkError, tuple: ConntrackTuple): NetlinkError =>
  new NetlinkError(
    { errno, syscall, request, netns, doing: `conntrack.update ${described(tuple)}`, attribute: 'timeout' },
    'its timeout is fixed',
  )

/** What is followed of a protocol belongs to that protocol. The kernel would pass over it. */
function checkState({ proto }: ConntrackTuple, options: ConntrackGiven): void {
  const own = protocols.name(protocols.number(proto, 'proto'))
  for (const name of ['tcp', 'sctp', 'dccp'] as const) {
    if (options[name] !== undefined && name !== own) throw invalidValue(name, options[name], `is not for ${own}`)
  }
}
