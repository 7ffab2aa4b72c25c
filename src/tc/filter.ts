/** Filters, which choose a class for packets, or do something with them: `tc filter`. */

import type { UnknownAttributes } from '../netlink/attributes.js'
import { invalidValue } from '../netlink/check.js'
import { ask, type Operation, send } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../netlink/protocol.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import type { Estimator } from './estimator.js'
import { type Change, change, decode, listFilters, RTM_DELTFILTER, RTM_GETTFILTER } from './filter-message.js'
import type { filterKinds } from './filters.js'
import type { FilterParent } from './handle.js'
import type { RawTcKind } from './message.js'
import type { EtherProtocol } from './protocol.js'

type FilterTypes<K extends keyof typeof filterKinds> = NonNullable<(typeof filterKinds)[K]['types']>
type HandleOf<K extends keyof typeof filterKinds> = ReturnType<(typeof filterKinds)[K]['handle']['format']>

/** What filters of each kind are told. {@link FilterAddOptions} has it beside `kind`. @interface */
export type FilterKinds = { [K in keyof typeof filterKinds]: FilterTypes<K>['options'] }

/** What a filter has of its kind, under the name of the kind. */
export type FilterKindValues = { [K in keyof typeof filterKinds]?: FilterTypes<K>['values'] }

/** Where filters are. */
export interface FilterPlace {
  /** The device; or a `block`. */
  dev?: Device | undefined
  /** A block of filters that several qdiscs share, 1 to 2^32 - 1, in place of a device (Linux 4.16). */
  block?: number | undefined
  /** Where on the device: `'ingress'`, `'egress'`, or a qdisc or class such as `'1:'`. The qdisc at the root when nothing is said. */
  parent?: FilterParent | undefined
  /** The chain, 0 to 2^28 - 1, that an action may `goto`: 0, where packets begin, when nothing is said (Linux 4.13). */
  chain?: number | undefined
}

/** What a filter has whatever its kind is. */
export interface FilterOptions extends FilterPlace, UnknownAttributes {
  /** The protocol of the packets it looks at: `'all'` when nothing is said. */
  protocol?: EtherProtocol | undefined
  /** Filters are asked in the order of their priorities, 1 to 65535 (`pref`). Those of one priority are of one kind and one protocol. */
  prio?: number | undefined
}

/** What actions of a filter may go by. */
export interface Estimated {
  /** How the rate of packets is estimated, for a `police` with an `avrate`. It is not reported. */
  estimator?: Estimator | undefined
}

/**
 * A filter to be made: its place, its `kind`, and the options of that kind ({@link FilterKinds}: beside `kind: 'u32'` those of {@link U32Options}). What a
 * listed filter has under the name of its kind may be given back.
 */
export type FilterAddOptions =
  | {
      [K in keyof FilterKinds]: {
        /** What it is to be. */
        kind: K
        /** How it is called among those of its priority: a number, for a `u32` text such as `'800::1'`. The kernel chooses when nothing is said. */
        handle?: HandleOf<K> | undefined
      } & FilterOptions &
        Estimated &
        FilterKinds[K] &
        Pick<FilterKindValues, K>
    }[keyof FilterKinds]
  | (FilterOptions & Estimated & RawTcKind & { handle?: number | undefined })

/** What names a filter. */
export interface FilterKey extends FilterOptions {
  /** How it is called. */
  handle?: string | number | undefined
  /** What it is. It takes that to know what a `handle` means. */
  kind?: string | { raw: string } | undefined
}

/** A filter that was made. */
export interface FilterMade {
  /** Its priority, also where the kernel chose. */
  prio: number
  /** How it is called, likewise. */
  handle: string | number
}

/** A filter as the kernel reports it. What it has of its kind is under the kind's name: `filter.u32.flowid`. */
export interface Filter extends FilterKindValues {
  /** The device; absent in a block. */
  dev?: Device
  /** The block it is in. */
  block?: number
  /** Where on the device. */
  parent?: FilterParent
  /** The chain. */
  chain: number
  /** The protocol of the packets it looks at. */
  protocol: EtherProtocol
  /** Its priority. */
  prio: number
  /** How it is called among those of its priority. */
  handle: string | number
  /** What it is. */
  kind: string
  /** What it is told, if this version does not know its kind: the bytes in hexadecimal. */
  data?: string
  /** Attributes this version does not know, by number. */
  unknown?: Record<number, string>
}

/** Which filters to list: those in one place. */
export interface FilterFilter extends FilterOptions {
  /** Of this kind. */
  kind?: string | undefined
}

/** Filters (`tc filter`). */
export class FilterOperations {
  /**
   * Makes a filter: `tc filter add`.
   *
   * ```ts
   * await ns.filter.add({ dev: 'eth0', parent: '1:', protocol: 'ip', prio: 1, kind: 'u32', match: [{ ip: { dport: 3306 } }], flowid: '1:11' })
   * ```
   *
   * @returns its priority and its handle, also when the kernel chose them
   * @throws NetlinkError EEXIST when there is one with that handle; ENOENT when the kernel lacks the kind; EINVAL when there is no such qdisc
   */
  *add(options: FilterAddOptions): Operation<FilterMade> {
    return yield* made(change('filter.add', NLM_F_CREATE | NLM_F_EXCL, options))
  }

  /**
   * Makes a filter, or changes the one with that priority and handle: `tc filter replace`. What can be changed depends on the kind: what a `u32` matches
   * stays as it is, and the kernel says nothing.
   */
  *replace(options: FilterAddOptions): Operation<FilterMade> {
    return yield* made(change('filter.replace', NLM_F_CREATE, options))
  }

  /**
   * Changes a filter: `tc filter change`. What can be changed depends on the kind, as above.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *change(options: FilterAddOptions): Operation<void> {
    const request = change('filter.change', 0, options)
    yield* closing(request, send(request))
  }

  /**
   * Removes a filter, by `prio`, `kind` and `handle`; without a handle, all of that priority; without a priority, all that are there: `tc filter del`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *del(options: FilterKey & DelOptions): Operation<void> {
    const { missingOk, ...key } = options
    const request = change('filter.del', 0, key, true)
    yield* deletion({ ...request, type: RTM_DELTFILTER }, { missingOk }, 'ENOENT')
  }

  /**
   * One filter, by `prio`, `kind` and `handle`: `tc filter get`.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(key: FilterKey): Operation<Filter> {
    for (const name of ['prio', 'kind', 'handle'] as const) {
      if (key?.[name] === undefined) throw invalidValue(name, key?.[name], 'must be given')
    }
    return yield* ask<Filter>({ ...change('filter.get', 0, key, true), type: RTM_GETTFILTER, decode })
  }

  /** The filters of one place, or those of them that a filter lets through: `tc filter show`. */
  *list(filter: FilterFilter): Operation<Filter[]> {
    return yield* listFilters('filter.list', filter)
  }
}

/** Makes a filter, and has the kernel say what it made. */
function* made(request: Change): Operation<FilterMade> {
  const filter: Filter | undefined = yield* closing(
    request,
    ask<Filter>({ ...request, flags: request.flags | NLM_F_ECHO, decode }),
  )
  return { prio: filter?.prio ?? 0, handle: filter?.handle ?? 0 }
}

function* closing<T>(request: Change, operation: Operation<T>): Operation<T> {
  try {
    return yield* operation
  } finally {
    request.close?.()
  }
}
