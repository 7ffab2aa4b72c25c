/** The one error class of nslink: what a system call or the kernel's answer said, as a sentence. */

import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

/** What is known of a failure. @internal */
export interface Failure {
  /** Negative, as libuv's errors have it. */
  errno: number
  syscall: string
  /** What was being done: `link.add veth0`. */
  doing: string
  request?: string | undefined
  kernelMessage?: string | undefined
  attribute?: string | undefined
  netns?: string | undefined
  path?: string | undefined
  change?: number | undefined
}

/** What an errno means here, where the C library's words ("File exists") would mislead. */
const meanings: Readonly<Record<string, string>> = {
  EACCES: 'it is not permitted',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'there is no such address',
  EAGAIN: 'a resource is not available now',
  EBUSY: 'it is in use',
  EEXIST: 'it exists already',
  EHOSTUNREACH: 'there is no route to that host',
  EINVAL: 'the kernel finds the request invalid',
  EMSGSIZE: 'a message was larger than its buffer',
  ELOOP: 'it would lead back to itself',
  EMLINK: 'it would lead too far',
  ENETUNREACH: 'the network is unreachable',
  ENFILE: 'there is no room for more',
  ENOBUFS: 'the kernel ran out of buffer space, and answers were lost',
  ENODEV: 'there is no such device',
  ENOENT: 'there is no such thing',
  ENOTCONN: 'the other end is not there',
  EOPNOTSUPP: 'this kernel, or this device, does not support it',
  EPROTO: 'what it needs of the protocol is not to be had there',
  EPERM: 'it takes the capability CAP_NET_ADMIN in the user namespace that owns the network namespace',
  ERANGE: 'a value is out of range',
  ESRCH: 'there is no such entry',
}

/** Names of errnos. Of two names for one number, the kernel's and that of those who write about netlink: EOPNOTSUPP, not ENOTSUP. */
const names = new Map(Object.entries(constants.errno).map(([name, number]) => [-number, name]))
names.set(-constants.errno.EOPNOTSUPP, 'EOPNOTSUPP')
names.set(-constants.errno.EAGAIN, 'EAGAIN')
/** What a transaction is refused with that was made for another state of things. Node has no name for it. @internal */
export const ERESTART = 85
names.set(-ERESTART, 'ERESTART')

/** The name of a negative errno. @internal */
export const errorCode = (errno: number): string => names.get(errno) ?? getSystemErrorName(errno)

/**
 * An operation that the kernel, or a system call, refused.
 *
 * `message` is a sentence that says what was being done, what went wrong and, where the kernel tells, which option was at fault.
 */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError'
  /** `'EEXIST'`, `'ENODEV'`, … */
  readonly code: string
  /** The same as a negative number, as in Node's own errors. */
  readonly errno: number
  /** The system call that failed: `'netlink'` for a request that the kernel answered with an error. */
  readonly syscall: string
  /** The kind of message that was refused: `'RTM_NEWLINK'`. */
  declare readonly request?: string
  /** The kernel's own words (extended ACK; Linux 4.12). */
  declare readonly kernelMessage?: string
  /** The option at fault, by its path: `'vxlan.id'`, `'via'`. */
  declare readonly attribute?: string
  /** The namespace that was asked: its name, path or inode; absent for the process's own. */
  declare readonly netns?: string
  /** The file a system call failed on. */
  declare readonly path?: string
  /** Of a transaction: the number of the change that was refused, counted from 0. */
  declare readonly change?: number
  /** What had been received of a list that the kernel could not give whole. */
  declare readonly partial?: readonly unknown[]

  /** @internal */
  constructor(failure: Failure, meaning?: string, partial?: readonly unknown[]) {
    const code = errorCode(failure.errno)
    const where = failure.netns === undefined ? '' : ` in namespace ${failure.netns}`
    const why = failure.kernelMessage ?? meaning ?? meanings[code] ?? `error ${-failure.errno}`
    const option = failure.attribute === undefined ? '' : ` (option "${failure.attribute}")`
    const file = failure.path === undefined ? '' : ` '${failure.path}'`
    const how = failure.request ?? `${failure.syscall}${file}`
    super(`${failure.doing}${where}: ${code}: ${why.replace(/\.$/, '')}${option}, ${how}`)
    this.code = code
    this.errno = failure.errno
    this.syscall = failure.syscall
    if (failure.request !== undefined) this.request = failure.request
    if (failure.kernelMessage !== undefined) this.kernelMessage = failure.kernelMessage
    if (failure.attribute !== undefined) this.attribute = failure.attribute
    if (failure.netns !== undefined) this.netns = failure.netns
    if (failure.path !== undefined) this.path = failure.path
    if (failure.change !== undefined) this.change = failure.change
    if (partial !== undefined) this.partial = partial
  }
}

/** Whether it is an error of nslink's with one of these codes. @internal */
export const isError = (error: unknown, ...codes: (keyof typeof constants.errno)[]): error is NetlinkError =>
  error instanceof NetlinkError && (codes as string[]).includes(error.code)

/** Use of a handle after its `close()`. @internal */
export function closedError(what: string): Error & { code: string } {
  return Object.assign(new Error(`${what} is closed`), { code: 'ERR_NSLINK_CLOSED' })
}

/**
 * The addon's errors carry an errno and a system call; the sentence is made here. `means` says what certain errors mean for
 * what was being done. @internal
 */
export function systemError(
  error: unknown,
  doing: string,
  netns?: string,
  means: Readonly<Record<string, string>> = {},
): unknown {
  if (!(error instanceof Error) || !('errno' in error) || !('syscall' in error)) return error
  const { errno, syscall, path } = error as { errno: number; syscall: string; path?: string }
  return new NetlinkError({ errno, syscall, doing, path, netns }, means[errorCode(errno)])
}
