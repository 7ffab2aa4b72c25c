/** `reject`: the packet is gone, and its sender is told. */

import { scalar, u8 } from '../../netlink/attributes.js'
import { invalidValue, oneOf } from '../../netlink/check.js'
import { enumeration, named } from '../../netlink/names.js'
import { BE32 } from '../../netlink/scalar.js'
import { toNumber } from '../bytes.js'
import type { Context, Need } from '../context.js'
import { reads } from '../decoder.js'
import { expression } from '../expression.js'
import type { Header } from '../header.js'
import { icmpCode } from '../headers/icmp.js'
import { icmpv6Code } from '../headers/icmpv6.js'
import { ipHeader } from '../headers/ip.js'
import { ip6Header } from '../headers/ip6.js'
import { tcpHeader } from '../headers/tcp.js'
import { noNames } from '../loaded.js'
import { statementKind } from '../statement.js'
import { type DataType, single, symbolic, type ValueOfType } from '../type.js'

const NFTA_REJECT_TYPE = 1
const NFTA_REJECT_ICMP_CODE = 2

const NFT_REJECT_ICMP_UNREACH = 0
const NFT_REJECT_TCP_RST = 1
const NFT_REJECT_ICMPX_UNREACH = 2

const NFT_REJECT_ICMPX_NO_ROUTE = 0
const NFT_REJECT_ICMPX_PORT_UNREACH = 1
const NFT_REJECT_ICMPX_HOST_UNREACH = 2
const NFT_REJECT_ICMPX_ADMIN_PROHIBITED = 3

const icmpxCode = symbolic(
  { name: 'icmpx_code', id: 34, bits: 8, order: 'network' },
  {
    'port-unreachable': NFT_REJECT_ICMPX_PORT_UNREACH,
    'admin-prohibited': NFT_REJECT_ICMPX_ADMIN_PROHIBITED,
    'no-route': NFT_REJECT_ICMPX_NO_ROUTE,
    'host-unreachable': NFT_REJECT_ICMPX_HOST_UNREACH,
  },
)

const rejectExpression = expression('reject', {
  type: scalar(
    NFTA_REJECT_TYPE,
    named(
      BE32,
      enumeration({
        unreachable: NFT_REJECT_ICMP_UNREACH,
        'tcp reset': NFT_REJECT_TCP_RST,
        icmpx: NFT_REJECT_ICMPX_UNREACH,
      }),
    ),
  ),
  code: u8(NFTA_REJECT_ICMP_CODE),
})

/** What the sender is told: a reset of its connection, or that something cannot be reached, by ICMP, ICMPv6, or whichever it is (`icmpx`). */
export type RejectWith =
  | {
      /** The connection is reset. */
      with: 'tcp reset'
    }
  | {
      /** By ICMP. */
      with: 'icmp'
      /** What cannot be done. */
      code: ValueOfType<typeof icmpCode>
    }
  | {
      /** By ICMPv6. */
      with: 'icmpv6'
      /** What cannot be done. */
      code: ValueOfType<typeof icmpv6Code>
    }
  | {
      /** By whichever it is. */
      with: 'icmpx'
      /** What cannot be done. */
      code: ValueOfType<typeof icmpxCode>
    }

/** The packet is gone, and its sender is told: when nothing else is said, that the port cannot be reached. */
export type Reject = {
  /** Which statement it is. */
  kind: 'reject'
} & (
  | {
      /** What the sender is told is what is usual. */
      with?: undefined
      /** It goes with what the sender is told. */
      code?: undefined
    }
  | RejectWith
)

const codes: Readonly<Record<string, DataType>> = { icmp: icmpCode, icmpv6: icmpv6Code, icmpx: icmpxCode }
const headers: Readonly<Record<string, Header>> = {
  icmp: ipHeader as unknown as Header,
  icmpv6: ip6Header as unknown as Header,
  'tcp reset': tcpHeader as unknown as Header,
}

/** What is meant when nothing is said: it depends on whether IPv4 or IPv6 is known. */
function usual(context: Context): RejectWith {
  const { network } = context.layers
  if (network === 'ip') return { with: 'icmp', code: 'port-unreachable' }
  if (network === 'ip6') return { with: 'icmpv6', code: 'port-unreachable' }
  return { with: 'icmpx', code: 'port-unreachable' }
}

/** What has to be known of the packet. */
function needs(how: string, context: Context): Need[] {
  const header = headers[how]
  return header === undefined ? [] : context.require(header, 'with')
}

statementKind<{ kind: 'reject'; with?: string | undefined; code?: unknown }>({
  kind: 'reject',
  families: ['ip', 'ip6', 'inet', 'bridge', 'netdev'],
  hooks: ['prerouting', 'input', 'forward', 'output', 'ingress'],
  options: ['with', 'code'],
  write(statement, program) {
    const said: { with?: string | undefined; code?: unknown } =
      statement.with === undefined ? usual(program.context) : statement
    const how = oneOf('with', said.with, ['tcp reset', 'icmp', 'icmpv6', 'icmpx'])
    if (how === 'icmpx' && (program.family === 'ip' || program.family === 'ip6')) {
      throw invalidValue('with', how, 'is for tables that see both IPv4 and IPv6')
    }
    // What stands before is not done for packets that could not be rejected like this.
    program.needsFirst(needs(how, program.context))
    const type = codes[how]
    const span = type?.parse(said.code, 'code', noNames, 8)
    program.step()
    program.emit(rejectExpression, {
      type: how === 'icmp' || how === 'icmpv6' ? 'unreachable' : how,
      code: span === undefined ? 0 : toNumber(span.first),
    })
  },
})

reads('reject', ({ type, code }, decoder) => {
  const { network } = decoder.context.layers
  const how = type === 'unreachable' ? (network === 'ip6' ? 'icmpv6' : network === 'ip' ? 'icmp' : undefined) : type
  if (typeof how !== 'string') return false
  const implied = decoder.implyFirst((context) => needs(how, context))
  const word = codes[how]?.format(single(Uint8Array.of((code as number | undefined) ?? 0)), noNames)
  const said = word === undefined ? { with: how } : { with: how, code: word }
  const expected = usual(decoder.context)
  const asUsual = expected.with === how && 'code' in expected && expected.code === word
  return decoder.say(asUsual && !implied ? { kind: 'reject' } : { kind: 'reject', ...said })
})

/** The packet is gone, and its sender is told: `reject`, `reject with icmp host-unreachable`. */
export const reject = (how?: RejectWith): Reject =>
  how === undefined ? { kind: 'reject' } : { kind: 'reject', ...how }
