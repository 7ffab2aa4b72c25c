/** The demo: the example `pod-host`, in the words it is shown in, and then a clock. It is compiled before the tests run. */

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, run } from './support/child.js'

test('the demo shows each failure and its mending, and how long ip takes', async () => {
  const { stdout, stderr, code } = await run([process.execPath, join(root, 'out/examples/lab/main.js'), 'demo'])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const calls = stdout.matchAll(/pod calls 192\.168\.6\.160, port 8080: .*\n +seen +(.*)/g)
  expect([...calls].map(([, seen]) => seen)).toEqual(['ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT', 'hello 172.20.1.10'])
  expect(stdout).toMatch(/neighbour table of the pod: .*\n +seen +failed/)
  expect(stdout).not.toContain('WRONG')
  expect(stdout).toMatch(/nslink: [\d.]+ ms/)
  expect(stdout).toMatch(/ip, a process for each step: [\d.]+ ms, \d+ times as long/)
})
