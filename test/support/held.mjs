// What a process holds. Plain JavaScript, for the scripts that tests run import it too.
import { readdirSync, readFileSync } from 'node:fs'

const PF_EXITING = 0x4

/** How many descriptors and threads this process has. */
export const held = () => ({ descriptors: readdirSync('/proc/self/fd').length, threads: threads().length })

/** The threads of this process. One that has been joined is listed for a moment still: the kernel wakes who waits before it clears away. */
export const threads = () => readdirSync('/proc/self/task').filter((task) => !isEnding(task))

/** @param {string} task */
function isEnding(task) {
  try {
    const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
    // After the name, which may have spaces and brackets: the state, five numbers, the flags.
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]
    return (Number(flags) & PF_EXITING) !== 0
  } catch (error) {
    const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code === 'ENOENT' || code === 'ESRCH') return true
    throw error
  }
}
