#!/usr/bin/env node
/** The program of all the plugins: which of them it is, the name says by which it was called. */

import { basename } from 'node:path'
import { bandwidth } from './bandwidth.js'
import { bridge } from './bridge.js'
import { delegate } from './delegate.js'
import { flannel } from './flannel.js'
import { hostLocal } from './host-local.js'
import { type Plugin, serve } from './protocol.js'

const plugins: Readonly<Record<string, Plugin>> = { flannel, bridge, 'host-local': hostLocal, bandwidth }

const name = basename(process.argv[1] ?? '')
const plugin = plugins[name]
if (plugin === undefined) {
  process.stderr.write(`Call it by the name of a plugin: ${Object.keys(plugins).join(', ')}, not ${name}.\n`)
  process.exitCode = 2
} else await serve(plugin, delegate)
