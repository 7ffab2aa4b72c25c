/** The addon: found, loaded, and what it offers. */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { fileURLToPath } from 'node:url'

/** A netlink socket. Methods that answer with a number answer with a negative errno when they fail. @internal */
export interface NativeSocket {
  readonly fd: number
  readonly receiveBuffer: number
  exchange(data: Uint8Array, length: number, into: Uint8Array, list: number): number
  exchangeOnThread(
    data: Uint8Array,
    length: number,
    into: Uint8Array,
    list: number,
    callback: (received: number) => void,
  ): void
  receive(into: Uint8Array, list: number): number
  receiveEvents(into: Uint8Array): number
  wait(milliseconds: number): number
  join(group: number): number
  index(name: string): number
  name(index: number): string | undefined
  close(): void
}

/** Tells when a descriptor can be read. @internal */
export interface NativePoll {
  start(): void
  stop(): void
  ref(): void
  unref(): void
  close(): void
}

/** Something that stays where it is while a new file system is mounted on the directory that holds it. @internal */
export interface NativeKept {
  path: string
  /** Where a symbolic link points; empty for anything else. */
  link: string
  directory: boolean
}

/** What {@link NativeRootless} needs to know. @internal */
export interface NativeRootlessPlan {
  /** Tried in order; none: everything is prepared, then the child ends with status 0. */
  files: string[]
  argv: string[]
  env: string[]
  /** Empty: stay. */
  cwd: string
  /** Three descriptors; -1 for a new pipe, -2 for /dev/null. */
  streams: number[]
  /** Undefined when /run/netns exists. */
  run: NativeKept[] | undefined
  sys: NativeKept[]
}

/** A program in namespaces of its own. @internal */
export interface NativeRootless {
  readonly pid: number
  readonly pidfd: number
  readonly streams: readonly [stdin: number, stdout: number, stderr: number]
  /** The exit code, or the negative number of a signal. Closes pidfd. */
  wait(): number
}

/**
 * A descriptor with one owner. It is closed at the latest when nobody can reach this object any more, or its thread ends.
 * @internal
 */
export interface NativeDescriptor {
  /** -1 once it is closed. */
  readonly fd: number
  /** The inode number of what it is a descriptor of; 0 once it is closed. */
  readonly inode: number
  /** Closing twice is no error. */
  close(): void
}

/** A namespace that was made. @internal */
export interface NativeNamespace extends NativeDescriptor {
  /** A netlink socket in it, for `new Socket(socket)`. */
  readonly socket: NativeDescriptor
}

type Callback<T> = (error: Error | null, value: T) => void

/** What the addon exports. A namespace is given by a file descriptor, -1 being the calling thread's own. @internal */
export interface Native {
  readonly Socket: {
    new (ns: number, protocol: number, buffer: number): NativeSocket
    /** Takes over one that is open already. */
    new (opened: NativeDescriptor): NativeSocket
  }
  readonly Poll: new (fd: number, callback: () => void) => NativePoll
  readonly Rootless: new (plan: NativeRootlessPlan) => NativeRootless
  createNamespace(folder: string, name: string, protocol: number, buffer: number): NativeNamespace
  createNamespace(
    folder: string,
    name: string,
    protocol: number,
    buffer: number,
    callback: Callback<NativeNamespace>,
  ): void
  openNamespace(path: string): NativeDescriptor
  deleteNamespace(path: string): void
  deleteNamespace(path: string, callback: Callback<unknown>): void
  openFile(ns: number, path: string, flags: number): NativeDescriptor
  openFile(ns: number, path: string, flags: number, callback: Callback<NativeDescriptor>): void
  readFile(ns: number, path: string): string
  readFile(ns: number, path: string, callback: Callback<string>): void
  writeFile(ns: number, path: string, text: string): number
  writeFile(ns: number, path: string, text: string, callback: Callback<number>): void
  /** What is in files of the namespace's sysfs (`class/net/lo/mtu`), each ended by a NUL; of a folder, the names in it, one a line. */
  readSysfs(ns: number, paths: readonly string[]): string
  readSysfs(ns: number, paths: readonly string[], callback: Callback<string>): void
  /** Writes one text to files there, up to the first that refuses it. */
  writeSysfs(ns: number, paths: readonly string[], text: string): number
  writeSysfs(ns: number, paths: readonly string[], text: string, callback: Callback<number>): void
  /** A BPF program: that which is pinned at a path, or has a number. */
  openProgram(which: string | number): NativeDescriptor
  runInside<T>(ns: number, fn: () => T): T
}

function load(): Native {
  if (process.platform !== 'linux') {
    throw new Error(`nslink speaks netlink, which only Linux has; this is ${process.platform}`)
  }
  if (endianness() !== 'LE') throw new Error('nslink supports little-endian machines only')
  const require = createRequire(import.meta.url)
  const tried: string[] = []
  for (const path of candidates()) {
    if (!existsSync(path)) {
      tried.push(`  ${path}: not there`)
      continue
    }
    try {
      return require(path) as Native
    } catch (error) {
      tried.push(`  ${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(
    `nslink found no addon for this machine (linux-${process.arch}-${libc()}, Node ${process.version}). Tried:\n${tried.join('\n')}\n` +
      'To build it, run "npm run build:addon" in the folder of the package; that takes python3, make and a C++17 compiler.',
  )
}

/** Where an addon may be: the one the environment names and no other, or one built here, or one that came with the package. */
function* candidates(): Generator<string> {
  const named = process.env['NSLINK_ADDON']
  if (named) {
    yield named
    return
  }
  const root = fileURLToPath(new URL('../', import.meta.url))
  yield `${root}build/Release/nslink.node`
  yield `${root}prebuilds/linux-${process.arch}-${libc()}/nslink.node`
}

function libc(): 'glibc' | 'musl' {
  // What is mapped tells, for musl is its own loader. Node's diagnostic report says it, too, but takes several times as long.
  return /\/ld-musl-[^/]*$/m.test(readFileSync('/proc/self/maps', 'latin1')) ? 'musl' : 'glibc'
}

/** @internal */
export const native: Native = load()

/** The promise form of an addon function that takes a callback. @internal */
export const promise = <T>(start: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    start((error, value) => (error === null || error === undefined ? resolve(value) : reject(error))),
  )
