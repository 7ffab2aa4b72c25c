/** `node dump.js WAY`: reads all routes of table main, and writes how many, the nanoseconds it took, and by how many bytes memory grew at most. */

import { readFileSync, writeFileSync } from 'node:fs'
import * as nslink from 'nslink'
import * as sync from 'nslink/sync'
import type { DumpWay } from '../studies/dump.js'

const ways: Readonly<Record<DumpWay, () => number | Promise<number>>> = {
  'nslink/sync, list': () => sync.route.list({ family: 'inet' }).length,
  'nslink, list': async () => (await nslink.route.list({ family: 'inet' })).length,
  'nslink/sync, each'() {
    let count = 0
    for (const { dst } of sync.route.each({ family: 'inet' })) if (dst !== undefined) count++
    return count
  },
  async 'nslink, each'() {
    let count = 0
    for await (const { dst } of nslink.route.each({ family: 'inet' })) if (dst !== undefined) count++
    return count
  },
}

const peak = (): number => Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024

const count = ways[process.argv[2] as DumpWay]
sync.link.list()
await nslink.link.list()
// The peak begins anew with what there is now.
writeFileSync('/proc/self/clear_refs', '5')
const before = peak()
const start = performance.now()
const routes = await count()
const nanoseconds = Math.round((performance.now() - start) * 1e6)
process.stdout.write(`${routes} ${nanoseconds} ${peak() - before}\n`)
