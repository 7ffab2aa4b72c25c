/** Requests to IPVS. What they say is written when they are asked for, so that what is wrong is known before anything is sent. */

import { familyNumber, genlmsghdr } from '../genetlink.js'
import type { Options, Schema, Values } from '../netlink/attributes.js'
import { ask, dump, type Operation, type Request, send } from '../netlink/operation.js'
import { Reader, Writer } from '../netlink/writer.js'
import {
  type Command,
  commandTable,
  type daemonTable,
  type destTable,
  infoTable,
  parts,
  schemas,
  type serviceTable,
  timeoutTable,
} from './attributes.js'

const IPVS_GENL_VERSION = 1

const { messages } = schemas.service

/** What is being done, for errors. @internal */
export type Doing = Pick<Request, 'doing' | 'subject'>

/** What a command says. @internal */
export interface Said {
  service?: Options<typeof serviceTable> | undefined
  dest?: Options<typeof destTable> | undefined
  daemon?: Options<typeof daemonTable> | undefined
  timeouts?: Options<typeof timeoutTable> | undefined
}

/** A request but for the number of the family, which is asked for when it is to be sent. @internal */
export type Prepared = Omit<Request, 'family' | 'encode'> & { bytes: Uint8Array }

/** Those for which the kernel may look for the module of a scheduler, or waits until nobody looks at what goes. */
const slow: ReadonlySet<Command> = new Set([
  ...(['IPVS_CMD_NEW_SERVICE', 'IPVS_CMD_SET_SERVICE', 'IPVS_CMD_DEL_SERVICE', 'IPVS_CMD_FLUSH'] as const),
  ...(['IPVS_CMD_NEW_DAEMON', 'IPVS_CMD_DEL_DAEMON'] as const),
])

function schemaOf(command: Command, { service }: Said): Schema {
  if (command.endsWith('DEST')) return schemas.dest
  if (command.endsWith('DAEMON')) return schemas.daemon
  if (command.endsWith('INFO')) return schemas.info
  // The kernel does not say which of the two it lacks.
  if (service?.pe) return { ...schemas.service, faults: {} }
  return schemas.service
}

/**
 * Writes what a command says. `path`: where the options of a destination stand, if they are not the operation's own.
 *
 * @internal
 */
export function prepared(what: Doing, command: Command, said: Said = {}, path: readonly string[] = []): Prepared {
  const writer = new Writer(512)
  genlmsghdr.write(writer, { command: messages[command], version: IPVS_GENL_VERSION })
  const within = <T>(number: number, table: { write(writer: Writer, value: T, what: string): void }, value: T) => {
    const start = writer.openNested(number)
    table.write(writer, value, what.doing)
    writer.close(start)
  }
  if (said.service) within(parts.service.number, parts.service.table, said.service)
  writer.path.push(...path)
  if (said.dest) within(parts.dest.number, parts.dest.table, said.dest)
  if (said.daemon) within(parts.daemon.number, parts.daemon.table, said.daemon)
  if (said.timeouts) timeoutTable.write(writer, said.timeouts, what.doing)
  return {
    ...what,
    type: messages[command],
    flags: 0,
    schema: schemaOf(command, said),
    slow: slow.has(command),
    bytes: writer.bytes.slice(0, writer.at),
  }
}

/** @internal */
export const ipvsFamily = (what: Doing): Operation<number> =>
  familyNumber('IPVS', 'IPVS (CONFIG_IP_VS, the module ip_vs)', what)

/** @internal */
export const toFamily = (family: number, { bytes, ...request }: Prepared): Request => ({
  ...request,
  family,
  encode: (writer) => writer.raw(bytes),
})

/** @internal */
export function* sendTo(family: number, request: Prepared): Operation<void> {
  yield* send(toFamily(family, request))
}

type Told = Values<typeof commandTable>

const decode = (reader: Reader, at: number, length: number): Told =>
  commandTable.read(reader, at + genlmsghdr.size, length - genlmsghdr.size)

/** @internal */
export const askOf = (family: number, request: Prepared): Operation<Told> =>
  ask<Told>({ ...toFamily(family, request), decode })

/** @internal */
export const dumpOf = (family: number, request: Prepared): Operation<Told[]> =>
  dump<Told>({ ...toFamily(family, request), dump: true, decode })

/** What IPVS says of itself: the numbers of its attributes mean something else than elsewhere. @internal */
export const infoOf = (family: number, what: Doing): Operation<Values<typeof infoTable>> =>
  ask<Values<typeof infoTable>>({
    ...toFamily(family, prepared(what, 'IPVS_CMD_GET_INFO')),
    decode: (reader, at, length) => infoTable.read(reader, at + genlmsghdr.size, length - genlmsghdr.size),
  })

/** The destination that a request is about, as the kernel would report it. @internal */
export const readDest = ({ bytes }: Prepared): Values<typeof destTable> =>
  (decode(new Reader(bytes), 0, bytes.length).dest ?? {}) as Values<typeof destTable>
