// node scripts/compile.mjs PROJECT FOLDER... : compiles a TypeScript project whose output is these folders and nothing else.
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { root, step } from './step.mjs'

const [project = '', ...folders] = process.argv.slice(2)
const compiler = join(root, 'node_modules/typescript/bin/tsc')

const started = new Date()
await step(`compiling ${folders.join(' and ')}`, process.execPath, [compiler, '--project', join(root, project)])

for (const folder of folders) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    // The compiler writes all its output every time, so what it left alone belongs to a source that is gone.
    if (statSync(file).mtime < started) rmSync(file)
    // The output is as new as the sources the compiler read: an edit made meanwhile is newer.
    else utimesSync(file, started, started)
  }
}
