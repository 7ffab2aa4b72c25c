/** The demo: what it starts, what it shows, and what it leaves behind. It is compiled before the tests run. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, run } from './support/child.js'

const demo = join(root, 'out/examples/demo.js')

/** Names a demo of this process number has left in /run/netns. */
const left = (pid: number | undefined): string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(`nslink-demo-${pid}-`)) : []

describe('the demo', () => {
  test('shows each failure and its mending, and starts no program but ping', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nslink-demo-'))
    try {
      const trace = join(folder, 'trace')
      const strace = ['strace', '-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-o', trace]
      const { stdout, stderr, code } = await run([...strace, process.execPath, demo, '--no-ip'])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      const seen = stdout.match(/TCP from the pod to the host: .*/g)
      expect(seen?.map((line) => line.split(': ')[1])).toEqual([
        'ENETUNREACH',
        'EHOSTUNREACH',
        'ETIMEDOUT',
        'hello 172.20.1.10',
      ])
      expect(stdout).toContain('neighbour table: failed')
      expect(stdout).not.toContain('WRONG')
      const started = readFileSync(trace, 'utf8').matchAll(/execve\("([^"]+)"/g)
      const programs = new Set([...started].map(([, path]) => basename(path as string)))
      expect([...programs].filter((name) => name !== 'ping')).toEqual([basename(process.execPath)])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('cleans up when %s comes in the middle', async (signal) => {
    const child = spawn(process.execPath, [demo], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (text.includes('4. And now?')) {
        expect(left(child.pid)).toHaveLength(3)
        child.kill(signal)
      }
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(stdout).toContain('cleaning up')
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(left(child.pid)).toEqual([])
  })
})
