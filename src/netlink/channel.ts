/**
 * One netlink socket and the conversation on it: messages out, answers back to the request they belong to.
 *
 * A *frame* is what goes out in one sendmsg. Its size is bounded so that the answers always fit the socket's receive buffer:
 * past that the kernel drops them, and with them the knowledge of what was done.
 */

import { constants } from 'node:os'
import { type NativeDescriptor, type NativeSocket, native } from '../native.js'
import { eachAttribute } from './attributes.js'
import type { Batch } from './batch.js'
import { deviceName, integer, invalidType } from './check.js'
import { debug, messageName } from './debug.js'
import { closedError, errorCode, NetlinkError, systemError } from './error.js'
import type { Answer, Message, Request } from './operation.js'
import * as nl from './protocol.js'
import { type Names, noNames, Reader, Writer } from './writer.js'

const NO_ROOM = -constants.errno.ENOBUFS
const NO_RIGHT = -constants.errno.EPERM

/** The receive buffer asked for. Without privilege the kernel gives less, and frames get smaller. @internal */
export const BUFFER = 4 * 1024 * 1024
/** The same for families that have transactions, each of which the kernel takes as one piece. It is a limit: nothing is set aside. */
const TRANSACTION_BUFFER = 256 * 1024 * 1024
/** What an answer may take of the receive buffer, bookkeeping included: an ACK with an error text, and an object. */
const ACK_COST = 2304
const OBJECT_COST = 16 * 1024
/** With less room than this left, the addon receives nothing more (kRoom in native/socket.cc). */
const ROOM = 64 * 1024
/** The kernel takes a message as one piece of memory, so a frame's bytes are bounded too. */
const FRAME_BYTES = 64 * 1024

// Shared by all sockets of a thread: a frame is encoded, sent and answered without anything else in between, except where
// it says otherwise.
const shared = new Writer(2 * FRAME_BYTES)
const inbox = new Reader(new Uint8Array(512 * 1024))

/** A buffer for the next exchange on a thread. */
let spare: Reader | undefined

/** For the many answers that are no more than "done". */
const none: readonly unknown[] = []

/** A request on its way, or a message that was written before. @internal */
export class Exchange<M extends Message = Request> implements Answer {
  readonly request: M
  items: readonly unknown[] = none
  interrupted = false
  error: unknown = undefined
  /** Whether the kernel has said all it has to say. */
  ended = false
  /** Where its message stands in the frame. */
  start = 0
  names!: Names

  constructor(request: M) {
    this.request = request
  }

  /** What has arrived since it was last asked for. */
  taken(): readonly unknown[] {
    const { items } = this
    this.items = none
    return items
  }

  push(item: unknown): void {
    if (this.items === none) this.items = [item]
    else (this.items as unknown[]).push(item)
  }
}

/** @internal */
export interface Frame {
  readonly exchanges: readonly Exchange[]
  /** The sequence number of the first. */
  readonly first: number
  /** Whether the kernel has more to say. */
  open: boolean
  /** The messages as sent. */
  sent: Reader
  length: number
  /** What has to be done once they are. */
  afterwards: (() => void)[]
  /** It is one request that is answered by a list. */
  readonly list: boolean
  /** Afterwards names may mean other devices than before. */
  readonly renames: boolean
  /** The batch that is sent for the one request there is. */
  readonly batch?: Batch
}

/** The exchange that a sequence number belongs to. */
const exchangeOf = ({ batch, exchanges, first }: Frame, sequence: number): Exchange<Message> | undefined => {
  const index = (sequence - first) >>> 0
  return batch === undefined ? exchanges[index] : batch.exchange(index)
}

const nothingToDo: (() => void)[] = []

/** Nothing is received into this. */
const NOWHERE = new Uint8Array(0)

/** The sequence number of a list that is asked for, or -1. */
const listOf = (frame: Frame): number => (frame.list ? frame.first : -1)

/** Thrown by a name look-up whose answer depends on a message that has not been sent yet. */
const unsent = Symbol('a name depends on an unsent message')

/** @internal */
export class Channel implements Names {
  readonly #label: string | undefined
  readonly #protocol: number
  readonly #socket: NativeSocket
  readonly #window: number
  #sequence = 0
  #renames = false
  #closed = false
  /** Whether answers were lost. What the socket says from then on is not to be relied upon, if it says anything. */
  broken = false
  // The last device looked up, for as long as a frame is written or a buffer is read.
  #sending: { name: string; index: number } | undefined
  #receiving: { name: string | number; index: number } | undefined

  /**
   * `ns` is a namespace's file descriptor, -1 for the calling thread's own; `label` names it in errors. `opened` is a socket that was opened
   * there before.
   */
  constructor(ns: number, label: string | undefined, protocol = nl.NETLINK_ROUTE, opened?: NativeDescriptor) {
    this.#label = label
    this.#protocol = protocol
    const buffer = protocol === nl.NETLINK_NETFILTER ? TRANSACTION_BUFFER : BUFFER
    try {
      this.#socket = opened ? new native.Socket(opened) : new native.Socket(ns, protocol, buffer)
    } catch (error) {
      throw systemError(error, 'opening a netlink socket', label)
    }
    this.#window = this.#socket.receiveBuffer
  }

  close(): void {
    this.#closed = true
    this.#socket.close()
  }

  index(device: string | number, option: string): number {
    if (typeof device === 'number') return integer(option, device, 1, 0x7fff_ffff)
    if (typeof device !== 'string') throw invalidType(option, 'the name of a device or its index', device)
    if (this.#renames) throw unsent
    // The requests of a frame are mostly about one device, and nothing changes between them.
    if (this.#sending?.name === device) return this.#sending.index
    const index = this.#socket.index(device)
    if (index >= 0) {
      this.#sending = { name: device, index }
      return index
    }
    deviceName(option, device)
    throw new NetlinkError(
      { errno: index, syscall: 'ioctl', doing: `looking up device "${device}"`, attribute: option, netns: this.#label },
      `there is no device "${device}"`,
    )
  }

  name(index: number): string | number {
    if (this.#receiving?.index === index) return this.#receiving.name
    const name = this.#socket.name(index) ?? index
    this.#receiving = { name, index }
    return name
  }

  /**
   * Encodes as many of `exchanges` from `from` on as go into one frame: those of one protocol; a batch goes by itself. One that cannot be
   * encoded has its error at once and takes no place. Returns the frame and where the next one starts.
   */
  frame(exchanges: readonly Exchange[], from: number): { frame: Frame; next: number } {
    if (this.#closed) throw closedError('the namespace handle')
    const one = exchanges[from]
    if (one?.request.batch !== undefined) return { frame: this.#frameOf(one, one.request.batch), next: from + 1 }
    const writer = shared
    writer.rewind()
    writer.names = this
    this.#sending = undefined
    const taken: Exchange[] = []
    const first = this.#sequence
    let cost = 0
    let next = from
    this.#renames = false
    for (; next < exchanges.length; next++) {
      const exchange = exchanges[next] as Exchange
      const { request } = exchange
      if (request.batch !== undefined || (request.schema.protocol ?? nl.NETLINK_ROUTE) !== this.#protocol) break
      // The kernel makes one list at a time on a socket, and it ends differently from everything else.
      if (request.dump && taken.length > 0) break
      cost += request.decode === undefined ? ACK_COST : OBJECT_COST
      const full = cost > this.#window || writer.at > FRAME_BYTES
      if (full && taken.length > 0) break
      exchange.start = writer.at
      exchange.names = this
      try {
        this.#encode(writer, request)
      } catch (error) {
        writer.rewind(exchange.start)
        if (error === unsent) break
        exchange.error = error
        continue
      }
      taken.push(exchange)
      this.#renames ||= request.renames === true
      if (request.dump) {
        next++
        break
      }
    }
    const renames = this.#renames
    this.#renames = false
    const afterwards = writer.afterwards.length > 0 ? writer.afterwards.splice(0) : nothingToDo
    // Nothing will be sent: what was opened for a message that could not be written is not needed any more.
    if (taken.length === 0) {
      writer.names = noNames
      for (const finish of afterwards.splice(0)) finish()
    }
    return {
      frame: {
        exchanges: taken,
        first,
        open: taken.length > 0,
        sent: writer,
        length: writer.at,
        afterwards,
        list: taken[0]?.request.dump === true,
        renames,
      },
      next,
    }
  }

  /** The frame that a batch makes. Which numbers its messages have can be said now. */
  #frameOf(exchange: Exchange, batch: Batch): Frame {
    const { writer, starts } = batch
    const first = this.#sequence
    for (const start of starts) this.#number(writer, start)
    return {
      exchanges: [exchange],
      first,
      open: true,
      sent: writer,
      length: writer.at,
      afterwards: nothingToDo,
      list: false,
      renames: false,
      batch,
    }
  }

  #encode(writer: Writer, request: Request): void {
    const start = writeMessage(writer, request, this.#answerOf(request), request.encode)
    this.#number(writer, start)
  }

  #number(writer: Writer, start: number): void {
    writer.view.setUint32(start + 8, this.#sequence, true)
    this.#sequence = (this.#sequence + 1) >>> 0
  }

  /**
   * The answer to ask for. The kernel has done what it is asked for, and refused what it refuses, when it has been handed the message: nothing said
   * means done, and an ACK that says so need not be made, sent and read. But to somebody without the right to anything netfilter answers once,
   * however many messages came together: there each has an ACK, so that those without one are known to have been refused.
   */
  #answerOf({ dump }: Request): number {
    if (dump) return nl.NLM_F_DUMP
    return this.#protocol === nl.NETLINK_NETFILTER ? nl.NLM_F_ACK : 0
  }

  /** Sends a frame and takes in answers, on this thread, until all are there or, of a list, the inbox is full; of a batch, none yet. */
  exchange(frame: Frame): void {
    debug?.('>', frame.sent, frame.length, (sequence) => exchangeOf(frame, sequence), this.#label)
    const into = frame.batch ? NOWHERE : inbox.bytes
    this.#conclude(frame, inbox, this.#socket.exchange(frame.sent.bytes, frame.length, into, listOf(frame)))
  }

  /** Goes on with a list that did not fit, or with what the kernel has to say of a batch. */
  more(frame: Frame): void {
    if (frame.batch) this.#collect(frame)
    else this.#conclude(frame, inbox, this.#socket.receive(inbox.bytes, frame.first))
  }

  /** The same as `exchange`, on a thread of its own. The frame gets buffers of its own, as others may be sent meanwhile. */
  exchangeOnThread(frame: Frame): Promise<void> {
    debug?.('>', frame.sent, frame.length, (sequence) => exchangeOf(frame, sequence), this.#label)
    this.keep(frame)
    const own = spare ?? new Reader(new Uint8Array(256 * 1024))
    spare = undefined
    const into = frame.batch ? NOWHERE : own.bytes
    return new Promise<number>((resolve) => {
      this.#socket.exchangeOnThread(frame.sent.bytes, frame.length, into, listOf(frame), resolve)
    }).then((received) => {
      this.#conclude(frame, own, received)
      spare = own
    })
  }

  #conclude(frame: Frame, from: Reader, received: number): void {
    this.#absorb(frame, from, received)
    if (frame.list || frame.batch) return
    let more = frame.open && received > from.bytes.length - ROOM
    while (more) {
      const arrived = this.#socket.receiveEvents(inbox.bytes)
      more = arrived > 0
      if (arrived !== 0) this.#absorb(frame, inbox, arrived)
    }
    for (const exchange of frame.exchanges) {
      if (exchange.ended) continue
      exchange.ended = true
      if (this.#answerOf(exchange.request) === nl.NLM_F_ACK) {
        exchange.error ??= this.#failure(exchange.request, { errno: NO_RIGHT, syscall: 'netlink' })
      }
    }
    frame.open = false
  }

  /** Takes in some of what the kernel has to say of a batch: it has said it all when it has taken it. */
  #collect(frame: Frame): void {
    const arrived = this.#socket.receiveEvents(inbox.bytes)
    if (arrived === 0) frame.open = false
    // Of a very large one that fails, the first errors arrive. Of what it made, not all may be told.
    else if (arrived !== NO_ROOM) this.#absorb(frame, inbox, arrived)
  }

  /** Lets other frames be encoded while this one is not finished. */
  keep(frame: Frame): void {
    if (frame.sent === shared) frame.sent = new Reader(shared.bytes.slice(0, frame.length))
  }

  /** Gives up a frame that has not been sent. */
  discard(frame: Frame): void {
    for (const finish of frame.afterwards.splice(0)) finish()
  }

  #absorb(frame: Frame, from: Reader, received: number): void {
    // The buffers stay, and are not to keep a socket that nobody else has, and with it its namespace.
    shared.names = noNames
    if (frame.afterwards.length > 0) for (const finish of frame.afterwards.splice(0)) finish()
    if (received < 0) {
      // What was answered before stays; for the others nobody can say what the kernel did.
      for (const exchange of frame.exchanges) {
        if (exchange.ended) continue
        exchange.ended = true
        exchange.error ??= this.#closed
          ? closedError('the namespace handle')
          : this.#failure(exchange.request, { errno: received, syscall: 'recvmsg' })
      }
      frame.open = false
      this.broken = true
      return
    }
    if (received > 0) debug?.('<', from, received, (sequence) => exchangeOf(frame, sequence), this.#label)
    from.names = this
    this.#sending = undefined
    this.#receiving = undefined
    const { view } = from
    for (let at = 0; at + nl.NLMSG_HDRLEN <= received; ) {
      const length = view.getUint32(at, true)
      if (length < nl.NLMSG_HDRLEN) break
      const exchange = exchangeOf(frame, view.getUint32(at + 8, true))
      if (exchange !== undefined) this.#take(frame, exchange, from, at, length)
      at += nl.align(length)
    }
    from.names = noNames
  }

  #take(frame: Frame, exchange: Exchange<Message>, from: Reader, at: number, length: number): void {
    const type = from.view.getUint16(at + 4, true)
    if ((from.view.getUint16(at + 6, true) & nl.NLM_F_DUMP_INTR) !== 0) exchange.interrupted = true
    if (type === nl.NLMSG_ERROR || type === nl.NLMSG_DONE) {
      exchange.ended = true
      if (frame.list) frame.open = false
      // The end of a dump carries a result as well.
      const errno = length >= nl.NLMSG_HDRLEN + 4 ? from.view.getInt32(at + nl.NLMSG_HDRLEN, true) : 0
      if (errno < 0) exchange.error ??= this.#refusal(frame, exchange, from, at, length, errno)
    } else if (type > nl.NLMSG_DONE && exchange.request.decode !== undefined) {
      try {
        const payload = at + nl.NLMSG_HDRLEN
        const item = exchange.request.decode(from, payload, length - nl.NLMSG_HDRLEN)
        if (item !== undefined) exchange.push(item)
      } catch (error) {
        exchange.error ??= error
      }
    }
  }

  /** What the kernel says of a request it refuses: a text, and where in the request the fault is. */
  #refusal(
    frame: Frame,
    exchange: Exchange<Message>,
    from: Reader,
    at: number,
    length: number,
    errno: number,
  ): NetlinkError {
    const { request } = exchange
    const header = at + nl.NLMSG_HDRLEN + 4
    const done = from.view.getUint16(at + 4, true) === nl.NLMSG_DONE
    let kernelMessage: string | undefined
    let target: number | undefined
    let missing: number | undefined
    let nest: number | undefined
    if ((from.view.getUint16(at + 6, true) & nl.NLM_F_ACK_TLVS) !== 0) {
      // After an error comes the header of the request (or all of it, where the kernel does not leave that out), after a dump's end nothing.
      const capped = (from.view.getUint16(at + 6, true) & nl.NLM_F_CAPPED) !== 0
      const echoed = done ? 0 : capped ? nl.NLMSG_HDRLEN : nl.align(from.view.getUint32(header, true))
      eachAttribute(from, header + echoed, at + length - header - echoed, (type, value, size) => {
        if (type === nl.NLMSGERR_ATTR_MSG) kernelMessage = text(from, value, size)
        else if (type === nl.NLMSGERR_ATTR_OFFS) target = from.view.getUint32(value, true)
        else if (type === nl.NLMSGERR_ATTR_MISS_TYPE) missing = from.view.getUint32(value, true)
        else if (type === nl.NLMSGERR_ATTR_MISS_NEST) nest = from.view.getUint32(value, true)
      })
    }
    const { table, header: struct } = request.schema
    const from0 = exchange.start + nl.NLMSG_HDRLEN + nl.align(struct.size)
    const size = exchange.start + frame.sent.view.getUint32(exchange.start, true) - from0
    let attribute: string | undefined
    if (missing !== undefined) {
      attribute = table.missing(
        frame.sent,
        from0,
        size,
        missing,
        nest === undefined ? undefined : exchange.start + nest,
      )
      kernelMessage ??= `the option "${attribute}" is missing`
    } else if (target !== undefined) {
      attribute = table.locate(frame.sent, from0, size, exchange.start + target)
    }
    attribute ??= request.schema.faults?.[kernelMessage ?? errorCode(errno)]
    return this.#failure(request, { errno, syscall: 'netlink', kernelMessage, attribute })
  }

  #failure(
    request: Message,
    said: { errno: number; syscall: string; kernelMessage?: string | undefined; attribute?: string | undefined },
  ): NetlinkError {
    const doing = request.subject === undefined ? request.doing : `${request.doing} ${request.subject}`
    const failure = { ...said, doing, request: messageName(request.schema, request.type), netns: this.#label }
    return new NetlinkError(failure, request.schema.meanings?.[errorCode(said.errno)])
  }
}

/** Writes a message and its header, but for its sequence number, which is given when it is sent. Where it begins. @internal */
export function writeMessage(
  writer: Writer,
  { type, family = type, flags }: Message,
  answer: number,
  write: (writer: Writer) => void,
): number {
  const start = writer.take(nl.NLMSG_HDRLEN)
  write(writer)
  const { view } = writer
  view.setUint32(start, writer.at - start, true)
  view.setUint16(start + 4, family, true)
  view.setUint16(start + 6, flags | nl.NLM_F_REQUEST | answer, true)
  view.setUint32(start + 12, 0, true)
  return start
}

function text(from: Reader, at: number, size: number): string {
  return Buffer.from(from.bytes.buffer, from.bytes.byteOffset + at, size)
    .toString()
    .replace(/\0.*$/s, '')
}
