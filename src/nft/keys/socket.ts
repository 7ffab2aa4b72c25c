/** `socket`: what the kernel knows of the socket a packet is for. */

import { be32, scalar } from '../../netlink/attributes.js'
import { integer, invalidType } from '../../netlink/check.js'
import { BE32 } from '../../netlink/scalar.js'
import { fromNumber, toBigInt } from '../bytes.js'
import { reads } from '../decoder.js'
import { expression, register } from '../expression.js'
import { keyTable, tableSelectors } from '../key.js'
import { loadedKey } from '../loaded.js'
import { type Comparable, comparable } from '../selector.js'
import { computation, findKey } from '../term.js'
import { dataType, single } from '../type.js'
import { hostInteger, markType } from '../types.js'

const NFTA_SOCKET_KEY = 1
const NFTA_SOCKET_DREG = 2
const NFTA_SOCKET_LEVEL = 3

const NFT_SOCKET_TRANSPARENT = 0
const NFT_SOCKET_MARK = 1
const NFT_SOCKET_WILDCARD = 2
const NFT_SOCKET_CGROUPV2 = 3

/** The number nft has for these keys among its sorts of expressions. */
const SOCKET = 10
const UDATA_KEY = 0

/** How deep control groups are nested at most. */
const DEEPEST = 255

const socketExpression = expression('socket', {
  key: scalar(NFTA_SOCKET_KEY, BE32),
  dreg: register(NFTA_SOCKET_DREG),
  level: be32(NFTA_SOCKET_LEVEL),
})

/** @internal */
export const socketKeys = keyTable('socket', {
  families: ['ip', 'ip6', 'inet'],
  keys: {
    /** Whether the socket takes packets for addresses that are not the machine's (IP_TRANSPARENT): 1 or 0. */
    transparent: { number: NFT_SOCKET_TRANSPARENT, type: hostInteger, bits: 8 },
    /** The mark of the socket. */
    mark: { number: NFT_SOCKET_MARK, type: markType },
    /** Whether the socket listens at all addresses: 1 or 0 (Linux 5.11). */
    wildcard: { number: NFT_SOCKET_WILDCARD, type: hostInteger, bits: 8 },
  },
  key: (number) => ({
    stored: { sort: SOCKET, data: [[UDATA_KEY, number]] },
    load: (program, word) => program.emit(socketExpression, { key: number, dreg: word }),
  }),
})

/** A control group, by the number of its directory in the file system of cgroups. */
const cgroup = dataType<bigint | number>({
  name: 'cgroupsv2',
  id: 46,
  bits: 64,
  order: 'host',
  parse(value, path) {
    if ((typeof value !== 'number' || !Number.isSafeInteger(value)) && typeof value !== 'bigint') {
      throw invalidType(path, "the number of a control group's directory (its inode)", value)
    }
    return single(fromNumber(value, 8))
  },
  format({ first }) {
    const number = toBigInt(first)
    return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number
  },
})

/** The control group of the socket a packet is for, or that group's ancestor at a level. */
export interface SocketCgroup {
  /** Counted from the root, which is level 0. */
  'socket cgroupv2 level': number
}

computation<SocketCgroup>('socket cgroupv2 level', (given, _program, path) => {
  const level = integer(`${path}.level`, given['socket cgroupv2 level'], 1, DEEPEST)
  return {
    expression: given,
    type: cgroup,
    bits: 64,
    order: 'host',
    length: 8,
    shift: 0,
    stored: { sort: SOCKET, data: [[UDATA_KEY, NFT_SOCKET_CGROUPV2]] },
    load: (program, word) => program.emit(socketExpression, { key: NFT_SOCKET_CGROUPV2, dreg: word, level }),
  }
})

reads('socket', ({ key, dreg, level }, decoder) => {
  if (key === NFT_SOCKET_CGROUPV2) {
    const expression = { 'socket cgroupv2 level': level }
    return decoder.load(dreg as number, {
      source: { expression, type: cgroup, bits: 64, order: 'host', keys: [] },
      changes: [],
    })
  }
  const found = findKey(socketKeys.names.get(key as number) ?? '')
  return found !== undefined && decoder.load(dreg as number, loadedKey(found))
})

/** What the kernel knows of the socket a packet is for: `socket transparent`. */
export const socket = {
  ...tableSelectors(socketKeys),
  /**
   * Its control group, or the ancestor of that at a level: `socket cgroupv2 level 1 "user.slice"` (Linux 5.13). A group is given by the number of
   * its directory, `(await stat('/sys/fs/cgroup/user.slice')).ino`.
   */
  cgroupv2: (level: number): Comparable<SocketCgroup, bigint | number> =>
    comparable({ 'socket cgroupv2 level': level }),
}
