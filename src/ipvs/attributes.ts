/** How IPVS looks on the wire: its commands, and the attributes of services, of their destinations, of the sync daemon. */

import { genlmsghdr } from '../genetlink.js'
import { ipBytes } from '../netlink/address.js'
import {
  type Attribute,
  type Attributes,
  attributes,
  be16,
  type Entries,
  enum8,
  enum16,
  enum32,
  hex,
  ignored,
  ip,
  nested,
  readOnly,
  type Schema,
  scalar,
  struct,
  text,
  u16,
  u32,
  u64,
  type Values,
} from '../netlink/attributes.js'
import { deviceName, invalidType, invalidValue } from '../netlink/check.js'
import { enumeration } from '../netlink/names.js'
import { AF_INET, AF_INET6, NETLINK_GENERIC } from '../netlink/protocol.js'
import { U8, U16, U32, within } from '../netlink/scalar.js'
import { field, Struct } from '../netlink/struct.js'

const IPVS_CMD_NEW_SERVICE = 1
const IPVS_CMD_SET_SERVICE = 2
const IPVS_CMD_DEL_SERVICE = 3
const IPVS_CMD_GET_SERVICE = 4
const IPVS_CMD_NEW_DEST = 5
const IPVS_CMD_SET_DEST = 6
const IPVS_CMD_DEL_DEST = 7
const IPVS_CMD_GET_DEST = 8
const IPVS_CMD_NEW_DAEMON = 9
const IPVS_CMD_DEL_DAEMON = 10
const IPVS_CMD_GET_DAEMON = 11
const IPVS_CMD_SET_CONFIG = 12
const IPVS_CMD_GET_CONFIG = 13
const IPVS_CMD_SET_INFO = 14
const IPVS_CMD_GET_INFO = 15
const IPVS_CMD_ZERO = 16
const IPVS_CMD_FLUSH = 17

const IPVS_CMD_ATTR_SERVICE = 1
const IPVS_CMD_ATTR_DEST = 2
const IPVS_CMD_ATTR_DAEMON = 3
const IPVS_CMD_ATTR_TIMEOUT_TCP = 4
const IPVS_CMD_ATTR_TIMEOUT_TCP_FIN = 5
const IPVS_CMD_ATTR_TIMEOUT_UDP = 6

const IPVS_SVC_ATTR_AF = 1
const IPVS_SVC_ATTR_PROTOCOL = 2
const IPVS_SVC_ATTR_ADDR = 3
const IPVS_SVC_ATTR_PORT = 4
const IPVS_SVC_ATTR_FWMARK = 5
const IPVS_SVC_ATTR_SCHED_NAME = 6
const IPVS_SVC_ATTR_FLAGS = 7
const IPVS_SVC_ATTR_TIMEOUT = 8
const IPVS_SVC_ATTR_NETMASK = 9
const IPVS_SVC_ATTR_STATS = 10
const IPVS_SVC_ATTR_PE_NAME = 11
const IPVS_SVC_ATTR_STATS64 = 12

const IPVS_DEST_ATTR_ADDR = 1
const IPVS_DEST_ATTR_PORT = 2
const IPVS_DEST_ATTR_FWD_METHOD = 3
const IPVS_DEST_ATTR_WEIGHT = 4
const IPVS_DEST_ATTR_U_THRESH = 5
const IPVS_DEST_ATTR_L_THRESH = 6
const IPVS_DEST_ATTR_ACTIVE_CONNS = 7
const IPVS_DEST_ATTR_INACT_CONNS = 8
const IPVS_DEST_ATTR_PERSIST_CONNS = 9
const IPVS_DEST_ATTR_STATS = 10
const IPVS_DEST_ATTR_ADDR_FAMILY = 11
const IPVS_DEST_ATTR_STATS64 = 12
const IPVS_DEST_ATTR_TUN_TYPE = 13
const IPVS_DEST_ATTR_TUN_PORT = 14
const IPVS_DEST_ATTR_TUN_FLAGS = 15

const IPVS_DAEMON_ATTR_STATE = 1
const IPVS_DAEMON_ATTR_MCAST_IFN = 2
const IPVS_DAEMON_ATTR_SYNC_ID = 3
const IPVS_DAEMON_ATTR_SYNC_MAXLEN = 4
const IPVS_DAEMON_ATTR_MCAST_GROUP = 5
const IPVS_DAEMON_ATTR_MCAST_GROUP6 = 6
const IPVS_DAEMON_ATTR_MCAST_PORT = 7
const IPVS_DAEMON_ATTR_MCAST_TTL = 8

const IPVS_STATS_ATTR_CONNS = 1
const IPVS_STATS_ATTR_INPKTS = 2
const IPVS_STATS_ATTR_OUTPKTS = 3
const IPVS_STATS_ATTR_INBYTES = 4
const IPVS_STATS_ATTR_OUTBYTES = 5
const IPVS_STATS_ATTR_CPS = 6
const IPVS_STATS_ATTR_INPPS = 7
const IPVS_STATS_ATTR_OUTPPS = 8
const IPVS_STATS_ATTR_INBPS = 9
const IPVS_STATS_ATTR_OUTBPS = 10
const IPVS_STATS_ATTR_PAD = 11

const IPVS_INFO_ATTR_VERSION = 1
const IPVS_INFO_ATTR_CONN_TAB_SIZE = 2

const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const IPPROTO_SCTP = 132

const IP_VS_CONN_F_MASQ = 0
const IP_VS_CONN_F_LOCALNODE = 1
const IP_VS_CONN_F_TUNNEL = 2
const IP_VS_CONN_F_DROUTE = 3

const IP_VS_CONN_F_TUNNEL_TYPE_IPIP = 0
const IP_VS_CONN_F_TUNNEL_TYPE_GUE = 1
const IP_VS_CONN_F_TUNNEL_TYPE_GRE = 2

const IP_VS_STATE_MASTER = 1
const IP_VS_STATE_BACKUP = 2

const IP_VS_SCHEDNAME_MAXLEN = 16
const IP_VS_PENAME_MAXLEN = 16
const IP_VS_IFNAME_MAXLEN = 16

/** The longest time that a kernel of 1000 ticks a second can count in 32 bits, in seconds. @internal */
export const LONGEST_TIMEOUT = 2_147_483

const statistics = attributes({
  /** Connections that were given to a destination. */
  conns: u64(IPVS_STATS_ATTR_CONNS),
  /** Packets from clients. */
  inPkts: u64(IPVS_STATS_ATTR_INPKTS),
  /** Packets to clients. There are none but for `masq`: otherwise answers go their own way. */
  outPkts: u64(IPVS_STATS_ATTR_OUTPKTS),
  /** Bytes from clients, headers of IP included. */
  inBytes: u64(IPVS_STATS_ATTR_INBYTES),
  /** Bytes to clients, headers of IP included. */
  outBytes: u64(IPVS_STATS_ATTR_OUTBYTES),
  /** Connections a second. The kernel works rates out every two seconds. */
  cps: u64(IPVS_STATS_ATTR_CPS),
  /** Packets from clients a second. */
  inPps: u64(IPVS_STATS_ATTR_INPPS),
  /** Packets to clients a second. */
  outPps: u64(IPVS_STATS_ATTR_OUTPPS),
  /** Bytes from clients a second. */
  inBps: u64(IPVS_STATS_ATTR_INBPS),
  /** Bytes to clients a second. */
  outBps: u64(IPVS_STATS_ATTR_OUTBPS),
  padding: ignored(IPVS_STATS_ATTR_PAD),
})

/**
 * What was counted of a service or a destination since it was made, or since `ipvs.zero`: `ipvsadm -L --stats`, `--rate`. The kernel adds it up every two
 * seconds only (since Linux 6.3).
 */
export interface IpvsStats extends Required<Omit<Values<typeof statistics>, 'unknown'>> {}

/**
 * Statistics come twice: with counters of 32 bits, and after that with counters of 64 (Linux 4.1), which are what stays. In both the
 * attributes have the same numbers, and a counter is read in the width it has.
 */
const stats = (type: number, type64: number): Attribute<never, IpvsStats> & { readOnly: true } => {
  const { inner } = nested(type, statistics)
  return {
    types: [type, type64],
    ...(inner && { inner }),
    write: () => undefined,
    read: (reader, at, length) => statistics.read(reader, at, length) as IpvsStats,
    readOnly: true,
  }
}

/** An address takes 16 bytes whatever its family, which only another attribute tells: it is read in hexadecimal. */
const address = (type: number): Attribute<string, string> => ({
  types: [type],
  write(writer, value, key) {
    const bytes = ipBytes(writer.where(key), value)
    const start = writer.open(type)
    writer.raw(bytes)
    writer.zeros(16 - bytes.length)
    writer.close(start)
  },
  read: hex,
})

/** The name of a part of IPVS, which goes into that of a module. */
function partName(path: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(path, 'a string', value)
  if (!/^[\w-]*$/.test(value)) throw invalidValue(path, value, `must be of letters, digits, '_' and '-'`)
  return value
}

/** @internal */
export const families = enumeration({ inet: AF_INET, inet6: AF_INET6 }, 0xffff)
/** @internal */
export const protocols = enumeration({ tcp: IPPROTO_TCP, udp: IPPROTO_UDP, sctp: IPPROTO_SCTP }, 0xffff)
/** @internal */
export const forwards = enumeration(
  {
    masq: IP_VS_CONN_F_MASQ,
    tunnel: IP_VS_CONN_F_TUNNEL,
    direct: IP_VS_CONN_F_DROUTE,
    local: IP_VS_CONN_F_LOCALNODE,
  },
  7,
)
/** @internal */
export const tunTypes = enumeration(
  { ipip: IP_VS_CONN_F_TUNNEL_TYPE_IPIP, gue: IP_VS_CONN_F_TUNNEL_TYPE_GUE, gre: IP_VS_CONN_F_TUNNEL_TYPE_GRE },
  0xff,
)
/** @internal */
export const states = enumeration({ master: IP_VS_STATE_MASTER, backup: IP_VS_STATE_BACKUP })

const flags = new Struct('struct ip_vs_flags', { flags: field('flags', U32), mask: field('mask', U32) })

/** @internal */
export const serviceTable = attributes({
  family: enum16(IPVS_SVC_ATTR_AF, families),
  protocol: enum16(IPVS_SVC_ATTR_PROTOCOL, protocols),
  address: address(IPVS_SVC_ATTR_ADDR),
  port: be16(IPVS_SVC_ATTR_PORT),
  fwmark: scalar(IPVS_SVC_ATTR_FWMARK, within(U32, 1, 0xffff_ffff)),
  scheduler: text(IPVS_SVC_ATTR_SCHED_NAME, IP_VS_SCHEDNAME_MAXLEN - 1, partName),
  pe: text(IPVS_SVC_ATTR_PE_NAME, IP_VS_PENAME_MAXLEN - 1, partName),
  flags: struct(IPVS_SVC_ATTR_FLAGS, flags),
  persistent: u32(IPVS_SVC_ATTR_TIMEOUT),
  netmask: u32(IPVS_SVC_ATTR_NETMASK),
  stats: stats(IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64),
})

/** @internal */
export const destTable = attributes({
  address: address(IPVS_DEST_ATTR_ADDR),
  port: be16(IPVS_DEST_ATTR_PORT),
  family: enum16(IPVS_DEST_ATTR_ADDR_FAMILY, families),
  forward: enum32(IPVS_DEST_ATTR_FWD_METHOD, forwards),
  weight: u32(IPVS_DEST_ATTR_WEIGHT, 0x7fff_ffff),
  uThreshold: u32(IPVS_DEST_ATTR_U_THRESH),
  lThreshold: u32(IPVS_DEST_ATTR_L_THRESH),
  tunType: enum8(IPVS_DEST_ATTR_TUN_TYPE, tunTypes),
  tunPort: be16(IPVS_DEST_ATTR_TUN_PORT),
  tunFlags: u16(IPVS_DEST_ATTR_TUN_FLAGS),
  activeConns: readOnly(u32(IPVS_DEST_ATTR_ACTIVE_CONNS)),
  inactConns: readOnly(u32(IPVS_DEST_ATTR_INACT_CONNS)),
  persistConns: readOnly(u32(IPVS_DEST_ATTR_PERSIST_CONNS)),
  stats: stats(IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64),
})

/** @internal */
export const daemonTable = attributes({
  /** Whether it tells others of its connections, or listens to them. */
  state: enum32(IPVS_DAEMON_ATTR_STATE, states),
  /** The device that it multicasts by. */
  mcastInterface: text(IPVS_DAEMON_ATTR_MCAST_IFN, IP_VS_IFNAME_MAXLEN - 1, deviceName),
  /** A number from 0 to 255, by which those that belong together know each other; 0 when nothing is said. A backup of 0 listens to all. */
  syncid: u32(IPVS_DAEMON_ATTR_SYNC_ID, 0xff),
  /** How long its messages are at most, in bytes, 1 to 65507: what the device's MTU allows, when nothing is said (Linux 4.3). */
  syncMaxlen: scalar(IPVS_DAEMON_ATTR_SYNC_MAXLEN, within(U16, 1, 65_507)),
  /** The address that it multicasts to, of either family: 224.0.0.81, when nothing is said (Linux 4.3). */
  mcastGroup: ip(IPVS_DAEMON_ATTR_MCAST_GROUP, IPVS_DAEMON_ATTR_MCAST_GROUP6),
  /** The UDP port that it multicasts to, 1 to 65535: 8848, when nothing is said (Linux 4.3). */
  mcastPort: scalar(IPVS_DAEMON_ATTR_MCAST_PORT, within(U16, 1, 0xffff)),
  /** How far its messages go, 1 to 255 hops: 1, when nothing is said (Linux 4.3). */
  mcastTtl: scalar(IPVS_DAEMON_ATTR_MCAST_TTL, within(U8, 1, 0xff)),
})

const timeout = (type: number) => scalar(type, within(U32, 1, LONGEST_TIMEOUT))

/** @internal */
export const timeoutTable = attributes({
  /** Of TCP connections without traffic: 900, when nobody has said anything else. */
  tcp: timeout(IPVS_CMD_ATTR_TIMEOUT_TCP),
  /** Of TCP connections after a FIN: 120, when nobody has said anything else. */
  tcpFin: timeout(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
  /** After the last UDP packet: 300, when nobody has said anything else. */
  udp: timeout(IPVS_CMD_ATTR_TIMEOUT_UDP),
})

/** @internal */
export const infoTable = attributes({
  version: u32(IPVS_INFO_ATTR_VERSION),
  connTabSize: u32(IPVS_INFO_ATTR_CONN_TAB_SIZE),
})

const messages = {
  ...{ IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE, IPVS_CMD_DEL_SERVICE, IPVS_CMD_GET_SERVICE },
  ...{ IPVS_CMD_NEW_DEST, IPVS_CMD_SET_DEST, IPVS_CMD_DEL_DEST, IPVS_CMD_GET_DEST },
  ...{ IPVS_CMD_NEW_DAEMON, IPVS_CMD_DEL_DAEMON, IPVS_CMD_GET_DAEMON },
  ...{ IPVS_CMD_SET_CONFIG, IPVS_CMD_GET_CONFIG, IPVS_CMD_SET_INFO, IPVS_CMD_GET_INFO },
  ...{ IPVS_CMD_ZERO, IPVS_CMD_FLUSH },
}

/** A command of IPVS, by its name in C. @internal */
export type Command = keyof typeof messages

const part = <E extends Entries>(type: number, table: Attributes<E>) => ({
  ...nested(type, table),
  // Its options stand beside those of the operation, or in a list that the operation knows.
  transparent: true as const,
  number: type,
  table,
})

/** What a command may be about: attributes, and what is in each. @internal */
export const parts = {
  service: part(IPVS_CMD_ATTR_SERVICE, serviceTable),
  dest: part(IPVS_CMD_ATTR_DEST, destTable),
  daemon: part(IPVS_CMD_ATTR_DAEMON, daemonTable),
}

/** @internal */
export const commandTable = attributes({ ...parts, ...timeoutTable.entries })

const EPERM = 'it takes the capability CAP_NET_ADMIN in the first user namespace'
const base = { protocol: NETLINK_GENERIC, messages, header: genlmsghdr, table: commandTable }

/** What answers mean depends on what a command is about. @internal */
export const schemas = {
  service: {
    ...base,
    faults: { ENOENT: 'scheduler' },
    meanings: {
      EPERM,
      ESRCH: 'there is no such service',
      ENOENT: 'this kernel has no such scheduler, or no such persistence engine, if one is asked for',
      EAFNOSUPPORT: 'this kernel has IPVS for IPv4 only (CONFIG_IP_VS_IPV6)',
    },
  },
  dest: {
    ...base,
    faults: { ENOENT: 'address', EEXIST: 'address', EINVAL: 'address' },
    meanings: {
      EPERM,
      ESRCH: 'there is no such service',
      ENOENT: 'the service has no such destination',
      EEXIST: 'the service has that destination already',
      EINVAL: 'no host can have that address, or this one has none itself yet (lo has to be up)',
    },
  },
  daemon: {
    ...base,
    faults: { ENODEV: 'mcastInterface' },
    meanings: { EPERM, ESRCH: 'it does not run', EEXIST: 'it runs already' },
  },
  info: { ...base, table: infoTable, meanings: { EPERM } },
} satisfies Record<string, Schema>
