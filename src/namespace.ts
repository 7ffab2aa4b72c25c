/** What every part of nslink knows of network namespaces: how an option names one. */

import { type NativeDescriptor, native } from './native.js'
import { integer, invalidType, namespaceName } from './netlink/check.js'
import { systemError } from './netlink/error.js'

/** Where named namespaces are, for `ip netns` and for nslink. @internal */
export const FOLDER = '/run/netns'

/** A network namespace: a handle, or anything else with its descriptor; a process that is in it; or its name. */
export type NetnsRef =
  | {
      /** The descriptor of the namespace. */
      readonly fd: number
    }
  | {
      /** The process. */
      readonly pid: number
    }
  | string

/** The path of a namespace by its name. @internal */
export const namedPath = (path: string, name: unknown): string => `${FOLDER}/${namespaceName(path, name)}`

/** Opens a namespace; the caller closes it. `what` is how an error calls it. @internal */
export function openAt(path: string, what: string): NativeDescriptor {
  try {
    return native.openNamespace(path)
  } catch (error) {
    throw systemError(error, `opening ${what}`, undefined, {
      ENOENT: `there is no ${what}`,
      EINVAL: 'it is no network namespace',
      EACCES: 'it takes the right to look into that process (CAP_SYS_PTRACE)',
    })
  }
}

/**
 * A reference as a descriptor. One that had to be opened for it is `opened`: the caller closes it when it has been used. @internal
 */
export function descriptorOf(ref: NetnsRef, path: string): { fd: number; opened?: NativeDescriptor } {
  if (typeof ref === 'string') return owned(openAt(namedPath(path, ref), `namespace "${ref}"`))
  if (typeof ref === 'object' && ref !== null) {
    if ('fd' in ref) return { fd: integer(path, ref.fd, 0, 0x7fff_ffff) }
    if ('pid' in ref) {
      const pid = integer(`${path}.pid`, ref.pid, 1, 0x7fff_ffff)
      return owned(openAt(`/proc/${pid}/ns/net`, `network namespace of process ${pid}`))
    }
  }
  throw invalidType(path, 'a namespace handle, a name, or { pid }', ref)
}

const owned = (opened: NativeDescriptor): { fd: number; opened: NativeDescriptor } => ({ fd: opened.fd, opened })
