/** Figures, and the table they are printed as. */

import type { Finding, Study, Work } from './bench.js'
import type { Contestant } from './contestant.js'
import { columns, memory as size, time, times } from './figures.js'
import type { Machine } from './machine.js'

/** How a peer did at a work. Times are in nanoseconds an operation. */
export interface Result {
  peer: string
  /** Why there are no figures. */
  failure?: string
  samples: number
  median: number
  mean: number
  p99: number
  /** The median in units of the baseline's. */
  ratio: number
  /** The most memory its process had at a time, in bytes. */
  memory: number
}

export interface WorkReport {
  id: string
  title: string
  /** The peer whose median is 1. */
  baseline: string
  /** The quickest first. */
  results: Result[]
}

export interface StudyReport {
  id: string
  title: string
  /** Why there are no more findings. */
  failure?: string
  findings: Finding[]
}

export interface Report {
  machine: Machine
  rounds: number
  /** What the peers are, with versions. */
  versions: Record<string, string>
  /** Peers that cannot take part here, and why. */
  missing: Record<string, string>
  works: WorkReport[]
  studies: StudyReport[]
}

/** The peer that stands for what the kernel allows, and who stands in for it where it cannot be built. */
const BASELINES = ['libmnl (C)', 'nslink/sync']

export function workReport(work: Work, contestants: readonly Contestant[]): WorkReport {
  const results = contestants.map(resultOf).sort((a, b) => rank(a) - rank(b))
  const base = (work.baseline === undefined ? BASELINES : [work.baseline]).flatMap((name) =>
    results.filter(({ peer, failure }) => peer === name && failure === undefined),
  )[0]
  for (const result of results) if (base !== undefined) result.ratio = result.median / base.median
  return { id: work.id, title: work.title, baseline: base?.peer ?? 'none', results }
}

/** Those without figures come last. */
const rank = ({ median }: Result): number => (Number.isNaN(median) ? Number.POSITIVE_INFINITY : median)

function resultOf({ peer, samples, failure, memory }: Contestant): Result {
  const sorted = Float64Array.from(samples).sort()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return {
    peer: peer.name,
    ...(failure !== undefined && { failure }),
    samples: sorted.length,
    median: at(0.5),
    mean: sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length,
    p99: at(0.99),
    ratio: Number.NaN,
    memory,
  }
}

export function header({ machine, versions, missing, rounds }: Report): string {
  const { cpu, cpus, memory, kernel, node, user, load } = machine
  const gigabytes = (memory / 2 ** 30).toFixed(0)
  return [
    `${cpu}, ${cpus} CPUs, ${gigabytes} GiB; Linux ${kernel}; Node ${node}; ${user}; load at the start ${load}`,
    [...new Set(Object.values(versions))].join('; '),
    ...Object.entries(missing).map(([name, why]) => `without ${name}: ${why}`),
    `${rounds} rounds after one that does not count; times are for one operation`,
    '',
  ].join('\n')
}

export function table({ id, title, baseline, results }: WorkReport): string {
  const head = ['', 'median', 'p99', 'mean', 'ratio', 'samples', 'memory']
  const rows = results.map((result) => {
    if (result.failure !== undefined) return [result.peer, 'failed']
    const { peer, median, p99, mean, ratio, samples, memory } = result
    return [peer, time(median), time(p99), time(mean), times(ratio), `${samples}`, size(memory)]
  })
  const failures = results.flatMap(({ peer, failure }) =>
    failure === undefined ? [] : [`  ${peer} failed: ${failure}\n`],
  )
  return `\n${id}: ${title} (ratio: to ${baseline})\n${columns([head, ...rows])}${failures.join('')}`
}

/** The cells of a study's table: a line for each finding, with a figure or nothing in every column. */
export const cells = ({ columns }: Study, findings: readonly Finding[]): string[][] => [
  ['', ...Object.keys(columns)],
  ...findings.map(({ name, figures }) => [
    name,
    ...Object.entries(columns).map(([column, shown]) => {
      const figure = figures[column]
      return figure === undefined || !Number.isFinite(figure) ? '' : shown(figure)
    }),
  ]),
]

/** What is said of findings in words. */
export const remarks = ({ findings, failure }: StudyReport): string[] => [
  ...findings.flatMap(({ name, remark }) => (remark === undefined ? [] : [`${name}: ${remark}`])),
  ...(failure === undefined ? [] : [`failed: ${failure}`]),
]

export function studyTable(study: Study, found: StudyReport): string {
  const said = remarks(found).map((remark) => `  ${remark}\n`)
  return `\n${study.id}: ${study.title}\n${columns(cells(study, found.findings))}${said.join('')}`
}

/** What the whole is about, in a line a work: nslink beside the processes it stands in for. */
export function summary({ id, title, results }: WorkReport): string {
  const median = (name: string): number => results.find(({ peer }) => peer === name)?.median ?? Number.NaN
  const said = ['nslink', 'nslink/sync'].flatMap((name) => {
    const times = ['ip, a process each', 'ip netns exec ip'].flatMap((ip) => {
      const ratio = median(ip) / median(name)
      if (Number.isNaN(ratio)) return []
      const much = Math.max(ratio, 1 / ratio)
      return `${much.toFixed(much < 10 ? 1 : 0)} times ${ratio < 1 ? 'slower' : 'faster'} than ${ip}`
    })
    return times.length === 0 ? [] : `${name} is ${times.join(' and ')}`
  })
  return said.length === 0 ? '' : `${id}, ${title}: ${said.join('; ')}\n`
}
