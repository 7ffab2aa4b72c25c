/** Receive packet steering, for which netlink has no word: the files `/sys/class/net/DEV/queues/rx-N/rps_*` of a namespace. */

import { constants } from 'node:os'
import { native, promise } from '../native.js'
import { deviceName, integer, invalidType, invalidValue, onlyKnown, outOfRange } from '../netlink/check.js'
import { NetlinkError, systemError } from '../netlink/error.js'
import { call, type Operation } from '../netlink/operation.js'
import type { Home } from '../netlink/transport.js'

/** What a receive queue of a device is told. */
export interface RpsOptions {
  /** The receive queue: the number N of `rx-N`. All of the device's when it is not given. */
  queue?: number | undefined
  /** The CPUs that take on its packets, each of them online; `[]` turns it off. (Isolated ones among others the kernel leaves out.) */
  cpus?: readonly number[] | undefined
  /** The same as text, as `rps_cpus` has it: a bit for each CPU in hexadecimal, with a comma before each further 32 of them. */
  mask?: string | undefined
  /**
   * How many flows the queue remembers the CPU of (`rps_flow_cnt`), for the kernel to send packets where the program runs that reads them:
   * 0 to 2^32 - 1, of which it makes a power of two; 0 turns that off. It takes `net.core.rps_sock_flow_entries` as well, which is the whole
   * machine's.
   */
  flowCnt?: number | undefined
}

/** A receive queue of a device, and which CPUs take on its packets. It can be given back to `set`. */
export interface RpsQueue {
  /** Its number: the N of `rx-N`. */
  queue: number
  /** The CPUs, lowest first; none when the one that was interrupted keeps the packets. */
  cpus: number[]
  /** The same as `rps_cpus` has it. */
  mask: string
  /** How many flows it remembers the CPU of. */
  flowCnt: number
}

const known = new Set(['queue', 'cpus', 'mask', 'flowCnt'])

/** The CPUs that can be given work. */
const ONLINE = 'devices/system/cpu/online'

const noMount = {
  ENODEV: 'this kernel has no sysfs',
  ENOSYS: 'it takes Linux 5.2',
  EPERM: 'it takes the capability CAP_SYS_ADMIN in the user namespaces that own the network and the mount namespace',
}
const notFree = { EPERM: 'parts of the /sys of this user namespace are hidden or read-only, and then it gets no other' }
const noRight =
  'it takes the capability CAP_NET_ADMIN in the first user namespace: root of another one (nslink/rootless) may only look'
const noFile = { ENOENT: 'this kernel has no receive packet steering, or the queue has just gone', EACCES: noRight }
const means: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  setns: noMount,
  fsopen: noMount,
  fsconfig: noMount,
  fsmount: notFree,
  open: noFile,
  write: {
    EPERM: noRight,
    EINVAL: 'all of the CPUs are isolated',
    ENOMEM: 'there is not enough memory for so many flows',
  },
}

/**
 * Receive packet steering: which CPUs take on the packets that a device receives, so that a single queue (as a veth has it) does not keep one
 * CPU busy and the others idle.
 *
 * The device is given by its name. The files are read and written through a sysfs of the namespace that nobody else can see: nothing is mounted,
 * and it does not matter what /sys shows. That takes Linux 5.2 and, also for looking, the capability CAP_SYS_ADMIN.
 */
export class RpsOperations {
  readonly #home: Home

  /** @internal */
  constructor(home: Home) {
    this.#home = home
  }

  /**
   * The receive queues of a device, in their order: `cat /sys/class/net/DEV/queues/rx-N/rps_cpus`.
   *
   * @throws NetlinkError ENODEV when there is no such device; EPERM without CAP_SYS_ADMIN
   */
  *get(dev: string): Operation<RpsQueue[]> {
    deviceName('dev', dev)
    const doing = `rps.get ${dev}`
    const { queues } = yield* look(this.#home, dev, doing)
    const files = queues.flatMap((queue) => [fileOf(dev, queue, 'rps_cpus'), fileOf(dev, queue, 'rps_flow_cnt')])
    const texts = yield* read(this.#home, files, doing)
    return queues.map((queue, index) => {
      const [mask = '', flowCnt] = texts.slice(2 * index)
      return { queue, cpus: cpusOf(bitsOf(mask)), mask, flowCnt: Number(flowCnt) }
    })
  }

  /**
   * Sets which CPUs take on the packets of a device's receive queues: `echo MASK > /sys/class/net/DEV/queues/rx-N/rps_cpus`. Only what is given
   * is changed.
   *
   * ```ts
   * await ns.rps.set('eth0', { cpus: [0, 1] })
   * ```
   *
   * @throws RangeError ERR_OUT_OF_RANGE for a CPU that is not online
   * @throws NetlinkError ENODEV when there is no such device, ENOENT when it has no such queue; EINVAL when all of the CPUs are isolated; EPERM
   *   without CAP_NET_ADMIN in the first user namespace, which root of another one (`nslink/rootless`) does not have
   */
  *set(dev: string, options: RpsOptions): Operation<void> {
    deviceName('dev', dev)
    onlyKnown('rps.set', options, known)
    const { queue, flowCnt } = options
    if (queue !== undefined) integer('queue', queue, 0, 0xffff_ffff)
    if (flowCnt !== undefined) integer('flowCnt', flowCnt, 0, 0xffff_ffff)
    const wanted = bitsGiven(options)
    if (wanted === undefined && flowCnt === undefined) {
      throw invalidValue('cpus', options.cpus, 'or mask or flowCnt must be given')
    }
    const doing = `rps.set ${dev}`
    const { queues, online } = yield* look(this.#home, dev, doing)
    if (queue !== undefined && !queues.includes(queue)) {
      const why = `there is no receive queue ${queue}: it has ${queues.length}`
      throw missing('ENOENT', 'queue', why, doing, this.#home)
    }
    const chosen = queue === undefined ? queues : [queue]
    // First what the kernel may refuse.
    if (wanted !== undefined) onlyOnline(wanted, online, options)
    if (flowCnt !== undefined) yield* this.#write(dev, chosen, 'rps_flow_cnt', String(flowCnt), doing)
    if (wanted !== undefined) yield* this.#write(dev, chosen, 'rps_cpus', maskOf(wanted), doing)
  }

  *#write(dev: string, queues: readonly number[], file: string, text: string, doing: string): Operation<void> {
    const { fd } = this.#home
    const paths = queues.map((queue) => fileOf(dev, queue, file))
    yield* attempt<unknown>(this.#home, doing, {
      sync: () => native.writeSysfs(fd, paths, text),
      async: () => promise((done) => native.writeSysfs(fd, paths, text, done)),
    })
  }
}

const folderOf = (dev: string): string => `class/net/${dev}/queues`
const fileOf = (dev: string, queue: number, file: string): string => `${folderOf(dev)}/rx-${queue}/${file}`

/** The receive queues of a device, and the CPUs that are online. */
function* look(home: Home, dev: string, doing: string): Operation<{ queues: number[]; online: string }> {
  let texts: string[]
  try {
    texts = yield* read(home, [ONLINE, folderOf(dev)], doing)
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.path !== `/sys/${folderOf(dev)}`) throw error
    throw missing('ENODEV', 'dev', `there is no device "${dev}"`, doing, home)
  }
  const [online = '', names = ''] = texts
  const queues = [...names.matchAll(/^rx-(\d+)$/gm)].map(([, number]) => Number(number))
  return { queues: queues.sort((a, b) => a - b), online }
}

function* read(home: Home, paths: readonly string[], doing: string): Operation<string[]> {
  const { fd } = home
  const texts = yield* attempt<string>(home, doing, {
    sync: () => native.readSysfs(fd, paths),
    async: () => promise((done) => native.readSysfs(fd, paths, done)),
  })
  return texts.split('\0').map((text) => text.trim())
}

/** Makes a call, and an error that says what it takes. */
function* attempt<T>(home: Home, doing: string, step: { sync(): T; async(): Promise<T> }): Operation<T> {
  try {
    return yield* call({ ...step, inOrder: true })
  } catch (error) {
    const { syscall } = error as { syscall?: string }
    throw systemError(error, doing, home.label, means[syscall ?? ''])
  }
}

function missing(code: 'ENODEV' | 'ENOENT', attribute: string, why: string, doing: string, home: Home): NetlinkError {
  return new NetlinkError({ errno: -constants.errno[code], syscall: 'open', doing, attribute, netns: home.label }, why)
}

/** The CPUs that are given, a bit each, however they are given. */
function bitsGiven({ cpus, mask }: RpsOptions): bigint | undefined {
  const fromMask = mask === undefined ? undefined : bitsOf(mask)
  if (cpus === undefined) return fromMask
  if (!Array.isArray(cpus)) throw invalidType('cpus', 'an array of the numbers of CPUs', cpus)
  let bits = 0n
  for (const [index, cpu] of cpus.entries()) bits |= 1n << BigInt(integer(`cpus.${index}`, cpu, 0, 0xffff))
  if (fromMask !== undefined && fromMask !== bits) throw invalidValue('mask', mask, 'contradicts cpus')
  return bits
}

/** The bits of a mask as the kernel writes it: `'3'`, `'00000001,00000000'`. */
function bitsOf(mask: string): bigint {
  if (typeof mask !== 'string') throw invalidType('mask', 'a string', mask)
  if (!/^[0-9a-f]+(,[0-9a-f]{1,8})*$/i.test(mask)) {
    throw invalidValue('mask', mask, `must be hexadecimal digits, such as 'f' or '1,00000000'`)
  }
  return mask.split(',').reduce((bits, part) => (bits << 32n) | BigInt(`0x${part}`), 0n)
}

/** A mask as the kernel reads it: no more than eight digits between commas. */
const maskOf = (bits: bigint): string => bits.toString(16).replace(/\B(?=(.{8})+$)/g, ',')

/** The numbers of the bits that are set. */
function cpusOf(bits: bigint): number[] {
  const cpus: number[] = []
  for (let cpu = 0; bits >> BigInt(cpu) !== 0n; cpu++) if (((bits >> BigInt(cpu)) & 1n) === 1n) cpus.push(cpu)
  return cpus
}

/** Refuses a CPU that is not among those online (`'0-3,8'`), which the kernel would pass over in silence. */
function onlyOnline(bits: bigint, online: string, { cpus, mask }: RpsOptions): void {
  const ranges = online.split(',').map((range) => range.split('-').map(Number))
  const isOnline = (cpu: number): boolean => ranges.some(([first = 0, last = first]) => first <= cpu && cpu <= last)
  const off = cpusOf(bits).find((cpu) => !isOnline(cpu))
  if (off === undefined) return
  if (cpus === undefined) throw outOfRange('mask', `of CPUs that are online (${online}), unlike CPU ${off}`, mask)
  throw outOfRange(`cpus.${cpus.indexOf(off)}`, `a CPU that is online (${online})`, off)
}
