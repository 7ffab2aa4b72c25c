/** Services together with their destinations: read, made, and made what they are to be. */

import { isDeepStrictEqual } from 'node:util'
import type { Values } from '../netlink/attributes.js'
import { invalidType, invalidValue } from '../netlink/check.js'
import { isError } from '../netlink/error.js'
import { copied, type Operation, settle } from '../netlink/operation.js'
import type { destTable } from './attributes.js'
import { checkDest, destSaid, destTold, type IpvsDest } from './dest.js'
import { askOf, type Doing, dumpOf, type Prepared, prepared, readDest, sendTo, toFamily } from './request.js'
import { described, type IpvsServiceWithDests, type Key, keyOf, keySaid, said } from './service.js'

type DestValues = Values<typeof destTable>

/** A service that is to be, checked, with the requests that say so. */
interface Whole {
  what: Doing
  key: Key
  service: { add: Prepared; set: Prepared }
  /** Where its connections are to go; undefined when nothing is said of that. */
  dests: { add: Prepared; set: Prepared; values: DestValues }[] | undefined
}

/** @internal */
export function whole(doing: string, options: IpvsServiceWithDests): Whole {
  const { dests, stats, ...rest } = copied(options)
  const key = keyOf(rest)
  const what = { doing, subject: described(key) }
  const service = said(key, rest)
  const add = prepared(what, 'IPVS_CMD_NEW_SERVICE', { service })
  const set = prepared(what, 'IPVS_CMD_SET_SERVICE', { service })
  if (dests !== undefined && !Array.isArray(dests)) throw invalidType('dests', 'an array', dests)
  const wanted = dests?.map((each, at) => {
    checkDest(`${doing}, dests.${at},`, each)
    const request = { service: keySaid(key), dest: destSaid(key, each, `dests.${at}.`) }
    const path = ['dests', String(at)]
    const add = prepared(what, 'IPVS_CMD_NEW_DEST', request, path)
    return { add, set: prepared(what, 'IPVS_CMD_SET_DEST', request, path), values: readDest(add) }
  })
  wanted?.forEach(({ values }, at) => {
    if (wanted.findIndex((each) => isSame(each.values, values)) === at) return
    throw invalidValue(`dests.${at}`, dests?.[at], 'is there twice')
  })
  return { what, key, service: { add, set }, dests: wanted }
}

const isSame = (a: DestValues, b: DestValues): boolean => a.address === b.address && a.port === b.port

/** The destinations of a service, as they are reported. There are none of a service that there is not. */
function* destValues(family: number, what: Doing, key: Key): Operation<DestValues[]> {
  const told = yield* dumpOf(family, prepared(what, 'IPVS_CMD_GET_DEST', { service: keySaid(key) }))
  return told.map(({ dest = {} }) => dest as DestValues)
}

/** The destinations of a service, in the order in which they were made: the kernel begins with the latest. @internal */
export function* destsOf(family: number, what: Doing, key: Key): Operation<IpvsDest[]> {
  return (yield* destValues(family, what, key)).reverse().map((values) => destTold(key, values))
}

/** Makes all of it, or nothing. @internal */
export function* addWhole(family: number, { what, key, service, dests = [] }: Whole): Operation<void> {
  yield* sendTo(family, service.add)
  try {
    yield* all(
      family,
      dests.map(({ add }) => add),
    )
  } catch (error) {
    yield* settle([toFamily(family, prepared(what, 'IPVS_CMD_DEL_SERVICE', { service: keySaid(key) }))])
    throw error
  }
}

/** Makes it, or makes of what there is what it is to be. @internal */
export function* replaceWhole(family: number, wanted: Whole): Operation<void> {
  const { what, key, service, dests } = wanted
  try {
    yield* askOf(family, prepared(what, 'IPVS_CMD_GET_SERVICE', { service: keySaid(key) }))
  } catch (error) {
    if (!isError(error, 'ESRCH')) throw error
    yield* addWhole(family, wanted)
    return
  }
  yield* sendTo(family, service.set)
  if (dests === undefined) return
  const there = yield* destValues(family, what, key)
  const requests = dests.flatMap(({ add, set, values }) => {
    const before = there.find((each) => isSame(each, values))
    if (before === undefined) return [add]
    return includes(before, values) ? [] : [set]
  })
  // What is new is there before what was is gone, so that connections always have somewhere to go.
  for (const old of there.filter((each) => !dests.some(({ values }) => isSame(each, values)))) {
    const { address, port, family: of } = destTold(key, old)
    requests.push(prepared(what, 'IPVS_CMD_DEL_DEST', { service: keySaid(key), dest: { address, port, family: of } }))
  }
  yield* all(family, requests)
}

/** Whether what is there is all that is wanted, so that there is nothing to tell the kernel. */
const includes = (there: DestValues, wanted: DestValues): boolean =>
  Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(there[name as keyof DestValues], value))

/** Sends requests together, and throws the first error. */
function* all(family: number, requests: readonly Prepared[]): Operation<void> {
  const answers = yield* settle(requests.map((request) => toFamily(family, request)))
  for (const { error } of answers) if (error !== undefined) throw error
}
