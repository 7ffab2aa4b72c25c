/**
 * `flannel`: makes of what flannel's agent has written about this node the configuration of another plugin, which does the work. What an attachment was
 * made by is kept, so that it goes by the same configuration if the node has got another subnet meanwhile.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { option } from './options.js'
import { type Attachment, type Call, CniError, type Config, code, contents, names, type Plugin } from './protocol.js'

const SUBNET_FILE = '/run/flannel/subnet.env'
const DATA_DIR = '/var/lib/cni/flannel'

export const flannel: Plugin = {
  async add(call) {
    const config = delegated(call)
    const { file, dir } = kept(call.config, call)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
    return call.delegate(typeOf(config), 'ADD', config)
  },

  async del(call) {
    const { file } = kept(call.config, call)
    const saved = contents(file)
    // It has gone already, or never came.
    if (saved === undefined) return
    const config = { ...JSON.parse(saved), prevResult: call.config.prevResult } as Config
    await call.delegate(typeOf(config), 'DEL', config)
    rmSync(file, { force: true })
  },

  async check(call) {
    const saved = contents(kept(call.config, call).file)
    if (saved === undefined) throw new CniError(code.wrong, `nothing is known of container ${call.containerID}`)
    const config = { ...JSON.parse(saved), prevResult: call.config.prevResult } as Config
    await call.delegate(typeOf(config), 'CHECK', config)
  },

  async status(call) {
    const config = delegated(call)
    await call.delegate(typeOf(config), 'STATUS', config)
  },

  async gc(call) {
    const valid = call.config['cni.dev/valid-attachments'] ?? []
    const config = { ...delegated(call), 'cni.dev/valid-attachments': valid }
    await call.delegate(typeOf(config), 'GC', config)
    const { dir } = kept(call.config, call)
    const stays = new Set(valid.map((each) => fileOf(call.config, each)))
    for (const name of names(dir)) {
      if (name.startsWith(`${call.config.name}:`) && !stays.has(name)) rmSync(join(dir, name))
    }
  },
}

const typeOf = (config: Config): string => option(config, 'type', 'string') ?? 'bridge'

const fileOf = ({ name }: Config, { containerID, ifname }: Attachment): string => `${name}:${containerID}:${ifname}`

function kept(config: Config, attachment: Attachment): { dir: string; file: string } {
  const dir = option(config, 'dataDir', 'string') ?? DATA_DIR
  return { dir, file: join(dir, fileOf(config, attachment)) }
}

/** What the other plugin is told. Where `delegate` says something, that counts. */
function delegated({ config }: Call): Config {
  const { network, subnet, mtu, ipmasq } = node(option(config, 'subnetFile', 'string') ?? SUBNET_FILE)
  const given = option(config, 'delegate', 'object') ?? {}
  return {
    type: 'bridge',
    mtu,
    // Either flannel's agent sees to it, or the plugin.
    ipMasq: !ipmasq,
    isGateway: true,
    ...given,
    cniVersion: config.cniVersion,
    name: config.name,
    ipam: { type: 'host-local', subnet, routes: [{ dst: network }], ...option(given, 'ipam', 'object') },
  }
}

/** What flannel's agent says of this node. */
function node(path: string): { network: string; subnet: string; mtu: number; ipmasq: boolean } {
  const text = contents(path)
  if (text === undefined) {
    throw new CniError(code.notAvailable, `there is no ${path}`, "flannel's agent writes it when the node has a subnet")
  }
  const value = (name: string): string => {
    const found = new RegExp(`^FLANNEL_${name}=(.*)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new CniError(code.config, `${path} has no FLANNEL_${name}`)
    return found
  }
  return {
    network: value('NETWORK'),
    subnet: value('SUBNET'),
    mtu: Number(value('MTU')),
    ipmasq: value('IPMASQ') === 'true',
  }
}
