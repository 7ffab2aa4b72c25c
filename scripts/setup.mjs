// What a fresh clone lacks before anything can run. Only Node's own modules are used here, as there may be no others yet.
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, step } from './step.mjs'

/** Installs, builds and compiles what is missing or older than what it is made of, and says so; else does nothing. */
export async function setup() {
  // No install script is needed: every package used here comes ready to run.
  if (isOlder('node_modules/.package-lock.json', ['package-lock.json'])) {
    await step('installing the development dependencies', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  }
  if (isOlder('build/Release/nslink.node', ['binding.gyp', 'native'])) {
    script('build-addon.mjs')
  }
  const sources = ['src', 'scripts/bundle.mjs', 'tsconfig.base.json', 'tsconfig.build.json']
  if (isOlder('dist/index.js', sources) || isOlder('out/modules/index.js', sources)) {
    script('compile.mjs', 'tsconfig.build.json', 'dist', 'out/modules')
    script('bundle.mjs')
  }
  if (isOlder('out/examples/demo.js', ['examples', 'bench', 'dist', 'tsconfig.base.json', 'tsconfig.programs.json'])) {
    script('compile.mjs', 'tsconfig.programs.json', 'out/examples', 'out/bench')
  }
}

/**
 * @param {string} output a file
 * @param {string[]} inputs files and folders it is made of
 */
function isOlder(output, inputs) {
  const made = statSync(join(root, output), { throwIfNoEntry: false })
  return made === undefined || inputs.some((input) => newest(join(root, input)) > made.mtimeMs)
}

/**
 * The last change to a file or to anything inside a folder. A folder's own time counts, as it changes with a removal.
 *
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const { mtimeMs } = statSync(path)
  const below = statSync(path).isDirectory() ? readdirSync(path).map((name) => newest(join(path, name))) : []
  return Math.max(mtimeMs, ...below)
}

/**
 * @param {string} name
 * @param {...string} args
 */
function script(name, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', name), ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
