/**
 * `bandwidth`: limits how much a container receives (`ingressRate`) and sends (`egressRate`). It comes after the plugin that made the cable, and takes it
 * from that one's result. Rates are bits a second, and bursts bits.
 */

import { filter, type Link, link, NetlinkError, qdisc } from 'nslink'
import { aliasOf, deviceOf, isStale } from './names.js'
import { option } from './options.js'
import { type Call, CniError, type Config, code, type Plugin, type Result } from './protocol.js'

export const bandwidth: Plugin = {
  async add(call) {
    const { config } = call
    if (config.prevResult === undefined) throw new CniError(code.config, 'prevResult: a plugin has to come before this')
    const { ingress, egress } = limitsOf(config)
    const veth = await hostEnd(config.prevResult)
    if (ingress !== undefined) await qdisc.replace({ dev: veth.name, parent: 'root', ...tbf(ingress) })
    if (egress === undefined) return config.prevResult
    try {
      return await limited(call, config.prevResult, veth, egress)
    } catch (error) {
      await link.del(deviceOf('bwp', call), { missingOk: true })
      throw error
    }
  },

  async del(call) {
    await link.del(deviceOf('bwp', call), { missingOk: true })
    // The queues of a device that has gone have gone with it.
    const veth = await hostEnd(call.config.prevResult ?? {}).catch(() => undefined)
    if (veth === undefined) return
    for (const parent of ['root', 'ingress'] as const) await qdisc.del({ dev: veth.name, parent, missingOk: true })
  },

  async check(call) {
    const { ingress, egress } = limitsOf(call.config)
    const veth = await hostEnd(call.config.prevResult ?? {})
    if (ingress !== undefined) await expectRate(veth.name, ingress)
    if (egress !== undefined) await expectRate(deviceOf('bwp', call), egress)
  },

  async status() {
    // What the kernel may lack shows when there is something to limit.
  },

  async gc({ config }) {
    for (const { name, alias } of await link.list({ kind: 'ifb' })) {
      if (isStale(alias, config.name, config['cni.dev/valid-attachments'])) await link.del(name, { missingOk: true })
    }
  },
}

interface Limit {
  /** Bits a second. */
  rate: number
  /** Bytes. */
  burst: number
}

/** What was said for this container counts more than what is for all. */
function limitsOf(config: Config): { ingress: Limit | undefined; egress: Limit | undefined } {
  const own = option(option(config, 'runtimeConfig', 'object') ?? {}, 'bandwidth', 'object') ?? config
  const limit = (which: 'ingress' | 'egress'): Limit | undefined => {
    const rate = option(own, `${which}Rate`, 'number')
    if (rate === undefined || rate === 0) return undefined
    const burst = option(own, `${which}Burst`, 'number')
    if (burst === undefined || burst < 8 * 2048) {
      throw new CniError(code.config, `${which}Burst: has to be 16384 bits or more where there is an ${which}Rate`)
    }
    return { rate, burst: Math.min(Math.floor(burst / 8), 0xffff_ffff) }
  }
  return { ingress: limit('ingress'), egress: limit('egress') }
}

const tbf = ({ rate, burst }: Limit) => ({ kind: 'tbf', rate, burst, latency: '25ms' }) as const

/** The end of the cable that is on the host. */
async function hostEnd({ interfaces = [] }: Result): Promise<Link> {
  const names = new Set(interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name))
  const veth = (await link.list({ kind: 'veth' })).find(({ name }) => names.has(name))
  if (veth === undefined)
    throw new CniError(code.wrong, 'prevResult: none of its devices on the host is a veth that is there')
  return veth
}

/** What comes from the container waits in a device of its own. */
async function limited(call: Call, result: Result, veth: Link, limit: Limit): Promise<Result> {
  const name = deviceOf('bwp', call)
  await link.add({ kind: 'ifb', name, mtu: veth.mtu, up: true, alias: aliasOf(call.config.name, call) })
  await qdisc.add({ dev: name, parent: 'root', ...tbf(limit) })
  await qdisc.add({ dev: veth.name, kind: 'ingress' })
  await filter.add({
    dev: veth.name,
    parent: 'ingress',
    protocol: 'all',
    kind: 'u32',
    match: [{ u32: [0, 0] }],
    actions: [{ kind: 'mirred', direction: 'egress', action: 'redirect', dev: name }],
  })
  const { address, mtu } = await link.get(name)
  const ifb = { name, ...(address !== undefined && { mac: address }), ...(call.config.cniVersion >= '1.1' && { mtu }) }
  return { ...result, interfaces: [...(result.interfaces ?? []), ifb] }
}

async function expectRate(dev: string, { rate }: Limit): Promise<void> {
  try {
    const { tbf } = await qdisc.get({ dev, parent: 'root' })
    if (tbf?.rate === rate) return
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error
  }
  throw new CniError(code.wrong, `${dev} does not limit to ${rate} bits a second`)
}
