import { type Netns, netns } from 'nslink/sync'
import type { Finding, Study, Surroundings } from '../bench.js'
import { compiled, compiledGo, source } from '../build.js'
import { amount, median, share, time } from '../figures.js'
import { each } from '../lists.js'
import { PYTHON } from '../peers/pyroute2.js'
import { node, Program } from '../program.js'
import { destination, GATEWAY, gateway } from '../works/routes.js'

const STALL_MS = 2000
const EVENTS = 10_000
/** Made afterwards, to see whether the reader still reads. */
const LATER = 100
/** So many show how fast a reader is, when they all fit its buffer. */
const [MANY, LARGE] = [100_000, 512 * 1024 * 1024]
/** So small that events are lost whatever the reader does. */
const SMALL = 64 * 1024
const MOST_ROUNDS = 3

/** A program that reads events: see `readers/reader.ts`. */
interface Reader {
  readonly name: string
  /** Builds it, and gives its command. */
  command(): readonly string[]
  readonly events?: number
  readonly buffer?: number
}

const libmnl = (): string[] => [compiled('readers/libmnl', '-lmnl')]
const nslink = (): string[] => node('readers/nslink.js')

const readers: readonly Reader[] = [
  { name: 'nslink', command: nslink },
  { name: 'libmnl (C)', command: libmnl },
  { name: 'vishvananda (Go)', command: () => [compiledGo('readers/vishvananda')] },
  { name: 'pyroute2 (Python)', command: () => [PYTHON, source('readers/pyroute2-reader.py')] },
  { name: 'npm netlink', command: () => node('readers/npm-netlink.js') },
  { name: 'ip monitor', command: () => node('readers/ip-monitor.js') },
  { name: 'nslink, 64 KiB', command: nslink, buffer: SMALL },
  { name: 'nslink, 512 MiB', command: nslink, events: MANY, buffer: LARGE },
  { name: 'libmnl (C), 512 MiB', command: libmnl, events: MANY, buffer: LARGE },
]

export const study: Study = {
  id: 'W6',
  title: '10,000 events of routes',
  note:
    'What part of the events a reader was told of in the end: when it read all the time (`reading along`), and when it did nothing for the first two seconds (`stalled`); and what part of ' +
    `${LATER} that came after those (\`later\`). Receive buffers are as the reader has them when nothing is said, but where a size stands: in a small one events are lost whatever anybody ` +
    `does, and in a large one ${amount(MANY)} events lie ready and show how fast they are read.`,
  columns: { 'reading along': share, stalled: share, later: share, 'one event': time, 'events a second': amount },
  async run(around) {
    const findings: Finding[] = []
    for (const reader of readers) {
      around.progress.show(`W6: ${reader.name}`)
      findings.push(await finding(reader, around))
    }
    return findings
  },
}

async function finding(reader: Reader, { rounds, signal }: Surroundings): Promise<Finding> {
  const remarks = new Set<string>()
  const [along, stalled]: [Figures[], Figures[]] = [[], []]
  try {
    const command = reader.command()
    for (let round = 0; round < Math.min(rounds, MOST_ROUNDS); round++) {
      along.push(await figuresOf(reader, command, 0, remarks))
      stalled.push(await figuresOf(reader, command, STALL_MS, remarks))
    }
  } catch (error) {
    signal.throwIfAborted()
    remarks.add((error as Error).message)
  }
  const of = (figures: readonly Figures[], figure: keyof Figures): number => median(figures.map((each) => each[figure]))
  const nanoseconds = of(stalled, 'nanoseconds')
  return {
    name: reader.name,
    figures: {
      'reading along': of(along, 'received'),
      stalled: of(stalled, 'received'),
      later: of(stalled, 'later'),
      'one event': nanoseconds,
      'events a second': 1e9 / nanoseconds,
    },
    ...(remarks.size > 0 && { remark: [...remarks].join('; ') }),
  }
}

interface Figures {
  readonly received: number
  readonly later: number
  /** What reading an event took. */
  readonly nanoseconds: number
}

async function figuresOf(
  { events = EVENTS, buffer = 0 }: Reader,
  command: readonly string[],
  stall: number,
  remarks: Set<string>,
): Promise<Figures> {
  const ns = netns.create()
  gateway(ns)
  const program = new Program(ns, [...command, String(buffer), String(stall)])
  const told = async (): Promise<[told: number, nanoseconds: number]> => {
    const [told, nanoseconds, ...words] = (await program.line()).split(' ')
    const remark = words.join(' ').trim()
    if (remark !== '') remarks.add(remark)
    return [Number(told), Number(nanoseconds)]
  }
  try {
    await program.line()
    routes(ns, 0, events)
    const [received, nanoseconds] = await told()
    routes(ns, events, LATER)
    program.go()
    const [later] = await told()
    await program.end()
    return { received: received / events, later: later / LATER, nanoseconds: nanoseconds / received }
  } finally {
    program.kill()
    await program.end()
    ns.close()
  }
}

/** Makes so many routes, from a number on. */
const routes = (ns: Netns, from: number, count: number): void =>
  void ns.batch(({ route }) =>
    each(count, (index) => route.add({ dst: destination(from + index), via: GATEWAY, dev: 'eth0' })),
  )
