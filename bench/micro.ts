/**
 * What the pieces cost: options to bytes, bytes to objects, a call of the addon. This is for those who work on nslink, and looks
 * behind the public API: at its single modules.
 */

import * as nslink from 'nslink'
import { batch, netns } from 'nslink/sync'
import { allocation } from './allocation.js'
import { amount, columns, memory, time } from './figures.js'
import { each } from './lists.js'
import { ADDRESS, PREFIX_LENGTH } from './works/address.js'
import { BEYOND, destination, GATEWAY, gateway } from './works/routes.js'

/** What is used here of nslink's inside. */
interface Writer {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  take(length: number): number
  rewind(): void
}
interface Reader {
  readonly view: DataView
}
interface Request {
  readonly type: number
  encode(writer: Writer): void
  decode?(reader: Reader, at: number, length: number): unknown
}
interface Socket {
  readonly fd: number
  exchange(data: Uint8Array, length: number, into: Uint8Array, list: number): number
  index(name: string): number
  name(index: number): string | undefined
  close(): void
}

/** One of them. */
const inside = async <T>(file: string): Promise<T> =>
  (await import(new URL(`../modules/${file}`, import.meta.url).href)) as T

const { Writer, Reader } = await inside<{ Writer: new () => Writer; Reader: new (bytes: Uint8Array) => Reader }>(
  'netlink/writer.js',
)
const { native } = await inside<{ native: { Socket: new (ns: number, protocol: number, buffer: number) => Socket } }>(
  'native.js',
)

const NETLINK_ROUTE = 0
const NLMSG_HDRLEN = 16
const NLMSG_DONE = 3
const NLM_F_REQUEST_DUMP = 0x301

const writer = new Writer()

/** The request an operation begins with. */
function requestOf(operation: Iterator<unknown>): Request {
  const step = operation.next().value as Request | readonly [Request]
  return 'encode' in step ? step : step[0]
}

/** What one call takes, in nanoseconds: the median of several hundred calls' mean. */
function measure(call: () => unknown, callsEach = 1): number {
  const CALLS = 200
  const BATCHES = 300
  const means: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now()
    for (let count = 0; count < CALLS; count++) call()
    means.push(((performance.now() - start) * 1e6) / CALLS / callsEach)
  }
  // The first ones ran before the compiler was done.
  return means.slice(BATCHES / 2).sort((a, b) => a - b)[BATCHES / 4] as number
}

/** Prints the tables. */
export async function micro(): Promise<void> {
  costs()
  await allocations()
}

function costs(): void {
  const rows: string[][] = []
  const row = (what: string, nanoseconds: number): void => {
    rows.push([what, time(nanoseconds)])
  }

  const ns = netns.create()
  gateway(ns)
  const ROUTES = 256
  for (let index = 0; index < ROUTES; index++) ns.route.add({ dst: destination(index), via: GATEWAY, dev: 'eth0' })
  const socket = new native.Socket(ns.fd, NETLINK_ROUTE, 1024 * 1024)

  // Devices are given by index here: what looking up a name takes has lines of its own.
  batch((groups) => {
    const encoding = (operation: () => Iterator<unknown>) => (): void => {
      writer.rewind()
      requestOf(operation()).encode(writer)
    }
    const dev = 2
    const address = '10.0.0.1/24'
    row('encode addr.add', measure(encoding(() => groups.addr.add({ dev, address }))))
    row('encode route.add', measure(encoding(() => groups.route.add({ dst: '10.64.0.1', via: GATEWAY, dev }))))
    row(
      'encode route.add, IPv6',
      measure(encoding(() => groups.route.add({ dst: '2001:db8::/32', via: 'fe80::1', dev }))),
    )
    const veth = { kind: 'veth', name: 'eth0', up: true, peer: { name: 'peer0' } } as const
    row('encode link.add, veth', measure(encoding(() => groups.link.add(veth))))

    row('decode an address', decoding(socket, requestOf(groups.addr.list())))
    row('decode a route', decoding(socket, requestOf(groups.route.list({ table: 'main' }))))
    row('decode a link', decoding(socket, requestOf(groups.link.list())))
    return []
  })

  row(
    'call of the addon',
    measure(() => socket.fd),
  )
  row(
    'device name to index',
    measure(() => socket.index('eth0')),
  )
  row(
    'device index to name',
    measure(() => socket.name(2)),
  )

  socket.close()
  ns.close()
  process.stdout.write(columns(rows))
}

/** What decoding a message takes, by the mean over a list of the kernel's. */
function decoding(socket: Socket, request: Request): number {
  writer.rewind()
  writer.take(NLMSG_HDRLEN)
  request.encode(writer)
  writer.view.setUint32(0, writer.at, true)
  writer.view.setUint16(4, request.type, true)
  writer.view.setUint16(6, NLM_F_REQUEST_DUMP, true)
  writer.view.setUint32(8, 1, true)
  writer.view.setUint32(12, 0, true)
  const into = new Uint8Array(256 * 1024)
  const received = socket.exchange(writer.bytes, writer.at, into, 1)
  if (received <= 0) throw new Error(`the list was not received: ${received}`)

  const reader = new Reader(into)
  const messages: [at: number, length: number][] = []
  for (let at = 0; at + NLMSG_HDRLEN <= received; ) {
    const length = reader.view.getUint32(at, true)
    if (reader.view.getUint16(at + 4, true) > NLMSG_DONE) messages.push([at + NLMSG_HDRLEN, length - NLMSG_HDRLEN])
    at += (length + 3) & ~3
  }
  if (messages.length === 0) throw new Error('the list is empty')
  return measure(() => {
    for (const [at, length] of messages) request.decode?.(reader, at, length)
  }, messages.length)
}

/** What operations allocate at both faces: an address added or deleted, a route added, and what is listed, each of many. */
async function allocations(): Promise<void> {
  const [ROUTES, PAIRS] = [1000, 50]
  const links = 2 * PAIRS + 3
  const rows: string[][] = [['', 'objects', 'bytes']]
  const row = async (what: string, call: () => unknown): Promise<void> => {
    const { objects, bytes } = await allocation(call)
    rows.push([what, amount(objects), memory(bytes)])
  }
  const rowOfMany = async (what: string, many: number, call: () => unknown): Promise<void> => {
    const { objects, bytes } = await allocation(call, 3, 100)
    rows.push([what, amount(objects / many), memory(bytes / many)])
  }

  const ns = netns.create()
  const promised = await nslink.netns.open({ fd: ns.fd })
  try {
    gateway(ns)
    ns.batch(({ link }) =>
      each(PAIRS, (index) => link.add({ kind: 'veth', name: `a${index}`, peer: { name: `b${index}` } })),
    )
    for (const [face, { addr, link, route }] of Object.entries({ 'nslink/sync': ns, nslink: promised })) {
      ns.batch(({ route }) => each(ROUTES, (at) => route.add({ dst: destination(at), via: GATEWAY, dev: 'eth0' })))
      const address = { dev: 'eth0', address: `${ADDRESS.replace(/\d$/, '9')}/${PREFIX_LENGTH}` }
      let there = false
      await row(`${face}, an address added or deleted`, () => {
        there = !there
        return there ? addr.add(address) : addr.del(address)
      })
      await rowOfMany(`${face}, a route listed, one of ${ROUTES + 1}`, ROUTES + 1, () => route.list({ family: 'inet' }))
      await rowOfMany(`${face}, a link listed, one of ${links}`, links, () => link.list())
      let index = BEYOND
      await row(`${face}, a route added`, () => route.add({ dst: destination(index++), via: GATEWAY, dev: 'eth0' }))
      // The routes go with it.
      ns.link.set('eth0', { up: false })
      ns.link.set('eth0', { up: true })
    }
  } finally {
    promised.close()
    ns.close()
  }
  process.stdout.write(`\n${columns(rows)}`)
}
