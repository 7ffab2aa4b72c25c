/**
 * The message that `tc` sends for a command, held against the one that nslink sends.
 *
 * What `tc` sends was recorded with strace, and is kept beside the tests under the command that made it: `test/tc/messages/*.json`. The kernel need not
 * know what it is about. To record what is not there yet, in a namespace of its own with the devices that `devices` has:
 *
 *     NSLINK_CAPTURE=1 npx vitest run test/tc/tbf.test.ts
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation, Request } from '../../src/netlink/operation.js'
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_ECHO, NLM_F_REQUEST, NLMSG_HDRLEN } from '../../src/netlink/protocol.js'
import { Writer } from '../../src/netlink/writer.js'
import { expect, test } from './test.js'

/** A message: its number, its flags but for those that say how it is answered, and in hexadecimal the struct and the attributes. */
export interface Message {
  type: number
  flags: number
  bytes: string
}

/** The devices that commands are about, and their indexes. */
const devices: Readonly<Record<string, number>> = { lo: 1, v0: 100, v1: 101, ifb0: 102 }

/** Makes them. */
export const furnish =
  'ip link add v0 index 100 type veth peer name v1 index 101 && ip link add ifb0 index 102 type ifb'

/** The numbers of messages of traffic control. */
const isTrafficControl = (type: number): boolean => type >= 36 && type <= 50

function message(bytes: Buffer): Message {
  return {
    type: bytes.readUInt16LE(4),
    flags: bytes.readUInt16LE(6) & ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO),
    bytes: bytes.subarray(NLMSG_HDRLEN, bytes.readUInt32LE(0)).toString('hex'),
  }
}

/** Runs `tc` in a namespace of its own, and returns what it sends. */
function capture(command: string): Message {
  const folder = mkdtempSync(join(tmpdir(), 'nslink-capture-'))
  try {
    const trace = join(folder, 'trace')
    // What the kernel answers does not matter: it may lack what is asked for.
    const { stderr } = spawnSync(
      'unshare',
      ['--net', 'sh', '-c', `${furnish} && strace -e trace=sendmsg,sendto -e write=all -s 0 -o ${trace} tc ${command}`],
      { encoding: 'utf8' },
    )
    const sent: Buffer[] = []
    for (const line of readFileSync(trace, 'latin1').split('\n')) {
      const [, offset, hex] = /^ \| ([\da-f]{5}) {2}((?:[\da-f]{2} {1,2}){1,16})/.exec(line) ?? []
      if (offset === undefined || hex === undefined) continue
      // A message may lie in two pieces of memory.
      const last = sent.at(-1)
      const whole = last === undefined || last.length >= last.readUInt32LE(0)
      if (offset === '00000' && whole) sent.push(Buffer.alloc(0))
      sent.push(Buffer.concat([sent.pop() as Buffer, Buffer.from(hex.replaceAll(' ', ''), 'hex')]))
    }
    const found = sent.filter((bytes) => isTrafficControl(bytes.readUInt16LE(4)))
    if (found.length !== 1) throw new Error(`tc ${command} sent ${found.length} messages: ${stderr}`)
    return message(found[0] as Buffer)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What nslink sends for an operation: the last message of it, when all before is answered. */
export function encoded(operation: Operation<unknown>): Message {
  let request: Request | undefined
  const answer = { items: [{}], interrupted: false, error: undefined }
  for (let step = operation.next(); !step.done; ) {
    const asked = step.value as Request | readonly Request[]
    ;[request] = [asked].flat()
    step = operation.next(Array.isArray(asked) ? [answer] : answer)
  }
  if (request === undefined) throw new Error('nothing is sent')
  const writer = new Writer()
  writer.names = {
    index: (device) => devices[device] ?? Number(device),
    name: (index) => Object.entries(devices).find(([, number]) => number === index)?.[0] ?? index,
  }
  writer.zeros(NLMSG_HDRLEN)
  request.encode(writer)
  const bytes = Buffer.from(writer.bytes.subarray(0, writer.at))
  bytes.writeUInt32LE(writer.at, 0)
  bytes.writeUInt16LE(request.type, 4)
  bytes.writeUInt16LE(request.flags | (request.dump ? NLM_F_DUMP : 0), 6)
  return message(bytes)
}

/** The recorded messages of one file. */
class Recorded {
  readonly #file: URL
  readonly #messages: Record<string, Message>
  readonly #used = new Set<string>()

  constructor(name: string) {
    this.#file = new URL(`../tc/messages/${name}.json`, import.meta.url)
    this.#messages = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, Message>)
      : {}
  }

  of(command: string): Message {
    this.#used.add(command)
    if (process.env['NSLINK_CAPTURE'] !== undefined) this.#messages[command] = capture(command)
    const found = this.#messages[command]
    if (found === undefined) throw new Error(`what "tc ${command}" sends is not recorded: run with NSLINK_CAPTURE=1`)
    return found
  }

  /** The recorded commands that no test asked for; when recording, they are dropped. */
  finish(): string[] {
    const left = Object.keys(this.#messages).filter((command) => !this.#used.has(command))
    if (process.env['NSLINK_CAPTURE'] === undefined) return left
    for (const command of left) delete this.#messages[command]
    writeFileSync(this.#file, `${JSON.stringify(this.#messages, null, 2)}\n`)
    return []
  }
}

/**
 * Defines a test for each command: what nslink sends for the operation is what `tc` sends for the command, byte for byte. `name` is the file with
 * what `tc` sends.
 */
export function sameMessages(
  name: string,
  cases: readonly (readonly [command: string, operation: () => Operation<unknown>])[],
): void {
  const recorded = new Recorded(name)
  for (const [command, operation] of cases) {
    test(`nslink sends what tc sends: ${command}`, () => {
      expect(dissected(encoded(operation()))).toEqual(dissected(recorded.of(command)))
    })
  }
  test('every recorded message is used', () => {
    expect(recorded.finish()).toEqual([])
  })
}

/** A message in lines that can be compared by eye: an attribute with others inside is taken apart as far as it looks like one. */
function dissected({ type, flags, bytes }: Message): unknown {
  const all = Buffer.from(bytes, 'hex')
  return {
    type,
    flags,
    tcmsg: all.subarray(0, 20).toString('hex'),
    attributes: attributesIn(all.subarray(20)) ?? all.toString('hex'),
  }
}

function attributesIn(bytes: Buffer): unknown[] | undefined {
  const found: unknown[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 4) return undefined
    const [length, type] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)]
    if (length < 4 || at + length > bytes.length || (type & 0x3fff) === 0 || (type & 0x3fff) > 127) return undefined
    const payload = bytes.subarray(at + 4, at + length)
    const padding = bytes.subarray(at + length, at + ((length + 3) & ~3)).toString('hex')
    const inside = payload.length > 0 ? attributesIn(payload) : undefined
    found.push([type, inside ?? payload.toString('hex'), ...(/^0*$/.test(padding) ? [] : [padding])])
    at += (length + 3) & ~3
  }
  return found
}
