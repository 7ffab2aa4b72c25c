/** Tests that run in a network namespace of their own, with the machine's own tools as judges. */

import { type Netns, netns } from 'nslink'
import { type Netns as DirectNetns, netns as direct } from 'nslink/sync'
import { test as base } from 'vitest'

export { describe, expect } from 'vitest'

/** A program run inside the namespace: what it printed; parsed, when it was asked for JSON. Rejects with its stderr when it fails. */
export type Tool = (...args: string[]) => Promise<unknown>

/** What a test gets. */
export interface Lab {
  /** A fresh namespace, gone after the test. */
  ns: Netns
  /** The same one, with operations that return their results. */
  sync: DirectNetns
  /** `ip` inside it. With `-j` among the arguments the answer is parsed. */
  ip: Tool
  /** `bridge` inside it, likewise. */
  bridge: Tool
  /** Makes another namespace, gone after the test. */
  another: () => Promise<Netns>
}

/** Runs a program inside a namespace and returns its standard output. */
export function output(ns: Netns, command: string, ...args: string[]): Promise<string> {
  const child = ns.spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}: ${err || out}`))
    })
  })
}

/** A tool of iproute2's inside a namespace. */
export const tool =
  (ns: Netns, command: string): Tool =>
  async (...args) => {
    const text = await output(ns, command, ...args)
    if (!args.some((arg) => /^-j(son)?$/.test(arg))) return text
    return text.trim() === '' ? [] : JSON.parse(text)
  }

export const test = base.extend<Lab>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest tells a fixture's needs from the pattern, and this one has none.
  ns: async ({}, use) => {
    const ns = await netns.create()
    await use(ns)
    ns.close()
  },
  sync: async ({ ns }, use) => {
    const handle = direct.open({ fd: ns.fd })
    await use(handle)
    handle.close()
  },
  ip: async ({ ns }, use) => use(tool(ns, 'ip')),
  bridge: async ({ ns }, use) => use(tool(ns, 'bridge')),
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  another: async ({}, use) => {
    const made: Netns[] = []
    await use(async () => {
      const ns = await netns.create()
      made.push(ns)
      return ns
    })
    for (const ns of made) ns.close()
  },
})

/** The error that `fn`, or the promise it returns, fails with. */
export async function failure(fn: () => unknown): Promise<Error & Record<string, unknown>> {
  try {
    await fn()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('it did not fail')
}

/** A name no other test, of this run or another, has. */
export const uniqueName = (what: string): string =>
  `nslink-${what}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
