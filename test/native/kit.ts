/** What the addon's tests share: messages by hand, and scripts that load the addon as the tests do. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { native } from '../../src/native.js'
import { root } from '../support/child.js'

export const NETLINK_ROUTE = 0
export const RTM_NEWLINK = 16
export const RTM_GETLINK = 18
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
const NLM_F_REQUEST = 1
export const NLM_F_ACK = 4
export const NLM_F_DUMP = 0x300
export const NLM_F_CREATE = 0x400
export const NLM_F_EXCL = 0x200

/** A message about links: headers and, for a new one, the attributes of a bridge of that name. */
export function linkMessage(type: number, flags: number, seq: number, { name = '', index = 0 } = {}): Buffer {
  const attributes =
    name === '' ? Buffer.alloc(0) : Buffer.concat([attribute(3, name), attribute(18, attribute(1, 'bridge'))])
  const message = Buffer.alloc(32 + attributes.length)
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(flags | NLM_F_REQUEST, 6)
  message.writeUInt32LE(seq, 8)
  message.writeInt32LE(index, 20)
  attributes.copy(message, 32)
  return message
}

function attribute(type: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : value
  const padded = Buffer.alloc(4 + Math.ceil(bytes.length / 4) * 4)
  padded.writeUInt16LE(4 + bytes.length, 0)
  padded.writeUInt16LE(type, 2)
  bytes.copy(padded, 4)
  return padded
}

export interface Message {
  type: number
  seq: number
  /** Of an answer that is an error, or the end of a list. */
  errno: number
  /** Of a link. */
  index: number
}

/** The messages in the first `length` bytes. */
export function messages(bytes: Uint8Array, length: number): Message[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  const found: Message[] = []
  for (let at = 0; at + 16 <= length; at += (view.readUInt32LE(at) + 3) & ~3) {
    const type = view.readUInt16LE(at + 4)
    found.push({
      type,
      seq: view.readUInt32LE(at + 8),
      errno: type === NLMSG_ERROR || type === NLMSG_DONE ? view.readInt32LE(at + 16) : 0,
      index: type === RTM_NEWLINK ? view.readInt32LE(at + 20) : 0,
    })
  }
  return found
}

/** The error that a call fails with, as plain data. */
export function refusal(fn: () => unknown): Record<string, unknown> {
  try {
    fn()
  } catch (error) {
    return { ...(error as object) }
  }
  throw new Error('it did not fail')
}

/** Runs `fn` with a fresh namespace, which is gone afterwards. */
export async function inFresh<T>(fn: (ns: number) => T | Promise<T>): Promise<T> {
  const descriptor = native.createNamespace('/run/netns', '', 0, 65536)
  try {
    return await fn(descriptor.fd)
  } finally {
    descriptor.socket.close()
    descriptor.close()
  }
}

const addon = process.env['NSLINK_ADDON'] ?? join(root, 'build/Release/nslink.node')
if (!existsSync(addon)) throw new Error(`there is no addon at ${addon}`)

/** The start of a script that uses the addon; also for one that is a worker's. */
export const loaded = `
  import { createRequire } from 'node:module'
  import { once } from 'node:events'
  import { readdirSync, readlinkSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { parentPort, Worker, workerData } from 'node:worker_threads'
  const native = createRequire(${JSON.stringify(join(root, 'package.json'))})(${JSON.stringify(addon)})
  const descriptors = () => readdirSync('/proc/self/fd').length
`
