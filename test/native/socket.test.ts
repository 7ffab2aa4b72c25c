import { readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { native } from '../../src/native.js'
import { held, told } from '../support/child.js'
import {
  inFresh,
  linkMessage,
  loaded,
  messages,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_GETLINK,
  RTM_NEWLINK,
  refusal,
} from './kit.js'

const { EBADF, EEXIST, ENODEV, ENOBUFS } = constants.errno
const MEGABYTE = 1024 * 1024
const RTNLGRP_LINK = 1
const add = (seq: number, name: string) =>
  linkMessage(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq, { name })

describe('a socket', () => {
  it('belongs to the namespace it was opened in, whichever thread uses it', async () => {
    const inbox = new Uint8Array(MEGABYTE)
    await inFresh((ns) => {
      const [here, there] = [
        new native.Socket(-1, NETLINK_ROUTE, MEGABYTE),
        new native.Socket(ns, NETLINK_ROUTE, MEGABYTE),
      ]
      const request = linkMessage(RTM_GETLINK, NLM_F_DUMP, 7)
      const received = there.exchange(request, request.length, inbox, 7)
      const answers = messages(inbox, received)
      expect(answers.map(({ type, seq }) => [type, seq])).toEqual([
        [RTM_NEWLINK, 7],
        [NLMSG_DONE, 7],
      ])
      const made = add(8, 'only-there')
      expect(messages(inbox, there.exchange(made, made.length, inbox, -1))).toMatchObject([{ errno: 0, seq: 8 }])
      expect(there.index('only-there')).toBeGreaterThan(1)
      expect(there.name(there.index('only-there'))).toBe('only-there')
      expect(here.index('only-there')).toBe(-ENODEV)
      here.close()
      there.close()
    })
  })

  it('answers each request of a sendmsg by itself', () =>
    inFresh((ns) => {
      const socket = new native.Socket(ns, NETLINK_ROUTE, MEGABYTE)
      const inbox = new Uint8Array(MEGABYTE)
      const data = Buffer.concat([add(40, 'one'), add(41, 'one'), add(42, 'two')])
      const received = socket.exchange(data, data.length, inbox, -1)
      expect(messages(inbox, received).map(({ type, seq, errno }) => [type, seq, errno])).toEqual([
        [NLMSG_ERROR, 40, 0],
        [NLMSG_ERROR, 41, -EEXIST],
        [NLMSG_ERROR, 42, 0],
      ])
      socket.close()
    }))

  it('has heard all there is when the kernel has taken a message, and nothing of what was done', () =>
    inFresh((ns) => {
      const socket = new native.Socket(ns, NETLINK_ROUTE, MEGABYTE)
      const inbox = new Uint8Array(MEGABYTE)
      const silent = (seq: number, name: string) => linkMessage(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, seq, { name })
      const data = Buffer.concat([silent(40, 'one'), silent(41, 'one'), silent(42, 'two')])
      const received = socket.exchange(data, data.length, inbox, -1)
      expect(messages(inbox, received)).toMatchObject([{ type: NLMSG_ERROR, seq: 41, errno: -EEXIST }])
      expect(socket.index('two')).toBeGreaterThan(1)
      const again = silent(43, 'two')
      expect(socket.exchange(again, again.length, new Uint8Array(0), -1)).toBe(0)
      expect(messages(inbox, socket.receiveEvents(inbox))).toMatchObject([{ seq: 43, errno: -EEXIST }])
      const fine = silent(44, 'three')
      expect(socket.exchange(fine, fine.length, inbox, -1)).toBe(0)
      socket.close()
    }))

  it('knows the end of a list by any sequence number', () =>
    inFresh((ns) => {
      const socket = new native.Socket(ns, NETLINK_ROUTE, MEGABYTE)
      const inbox = new Uint8Array(MEGABYTE)
      for (const seq of [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
        const dump = linkMessage(RTM_GETLINK, NLM_F_DUMP, seq)
        const received = socket.exchange(dump, dump.length, inbox, seq)
        expect(messages(inbox, received).at(-1)).toMatchObject({ type: NLMSG_DONE, seq })
      }
      socket.close()
    }))

  it('leaves what does not fit for later', () =>
    inFresh((ns) => {
      const socket = new native.Socket(ns, NETLINK_ROUTE, 4 * MEGABYTE)
      const inbox = new Uint8Array(MEGABYTE)
      const names = Array.from({ length: 100 }, (_, at) => `bridge${at}`)
      const data = Buffer.concat(names.map((name, at) => add(at, name)))
      expect(messages(inbox, socket.exchange(data, data.length, inbox, -1))).toHaveLength(100)

      const narrow = new Uint8Array(64 * 1024)
      const dump = linkMessage(RTM_GETLINK, NLM_F_DUMP, 1000)
      const found = messages(narrow, socket.exchange(dump, dump.length, narrow, 1000))
      let rounds = 1
      for (; found.at(-1)!.type !== NLMSG_DONE; rounds++) {
        found.push(...messages(narrow, socket.receive(narrow, 1000)))
      }
      expect(rounds).toBeGreaterThan(1)
      expect(found.filter(({ type }) => type === RTM_NEWLINK)).toHaveLength(101)
      expect(socket.receiveEvents(inbox)).toBe(0)
      socket.close()
    }))

  it('hears of events, and does not take them for answers', () =>
    inFresh(async (ns) => {
      const [socket, writer] = [
        new native.Socket(ns, NETLINK_ROUTE, MEGABYTE),
        new native.Socket(ns, NETLINK_ROUTE, MEGABYTE),
      ]
      const inbox = new Uint8Array(MEGABYTE)
      expect(socket.join(RTNLGRP_LINK)).toBe(0)
      expect(socket.join(100_000)).toBe(-constants.errno.EINVAL)
      expect(socket.wait(0)).toBe(0)
      expect(socket.receiveEvents(inbox)).toBe(0)
      const made = add(1, 'news')
      writer.exchange(made, made.length, inbox, -1)
      expect(socket.wait(1000)).toBe(1)
      const dump = linkMessage(RTM_GETLINK, NLM_F_DUMP, 5)
      const received = socket.exchange(dump, dump.length, inbox, 5)
      const seen = messages(inbox, received)
      expect(seen.at(-1)).toMatchObject({ type: NLMSG_DONE, seq: 5 })
      expect(seen.filter(({ seq }) => seq !== 5)).toMatchObject([{ type: RTM_NEWLINK, index: socket.index('news') }])
      socket.close()
      writer.close()
    }))

  it('says once that events were lost', () =>
    inFresh((ns) => {
      const [socket, writer] = [
        new native.Socket(ns, NETLINK_ROUTE, 4096),
        new native.Socket(ns, NETLINK_ROUTE, MEGABYTE),
      ]
      const inbox = new Uint8Array(MEGABYTE)
      socket.join(RTNLGRP_LINK)
      for (let at = 0; at < 30; at++) {
        const made = add(at, `link${at}`)
        writer.exchange(made, made.length, inbox, -1)
      }
      const results: number[] = []
      for (let received = 1; received !== 0; results.push(received)) received = socket.receiveEvents(inbox)
      expect(results.filter((result) => result < 0)).toEqual([-ENOBUFS])
      expect(results.at(-1)).toBe(0)
      socket.close()
      writer.close()
    }))

  it('asks for the receive buffer it is told to, and says which it has', () => {
    const [small, large] = [64 * 1024, 4 * MEGABYTE].map((size) => new native.Socket(-1, NETLINK_ROUTE, size))
    // The kernel doubles what it is asked for, to make room for its own bookkeeping.
    expect(small!.receiveBuffer).toBe(128 * 1024)
    expect(large!.receiveBuffer).toBeGreaterThan(small!.receiveBuffer)
    small!.close()
    large!.close()
  })

  it('knows devices by names of 15 bytes, and no device by a longer one', () =>
    inFresh((ns) => {
      const socket = new native.Socket(ns, NETLINK_ROUTE, MEGABYTE)
      const name = 'a'.repeat(15)
      const made = add(1, name)
      socket.exchange(made, made.length, new Uint8Array(MEGABYTE), -1)
      expect(socket.name(socket.index(name))).toBe(name)
      expect(socket.index('lo')).toBe(1)
      expect(socket.index('')).toBe(-ENODEV)
      expect(socket.name(12345)).toBeUndefined()
      socket.close()
    }))

  it('closes its descriptor once', () => {
    const before = held().descriptors
    const socket = new native.Socket(-1, NETLINK_ROUTE, MEGABYTE)
    expect(readlinkSync(`/proc/self/fd/${socket.fd}`)).toMatch(/^socket:/)
    socket.close()
    socket.close()
    expect(socket.fd).toBe(-1)
    expect(held().descriptors).toBe(before)

    const bytes = new Uint8Array(64 * 1024)
    const request = linkMessage(RTM_GETLINK, NLM_F_DUMP, 1)
    expect(socket.exchange(request, request.length, bytes, 1)).toBe(-EBADF)
    expect(socket.receive(bytes, 1)).toBe(-EBADF)
    expect(socket.receiveEvents(bytes)).toBe(-EBADF)
    expect(socket.index('lo')).toBe(-EBADF)
    expect(socket.name(1)).toBeUndefined()
    expect(socket.join(1)).toBe(-EBADF)
  })

  it.each([
    ['a descriptor that is not open', 987_654, NETLINK_ROUTE, { errno: -EBADF, syscall: 'setns' }],
    ['a descriptor of something else', 0, NETLINK_ROUTE, { errno: -constants.errno.EINVAL, syscall: 'setns' }],
    ['an unknown protocol', -1, 77, { errno: -constants.errno.EPROTONOSUPPORT, syscall: 'socket' }],
  ])('cannot be opened for %s', (_, ns, protocol, expected) => {
    const before = held()
    expect(refusal(() => new native.Socket(ns, protocol, MEGABYTE))).toEqual(expected)
    expect(held()).toEqual(before)
  })
})

describe('an exchange on a thread', () => {
  const request = linkMessage(RTM_GETLINK, NLM_F_DUMP, 3)

  it('calls back with what was received, and its thread is gone', async () => {
    const socket = new native.Socket(-1, NETLINK_ROUTE, MEGABYTE)
    const before = held().threads
    const inbox = new Uint8Array(MEGABYTE)
    const received = await new Promise<number>((resolve) =>
      socket.exchangeOnThread(request, request.length, inbox, 3, resolve),
    )
    expect(messages(inbox, received).at(-1)).toMatchObject({ type: NLMSG_DONE, seq: 3, errno: 0 })
    expect(held().threads).toBe(before)
    socket.close()
  })

  it('ends before its socket does', async () => {
    const socket = new native.Socket(-1, NETLINK_ROUTE, MEGABYTE)
    const inbox = new Uint8Array(MEGABYTE)
    const { fd } = socket
    const ended = new Promise<number>((resolve) => socket.exchangeOnThread(request, request.length, inbox, 3, resolve))
    socket.close()
    expect(readlinkSync(`/proc/self/fd/${fd}`)).toMatch(/^socket:/)
    expect(messages(inbox, await ended).at(-1)).toMatchObject({ type: NLMSG_DONE })
    expect(socket.fd).toBe(-1)
  })

  it('keeps the buffers and the socket, whoever else has forgotten them', async () => {
    expect(
      await told(
        `${loaded}
        const request = Buffer.from('${request.toString('hex')}', 'hex')
        const results = []
        const one = () => new Promise((resolve) => {
          const socket = new native.Socket(-1, 0, 1 << 20)
          socket.exchangeOnThread(Uint8Array.from(request), request.length, new Uint8Array(1 << 20), 3, resolve)
        })
        for (let round = 0; round < 20; round++) {
          const all = Array.from({ length: 20 }, one)
          gc()
          results.push(...await Promise.all(all))
        }
        console.log(JSON.stringify([results.length, results.every((received) => received > 0)]))`,
        { flags: ['--expose-gc'] },
      ),
    ).toEqual([400, true])
  })
})

describe('sockets nobody closed', () => {
  it('are closed when they are collected', async () => {
    const result = await told(
      `${loaded}
      const before = descriptors()
      for (let at = 0; at < 500; at++) new native.Socket(-1, 0, 4096)
      const opened = descriptors() - before
      for (let at = 0; at < 100 && descriptors() > before; at++) { gc(); await sleep(10) }
      console.log(JSON.stringify({ opened: opened > 100, left: descriptors() - before }))`,
      { flags: ['--expose-gc'] },
    )
    expect(result).toEqual({ opened: true, left: 0 })
  })
})
