/** The chunks of SCTP. */

import { type ExtensionField, extension, extensionsSelectors, numbered } from '../extension.js'
import { sized } from '../header.js'
import { sctpFields } from '../headers/sctp.js'
import type { NumberRange } from '../type.js'
import { integerType } from '../types.js'

const families = ['ip', 'ip6', 'inet', 'bridge', 'netdev'] as const

const all = {
  /** Its number. */
  type: numbered(0, sized(integerType, 8)),
  /** Its flags. */
  flags: sized(integerType, 8),
  /** Its length, in bytes. */
  length: sized(integerType, 16),
}

const chunk = <const N extends string, F extends Readonly<Record<string, ExtensionField<number | NumberRange>>>>(
  name: N,
  number: number,
  more: F,
) =>
  extension({
    name: `sctp chunk ${name}` as const,
    whole: `sctp chunk ${name}` as const,
    op: 'sctp chunk',
    number,
    families,
    fields: { ...all, ...more },
  })

const word = sized(integerType, 32)
const half = sized(integerType, 16)

const initiation = {
  /** The tag that the other side is to use. */
  'init-tag': word,
  /** How many bytes may be sent. */
  'a-rwnd': word,
  /** How many streams it wants to send. */
  'num-outbound-streams': half,
  /** How many streams it lets the other side send. */
  'num-inbound-streams': half,
  /** The number of the first piece of data. */
  'initial-tsn': word,
} as const

const acknowledged = {
  /** Up to which number all data has arrived. */
  'cum-tsn-ack': word,
} as const

const congested = {
  /** The lowest number of what met with congestion. */
  'lowest-tsn': word,
} as const

const configured = {
  /** The number of the change. */
  seqno: word,
} as const

/** @internal */
export const sctpChunks = {
  /** Data. */
  data: chunk('data', 0, {
    /** The number of this piece of data. */
    tsn: word,
    /** The stream. */
    stream: half,
    /** The number of the message in its stream. */
    ssn: half,
    /** The protocol of the data. */
    ppid: word,
  }),
  /** The beginning of an association. */
  init: chunk('init', 1, initiation),
  /** Its acknowledgement. */
  'init-ack': chunk('init-ack', 2, initiation),
  /** The acknowledgement of data. */
  sack: chunk('sack', 3, {
    ...acknowledged,
    /** How many bytes may be sent. */
    'a-rwnd': word,
    /** How many ranges have arrived beyond that. */
    'num-gap-ack-blocks': half,
    /** How many pieces came twice. */
    'num-dup-tsns': half,
  }),
  /** A sign of life. */
  heartbeat: chunk('heartbeat', 4, {}),
  /** Its acknowledgement. */
  'heartbeat-ack': chunk('heartbeat-ack', 5, {}),
  /** The end of an association, at once. */
  abort: chunk('abort', 6, {}),
  /** The end of an association. */
  shutdown: chunk('shutdown', 7, acknowledged),
  /** Its acknowledgement. */
  'shutdown-ack': chunk('shutdown-ack', 8, {}),
  /** An error. */
  error: chunk('error', 9, {}),
  /** The cookie, given back. */
  'cookie-echo': chunk('cookie-echo', 10, {}),
  /** Its acknowledgement. */
  'cookie-ack': chunk('cookie-ack', 11, {}),
  /** Congestion has been met. */
  ecne: chunk('ecne', 12, congested),
  /** The window has been made smaller. */
  cwr: chunk('cwr', 13, congested),
  /** The end of the end of an association. */
  'shutdown-complete': chunk('shutdown-complete', 14, {}),
  /** A change of addresses. */
  asconf: chunk('asconf', 193, configured),
  /** Its acknowledgement. */
  'asconf-ack': chunk('asconf-ack', 128, configured),
  /** Data that is not going to be sent any more. */
  'forward-tsn': chunk('forward-tsn', 192, {
    /** Up to which number nothing is awaited any more. */
    'new-cum-tsn': word,
  }),
} as const

/** The header of SCTP, `sctp dport`, and its chunks: `sctp chunk data tsn`. */
export const sctp = {
  ...sctpFields,
  /** The chunks: `sctp chunk data tsn`. */
  chunk: extensionsSelectors(sctpChunks),
}
