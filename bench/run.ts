/**
 * Measures nslink beside other ways of doing the same works. Everything happens in namespaces made for it; the peers take turns, so
 * that whatever else the machine does falls on all of them.
 */

import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import type { NodePeer, ProgramPeer, Work } from './bench.js'
import { machine } from './machine.js'
import { writePage } from './page.js'
import { type Entrant, Race } from './race.js'
import { header, type Report, summary, table } from './report.js'

const USAGE = `npm run bench -- [OPTIONS]

  --rounds N   rounds that count, of each peer at each work (default 5)
  --only W1    only this work; may be given several times
  --json       the figures as JSON, times in nanoseconds, memory in bytes
  --page       docs/performance.md with the figures, and pictures of them
  --micro      what encoding, decoding and calling the addon cost, instead
  --help       this text
`

interface Options {
  rounds: number
  only: string[] | undefined
  json: boolean
  page: boolean
  micro: boolean
  help: boolean
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      micro: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a number from 1 on, not "${values.rounds}"`)
  return { ...values, rounds, only: values.only }
}

/** What the modules of a folder export under a name: adding a work or a peer is adding a file. */
async function modules<T>(folder: string, name: string): Promise<{ value: T; file: string }[]> {
  const found: { value: T; file: string }[] = []
  for (const entry of readdirSync(new URL(folder, import.meta.url)).sort()) {
    if (!entry.endsWith('.js')) continue
    const file = new URL(`${folder}${entry}`, import.meta.url).href
    const value = ((await import(file)) as Record<string, T>)[name]
    if (value !== undefined) found.push({ value, file })
  }
  return found
}

/** The works asked for, by their ids. */
async function chosen(only: readonly string[] | undefined): Promise<Work[]> {
  const works = (await modules<Work>('works/', 'work')).map(({ value }) => value)
  const unknown = only?.find((id) => !works.some((work) => work.id === id))
  if (unknown !== undefined) throw new Error(`--only: there is no work "${unknown}"`)
  return works.filter(({ id }) => only === undefined || only.includes(id)).sort((a, b) => a.id.localeCompare(b.id))
}

async function bench(works: readonly Work[], { rounds, json, page }: Options): Promise<void> {
  const report: Report = { machine: machine(), rounds, versions: {}, missing: {}, works: [] }
  const entrants: Entrant[] = []
  for (const { value: peer, file } of await modules<NodePeer | ProgramPeer>('peers/', 'peer')) {
    try {
      report.versions[peer.name] = peer.prepare()
      entrants.push({ peer, file })
    } catch (error) {
      report.missing[peer.name] = (error as Error).message
    }
  }
  if (!json) process.stdout.write(header(report))

  const race = new Race(rounds)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => race.stop(signal))
  try {
    for (const work of works) {
      const result = await race.run(work, entrants)
      report.works.push(result)
      if (!json) process.stdout.write(table(result))
    }
  } catch (error) {
    if (race.stopped === undefined) throw error
    process.stderr.write(`stopped by ${race.stopped}\n`)
    process.exit(128 + constants.signals[race.stopped])
  }
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : `\n${report.works.map(summary).join('')}`)
  if (page) process.stderr.write(`written: ${writePage(report)}\n`)
  const failed = report.works.some(({ results }) => results.some(({ failure }) => failure !== undefined))
  if (failed) process.exitCode = 1
}

let options: Options
let works: Work[]
try {
  options = parseOptions()
  works = await chosen(options.only)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`)
  process.exit(2)
}
if (options.help) process.stdout.write(USAGE)
// It looks into the build, which nothing else here needs.
else if (options.micro) (await import('./micro.js')).micro()
else await bench(works, options)
