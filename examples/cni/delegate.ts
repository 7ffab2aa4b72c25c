/** Plugins that do a part of the work for another, or for whoever runs containers. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CniError, type Config, code, type Result } from './protocol.js'

/** The program of a plugin, in the first of some folders that has one. */
export function find(type: string, path: string): string {
  for (const folder of path.split(':').filter((each) => each !== '')) {
    const file = join(folder, type)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // It may be in the next.
    }
  }
  throw new CniError(code.config, `type: there is no plugin "${type}"`, `CNI_PATH is "${path}"`)
}

/** Starts a program, here or elsewhere. */
export type Start = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess

/** Runs a plugin by a command, with these variables; what it prints is the result, or an error. */
export async function execute(
  start: Start,
  type: string,
  env: Record<string, string | undefined>,
  config: Config,
): Promise<Result> {
  const child = start(find(type, env['CNI_PATH'] ?? ''), [], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  // One that fails early does not read it.
  child.stdin?.on('error', () => undefined).end(JSON.stringify(config))
  const [status, output] = await Promise.all([ended, child.stdout === null ? '' : text(child.stdout)])
  const said = parsed(output)
  if (status === 0) return said
  const { code: number, msg, details } = said as { code?: number; msg?: string; details?: string }
  throw new CniError(number ?? code.io, msg ?? `the plugin "${type}" ended with ${status}`, details)
}

/** What a plugin has printed. Commands without a result print nothing. */
function parsed(output: string): Result {
  try {
    return output.trim() === '' ? {} : JSON.parse(output)
  } catch {
    throw new CniError(code.decode, 'what the plugin printed is no JSON', output)
  }
}

/** Runs a plugin for another, in the same environment. */
export const delegate = (type: string, command: string, config: Config): Promise<Result> =>
  execute(spawn, type, { ...process.env, CNI_COMMAND: command }, config)
