/** nftables: rules for packets, changed in transactions and listed as data. */

import { constants } from 'node:os'
import { integer, invalidType, onlyKnown } from '../netlink/check.js'
import { NetlinkError } from '../netlink/error.js'
import { asOne, type Operation } from '../netlink/operation.js'
import type { NftChange } from './changes.js'
import { commit, isOutdated } from './commit.js'
import { familyNumber, type NftFamily } from './family.js'
import { type NftFilter, type NftRuleset, readRuleset } from './listing.js'
import { whyRefused } from './misplaced.js'
import type { NftNamedObject } from './objects.js'
import { byComment } from './references.js'
import { generationNow } from './requests.js'
import {
  type ElementsFilter,
  type ObjectsFilter,
  type RulesFilter,
  resetElements,
  resetObjects,
  resetRules,
} from './reset.js'
import type { NftRule } from './statements.js'
import { Transaction } from './transaction.js'

/** How often what was read is read anew, when it was changed meanwhile. */
const TRIES = 10
/** The same for a list, which nothing depends on. */
const LIST_TRIES = 100

/** How a transaction is made. */
export interface ApplyOptions {
  /** The ruleset has to be the one that was listed as this generation. */
  generation?: number | undefined
  /** The handles of what is added are wanted. */
  echo?: boolean | undefined
}

/** How changes are made that depend on what there is. */
export interface UpdateOptions {
  /** How often it is tried while others are faster: ten times, when nothing is said; Infinity is as often as it takes. */
  tries?: number | undefined
}

const filterNames = new Set(['family', 'table'])
const flushNames = new Set(['family'])
const updateNames = new Set(['tries'])
const applyNames = new Set(['generation', 'echo'])

/** Rules for packets: `nft`. */
export class NftOperations {
  /**
   * Makes changes in one transaction, all of them or none: `nft -f`. The builders of `nslink/nft` make the changes.
   *
   * As promises, what is asked of the namespace afterwards waits for it; the event loop does not, however much there is to do. Until the promise settles,
   * what is in the changes must stay as it is; the list itself is copied.
   *
   * An ordinary user's transactions are limited to what a socket may send (sysctl net.core.wmem_max), some 1,000 rules; root's to 512 MiB.
   *
   * @returns with `echo`, the handles of what was added, in the order of the changes; undefined for changes that add nothing
   * @throws TypeError when a change is malformed: the error says which, and of a rule which statement
   * @throws NetlinkError when the kernel refuses: `change` is the number of the change it refuses. ERESTART when the ruleset is not of the
   *   generation given. Nothing has been done then
   */
  *apply(changes: readonly NftChange[], options: ApplyOptions = {}): Operation<(number | undefined)[]> {
    onlyKnown('nft.apply', options, applyNames)
    const { generation, echo } = options
    if (!Array.isArray(changes)) throw invalidType('changes', 'an array', changes)
    if (generation !== undefined) integer('generation', generation, 0, 0xffff_ffff)
    if (echo !== undefined && typeof echo !== 'boolean') throw invalidType('echo', 'a boolean', echo)
    const given: readonly NftChange[] = [...changes]
    yield* asOne()
    for (let tries = 1; ; tries++) {
      const now = yield* generationNow('nft.apply')
      const resolved = yield* byComment(given)
      const transaction = new Transaction(now.names, echo === true)
      // What was looked up has to be so still. Who looked nothing up need not mind others.
      const looked = resolved !== given
      try {
        return yield* commit(transaction, resolved, generation ?? (looked ? now.id : undefined))
      } catch (error) {
        if (generation !== undefined || !isOutdated(error) || tries === TRIES) throw yield* whyRefused(error, resolved)
      }
    }
  }

  /**
   * Lists the ruleset and makes the changes that `plan` returns for it, in a transaction that fails when somebody else was faster; then it begins
   * anew.
   *
   * @param plan may run more than once
   * @throws NetlinkError ERESTART when somebody was faster each time; otherwise what `list` and `apply` throw
   */
  *update(plan: (ruleset: NftRuleset) => readonly NftChange[], options: UpdateOptions = {}): Operation<void> {
    onlyKnown('nft.update', options, updateNames)
    const { tries: most = TRIES } = options
    if (typeof plan !== 'function') throw invalidType('plan', 'a function', plan)
    if (most !== Number.POSITIVE_INFINITY) integer('tries', most, 1, Number.MAX_SAFE_INTEGER)
    for (let tries = 1; ; tries++) {
      const ruleset = yield* this.list()
      try {
        yield* this.apply(plan(ruleset), { generation: ruleset.generation })
        return
      } catch (error) {
        if (!isOutdated(error) || tries === most) throw error
      }
    }
  }

  /**
   * The ruleset, or a part of it: `nft list ruleset`, `nft list table`. All of it is of one moment.
   *
   * @throws NetlinkError EINTR when the ruleset changed each of the hundred times it was read
   */
  *list(filter: NftFilter = {}): Operation<NftRuleset> {
    onlyKnown('nft.list', filter, filterNames)
    const { family, table } = filter
    const number = family === undefined ? 0 : familyNumber('family', family)
    if (table !== undefined && typeof table !== 'string') throw invalidType('table', 'a string', table)
    for (let tries = 1; ; tries++) {
      const before = yield* generationNow('nft.list')
      const ruleset = yield* readRuleset(number, table, before)
      const after = yield* generationNow('nft.list')
      if (before.id === after.id) return ruleset
      if (tries === LIST_TRIES) {
        const failure = { errno: -constants.errno.EINTR, syscall: 'netlink', doing: 'nft.list' }
        throw new NetlinkError(failure, `the ruleset changed each of the ${LIST_TRIES} times it was read`, [ruleset])
      }
    }
  }

  /**
   * Has the counters and quotas of rules begin anew: `nft reset rules`. Linux 6.2.
   *
   * @returns the rules, with what they had counted
   * @throws NetlinkError ENOENT when there is no such table, chain or handle
   */
  *resetRules(which: RulesFilter = {}): Operation<NftRule[]> {
    return yield* resetRules(which)
  }

  /**
   * Has the counters and quotas that the elements of a set have for themselves begin anew: `nft reset set`, `nft reset element`. Linux 6.5.
   *
   * @returns the elements, with what they had counted
   * @throws NetlinkError ENOENT when there is no such set or element
   */
  *resetElements(which: ElementsFilter): Operation<unknown[]> {
    return yield* resetElements(which)
  }

  /**
   * Has counters and quotas with names begin anew: `nft reset counters`, `nft reset quotas`.
   *
   * @returns the objects, with what they had counted
   * @throws NetlinkError ENOENT when there is no such object
   */
  *resetObjects(which: ObjectsFilter = {}): Operation<NftNamedObject[]> {
    return yield* resetObjects(which)
  }

  /** Takes everything away, or all tables of a family: `nft flush ruleset`. */
  *flush(filter: { family?: NftFamily | undefined } = {}): Operation<void> {
    onlyKnown('nft.flush', filter, flushNames)
    yield* this.apply([{ flush: { ruleset: filter } }])
  }
}
