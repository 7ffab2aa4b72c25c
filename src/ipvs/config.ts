/** What holds for all services of a namespace: timeouts, the daemons that keep other hosts in step, what IPVS says of itself. */

import { ipBytes } from '../netlink/address.js'
import type { Options, Values } from '../netlink/attributes.js'
import { invalidType, invalidValue, oneOf, onlyKnown } from '../netlink/check.js'
import { daemonTable, type infoTable, states, timeoutTable } from './attributes.js'

/** Which of the two synchronization daemons. */
export interface IpvsDaemonKey {
  /** `master`: it tells others of the connections of this host. `backup`: it learns of theirs. */
  state: 'master' | 'backup'
}

/** How a synchronization daemon is to be: `ipvsadm --start-daemon`. */
export interface IpvsDaemonOptions extends IpvsDaemonKey, Omit<Options<typeof daemonTable>, 'state'> {
  mcastInterface: string
}

/** A synchronization daemon that runs. It can be given back. */
export interface IpvsDaemon extends IpvsDaemonKey, Omit<Values<typeof daemonTable>, 'state'> {
  mcastInterface: string
  syncid: number
}

/** After how many seconds connections are forgotten, 1 to 2147483. */
export interface IpvsTimeouts extends Omit<Options<typeof timeoutTable>, 'unknown'> {}

/** What IPVS says of itself. */
export interface IpvsInfo {
  /** Its version: `'1.2.1'`. */
  version: string
  /** How many buckets the table of connections has, for all namespaces together. */
  connTabSize: number
}

/** @internal */
export const timeoutNames = new Set(Object.keys(timeoutTable.entries))

const daemonNames = new Set([...Object.keys(daemonTable.entries), 'unknown'])
const knownToStop = new Set([...daemonNames, 'missingOk'])

/** What is said of a daemon that is to be started. @internal */
export function daemonSaid(doing: string, options: IpvsDaemonOptions): Options<typeof daemonTable> {
  onlyKnown(doing, options, daemonNames)
  const { state, mcastInterface, syncid = 0, ...rest } = options
  if (mcastInterface === undefined) throw invalidType('mcastInterface', 'the name of a device', mcastInterface)
  const { mcastGroup } = rest
  if (mcastGroup !== undefined) {
    const [first = 0, ...others] = ipBytes('mcastGroup', mcastGroup)
    const isMulticast = others.length === 3 ? first >= 224 && first < 240 : first === 0xff
    if (!isMulticast) throw invalidValue('mcastGroup', mcastGroup, 'must be a multicast address')
  }
  return { state: stateOf(state), mcastInterface, syncid, ...rest }
}

/** What is said of one that is to be ended. @internal */
export function daemonKey(doing: string, options: IpvsDaemonKey): Options<typeof daemonTable> {
  onlyKnown(doing, options, knownToStop)
  return { state: stateOf(options.state) }
}

const stateOf = (state: IpvsDaemonKey['state']): IpvsDaemonKey['state'] => oneOf('state', state, states.names)

/** @internal */
export function infoTold({ version = 0, connTabSize = 0 }: Values<typeof infoTable>): IpvsInfo {
  return { version: [version >>> 16, (version >>> 8) & 0xff, version & 0xff].join('.'), connTabSize }
}
