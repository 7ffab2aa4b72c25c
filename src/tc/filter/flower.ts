/** `flower`: packets by what is in their headers, field by field. */

import { attributes, enumBe16, type Options, readOnly, u32, type Values } from '../../netlink/attributes.js'
import { integer, invalidValue } from '../../netlink/check.js'
import { type Action, type ActionInfo, actions } from '../action.js'
import { computed } from '../body.js'
import { formatHandle, type Handle, handle, parseHandle } from '../handle.js'
import { type HardwareInfo, type HardwareOptions, hardware, hardwareNames } from '../hardware.js'
import { type FilterKind, filterKind } from '../kind.js'
import { type EtherProtocol, protocols } from '../protocol.js'
import { dstPort, icmpCode, icmpType, ipFlags, keys, srcPort } from './flower-keys.js'
import { checkNeeds } from './flower-needs.js'
import type { FlowerPort, FlowerPortInfo, Masked, MaskedInfo, PortProtocol } from './flower-values.js'

const TCA_FLOWER_CLASSID = 1
const TCA_FLOWER_ACT = 3
const TCA_FLOWER_KEY_ETH_TYPE = 8
const TCA_FLOWER_FLAGS = 22
const TCA_FLOWER_IN_HW_COUNT = 86

/** In place of a class: traffic classes of the card's own, of which there are 16. */
const TC_H_MIN_PRIORITY = 0xffe0
const TC_QOPT_MAX_QUEUE = 16

const wire = attributes({
  ...keys.entries,
  dstPort,
  srcPort,
  icmpType,
  icmpCode,
  flowid: handle(TCA_FLOWER_CLASSID),
  actions: actions(TCA_FLOWER_ACT),
  ...hardware(TCA_FLOWER_FLAGS),
  ipFlags,
  ethType: enumBe16(TCA_FLOWER_KEY_ETH_TYPE, protocols),
  inHwCount: readOnly(u32(TCA_FLOWER_IN_HW_COUNT)),
})

/** Whether packets are parts of a larger one. */
export interface FlowerIpFlags {
  /** It is a part. */
  frag?: boolean | undefined
  /** It is the first one. */
  firstfrag?: boolean | undefined
}

/**
 * What a flower is told: `tc filter add … protocol ip … flower dst_ip 192.0.2.1`. What is not said of a packet does not matter. A change has to say all
 * of it again.
 */
export interface FlowerOptions extends Omit<Options<typeof keys>, 'unknown'>, HardwareOptions {
  /** The port they go to: `80`, `'8000-8999'`, or `[80, 0xfff0]`. It takes an `ipProto` of `'tcp'`, `'udp'` or `'sctp'`. */
  dstPort?: FlowerPort | undefined
  /** The port they come from, likewise. */
  srcPort?: FlowerPort | undefined
  /** The type of an ICMP message (`type`). It takes an `ipProto` of `'icmp'`, or of `'icmpv6'` with the protocol `'ipv6'`. */
  icmpType?: Masked | undefined
  /** Its code (`code`). */
  icmpCode?: Masked | undefined
  /** Whether they are parts of a larger packet: `{ frag: true, firstfrag: false }` are those that are, but for the first. */
  ipFlags?: FlowerIpFlags | undefined
  /** The class they go to. */
  flowid?: Handle | undefined
  /** In place of a class, the traffic class of the card that they go to: 0 to 15. */
  hwTc?: number | undefined
  /** What is done with them, one after the other. */
  actions?: readonly Action[] | undefined
}

/** What a flower is. */
export interface FlowerInfo extends Values<typeof keys>, HardwareInfo {
  /** What they carry inside of Ethernet and of VLANs. It follows from the protocol of the filter and is passed over when given. */
  ethType?: EtherProtocol
  /** The port they go to. */
  dstPort?: FlowerPortInfo
  /** The port they come from. */
  srcPort?: FlowerPortInfo
  /** The type of an ICMP message. */
  icmpType?: MaskedInfo
  /** Its code. */
  icmpCode?: MaskedInfo
  /** Whether they are parts of a larger packet. */
  ipFlags?: FlowerIpFlags
  /** The class they go to. */
  flowid?: Handle
  /** The traffic class of the card that they go to. */
  hwTc?: number
  /** What is done with them. */
  actions?: ActionInfo[]
  /** How many cards see to it. */
  inHwCount?: number
}

/** What the filter itself says of it. */
interface Placed extends FlowerOptions {
  ethType?: EtherProtocol | undefined
  parent?: number
}

/** The class that stands for a traffic class of the card: of the qdisc that the filter is in. */
function cardClass(path: string, tc: number, parent: number): Handle {
  return formatHandle(((parent & 0xffff_0000) >>> 0) + TC_H_MIN_PRIORITY + integer(path, tc, 0, TC_QOPT_MAX_QUEUE - 1))
}

/** The traffic class of the card that a class stands for. */
function cardClassOf(flowid: Handle | undefined): number | undefined {
  const tc = flowid === undefined ? -1 : (parseHandle('flowid', flowid) & 0xffff) - TC_H_MIN_PRIORITY
  return tc >= 0 && tc < TC_QOPT_MAX_QUEUE ? tc : undefined
}

const body = computed(
  wire,
  [
    ...(Object.keys(keys.entries) as (keyof typeof keys.entries)[]),
    ...(['dstPort', 'srcPort', 'icmpType', 'icmpCode', 'ipFlags', 'flowid', 'hwTc', 'actions'] as const),
    ...hardwareNames,
  ],
  (options: FlowerOptions, path) => {
    const { ethType, parent = 0, hwTc, flowid, dstPort, srcPort, icmpType, icmpCode, ...rest } = options as Placed
    const transport = checkNeeds(options, ethType, path)
    if (hwTc !== undefined && flowid !== undefined) {
      throw invalidValue(path('hwTc'), hwTc, 'is in place of flowid: only one of them can be given')
    }
    const portOf = (port: FlowerPort | undefined) =>
      port === undefined ? undefined : { of: transport as PortProtocol, port }
    const icmpOf = (number: Masked | undefined) =>
      number === undefined ? undefined : { of: transport as 'icmp' | 'icmpv6', number }
    return {
      ...rest,
      dstPort: portOf(dstPort),
      srcPort: portOf(srcPort),
      icmpType: icmpOf(icmpType),
      icmpCode: icmpOf(icmpCode),
      flowid: hwTc === undefined ? flowid : cardClass(path('hwTc'), hwTc, parent),
      // `tc` says it of every flower, whether or not there is anything to say.
      skipHw: rest.skipHw ?? false,
      // What is not said of it does not matter.
      ethType: ethType === 'all' ? undefined : ethType,
    }
  },
  ({ flowid, ...values }): FlowerInfo => {
    const hwTc = cardClassOf(flowid)
    return { ...values, ...(hwTc !== undefined ? { hwTc } : flowid !== undefined && { flowid }) } as FlowerInfo
  },
  ['ethType', 'inHw', 'notInHw', 'inHwCount'],
)

/** @internal */
export const flower: FilterKind<FlowerOptions, FlowerInfo> = filterKind('flower', body, {
  placed(options: FlowerOptions, protocol, parent) {
    const told: Placed = { ...options, ethType: protocol, parent }
    return { told }
  },
})
