// node test/kernel/join.mjs : holds what `npm test` found on this machine's kernel beside what `npm run test:kernel` found on
// the second one. A test that neither ran is a failure. When all went well with all there are, docs/kernels.md gets its table anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'
import { root } from '../../scripts/step.mjs'

/** @typedef {{ file: string, name: string, status: string, meta: Record<string, boolean> }} Test */

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
if ([...own, ...second].some(({ status }) => status === 'failed')) console.log('some failed: the table stays as it was')
else if (!isWhole()) console.log('not all tests were run: the table stays as it was')
else writeTable()

/**
 * @param {string} file a report of vitest's
 * @returns {Test[]}
 */
function tests(file) {
  /** @type {{ testResults: { name: string, assertionResults: { fullName: string, status: string, meta: Test['meta'] }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(join(root, 'out/test', file), 'utf8'))
  return testResults.flatMap(({ name, assertionResults }) => {
    const file = relative(root, name)
    return assertionResults.map(({ fullName, status, meta }) => ({ file, name: `${file} > ${fullName}`, status, meta }))
  })
}

/** Whether both reports are of every file there is; the second kernel need not have run those that this one lacks nothing for. */
function isWhole() {
  const here = new Set(own.map(({ file }) => file))
  const there = new Set(second.map(({ file }) => file))
  const needy = new Set(features(own).flatMap(({ file, had }) => (had ? [] : [file])))
  const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
  return all.every((file) => here.has(file) && (there.has(file) || !needy.has(file)))
}

/** @param {Test[]} from */
function ran(from) {
  return new Set(from.filter(({ status }) => status === 'passed' || status === 'failed').map(({ name }) => name))
}

/** @param {Test[]} from */
function features(from) {
  return from.flatMap(({ file, status, meta }) =>
    Object.entries(meta).map(([feature, had]) => ({ file, feature, had, status })),
  )
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
  if (after === before) return
  writeFileSync(page, after)
  console.log('docs/kernels.md has a new table')
}
