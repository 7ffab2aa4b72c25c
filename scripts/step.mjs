import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the checkout, which every script here works in. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs one command of the set-up: one line with the time it took when all is well, everything it printed when not.
 * A failure ends this process, as nothing that follows could succeed.
 *
 * @param {string} what what is being done, for the line
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string>} what the command printed, standard output and error in the order they came
 */
export async function step(what, command, args) {
  const started = performance.now()
  process.stderr.write(`${what} ... `)

  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`
      resolve(1)
    })
    child.once('close', (code) => resolve(code ?? 1))
  })

  process.stderr.write(`${status === 0 ? '' : 'failed after '}${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  if (status !== 0) {
    process.stderr.write(output)
    process.exit(status)
  }
  return output
}
