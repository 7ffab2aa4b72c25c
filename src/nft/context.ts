/**
 * What a rule knows of its packets at a point: which protocol they have at each layer, by what has been matched so far.
 *
 * A field can only be read when its header is known to be there, so a match on `tcp dport` in a table that sees every protocol begins with one on
 * the protocol. nft adds those matches and hides them again when it lists; so does nslink, here.
 */

import { invalidValue } from '../netlink/check.js'
import type { NftFamily } from './family.js'
import type { Header, Layer } from './header.js'
import { headersByName } from './header.js'

/** A match that another one needs before it: a key, and the value it has to have, or one of several. @internal */
export interface Need {
  readonly key: string
  readonly values: readonly number[]
}

const need = (key: string, value: number): Need => ({ key, values: [value] })

/** The Ethernet hardware type, which `meta iiftype` has. */
const ETHER = 1

/** @internal */
export class Context {
  readonly family: NftFamily
  /** What is known of each layer: a header's name, or '?' where it is one of several. */
  readonly layers: { link?: string | undefined; network?: string | undefined; transport?: string | undefined }
  /** The type of ICMP message. */
  message: number | undefined

  constructor(family: NftFamily, layers: Context['layers'] = initial[family], message?: number) {
    const { link, network, transport } = layers
    this.family = family
    this.layers = { link, network, transport }
    this.message = message
  }

  copy(): Context {
    return new Context(this.family, this.layers, this.message)
  }

  /** The same for a field, some of which only certain messages have. */
  requireField(header: Header, only: readonly number[] | undefined, path: string): Need[] {
    const needs = this.require(header, path)
    const [first] = only ?? []
    if (only === undefined || first === undefined) return needs
    if (this.message === undefined) {
      this.message = first
      return [...needs, { key: `${header.name} type`, values: only }]
    }
    if (!only.includes(this.message))
      throw invalidValue(path, header.name, 'is a field of other messages than those matched before')
    return needs
  }

  /**
   * What has to be matched before a field of this header can be read; the context then knows it.
   *
   * @param path what asks for it, for the error
   */
  require(header: Header, path: string): Need[] {
    const known = this.layers[header.layer]
    if (known === header.name || header.generic) return []
    // What a VLAN's tag stands in is still there.
    if (known === 'vlan' && header.name === 'ether') return []
    if (known !== undefined && header.layer !== 'link') {
      throw invalidValue(path, header.name, `must go with what was matched before, which is ${known}`)
    }
    return this[header.layer](header, path)
  }

  private link(header: Header, path: string): Need[] {
    if (header.over !== undefined && header.ethertype !== undefined) {
      const needs = this.require(headersByName.get(header.over) as Header, path)
      this.layers.link = header.name
      return [...needs, need(`${header.over} type`, header.ethertype)]
    }
    if (header.name !== 'ether') throw invalidValue(path, header.name, 'is not known at this layer')
    this.layers.link = 'ether'
    return [need('meta iiftype', ETHER)]
  }

  private network(header: Header, path: string): Need[] {
    if (this.layers.link === undefined || header.ethertype === undefined) throw this.#elsewhere(header, path)
    this.layers.network = header.name
    if (this.layers.link === 'inet') {
      if (header.nfproto === undefined) throw this.#elsewhere(header, path)
      return [need('meta nfproto', header.nfproto)]
    }
    if (this.layers.link === 'vlan') return [need('vlan type', header.ethertype)]
    // Of a packet in a bridge its protocol is asked instead of its Ethernet header, which may have a VLAN's tag in between.
    const byHeader = this.layers.link === 'ether' && !(this.family === 'bridge' && header.nfproto !== undefined)
    return [need(byHeader ? 'ether type' : 'meta protocol', header.ethertype)]
  }

  private transport(header: Header, path: string): Need[] {
    if (header.l4proto === undefined) throw this.#elsewhere(header, path)
    const { network } = this.layers
    if (network !== undefined && network !== 'ip' && network !== 'ip6') throw this.#elsewhere(header, path)
    const needs =
      network === undefined && header.over !== undefined
        ? this.require(headersByName.get(header.over) as Header, path)
        : []
    this.layers.transport = header.name
    needs.push(need('meta l4proto', header.l4proto))
    return needs
  }

  #elsewhere(header: Header, path: string): TypeError {
    return invalidValue(path, header.name, `cannot be matched in a table of family ${this.family}`)
  }

  /** Takes note of a match: from here on packets have this protocol at that layer, or one of several, which is told by a '?'. */
  learn(layer: Layer, name: string): void {
    this.layers[layer] = name
  }
}

const initial: Readonly<Record<NftFamily, Context['layers']>> = {
  ip: { network: 'ip' },
  ip6: { network: 'ip6' },
  arp: { network: 'arp' },
  inet: { link: 'inet' },
  bridge: { link: 'ether' },
  netdev: { link: 'netdev' },
}
