/** The figures as a page of the documentation: docs/performance.md, and a picture for each work in docs/performance/. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Study } from './bench.js'
import { chart } from './chart.js'
import { memory as size, time, times } from './figures.js'
import { lines } from './lines.js'
import { cells, header, type Report, type Result, remarks, type StudyReport, type WorkReport } from './report.js'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))

/** Writes page and pictures; returns the path of the page. `studies` are those whose findings are in the report. */
export function writePage(report: Report, studies: readonly Study[]): string {
  mkdirSync(join(docs, 'performance'), { recursive: true })
  for (const work of report.works) writeFileSync(join(docs, picture(work)), chart(work))
  for (const study of report.studies)
    if (hasPicture(study)) writeFileSync(join(docs, picture(study)), lines(study.title, study.findings))
  const path = join(docs, 'performance.md')
  writeFileSync(path, page(report, studies))
  return path
}

const hasPicture = ({ findings }: StudyReport): boolean => findings.some(({ place }) => place !== undefined)

const picture = ({ id }: { id: string }): string => `performance/${id}.svg`

const page = (report: Report, studies: readonly Study[]): string => `# How fast it is

\`npm run bench -- --page\` measured what is here and wrote this page. The peers do the same works in turns, in one namespace made for it, so that whatever else
the machine does falls on all of them. libmnl in C, one \`sendmsg\` and one \`recv\` an operation, stands for what the kernel allows: a ratio of 1 cannot be beaten but by
asking for less. nslink is measured through its public functions, with names looked up, options checked, and whole objects returned.

${header(report)
  .trim()
  .split('\n')
  .map((line) => `- ${line}`)
  .join('\n')}

${report.works.map(section).join('\n')}
${report.studies.map((found) => studySection(studies.find(({ id }) => id === found.id) as Study, found)).join('\n')}`

const section = (work: WorkReport): string => `## ${work.id}: ${work.title}

![${work.title}](${picture(work)})

| | median | p99 | mean | ratio | samples | memory |
|---|---:|---:|---:|---:|---:|---:|
${work.results.map(row).join('\n')}
`

function row({ peer, failure, median, p99, mean, ratio, samples, memory }: Result): string {
  if (failure !== undefined) return `| ${peer} | failed | | | | | |`
  const beside = Number.isNaN(ratio) ? '' : times(ratio)
  return `| ${peer} | ${time(median)} | ${time(p99)} | ${time(mean)} | ${beside} | ${samples} | ${size(memory)} |`
}

function studySection(study: Study, found: StudyReport): string {
  const [head = [], ...rows] = cells(study, found.findings)
  const said = remarks(found).map((remark) => `- ${remark}`)
  return [
    `## ${study.id}: ${study.title}\n`,
    `${study.note}\n`,
    ...(hasPicture(found) ? [`![${study.title}](${picture(study)})\n`] : []),
    `| ${head.join(' | ')} |`,
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    ...(said.length > 0 ? ['', ...said] : []),
    '',
  ].join('\n')
}
