/** `fib`: what the routing tables say of an address of the packet. */

import { be32 } from '../../netlink/attributes.js'
import { expression, register } from '../expression.js'
import { type KeyEntry, type KeyTable, keyTable } from '../key.js'
import type { KeyType } from '../payload.js'
import type { Program } from '../program.js'
import { type Comparable, selector } from '../selector.js'
import { readsKey } from '../statements/mangle.js'
import { symbolic, type ValueOfType } from '../type.js'
import { ifaceIndex, ifname } from '../types.js'

const NFTA_FIB_DREG = 1
const NFTA_FIB_RESULT = 2
const NFTA_FIB_FLAGS = 3

const NFT_FIB_RESULT_OIF = 1
const NFT_FIB_RESULT_OIFNAME = 2
const NFT_FIB_RESULT_ADDRTYPE = 3

const NFTA_FIB_F_SADDR = 1
const NFTA_FIB_F_DADDR = 2
const NFTA_FIB_F_MARK = 4
const NFTA_FIB_F_IIF = 8
const NFTA_FIB_F_OIF = 16

/** The number nft has for these keys among its sorts of expressions, and what it stores of one. */
const FIB = 26
const UDATA_RESULT = 0
const UDATA_FLAGS = 1

const fibExpression = expression('fib', {
  result: be32(NFTA_FIB_RESULT),
  flags: be32(NFTA_FIB_FLAGS),
  dreg: register(NFTA_FIB_DREG),
})

const addressType = symbolic(
  { name: 'fib_addrtype', id: 38, bits: 32, order: 'host' },
  {
    unspec: 0,
    unicast: 1,
    local: 2,
    broadcast: 3,
    anycast: 4,
    multicast: 5,
    blackhole: 6,
    unreachable: 7,
    prohibit: 8,
  },
)

const results = {
  /** Which sort of address it is here: `local` is one of the machine's own. */
  type: { number: NFT_FIB_RESULT_ADDRTYPE, type: addressType },
  /** The device the route to it goes out by; 0 where there is no route. */
  oif: { number: NFT_FIB_RESULT_OIF, type: ifaceIndex },
  /** The name of that device. */
  oifname: { number: NFT_FIB_RESULT_OIFNAME, type: ifname },
} as const satisfies Record<string, KeyEntry>

const families = ['ip', 'ip6', 'inet', 'netdev'] as const

type Address = 'saddr' | 'daddr'
type Mark = '' | ' . mark'
type Device = '' | ' . iif' | ' . oif'
/** What is looked up: an address, and what it is looked up with. */
export type FibLookup = `${Address}${Mark}${Device}`

const addresses = { saddr: NFTA_FIB_F_SADDR, daddr: NFTA_FIB_F_DADDR }
const marks = { '': 0, ' . mark': NFTA_FIB_F_MARK }
const devices = { '': 0, ' . iif': NFTA_FIB_F_IIF, ' . oif': NFTA_FIB_F_OIF }

/** The names of keys by what is looked up. */
const tables = new Map<number, KeyTable<string, typeof results, (typeof families)[number]>>()
for (const [address, of] of Object.entries(addresses)) {
  for (const [mark, withMark] of Object.entries(marks)) {
    for (const [device, by] of Object.entries(devices)) {
      const flags = of | withMark | by
      const key = (result: number) => ({
        stored: {
          sort: FIB,
          data: [
            [UDATA_RESULT, result],
            [UDATA_FLAGS, flags],
          ] as const,
        },
        load: (program: Program, word: number) => program.emit(fibExpression, { result, flags, dreg: word }),
      })
      tables.set(flags, keyTable(`fib ${address}${mark}${device}`, { families, keys: results, key }))
    }
  }
}

/** @internal */
export type FibKeys = {
  [K in keyof typeof results as `fib ${FibLookup} ${K}`]: KeyType<
    ValueOfType<(typeof results)[K]['type']>,
    (typeof families)[number]
  >
}

type FibSelectors<L extends FibLookup> = {
  readonly [K in keyof typeof results]: Comparable<`fib ${L} ${K}`, ValueOfType<(typeof results)[K]['type']>>
}

/**
 * What the routing tables say: `fib('daddr').type('local')`, `fib('saddr', 'iif').oif(0)`.
 *
 * @param what the address, and what it is looked up with: `mark`, `iif`, `oif`
 */
export function fib<A extends Address>(what: A): FibSelectors<A>
export function fib<A extends Address, W extends 'mark' | 'iif' | 'oif'>(what: A, by: W): FibSelectors<`${A} . ${W}`>
export function fib<A extends Address, W extends 'iif' | 'oif'>(
  what: A,
  mark: 'mark',
  by: W,
): FibSelectors<`${A} . mark . ${W}`>
export function fib(...what: string[]): unknown {
  const lookup = what.join(' . ')
  return Object.fromEntries(Object.keys(results).map((result) => [result, selector(`fib ${lookup} ${result}`)]))
}

readsKey('fib', ({ result, flags }) => tables.get(flags as number)?.names.get(result as number))
