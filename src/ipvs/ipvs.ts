/** IP virtual server, the kernel's load balancer: `ipvsadm`. */

import { invalidValue, onlyKnown } from '../netlink/check.js'
import { copied, type Operation } from '../netlink/operation.js'
import { type DelOptions, deletion } from '../rtnetlink.js'
import {
  daemonKey,
  daemonSaid,
  type IpvsDaemon,
  type IpvsDaemonKey,
  type IpvsDaemonOptions,
  type IpvsInfo,
  type IpvsTimeouts,
  infoTold,
  timeoutNames,
} from './config.js'
import {
  checkDest,
  checkDestDeletion,
  destChanged,
  destKey,
  destSaid,
  type IpvsDestKey,
  type IpvsDestOptions,
} from './dest.js'
import { askOf, type Doing, dumpOf, infoOf, ipvsFamily, type Prepared, prepared, sendTo } from './request.js'
import {
  checkDeletion,
  checkOptions,
  checkWhole,
  described,
  type IpvsService,
  type IpvsServiceKey,
  type IpvsServiceOptions,
  type IpvsServiceWithDests,
  type Key,
  keyOf,
  keySaid,
  said,
  told,
} from './service.js'
import { addWhole, destsOf, replaceWhole, whole } from './table.js'

const serviceTold = ({ service = {} }: { service?: object | undefined }): Omit<IpvsService, 'dests'> => told(service)

/** Sends a request that is written already. */
function* sendNow(request: Prepared): Operation<void> {
  yield* sendTo(yield* ipvsFamily(request), request)
}

/** What an operation on a service is, for errors, and the service. */
function onService(doing: string, service: IpvsServiceKey): { what: Doing; key: Key } {
  checkWhole(doing, service)
  const key = keyOf(service)
  return { what: { doing, subject: described(key) }, key }
}

/**
 * IP virtual server, the kernel's load balancer (`ipvsadm`): connections to a *service* go to one of its *destinations*, the real servers. Each namespace has
 * services of its own.
 *
 * IPVS takes packets where they come in for the host itself, so the address of a service has to be one of the host's, be it of a dummy device.
 *
 * All this takes the capability CAP_NET_ADMIN in the first user namespace, looking included, and a kernel with IPVS (`ability:ipvs`): without, an error
 * has the code EOPNOTSUPP.
 */
export class IpvsOperations {
  /** The services with their destinations, and what was counted of them: `ipvsadm -L`, `ipvsadm -S`. */
  *list(): Operation<IpvsService[]> {
    const what: Doing = { doing: 'ipvs.list', subject: undefined }
    const family = yield* ipvsFamily(what)
    const all = yield* dumpOf(family, prepared(what, 'IPVS_CMD_GET_SERVICE'))
    const services: IpvsService[] = []
    for (const each of all) {
      const service = serviceTold(each)
      services.push({ ...service, dests: yield* destsOf(family, what, keyOf(service)) })
    }
    return services
  }

  /**
   * One service with its destinations: `ipvsadm -L -t …`.
   *
   * @throws NetlinkError ESRCH when there is none
   */
  *get(service: IpvsServiceKey): Operation<IpvsService> {
    const { what, key } = onService('ipvs.get', service)
    const request = prepared(what, 'IPVS_CMD_GET_SERVICE', { service: keySaid(key) })
    const family = yield* ipvsFamily(what)
    const found = serviceTold(yield* askOf(family, request))
    return { ...found, dests: yield* destsOf(family, what, key) }
  }

  /**
   * Makes a service: `ipvsadm -A`, and `ipvsadm -a` for each of its `dests`. When the kernel refuses one of these, the service is gone again.
   *
   * @throws NetlinkError EEXIST when there is one, ENOENT when the kernel has no such scheduler or persistence engine
   */
  *add(options: IpvsServiceWithDests): Operation<void> {
    checkWhole('ipvs.add', options)
    const service = whole('ipvs.add', options)
    yield* addWhole(yield* ipvsFamily(service.what), service)
  }

  /**
   * Changes a service: `ipvsadm -E`. What is not given stays, unlike there; destinations are changed by themselves.
   *
   * @throws NetlinkError ESRCH when there is none, ENOENT when the kernel has no such scheduler or persistence engine
   */
  *set(options: IpvsServiceOptions): Operation<void> {
    checkOptions('ipvs.set', options)
    const { what, key } = onService('ipvs.set', options)
    const change = given(options)
    const request = prepared(what, 'IPVS_CMD_GET_SERVICE', { service: keySaid(key) })
    const family = yield* ipvsFamily(what)
    const before = serviceTold(yield* askOf(family, request))
    const service = said(key, { ...before, ...change })
    yield* sendTo(family, prepared(what, 'IPVS_CMD_SET_SERVICE', { service }))
  }

  /**
   * Makes a service, or makes the one that there is what is said here. With `dests`, those become its destinations: others go, and those that are there
   * already keep their connections. Without, they stay. The kernel takes one change after the other; when it refuses one, those before it are made.
   *
   * @throws NetlinkError ENOENT when the kernel has no such scheduler or persistence engine
   */
  *replace(options: IpvsServiceWithDests): Operation<void> {
    checkWhole('ipvs.replace', options)
    const service = whole('ipvs.replace', options)
    yield* replaceWhole(yield* ipvsFamily(service.what), service)
  }

  /**
   * Removes a service with its destinations: `ipvsadm -D`. Connections that there are get no further.
   *
   * @throws NetlinkError ESRCH when there is none
   */
  *del(service: IpvsServiceKey & DelOptions): Operation<void> {
    checkDeletion('ipvs.del', service)
    const { missingOk, ...rest } = copied(service)
    const { what, key } = onService('ipvs.del', rest)
    const request = prepared(what, 'IPVS_CMD_DEL_SERVICE', { service: keySaid(key) })
    yield* deletion(sendNow(request), { missingOk }, 'ESRCH')
  }

  /**
   * Gives a service a destination: `ipvsadm -a`.
   *
   * @throws NetlinkError ESRCH when there is no such service, EEXIST when it has the destination, EINVAL when no host can have that address,
   *   or when nothing in the namespace is up yet, not even lo
   */
  *addDest(service: IpvsServiceKey, dest: IpvsDestOptions): Operation<void> {
    const { what, key } = onService('ipvs.addDest', service)
    checkDest('ipvs.addDest', dest)
    yield* sendNow(prepared(what, 'IPVS_CMD_NEW_DEST', { service: keySaid(key), dest: destSaid(key, dest) }))
  }

  /**
   * Changes a destination: `ipvsadm -e`. What is not given stays, unlike there.
   *
   * @throws NetlinkError ESRCH when there is no such service, ENOENT when it has no such destination
   */
  *setDest(service: IpvsServiceKey, dest: IpvsDestOptions): Operation<void> {
    const { what, key } = onService('ipvs.setDest', service)
    checkDest('ipvs.setDest', dest)
    const change = given(dest) as unknown as IpvsDestOptions
    const { address, port } = destKey(key, change)
    const family = yield* ipvsFamily(what)
    const dests = yield* destsOf(family, what, key)
    // What there is not is set as well: so it is the kernel that says what is missing.
    const before = dests.find((each) => each.address === address && each.port === port) ?? { address, port }
    const request = { service: keySaid(key), dest: destSaid(key, destChanged(before, change)) }
    yield* sendTo(family, prepared(what, 'IPVS_CMD_SET_DEST', request))
  }

  /**
   * Takes a destination from a service: `ipvsadm -d`. Its connections get no further; with a `weight` of 0 it would finish them first.
   *
   * @throws NetlinkError ESRCH when there is no such service, ENOENT when it has no such destination
   */
  *delDest(service: IpvsServiceKey, dest: IpvsDestKey & DelOptions): Operation<void> {
    const { what, key } = onService('ipvs.delDest', service)
    checkDestDeletion('ipvs.delDest', dest)
    const { missingOk, ...rest } = copied(dest)
    const request = { service: keySaid(key), dest: destKey(key, rest) }
    yield* deletion(sendNow(prepared(what, 'IPVS_CMD_DEL_DEST', request)), { missingOk }, 'ENOENT', 'ESRCH')
  }

  /** Removes all services: `ipvsadm -C`. */
  *flush(): Operation<void> {
    yield* sendNow(prepared({ doing: 'ipvs.flush', subject: undefined }, 'IPVS_CMD_FLUSH'))
  }

  /**
   * Has counters begin anew at zero, those of a service and its destinations or, without one, all: `ipvsadm -Z`.
   *
   * @throws NetlinkError ESRCH when there is no such service
   */
  *zero(service?: IpvsServiceKey): Operation<void> {
    if (service === undefined) {
      yield* sendNow(prepared({ doing: 'ipvs.zero', subject: undefined }, 'IPVS_CMD_ZERO'))
      return
    }
    const { what, key } = onService('ipvs.zero', service)
    yield* sendNow(prepared(what, 'IPVS_CMD_ZERO', { service: keySaid(key) }))
  }

  /** After how many seconds connections are forgotten: `ipvsadm -L --timeout`. */
  *timeouts(): Operation<IpvsTimeouts> {
    const what: Doing = { doing: 'ipvs.timeouts', subject: undefined }
    const request = prepared(what, 'IPVS_CMD_GET_CONFIG')
    return yield* askOf(yield* ipvsFamily(what), request)
  }

  /** Changes after how many seconds connections are forgotten: `ipvsadm --set`. What is not given stays. */
  *setTimeouts(timeouts: IpvsTimeouts): Operation<void> {
    onlyKnown('ipvs.setTimeouts', timeouts, timeoutNames)
    const change = given(timeouts)
    if (Object.keys(change).length === 0) throw invalidValue('options', timeouts, 'must name what to change: tcp, …')
    const what: Doing = { doing: 'ipvs.setTimeouts', subject: undefined }
    yield* sendNow(prepared(what, 'IPVS_CMD_SET_CONFIG', { timeouts: change }))
  }

  /** The version of IPVS, and how large its table of connections is: the first line of `ipvsadm -L`. */
  *info(): Operation<IpvsInfo> {
    const what: Doing = { doing: 'ipvs.info', subject: undefined }
    return infoTold(yield* infoOf(yield* ipvsFamily(what), what))
  }

  /** The synchronization daemons that run: one that is `master`, one that is `backup`, both or none: `ipvsadm -L --daemon`. */
  *daemons(): Operation<IpvsDaemon[]> {
    const what: Doing = { doing: 'ipvs.daemons', subject: undefined }
    const running = yield* dumpOf(yield* ipvsFamily(what), prepared(what, 'IPVS_CMD_GET_DAEMON'))
    return running.map(({ daemon }) => daemon as IpvsDaemon)
  }

  /**
   * Has this host tell others of its connections (`master`), or learn of theirs (`backup`): `ipvsadm --start-daemon`. It ends with the namespace.
   *
   * @throws NetlinkError EEXIST when it runs already, ENODEV when there is no such device
   */
  *startDaemon(options: IpvsDaemonOptions): Operation<void> {
    const what: Doing = { doing: 'ipvs.startDaemon', subject: options?.state }
    yield* sendNow(prepared(what, 'IPVS_CMD_NEW_DAEMON', { daemon: daemonSaid(what.doing, options) }))
  }

  /**
   * Ends that: `ipvsadm --stop-daemon`. One that was listed can be given as it is.
   *
   * @throws NetlinkError ESRCH when it does not run
   */
  *stopDaemon(options: IpvsDaemonKey & DelOptions): Operation<void> {
    const what: Doing = { doing: 'ipvs.stopDaemon', subject: options?.state }
    const { missingOk } = options ?? {}
    const request = prepared(what, 'IPVS_CMD_DEL_DAEMON', { daemon: daemonKey(what.doing, options) })
    yield* deletion(sendNow(request), { missingOk }, 'ESRCH')
  }
}

/** What of options is not undefined. */
const given = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(copied(options)).filter(([, value]) => value !== undefined)) as Partial<T>
