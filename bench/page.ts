/** The figures as a page of the documentation: docs/performance.md, and a picture for each work in docs/performance/. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chart } from './chart.js'
import { header, type Report, type Result, time, type WorkReport } from './report.js'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))

/** Writes page and pictures; returns the path of the page. */
export function writePage(report: Report): string {
  mkdirSync(join(docs, 'performance'), { recursive: true })
  for (const work of report.works) writeFileSync(join(docs, picture(work)), chart(work))
  const path = join(docs, 'performance.md')
  writeFileSync(path, page(report))
  return path
}

const picture = ({ id }: WorkReport): string => `performance/${id}.svg`

const page = (report: Report): string => `# How fast it is

\`npm run bench -- --page\` measured what is here and wrote this page. The peers do the same works in turns, in one namespace made for it, so that whatever else
the machine does falls on all of them. libmnl in C, one \`sendmsg\` and one \`recv\` an operation, stands for what the kernel allows: a ratio of 1 cannot be beaten but by
asking for less. nslink is measured through its public functions, with names looked up, options checked, and whole objects returned.

${header(report)
  .trim()
  .split('\n')
  .map((line) => `- ${line}`)
  .join('\n')}

${report.works.map(section).join('\n')}`

const section = (work: WorkReport): string => `## ${work.id}: ${work.title}

![${work.title}](${picture(work)})

| | median | p99 | mean | ratio | samples | memory |
|---|---:|---:|---:|---:|---:|---:|
${work.results.map(row).join('\n')}
`

function row({ peer, failure, median, p99, mean, ratio, samples, memory }: Result): string {
  if (failure !== undefined) return `| ${peer} | failed | | | | | |`
  const times = Number.isNaN(ratio) ? '' : ratio.toFixed(ratio < 10 ? 2 : 0)
  return `| ${peer} | ${time(median)} | ${time(p99)} | ${time(mean)} | ${times} | ${samples} | ${(memory / 2 ** 20).toFixed(0)} MiB |`
}
