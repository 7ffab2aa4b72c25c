import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { native } from '../../src/native.js'
import { script, soon, told } from '../support/child.js'
import { inFresh, linkMessage, loaded, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, RTM_NEWLINK, refusal } from './kit.js'

const { EBADF, EEXIST, EPERM } = constants.errno
const RTNLGRP_LINK = 1

/** A socket that hears of links, and a way to make it hear. */
async function listening<T>(
  fn: (socket: InstanceType<typeof native.Socket>, make: (name: string) => void) => T | Promise<T>,
  buffer = 1 << 20,
) {
  await inFresh(async (ns) => {
    const [socket, writer] = [new native.Socket(ns, 0, buffer), new native.Socket(ns, 0, 1 << 20)]
    socket.join(RTNLGRP_LINK)
    await fn(socket, (name) => {
      const request = linkMessage(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 1, { name })
      writer.exchange(request, request.length, new Uint8Array(1 << 17), -1)
    })
    socket.close()
    writer.close()
  })
}

describe('a poll', () => {
  it('tells when there is something to read, and until it is read', () =>
    listening(async (socket, make) => {
      const inbox = new Uint8Array(1 << 20)
      let told = 0
      const poll = new native.Poll(socket.fd, () => {
        told++
        if (told === 3) socket.receiveEvents(inbox)
      })
      make('before-start')
      await turn()
      expect(told).toBe(0)
      poll.start()
      expect(await soon(() => told === 3)).toBe(true)
      await turn()
      await turn()
      expect(told).toBe(3)
      make('after-start')
      expect(await soon(() => told > 3)).toBe(true)
      poll.stop()
      const then = told
      make('after-stop')
      await turn()
      await turn()
      expect(told).toBe(then)
      poll.close()
    }))

  it('tells of lost messages, too, and can be started again', () =>
    listening(async (socket, make) => {
      const inbox = new Uint8Array(1 << 20)
      const results: number[] = []
      const poll = new native.Poll(socket.fd, () => {
        for (let received = 1; received !== 0; results.push(received)) received = socket.receiveEvents(inbox)
        poll.start()
      })
      poll.start()
      for (let at = 0; at < 30; at++) make(`link${at}`)
      expect(await soon(() => results.includes(-constants.errno.ENOBUFS))).toBe(true)
      results.length = 0
      make('afterwards')
      expect(await soon(() => results.some((received) => received > 0))).toBe(true)
      poll.close()
    }, 4096))

  it('can be closed, from its own callback, too, and more than once', () =>
    listening(async (socket, make) => {
      let told = 0
      const poll = new native.Poll(socket.fd, () => {
        told++
        poll.close()
        poll.close()
      })
      poll.start()
      make('one')
      expect(await soon(() => told === 1)).toBe(true)
      make('two')
      await turn()
      expect(told).toBe(1)
      poll.stop()
      poll.ref()
      poll.unref()
      expect(refusal(() => poll.start())).toEqual({ errno: -EBADF, syscall: 'uv_poll_start' })
    }))

  it('needs a descriptor that can be waited for', () => {
    expect(refusal(() => new native.Poll(987_654, () => undefined))).toEqual({ errno: -EBADF, syscall: 'uv_poll_init' })
    const socket = new native.Socket(-1, 0, 4096)
    const one = new native.Poll(socket.fd, () => undefined)
    one.start()
    const ordinary = native.openFile(-1, '/etc/passwd', 0)
    expect(refusal(() => new native.Poll(ordinary.fd, () => undefined))).toEqual({
      errno: -EPERM,
      syscall: 'uv_poll_init',
    })
    expect(refusal(() => new native.Poll(socket.fd, () => undefined))).toEqual({
      errno: -EEXIST,
      syscall: 'uv_poll_init',
    })
    one.close()
    socket.close()
    ordinary.close()
  })

  it('hands what its callback throws to whoever handles uncaught exceptions', async () => {
    const text = (handler: string) => `${loaded}
      ${handler}
      const reader = new native.Socket(-1, 0, 4096)
      const request = Buffer.from('${linkMessage(18, 0x300, 1).toString('hex')}', 'hex')
      const poll = new native.Poll(reader.fd, () => { poll.close(); reader.close(); throw new Error('from the callback') })
      poll.start()
      reader.exchange(request, request.length, new Uint8Array(0), -1)`
    expect(
      await script(text(`process.on('uncaughtException', (error) => console.log('handled', error.message))`)),
    ).toMatchObject({
      stdout: 'handled from the callback\n',
      stderr: '',
      code: 0,
      signal: null,
    })
    const { stderr, code } = await script(text(''))
    expect(stderr).toContain('Error: from the callback')
    expect(code).toBe(1)
  })

  it('keeps the process alive unless it is told not to', async () => {
    const text = (call: string) => `${loaded}
      const socket = new native.Socket(-1, 0, 4096)
      const poll = new native.Poll(socket.fd, () => {})
      poll.start()
      ${call}
      const timer = setTimeout(() => { console.log('alive'); process.exit() }, 300)
      timer.unref()`
    // The timer alone keeps nothing alive, so it only fires where the poll does.
    expect((await script(text(''))).stdout).toBe('alive\n')
    expect((await script(text('poll.unref()'))).stdout).toBe('')
    expect((await script(text('poll.unref(); poll.ref()'))).stdout).toBe('alive\n')
  })

  it('holds nothing once it is closed, and ends with its worker when it is not', async () => {
    const result = await told(`${loaded}
      const before = descriptors()
      const round = () => {
        const socket = new native.Socket(-1, 0, 4096)
        const poll = new native.Poll(socket.fd, () => {})
        poll.start()
        poll.close()
        socket.close()
      }
      round()
      await new Promise(setImmediate)
      const open = descriptors()
      for (let at = 0; at < 1000; at++) round()
      await new Promise(setImmediate)
      const left = descriptors() - open
      const body = \`${loaded}
        const socket = new native.Socket(-1, 0, 1 << 20)
        socket.join(1)
        globalThis.kept = Array.from({ length: 5 }, (_, at) => {
          const one = at === 0 ? socket : new native.Socket(-1, 0, 4096)
          const poll = new native.Poll(one.fd, () => {})
          poll.start()
          return [one, poll]
        })
        parentPort.postMessage('ready')\`
      const worker = async () => {
        const one = new Worker(body, { eval: true, execArgv: ['--input-type=module'] })
        await once(one, 'message')
        await one.terminate()
      }
      await worker()
      const idle = descriptors()
      await worker()
      console.log(JSON.stringify([left, descriptors() - idle]))`)
    expect(result).toEqual([0, 0])
  })
})
