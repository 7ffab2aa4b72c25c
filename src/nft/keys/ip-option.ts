/** The options of IPv4. */

import { extension, extensionsSelectors, numbered } from '../extension.js'
import { at, type Header, sized } from '../header.js'
import { ip as fields, ipHeader } from '../headers/ip.js'
import { integerType } from '../types.js'

/** What is the same for all of them. */
const common = {
  op: 'ip option',
  families: ['ip', 'inet', 'bridge', 'netdev'],
  header: ipHeader as unknown as Header,
} as const

const both = {
  /** Its number, with the flag that says whether fragments have it, too. */
  type: sized(integerType, 8),
  /** Its length, in bytes. */
  length: sized(integerType, 8),
} as const

const route = {
  ...both,
  /** Where the next address of the list is. */
  ptr: numbered(4, sized(integerType, 8)),
  /** The first address of the list, as a number. */
  addr: sized(integerType, 32),
} as const

/** @internal */
export const ipOptions = {
  /** Loose source routing. */
  lsrr: extension({ name: 'ip option lsrr', whole: 'ip option lsrr', ...common, number: 131, fields: route }),
  /** Strict source routing. */
  ssrr: extension({ name: 'ip option ssrr', whole: 'ip option ssrr', ...common, number: 137, fields: route }),
  /** The route that is to be recorded. */
  rr: extension({ name: 'ip option rr', whole: 'ip option rr', ...common, number: 7, fields: route }),
  /** Routers are to look at the packet. */
  ra: extension({
    name: 'ip option ra',
    whole: 'ip option ra',
    ...common,
    number: 148,
    fields: {
      ...both,
      /** What they are to do. */
      value: at(16, sized(integerType, 16)),
    },
  }),
} as const

/** The header of IPv4, `ip saddr`, and its options: `ip option ra value`. */
export const ip = {
  ...fields,
  /** The options: `ip option ra value`. */
  option: extensionsSelectors(ipOptions),
}
