import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs Node with these arguments where it may configure the network: as it is for root, in a user namespace for anyone
 * else. Standard streams and signals are passed on.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} its exit status; 128 and the signal's number when a signal ended it
 */
export async function launch(args, env = process.env) {
  if (process.getuid?.() !== 0) {
    process.stderr.write('not root: running in a user namespace of its own\n')
    // Imported only now that it is known to have been built.
    const { run } = await import('nslink/rootless')
    return run(process.execPath, args, { env })
  }

  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // Ctrl-C on a terminal reaches the program without our help, and it should see it once.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
}
