/** IPv4 addresses as numbers. */

import { isIPv4 } from 'node:net'
import { CniError, code } from './protocol.js'

export function number(text: string): number {
  if (!isIPv4(text)) throw new CniError(code.config, `not an IPv4 address: ${text}`)
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

export const address = (value: number): string => [24, 16, 8, 0].map((bits) => (value >>> bits) & 0xff).join('.')

/** The addresses that hosts of a subnet may have. */
export interface Subnet {
  prefix: number
  first: number
  last: number
}

/** `'10.244.1.0/24'`; any address of it will do. */
export function subnetOf(text: string): Subnet {
  const [ip = '', bits = ''] = text.split('/')
  const prefix = Number(bits)
  if (!/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
    throw new CniError(code.config, `not a subnet of 8 to 30 bits: ${text}`)
  }
  const size = 2 ** (32 - prefix)
  const network = number(ip) - (number(ip) % size)
  return { prefix, first: network + 1, last: network + size - 2 }
}
