/** Programs in processes of their own, and what a process holds. */

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export { held } from './held.mjs'

/** The folder of the package: a script that runs in it imports the compiled package by its name. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  pid: number
  stdout: string
  stderr: string
  code: number | null
  signal: NodeJS.Signals | null
}

/** Runs a program to its end. */
export function run(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [program, ...args] = command
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const child = spawn(program!, args, { cwd: root, env: { ...process.env, ...env }, stdio: [...stdio] })
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ pid: child.pid!, stdout, stderr, code, signal }))
  })
}

/** What a program prints; rejects when it fails. */
export async function output(...command: string[]): Promise<string> {
  const { stdout, stderr, code, signal } = await run(command)
  if (code === 0) return stdout
  throw new Error(`${command.join(' ')} ended with ${code ?? signal}: ${stderr || stdout}`)
}

export interface ScriptOptions {
  /** A program, with arguments, to run Node by. */
  by?: readonly string[]
  /** Arguments for Node itself. */
  flags?: readonly string[]
  env?: NodeJS.ProcessEnv
}

/** Runs a module's text in a Node of its own. */
export const script = (text: string, { by = [], flags = [], env = {} }: ScriptOptions = {}): Promise<Ended> =>
  run([...by, process.execPath, ...flags, '--input-type=module', '--eval', text], env)

/** The JSON that a script prints; rejects when it fails or complains. */
export async function told(text: string, options?: ScriptOptions): Promise<unknown> {
  const { stdout, stderr, code, signal } = await script(text, options)
  if (code !== 0 || stderr !== '') throw new Error(`the script ended with ${code ?? signal}: ${stderr || stdout}`)
  return JSON.parse(stdout)
}

/** What is mounted at a path, by the lines of /proc/self/mountinfo. */
export const mountedAt = (path: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === path)

/** All mounts but those that other tests make, which run at the same time: of namespaces, and in their own temporary folders. */
export const mounts = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => !/^(\/run\/netns|\/tmp\/)/.test(line.split(' ')[4] ?? ''))

const emulated = process.env['NSLINK_EMULATED'] !== undefined

/** A time to wait, in milliseconds: ten times as long where the processor is emulated. */
export const seconds = (count: number): number => count * (emulated ? 10_000 : 1000)

/** How many of something, which has been seen with all of them elsewhere: a tenth where the processor is emulated. */
export const many = (count: number): number => (emulated ? count / 10 : count)

/** Waits for what the kernel, or the garbage collector, does when it has the time. False when it does not happen. */
export async function soon(condition: () => boolean | Promise<boolean>, milliseconds = seconds(10)): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(10)) if (await condition()) return true
  return condition()
}
