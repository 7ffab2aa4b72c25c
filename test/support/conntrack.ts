/** Connections that the kernel tracks, as the machine's own `conntrack` tells of them. */

import type { Conntrack, ConntrackTuple, Netns } from 'nslink'
import { output } from './test.js'

/** Has a namespace track connections: it does where a rule asks for their state. */
export async function track(ns: Netns, ...more: string[]): Promise<void> {
  const rules = [
    'add table inet tracked',
    ...['input', 'output', 'forward'].flatMap((hook) => [
      `add chain inet tracked ${hook} { type filter hook ${hook} priority 0 ; }`,
      `add rule inet tracked ${hook} ct state new accept`,
    ]),
  ]
  await output(ns, 'nft', [...rules, ...more].join('; '))
}

/** What `conntrack` prints of an entry, in nslink's words. */
export interface Told {
  family: 'inet' | 'inet6'
  orig: Partial<ConntrackTuple>
  reply: Partial<ConntrackTuple>
  timeout: number | undefined
  /** As `conntrack` spells it: the kernel's name, in capitals. */
  state: string | undefined
  assured: boolean
  replied: boolean
  counters: Conntrack['counters']
  mark: number
  zone: number | undefined
  helper: string | undefined
  id: number
}

const spelt = (state: unknown): string | undefined =>
  typeof state === 'string' ? state.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase() : undefined

/** An entry of nslink's with no more than `conntrack` prints of it. */
export function told({ family, orig, reply, timeout, counters, mark, zone, helper, id, ...rest }: Conntrack): Told {
  const { status, tcp, sctp } = rest
  const [assured, replied] = [status.includes('assured'), status.includes('seenReply')]
  const state = spelt(tcp?.state ?? sctp?.state)
  return { family, orig, reply, timeout, state, assured, replied, counters, mark, zone, helper, id }
}

/** The entries as `conntrack -L -o extended,id` prints them. */
export async function printed(ns: Netns): Promise<Told[]> {
  const all: Told[] = []
  for (const family of ['ipv4', 'ipv6']) {
    const text = await output(ns, 'conntrack', '-f', family, '-L', '-o', 'extended,id')
    all.push(...text.split('\n').filter(Boolean).map(fromLine))
  }
  return all
}

type Field = 'src' | 'dst' | 'sport' | 'dport' | 'type' | 'code' | 'id' | 'zone' | 'packets' | 'bytes'
const fields: Readonly<Record<string, Field>> = {
  srckey: 'sport',
  dstkey: 'dport',
  'zone-orig': 'zone',
  'zone-reply': 'zone',
}

/** `ipv4 2 tcp 6 99 ESTABLISHED src=… dst=… sport=… dport=… packets=… bytes=… src=… … [ASSURED] mark=0 use=1 id=…` */
function fromLine(line: string): Told {
  const [before = '', after = ''] = line.split(/(?= mark=)/)
  const words = before.split(/\s+/)
  const [family, , name = '', number, timeout, state = ''] = words
  const proto = (name === 'unknown' ? Number(number) : name) as ConntrackTuple['proto']
  const directions: Partial<Record<Field, string | number>>[] = [{}, {}]
  for (const [, key = '', value = ''] of before.matchAll(/([\w-]+)=(\S+)/g)) {
    const field = fields[key] ?? (key as Field)
    // What is there twice is of the one direction first, and then of the other.
    const at = key === 'zone-reply' || field in directions[0]! ? 1 : 0
    directions[at]![field] = field === 'src' || field === 'dst' ? value : Number(value)
  }
  const last = Object.fromEntries(Array.from(after.matchAll(/(\w+)=(\S+)/g), ([, key, value]) => [key, value]))
  const [orig, reply] = directions.map(
    ({ packets: _, bytes: __, ...tuple }) => ({ proto, ...tuple }) as Partial<ConntrackTuple>,
  )
  const [sent, answered] = directions.map(({ packets, bytes }) => ({
    packets: packets as number,
    bytes: bytes as number,
  }))
  return {
    family: family === 'ipv4' ? 'inet' : 'inet6',
    orig: orig!,
    reply: reply!,
    timeout: Number(timeout),
    state: /^[A-Z]/.test(state) ? state : undefined,
    assured: words.includes('[ASSURED]'),
    replied: !words.includes('[UNREPLIED]'),
    counters: sent?.packets === undefined ? undefined : { orig: sent, reply: answered! },
    mark: Number(last['mark']),
    zone: last['zone'] === undefined ? undefined : Number(last['zone']),
    helper: last['helper'],
    id: Number(last['id']),
  }
}

/** Two lists of the same entries, in one order and without what goes on while they are made. */
export const settled = (entries: readonly Told[]): unknown[] =>
  entries.map(({ timeout: _, ...entry }) => entry).sort((a, b) => a.id - b.id)
