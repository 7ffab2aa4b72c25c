// Builds native/ to build/Release/nslink.node with node-gyp. Only what changed is compiled again.
import { existsSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root, step } from './step.mjs'

const args = [join(root, 'node_modules/node-gyp/bin/node-gyp.js'), 'configure', 'build', '--jobs=max']

// Headers that were installed beside the running node are the right ones, and nothing has to be downloaded.
const prefix = dirname(dirname(process.execPath))
if (existsSync(join(prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${prefix}`)

const started = new Date()
const output = await step('building the addon', process.execPath, args)
if (/\bwarning:/.test(output)) process.stderr.write(output)

// The addon is as new as the sources the compiler read: an edit made meanwhile is newer, also when make had nothing to do.
utimesSync(join(root, 'build/Release/nslink.node'), started, started)
