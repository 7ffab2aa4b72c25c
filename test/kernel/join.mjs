// node test/kernel/join.mjs : holds what `npm test` found on this machine's kernel beside what `npm run test:kernel` found on
// the second one. A test that neither ran is a failure. When there is none, docs/kernels.md gets its table anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'
import { root } from '../../scripts/step.mjs'

/** @typedef {{ name: string, status: string, meta: Record<string, boolean> }} Test */

const own = tests('results.json')
const second = tests('kernel.json')
const ranHere = ran(own)
const ranThere = ran(second)

const waiting = own.filter(({ name }) => !ranHere.has(name) && ranThere.has(name))
console.log(`tests on the second kernel only: ${waiting.length}${list(lacking(waiting))}`)
const missed = second.filter(({ name }) => !ranThere.has(name) && ranHere.has(name))
console.log(`tests on this kernel only: ${missed.length}${list(lacking(missed))}`)

const nowhere = [...own, ...second].filter(({ name }) => !ranHere.has(name) && !ranThere.has(name))
for (const name of new Set(nowhere.map((test) => test.name))) console.error(`on neither: ${name}`)
if (nowhere.length > 0) process.exit(1)
if ([...own, ...second].every(({ status }) => status !== 'failed')) writeTable()

/**
 * @param {string} file a report of vitest's
 * @returns {Test[]}
 */
function tests(file) {
  /** @type {{ testResults: { name: string, assertionResults: { fullName: string, status: string, meta: Test['meta'] }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(join(root, 'out/test', file), 'utf8'))
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, meta }) => {
      return { name: `${relative(root, name)} > ${fullName}`, status, meta }
    }),
  )
}

/** @param {Test[]} from */
function ran(from) {
  return new Set(from.filter(({ status }) => status === 'passed' || status === 'failed').map(({ name }) => name))
}

/** @param {Test[]} from */
function features(from) {
  return from.flatMap(({ status, meta }) => Object.entries(meta).map(([feature, had]) => ({ feature, had, status })))
}

/** @param {Test[]} from */
function lacking(from) {
  return new Set(features(from).flatMap(({ feature, had }) => (had ? [] : [feature])))
}

/** @param {Set<string>} words */
function list(words) {
  return words.size === 0 ? '' : ` (${[...words].sort().join(', ')})`
}

function writeTable() {
  const version = (/** @type {string} */ full) => /^\d+\.\d+/.exec(full)?.[0]
  const kernels = [
    { name: `Linux ${version(release())}, the machine’s own`, seen: features(own) },
    {
      name: `Linux ${version(readdirSync(join(root, 'out/kernel/modules')).join())}, the second`,
      seen: features(second),
    },
  ]
  const all = new Set(kernels.flatMap(({ seen }) => seen.map(({ feature }) => feature)))
  // The one thing that is not a kernel's.
  all.delete('speed')
  const rows = [...all].sort().map((feature) => [
    `\`${feature}\``,
    ...kernels.map(({ seen }) => {
      const about = seen.filter((each) => each.feature === feature)
      if (about.some(({ status }) => status === 'passed')) return 'proved'
      return about.some(({ had }) => !had) ? 'lacks it' : 'not tested'
    }),
  ])
  const table = [['Feature', ...kernels.map(({ name }) => name)], ['---', '---', '---'], ...rows]
  const text = table.map((cells) => `| ${cells.join(' | ')} |\n`).join('')

  const page = join(root, 'docs/kernels.md')
  const before = readFileSync(page, 'utf8')
  const after = before.replace(
    /(<!-- table -->\n).*(<!-- end of table -->)/s,
    (_, start, end) => `${start}\n${text}\n${end}`,
  )
  if (after !== before) writeFileSync(page, after)
}
