// Builds the addon with the address and undefined behaviour sanitizers and runs its tests against that build.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { launch } from './launch.mjs'
import { setup } from './setup.mjs'
import { root, step } from './step.mjs'

await setup()

// uv.h lies among Node's headers, and the ordinary build wrote down where it found those.
const config = readFileSync(join(root, 'build/config.gypi'), 'utf8')
const nodeFolder = /"nodedir": "(.+)"/.exec(config)?.[1]
if (nodeFolder === undefined) throw new Error('build/config.gypi does not name the folder of Node’s headers')

const build = join(root, 'build-asan')
const cmake = [join(root, 'node_modules/cmake-js/bin/cmake-js'), '--out', build, '--config', 'Debug', '--parallel', '2']
const include = `--CDNODE_INCLUDE=${join(nodeFolder, 'include/node')}`
await step('configuring the sanitizer build', process.execPath, [...cmake, include, 'configure'])
await step('building the addon with sanitizers', process.execPath, [...cmake, 'build'])

const reports = join(build, 'reports')
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports)

const status = await launch(['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', 'test/native/'], {
  ...process.env,
  NSLINK_ADDON: join(build, 'Debug/nslink.node'),
  // Node is built without the sanitizer, whose runtime has to be the first library of any process that loads the addon.
  LD_PRELOAD: execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim(),
  // An error ends its process, and its report goes to a file, so that it counts even in a child whose end no test looks at.
  // Leaks are not looked for: V8 leaves thousands of blocks behind whenever process.exit() cuts a program short, the tests'
  // workers are ended by a signal, before any search, and `ip` and others that inherit this are not ours to judge.
  ASAN_OPTIONS: `detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=1:log_path=${join(reports, 'asan')}`,
  // This runtime prints to standard error, whatever log_path says.
  UBSAN_OPTIONS: 'print_stacktrace=1',
})

const findings = readdirSync(reports)
for (const name of findings) process.stderr.write(readFileSync(join(reports, name), 'utf8'))
process.stderr.write(`reports of the address sanitizer: ${findings.length}\n`)
process.exit(status || (findings.length === 0 ? 0 : 1))
