/** `log`: a line in the kernel's log, or the packet to a program that listens. */

import { be16, be32, scalar, text } from '../../netlink/attributes.js'
import { integer, invalidType, invalidValue, oneOf } from '../../netlink/check.js'
import { bitNames, enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import { statementKind } from '../statement.js'

const NFTA_LOG_GROUP = 1
const NFTA_LOG_PREFIX = 2
const NFTA_LOG_SNAPLEN = 3
const NFTA_LOG_QTHRESHOLD = 4
const NFTA_LOG_LEVEL = 5
const NFTA_LOG_FLAGS = 6

const NFT_LOGLEVEL_EMERG = 0
const NFT_LOGLEVEL_ALERT = 1
const NFT_LOGLEVEL_CRIT = 2
const NFT_LOGLEVEL_ERR = 3
const NFT_LOGLEVEL_WARNING = 4
const NFT_LOGLEVEL_NOTICE = 5
const NFT_LOGLEVEL_INFO = 6
const NFT_LOGLEVEL_DEBUG = 7
const NFT_LOGLEVEL_AUDIT = 8

const NF_LOG_TCPSEQ = 0x01
const NF_LOG_TCPOPT = 0x02
const NF_LOG_IPOPT = 0x04
const NF_LOG_UID = 0x08
const NF_LOG_MACDECODE = 0x20

/** The longest prefix, in bytes. */
const LONGEST_PREFIX = 127

const levels = {
  emerg: NFT_LOGLEVEL_EMERG,
  alert: NFT_LOGLEVEL_ALERT,
  crit: NFT_LOGLEVEL_CRIT,
  err: NFT_LOGLEVEL_ERR,
  warn: NFT_LOGLEVEL_WARNING,
  notice: NFT_LOGLEVEL_NOTICE,
  info: NFT_LOGLEVEL_INFO,
  debug: NFT_LOGLEVEL_DEBUG,
  audit: NFT_LOGLEVEL_AUDIT,
} as const

/** What a line says besides: TCP's sequence numbers and options, IP's options, the user of the socket, the link's addresses. */
const flagBits = {
  'tcp sequence': NF_LOG_TCPSEQ,
  'tcp options': NF_LOG_TCPOPT,
  'ip options': NF_LOG_IPOPT,
  skuid: NF_LOG_UID,
  ether: NF_LOG_MACDECODE,
} as const
type LogFlag = keyof typeof flagBits
const flagNames = bitNames(flagBits)

const logExpression = expression('log', {
  prefix: text(NFTA_LOG_PREFIX, LONGEST_PREFIX),
  group: be16(NFTA_LOG_GROUP),
  snaplen: be32(NFTA_LOG_SNAPLEN),
  qthreshold: be16(NFTA_LOG_QTHRESHOLD),
  level: scalar(NFTA_LOG_LEVEL, named(BE32, enumeration(levels))),
  flags: be32(NFTA_LOG_FLAGS),
})

/** What is logged, and how. */
export interface LogOptions {
  /** What the line begins with: at most 127 bytes. */
  prefix?: string | undefined
  /** How urgent it is: `warn`, when nothing is said. */
  level?: keyof typeof levels | undefined
  /** What the line says besides. */
  flags?: readonly LogFlag[] | undefined
  /** The packet goes to a program that listens to this group of nfnetlink_log, and not into the kernel's log. */
  group?: number | undefined
  /** How many bytes of it go there. */
  snaplen?: number | undefined
  /** How many packets are collected before they go there. */
  queueThreshold?: number | undefined
}

/** Packets that came this far are logged. */
export interface Log extends LogOptions {
  /** Which statement it is. */
  kind: 'log'
}

statementKind<Log>({
  kind: 'log',
  options: ['prefix', 'level', 'flags', 'group', 'snaplen', 'queueThreshold'],
  write({ prefix, level, flags, group, snaplen, queueThreshold }, program) {
    if (group === undefined && (snaplen !== undefined || queueThreshold !== undefined)) {
      throw invalidValue(
        snaplen === undefined ? 'queueThreshold' : 'snaplen',
        snaplen ?? queueThreshold,
        'goes with a group',
      )
    }
    if (group !== undefined && (level !== undefined || flags !== undefined)) {
      throw invalidValue(
        'group',
        group,
        "is for packets that do not go into the kernel's log: it has no level and no flags",
      )
    }
    if (level !== undefined) oneOf('level', level, Object.keys(levels))
    program.step()
    program.emit(logExpression, {
      prefix,
      level,
      flags: flags === undefined ? undefined : flagsNumber(flags),
      group: group === undefined ? undefined : integer('group', group, 0, 0xffff),
      snaplen,
      qthreshold: queueThreshold,
    })
  },
})

function flagsNumber(flags: unknown): number {
  if (!Array.isArray(flags)) throw invalidType('flags', 'an array', flags)
  return (flags as unknown[]).reduce<number>(
    (bits, flag, index) => bits | flagBits[oneOf(`flags.${index}`, flag, Object.keys(flagBits) as LogFlag[])],
    0,
  )
}

reads('log', ({ prefix, group, snaplen, qthreshold, level, flags }, decoder) =>
  decoder.say({
    kind: 'log',
    ...(prefix !== undefined && { prefix }),
    ...(level !== undefined && level !== 'warn' && { level }),
    ...(flags ? { flags: flagNames(flags as number) } : {}),
    ...(group !== undefined && { group }),
    ...(snaplen ? { snaplen } : {}),
    ...(qthreshold ? { queueThreshold: qthreshold } : {}),
  }),
)

/** Writes a line into the kernel's log, or hands the packet to a program: `log prefix "…"`. */
export const log = (options: LogOptions = {}): Log => ({ kind: 'log', ...options })
