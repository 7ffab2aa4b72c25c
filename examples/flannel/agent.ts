/**
 * The agent of a node: takes a subnet for the node, tells the other nodes of it through etcd, and makes the kernel know of them, whenever one of them
 * comes or goes, and whenever somebody else changes what it has made.
 *
 *     node agent.js --etcd http://192.168.3.2:2379 --iface eth0 --subnet-file /run/flannel/subnet.env
 *
 * It keeps nothing but what is in etcd, in the kernel and in the file: killed and started again, it goes on where it was. While etcd is away,
 * everything stays as it is.
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { addr, sysctl, watch } from 'nslink'
import { converge, DEVICE, device, type Node, ownAddress } from './converge.js'
import { type Entry, Etcd } from './etcd.js'
import {
  baseOf,
  candidates,
  contains,
  entryOf,
  type Network,
  networkOf,
  PREFIX,
  type Subnet,
  subnetsOf,
} from './subnets.js'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { etcd: text, iface: text, 'subnet-file': text, ttl: { ...text, default: '30' } },
})
const { etcd: url = 'http://127.0.0.1:2379', iface = 'eth0', 'subnet-file': file = '/run/flannel/subnet.env' } = values
const ttl = Number(values.ttl)

const etcd = new Etcd(url)
const log = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const [own] = await addr.list({ dev: iface, family: 'inet' })
if (own === undefined) throw new Error(`${iface} has no address`)
const node: Node = { iface, publicIP: baseOf(own.address), lan: own.address }
await sysctl.set('net.ipv4.ip_forward', 1)

/** What etcd said last. Until it has said something, nothing is changed. */
let known: { network: Network; others: Subnet[]; mine: Subnet } | undefined

/** Does what is asked for, and once more if it was asked for again meanwhile. */
function repeated(work: () => Promise<void>): () => void {
  let [busy, again] = [false, false]
  const run = async (): Promise<void> => {
    do {
      again = false
      await work().catch(async (error: Error) => {
        process.stderr.write(`${error.message}\n`)
        again = true
        await sleep(1000)
      })
    } while (again)
    busy = false
  }
  return () => {
    again = true
    if (busy) return
    busy = true
    void run()
  }
}

const settle = repeated(async () => {
  if (known === undefined) return
  const { network, others, mine } = known
  const { mac, mtu } = await device(node, log)
  // Somebody may have taken the device away: the new one has another address.
  if (mac !== mine.mac) {
    mine.mac = mac
    await etcd.put(entryOf(mine))
  }
  await ownAddress(mine.subnet, log)
  await converge(network.Network, others, node, network.Backend.DirectRouting === true, log)
  write(network, mine, mtu)
})

/** What is in etcd counts from now on. Without a subnet the node takes one, which is told of again. */
async function heed(entries: Entry[]): Promise<void> {
  const network = networkOf(entries)
  if (network === undefined) return
  const subnets = subnetsOf(entries)
  const mine = subnets.find(({ publicIP }) => publicIP === node.publicIP)
  if (mine === undefined) return join(network, subnets)
  known = { network, mine, others: subnets.filter((each) => each !== mine) }
  settle()
}

/** Takes a subnet: if there is one, that which the node had before. */
async function join(network: Network, subnets: readonly Subnet[]): Promise<void> {
  const { mac } = await device(node, log)
  const lease = await etcd.grant(ttl)
  const before = had()
  const tried = [
    ...(before !== undefined && contains(network.Network, before) ? [before] : []),
    ...candidates(network.Network),
  ]
  for (const subnet of tried) {
    if (subnets.some((each) => each.subnet === subnet)) continue
    if (await etcd.create(entryOf({ subnet, publicIP: node.publicIP, mac, lease }))) return
  }
  throw new Error(`${network.Network} has no subnet left`)
}

/** The subnet that is in the file. */
function had(): string | undefined {
  try {
    const gateway = /^FLANNEL_SUBNET=(.*)\.1\/24$/m.exec(readFileSync(file, 'utf8'))?.[1]
    return gateway && `${gateway}.0/24`
  } catch {
    return undefined
  }
}

/** Tells the CNI plugin. */
function write({ Network }: Network, { subnet }: Subnet, mtu: number): void {
  if (had() === subnet) return
  const values = { NETWORK: Network, SUBNET: subnet.replace(/0\/24$/, '1/24'), MTU: mtu, IPMASQ: false }
  const lines = Object.entries(values).map(([name, value]) => `FLANNEL_${name}=${value}\n`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, lines.join(''))
  renameSync(`${file}.new`, file)
  log(`wrote ${file}: ${subnet}`)
}

/** Goes on and on; what goes wrong is tried again. */
async function persist(work: () => Promise<void>): Promise<never> {
  for (;;) {
    try {
      await work()
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`)
      await sleep(200)
    }
  }
}

process.once('SIGTERM', async () => {
  // The node leaves, which the others need not wait for.
  if (known?.mine.lease !== undefined) await etcd.revoke(known.mine.lease).catch(() => undefined)
  process.exit()
})

const ofDevice = ({ dev }: { dev?: unknown }): boolean => dev === DEVICE
for (const table of [
  watch('link', { where: ({ name }) => name === DEVICE }),
  watch('addr', { where: ofDevice }),
  watch('route', { where: ({ via }) => via !== undefined }),
  watch('neigh', { where: ofDevice }),
  watch('fdb', { where: ofDevice }),
]) {
  await table.ready
  table.on('change', settle)
}

log(`follows ${url}`)
await Promise.all([
  persist(async () => {
    const { revision, entries } = await etcd.list(PREFIX)
    await heed(entries)
    for await (const _ of etcd.watch(PREFIX, revision + 1)) await heed((await etcd.list(PREFIX)).entries)
  }),
  persist(async () => {
    await sleep((ttl * 1000) / 3)
    const lease = known?.mine.lease
    // A lease that has run out has taken the subnet with it, which is told of.
    if (lease !== undefined) await etcd.keepAlive(lease)
  }),
])
