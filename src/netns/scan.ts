/** Every network namespace that a process of this machine is in, or that has a name: what `lsns -t net` shows, and more. */

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { FOLDER } from '../namespace.js'

/** A network namespace, as seen from outside. */
export interface NetnsInfo {
  /** Its inode number, by which namespaces are told apart. */
  inode: number
  /** How many processes are in it, of those that this one may look at. */
  processes: number
  /** The lowest process id among them. */
  pid?: number
  /** The command line of that process; in brackets, its name, where it has none. */
  command?: string
  /** The user that process belongs to: a name, or the number where it has no name. */
  user?: string
  /** The number by which the asking namespace knows it. */
  nsid?: number
  /** The names it has in /run/netns. */
  names: string[]
}

/** What a walk over /proc has found so far. */
type Found = Map<number, NetnsInfo>

/** Walks over all processes. It yields after each, so that a caller may let others have their turn. @internal */
export function* walk(): Generator<void, Found> {
  const found: Found = new Map()
  const info = (inode: number): NetnsInfo => {
    const known = found.get(inode) ?? { inode, processes: 0, names: [] }
    found.set(inode, known)
    return known
  }
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  for (const pid of pids.sort((a, b) => a - b)) {
    const inode = namespaceOf(pid)
    if (inode !== undefined) {
      const namespace = info(inode)
      namespace.processes++
      namespace.pid ??= pid
    }
    yield
  }
  for (const { name, inode } of named()) if (inode !== undefined) info(inode).names.push(name)
  const users = userNames()
  for (const namespace of found.values()) if (namespace.pid !== undefined) describe(namespace, namespace.pid, users)
  return found
}

/** The names in /run/netns. One whose inode is undefined is only a file: its namespace is not mounted there. @internal */
export function named(): { name: string; path: string; inode: number | undefined }[] {
  let names: string[]
  try {
    names = readdirSync(FOLDER)
  } catch {
    // Nobody has named a namespace since the machine started.
    return []
  }
  return names.sort().map((name) => {
    const path = `${FOLDER}/${name}`
    return { name, path, inode: inodeAt(path) }
  })
}

/** Namespaces are files of the kernel's own file system; what lies on another is not one. */
function inodeAt(path: string): number | undefined {
  try {
    const { ino, dev } = statSync(path)
    return dev === statSync('/proc/self/ns/net').dev ? ino : undefined
  } catch {
    return undefined
  }
}

/** The process may be gone by now, or be none of ours to look at. */
function namespaceOf(pid: number): number | undefined {
  try {
    const inode = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1]
    return inode === undefined ? undefined : Number(inode)
  } catch {
    return undefined
  }
}

function describe(namespace: NetnsInfo, pid: number, users: ReadonlyMap<number, string>): void {
  try {
    const { uid } = statSync(`/proc/${pid}`)
    namespace.user = users.get(uid) ?? String(uid)
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ')
    namespace.command = words || `[${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}]`
  } catch {
    // It ended between the two looks; what is known of it stays.
  }
}

function userNames(): Map<number, string> {
  const names = new Map<number, string>()
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      const [name, , uid] = line.split(':')
      if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name)
    }
  } catch {
    // No such file in some containers: numbers will do.
  }
  return names
}
