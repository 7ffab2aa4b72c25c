/** `NSLINK_DEBUG=1`: every message in and out, printed on stderr as it passes. */

import { writeSync } from 'node:fs'
import { eachAttribute, hex, type Schema, type Table } from './attributes.js'
import { errorCode } from './error.js'
import * as nl from './protocol.js'
import type { Reader } from './writer.js'

/** What the message with a sequence number is about. */
type Asked = (sequence: number) => { readonly request: { readonly schema: Schema } } | undefined

type Print = (direction: '>' | '<', messages: Reader, length: number, asked: Asked, netns: string | undefined) => void

/** Undefined when nothing is to be printed, so that it costs nothing. @internal */
export const debug: Print | undefined = process.env['NSLINK_DEBUG'] ? print : undefined

/** The C name of a message's number, or of a command's. Commands may have the numbers that errors and ends of lists have elsewhere. @internal */
export function messageName(schema: Schema | undefined, type: number): string {
  for (const [name, number] of Object.entries(schema?.messages ?? {})) if (number === type) return name
  if (type === nl.NLMSG_ERROR) return 'NLMSG_ERROR'
  if (type === nl.NLMSG_DONE) return 'NLMSG_DONE'
  return `message ${type}`
}

const common: [number, string][] = [
  [nl.NLM_F_REQUEST, 'REQUEST'],
  [nl.NLM_F_MULTI, 'MULTI'],
  [nl.NLM_F_ACK, 'ACK'],
  [nl.NLM_F_ECHO, 'ECHO'],
  [nl.NLM_F_DUMP_INTR, 'DUMP_INTR'],
  [nl.NLM_F_DUMP_FILTERED, 'DUMP_FILTERED'],
]
const makes: [number, string][] = [
  [nl.NLM_F_REPLACE, 'REPLACE'],
  [nl.NLM_F_EXCL, 'EXCL'],
  [nl.NLM_F_CREATE, 'CREATE'],
  [nl.NLM_F_APPEND, 'APPEND'],
]
const acknowledges: [number, string][] = [
  [nl.NLM_F_CAPPED, 'CAPPED'],
  [nl.NLM_F_ACK_TLVS, 'ACK_TLVS'],
]

/** The upper bits mean one thing in requests that make, another in those that read, a third in acknowledgements. */
function flagNames(name: string, flags: number): string {
  const upper = name.startsWith('NLMSG_')
    ? acknowledges
    : name.includes('_GET')
      ? [[nl.NLM_F_DUMP, 'DUMP'] as [number, string]]
      : makes
  const names = [...common, ...upper].filter(([bit]) => (flags & bit) === bit).map(([, flag]) => flag)
  return names.join('|') || '0'
}

function print(direction: '>' | '<', messages: Reader, total: number, asked: Asked, netns: string | undefined): void {
  const { view } = messages
  const lines: string[] = []
  for (let at = 0; at + nl.NLMSG_HDRLEN <= total; ) {
    const length = view.getUint32(at, true)
    if (length < nl.NLMSG_HDRLEN) break
    const type = view.getUint16(at + 4, true)
    const seq = view.getUint32(at + 8, true)
    const schema = asked(seq)?.request.schema
    const isAnswer = type <= nl.NLMSG_DONE
    // Messages of generic netlink go by the number of the family, and what they are is the first byte of what follows.
    const number = schema?.protocol === nl.NETLINK_GENERIC && !isAnswer ? view.getUint8(at + nl.NLMSG_HDRLEN) : type
    const name = messageName(isAnswer ? undefined : schema, number)
    const flags = flagNames(name, view.getUint16(at + 6, true))
    lines.push(
      `nslink ${direction} ${name} ${flags} seq ${seq}, ${length} bytes${netns === undefined ? '' : `, namespace ${netns}`}`,
    )
    const payload = at + nl.NLMSG_HDRLEN
    const size = length - nl.NLMSG_HDRLEN
    if (type === nl.NLMSG_ERROR || type === nl.NLMSG_DONE) {
      const errno = size >= 4 ? view.getInt32(payload, true) : 0
      lines.push(`    ${errno === 0 ? 'done' : errorCode(errno)}`)
    } else if (schema !== undefined) {
      const header = schema.header.read(messages, payload, Math.min(size, schema.header.size))
      lines.push(
        `    ${schema.header.c}: ${Object.entries(header)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}`,
      )
      const skip = nl.align(schema.header.size)
      attributeLines(lines, schema.table, messages, payload + skip, size - skip, 4)
    }
    at += nl.align(length)
  }
  writeSync(2, `${lines.join('\n')}\n`)
}

function attributeLines(lines: string[], any: Table, from: Reader, at: number, length: number, indent: number): void {
  const table = any.of?.(from, at, length) ?? any
  eachAttribute(from, at, length, (type, value, size) => {
    const attribute = table.attribute(type)
    const label = `${' '.repeat(indent)}${table.key(type) ?? 'unknown'} (${type})`
    const inner = attribute?.inner?.(from, value, size)
    if (inner !== undefined) {
      const skip = attribute?.innerOffset ?? 0
      lines.push(`${label}:`)
      attributeLines(lines, inner, from, value + skip, size - skip, indent + 2)
      return
    }
    const known = attribute !== undefined && attribute.ignored === undefined
    lines.push(
      `${label}: ${known ? JSON.stringify(attribute.read(from, value, size, undefined)) : hex(from, value, size)}`,
    )
  })
}
