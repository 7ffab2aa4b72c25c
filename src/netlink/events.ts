/**
 * What the kernel says of its own accord: a socket that has joined multicast groups.
 *
 * Whoever wants the state and then its changes opens this first and lists afterwards: a change made in between is then seen twice
 * and not lost.
 */

import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import { type NativeSocket, native } from '../native.js'
import { NetlinkError, systemError } from './error.js'
import { call, type Operation } from './operation.js'
import { align, NETLINK_ROUTE, NLMSG_HDRLEN } from './protocol.js'
import type { Home } from './transport.js'
import { Reader } from './writer.js'

/** The receive buffer asked for: the more it holds, the longer a reader may be busy before messages are lost. */
const BUFFER = 4 * 1024 * 1024

// Shared by all sockets of a thread: what is read is looked at before anything else is read.
const inbox = new Reader(new Uint8Array(256 * 1024))

/** Looks at one message: its number, where the payload after the message header is, and its flags. @internal */
export type Visit = (type: number, from: Reader, at: number, length: number, flags: number) => void

/** @internal */
export class Events {
  readonly #home: Home
  readonly #socket: NativeSocket

  /** Joins `groups`, given by their numbers (RTNLGRP_LINK, …), in the namespace of `home`. */
  constructor(home: Home, groups: Iterable<number>, protocol = NETLINK_ROUTE, buffer = BUFFER) {
    this.#home = home
    try {
      this.#socket = new native.Socket(home.fd, protocol, buffer)
    } catch (error) {
      throw systemError(error, 'opening a netlink socket', home.label)
    }
    for (const group of groups) {
      const errno = this.#socket.join(group)
      if (errno >= 0) continue
      this.close()
      throw this.#failure(errno, 'setsockopt', `joining multicast group ${group}`)
    }
  }

  /**
   * Waits until there is something to read, which it says by true; after `milliseconds` it says false.
   *
   * A promise rejects with the reason of `signal` once that is aborted, and when the namespace handle is closed. Nothing can happen
   * to either while a thread waits, so otherwise they count only beforehand.
   */
  *wait(milliseconds: number, signal?: AbortSignal): Operation<boolean> {
    const signals = [signal, this.#home.closing].filter((each) => each !== undefined)
    for (const each of signals) each.throwIfAborted()
    return yield* call({ sync: () => this.#block(milliseconds), async: () => this.#watch(milliseconds, signals) })
  }

  #block(milliseconds: number): boolean {
    const end = performance.now() + milliseconds
    for (;;) {
      const ready = this.#socket.wait(Math.max(0, Math.ceil(end - performance.now())))
      if (ready >= 0) return ready > 0
      // A signal that some library of the program handles is no reason to stop waiting.
      if (ready !== -constants.errno.EINTR) throw this.#failure(ready, 'poll', 'waiting for events')
    }
  }

  // The poll is made anew for each wait. An overrun reaches libuv as an error and stops a poll, so one that lived longer would have
  // to be started again after each reading all the same.
  #watch(milliseconds: number, signals: readonly AbortSignal[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        poll.close()
        clearTimeout(timer)
        for (const signal of signals) signal.removeEventListener('abort', aborted)
      }
      const aborted = ({ target }: Event): void => {
        end()
        reject((target as AbortSignal).reason)
      }
      const settled = (ready: boolean): void => {
        end()
        resolve(ready)
      }
      const poll = new native.Poll(this.#socket.fd, () => settled(true))
      // A process that was held up finds its time over before it has looked at the socket.
      const timer = setTimeout(() => settled(this.#socket.wait(0) > 0), Math.max(0, milliseconds))
      for (const signal of signals) signal.addEventListener('abort', aborted)
      poll.start()
    })
  }

  /**
   * Reads all that has arrived, without waiting. False says that messages are missing, since more arrived than the buffer holds:
   * whoever made a picture of the messages so far has to list anew.
   */
  read(visit: Visit = () => undefined): boolean {
    let whole = true
    for (;;) {
      const found = this.readSome(visit)
      if (found === 'nothing') return whole
      if (found === 'loss') whole = false
    }
  }

  /** Reads what the inbox holds of what has arrived, which others may go on sending for ever. A loss is told by itself, and once. */
  readSome(visit: Visit): 'nothing' | 'messages' | 'loss' {
    const received = this.#socket.receiveEvents(inbox.bytes)
    if (received > 0) eachMessage(inbox, received, visit)
    else if (received < 0 && received !== -constants.errno.ENOBUFS) {
      throw this.#failure(received, 'recvmsg', 'receiving events')
    }
    return received > 0 ? 'messages' : received === 0 ? 'nothing' : 'loss'
  }

  /** To wait for what arrives, for those who do it in a way of their own. */
  get fd(): number {
    return this.#socket.fd
  }

  close(): void {
    this.#socket.close()
  }

  #failure(errno: number, syscall: string, doing: string): NetlinkError {
    return new NetlinkError({ errno, syscall, doing, netns: this.#home.label })
  }
}

function eachMessage(from: Reader, total: number, visit: Visit): void {
  for (let at = 0; at + NLMSG_HDRLEN <= total; ) {
    const length = from.view.getUint32(at, true)
    if (length < NLMSG_HDRLEN) return
    const flags = from.view.getUint16(at + 6, true)
    visit(from.view.getUint16(at + 4, true), from, at + NLMSG_HDRLEN, length - NLMSG_HDRLEN, flags)
    at += align(length)
  }
}
