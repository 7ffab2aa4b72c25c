/**
 * `bridge`: a switch on the host that is the gateway of its containers, and a cable from it into each. The address is the business of another plugin
 * (`ipam`).
 */

import { randomBytes } from 'node:crypto'
import { addr, type Link, link, NetlinkError, type Netns, netns, nft, sysctl } from 'nslink'
import { comment, ip, masquerade, table } from 'nslink/nft'
import { address, subnetOf } from './ipv4.js'
import { aliasOf, deviceOf, isStale } from './names.js'
import { option, required } from './options.js'
import { type Attachment, type Call, CniError, type Config, code, type Plugin, type Result } from './protocol.js'

export const bridge: Plugin = {
  async add(call) {
    const options = optionsOf(call.config)
    await using pod = await inside(call)
    if (await deviceIn(pod, call.ifname)) {
      throw new CniError(code.wrong, `there is a device ${call.ifname} in ${call.netns} already`)
    }
    await makeBridge(options)
    try {
      return await attach(call, options, pod, await call.delegate(options.ipam, 'ADD', call.config))
    } catch (error) {
      // Nothing half done is left. What comes of that is no news beside the first error.
      await link.del(deviceOf('veth', call), { missingOk: true })
      await call.delegate(options.ipam, 'DEL', call.config).catch(() => undefined)
      throw error
    }
  },

  async del(call) {
    const { ipam, ipMasq } = optionsOf(call.config)
    await call.delegate(ipam, 'DEL', call.config)
    if (ipMasq) await unmasquerade(call)
    // The other end goes with it, in whichever namespace that is, if that is still there.
    await link.del(deviceOf('veth', call), { missingOk: true })
  },

  async check(call) {
    const { ipam, bridge, isGateway } = optionsOf(call.config)
    await call.delegate(ipam, 'CHECK', call.config)
    const { ips = [], interfaces = [], routes = [] } = call.config.prevResult ?? {}
    const own = interfaces.findIndex(({ name, sandbox }) => name === call.ifname && sandbox === call.netns)
    await using pod = await inside(call)
    const device = await deviceIn(pod, call.ifname)
    if (device === undefined) throw new CniError(code.wrong, `there is no device ${call.ifname} in ${call.netns}`)
    if (device.address !== interfaces[own]?.mac) {
      throw new CniError(code.wrong, `${call.ifname} has another link-layer address: ${device.address}`)
    }
    const addresses = (await pod.addr.list({ dev: call.ifname })).map((each) => each.address)
    for (const each of ips) {
      if (each.interface !== own || addresses.includes(each.address)) continue
      throw new CniError(code.wrong, `${call.ifname} has no longer the address ${each.address}`)
    }
    const there = (await pod.route.list()).map(({ dst }) => dst)
    for (const { dst } of routes) {
      if (!there.includes(dst === '0.0.0.0/0' ? 'default' : dst))
        throw new CniError(code.wrong, `there is no route to ${dst}`)
    }
    const veth = await found(deviceOf('veth', call))
    if (veth?.master !== bridge) throw new CniError(code.wrong, `${deviceOf('veth', call)} is not a port of ${bridge}`)
    if (!isGateway) return
    const gateways = (await addr.list({ dev: bridge })).map((each) => each.address.split('/')[0])
    for (const { gateway } of ips) {
      if (gateway !== undefined && !gateways.includes(gateway))
        throw new CniError(code.wrong, `${bridge} is not ${gateway}`)
    }
  },

  async status(call) {
    await call.delegate(optionsOf(call.config).ipam, 'STATUS', call.config)
  },

  async gc(call) {
    const { ipam } = optionsOf(call.config)
    await call.delegate(ipam, 'GC', call.config)
    const { name, 'cni.dev/valid-attachments': valid } = call.config
    for (const { name: veth, alias } of await link.list({ kind: 'veth' })) {
      if (isStale(alias, name, valid)) await link.del(veth, { missingOk: true })
    }
  },
}

interface Options {
  bridge: string
  ipam: string
  isGateway: boolean
  isDefaultGateway: boolean
  hairpinMode: boolean
  ipMasq: boolean
  mtu: number | undefined
}

function optionsOf(config: Config): Options {
  const flag = (name: string): boolean => option(config, name, 'boolean') ?? false
  const unsupported = ['vlan', 'vlanTrunk', 'macspoofchk'].find((name) => config[name])
  if (unsupported !== undefined) {
    throw new CniError(code.unsupported, `${unsupported}: ${JSON.stringify(config[unsupported])}`)
  }
  return {
    bridge: option(config, 'bridge', 'string') ?? 'cni0',
    ipam: required(required(config, 'ipam', 'object'), 'type', 'string'),
    isGateway: flag('isGateway') || flag('isDefaultGateway'),
    isDefaultGateway: flag('isDefaultGateway'),
    hairpinMode: flag('hairpinMode'),
    ipMasq: flag('ipMasq'),
    mtu: option(config, 'mtu', 'number'),
  }
}

async function inside({ netns: path }: Call): Promise<Netns> {
  try {
    return await netns.open({ path })
  } catch (error) {
    throw new CniError(code.noContainer, `CNI_NETNS: ${path} is no namespace`, (error as Error).message)
  }
}

const deviceIn = async (ns: Netns, name: string): Promise<Link | undefined> =>
  (await ns.link.list()).find((each) => each.name === name)

const found = async (name: string): Promise<Link | undefined> => (await link.list()).find((each) => each.name === name)

async function makeBridge({ bridge: name, mtu }: Options): Promise<void> {
  try {
    // One that has not been given an address takes the lowest of its ports', so that pods would know their gateway by one it no longer has.
    await link.add({ kind: 'bridge', name, address: anyAddress(), ...(mtu !== undefined && { mtu }) })
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'EEXIST')) throw error
    // Another pod's ADD may have made it.
    if ((await link.get(name)).kind !== 'bridge') throw new CniError(code.wrong, `${name} is no bridge`)
  }
  await link.set(name, { up: true })
}

/** A link-layer address of the sort that nobody is given by a manufacturer. */
const anyAddress = (): string => ['02', ...(randomBytes(5).toString('hex').match(/../g) ?? [])].join(':')

/** The cable, with the addresses and routes that are found for the container. */
async function attach(
  call: Call,
  options: Options,
  pod: Netns,
  { ips = [], routes = [], dns }: Result,
): Promise<Result> {
  const { ifname, netns: sandbox, config } = call
  const { bridge, hairpinMode, isGateway, isDefaultGateway, ipMasq } = options
  const veth = deviceOf('veth', call)
  const mtu = options.mtu === undefined ? {} : { mtu: options.mtu }
  await link.add({ kind: 'veth', name: veth, ...mtu, peer: { name: ifname, netns: pod, ...mtu } })
  await link.set(veth, {
    master: bridge,
    bridgePort: { hairpin: hairpinMode },
    up: true,
    alias: aliasOf(config.name, call),
  })
  await pod.link.set(ifname, { up: true })
  for (const each of ips) {
    await pod.addr.add({ dev: ifname, address: each.address })
    if (!isGateway || each.gateway === undefined) continue
    await addr.replace({ dev: bridge, address: `${each.gateway}/${subnetOf(each.address).prefix}` })
    await sysctl.set('net.ipv4.ip_forward', 1)
  }
  const gateway = ips.find((each) => each.gateway !== undefined)?.gateway
  const ways = routes.map(({ dst, gw = gateway }) => ({ dst, ...(gw !== undefined && { gw }) }))
  if (isDefaultGateway && gateway !== undefined && !ways.some(({ dst }) => dst === '0.0.0.0/0')) {
    ways.push({ dst: '0.0.0.0/0', gw: gateway })
  }
  for (const { dst, gw } of ways) await pod.route.add({ dst, via: gw, dev: ifname })
  if (ipMasq) for (const each of ips) await masqueraded(call, each.address)

  const mac = async (device: Promise<Link>): Promise<{ mac?: string; mtu?: number }> => {
    const { address, mtu } = await device
    return { ...(address !== undefined && { mac: address }), ...(config.cniVersion >= '1.1' && { mtu }) }
  }
  return {
    interfaces: [
      { name: bridge, ...(await mac(link.get(bridge))) },
      { name: veth, ...(await mac(link.get(veth))) },
      { name: ifname, ...(await mac(pod.link.get(ifname))), sandbox },
    ],
    ips: ips.map((each) => ({ ...each, interface: 2 })),
    routes: ways,
    ...(dns !== undefined && { dns }),
  }
}

const { add, del } = table('ip', 'cni')

/** What leaves the subnet has the address of the host. */
async function masqueraded(call: Call, cidr: string): Promise<void> {
  const { first, prefix } = subnetOf(cidr)
  const subnet = `${address(first - 1)}/${prefix}`
  await nft.apply([
    add.table(),
    add.chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 'srcnat' }),
    add.rule(
      'postrouting',
      ip.saddr(cidr.split('/')[0] as string),
      ip.daddr.not(subnet),
      masquerade(),
      comment(commentOf(call)),
    ),
  ])
}

async function unmasquerade(call: Call): Promise<void> {
  const { rules } = await nft.list({ family: 'ip', table: 'cni' })
  const own = rules.filter((rule) => rule.comment === commentOf(call))
  for (const { handle } of own) await nft.apply([del.rule('postrouting', handle as number)])
}

const commentOf = ({ containerID, ifname }: Attachment): string => `${containerID} ${ifname}`
