/**
 * `host-local`: hands out the addresses of a subnet. Each that is taken is a file of that name, which says by whom. A file comes to be with all that is in
 * it, and only where there is none (link(2)), so that two who want an address at once never get the same; there is no lock that somebody could
 * leave behind.
 */

import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import { address, number, type Subnet, subnetOf } from './ipv4.js'
import { option, required } from './options.js'
import { type Attachment, type Call, CniError, code, contents, names, type Plugin, type Result } from './protocol.js'

const DATA_DIR = '/var/lib/cni/networks'
/** The address that was handed out last: the next one is looked for after it, so that one that was given back has a rest. */
const LAST = 'last_reserved_ip.0'

/** A network's addresses, and where it is written down whose they are. */
interface Pool extends Subnet {
  dir: string
  gateway: number
}

export const hostLocal: Plugin = {
  async add(call) {
    const pool = poolOf(call)
    mkdirSync(pool.dir, { recursive: true })
    const had = taken(pool).find((each) => each.owner === ownerOf(call))
    if (had !== undefined) throw new CniError(code.wrong, `container ${call.containerID} has ${had.ip} already`)
    const ip = take(pool, ownerOf(call))
    return resultOf(call, pool, ip)
  },

  async del(call) {
    const pool = poolOf(call)
    for (const { ip, owner } of taken(pool)) if (owner === ownerOf(call)) rmSync(join(pool.dir, ip), { force: true })
  },

  async check(call) {
    const had = taken(poolOf(call)).filter(({ owner }) => owner === ownerOf(call))
    const wanted = call.config.prevResult?.ips ?? []
    if (had.some(({ ip }) => wanted.some((each) => each.address.split('/')[0] === ip))) return
    throw new CniError(code.wrong, `no address is reserved for container ${call.containerID}`)
  },

  async status(call) {
    const pool = poolOf(call)
    // The gateway is one of them.
    if (taken(pool).length >= pool.last - pool.first) throw new CniError(code.notAvailable, 'no address is left')
  },

  async gc(call) {
    const pool = poolOf(call)
    const valid = new Set(call.config['cni.dev/valid-attachments']?.map(ownerOf))
    for (const { ip, owner } of taken(pool)) if (!valid.has(owner)) rmSync(join(pool.dir, ip), { force: true })
  },
}

const ownerOf = ({ containerID, ifname }: Attachment): string => `${containerID}\n${ifname}`

function poolOf({ config }: Call): Pool {
  const ipam = required(config, 'ipam', 'object')
  const unsupported = Object.entries(ipam).find(([name]) => ['ranges', 'resolvConf'].includes(name))
  if (unsupported !== undefined) {
    throw new CniError(code.unsupported, `ipam.${unsupported[0]}: ${JSON.stringify(unsupported[1])}`)
  }
  const subnet = subnetOf(required(ipam, 'subnet', 'string'))
  const within = (name: string): number | undefined => {
    const text = option(ipam, name, 'string')
    const value = text === undefined ? undefined : number(text)
    if (value === undefined || (value >= subnet.first && value <= subnet.last)) return value
    throw new CniError(code.config, `ipam.${name}: ${text} is not in the subnet`)
  }
  return {
    prefix: subnet.prefix,
    gateway: within('gateway') ?? subnet.first,
    first: within('rangeStart') ?? subnet.first,
    last: within('rangeEnd') ?? subnet.last,
    dir: join(option(ipam, 'dataDir', 'string') ?? DATA_DIR, config.name),
  }
}

/** The addresses that somebody has. */
function taken({ dir }: Pool): { ip: string; owner: string }[] {
  return names(dir).flatMap((ip) => {
    // Other files are not of addresses; and one may go while this looks.
    const owner = isIPv4(ip) ? contents(join(dir, ip)) : undefined
    return owner === undefined ? [] : { ip, owner }
  })
}

/** Takes the next address that is free. */
function take({ dir, first, last, gateway }: Pool, owner: string): string {
  const size = last - first + 1
  const before = contents(join(dir, LAST))
  const start = before === undefined ? 0 : number(before) + 1 - first
  const draft = join(dir, `.${process.pid}`)
  for (let step = 0; step < size; step++) {
    const candidate = first + ((start + step + size) % size)
    if (candidate === gateway) continue
    const ip = address(candidate)
    writeFileSync(draft, owner)
    const mine = linked(draft, join(dir, ip))
    rmSync(draft)
    if (!mine) continue
    writeFileSync(draft, ip)
    renameSync(draft, join(dir, LAST))
    return ip
  }
  throw new CniError(code.tryAgain, 'no address is left')
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new CniError(code.io, (error as Error).message)
  }
}

/** A route without a gateway of its own goes by that of the subnet. */
function resultOf({ config }: Call, { prefix, gateway }: Pool, ip: string): Result {
  const routes = (Reflect.get(required(config, 'ipam', 'object'), 'routes') ?? []) as NonNullable<Result['routes']>
  return { ips: [{ address: `${ip}/${prefix}`, gateway: address(gateway) }], routes }
}
