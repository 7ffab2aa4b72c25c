/**
 * Measures nslink beside other ways of doing the same works. Everything happens in namespaces made for it; the peers take turns, so
 * that whatever else the machine does falls on all of them.
 */

import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import type { NodePeer, ProgramPeer, Study, Surroundings, Work } from './bench.js'
import type { Entrant } from './contestant.js'
import { machine } from './machine.js'
import { writePage } from './page.js'
import { Program } from './program.js'
import { Progress } from './progress.js'
import { race } from './race.js'
import { header, type Report, type StudyReport, studyTable, summary, table } from './report.js'

const USAGE = `npm run bench -- [OPTIONS]

  --rounds N   rounds that count, of each peer at each work (default 5)
  --only W1    only this work or study, as large as it gets; may be given several times
  --all        everything as large as it gets: 10,000 links, 1,000,000 routes, 2,000 namespaces
  --json       the figures as JSON, times in nanoseconds, memory in bytes
  --page       docs/performance.md with the figures, and pictures of them
  --micro      what encoding, decoding and calling the addon cost, and what operations allocate, instead
  --list       the works and studies there are
  --help       this text
`

interface Options {
  rounds: number
  only: string[] | undefined
  all: boolean
  json: boolean
  page: boolean
  micro: boolean
  list: boolean
  help: boolean
}

/** What is to be done. */
interface Programme {
  readonly works: readonly Work[]
  readonly studies: readonly Study[]
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true },
      all: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      micro: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a number from 1 on, not "${values.rounds}"`)
  return { ...values, rounds, only: values.only }
}

/** What the modules of a folder export under a name: adding a work, a study or a peer is adding a file. */
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

/** The works and studies asked for, by their ids. */
async function chosen(only: readonly string[] | undefined): Promise<Programme> {
  const works = (await modules<Work>('works/', 'work')).map(({ value }) => value)
  const studies = (await modules<Study>('studies/', 'study')).map(({ value }) => value)
  const unknown = only?.find((asked) => ![...works, ...studies].some(({ id }) => id === asked))
  if (unknown !== undefined) throw new Error(`--only: there is no work or study "${unknown}"`)
  const wanted = <T extends { id: string }>(all: T[]): T[] =>
    all.filter(({ id }) => only === undefined || only.includes(id)).sort((a, b) => a.id.localeCompare(b.id))
  return { works: wanted(works), studies: wanted(studies) }
}

/** The peers that can take part here; of the others, why not. */
async function prepared(report: Report): Promise<Entrant[]> {
  const entrants: Entrant[] = []
  for (const { value: peer, file } of await modules<NodePeer | ProgramPeer>('peers/', 'peer')) {
    try {
      report.versions[peer.name] = peer.prepare()
      entrants.push({ peer, file })
    } catch (error) {
      report.missing[peer.name] = (error as Error).message
    }
  }
  return entrants
}

async function bench({ works, studies }: Programme, { rounds, only, all, json, page }: Options): Promise<void> {
  const report: Report = { machine: machine(), rounds, versions: {}, missing: {}, works: [], studies: [] }
  const entrants = await prepared(report)
  const show = (text: string): void => void (json || process.stdout.write(text))
  show(header(report))

  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort(signal)
      Program.killAll()
    })
  }
  const progress = new Progress()
  const around: Surroundings = { entrants, rounds, whole: all || only !== undefined, progress, signal: stop.signal }
  try {
    for (const work of works) {
      const result = await race(work, around)
      report.works.push(result)
      show(table(result))
    }
    for (const study of studies) {
      const found: StudyReport = { id: study.id, title: study.title, findings: [] }
      try {
        found.findings = await study.run(around)
      } catch (error) {
        stop.signal.throwIfAborted()
        found.failure = (error as Error).message
      }
      progress.clear()
      report.studies.push(found)
      show(studyTable(study, found))
    }
  } catch (error) {
    progress.clear()
    if (!stop.signal.aborted) throw error
    const signal = stop.signal.reason as NodeJS.Signals
    process.stderr.write(`stopped by ${signal}\n`)
    process.exit(128 + constants.signals[signal])
  }
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : `\n${report.works.map(summary).join('')}`)
  if (page) process.stderr.write(`written: ${writePage(report, studies)}\n`)
  const results: { failure?: string }[] = [...report.works.flatMap(({ results }) => results), ...report.studies]
  if (results.some(({ failure }) => failure !== undefined)) process.exitCode = 1
}

let options: Options
let programme: Programme
try {
  options = parseOptions()
  programme = await chosen(options.only)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}`)
  process.exit(2)
}
if (options.help) process.stdout.write(USAGE)
else if (options.list) {
  for (const { id, title } of [...programme.works, ...programme.studies])
    process.stdout.write(`${id.padEnd(12)}${title}\n`)
}
// It looks into the build, which nothing else here needs.
else if (options.micro) await (await import('./micro.js')).micro()
else await bench(programme, options)
