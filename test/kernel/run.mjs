// node test/kernel/run.mjs [FILTER...] : runs the tests that face the kernel on another kernel than this machine's own.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setup } from '../../scripts/setup.mjs'
import { root } from '../../scripts/step.mjs'

const folder = join(root, 'test/kernel')
const lane = join(root, 'out/kernel')
const results = join(root, 'out/test/kernel.json')

if (process.getuid?.() !== 0) {
  console.error(
    'test:kernel has to be run by root, for the second kernel sees every file of this machine: sudo npm run test:kernel',
  )
  process.exit(1)
}
await setup()
mkdirSync(join(root, 'out/test'), { recursive: true })

const started = performance.now()
const fetched = await bash('setup.sh', lane)
if (fetched !== 0) process.exit(fetched)
// What needs nothing of all this has been seen here already, and some of that takes minutes there.
const { features } = await import('../../dist/sync.js')
const { kernel: _, ...groups } = features()
const lacking = Object.entries(groups).flatMap(([group, all]) =>
  Object.entries(all).flatMap(([name, has]) => (has ? [] : [`${group}:${name}`])),
)
const args = process.argv.slice(2)
let report = await boot(...args)
if (report === undefined) {
  // Seen once in some twenty boots: a guest that panics before it has begun.
  console.log('once more')
  report = await boot(...args)
}
const failed = report?.testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative(root, name))
if (report !== undefined && failed !== undefined && failed.length > 0) {
  console.log(`once more, in a guest that has done nothing else: ${failed.join(' ')}`)
  const options = args.findIndex((arg) => arg.startsWith('-'))
  const again = await boot(...failed, ...(options < 0 ? [] : args.slice(options)))
  if (again !== undefined) report = merged(report, again)
}
if (report === undefined) process.exit(1)
writeFileSync(results, JSON.stringify(report))
const { numPassedTests, numFailedTests, numPendingTests, success } = report
const seconds = ((performance.now() - started) / 1000).toFixed(0)
console.log(
  `second kernel: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped, ${seconds} s`,
)
process.exit(success ? 0 : 1)

/**
 * What vitest reports, as far as it is looked at here.
 *
 * @typedef {{ name: string, status: string, assertionResults: { status: string }[] }} File
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, success: boolean, testResults: File[] }} Report
 */

/**
 * Runs the suite in a new guest. Without a report, all that was printed proves nothing.
 *
 * @param {...string} args
 * @returns {Promise<Report | undefined>}
 */
async function boot(...args) {
  rmSync(results, { force: true })
  const status = await bash(
    'boot.sh',
    lane,
    'env',
    `NSLINK_LACKING=${lacking}`,
    'bash',
    join(folder, 'suite.sh'),
    process.execPath,
    ...args,
  )
  try {
    return JSON.parse(readFileSync(results, 'utf8'))
  } catch (error) {
    rmSync(results, { force: true })
    console.error(`the results did not come back from the second kernel, which ended with ${status} (${error})`)
    return undefined
  }
}

/**
 * A report with the files of another one in the place of its own.
 *
 * @param {Report} report
 * @param {Report} again
 * @returns {Report}
 */
function merged(report, again) {
  const anew = new Map(again.testResults.map((file) => [file.name, file]))
  const testResults = report.testResults.map((file) => anew.get(file.name) ?? file)
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const count = (/** @type {string[]} */ ...wanted) => tests.filter(({ status }) => wanted.includes(status)).length
  return {
    ...report,
    testResults,
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped', 'todo'),
    success: testResults.every(({ status }) => status === 'passed'),
  }
}

/**
 * @param {string} script
 * @param {...string} args
 * @returns {Promise<number>} its exit status
 */
function bash(script, ...args) {
  const child = spawn('bash', [join(folder, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VM_RESULTS: results },
  })
  // The script has things to clear away; this process ends when it has.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => child.kill(signal))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
