// node test/kernel/run.mjs [FILTER...] : runs the tests that face the kernel on another kernel than this machine's own.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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
rmSync(results, { force: true })

const started = performance.now()
const fetched = await bash('setup.sh', lane)
if (fetched !== 0) process.exit(fetched)
// What needs nothing of all this has been seen here already, and some of that takes minutes there.
const { features } = await import('../../dist/sync.js')
const { kernel: _, ...groups } = features()
const lacking = Object.entries(groups).flatMap(([group, all]) =>
  Object.entries(all).flatMap(([name, has]) => (has ? [] : [`${group}:${name}`])),
)
const suite = [
  ...['env', `NSLINK_LACKING=${lacking}`],
  ...['bash', join(folder, 'suite.sh'), process.execPath, ...process.argv.slice(2)],
]
const status = await bash('boot.sh', lane, ...suite)

const { numPassedTests, numFailedTests, numPendingTests } = report()
const seconds = ((performance.now() - started) / 1000).toFixed(0)
console.log(
  `second kernel: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped, ${seconds} s`,
)
process.exit(status)

/** What vitest said of the run; without it, all that was printed proves nothing. */
function report() {
  try {
    return JSON.parse(readFileSync(results, 'utf8'))
  } catch (error) {
    rmSync(results, { force: true })
    console.error(`the results did not come back from the second kernel (${error})`)
    process.exit(status || 1)
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
