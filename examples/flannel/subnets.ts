/** What nodes tell each other through etcd: the network, and which node has which subnet of it. */

import type { Entry } from './etcd.js'

export const PREFIX = '/coreos.com/network/'

/** What is said of all: `{ "Network": "10.244.0.0/16", "Backend": { "Type": "vxlan", "DirectRouting": false } }`. */
export interface Network {
  Network: string
  Backend: { Type: 'vxlan'; DirectRouting?: boolean }
}

/** A node's part. */
export interface Subnet {
  /** `'10.244.1.0/24'` */
  subnet: string
  /** Where the node is. */
  publicIP: string
  /** The link-layer address of its VXLAN device. */
  mac: string
  /** With which lease of etcd's this goes. */
  lease?: string
}

const SUBNETS = `${PREFIX}subnets/`

export function networkOf(entries: readonly Entry[]): Network | undefined {
  const found = entries.find(({ key }) => key === `${PREFIX}config`)
  return found && (JSON.parse(found.value) as Network)
}

export function subnetsOf(entries: readonly Entry[]): Subnet[] {
  return entries.flatMap(({ key, value, lease }) => {
    if (!key.startsWith(SUBNETS)) return []
    const { PublicIP: publicIP, BackendData } = JSON.parse(value)
    const subnet = key.slice(SUBNETS.length).replace('-', '/')
    return { subnet, publicIP, mac: BackendData.VtepMAC, ...(lease !== undefined && { lease }) }
  })
}

export const entryOf = ({ subnet, publicIP, mac, lease }: Subnet): Entry => ({
  key: `${SUBNETS}${subnet.replace('/', '-')}`,
  value: JSON.stringify({ PublicIP: publicIP, BackendType: 'vxlan', BackendData: { VtepMAC: mac } }),
  ...(lease !== undefined && { lease }),
})

/** The address that stands for the subnet itself, which the VXLAN device of its node has: `'10.244.1.0'`. */
export const baseOf = (subnet: string): string => subnet.replace(/\/.*/, '')

/** Whether a network has an address, or a subnet. */
export function contains(network: string, address: string): boolean {
  const [base = '', bits] = network.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(number(base) / size) === Math.floor(number(baseOf(address)) / size)
}

/** The subnets of 24 bits that nodes may have. The first is nobody's. */
export function* candidates(network: string): Generator<string> {
  const [base = '', bits] = network.split('/')
  for (let at = 1; at < 2 ** (24 - Number(bits)); at++) {
    const value = number(base) + at * 256
    yield `${[24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.')}/24`
  }
}

const number = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
