/** Namespaces by name, pid, path or descriptor: `ip netns`. */

import { FOLDER, type NetnsRef, namedPath, openAt } from '../namespace.js'
import { type NativeDescriptor, type NativeNamespace, native, promise } from '../native.js'
import { BUFFER } from '../netlink/channel.js'
import { integer, invalidType, invalidValue, onlyKnown } from '../netlink/check.js'
import { systemError } from '../netlink/error.js'
import { call, type Operation, settle } from '../netlink/operation.js'
import { NETLINK_ROUTE } from '../netlink/protocol.js'
import { type DelOptions, deletion } from '../rtnetlink.js'
import { getRequest } from './nsid.js'
import { type NetnsInfo, named, walk } from './scan.js'

/** What a handle is made of. @internal */
export interface Identity {
  readonly descriptor: NativeDescriptor
  /** A netlink socket in it, where there is one already. */
  readonly socket: NativeDescriptor | undefined
  readonly inode: number
  readonly name: string | undefined
  readonly path: string | undefined
  readonly temporary: boolean
}

/** Options of `netns.create`. */
export interface CreateOptions {
  /** Disposing of the handle (`await using`) deletes the name, too. An anonymous namespace always goes with its last user. */
  temporary?: boolean | undefined
}

/** A namespace that has a name. */
export interface NamedNetns {
  /** The name. */
  name: string
  /** Where the name is mounted. */
  path: string
  /** Its inode number; absent when the file is not (any more) a namespace. */
  inode?: number
  /** The number by which the asking namespace knows it. */
  nsid?: number
}

/** How to find a namespace: by name, or by a process in it, a path, or a descriptor. */
export type NetnsLocation =
  | string
  | {
      /** The process. */
      pid: number
    }
  | {
      /** Where the namespace is mounted: `/run/docker/netns/default`, or `/proc/PID/ns/net`. */
      path: string
    }
  | {
      /** A descriptor of the namespace. It is duplicated, and stays the caller's to close. */
      fd: number
    }

const knownCreate = new Set(['temporary'])
/** @internal */
export const knownDel = new Set(['missingOk'])

const means = {
  EEXIST: 'a namespace of that name exists already',
  EPERM: 'it takes the capability CAP_SYS_ADMIN (nslink/rootless runs a program where it has that without being root)',
  EACCES:
    'it takes the right to write to /run/netns (nslink/rootless runs a program where it has that without being root)',
  ENOSPC: 'there are as many network namespaces as user.max_net_namespaces allows',
  EROFS: '/run/netns is on a read-only file system',
}

/** How the processes on a machine are looked at: this many, then others have their turn. */
const AT_A_TIME = 64

/** Making and finding network namespaces (`ip netns`). `Handle` is what represents one. */
export class NetnsOperations<Handle> {
  readonly #handle: (identity: Identity) => Handle

  /** @internal */
  constructor(handle: (identity: Identity) => Handle) {
    this.#handle = handle
  }

  /**
   * Makes a network namespace: `ip netns add`. With a name it is mounted at /run/netns/NAME, where `ip netns` sees it, and stays until
   * it is deleted; without one it is anonymous, and goes when the last handle, socket or process in it does.
   *
   * Only `lo` is in it, and down.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE for a name that is empty, '.', '..', holds '/' or NUL, or is over 255 bytes
   * @throws NetlinkError EEXIST when the name is taken; EPERM without CAP_SYS_ADMIN; ENOSPC past user.max_net_namespaces
   */
  *create(name?: string, options: CreateOptions = {}): Operation<Handle> {
    onlyKnown('netns.create', options, knownCreate)
    const { temporary = false } = options
    if (typeof temporary !== 'boolean') throw invalidType('temporary', 'a boolean', temporary)
    const path = name === undefined ? undefined : namedPath('name', name)
    const doing = name === undefined ? 'netns.create' : `netns.create ${name}`
    const descriptor = yield* attempt(doing, {
      sync: () => native.createNamespace(FOLDER, name ?? '', NETLINK_ROUTE, BUFFER),
      async: () =>
        promise<NativeNamespace>((done) => native.createNamespace(FOLDER, name ?? '', NETLINK_ROUTE, BUFFER, done)),
    })
    return this.#made(descriptor, { name, path, temporary, socket: descriptor.socket })
  }

  /**
   * Opens a namespace that exists: by its name, or `{ pid }` of a process in it, `{ path }`, or a `{ fd }` (which is duplicated).
   *
   * @throws NetlinkError ENOENT when there is none, EINVAL when it is not a network namespace
   */
  // biome-ignore lint/correctness/useYield: opening waits for nothing; it is an operation so that both faces have it.
  *open(location: NetnsLocation): Operation<Handle> {
    if (typeof location === 'string') {
      const path = namedPath('name', location)
      return this.#made(openAt(path, `namespace "${location}"`), { name: location, path })
    }
    const keys = typeof location === 'object' && location !== null ? Object.keys(location) : []
    if (keys.length === 1) {
      if ('path' in location) {
        const { path } = location
        if (typeof path !== 'string') throw invalidType('path', 'a string', path)
        if (path === '' || path.includes('\0')) throw invalidValue('path', path, 'must be a path')
        return this.#made(openAt(path, `namespace at '${path}'`), { path })
      }
      if ('fd' in location) {
        const fd = integer('fd', location.fd, 0, 0x7fff_ffff)
        return this.#made(openAt(`/proc/self/fd/${fd}`, `namespace of descriptor ${fd}`))
      }
      if ('pid' in location) {
        const pid = integer('pid', location.pid, 1, 0x7fff_ffff)
        return this.#made(openAt(`/proc/${pid}/ns/net`, `network namespace of process ${pid}`))
      }
    }
    throw invalidType('location', 'a name, { pid }, { path } or { fd }', location)
  }

  /** Opens the namespace the calling thread is in. */
  // biome-ignore lint/correctness/useYield: as for `open`.
  *current(): Operation<Handle> {
    return this.#made(openAt('/proc/thread-self/ns/net', 'namespace of this thread'))
  }

  /** The namespaces that have names, sorted: `ip netns list`. */
  *list(): Operation<NamedNetns[]> {
    const entries = named()
    const answers = yield* settle(
      entries.filter(({ inode }) => inode !== undefined).map(({ name }) => getRequest(name)),
    )
    const nsids = answers[Symbol.iterator]()
    return entries.map(({ name, path, inode }) => {
      if (inode === undefined) return { name, path }
      // One that was deleted in the meantime has no number; that is no reason to fail.
      const nsid = nsids.next().value?.items[0] as number | undefined
      return nsid === undefined ? { name, path, inode } : { name, path, inode, nsid }
    })
  }

  /** Whether there is a namespace of that name. */
  *exists(name: string): Operation<boolean> {
    const path = namedPath('name', name)
    return named().some((entry) => entry.path === path && entry.inode !== undefined)
  }

  /**
   * Deletes a name: `ip netns del`. The namespace itself lives on while a process, a handle or a socket is in it.
   *
   * @throws NetlinkError ENOENT when there is none of that name
   */
  *del(name: string, options: DelOptions = {}): Operation<void> {
    onlyKnown('netns.del', options, knownDel)
    yield* deletion(remove(namedPath('name', name), `netns.del ${name}`), options, 'ENOENT')
  }

  /**
   * Every network namespace that a process of this machine is in or that has a name, lowest process first: what `lsns -t net`
   * shows. Processes this one may not look at (of other users, without CAP_SYS_PTRACE) are left out.
   */
  *scan(): Operation<NetnsInfo[]> {
    const found = yield* call({
      sync: () => {
        const steps = walk()
        for (;;) {
          const step = steps.next()
          if (step.done) return step.value
        }
      },
      async: async () => {
        const steps = walk()
        for (let count = 1; ; count++) {
          const step = steps.next()
          if (step.done) return step.value
          if (count % AT_A_TIME === 0) await new Promise((resolve) => setImmediate(resolve))
        }
      },
    })
    const all = [...found.values()]
    const refs: NetnsRef[] = all.map(({ pid, names }) => (pid === undefined ? (names[0] as string) : { pid }))
    const answers = yield* settle(refs.map(getRequest))
    all.forEach((info, index) => {
      const nsid = answers[index]?.items[0] as number | undefined
      if (nsid !== undefined) info.nsid = nsid
    })
    const rank = ({ pid }: NetnsInfo): number => pid ?? Number.POSITIVE_INFINITY
    return all.sort((a, b) => (rank(a) === rank(b) ? a.inode - b.inode : rank(a) - rank(b)))
  }

  #made(descriptor: NativeDescriptor, known: Partial<Omit<Identity, 'descriptor' | 'inode'>> = {}): Handle {
    return this.#handle({
      name: undefined,
      path: undefined,
      temporary: false,
      socket: undefined,
      ...known,
      descriptor,
      inode: descriptor.inode,
    })
  }
}

/** A call to the addon, whose errors become sentences. */
function* attempt<T>(doing: string, step: { sync(): T; async(): Promise<T> }): Operation<T> {
  try {
    return yield* call(step)
  } catch (error) {
    throw systemError(error, doing, undefined, means)
  }
}

/** Unmounts and removes the name at `path`. @internal */
export function* remove(path: string, doing: string): Operation<void> {
  try {
    yield* call<unknown>({
      sync: () => native.deleteNamespace(path),
      async: () => promise((done) => native.deleteNamespace(path, done)),
    })
  } catch (error) {
    throw systemError(error, doing, undefined, { ...means, ENOENT: 'there is no namespace of that name' })
  }
}
