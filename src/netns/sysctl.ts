/** Kernel parameters of a network namespace, the files under /proc/sys/net: `sysctl`. */

import { type Dirent, constants as fsConstants, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { type NativeDescriptor, native, promise } from '../native.js'
import { invalidType, invalidValue, outOfRange } from '../netlink/check.js'
import { isError, NetlinkError, systemError } from '../netlink/error.js'
import { type Call, call, type Operation } from '../netlink/operation.js'
import type { Home } from '../netlink/transport.js'

/** Groups of parameters in which every device has one of its own. */
const perDevice = new Set(['net.ipv4.conf', 'net.ipv4.neigh', 'net.ipv6.conf', 'net.ipv6.neigh', 'net.mpls.conf'])

const group = 'it is a group of parameters, not one'
const readMeans = { EACCES: 'it cannot be read', EISDIR: group, EIO: 'it has no value yet' }
const writeMeans = {
  EACCES:
    'it cannot be changed, or not without the capability CAP_NET_ADMIN in the user namespace that owns the namespace',
  EISDIR: group,
  EROFS: 'the /proc/sys of this process is mounted read-only',
}
const listMeans = { ENOTDIR: 'it is a parameter, not a group of them' }

/**
 * Kernel parameters of a namespace (`sysctl`): those under `net.`, since no others belong to a network namespace. (A few of
 * `net.core` are the whole machine's: the first namespace alone can change them.)
 *
 * A name is spelt with dots or with slashes, `'net.ipv4.ip_forward'` or `'net/ipv4/ip_forward'`. Device names may hold dots:
 * `'net.ipv4.conf.eth0.100.rp_filter'`, or as sysctl.d(5) has it `'net.ipv4.conf.eth0/100.rp_filter'` or
 * `'net/ipv4/conf/eth0.100/rp_filter'`.
 */
export class SysctlOperations {
  readonly #home: Home

  /** @internal */
  constructor(home: Home) {
    this.#home = home
  }

  /**
   * The value of a parameter: `sysctl -n`. A single integer is a number. Anything else is text without the white space around it,
   * and with a space for each tab: `'4096 131072 6291456'`.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE when `name` is malformed or not under `net.`
   * @throws NetlinkError ENOENT when there is no such parameter, or no such device; EACCES when it can only be written; EIO when it has no
   *   value yet; EISDIR when it is a group of parameters
   */
  *get(name: string): Operation<string | number> {
    return yield* read(this.#home, partsOf(name, false), `sysctl.get ${name}`)
  }

  /**
   * Sets a parameter: `sysctl -w`. `true` is 1 and `false` is 0; several numbers are one text: `'4096 131072 6291456'`.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE when `name` is malformed or not under `net.`
   * @throws NetlinkError EINVAL when the parameter does not take the value; ENOENT when there is no such parameter, no such device, or
   *   nothing of the name that is the value; EACCES when it can only be read, or without privilege
   */
  *set(name: string, value: string | number | boolean): Operation<void> {
    const parts = partsOf(name, false)
    const text = textOf(value)
    const doing = `sysctl.set ${name}`
    const path = pathOf(parts)
    const { fd, label } = this.#home
    // The line feed lets an empty text through to the kernel: writing nothing at all would be no request.
    const line = `${text}\n`
    const refused = `it does not take '${text}'`
    const written: unknown = yield* attempt(
      this.#home,
      parts,
      doing,
      {
        sync: (): unknown => native.writeFile(fd, path, line),
        async: () => promise((done) => native.writeFile(fd, path, line, done)),
      },
      { ...writeMeans, EINVAL: refused, ENOENT: refused, ERANGE: refused },
    )
    // Some parameters take the number a text begins with, and leave the rest of it.
    if (written !== Buffer.byteLength(line)) {
      const failure = { errno: -constants.errno.EINVAL, syscall: 'write', doing, path, netns: label }
      throw new NetlinkError(failure, `it took only the beginning of '${text}'`)
    }
  }

  /**
   * The parameters of a group such as `'net.ipv4.conf'`, and of the groups in it, by name, as `get` gives them: `sysctl -a`. A device whose name holds a dot is spelt as
   * sysctl(8) does, `'net.ipv4.conf.eth0/100.rp_filter'`. What cannot be read is left out.
   *
   * @throws NetlinkError ENOENT when there is no such group, or no such device; ENOTDIR when it is a parameter
   */
  *list(name: string): Operation<Record<string, string | number>> {
    const found: Record<string, string | number> = {}
    yield* collect(this.#home, partsOf(name, true), `sysctl.list ${name}`, found)
    return found
  }
}

function* read(home: Home, parts: readonly string[], doing: string): Operation<string | number> {
  const path = pathOf(parts)
  const { fd } = home
  const text = yield* attempt(
    home,
    parts,
    doing,
    {
      sync: () => native.readFile(fd, path),
      async: () => promise<string>((done) => native.readFile(fd, path, done)),
    },
    readMeans,
  )
  const value = text.trim().replaceAll('\t', ' ')
  const number = Number(value)
  // Only what looks the same as a number: '00' is a bit mask.
  return Number.isSafeInteger(number) && String(number) === value ? number : value
}

function* collect(
  home: Home,
  parts: readonly string[],
  doing: string,
  found: Record<string, string | number>,
): Operation<void> {
  for (const entry of yield* attempt(home, parts, doing, folder(home, parts), listMeans)) {
    const inner = [...parts, entry.name]
    try {
      if (entry.isDirectory()) yield* collect(home, inner, doing, found)
      else found[inner.map((part) => part.replaceAll('.', '/')).join('.')] = yield* read(home, inner, doing)
    } catch (error) {
      // It can only be written, it has no value yet, or its device has just gone.
      if (!isError(error, 'EACCES', 'EPERM', 'EIO', 'ENOENT')) throw error
    }
  }
}

/** The entries of a folder. It is opened inside the namespace, and then shows the same to whichever thread reads it. */
function folder({ fd }: Home, parts: readonly string[]): Call<Dirent[]> {
  const path = pathOf(parts)
  const flags = fsConstants.O_RDONLY | fsConstants.O_DIRECTORY
  const entries = (opened: NativeDescriptor): Dirent[] => {
    try {
      return readdirSync(`/proc/self/fd/${opened.fd}`, { withFileTypes: true })
    } finally {
      opened.close()
    }
  }
  return {
    sync: () => entries(native.openFile(fd, path, flags)),
    async: () => promise<NativeDescriptor>((done) => native.openFile(fd, path, flags, done)).then(entries),
  }
}

/** Makes a call, and an error that says what was wrong with the name or the value. */
function* attempt<T>(
  home: Home,
  parts: readonly string[],
  doing: string,
  step: Call<T>,
  means: Readonly<Record<string, string>>,
): Operation<T> {
  try {
    // Without a thread to enter another namespace on, it takes a few microseconds.
    return yield* call({ ...step, inOrder: true, brief: home.fd < 0 })
  } catch (error) {
    const failure = systemError(error, doing, home.label, means)
    if (!isError(failure, 'ENOENT') || failure.syscall !== 'open') throw failure
    throw systemError(error, doing, home.label, { ENOENT: yield* missing(home, parts) })
  }
}

/** Which part of a name is not there. */
function* missing(home: Home, parts: readonly string[]): Operation<string> {
  const place = parts.slice(0, 3).join('.')
  const device = parts[3]
  if (device !== undefined && perDevice.has(place)) {
    try {
      yield* call(folder(home, parts.slice(0, 4)))
    } catch {
      return `there is no device "${device}" under ${place}`
    }
  }
  return 'there is nothing of that name'
}

/** The path of a name under /proc/sys, in its parts. Of a name that is a group's, the last part too may be a device. */
function partsOf(name: string, isGroup: boolean): string[] {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  // Whichever separator comes first is the separator; the other one stands for a dot in a name.
  const slashes = /[./]/.exec(name)?.[0] === '/'
  const parts = slashes ? name.split('/') : name.split('.').map((part) => part.replaceAll('/', '.'))
  const end = isGroup ? parts.length : parts.length - 1
  if (!slashes && end > 4 && perDevice.has(parts.slice(0, 3).join('.'))) {
    // Nothing but a device stands there, so it has all the dots.
    parts.splice(3, end - 3, parts.slice(3, end).join('.'))
  }
  // Not 'net' by itself either: what that folder shows depends on the namespace of the thread that reads it.
  if (parts[0] !== 'net' || parts.length < 2) {
    throw invalidValue('name', name, `must begin with 'net.': no others belong to a network namespace`)
  }
  if (name.includes('\0')) throw invalidValue('name', name, 'must not hold a NUL character')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalidValue('name', name, `must have no part that is empty, '.' or '..'`)
  }
  return parts
}

const pathOf = (parts: readonly string[]): string => `/proc/sys/${parts.join('/')}`

function textOf(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw outOfRange('value', 'an integer', value)
    return String(value)
  }
  if (typeof value !== 'string') throw invalidType('value', 'a string, a number or a boolean', value)
  if (/[\0\n]/.test(value)) throw invalidValue('value', value, 'must hold neither a NUL character nor a line feed')
  return value
}
