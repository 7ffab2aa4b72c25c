/** Queueing disciplines: `tc qdisc`. */

import type { UnknownAttributes } from '../netlink/attributes.js'
import { ask, done, type Operation, type Request } from '../netlink/operation.js'
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/protocol.js'
import { type DelOptions, type Device, deletion } from '../rtnetlink.js'
import type { Estimator } from './estimator.js'
import type { Handle, QdiscParent } from './handle.js'
import type { RawTcKind } from './message.js'
import { change, decode, listQdiscs, madeHandle, RTM_DELQDISC, RTM_GETQDISC } from './qdisc-message.js'
import type { qdiscKinds } from './qdiscs.js'
import type { Stab } from './stab.js'
import type { TcStats } from './stats.js'
import { grow, type QdiscTree } from './tree.js'

type QdiscTypes<K extends keyof typeof qdiscKinds> = NonNullable<(typeof qdiscKinds)[K]['types']>

/** What qdiscs of each kind are told. {@link QdiscAddOptions} has it beside `kind`. @interface */
export type QdiscKinds = { [K in keyof typeof qdiscKinds]: QdiscTypes<K>['options'] }

/** What a qdisc has of its kind, under the name of the kind. */
export type QdiscKindValues = { [K in keyof typeof qdiscKinds]?: QdiscTypes<K>['values'] }

/** What the kinds count for themselves, under their names. */
export type QdiscKindStats = {
  [K in keyof typeof qdiscKinds as unknown extends QdiscTypes<K>['stats'] ? never : K]?: QdiscTypes<K>['stats']
}

/** What names a qdisc: the device, and the place or the handle. */
export interface QdiscKey {
  /** The device. */
  dev: Device
  /** Where it is: `'root'`, `'ingress'`, `'clsact'`, or a class such as `'1:10'`. An `ingress` or a `clsact` has its place by its kind. */
  parent?: QdiscParent | undefined
  /** How it is called, such as `'1:'`. */
  handle?: Handle | undefined
}

/** What a qdisc is told whatever its kind is. */
export interface QdiscOptions extends QdiscKey, UnknownAttributes {
  /** Has the kernel say how fast packets go through (`stats.rate`). It is not reported. */
  estimator?: Estimator | undefined
  /** What packets count, where that is not what they have in bytes. */
  stab?: Stab | undefined
  /** The number of a block of filters that it shares with other qdiscs, for what comes in: 1 to 2^32 - 1 (`ingress`, `clsact`; Linux 4.16). */
  ingressBlock?: number | undefined
  /** Likewise for what goes out (`clsact`). */
  egressBlock?: number | undefined
}

/**
 * A qdisc to be made: its place, its `kind`, and the options of that kind ({@link QdiscKinds}: beside `kind: 'tbf'` those of {@link TbfOptions}). What a
 * listed qdisc has under the name of its kind may be given back.
 */
export type QdiscAddOptions =
  | {
      [K in keyof QdiscKinds]: {
        /** What it is to be. */
        kind: K
      } & QdiscOptions &
        QdiscKinds[K] &
        Pick<QdiscKindValues, K>
    }[keyof QdiscKinds]
  | (QdiscOptions & RawTcKind)

/** A qdisc that was made. */
export interface QdiscMade {
  /** How it is called, also where the kernel chose. */
  handle: Handle
}

/** A qdisc as the kernel reports it. What it has of its kind is under the kind's name: `qdisc.tbf.rate`. */
export interface Qdisc extends QdiscKindValues {
  /** The device. */
  dev: Device
  /** What it is. */
  kind: string
  /** How it is called: `'0:'` for one that the kernel made of itself. */
  handle: Handle
  /** Where it is. */
  parent?: QdiscParent
  /** How many use it: the device, and each of its queues. */
  refcnt: number
  /** What has gone through. */
  stats: TcStats & QdiscKindStats
  /** What packets count, where that is not what they have in bytes. */
  stab?: Stab
  /** The block of filters it shares. */
  ingressBlock?: number
  /** Likewise for what goes out. */
  egressBlock?: number
  /** It is hardware that does the work. */
  offloaded?: boolean
  /** What it is told, if this version does not know its kind: the bytes in hexadecimal. */
  data?: string
  /** Attributes this version does not know, by number. */
  unknown?: Record<number, string>
}

/** Which qdiscs to list. All that is given has to hold. */
export interface QdiscFilter {
  /** Of this device. */
  dev?: Device | undefined
  /** In this place. */
  parent?: QdiscParent | undefined
  /** Of this kind. */
  kind?: string | undefined
  /** Also those that the kernel does not show by itself: such as the queues of classes that nobody gave one. */
  invisible?: boolean | undefined
}

/** Queueing disciplines (`tc qdisc`). */
export class QdiscOperations {
  /**
   * Gives a device, or a class, a qdisc: `tc qdisc add`.
   *
   * ```ts
   * await ns.qdisc.add({ dev: 'eth0', parent: 'root', kind: 'tbf', rate: '100mbit', burst: '100kb', latency: '50ms' })
   * ```
   *
   * A kind that this version does not know goes by its name, and what it is told by the bytes: `kind: { raw: 'cake' }, data: { … }`.
   *
   * @returns how it is called, also when the kernel chose
   * @throws NetlinkError EEXIST when there is one with that handle; ENOENT when the kernel lacks the kind, or there is no such class
   */
  *add(options: QdiscAddOptions): Operation<QdiscMade> {
    return yield* made(change('qdisc.add', NLM_F_CREATE | NLM_F_EXCL, options))
  }

  /**
   * Gives a device, or a class, a qdisc in place of the one it has, or changes that if it is of the kind and nothing is said of its handle:
   * `tc qdisc replace`.
   */
  *replace(options: QdiscAddOptions): Operation<QdiscMade> {
    return yield* made(change('qdisc.replace', NLM_F_CREATE | NLM_F_REPLACE, options))
  }

  /**
   * Changes a qdisc: `tc qdisc change`. Of most kinds what is not said stays as it is; of some everything has to be said again, which is noted there.
   *
   * @throws NetlinkError ENOENT when there is none, EINVAL when it is of another kind
   */
  *change(options: QdiscAddOptions): Operation<void> {
    done(yield change('qdisc.change', 0, options))
  }

  /**
   * Takes a qdisc away, with its classes and filters: `tc qdisc del`. The device, or the class, then has what it has by itself. The place has to be given;
   * the handle, and the kind, only make sure that it is the one that is meant.
   *
   * @throws NetlinkError ENOENT when there is none; EINVAL when `kind` is given and it is of another
   */
  *del(options: QdiscKey & { kind?: string | undefined } & DelOptions): Operation<void> {
    const { missingOk, ...key } = options ?? {}
    const request = change('qdisc.del', 0, key, true)
    yield* deletion({ ...request, type: RTM_DELQDISC }, { missingOk }, 'ENOENT')
  }

  /**
   * One qdisc: what `tc qdisc show` says of it.
   *
   * @throws NetlinkError ENOENT when there is none
   */
  *get(key: QdiscKey): Operation<Qdisc> {
    const request = change('qdisc.get', NLM_F_ECHO, key, true)
    const found = yield* ask<Qdisc>({ ...request, type: RTM_GETQDISC, decode })
    if (found.parent !== undefined) return found
    // Asked for a handle, the kernel does not say where it is.
    const all = yield* listQdiscs('qdisc.get', { dev: key.dev, invisible: true })
    return all.find(({ handle }) => handle === found.handle) ?? found
  }

  /** All qdiscs, or those a filter lets through: `tc qdisc show`. */
  *list(filter: QdiscFilter = {}): Operation<Qdisc[]> {
    return yield* listQdiscs('qdisc.list', filter)
  }

  /**
   * What a device does with packets, as one object: its qdiscs with their classes and filters inside each other, and what each has counted. It is asked
   * for bit by bit, so that it may be of several moments.
   *
   * ```ts
   * const { root } = await ns.qdisc.tree('eth0')
   * root?.classes[0]?.stats.bytes
   * ```
   */
  *tree(dev: Device): Operation<QdiscTree> {
    return yield* grow(dev, yield* listQdiscs('qdisc.tree', { dev }))
  }
}

/** Makes a qdisc, and has the kernel say what it made. */
function* made(request: Request): Operation<QdiscMade> {
  const handle: Handle | undefined = yield* ask<Handle>({
    ...request,
    flags: request.flags | NLM_F_ECHO,
    decode: madeHandle,
  })
  return { handle: handle ?? '0:' }
}
