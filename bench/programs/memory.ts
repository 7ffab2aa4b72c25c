/**
 * `node --expose-gc memory.js FACE COUNT`: what a namespace takes that is held open. Writes four figures for one that is only held, and four for one
 * that has been used: bytes of the JavaScript heap, bytes outside of it that JavaScript knows of, bytes of the process, descriptors.
 */

import { readdirSync } from 'node:fs'
import * as nslink from 'nslink'
import * as sync from 'nslink/sync'

const [face = '', text = ''] = process.argv.slice(2)
const count = Number(text)
const { netns } = face === 'nslink' ? nslink : sync

const { gc } = globalThis

function taken(): number[] {
  for (let times = 0; times < 5; times++) gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return [heapUsed, external, rss, readdirSync('/proc/self/fd').length]
}

type Held = nslink.Netns | sync.Netns

// The first ones bring along what is there once, whatever the number.
const held: Held[] = []
async function open(more: number): Promise<void> {
  for (let index = 0; index < more; index++) held.push(await netns.current())
}
async function use(from: number): Promise<void> {
  for (let index = from; index < held.length; index++) await (held[index] as Held).link.get('lo')
}

const FIRST = 20
await open(FIRST)
await use(0)
const before = taken()
await open(count)
const opened = taken()
await use(FIRST)
const used = taken()
for (const after of [opened, used]) {
  process.stdout.write(`${after.map((figure, at) => (figure - (before[at] ?? 0)) / count).join(' ')}\n`)
}
process.exit()
